"""The lecture on matrix multiplication in silicon.

| module | holds |
|---|---|
| `levels` | seven loops between memory, buffer and registers, in the reader's hand |
| `bound` | the best of all tiles, and the least that is proved |
| `beats` | a systolic array, beat by beat |
| `networks` | all products of several networks in an array, by dataflow; depthwise |
| `rows` | row stationary, drawn |
| `joules` | energy of actions, of networks, and area by bits |
| `world` | printed figures: SCALE-Sim, Eyeriss, TPUv1 |
"""

from .beats import FLOWS, SIDE, WATCHED, cycles, walked, watched
from .bound import BUFFERS, best, curve, figure, over_network, proved
from .joules import (
    COSTS,
    area_rows,
    costs,
    energies,
    far_energy,
    fused_network,
    prices,
    shares,
    uses_needed,
)
from .levels import HANDS, best_in_hand, first_layer, hand, traced
from .networks import (
    ARRAYS,
    FLOW_NAMES,
    NETWORKS,
    arrays,
    changes,
    depthwise_best,
    depthwise_rows,
    hiding,
    longest_wins,
    lowered,
    overlapping,
    remedies,
    utilisation,
    winner_rows,
    wins,
)
from .rows import row_stationary
from .world import agreeing, checks, printed, tile_wait, tpu_rows, tpu_useful

__all__ = [
    "ARRAYS",
    "BUFFERS",
    "COSTS",
    "FLOWS",
    "FLOW_NAMES",
    "HANDS",
    "NETWORKS",
    "SIDE",
    "WATCHED",
    "agreeing",
    "area_rows",
    "arrays",
    "best",
    "best_in_hand",
    "changes",
    "checks",
    "costs",
    "curve",
    "cycles",
    "depthwise_best",
    "depthwise_rows",
    "energies",
    "far_energy",
    "figure",
    "first_layer",
    "fused_network",
    "hand",
    "hiding",
    "longest_wins",
    "lowered",
    "over_network",
    "overlapping",
    "prices",
    "printed",
    "proved",
    "remedies",
    "row_stationary",
    "shares",
    "tile_wait",
    "tpu_rows",
    "tpu_useful",
    "traced",
    "uses_needed",
    "utilisation",
    "walked",
    "watched",
    "winner_rows",
    "wins",
]
