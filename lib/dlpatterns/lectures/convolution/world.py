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


ELSEWHERE = "convolution_speed_amd"  # an earlier run on another make of processor


def peers_caption() -> str:
    """Return what the table of the benchmark says of itself."""
    here, there = map(datasets.measurement, ("convolution_speed", ELSEWHERE))
    versions = here["versions"]
    return (
        f"Milliseconds on one thread of an {here['machine']}, beside PyTorch "
        f"{versions['torch']} and ONNX Runtime {versions['onnxruntime']}, filters laid "
        f"out beforehand for all; elsewhere: the ratio on an {there['machine']}; error "
        "ratio: largest error over the better library's."
    )


def ranges(name: str = "convolution_speed") -> dict[tuple[str, int], tuple]:
    """Return the lowest and highest ratio of each kind of layer and thread count."""
    found: dict = {}
    for row in measured(name).values():
        found.setdefault((row["kind"], row["threads"]), []).append(row["ratio"])
    return {key: (min(ratios), max(ratios)) for key, ratios in found.items()}


def spans(name: str = "convolution_speed") -> dict[tuple[str, int], str]:
    """Return the same ranges in words."""
    return {
        key: f"{low:.2f} to {high:.2f}" if low < high else f"{low:.2f}"
        for key, (low, high) in ranges(name).items()
    }


def products(name: str = "convolution_speed") -> float:
    """Return the rate of PyTorch's large matrix product over NumPy's."""
    row = next(iter(measured(name).values()))
    return row["torch peak"] / row["blas peak"]


def verdict(rows: list[dict]) -> str:
    """Return what the benchmark says, in a paragraph."""
    here, there = spans(), spans(ELSEWHERE)
    slower = [row["layer"] for row in rows if row["ratio"] < 1]
    far = max(rows, key=lambda row: row["error ratio"])
    return (
        f"On one thread of the machine in the caption the dense 3 × 3 layers reach "
        f"{here['dense 3 x 3', 1]} of the faster library, eight of them in a chain "
        f"{here['chain of eight', 1]}, 1 × 1 layers {here['1 x 1', 1]}, those with "
        f"stride 2 {here['dense, stride 2', 1]}, and the depthwise layer "
        f"{here['depthwise', 1]}. {len(slower)} of {len(rows)} are slower than the "
        f"faster library. The same code elsewhere: {there['dense 3 x 3', 1]} "
        f"for the dense "
        "3 × 3 layers. There PyTorch's large matrix product reaches "
        f"{products(ELSEWHERE):.2f} of NumPy's, here {products():.2f}. **Such a ratio "
        "judges whose matrix product suits the machine, as much as the method.** On "
        "two threads only our matrix products are shared out: dense 3 × 3 layers "
        f"fall to {here['dense 3 x 3', 2]}. And F(4×4) is paid for in digits: on "
        f"{far['layer']} it is off {far['error ratio']:.0f} times as far as the better "
        "library."
    )


def verdict_holds(rows: list[dict]) -> bool:
    """Tell whether the benchmark still bears the paragraph out."""
    here, there = ranges(), ranges(ELSEWHERE)
    return bool(
        here["dense 3 x 3", 2][0] < here["dense 3 x 3", 1][0]
        and here["dense 3 x 3", 1][0] < 1 < there["dense 3 x 3", 1][0]
        and products(ELSEWHERE) < 1 < products()
        and max(row["error ratio"] for row in rows) > 10
    )


def beside_libraries() -> list[dict]:
    """Return a row a measured layer: our time and the peers', the ratio on one thread
    here and elsewhere, and how many times the better peer's error ours is.
    """
    return [_beside(row) for (_, threads), row in measured().items() if threads == 1]


def _beside(row: Mapping) -> dict:
    there = measured(ELSEWHERE).get((row["layer"], 1), {})
    return {
        "layer": row["layer"],
        "ours": row["ms"],
        "PyTorch": row["peers"]["torch"]["ms"],
        "ONNX": row["peers"]["onnxruntime"]["ms"],
        "ratio": row["ratio"],
        "elsewhere": there.get("ratio"),
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
