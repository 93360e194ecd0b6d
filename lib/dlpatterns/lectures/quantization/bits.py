"""Accuracy against bits on the digits, one seed at a time: rounded after training, and
trained further while it is rounded; and the rivals of equal bytes.
"""

import numpy as np

from ...quantize import mixed
from ...quantize.affine import Scheme
from ...quantize.observers import MSE, MinMax, fit_least_error
from ...quantize.training import (
    Rounded,
    observe,
    rounded_points,
    weight_names,
    weight_rule,
)
from ...train import data, loop, losses, small
from ...train.network import Network
from ...train.optimisers import Adam

WIDTHS = (8, 7, 6, 5, 4, 3, 2, 1)
TUNED = (4, 3, 2, 1)
HIDDEN, EPOCHS, BATCH, RATE = (64, 32), 60, 64, 2e-3
TUNING_EPOCHS, TUNING_RATE = 30, 1e-3
# hidden layers of an FP16 network that takes no more bytes
RIVALS = {8: (36, 23), 4: (20, 16), 2: (12, 10), 1: (8, 4)}
# hidden layers of a 4-bit network that takes no more bytes
NARROWER = {2: (39, 20), 1: (25, 12)}
VARIANTS = {
    "twice the epochs": {"epochs": 2 * EPOCHS},
    "half the rate": {"rate": RATE / 2},
    "twice the rate": {"rate": 2 * RATE},
    "twice the width": {"hidden": (128, 64)},
}


def trained(
    seed: int,
    hidden: tuple[int, int] = HIDDEN,
    *,
    epochs: int = EPOCHS,
    rate: float = RATE,
) -> tuple[Network, data.Split, list[float]]:
    """Return a perceptron trained on the digits, the split, and its test accuracies;
    the seed draws the weights, the split and the order of the examples.
    """
    digits = data.digits(seed=seed)
    net = Network(small.mlp(hidden), seed)
    seen = loop.fit(
        net, digits.train_x, digits.train_y, epochs=epochs, batch=BATCH,
        optimizer=Adam(rate), seed=seed, validation=(digits.test_x, digits.test_y),
    )  # fmt: skip
    return net, digits, seen.validation_accuracy


def bytes_of(net: Network, bits: int) -> float:
    """Return the bytes of a network's weights in so many bits, with an FP16 scale and
    an FP16 bias for each output.
    """
    sizes = {name: value.size for name, value in net.params.items()}
    names = weight_names(net)
    weights = sum(sizes[name] for name in names)
    outputs = sum(net.params[name].shape[0] for name in names)
    return weights * bits / 8 + 4 * outputs


def with_weights(
    net: Network, bits: int, *, axis: int | None = 0, clip: bool = True
) -> Rounded:
    """Return the network with all weights in so many bits."""
    rule = weight_rule(bits, axis=axis, clip=clip)
    return Rounded(net, weights=dict.fromkeys(weight_names(net), rule))


def with_activations(
    net: Network, bits: int, x: np.ndarray, *, clip: bool = True
) -> Rounded:
    """Return the network with its hidden activations in so many bits, calibrated on
    images.
    """
    scheme = Scheme(bits, signed=False, symmetric=False)
    seen = observe(net, x, lambda: MSE(scheme) if clip else MinMax())
    points = {name: seen[name].affine(scheme) for name in rounded_points(net)}
    return Rounded(net, activations=points)


def tuned(
    net: Rounded, digits: data.Split, seed: int, *, epochs: int = TUNING_EPOCHS
) -> Rounded:
    """Train a rounded network further, with the scales it starts from; signs take their
    scale anew at every step.
    """
    loop.fit(
        net, digits.train_x, digits.train_y, epochs=epochs, batch=BATCH,
        optimizer=Adam(TUNING_RATE), seed=seed + 1000,
    )  # fmt: skip
    return net


def with_frozen_weights(net: Network, bits: int) -> Rounded:
    """Return the network with weights in so many bits, by the scales that fit now."""
    if bits == 1:
        return with_weights(net, 1)
    scheme = Scheme(bits, narrow=True)
    rules = {
        name: fit_least_error(net.params[name], scheme, axis=0).round
        for name in weight_names(net)
    }
    return Rounded(net, weights=rules)


