"""The lecture on sparsity.

* `storing`: bytes against density, and where each format stops to pay;
* `times`: sparse products timed beside the dense one;
* `watching`: a small array at work on zeros, beat by beat;
* `skipping`: nine ways to treat zeros, queues, a decoder;
* `experiment`: Deep Compression, one call a seed;
* `study`: what the stored study found, and the network of seed 0;
* `world`: published figures, and ours beside them;
* `spent`: what EIE's and SCNN's arrays spend, printed and ours;
* `chip`: what a machine must do for a zero to pay;
* `drawings`: the pictures of all of them.
"""

from . import (
    chip,
    drawings,
    experiment,
    skipping,
    spent,
    storing,
    study,
    times,
    watching,
    world,
)

__all__ = [
    "chip",
    "drawings",
    "experiment",
    "skipping",
    "spent",
    "storing",
    "study",
    "times",
    "watching",
    "world",
]
