"""The lecture on recurrence and attention.

* `recurrence`: parameters, MACs and critical path of the recurrent layers;
* `heads`: one head at work: scores, pairs, a cache;
* `blocks`: the parts of a Transformer block, the crossover, caches and decoding;
* `traffic`: the bytes of plain and of tiled attention, by formula and by replay;
* `memory`: the study of what recurrent networks and attention remember;
* `drawings`: the pictures of all of them;
* `world`: our numbers beside printed ones.
"""

from . import blocks, drawings, heads, memory, recurrence, traffic, world

__all__ = [
    "blocks",
    "drawings",
    "heads",
    "memory",
    "recurrence",
    "traffic",
    "world",
]
