"""Whole numbers of any width, packed into bytes without gaps, and read back.

The first number lies in the lowest bits of the first byte; the last byte is filled with
zeros.
"""

import numpy as np

from . import _checks


def pack(numbers: np.ndarray, bits: int) -> bytes:
    """Return numbers of so many bits each, one after the other.

    Raises: ValueError for a number that is negative or does not fit.

    >>> pack(np.array([1, 2, 3]), 2).hex(), len(pack(np.arange(8), 3))
    ('39', 3)
    """
    bits = _checks.width(bits, "a number")
    numbers = np.asarray(numbers).ravel()
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"only whole numbers are packed, got {numbers.dtype}")
    if numbers.size and (numbers.min() < 0 or int(numbers.max()) >> bits):
        raise ValueError(
            f"{numbers.min()} to {numbers.max()} overflow {bits} bits; they need "
            f"{_checks.bits_for(int(numbers.max()))}"
        )
    places = np.arange(bits, dtype=np.uint64)
    flags = numbers.astype(np.uint64)[:, None] >> places & np.uint64(1)
    return np.packbits(flags.astype(np.uint8), bitorder="little").tobytes()


def unpack(data: bytes, bits: int, count: int) -> np.ndarray:
    """Return so many numbers of so many bits each.

    Raises: ValueError if the bytes end before, or go on behind them.

    >>> print(unpack(bytes.fromhex("39"), 2, 3))
    [1 2 3]
    """
    bits = _checks.width(bits, "a number")
    expected = size(bits, count)
    if len(data) != expected:
        raise ValueError(
            f"{count} numbers of {bits} bits are {expected} bytes, got {len(data)}; "
            "the stream is truncated, or its count is wrong"
        )
    raw = np.frombuffer(data, dtype=np.uint8)
    flags = np.unpackbits(raw, count=bits * count, bitorder="little")
    places = np.arange(bits, dtype=np.uint64)
    each = flags.reshape(count, bits).astype(np.uint64) << places
    return each.sum(axis=1, dtype=np.uint64).astype(np.int64 if bits < 64 else None)


def size(bits: int, count: int) -> int:
    """Return the bytes of so many numbers of so many bits each.

    >>> size(2, 3), size(3, 3)
    (1, 2)
    """
    if not isinstance(count, (int, np.integer)) or count < 0:
        raise ValueError(f"a count is a whole number, not negative; got {count!r}")
    return -(-bits * int(count) // 8)


def codes(values: np.ndarray) -> np.ndarray:
    """Return the bits of each value as a whole number: what is stored of it.

    >>> print(codes(np.array([1.0, -0.0], dtype=np.float16)))
    [15360 32768]
    """
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")


def values(codes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the values that such whole numbers stand for."""
    dtype = np.dtype(dtype)
    return codes.astype(f"u{dtype.itemsize}").view(dtype)
