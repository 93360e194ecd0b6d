"""The lecture on efficient networks.

* `blocks`: one block each way, and small networks of them;
* `counts`: what each way does to weights, MACs and bytes; compound scaling;
* `world`: networks timed by others beside the model of cost;
* `drawings`: the pictures of all of them.
"""

from . import blocks, counts, drawings, world

__all__ = ["blocks", "counts", "drawings", "world"]
