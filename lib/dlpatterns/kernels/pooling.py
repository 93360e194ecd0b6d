"""Pooling: one value for each window of each map. Shapes: N C H W -> N C P Q.

Rungs: the bare name loops, `_windows` reduces a view of all windows at once. All share
`kernel` and the keywords `stride` (default: the kernel), `padding` and `ceil_mode`;
`@pools` checks them, and hands the rung the `plan` that follows from them. With
`ceil_mode` a last window may hang over the end, as long as it starts inside the maps or
their left padding; what lies outside the padding never counts, zeros of the padding
count in a mean (as in PyTorch). The largest of whole numbers is one of them; their mean
is a float64.
"""

import numpy as np

from ._door import door
from ._plan import PoolPlan, pools
from ._windows import pad, scatter, unpad


@pools(numbers="kept")
def max_pool2d(x: np.ndarray, *, plan: PoolPlan) -> np.ndarray:
    """Keep the largest value of each window, found by comparing one after another.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return _loop(x, plan, np.maximum, _lowest(x.dtype))


@pools(numbers="kept")
def max_pool2d_windows(x: np.ndarray, *, plan: PoolPlan) -> np.ndarray:
    """Keep the largest value of each window: one comparison of whole maps for each
    position in the window.
    """
    return _reduce(plan.view(x, _lowest(x.dtype)), np.maximum)


@pools()
def max_pool2d_backward(
    grad: np.ndarray, x: np.ndarray, *, plan: PoolPlan
) -> np.ndarray:
    """Give each gradient to the first largest value of its window."""
    if not grad.size:
        return np.zeros_like(x)
    view = plan.view(x, -np.inf)  # N C P Q R S
    flat = view.reshape(*view.shape[:4], -1)
    chosen = np.zeros(flat.shape, dtype=grad.dtype)
    np.put_along_axis(chosen, flat.argmax(axis=-1)[..., None], grad[..., None], axis=-1)
    return _back(chosen.reshape(view.shape), plan)


@pools()
def avg_pool2d(x: np.ndarray, *, plan: PoolPlan) -> np.ndarray:
    """Add up each window one value after another, then divide by the number of values.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    return _loop(x, plan, np.add, 0.0) / plan.counted().astype(x.dtype)


@pools()
def avg_pool2d_windows(x: np.ndarray, *, plan: PoolPlan) -> np.ndarray:
    """Average each window: one addition of whole maps for each position in the
    window.
    """
    return _reduce(plan.view(x), np.add) / plan.counted().astype(x.dtype)


@pools()
def avg_pool2d_backward(
    grad: np.ndarray, x: np.ndarray, *, plan: PoolPlan
) -> np.ndarray:
    """Share each gradient out evenly over its window."""
    share = grad / plan.counted().astype(grad.dtype)
    return _back(
        np.broadcast_to(share[..., None, None], (*plan.output, *plan.kernel)), plan
    )


@door(x="N C H W")
def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """Return the mean of each whole map. Shapes: N C H W -> N C 1 1."""
    return x.mean(axis=(2, 3), keepdims=True)


@door(grad="N C 1 1", x="N C H W")
def global_avg_pool2d_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Share each gradient out evenly over its map."""
    if grad.shape != (*x.shape[:2], 1, 1):
        raise ValueError(
            "global_avg_pool2d_backward: the gradient must have the output's shape "
            f"{(*x.shape[:2], 1, 1)}, got {grad.shape}"
        )
    return np.broadcast_to(grad / (x.shape[2] * x.shape[3]), x.shape).copy()


def _lowest(dtype: np.dtype) -> float:
    """Return the value below which none lies: what padding holds for a maximum."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return False if dtype.kind == "b" else -np.inf


def _loop(
    x: np.ndarray, plan: PoolPlan, combine: np.ufunc, filler: float
) -> np.ndarray:
    padded, (sh, sw) = pad(x, plan.around, filler), plan.stride
    out = np.zeros(plan.output, dtype=x.dtype)
    for n, c, p, q in np.ndindex(out.shape):
        value = padded[n, c, p * sh, q * sw]
        for r, s in list(np.ndindex(*plan.kernel))[1:]:
            value = combine(value, padded[n, c, p * sh + r, q * sw + s])
        out[n, c, p, q] = value
    return out


def _reduce(view: np.ndarray, combine: np.ufunc) -> np.ndarray:
    first, *rest = np.ndindex(*view.shape[4:])
    out = view[..., first[0], first[1]].copy()
    for r, s in rest:
        combine(out, view[..., r, s], out=out)
    return out


def _back(values: np.ndarray, plan: PoolPlan) -> np.ndarray:
    """Add the windows' gradients back to the maps they were taken from."""
    sizes = zip(plan.size, plan.around, strict=True)
    padded = tuple(n + sum(side) for n, side in sizes)
    return unpad(scatter(values, padded, stride=plan.stride), plan.around)
