"""What every sparse format asks of a matrix, of widths, and of indices."""

import numpy as np


def matrix(values: object) -> np.ndarray:
    """Return a matrix of numbers, or raise if it is none."""
    array = np.asarray(values)
    if array.ndim != 2:
        raise ValueError(
            f"a sparse format holds a matrix, got the shape {array.shape}; reshape "
            "it to rows and columns first"
        )
    if array.dtype.kind not in "fiu":
        raise TypeError(f"values are real numbers, got {array.dtype}")
    return array


def stored(values: np.ndarray) -> np.ndarray:
    """Return where a value must be stored: everywhere but at positive zeros, so that
    -0 and NaN come back.

    >>> print(stored(np.array([0.0, -0.0, np.nan, 2.0])))
    [False  True  True  True]
    """
    if values.dtype.kind != "f":
        return values != 0
    return (values != 0) | np.signbit(values)


def bits_for(most: int) -> int:
    """Return the bits of a whole number up to `most`, at least one.

    >>> [bits_for(most) for most in (0, 1, 2, 255, 256)]
    [1, 1, 2, 8, 9]
    """
    return max(int(most).bit_length(), 1)


def width(bits: object, what: str) -> int:
    """Return a width in bits from 1 to 64, or raise."""
    if isinstance(bits, bool) or not isinstance(bits, (int, np.integer)):
        raise TypeError(f"the width of {what} is a whole number of bits, got {bits!r}")
    if not 1 <= bits <= 64:
        raise ValueError(f"the width of {what} is 1 to 64 bits, got {bits}")
    return int(bits)


def whole(size: object, what: str) -> int:
    """Return a whole number of at least 1, or raise."""
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"{what} is a whole number of at least 1, got {size!r}")
    return int(size)


def shape(given: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns, or raise."""
    if len(given) != 2 or any(not isinstance(n, int) or n < 0 for n in given):
        raise ValueError(f"a shape is two whole numbers, not negative; got {given!r}")
    return given


def indices(given: np.ndarray, below: int, what: str) -> None:
    """Raise ValueError if an index is negative or past the end."""
    if given.size and not 0 <= given.min() <= given.max() < below:
        raise ValueError(
            f"{what} {given.min()} to {given.max()} do not fit in 0 to {below - 1}; "
            "the stream is damaged or its shape is wrong"
        )


def pointers(given: np.ndarray, lines: int, stored: int, what: str) -> None:
    """Raise ValueError unless pointers begin at 0, never fall, and end at `stored`."""
    if len(given) != lines + 1:
        raise ValueError(f"{lines} {what} need {lines + 1} pointers, got {len(given)}")
    if given[0] != 0 or given[-1] != stored or (np.diff(given) < 0).any():
        raise ValueError(
            f"pointers of {what} must rise from 0 to the {stored} that are stored; "
            f"they go from {given[0]} to {given[-1]}"
        )


def as_many(sizes: dict[str, int]) -> None:
    """Raise ValueError unless all are as many."""
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{count} {name}" for name, count in sizes.items())
        raise ValueError(f"each value needs its place: {said}")


def operand(dense: object, columns: int) -> np.ndarray:
    """Return the dense matrix on the right of a product, or raise."""
    right = np.asarray(dense)
    if right.ndim != 2 or right.shape[0] != columns:
        raise ValueError(
            f"the matrix has {columns} columns, so the operand on its right needs "
            f"{columns} rows and some columns; got {right.shape}"
        )
    return right
