"""The study: blocks under one budget on the digits, one training run a call.

`benchmarks/experiments/efficient_blocks.py` runs them over ten seeds and stores what
comes out. A seed draws the split, the first weights and the order of the examples.
"""

from functools import cache
from typing import NamedTuple

from ...graph import Model
from ...train import data, quick
from . import small

BUDGET, EPOCHS, BATCH, TEST_SHARE = 201_000, 30, 32, 0.75
RATES = (0.01, 0.03, 0.1, 0.3)
HELD_OUT = 3  # one image in so many of those to learn from chooses the rate
REFERENCE, HEAD = "3 × 3", 32


class Setting(NamedTuple):
    """What is held equal, of which size (of MACs, or of the 3 x 3 network in width),
    for how many epochs, and over how many seeds.
    """

    measure: str = "MACs"
    budget: float = BUDGET
    epochs: int = EPOCHS
    skip: bool = True
    head: int = 0
    seeds: int = 5


def _as_the_reference(measure: str, width: int, **how: int) -> Setting:
    budget = small.size(small.network(REFERENCE, width), measure)
    return Setting(measure=measure, budget=budget, **how)


@cache
def settings() -> dict[str, Setting]:
    """Return the study and its attacks by name."""
    return {
        "usual": Setting(seeds=10),
        "equal time": _as_the_reference("time", 18),
        "twice the epochs": Setting(epochs=2 * EPOCHS),
        "the same head": Setting(head=HEAD),
        "no shortcut": Setting(skip=False),
        "equal time, fused": _as_the_reference("time, fused", 18),
        "equal time, four times the epochs": _as_the_reference(
            "time", 18, epochs=4 * EPOCHS, seeds=3
        ),
        "half the epochs": Setting(epochs=EPOCHS // 2),
        "half the MACs": Setting(budget=91_000),
        "twice the MACs": Setting(budget=2 * BUDGET, seeds=3),
    }


def model(kind: str, setting: Setting) -> Model:
    """Return the network of a kind that comes nearest to a setting's budget."""
    how = {"skip": setting.skip, "head": setting.head}
    return small.fitted(kind, setting.measure, setting.budget, **how)


@cache
def split(seed: int) -> data.Split:
    """Return a quarter of the digits to learn from and the rest to be tested on."""
    return data.digits(test_share=TEST_SHARE, seed=seed)


def tested(net: Model, seed: int, *, rate: float, epochs: int = EPOCHS) -> dict:
    """Train on the seed's quarter; return the accuracy on the other three, and on what
    the network has learned from.
    """
    digits, running = split(seed), quick.Trainer(net, seed)
    x, y = digits.train_x, digits.train_y
    quick.fit(running, x, y, epochs=epochs, batch=BATCH, rate=rate, seed=seed)
    return {
        "accuracy": round(running.accuracy(digits.test_x, digits.test_y), 4),
        "learned": round(running.accuracy(x, y), 4),
    }


def held_out(net: Model, seed: int, *, rate: float) -> float:
    """Train on two thirds of the seed's quarter, for as many steps as in `tested`, and
    return the accuracy on the last third. The test images have no say.
    """
    digits, running = split(seed), quick.Trainer(net, seed)
    cut = len(digits.train_x) * (HELD_OUT - 1) // HELD_OUT
    epochs = EPOCHS * (len(digits.train_x) // BATCH) // (cut // BATCH)
    x, y = digits.train_x, digits.train_y
    quick.fit(
        running, x[:cut], y[:cut], epochs=epochs, batch=BATCH, rate=rate, seed=seed
    )
    return round(running.accuracy(x[cut:], y[cut:]), 4)
