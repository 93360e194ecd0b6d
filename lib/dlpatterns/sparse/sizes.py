"""Bits by formula: what each format takes of a matrix with so many values at random
places, and the density at which it takes as much as a dense one.

Places are taken to hold a value independently of each other, with the density as the
chance; `index_bits` of None are as few as the shape allows.
"""

from collections.abc import Callable
from math import ceil, log2, prod

FORMATS = ("COO", "CSR", "CSC", "BSR", "bitmap", "run-length", "n of m")


def bits_a_place(
    name: str,
    density: float,
    *,
    shape: tuple[int, int],
    value_bits: int,
    index_bits: int | None = None,
    block: tuple[int, int] = (4, 4),
    run_bits: int = 4,
    pattern: tuple[int, int] = (2, 4),
) -> float:
    """Return the bits that a format takes for each place of the matrix, on average.

    "n of m" takes the same at any density, which may be n / m at most.

    >>> bits_a_place("bitmap", 0.1, shape=(64, 64), value_bits=16)
    2.6
    >>> bits_a_place("n of m", 0.5, shape=(64, 64), value_bits=16) / 16
    0.5625
    """
    if not 0 <= density <= 1:
        raise ValueError(f"a density is a share from 0 to 1, got {density!r}")
    if min(shape) < 1 or value_bits < 1:
        raise ValueError(f"sizes are at least 1, got {shape} and {value_bits} bits")
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}; known: {', '.join(FORMATS)}")
    rows, columns = shape
    places = rows * columns
    if name == "bitmap":
        return round(density * value_bits + 1, 12)
    if name == "n of m":
        return _pattern(density, value_bits, pattern)
    if name == "run-length":
        return density * (1 + _fillers(density, run_bits)) * (value_bits + run_bits)
    if name == "BSR":
        size = block[0] * block[1]
        blocks = places / size * (1 - (1 - density) ** size)
        across = index_bits or _bits(columns // block[1] - 1)
        ends = index_bits or _bits(ceil(blocks))
        lines = rows // block[0] + 1
        return (blocks * (size * value_bits + across) + lines * ends) / places
    if name == "COO":
        both = 2 * index_bits if index_bits else _bits(rows - 1) + _bits(columns - 1)
        return density * (value_bits + both)
    lines, others = (rows, columns) if name == "CSR" else (columns, rows)
    across = index_bits or _bits(others - 1)
    ends = index_bits or _bits(round(density * places))
    return density * (value_bits + across) + (lines + 1) * ends / places


def bits_of(shape: tuple[int, ...], kept: int, value_bits: int) -> int:
    """Return the bits of an array with so many values in the cheaper of two formats,
    bitmap and CSR, wherever the values stand; the first axis counts the rows, a vector
    is one row. How many values there are is known, so none takes no bits.

    >>> bits_of((64, 64), 200, 8)  # a column of 6 bits each, 65 pointers of 8
    3320
    """
    rows = shape[0] if len(shape) > 1 else 1
    places = prod(shape)
    if not 0 <= kept <= places or not places:
        raise ValueError(f"an array of shape {shape} can't hold {kept} values")
    if not kept:
        return 0
    how = {"shape": (rows, places // rows), "value_bits": value_bits}
    return min(
        round(places * bits_a_place(name, kept / places, **how))
        for name in ("bitmap", "CSR")
    )


def crossover(name: str, *, value_bits: int, **how: object) -> float:
    """Return the largest density at which a format takes no more bits than dense, 0 if
    there is none; found by halving, as bits grow with the density.

    >>> round(crossover("bitmap", shape=(64, 64), value_bits=16), 4)
    0.9375
    """
    if name == "n of m":
        raise ValueError("n of m takes the same at any density; it crosses nowhere")

    def pays(density: float) -> bool:
        return bits_a_place(name, density, value_bits=value_bits, **how) <= value_bits

    return halved(pays)


def halved(pays: Callable[[float], bool], steps: int = 40) -> float:
    """Return the largest density that pays, by halving; 0 if none does.

    >>> halved(lambda density: density <= 0.25)
    0.25
    """
    if not pays(0.0):
        return 0.0
    low, high = 0.0, 1.0
    if pays(high):
        return high
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return round(low, 9)


def _pattern(density: float, value_bits: int, pattern: tuple[int, int]) -> float:
    n, m = pattern
    if not 0 < n <= m:
        raise ValueError(f"n of m values are stored, n at most m; got {n} of {m}")
    if density > n / m:
        raise ValueError(f"{n} of {m} hold a density of {n / m}, got {density}")
    return n / m * (value_bits + _bits(m - 1))


def _fillers(density: float, run_bits: int) -> float:
    """Return the fillers for each value: the chances of one run, of two, ... without
    a value.
    """
    missed = (1 - density) ** 2**run_bits
    return missed / (1 - missed) if missed < 1 else 0.0


def _bits(most: int) -> int:
    return max(ceil(log2(most + 1)), 1) if most > 0 else 1
