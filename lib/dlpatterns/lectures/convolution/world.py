"""Our numbers beside printed ones and beside two libraries."""

from collections.abc import Mapping

import numpy as np

from ... import counting, datasets, models, show, tracing
from .costs import measured

NEURONS = {1: 253_440, 2: 186_624, 3: 64_896, 5: 43_264}  # the fourth is the third


def checks(loops: tracing.Tally) -> list[dict]:
    """Return a row a printed figure: ours, as printed, where, whether they agree."""
    alexnet = counting.count(models.ZOO["alexnet_2012"]()).only("Conv2d").layers
    lenet = counting.count(models.ZOO["lenet5_1998"]()).layers[0]
    rows = [
        ("LeNet-5 C1, connections", loops.macs + loops.other["add"], 122_304),
        ("LeNet-5 C1, parameters", lenet.params, 156),
    ]
    rows = [(*row, "LeCun et al. 1998, II.B") for row in rows]
    for number, printed in NEURONS.items():
        name = f"AlexNet layer {number}, neurons"
        ours = int(np.prod(alexnet[number - 1].output_shape))
        rows.append((name, ours, printed, "Krizhevsky et al. 2012, fig. 2"))
    for tile, printed in ((2, 2.25), (4, 4)):
        name = f"F({tile}×{tile}, 3×3), saving"
        ours = 9 * tile**2 / (tile + 2) ** 2
        rows.append((name, ours, printed, "Lavin and Gray 2016, 4"))
    return [
        {"figure": name, "ours": show.number(ours), "printed": show.number(printed)}
        | {"source": source, "agrees": "yes" if ours == printed else "no"}
        for name, ours, printed, source in rows
    ]


def peers_caption() -> str:
    """Return what the table of the benchmark says of itself."""
    stored = datasets.measurement("convolution_speed")
    versions = stored["versions"]
    return (
        f"Milliseconds on one thread of an {stored['machine']}, beside PyTorch "
        f"{versions['torch']} and ONNX Runtime {versions['onnxruntime']}; error ratio: "
        "largest error over the better library's."
    )


def ranges() -> dict[tuple[str, int], tuple[float, float]]:
    """Return the lowest and highest ratio of each kind of layer and thread count."""
    found: dict = {}
    for row in measured().values():
        found.setdefault((row["kind"], row["threads"]), []).append(row["ratio"])
    return {key: (min(ratios), max(ratios)) for key, ratios in found.items()}


def verdict(rows: list[dict]) -> str:
    """Return what the benchmark says, in a paragraph."""
    spans = {key: f"{low:.2f} to {high:.2f}" for key, (low, high) in ranges().items()}
    slower = [row["layer"] for row in rows if row["ratio"] < 1]
    far = max(rows, key=lambda row: row["error ratio"])
    return (
        f"On one thread, the dense 3 × 3 layers shown reach {spans['dense 3 x 3', 1]} "
        f"of the faster library, thanks to Winograd; 1 × 1 layers {spans['1 x 1', 1]}; "
        f"with stride 2 it is {spans['dense, stride 2', 1]}, and the depthwise layer "
        f"{ranges()['depthwise', 1][0]:.2f}, because NumPy takes a pass over the maps "
        f"for each filter place. {len(slower)} of {len(rows)} are slower than the "
        "faster library. On two threads only the matrix products are shared out: dense "
        f"3 × 3 layers fall to {spans['dense 3 x 3', 2]}. And speed is paid for in "
        f"digits: on {far['layer']}, F(4×4) is off {far['error ratio']:.0f} times as "
        "far as the better library. These are the layers we chose; others can come "
        "out differently."
    )


def verdict_holds(rows: list[dict]) -> bool:
    """Tell whether the benchmark still bears the paragraph out."""
    spans = ranges()
    return bool(
        spans["dense 3 x 3", 2][0] < spans["dense 3 x 3", 1][0]
        and spans["dense, stride 2", 1][1] < 1
        and max(row["error ratio"] for row in rows) > 10
    )


def beside_libraries() -> list[dict]:
    """Return a row a measured layer: our time and the peers', the ratio on one thread
    and on two, and how many times the better peer's error ours is.
    """
    return [_beside(row) for (_, threads), row in measured().items() if threads == 1]


def _beside(row: Mapping) -> dict:
    return {
        "layer": row["layer"],
        "ours": row["ms"],
        "PyTorch": row["peers"]["torch"]["ms"],
        "ONNX": row["peers"]["onnxruntime"]["ms"],
        "ratio": row["ratio"],
        "error ratio": row["error"] / min(p["error"] for p in row["peers"].values()),
    }


def share_of_peak(layer: str) -> dict[str, float]:
    """Return which share of a large matrix product's rate a layer reached, in NumPy and
    in the faster library's compiled loop.
    """
    row = measured()[layer, 1]
    compiled = min(peer["ms"] for peer in row["peers"].values())
    return {
        "NumPy": row["macs"] / row["ms"] / 1e6 / row["blas peak"],
        "compiled": row["macs"] / compiled / 1e6 / row["blas peak"],
    }
