"""The least traffic of a matrix product: every tile that fits, and what is proved."""

from functools import cache
from math import ceil
from typing import NamedTuple

from ... import show
from ...hardware.memory import Nest, least_for_product
from ...hardware.work import matmul
from .networks import FLOW_NAMES, lowered

SIZE = 1024  # rows, columns and depth of the product
SIDES = tuple(2**i for i in range(11))  # of square tiles
BUFFERS = tuple((side + 1) ** 2 - 1 for side in SIDES)  # which just hold one
STAYING = {"os": "out", "ws": "b", "is": "a"}
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
    """Return what no schedule undercuts: the bound of Smith et al. 2017, and each value
    once.
    """
    m, n, k = sizes
    return max(least_for_product(m, n, k, buffer), m * k + k * n + m * n)


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
    axes.set(yticks=[1, 10, 100, 1000], yticklabels=["1", "10", "100", "1,000"])
    axes.set(xticks=[10, 1000, 100_000], xticklabels=["10", "1,000", "100,000"])
    axes.minorticks_off()
    axes.legend()
    return fig, found, least


def over_network(network: str, batch: int, buffer: int) -> dict[str, float]:
    """Return the crossings a value of all products of a network, each in the best tile
    that fits: with one tensor staying everywhere, with each its own, and the bound.
    """
    every = lowered(network, batch)
    sizes = [(one.m, one.n, one.k) for one in every]
    once = sum(
        (m * n + m * k + n * k) * o.times
        for (m, n, k), o in zip(sizes, every, strict=True)
    )
    ways = {FLOW_NAMES[flow]: (stays,) for flow, stays in STAYING.items()}
    found = {}
    for name, stays in (ways | {"each its own": tuple(STAYS)}).items():
        moved = (best(each, buffer, stays).values for each in sizes)
        total = sum(v * one.times for v, one in zip(moved, every, strict=True))
        found[name] = total / once
    least = sum(proved(s, buffer) * o.times for s, o in zip(sizes, every, strict=True))
    return found | {"proved least": least / once}
