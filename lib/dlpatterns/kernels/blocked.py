"""Convolution in blocks that fit the cache, for any stride, padding, dilation and
groups: the rungs that are fast.

`conv2d_blocked` copies windows as im2col does, but in long runs and one block of rows
at a time; `conv2d_pointwise` is the 1 x 1 convolution, one matrix product without any
copy; `conv2d_depthwise` has one filter a channel and no matrices to multiply. Shapes: x
N C H W, weight M C/groups R S, bias M -> N M P Q.

Error: the same sums as the loops in another order; in float32 at most 1e-6 of the sum
of the absolute products.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ._door import require_kind
from ._plan import Plan, convolves

BLOCK_BYTES = (
    4 << 20
    # columns that are alive together; measured: smaller blocks multiply more slowly,
    # larger ones copy so
)
WASTE = 1.1  # rows are read on into each other up to so much more than they hold


@convolves()
def conv2d_blocked(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    plan: Plan,
    work: "Columns | None" = None,
) -> np.ndarray:
    """Copy the windows of one block of output rows into columns, multiply, and go on to
    the next block.

    The padded maps are dealt out once into `stride` phases, in which the inputs of one
    filter position lie side by side. `work` is a `Columns` that is used again for maps
    and filters of the same shapes.
    """
    if work is None:
        work = Columns(x, weight, plan)
    require_kind("conv2d_blocked: work", work, Columns)
    work.check(x, weight, plan)
    rows, height = plan.rows(weight), plan.output[2]
    out = np.empty(plan.output, dtype=work.product.dtype)
    for n in range(len(x)):
        work.phases.fill(x[n])
        for first in range(0, height, work.block):
            columns = work.gather(first)
            np.matmul(
                rows, columns.reshape(plan.groups, rows.shape[2], -1), out=work.product
            )
            rest = out[n, :, first : first + work.block]
            rest[:] = work.product.reshape(len(weight), work.block, -1)[
                :, : rest.shape[1], : rest.shape[2]
            ]
    return out if bias is None else np.add(out, bias[:, None, None], out=out)


@convolves("stride", "groups")
def conv2d_pointwise(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, plan: Plan
) -> np.ndarray:
    """Multiply the 1 x 1 filters with the maps as they lie: a plain matrix product for
    each example and group.
    """
    if plan.kernel != (1, 1):
        raise ValueError(
            f"conv2d_pointwise needs weight (M, C, 1, 1), got {weight.shape}"
        )
    down, right = plan.stride
    maps = np.ascontiguousarray(x[:, :, ::down, ::right])
    columns = maps.reshape(
        len(x), plan.groups, weight.shape[1], maps.shape[2] * maps.shape[3]
    )
    out = (plan.rows(weight) @ columns).reshape(plan.output)
    return out if bias is None else np.add(out, bias[:, None, None], out=out)


@convolves("stride", "padding", "dilation", depthwise=True)
def conv2d_depthwise(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, plan: Plan
) -> np.ndarray:
    """Weigh each map with the one filter of its channel: a product and a sum of whole
    maps for each filter position.
    """
    if weight.shape[:2] != (x.shape[1], 1):
        raise ValueError(
            f"conv2d_depthwise of x {x.shape} needs weight ({x.shape[1]}, 1, R, S), "
            f"got {weight.shape}"
        )
    phases, (height, width) = Phases(x, plan), plan.output[2:]
    out = np.empty(plan.output, dtype=np.result_type(x.dtype, weight.dtype))
    total = np.empty((x.shape[1], height * phases.across), dtype=out.dtype)
    product = np.empty_like(total)
    for n in range(len(x)):
        phases.fill(x[n])
        total[:] = 0
        for r, s in np.ndindex(*plan.kernel):
            np.multiply(
                phases.run((r, s), total.shape[1]),
                weight[:, 0, r, s, None],
                out=product,
            )
            total += product
        out[n] = total.reshape(x.shape[1], height, -1)[:, :, :width]
    return out if bias is None else np.add(out, bias[:, None, None], out=out)


class Phases:
    """The rows and columns of a padded example dealt out by their remainder modulo the
    stride, `across` values a row.

    In a phase, the inputs that one filter position meets on its way over the maps are
    one run of neighbours, if the rows are read on into each other; the outputs at the
    end of each row are then without meaning and are left out.
    """

    def __init__(self, x: np.ndarray, plan: Plan) -> None:
        self.plan, (self.strides, dilation) = plan, (plan.stride, plan.dilation)
        down, self.across = (
            -(-n // s) for n, s in zip(plan.padded, plan.stride, strict=True)
        )
        shape = (
            x.shape[1],
            down + plan.output[2] + 1,
            self.across,
        )  # with zeros behind the last row, to read on into
        firsts = [
            {k * d % s for k in range(n)}
            for n, s, d in zip(plan.kernel, plan.stride, dilation, strict=True)
        ]
        self.maps = {
            (a, b): np.zeros(shape, dtype=x.dtype) for a in firsts[0] for b in firsts[1]
        }

    def fill(self, x: np.ndarray) -> None:
        """Deal out one example. Shapes: C H W."""
        (top, _), (left, _) = self.plan.around
        for (a, b), phase in self.maps.items():
            (t, rows), (u, columns) = (
                _first(a, top, self.strides[0]),
                _first(b, left, self.strides[1]),
            )
            values = x[:, rows :: self.strides[0], columns :: self.strides[1]]
            phase[:, t : t + values.shape[1], u : u + values.shape[2]] = values

    def run(self, tap: tuple[int, int], size: int) -> np.ndarray:
        """Return what one filter position meets: a view of `size` neighbours a channel.
        Shapes: -> C size.
        """
        (r, down), (s, right) = (
            (k * d % stride, k * d // stride)
            for k, d, stride in zip(
                tap, self.plan.dilation, self.plan.stride, strict=True
            )
        )
        phase = self.maps[r, s].reshape(len(self.maps[r, s]), -1)
        start = down * self.across + right
        return phase[:, start : start + size]


class Columns:
    """The buffers of one blocked convolution: phases, a block of columns, and its
    product.
    """

    def __init__(self, x: np.ndarray, weight: np.ndarray, plan: Plan) -> None:
        self.phases, (height, width) = Phases(x, plan), plan.output[2:]
        narrow = WASTE * width < self.phases.across
        self.across = width if narrow else self.phases.across  # columns a row of output
        most = max(
            1,
            BLOCK_BYTES
            // (self.phases.across * x.shape[1] * weight[0, 0].size * x.itemsize),
        )
        self.block = -(-height // -(-height // most))  # blocks of nearly one size
        size = self.block * self.across
        self.values = np.empty(
            (x.shape[1], *plan.kernel, self.block, self.across), dtype=x.dtype
        )
        dtype = np.result_type(x.dtype, weight.dtype)
        self.made_for = made_for(x, weight, plan)
        self.product = np.empty(
            (plan.groups, len(weight) // plan.groups, size), dtype=dtype
        )
        self.sources = {
            tap: self._source(tap)
            for tap in np.ndindex(*map(min, plan.kernel, plan.stride))
        }

    def check(self, x: np.ndarray, weight: np.ndarray, plan: Plan) -> None:
        """Raise ValueError if the buffers were made for another convolution."""
        asked = made_for(x, weight, plan)
        if self.made_for != asked:
            raise ValueError(
                f"conv2d_blocked: work was made for {self.made_for}, and is used for "
                f"{asked}; make Columns for these shapes"
            )

    def _source(self, tap: tuple[int, int]) -> np.ndarray:
        """Return a view of what belongs in the columns of every stride-th filter
        position from `tap` on, for all rows.
        """
        plan, across = self.phases.plan, self.phases.across
        target = self.values[:, tap[0] :: plan.stride[0], tap[1] :: plan.stride[1]]
        blocks = -(-plan.output[2] // self.block)
        run = self.phases.run(tap, self.block * across)
        rows, columns = plan.dilation[0] * across, plan.dilation[1]
        channel = run.strides[0] // run.itemsize
        steps = (self.block * across, channel, rows, columns, across, 1)
        return as_strided(
            run,
            (blocks, *target.shape),
            [step * run.itemsize for step in steps],
            writeable=False,
        )

    def gather(self, first: int) -> np.ndarray:
        """Fill the columns for the block of output rows from `first` on. Shapes: -> C R
        S rows columns.
        """
        down, right = self.phases.plan.stride
        for (r, s), source in self.sources.items():
            self.values[:, r::down, s::right] = source[first // self.block]
        return self.values


def made_for(x: np.ndarray, weight: np.ndarray, plan: Plan) -> tuple:
    """Return what columns depend on: the shapes and formats, not the values."""
    return x.shape[1:], x.dtype.name, weight.shape, weight.dtype.name, *plan[:-1]


def _first(remainder: int, before: int, stride: int) -> tuple[int, int]:
    """Return the first place in a phase that holds input, and which input that is."""
    place = max(0, -(-(before - remainder) // stride))
    return place, place * stride + remainder - before
