"""Filters on photographs: known ones, and one that is learned."""

import numpy as np

from ... import show
from ...explore import Menu
from ...kernels import convolution as kernels
from ...train.data import photographs
from .drawn import FILTER, bare

CROPS = {"china": np.s_[90:186, 250:394], "flower": np.s_[120:216, 200:344]}
OTHER = np.s_[250:346, 100:244]
FILTERS = {
    "box blur": np.full((5, 5), 1 / 25),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "vertical edges (Sobel)": FILTER / 4,
    "horizontal edges (Sobel)": FILTER.T / 4,
    "all edges (Laplace)": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}
FILTERED = {
    "photograph": Menu(list(CROPS)),
    "filter": Menu(list(FILTERS), start="vertical edges (Sobel)"),
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
        bare(ax, title)
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
