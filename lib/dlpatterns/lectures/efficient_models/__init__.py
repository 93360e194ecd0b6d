"""The lecture on efficient networks.

* `blocks`: one block each way, and small networks of them;
* `counts`: what each way does to weights, MACs and bytes; compound scaling;
* `designing`: the thirteen blocks under a budget, counted in the page;
* `small`, `experiment`: networks of one block, and the study that trains them;
* `world`: networks timed by others beside the model of cost;
* `drawings`: the pictures of all of them.
"""

from . import blocks, counts, designing, drawings, experiment, small, world

__all__ = [
    "blocks",
    "counts",
    "designing",
    "drawings",
    "experiment",
    "small",
    "world",
]
