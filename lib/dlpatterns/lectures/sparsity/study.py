"""What the stored study of Deep Compression found, and the network of seed 0."""

import base64
from functools import cache
from typing import NamedTuple

import numpy as np

from ... import datasets, show
from ...explore import Slider
from ...sparse import deep_compression, files, sharing
from ...train import data, small
from ...train.network import Network
from . import experiment


class Mean(NamedTuple):
    """A mean over the seeds, and its standard error."""

    mean: float
    error: float

    def __str__(self) -> str:
        return f"{100 * self.mean:.1f} ± {100 * self.error:.1f}"


@cache
def rows() -> list[dict]:
    """Return the stored rows, one a seed."""
    return datasets.measurement("deep_compression")["rows"]


def accuracy(stage: str) -> Mean:
    """Return a stage's accuracy over the seeds."""
    return mean([row["accuracy"][stage] for row in rows()])


def ahead(stage: str, other: str) -> Mean:
    """Return how much more a stage reads than another, seed by seed."""
    return mean([r["accuracy"][stage] - r["accuracy"][other] for r in rows()])


def mean(values: list[float]) -> Mean:
    """Return mean and standard error."""
    return Mean(
        float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)
    )


def size(stage: str) -> float:
    """Return a stage's bytes, mean over the seeds."""
    return float(np.mean([row["bytes"][stage] for row in rows()]))


STAGES = {
    "dense, float32": ("float32", "dense, as long"),
    "pruned, runs": ("pruned", "pruned"),
    "shared, codes": ("fixed", "tuned"),
    "Huffman codes": ("coded", "tuned"),
}
OTHERS = {
    "gzip of dense": ("gzip of dense", "dense, as long"),
    "gzip of pruned": ("gzip of pruned", "pruned"),
    "gzip of shared": ("gzip", "tuned"),
    "xz of shared": ("xz", "tuned"),
    "gzip of our codes": ("gzip of fixed", "tuned"),
}


def stage_rows(stages: dict[str, tuple[str, str]] = STAGES) -> list[dict]:
    """Return bytes, the factor saved, and accuracy after every stage."""
    whole = size("float32")
    return [
        {
            "stage": name,
            "bytes": round(size(kind)),
            "times smaller": whole / size(kind),
            "accuracy (%)": str(accuracy(read)),
        }
        for name, (kind, read) in stages.items()
    ]


def factor(kind: str = "coded") -> float:
    """Return how many times smaller than float32."""
    return size("float32") / size(kind)


def densities() -> dict[str, float]:
    """Return the share of weights left in LeNet-300-100 and in our network, both with
    the densities of the paper's layers.
    """
    found = {}
    for name, inputs in (("LeNet", 784), ("ours", 64)):
        sizes = [inputs * 300, 300 * 100, 100 * 10]
        kept = np.dot(sizes, list(experiment.DENSITY.values()))
        found[name] = float(kept / sum(sizes))
    return found


def without_biases() -> float:
    """Return how many times smaller than in float32, biases left out before and after,
    mean bytes over the seeds.
    """
    biases = 4 * (300 + 100 + 10)
    return (size("float32") - biases) / (size("coded") - biases)


# --- Seed 0, decoded here -------------------------------------------------------------


@cache
def stream() -> bytes:
    """Return the stored stream of seed 0."""
    return base64.b64decode(datasets.measurement("deep_compression")["stream"])


@cache
def split() -> data.Split:
    """Return the digits as seed 0 split them."""
    return data.digits(test_share=0.5, seed=0)


def read(arrays: dict[str, np.ndarray]) -> float:
    """Return the accuracy of a network with these parameters."""
    net = Network(small.mlp(experiment.HIDDEN))
    for name, value in net.params.items():
        value[...] = arrays[name].reshape(value.shape)
    return experiment.tested(net, split())


@cache
def pruned() -> dict[str, np.ndarray]:
    """Return the pruned network of seed 0, unpacked."""
    stored = datasets.measurement("deep_compression")["pruned"]
    return {
        name: files.load(base64.b64decode(text)).unpack()
        for name, text in stored.items()
    }


@cache
def squeezed(clusters: int, run_bits: int) -> tuple[dict[str, int], float]:
    """Share the weights of the pruned network and encode it; return the bytes by kind
    and the accuracy, without training the shared values.
    """
    arrays = pruned()
    found = {name: sharing.share(arrays[name], clusters) for name in experiment.DENSITY}
    network = {
        name: found.get(name, value.astype(np.float32))
        for name, value in arrays.items()
    }
    coded = deep_compression.encode(network, run_bits=run_bits)
    back = deep_compression.decode(coded.data)
    return coded.by_kind(), read(back)


SQUEEZES = {
    "clusters": Slider([3, 7, 15, 31, 63], label="values a layer", start=31),
    "run_bits": Slider([2, 3, 4, 5, 6], label="bits a run", start=5),
}
KINDS = (
    "codes",
    "runs",
    "Huffman tables",
    "codebooks",
    "biases",
    "headers",
    "end mark",
)


def kinds() -> list[dict]:
    """Return the bytes of each kind in the stream of seed 0, and their shares; training
    the shared values changes none of them.
    """
    found, _ = squeezed(experiment.CLUSTERS, experiment.RUN_BITS)
    total = sum(found.values())
    return [
        {"what": kind, "bytes": found[kind], "share": show.percent(found[kind] / total)}
        for kind in KINDS
    ]
