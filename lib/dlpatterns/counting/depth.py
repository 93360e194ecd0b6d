"""How many matrix products of a network must wait for one another: its critical path,
however many multipliers there are.

>>> from dlpatterns import models
>>> dependent_products(models.resnet50())
50
"""

from collections.abc import Callable

from .. import layers
from ..graph import Layer, Model

STEPS: dict[type, Callable[[Layer], int]] = {
    layers.Conv2d: lambda layer: 1,
    layers.ConnectedConv2d: lambda layer: 1,
    layers.ConvTranspose2d: lambda layer: 1,
    layers.Linear: lambda layer: 1,
    layers.EuclideanRBF: lambda layer: 1,
    layers.RNN: lambda layer: (
        1 + layer.output_shape[0]
    ),  # one product for all inputs, then one a time step
    layers.GRU: lambda layer: 1 + layer.output_shape[0],
    layers.LSTM: lambda layer: 1 + layer.output_shape[0],
    layers.Bidirectional: lambda layer: (
        1 + layer.output_shape[0]
    ),  # both directions side by side
    layers.Attention: lambda layer: (
        4
    ),  # queries, keys and values together; Q K^T; times V; output projection
    layers.LatentAttention: lambda layer: (
        5 + bool(layer.spec.query_rank)
    ),  # short vectors, keys and values, Q K^T, times V, output; long queries besides
    layers.WindowAttention: lambda layer: 4,
    layers.Operator: lambda layer: (
        max([0, *(times for *_, times in layer.spec.matrices)])
        if layer.kind in ("RNN", "GRU", "LSTM")
        else min(1, len(layer.spec.matrices))
    ),
    layers.Experts: lambda layer: 3,  # router, into the hidden features, back
}


def layer_products(layer: Layer) -> int:
    """Return how many products of one layer must follow one another: 1 for most, T + 1
    for a recurrence, 0 without MACs.
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"layer_products takes a layer of a network, got {layer!r}")
    return STEPS.get(type(layer.spec), lambda _: 0)(layer)


def dependent_products(model: Model) -> int:
    """Return the most products that lie behind one another on any way from the input to
    the output.

    A product is one matrix multiplication or convolution, whatever its size;
    element-wise layers are free.
    """
    if not isinstance(model, Model):
        raise TypeError(f"dependent_products takes a Model, got {model!r}")
    longest = {-1: 0}
    for index, layer in enumerate(model.layers):
        longest[index] = max(longest[i] for i in layer.inputs) + layer_products(layer)
    return longest[len(model.layers) - 1]
