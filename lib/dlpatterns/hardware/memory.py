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
from functools import cache, cached_property
from itertools import product
from math import prod

from .work import Axis, Work, sizes

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

    def times(self, repeats: int) -> "Traffic":
        """Return the traffic of so many runs that share nothing."""
        read, written = (
            {name: n * repeats for name, n in side.items()}
            for side in (self.read, self.written)
        )
        return Traffic(self.assumption, read, written)

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
        sizes({f"the tile of {loop}": size for loop, size in self.tile.items()})

    @cached_property
    def loops(self) -> tuple[str, ...]:
        """All loops, outermost first."""
        rest = [loop for loop in self.work.loops if loop not in self.order]
        return (*self.order, *rest)

    def size(self, loop: str) -> int:
        """Return how many turns of a loop lie in a whole tile."""
        return min(self.tile.get(loop, 1), self.work.loops[loop])

    def turns(self, loop: str) -> int:
        """Return how many tiles a loop has."""
        return -(-self.work.loops[loop] // self.size(loop))

    def footprint(self, name: str) -> int:
        """Return the values of a tensor that its largest tile holds."""
        return prod(most for _, most in self._tiles(name))

    @property
    def needs(self) -> int:
        """The values of the largest tile of each tensor together."""
        return sum(map(self.footprint, self.work.tensors))

    def _tiles(self, name: str) -> Iterator[tuple[int, int]]:
        """Yield of each axis how many places its tiles touch, in sum and at most."""
        for axis in self.work.tensors[name].axes:
            lengths = tuple(self.work.loops[loop] for loop in axis.loops)
            yield _touched(axis, lengths, tuple(map(self.size, axis.loops)))

    def visits(self, name: str) -> int:
        """Return how often each tile of a tensor enters the buffer.

        A loop that does not choose the tensor's tile brings all tiles back, if one that
        does runs inside it.
        """
        tensor, times, waiting = self.work.tensors[name], 1, 1
        for loop in self.loops:
            turns = self.turns(loop)
            if loop in tensor.loops and turns > 1:
                times, waiting = times * waiting, 1
            elif loop not in tensor.loops and loop not in tensor.start:
                waiting *= turns
        return times

    def moved(self, name: str) -> int:
        """Return the values of a tensor that enter the buffer, all visits together."""
        return prod(total for total, _ in self._tiles(name)) * self.visits(name)


@cache
def _touched(
    axis: Axis, lengths: tuple[int, ...], sizes: tuple[int, ...]
) -> tuple[int, int]:
    """Return how many places the tiles of one axis touch: their sum, and the most."""
    tiles = product(
        *(
            [range(i, min(i + size, length)) for i in range(0, length, size)]
            for length, size in zip(lengths, sizes, strict=True)
        )
    )
    touched = [axis.touched(tile) for tile in tiles]
    return sum(touched), max(touched)


def tiled(nest: Nest, buffer: int) -> Traffic:
    """Return the traffic if a buffer of so many values keeps one tile of each tensor.

    Raises: ValueError if the tiles do not fit.

    >>> from dlpatterns.hardware.work import matmul
    >>> tiled(Nest(matmul(4, 4, 4), "MNK", {"M": 2, "N": 2}), 8).values
    80
    """
    sizes({"a buffer in values": buffer})
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


def best_tiling(work: Work, buffer: int) -> Nest:
    """Return a nest with little traffic for a buffer of so many values.

    Each tensor in turn stays while the others pass; from tiles of one, the loop is
    doubled that leaves least traffic, until nothing more fits. A search, no proof:
    `least_for_product` says what no nest undercuts.
    Raises: ValueError if not even tiles of one fit.
    """
    found = [Nest(work)]
    tiled(found[0], buffer)
    for order in _orders(work):
        found += _growing(Nest(work, order), buffer)
    return min(found, key=lambda nest: tiled(nest, buffer).values)


def _orders(work: Work) -> Iterator[str]:
    """Yield orders in which a tensor's loops run outside all others."""
    for tensor in work.tensors.values():
        outer = [loop for loop in work.loops if loop in tensor.loops]
        inner = [loop for loop in work.loops if loop not in tensor.loops]
        yield "".join(outer + inner)
        yield "".join(outer[::-1] + inner)


def _growing(nest: Nest, buffer: int) -> Iterator[Nest]:
    """Yield nests with ever larger tiles, as long as they fit."""
    while True:
        grown = [
            Nest(nest.work, nest.order, {**nest.tile, loop: 2 * nest.size(loop)})
            for loop in nest.work.loops
            if nest.turns(loop) > 1
        ]
        fit = [one for one in grown if one.needs <= buffer]
        if not fit:
            return
        nest = min(fit, key=lambda one: (tiled(one, buffer).values, one.needs))
        yield nest


def least_for_product(m: int, n: int, k: int, buffer: int) -> float:
    """Return the values that no schedule of a matrix product undercuts with a buffer of
    so many: 2 M N K / sqrt(S) - 2 S. Source: Smith et al. 2017.
    """
    return 2 * m * n * k / buffer**0.5 - 2 * buffer
