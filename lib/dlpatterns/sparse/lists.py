"""Formats that list the place of each value: COO, CSR, CSC.

Equal to SciPy's `coo_array`, `csr_array`, `csc_array` of the same matrix in values,
indices and order, but that -0 is kept.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from . import _checks
from .base import Packed, Part


@dataclass(frozen=True)
class COO(Packed):
    """Row and column of every value, in the order of rows."""

    rows: np.ndarray
    columns: np.ndarray

    name: ClassVar[str] = "COO"

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        _checks.as_many(
            {
                "values": self.values.size,
                "rows": self.rows.size,
                "columns": self.columns.size,
            }
        )
        _checks.indices(self.rows, self.shape[0], "rows")
        _checks.indices(self.columns, self.shape[1], "columns")

    @classmethod
    def pack(cls, matrix: np.ndarray) -> Self:
        """Return a matrix as coordinates.

        >>> packed = COO.pack(np.array([[0.0, 5.0], [0.0, 0.0], [7.0, 0.0]]))
        >>> print(packed.rows, packed.columns, packed.values)
        [0 2] [1 0] [5. 7.]
        """
        matrix = _checks.matrix(matrix)
        rows, columns = np.nonzero(_checks.stored(matrix))
        return cls(matrix.shape, matrix[rows, columns], rows, columns)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and the columns."""
        return self.rows, self.columns

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return a row and a column for every value."""
        high, wide = (index_bits or _checks.bits_for(n - 1) for n in self.shape)
        return {"rows": Part(self.rows, high), "columns": Part(self.columns, wide)}


@dataclass(frozen=True)
class _Compressed(Packed):
    """An index for every value, and a pointer for the start of every line."""

    indices: np.ndarray
    pointers: np.ndarray

    axis: ClassVar[int] = 0
    lines: ClassVar[tuple[str, str]] = ("rows", "columns")

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        line, other = self.lines
        _checks.as_many({"values": self.values.size, other: self.indices.size})
        _checks.indices(self.indices, self.shape[1 - self.axis], other)
        _checks.pointers(self.pointers, self.shape[self.axis], self.values.size, line)

    @classmethod
    def pack(cls, matrix: np.ndarray) -> Self:
        """Return a matrix as a list of values for every line."""
        matrix = _checks.matrix(matrix)
        lines = matrix if cls.axis == 0 else matrix.T
        mask = _checks.stored(lines)
        line, index = np.nonzero(mask)
        pointers = np.concatenate([[0], np.cumsum(mask.sum(axis=1, dtype=np.int64))])
        return cls(matrix.shape, lines[line, index], index, pointers)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every value."""
        line = np.repeat(np.arange(self.shape[self.axis]), np.diff(self.pointers))
        return (line, self.indices) if self.axis == 0 else (self.indices, line)

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return an index for every value and a pointer for every line, and one more
        for the end.
        """
        across = index_bits or _checks.bits_for(self.shape[1 - self.axis] - 1)
        ends = index_bits or _checks.bits_for(self.values.size)
        return {
            self.lines[1]: Part(self.indices, across),
            "pointers": Part(self.pointers, ends),
        }


@dataclass(frozen=True)
class CSR(_Compressed):
    """Compressed sparse rows: the column of every value, and where each row begins."""

    name: ClassVar[str] = "CSR"

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """Return the product with a dense matrix: each row's values gather the rows of
        the operand that they meet, and add them up.
        """
        dense = _checks.operand(dense, self.shape[1])
        kind = np.result_type(self.values, dense)
        out = np.zeros((self.shape[0], dense.shape[1]), dtype=kind)
        for row in np.flatnonzero(np.diff(self.pointers)):
            here = slice(self.pointers[row], self.pointers[row + 1])
            out[row] = self.values[here] @ dense[self.indices[here]]
        return out


@dataclass(frozen=True)
class CSC(_Compressed):
    """Compressed sparse columns: the row of every value, and where each column
    begins.
    """

    name: ClassVar[str] = "CSC"
    axis: ClassVar[int] = 1
    lines: ClassVar[tuple[str, str]] = ("columns", "rows")
