"""Formats without an index: a bitmap of all places, and the run of zeros before each
value.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from . import _checks
from .base import Packed, Part


@dataclass(frozen=True)
class Bitmap(Packed):
    """One bit for every place, and the values where it is set, row by row."""

    mask: np.ndarray

    name: ClassVar[str] = "bitmap"

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        if self.mask.shape != self.shape or self.mask.dtype != bool:
            raise ValueError(
                f"the bitmap of {self.shape} is bool of that shape, got "
                f"{self.mask.dtype} {self.mask.shape}"
            )
        set_bits = int(self.mask.sum())
        _checks.as_many({"values": self.values.size, "bits set": set_bits})

    @classmethod
    def pack(cls, matrix: np.ndarray) -> Self:
        """Return a matrix as a bitmap and values.

        >>> packed = Bitmap.pack(np.array([[0, 5, 0, 6]]))
        >>> print(packed.mask.astype(int), packed.values, packed.bits(value_bits=8))
        [[0 1 0 1]] [5 6] 20
        """
        matrix = _checks.matrix(matrix)
        mask = _checks.stored(matrix)
        return cls(matrix.shape, matrix[mask], mask)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every value."""
        return np.nonzero(self.mask)

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return one bit for every place; there are no indices to be made wider."""
        return {"bitmap": Part(self.mask.ravel().astype(np.uint8), 1)}


@dataclass(frozen=True)
class RunLength(Packed):
    """The zeros before each value, row by row, in a few bits; where a run is longer, a
    zero is stored as a filler and a new run begins.
    """

    runs: np.ndarray
    run_bits: int

    name: ClassVar[str] = "run-length"

    def __post_init__(self) -> None:
        _checks.shape(self.shape)
        bits = _checks.width(self.run_bits, "a run")
        _checks.as_many({"values": self.values.size, "runs": self.runs.size})
        _checks.indices(self.runs, 2**bits, f"runs of {bits} bits:")
        ends = int(np.sum(self.runs, dtype=np.int64)) + self.runs.size
        if ends > self.shape[0] * self.shape[1]:
            raise ValueError(
                f"the runs end at place {ends} of {self.shape[0]} × {self.shape[1]}; "
                "the stream is damaged or its shape is wrong"
            )

    @classmethod
    def pack(cls, matrix: np.ndarray, run_bits: int = 4) -> Self:
        """Return a matrix as runs and values.

        >>> packed = RunLength.pack(np.array([[0, 5, 0, 0, 0, 0, 0, 6]]), run_bits=2)
        >>> print(packed.runs, packed.values)
        [1 3 1] [5 0 6]
        """
        matrix = _checks.matrix(matrix)
        span = 2 ** _checks.width(run_bits, "a run")
        flat = matrix.ravel()
        at = np.flatnonzero(_checks.stored(flat))
        gaps = np.diff(at, prepend=-1) - 1
        fillers = gaps // span
        real = np.arange(at.size) + np.cumsum(fillers)
        count = int(at.size + fillers.sum())
        runs = np.full(count, span - 1, dtype=np.int64)
        values = np.zeros(count, dtype=matrix.dtype)
        runs[real], values[real] = gaps % span, flat[at]
        return cls(matrix.shape, values, runs, run_bits)

    @property
    def fillers(self) -> int:
        """The zeros that are stored because a run was too long."""
        return self.kept - int(_checks.stored(self.values).sum())

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every stored value."""
        flat = np.cumsum(self.runs + 1) - 1
        return np.divmod(flat, max(self.shape[1], 1))

    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return a run for every stored value."""
        return {"runs": Part(self.runs, index_bits or self.run_bits)}
