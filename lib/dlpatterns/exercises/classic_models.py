"""Exercises of the lecture on classic models."""

from collections.abc import Iterator
from math import prod

import numpy as np

from ._tasks import Call, Choice, Formula, Function, Value, Words, call


def bottleneck_macs(channels, width, size, stride, *, late):
    """Return the MACs of the three convolutions of a bottleneck."""
    small = -(-size // stride)  # a stride of 2 stops at 4 of 7 places
    first = size if late else small
    return (
        channels * width * first**2
        + 9 * width * width * small**2
        + width * 4 * width * small**2
    )


def _bottlenecks(rng: np.random.Generator) -> Iterator[Call]:
    yield call(256, 128, 56, 2, late=False)
    yield call(256, 128, 56, 2, late=True)
    yield call(64, 16, 7, 2, late=False)
    for _ in range(18):
        channels, width = 4 * int(rng.integers(4, 65)), 4 * int(rng.integers(2, 33))
        yield call(
            channels,
            width,
            int(rng.integers(7, 115)),
            int(rng.integers(1, 3)),
            late=bool(rng.integers(2)),
        )


def _rounded_down(channels, width, size, stride, *, late):
    small = size // stride
    first = size if late else small
    return channels * width * first**2 + 13 * width**2 * small**2


def _no_widening(channels, width, size, stride, *, late):
    small = -(-size // stride)
    middle = size if late else small
    return channels * width * middle**2 + 9 * width**2 * small**2 + width**2 * small**2


def _stride_forgotten(channels, width, size, stride, *, late):
    return (channels * width + 9 * width**2 + 4 * width**2) * size**2


def activation_bytes(shapes, batch, bits):
    """Return the bytes of all outputs for a batch."""
    values = batch * sum(map(prod, shapes))
    return -(-values * bits // 8)  # a byte that is begun counts


def _rounded_down_value(shapes, batch, bits):
    return batch * sum(map(prod, shapes)) * (bits // 8)


def _rounded_down_sum(shapes, batch, bits):
    return batch * sum(map(prod, shapes)) * bits // 8


def _outputs(rng: np.random.Generator) -> Iterator[Call]:
    yield call([(64, 112, 112), (64, 56, 56)], 1, 32)
    yield call([(3,)], 1, 4)
    for _ in range(20):
        shapes = [
            tuple(int(n) for n in rng.integers(2, 30, 3))
            for _ in range(int(rng.integers(2, 6)))
        ]
        yield call(
            [*shapes, (10,)], int(rng.integers(2, 33)), int(rng.choice([4, 8, 16, 32]))
        )


TASKS = {
    "conv2_weights": Value(
        256 * 48 * 5 * 5,
        title="Two GPUs",
        explanation="A filter sees the 48 maps of its own group.",
        solution="256 * (96 // 2) * 5 * 5",
        expects="the number of weights that conv2 stores, a whole number",
        mistakes=[
            (
                256 * 96 * 5 * 5,
                (
                    "That is the layer without groups: a filter sees only half of the "
                    "96 "
                    "maps."
                ),
            ),
            (
                256 * 48 * 5 * 5 + 256,
                "You counted the 256 biases; the question asks for weights.",
            ),
            (
                256 * 48 * 5 * 5 * 27 * 27,
                (
                    "Those are MACs: each weight is used at 27 × 27 places, and stored "
                    "once."
                ),
            ),
            (
                128 * 48 * 5 * 5,
                "That is one of the two groups; there are two of 128 filters each.",
            ),
        ],
        why=(
            "Two groups halve the weights and the MACs: in 2012 because one GPU's "
            "memory was too small."
        ),
    ),
    "which_lenet": Choice(
        "c",
        wrong={
            "a": (
                "LeCun's own network has 60,000: its C3 is sparse and its output "
                "units have fixed values."
            ),
            "b": "The textbook network, with C3 connected to all maps, has 61,706.",
            "d": (
                "LeNet-300-100 is a multilayer perceptron: no convolution, and "
                "266,610 parameters."
            ),
        },
        title="Which LeNet?",
        explanation=(
            "`count(models.lenet_caffe()).params` is 431,080; four bytes each make "
            "1,724 KB; the paper prints 1,720."
        ),
        expects='one of "a", "b", "c", "d"',
        why=(
            "One name, a factor of seven in parameters: ask which LeNet was "
            "compressed before you admire the ratio."
        ),
    ),
    "scaled_macs": Formula(
        "M * d * w**2 * r**2",
        where={"M": range(1, 50), "d": range(1, 5), "w": range(1, 5), "r": range(1, 5)},
        title="Three knobs",
        explanation=(
            "More layers: once. More channels: as inputs and as filters, so twice. "
            "Larger images: two sides."
        ),
        expects="the MACs as a formula in M, d, w and r",
        mistakes=[
            (
                "M * d * w * r",
                (
                    "Width counts twice, for a layer's inputs and its filters; so does "
                    "resolution, with two sides."
                ),
            ),
            ("M * d * w**2 * r", "An image has two sides, and both grow."),
            (
                "M * d * w * r**2",
                (
                    "A wider layer has more filters, and each of them sees more input "
                    "channels."
                ),
            ),
            (
                "M * d**2 * w**2 * r**2",
                "Twice the layers is twice the work; depth counts once.",
            ),
            (
                "M * d * w**2",
                "Resolution costs no weight, but each weight is used at more places.",
            ),
        ],
        why=(
            "Depth is linear, width and resolution are squared: so compound "
            "scaling raises them by different factors."
        ),
    ),
    "activation_bytes": Function(
        activation_bytes,
        _outputs,
        title="How much memory does training keep?",
        explanation="Multiply out each shape, add, and mind the eight bits of a byte.",
        expects="a number of bytes",
        mistakes=[
            (
                lambda shapes, batch, bits: activation_bytes(shapes, 1, bits),
                "Every image of the batch has its own maps.",
            ),
            (
                lambda shapes, batch, bits: 8 * activation_bytes(shapes, batch, bits),
                "Those are bits; a byte has eight.",
            ),
            (
                _rounded_down_value,
                "A value of 4 bits is half a byte: divide by 8 once, at the end.",
            ),
            (
                _rounded_down_sum,
                "Three values of 4 bits begin a second byte: round up.",
            ),
            (
                lambda shapes, batch, bits: (
                    -(-batch * max(map(prod, shapes)) * bits // 8)
                ),
                "That is the largest output; the sum of all is asked for.",
            ),
            (
                lambda shapes, batch, bits: batch * sum(map(prod, shapes)),
                "Those are values; a value has bits / 8 bytes.",
            ),
        ],
        why=(
            "Training keeps most of these until the backward pass: the batch, not "
            "the model, fills the memory."
        ),
    ),
    "bottleneck_macs": Function(
        bottleneck_macs,
        _bottlenecks,
        title="Two ResNets",
        explanation="Only the first convolution sees the difference.",
        expects="the MACs of the three convolutions, a whole number",
        mistakes=[
            (_no_widening, "The last 1 × 1 has four times `width` filters."),
            (
                _stride_forgotten,
                "Behind the stride the map has (size / stride) ** 2 places.",
            ),
            (
                _rounded_down,
                "At stride 2 a filter stops at 4 of 7 places, not at 3: round up.",
            ),
            (
                lambda *a, late: bottleneck_macs(*a, late=not late),
                (
                    "The other way round: `late` means that the first 1 × 1 still "
                    "works "
                    "on the large map."
                ),
            ),
            (
                lambda *a, late: bottleneck_macs(*a, late=True),
                "With late=False the first 1 × 1 has the stride.",
            ),
            (
                lambda *a, late: 2 * bottleneck_macs(*a, late=late),
                "You counted FLOP; the question asks for MACs.",
            ),
        ],
        why=(
            "Moving one stride by one layer changes ResNet-50 by 6 %, and its "
            "name not at all."
        ),
        points=2,
    ),
    "profiler": Words(
        title="A profiler says 0.64",
        answer=(
            "If one of you counted FLOP, the ratio would be two, or two times "
            "something near one. 0.64 is the share of a ViT-B/16 that is left without "
            "its attention layers. Ask her to run the profiler on one attention layer "
            "alone, with a sequence of known length T and D features: the four "
            "projections are 4 T D² MACs and the two products 2 T² D. If it reports "
            "0, or 4 T D², you know what it does not see. Then ask for the run with "
            "the fused kernel switched off."
        ),
    ),
}
