"""Our numbers beside printed ones: counts of the benchmark, ridges, shares of peaks."""

from functools import cache

from ... import datasets, models
from ...counting import count
from ...counting.products import products
from ...hardware import machines, measured

ADDED = {"BatchNorm2d": 2, "LayerNorm": 5}  # as fvcore counts them


@cache
def counts(zoo: str):
    """Return the counts of a network of the zoo."""
    return count(models.ZOO[zoo]())


def normalised(zoo: str) -> int:
    """Return the operations that the benchmark's counter adds as MACs: two for each
    value that batch normalisation writes, five for layer normalisation.
    """
    layers = counts(zoo).layers
    return sum(ADDED.get(one.kind, 0) * one.activations for one in layers)


def written(zoo: str) -> int:
    """Return how many values the matrix products of a network write."""
    return sum(
        one.m * one.n * one.times
        for layer in models.ZOO[zoo]().layers
        for one in products(layer)
    )


def columns() -> list[dict]:
    """Return a row a network of the benchmark at the book's own image size: printed
    MACs, activations and parameters, ours, and whether all of them agree.
    """
    found = []
    for one in measured.timed("RTX 3090, NCHW"):
        (row,) = datasets.where(
            "measured_throughput",
            network=one.network,
            device="RTX 3090",
            layout="NCHW",
        )
        if one.zoo and one.zoo == row["zoo"]:
            found.append(_compared(one.zoo, row))
    return found


def _compared(zoo: str, row: dict) -> dict:
    ours = counts(zoo)
    macs = ours.macs / 1e9
    both = macs + normalised(zoo) / 1e9
    return {
        "network": zoo,
        "GMAC printed": f"{row['gmacs']:.2f}",
        "ours": f"{macs:.2f}",
        "with normalisation": f"{both:.2f}",
        "M activations printed": f"{row['mega_activations']:.2f}",
        "ours ": f"{written(zoo) / 1e6:.2f}",
        "M parameters printed": f"{row['mega_params']:.2f}",
        "ours  ": f"{ours.params / 1e6:.2f}",
    }


def agreeing(left: str, right: str) -> int:
    """Return in how many rows two columns print the same."""
    return sum(row[left] == row[right] for row in columns())


def tpu_apps() -> list[dict]:
    """Return a row an application of TPUv1: its printed MACs a weight byte, the roof
    that follows, and the rate it reached as printed.
    """
    tpu = machines.get("TPU v1")
    found = []
    for app in ("MLP0", "MLP1", "LSTM0", "LSTM1", "CNN0", "CNN1"):
        intensity = _tpu(app, "ops per weight byte")
        rate = _tpu(app, "TeraOps/s (92 peak)")
        roof = min(tpu.peak("int8"), 2 * intensity * tpu.bandwidth) / 1e12
        found.append(
            {
                "application": app,
                "MACs a weight byte (printed)": intensity,
                "roof, 10¹² operations/s": round(roof, 1),
                "reached (printed)": rate,
                "of the roof": round(rate / roof, 2),
                "roof if an operation is half a MAC": round(
                    min(tpu.peak("int8"), intensity * tpu.bandwidth) / 1e12, 1
                ),
            }
        )
    return found


def _tpu(app: str, metric: str) -> float:
    (row,) = datasets.where("published_hardware", item=f"TPUv1 {app}", metric=metric)
    return float(row["value"])
