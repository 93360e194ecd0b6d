"""The lecture on convolution: a filter at work, im2col's copies, a loop nest in the
reader's hand, filters on photographs, and what each way to compute it costs.
"""

from collections.abc import Mapping

import numpy as np

from .. import datasets, show
from ..hardware import memory, methods
from ..hardware.memory import Nest
from ..hardware.replay import buffered, cached
from ..hardware.work import Work, convolution
from ..kernels import convolution as kernels
from ..kernels import fourier, winograd
from ..train.data import photographs

# --- A filter at work -----------------------------------------------------------------

FILTER = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SETTINGS = {
    "valid, no padding": (5, {}),
    "same, padding on all sides": (3, {"padding": 1}),
    "stride 2": (7, {"stride": 2}),
    "stride 2, padded": (5, {"stride": 2, "padding": 1}),
    "dilation 2": (7, {"dilation": 2}),
}


def numbered_map(size: int) -> np.ndarray:
    """Return a map of the digits 0 to 9, the same each time, no two rows alike."""
    return np.random.default_rng(5).integers(0, 10, size=(size, size))


def window(step: int, *, stride: int = 1, dilation: int = 1, padding: int = 0) -> tuple:
    """Return the index of the window on the padded map at a step from 1 to 9."""
    p, q = divmod(step - 1, 3)
    places = dilation * np.arange(3)
    return np.ix_(p * stride + places, q * stride + places)


def sliding(setting: str, step: int) -> show.Frame:
    """Draw the map with its window, the filter, their nine products, and the output so
    far.
    """
    size, how = SETTINGS[setting]
    x, around, at = numbered_map(size), how.get("padding", 0), window(step, **how)
    padded, shade = np.pad(x, around), np.pad(np.full((size, size), 0.4), around)
    out = kernels.conv2d(x[None, None], FILTER[None, None], **how)[0, 0]
    under, shade[at] = padded[at], 1.2
    seen = np.where(np.arange(9).reshape(3, 3) < step, out, np.nan)
    fig, axes = show.subplots(2, 3, figsize=(4.6, 4.4), height_ratios=[1.7, 1])
    for unused in axes[0, 1:]:
        unused.remove()
    axes[0, 0].remove()
    wide, narrow = fig.add_subplot(2, 3, (1, 2)), fig.add_subplot(2, 3, 3)
    _grid(wide, padded, "map, window dark", shade)
    _grid(narrow, seen, "output", np.where(np.isnan(seen), 0, 0.6))
    small = np.full((3, 3), 1.2)
    for ax, values, title in zip(
        axes[1],
        (under, FILTER, under * FILTER),
        ("window", "× filter", "= products"),
        strict=True,
    ):
        _grid(ax, values, title, small if title == "window" else 0.3 * small)
    products = (under * FILTER).ravel()
    told = f"{setting}: step {step} of 9 adds {_sum(products)} = {out.flat[step - 1]}."
    alt = f"Digits with nine marked, a filter, their products, the output. {told}"
    return show.frame(fig, caption=told, alt=alt, values=[under, products, seen])


def _sum(products: np.ndarray) -> str:
    terms = [f"{value}" for value in products if value]
    return " + ".join(terms).replace("+ -", "− ").replace("-", "−") or "0"


def _grid(axes, values: np.ndarray, title: str, shade: np.ndarray) -> None:
    axes.imshow(shade, cmap="Blues", vmin=0, vmax=2)
    for (row, column), value in np.ndenumerate(values):
        text = "" if np.isnan(value) else f"{value:.0f}".replace("-", "−")
        axes.text(column, row, text, ha="center", va="center", fontsize=11)
    _bare(axes, title)


def _bare(axes, title: str = "") -> None:
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(False)


