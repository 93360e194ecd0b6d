"""Exercises of the lecture on quantisation: bits with their scales, exact sums, a scale
and a zero point, a rescaling, and a prefill that got slower.
"""

import numpy as np

from dlpatterns.exercises._tasks import Choice, Formula, Function, Value, call


def _ranges(rng):
    """Yield ranges on both sides of zero, on one side, and widths in bits."""
    yield call(-1.0, 3.0, 8)
    yield call(2.0, 6.0, 8)
    yield call(-6.0, -2.0, 4)
    for _ in range(8):
        low, high = sorted(float(x) for x in np.round(rng.normal(0, 3, 2), 3))
        yield call(low, high, int(rng.integers(2, 9)))


def affine(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)


def _zero_outside(low, high, bits):
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)


def _one_step_more(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 2**bits
    return scale, round(-low / scale)


def _mirrored(low, high, bits):
    top = max(abs(low), abs(high))
    return 2 * top / (2**bits - 1), 2 ** (bits - 1)


def _not_whole(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1)
    return scale, -low / scale


def _sums(rng):
    """Yield sums with multipliers and shifts, ties and negative numbers among them."""
    yield call(3, 2**30, 0)
    yield call(-3, 2**30, 0)
    yield call(5, 2**30, -1)
    yield call(6, 2**30, -1)
    yield call(-6, 2**30, -1)
    yield call(1000, 1_500_000_000, -9)
    for _ in range(10):
        total = int(rng.integers(-(10**6), 10**6))
        yield call(
            total, int(rng.integers(2**30, 2**31 - 1)), int(rng.integers(-12, 3))
        )


def rescale(total, multiplier, shift):
    places = 31 - shift
    return (total * multiplier + (1 << (places - 1))) >> places


def _cut(total, multiplier, shift):
    return (total * multiplier) >> (31 - shift)


def _wrong_way(total, multiplier, shift):
    places = 31 + shift
    return (total * multiplier + (1 << (places - 1))) >> places


def _twice(total, multiplier, shift):
    high = (total * 2 ** max(shift, 0) * multiplier + (1 << 30)) >> 31
    places = max(-shift, 0)
    return (high + (1 << places >> 1)) >> places


def _away(total, multiplier, shift):
    places = 31 - shift
    size = (abs(total) * multiplier + (1 << (places - 1))) >> places
    return size if total >= 0 else -size


TASKS = {
    "bits_a_weight": Formula(
        answer="B + (S + Z)/G",
        where={
            "B": range(2, 9),
            "S": range(8, 33),
            "Z": range(1, 9),
            "G": range(16, 257),
        },
        title="What four bits weigh",
        explanation=(
            "G weights share one scale and one zero point: each carries its own code "
            "and a G-th of both."
        ),
        expects="the bits a weight as a formula in B, S, Z and G",
        mistakes=[
            ("B", "The scale and the zero point have to be stored, too."),
            ("B + S/G", "The zero point of the group is stored as well."),
            ("B + S + Z", "Scale and zero point are shared by the G weights."),
            ("B*G + S + Z", "That is a whole group; divide by its weights."),
        ],
        why=(
            "Groups of 32 with an FP16 scale make 4 bits into 4.5: an eighth of the "
            "bytes is not weights."
        ),
    ),
    "exact_sums": Value(
        answer=2**24 // 127**2,
        title="How far does float32 count?",
        explanation=(
            "Every whole number up to 2^24 is exact in float32; K products of at most "
            "127 x 127 add up to at most K x 16,129."
        ),
        solution="2**24 // 127**2",
        expects="the number of products, a whole number",
        mistakes=[
            (2**24 // 128**2, "The codes reach 127 here, not 128."),
            (2**31 // 127**2, "That is the int32 accumulator; float32 has 24 bits."),
            (2**23 // 127**2, "The leading one is not stored, but it counts: 24 bits."),
            (2**53 // 127**2, "That is float64."),
        ],
        why=(
            "Cut the inner axis into pieces of that length, and the fast product of "
            "the BLAS library is an exact integer product."
        ),
    ),
    "affine": Function(
        reference=affine,
        cases=_ranges,
        title="A scale and a zero point",
        explanation=(
            "Widen the range until it holds zero; 2^bits codes have 2^bits - 1 steps "
            "between them; zero gets the code -low / scale, rounded."
        ),
        expects="a tuple of the scale and the zero point, a whole number",
        mistakes=[
            (_zero_outside, "A range on one side of zero is widened to hold zero."),
            (_one_step_more, "2^bits codes have one step fewer between them."),
            (_mirrored, "That is the symmetric scheme; this one uses both ends."),
            (_not_whole, "A zero point is a code, a whole number."),
        ],
        why=(
            "Zero must be exact: padding and ReLU write it more often than any other "
            "value."
        ),
        points=2,
    ),
    "rescale": Function(
        reference=rescale,
        cases=_sums,
        title="Write the kernel",
        explanation=(
            "Multiply in 64 bits, add half of what will be shifted out, and shift once."
        ),
        expects="a whole number",
        mistakes=[
            (_cut, "A bare shift rounds down; add a half first."),
            (_wrong_way, "A positive shift goes to the left: 31 - shift places."),
            (_twice, "Two roundings make ties of what was none; round once."),
            (_away, "This rule takes ties upward, for negative sums as well."),
        ],
        why=(
            "One multiplier, one adder, one shifter: the whole price of a real scale "
            "in an integer kernel, once an output and not once a MAC."
        ),
        points=2,
    ),
    "slower_prefill": Choice(
        "c",
        wrong={
            "a": "Codes are unpacked in both phases; decode got faster nonetheless.",
            "b": "A wider cache would slow decode as well, and the cache is the same.",
            "d": "Prefill reads each weight once for 512 tokens; bandwidth has room.",
        },
        title="Fewer bytes, fewer tokens",
        expects="a letter from a to d, in quotes",
        explanation=(
            "With 512 tokens each weight is used 512 times. Arithmetic is the limit, "
            "and unpacking adds to it; bytes saved are bytes nobody waited for."
        ),
        why=(
            "Ask which side of the ridge a phase stands on before you count the bytes "
            "that a format saves."
        ),
    ),
}
