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
from .work import Axis, Tensor, Work, sizes

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

    def cut(self, loop: str, place: int) -> Digits:
        """Return a loop cut by the levels outside a place (its last is the MACs')."""
        return Digits(
            self.work.loops[loop],
            tuple(
                (self.tiles[outer + 1][loop], self.levels[outer].across.get(loop, 1))
                for outer in range(place)
            ),
        )

    def footprint(self, place: int, name: str) -> int:
        """Return the values of a tensor in the largest tile of one element."""
        return prod(
            _digits.largest(axis, tuple(self.cut(loop, place) for loop in axis.loops))
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
        last = len(self.levels)
        return prod(len(self.cut(loop, last).tiles) for loop in self.work.loops)

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
    known = ", ".join(work.loops)
    for loop in [*level.order, *level.tile, *level.across]:
        if loop not in work.loops:
            raise ValueError(
                f"{level.name!r}: unknown loop {loop!r}; this work has {known}"
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
    given = (
        {"a capacity in values": level.capacity} if level.capacity is not None else {}
    )
    given |= {f"tile of {loop}": size for loop, size in level.tile.items()}
    given |= {f"elements across {loop}": size for loop, size in level.across.items()}
    sizes({f"{level.name!r}: {what}": size for what, size in given.items()})


def traffic(mapping: Mapping) -> dict[str, dict[str, Moved]]:
    """Return what moves at every level, by level and tensor.

    >>> from dlpatterns.hardware.work import matmul
    >>> levels = Level("DRAM", order="MNK"), Level("buffer", 8, {"M": 2, "N": 2})
    >>> traffic(Mapping(matmul(4, 4, 4), levels))["DRAM"]["a"]
    Moved(reads=32, fills=0, updates=0)
    """
    found: dict = {level.name: {} for level in mapping.levels}
    for name, tensor in mapping.work.tensors.items():
        moves = _sums if tensor.result else _operand
        for place, moved in moves(mapping, name):
            found[mapping.levels[place].name][name] = moved
    return found


def _edges(mapping: Mapping, name: str) -> Iterator[tuple[int, int]]:
    """Yield the levels that keep a tensor, each with the next one below it."""
    places = [p for p, level in enumerate(mapping.levels) if level.holds(name)]
    yield from zip(places, [*places[1:], len(mapping.levels)], strict=True)


def _operand(mapping: Mapping, name: str) -> Iterator[tuple[int, Moved]]:
    fills = 0
    for outer, inner in _edges(mapping, name):
        reads = _passed(
            mapping, name, inner, _apart(mapping, outer, inner, "multicast")
        )
        yield outer, Moved(reads, fills, 0)
        fills = _passed(mapping, name, inner, (1,) * inner)


def _sums(mapping: Mapping, name: str) -> Iterator[tuple[int, Moved]]:
    """Yield what a result moves. A sum that comes back goes to one of the elements that
    work on it; the others begin at zero, and a sum that begins is not read.
    """
    fills, begun = 0, mapping.work.once(name)
    for outer, inner in _edges(mapping, name):
        apart = _apart(mapping, outer, inner, "reduces")
        updates = _passed(mapping, name, inner, apart)
        yield outer, Moved(updates - begun, fills, updates)
        together = (1,) * outer + (0,) * (inner - outer)
        fills = _passed(mapping, name, inner, together) - begun
        begun = _passed(mapping, name, inner, (1,) * inner) - fills


def _apart(mapping: Mapping, outer: int, inner: int, joins: str) -> tuple[int, ...]:
    """Tell on which levels elements count apart: those above, and those that don't
    join what they send or need.
    """
    between = mapping.levels[outer:inner]
    return (1,) * outer + tuple(int(not getattr(level, joins)) for level in between)


def _passed(mapping: Mapping, name: str, inner: int, apart: tuple[int, ...]) -> int:
    """Return the values of a tensor that the tiles of a level take in, all turns
    together.

    A tile is told by the innermost of its loops that turns more than once there; the
    loops of others that run outside of that one bring it back.
    """
    tensor, before, total = mapping.work.tensors[name], 0, 0
    cuts = {loop: mapping.cut(loop, inner) for loop in mapping.work.loops}
    others = set(cuts) - tensor.loops - set(tensor.start)
    for depth in _depths(mapping, tensor.loops, inner):
        upto = prod(_touched(axis, cuts, depth, apart) for axis in tensor.axes)
        if upto > before:
            times = prod(_digits.visits(cuts[one], apart)[depth[one]] for one in others)
            total, before = total + (upto - before) * times, upto
    if inner < len(mapping.levels) and mapping.levels[inner].slides:
        total -= sum(_saved(mapping, tensor, inner, apart))
    return total


def _saved(
    mapping: Mapping, tensor: Tensor, inner: int, apart: tuple[int, ...]
) -> Iterator[int]:
    """Yield, for each loop that moves a window, the values that stay while it does:
    where all loops inside of it turn only once.
    """
    cuts = {loop: mapping.cut(loop, inner) for loop in mapping.work.loops}
    depth = dict.fromkeys(cuts, 0)
    windows = [axis for axis in tensor.axes if len(axis.loops) > 1]
    for place, loop in mapping.loops:
        for axis in windows:
            if place < inner and loop in axis.loops:
                pair, first = tuple(cuts[one] for one in axis.loops), axis.loops.index
                other = depth[axis.loops[1 - first(loop)]]
                moving = first(loop), place
                spared = _digits.saved(axis, pair, moving, apart)[other]
                yield spared and spared * _others(tensor, axis, cuts, (depth, apart))
        depth[loop] += place < inner


def _others(
    tensor: Tensor, moving: Axis, cuts: dict[str, Digits], how: tuple[dict, tuple]
) -> int:
    """Return how often a window moves along: values on the tensor's other axes, times
    turns and elements of the loops that do not choose them.
    """
    depth, apart = how
    free = set(cuts) - tensor.loops - set(tensor.start)
    times = prod(_digits.settled(cuts[one], apart)[depth[one]] for one in free)
    return times * prod(
        _touched(axis, cuts, depth, apart) for axis in tensor.axes if axis is not moving
    )


def _depths(mapping: Mapping, loops: set[str], inner: int) -> Iterator[dict[str, int]]:
    """Yield how many loops in time of each name lie outside, for every place where a
    tensor's tile may be told. The multipliers keep nothing: all loops tell their tile.
    """
    depth = dict.fromkeys(mapping.work.loops, 0)
    outside = [loop for place, loop in mapping.loops if place < inner]
    if inner < len(mapping.levels):
        yield depth
        for loop in outside:
            depth[loop] += 1
            if loop in loops:
                yield depth
    else:
        yield dict.fromkeys(depth, inner)


def _touched(
    axis: Axis, cuts: dict[str, Digits], depth: dict[str, int], apart: tuple[int, ...]
) -> int:
    """Return the places of an axis touched by tiles of a depth at most, in sum."""
    if len(axis.loops) == 1:
        return _digits.sizes(cuts[axis.loops[0]])[depth[axis.loops[0]]]
    pair = tuple(cuts[loop] for loop in axis.loops)
    most = [depth[loop] for loop in axis.loops]
    return sum(
        places
        for needs, places in _digits.windows(axis, pair, apart).items()
        if needs[0] <= most[0] and needs[1] <= most[1]
    )
