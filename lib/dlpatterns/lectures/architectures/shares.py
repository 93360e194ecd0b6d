"""The share of MACs in what a network does: in operations, in bytes, and in time.

An operation is a MAC, or any other single result as `counting.costs` counts it. Bytes
and seconds belong to layers: a layer with MACs carries all that it reads and writes, by
the model `once`.
"""

from collections.abc import Callable, Iterator, Mapping
from math import inf

from ...counting import Counts, count
from ...graph import Layer, Model, fold_batch_norm
from ...hardware import machines, roofline
from ...kernels import activations
from ...layers import ACTIVATIONS
from ...tracing import tally, trace

PARTS = (
    *("MACs", "bias, add, multiply", "normalisation", "activation"),
    *("pooling", "softmax", "other"),
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
        ("BatchNorm2d", "ChannelNorm", "LayerNorm", "RMSNorm", "LocalResponseNorm"),
        "normalisation",
    ),
    **dict.fromkeys(
        ("MaxPool2d", "AvgPool2d", "GlobalAvgPool2d", "Subsample2d"), "pooling"
    ),
    **dict.fromkeys(("Add", "ChannelScale", "Multiply"), "bias, add, multiply"),
    "Activation": "activation",
    "Softmax": "softmax",
}


def of_macs(parts: Mapping[str, float]) -> float:
    """Return the MACs' part of a whole, from 0 to 1.

    >>> of_macs({"MACs": 9, "activation": 1})
    0.9
    """
    if not (total := sum(parts.values())):
        raise ValueError(
            f"there is nothing to take a share of: {dict(parts)}; pass the parts of a "
            "network that computes"
        )
    return parts["MACs"] / total


# --- Operations


def operations(
    counts: Counts, *, per_mac: float = 1, per_activation: float = 1
) -> dict[str, float]:
    """Return the operations of each of the `PARTS`, a MAC taken as `per_mac` of them
    and an activation as `per_activation`.
    """
    parts = dict.fromkeys(PARTS, 0) | {"MACs": counts.macs * per_mac}
    for kind, number in counts.other.items():
        parts[OF_OPERATION.get(kind, "other")] += number
    parts["activation"] *= per_activation
    return parts


def in_operations(counts: Counts, **costs: float) -> float:
    """Return the share of MACs in all operations, from 0 to 1; options as for
    `operations`.

    >>> from dlpatterns import models
    >>> from dlpatterns.counting import count
    >>> round(in_operations(count(models.lenet5())), 3)
    0.956
    """
    return of_macs(operations(counts, **costs))


def dearest_activation(
    counts: Counts, share: float = 0.9, *, per_mac: float = 1
) -> float:
    """Return how many operations an activation may cost until the MACs' share falls to
    `share`.

    M / (M + R + c A) = s at c = (M (1 - s) / s - R) / A, with M the MACs, R the other
    operations, A the activations; infinite without activations.
    """
    parts = operations(counts, per_mac=per_mac)
    rest = sum(parts.values()) - parts["MACs"] - parts["activation"]
    spare = parts["MACs"] * (1 - share) / share - rest
    return spare / parts["activation"] if parts["activation"] else inf


def activation_costs() -> dict[str, dict[str, int]]:
    """Run each activation function of the kernels on one counted number and return its
    operations by name.
    """
    found = {}
    for kind, function in activations.FUNCTIONS.items():
        with tally() as did:
            function(trace([0.3], "x"))
        found[kind] = dict(did.other)
    return found


def by_own_costs(counts: Counts) -> float:
    """Return the share of MACs in all operations if each activation costs what
    `activation_costs` says of its kind.
    """
    costs = {kind: sum(each.values()) for kind, each in activation_costs().items()}
    other = sum(n * costs.get(kind, 1) for kind, n in counts.other.items())
    return counts.macs / (counts.macs + other)


# --- Bytes and time: the book's one model, `hardware.roofline`


def moved(model: Model, *, fused: bool = False) -> dict[str, float]:
    """Return the bytes moved for one example in float32, by the model `once`, by the
    layers of each of the `PARTS`; all bytes of a layer with MACs are theirs.

    `fused` folds the normalisation, and lets a layer without MACs whose input nobody
    else reads work on it before it is written; its bytes are then its maker's.
    """
    return _by_part(model, lambda work: work.bytes_once, dtype="fp32", fused=fused)


def a100(model: Model, *, fused: bool) -> dict[str, float]:
    """Return the least seconds of a batch of 64 on an A100 in FP16, by the layers of
    each of the `PARTS`, arithmetic and traffic side by side.
    """
    return _by_part(model, lambda work: work.overlapped, batch=64, fused=fused)


def in_bytes(model: Model, *, fused: bool = False) -> float:
    """Return the share of the bytes that layers with MACs move, by the model `once`."""
    return of_macs(moved(model, fused=fused))


def in_bytes_strictly(model: Model) -> float:
    """Return the share of the bytes of layers with MACs, fused, if what a fused layer
    reads beside the value it works on, a shortcut or parameters, is charged to that
    layer instead of its maker.
    """
    parts = moved(model, fused=True)
    beside = 4 * sum(_read_beside(fold_batch_norm(model)))
    return (parts["MACs"] - beside) / sum(parts.values())


def _read_beside(model: Model) -> Iterator[int]:
    """Yield what each layer that is fused behind MACs reads beside its first input."""
    counts = count(model).layers
    fused, makers = roofline.fusable(model, counts), {}
    for place, (layer, counted) in enumerate(zip(model.layers, counts, strict=True)):
        source = layer.inputs[0]
        makers[place] = makers[source] if place in fused else place
        if place in fused and counts[makers[place]].macs:
            yield counted.reads - roofline.first_read(counted) + counted.param_reads


def _by_part(
    model: Model, amount: Callable[[roofline.Bound], float], **how: object
) -> dict[str, float]:
    """Add up an amount of every layer, or group of fused ones, by the part it belongs
    to.
    """
    model = fold_batch_norm(model) if how["fused"] else model
    kinds = {layer.name: layer.kind for layer in model.layers}
    parts = dict.fromkeys(PARTS, 0.0)
    for work in roofline.layers(model, machines.get("A100"), **how):
        part = "MACs" if work.macs else OF_LAYER.get(kinds[work.name], "other")
        parts[part] += amount(work)
    return parts


UNITS: dict[str, Callable[[Model], dict]] = {
    "operations, a MAC as one": lambda model: operations(count(model)),
    "bytes (once), layer by layer": moved,
    "bytes (once), fused": lambda model: moved(model, fused=True),
    "time on an A100, layer by layer": lambda model: a100(model, fused=False),
    "time on an A100, fused": lambda model: a100(model, fused=True),
}


# --- Inside a network


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
            "percent": round(100 * row["macs"] / row["operations"], 1),
        }
        for kind, row in rows.items()
    ]


def _kind(layer: Layer) -> str:
    channels, groups = layer.input_shapes[0][0], layer.spec.groups
    how = "dense" if groups == 1 else f"{groups} groups"
    if groups == channels > 1:
        how = "depthwise"
    return " × ".join(map(str, layer.spec.weight_shape(channels)[2:])) + f" {how}"


def _range(values: list[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"
