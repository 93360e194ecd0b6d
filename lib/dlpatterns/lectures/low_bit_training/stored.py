"""What the experiment found over ten seeds (benchmarks/experiments/low_bits.py)."""

import json
from functools import cache
from importlib.resources import files

import numpy as np

from ... import show
from . import costs, experiment


@cache
def found() -> dict:
    """Return the stored results."""
    path = files("dlpatterns") / "data" / "low_bits.json"
    return json.loads(path.read_text())


@cache
def accuracies(name: str, network: str = "MLP") -> np.ndarray:
    """Return the accuracy of every seed in per cent."""
    rows = [
        row
        for row in found()["rows"]
        if row["way"] == name and row["network"] == network
    ]
    return 100 * np.array([row["accuracy"] for row in rows])


@cache
def rival(name: str) -> np.ndarray:
    """Return the accuracy of every seed of a rival in per cent."""
    rows = [row for row in found()["rivals"] if row["rival"] == name]
    return 100 * np.array([row["accuracy"] for row in rows])


def untrained(name: str) -> np.ndarray:
    """Return the accuracies of the float perceptron whose weights were only rounded."""
    rows = [
        row
        for row in found()["rows"]
        if row["way"] == "float" and row["network"] == "MLP"
    ]
    return 100 * np.array([row["not trained"][name] for row in rows])


def spread(values: np.ndarray) -> str:
    """Return mean ± standard deviation over the seeds."""
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"


