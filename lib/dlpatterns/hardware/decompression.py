"""A decompression unit between a memory and dense multipliers: what it lets through in
a beat, and who waits for whom.

The memory delivers bits at an even rate; a tile can be decoded once all its bits have
come and the tile before it is decoded; it can be multiplied once it is decoded and the
tile before it is multiplied. Two tiles fit between each pair of stages.
"""

from dataclasses import dataclass

import numpy as np

from .systolic import _must_be_sizes


@dataclass(frozen=True)
class Unit:
    """Bits that the memory delivers in a beat; stored values and places that the unit
    handles in a beat; places that the multipliers take in a beat.
    """

    bus: int = 64
    values: int = 8
    places: int = 32
    multipliers: int = 32

    def __post_init__(self) -> None:
        _must_be_sizes(vars(self))


@dataclass(frozen=True)
class Flow:
    """The beats that a matrix takes, and how long each stage worked."""

    beats: int
    memory: int
    decoder: int
    multipliers: int

    @property
    def waits_for(self) -> str:
        """The stage that worked longest."""
        stages = ("memory", "decoder", "multipliers")
        return max(stages, key=lambda name: getattr(self, name))


def stream(bits: np.ndarray, values: np.ndarray, places: int, unit: Unit) -> Flow:
    """Return how a matrix flows through, tile by tile: the stored bits and values of
    each tile, and the places that each has.

    Raises: ValueError if the two lists differ in length or hold negative numbers.
    """
    bits, values = np.asarray(bits), np.asarray(values)
    if bits.shape != values.shape or bits.ndim != 1:
        raise ValueError(
            f"each tile has bits and values; got {bits.shape} and {values.shape}"
        )
    if (bits.size and min(bits.min(), values.min()) < 0) or places < 0:
        raise ValueError("bits, values and places can't be negative")
    fetch = -(-bits // unit.bus)
    decode = np.maximum(-(-values // unit.values), -(-places // unit.places))
    multiply = np.full(len(bits), -(-places // unit.multipliers))
    stages = [fetch, decode, multiply]
    return Flow(_finish(stages), *(int(stage.sum()) for stage in stages))


def _finish(stages: list[np.ndarray], buffer: int = 2) -> int:
    """Return when the last stage has done the last tile.

    A stage begins a tile when the stage before has done it, when it has done the tile
    before, and when the stage behind has begun the tile `buffer` before.
    """
    tiles = len(stages[0])
    begun = np.zeros((len(stages), tiles), dtype=np.int64)
    done = np.zeros((len(stages), tiles), dtype=np.int64)
    for tile in range(tiles):
        for at, stage in enumerate(stages):
            ready = [done[at - 1, tile]] if at else []
            ready += [done[at, tile - 1]] if tile else []
            if at + 1 < len(stages) and tile >= buffer:
                ready.append(begun[at + 1, tile - buffer])
            begun[at, tile] = max(ready, default=0)
            done[at, tile] = begun[at, tile] + stage[tile]
    return int(done[-1, -1]) if tiles else 0
