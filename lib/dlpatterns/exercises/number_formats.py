"""Exercises of the lecture on number formats: a row of bits, a formula, a decoder, a
shared scale, and a question in words.
"""

import math

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _codes(rng):
    """Yield codes of several formats: ordinary ones, subnormals, zeros, the edges."""
    for code in (0b0_01111_1000000000, 0b1_00000_0000000001, 0, 0x8000, 0x7C00, 0x7E00):
        yield call(code, 5, 10)
    for code in (0b0_11110_11, 0b1_00000_10, 0b0_11111_00, 0b1_11111_01):
        yield call(code, 5, 2)
    for code in rng.integers(0, 256, 12):
        yield call(int(code), 4, 3)


def decode(code, e, m):
    sign, body = divmod(code, 2 ** (e + m))
    field, mantissa = divmod(body, 2**m)
    bias = 2 ** (e - 1) - 1
    if field == 2**e - 1:
        size = math.nan if mantissa else math.inf
    elif field == 0:
        size = mantissa * 2.0 ** (1 - bias - m)
    else:
        size = (2**m + mantissa) * 2.0 ** (field - bias - m)
    return -size if sign else size


def _parts(code, e, m):
    sign, body = divmod(code, 2 ** (e + m))
    return sign, *divmod(body, 2**m), 2 ** (e - 1) - 1


def _without_subnormals(code, e, m):
    sign, field, mantissa, bias = _parts(code, e, m)
    if field == 2**e - 1:
        return decode(code, e, m)
    size = (2**m + mantissa) * 2.0 ** (field - bias - m)
    return -size if sign else size


def _exponent_of_zero(code, e, m):
    sign, field, mantissa, bias = _parts(code, e, m)
    if field:
        return decode(code, e, m)
    size = mantissa * 2.0 ** (-bias - m)
    return -size if sign else size


def _without_infinities(code, e, m):
    sign, field, mantissa, bias = _parts(code, e, m)
    if field != 2**e - 1:
        return decode(code, e, m)
    size = (2**m + mantissa) * 2.0 ** (field - bias - m)
    return -size if sign else size


def _even_bias(code, e, m):
    return decode(code, e, m) / 2 if abs(decode(code, e, m)) < math.inf else math.nan


def _blocks(rng):
    """Yield blocks of 32: of many sizes, with a largest that is a power of two."""
    yield call(np.r_[8.0, np.ones(31)])
    yield call(np.r_[-7.99, np.ones(31)])
    yield call(np.r_[0.3, np.zeros(31)])
    yield call(np.r_[6.0, np.full(31, -0.1)])
    for size in (-20, -3, 0, 4, 30):
        yield call(np.round(rng.normal(size=32), 3) * 2.0**size)


def scale(block):
    return int(np.frexp(np.abs(block).max())[1]) - 1 - 2


def _rounded_log(block):
    return round(float(np.log2(np.abs(block).max()))) - 2


def _signed_largest(block):
    top = block.max()
    return int(np.frexp(top)[1]) - 3 if top > 0 else -127


def _no_top(block):
    return scale(block) + 2


def _fits_largest(block):
    return math.ceil(math.log2(np.abs(block).max() / 6))


TASKS = {
    "bits": Value(
        answer=-11.0,
        title="Read a row of bits",
        explanation=(
            "The sign is 1. The exponent's field is 18, less the bias of 15 is 3. The "
            "mantissa is 384 of 1,024: 1 + 3/8. So −(1 + 3/8) × 2³."
        ),
        solution="-(1 + 384 / 1024) * 2 ** (18 - 15)",
        expects="the number, with its sign",
        mistakes=[
            (11.0, "The first bit is the sign."),
            (-3.0, "A normal number has a leading 1 before its mantissa."),
            (-2.75, "FP16's bias is 15: 2 to the power of (field − 15)."),
            (-5.5, "The bias is 2^(e − 1) − 1, not 2^(e − 1)."),
            (-352256.0, "Subtract the bias from the exponent's field."),
        ],
        why=(
            "A core dump, a corrupted checkpoint, a bit flipped by a particle: reading "
            "them begins here."
        ),
    ),
    "largest": Formula(
        answer="(2 - 2**(-m)) * 2**(2**(e - 1) - 1)",
        where={"e": range(2, 9), "m": range(1, 24)},
        title="The largest number",
        explanation=(
            "The top field is kept for infinity and NaN, so the largest field is "
            "2^e − 2; less the bias, 2^(e − 1) − 1. All ones in the mantissa are "
            "2 − 2^(−m)."
        ),
        expects="the largest number as a formula in e and m",
        mistakes=[
            (
                "(2 - 2**(-m)) * 2**(2**(e - 1))",
                "That exponent's field is all ones, which means infinity or NaN.",
            ),
            (
                "2**(2**(e - 1) - 1)",
                "The mantissa may be all ones: nearly a factor of 2 more.",
            ),
            (
                "2 * 2**(2**(e - 1) - 1)",
                "The next number would be that; the last one is one step below.",
            ),
            (
                "(1 - 2**(-m)) * 2**(2**(e - 1) - 1)",
                "A normal number has a leading 1.",
            ),
        ],
        why=(
            "One bit more of exponent squares the range. One bit more of mantissa "
            "hardly moves the largest number: it halves every step."
        ),
    ),
    "decode": Function(
        reference=decode,
        cases=_codes,
        title="Write the decoder",
        explanation=(
            "Cut the code into its fields, then ask for the three cases: the top "
            "field, the bottom field, all others."
        ),
        expects="a number, perhaps infinite or NaN",
        mistakes=[
            (
                _without_subnormals,
                "Where the exponent's field is 0 there is no leading 1.",
            ),
            (
                _exponent_of_zero,
                "A subnormal has the exponent of the smallest normal: 1 − bias.",
            ),
            (_without_infinities, "The top field means infinity or NaN."),
            (_even_bias, "The bias is 2^(e − 1) − 1."),
        ],
        why=(
            "A decoder in hardware is these three cases: a few gates for the fields, "
            "and most of the trouble in the bottom one."
        ),
    ),
    "scale": Function(
        reference=scale,
        cases=_blocks,
        title="A shared scale",
        explanation=(
            "The largest magnitude's exponent, rounded down, less the exponent of the "
            "element's largest: 6 lies in [4, 8), so 2."
        ),
        expects="a whole number, the exponent of the scale",
        mistakes=[
            (_rounded_log, "OCP's rule takes the floor of the logarithm."),
            (
                _signed_largest,
                "Take the largest magnitude: negative numbers count too.",
            ),
            (_no_top, "The largest should come into the element's top binade, [4, 8)."),
            (
                _fits_largest,
                "OCP's rule doesn't ask whether the largest fits; what is above 6 "
                "saturates.",
            ),
        ],
        why=(
            "Finding this exponent needs only the exponents of 32 numbers: a "
            "comparison tree, and no division."
        ),
    ),
    "advice": Words(
        title="Which format?",
        answer=(
            "First ask what fails. If gradients become zero or infinite, range is "
            "missing: multiply the loss by a power of two inside the format's window, "
            "or take BF16 and stop thinking about it. If the loss falls and then "
            "stands still while the gradients are healthy, the updates are below half "
            "a step of the weights: keep the weights in FP32, or round them "
            "stochastically. E5M2 does not help there, it has fewer mantissa bits "
            "than E4M3; with everything in 8 bits E4M3 was ahead in the lecture. "
            "The cheapest test of all: count the zeros and infinities among the "
            "gradients, and the updates that changed no weight."
        ),
    ),
}