def difference(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the mean of the paired differences, and twice its standard error."""
    apart = first[: len(second)] - second[: len(first)]
    return float(apart.mean()), float(2 * apart.std(ddof=1) / np.sqrt(len(apart)))


def against(first: np.ndarray, second: np.ndarray) -> str:
    """Return the paired difference with twice its standard error."""
    mean, error = difference(first, second)
    return f"{round(mean, 1) + 0.0:+.1f} ± {error:.1f}"


def behind(name: str, network: str = "MLP") -> tuple[float, float]:
    """Return how far a way is behind float, with twice the standard error, rounded to
    tenths; never a negative zero.
    """
    found = difference(accuracies("float", network), accuracies(name, network))
    return tuple(round(value, 1) + 0.0 for value in found)


def scan(name: str, network: str = "MLP") -> dict[float, float]:
    """Return the validation accuracy in per cent at each rate."""
    (row,) = [
        row
        for row in found()["scans"]
        if row["way"] == name and row["network"] == network
    ]
    return {float(rate): 100 * value for rate, value in row["scan"].items()}


def rate(name: str, network: str = "MLP") -> float:
    """Return the rate that the scan chose."""
    return experiment.best(scan(name, network))


MAP = (
    "float",
    "W8 A8",
    "W4 A4",
    "W3 A3",
    "W2 A2",
    "W2 A2, ends W8",
    "8-bit gradients, stochastic",
    "8-bit store, stochastic",
    "binary weights",
    "binary weights, scaled",
    "binary weights, 8-bit latents",
    "binary activations",
    "binary both",
    "XNOR-Net",
    "XNOR-Net, ends W8",
    "ternary weights",
    "shift weights",
    "AdderNet",
    "AdderNet, 8 bits",
)


def table(network: str = "MLP") -> list[dict]:
    """Return the research map: accuracy, bytes, operations and energy of every way."""
    names = [n for n in MAP if network == "MLP" or n in experiment.IN_CNN]
    return [_row(name, network) for name in names]


def _row(name: str, network: str) -> dict:
    return {
        "way": name,
        "accuracy (%)": spread(accuracies(name, network)),
        "bytes": costs.total(name, network),
        "a multiplication becomes": costs.replaced(name, network),
        "arithmetic (nJ)": round(costs.arithmetic(name, network), 2),
        "weights from 32 KB": round(costs.fetched(name, network, "32 KB"), 2),
        "from DRAM (nJ)": round(costs.fetched(name, network, "DRAM")),
    }


def rates(names: tuple[str, ...], network: str = "MLP") -> list[dict]:
    """Return validation accuracies at each rate, one row a rate."""
    scans = {name: scan(name, network) for name in names}
    return [
        {"rate": rate} | {name: one[rate] for name, one in scans.items()}
        for rate in scans[names[0]]
    ]


SAME_BYTES = (
    "float, narrow", "W8 A8, narrow", "W4 A4, narrow", "W2 A2, narrow",
    "float, no hidden layer", "W4 A4, no hidden layer",
)  # fmt: skip


def same_bytes() -> list[dict]:
    """Return signs beside networks of more bits that take no more bytes: narrower ones,
    and some without a hidden layer.
    """
    signs = ("XNOR-Net", "binary weights, scaled")
    rows = [(name, name, experiment.WIDTH, accuracies(name)) for name in signs]
    for name in SAME_BYTES:
        how = experiment.RIVALS[name]
        rows.append((name, how.way, how.hidden, rival(name)))
    return [
        {
            "network": name,
            "hidden units": "-".join(map(str, hidden)) or "none",
            "bytes": costs.total(way, "MLP", hidden),
            "accuracy (%)": spread(values),
            "ahead of XNOR-Net": against(values, rows[0][3])
            if name != "XNOR-Net"
            else None,
            "arithmetic (nJ)": round(costs.arithmetic(way, "MLP", hidden), 2),
        }
        for name, way, hidden, values in rows
    ]


def longer() -> list[dict]:
    """Return what four times the epochs change, paired by seed."""
    rows = []
    for name, how in experiment.RIVALS.items():
        if how.longer > 1:
            before, after = accuracies(how.way), rival(name)
            rows.append(
                {
                    "way": how.way,
                    f"{found()['epochs']} epochs": spread(before[: len(after)]),
                    f"{how.longer * found()['epochs']} epochs": spread(after),
                    "gain": against(after, before),
                }
            )
    return rows


ROUNDED = {
    "4 bits": "W4 A4",
    "2 bits": "W2 A2",
    "signs, scaled": "binary weights, scaled",
    "ternary": "ternary weights",
    "shifts": "shift weights",
}


def only_rounded() -> list[dict]:
    """Return weights rounded after training beside training with the rounding."""
    return [
        {
            "weights": name,
            "rounded only": spread(untrained(name)),
            "trained so": spread(accuracies(way)),
            "gain": against(accuracies(way), untrained(name)),
        }
        for name, way in ROUNDED.items()
    ]


def curves(names: tuple[str, ...], network: str = "MLP") -> dict[str, np.ndarray]:
    """Return the mean test accuracy over the epochs in per cent."""
    return {
        name: 100
        * np.mean(
            [
                row["curve"]
                for row in found()["rows"]
                if row["way"] == name and row["network"] == network
            ],
            axis=0,
        )
        for name in names
    }


def curve_figure(names: tuple[str, ...]):
    """Draw test accuracy over the epochs."""
    fig, axes = show.subplots(figsize=(4.6, 2.8))
    for name, values in curves(names).items():
        epochs = found()["epochs"] * np.arange(1, len(values) + 1) / len(values)
        axes.plot(epochs, values, label=name)
    axes.set(xlabel="epochs", ylabel="test accuracy (%)")
    axes.legend()
    return fig


def seconds(name: str, network: str = "MLP") -> float:
    """Return the least processor seconds of a training over the least of float."""

    def least(way: str) -> float:
        times = found()["times"]
        asked = (way, network)
        return min(t["seconds"] for t in times if (t["way"], t["network"]) == asked)

    return least(name) / least("float")


def training_times() -> list[dict]:
    """Return the training time of ways over that of float, for both networks."""
    return [
        {"way": name}
        | {
            f"{network}, times float": round(seconds(name, network), 1)
            for network in experiment.NETWORKS
        }
        for name in experiment.TIMED[1:]
    ]
