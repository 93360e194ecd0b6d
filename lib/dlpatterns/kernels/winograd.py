"""Winograd's convolution: 3 x 3 filters at stride 1 with fewer multiplications, at the
price of additions and accuracy.

F(m x m, 3 x 3) computes m x m outputs from (m + 2) x (m + 2) inputs with (m + 2)^2
products a channel instead of 9 m^2: 16 instead of 36 for m = 2 (2.25 times fewer), 36
instead of 144 for m = 4 (4 times fewer). The filters are transformed once. Shapes: x N
C H W, weight M C/groups 3 3 -> N M P Q.

Error, relative to the largest output of standard normal data, measured over C up to 512
(float64 is 1e8 times closer): at most 2e-6 for m = 2 and 2e-5 for m = 4 in float32;
im2col stays within 1e-6. A value that is not finite would reach every output of its
tile, so it is refused.

Source: Lavin & Gray 2016, sections 4.1 and 4.3.
"""

from typing import NamedTuple

import numpy as np

from ._door import door, require_kind
from ._windows import Pair, Sides, sides

INPUT = {  # B^T
    2: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    4: [
        [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ],
}  # fmt: skip
FILTER = {  # G
    2: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    4: [
        [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ],
}  # fmt: skip
OUTPUT = {  # A^T
    2: [[1, 1, 1, 0], [0, 1, -1, -1]],
    4: [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ],
}
WHOLE = 8  # tiles in a product are a multiple of it: half a vector of float32
BLOCK_BYTES = (
    1 << 20
)  # transformed inputs that are alive together: about a level-2 cache


class Filters(NamedTuple):
    """Filters in Winograd's domain, and the tile they are for. Shapes: values (m + 2)^2
    G M/G C/G.
    """

    values: np.ndarray
    tile: int

    @property
    def groups(self) -> int:
        """The number of groups."""
        return self.values.shape[1]

    @property
    def channels(self) -> int:
        """The number of input channels."""
        return self.values.shape[1] * self.values.shape[3]

    @property
    def maps(self) -> int:
        """The number of filters, M."""
        return self.values.shape[1] * self.values.shape[2]


@door(finite=("weight",), back=False, weight="M C 3 3")
def winograd_filters(weight: np.ndarray, tile: int = 4, *, groups: int = 1) -> Filters:
    """Return G w G^T for every filter, computed in float64 and rounded once.

    >>> winograd_filters(np.ones((8, 3, 3, 3)), 2).values.shape
    (16, 1, 8, 3)
    """
    if tile not in FILTER:
        raise ValueError(
            f"winograd has tiles of {sorted(FILTER)} outputs a side, got {tile!r}"
        )
    if weight.shape[2:] != (3, 3) or weight.shape[0] % groups:
        raise ValueError(
            f"winograd needs weight (M, C, 3, 3) with M a multiple of {groups} "
            f"groups, got {np.shape(weight)}"
        )
    g = np.array(FILTER[tile])
    transformed = g @ weight.astype(np.float64) @ g.T  # M C i j
    columns_first = transformed.transpose(3, 2, 0, 1)  # j i M C
    shape = ((tile + 2) ** 2, groups, len(weight) // groups, weight.shape[1])
    return Filters(
        np.ascontiguousarray(columns_first.reshape(shape), dtype=weight.dtype), tile
    )


@door(finite=("x",), x="N C H W", bias="M")
def conv2d_winograd(
    x: np.ndarray,
    filters: Filters,
    bias: np.ndarray | None = None,
    *,
    padding: Pair | str = 0,
    work: "Buffers | None" = None,
) -> np.ndarray:
    """Transform tiles of the input, multiply them with the filters, and transform the
    products back: A^T [U V] A.

    The tiles of one block of rows go through all three steps while they lie in the
    cache. `work` are `Buffers` that are used again for maps and filters of the same
    shapes.
    """
    around = _check(x, filters, bias, padding)
    if work is None:
        work = Buffers(filters, x, around)
    require_kind("conv2d_winograd: work", work, Buffers)
    work.check(filters, x, around)
    out = np.empty((len(x), filters.maps, *work.size), dtype=work.products.dtype)
    for n in range(len(x)):
        for first in range(0, work.rows, work.block):
            work.take(x[n], first)
            work.give(filters, out[n], first)
    return out if bias is None else np.add(out, bias[:, None, None], out=out)


@door()
def winograd_multiplications(
    x_shape: tuple[int, int, int, int], filters: int, *, tile: int, groups: int = 1
) -> int:
    """Return the products in Winograd's domain for padded maps N C H W: (m + 2)^2 for
    each tile, channel and filter.

    >>> winograd_multiplications((1, 64, 58, 58), 64, tile=4), 9 * 64 * 64 * 56 * 56
    (28901376, 115605504)
    """
    examples, channels, height, width = x_shape
    if tile not in FILTER or channels % groups or filters % groups:
        raise ValueError(
            f"winograd has tiles of {sorted(FILTER)} outputs a side, and groups that "
            f"divide channels and filters; got tile {tile}, {groups} groups of "
            f"{channels} channels and {filters} filters"
        )
    tiles = examples * -(-(height - 2) // tile) * -(-(width - 2) // tile)
    return (tile + 2) ** 2 * tiles * channels // groups * filters


class Buffers:
    """The buffers of one convolution and the steps on them.

    A row of tiles is kept with one empty tile behind it, so that a window of m + 2
    columns is m columns of one tile and two of the next; both transforms along the
    columns are then one matrix product over all rows.
    """

    def __init__(self, filters: Filters, x: np.ndarray, around: Sides) -> None:
        self.tile, self.before = filters.tile, (around[0][0], around[1][0])
        tile, window, dtype = (
            filters.tile,
            filters.tile + 2,
            np.result_type(x.dtype, filters.values.dtype),
        )
        self.made_for = made_for(filters, x, around)
        self.size = tuple(
            n + sum(side) - 2 for n, side in zip(x.shape[2:], around, strict=True)
        )
        self.rows, self.across = -(-self.size[0] // tile), -(-self.size[1] // tile) + 1
        room = max(
            BLOCK_BYTES, filters.values.nbytes // 8
        )  # many filters are worth reading less often
        most = max(1, room // (window * window * x.shape[1] * self.across * x.itemsize))
        self.block = -(-self.rows // -(-self.rows // most))  # blocks of nearly one size
        self.input, self.output = (
            np.array(INPUT[tile], dtype=dtype),
            np.array(OUTPUT[tile], dtype=dtype),
        )
        self.halves = np.zeros((2 * window, tile), dtype=dtype)
        self.halves[:window], self.halves[window:, :2] = (
            self.input[:, :tile],
            self.input[:, tile:],
        )
        many = self.many = -(-self.block * self.across // WHOLE) * WHOLE
        self.maps = np.zeros((window, x.shape[1] * many * tile), dtype=dtype)
        self.tall = np.empty_like(self.maps)
        self.parts = np.empty((2 * window, window * x.shape[1] * many), dtype=dtype)
        self.tiles = np.zeros((window, window * x.shape[1] * many), dtype=dtype)
        self.products = np.empty(
            (window * window, filters.groups, filters.maps // filters.groups, many),
            dtype=dtype,
        )
        self.wide = np.empty((window, tile, filters.maps * many), dtype=dtype)
        self.results = np.empty((tile * filters.maps * many, tile), dtype=dtype)

    def check(self, filters: Filters, x: np.ndarray, around: Sides) -> None:
        """Raise ValueError if the buffers were made for another convolution."""
        asked = made_for(filters, x, around)
        if self.made_for != asked:
            raise ValueError(
                f"conv2d_winograd: work was made for {self.made_for}, and is used for "
                f"{asked}; make Buffers for these maps"
            )

    def take(self, x: np.ndarray, first: int) -> None:
        """Fill `tiles` with B^T d B for the rows of tiles from `first` on. Shapes: x C
        H W -> j (i C t u).
        """
        self._cut(x, first)
        window = self.tile + 2
        np.matmul(self.input, self.maps, out=self.tall)  # i (C t W)
        np.matmul(
            self.halves, self.tall.reshape(-1, self.tile).T, out=self.parts
        )  # 2 j (i C t u)
        np.add(
            self.parts[:window, :-1], self.parts[window:, 1:], out=self.tiles[:, :-1]
        )

    def _cut(self, x: np.ndarray, first: int) -> None:
        """Copy row i of every tile in the block to maps[i], zeros where there is no
        input.
        """
        (top, left), width = self.before, self.tile * self.across
        maps = self._rows(self.maps.reshape(len(self.maps), len(x), -1))
        columns = min(x.shape[2], width - left)
        for i in range(self.tile + 2):
            start = (
                first * self.tile + i - top
            )  # the row of x that is row i of the block's first tile
            skip = max(0, -(start // self.tile))
            rows = x[:, start + skip * self.tile :: self.tile, :columns][
                :, : max(0, self.block - skip)
            ]
            if rows.shape[1] < self.block:
                maps[i] = 0
            maps[i, :, skip : skip + rows.shape[1], left : left + columns] = rows

    def _rows(self, values: np.ndarray) -> np.ndarray:
        """View the tiles of a block as rows of values, without what fills them up to a
        whole number of vectors.
        """
        width = self.tile * self.across
        return values[..., : self.block * width].reshape(
            *values.shape[:2], self.block, width
        )

    def give(self, filters: Filters, out: np.ndarray, first: int) -> None:
        """Multiply the tiles with the filters and write A^T y A to the maps. Shapes: ->
        out M P Q.
        """
        window, tile, groups = self.tile + 2, self.tile, filters.groups
        tiles = self.tiles.reshape(window * window, groups, -1, self.many)
        np.matmul(filters.values, tiles, out=self.products)
        np.matmul(
            self.output, self.products.reshape(window, window, -1), out=self.wide
        )  # j r (M t u)
        np.matmul(
            self.wide.reshape(window, -1).T, self.output.T, out=self.results
        )  # (r M t u) s
        results = self._rows(self.results.reshape(tile, len(out), -1))
        for r in range(tile):
            target = out[:, first * tile + r :: tile][:, : self.block]
            target[:] = results[r, :, : target.shape[1], : out.shape[2]]


def made_for(filters: Filters, x: np.ndarray, around: Sides) -> tuple:
    """Return what buffers depend on: the shapes and formats, not the values."""
    values = filters.values
    return values.shape, filters.tile, values.dtype.name, x.shape[1:], around


def _check(
    x: np.ndarray, filters: Filters, bias: np.ndarray | None, padding: Pair | str
) -> Sides:
    if filters.values.ndim != 4 or filters.tile not in FILTER:
        raise ValueError(
            "conv2d_winograd takes filters made by winograd_filters(weight), got "
            f"values {filters.values.shape} and tile {filters.tile!r}"
        )
    if x.shape[1] != filters.channels:
        raise ValueError(
            f"winograd filters {filters.values.shape} are for {filters.channels} "
            f"channels, x is {x.shape}"
        )
    if bias is not None and bias.shape != (filters.maps,):
        raise ValueError(
            f"winograd: bias {bias.shape} does not fit {filters.maps} filters; it "
            f"needs ({filters.maps},)"
        )
    around = sides(padding, x.shape[2:], 3)
    padded = tuple(n + sum(side) for n, side in zip(x.shape[2:], around, strict=True))
    if min(padded) < 3:
        raise ValueError(
            f"a kernel that spans (3, 3) does not fit on padded maps of {padded} (x "
            f"{x.shape}); pad more"
        )
    return around
