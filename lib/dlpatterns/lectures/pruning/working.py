"""The networks that the lecture trains itself, once: an MLP of 64 neurons on half of
the digits.
"""

from functools import cache

import numpy as np

from ...prune import masks, scores, tuning
from ...train import loop, state
from ...train.network import Network
from ...train.optimisers import Adam
from . import experiment

SEED, HALF = 0, 60
METHODS = ("magnitude", "gradient × weight", "chance", "n of m", "whole neurons")


@cache
def trained() -> Network:
    """Return the largest MLP after half of the study's epochs."""
    return experiment.dense(experiment.largest("MLP"), SEED, HALF)


@cache
def scored(method: str) -> dict[str, np.ndarray]:
    """Return the scores of the trained network's weights under a method."""
    net, digits = trained(), experiment.split(SEED)
    if method == "gradient × weight":
        net = state.twin(net)
        return scores.gradient_times_weight(net, digits.train_x, digits.train_y)
    return scores.chance(net) if method == "chance" else scores.magnitude(net)


def chosen(method: str, share: float) -> dict[str, np.ndarray]:
    """Return the masks of a method that take a share of the hidden layer; 1/2, 3/4,
    7/8 and 15/16 are 2 of 4, 1 of 4, 1 of 8 and 1 of 16.
    """
    hidden = {"hidden1.weight": scored(method)["hidden1.weight"]}
    if method == "whole neurons":
        return masks.slices(
            {"hidden1.weight": trained().params["hidden1.weight"]}, share
        )
    if method == "n of m" and share:
        m = max(4, round(1 / (1 - share)))
        return masks.n_of_m(hidden, round(m * (1 - share)), m)
    return masks.per_layer(hidden, share)


def pruned(method: str, share: float) -> tuple[Network, float]:
    """Return the trained network without what a method takes, and its accuracy."""
    net = state.twin(trained())
    masks.apply(net.params, chosen(method, share))
    return net, experiment.tested(net, SEED)


def on_blank_pixels(method: str, share: float) -> tuple[int, int]:
    """Return how many weights of the hidden layer read a pixel without ink in all that
    was learned from, and how many of them a method keeps.
    """
    ink = experiment.split(SEED).train_x.reshape(-1, 64).max(axis=0)
    kept = chosen(method, share)["hidden1.weight"][:, ink == 0]
    return kept.size, int(kept.sum())


@cache
def curves(share: float = 0.95) -> dict[str, list[float]]:
    """Return the test accuracy after every epoch: trained, pruned at once in the middle
    and fine-tuned; and pruned bit by bit.
    """
    digits = experiment.split(SEED)
    total = experiment.steps(2 * HALF)
    found = {}
    for how in ("one-shot", "cubic"):
        net = Network(experiment.largest("MLP"), SEED)
        optimizer = tuning.Gradual(
            Adam(experiment.RATE),
            experiment.schedule(how, share, total),
            choose=masks.whole_network,
            axes=1,
        )
        history = loop.fit(
            net,
            digits.train_x,
            digits.train_y,
            epochs=2 * HALF,
            batch=experiment.BATCH,
            optimizer=optimizer,
            seed=SEED,
            validation=(digits.test_x, digits.test_y),
        )
        found[how] = history.validation_accuracy
    return found


def growing(share: float = 0.95) -> dict[str, list[float]]:
    """Return the sparsity that three schedules ask for after every epoch."""
    total = experiment.steps(2 * HALF)
    each = total // (2 * HALF)
    return {
        how: [
            experiment.schedule(how, share, total)(epoch * each)
            for epoch in range(1, 2 * HALF + 1)
        ]
        for how in ("one-shot", "iterative", "cubic")
    }
