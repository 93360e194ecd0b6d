"""Pooling: one value for each window of each map. Shapes: N C H W -> N C P Q.

Rungs: the bare name loops, `_windows` reduces a view of all windows at once. With
`ceil_mode` a last window may hang over the end; what lies outside the padding never
counts, zeros of the padding count in a mean (as in PyTorch).
"""

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


def max_pool2d(
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Keep the largest value of each window, found by comparing one after another.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return _loop(x, kernel, np.maximum, (stride, padding, ceil_mode, -np.inf))


def max_pool2d_windows(
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Keep the largest value of each window: one comparison of whole maps for each
    position in the window.
    """
    around = _around(x, kernel, stride, padding, ceil_mode)
    view = windows(pad(x, around, -np.inf), kernel, stride=_step(stride, kernel))
    return _reduce(view, np.maximum)


def max_pool2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Give each gradient to the first largest value of its window."""
    around = _around(x, kernel, stride, padding, ceil_mode)
    padded = pad(x, around, -np.inf)
    view = windows(padded, kernel, stride=_step(stride, kernel))  # N C P Q R S
    _check_gradient(grad, view)
    flat = view.reshape(*view.shape[:4], -1)
    chosen = np.zeros(flat.shape, dtype=x.dtype)
    np.put_along_axis(chosen, flat.argmax(axis=-1)[..., None], grad[..., None], axis=-1)
    return unpad(
        scatter(
            chosen.reshape(view.shape), padded.shape[2:], stride=_step(stride, kernel)
        ),
        around,
    )


def avg_pool2d(
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Add up each window one value after another, then divide by the number of values.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    sums = _loop(x, kernel, np.add, (stride, padding, ceil_mode, 0.0))
    return sums / _sizes(x, kernel, stride, padding, ceil_mode).astype(x.dtype)


def avg_pool2d_windows(
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Average each window: one addition of whole maps for each position in the
    window.
    """
    around = _around(x, kernel, stride, padding, ceil_mode)
    view = windows(pad(x, around), kernel, stride=_step(stride, kernel))
    return _reduce(view, np.add) / _sizes(x, kernel, stride, padding, ceil_mode).astype(
        x.dtype
    )


def avg_pool2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair | str = 0,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Share each gradient out evenly over its window."""
    around = _around(x, kernel, stride, padding, ceil_mode)
    view = windows(pad(x, around), kernel, stride=_step(stride, kernel))
    _check_gradient(grad, view)
    share = grad / _sizes(x, kernel, stride, padding, ceil_mode).astype(x.dtype)
    values = np.broadcast_to(share[..., None, None], view.shape)
    size = tuple(n + sum(side) for n, side in zip(x.shape[2:], around, strict=True))
    return unpad(scatter(values, size, stride=_step(stride, kernel)), around)


def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """Return the mean of each whole map. Shapes: N C H W -> N C 1 1."""
    four_axes("global_avg_pool2d", x)
    return x.mean(axis=(2, 3), keepdims=True)


def global_avg_pool2d_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Share each gradient out evenly over its map."""
    four_axes("global_avg_pool2d_backward", x)
    if grad.shape != (*x.shape[:2], 1, 1):
        raise ValueError(
            f"the gradient must have the output's shape {(*x.shape[:2], 1, 1)}, "
            "got "
            f"{grad.shape}"
        )
    return np.broadcast_to(grad / (x.shape[2] * x.shape[3]), x.shape).copy()


def _around(
    x: np.ndarray,
    kernel: Pair,
    stride: Pair | None,
    padding: Pair | str,
    ceil_mode: bool,
) -> Sides:
    """Return the padding of each side, with what a last overhanging window needs added
    at the end.
    """
    four_axes("pooling", x)
    _check_window(kernel, _step(stride, kernel), padding)
    around = sides(padding, x.shape[2:], kernel, stride=_step(stride, kernel))
    axes = zip(
        x.shape[2:], around, pair(kernel), pair(_step(stride, kernel)), strict=True
    )
    return tuple(
        (first, last + ceil_mode * _overhang(n, (first, last), k, s))
        for n, (first, last), k, s in axes
    )


def _step(stride: Pair | None, kernel: Pair) -> Pair:
    return kernel if stride is None else stride


def _check_window(kernel: Pair, stride: Pair, padding: Pair | str) -> None:
    if min(*pair(kernel), *pair(stride)) < 1:
        raise ValueError(
            f"pooling: kernel {kernel} and stride {stride} must be at least 1"
        )
    if padding != "same" and any(
        2 * p > k or p < 0 for p, k in zip(pair(padding), pair(kernel), strict=True)
    ):
        raise ValueError(
            f"pooling: padding {padding} must be 0 to half the kernel {kernel}: "
            "every "
            "window sees the maps"
        )


def _overhang(size: int, side: tuple[int, int], kernel: int, stride: int) -> int:
    """Return how far one more window would hang over the end, or 0 if it would not
    start inside the line.
    """
    room = size + sum(side) - kernel
    next_start = (room // stride + 1) * stride
    return next_start - room if room % stride and next_start < size + side[0] else 0


def _sizes(
    x: np.ndarray,
    kernel: Pair,
    stride: Pair | None,
    padding: Pair | str,
    ceil_mode: bool,
) -> np.ndarray:
    """Count the values of each window, padding included and overhang excluded.
    Shapes: -> P Q.
    """
    inside = sides(padding, x.shape[2:], kernel, stride=_step(stride, kernel))
    overhang = _beyond(_around(x, kernel, stride, padding, ceil_mode), inside)
    ones = pad(pad(np.ones((1, 1, *x.shape[2:])), inside, 1.0), overhang)
    return windows(ones, kernel, stride=_step(stride, kernel)).sum(axis=(-1, -2))[0, 0]


def _beyond(outer: Sides, inner: Sides) -> Sides:
    return tuple((0, a[1] - b[1]) for a, b in zip(outer, inner, strict=True))


def _loop(x: np.ndarray, kernel: Pair, combine: np.ufunc, how: tuple) -> np.ndarray:
    stride, padding, ceil_mode, filler = how
    around = _around(x, kernel, stride, padding, ceil_mode)
    padded, (sh, sw), (height, width) = (
        pad(x, around, filler),
        pair(_step(stride, kernel)),
        pair(kernel),
    )
    out = np.zeros(
        (
            *x.shape[:2],
            *positions(padded.shape[2:], kernel, stride=_step(stride, kernel)),
        ),
        dtype=x.dtype,
    )
    for n, c, p, q in np.ndindex(out.shape):
        value = padded[n, c, p * sh, q * sw]
        for r, s in list(np.ndindex(height, width))[1:]:
            value = combine(value, padded[n, c, p * sh + r, q * sw + s])
        out[n, c, p, q] = value
    return out


def _reduce(view: np.ndarray, combine: np.ufunc) -> np.ndarray:
    first, *rest = np.ndindex(*view.shape[4:])
    out = view[..., first[0], first[1]].copy()
    for r, s in rest:
        combine(out, view[..., r, s], out=out)
    return out


def _check_gradient(grad: np.ndarray, view: np.ndarray) -> None:
    if grad.shape != view.shape[:4]:
        raise ValueError(
            f"the gradient must have the output's shape {view.shape[:4]}, got "
            f"{grad.shape}"
        )
