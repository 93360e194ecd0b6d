"""Convolution: the plain seven loops, rungs that compute the same faster, and the
gradients.

Shapes: x N C H W, weight M C/groups R S, bias M -> N M P Q. `padding` is a number, a
pair or "same".
"""

from typing import NamedTuple

import numpy as np

from ._windows import (
    Pair,
    Sides,
    four_axes,
    pad,
    pair,
    positions,
    scatter,
    sides,
    unpad,
    windows,
)


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Slide every filter over its group of maps: seven loops around one
    multiply-accumulate.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    plan = _plan(
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    padded, out = (
        pad(x, plan.around),
        np.zeros(plan.output, dtype=np.result_type(x.dtype, weight.dtype)),
    )
    (sh, sw), (dh, dw) = plan.stride, plan.dilation
    filters, channels, height, width = weight.shape
    for n, m, p, q in np.ndindex(plan.output):
        first, total = m // (filters // groups) * channels, out.dtype.type(0)
        for c in range(channels):
            for r in range(height):
                for s in range(width):
                    total += (
                        weight[m, c, r, s]
                        * padded[n, first + c, p * sh + r * dh, q * sw + s * dw]
                    )
        out[n, m, p, q] = total if bias is None else total + bias[m]
    return out


def conv2d_im2col(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Copy every window into a column and multiply: one matrix product per example and
    group.
    """
    plan = _plan(
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    out = plan.rows(weight) @ plan.columns(x)  # N G M/G PQ
    return _biased(out.reshape(plan.output), bias)


def conv2d_shifted(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Add up one product per filter position, each with the maps shifted: no copy of
    the windows.

    For a depthwise layer the product is element-wise, otherwise a matrix product over
    the channels.
    """
    plan = _plan(
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    view = windows(
        pad(x, plan.around),
        weight.shape[2:],
        stride=plan.stride,
        dilation=plan.dilation,
    )
    view = _grouped(view, groups)
    filters = weight.reshape(groups, -1, *weight.shape[1:])  # G M/G C/G R S
    out = np.zeros(
        (len(x), groups, filters.shape[1], *plan.output[2:]),
        dtype=np.result_type(x.dtype, weight.dtype),
    )
    for r, s in np.ndindex(*weight.shape[2:]):
        out += _over_channels(filters[..., r, s], view[..., r, s])
    return _biased(out.reshape(plan.output), bias)


def conv2d_fast(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    groups: int = 1,
    **geometry: Pair | str,
) -> np.ndarray:
    """Compute by shifts where a filter sees one channel (depthwise), by columns
    otherwise.
    """
    rung = conv2d_shifted if weight.shape[1] == 1 and groups > 1 else conv2d_im2col
    return rung(x, weight, bias, groups=groups, **geometry)


def conv2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, weight and bias: two more matrix products of the size
    of the forward one.
    """
    plan = _plan(
        x,
        weight,
        None,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    if grad.shape != plan.output:
        raise ValueError(
            "conv2d_backward: the gradient must have the output's shape "
            f"{plan.output}, got {grad.shape}"
        )
    rows = grad.reshape(len(x), groups, -1, grad.shape[2] * grad.shape[3])  # N G M/G PQ
    to_weight = (
        (rows @ plan.columns(x).swapaxes(-1, -2)).sum(axis=0).reshape(weight.shape)
    )
    columns = plan.rows(weight).swapaxes(-1, -2) @ rows  # N G CRS/G PQ
    values = columns.reshape(
        *x.shape[:2], *weight.shape[2:], *grad.shape[2:]
    ).transpose(0, 1, 4, 5, 2, 3)
    padded = scatter(values, plan.padded, stride=plan.stride, dilation=plan.dilation)
    return unpad(padded, plan.around), to_weight, grad.sum(axis=(0, 2, 3))


class _Plan(NamedTuple):
    """The checked geometry of one convolution."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    kernel: tuple[int, int]
    around: Sides
    padded: tuple[int, int]
    output: tuple[int, ...]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Copy the windows into columns. Shapes: N C H W -> N G (C/G R S) (P Q)."""
        view = windows(
            pad(x, self.around), self.kernel, stride=self.stride, dilation=self.dilation
        )
        height = x.shape[1] // self.groups * self.kernel[0] * self.kernel[1]
        return view.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), self.groups, height, -1)

    def rows(self, weight: np.ndarray) -> np.ndarray:
        """Lay the filters out as rows. Shapes: M C/G R S -> G M/G (C/G R S)."""
        return weight.reshape(self.groups, weight.shape[0] // self.groups, -1)


def _plan(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: Pair,
    padding: Pair | str,
    dilation: Pair,
    groups: int,
) -> _Plan:
    four_axes("conv2d", x)
    _check_filters(x, weight, bias, groups)
    _check_geometry(stride, padding, dilation)
    kernel, stride, dilation = weight.shape[2:], pair(stride), pair(dilation)
    around = sides(padding, x.shape[2:], kernel, stride=stride, dilation=dilation)
    padded = tuple(n + sum(side) for n, side in zip(x.shape[2:], around, strict=True))
    try:
        places = positions(padded, kernel, stride=stride, dilation=dilation)
    except ValueError as error:
        raise ValueError(
            f"conv2d of x {x.shape} with weight {weight.shape}: {error}"
        ) from None
    return _Plan(
        stride, dilation, groups, kernel, around, padded, (len(x), len(weight), *places)
    )


def _check_filters(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, groups: int
) -> None:
    if (
        np.ndim(weight) != 4
        or weight.shape[1] * groups != x.shape[1]
        or weight.shape[0] % groups
    ):
        raise ValueError(
            f"conv2d of x {x.shape} in {groups} groups needs weight (M, {x.shape[1]} "
            f"/ {groups}, R, S) "
            f"with M a multiple of {groups}, got {np.shape(weight)}"
        )
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ValueError(
            f"conv2d: bias {np.shape(bias)} does not fit weight {weight.shape}; it "
            f"needs {weight.shape[:1]}"
        )


def _check_geometry(stride: Pair, padding: Pair | str, dilation: Pair) -> None:
    if isinstance(padding, str) and padding != "same":
        raise ValueError(
            f'conv2d: padding is "same", a number or a pair, got {padding!r}'
        )
    least = {
        "stride": (stride, 1),
        "dilation": (dilation, 1),
        "padding": (0 if padding == "same" else padding, 0),
    }
    for name, (value, smallest) in least.items():
        sizes = pair(value)
        if len(sizes) != 2 or any(
            not isinstance(size, int | np.integer) or size < smallest for size in sizes
        ):
            raise ValueError(
                f"conv2d: {name} is a whole number of at least {smallest}, or a "
                "pair "
                f"of them, got {value!r}"
            )


def _grouped(view: np.ndarray, groups: int) -> np.ndarray:
    """Split the channels of a window view without copying it. Shapes: N C ... -> N G
    C/G ...
    """
    size = view.shape[1] // groups
    step = view.strides[1]
    shape = (view.shape[0], groups, size, *view.shape[2:])
    strides = (view.strides[0], size * step, step, *view.strides[2:])
    return np.lib.stride_tricks.as_strided(
        view, shape, strides, subok=True, writeable=False
    )


def _over_channels(filters: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Mix the channels of each group. Shapes: G M/G C/G, N G C/G P Q -> N G M/G P Q."""
    if filters.shape[2] == 1:
        return filters[..., None] * maps
    flat = maps.reshape(*maps.shape[:3], -1)
    return (filters @ flat).reshape(*flat.shape[:2], -1, *maps.shape[3:])


def _biased(out: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    return out if bias is None else out + bias[:, None, None]
