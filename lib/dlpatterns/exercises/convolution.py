"""Exercises of the lecture on convolution: sizes, counts, traffic, and kernels to
write.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Words, call


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


TASKS = {
    "output_size": Formula(
        "(H + 2*pad - dilation*(R - 1) - 1) // stride + 1",
        where={
            "H": range(12, 60),
            "R": range(1, 6),
            "pad": range(3),
            "stride": range(1, 4),
            "dilation": range(1, 3),
        },
        title="The size of the output",
        explanation=(
            "The dilated filter spans dilation (R − 1) + 1 rows; the steps that fit "
            "behind it, and the first position:"
        ),
        expects=(
            "the number of output rows as a formula in H, R, pad (on each side), "
            "stride and dilation"
        ),
        mistakes=[
            (
                "(H + pad - dilation*(R - 1) - 1) // stride + 1",
                "The padding stands on both sides: count it twice.",
            ),
            (
                "(H + 2*pad - R) // stride + 1",
                "A dilated filter spans dilation (R - 1) + 1 rows, not R.",
            ),
            (
                "(H + 2*pad - dilation*(R - 1) - 1) // stride",
                "The first position counts too: add 1 after dividing.",
            ),
            (
                "(H + 2*pad - dilation*R) // stride + 1",
                "R rows have only R - 1 gaps between them.",
            ),
            (
                "H + 2*pad - dilation*(R - 1)",
                "That is stride 1; a stride keeps every stride-th position.",
            ),
        ],
        why=(
            "The floor throws away what does not fill a whole step: two inputs of "
            "different size can give one output size."
        ),
    ),
    "tile_reads": Formula(
        "2 * M * N * K / T",
        where={
            "M": [32, 64, 96],
            "N": [32, 64, 160],
            "K": [16, 24, 40],
            "T": [2, 4, 8, 16],
        },
        title="Tiles of a matrix product",
        explanation=("M N / T² tiles; each takes T values of either operand, K times:"),
        expects="how many values of both operands are fetched, in M, N, K and T",
        mistakes=[
            (
                "2 * M * N * K",
                "That is a buffer for nothing: a fetched value serves a whole row of "
                "the tile.",
            ),
            (
                "2 * M * N * K / T**2",
                "A value of one operand serves T results, not T squared: those of one "
                "row or one column of the tile.",
            ),
            (
                "M * N * K / T",
                "That is one of the two operands; the other one is fetched as often.",
            ),
            (
                "M * K + K * N",
                "That is each value once, which needs a buffer for whole tensors.",
            ),
            (
                "2 * M * N * K / T + M * N",
                "The results are written, M N of them; the question is what is "
                "fetched of the operands.",
            ),
        ],
        why=(
            "T^2 values of buffer divide the traffic by T: four times the memory "
            "halves it, here and on every chip."
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
    "which_method": Words(
        title="Which method?",
        answer=(
            "(a) A matrix product on the maps as they lie: there is nothing to copy. "
            "(b) Winograd, with the filters transformed beforehand: four times fewer "
            "products, and float32 can spare the digit. (c) im2col in blocks, or an "
            "engine that reads windows as columns: the transforms' constants would "
            "need more than 8 bits. (d) Fourier: its cost hardly depends on the size "
            "of the filter, while the loops need 961 products an output and channel. "
            "(e) The plain loops in one pass, fused with the layers around: it does "
            "few MACs for each value that crosses, whatever the method."
        ),
    ),
}
