"""Rows for the questions of the lecture: names, pooling, errors, memory, knobs, printed
counts, profilers.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.stats import spearmanr

from ... import datasets, models
from ...counting import Counts, LayerCount, count
from ...counting.products import products
from ...graph import Model
from ...models.mobile import efficientnet
from .table import NETWORKS, convolutions, network

NAMES = {
    "LeNet-5": ("lenet5_1998", "lenet5", "lenet_caffe"),
    "AlexNet": ("alexnet_2012", "alexnet_ungrouped", "alexnet"),
    "GoogLeNet": ("googlenet_2014", "googlenet_2014_floor", "googlenet"),
    "ResNet-50": ("resnet50_2015", "resnet50"),
}
MEMORY = {
    "AlexNet": "alexnet_2012",
    "VGG-16": "vgg16",
    "GoogLeNet": "googlenet_2014",
    "ResNet-50": "resnet50_2015",
    "EfficientNet-B4": "efficientnet_b4",
    "ViT-B/16": "vit_b_16",
}
# Tan & Le 2019: depth, width, pixels of B0 to B7; the factors of the authors' code
FACTORS = (
    *((1.0, 1.0, 224), (1.1, 1.0, 240), (1.2, 1.1, 260), (1.4, 1.2, 300)),
    *((1.8, 1.4, 380), (2.2, 1.6, 456), (2.6, 1.8, 528), (3.1, 2.0, 600)),
)
COSTS: dict[str, Callable[[dict], float]] = {
    "MACs (G)": lambda row: row["counts"].macs / 1e9,
    "parameters (M)": lambda row: row["counts"].params / 1e6,
    "activations (M)": lambda row: row["counts"].activations / 1e6,
    "outputs of MAC layers (M)": lambda row: _written(row["counts"]) / 1e6,
    "year of publication": lambda row: row["year"],
}


def _written(counts: Counts) -> int:
    return sum(layer.activations for layer in counts.layers if layer.macs)


@cache
def counts_of(name: str, batch: int = 1) -> Counts:
    """Return the counts of a network of `models.ZOO` by its name there."""
    return count(models.ZOO[name](), batch)


# --- Names


def disguises() -> list[dict]:
    """Return a row a network: layers called Linear, layers that connect fully."""
    return [
        {"network": heading, "called Linear": len(net.counts.only("Linear").layers)}
        | {"full connections": len(net.full.layers)}
        for heading in NETWORKS
        for net in [network(heading)]
    ]


def connections() -> list[dict]:
    """Return a row for each layer of LeNet-5 that LeCun counts connections of."""
    return [
        {"layer": row.name, "weights": row.weights, "MACs": row.macs}
        | {"connections": row.connections}
        for row in network("LeNet-5").counts.layers
        if row.connections
    ]


def column_and_row(layer: LayerCount, side: int = 7) -> tuple[int, int]:
    """Return weights and MACs of a square layer whose filters are a column and a row of
    that side instead, at the same places.
    """
    places = layer.macs // layer.weights
    weights = layer.weights // side**2 * 2 * side
    return weights, weights * places


def namesakes() -> list[dict]:
    """Return a row for each of the networks that share four names."""
    return [
        {"name": name, "which": counts.name, "input": models.ZOO[key]().input_shape}
        | {"params": counts.params, "MACs": counts.macs}
        for name, keys in NAMES.items()
        for key in keys
        for counts in [counts_of(key)]
    ]


def googlenets() -> list[dict]:
    """Return a row for GoogLeNet as published, rounded down, and as torchvision's."""
    names = ("googlenet_2014", "googlenet_2014_floor", "googlenet")
    return [
        {"network": counts.name, "params": counts.params, "maps": _maps(counts)}
        | {"conv MACs": convolutions(counts).macs, "all MACs": counts.macs}
        for counts in map(counts_of, names)
    ]


def lost_behind_the_last_pooling() -> float:
    """Return the share of MACs that GoogLeNet's convolutions of 7 × 7 places lose when
    pooling rounds down and leaves 6 × 6.
    """
    full, less = (
        sum(
            row.macs
            for row in counts_of(name).only("Conv2d").layers
            if row.output_shape[1] == side
        )
        for name, side in (("googlenet_2014", 7), ("googlenet_2014_floor", 6))
    )
    return 1 - less / full


