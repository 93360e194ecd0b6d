"""Parameters, MACs, other operations and bytes of a network, per layer, per kind and in
total; no array is made.

`costs` says what is counted, and as what, for each kind of layer. Here it is summed:
parameters do not grow with the batch, everything else does. **activations** are the
values a layer writes; a layer that only renames values (flatten, dropout at inference)
writes none.

>>> from dlpatterns import models
>>> count(models.vgg16()).macs
15470264320
>>> count(models.lenet5(), batch=2)
LeNet-5 (textbook), batch 2
kind        layers  params  weights     macs   other  activations
Conv2d           2   2,572    2,550  715,200  12,608       12,608
Activation       4       0        0        0  13,016       13,016
AvgPool2d        2       0        0        0  12,608        3,152
Flatten          1       0        0        0       0            0
Linear           3  59,134   58,920  117,840     428          428
total           12  61,706   61,470  833,040  38,660       29,204
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from .. import formats
from ..graph import Layer, Model
from ..layers import Shape
from ..layers.base import is_whole
from .attending import COUNTERS
from .costs import renaming


class LayerCount(NamedTuple):
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
    param_reads: int
    active_params: int

    @property
    def operations(self) -> int:
        """MACs (each as one operation) and other operations together."""
        return self.macs + sum(self.other.values())

    @property
    def connections(self) -> int:
        """Connections as LeCun et al. 1998 count them: every input of every unit, its
        bias included.
        """
        return self.macs + sum(
            self.other.get(kind, 0) for kind in ("bias", "average pool", "multiply")
        )

    def traffic_bytes(self, dtype: str = "fp32") -> int:
        """Return bytes moved if each input, each parameter that is used, and each
        output crosses the bus exactly once.

        Of an embedding only the rows that are looked up are used, at most all of them;
        a tied layer reads the weights it is tied to.
        """
        return formats.get(dtype).bytes_for(
            self.reads + self.param_reads + self.activations
        )

    def row(self) -> dict:
        """Return the counts as one row of a table."""
        shapes = (
            self.input_shapes[0] if len(self.input_shapes) == 1 else self.input_shapes
        )
        return {
            "layer": self.name,
            "kind": self.kind,
            "input": shapes,
            "output": self.output_shape,
        } | _sums([self])


@dataclass(frozen=True, repr=False)
class Counts:
    """The counts of a network; `layers` holds one `LayerCount` each, in the order of
    the network.
    """

    name: str
    batch: int
    layers: tuple[LayerCount, ...]
    peak_activations: int

    @property
    def params(self) -> int:
        """All trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def active_params(self) -> int:
        """The parameters that one token meets: all but those of the experts that were
        not picked.
        """
        return sum(layer.active_params for layer in self.layers)

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
        """Operations that are no MACs, by kind, for the whole batch, the most frequent
        first.
        """
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

    @property
    def connections(self) -> int:
        """Connections as LeCun et al. 1998 count them: every input of every unit, its
        bias included.
        """
        return sum(layer.connections for layer in self.layers)

    def activation_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of all values written by all layers."""
        return formats.get(dtype).bytes_for(self.activations)

    def peak_activation_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of the values that are alive together at the fullest moment
        of inference.
        """
        return formats.get(dtype).bytes_for(self.peak_activations)

    def weight_bytes(self, dtype: str = "fp32") -> int:
        """Return the bytes of all parameters."""
        return formats.get(dtype).bytes_for(self.params)

    def traffic_bytes(self, dtype: str = "fp32") -> int:
        """Return bytes moved if each layer reads its inputs and the parameters it uses
        once and writes its output once.
        """
        return sum(layer.traffic_bytes(dtype) for layer in self.layers)

    def by_layer(self) -> list[dict]:
        """Return one row a layer: layer, kind, input, output, params, weights, macs,
        other, activations.
        """
        return [layer.row() for layer in self.layers]

    def by_kind(self) -> list[dict]:
        """Return one row a kind of layer, in order of first appearance, with the number
        of its layers.
        """
        groups: dict[str, list[LayerCount]] = {}
        for layer in self.layers:
            groups.setdefault(layer.kind, []).append(layer)
        return [
            {"kind": kind, "layers": len(rows)} | _sums(rows)
            for kind, rows in groups.items()
        ]

    def total(self) -> dict:
        """Return one row for the whole network."""
        return {"network": self.name, "layers": len(self.layers)} | _sums(self.layers)

    def where(self, wanted: Callable[[LayerCount], bool]) -> "Counts":
        """Return the counts of the layers for which `wanted` is true; the peak stays
        that of the whole network.

        >>> from dlpatterns import models
        >>> counts = count(models.efficientnet_b4())
        >>> convolutions = counts.only("Conv2d")
        >>> len(convolutions.where(lambda layer: ".se." not in layer.name).layers)
        96
        """
        rows = tuple(layer for layer in self.layers if wanted(layer))
        return Counts(self.name, self.batch, rows, self.peak_activations)

    def only(self, *kinds: str) -> "Counts":
        """Return the counts of the layers of these kinds alone, for instance
        `only("Conv2d")`.

        Raises: ValueError that lists the kinds there are, if a name is the kind of no
        layer at all.
        """
        present = {layer.kind for layer in self.layers}
        unknown = set(kinds) - present - {kind.__name__ for kind in COUNTERS}
        if unknown:
            raise ValueError(
                f"no kind of layer is called {sorted(unknown)}; {self.name} has "
                f"{', '.join(sorted(present))}"
            )
        return self.where(lambda layer: layer.kind in kinds)

    def __repr__(self) -> str:
        total = {"kind": "total"} | {
            key: value for key, value in self.total().items() if key != "network"
        }
        return f"{self.name}, batch {self.batch}\n" + _text_table(
            [*self.by_kind(), total]
        )


