"""Convolution: the plain seven loops, rungs that compute the same faster, and the
gradients.

Shapes: x N C H W, weight M C/groups R S, bias M -> N M P Q. All share the keywords
`stride`, `padding` (a number, a pair or "same"), `dilation` and `groups`: `@convolves`
checks them, and hands the kernel the `plan` that follows from them.
"""

import numpy as np

from ._plan import Plan, convolves
from ._windows import pad, scatter, unpad, windows


@convolves()
def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    plan: Plan,
) -> np.ndarray:
    """Slide every filter over its group of maps: seven loops around one
    multiply-accumulate.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    padded = pad(x, plan.around)
    out = np.zeros(plan.output, dtype=np.result_type(x.dtype, weight.dtype))
    (sh, sw), (dh, dw) = plan.stride, plan.dilation
    filters, channels, height, width = weight.shape
    for n, m, p, q in np.ndindex(plan.output):
        first = m // (filters // plan.groups) * channels
        total = out.dtype.type(0)
        for c in range(channels):
            for r in range(height):
                for s in range(width):
                    total += (
                        weight[m, c, r, s]
                        * padded[n, first + c, p * sh + r * dh, q * sw + s * dw]
                    )
        out[n, m, p, q] = total if bias is None else total + bias[m]
    return out


@convolves()
def conv2d_im2col(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, plan: Plan
) -> np.ndarray:
    """Copy every window into a column and multiply: one matrix product per example and
    group.
    """
    out = plan.rows(weight) @ plan.columns(x)  # N G M/G PQ
    return _biased(out.reshape(plan.output), bias)


@convolves()
def conv2d_shifted(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, plan: Plan
) -> np.ndarray:
    """Add up one product per filter position, each with the maps shifted: no copy of
    the windows.

    For a depthwise layer the product is element-wise, otherwise a matrix product over
    the channels.
    """
    view = windows(
        pad(x, plan.around),
        weight.shape[2:],
        stride=plan.stride,
        dilation=plan.dilation,
    )
    view = _grouped(view, plan.groups)
    filters = weight.reshape(plan.groups, -1, *weight.shape[1:])  # G M/G C/G R S
    out = np.zeros(
        (len(x), plan.groups, filters.shape[1], *plan.output[2:]),
        dtype=np.result_type(x.dtype, weight.dtype),
    )
    for r, s in np.ndindex(*weight.shape[2:]):
        out += _over_channels(filters[..., r, s], view[..., r, s])
    return _biased(out.reshape(plan.output), bias)


@convolves()
def conv2d_fast(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, plan: Plan
) -> np.ndarray:
    """Compute by shifts where a filter sees one channel (depthwise), by columns
    otherwise.
    """
    depthwise = weight.shape[1] == 1 and plan.groups > 1
    rung = conv2d_shifted if depthwise else conv2d_im2col
    return rung.__wrapped__(x, weight, bias, plan=plan)


@convolves(numbers="float", grad="N M P Q")
def conv2d_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, *, plan: Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, weight and bias: two more matrix products of the size
    of the forward one.
    """
    if grad.shape != plan.output:
        raise ValueError(
            "conv2d_backward: the gradient must have the output's shape "
            f"{plan.output}, got {grad.shape}"
        )
    places = grad.shape[2] * grad.shape[3]
    rows = grad.reshape(len(x), plan.groups, len(weight) // plan.groups, places)
    to_weight = (
        (rows @ plan.columns(x).swapaxes(-1, -2)).sum(axis=0).reshape(weight.shape)
    )
    columns = plan.rows(weight).swapaxes(-1, -2) @ rows  # N G CRS/G PQ
    values = columns.reshape(
        *x.shape[:2], *weight.shape[2:], *grad.shape[2:]
    ).transpose(0, 1, 4, 5, 2, 3)
    padded = scatter(values, plan.padded, stride=plan.stride, dilation=plan.dilation)
    return unpad(padded, plan.around), to_weight, grad.sum(axis=(0, 2, 3))


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
    flat = maps.reshape(*maps.shape[:3], maps.shape[3] * maps.shape[4])
    return (filters @ flat).reshape(*flat.shape[:2], filters.shape[1], *maps.shape[3:])


def _biased(out: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    return out if bias is None else out + bias[:, None, None]
