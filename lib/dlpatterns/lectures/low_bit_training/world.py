"""Published figures beside ours: formulas that papers print, and ImageNet."""

import json
from importlib.resources import files

from ... import datasets
from . import stored

OURS = {
    "binary weights": "binary weights, scaled",
    "ternary weights (trained)": "ternary weights",
    "binary both": "binary both",
    "8 bits, gradients too": "8-bit gradients, stochastic",
    "XNOR-Net": "XNOR-Net",
    "AdderNet": "AdderNet",
    "powers of two, 5 bits": "shift weights",
}


def speedup(channels: int, window: int, *, word: int = 64) -> float:
    """Return the speed-up of a convolution of signs that XNOR-Net promises: as many
    operations as signs fit a word become one, and one multiplication an output stays.

    Source: Rastegari et al. 2016, section 4.1.

    >>> round(speedup(256, 9), 2)
    62.27
    """
    products = channels * window
    return word * products / (products + word)


def printed() -> list[dict]:
    """Return what papers print beside what we compute, to the printed digits."""
    cycles = 435_000 * (4 + 2), 435_000 * 2 * 2
    rows = [
        (
            "XNOR-Net: speed-up of 256 channels, 3 × 3",
            f"{speedup(256, 9):.2f}",
            "62.27",
        ),
        ("AdderNet: cycles of LeNet-5, CNN", f"{cycles[0] / 1e6:.1f}M", "2.6M"),
        ("AdderNet: cycles of LeNet-5, adders", f"{cycles[1] / 1e6:.1f}M", "1.7M"),
    ]
    return [
        {
            "what": what,
            "ours": ours,
            "printed": theirs,
            "agree": "yes" if ours == theirs else "no",
        }
        for what, ours, theirs in rows
    ]


def imagenet() -> list[dict]:
    """Return published accuracies on ImageNet, how far each is behind its float
    network, and how far ours is on the digits.
    """
    rows = []
    for row in datasets.table("low_bit_published"):
        way = OURS.get(row["way"])
        rows.append(
            {
                "network": row["network"],
                "way": row["way"],
                "W, A, G bits": row["bits"],
                "top-1 (%)": row["top1_percent"],
                "behind float": round(row["float_percent"] - row["top1_percent"], 2),
                "ours, MLP": "{:.1f} ± {:.1f}".format(*stored.behind(way))
                if way
                else None,
                "source": row["paper"],
            }
        )
    return rows


KERNELS = {
    "XNOR, NumPy": "XNOR in NumPy",
    "XNOR, C": "XNOR in C",
    "XNOR, C, packing included": "and packing",
    "INT8, vectors": "INT8 in vectors",
    "INT8, matrix unit": "INT8, matrix unit",
}


def milliseconds() -> list[dict]:
    """Return the stored times of products of signs (benchmarks/low_bit_times.py)."""
    path = files("dlpatterns") / "data" / "low_bit_times.json"
    return json.loads(path.read_text())["rows"]


def times() -> list[dict]:
    """Return how many times faster than BLAS on float32 each kernel is."""
    return [
        {"rows × columns × depth": f"{row['m']} × {row['n']} × {row['k']}"}
        | {
            short: float(f"{row['BLAS, float32'] / row[name]:.2g}")
            for name, short in KERNELS.items()
        }
        for row in milliseconds()
    ]
