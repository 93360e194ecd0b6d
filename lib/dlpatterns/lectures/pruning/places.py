"""A control: is a mask worth something for where its places are, or for how many each
layer has? One training run a call.

`benchmarks/experiments/places.py` runs them over ten seeds and stores what comes out.
The mask is found by the cubic schedule; each way keeps less of it, and trains anew from
the first epoch.
"""

from functools import lru_cache

import numpy as np

from ...counting import count
from ...prune import masks, tuning
from ...train.network import Network
from ...train.optimisers import Adam
from .experiment import EPOCHS, gradual, largest, tested, train

Arrays = dict[str, np.ndarray]

# what is kept of the mask; all but the first begin with fresh weights
WAYS = (
    "mask and first weights",
    "mask",
    "inputs' counts",
    "neurons' counts",
    "layers' counts",
    "total",
)
RATES = (0.003, 0.01, 0.03)
SHARES = {"MLP": 0.95, "CNN": 0.9}


@lru_cache(maxsize=4)
def found(family: str, share: float, seed: int) -> tuple[Arrays, float]:
    """Return the mask that the cubic schedule comes to when a share of all parameters
    goes, and the accuracy of the network that it was found in.
    """
    big = largest(family)
    nonzero = round((1 - share) * count(big).params)
    net = gradual(big, seed, EPOCHS[family], nonzero=nonzero)
    kept = {name: value != 0 for name, value in net.params.items()}
    return kept, tested(net, seed)


def redrawn(mask: Arrays, way: str, rng: np.random.Generator) -> Arrays:
    """Return a mask drawn anew that keeps of this one what the way says.

    The neurons' (or filters') counts stay when each neuron's places are shuffled among
    its inputs; the inputs', when each input's are shuffled among the neurons; the
    layers', when a layer's are shuffled; with the total, the weights of all layers are
    shuffled together. Biases stay as they are.
    """
    if way not in WAYS:
        raise ValueError(f"unknown way {way!r}; choose one of {', '.join(WAYS)}")
    if way in WAYS[:2]:
        return mask
    weights = {name: each for name, each in mask.items() if each.ndim > 1}
    if way == "total":
        return mask | _dealt(weights, rng)
    draw = {
        "inputs' counts": lambda flat: rng.permuted(flat, axis=0),
        "neurons' counts": lambda flat: rng.permuted(flat, axis=1),
        "layers' counts": rng.permuted,
    }[way]
    return mask | {
        name: draw(each.reshape(len(each), -1)).reshape(each.shape)
        for name, each in weights.items()
    }


def _dealt(weights: Arrays, rng: np.random.Generator) -> Arrays:
    """Return the places of all weights shuffled together."""
    flat = rng.permutation(np.concatenate([each.ravel() for each in weights.values()]))
    ends = np.cumsum([each.size for each in weights.values()])[:-1]
    parts = np.split(flat, ends)
    return {
        name: part.reshape(weights[name].shape)
        for name, part in zip(weights, parts, strict=True)
    }


def trained(
    family: str, share: float, way: str, seed: int, setting: dict, *, twice: bool = True
) -> dict[str, float]:
    """Train a network under what a way keeps of the mask and return its accuracy, that
    after as many epochs more, and that of the network in which the mask was found.

    The setting has a rate, and says whether the first weights of each layer are
    `widened`, by the root of the share that the mask leaves, so that signals don't die
    out.
    """
    mask, before = found(family, share, seed)
    mask = redrawn(mask, way, np.random.default_rng(seed))
    net = Network(largest(family), seed if way == WAYS[0] else 1000 + seed)
    if setting["widened"]:
        for name, each in mask.items():
            net.params[name] *= (each.size / max(int(each.sum()), 1)) ** 0.5
    masks.apply(net.params, mask)
    optimizer = tuning.Masked(Adam(setting["rate"]), mask)
    result = {"where it was found": before}
    for length in ("accuracy", "accuracy, twice as long")[: 1 + twice]:
        train(net, seed, EPOCHS[family], optimizer=optimizer)
        result[length] = tested(net, seed)
    return result
