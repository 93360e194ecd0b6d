"""Exercises of the lecture on architectures: from a weighted sum to four kinds of
layer.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


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


def _filters(rng):
    yield call(np.array([3.0, 4.0]), 1.0)
    for _ in range(10):
        yield call(
            np.round(rng.normal(size=int(rng.integers(2, 12))), 2),
            float(rng.integers(1, 6)),
        )


def favourite_input(weight, size):
    return size * weight / np.linalg.norm(weight)


def _largest_alone(weight, size):
    return np.where(np.abs(weight) == np.abs(weight).max(), size * np.sign(weight), 0.0)


TASKS = {
    "batch_macs": Value(
        32 * 784 * 128,
        title="A batch of 32",
        explanation="Every example meets every weight once; biases are additions.",
        solution="32 * 784 * 128",
        expects="the number of MACs, a whole number",
        mistakes=[
            (784 * 128, "That is one example; the question asks for a batch of 32."),
            (
                2 * 32 * 784 * 128,
                (
                    "You counted multiplications and additions apart; a MAC is one of "
                    "each."
                ),
            ),
            (
                32 * (784 * 128 + 128),
                "You counted the biases; a bias is an addition, no MAC.",
            ),
            (32 * 784, "That is one neuron; the layer has 128."),
        ],
        why=(
            "Every example uses every weight once: the batch is what lets a chip "
            "fetch a weight once and use it 32 times."
        ),
    ),
    "dense_share": Formula(
        "D / (D + 2)",
        where={"D": range(1, 200)},
        title="The share of a layer",
        explanation="D MACs, and two others.",
        expects="the share of MACs in all operations as a formula in D",
        mistakes=[
            (
                "D / (D + 1)",
                (
                    "Each value has two other operations, the bias and the ReLU; and a "
                    "MAC counts as one, not two."
                ),
            ),
            ("2 / (D + 2)", "That is the share of everything but the MACs."),
        ],
        why=(
            "The share depends on the fan-in D alone, neither on the number of "
            "neurons nor on the batch."
        ),
    ),
    "smallest_fan_in": Value(
        28,
        title="When is it more than 90 %?",
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
    "weight_reuse": Formula(
        "N * P * Q",
        where={
            "N": range(1, 9),
            "C": range(1, 9),
            "M": range(1, 9),
            "R": range(1, 6),
            "S": range(1, 6),
            "P": range(2, 20),
            "Q": range(2, 20),
        },
        title="How often is a weight used?",
        explanation="N M P Q C R S MACs, over M C R S weights.",
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
        explanation="Two products, and one bend between them.",
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
    "favourite_input": Function(
        favourite_input,
        _filters,
        title="What a neuron likes best",
        explanation="The input points where the weights point.",
        expects="an array of the shape of the weight, whose length is the given size",
        mistakes=[
            (
                lambda weight, size: weight,
                "The direction is right; bring it to the length `size`.",
            ),
            (
                lambda weight, size: favourite_input(weight, 1.0),
                "That input has length 1; make it `size` long.",
            ),
            (
                _largest_alone,
                "Let every weight have its share of the length, not the largest alone.",
            ),
            (
                lambda weight, size: -favourite_input(weight, size),
                "That input makes the sum as small as it can be.",
            ),
            (
                lambda weight, size: size * weight / np.abs(weight).sum(),
                "Length means the root of the sum of squares here.",
            ),
            (
                lambda weight, size: size * np.sign(weight) / np.sqrt(weight.size),
                "Large weights deserve more of the length.",
            ),
        ],
        why=(
            "A weighted sum is a similarity: the input a neuron likes best is a "
            "picture of its own weights."
        ),
        points=2,
    ),
    "pitch": Words(
        title="A sales pitch",
        answer=(
            "It assumes that the 90 % are of the time, and that the old machine did "
            "nothing at the same time. If 90 % of the time went to MACs, a "
            "hundredfold matrix unit would give 1 / (0.1 + 0.009), about nine; of "
            "operations, 90 % say nothing about time at all. Where only 60 % of the "
            "time goes to MACs, as measured for some networks above, even an infinite "
            "matrix unit gives 1 / 0.4 = 2.5. Ask for the time of one whole network, "
            "layer by layer, and for the bytes it moves."
        ),
    ),
}
