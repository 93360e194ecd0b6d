"""A sparse matrix as one string of bytes, with all that is needed to read it back.

A header of 28 bytes (what it is, type, shape, values stored, two numbers of the format,
width of its indices) stands before the packed parts.
"""

import struct
from math import prod

import numpy as np

from . import FORMATS, _checks, packing
from .base import Packed
from .lists import COO, CSC, CSR
from .patterns import BSR, NOfM
from .streams import Bitmap, RunLength

MAGIC = b"DLPS"
HEADER = struct.Struct("<4sBBBxIIIII")
TYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
MOST_PLACES = 2**27  # a matrix that a stream may claim without being asked


def dump(packed: Packed, index_bits: int | None = None) -> bytes:
    """Return a packed matrix as bytes: header and parts.

    >>> len(dump(Bitmap.pack(np.eye(8, dtype=np.float32)))) - HEADER.size
    40
    """
    kind = packed.values.dtype.str[1:]
    if kind not in TYPES:
        raise TypeError(f"no type number for {packed.values.dtype}: {', '.join(TYPES)}")
    header = HEADER.pack(
        MAGIC,
        list(FORMATS).index(packed.name),
        TYPES.index(kind),
        index_bits or 0,
        *packed.shape,
        packed.kept,
        *_numbers(packed),
    )
    return header + b"".join(packed.measured(index_bits=index_bits).values())


def load(data: bytes, *, most: int = MOST_PLACES) -> Packed:
    """Return the packed matrix that bytes hold, of `most` places at most.

    Raises: ValueError for bytes that are none, truncated, too long or damaged; no more
    memory is taken than the bytes and `most` allow.
    """
    form, dtype, index_bits, shape, kept, numbers = _header(data)
    if prod(shape) > most:
        raise ValueError(
            f"the stream claims {shape[0]} × {shape[1]} places, more than {most}; "
            "allow them with most=, if that is right"
        )
    if kept > 8 * len(data):
        raise ValueError(
            f"{kept} values cannot be in {len(data)} bytes; the stream is truncated"
        )
    parts = _Reader(data, HEADER.size)
    values = packing.values(
        parts.take(8 * dtype.itemsize, kept).astype(np.uint64), dtype
    )
    made = _READ[form](shape, values, parts, (numbers, index_bits))
    parts.end()
    return made


def _header(data: bytes) -> tuple:
    if len(data) < HEADER.size:
        raise ValueError(
            f"a stream begins with {HEADER.size} bytes of header, got {len(data)}; it "
            "is truncated"
        )
    magic, form, kind, index_bits, rows, columns, kept, *numbers = HEADER.unpack(
        data[: HEADER.size]
    )
    if magic != MAGIC or form >= len(FORMATS) or kind >= len(TYPES):
        raise ValueError(
            f"this is no sparse matrix of ours: it begins with {data[:7]!r}"
        )
    if index_bits > 64:
        raise ValueError(f"an index of {index_bits} bits; the header is damaged")
    name = list(FORMATS)[form]
    dtype = np.dtype(TYPES[kind])
    return name, dtype, index_bits or None, (rows, columns), kept, tuple(numbers)


def _numbers(packed: Packed) -> tuple[int, int]:
    """Return the two numbers of a format that its parts don't tell."""
    if isinstance(packed, BSR):
        return packed.block
    if isinstance(packed, NOfM):
        return packed.n, packed.m
    return (packed.run_bits, 0) if isinstance(packed, RunLength) else (0, 0)


class _Reader:
    """Takes packed numbers off a stream, one part after the other."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data, self.at = data, start

    def take(self, bits: int, count: int) -> np.ndarray:
        """Return the next numbers."""
        end = self.at + packing.size(bits, count)
        if end > len(self.data):
            raise ValueError(
                f"{count} numbers of {bits} bits would end at byte {end} of "
                f"{len(self.data)}; the stream is truncated or damaged"
            )
        part, self.at = self.data[self.at : end], end
        return packing.unpack(part, bits, count)

    def end(self) -> None:
        """Raise ValueError if anything is left."""
        if self.at != len(self.data):
            raise ValueError(
                f"{len(self.data) - self.at} bytes are left behind the last part; the "
                "stream is damaged"
            )


def _coo(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> COO:
    widths = [more[1] or _checks.bits_for(n - 1) for n in shape]
    return COO(shape, values, *(parts.take(bits, len(values)) for bits in widths))


def _compressed(form: type) -> object:
    def read(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> Packed:
        lines, others = shape[form.axis], shape[1 - form.axis]
        kept = len(values)
        indices = parts.take(more[1] or _checks.bits_for(others - 1), kept)
        pointers = parts.take(more[1] or _checks.bits_for(kept), lines + 1)
        return form(shape, values, indices, pointers)

    return read


def _bsr(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> BSR:
    (r, c), index_bits = more
    if not r or not c or len(values) % (r * c) or shape[0] % r or shape[1] % c:
        raise ValueError(
            f"{len(values)} values and {shape[0]} × {shape[1]} places are no blocks of "
            f"{r} × {c}; the header is damaged"
        )
    blocks = values.reshape(-1, r, c)
    columns = parts.take(index_bits or _checks.bits_for(shape[1] // c - 1), len(blocks))
    pointers = parts.take(
        index_bits or _checks.bits_for(len(blocks)), shape[0] // r + 1
    )
    return BSR(shape, blocks, columns, pointers)


def _bitmap(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> Bitmap:
    mask = parts.take(1, prod(shape)).astype(bool)
    return Bitmap(shape, values, mask.reshape(shape))


def _runs(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> RunLength:
    (run_bits, _), index_bits = more
    _checks.width(run_bits, "a run")
    runs = parts.take(index_bits or run_bits, len(values))
    return RunLength(shape, values, runs, run_bits)


def _n_of_m(shape: tuple, values: np.ndarray, parts: _Reader, more: tuple) -> NOfM:
    (n, m), index_bits = more
    groups = shape[1] // m if m else 0
    if not 0 < n <= m or shape[1] % m or len(values) != shape[0] * groups * n:
        raise ValueError(
            f"{len(values)} values are no {n}:{m} of {shape[0]} × {shape[1]}; the "
            "header is damaged"
        )
    positions = parts.take(index_bits or _checks.bits_for(m - 1), len(values))
    size = (shape[0], groups, n)
    return NOfM(shape, values.reshape(size), positions.reshape(size), m)


_READ = {
    "COO": _coo,
    "CSR": _compressed(CSR),
    "CSC": _compressed(CSC),
    "BSR": _bsr,
    "bitmap": _bitmap,
    "run-length": _runs,
    "n of m": _n_of_m,
}
