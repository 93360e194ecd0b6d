"""The accesses of a loop nest, one by one, through a buffer or a cache.

Nothing here uses a formula: the nest is run, every MAC names the values that it
touches, and what is not held is fetched. Padding's zeros lie nowhere.
"""

from collections import Counter, OrderedDict
from math import prod

import numpy as np

from .memory import Nest, Traffic
from .work import Tensor, sizes

NOWHERE = -1  # the address of padding's zeros, and of what this MAC does not touch


def counts(nest: Nest) -> dict[str, np.ndarray]:
    """Return the count of each loop at every MAC, in the order in which they run."""
    order, length = nest.loops, nest.work.loops
    grid = dict(zip(order, np.indices([length[loop] for loop in order]), strict=True))
    tiles = {loop: grid[loop] // nest.size(loop) for loop in order}
    inside = {loop: grid[loop] % nest.size(loop) for loop in order}
    when = 0
    for part, most in ((tiles, nest.turns), (inside, nest.size)):
        for loop in order:
            when = when * most(loop) + part[loop]
    first = np.argsort(when.reshape(-1))
    return {loop: grid[loop].reshape(-1)[first] for loop in order}


def addresses(nest: Nest) -> dict[str, np.ndarray]:
    """Return the address that every MAC touches in each tensor, in order."""
    at = counts(nest)
    return {name: places(one, at) for name, one in nest.work.tensors.items()}


def places(tensor: Tensor, at: dict[str, np.ndarray]) -> np.ndarray:
    """Return the address that each MAC touches in a tensor, its loops' counts given."""
    address, inside = np.int64(0), _starts(tensor, at)
    for axis in tensor.axes:
        place = axis.place(*(at[loop] for loop in axis.loops))
        inside = inside & (place >= 0) & (place < axis.size)
        address = address * axis.size + place
    return np.where(inside, address, NOWHERE)


def _starts(tensor: Tensor, at: dict[str, np.ndarray]) -> np.ndarray:
    """Tell at which MACs a tensor is touched, if its places do not lie in padding."""
    touched = np.full(next(iter(at.values())).shape, True)
    for loop in tensor.start:
        touched &= at[loop] == 0
    return touched


def buffered(nest: Nest) -> Traffic:
    """Run the nest with a buffer that keeps the current tile of each tensor and nothing
    else.
    """
    at, read, written = counts(nest), {}, {}
    for name, address in addresses(nest).items():
        tensor = nest.work.tensors[name]
        starts = _starts(tensor, at)
        tile = np.int64(0)
        for loop in tensor.loops:
            tile = tile * nest.turns(loop) + at[loop] // nest.size(loop)
        tile = tile[starts]
        visit = np.cumsum(np.r_[False, tile[1:] != tile[:-1]])
        pairs = (visit * (prod(tensor.shape) + 1) + address[starts])[
            address[starts] != NOWHERE
        ]
        entered = len(np.unique(pairs))
        if tensor.result:
            written[name] = entered
            read[name] = entered - len(np.unique(address))
        else:
            read[name] = entered
    return Traffic("tiled", read, written)


def cached(nest: Nest, capacity: int, *, ways: int | None = None) -> Traffic:
    """Run the nest behind a cache of `capacity` values that throws out the value used
    longest ago; lines of one value, `ways` values a set, or one set for all.

    A result is first written in the cache, leaves it when thrown out, and is read again
    if it was not finished. Raises: ValueError if the sets do not divide the capacity.
    """
    return through(addresses(nest), nest.work.tensors, capacity, ways=ways)


def through(
    touched: dict[str, np.ndarray],
    tensors: dict[str, Tensor],
    capacity: int,
    *,
    ways: int | None = None,
) -> Traffic:
    """Run the addresses that MACs touch, in order, behind a cache as `cached` does."""
    cache, first = _Cache(capacity, ways), 0
    columns = []
    for name, address in touched.items():
        columns.append(np.where(address == NOWHERE, NOWHERE, address + first).tolist())
        first += prod(tensors[name].shape)
    kinds = [(name, tensors[name].result) for name in touched]
    touch = cache.touch
    for row in zip(*columns, strict=True):
        for address, kind in zip(row, kinds, strict=True):
            if address != NOWHERE:
                touch(address, kind)
    return cache.traffic(tensors)


class _Cache:
    """A cache that throws out what was used longest ago in its set."""

    def __init__(self, capacity: int, ways: int | None) -> None:
        ways = capacity if ways is None else ways
        sizes({"capacity": capacity, "ways": ways})
        if capacity % ways:
            raise ValueError(
                f"sets of {ways} values do not divide a cache of {capacity} values"
            )
        self.ways, self.sets = ways, [OrderedDict() for _ in range(capacity // ways)]
        self.read, self.written, self.left = Counter(), Counter(), set()

    def touch(self, address: int, kind: tuple[str, bool]) -> None:
        """Use a value: fetch it if it is not held, and make room for it."""
        held = self.sets[address % len(self.sets)]
        if address in held:
            held.move_to_end(address)
            return
        name, result = kind
        if not result or address in self.left:
            self.read[name] += 1
        if len(held) == self.ways:
            self._leave(*held.popitem(last=False))
        held[address] = kind

    def _leave(self, address: int, kind: tuple[str, bool]) -> None:
        name, result = kind
        if result:
            self.written[name] += 1
            self.left.add(address)

    def traffic(self, tensors: dict[str, Tensor]) -> Traffic:
        """Write back what is still held and return what crossed."""
        for held in self.sets:
            while held:
                self._leave(*held.popitem(last=False))
        return Traffic(
            "LRU cache",
            {name: self.read[name] for name in tensors},
            {name: self.written[name] for name in tensors if tensors[name].result},
        )
