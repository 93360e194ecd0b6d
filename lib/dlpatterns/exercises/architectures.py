"""Exercises of the lecture on architectures: from a weighted sum to four kinds of
layer.
"""

import numpy as np

from ._tasks import Formula, Function, Value, Words, call


def _networks(rng):
    """Yield two-layer perceptrons: inputs and hidden units of different sizes, with
    some negative sums.
    """
    for examples, inputs, hidden, outputs in ((2, 3, 4, 2), (1, 5, 3, 4), (4, 2, 6, 3)):
        shapes = {
            "x": (examples, inputs),
            "w1": (hidden, inputs),
            "b1": hidden,
            "w2": (outputs, hidden),
            "b2": outputs,
        }
        yield call(
            **{
                name: np.round(rng.normal(size=shape), 2)
                for name, shape in shapes.items()
            }
        )


def forward(x, w1, b1, w2, b2):
    return np.maximum(x @ w1.T + b1, 0) @ w2.T + b2


def _no_bend(x, w1, b1, w2, b2):
    return (x @ w1.T + b1) @ w2.T + b2


def _bend_everywhere(x, w1, b1, w2, b2):
    return np.maximum(forward(x, w1, b1, w2, b2), 0)


def _no_bias(x, w1, b1, w2, b2):
    return np.maximum(x @ w1.T, 0) @ w2.T


def _budgets(rng):
    """Yield counts of MACs, other operations and activations, and a share; the first
    without activations.
    """
    yield call(1000.0, 10.0, 0.0, 0.9)
    for _ in range(10):
        macs, rest, activations = (
            float(rng.integers(1, top)) for top in (10**6, 99, 99)
        )
        yield call(macs + 1e5, rest, activations, float(rng.choice([0.5, 0.8, 0.9])))


def dearest(macs, rest, activations, share):
    if activations == 0:
        return float("inf")
    return (macs * (1 - share) / share - rest) / activations


def _rest_forgotten(macs, rest, activations, share):
    return dearest(macs, 0, activations, share)


def _share_of_macs_alone(macs, rest, activations, share):
    return dearest(macs * share, rest, activations, share)


TASKS = {
    "smallest_fan_in": Value(
        28,
        title="When is it more than nine tenths?",
        explanation="D / (D + 3) > 0.9 means D > 27.",
        solution="28",
        expects="the smallest whole number of MACs an output value, here called fan-in",
        mistakes=[
            (
                27,
                (
                    "With 27 the share is 90 % to the digit; the claim says more than "
                    "90 "
                    "%."
                ),
            ),
            (
                19,
                (
                    "That is a layer with two other operations a value; batch "
                    "normalisation and ReLU make three."
                ),
            ),
            (14, "You counted a MAC as two operations; here it is one."),
        ],
        why=(
            "A 3 x 3 depthwise filter has a fan-in of 9 and misses the mark; the "
            "same filter over 4 channels meets it."
        ),
    ),
    "dearest": Function(
        dearest,
        _budgets,
        title="How dear may an activation be?",
        explanation=(
            "All operations may be MACs / share. What is left beside the MACs and the "
            "rest is for the activations."
        ),
        expects="the cost of an activation, in operations, as a number",
        mistakes=[
            (
                _rest_forgotten,
                "The other operations use up a part of what the MACs leave.",
            ),
            (
                _share_of_macs_alone,
                "All operations are MACs / share; take the MACs off, not a tenth of "
                "them.",
            ),
            (
                lambda macs, rest, activations, share: (
                    float("inf")
                    if activations == 0
                    else dearest(macs, rest, activations, share) * activations
                ),
                "That is what all activations may cost together; divide by how many "
                "there are.",
            ),
        ],
        why=(
            "The claim has a margin that can be computed: 2.6 operations for the "
            "tightest of the networks here, less than a SiLU costs."
        ),
        points=2,
    ),
    "weight_reuse": Formula(
        "N * P * Q",
        title="How often is a weight used?",
        explanation="N M P Q C R S MACs, over M C R S weights.",
        where={
            "N": range(1, 9),
            "C": range(1, 9),
            "M": range(1, 9),
            "R": range(1, 6),
            "S": range(1, 6),
            "P": range(2, 20),
            "Q": range(2, 20),
        },
        expects="MACs per weight as a formula in some of N, C, M, R, S, P, Q",
        mistakes=[
            ("P * Q", "The batch uses the same weights once more for each example."),
            (
                "N * M * P * Q",
                (
                    "Every filter has weights of its own, so M stands in the MACs and "
                    "in "
                    "the weights."
                ),
            ),
            (
                "N * P * Q * R * S",
                "R and S stand in the MACs and in the weights: they cancel.",
            ),
            (
                "N * M * C * R * S * P * Q",
                "Those are the MACs; divide by the number of weights.",
            ),
        ],
        why=(
            "A weight of a convolution is used once for each place it is slid to: "
            "the map, not the filter, decides."
        ),
    ),
    "forward": Function(
        forward,
        _networks,
        title="A network in one line",
        explanation="Two products, and one ReLU between them.",
        expects="an array of shape (examples, outputs)",
        mistakes=[
            (_no_bend, "Without the ReLU between them, two layers are one."),
            (_bend_everywhere, "The last layer has no ReLU: a score may be negative."),
            (_no_bias, "Both layers add their bias."),
        ],
        why=(
            "Two matrix products and one comparison a hidden value: the whole "
            "network is written in one line."
        ),
        points=2,
    ),
    "pitch": Words(
        title="A sales pitch",
        answer=(
            "It assumes that the 90 % are of the time, and that the old machine did "
            "nothing at the same time. If 90 % of the time went to MACs, a "
            "hundredfold matrix unit would give 1 / (0.1 + 0.009), about nine; of "
            "operations, 90 % say nothing about time at all. Where 61 % of the time "
            "goes to MACs, as in the layer of BERT above, even an infinite matrix unit "
            "gives 1 / 0.39, about 2.6. Ask for the time of one whole network, layer "
            "by layer, fused, and for the bytes it moves."
        ),
    ),
}
