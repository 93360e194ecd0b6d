"""What the experiment found over ten seeds (benchmarks/experiments/fewer_bits.py)."""

import json
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np

from ... import show
from . import bits as experiment


@cache
def found() -> dict:
    """Return the stored results."""
    path = files("dlpatterns") / "data" / "fewer_bits.json"
    return json.loads(path.read_text())


def column(name: str) -> np.ndarray:
    """Return a list of every seed, in per cent. Shapes: -> seeds widths."""
    return 100 * np.array([row[name] for row in found()["rows"]])


def spread(values: np.ndarray) -> str:
    """Return mean ± standard deviation over the seeds, in per cent."""
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"


def table() -> list[dict]:
    """Return accuracy at every width, rounded after training and trained further."""
    rows, tuned = [], found()["tuned"]
    for i, bits in enumerate(found()["widths"]):
        row = {"bits": bits}
        for what in ("weights", "activations"):
            row[what] = spread(column(what)[:, i])
            again = column(f"{what}, tuned")
            row[f"{what}, tuned"] = (
                spread(again[:, tuned.index(bits)]) if bits in tuned else None
            )
        rows.append(row)
    return rows


def loss(name: str, bits: int) -> np.ndarray:
    """Return by how many points each seed falls below its float network."""
    widths = found()["tuned"] if "tuned" in name else found()["widths"]
    return column("float") - column(name)[:, widths.index(bits)]


def fewest(name: str, points: float = 1.0) -> int:
    """Return the fewest bits from which on the mean falls by at most so many points."""
    kept = None
    for bits in found()["widths"]:
        if loss(name, bits).mean() > points:
            break
        kept = bits
    return kept


def figure():
    """Draw accuracy against bits with the standard deviation over the seeds."""
    fig, axes = show.subplots(figsize=(4.6, 2.9))
    base = column("float").mean()
    axes.axhline(base, color=show.INK, linestyle=":", label="float")
    for name, colour in (("weights", "blue"), ("activations", "orange")):
        for label, widths, style in (
            (name, found()["widths"], "-"),
            (f"{name}, tuned", found()["tuned"], "--"),
        ):
            values = column(label)
            axes.errorbar(
                widths, values.mean(0), values.std(0, ddof=1), fmt=f"o{style}",
                color=show.colour(colour), capsize=3, label=label,
            )  # fmt: skip
    axes.set(xlabel="bits", ylabel="accuracy (%)", xlim=(8.3, 0.7))
    axes.legend(loc="lower left")
    return fig


def rivals() -> list[dict]:
    """Return the quantised network beside a smaller FP16 network of no more bytes."""
    rows = []
    for i, (bits, hidden) in enumerate(experiment.RIVALS.items()):
        tuned = found()["tuned"]
        ours = column("weights")[:, found()["widths"].index(bits)]
        if bits in tuned:
            ours = column("weights, tuned")[:, tuned.index(bits)]
        rival = column("rivals")[:, i]
        rows.append(
            {
                "bits": bits,
                "bytes": round(size(bits)),
                "quantised": spread(ours),
                "rival, FP16": "64-" + "-".join(map(str, hidden)),
                "its bytes": rival_bytes(hidden),
                "its accuracy": spread(rival),
                "difference": f"{(ours - rival).mean():+.1f}",
                "seeds won": f"{(ours > rival).sum()} of {len(ours)}",
            }
        )
    return rows


def narrower() -> list[dict]:
    """Return few bits in the wide network beside 4 bits in a narrower one of no more
    bytes, both trained further.
    """
    rows = []
    for i, (bits, hidden) in enumerate(experiment.NARROWER.items()):
        ours = column("weights, tuned")[:, found()["tuned"].index(bits)]
        rival = column("narrower, 4 bits")[:, i]
        rows.append(
            {
                "bits": bits,
                "bytes": round(size(bits)),
                "accuracy": spread(ours),
                "narrower, 4 bits": "64-" + "-".join(map(str, hidden)),
                "its bytes": round(size(4, hidden)),
                "its accuracy": spread(rival),
                "difference": f"{(ours - rival).mean():+.1f}",
                "seeds won": f"{(ours > rival).sum()} of {len(ours)}",
            }
        )
    return rows


