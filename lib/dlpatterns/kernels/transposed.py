"""Transposed convolution: every value of the maps is spread over a window of a larger
map, the way a convolution's gradient goes back.

Shapes: x N C H W, weight C M/groups R S, bias M -> N M P Q, with P = (H - 1) stride
- 2 padding + dilation (R - 1) + output_padding + 1 (转置卷积). Rungs:
`conv2d_transposed` loops; `conv2d_transposed_columns` is one matrix product for each
example and group, and a sum of the windows. Error: as im2col's, the sums are taken in
another order.
Source: Dumoulin & Visin 2016, chapter 4; the arguments mean what PyTorch's do.
"""

from typing import NamedTuple

import numpy as np

from ._door import door
from ._windows import Pair, pad, pair, scatter, span
from .convolution import conv2d_backward, conv2d_fast


@door(
    least={"output_padding": 0, "padding": 0},
    x="N C H W",
    weight="C M/groups R S",
    bias="M",
)
def conv2d_transposed(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Add every value, times every weight it meets, to the output: seven loops around
    one multiply-accumulate; then cut off the padding.

    >>> conv2d_transposed(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    plan = _plan(x, weight, bias, stride, padding, output_padding, dilation, groups)
    out = np.zeros(plan.full, dtype=np.result_type(x.dtype, weight.dtype))
    (sh, sw), (dh, dw), filters = plan.stride, plan.dilation, weight.shape[1]
    for n, c, h, w in np.ndindex(x.shape):
        first = c // (x.shape[1] // groups) * filters
        for m, r, s in np.ndindex(weight.shape[1:]):
            place = n, first + m, h * sh + r * dh, w * sw + s * dw
            out[place] += weight[c, m, r, s] * x[n, c, h, w]
    out = plan.cut(out)
    return out if bias is None else out + bias[:, None, None]


@door(
    least={"output_padding": 0, "padding": 0},
    x="N C H W",
    weight="C M/groups R S",
    bias="M",
)
def conv2d_transposed_columns(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Multiply all values with all weights in one product, and add up the windows."""
    plan = _plan(x, weight, bias, stride, padding, output_padding, dilation, groups)
    examples, channels, height, width = x.shape
    rows = weight.reshape(groups, channels // groups, weight[0].size).swapaxes(1, 2)
    columns = rows @ x.reshape(examples, groups, channels // groups, height * width)
    values = columns.reshape(
        examples, plan.full[1], *weight.shape[2:], height, width
    ).transpose(0, 1, 4, 5, 2, 3)
    out = plan.cut(
        scatter(values, plan.full[2:], stride=plan.stride, dilation=plan.dilation)
    )
    return np.ascontiguousarray(out) if bias is None else out + bias[:, None, None]


@door(
    least={"output_padding": 0, "padding": 0},
    grad="N M P Q",
    x="N C H W",
    weight="C M/groups R S",
)
def conv2d_transposed_backward(
    grad: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, weight and bias: that of x is a plain convolution of
    the output's gradient, that of the weight a convolution's weight gradient.
    """
    plan = _plan(x, weight, None, stride, padding, output_padding, dilation, groups)
    if grad.shape != plan.output:
        raise ValueError(
            "conv2d_transposed_backward: the gradient must have the output's shape "
            f"{plan.output}, got {grad.shape}"
        )
    full = pad(grad, tuple((side, side) for side in plan.padding))
    reached = (
        n - more for n, more in zip(full.shape[2:], pair(output_padding), strict=True)
    )
    rows, columns = reached  # no window reaches what output_padding adds
    full = full[:, :, :rows, :columns]
    geometry = {"stride": stride, "dilation": dilation, "groups": groups}
    to_x = conv2d_fast(full, weight, **geometry)
    to_weight = conv2d_backward(x, full, weight, **geometry)[1]
    return to_x, to_weight, grad.sum(axis=(0, 2, 3))


class _Plan(NamedTuple):
    """The checked geometry: `full` is the output before the padding is cut off."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int]
    full: tuple[int, ...]

    @property
    def output(self) -> tuple[int, ...]:
        """The shape that comes out."""
        sizes = zip(self.full[2:], self.padding, strict=True)
        return (*self.full[:2], *(size - 2 * side for size, side in sizes))

    def cut(self, full: np.ndarray) -> np.ndarray:
        """Leave out the padding. Shapes: -> N M P Q."""
        (top, left), (height, width) = self.padding, self.output[2:]
        return full[:, :, top : top + height, left : left + width]


def _plan(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, *geometry: Pair
) -> _Plan:
    *pairs, groups = geometry
    stride, padding, more, dilation = map(pair, pairs)
    if len(weight) != x.shape[1] or x.shape[1] % groups:
        raise ValueError(
            f"a transposed convolution of x {x.shape} in {groups} groups needs weight "
            f"({x.shape[1]}, M / {groups}, R, S), got {weight.shape}"
        )
    filters = weight.shape[1] * groups
    if bias is not None and bias.shape != (filters,):
        raise ValueError(
            f"a transposed convolution of {filters} filters needs bias ({filters},), "
            f"got {bias.shape}"
        )
    if any(a >= max(s, d) for a, s, d in zip(more, stride, dilation, strict=True)):
        raise ValueError(
            f"output_padding {more} must be below stride {stride} or dilation "
            f"{dilation}: it tells apart sizes that a convolution would make one"
        )
    kernel = weight.shape[2:]
    axes = zip(x.shape[2:], kernel, stride, dilation, more, strict=True)
    full = tuple((n - 1) * s + span(k, d) + a for n, k, s, d, a in axes)
    plan = _Plan(stride, dilation, padding, (len(x), filters, *full))
    if min(plan.output[2:]) < 1:
        raise ValueError(
            f"a transposed convolution of x {x.shape} makes maps of {full}, from which "
            f"padding {padding} leaves nothing; pad less"
        )
    return plan