def ways_of_measuring() -> list[tuple]:
    """Return how each printed top-5 error was measured: networks, crops, images."""
    return [
        (row["models"], row["crops"], row["what_was_measured"])
        for row in datasets.table("classic_top5")
    ]


def kinds_with_macs() -> set[str]:
    """Return the kinds of layer that multiply in any network of `models.FIRST`."""
    every = map(counts_of, models.FIRST)
    return {row.kind for counts in every for row in counts.layers if row.macs}


def _maps(counts: Counts) -> str:
    joined = (row.output_shape[1] for row in counts.layers if row.kind == "Concat")
    return ", ".join(map(str, dict.fromkeys(joined)))


def positions(pixels: int, *, up: bool, kernel: int = 3, stride: int = 2) -> int:
    """Return at how many places a pooling window stands on a row of pixels.

    >>> positions(112, up=True), positions(112, up=False)
    (56, 55)
    """
    return (
        -(-(pixels - kernel) // stride) + 1 if up else (pixels - kernel) // stride + 1
    )


# --- Errors


@cache
def judged_networks() -> tuple[dict, ...]:
    """Return torchvision's rows of accuracy, each with our counts."""
    rows = datasets.table("torchvision_accuracy")
    return tuple(row | {"counts": counts_of(row["network"])} for row in rows)


def judged(name: str) -> dict:
    """Return torchvision's row of accuracy of one network, with our counts."""
    return next(row for row in judged_networks() if row["network"] == name)


def falls_within(family: str) -> bool:
    """Tell whether each member of a family errs less than all that cost fewer MACs."""
    rows = [row for row in judged_networks() if row["network"].startswith(family)]
    rows.sort(key=lambda row: row["counts"].macs)
    right = [row["top1_percent"] for row in rows]
    return len(rows) > 1 and all(a < b for a, b in pairwise(right))


def beats(name: str, family: str) -> bool:
    """Tell whether a network errs less than every member of a family, and costs fewer
    MACs than any.
    """
    one = judged(name)
    rows = [row for row in judged_networks() if row["network"].startswith(family)]
    return bool(rows) and all(
        one["top1_percent"] > row["top1_percent"]
        and one["counts"].macs < row["counts"].macs
        for row in rows
    )


def overtaking(name: str, best: str) -> float:
    """Return how many times fewer MACs a network does than another."""
    return counts_of(best).macs / counts_of(name).macs


def families_improve() -> bool:
    """Tell whether the error falls with the MACs within three families, in top-1 but
    not in top-5, and whether each of two networks beats an older family.
    """
    b6, b7 = (judged(f"efficientnet_b{i}")["top5_percent"] for i in (6, 7))
    within = all(map(falls_within, ("vgg", "resnet", "efficientnet")))
    after = beats("resnet34", "vgg") and beats("efficientnet_b1", "resnet")
    return within and after and b7 <= b6


def correlation(cost: str, rows: Sequence[dict]) -> float:
    """Return Spearman's rank correlation of a cost with the top-1 error."""
    errors = [100 - row["top1_percent"] for row in rows]
    return float(spearmanr([COSTS[cost](row) for row in rows], errors).statistic)


def interval(cost: str, rows: Sequence[dict]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the rank correlation over networks."""
    return _middle(_resampled(cost, rows))


def apart(cost: str, other: str, rows: Sequence[dict]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the difference of two rank correlations,
    both taken on the same resamples of networks.
    """
    return _middle(_resampled(cost, rows) - _resampled(other, rows))


def _resampled(cost: str, rows: Sequence[dict], resamples: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(0)
    picks = rng.integers(len(rows), size=(resamples, len(rows)))
    return np.array([correlation(cost, [rows[i] for i in pick]) for pick in picks])


def _middle(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return round(float(low), 2), round(float(high), 2)


def predictors() -> list[dict]:
    """Return a row a cost: its rank correlation with the error, over all networks, with
    the bootstrap's interval, and over those that are no EfficientNet.
    """
    rows = judged_networks()
    older = [row for row in rows if not row["network"].startswith("efficient")]
    return [
        {"cost": cost, "all": round(correlation(cost, rows), 2)}
        | dict(zip(("from", "to"), interval(cost, rows), strict=True))
        | {"without EfficientNets": round(correlation(cost, older), 2)}
        for cost in COSTS
    ]


# --- Memory and knobs


def layers_with_macs(name: str, batch: int = 1) -> list:
    """Return the counts of the layers of a network that multiply."""
    return [row for row in counts_of(MEMORY[name], batch).layers if row.macs]


def in_the_first_third(name: str) -> tuple[float, float]:
    """Return the shares of activations and of parameters that the first third of the
    layers with MACs holds.
    """
    rows = layers_with_macs(name)
    third = rows[: len(rows) // 3]
    return tuple(
        sum(getattr(row, what) for row in third)
        / sum(getattr(row, what) for row in rows)
        for what in ("activations", "params")
    )


def grown(*, depth: float = 1, width: float = 1, resolution: float = 100) -> dict:
    """Return how many times EfficientNet-B0 a scaled one is; resolution in percent.

    The rule is depth × width² × resolution².
    """
    base = counts_of("efficientnet_b0")
    size = int(224 * resolution // 100)
    counts = count(efficientnet(depth=depth, width=width, size=size))
    return {
        "MACs": counts.macs / base.macs,
        "rule": depth * width**2 * (resolution / 100) ** 2,
        "parameters": counts.params / base.params,
        "activations": counts.activations / base.activations,
    }


def family() -> list[dict]:
    """Return a row for each of B0 to B7 at the paper's sizes, counted and by rule."""
    base = counts_of("efficientnet_b0").macs
    return [
        {"network": f"B{i}", "depth": depth, "width": width, "pixels": size}
        | {"blocks": _blocks(model), "MACs": (macs := count(model).macs)}
        | {"times B0": macs / base, "rule": depth * width**2 * (size / 224) ** 2}
        for i, (depth, width, size) in enumerate(FACTORS)
        for model in [efficientnet(depth=depth, width=width, size=size)]
    ]


def escaping() -> float:
    """Return the share of EfficientNet-B0's MACs in layers that grow with the width and
    not with its square: the depthwise ones, the first, and the last.
    """
    counts = counts_of("efficientnet_b0")
    rows = [row for row in counts.layers if row.macs]
    deep = sum(row.macs for row in rows if row.name.endswith(".depthwise"))
    return (deep + rows[0].macs + rows[-1].macs) / counts.macs


def _blocks(model: Model) -> int:
    return sum(layer.name.endswith(".depthwise") for layer in model.layers)


# --- Printed counts and profilers


def printed_by_torchvision(names: Sequence[str] = ()) -> list[dict]:
    """Return a row a network, of those named or of all: torchvision's printed
    parameters and GMAC, and ours.
    """
    return [
        {"network": row["network"], "params printed": row["params"]}
        | {"ours": row["counts"].params, "GMAC printed": f"{row['gmacs']:.3f}"}
        | {"ours in GMAC": f"{row['counts'].macs / 1e9:.3f}"}
        for row in judged_networks()
        if not names or row["network"] in names
    ]


def printed_in_papers() -> list[dict]:
    """Return a row a figure as its paper prints it: ours, and how the two fit.

    Ours fits "rounded" to the printed digits, "cut off" after them, "convolutions
    alone", or not.
    """
    rows = datasets.table("printed_counts")
    return [
        {"network": row["network"], "what": row["quantity"]}
        | {"printed": str(row["printed"]), "ours": _ours(row), "fits": fit(row)}
        | {"place": f"{row['source']}, {row['place']}"}
        for row in rows
    ]


def _ours(row: dict) -> int:
    return getattr(counts_of(row["zoo"]), row["quantity"])


def fit(row: dict) -> str:
    """Return how our count fits a printed one."""
    printed, ours = datasets.printed(str(row["printed"])), _ours(row)
    if printed.agrees(ours):
        return "rounded"
    if printed.value <= ours < printed.value + 2 * printed.half_unit:
        return "cut off"
    alone = convolutions(counts_of(row["zoo"])).macs
    return "convolutions alone" if printed.agrees(alone) else "no"


def in_macs(row: dict, counter: str) -> float | None:
    """Return what a profiler reports over our MACs, in one unit; None if it fails."""
    unit = datasets.measurement("profilers")["units"][counter]["units_a_mac"]
    told = row[counter]
    return told / unit / row["ours"] if isinstance(told, int) else None


def profiled(without: Sequence[str] = ()) -> list[dict]:
    """Return a row a model: each profiler's report over our MACs, in one unit."""
    measured = datasets.measurement("profilers")
    return [
        {"model": row["network"], "fused": "yes" if row["fused_attention"] else "no"}
        | {counter: _ratio(row, counter) for counter in measured["units"]}
        for row in measured["rows"]
        if row["network"] not in without
    ]


def _ratio(row: dict, counter: str) -> str:
    told = in_macs(row, counter)
    return "fails" if told is None else f"{told:.3f}"


def spread(model: str) -> tuple[float, float]:
    """Return the lowest and the highest report on a model over our MACs."""
    measured = datasets.measurement("profilers")
    rows = [row for row in measured["rows"] if row["network"] == model]
    told = [in_macs(row, counter) for row in rows for counter in measured["units"]]
    told = [ratio for ratio in told if ratio is not None]
    return min(told), max(told)


def left_without() -> dict[str, float]:
    """Return what is left of ViT-B/16 without Q Kᵀ and A V, and without attention."""
    counts, model = counts_of("vit_b_16"), models.vit_b_16()
    attention = [layer for layer in model.layers if layer.kind == "Attention"]
    pairs = sum(p.macs for layer in attention for p in products(layer)[2:4])
    whole = counts.only("Attention").macs
    return {
        "without its two products": 1 - pairs / counts.macs,
        "without attention": 1 - whole / counts.macs,
    }


def all_in_products(name: str) -> bool:
    """Tell whether the matrix products of a network of `models.ZOO` hold all its
    MACs.
    """
    layers = models.ZOO[name]().layers
    inside = sum(product.macs for layer in layers for product in products(layer))
    return inside == counts_of(name).macs


def map_sizes() -> list[int]:
    """Return the different sizes of map that the six networks' convolutions see."""
    return sorted(
        {
            row.input_shapes[0][1]
            for heading in NETWORKS
            for row in network(heading).counts.only("Conv2d").layers
        }
    )


def thop_adds_normalisation() -> bool:
    """Tell whether thop's surplus on MobileNetV2 is four operations for each value that
    batch normalisation writes.
    """
    rows = datasets.measurement("profilers")["rows"]
    told = next(row for row in rows if row["network"] == "mobilenet_v2")
    normalised = counts_of("mobilenet_v2").only("BatchNorm2d").activations
    return told["thop"] - told["ours"] == 4 * normalised


def rebuilt() -> bool:
    """Tell whether torch's counter reports on ViT-B/16 what is left without attention
    or without its products, to three digits.
    """
    told = {
        row["torch flop_counter"] for row in profiled() if row["model"] == "vit_b_16"
    }
    return told == {f"{share:.3f}" for share in left_without().values()}


def filled(side: int) -> list[float]:
    """Return, for each different product of the six networks, which share of a square
    array its K × M weights fill, tile after tile, the ragged ones included.
    """
    return [
        m * k / (-(-m // side) * side * -(-k // side) * side) for m, k, _ in shapes()
    ]


def neighbours() -> dict[str, int]:
    """Return counts beside the published networks, by what they leave out."""
    resnet, vit, mobile = map(counts_of, ("resnet34", "vit_b_16", "mobilenet_v2"))
    return {
        "ResNet-34's MACs without shortcuts": resnet.macs
        - sum(row.macs for row in resnet.layers if row.name.endswith("shortcut")),
        "ViT-B/16's parameters without the last layer": vit.params
        - [row.params for row in vit.layers if row.params][-1],
        "MobileNetV2's parameters without normalisation": mobile.params
        - mobile.only("BatchNorm2d").params,
    }


def shapes() -> list[tuple[int, int, int]]:
    """Return the different matrix products (M, K, N) of the six networks."""
    found = {
        (product.m, product.k, product.n)
        for build in NETWORKS.values()
        for layer in build().layers
        for product in products(layer)
    }
    return sorted(found)
