"""The counts of one loop, written in digits: which turn of each level's loop in time a
count belongs to, and which element of each level's fan-out works on it.

A chain of (tile, across), outermost level first, cuts the loop: a level steps by tile x
across and hands each of its `across` elements one tile. Nothing needs to divide.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import compress, pairwise
from typing import NamedTuple

from .work import Axis

Turns = tuple[int, ...]


class _Cut(NamedTuple):
    """A loop of some length, cut by a chain."""

    length: int
    chain: tuple[tuple[int, int], ...]


class Digits(_Cut):
    """The tiles of a cut loop."""

    def of(self, count: int) -> tuple[Turns, Turns]:
        """Return the turns in time, and the elements, that a count belongs to.

        >>> Digits(10, ((2, 2), (1, 1))).of(7)
        ((1, 1), (1, 0))
        """
        turns, elements = [], []
        for tile, across in self.chain:
            turn, count = divmod(count, tile * across)
            element, count = divmod(count, tile)
            turns.append(turn)
            elements.append(element)
        return tuple(turns), tuple(elements)

    @cached_property
    def tiles(self) -> dict[Turns, dict[Turns, list[int]]]:
        """The counts by turn in time, in its order, and then by element."""
        found: dict = {}
        for count in range(self.length):
            turns, elements = self.of(count)
            found.setdefault(turns, {}).setdefault(elements, []).append(count)
        return dict(sorted(found.items()))

    @cached_property
    def depth(self) -> dict[Turns, int]:
        """How many loops in time, from outside, tell a tile from its neighbours: each
        loop inside of them has a single turn there.
        """
        sisters = defaultdict(set)
        for turns in self.tiles:
            for level, turn in enumerate(turns):
                sisters[turns[:level]].add(turn)
        return {
            turns: max(
                (
                    k
                    for k in range(len(turns), 0, -1)
                    if len(sisters[turns[: k - 1]]) > 1
                ),
                default=0,
            )
            for turns in self.tiles
        }


def groups(elements: dict[Turns, list[int]], apart: Turns) -> Iterator[list[int]]:
    """Yield the counts of elements that differ only on levels that are not `apart`."""
    found = defaultdict(list)
    for element, counts in elements.items():
        found[tuple(compress(element, apart))] += counts
    yield from found.values()


@cache
def sizes(digits: Digits) -> tuple[int, ...]:
    """Return how many counts lie in tiles of depth 0, 1, ... at most."""
    total = [0] * (len(digits.chain) + 1)
    for turns, elements in digits.tiles.items():
        for depth in range(digits.depth[turns], len(total)):
            total[depth] += sum(map(len, elements.values()))
    return tuple(total)


@cache
def visits(digits: Digits, apart: Turns) -> tuple[int, ...]:
    """Return the turns of the outer 0, 1, ... loops, each as often as there are groups
    of elements at work in its first tile.
    """
    return tuple(
        sum(
            len(list(groups(elements, apart)))
            for turns, elements in digits.tiles.items()
            if not any(turns[outer:])
        )
        for outer in range(len(digits.chain) + 1)
    )


@cache
def windows(
    axis: Axis, pair: tuple[Digits, Digits], apart: Turns
) -> tuple[tuple[int, ...], ...]:
    """Return the places of a windowed axis that its tiles touch, in sum over groups of
    elements, for tiles of depth 0, 1, ... at most in one loop and in the other.
    """
    deep = [range(len(one.chain) + 1) for one in pair]
    total = [[0] * len(deep[1]) for _ in deep[0]]
    for first, firsts in pair[0].tiles.items():
        for second, seconds in pair[1].tiles.items():
            touched = sum(
                reached(axis, one, other)
                for one in groups(firsts, apart)
                for other in groups(seconds, apart)
            )
            for row in total[pair[0].depth[first] :]:
                for depth in deep[1][pair[1].depth[second] :]:
                    row[depth] += touched
    return tuple(map(tuple, total))


@cache
def settled(digits: Digits, apart: Turns) -> tuple[int, ...]:
    """Return how many groups of elements work in tiles of depth 0, 1, ... at most."""
    total = [0] * (len(digits.chain) + 1)
    for turns, elements in digits.tiles.items():
        for depth in range(digits.depth[turns], len(total)):
            total[depth] += len(list(groups(elements, apart)))
    return tuple(total)


@cache
def saved(
    axis: Axis, pair: tuple[Digits, Digits], moving: tuple[int, int], apart: Turns
) -> tuple[int, ...]:
    """Return the places that need not be fetched where a tile moves on by one turn of
    one loop, because each element has them from the turn before; in sum over groups of
    elements, for tiles of the axis's other loop of depth 0, 1, ... at most.

    `moving` is the one that moves, 0 or 1, and the level of its loop in time.
    """
    first, level = moving
    mover, other = pair[first], pair[1 - first]
    total = [0] * (len(other.chain) + 1)
    for before, after in pairwise(mover.tiles):
        inside = slice(level + 1, None)
        if before[:level] != after[:level] or before[inside] != after[inside]:
            continue
        for turns, still in other.tiles.items():
            moved = (mover.tiles[before], mover.tiles[after])
            if spared := _spared(axis, moved, still, (first, apart)):
                for depth in range(other.depth[turns], len(total)):
                    total[depth] += spared
    return tuple(total)


def _spared(axis: Axis, moved: tuple, still: dict, how: tuple) -> int:
    """Return what groups of elements need in all, less what they need anew."""
    (before, after), (first, apart) = moved, how
    needed, new = defaultdict(set), defaultdict(set)
    for element, counts in after.items():
        for sister, others in still.items():
            group = tuple(compress(element, apart)), tuple(compress(sister, apart))
            now, last = (
                axis.places([one, others][:: 1 - 2 * first])
                for one in (counts, before.get(element, ()))
            )
            needed[group] |= now
            new[group] |= now - last
    return sum(map(len, needed.values())) - sum(map(len, new.values()))


@cache
def largest(axis: Axis, cuts: tuple[Digits, ...]) -> int:
    """Return the most places that one element's tile of an axis touches."""
    tiles = [
        {tuple(one) for elements in cut.tiles.values() for one in elements.values()}
        for cut in cuts
    ]
    if len(cuts) == 1:
        return max(map(len, tiles[0]))
    return max(reached(axis, a, b) for a in tiles[0] for b in tiles[1])


def reached(axis: Axis, first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many places the counts of two loops touch."""
    ranges = [range(counts[0], counts[-1] + 1) for counts in (first, second)]
    if [len(first), len(second)] == [len(whole) for whole in ranges]:
        return axis.touched(ranges)
    return len(axis.places([first, second]))
