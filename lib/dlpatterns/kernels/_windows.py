"""Windows on padded maps: what convolution and pooling share. Shapes: maps N C H W,
windows N C P Q R S.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

Pair = int | tuple[int, int]
Sides = tuple[tuple[int, int], tuple[int, int]]  # (top, bottom), (left, right)


def pair(value: Pair) -> tuple[int, int]:
    """Return (value, value) for a number and (height, width) for a pair."""
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def span(kernel: int, dilation: int) -> int:
    """Return how many positions a dilated kernel covers.

    >>> span(3, 2)
    5
    """
    return dilation * (kernel - 1) + 1


def sides(
    padding: Pair | str,
    size: tuple[int, int],
    kernel: Pair,
    *,
    stride: Pair = 1,
    dilation: Pair = 1,
) -> Sides:
    """Return the padding of each side; "same" keeps ceil(size / stride) positions, the
    odd row at the end.

    >>> sides("same", (5, 5), 2), sides(1, (5, 5), 3)
    (((0, 1), (0, 1)), ((1, 1), (1, 1)))
    """
    if padding != "same":
        top, left = pair(padding)
        return (top, top), (left, left)
    totals = [
        max(0, (-(-n // s) - 1) * s + span(k, d) - n)
        for n, k, s, d in zip(
            size, pair(kernel), pair(stride), pair(dilation), strict=True
        )
    ]
    return tuple((total // 2, total - total // 2) for total in totals)


def pad(x: np.ndarray, around: Sides, value: float = 0.0) -> np.ndarray:
    """Return the maps with that many rows and columns of `value` around them."""
    if around == ((0, 0), (0, 0)):
        return x
    return np.pad(x, ((0, 0), (0, 0), *around), constant_values=value)


def unpad(x: np.ndarray, around: Sides) -> np.ndarray:
    """Return the maps without their padding."""
    (top, bottom), (left, right) = around
    return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]


def windows(
    x: np.ndarray, kernel: Pair, *, stride: Pair = 1, dilation: Pair = 1
) -> np.ndarray:
    """Return all windows of the padded maps as a view, without copying. Shapes: N C H W
    -> N C P Q R S.
    """
    kernel, stride, dilation = map(pair, (kernel, stride, dilation))
    sn, sc, sh, sw = x.strides
    places = positions(x.shape[2:], kernel, stride=stride, dilation=dilation)
    steps = (sn, sc, sh * stride[0], sw * stride[1], sh * dilation[0], sw * dilation[1])
    return as_strided(
        x, (*x.shape[:2], *places, *kernel), steps, subok=True, writeable=False
    )


def positions(
    size: tuple[int, int], kernel: Pair, *, stride: Pair = 1, dilation: Pair = 1
) -> tuple[int, int]:
    """Return how many windows fit on padded maps, in rows and columns.

    Raises: ValueError if the kernel is larger than the maps.
    """
    spans = tuple(span(k, d) for k, d in zip(pair(kernel), pair(dilation), strict=True))
    if any(n < k for n, k in zip(size, spans, strict=True)):
        raise ValueError(
            f"a kernel that spans {spans} does not fit on padded maps of "
            f"{tuple(size)}; pad more"
        )
    return tuple(
        (n - k) // s + 1 for n, k, s in zip(size, spans, pair(stride), strict=True)
    )


def scatter(
    values: np.ndarray, size: tuple[int, int], *, stride: Pair = 1, dilation: Pair = 1
) -> np.ndarray:
    """Add every window back to where it was taken: the transpose of `windows`.
    Shapes: N C P Q R S -> N C H W.
    """
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    rows, columns, height, width = values.shape[2:]
    maps = np.zeros((*values.shape[:2], *size), dtype=values.dtype)
    for r in range(height):
        for s in range(width):
            down, right = (
                slice(r * dh, r * dh + sh * rows, sh),
                slice(s * dw, s * dw + sw * columns, sw),
            )
            maps[:, :, down, right] += values[..., r, s]
    return maps
