"""C1 of LeNet-5 between a memory, a buffer and registers: order, tile and buffer in the
reader's hand, each frame run MAC by MAC.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from ... import show
from ...explore import Menu, Slider
from ...hardware import energy, hierarchy, replay
from ...hardware.hierarchy import Level, Mapping
from ...hardware.memory import Nest
from ...hardware.work import Work, convolution

ORDERS = {
    "results stay": "NGMPQCRS",
    "filters stay": "NGMCRSPQ",
    "map stays": "NGCPQRSM",
}
SIDES = (1, 2, 4, 7, 14, 28)
FILTERS = (6, 3, 2, 1)
BUFFERS = (8, 64, 256, 512, 1024, 2048)
NAMES = {"x": "map", "weight": "filters", "out": "results"}
WIDTH = 4  # bytes a value
HANDS = {
    "order": Menu(list(ORDERS)),
    "side": Slider(SIDES, label="rows, columns in a tile", play=True),
    "buffer": Slider(BUFFERS, label="buffer", unit="values", start=256),
}


def first_layer() -> Work:
    """Return C1 of LeNet-5 as loops: six filters of 5 × 5 over 32 × 32, no biases."""
    return convolution((1, 1, 32, 32), (6, 1, 5, 5))


class Traced(NamedTuple):
    """What crossed into the buffer and into the registers, tensor by tensor, each as
    values inwards and outwards.
    """

    needs: int
    buffer: dict[str, tuple[int, int]]
    registers: dict[str, tuple[int, int]]

    @property
    def crossings(self) -> int:
        """Values that crossed between memory and buffer, both ways."""
        return sum(map(sum, self.buffer.values()))

    def picojoules(self) -> dict[str, float]:
        """Return the energy of float32 values at each level, and of the MACs."""
        inside = sum(map(sum, self.registers.values()))
        moved = {"DRAM": WIDTH * self.crossings, "8 KB": WIDTH * inside}
        return energy.of_work(first_layer().macs, moved, dtype="fp32")


def tile(side: int, filters: int) -> dict[str, int]:
    """Return a tile of so many rows and columns of so many filters' results; a filter's
    own rows and columns stay together once a tile is larger than a value.
    """
    whole = 5 if side > 1 else 1
    return {"P": side, "Q": side, "M": filters, "R": whole, "S": whole}


def fitting(order: str, side: int, buffer: int) -> Nest | None:
    """Return the nest with the most filters in a tile that fits, or None."""
    nests = [Nest(first_layer(), ORDERS[order], tile(side, m)) for m in FILTERS]
    return next((nest for nest in nests if nest.needs <= buffer), None)


@cache
def traced(order: str, side: int, filters: int) -> Traced:
    """Run the nest and return what crossed; registers hold one value of each tensor.

    Raises: ValueError if the closed form of the hierarchy says anything else.
    """
    nest = Nest(first_layer(), ORDERS[order], tile(side, filters))
    moved = replay.buffered(nest)
    buffer = {
        name: (moved.read.get(name, 0), moved.written.get(name, 0)) for name in NAMES
    }
    registers = {}
    for name, address in replay.addresses(nest).items():
        entered = 1 + int(np.count_nonzero(address[1:] != address[:-1]))
        result = nest.work.tensors[name].result
        again = entered - len(np.unique(address)) if result else entered
        registers[name] = again, entered * result
    found = Traced(nest.needs, buffer, registers)
    if (buffer, registers) != by_formula(order, side, filters):
        raise ValueError(f"run and closed form differ for {nest}: {found}")
    return found


def by_formula(order: str, side: int, filters: int) -> tuple[dict, dict]:
    """Return the same by the closed form of a hierarchy of three levels."""
    loops = ORDERS[order]
    one = dict.fromkeys(loops, 1)
    levels = (
        Level("memory", order=loops),
        Level("buffer", None, tile(side, filters), loops),
        Level("registers", None, one, loops),
    )
    moved = hierarchy.traffic(Mapping(first_layer(), levels))
    return tuple(
        {name: (moved[at][name].reads, moved[at][name].updates) for name in NAMES}
        for at in ("memory", "buffer")
    )


def hand(order: str, side: int, buffer: int) -> show.Frame:
    """Draw memory, buffer, registers and multiplier, and what crosses between them."""
    nest, work = fitting(order, side, buffer), first_layer()
    if nest is None:
        needs = Nest(work, ORDERS[order], tile(side, 1)).needs
        told = (
            f"A tile of {side} × {side} results of one filter needs {needs:,} values: "
            f"it does not fit. Shrink the tile, or buy a larger buffer."
        )
        nothing = dict.fromkeys(NAMES, (0, 0))
        return _drawn(Traced(needs, nothing, nothing), buffer, told, {"needs": needs})
    filters = nest.size("M")
    found = traced(order, side, filters)
    each = {
        NAMES[name]: sum(pair) / work.once(name) for name, pair in found.buffer.items()
    }
    mean = found.crossings / work.values
    spent = found.picojoules()
    told = (
        f"{order.capitalize()}, tile of {side} × {side} results of {filters}: "
        f"{mean:.1f} crossings a value (tiled). Energy: DRAM {spent['DRAM'] / 1e6:.1f} "
        f"µJ, buffer {spent['8 KB'] / 1e6:.1f}, arithmetic "
        f"{spent['arithmetic'] / 1e6:.1f}."
    )
    return _drawn(found, buffer, told, each | {"mean": mean})


def _drawn(found: Traced, buffer: int, told: str, values: dict) -> show.Frame:
    stores = (
        show.Store("memory", note=_joules("DRAM")),
        show.Store("buffer", found.needs, buffer, _joules("8 KB")),
        show.Store("one multiplier, a register a tensor"),
    )
    crossings = [
        {NAMES[name]: show.Crossing(*pair) for name, pair in group.items()}
        for group in (found.buffer, found.registers)
    ]
    alt = (
        "Three boxes, memory, buffer and multiplier, and between them an arrow for "
        f"map, filters and results. {told}"
    )
    fig = show.hierarchy(stores, crossings)
    return show.frame(fig, caption=told, alt=alt, values=values)


def _joules(level: str) -> str:
    return f"{show.number(energy.of_access(level, WIDTH))} pJ a value"


def best_in_hand(buffer: int) -> float:
    """Return the fewest crossings a value that the explorer reaches in a buffer."""
    nests = [fitting(order, side, buffer) for order in ORDERS for side in SIDES]
    work = first_layer()
    return min(
        traced(order, side, nest.size("M")).crossings / work.values
        for (order, side), nest in zip(
            ((order, side) for order in ORDERS for side in SIDES), nests, strict=True
        )
        if nest
    )
