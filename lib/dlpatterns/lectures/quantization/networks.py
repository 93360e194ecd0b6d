"""What the experiment on three networks found, over ten seeds
(benchmarks/experiments/fewer_bits_convolutional.py).
"""

import json
from functools import cache
from importlib.resources import files

import numpy as np

from ...quantize.training import weight_names
from ...train.network import Network
from . import convolutional, stored

NAMES = tuple(convolutional.MODELS)
SHORT = {"Conv2d": "conv", "MaxPool2d": "max", "GlobalAvgPool2d": "mean"}


@cache
def found() -> dict:
    """Return the stored results."""
    path = files("dlpatterns") / "data" / "fewer_bits_convolutional.json"
    return json.loads(path.read_text())


def rows(name: str) -> list[dict]:
    """Return the rows of one network, a row a seed."""
    return [row for row in found()["rows"] if row["network"] == name]


def column(name: str, what: str, bits: int | None = None) -> np.ndarray:
    """Return what every seed has, in per cent: a number, or a list at a width."""
    if bits is None:
        return 100 * np.array([row[what] for row in rows(name)])
    widths = found()["tuned"][name] if "tuned" in what else found()["widths"]
    place = widths.index(bits)
    return 100 * np.array([row[what][place] for row in rows(name)])


def loss(name: str, what: str, bits: int) -> np.ndarray:
    """Return by how many points each seed falls below its float network."""
    if name == "perceptron":
        return stored.loss(what, bits)
    return column(name, "float") - column(name, what, bits)


def weights(name: str) -> int:
    """Return how many weights a network multiplies by."""
    net = Network(convolutional.MODELS[name](), 0)
    return sum(net.params[key].size for key in weight_names(net))


def in_parts() -> tuple[np.ndarray, np.ndarray]:
    """Return the points that each seed of the residual network lost at 4 bits by the
    rival's tuning (scales fitted anew, a falling rate), and by the plain one.
    """
    rival = found()["tuned in parts"]["rows"]
    lost = [100 * (row["float"] - row["accuracy"]) for row in rival]
    plain = loss("residual", "weights, tuned", 4)
    return np.array(lost), plain[[row["seed"] for row in rival]]


def tuning() -> int:
    """Return for how many epochs networks are trained while they are rounded."""
    return convolutional.TUNING_EPOCHS


def table() -> list[dict]:
    """Return the points that rounding costs, a row a network and what is rounded."""
    kinds = ("weights", "weights, tuned", "activations")
    return [
        {"network": name, "rounded": what}
        | {_wide(bits): _lost(name, what, bits) for bits in found()["widths"]}
        for name in NAMES
        for what in kinds
        if name == "perceptron" or what in rows(name)[0]
    ]


def _wide(bits: int) -> str:
    return "1 bit" if bits == 1 else f"{bits} bits"


def _lost(name: str, what: str, bits: int) -> str | None:
    if "tuned" in what and bits not in found()["tuned"].get(name, (4, 2)):
        return None
    points = loss(name, what, bits)
    return f"{points.mean().round(1) + 0.0:.1f} ± {points.std(ddof=1):.1f}"


# --- The integer kernels --------------------------------------------------------------


def noise(name: str) -> np.ndarray:
    """Return the decibels of every kernel. Shapes: -> seeds kernels."""
    return np.array([[one["dB"] for one in row["kernels"]] for row in rows(name)])


def places(name: str, kind: str) -> list[int]:
    """Return where the kernels of a kind stand.

    >>> places("residual", "Add")
    [3, 6]
    """
    kernels = rows(name)[0]["kernels"]
    return [i for i, one in enumerate(kernels) if one["kernel"] == kind]


def changed(name: str) -> tuple[int, int]:
    """Return how many images change class in all seeds, and of how many."""
    own = rows(name)
    return sum(row["changed"] for row in own), sum(row["images"] for row in own)


def apart(name: str) -> float:
    """Return the most points between float and integers in any seed."""
    return float(np.abs(column(name, "float") - column(name, "integers")).max())


def kernels() -> list[dict]:
    """Return for each network the noise of its kernels in order, the mean over the
    seeds, and what the integers do to the classes.
    """
    return [
        {
            "network": name,
            "dB, kernel by kernel": _in_order(name),
            "float (%)": stored.spread(column(name, "float")),
            "integers (%)": stored.spread(column(name, "integers")),
            "classes changed": "{} of {:,}".format(*changed(name)),
        }
        for name in NAMES
    ]


def _in_order(name: str) -> str:
    kinds = [one["kernel"] for one in rows(name)[0]["kernels"]]
    return ", ".join(
        f"{SHORT.get(kind, kind.lower())} {decibels:.0f}"
        for kind, decibels in zip(kinds, noise(name).mean(0), strict=True)
    )