def copied(pixel: int) -> show.Frame:
    """Draw a padded map of 4 × 4, one pixel marked, and all copies of it in the columns
    of a 3 × 3 filter.
    """
    numbers = np.arange(1, 17).reshape(1, 1, 4, 4)
    columns = columns_of(numbers, 3)
    marked, copies = numbers[0, 0] == pixel, columns == pixel
    fig, axes = show.subplots(1, 2, figsize=(4.6, 2.6), width_ratios=[1, 2.6])
    axes[0].imshow(np.where(marked, 2, 0.4), cmap="Blues", vmin=0, vmax=2)
    shade = np.where(copies, 2, np.where(columns == 0, 0, 0.4))
    axes[1].imshow(shade, cmap="Blues", vmin=0, vmax=2)
    _bare(axes[0], "map")
    _bare(axes[1], "columns")
    axes[1].set(xlabel="one column a window", ylabel="R × S rows")
    told = (
        f"Pixel {pixel} of 16 is copied into {copies.sum()} of 16 columns; all "
        f"{columns.size} cells hold {np.count_nonzero(columns)} copies and padding."
    )
    alt = f"A small map beside rows of columns, a pixel and its copies dark. {told}"
    return show.frame(fig, caption=told, alt=alt, values=np.argwhere(copies))


def columns_of(x: np.ndarray, kernel: int) -> np.ndarray:
    """Return the columns of im2col, same padding. Shapes: 1 1 H W -> (R S) (P Q)."""
    each = np.eye(kernel * kernel, dtype=x.dtype).reshape(-1, 1, kernel, kernel)
    return kernels.conv2d_im2col(x, each, padding="same").reshape(kernel * kernel, -1)


def as_matrix(size: int, weight: np.ndarray) -> np.ndarray:
    """Return a padded 3 × 3 filter as the matrix of a full connection: one column for
    each pixel, the answer to a map that is 1 there and 0 elsewhere.
    """
    pixels = np.eye(size * size).reshape(-1, 1, size, size)
    out = kernels.conv2d_im2col(pixels, weight[None, None], padding=1)
    return out.reshape(size * size, -1).T


# --- A loop nest in the reader's hand -------------------------------------------------

LENET = ((1, 1, 32, 32), (6, 1, 5, 5))
ORDERS = {
    "results stay": "NGMPQCRS",
    "filters stay": "NGMCRSPQ",
    "map stays": "NGCPQRSM",
}


def first_layer() -> Work:
    """Return C1 of LeNet-5 as loops, biases included."""
    return convolution(*LENET, bias=True)


def nest(order: str, side: int, filters: int) -> Nest:
    """Return C1 in tiles of so many rows and columns of so many filters' results; a
    filter's own rows and columns stay together once a tile is larger than a value.
    """
    tile = {"P": side, "Q": side, "M": filters}
    whole = {"R": 5, "S": 5} if side > 1 else {}
    return Nest(first_layer(), ORDERS[order], tile | whole)


def fetches(order: str, side: int, filters: int) -> show.Frame:
    """Replay C1's nest through a buffer and draw how often a value of each tensor
    crosses.
    """
    one = nest(order, side, filters)
    moved = buffered(one)
    if moved != memory.tiled(one, one.needs):
        raise ValueError(f"replay and closed form differ for {one}")
    crossed = {
        name: (moved.read.get(name, 0) + moved.written.get(name, 0))
        / one.work.once(name)
        for name in ("x", "weight", "out")
    }
    mean = moved.values / one.work.values
    fig, axes = show.subplots(figsize=(4.6, 2.2))
    axes.barh(["map", "filters", "results"], list(crossed.values()))
    axes.set(xscale="log", xlim=(0.8, 1200), xlabel="crossings a value (tiled)")
    axes.invert_yaxis()
    told = (
        f"{order}, tiles of {side} × {side} results of {filters}: a buffer of "
        f"{one.needs:,} values, {mean:.1f} crossings a value."
    )
    alt = (
        f"Three bars on a log axis: crossings a value of map, filters, results. {told}"
    )
    return show.frame(fig, caption=told, alt=alt, values=crossed | {"mean": mean})


def by_buffer(work: Work, sizes: list[int]) -> list[dict]:
    """Return a row a buffer size: crossings a value in the best tiles found, and of the
    plain loops behind a cache of that size.
    """
    return [
        {
            "buffer": size,
            "best tiles": memory.tiled(memory.best_tiling(work, size), size).values
            / work.values,
            "plain loops, cache": cached(Nest(work), size).values / work.values,
        }
        for size in sizes
    ]