def of_seed(seed: int, *, tuning: bool = True) -> dict:
    """Return every accuracy of one seed: float, weights and activations at each width,
    tuned, clipped and not, mixed widths, and the rivals.
    """
    net, digits, curve = trained(seed)
    calibration, other = np.array_split(digits.train_x[:1024], 2)

    def share(one: Network) -> float:
        return loop.accuracy(one, digits.test_x, digits.test_y)

    def of_weights(**how: object) -> list[float]:
        return [share(with_weights(net, bits, **how)) for bits in WIDTHS]

    def of_activations(x: np.ndarray, clip: bool) -> list[float]:
        return [share(with_activations(net, b, x, clip=clip)) for b in WIDTHS]

    row = {
        "seed": seed,
        "float": share(net),
        "curve": [round(value, 4) for value in curve],
        "weights": of_weights(),
        "weights, range covered": of_weights(clip=False)[:-1],
        "weights, one scale": of_weights(axis=None),
        "weights, one scale, range covered": of_weights(axis=None, clip=False)[:-1],
        "activations": of_activations(calibration, True),
        "activations, other half": of_activations(other, True),
        "activations, range covered": of_activations(calibration, False),
        "mixed": mixed_against_uniform(net, digits),
    }
    if not tuning:
        return row
    row["weights, tuned"] = [
        share(tuned(with_frozen_weights(net, bits), digits, seed)) for bits in TUNED
    ]
    row["activations, tuned"] = [
        share(tuned(with_activations(net, bits, calibration), digits, seed))
        for bits in TUNED
    ]
    row["float, tuned"] = share(tuned(Rounded(net), digits, seed))
    row["narrower, 4 bits"] = [narrower(seed, pair) for pair in NARROWER.values()]
    row["rivals"] = [trained(seed, pair)[2][-1] for pair in RIVALS.values()]
    return row


def narrower(seed: int, hidden: tuple[int, int]) -> float:
    """Return the test accuracy of a narrower network with 4-bit weights, trained
    further while it is rounded.
    """
    net, digits, _ = trained(seed, hidden)
    one = tuned(with_frozen_weights(net, 4), digits, seed)
    return loop.accuracy(one, digits.test_x, digits.test_y)


def mixed_against_uniform(net: Network, digits: data.Split) -> dict:
    """Return test accuracy and loss for a mean of 3 and of 2 bits a weight: the same
    width everywhere, and widths chosen by a scan of the training loss.
    """

    def loss(one: Network, x: np.ndarray, y: np.ndarray) -> float:
        return losses.softmax_cross_entropy(one.forward(x), y)[0]

    def on_training(one: Network) -> float:
        return loss(one, digits.train_x, digits.train_y)

    costs = mixed.scan(net, on_training, range(1, 9))
    sizes = {name: net.params[name].size for name in costs}
    found = {}
    for bits in (3, 2):
        chosen = mixed.choose(costs, sizes, bits)
        for name, one in (
            ("uniform", with_weights(net, bits)),
            ("mixed", mixed.mixed(net, chosen)),
        ):
            found[f"{name} {bits}"] = {
                "accuracy": loop.accuracy(one, digits.test_x, digits.test_y),
                "loss": round(loss(one, digits.test_x, digits.test_y), 4),
            }
        found[f"mixed {bits}"]["widths"] = list(chosen.values())
    return found


def variant(seed: int, **how: object) -> dict:
    """Return accuracies of a network trained in another way: float, and with 4, 3 and 2
    bits for its weights and for its activations.
    """
    net, digits, _ = trained(seed, **how)
    x = digits.train_x[:512]

    def share(one: Network) -> float:
        return loop.accuracy(one, digits.test_x, digits.test_y)

    return {
        "float": share(net),
        "weights": [share(with_weights(net, bits)) for bits in (4, 3, 2)],
        "activations": [share(with_activations(net, bits, x)) for bits in (4, 3, 2)],
    }
