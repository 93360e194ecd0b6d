"""The lecture on efficient networks.

* `blocks`: one block each way, and small networks of them;
* `counts`: what each way does to weights, MACs and bytes; compound scaling;
* `designing`: the thirteen blocks under a budget, counted in the page;
* `small`, `experiment`, `study`: networks of one block, the runs that train them, and
  what came out;
* `world`: networks timed by others beside the model of cost;
* `drawings`: the pictures of all of them.
"""

from . import (
    blocks,
    counts,
    designing,
    drawings,
    experiment,
    small,
    study,
    world,
)

__all__ = [
    "blocks",
    "counts",
    "designing",
    "drawings",
    "experiment",
    "small",
    "study",
    "world",
]