# --- Photographs ----------------------------------------------------------------------

CROPS = {"china": np.s_[90:186, 250:394], "flower": np.s_[120:216, 200:344]}
OTHER = np.s_[250:346, 100:244]
FILTERS = {
    "box blur": np.full((5, 5), 1 / 25),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "vertical edges (Sobel)": FILTER / 4,
    "horizontal edges (Sobel)": FILTER.T / 4,
    "all edges (Laplace)": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}
BLUR = np.full((1, 1, 3, 3), 1 / 9)


def grey(name: str) -> np.ndarray:
    """Return a photograph as one map. Shapes: -> 1 1 H W. Units: 0 to 1."""
    return photographs()[name].mean(axis=0)[None, None].astype(float)


def filtered(photograph: str, filter: str) -> show.Frame:
    """Draw a part of a photograph before and after a filter."""
    x, weight = grey(photograph)[:, :, *CROPS[photograph]], FILTERS[filter]
    out = kernels.conv2d_im2col(x, weight[None, None], padding="same")[0, 0]
    low = 0.0 if weight.sum() > 0.5 else -0.5
    fig, axes = show.subplots(1, 2, figsize=(5.6, 2.3))
    for ax, image, start, title in (
        (axes[0], x[0, 0], 0.0, "before"),
        (axes[1], out, low, "after"),
    ):
        levels = np.round(np.clip(image - start, 0, 1) * 24)
        ax.imshow(levels, cmap="gray", vmin=0, vmax=24, interpolation="nearest")
        _bare(ax, title)
    told = (
        f"{photograph}, {filter}: mean {out[3:-3, 3:-3].mean():.2f} after, "
        f"{x.mean():.2f} before."
    )
    alt = f"A grey photograph of {photograph} beside the same after a filter: {filter}."
    return show.frame(
        fig, caption=told, alt=alt, photo=True, values={"weights": weight}
    )


def places() -> dict[str, np.ndarray]:
    """Return the part that the filter learns from, and two that it has not seen."""
    china = grey("china")
    return {
        "china, trained on": china[:, :, *CROPS["china"]],
        "china, other part": china[:, :, *OTHER],
        "flower": grey("flower")[:, :, *CROPS["flower"]],
    }


def noisy(clean: np.ndarray, seed: int) -> np.ndarray:
    """Return a picture with normal noise of a tenth of its range."""
    return clean + np.random.default_rng(seed).normal(scale=0.1, size=clean.shape)


def learned_filter(clean: np.ndarray, steps: int = 120) -> np.ndarray:
    """Return the 5 × 5 filter that gradient descent with momentum finds against noise,
    from zero. Shapes: -> 1 1 5 5.
    """
    target = clean - clean.mean()
    dirty, weight, speed = noisy(target, 0), np.zeros((1, 1, 5, 5)), 0.0
    for _ in range(steps):
        error = kernels.conv2d_im2col(dirty, weight, padding=2) - target
        slope = kernels.conv2d_backward(
            2 * error / target.size, dirty, weight, padding=2
        )[1]
        speed = 0.9 * speed - 0.15 * slope
        weight = weight + speed
    return weight


