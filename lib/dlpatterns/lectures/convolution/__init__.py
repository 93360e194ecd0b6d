"""The lecture on convolution, seven loops deep.

| module | holds |
|---|---|
| `drawn` | a filter at work, the copies of im2col, a Winograd tile |
| `counted` | shapes, savings, and what the tracer counts |
| `moved` | a loop nest in the reader's hand: order, tiles, buffer |
| `seen` | filters on photographs |
| `costs` | products, bytes, time and digits of each method |
| `world` | printed figures, and two libraries |
"""

from .costs import (
    SCORED,
    SCORES,
    errors,
    growth,
    million,
    needed,
    score,
    scores,
    transformed_inside,
    typeset,
)
from .counted import TRACED, macs_of, savings, three_ways, traced
from .drawn import COPIED, SETTINGS, SLIDING, as_matrix, copied, sliding, tile_figure
from .moved import (
    FETCHES,
    ORDERS,
    by_buffer,
    crossings_behind_lru,
    fetches,
    first_layer,
    smallest_for_once,
)
from .seen import CROPS, FILTERED, FILTERS, cleaned, filtered, learned_filter, places
from .world import (
    beside_libraries,
    checks,
    peers_caption,
    share_of_peak,
    verdict,
    verdict_holds,
)

__all__ = [
    "COPIED",
    "CROPS",
    "FETCHES",
    "FILTERED",
    "FILTERS",
    "ORDERS",
    "SCORED",
    "SCORES",
    "SETTINGS",
    "SLIDING",
    "TRACED",
    "as_matrix",
    "beside_libraries",
    "by_buffer",
    "checks",
    "cleaned",
    "copied",
    "crossings_behind_lru",
    "errors",
    "fetches",
    "filtered",
    "first_layer",
    "growth",
    "learned_filter",
    "macs_of",
    "million",
    "needed",
    "peers_caption",
    "places",
    "savings",
    "score",
    "scores",
    "share_of_peak",
    "sliding",
    "smallest_for_once",
    "three_ways",
    "tile_figure",
    "traced",
    "transformed_inside",
    "typeset",
    "verdict",
    "verdict_holds",
]
