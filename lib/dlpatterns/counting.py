"""Parameters, MACs, other operations and bytes of a network, per layer, per kind and in total; no array is made.

What is counted, and as what:

* A **MAC** is one product added to an accumulator: convolution, full connection, recurrence, and all four products of
  attention (projections, Q K^T, A V).
* Everything else is an **other operation**, by kind and never dropped: "bias" (one addition a value), an activation
  (one operation a value, under its name), "max pool" (k - 1 comparisons an output), "average pool" (k - 1 additions and
  a division), "normalisation", "softmax" (5 n - 2 for n values), "add", "multiply", "look-up".
* **weights** are the parameters without biases, normalisation and position tables.
* **activations** are the values a layer writes; a layer that only renames (flatten, dropout at inference) writes none.

>>> from dlpatterns import models
>>> count(models.vgg16()).macs
15470264320
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import prod

from . import formats, layers
from .graph import Layer, Model
from .layers import Shape, pair


@dataclass(frozen=True)
class Cost:
    """What one layer costs for one example."""

    weights: int = 0
    extras: int = 0  # biases, normalisation, position tables
    macs: int = 0
    other: dict[str, int] = field(default_factory=dict)
    writes: bool = True


COUNTERS: dict[type, Callable[..., Cost]] = {}


def counts(*kinds: type) -> Callable[[Callable], Callable]:
    """Register the decorated function as the counter of these kinds of layer."""

    def register(function: Callable) -> Callable:
        COUNTERS.update(dict.fromkeys(kinds, function))
        return function

    return register


# --- One small function per kind of layer: (spec, input shapes, output shape) -> Cost ----------------------------------


@counts(layers.Conv2d)
def _conv2d(spec: layers.Conv2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    weights = prod(spec.weight_shape(inputs[0][0]))
    return _filters(weights, spec.bias, output)


@counts(layers.ConnectedConv2d)
def _connected_conv2d(spec: layers.ConnectedConv2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return _filters(spec.links * prod(pair(spec.kernel)), spec.bias, output)


def _filters(weights: int, bias: bool, output: Shape) -> Cost:
    """Return the cost of filters whose every weight is used once at each output position."""
    return Cost(weights, output[0] * bias, weights * prod(output[1:]), {"bias": prod(output) * bias})


@counts(layers.Linear)
def _linear(spec: layers.Linear, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    weights = inputs[0][-1] * spec.out_features
    return Cost(
        weights=0 if spec.tied else weights,
        extras=spec.out_features * spec.bias,
        macs=weights * prod(output[:-1]),
        other={"bias": prod(output) * spec.bias},
    )


@counts(layers.EuclideanRBF)
def _rbf(spec: layers.EuclideanRBF, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    products = inputs[0][0] * spec.classes
    return Cost(macs=products, other={"subtract": products})


@counts(layers.MaxPool2d)
def _max_pool(spec: layers.MaxPool2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"max pool": prod(output) * (prod(pair(spec.kernel)) - 1)})


@counts(layers.AvgPool2d)
def _average_pool(spec: layers.AvgPool2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"average pool": prod(output) * prod(pair(spec.kernel))})


@counts(layers.GlobalAvgPool2d)
def _global_average_pool(spec: layers.GlobalAvgPool2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"average pool": prod(inputs[0])})


@counts(layers.Subsample2d)
def _subsample(spec: layers.Subsample2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    window = prod(pair(spec.kernel))
    other = {"average pool": prod(output) * (window - 1), "multiply": prod(output), "bias": prod(output)}
    return Cost(weights=output[0], extras=output[0], other=other)


@counts(layers.BatchNorm2d)
def _batch_norm(spec: layers.BatchNorm2d, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(extras=2 * output[0], other={"normalisation": 2 * prod(output)})


@counts(layers.LayerNorm)
def _layer_norm(spec: layers.LayerNorm, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    width, rows = output[-1], prod(output[:-1])
    return Cost(extras=width * (1 + spec.bias), other={"normalisation": rows * (6 * width + 2 + width * spec.bias)})


@counts(layers.RMSNorm)
def _rms_norm(spec: layers.RMSNorm, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    width, rows = output[-1], prod(output[:-1])
    return Cost(extras=width, other={"normalisation": rows * (4 * width + 2)})


@counts(layers.LocalResponseNorm)
def _local_response_norm(spec: layers.LocalResponseNorm, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    channels, half = output[0], spec.size // 2
    neighbours = sum(min(c + half, channels - 1) - max(c - half, 0) for c in range(channels))
    return Cost(other={"normalisation": (5 * channels + neighbours) * prod(output[1:])})


@counts(layers.Activation)
def _activation(spec: layers.Activation, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={spec.kind: prod(output)})


@counts(layers.Softmax)
def _softmax(spec: layers.Softmax, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"softmax": softmax_operations(output[-1], rows=prod(output[:-1]))})


def softmax_operations(width: int, *, rows: int = 1) -> int:
    """Count a stable softmax: width - 1 comparisons, then a subtraction, an exponential and a division a value, and width - 1 additions."""
    return rows * (5 * width - 2)


@counts(layers.Dropout, layers.Flatten, layers.TakeToken, layers.TakeChannels)
def _renaming(spec: layers.Spec, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(writes=False)


@counts(layers.Concat, layers.ShuffleChannels)
def _copy(spec: layers.Spec, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost()


@counts(layers.Patches)
def _patches(spec: layers.Patches, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(extras=spec.extra * output[1])


@counts(layers.Add)
def _add(spec: layers.Add, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"add": prod(output) * (len(inputs) - 1)})


@counts(layers.Multiply)
def _multiply(spec: layers.Multiply, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(other={"multiply": prod(output)})


@counts(layers.Embedding)
def _embedding(spec: layers.Embedding, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(weights=spec.vocabulary * spec.dim, other={"look-up": output[0]})


@counts(layers.PositionEmbedding)
def _position_embedding(spec: layers.PositionEmbedding, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(extras=(spec.positions or output[0]) * output[1], other={"add": prod(output)})


@counts(layers.RNN, layers.GRU, layers.LSTM)
def _recurrent(spec: layers.RNN, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    (steps, features), hidden = inputs[0], spec.hidden
    weights = spec.gates * hidden * (features + hidden)
    values = steps * hidden
    other = {"bias": values * spec.gates * spec.biases} | {
        kind: values * each for kind, each in _RECURRENT_OTHER[type(spec)].items()
    }
    return Cost(weights, spec.gates * hidden * spec.biases, steps * weights, other)


_RECURRENT_OTHER = {  # operations per hidden unit and step, besides MACs and biases
    layers.RNN: {"tanh": 1},
    layers.GRU: {"sigmoid": 2, "tanh": 1, "multiply": 3, "add": 2},  # r * h, (1 - z) * n + z * h
    layers.LSTM: {"sigmoid": 3, "tanh": 2, "multiply": 3, "add": 1},  # c = f * c + i * g, h = o * tanh(c)
}


@counts(layers.Attention)
def _attention(spec: layers.Attention, inputs: tuple[Shape, ...], output: Shape, *, causal_half: bool = False) -> Cost:
    (queries, features), (keys, memory) = inputs[0], inputs[-1]
    heads, kv_heads, dim = spec.head_sizes(features)
    pairs = heads * _attended(queries, keys, half=causal_half and spec.causal and len(inputs) == 1)
    projections = (queries * features * heads * dim, 2 * keys * memory * kv_heads * dim, queries * heads * dim * features)
    biases = (heads * dim + features) * queries + 2 * kv_heads * dim * keys
    other = {
        "bias": biases * spec.bias,
        "rotary": 3 * dim * (heads * queries + kv_heads * keys) * spec.rotary,
        "scale": pairs,
        "softmax": 5 * pairs - 2 * heads * queries,
    }
    return Cost(
        weights=2 * features * heads * dim + 2 * memory * kv_heads * dim,
        extras=((heads + 2 * kv_heads) * dim + features) * spec.bias,
        macs=sum(projections) + 2 * pairs * dim,
        other=other,
    )


def _attended(queries: int, keys: int, *, half: bool) -> int:
    """Count the (query, key) pairs: all of them, or only those at or before the query."""
    return queries * (queries + 1) // 2 if half else queries * keys


@counts(layers.Experts)
def _experts(spec: layers.Experts, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    tokens, features = output
    expert, router, used = 3 * features * spec.hidden, features * spec.experts, spec.active + spec.shared
    other = {"softmax": softmax_operations(spec.experts, rows=tokens)} | {
        kind: tokens * used * spec.hidden for kind in ("silu", "multiply")
    }
    return Cost(
        weights=expert * (spec.experts + spec.shared) + router, macs=tokens * (expert * used + router), other=other
    )


# --- Counts of a layer, and of a network -------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerCount:
    """The counts of one layer for a whole batch (parameters do not grow with it)."""

    name: str
    kind: str
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    params: int
    weights: int
    macs: int
    other: dict[str, int]
    activations: int
    reads: int

    @property
    def operations(self) -> int:
        """MACs (each as one operation) and other operations together."""
        return self.macs + sum(self.other.values())

    def traffic_bytes(self, dtype: str = "fp32") -> int:
        """Return bytes moved if every input, parameter and output crosses the memory bus exactly once."""
        return formats.get(dtype).bytes_for(self.reads + self.params + self.activations)


@dataclass(frozen=True)
class Counts:
    """The counts of a network; `layers` holds one `LayerCount` each, in the order of the network."""

    name: str
    batch: int
    layers: tuple[LayerCount, ...]
    peak_activations: int

    @property
    def params(self) -> int:
        """All trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def weights(self) -> int:
        """Parameters without biases, normalisation and position tables."""
        return sum(layer.weights for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for the whole batch."""
        return sum(layer.macs for layer in self.layers)

    @property
    def other(self) -> dict[str, int]:
        """Operations that are no MACs, by kind, for the whole batch."""
        total: Counter[str] = Counter()
        for layer in self.layers:
            total.update(layer.other)
        return dict(total.most_common())

    @property
    def operations(self) -> int:
        """MACs (each as one operation) and other operations together."""
        return sum(layer.operations for layer in self.layers)

    @property
    def activations(self) -> int:
        """Values written by all layers for the whole batch."""
        return sum(layer.activations for layer in self.layers)

    def activation_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of all values written by all layers."""
        return formats.get(dtype).bytes_for(self.activations)

    def peak_activation_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of the values that are alive together at the fullest moment of inference."""
        return formats.get(dtype).bytes_for(self.peak_activations)

    def weight_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of all parameters."""
        return formats.get(dtype).bytes_for(self.params)

    def traffic_bytes(self, dtype: str = "fp32") -> int:
        """Return bytes moved if each layer reads its inputs and parameters once and writes its output once."""
        return sum(layer.traffic_bytes(dtype) for layer in self.layers)

    def by_layer(self) -> list[dict]:
        """Return one row a layer: name, kind, output shape, params, weights, macs, other, activations."""
        return [
            {"layer": x.name, "kind": x.kind, "output": x.output_shape} | _sums([x]) for x in self.layers
        ]  # fmt: skip

    def by_kind(self) -> list[dict]:
        """Return one row a kind of layer, in order of first appearance, with the number of its layers."""
        kinds = dict.fromkeys(layer.kind for layer in self.layers)
        groups = {kind: [layer for layer in self.layers if layer.kind == kind] for kind in kinds}
        return [{"kind": kind, "layers": len(rows)} | _sums(rows) for kind, rows in groups.items()]

    def total(self) -> dict:
        """Return one row for the whole network."""
        return {"network": self.name, "layers": len(self.layers)} | _sums(self.layers)

    def only(self, *kinds: str) -> "Counts":
        """Return the counts of the layers of these kinds alone, for instance `only("Conv2d")`."""
        known = {layer.kind for layer in self.layers}
        if not set(kinds) <= {kind.__name__ for kind in COUNTERS}:
            raise ValueError(f"only{kinds}: no such kind of layer; {self.name} has {', '.join(sorted(known))}")
        rows = tuple(layer for layer in self.layers if layer.kind in kinds)
        return Counts(self.name, self.batch, rows, self.peak_activations)

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.params:,} parameters, {self.macs:,} MACs, "
            f"{sum(self.other.values()):,} other operations, {self.activations:,} activations (batch {self.batch})"
        )


