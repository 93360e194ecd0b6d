"""A mapping run with real numbers, MAC by MAC, through buffers that hold what the
mapping says and nothing else.

Nothing here uses a formula. A value that a buffer was not given cannot be read, sums
travel up and down in pieces, and the product that ends in the memory can be checked.
For small works: each MAC is a step of Python.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import compress, pairwise
from typing import NamedTuple

import numpy as np

from .hierarchy import Mapping, Moved
from .memory import Traffic
from .replay import NOWHERE, places, through


class _Mac(NamedTuple):
    """One MAC: its turn of every loop in time, its elements level by level, and the
    address that it touches in each tensor, or None.
    """

    turns: tuple[int, ...]
    elements: tuple[tuple[int, ...], ...]
    address: dict[str, int | None]


def macs(mapping: Mapping) -> list[_Mac]:
    """Return all MACs of a mapping in the order in which they run."""
    work = mapping.work
    grid = np.indices(tuple(work.loops.values())).reshape(len(work.loops), -1)
    at = dict(zip(work.loops, grid, strict=True))
    address = {name: places(tensor, at) for name, tensor in work.tensors.items()}
    turns, elements = _digits(mapping, at)
    rows = zip(turns.T.tolist(), elements.T.tolist(), strict=True)
    size, found = len(work.loops), []
    for mac, (when, where) in enumerate(rows):
        touched = {name: int(a[mac]) for name, a in address.items()}
        touched = {n: None if a == NOWHERE else a for n, a in touched.items()}
        levels = tuple(tuple(where[i : i + size]) for i in range(0, len(where), size))
        found.append(_Mac(tuple(when), levels, touched))
    return sorted(found, key=lambda mac: mac.turns)


def _digits(mapping: Mapping, at: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the turns of all loops in time, and the elements of all levels."""
    rest, turns, elements = dict(at), {}, []
    for place, level in enumerate(mapping.levels):
        for loop in mapping.work.loops:
            tile = mapping.tiles[place + 1][loop]
            turn, left = np.divmod(rest[loop], tile * level.across.get(loop, 1))
            element, rest[loop] = np.divmod(left, tile)
            turns[place, loop] = turn
            elements.append(element)
    return np.array([turns[one] for one in mapping.loops]), np.array(elements)


def run(mapping: Mapping, **operands: np.ndarray) -> tuple[np.ndarray, dict]:
    """Compute a mapping's result; return it, flat, with what moved at every level.

    Operands are the arrays of the work's tensors by name.
    """
    machine = _Machine(mapping, operands)
    for mac in macs(mapping):
        machine.turn(mac)
    return machine.finished()


def cached(mapping: Mapping, capacity: int, *, ways: int | None = None) -> Traffic:
    """Run the MACs of a mapping in its order, elements of a turn one after another,
    behind one cache that throws out what was used longest ago (`replay.cached`).
    """
    order = macs(mapping)
    touched = {
        name: np.array(
            [
                NOWHERE if one.address[name] is None else one.address[name]
                for one in order
            ]
        )
        for name in mapping.work.tensors
    }
    return through(touched, mapping.work.tensors, capacity, ways=ways)


