"""What one layer costs for one example: a small function per kind of layer, and the
table from kind to function.

A **MAC** is one product added to an accumulator: convolution, full connection,
recurrence, the squared distances of LeNet-5, and all products of attention
(projections, Q K^T, A V). Everything else is an **other operation**, one per result,
under its own name and never dropped:

=============== ===============================================================
bias            one addition a value
relu, tanh ...  one operation a value, under the activation's name
max pool        k - 1 comparisons for a window of k values
average pool    k - 1 additions and one division
normalisation   batch: 2 a value; layer: 7 D + 2 a row of D (6 D + 2 without
                bias); RMS: 4 D + 2; response: 5 a value and one addition a
                neighbour
softmax         5 n - 2 a row of n: n - 1 comparisons, n subtractions,
                n exponentials, n - 1 additions, n divisions
scale, rotary   attention: one product a score; three operations a query or key
                feature
add, multiply   element-wise; look-up: one row of a table
=============== ===============================================================
"""

from collections.abc import Callable, Mapping
from functools import wraps
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from .. import layers
from ..layers import Shape, pair
from ..layers.base import is_whole, require_shapes


class Cost(NamedTuple):
    """What a layer costs for one example.

    `weights` are the parameters without biases, normalisation and position tables,
    which are `extras`; `idle` those of the weights that one token does not meet
    (experts that were not picked). A batch reads its parameters once; where that is not
    all of them just once, `touched` are those it reads however many examples it has,
    and `rows` those that each example adds, up to `table` in all (rows of a table,
    experts). `writes` is False where values only get another name.
    """

    weights: int = 0
    extras: int = 0
    macs: int = 0
    other: Mapping[str, int] = MappingProxyType({})
    idle: int = 0
    touched: int | None = None
    rows: int = 0
    table: int = 0
    writes: bool = True

    def param_reads(self, batch: int) -> int:
        """Return how many parameters a batch reads, each that it uses once."""
        every = self.weights + self.extras if self.touched is None else self.touched
        return every + min(batch * self.rows, self.table)


COUNTERS: dict[type, Callable[..., Cost]] = {}


def counts(*kinds: type) -> Callable[[Callable], Callable]:
    """Register the decorated function as the counter of these kinds of layer.

    The function takes (spec, input shapes, output shape) and returns a `Cost`.
    """

    def register(function: Callable) -> Callable:
        @wraps(function)
        def counter(
            spec: layers.Spec,
            inputs: tuple[Shape, ...],
            output: Shape,
            **options: bool,
        ) -> Cost:
            if not isinstance(spec, kinds):
                names = " or ".join(kind.__name__ for kind in kinds)
                raise TypeError(f"{function.__name__} counts {names}, got {spec!r}")
            if not isinstance(inputs, tuple) or not inputs:
                raise TypeError(f"{spec}: inputs are a tuple of shapes, got {inputs!r}")
            require_shapes(spec, (*inputs, output))
            return function(spec, inputs, output, **options)

        COUNTERS.update(dict.fromkeys(kinds, counter))
        return counter

    return register