def _sums(rows: Iterable[LayerCount]) -> dict[str, int]:
    rows = list(rows)
    sums = {key: sum(getattr(row, key) for row in rows) for key in ("params", "weights", "macs")}
    return sums | {
        "other": sum(sum(row.other.values()) for row in rows),
        "activations": sum(row.activations for row in rows),
    }


def count(model: Model, batch: int = 1, *, causal_half: bool = False) -> Counts:
    """Count every layer of the model for a batch and return the counts per layer.

    With `causal_half`, causal self-attention counts only the pairs that the mask lets through.
    Raises: ValueError that names a layer no counter is registered for, or a batch that is no number of examples.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise ValueError(f"batch must be a whole number of at least 1, got {batch!r}")
    rows = tuple(count_layer(layer, batch, causal_half=causal_half) for layer in model.layers)
    return Counts(model.name, batch, rows, batch * _peak(model))


def count_layer(layer: Layer, batch: int = 1, *, causal_half: bool = False) -> LayerCount:
    """Count one resolved layer for a batch.

    Raises: ValueError that names the layer if no counter is registered for its kind.
    """
    counter = COUNTERS.get(type(layer.spec))
    if counter is None:
        raise ValueError(
            f"layer {layer.name!r}: no counter for {layer.kind} {layer.input_shapes} -> {layer.output_shape}; "
            "register one with @counting.counts"
        )
    options = {"causal_half": True} if causal_half and layer.kind == "Attention" else {}
    cost = counter(layer.spec, layer.input_shapes, layer.output_shape, **options)
    return LayerCount(
        name=layer.name,
        kind=layer.kind,
        input_shapes=layer.input_shapes,
        output_shape=layer.output_shape,
        params=cost.weights + cost.extras,
        weights=cost.weights,
        macs=batch * cost.macs,
        other={kind: batch * number for kind, number in cost.other.items() if number},
        activations=batch * prod(layer.output_shape) * cost.writes,
        reads=batch * sum(map(prod, layer.input_shapes)) * cost.writes,
    )


def connections(layer: LayerCount) -> int:
    """Count a layer's connections as LeCun et al. 1998 do: every input of every unit, its bias included."""
    pooled = layer.other.get("average pool", 0) + layer.other.get("multiply", 0)
    return layer.macs + layer.other.get("bias", 0) + pooled


def _peak(model: Model) -> int:
    """Return the most values alive at once: each lives from the layer that makes it to the last that reads it."""
    last_use = {-1: -1}
    for index, layer in enumerate(model.layers):
        last_use |= dict.fromkeys(layer.inputs, index)
    alive, peak = {-1: prod(model.input_shape)}, 0
    for index, layer in enumerate(model.layers):
        alive[index] = prod(layer.output_shape)
        peak = max(peak, sum(alive.values()) - _reused(layer))
        alive = {key: size for key, size in alive.items() if last_use.get(key, len(model.layers)) > index}
    return peak


def _reused(layer: Layer) -> int:
    """Return the output size of a layer that writes nothing new, else 0."""
    renames = COUNTERS.get(type(layer.spec)) is _renaming
    return prod(layer.output_shape) if renames else 0
