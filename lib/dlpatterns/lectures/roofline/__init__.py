"""The lecture on rooflines: who waits for whom, on published chips and this one.

* `latency`: the course's numbers on latency, computed again; a memory at work;
* `chips`: CPU, GPU and NPU side by side; what an instruction costs;
* `decade`: two accounts of a thousandfold;
* `roofs`: layers of the zoo under a roof, and what moves them;
* `steps`: seven steps from the rate on the box to the rate that is reached;
* `against`: networks timed on real chips, their bounds, and rivals of the bound;
* `tokens`: language models, one token at a time and many;
* `world`: our numbers beside printed ones;
* `here`: the roof of the machine that runs the page.
"""

from . import against, chips, decade, here, latency, roofs, steps, tokens, world

__all__ = [
    "against",
    "chips",
    "decade",
    "here",
    "latency",
    "roofs",
    "steps",
    "tokens",
    "world",
]
