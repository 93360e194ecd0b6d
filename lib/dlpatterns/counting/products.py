"""The matrix products inside a layer: every MAC of the zoo belongs to one, and their
shapes are what a machine must serve.

A product multiplies an M x K matrix by a K x N one. A convolution has one a group: M
filters, K weights a filter, N output positions. A product with N = 1 is a matrix times
a vector: nothing is reused.

>>> from dlpatterns import models
>>> products(models.vgg16()["conv1_2"])
[Product(m=64, k=576, n=50176, times=1)]
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from .. import layers
from ..graph import Layer
from ..layers import Shape
from .attending import latent_matrices
from .counts import count_layer


class Product(NamedTuple):
    """`times` products of an M x K matrix, which holds the weights if there are any,
    and a K x N matrix.
    """

    m: int
    k: int
    n: int
    times: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all of them."""
        return self.times * self.m * self.k * self.n


Lowering = Callable[[layers.Spec, tuple[Shape, ...], Shape], list[Product]]


def products(layer: Layer) -> list[Product]:
    """Return the matrix products of one layer for one example; none for a layer without
    MACs.

    Raises: ValueError that names the layer, if it has MACs but its products are not
    known.
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"products takes a layer of a network, got {layer!r}")
    lowering = LOWERINGS.get(type(layer.spec))
    if lowering is None and count_layer(layer).macs:
        raise ValueError(
            f"layer {layer.name!r}: the products of a {layer.kind} are not known; add "
            "it to counting.products.LOWERINGS"
        )
    return (
        lowering(layer.spec, layer.input_shapes, layer.output_shape) if lowering else []
    )


def _convolution(
    spec: layers.Conv2d, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    weights = spec.weight_shape(inputs[0][0])
    return [
        Product(
            output[0] // spec.groups, prod(weights[1:]), prod(output[1:]), spec.groups
        )
    ]


def _transposed(
    spec: layers.ConvTranspose2d, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    channels, *size = inputs[0]
    rows = prod(spec.weight_shape(channels)[1:])
    return [Product(rows, channels // spec.groups, prod(size), spec.groups)]


def _connected(
    spec: layers.ConnectedConv2d, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    kernel = prod(layers.pair(spec.kernel))
    return [
        Product(1, len(seen) * kernel, prod(output[1:])) for seen in spec.connections
    ]


def _linear(
    spec: layers.Linear, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    return [Product(spec.out_features, inputs[0][-1], prod(output[:-1]))]


def _distances(
    spec: layers.EuclideanRBF, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    return [Product(spec.classes, inputs[0][0], 1)]


def _recurrent(
    spec: layers.RNN, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    """All time steps of the input are one product; those of the state must wait for one
    another.
    """
    (steps, features), rows = inputs[0], spec.gates * spec.hidden
    return [Product(rows, features, steps), Product(rows, spec.hidden, 1, steps)]


def _bidirectional(
    spec: layers.Bidirectional, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    """The products of one direction, each twice."""
    one = _recurrent(spec.cell, inputs, spec.cell.output_shape(*inputs))
    return [product._replace(times=2 * product.times) for product in one]


def _attention(
    spec: layers.Attention, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    (queries, features), (keys, memory) = inputs[0], inputs[-1]
    heads, kv_heads, dim = spec.head_sizes(features)
    seen = min(spec.window or keys, keys)
    return [
        Product(heads * dim, features, queries),
        Product(kv_heads * dim, memory, keys, 2),
        Product(queries, dim, seen, heads),  # Q K^T
        Product(queries, seen, dim, heads),  # A V
        Product(features, heads * dim, queries),
    ]


def _latent(
    spec: layers.LatentAttention, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    tokens, features = output
    key = spec.plain_dim + spec.rotary_dim
    return [
        *(Product(m, k, tokens) for m, k in latent_matrices(spec, features)),
        Product(tokens, key, tokens, spec.heads),  # Q K^T
        Product(tokens, tokens, spec.value_dim, spec.heads),  # A V
    ]


def _windows(
    spec: layers.WindowAttention, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    channels, size = output[0], spec.window**2
    windows, dim = spec.windows(output), channels // spec.heads
    return [
        Product(channels, channels, windows * size, 4),
        Product(size, dim, size, windows * spec.heads),  # Q K^T
        Product(size, size, dim, windows * spec.heads),  # A V
    ]


def _experts(
    spec: layers.Experts, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    """The router, then each token through the experts it is sent to, as if no two
    tokens met in one.
    """
    tokens, features = output
    used = tokens * (spec.active + spec.shared)
    return [
        Product(spec.experts, features, tokens),
        Product(spec.hidden, features, 1, 2 * used),
        Product(features, spec.hidden, 1, used),
    ]


def _operator(
    spec: layers.Operator, inputs: tuple[Shape, ...], output: Shape
) -> list[Product]:
    return [Product(*one) for one in spec.matrices]


LOWERINGS: dict[type, Lowering] = {
    layers.Conv2d: _convolution,
    layers.ConnectedConv2d: _connected,
    layers.ConvTranspose2d: _transposed,
    layers.Linear: _linear,
    layers.EuclideanRBF: _distances,
    layers.RNN: _recurrent,
    layers.GRU: _recurrent,
    layers.LSTM: _recurrent,
    layers.Bidirectional: _bidirectional,
    layers.Attention: _attention,
    layers.LatentAttention: _latent,
    layers.WindowAttention: _windows,
    layers.Experts: _experts,
    layers.Operator: _operator,
}
