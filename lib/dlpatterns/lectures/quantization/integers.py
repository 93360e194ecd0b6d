"""The lecture's network as integers: layer by layer, a rescaling step by step, and
three rules of rounding that disagree.
"""

from functools import cache

import numpy as np

from ... import show
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


# --- Step by step ---------------------------------------------------------------------

STEPS = ("sum", "times multiplier", "high half", "shift right", "zero point", "clip")


def rescaling(step: int, number: int, rounding: str) -> show.Frame:
    """Show a sum of the first neuron on its way to a code, up to a step."""
    scale = float(real_scales()[0])
    multiplier, shift = fixed.quantise_multiplier(scale)
    out = converted().steps[1].out
    rows = (
        _double(number, multiplier, shift)
        if rounding == "double"
        else _single(number, multiplier, shift)
    )
    zero = int(out.zero_point)
    code = rows[-1]["value"] + zero
    rows.append({"step": f"add the zero point {zero}", "value": code})
    rows.append({"step": "clip, ReLU with it", "value": int(np.clip(code, zero, 127))})
    caption = (
        f"{number:,} x {scale:.6f} = {number * scale:.4f}. In integers: multiplier "
        f"{multiplier:,}, shift {shift}, rule {rounding}; step {step} of {len(rows)}."
    )
    shown = [row if i < step else row | {"value": None} for i, row in enumerate(rows)]
    return show.frame(caption=caption, rows=shown)


def _double(number: int, multiplier: int, shift: int) -> list[dict]:
    high = int(fixed.saturating_rounding_doubling_high_mul(number, multiplier))
    low = int(fixed.rounding_divide_by_pot(high, -shift))
    return [
        {"step": "int32 sum, bias in it", "value": number},
        {"step": "times the multiplier, 64 bits", "value": number * multiplier},
        {"step": "doubled high half, rounded once", "value": high},
        {"step": f"shifted right by {-shift}, rounded again", "value": low},
    ]


def _single(number: int, multiplier: int, shift: int) -> list[dict]:
    total = 31 - shift
    half = number * multiplier + (1 << (total - 1))
    return [
        {"step": "int32 sum, bias in it", "value": number},
        {"step": "times the multiplier, 64 bits", "value": number * multiplier},
        {"step": f"plus a half, 2^{total - 1}", "value": half},
        {"step": f"shifted right by {total}, rounded once", "value": half >> total},
    ]


def telling_sum() -> int:
    """Return the smallest positive sum of the first neuron that the two rules take to
    different codes.
    """
    pair = fixed.quantise_multiplier(float(real_scales()[0]))
    sums = np.arange(1, 200_000)
    apart = fixed.requantize(sums, *pair, "double") != fixed.requantize(
        sums, *pair, "single"
    )
    return int(sums[apart][0])
