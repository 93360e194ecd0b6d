"""Exercises of the lecture on what training costs: growth, passes, memory, and the
clock.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, call


def _growths(rng):
    yield call(2012, 1e18, 2013, 4e18)
    for _ in range(10):
        start, years = int(rng.integers(1950, 2015)), int(rng.integers(1, 40))
        yield call(
            start,
            float(10.0 ** rng.uniform(3, 18)),
            start + years,
            float(10.0 ** rng.uniform(19, 26)),
        )


def doubling(year0, flop0, year1, flop1):
    """Return the months in which compute doubles."""
    return 12 * (year1 - year0) / np.log2(flop1 / flop0)


def _runs(rng):
    yield call(65.2e9, 1.4e12, 1e6, 312e12)
    for _ in range(9):
        params, tokens = 10.0 ** rng.uniform(8, 12, size=2)
        peak = 10.0 ** rng.uniform(13, 15)
        hours = 6 * params * tokens / peak / 3600 / rng.uniform(0.2, 0.6)
        yield call(float(params), float(tokens), float(hours), float(peak))


def utilisation(params, tokens, device_hours, peak):
    """Divide six FLOP for each parameter and token by what the devices could do."""
    return 6 * params * tokens / (device_hours * 3600 * peak)


TASKS = {
    "doubling": Function(
        doubling,
        _growths,
        title="How fast does it double?",
        explanation=(
            "The number of doublings is the logarithm, to base two, of the growth; the "
            "months are shared among them."
        ),
        expects="the doubling time in months, a number",
        mistakes=[
            (
                lambda *a: doubling(*a) / 12,
                "Those are years; the question asks for months.",
            ),
            (
                lambda *a: doubling(*a) / np.log(2),
                "You took the natural logarithm; a doubling is a step of log2.",
            ),
            (
                lambda *a: doubling(*a) / np.log10(2),
                "You took log10, which counts tenfold steps; take log2.",
            ),
            (
                lambda *a: 1 / doubling(*a),
                "Those are doublings a month; turn the fraction over.",
            ),
        ],
        why=(
            "Growth over decades is told in doublings: with it, a chip's "
            "transistors and a run's compute share one scale."
        ),
    ),
    "epoch_macs": Value(
        1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10),
        title="An epoch of training",
        explanation=(
            "Forward and the gradients of the weights use every weight once; the "
            "gradient of the hidden units uses the weights of the output layer once "
            "more."
        ),
        solution="1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10)",
        expects="the number of MACs, a whole number",
        mistakes=[
            (
                1347 * 3 * (64 * 32 + 32 * 10),
                "That computes the gradient of the pixels, which nobody needs.",
            ),
            (
                6 * 2410 * 1347,
                (
                    "That is the rule of six: it counts FLOP, biases, and the "
                    "gradient of "
                    "the pixels."
                ),
            ),
            (3 * 2410 * 1347, "That counts biases and the gradient of the pixels."),
            (1347 * (64 * 32 + 32 * 10), "That is the forward pass alone."),
            (
                2 * 1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10),
                "That is FLOP; a MAC is one multiplication with its addition.",
            ),
            (
                2 * (64 * 32 + 32 * 10) + 32 * 10,
                "That is one example; the epoch has 1347.",
            ),
            (
                1347 * 2 * (64 * 32 + 32 * 10),
                "The hidden units need their gradient too: one more product.",
            ),
        ],
        why=(
            "Backward costs little more than forward here, because most weights "
            "sit in the first layer."
        ),
    ),
    "run_macs": Formula(
        "D * N * U * (3 - s)",
        where={
            "N": range(1, 1000),
            "D": range(1, 1000),
            "U": range(1, 200),
            "s": [0.01, 0.05, 0.1, 0.25, 0.5, 0.9],
        },
        title="A better rule than six",
        explanation=(
            "One forward is N × U MACs; backward is two more, less the share of the "
            "first layer."
        ),
        expects="MACs as a formula in N, U, s and D",
        mistakes=[
            (
                "6 * D * N * U",
                (
                    "Six counts FLOP; a MAC is two. And the first layer owes one "
                    "product "
                    "less."
                ),
            ),
            ("6 * D * N", "That is the rule of six: FLOP, no sharing, no first layer."),
            (
                "3 * D * N * U",
                "The first layer owes one product less: nothing below it is trained.",
            ),
            ("D * N * U * (2 - s)", "That is the backward pass; add the forward one."),
            ("D * N * (3 - s)", "Each weight is used U times for an example."),
            ("2 * D * N * U * (3 - s)", "That is FLOP; a MAC is two of them."),
        ],
        why=(
            "With U = 1 and a small s it is the rule of thumb for language "
            "models; with U around 160 it is ResNet-50."
        ),
    ),
    "state_bytes": Formula(
        "16 * N",
        where={"N": range(1, 10**9, 12345)},
        title="Before the first example",
        explanation=(
            "A weight, its gradient and two running averages: four values of four "
            "bytes for each parameter."
        ),
        expects="bytes as a formula in N",
        mistakes=[
            ("4 * N", "Those are the weights alone."),
            ("8 * N", "Those are weights and gradients; Adam remembers two more."),
            ("12 * N", "Weights, gradients, and how many values does Adam remember?"),
            (
                "4 * N + 16",
                "Each parameter has a gradient and two averages of its own.",
            ),
            ("4 * N * 8", "Four values a parameter, of four bytes each."),
        ],
        why=(
            "Seventy billion parameters are more than a terabyte before the first "
            "activation: no accelerator holds it, so training is cut into pieces."
        ),
    ),
    "utilisation": Function(
        utilisation,
        _runs,
        title="Ask the clock",
        explanation=(
            "What the rule of six asks for, over what all devices could do at their "
            "peak in all their hours."
        ),
        expects="a share between 0 and 1",
        mistakes=[
            (
                lambda p, n, h, peak: utilisation(p, n, h, peak) * 3600,
                "The peak is per second: turn the hours into seconds.",
            ),
            (
                lambda p, n, h, peak: utilisation(p, n, h, peak) / 2,
                "Three passes of two FLOP a MAC are six FLOP, not three.",
            ),
            (
                lambda p, n, h, peak: utilisation(p, n, h, peak) / 3,
                "That is the forward pass; training is three of them.",
            ),
            (
                lambda p, n, h, peak: 1 / utilisation(p, n, h, peak),
                "Turn the fraction over: what was done over what could have been.",
            ),
            (
                lambda p, n, h, peak: 100 * utilisation(p, n, h, peak),
                "Give a share, not a percentage.",
            ),
        ],
        why=(
            "The clock doesn't know the rule of six, so this share can contradict it: "
            "above one, either the count or the hours are wrong."
        ),
    ),
}
