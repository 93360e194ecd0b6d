"""The lecture's network as integers: layer by layer, and three rules of rounding that
disagree.
"""

from functools import cache

import numpy as np

from ...explore import rescale
from ...quantize import fixed, integer, network
from ...train import loop
from . import mapping

RULES = ("double", "single", "float32")


@cache
def converted(rounding: str = "double") -> network.IntegerNetwork:
    """Return the trained network as integers, calibrated on the training images."""
    net, digits = mapping.network()
    return network.convert(net, digits.train_x, rounding=rounding)


def layers() -> list[dict]:
    """Return the report of every kernel on the test images."""
    net, digits = mapping.network()
    rows = network.report(net, converted(), digits.test_x)
    return [row for row in rows if row["kernel"] != "Flatten"]


def accuracies() -> tuple[float, float]:
    """Return the test accuracy of the trained network and of the integer one."""
    net, digits = mapping.network()
    return tuple(
        loop.accuracy(one, digits.test_x, digits.test_y) for one in (net, converted())
    )


def changed() -> int:
    """Return how many of the test images get another class from the integers."""
    net, digits = mapping.network()
    both = [loop.predict(one, digits.test_x) for one in (net, converted())]
    return int((both[0] != both[1]).sum())


def accumulators() -> tuple[np.ndarray, float]:
    """Return all int32 sums of the first layer on the test images, and the scale that
    takes those of the first neuron to its codes.
    """
    _, digits = mapping.network()
    one = converted()
    codes = one.entrance.codes(digits.test_x).reshape(len(digits.test_x), -1)
    first = one.steps[1]
    total = integer.hoisted(
        codes, first.stored["weight"].T, int(one.entrance.zero_point), 0
    )
    return total + first.stored["bias"], real_scales()[0]


def real_scales() -> np.ndarray:
    """Return the real factors of the first layer's neurons, from sums to codes."""
    net, _ = mapping.network()
    one = converted()
    weight = np.abs(net.params["hidden1.weight"]).max(axis=1) / 127
    return weight * float(one.entrance.scale) / float(one.steps[1].out.scale)


def by_rule(rule: str) -> np.ndarray:
    """Return the first layer's sums, rescaled by a rule and not yet clipped.

    "float32" multiplies in float32 and rounds ties to even, as some kernels do.
    """
    total, _ = accumulators()
    if rule == "float32":
        scaled = total.astype(np.float32) * real_scales().astype(np.float32)
        return np.rint(scaled).astype(np.int64)
    pairs = fixed.quantise_multipliers(real_scales())
    return fixed.requantize(total, *pairs, rule)


def disagreements() -> list[dict]:
    """Return how many rescaled sums differ between each two rules, and by how much."""
    pairs = (("double", "single"), ("double", "float32"), ("single", "float32"))
    rows = []
    for first, second in pairs:
        apart = by_rule(first) - by_rule(second)
        rows.append(
            {
                "rules": f"{first}, {second}",
                "sums": apart.size,
                "differ": int((apart != 0).sum()),
                "in 10,000": 1e4 * float((apart != 0).mean()),
                "largest difference": int(np.abs(apart).max()),
            }
        )
    return rows


def expected_share() -> float:
    """Return the share of differing sums that the shifts predict: a second rounding
    with n bits behind the point meets a tie that the first has made with the chance
    2^-n, and half of those were below the tie before.
    """
    _, shifts = fixed.quantise_multipliers(real_scales())
    return float(np.mean(2.0 ** (shifts - 1.0)))


def after_all_layers() -> tuple[int, int, int]:
    """Return how many outputs of the whole network differ between both rules, of how
    many, and for how many images the class does.
    """
    _, digits = mapping.network()
    both = [converted(rule) for rule in fixed.RULES]
    last = both[0].steps[-1].name
    first, second = (one.codes(digits.test_x)[last] for one in both)
    classes = (first.argmax(1) != second.argmax(1)).sum()
    return int((first != second).sum()), first.size, int(classes)


def telling_sum() -> tuple[int, float]:
    """Return the first neuron's real scale, to three digits, and before it the smallest
    positive sum that the two rules take to different codes.
    """
    scale = float(f"{real_scales()[0]:.3g}")
    pair, sums = fixed.quantise_multiplier(scale), np.arange(1, 200_000)
    both = [fixed.requantize(sums, *pair, rule) for rule in fixed.RULES]
    return int(sums[both[0] != both[1]][0]), scale


def rescaled_in_the_page() -> None:
    """Show that sum, and let the reader change it."""
    rescale(*telling_sum())
