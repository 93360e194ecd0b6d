"""Exercises of the lecture on training for few bits: what training holds, where updates
stall, two kernels, and a rule that an optimiser makes needless.
"""

import math

from dlpatterns.exercises._tasks import Choice, Formula, Function, Value, call


def _words(rng):
    """Yield pairs of words of signs, short and long, alike and opposite."""
    yield call(0b101, 0b111, 3)
    yield call(0, 0, 8)
    yield call(0, 255, 8)
    yield call(0b1010, 0b0101, 7)
    for _ in range(8):
        length = int(rng.integers(1, 63))
        a, b = (int(rng.integers(0, 2**length)) for _ in range(2))
        yield call(a, b, length)


def xnor(a, b, length):
    return length - 2 * (a ^ b).bit_count()


def _only_alike(a, b, length):
    return length - (a ^ b).bit_count()


def _other_sign(a, b, length):
    return 2 * (a ^ b).bit_count() - length


def _both_ones(a, b, length):
    return 2 * (a & b).bit_count() - length


def _whole_word(a, b, length):
    return 64 - 2 * (a ^ b).bit_count()


def _draws(rng):
    """Yield numbers on both sides of zero with a step and a draw from 0 to 1."""
    yield call(0.3, 1.0, 0.5)
    yield call(0.3, 1.0, 0.8)
    yield call(-0.3, 1.0, 0.5)
    yield call(-0.3, 1.0, 0.2)
    yield call(2.0, 0.5, 0.9)
    for _ in range(8):
        value, draw = float(rng.normal(0, 2)), float(rng.random())
        yield call(value, 2.0 ** -int(rng.integers(0, 5)), draw)


def stochastic(x, step, draw):
    return math.floor(x / step + draw) * step


def _nearest(x, step, draw):
    return round(x / step) * step


def _towards_zero(x, step, draw):
    return int(x / step + draw) * step


def _fair_coin(x, step, draw):
    return (math.floor(x / step) + (draw >= 0.5)) * step


def _in_steps(x, step, draw):
    return math.floor(x / step + draw)


TASKS = {
    "training_state": Formula(
        answer="12*W/(W/8 + 2*M)",
        where={"W": range(256, 65537, 64), "M": range(8, 257)},
        title="What training holds",
        explanation=(
            "Latent weight and two means of Adam are 12 bytes a weight; deployed are "
            "one bit a weight and two bytes an output."
        ),
        expects="the factor as a formula in W and M",
        mistakes=[
            ("96", "The scales are deployed as well: two bytes an output."),
            ("4*W/(W/8 + 2*M)", "Adam remembers two more numbers for every weight."),
            ("(W/8 + 2*M)/(12*W)", "The factor is asked the other way round."),
            ("12*W/(W + 2*M)", "A sign takes one bit, an eighth of a byte."),
        ],
        why=(
            "Few bits are a promise to the one who infers. Who trains holds full "
            "precision, and more of it than the float network needs."
        ),
    ),
    "stall": Value(
        answer=1 / 256,
        title="Where updates stall",
        explanation=(
            "An update that is smaller than half a step is rounded back to where it "
            "came from. Half of 1/128 is 1/256, about 0.0039."
        ),
        solution="1 / 256",
        expects="a number, the largest update that is lost",
        mistakes=[
            (1 / 128, "That is a whole step; rounding to nearest needs half of one."),
            (1 / 512, "Half a step of 1/128 is 1/256."),
            (1 / 254, "The grid's step is 1/128, whatever codes are left out."),
        ],
        why=(
            "A rate that falls to zero, as good ones do, falls below half a step on "
            "its way: with rounding to nearest, that is where training ends."
        ),
    ),
    "xnor": Function(
        reference=xnor,
        cases=_words,
        title="Write the kernel",
        explanation=(
            "Ones of the exclusive or are places that differ. Each takes one from the "
            "number of alike places and adds one to the others."
        ),
        expects="a whole number from -length to length",
        mistakes=[
            (_only_alike, "That counts the places alike; those that differ count -1."),
            (_other_sign, "Alike places are +1, and places that differ -1."),
            (_both_ones, "Two minus signs make +1 as well: use the exclusive or."),
            (_whole_word, "Only `length` bits of the word are signs."),
        ],
        why=(
            "64 multiplications and 63 additions in one exclusive or, one count and "
            "one subtraction."
        ),
        points=2,
    ),
    "stochastic": Function(
        reference=stochastic,
        cases=_draws,
        title="Round by chance",
        explanation=(
            "Add the draw, a number from 0 to 1, to the number of steps and round down."
        ),
        expects="a number, a whole multiple of the step",
        mistakes=[
            (_nearest, "That never moves a small update; the draw must decide."),
            (_towards_zero, "`int` rounds towards zero; below zero that goes up."),
            (_fair_coin, "Up with the probability of the remainder, not of a half."),
            (_in_steps, "Return the value, not the number of steps."),
        ],
        why=(
            "One random number and one adder beside the memory's port, and an "
            "eight-bit weight learns as if it had more bits."
        ),
        points=2,
    ),
    "own_rate": Choice(
        "b",
        wrong={
            "a": "Distances have a gradient in both cases, the same one.",
            "c": "Both runs clip the gradient of the inputs, and it is not the point.",
            "d": "Batch norm is there with both optimisers; its gradient is small.",
        },
        title="A rule that is not needed",
        expects="a letter from a to d, in quotes",
        explanation=(
            "Adam divides every gradient by its own size. A factor a layer, which is "
            "all that AdderNet's rule sets, cancels."
        ),
        why=(
            "Before you build a rule into a chip, ask which optimiser it was made for."
        ),
    ),
}