@counts(layers.Conv2d)
def conv2d(spec: layers.Conv2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count a convolution, whose every weight is used once at each output position."""
    return _filters(prod(spec.weight_shape(inputs[0][0])), spec.bias, output)


@counts(layers.ConvTranspose2d)
def conv_transpose2d(
    spec: layers.ConvTranspose2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count a transposed convolution, whose every weight is used once at each input
    position; products that land in the padding are done and cut off.
    """
    weights = prod(spec.weight_shape(inputs[0][0]))
    return _filters(weights, spec.bias, output)._replace(
        macs=weights * prod(inputs[0][1:])
    )


@counts(layers.ConnectedConv2d)
def connected_conv2d(
    spec: layers.ConnectedConv2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count a convolution that has a kernel for each connected pair of an input channel
    and a filter.
    """
    return _filters(spec.links * prod(pair(spec.kernel)), spec.bias, output)


def _filters(weights: int, bias: bool, output: Shape) -> Cost:
    return Cost(
        weights,
        output[0] * bias,
        weights * prod(output[1:]),
        {"bias": prod(output) * bias},
    )


@counts(layers.Linear)
def linear(spec: layers.Linear, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count a full connection: each weight is used once a row; tied weights count where
    they were first.
    """
    weights = inputs[0][-1] * spec.out_features
    return Cost(
        weights=0 if spec.tied else weights,
        extras=spec.out_features * spec.bias,
        macs=weights * prod(output[:-1]),
        other={"bias": prod(output) * spec.bias},
        touched=weights + spec.out_features * spec.bias,
    )


@counts(layers.EuclideanRBF)
def euclidean_rbf(
    spec: layers.EuclideanRBF, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count a subtraction, and a square added to the sum, for each input and class; the
    codes are not trained.
    """
    products = inputs[0][0] * spec.classes
    return Cost(macs=products, other={"subtract": products})


@counts(layers.MaxPool2d)
def max_pool2d(
    spec: layers.MaxPool2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count k - 1 comparisons for each window of k values."""
    return Cost(other={"max pool": prod(output) * (prod(pair(spec.kernel)) - 1)})


@counts(layers.AvgPool2d)
def avg_pool2d(
    spec: layers.AvgPool2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count k - 1 additions and a division for each window of k values."""
    return Cost(other={"average pool": prod(output) * prod(pair(spec.kernel))})


@counts(layers.GlobalAvgPool2d)
def global_avg_pool2d(
    spec: layers.GlobalAvgPool2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count H W - 1 additions and a division a channel."""
    return Cost(other={"average pool": prod(inputs[0])})


@counts(layers.Subsample2d)
def subsample2d(
    spec: layers.Subsample2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count k - 1 additions, a product with the channel's coefficient and an addition
    of its bias for each window.
    """
    window = prod(pair(spec.kernel))
    other = {
        "average pool": prod(output) * (window - 1),
        "multiply": prod(output),
        "bias": prod(output),
    }
    return Cost(weights=output[0], extras=output[0], other=other)


@counts(layers.BatchNorm2d)
def batch_norm2d(
    spec: layers.BatchNorm2d, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count a product and an addition a value, as at inference with the running
    statistics not yet folded away.
    """
    return Cost(extras=2 * output[0], other={"normalisation": 2 * prod(output)})


@counts(layers.LayerNorm)
def layer_norm(
    spec: layers.LayerNorm, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count, a row of D values: mean D, variance 3 D, root 2, division D, scale D, and
    shift D if there is a bias.
    """
    width, rows = output[-1], prod(output[:-1])
    return Cost(
        extras=width * (1 + spec.bias),
        other={"normalisation": rows * (6 * width + 2 + width * spec.bias)},
    )


@counts(layers.RMSNorm)
def rms_norm(spec: layers.RMSNorm, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count, a row of D values: mean square 2 D, root 2, division D, scale D."""
    width, rows = output[-1], prod(output[:-1])
    return Cost(extras=width, other={"normalisation": rows * (4 * width + 2)})


@counts(layers.LocalResponseNorm)
def local_response_norm(
    spec: layers.LocalResponseNorm, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count square, scale, offset, power and division a value, and one addition for
    each neighbour that exists.
    """
    channels, half = output[0], spec.size // 2
    neighbours = sum(
        min(c + half, channels - 1) - max(c - half, 0) for c in range(channels)
    )
    return Cost(other={"normalisation": (5 * channels + neighbours) * prod(output[1:])})


@counts(layers.Activation)
def activation(
    spec: layers.Activation, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count one operation a value under the activation's name."""
    return Cost(other={spec.kind: prod(output)})


@counts(layers.Softmax)
def softmax(spec: layers.Softmax, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count a stable softmax over each row."""
    return Cost(
        other={"softmax": softmax_operations(output[-1], rows=prod(output[:-1]))}
    )


def softmax_operations(width: int, *, rows: int = 1) -> int:
    """Count the maximum, the subtractions, the exponentials, their sum and the
    divisions of a stable softmax.

    >>> softmax_operations(3)  # compare 2, subtract 3, exponentiate 3, add 2, divide 3
    13
    """
    if not (is_whole(width) and is_whole(rows)):
        raise ValueError(
            f"a softmax has whole numbers of values and rows, got {width!r}, {rows!r}"
        )
    return rows * (5 * width - 2)


@counts(
    layers.Dropout, layers.Flatten, layers.Given, layers.TakeToken, layers.TakeChannels
)
def renaming(spec: layers.Spec, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count nothing: at inference the values stay where they are."""
    return Cost(writes=False)


@counts(layers.Concat, layers.ShuffleChannels, layers.SpaceToDepth)
def copy(spec: layers.Spec, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count no operation; the values are written anew."""
    return Cost()


@counts(layers.Patches)
def patches(spec: layers.Patches, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count the parameters of the extra tokens."""
    return Cost(extras=spec.extra * output[1])


@counts(layers.Add)
def add(spec: layers.Add, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count an addition a value for each input but the first."""
    return Cost(other={"add": prod(output) * (len(inputs) - 1)})


@counts(layers.Multiply)
def multiply(spec: layers.Multiply, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count a product a value."""
    return Cost(other={"multiply": prod(output)})


@counts(layers.Embedding)
def embedding(spec: layers.Embedding, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count the table's parameters and a look-up a token; no arithmetic."""
    weights = 0 if spec.tied else spec.vocabulary * spec.dim
    return Cost(
        weights=weights,
        other={"look-up": output[0]},
        touched=0,
        rows=prod(output),
        table=spec.vocabulary * spec.dim,
    )


@counts(layers.PositionEmbedding)
def position_embedding(
    spec: layers.PositionEmbedding, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count an addition a value, and the table's parameters if it is learned."""
    table = (spec.positions or output[0]) * output[1] * spec.learned
    return Cost(extras=table, other={"add": prod(output)}, touched=prod(output))


RECURRENT_OTHER = {  # operations per hidden unit and step, besides MACs and biases
    layers.RNN: {"tanh": 1},
    layers.GRU: {
        "sigmoid": 2,
        "tanh": 1,
        "multiply": 3,
        "add": 2,
    },  # r * h, (1 - z) * n + z * h
    layers.LSTM: {
        "sigmoid": 3,
        "tanh": 2,
        "multiply": 3,
        "add": 1,
    },  # c = f * c + i * g, h = o * tanh(c)
}


@counts(layers.RNN, layers.GRU, layers.LSTM)
def recurrent(spec: layers.RNN, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count, for each step and gate, the products with the input and with the last
    state, then what the cell does.
    """
    (steps, features), hidden = inputs[0], spec.hidden
    weights, values = spec.gates * hidden * (features + hidden), steps * hidden
    other = {kind: values * each for kind, each in RECURRENT_OTHER[type(spec)].items()}
    return Cost(
        weights=weights,
        extras=spec.gates * hidden * spec.biases,
        macs=steps * weights,
        other={"bias": values * spec.gates * spec.biases} | other,
    )


@counts(layers.Bidirectional)
def bidirectional(
    spec: layers.Bidirectional, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count the recurrent layer twice."""
    one = COUNTERS[type(spec.cell)](spec.cell, inputs, spec.cell.output_shape(*inputs))
    return Cost(
        weights=2 * one.weights,
        extras=2 * one.extras,
        macs=2 * one.macs,
        other={kind: 2 * number for kind, number in one.other.items()},
    )
