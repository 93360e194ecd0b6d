"""The best tiles and orders for a hierarchy of buffers, searched.

A search, no proof: from tiles of one it grows, shrinks and trades tiles as long as the
cost falls, once for each tensor that the loops of a level may leave in place. What no
schedule of a matrix product undercuts is `memory.least_for_product`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

from .hierarchy import Level, Mapping, outermost
from .work import Work


def crossing(mapping: Mapping) -> int:
    """Return the values that the outermost level reads and takes in.

    >>> from dlpatterns.hardware.work import matmul
    >>> crossing(Mapping(matmul(4, 4, 4), (Level("DRAM"), Level("buffer"))))
    144
    """
    return sum(one.reads + one.updates for one in outermost(mapping).values())


def best_mapping(
    work: Work,
    levels: Sequence[Level],
    cost: Callable[[Mapping], float] = crossing,
) -> Mapping:
    """Return a mapping of little cost onto levels with their capacities, by choosing
    the tiles and orders of all.

    Raises: ValueError if not even tiles of one fit.
    """
    best = None
    for orders in product(stays(work), repeat=max(1, len(levels) - 1)):
        placed = [
            replace(level, tile={}, order=order)
            for level, order in zip(levels, [*orders, orders[-1]], strict=False)
        ]
        for start in _starts(Mapping(work, tuple(placed))):
            found = _grown(start, cost)
            if best is None or found[0] < best[0]:
                best = found
    return best[1]


def _starts(mapping: Mapping) -> Iterator[Mapping]:
    """Yield tiles of one, and those that span the whole of one loop, if they fit."""
    yield mapping
    for loop, length in mapping.work.loops.items():
        whole = [mapping.levels[0]]
        whole += [replace(level, tile={loop: length}) for level in mapping.levels[1:]]
        if length > 1 and (fits := _fitting(mapping.work, whole)):
            yield fits


def _fitting(work: Work, levels: list[Level]) -> Mapping | None:
    try:
        return Mapping(work, tuple(levels))
    except ValueError:  # a tile does not fit its buffer, or the tile above it
        return None


def stays(work: Work) -> tuple[str, ...]:
    """Return an order of the loops for each tensor that may stay in place: its own
    loops run outside all others.
    """
    return tuple(
        "".join(
            [loop for loop in work.loops if loop in tensor.loops]
            + [loop for loop in work.loops if loop not in tensor.loops]
        )
        for tensor in work.tensors.values()
    )


def _grown(mapping: Mapping, cost: Callable[[Mapping], float]) -> tuple[float, Mapping]:
    """Return the mapping that no step of `_steps` makes cheaper, with its cost."""
    best = cost(mapping), mapping
    while True:
        tried = [(cost(one), one) for one in _steps(best[1])]
        better = min(tried, key=lambda pair: pair[0], default=best)
        if better[0] >= best[0]:
            return best
        best = better


def _steps(mapping: Mapping) -> Iterator[Mapping]:
    """Yield mappings in which a tile of one level spans more of a loop, and those in
    which it spans less of another in exchange; only what fits.
    """
    for place in range(1, len(mapping.levels)):
        tile = mapping.tiles[place]
        for loop, length in mapping.work.loops.items():
            for size in _larger(length, tile[loop]):
                wider = {**tile, loop: size}
                if fits := _tried(mapping, place, wider):
                    yield fits
                    continue
                for other in tile:
                    for less in _smaller(mapping.work.loops[other], tile[other]):
                        if other != loop and (
                            fits := _tried(mapping, place, {**wider, other: less})
                        ):
                            yield fits
                            break


def _tried(mapping: Mapping, place: int, tile: dict[str, int]) -> Mapping | None:
    levels = list(mapping.levels)
    levels[place] = replace(levels[place], tile=tile)
    return _fitting(mapping.work, levels)


@cache
def useful(length: int) -> tuple[int, ...]:
    """Return the smallest tile for each number of turns of a loop.

    >>> useful(10)
    (1, 2, 3, 4, 5, 10)
    """
    return tuple(sorted({-(-length // turns) for turns in range(1, length + 1)}))


def _larger(length: int, size: int) -> list[int]:
    """Return the next useful size, one of about twice the size, and the whole."""
    above = [one for one in useful(length) if one > size]
    twice = [one for one in above if one >= 2 * size]
    return sorted({*above[:1], *twice[:1], *above[-1:]})


def _smaller(length: int, size: int) -> list[int]:
    """Return useful sizes below, the next one first."""
    return [one for one in reversed(useful(length)) if one < size]
