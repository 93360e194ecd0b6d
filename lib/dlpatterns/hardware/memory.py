"""The traffic of a loop nest between a large memory and the multipliers, by formula.

Traffic is never given bare. Its assumption is one of three:

* "none": nothing is kept. Both operands of every MAC are fetched, padding's zeros too,
  as the plain loops fetch them from their padded copy; a running sum stays in its
  register and is written once.
* "once": everything is kept. Each value that some MAC touches crosses once: the least
  possible. Padding's zeros are made on the spot.
* "tiled": a buffer holds one tile of each tensor. A tensor's tile is fetched whole when
  another one is needed, and results that are not finished leave and come back.

Units: values; `Traffic.bytes(width)` for bytes. `replay` counts the same, access by
access.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

from .work import Work

ASSUMPTIONS = ("none", "once", "tiled")


@dataclass(frozen=True)
class Traffic:
    """Values read and written, by tensor, and the assumption under which."""

    assumption: str
    read: dict[str, int]
    written: dict[str, int] = field(default_factory=dict)

    @property
    def values(self) -> int:
        """All values that cross, in both directions."""
        return sum(self.read.values()) + sum(self.written.values())

    def bytes(self, width: int = 4) -> int:
        """Return the bytes that cross, for values of so many bytes."""
        return self.values * width

    def rows(self) -> list[dict]:
        """Return one row a tensor, as `show.table` takes them."""
        return [
            {"tensor": name, "assumption": self.assumption}
            | {"read": self.read.get(name, 0), "written": self.written.get(name, 0)}
            for name in self.read | self.written
        ]

    def __add__(self, other: "Traffic") -> "Traffic":
        """Add traffic under the same assumption.

        Raises: ValueError if the assumptions differ: such a sum means nothing.
        """
        if self.assumption != other.assumption:
            raise ValueError(
                f"traffic that assumes {self.assumption!r} and {other.assumption!r} "
                "cannot be added; count both under one assumption"
            )
        sides = [(self.read, other.read), (self.written, other.written)]
        return Traffic(
            self.assumption,
            *({k: a.get(k, 0) + b.get(k, 0) for k in a | b} for a, b in sides),
        )


def none(work: Work) -> Traffic:
    """Return the traffic if nothing is kept but the running sum.

    >>> from dlpatterns.hardware.work import matmul
    >>> none(matmul(2, 3, 4)).values, once(matmul(2, 3, 4)).values
    (54, 26)
    """
    read, written = {}, {}
    for name, tensor in work.tensors.items():
        if tensor.result:
            written[name] = work.once(name)
        else:
            skipped = prod(work.loops[loop] for loop in tensor.start)
            read[name] = work.macs // skipped
    return Traffic("none", read, written)


def once(work: Work) -> Traffic:
    """Return the least traffic: each value that some MAC touches crosses once."""
    moved = {True: {}, False: {}}
    for name, tensor in work.tensors.items():
        moved[tensor.result][name] = work.once(name)
    return Traffic("once", moved[False], moved[True])


@dataclass(frozen=True)
class Nest:
    """Loops over tiles in an order, outermost first, and inside a tile the same order.

    Loops that `order` leaves out go innermost; a loop that `tile` leaves out runs one
    at a time. A tile that does not divide its loop leaves a smaller one at the end.
    Raises: ValueError for an unknown loop, one that is named twice, or a tile below 1.
    """

    work: Work
    order: str = ""
    tile: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = ", ".join(self.work.loops)
        for loop in [*self.order, *self.tile]:
            if loop not in self.work.loops:
                raise ValueError(f"unknown loop {loop!r}; this work has {known}")
        if len(set(self.order)) < len(self.order):
            raise ValueError(f"the order {self.order!r} names a loop twice")
        for loop, size in self.tile.items():
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ValueError(
                    f"the tile of {loop} must be a whole number of at least 1, "
                    f"got {size!r}"
                )

    @cached_property
    def loops(self) -> tuple[str, ...]:
        """All loops, outermost first."""
        rest = [loop for loop in self.work.loops if loop not in self.order]
        return (*self.order, *rest)

    def size(self, loop: str) -> int:
        """Return how many turns of a loop lie in a whole tile."""
        return min(self.tile.get(loop, 1), self.work.loops[loop])

    def ranges(self, loop: str) -> list[range]:
        """Return the turns of a loop, tile by tile."""
        length, size = self.work.loops[loop], self.size(loop)
        return [range(i, min(i + size, length)) for i in range(0, length, size)]

    def footprint(self, name: str) -> int:
        """Return the values of a tensor that its largest tile holds."""
        return prod(max(sizes) for sizes in self._tiles(name))

    @property
    def needs(self) -> int:
        """The values of the largest tile of each tensor together."""
        return sum(map(self.footprint, self.work.tensors))

    def _tiles(self, name: str) -> Iterator[list[int]]:
        """Yield, axis by axis, how many places each tile of a tensor touches."""
        for axis in self.work.tensors[name].axes:
            tiles = product(*(self.ranges(loop) for loop in axis.loops))
            yield [len(axis.places(tile)) for tile in tiles]

    def visits(self, name: str) -> int:
        """Return how often each tile of a tensor enters the buffer.

        A loop that does not choose the tensor's tile brings all tiles back, if one that
        does runs inside it.
        """
        tensor, times, waiting = self.work.tensors[name], 1, 1
        for loop in self.loops:
            turns = len(self.ranges(loop))
            if loop in tensor.loops and turns > 1:
                times, waiting = times * waiting, 1
            elif loop not in tensor.loops and loop not in tensor.start:
                waiting *= turns
        return times

    def moved(self, name: str) -> int:
        """Return the values of a tensor that enter the buffer, all visits together."""
        return prod(sum(sizes) for sizes in self._tiles(name)) * self.visits(name)


def tiled(nest: Nest, buffer: int) -> Traffic:
    """Return the traffic if a buffer of so many values keeps one tile of each tensor.

    Raises: ValueError if the tiles do not fit.

    >>> from dlpatterns.hardware.work import matmul
    >>> tiled(Nest(matmul(4, 4, 4), "MNK", {"M": 2, "N": 2}), 8).values
    80
    """
    if not isinstance(buffer, int) or isinstance(buffer, bool) or buffer < 1:
        raise ValueError(f"a buffer holds at least 1 value, got {buffer!r}")
    if buffer < nest.needs:
        raise ValueError(
            f"a buffer of {buffer} values is smaller than one tile of each tensor, "
            f"{nest.needs} values for tiles of {dict(nest.tile)}; shrink the tiles"
        )
    read, written = {}, {}
    for name, tensor in nest.work.tensors.items():
        if tensor.result:
            written[name] = nest.moved(name)
            read[name] = written[name] - nest.work.once(name)
        else:
            read[name] = nest.moved(name)
    return Traffic("tiled", read, written)