def peak_ratio(image: np.ndarray, clean: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of a picture with values up to 1, in dB."""
    return round(float(-10 * np.log10(np.mean((image - clean) ** 2))), 1)


def cleaned(weight: np.ndarray) -> list[dict]:
    """Return a row a place: the peak signal-to-noise ratio of the noisy picture, and
    after a blur and after the filter.
    """
    rows = []
    for place, clean in places().items():
        dirty, mean = noisy(clean, 1) - clean.mean(), clean.mean()
        seen = {"noisy": dirty}
        for name, filter in (("blur", BLUR), ("learned", weight)):
            seen[name] = kernels.conv2d_im2col(dirty, filter, padding="same")
        ratios = {name: peak_ratio(image + mean, clean) for name, image in seen.items()}
        rows.append({"place": place} | ratios)
    return rows


# --- Ways to compute it ---------------------------------------------------------------


def winograd_example(d: np.ndarray, g: np.ndarray) -> list[dict]:
    """Return a row for each of the four products of F(2, 3)."""
    sums, weights = np.array(winograd.INPUT[2]) @ d, np.array(winograd.FILTER[2]) @ g
    return [
        {"sum of inputs": s, "sum of weights": w, "product": s * w}
        for s, w in zip(sums, weights, strict=True)
    ]


def typeset(matrix: list[list[float]]) -> str:
    """Return a matrix as TeX, halves and smaller parts as fractions.

    >>> typeset([[1, -0.5], [0, 1 / 24]])
    '\\\\begin{bmatrix}1&-\\\\tfrac{1}{2}\\\\\\\\0&\\\\tfrac{1}{24}\\\\end{bmatrix}'
    """
    rows = "\\\\".join("&".join(map(_fraction, row)) for row in matrix)
    return f"\\begin{{bmatrix}}{rows}\\end{{bmatrix}}"


def _fraction(value: float) -> str:
    if value == int(value):
        return str(int(value))
    sign = "-" if value < 0 else ""
    return f"{sign}\\tfrac{{1}}{{{round(1 / abs(value))}}}"


def tile_figure(tile: int = 2, seed: int = 3):
    """Draw a Winograd tile: inputs, their sums, times sums of weights, products, and
    the outputs. Returns the figure and the outputs.
    """
    rng = np.random.default_rng(seed)
    d, g = rng.integers(0, 6, size=(tile + 2, tile + 2)), FILTER
    b, w, a = (
        np.array(t[tile]) for t in (winograd.INPUT, winograd.FILTER, winograd.OUTPUT)
    )
    sums, weights = b @ d @ b.T, w @ g @ w.T
    out = a @ (sums * weights) @ a.T
    fig, axes = show.subplots(2, 3, figsize=(4.6, 3.4))
    parts = (
        (d, "inputs $d$"),
        (sums, "$B^\\top d\\,B$"),
        (weights, "⊙ $G\\,g\\,G^\\top$"),
        (sums * weights, "= products"),
        (out, "outputs $Y$"),
    )
    for ax, (values, title) in zip(axes.flat, parts, strict=False):
        _grid(ax, values, title, np.full(values.shape, 0.4))
    axes.flat[-1].remove()
    return fig, out, kernels.conv2d(d[None, None], g[None, None])[0, 0]


def tiles() -> list[dict]:
    """Return a row a tile size: products, saving, largest constant, and by how much a
    transformed input can exceed the inputs.
    """
    return [
        {
            "tile": f"F({m}×{m}, 3×3)",
            "products": (m + 2) ** 2,
            "of the loops": 9 * m * m,
            "saving": 9 * m * m / (m + 2) ** 2,
            "largest constant": max(
                np.abs(np.array(t[m])).max() for t in (winograd.INPUT, winograd.OUTPUT)
            ),
            "inputs grow": growth(m),
        }
        for m in winograd.FILTER
    ]


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


# --- What each way costs --------------------------------------------------------------

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


def measured() -> dict:
    """Return the stored benchmark, rows by layer and threads."""
    stored = datasets.measurement("convolution_speed")
    return {(row["layer"], row["threads"]): row for row in stored["rows"]}


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


def beside_libraries() -> list[dict]:
    """Return a row a measured layer: our time and the peers', the ratio on one thread
    and on two, and how many times the better peer's error ours is.
    """
    return [_beside(row) for (_, threads), row in measured().items() if threads == 1]


def _beside(row: Mapping) -> dict:
    two = measured()[row["layer"], 2]
    return {
        "layer": row["layer"],
        "by": row["rung"],
        "ms": row["ms"],
        "PyTorch": row["peers"]["torch"]["ms"],
        "ONNX Runtime": row["peers"]["onnxruntime"]["ms"],
        "ratio": row["ratio"],
        "two threads": two["ratio"],
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
