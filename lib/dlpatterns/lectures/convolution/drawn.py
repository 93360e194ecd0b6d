"""What the page draws of the computation: a filter at work, the copies of im2col, a
Winograd tile, one score of each method.
"""

import numpy as np

from ... import show
from ...explore import Menu, Slider
from ...kernels import convolution as kernels
from ...kernels import winograd

FILTER = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SETTINGS = {
    "valid, no padding": (5, {}),
    "same, padding on all sides": (3, {"padding": 1}),
    "stride 2": (7, {"stride": 2}),
    "stride 2, padded": (5, {"stride": 2, "padding": 1}),
    "dilation 2": (7, {"dilation": 2}),
}


SLIDING = {
    "setting": Menu(list(SETTINGS)),
    "step": Slider(range(1, 10), play=True),
}
COPIED = {"pixel": Slider(range(1, 17), start=6, play=True)}


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
    result = f"{out.flat[step - 1]}".replace("-", "−")
    told = f"{setting}: step {step} of 9 adds {_sum(products)} = {result}."
    alt = f"Digits with nine marked, a filter, their products, the output. {told}"
    return show.frame(fig, caption=told, alt=alt, values=[under, products, seen])


def _sum(products: np.ndarray) -> str:
    terms = [f"{value}" for value in products if value]
    return " + ".join(terms).replace("+ -", "− ").replace("-", "−") or "0"


def _grid(axes, values: np.ndarray, title: str, shade: np.ndarray) -> None:
    axes.imshow(shade, cmap="Blues", vmin=0, vmax=2)
    for (row, column), value in np.ndenumerate(values):
        text = "" if np.isnan(value) else f"{round(value)}".replace("-", "−")
        axes.text(column, row, text, ha="center", va="center", fontsize=11)
    bare(axes, title)


def bare(axes, title: str = "") -> None:
    """Give axes a title and nothing else."""
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)


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
    bare(axes[0], "map")
    bare(axes[1], "columns")
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


def tile_figure(tile: int = 2, seed: int = 3) -> tuple:
    """Draw a Winograd tile: inputs, their sums, the filter, its sums, the products, and
    the outputs. Returns the figure, and the outputs by Winograd and by the loops.
    """
    rng = np.random.default_rng(seed)
    d = rng.integers(0, 6, size=(tile + 2, tile + 2))
    g = np.array([[2, 0, 2], [0, 4, 0], [2, 0, 2]])
    tables = (winograd.INPUT, winograd.FILTER, winograd.OUTPUT)
    b, w, a = (np.array(table[tile]) for table in tables)
    sums, weights = b @ d @ b.T, w @ g @ w.T
    out = a @ (sums * weights) @ a.T
    fig, axes = show.subplots(2, 3, figsize=(4.6, 3.4))
    parts = (
        (d, "inputs $d$"),
        (g, "filter $g$"),
        (out, "outputs $Y$"),
        (sums, "$B^\\top d\\,B$"),
        (weights, "⊙ $G\\,g\\,G^\\top$"),
        (sums * weights, "= products"),
    )
    for ax, (values, title) in zip(axes.flat, parts, strict=True):
        _grid(ax, values, title, np.full(values.shape, 0.4))
    return fig, out, kernels.conv2d(d[None, None], g[None, None])[0, 0]
