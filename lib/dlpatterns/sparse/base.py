"""What all sparse formats share: a shape, values, parts that are stored, a product."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from . import _checks, packing


class Part(NamedTuple):
    """Whole numbers that a format stores, and the bits of each."""

    numbers: np.ndarray
    bits: int


@dataclass(frozen=True)
class Packed(ABC):
    """A matrix in a sparse format. Every value but positive zeros is stored."""

    shape: tuple[int, int]
    values: np.ndarray

    name: ClassVar[str] = ""

    @abstractmethod
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the row and the column of every stored value."""

    @abstractmethod
    def located(self, index_bits: int | None = None) -> dict[str, Part]:
        """Return the parts that say where the values stand; each number takes
        `index_bits`, or as few as the shape allows.
        """

    def unpack(self) -> np.ndarray:
        """Return the matrix."""
        out = np.zeros(self.shape, dtype=self.values.dtype)
        out[self.places()] = self.values.ravel()
        return out

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """Return the product with a dense matrix; what is not stored is not
        multiplied, whatever stands there.
        """
        dense = _checks.operand(dense, self.shape[1])
        rows, columns = self.places()
        products = self.values.ravel()[:, None] * dense[columns]
        out = np.zeros((self.shape[0], dense.shape[1]), dtype=products.dtype)
        np.add.at(out, rows, products)
        return out

    @property
    def kept(self) -> int:
        """The values that are stored, fillers included."""
        return int(self.values.size)

    def bits(self, value_bits: int | None = None, index_bits: int | None = None) -> int:
        """Return the bits of all parts together, without the shape.

        Raises: ValueError if an index overflows its width.
        """
        if value_bits is None:
            value_bits = 8 * self.values.dtype.itemsize
        located = self.located(index_bits).values()
        for part in located:
            _fits(part)
        return _checks.width(value_bits, "a value") * self.kept + sum(
            part.bits * part.numbers.size for part in located
        )

    def measured(
        self, value_bits: int | None = None, index_bits: int | None = None
    ) -> dict[str, bytes]:
        """Return the bytes of each part, really packed.

        `value_bits` other than the type's own are for codes, that is unsigned integers.
        """
        codes = packing.codes(self.values)
        own = 8 * self.values.dtype.itemsize
        if value_bits not in (None, own) and self.values.dtype.kind != "u":
            raise ValueError(
                f"{self.values.dtype} values take {own} bits; for {value_bits} bits "
                "encode them first, and pack the codes"
            )
        packed = {"values": packing.pack(codes, value_bits or own)}
        for name, part in self.located(index_bits).items():
            packed[name] = packing.pack(part.numbers, part.bits)
        return packed

    def measured_bytes(
        self, value_bits: int | None = None, index_bits: int | None = None
    ) -> int:
        """Return how many bytes the packed parts are."""
        return sum(map(len, self.measured(value_bits, index_bits).values()))


def _fits(part: Part) -> None:
    most = int(part.numbers.max(initial=0))
    if most >> part.bits:
        raise ValueError(
            f"the index {most} overflows {part.bits} bits; it needs "
            f"{_checks.bits_for(most)}"
        )


def dense_bits(shape: tuple[int, int], value_bits: int) -> int:
    """Return the bits of all places of a matrix.

    >>> dense_bits((64, 64), 16)
    65536
    """
    rows, columns = _checks.shape(shape)
    return rows * columns * _checks.width(value_bits, "a value")