class _Machine:
    """Buffers of all elements, and tallies of what they did."""

    def __init__(self, mapping: Mapping, operands: dict[str, np.ndarray]) -> None:
        self.mapping, self.tensors = mapping, mapping.work.tensors
        self.held: dict = defaultdict(dict)  # of (level, elements, tensor): by address
        for name, array in operands.items():
            self.held[0, (), name] = dict(enumerate(np.ravel(array).tolist()))
        self.tally: dict = defaultdict(Counter)
        self.tiles = {edge: iter(_tiles(mapping, edge)) for edge in self.edges()}
        self.when: dict = {}
        self.tile: dict = {}
        self.last: tuple[int, ...] = ()
        self.now: list[_Mac] = []

    def edges(self) -> Iterator[tuple[str, int, int]]:
        """Yield each tensor with two levels that keep it, one after the other."""
        for name in self.tensors:
            kept = [p for p, one in enumerate(self.mapping.levels) if one.holds(name)]
            for pair in pairwise(kept):
                yield (name, *pair)

    def turn(self, mac: _Mac) -> None:
        """Run one MAC; before a new turn, finish the last one and move tiles."""
        if self.now and self.now[0].turns != mac.turns:
            self.multiply()
        if not self.now:
            before, self.last = self.last, mac.turns
            moving = [edge for edge in self.edges() if self._moves(edge, mac)]
            for edge in reversed(moving):
                self._rise(edge)
            for edge in moving:
                self.when[edge] = _visit(self.mapping, edge, mac)
                old = self._cleared(edge)
                self.tile[edge] = next(self.tiles[edge])
                self._fill(edge, old if self._slides(edge, before) else {})
        self.now.append(mac)

    def _moves(self, edge: tuple[str, int, int], mac: _Mac) -> bool:
        visit = _visit(self.mapping, edge, mac)
        return visit is not None and self.when.get(edge) != visit

    def _slides(self, edge: tuple[str, int, int], before: tuple[int, ...]) -> bool:
        """Tell whether one loop of a window, and no other, has moved the tile."""
        name, _, inner = edge
        if not before or not self.mapping.levels[inner].slides:
            return False
        moved = [
            loop
            for (place, loop), one, other in zip(
                self.mapping.loops, before, self.last, strict=True
            )
            if place < inner and one != other
        ]
        windows = [one.loops for one in self.tensors[name].axes if len(one.loops) > 1]
        return len(moved) == 1 and any(moved[0] in loops for loops in windows)

    def _cleared(self, edge: tuple[str, int, int]) -> dict:
        """Empty the buffers of a level; return what they held, by elements."""
        name, _, inner = edge
        holders = self.tile.get(edge, ())
        return {one: self.held.pop((inner, one, name), {}) for one in holders}

    def _fill(self, edge: tuple[str, int, int], held: dict) -> None:
        name, outer, inner = edge
        tile = self.tile[edge]
        lent, result = set(), self.tensors[name].result
        for elements in tile:
            above = self.held[outer, elements[:outer], name]
            old = held.get(elements, {})
            mine = self.held[inner, elements, name] = {}
            sender = (
                elements[:outer]
                if result
                else self._group(elements, outer, "multicast")
            )
            for address in tile[elements]:
                if result and above.get(address) is None:
                    continue  # the sum begins here, or another element has it
                if address in old:
                    mine[address] = old[address]
                    continue
                mine[address] = above[address]
                self.tally[inner, name]["fills"] += 1
                if (sender, address) not in lent:
                    self.tally[outer, name]["reads"] += 1
                    lent.add((sender, address))
                if result:
                    above[address] = None

    def _group(self, elements: tuple, outer: int, joins: str) -> tuple:
        """Return what tells elements apart that do not share what they need or send."""
        levels = self.mapping.levels[outer : len(elements)]
        apart = [True] * outer + [not getattr(level, joins) for level in levels]
        return tuple(compress(enumerate(elements), apart))

    def _rise(self, edge: tuple[str, int, int]) -> None:
        """Send the sums of a tile up, added on the way where elements join."""
        name, outer, inner = edge
        if not self.tensors[name].result or edge not in self.when:
            return
        sums: Counter = Counter()
        for elements in self.tile[edge]:
            group = elements[:outer], self._group(elements, outer, "reduces")
            for address, value in self.held.pop((inner, elements, name)).items():
                sums[group, address] += value
        for ((owner, _), address), value in sums.items():
            self._add((outer, owner, name), address, value)

    def _add(self, buffer: tuple, address: int, value: float) -> None:
        held, tally = self.held[buffer], self.tally[buffer[0], buffer[2]]
        tally["updates"] += 1
        if held.get(address) is None:
            held[address] = value
        else:
            tally["reads"] += 1
            held[address] += value

    def multiply(self) -> None:
        """Run the MACs of one turn in time."""
        read, sums = set(), Counter()
        result = next(name for name, one in self.tensors.items() if one.result)
        for mac in self.now:
            values = []
            for name, address in mac.address.items():
                if name == result or (address is None and self.tensors[name].start):
                    continue
                values.append(self._read(name, mac, read))
            group = self._group(mac.elements, self._last(result), "reduces")
            owner = mac.elements[: self._last(result)]
            product = values[0] * values[1] + sum(values[2:])
            sums[owner, group, mac.address[result]] += product
        for (owner, _, address), value in sums.items():
            self._add((len(owner), owner, result), address, value)
        self.now = []

    def _last(self, name: str) -> int:
        """Return the innermost level that keeps a tensor."""
        levels = self.mapping.levels
        return max(place for place, one in enumerate(levels) if one.holds(name))

    def _read(self, name: str, mac: _Mac, read: set) -> float:
        address, place = mac.address[name], self._last(name)
        if address is None:
            return 0
        group = self._group(mac.elements, place, "multicast")
        if (name, group, address) not in read:
            self.tally[place, name]["reads"] += 1
            read.add((name, group, address))
        return self.held[place, mac.elements[:place], name][address]

    def finished(self) -> tuple[np.ndarray, dict]:
        """Bring all sums to the memory; return them and the tallies."""
        self.multiply()
        for edge in reversed(list(self.edges())):
            self._rise(edge)
        (result,) = (name for name, one in self.tensors.items() if one.result)
        held = self.held[0, (), result]
        out = np.array([held[address] for address in sorted(held)])
        return out, {
            level.name: {
                name: Moved(*(self.tally[place, name][one] for one in Moved._fields))
                for name in self.tensors
                if level.holds(name)
            }
            for place, level in enumerate(self.mapping.levels)
        }


def _visit(mapping: Mapping, edge: tuple[str, int, int], mac: _Mac) -> tuple | None:
    """Return the turns in time that choose the tile of a tensor at a level, or None
    where the tensor is not touched.
    """
    tensor = mapping.work.tensors[edge[0]]
    turns = zip(mapping.loops, mac.turns, strict=True)
    found = []
    for (place, loop), turn in turns:
        if loop in tensor.start and turn:
            return None
        if place < edge[2] and loop in tensor.loops:
            found.append(turn)
    return tuple(found)


def _tiles(mapping: Mapping, edge: tuple[str, int, int]) -> list[dict]:
    """Return the addresses of each tile in the order of time, by elements."""
    found, last = [], None
    for mac in macs(mapping):
        visit = _visit(mapping, edge, mac)
        if visit is None:
            continue
        if visit != last:
            found.append(defaultdict(dict))
        address, last = mac.address[edge[0]], visit
        if address is not None:
            found[-1][mac.elements[: edge[2]]][address] = None
    return found
