"""The least traffic of a matrix product: every tile that fits, against what is proved."""

from functools import cache
from math import ceil
from typing import NamedTuple

from ... import show
from ...hardware.memory import Nest
from ...hardware.work import matmul

SIZE = 96  # rows, columns and depth of the product
BUFFERS = (3, 8, 15, 24, 48, 63, 99, 120, 255, 399, 624, 1023, 2499, 4095, 9408)
STAYS = {"out": "MN", "a": "MK", "b": "KN"}  # which tensor stays: its two loops


class Tiling(NamedTuple):
    """A tensor that stays, the sides of its tile, and the values that cross."""

    stays: str
    tall: int
    wide: int
    values: int


def crossing(sizes: tuple[int, int, int], stays: str, tall: int, wide: int) -> int:
    """Return the values that cross if a tall × wide tile of one tensor stays while a
    column of one other and a row of the third pass by. Sizes: M, N, K.
    """
    length = dict(zip("MNK", sizes, strict=True))
    down, across = STAYS[stays]
    rest = next(loop for loop in "MNK" if loop not in STAYS[stays])
    shares = {
        frozenset((down, rest)): ceil(length[across] / wide),
        frozenset((across, rest)): ceil(length[down] / tall),
    }
    total = length[down] * length[across]
    for pair, times in shares.items():
        values = length[min(pair)] * length[max(pair)]
        both = pair == frozenset("MN")  # sums that are not finished leave and return
        total += values * (2 * times - 1 if both else times)
    return total


@cache
def best(
    sizes: tuple[int, int, int], buffer: int, stays: tuple[str, ...] = ("out", "a", "b")
) -> Tiling:
    """Return the tile with the fewest crossings of all that fit: one of the tensors
    that may stay, any two sides, and a column and a row beside it.

    Raises: ValueError if not even one value of each tensor fits.
    """
    if buffer < 3:
        raise ValueError(
            f"a buffer of {buffer} values can't hold one of each tensor; at least 3"
        )
    length, found = dict(zip("MNK", sizes, strict=True)), []
    for one in stays:
        down, across = STAYS[one]
        for tall in _sides(length[down]):
            wide = min(length[across], (buffer - tall) // (tall + 1))
            if wide >= 1:
                values = crossing(sizes, one, tall, wide)
                found.append(Tiling(one, tall, wide, values))
    return min(found, key=lambda tiling: tiling.values)


@cache
def _sides(length: int) -> tuple[int, ...]:
    """Return the shortest sides that cut a length into one, two, three ... pieces.

    >>> _sides(10)
    (10, 5, 4, 3, 2, 1)
    """
    sides = dict.fromkeys(ceil(length / pieces) for pieces in range(1, length + 1))
    return tuple(sides)


def as_nest(sizes: tuple[int, int, int], tiling: Tiling) -> Nest:
    """Return the same as a loop nest, to be run."""
    down, across = STAYS[tiling.stays]
    rest = next(loop for loop in "MNK" if loop not in STAYS[tiling.stays])
    tile = {down: tiling.tall, across: tiling.wide}
    return Nest(matmul(*sizes), down + across + rest, tile)


def proved(sizes: tuple[int, int, int], buffer: int) -> float:
    """Return what no schedule undercuts: 2 M N K / sqrt(S) + M N with S values of
    buffer, and each value at least once. Source: Kwasniewski et al. 2019, theorem 1.
    """
    m, n, k = sizes
    return max(2 * m * n * k / buffer**0.5 + m * n, m * k + k * n + m * n)


def curve() -> tuple[list[int], list[float]]:
    """Return, for each buffer, the values that cross in the best tile, and the bound,
    both as crossings a value.
    """
    sizes, once = (SIZE,) * 3, 3 * SIZE**2
    found = [best(sizes, buffer).values / once for buffer in BUFFERS]
    return found, [proved(sizes, buffer) / once for buffer in BUFFERS]


def figure() -> tuple:
    """Draw the best tiles against the bound; return the figure and the two lines."""
    found, least = curve()
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    axes.loglog(BUFFERS, found, marker="o", label="best of all tiles (tiled)")
    axes.loglog(BUFFERS, least, color=show.INK, linewidth=1, label="proved least")
    axes.set(xlabel="buffer, values", ylabel="crossings a value")
    axes.set(yticks=[1, 3, 10, 30, 60], yticklabels=[1, 3, 10, 30, 60])
    axes.minorticks_off()
    axes.legend()
    return fig, found, least
