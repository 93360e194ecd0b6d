"""Figures and frames of the lecture: a column judged, pooling windows, an inception
module, errors, memory, and the three knobs.
"""

from ... import show
from .studies import (
    COSTS,
    MEMORY,
    correlation,
    counts_of,
    grown,
    judged_networks,
    layers_with_macs,
    positions,
)
from .table import COUNTED, cells

WIDE = (4.8, 2.3)  # inches; labels stay above 11 pixels on a phone
COLUMNS = ["metric", "printed", "ours", "verdict", "reason"]
NAMED = ("alexnet", "vgg16", "googlenet", "resnet50", "mobilenet_v2", "vit_b_16")
FAMILIES = {
    **{"alexnet": "grey", "vgg": "orange", "googlenet": "pink", "inception": "pink"},
    **{"resnet": "blue", "mobile": "green", "efficient": "green", "vit": "red"},
}
# an inception module: name, place along the way, place across, what it reads
MODULE = (
    *(("input", 0, 1.5, ()), ("1 × 1", 2, 3, ("input",))),
    *(("1 × 1 ", 1, 2, ("input",)), ("3 × 3", 2, 2, ("1 × 1 ",))),
    *(("1 × 1  ", 1, 1, ("input",)), ("5 × 5", 2, 1, ("1 × 1  ",))),
    *(("pool", 1, 0, ("input",)), ("1 × 1   ", 2, 0, ("pool",))),
    ("joined", 3, 1.5, ("1 × 1", "3 × 3", "5 × 5", "1 × 1   ")),
)
ON_THE_WAY = ("input", "1 × 1 ", "3 × 3", "joined")


def column(network: str) -> show.Frame:
    """Return the cells of one column of the table, with ours, the verdict, and why."""
    found = [cell for cell in cells() if cell.network == network]
    fixed = [cell for cell in found if cell.metric in COUNTED]
    hold = sum(cell.verdict == "confirmed" for cell in fixed)
    caption = (
        f"{network}: {hold} of the {len(fixed)} cells that the architecture fixes hold."
    )
    return show.frame(rows=found, columns=COLUMNS, caption=caption)


def pooling(pixels: int, rounding: str) -> show.Frame:
    """Draw the windows of a 3-wide pooling with stride 2 over a row of pixels."""
    places = positions(pixels, up=rounding == "up")
    fig, ax = show.subplots(figsize=(4.8, 1.8))
    middles = [i + 0.5 for i in range(pixels)]
    ax.bar(middles, 0.9, width=0.9, color=show.colour("grey"), alpha=0.4)
    for k in range(places):
        over = 2 * k + 3 - pixels
        paint = show.colour("orange" if over > 0 else "blue")
        ax.plot([2 * k + 0.1, 2 * k + 2.9], [1.5 + k % 2] * 2, lw=5, color=paint)
        ax.text(2 * k + 1.5, 1.8 + k % 2, str(k + 1), ha="center", fontsize=11)
    ax.set(xlim=(-0.2, 15.2), ylim=(-0.3, 3.4), yticks=[], xlabel="pixel")
    ax.grid(visible=False)
    hangs = " the last hangs over the edge." if rounding == "up" and over > 0 else ""
    caption = f"{pixels} pixels, rounded {rounding}: {places} windows;{hangs}"
    return show.frame(
        fig,
        caption=caption.rstrip(";") + ("" if hangs else "."),
        alt="A row of pixels with the windows of a pooling layer above it, numbered.",
        values={"windows": places},
    )


def inception():
    """Draw an inception module, with the longest way through it in colour."""
    fig, ax = show.subplots(figsize=(4.8, 2.1))
    at = {name: (x, y) for name, x, y, _ in MODULE}
    for name, x, y, sources in MODULE:
        for source in sources:
            on = name in ON_THE_WAY and source in ON_THE_WAY
            paint = show.colour("orange" if on else "grey")
            ends = zip(at[source], (x, y), strict=True)
            ax.plot(*ends, color=paint, lw=3 if on else 1.5, zorder=1)
    for name, x, y, _ in MODULE:
        paint = show.colour("orange" if name in ON_THE_WAY else "blue")
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": paint}
        ax.text(x, y, name.strip(), ha="center", va="center", fontsize=12, bbox=box)
    ax.set(xlim=(-0.4, 3.4), ylim=(-0.5, 3.5))
    ax.axis("off")
    return fig


