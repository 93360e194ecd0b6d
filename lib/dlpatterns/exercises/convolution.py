"""Exercises of the lecture on convolution: sizes, counts, and kernels to write."""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _maps(rng):
    """Yield one map, one filter and a stride; filters that are not symmetric, maps that
    are not square.
    """
    yield call(np.arange(20.0).reshape(4, 5), np.array([[1.0, 0.0], [0.0, -1.0]]), 1)
    for height, width, rows, columns, stride in (
        (5, 7, 3, 2, 1),
        (6, 6, 3, 3, 2),
        (7, 5, 2, 3, 3),
    ):
        x, weight = (
            rng.integers(-5, 6, size=(height, width)),
            rng.integers(-3, 4, size=(rows, columns)),
        )
        yield call(x.astype(float), weight.astype(float), stride)


def correlate(x, weight, stride):
    rows, columns = weight.shape
    out = np.zeros(
        ((x.shape[0] - rows) // stride + 1, (x.shape[1] - columns) // stride + 1)
    )
    for p, q in np.ndindex(out.shape):
        out[p, q] = (
            x[p * stride : p * stride + rows, q * stride : q * stride + columns]
            * weight
        ).sum()
    return out


def _flipped(x, weight, stride):
    return correlate(x, weight[::-1, ::-1], stride)


def _no_stride(x, weight, stride):
    return correlate(x, weight, 1)


def _every_second_output_short(x, weight, stride):
    return correlate(x, weight, stride)[:-1, :-1]


def _mean(x, weight, stride):
    return correlate(x, weight, stride) / weight.size


def _gradients(rng):
    """Yield a map and the gradient of an output that a filter of a certain size made
    from it.
    """
    for height, width, rows, columns in ((4, 5, 2, 2), (6, 6, 3, 2), (5, 7, 1, 3)):
        x = rng.integers(-5, 6, size=(height, width)).astype(float)
        yield call(
            x,
            rng.integers(-3, 4, size=(height - rows + 1, width - columns + 1)).astype(
                float
            ),
        )


def weight_gradient(x, grad):
    return correlate(x, grad, 1)


def _gradient_flipped(x, grad):
    return correlate(x, grad[::-1, ::-1], 1)


def _gradient_mean(x, grad):
    return correlate(x, grad, 1) / grad.size


def _result_flipped(x, grad):
    return correlate(x, grad, 1)[::-1, ::-1]


TASKS = {
    "output_size": Formula(
        "(H + 2*P - D*(R - 1) - 1) // S + 1",
        where={
            "H": range(12, 60),
            "R": range(1, 6),
            "P": range(3),
            "S": range(1, 4),
            "D": range(1, 3),
        },
        title="The size of the output",
        explanation=(
            "The dilated filter spans D (R − 1) + 1 rows; the steps that fit behind "
            "it, and the first position:"
        ),
        expects=(
            "the number of output rows as a formula in H, R, P (on each side), S and D"
        ),
        mistakes=[
            (
                "(H + P - D*(R - 1) - 1) // S + 1",
                "The padding stands on both sides: count it twice.",
            ),
            (
                "(H + 2*P - R) // S + 1",
                "A dilated filter spans D (R - 1) + 1 rows, not R.",
            ),
            (
                "(H + 2*P - D*(R - 1) - 1) // S",
                "The first position counts too: add 1 after dividing.",
            ),
            ("(H + 2*P - D*R) // S + 1", "R rows have only R - 1 gaps between them."),
            (
                "H + 2*P - D*(R - 1)",
                "That is stride 1; a stride keeps every S-th position.",
            ),
        ],
        why=(
            "The floor throws away what does not fill a whole step: two inputs of "
            "different size can give one output size."
        ),
    ),
    "layer_macs": Value(
        8 * 128 * 28 * 28 * 64 * 3 * 3,
        title="Count a layer",
        explanation=(
            "Examples, filters, positions, and the weights that one filter has:"
        ),
        solution="8 * 128 * 28 * 28 * 64 * 3 * 3",
        expects="the number of MACs, a whole number",
        mistakes=[
            (128 * 28 * 28 * 64 * 9, "That is one example; the batch has 8."),
            (
                2 * 8 * 128 * 28 * 28 * 64 * 9,
                (
                    "You counted multiplications and additions apart; a MAC is one of "
                    "each."
                ),
            ),
            (
                8 * 128 * 56 * 56 * 64 * 9,
                (
                    "Stride 2 halves rows and columns: the filter stops at 28 x 28 "
                    "positions."
                ),
            ),
            (
                8 * 128 * 28 * 28 * (64 * 9 + 1),
                "You counted the biases; a bias is an addition, no MAC.",
            ),
            (8 * 128 * 28 * 28 * 9, "Each filter sees all 64 channels."),
            (
                8 * 128 * 27 * 27 * 64 * 9,
                "With padding 1 on both sides there are 28 positions a row, not 27.",
            ),
        ],
        why=(
            "Batch, filters, positions and weights a filter: the seven loops, "
            "multiplied."
        ),
    ),
    "group_weights": Formula(
        "M * C // G * R * S",
        where={
            "M": [12, 24, 48],
            "C": [12, 24, 60],
            "G": [1, 2, 3, 4, 6, 12],
            "R": range(1, 6),
            "S": range(1, 6),
        },
        title="Weights in groups",
        explanation="M filters, each over the C / G channels of its group:",
        expects="the number of weights without biases as a formula in M, C, G, R and S",
        mistakes=[
            (
                "M * C * R * S",
                "With groups, a filter sees only the C / G channels of its group.",
            ),
            (
                "M * C // (G * G) * R * S",
                (
                    "There are still M filters: only the channels that each sees "
                    "become "
                    "fewer."
                ),
            ),
            ("M * C // G * R * S + M", "Those M are biases."),
            (
                "M * C * G * R * S",
                "Groups divide the weights, they do not multiply them.",
            ),
        ],
        why=(
            "G groups divide weights and MACs by G; with G = C = M, a depthwise "
            "layer, R S weights a channel are left."
        ),
    ),
    "winograd_saving": Value(
        9 * 36 / 64,
        title="A larger tile",
        explanation=(
            "A tile of 6 × 6 outputs reads 8 × 8 inputs, and each of these 64 places "
            "is one product:"
        ),
        solution="6 * 6 * 9 / 8**2",
        expects="how many times fewer multiplications, a number",
        mistakes=[
            (
                64,
                (
                    "Those are the products of one tile; how many would the plain "
                    "loops "
                    "need for its 36 outputs?"
                ),
            ),
            (
                36 * 9,
                (
                    "Those are the products of the plain loops for one tile; divide "
                    "them "
                    "by those of F(6 x 6, 3 x 3)."
                ),
            ),
            (4.0, "That is F(4 x 4, 3 x 3)."),
            (
                2.25,
                (
                    "That is F(2 x 2, 3 x 3), or one direction alone; here both rows "
                    "and "
                    "columns save."
                ),
            ),
            (
                64 / 36,
                (
                    "Those are the products an output; compare them with the 9 of the "
                    "plain loops."
                ),
            ),
        ],
        why=(
            "Larger tiles save more products, but their constants grow, and the "
            "rounding error with them."
        ),
    ),
    "correlate": Function(
        correlate,
        _maps,
        title="Write the kernel",
        explanation=(
            "Two loops over the positions; NumPy multiplies and sums the window:"
        ),
        expects=(
            "an array with a row for each step down and a column for each step to "
            "the right"
        ),
        mistakes=[
            (
                _flipped,
                (
                    "You turned the filter round; what deep learning calls a "
                    "convolution "
                    "does not."
                ),
            ),
            (_no_stride, "The filter moves by `stride` rows and columns at a time."),
            (
                _every_second_output_short,
                "The last position is missing: (H - R) // stride + 1 rows fit.",
            ),
            (_mean, "Sum the products; do not divide by their number."),
        ],
        why=(
            "Two loops over positions, and a sum over the window that hides two "
            "more; three loops of the seven are left."
        ),
        points=2,
    ),
    "weight_gradient": Function(
        weight_gradient,
        _gradients,
        title="The gradient of a filter",
        explanation=(
            "Weight (r, s) met input (p + r, q + s) at output (p, q): the input, "
            "filtered with the gradient."
        ),
        expects="an array of the shape of the filter, (H - P + 1, W - Q + 1)",
        mistakes=[
            (
                _gradient_flipped,
                (
                    "Nothing is turned round here: weight [r, s] met input [p + r, q "
                    "+ s] "
                    "at output [p, q]."
                ),
            ),
            (_gradient_mean, "Add up all positions; do not average."),
            (
                _result_flipped,
                (
                    "The result is turned round: weight [0, 0] met the inputs from "
                    "[0, 0] "
                    "on."
                ),
            ),
        ],
        why=(
            "The gradient of the filter is itself a convolution, of the input "
            "with the output's gradient as a large filter."
        ),
        points=2,
    ),
    "which_rung": Words(
        title="Which rung?",
        answer=(
            "(a) A matrix product on the maps as they lie: there is nothing to copy. "
            "(b) Winograd, with the filters transformed beforehand: four times fewer "
            "products, and float32 can spare the digit. (c) im2col in blocks, or an "
            "engine that reads windows as columns: the transforms' constants would "
            "need more than 8 bits. (d) Fourier: its cost hardly depends on the size "
            "of the filter, while the loops need 961 products an output and channel."
        ),
    ),
}
