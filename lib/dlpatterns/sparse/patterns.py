"""Formats that ask for a pattern: blocks (BSR), and n of every m neighbours."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Self

import numpy as np

from . import _checks
from .base import Packed, Part


@dataclass(frozen=True)
class BSR(Packed):
    """Block sparse rows: whole blocks in which anything stands, and each one's column
    of blocks. Shapes: values are blocks, rows and columns of a block.
    """

    columns: np.ndarray
    pointers: np.ndarray

    name: ClassVar[str] = "BSR"

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        if self.values.ndim != 3 or 0 in self.values.shape[1:]:
            raise ValueError(
                f"values are blocks × rows × columns, got {self.values.shape}"
            )
        high, wide = _cut(self.shape, self.block)
        _checks.as_many({"blocks": len(self.values), "columns": self.columns.size})
        _checks.indices(self.columns, wide, "columns of blocks")
        _checks.pointers(self.pointers, high, len(self.values), "rows of blocks")

    @property
    def block(self) -> tuple[int, int]:
        """The rows and columns of a block."""
        return self.values.shape[1:]

    @classmethod
    def pack(cls, matrix: np.ndarray, block: tuple[int, int] = (4, 4)) -> Self:
        """Return a matrix as blocks.

        Raises: ValueError if blocks do not divide the shape.
        """
        matrix = _checks.matrix(matrix)
        high, wide = _cut(matrix.shape, block)
        r, c = block
        cells = matrix.reshape(high, r, wide, c).swapaxes(1, 2)
        mask = _checks.stored(cells).any(axis=(2, 3))
        pointers = np.concatenate([[0], np.cumsum(mask.sum(axis=1, dtype=np.int64))])
        return cls(matrix.shape, cells[mask], np.nonzero(mask)[1], pointers)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every stored value."""
        r, c = self.block
        line = np.repeat(np.arange(len(self.pointers) - 1), np.diff(self.pointers))
        rows = line[:, None, None] * r + np.arange(r)[None, :, None]
        columns = self.columns[:, None, None] * c + np.arange(c)[None, None, :]
        rows, columns = np.broadcast_arrays(rows, columns)
        return rows.ravel(), columns.ravel()

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return a column for every block and a pointer for every row of blocks, and
        one more for the end.
        """
        across = index_bits or _checks.bits_for(self.shape[1] // self.block[1] - 1)
        ends = index_bits or _checks.bits_for(len(self.values))
        return {
            "columns": Part(self.columns, across),
            "pointers": Part(self.pointers, ends),
        }

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """Return the product with a dense matrix: the rows of the operand that a row
        of blocks meets are gathered, and multiplied by its blocks as one dense product.
        """
        dense = _checks.operand(dense, self.shape[1])
        r, c = self.block
        parts = dense.reshape(-1, c, dense.shape[1])
        kind = np.result_type(self.values, dense)
        out = np.zeros((self.shape[0], dense.shape[1]), dtype=kind)
        for line in np.flatnonzero(np.diff(self.pointers)):
            here = slice(self.pointers[line], self.pointers[line + 1])
            blocks = self.values[here].swapaxes(0, 1).reshape(r, -1)
            gathered = parts[self.columns[here]].reshape(-1, dense.shape[1])
            out[line * r : (line + 1) * r] = blocks @ gathered
        return out


def _cut(shape: tuple[int, int], block: tuple[int, int]) -> tuple[int, int]:
    """Return how many rows and columns of blocks a shape has."""
    if len(block) != 2:
        raise ValueError(f"a block has rows and columns, got {block!r}")
    r, c = (_checks.whole(size, "a side of a block") for size in block)
    if shape[0] % r or shape[1] % c:
        raise ValueError(
            f"blocks of {r} × {c} do not divide {shape[0]} × {shape[1]}; pad it first"
        )
    return shape[0] // r, shape[1] // c


@dataclass(frozen=True)
class NOfM(Packed):
    """At most n of every m neighbours in a row, and where in its m each stands.
    Shapes: values and positions are rows × groups × n.
    """

    positions: np.ndarray
    m: int

    name: ClassVar[str] = "n of m"

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        _checks.whole(self.m, "m")
        if self.shape[1] % self.m:
            raise ValueError(_uneven(self.shape, self.m))
        rows, groups = self.shape[0], self.shape[1] // self.m
        for what, given in (("values", self.values), ("places", self.positions)):
            if given.ndim != 3 or given.shape[:2] != (rows, groups):
                raise ValueError(
                    f"{what} are rows × groups × n = {rows} × {groups} × n, got "
                    f"{given.shape}"
                )
        if self.values.shape != self.positions.shape:
            raise ValueError(
                f"{self.values.shape} values need as many places, got "
                f"{self.positions.shape}"
            )
        _checks.indices(self.positions, self.m, "places in a group")
        if (np.diff(self.positions, axis=2) <= 0).any():
            raise ValueError("the places of a group must rise; a stream is damaged")

    @property
    def n(self) -> int:
        """How many of m are stored."""
        return self.values.shape[2]

    @classmethod
    def pack(cls, matrix: np.ndarray, n: int = 2, m: int = 4) -> Self:
        """Return a matrix as n values of every m; a group with fewer stores zeros.

        Raises: ValueError if m does not divide the row, or a group has more than n.

        >>> packed = NOfM.pack(np.array([[0, 5, 0, 6, 0, 0, 0, 9]]))
        >>> print(packed.values.ravel(), packed.positions.ravel())
        [5 6 0 9] [1 3 0 3]
        """
        matrix = _checks.matrix(matrix)
        n, m = _checks.whole(n, "n"), _checks.whole(m, "m")
        if n > m:
            raise ValueError(f"n of m values are stored, n at most m; got {n} of {m}")
        if matrix.shape[1] % m:
            raise ValueError(_uneven(matrix.shape, m))
        groups = matrix.reshape(matrix.shape[0], matrix.shape[1] // m, m)
        mask = _checks.stored(groups)
        most = int(mask.sum(axis=2).max(initial=0))
        if most > n:
            raise ValueError(
                f"a group has {most} values that are not zero, {n}:{m} holds {n}; "
                "prune with `prune.masks.n_of_m` first"
            )
        first = np.argsort(~mask, axis=2, kind="stable")[:, :, :n]
        positions = np.sort(first, axis=2)
        values = np.take_along_axis(groups, positions, axis=2)
        return cls(matrix.shape, values, positions, m)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every stored value."""
        rows, groups = self.values.shape[:2]
        columns = self.positions + self.m * np.arange(groups)[None, :, None]
        line = np.broadcast_to(np.arange(rows)[:, None, None], columns.shape)
        return line.ravel(), columns.ravel()

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return the place in its group of every value."""
        bits = index_bits or _checks.bits_for(self.m - 1)
        return {"places": Part(self.positions.ravel(), bits)}

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """Return the product with a dense matrix: each stored value selects one of the
        m rows that its group meets.
        """
        dense = _checks.operand(dense, self.shape[1])
        columns = self.places()[1].reshape(self.shape[0], -1)
        chosen = dense[columns]  # rows × (groups n) × columns of the operand
        return np.einsum("rk,rkc->rc", self.values.reshape(columns.shape), chosen)


def _uneven(shape: tuple[int, int], m: int) -> str:
    padded = m * ceil(shape[1] / m)
    return f"groups of {m} do not divide rows of {shape[1]}; pad them to {padded}"
