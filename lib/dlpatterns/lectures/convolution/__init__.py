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
    COUNTED,
    FOUR,
    INTENSITY,
    SCORES,
    calls,
    errors,
    growth,
    intensities,
    million,
    needed,
    score,
    scores,
    tiles,
    timed,
    typeset,
    winograd_example,
)
from .counted import SHAPES, THREE, TRACED, macs_of, savings, shapes, three_ways, traced
from .drawn import SETTINGS, as_matrix, copied, sliding, tile_figure
from .moved import ORDERS, by_buffer, fetches, first_layer, smallest_for_once
from .seen import CROPS, FILTERS, cleaned, filtered, learned_filter, places
from .world import (
    beside_libraries,
    checks,
    peers_caption,
    share_of_peak,
    verdict,
    verdict_holds,
)

__all__ = [
    "COUNTED",
    "CROPS",
    "FILTERS",
    "FOUR",
    "INTENSITY",
    "ORDERS",
    "SCORES",
    "SETTINGS",
    "SHAPES",
    "THREE",
    "TRACED",
    "as_matrix",
    "beside_libraries",
    "by_buffer",
    "calls",
    "checks",
    "cleaned",
    "copied",
    "errors",
    "fetches",
    "filtered",
    "first_layer",
    "growth",
    "intensities",
    "learned_filter",
    "macs_of",
    "million",
    "needed",
    "peers_caption",
    "places",
    "savings",
    "score",
    "scores",
    "shapes",
    "share_of_peak",
    "sliding",
    "smallest_for_once",
    "three_ways",
    "tile_figure",
    "tiles",
    "timed",
    "traced",
    "typeset",
    "verdict",
    "verdict_holds",
    "winograd_example",
]