def convolutions_of_a_module() -> tuple[int, int]:
    """Return how many convolutions are drawn, and how many on the coloured way."""
    found = [name for name, *_ in MODULE if "×" in name]
    return len(found), sum(name in ON_THE_WAY for name in found)


def errors(cost: str, error: str) -> show.Frame:
    """Draw torchvision's error of each network against a cost that we count."""
    rows = judged_networks()
    points = {
        row["network"]: (COSTS[cost](row), 100 - row[f"{error}_percent"])
        for row in rows
    }
    fig, ax = show.subplots(figsize=WIDE)
    ax.scatter(
        *zip(*points.values(), strict=True), c=[_family(name) for name in points]
    )
    for name in NAMED:
        offset = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": 11}
        ax.annotate(name, points[name], **offset)
    scale = "linear" if "year" in cost else "log"
    ax.set(
        xlabel=cost, ylabel=f"{error.replace('top', 'top-')} error (%)", xscale=scale
    )
    ax.margins(x=0.25)
    rho = correlation(cost, rows)
    return show.frame(
        fig,
        caption=f"Error against {cost}, {len(rows)} networks; with top-1 the rank "
        f"correlation is {rho:.2f}.",
        values=points,
        alt=f"Scatter plot of {error} error against {cost}, one point a network.",
    )


def _family(name: str) -> str:
    return show.colour(
        next(c for start, c in FAMILIES.items() if name.startswith(start))
    )


def memory(network: str, batch: int) -> show.Frame:
    """Draw the bytes of weights and of activations in FP32, layer by layer."""
    rows = layers_with_macs(network, batch)
    fig, ax = show.subplots(figsize=WIDE)
    for what, paint in (("params", "orange"), ("activations", "blue")):
        size = [4 * getattr(row, what) / 1e6 for row in rows]
        label = "weights" if what == "params" else what
        ax.step(range(1, len(rows) + 1), size, where="mid", label=label)
        ax.lines[-1].set_color(show.colour(paint))
    ax.set(xlabel="layer with MACs, first to last", ylabel="MB in FP32")
    ax.set(yscale="log", ylim=(1e-3, 2e4))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return show.frame(
        fig,
        caption=_told(network, batch),
        alt=f"Two step lines over the layers of {network}: bytes of weights and of "
        "activations, on a logarithmic scale.",
    )


def _told(network: str, batch: int) -> str:
    counts = counts_of(MEMORY[network], batch)
    held, peak = counts.activation_bytes() / 1e6, counts.peak_activation_bytes() / 1e6
    return (
        f"{network}, batch {batch}: weights {show.number(counts.weight_bytes() / 1e6)} "
        f"MB; all activations {show.number(held)} MB, of which {show.number(peak)} MB "
        "are alive at once."
    )


def scaled(depth: float, width: float, resolution: int) -> show.Frame:
    """Draw how many times EfficientNet-B0 a deeper, wider or sharper one costs."""
    growth = grown(depth=depth, width=width, resolution=resolution)
    fig, ax = show.subplots(figsize=(4.8, 2.2))
    paints = [show.colour(name) for name in ("blue", "grey", "orange", "green")]
    ax.barh(list(growth), list(growth.values()), color=paints)
    ax.invert_yaxis()
    ax.set(xlabel="times EfficientNet-B0", xlim=(0, 36))
    ax.bar_label(ax.containers[0], fmt="{:.2f}", padding=4)
    told = ", ".join(f"{name} {times:.2f}" for name, times in growth.items())
    return show.frame(
        fig,
        caption=f"Depth {depth}, width {width}, resolution {resolution} %: "
        f"{growth['MACs']:.2f} times the MACs of B0; the rule says "
        f"{growth['rule']:.2f}.",
        alt=f"Four bars, in times EfficientNet-B0: {told}.",
        values=growth,
    )
