"""Networks with convolutions, a plain one and one with shortcuts: accuracy against
bits, one seed at a time, and integer kernels beside the float layers.
"""

import numpy as np

from ...quantize import network as integers
from ...quantize.training import Rounded
from ...train import data, loop, small
from ...train.network import Network
from ...train.optimisers import Adam
from . import bits

MODELS = {
    "perceptron": lambda: small.mlp(bits.HIDDEN),
    "CNN": small.cnn,
    "residual": small.residual,
}
WIDTHS, TUNED = (8, 4, 3, 2, 1), {"CNN": (4, 2), "residual": (4,)}
RATES = {"CNN": 2e-3, "residual": 5e-3}
# at the rate, and at a tenth of it
EPOCHS = {"CNN": (30, 10), "residual": (20, 8)}
TUNING_EPOCHS = 15
# found on seeds that are not among the ten: scales fitted anew before every epoch, the
# last third at a tenth of the rate
TUNING_RATE, TUNING_PARTS = 3e-3, (20, 10)


def trained(name: str, seed: int) -> tuple[Network, data.Split, list[float]]:
    """Return a network trained on the digits, its batch norms in its convolutions, the
    split, and its test accuracies; the seed draws the weights, the split and the order.
    """
    if name == "perceptron":
        return bits.trained(seed)
    digits, curve = data.digits(seed=seed), []
    net = Network(MODELS[name](), seed)
    for part, epochs in enumerate(EPOCHS[name]):
        seen = loop.fit(
            net, digits.train_x, digits.train_y, epochs=epochs, batch=bits.BATCH,
            optimizer=Adam(RATES[name] / 10**part), seed=seed + 2000 * part,
            validation=(digits.test_x, digits.test_y),
        )  # fmt: skip
        curve += seen.validation_accuracy
    return integers.fold(net), digits, curve


def of_seed(name: str, seed: int) -> dict:
    """Return the accuracies of one network and seed: float, with few bits for weights
    or activations, tuned; and what its integer kernels do.
    """
    net, digits, curve = trained(name, seed)
    row = {"network": name, "seed": seed, "curve": [round(one, 4) for one in curve]}
    if name in TUNED:
        row |= few_bits(net, digits) | tuned(net, digits, seed, TUNED[name])
    return row | as_integers(net, digits)


def few_bits(net: Network, digits: data.Split) -> dict:
    """Return accuracies at every width, weights or activations rounded."""
    x = digits.train_x[:512]
    return {
        "weights": [_share(bits.with_weights(net, b), digits) for b in WIDTHS],
        "activations": [
            _share(bits.with_activations(net, b, x), digits) for b in WIDTHS
        ],
    }


def tuned(net: Network, digits: data.Split, seed: int, widths: tuple) -> dict:
    """Return accuracies with weights trained further while they are rounded."""
    starts = [bits.with_frozen_weights(net, b) for b in widths]
    ends = [bits.tuned(one, digits, seed, epochs=TUNING_EPOCHS) for one in starts]
    return {"weights, tuned": [_share(one, digits) for one in ends]}


def tuned_in_parts(net: Network, digits: data.Split, seed: int, width: int) -> Rounded:
    """Return a network trained further with its weights in so many bits, as a rival to
    `tuned`: scales are fitted anew before every epoch, and the rate falls.
    """
    one = bits.with_frozen_weights(net, width)
    for part, epochs in enumerate(TUNING_PARTS):
        adam = Adam(TUNING_RATE / 10**part)
        for epoch in range(epochs):
            one.weights = bits.with_frozen_weights(one, width).weights
            loop.fit(
                one, digits.train_x, digits.train_y, epochs=1, batch=bits.BATCH,
                optimizer=adam, seed=seed + 1000 * (part + 1) + epoch,
            )  # fmt: skip
    return one


def _share(net: Network, digits: data.Split) -> float:
    return loop.accuracy(net, digits.test_x, digits.test_y)


def as_integers(net: Network, digits: data.Split) -> dict:
    """Return accuracy in float and in integers, how many test images change class, and
    the noise of every kernel.
    """
    one = integers.convert(net, digits.train_x)
    both = [loop.predict(each, digits.test_x) for each in (net, one)]
    shares = [float(np.mean(answers == digits.test_y)) for answers in both]
    return {
        "float": shares[0],
        "integers": shares[1],
        "images": len(digits.test_x),
        "changed": int((both[0] != both[1]).sum()),
        "kernels": [
            {"layer": row["layer"], "kernel": row["kernel"]}
            | {"dB": round(row["SNR (dB)"], 2)}
            | {"steps": round(row["worst error (steps)"], 2)}
            for row in integers.report(net, one, digits.test_x)
            if row["kernel"] != "Flatten"
        ],
    }