def ahead(bits: int) -> float:
    """Return by how many points the narrower network with 4 bits leads on average."""
    place = list(experiment.NARROWER).index(bits)
    ours = column("weights, tuned")[:, found()["tuned"].index(bits)]
    return float((column("narrower, 4 bits")[:, place] - ours).mean())


def more_epochs() -> float:
    """Return what tuning without rounding changes, in points."""
    return float((column("float, tuned") - column("float")).mean())


def worst_at(bits: int) -> float:
    """Return the most points that rounded weights lose after any training."""
    return max(float(row[f"weights {bits}"]) for row in variants())


def least_at(bits: int) -> float:
    """Return the fewest points that rounded weights lose after any training."""
    return min(float(row[f"weights {bits}"]) for row in variants())


def _params(hidden: tuple[int, int]) -> tuple[int, int]:
    sizes = (64, *hidden, 10)
    return sum(a * b for a, b in pairwise(sizes)), sum(sizes[1:])


def size(bits: int, hidden: tuple[int, int] = experiment.HIDDEN) -> float:
    """Return the bytes of a quantised network, FP16 scales and biases included."""
    weights, outputs = _params(hidden)
    return weights * bits / 8 + 4 * outputs


def rival_bytes(hidden: tuple[int, int]) -> int:
    """Return the bytes of an FP16 network."""
    return 2 * sum(_params(hidden))


def attacks() -> list[dict]:
    """Return at 4, 3 and 2 bits what other choices would have given."""
    names = (
        "weights",
        "weights, range covered",
        "weights, one scale",
        "weights, one scale, range covered",
        "activations",
        "activations, other half",
        "activations, range covered",
    )
    widths = found()["widths"]
    return [
        {"choice": name}
        | {f"{b} bits": spread(column(name)[:, widths.index(b)]) for b in (4, 3, 2)}
        for name in names
    ]


def variants() -> list[dict]:
    """Return the loss in points at 4, 3 and 2 bits after other trainings."""
    rows = []
    for name in experiment.VARIANTS:
        own = [row for row in found()["variants"] if row["variant"] == name]
        row = {"training": name, "float": 100 * np.mean([one["float"] for one in own])}
        for what in ("weights", "activations"):
            for i, bits in enumerate((4, 3, 2)):
                fall = [one["float"] - one[what][i] for one in own]
                row[f"{what} {bits}"] = f"{100 * np.mean(fall):.1f}"
        rows.append(row)
    return rows


def mixed_rows() -> list[dict]:
    """Return accuracy and loss with one width and with widths from a scan."""
    rows = []
    for bits in (3, 2):
        for kind in ("uniform", "mixed"):
            each = [row["mixed"][f"{kind} {bits}"] for row in found()["rows"]]
            rows.append(
                {
                    "mean bits": bits,
                    "widths": kind,
                    "accuracy": spread(
                        100 * np.array([one["accuracy"] for one in each])
                    ),
                    "test loss": f"{np.mean([one['loss'] for one in each]):.3f}",
                }
            )
    return rows


def mixed_gain(bits: int) -> np.ndarray:
    """Return by how many points mixed widths beat one width, for each seed."""
    pairs = [
        [row["mixed"][f"{kind} {bits}"]["accuracy"] for kind in ("mixed", "uniform")]
        for row in found()["rows"]
    ]
    return 100 * np.subtract(*np.array(pairs).T)


def mixed_widths(bits: int) -> list[int]:
    """Return the widths of the first seed, layer by layer."""
    return found()["rows"][0]["mixed"][f"mixed {bits}"]["widths"]
