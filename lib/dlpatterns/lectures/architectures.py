"""The lecture on architectures: who does the work of a network, and the four structures
nearly all of them are made of.

An operation is a MAC, or any other single result as `counting.costs` counts it;
`per_mac` says as how many a MAC is to count. Bytes belong to layers: a layer with MACs
carries all that it reads and writes.
"""

from collections.abc import Mapping

from .. import layers
from ..counting import Counts, count
from ..counting.depth import dependent_products
from ..graph import Builder, Layer, Model
from ..layers import ACTIVATIONS
from ..models.sequence import transformer_encoder_block

STRUCTURES = ("full connection", "convolution", "recurrence", "attention")
PARTS = (
    "MACs",
    "bias, add, multiply",
    "normalisation",
    "activation",
    "pooling",
    "softmax",
    "other",
)
OF_OPERATION = {
    "normalisation": "normalisation",
    "max pool": "pooling",
    "average pool": "pooling",
    "softmax": "softmax",
    "scale": "softmax",
    **dict.fromkeys(
        ("bias", "add", "multiply", "subtract", "rotary"), "bias, add, multiply"
    ),
    **dict.fromkeys(ACTIVATIONS, "activation"),
}
OF_LAYER = {
    **dict.fromkeys(
        ("BatchNorm2d", "LayerNorm", "RMSNorm", "LocalResponseNorm"), "normalisation"
    ),
    **dict.fromkeys(
        ("MaxPool2d", "AvgPool2d", "GlobalAvgPool2d", "Subsample2d"), "pooling"
    ),
    **dict.fromkeys(("Add", "Multiply"), "bias, add, multiply"),
    "Activation": "activation",
    "Softmax": "softmax",
}


def share_of_operations(counts: Counts, *, per_mac: float = 1) -> float:
    """Return the share of MACs in all operations, from 0 to 1; a network without
    operations raises ValueError.

    >>> from dlpatterns import models
    >>> from dlpatterns.counting import count
    >>> round(share_of_operations(count(models.lenet5())), 3)
    0.956
    """
    return _share(operations(counts, per_mac=per_mac), counts)


def share_of_bytes(counts: Counts, dtype: str = "fp32") -> float:
    """Return the share of bytes that layers with MACs move, each input, used parameter
    and output once.
    """
    return _share(moved(counts, dtype), counts)


def operations(counts: Counts, *, per_mac: float = 1) -> dict[str, float]:
    """Return the operations of each of the `PARTS`, a MAC taken as `per_mac`
    operations.
    """
    parts = dict.fromkeys(PARTS, 0) | {"MACs": counts.macs * per_mac}
    for kind, number in counts.other.items():
        parts[OF_OPERATION.get(kind, "other")] += number
    return parts


def moved(counts: Counts, dtype: str = "fp32") -> dict[str, int]:
    """Return the bytes moved by the layers of each of the `PARTS`; all bytes of a layer
    with MACs are theirs.
    """
    parts = dict.fromkeys(PARTS, 0)
    for layer in counts.layers:
        parts["MACs" if layer.macs else OF_LAYER.get(layer.kind, "other")] += (
            layer.traffic_bytes(dtype)
        )
    return parts


def convolutions(model: Model, counts: Counts) -> list[dict]:
    """Return a row for each kind of convolution: its fan-in, its MACs, and their share
    in its block.

    A block is a convolution with the batch normalisation and the activation that follow
    it.
    """
    rows: dict[str, dict] = {}
    row: dict = {}
    for layer, counted in zip(model.layers, counts.layers, strict=True):
        if layer.kind == "Conv2d":
            row = rows.setdefault(
                _kind(layer), {"fan_in": [], "macs": 0, "operations": 0}
            )
            row["fan_in"].append(counted.macs // counted.activations)
        if row and layer.kind in ("Conv2d", "BatchNorm2d", "Activation"):
            row["macs"] += counted.macs
            row["operations"] += counted.operations
    return [
        {
            "convolution": kind,
            "fan_in": _range(row["fan_in"]),
            "macs": row["macs"],
            "share": row["macs"] / row["operations"],
        }
        for kind, row in rows.items()
    ]


def _kind(layer: Layer) -> str:
    channels, groups = layer.input_shapes[0][0], layer.spec.groups
    how = (
        "depthwise"
        if groups == channels > 1
        else "dense"
        if groups == 1
        else f"{groups} groups"
    )
    return " × ".join(map(str, layer.spec.weight_shape(channels)[2:])) + f" {how}"


def _range(values: list[int]) -> str:
    return (
        str(values[0])
        if min(values) == max(values)
        else f"{min(values)} to {max(values)}"
    )


def _share(parts: Mapping[str, float], counts: Counts) -> float:
    total = sum(parts.values())
    if not total:
        raise ValueError(
            f"{counts.name} has no operations and moves no bytes; there is "
            "nothing to "
            "take a share of"
        )
    return parts["MACs"] / total


# --- The four structures


def structure(kind: str, places: int, *, features: int = 64) -> Model:
    """Return one layer of a structure that takes `places` of `features` to as many.

    A full connection joins everything with everything; a convolution has a window of 3
    and keeps the length; the recurrence is an LSTM; attention has four heads,
    projections, and a feed forward of four times the features behind it.
    Raises: ValueError that lists the structures, or shows sizes that are no whole
    numbers.

    >>> structure("convolution", 16).output_shape
    (64, 1, 16)
    """
    if kind not in STRUCTURES:
        raise ValueError(f"unknown structure {kind!r}; known: {', '.join(STRUCTURES)}")
    shape = (features, 1, places) if kind == "convolution" else (places, features)
    net = Builder(kind, shape)
    if kind == "full connection":
        return net.model(
            net.chain(net.input, layers.Flatten(), layers.Linear(places * features))
        )
    if kind == "attention":
        return net.model(
            transformer_encoder_block(net, net.input, heads=4, hidden=4 * features)
        )
    spec = (
        layers.LSTM(features)
        if kind == "recurrence"
        else layers.Conv2d(features, (1, 3), padding=(0, 1))
    )
    return net.model(net(spec, net.input))


def measures(kind: str, places: int, *, features: int = 64) -> dict:
    """Return parameters, MACs, MACs a weight, sequential depth, and how many places an
    output sees.
    """
    model = structure(kind, places, features=features)
    counted = count(model)
    reach = {"convolution": min(3, places), "recurrence": "all before"}.get(kind, "all")
    return {
        "structure": kind,
        "params": counted.params,
        "MACs": counted.macs,
        "MACs a weight": counted.macs / counted.weights,
        "sequential depth": dependent_products(model),
        "an output sees": reach,
    }