def _sums(rows: Iterable[LayerCount]) -> dict[str, int]:
    rows = list(rows)
    sums = {
        key: sum(getattr(row, key) for row in rows)
        for key in ("params", "weights", "macs")
    }
    return sums | {
        "other": sum(sum(row.other.values()) for row in rows),
        "activations": sum(row.activations for row in rows),
    }


def _text_table(rows: list[dict]) -> str:
    """Return rows of a name and numbers as lines, the name to the left and the numbers
    to the right.
    """
    cells = [
        list(rows[0]),
        *(
            [name, *(f"{n:,}" for n in numbers)]
            for name, *numbers in map(dict.values, rows)
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)),
            ]
        )
        for line in cells
    )
    return "\n".join(lines)


def count(model: Model, batch: int = 1, *, causal_half: bool = False) -> Counts:
    """Count every layer of the model for a batch and return the counts per layer.

    With `causal_half`, causal self-attention counts only the pairs that the mask lets
    through.
    Raises: ValueError that names a layer no counter is registered for, or a batch that
    is no number of examples.
    """
    if not isinstance(model, Model):
        raise TypeError(
            f"count takes a Model, for instance count(models.vgg16()), got {model!r}"
        )
    rows = tuple(
        count_layer(layer, batch, causal_half=causal_half) for layer in model.layers
    )
    return Counts(model.name, batch, rows, batch * _peak(model))


def count_layer(
    layer: Layer, batch: int = 1, *, causal_half: bool = False
) -> LayerCount:
    """Count one resolved layer for a batch.

    Raises: ValueError that names the layer if no counter is registered for its kind.
    """
    if not isinstance(layer, Layer):
        raise TypeError(
            "count_layer takes a layer, for instance models.vgg16().layers[0], got "
            f"{layer!r}"
        )
    if not is_whole(batch):
        raise ValueError(f"batch must be a whole number of at least 1, got {batch!r}")
    if not isinstance(causal_half, bool):
        raise TypeError(f"causal_half is True or False, got {causal_half!r}")
    counter = COUNTERS.get(type(layer.spec))
    if counter is None:
        raise ValueError(
            f"layer {layer.name!r}: no counter for {layer.kind} {layer.input_shapes} "
            f"-> {layer.output_shape}; register one with @costs.counts"
        )
    halves = causal_half and layer.kind in ("Attention", "LatentAttention")
    options = {"causal_half": True} if halves else {}
    cost = counter(layer.spec, layer.input_shapes, layer.output_shape, **options)
    params = cost.weights + cost.extras
    return LayerCount(
        name=layer.name,
        kind=layer.kind,
        input_shapes=layer.input_shapes,
        output_shape=layer.output_shape,
        params=params,
        weights=cost.weights,
        macs=batch * cost.macs,
        other={kind: batch * number for kind, number in cost.other.items() if number},
        activations=batch * prod(layer.output_shape) * cost.writes,
        reads=batch * sum(map(prod, layer.input_shapes)) * cost.writes,
        param_reads=cost.param_reads(batch),
        active_params=params - cost.idle,
    )


def _peak(model: Model) -> int:
    """Return the most values alive at once: each lives from the layer that makes it to
    the last that reads it.
    """
    sizes = [prod(layer.output_shape) for layer in model.layers] + [
        prod(model.input_shape)
    ]  # index -1: the input
    dying = _last_reads(model)
    alive = peak = sizes[-1]
    for index, layer in enumerate(model.layers):
        renames = COUNTERS.get(type(layer.spec)) is renaming
        alive += sizes[index]
        peak = max(peak, alive - renames * sizes[index])
        alive -= sum(sizes[i] for i in dying.get(index, ()))
    return peak


def _last_reads(model: Model) -> dict[int, list[int]]:
    """Return, for each layer, which values it is the last to read."""
    last = {i: index for index, layer in enumerate(model.layers) for i in layer.inputs}
    dying: dict[int, list[int]] = {}
    for value, reader in last.items():
        dying.setdefault(reader, []).append(value)
    return dying
