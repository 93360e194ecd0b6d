"""Ways to compute a convolution and what each costs: products, bytes, time, digits."""

import numpy as np

from ... import datasets, show
from ...explore import Menu
from ...hardware import methods
from ...hardware.machines import Machine
from ...kernels import convolution as kernels
from ...kernels import fourier, winograd


def typeset(matrix: list[list[float]]) -> str:
    """Return a matrix as TeX, small enough for three in a line, halves as fractions.

    >>> print(typeset([[1, -0.5], [0, 1 / 24]]))
    \\left[\\begin{smallmatrix}1&-\\tfrac{1}{2}\\\\0&\\tfrac{1}{24}\\end{smallmatrix}\\right]
    """
    rows = "\\\\".join("&".join(map(_fraction, row)) for row in matrix)
    inside = f"\\begin{{smallmatrix}}{rows}\\end{{smallmatrix}}"
    return f"\\left[{inside}\\right]"


def _fraction(value: float) -> str:
    if value == int(value):
        return str(int(value))
    sign = "-" if value < 0 else ""
    return f"{sign}\\tfrac{{1}}{{{round(1 / abs(value))}}}"


def growth(tile: int) -> int:
    """Return how many times larger than an input a transformed input can be."""
    return int(np.abs(np.array(winograd.INPUT[tile])).sum(axis=1).max() ** 2)


def errors(channels: int) -> dict[str, float]:
    """Return each method's largest error in float32, relative to the largest output."""
    rng = np.random.default_rng(channels)
    shapes = (1, channels, 18, 18), (8, channels, 3, 3)
    x, weight = (rng.normal(size=shape) for shape in shapes)
    exact = kernels.conv2d_im2col(x, weight)
    small, filters = x.astype(np.float32), weight.astype(np.float32)
    results = {
        f"F({m}×{m})": winograd.conv2d_winograd(
            small, winograd.winograd_filters(filters, m)
        )
        for m in (4, 2)
    }
    results["FFT"] = fourier.conv2d_fft(small, filters)
    results["im2col"] = kernels.conv2d_im2col(small, filters)
    return {
        name: np.abs(out - exact).max() / np.abs(exact).max()
        for name, out in results.items()
    }


SCORES = {
    "multiplications, transforms left out": "million multiplications",
    "multiplications, transforms counted": "million multiplications",
    "traffic, nothing kept (none)": "MB, assumption: none",
    "traffic, each array crosses once (once)": "MB, assumption: once",
    "traffic, tiles in 256 KiB (tiled)": "MB, assumption: tiled",
    "time, measured": "ms, measured",
}
NAMES = {
    "winograd 2": "F(2×2)",
    "winograd 4": "F(4×4)",
    "fft": "Fourier",
}
TIMED = ("im2col", "shifted", "blocked", "winograd 2", "winograd 4", "fft")


SCORED = {
    "layer": Menu(list(methods.LAYERS), start="ResNet-50 layer1 3 x 3"),
    "by": Menu(list(SCORES), label="score"),
}


def million(layer: methods.Layer, method: str, transforms: bool = True) -> float:
    """Return the multiplications of a method, in millions."""
    return methods.multiplications(layer, method, transforms=transforms) / 1e6


def measured(name: str = "convolution_speed") -> dict:
    """Return a stored benchmark, rows by layer and threads."""
    stored = datasets.measurement(name)
    return {(row["layer"], row["threads"]): row for row in stored["rows"]}


def transformed_inside(layer: methods.Layer, tile: int) -> int:
    """Return the values that Winograd moves if tiles are transformed while they are
    held: maps, transformed filters and results, each once.
    """
    work, window = layer.work, tile + layer.kernel - 1
    filters = layer.weights // layer.kernel**2 * window**2
    return work.once("x") + filters + work.once("out")


def scores(layer: str, by: str) -> dict[str, float]:
    """Return the score of each method that computes a layer, and was measured."""
    shape = methods.LAYERS[layer]
    if by.startswith("time"):
        timed = measured()[layer, 1]["ladder"]
        found = {key.removeprefix("ready: "): v["ms"] for key, v in timed.items()}
        best = min(found, key=found.get)
        return {k: v for k, v in found.items() if k in TIMED} or {best: found[best]}
    able = [method for method in methods.METHODS if shape.takes(method)]
    if by.startswith("traffic"):
        assumption = by[by.index("(") + 1 : -1]
        return {m: methods.traffic(shape, m, assumption).bytes() / 1e6 for m in able}
    both = by.endswith("counted")
    return {m: methods.multiplications(shape, m, transforms=both) / 1e6 for m in able}


def score(layer: str, by: str) -> show.Frame:
    """Draw one score of each method for a layer, as bars."""
    found = {NAMES.get(key, key): value for key, value in scores(layer, by).items()}
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    axes.barh(list(found), list(found.values()))
    axes.set(xlabel=SCORES[by])
    axes.invert_yaxis()
    least = min(found, key=found.get)
    told = f"{layer}, {SCORES[by]}. Least: {least}, {show.number(found[least])}."
    alt = f"Horizontal bars, one a method, for {layer}, by {by}; shortest: {least}."
    return show.frame(fig, caption=told, alt=alt, values=found)


def needed(machine: Machine) -> float:
    """Return the MACs a value, in float32, from which on arithmetic is the limit."""
    return machine.ridge("fp32") / 2 * 4
