"""The lecture on pruning.

* `opening`: what a mask changes, and what it does not: file, counts, time;
* `working`: the networks that the lecture trains itself;
* `structure`: channels that go, and all that shrinks with them;
* `experiment`: the networks of the stored study, one training run a call;
* `places`: a control: masks drawn anew with less and less of them kept;
* `study`: what the stored study found;
* `verdicts`: what it says about each question;
* `world`: the paper's tables, and our numbers beside printed ones;
* `chip`: what a machine must do for a zero to pay;
* `drawings`: the pictures of all of them.
"""

from . import (
    chip,
    drawings,
    experiment,
    opening,
    places,
    structure,
    study,
    verdicts,
    working,
    world,
)

__all__ = [
    "chip",
    "drawings",
    "experiment",
    "opening",
    "places",
    "structure",
    "study",
    "verdicts",
    "working",
    "world",
]
