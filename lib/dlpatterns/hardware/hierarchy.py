"""The traffic of a loop nest through a hierarchy of buffers, by closed form: how often
each buffer is read, filled and updated, tensor by tensor.

Levels are named from the largest memory to the multipliers. Each holds a tile; its
loops step through that tile in an order, and hand tiles of the next level to one
element, or to many side by side (`across`). A tile is fetched whole when the loops in
time move to another one ("tiled"), and stays while they do not. Every MAC reads its
operands from the innermost level that keeps them; its running sum is read, added to and
written there.

* reads: values that leave a level towards the multipliers, and sums that are read to be
  added to. A value that several elements need in the same turn is read once, where the
  level's `multicast` says so.
* fills: values that enter a level from the one above that keeps the tensor.
* updates: values of the result that enter a level from below. Sums of elements that
  work on the same result are added on the way, where the level's `reduces` says so.

Tiles need not divide anything. Elements beyond the end of a loop idle. All counts are
of values, over all elements together. `replay_levels` counts the same, MAC by MAC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from . import _digits
from ._digits import Digits
from .work import Work, sizes

MACS = "MACs"  # the name of the multipliers, below the innermost level


@dataclass(frozen=True)
class Level:
    """A buffer: what it holds, and how it hands on what it holds.

    `capacity` in values, None for no limit. `tile` is how many turns of each loop the
    tile of one element spans; a loop left out spans what the levels below need. `order`
    is that of the level's loops, outermost first, those left out innermost. `keeps`
    names the tensors that are stored, None for all: the others pass by. `across` is
    over how many elements each loop is spread on the way to the next level. With
    `slides`, a window that the innermost loop moves by less than its size is topped up.
    """

    name: str
    capacity: int | None = None
    tile: dict[str, int] = field(default_factory=dict)
    order: str = ""
    keeps: Sequence[str] | None = None
    across: dict[str, int] = field(default_factory=dict)
    multicast: bool = True
    reduces: bool = True
    slides: bool = False

    def holds(self, name: str) -> bool:
        """Return whether the level stores a tensor."""
        return self.keeps is None or name in self.keeps


class Moved(NamedTuple):
    """How often values of a tensor were read at a level, filled in, and updated."""

    reads: int
    fills: int
    updates: int


@dataclass(frozen=True)
class Mapping:
    """Work, and the levels through which it runs, the largest memory first.

    Raises: ValueError for a size below 1, an unknown loop or tensor, a tile smaller
    than the one below it, or a buffer smaller than its tiles.
    """

    work: Work
    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", tuple(self.levels))
        if not self.levels:
            raise ValueError("a mapping needs at least one level, a memory")
        for level in self.levels:
            _check(level, self.work)
        for name in self.work.tensors:
            if not self.levels[0].holds(name):
                raise ValueError(
                    f"{self.levels[0].name!r} is the outermost level and must keep "
                    f"{name!r}; bypass it further in"
                )
        for place, level in enumerate(self.levels):
            self._check_tile(place, level)

    def _check_tile(self, place: int, level: Level) -> None:
        for loop, turns in self.tiles[place].items():
            below = self.tiles[place + 1][loop]
            if turns < below:
                raise ValueError(
                    f"the tile of {level.name!r} spans {turns} of {loop}, and the one "
                    f"below it {below}; widen the outer tile or shrink the inner one"
                )
        if level.capacity is not None and level.capacity < self.needs(place):
            raise ValueError(
                f"{level.name!r} holds {level.capacity} values and is smaller than one "
                f"tile of each tensor it keeps, {self.needs(place)} values; shrink "
                "its tile or let a tensor pass by"
            )

    @cached_property
    def tiles(self) -> tuple[dict[str, int], ...]:
        """The turns of each loop that the tile of one element spans, level by level,
        and last those of one multiplier: one of each.
        """
        found = [dict.fromkeys(self.work.loops, 1)]
        for level in reversed(self.levels[1:]):
            below = found[0]
            found.insert(
                0,
                {
                    loop: min(
                        length,
                        level.tile.get(loop, below[loop] * level.across.get(loop, 1)),
                    )
                    for loop, length in self.work.loops.items()
                },
            )
        return (dict(self.work.loops), *found)

    @cached_property
    def loops(self) -> tuple[tuple[int, str], ...]:
        """All loops in time, outermost first, each with the place of its level."""
        return tuple(
            (place, loop)
            for place, level in enumerate(self.levels)
            for loop in [
                *level.order,
                *(one for one in self.work.loops if one not in level.order),
            ]
        )

    @cached_property
    def cuts(self) -> tuple[dict[str, Digits], ...]:
        """Every loop cut by the levels outside of a place, place by place, and last by
        all of them.
        """
        chains: dict[str, tuple] = dict.fromkeys(self.work.loops, ())
        found = []
        for place, tile in enumerate(self.tiles):
            found.append(
                {one: Digits(n, chains[one]) for one, n in self.work.loops.items()}
            )
            if place < len(self.levels):
                across, below = self.levels[place].across, self.tiles[place + 1]
                for one in tile:
                    chains[one] += ((below[one], across.get(one, 1)),)
        return tuple(found)

    @cached_property
    def turning(self) -> tuple[tuple[int, str], ...]:
        """The loops in time that have more than one turn."""
        return tuple(
            (place, one)
            for place, one in self.loops
            if self.tiles[place][one]
            > self.tiles[place + 1][one] * self.levels[place].across.get(one, 1)
        )

    @cached_property
    def spread(self) -> tuple[bool, ...]:
        """Of each level, whether it hands tiles to more than one element."""
        return tuple(any(n > 1 for n in one.across.values()) for one in self.levels)

    def footprint(self, place: int, name: str) -> int:
        """Return the values of a tensor in the largest tile of one element."""
        return prod(
            _digits.largest(axis, tuple(self.cuts[place][one] for one in axis.loops))
            for axis in self.work.tensors[name].axes
        )

    def needs(self, place: int) -> int:
        """Return the values of all tensors that one element of a level keeps."""
        return sum(
            self.footprint(place, name)
            for name in self.work.tensors
            if self.levels[place].holds(name)
        )

    def elements(self, place: int) -> int:
        """Return how many elements a level has, or at the end how many MACs."""
        return prod(
            size for level in self.levels[:place] for loop, size in level.across.items()
        )

    @cached_property
    def cycles(self) -> int:
        """The turns in time until all is done, one MAC of each element a turn."""
        return prod(len(cut.tiles) for cut in self.cuts[-1].values())

    @property
    def utilisation(self) -> float:
        """The share of the multipliers that work in a turn, on average."""
        return self.work.macs / (self.elements(len(self.levels)) * self.cycles)

    def rows(self) -> list[dict]:
        """Return a row a level and tensor that it keeps, as `show.table` takes them."""
        return [
            {"level": level, "tensor": name, "assumption": "tiled"} | moved._asdict()
            for level, tensors in traffic(self).items()
            for name, moved in tensors.items()
        ]


def _check(level: Level, work: Work) -> None:
    for loop in [*level.order, *level.tile, *level.across]:
        if loop not in work.loops:
            raise ValueError(
                f"{level.name!r}: unknown loop {loop!r}; this work has "
                f"{', '.join(work.loops)}"
            )
    if len(set(level.order)) < len(level.order):
        raise ValueError(
            f"{level.name!r}: the order {level.order!r} names a loop twice"
        )
    for name in level.keeps or ():
        if name not in work.tensors:
            raise ValueError(
                f"{level.name!r}: unknown tensor {name!r}; this work has "
                f"{', '.join(work.tensors)}"
            )
    counts = [*level.tile.values(), *level.across.values()]
    counts += [] if level.capacity is None else [level.capacity]
    if not all(type(one) is int and one > 0 for one in counts):
        given = {f"tile of {loop}": size for loop, size in level.tile.items()}
        given |= {f"elements across {loop}": n for loop, n in level.across.items()}
        given |= {"a capacity in values": level.capacity or 0}
        sizes({f"{level.name!r}: {what}": size for what, size in given.items()})


def traffic(mapping: Mapping) -> dict[str, dict[str, Moved]]:
    """Return what moves at every level, by level and tensor.

    >>> from dlpatterns.hardware.work import matmul
    >>> levels = Level("DRAM", order="MNK"), Level("buffer", 8, {"M": 2, "N": 2})
    >>> traffic(Mapping(matmul(4, 4, 4), levels))["DRAM"]["a"]
    Moved(reads=32, fills=0, updates=0)
    """
    found: dict = {level.name: {} for level in mapping.levels}
    for name in mapping.work.tensors:
        for place, moved in _moves(mapping, name):
            found[mapping.levels[place].name][name] = moved
    return found


def outermost(mapping: Mapping) -> dict[str, Moved]:
    """Return what moves at the outermost level, by tensor, without counting the rest.

    >>> from dlpatterns.hardware.work import matmul
    >>> moved = outermost(Mapping(matmul(4, 4, 4), (Level("DRAM"), Level("buffer"))))
    >>> moved["out"]
    Moved(reads=0, fills=0, updates=16)
    """
    return {name: next(_moves(mapping, name))[1] for name in mapping.work.tensors}


def _moves(mapping: Mapping, name: str) -> Iterator[tuple[int, Moved]]:
    result = mapping.work.tensors[name].result
    yield from (_sums if result else _operand)(mapping, name)


def _edges(mapping: Mapping, name: str) -> Iterator[tuple[int, int]]:
    """Yield the levels that keep a tensor, each with the next one below it."""
    places = [p for p, level in enumerate(mapping.levels) if level.holds(name)]
    yield from zip(places, [*places[1:], len(mapping.levels)], strict=True)


def _operand(mapping: Mapping, name: str) -> Iterator[tuple[int, Moved]]:
    passed, fills = _Passing(mapping, name), 0
    for outer, inner in _edges(mapping, name):
        yield outer, Moved(passed(inner, _apart(mapping, outer, inner)), fills, 0)
        fills = passed(inner, (1,) * inner)


def _sums(mapping: Mapping, name: str) -> Iterator[tuple[int, Moved]]:
    """Yield what a result moves. A sum that comes back goes to one of the elements that
    work on it; the others begin at zero, and a sum that begins is not read.
    """
    passed, fills, begun = _Passing(mapping, name), 0, mapping.work.once(name)
    for outer, inner in _edges(mapping, name):
        updates = passed(inner, _apart(mapping, outer, inner, "reduces"))
        yield outer, Moved(updates - begun, fills, updates)
        fills = passed(inner, (1,) * outer + (0,) * (inner - outer)) - begun
        begun = passed(inner, (1,) * inner) - fills


def _apart(
    mapping: Mapping, outer: int, inner: int, joins: str = "multicast"
) -> tuple[int, ...]:
    """Tell on which levels elements count apart: those above, and those that don't
    join what they send or need.
    """
    between = mapping.levels[outer:inner]
    return (1,) * outer + tuple(int(not getattr(level, joins)) for level in between)


class _Passing:
    """The values of one tensor that pass to a level, remembered."""

    def __init__(self, mapping: Mapping, name: str) -> None:
        self.mapping, self.tensor = mapping, mapping.work.tensors[name]
        self.chosen, self.known = self.tensor.loops, {}
        aside = self.chosen.union(self.tensor.start)
        self.others = [one for one in mapping.work.loops if one not in aside]

    def __call__(self, inner: int, apart: tuple[int, ...]) -> int:
        """Return the values that a level takes in, all turns together; elements are
        told apart on the levels that `apart` names by a 1.
        """
        apart = tuple(map(int.__mul__, apart, self.mapping.spread))
        if (inner, apart) not in self.known:
            passed = self._whole(inner, apart)
            if inner < len(self.mapping.levels) and self.mapping.levels[inner].slides:
                passed -= sum(self._saved(inner, apart))
            self.known[inner, apart] = passed
        return self.known[inner, apart]

    def _whole(self, inner: int, apart: tuple[int, ...]) -> int:
        """Return the sum of whole tiles.

        A tile is told by the innermost of its loops that turns more than once there;
        the loops of others that run outside of that one bring it back.
        """
        cuts, before, total = self.mapping.cuts[inner], 0, 0
        for depth in self._depths(inner):
            upto = self._touched(cuts, depth, apart)
            if upto > before:
                times = prod(
                    [
                        _digits.visits(cuts[one], apart)[depth[one]]
                        for one in self.others
                    ]
                )
                total, before = total + (upto - before) * times, upto
        return total

    def _depths(self, inner: int) -> Iterator[dict[str, int]]:
        """Yield how many loops in time of each name lie outside, for every place where
        a tile may be told. The multipliers keep nothing: all loops tell their tile.
        """
        if inner == len(self.mapping.levels):
            yield dict.fromkeys(self.mapping.work.loops, inner)
            return
        depth = dict.fromkeys(self.mapping.work.loops, 0)
        yield depth
        for place, loop in self.mapping.turning:
            if place < inner:
                depth[loop] = place + 1
                if loop in self.chosen:
                    yield depth

    def _touched(
        self, cuts: dict, depth: dict[str, int], apart: tuple[int, ...], but: int = -1
    ) -> int:
        """Return the values in tiles of a depth at most, on all axes but one."""
        total = 1
        for place, axis in enumerate(self.tensor.axes):
            if place == but:
                continue
            first = axis.loops[0]
            if len(axis.loops) == 1:
                total *= _digits.sizes(cuts[first])[depth[first]]
            else:
                pair, most = (cuts[first], cuts[axis.loops[1]]), depth[first]
                reached = _digits.windows(axis, pair, apart)
                total *= reached[most][depth[axis.loops[1]]]
        return total

    def _saved(self, inner: int, apart: tuple[int, ...]) -> Iterator[int]:
        """Yield, for each loop that moves a window, the values that stay while it does:
        where all loops inside of it turn only once.
        """
        cuts, depth = (
            self.mapping.cuts[inner],
            dict.fromkeys(self.mapping.work.loops, 0),
        )
        for level, loop in self.mapping.turning:
            if level >= inner:
                return
            for place, axis in enumerate(self.tensor.axes):
                if len(axis.loops) > 1 and loop in axis.loops:
                    pair, first = (
                        (cuts[one] for one in axis.loops),
                        axis.loops.index(loop),
                    )
                    kept = _digits.saved(axis, tuple(pair), (first, level), apart)
                    yield kept[depth[axis.loops[1 - first]]] * self._along(
                        cuts, depth, apart, place
                    )
            depth[loop] = level + 1

    def _along(
        self, cuts: dict, depth: dict[str, int], apart: tuple[int, ...], axis: int
    ) -> int:
        """Return how often a window moves along: values on the other axes, times turns
        and elements of the loops that do not choose them.
        """
        times = prod(
            _digits.settled(cuts[one], apart)[depth[one]] for one in self.others
        )
        return times and times * self._touched(cuts, depth, apart, axis)
