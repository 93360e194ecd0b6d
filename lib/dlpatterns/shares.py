"""Who does the work: what share of a network's operations or bytes belongs to its multiply-accumulates.

An operation is a MAC, or any other single result as `costs` counts it; `per_mac` says as how many a MAC is to count.
Bytes belong to layers: a layer with MACs carries all that it reads and writes.
"""

from collections.abc import Mapping

from .counting import Counts
from .graph import Layer, Model
from .layers import ACTIVATIONS

PARTS = ("MACs", "bias, add, multiply", "normalisation", "activation", "pooling", "softmax", "other")
OF_OPERATION = {
    "normalisation": "normalisation",
    "max pool": "pooling",
    "average pool": "pooling",
    "softmax": "softmax",
    "scale": "softmax",
    **dict.fromkeys(("bias", "add", "multiply", "subtract", "rotary"), "bias, add, multiply"),
    **dict.fromkeys(ACTIVATIONS, "activation"),
}
OF_LAYER = {
    **dict.fromkeys(("BatchNorm2d", "LayerNorm", "RMSNorm", "LocalResponseNorm"), "normalisation"),
    **dict.fromkeys(("MaxPool2d", "AvgPool2d", "GlobalAvgPool2d", "Subsample2d"), "pooling"),
    **dict.fromkeys(("Add", "Multiply"), "bias, add, multiply"),
    "Activation": "activation",
    "Softmax": "softmax",
}


def of_operations(counts: Counts, *, per_mac: float = 1) -> float:
    """Return the share of MACs in all operations, from 0 to 1; a network without operations raises ValueError.

    >>> from dlpatterns import models
    >>> from dlpatterns.counting import count
    >>> round(of_operations(count(models.lenet5())), 3)
    0.956
    """
    return _share(operations(counts, per_mac=per_mac), counts)


def of_bytes(counts: Counts, dtype: str = "fp32") -> float:
    """Return the share of bytes that layers with MACs move, each input, used parameter and output once."""
    return _share(moved(counts, dtype), counts)


def operations(counts: Counts, *, per_mac: float = 1) -> dict[str, float]:
    """Return the operations of each of the `PARTS`, a MAC taken as `per_mac` operations."""
    parts = dict.fromkeys(PARTS, 0) | {"MACs": counts.macs * per_mac}
    for kind, number in counts.other.items():
        parts[OF_OPERATION.get(kind, "other")] += number
    return parts


def moved(counts: Counts, dtype: str = "fp32") -> dict[str, int]:
    """Return the bytes moved by the layers of each of the `PARTS`; all bytes of a layer with MACs are theirs."""
    parts = dict.fromkeys(PARTS, 0)
    for layer in counts.layers:
        parts["MACs" if layer.macs else OF_LAYER.get(layer.kind, "other")] += layer.traffic_bytes(dtype)
    return parts


def convolutions(model: Model, counts: Counts) -> list[dict]:
    """Return a row for each kind of convolution: its fan-in, its MACs, and their share in its block.

    A block is a convolution with the batch normalisation and the activation that follow it.
    """
    rows: dict[str, dict] = {}
    row: dict = {}
    for layer, counted in zip(model.layers, counts.layers, strict=True):
        if layer.kind == "Conv2d":
            row = rows.setdefault(_kind(layer), {"fan_in": [], "macs": 0, "operations": 0})
            row["fan_in"].append(counted.macs // counted.activations)
        if row and layer.kind in ("Conv2d", "BatchNorm2d", "Activation"):
            row["macs"] += counted.macs
            row["operations"] += counted.operations
    return [
        {"convolution": kind, "fan_in": _range(row["fan_in"]), "macs": row["macs"], "share": row["macs"] / row["operations"]}
        for kind, row in rows.items()
    ]


def _kind(layer: Layer) -> str:
    channels, groups = layer.input_shapes[0][0], layer.spec.groups
    how = "depthwise" if groups == channels > 1 else "dense" if groups == 1 else f"{groups} groups"
    return " × ".join(map(str, layer.spec.weight_shape(channels)[2:])) + f" {how}"


def _range(values: list[int]) -> str:
    return str(values[0]) if min(values) == max(values) else f"{min(values)} to {max(values)}"


def _share(parts: Mapping[str, float], counts: Counts) -> float:
    total = sum(parts.values())
    if not total:
        raise ValueError(f"{counts.name} has no operations and moves no bytes; there is nothing to take a share of")
    return parts["MACs"] / total
