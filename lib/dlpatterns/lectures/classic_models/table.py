"""The course's table of six classic networks, recomputed: every printed cell beside
ours, with a verdict and a reason.

A **convolution** here multiplies by trained weights and has an output map; a layer of
trained weights whose output is one pixel (C5 of LeNet-5, the two layers of a
squeeze-and-excitation) computes a full connection whatever it is called, and counts as
one. LeNet-5's output units compare with fixed values: only the total has their MACs.

>>> from collections import Counter
>>> tally = Counter(cell.verdict for cell in cells())
>>> sum(tally.values()), sorted(tally)
(66, ['confirmed', 'corrected', 'no count', 'unexplained'])
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ... import datasets, models
from ...counting import Counts, LayerCount, count
from ...counting.depth import dependent_products
from ...graph import Model

TABLE = "classic_models"
# the heading of a column in the printed table: the network as first published
NETWORKS: dict[str, Callable[[], Model]] = {
    "LeNet-5": models.lenet5_1998,
    "AlexNet": models.alexnet_2012,
    "VGG16": models.vgg16,
    "GoogleNet": models.googlenet_2014,
    "ResNet50": models.resnet50_2015,
    "EfficientNet-B4": models.efficientnet_b4,
}


def is_full_connection(layer: LayerCount) -> bool:
    """Tell whether a layer multiplies by trained weights and has an output of one
    pixel or none.
    """
    one = layer.output_shape[1:] in ((), (1, 1))
    return layer.macs > 0 and layer.weights > 0 and one


def full_connections(counts: Counts) -> Counts:
    """Return the counts of the full connections alone.

    >>> len(full_connections(count(models.efficientnet_b4())).layers)
    65
    """
    return counts.where(is_full_connection)


def convolutions(counts: Counts) -> Counts:
    """Return the counts of the layers that multiply by weights and give out a map.

    >>> len(convolutions(count(models.vgg16())).layers)
    13
    """
    trained = counts.where(lambda layer: layer.macs > 0 and layer.weights > 0)
    return trained.where(lambda layer: not is_full_connection(layer))


@dataclass(frozen=True)
class Network:
    """One column of the table: the model and its counts."""

    model: Model
    counts: Counts

    @property
    def conv(self) -> Counts:
        """The convolutions."""
        return convolutions(self.counts)

    @property
    def full(self) -> Counts:
        """The full connections."""
        return full_connections(self.counts)


@cache
def network(heading: str) -> Network:
    """Return the network under that heading of the printed table, counted.

    Raises: ValueError that lists the headings.
    """
    if heading not in NETWORKS:
        raise ValueError(
            f"the table has no column {heading!r}; it has {', '.join(NETWORKS)}"
        )
    model = NETWORKS[heading]()
    return Network(model, count(model))


QUANTITIES: dict[str, Callable[[Network], object]] = {  # row of the printed table: ours
    "Input size": lambda net: "x".join(map(str, net.model.input_shape[1:])),
    "# of Conv layers": lambda net: len(net.conv.layers),
    "Conv: # of weights": lambda net: net.conv.weights,
    "Conv: # of MACs": lambda net: net.conv.macs,
    "# of FC layers": lambda net: len(net.full.layers),
    "FC: # of weights": lambda net: net.full.weights,
    "FC: # of MACs": lambda net: net.full.macs,
    "Total weights": lambda net: net.counts.weights,
    "Total MACs": lambda net: net.counts.macs,
    "Reference": lambda net: net.model.source.split(",")[0],
}


@dataclass(frozen=True)
class Explanation:
    """What a printed number that is not ours turns out to be: a quantity that gives it,
    and the sentence that says so.
    """

    quantity: Callable[[Network], object]
    reason: str


def _dense_c3(net: Network) -> int:
    return convolutions(count(models.lenet5())).weights


def _connections_before_c5(net: Network) -> int:
    return net.counts.connections - net.full.connections


EXPLANATIONS: dict[tuple[str, str], Explanation] = {  # (row, column)
    ("Input size", "LeNet-5"): Explanation(
        lambda net: "28x28",
        "MNIST's images have 28 pixels; the network takes 32, so that strokes stay in.",
    ),
    ("Conv: # of weights", "LeNet-5"): Explanation(
        _dense_c3,
        "The textbook's C3, connected to all maps; LeCun's sees three, four or six.",
    ),
    ("Conv: # of MACs", "LeNet-5"): Explanation(
        _connections_before_c5,
        "LeCun's connections, biases and subsampling included, less C5's and F6's.",
    ),
    ("Total MACs", "LeNet-5"): Explanation(
        lambda net: net.counts.connections,
        "LeCun's number of connections: biases and subsampling are in it.",
    ),
    ("# of Conv layers", "VGG16"): Explanation(
        lambda net: len(net.conv.layers) + len(net.full.layers),
        "The layers with weights: thirteen convolutions and three full connections.",
    ),
    ("# of Conv layers", "GoogleNet"): Explanation(
        lambda net: dependent_products(net.model) - 1,
        "The depth: convolutions on the longest way through the network.",
    ),
    ("Conv: # of MACs", "GoogleNet"): Explanation(
        lambda net: convolutions(count(models.googlenet_2014_floor())).macs,
        "Pooling rounded down: maps of 55, 27, 13 and 6 pixels, not 56, 28, 14 and 7.",
    ),
    ("Total MACs", "GoogleNet"): Explanation(
        lambda net: count(models.googlenet_2014_floor()).macs,
        "As above: pooling rounded down.",
    ),
    ("# of Conv layers", "ResNet50"): Explanation(
        lambda net: dependent_products(net.model) - 1,
        "The main path; four shortcuts have a 1 × 1 convolution each.",
    ),
}

UNEXPLAINED: dict[tuple[str, str], str] = {
    (
        "FC: # of MACs",
        "EfficientNet-B4",
    ): "One image uses each of these weights once, so the MACs must equal the weights.",
}


@dataclass(frozen=True)
class Cell:
    """One cell of the printed table: what is printed, what we count, the verdict, and
    why.
    """

    metric: str
    network: str
    printed: str
    ours: object
    verdict: str
    reason: str = ""


def cells() -> list[Cell]:
    """Return all cells of the printed table, row by row, judged.

    A verdict is "confirmed" (ours rounds to the printed digits), "corrected" (it does
    not, and another quantity, which the reason names, does), "unexplained" (none that
    we know does), or "no count" (measured by training, not by counting).
    """
    rows = datasets.table(TABLE)
    return [
        judged(row["metric"], heading, str(row[heading]))
        for row in rows
        for heading in NETWORKS
    ]


def judged(metric: str, heading: str, printed: str) -> Cell:
    """Return one cell of the table with its verdict.

    >>> [judged("# of Conv layers", "VGG16", text).verdict for text in ("16", "13")]
    ['corrected', 'confirmed']
    """
    if metric not in QUANTITIES:
        return Cell(metric, heading, printed, None, "no count", protocol(heading))
    ours, place = QUANTITIES[metric](network(heading)), (metric, heading)
    if agrees(printed, ours):
        return Cell(metric, heading, printed, ours, "confirmed")
    known = EXPLANATIONS.get(place)
    if known and agrees(printed, known.quantity(network(heading))):
        return Cell(metric, heading, printed, ours, "corrected", known.reason)
    return Cell(
        metric,
        heading,
        printed,
        ours,
        "unexplained",
        UNEXPLAINED.get(place, "The printed number is another one."),
    )


def agrees(printed: str, ours: object) -> bool:
    """Return whether a cell says what we find: a number to its printed digits, "LeCun
    1998" by name and year.

    >>> agrees("2.6k", 2550), agrees("2.6k", 1650)
    (True, False)
    >>> agrees("He 2016", "He et al. 2016, CVPR"), agrees("28x28", "32x32")
    (True, False)
    """
    number = datasets.printed(printed)
    if number is not None and isinstance(ours, int):
        return number.agrees(ours)
    return all(word in str(ours) for word in printed.split())


def protocol(heading: str) -> str:
    """Return how the printed top-5 error of a network was measured, from its source."""
    found = [row for row in datasets.table("classic_top5") if row["network"] == heading]
    return (
        f"{found[0]['what_was_measured'].capitalize()}."
        if found
        else "Never trained on ImageNet."
    )


# rows that the architecture fixes; the others are measured, chosen, or cited
COUNTED = tuple(row for row in QUANTITIES if row not in ("Input size", "Reference"))
VARIANTS: dict[str, tuple[str, ...]] = {  # who else goes by the name
    "LeNet-5": ("lenet5_1998", "lenet5", "lenet_caffe"),
    "AlexNet": ("alexnet_2012", "alexnet_ungrouped", "alexnet"),
    "VGG16": ("vgg16",),
    "GoogleNet": ("googlenet_2014", "googlenet_2014_floor", "googlenet"),
    "ResNet50": ("resnet50_2015", "resnet50"),
    "EfficientNet-B4": ("efficientnet_b4",),
}


def counted() -> list[Cell]:
    """Return the cells that the architecture fixes, judged."""
    return [cell for cell in cells() if cell.metric in COUNTED]


def holding(heading: str, variant: str) -> list[str]:
    """Return the counted rows of a column that another network of the name gives.

    >>> len(holding("VGG16", "vgg16")), len(COUNTED)
    (7, 8)
    """
    model = models.ZOO[variant]()
    net = Network(model, count(model))
    printed = {row["metric"]: str(row[heading]) for row in datasets.table(TABLE)}
    return [row for row in COUNTED if agrees(printed[row], QUANTITIES[row](net))]


def lost_with_biases() -> list[tuple[str, str]]:
    """Return row and column of the confirmed cells that fall when biases and
    normalisation are counted as weights.
    """
    params = {
        "Conv: # of weights": lambda net: net.counts.params - net.full.params,
        "FC: # of weights": lambda net: net.full.params,
        "Total weights": lambda net: net.counts.params,
    }
    return [
        (cell.metric, cell.network)
        for cell in counted()
        if cell.metric in params and cell.verdict == "confirmed"
        if not agrees(cell.printed, params[cell.metric](network(cell.network)))
    ]


def rivals() -> list[dict]:
    """Return a row for every network of each name: how many of its column's counted
    cells it gives, and which it misses.
    """
    return [
        {
            "column": heading,
            "network": models.ZOO[variant]().name,
            "cells": len(held := holding(heading, variant)),
            "misses": "; ".join(row for row in COUNTED if row not in held),
        }
        for heading, variants in VARIANTS.items()
        for variant in variants
    ]


def kindest() -> dict[str, int]:
    """Return how many counted cells of each column its best network gives."""
    best = dict.fromkeys(VARIANTS, 0)
    for row in rivals():
        best[row["column"]] = max(best[row["column"]], row["cells"])
    return best
