"""Figures and frames of the lecture: activation functions, a layer at work, shares,
structures, learning curves, and what a unit sees.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ... import show
from ...counting import Counts
from ...graph import Model
from ...kernels import activations
from ...models import FIRST
from ...train import data, seeing
from ...train.network import Network
from . import learning, shares, structures

PHONE = 4.6  # inches wide; labels stay above 11 pixels on a phone
SOFT = ("relu", "sigmoid", "tanh", "silu", "gelu", "hardswish")
X = np.array([[1, 2, 0], [0, 1, 3], [2, -1, 1]])  # examples by features
W = np.array([[1, 0, 2], [-1, 1, 0], [2, 1, -1], [0, -2, 1]])  # neurons by features
B = np.array([0, 1, -1, 2])
SHOWN = (
    *("lenet5_1998", "vgg16", "googlenet", "resnet50", "mobilenet_v2"),
    *("efficientnet_b0", "lstm_ptb_medium", "gpt2"),
)
EDGES = ("blue", "orange", "green", "pink", "red", "olive")


def activation_curves():
    """Draw six activation functions, each under its name and what it costs."""
    costs, x = shares.activation_costs(), np.linspace(-4, 4, 81)
    fig, axes = show.subplots(2, 3, figsize=(5.6, 2.8), sharex=True, sharey=True)
    for ax, kind in zip(axes.flat, SOFT, strict=True):
        ax.plot(x, activations.FUNCTIONS[kind](x))
        ax.set(title=f"{kind}: {sum(costs[kind].values())}", ylim=(-1.3, 4))
    fig.supxlabel("weighted sum", fontsize=12)
    fig.supylabel("output", fontsize=12)
    return fig


# --- A layer at work


def layer_step(step: int) -> show.Frame:
    """Draw one entry of Y = X W^T + b, with the row of X and the row of W it is made
    of.
    """
    n, m = divmod(step - 1, len(W))
    y = X @ W.T + B
    fig, axes = show.subplots(1, 3, figsize=(PHONE, 2.3), width_ratios=(3, 4, 4))
    done = np.where(np.arange(y.size).reshape(y.shape) < step, y.astype(float), np.nan)
    _grid(axes[0], X, "X: examples", row=n)
    _grid(axes[1], W.T, "Wᵀ: neurons", column=m)
    _grid(axes[2], done, "Y", row=n, column=m)
    terms = " + ".join(f"{a} × {b}" for a, b in zip(X[n], W[m], strict=True))
    caption = (
        f"Example {n + 1}, neuron {m + 1}: {terms} + {B[m]} = {y[n, m]}, behind a "
        f"ReLU {max(y[n, m], 0)}. MACs so far: {step * X.shape[1]}."
    )
    caption = caption.replace("+ -", "− ").replace("-", "−")
    return show.frame(
        fig,
        caption=caption,
        alt="Three grids of numbers; the row of X and the column of the transposed "
        f"weights that meet in the marked entry of Y. {caption}",
        values={"entry": y[n, m]},
    )


def _grid(ax, values: np.ndarray, title: str, *, row: int = -1, column: int = -1):
    """Draw an array as a grid of numbers, a row or a column of it (or where both meet)
    in colour.
    """
    rows, columns = values.shape
    for i in range(rows):
        for j in range(columns):
            marked = (i == row) if column < 0 else (j == column)
            marked = (i, j) == (row, column) if row >= 0 and column >= 0 else marked
            paint = show.colour("orange" if marked else "grey")
            ax.bar(j, 0.92, 0.92, bottom=i - 0.46, color=paint, alpha=0.45)
            if not np.isnan(values[i, j]):
                text = f"{values[i, j]:.0f}".replace("-", "−")
                ax.text(j, i, text, ha="center", va="center", fontsize=12)
    ax.set(title=title, xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6))
    ax.set_aspect("equal")
    ax.axis("off")


# --- Who does the work


def how_many_hold(
    counts: Mapping[str, Counts], activation: int, mac: int, share: float = 0.9
) -> show.Frame:
    """Draw the share of MACs of every network, the smallest first, for a cost of an
    activation and of a MAC.
    """
    costs = {"per_mac": mac, "per_activation": activation}
    found = sorted((shares.in_operations(c, **costs), n) for n, c in counts.items())
    values = [100 * value for value, _ in found]
    kept = sum(value >= 100 * share for value in values)
    fig, ax = show.subplots(figsize=(PHONE, 2.5))
    x = range(1, len(values) + 1)
    paints = ["blue" if value >= 100 * share else "orange" for value in values]
    ax.scatter(x, values, s=24, c=[*map(show.colour, paints)])
    ax.axhline(100 * share, color=show.colour("grey"), linestyle="--")
    ax.set(ylim=(73, 101), xlabel="networks, smallest share first")
    ax.set(ylabel="MACs in operations (%)")
    caption = (
        f"A MAC counts {mac}, an activation {activation}: {kept} of {len(values)} "
        f"networks keep {100 * share:.0f} %. Smallest: {counts[found[0][1]].name}, "
        f"{values[0]:.1f} %."
    )
    return show.frame(
        fig,
        caption=caption,
        alt=f"Points for the share of MACs, one a network, and a line at the claim. "
        f"{caption}",
        values=[round(value, 1) for value in values],
    )


def account(model: Model, unit: str) -> show.Frame:
    """Draw which kind of work has which share of a unit of account."""
    parts = shares.UNITS[unit](model)
    each = [100 * amount / sum(parts.values()) for amount in parts.values()]
    fig, ax = show.subplots(figsize=(PHONE, 2.5))
    paints = [show.colour("blue"), *[show.colour("orange")] * (len(each) - 1)]
    bars = ax.barh(list(parts), each, color=paints)
    ax.bar_label(bars, labels=[f"{value:.1f} %" for value in each], padding=4)
    ax.set(xlim=(0, 125), xlabel="share (%)", xticks=range(0, 101, 25))
    ax.invert_yaxis()
    caption = f"{model.name}, {unit}: layers with MACs have {each[0]:.1f} %."
    return show.frame(
        fig,
        caption=caption,
        alt=f"Bars of the share that each kind of work has. {caption}",
    )


# --- The structures


def who_reads_whom(kind: str, place: int, places: int = 6) -> show.Frame:
    """Draw the places that one output of a structure reads, a colour a weight."""
    read = structures.read_by(kind, place - 1, places)
    names = sorted(
        {w for p in range(places) for _, w in structures.read_by(kind, p, places)}
    )
    fig, ax = show.subplots(figsize=(PHONE, 2.5))
    for other in range(places):
        for at, name in structures.read_by(kind, other, places):
            _edge(ax, (at, 0), (other, 1), name, names, faint=other != place - 1)
    if kind == "recurrence":
        for at in range(1, places):
            ends, faint = ((at - 1, 1), (at, 1)), at >= place
            _edge(ax, *ends, "u", [*names, "u"], faint=faint)
    for at in range(places):
        reads = at in [p for p, _ in read] or (kind == "recurrence" and at < place)
        _node(ax, at, 0, lit=reads)
        _node(ax, at, 1, lit=at == place - 1)
    ax.set(xlim=(-0.6, places - 0.4), ylim=(-0.35, 1.3), yticks=[0, 1])
    ax.set_yticklabels(["inputs", "outputs"])
    ax.set(xticks=range(places), xticklabels=range(1, places + 1), xlabel="place")
    ax.grid(visible=False)
    caption = _reading(kind, place, places, len(names))
    return show.frame(
        fig,
        caption=caption,
        alt=f"A row of inputs below a row of outputs, joined by lines. {caption}",
        values={"reads": [at + 1 for at, _ in read]},
    )


def _edge(ax, start, end, name: str, names: Sequence[str], *, faint: bool) -> None:
    paint = show.colour("grey" if faint else EDGES[names.index(name) % len(EDGES)])
    style = "--" if name.startswith("a") else "-"
    ax.plot(
        *zip(start, end, strict=True),
        style,
        color=paint,
        linewidth=0.8 if faint else 2.5,
        alpha=0.5 if faint else 1,
        zorder=1 if faint else 2,
    )


def _node(ax, x: float, y: float, *, lit: bool) -> None:
    paint = show.colour("orange" if lit else "grey")
    ax.plot([x], [y], "o", color=paint, markersize=15 if lit else 11, zorder=3)


def _reading(kind: str, place: int, places: int, weights: int) -> str:
    read = len(structures.read_by(kind, place - 1, places))
    return {
        "full connection": f"Output {place} reads all {read} inputs, each by a weight "
        f"of its own: {weights} weights in the drawing.",
        "convolution": f"Output {place} reads {read} neighbours by the same "
        f"{weights} weights as every other output.",
        "recurrence": f"Output {place} reads input {place} and the output before it: "
        f"two weights, and {place} steps that wait for one another.",
        "attention": f"Output {place} reads all {read} places; the dashed weights are "
        "computed from the places themselves.",
    }[kind]


def growth(lengths: Sequence[int]):
    """Draw parameters, MACs, MACs a weight and sequential depth of the four structures
    as the input grows.
    """
    fig, axes = show.subplots(2, 2, figsize=(5.8, 4.0), sharex=True)
    panels = ("params", "MACs", "MACs a weight", "sequential depth")
    for ax, what in zip(axes.flat, panels, strict=True):
        for kind, style in zip(
            structures.STRUCTURES, ("-", "--", "-.", ":"), strict=True
        ):
            values = [structures.measures(kind, n)[what] for n in lengths]
            ax.loglog(lengths, values, style, label=kind)
        ax.set(title=what, xlabel="places" if ax in axes[1] else "")
    fig.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    return fig


# --- Learning


def curves(networks: Mapping[str, str]):
    """Draw the held-out accuracy of networks over the MACs of their training, the mean
    and the range of the seeds.
    """
    fig, ax = show.subplots(figsize=(5.6, 3.1))
    for network, style in networks.items():
        run = learning.run_of(network)
        work = run["macs"] * learning.EXAMPLES * np.array(run["epochs"])
        percent = run["percent"]
        ax.plot(work, percent.mean(axis=0), style, label=network)
        ax.fill_between(work, percent.min(axis=0), percent.max(axis=0), alpha=0.15)
    ax.set(xscale="log", ylim=(85, 100), ylabel="held-out digits right (%)")
    ax.set_xlabel("MACs of the forward passes in training")
    ax.legend(loc="lower right")
    return fig


def tiled(pictures: Sequence[np.ndarray], rows: int, *, top: float = 1.0) -> np.ndarray:
    """Lay pictures out in rows, each scaled to 0..1, with a light line between them."""
    framed = [
        np.pad(np.clip(picture / top, 0, 1), 1, constant_values=0.8)
        for picture in pictures
    ]
    return np.vstack([np.hstack(row) for row in np.array_split(np.stack(framed), rows)])


def maps(net: Network, split: data.Split, digit: int, layer: str) -> show.Frame:
    """Draw a held-out digit, the filters of the first layer, and what every filter of a
    layer answers at each place.
    """
    image = split.test_x[split.test_y == digit][:1]
    answers = net.activations(image)[layer][0]
    fig, axes = show.subplots(1, 3, figsize=(PHONE, 1.5), width_ratios=(1, 1.9, 2.1))
    axes[0].imshow(image[0, 0], vmin=0, vmax=1, cmap="gray")
    weights = net.params["conv1.weight"][:, 0]
    largest = abs(weights).max()
    framed = [np.pad(one, 1, constant_values=np.nan) for one in weights]
    tiles = np.vstack([np.hstack(framed[:4]), np.hstack(framed[4:])])
    axes[1].imshow(tiles, vmin=-largest, vmax=largest, cmap="RdBu")
    rows = 2 if layer == "relu1" else 4
    axes[2].imshow(tiled(answers, rows, top=answers.max()), cmap="gray")
    for ax, title in zip(axes, ("input", "filters", layer), strict=True):
        ax.set_title(title)
        ax.axis("off")
    zero = show.percent((answers == 0).mean(), 0)
    caption = (
        f"A {digit}, the filters of the first layer, and the {len(answers)} maps "
        f"behind {layer}: {zero} of their values are zero."
    )
    alt = (
        f"The digit {digit}; eight small filters, several with a positive and a "
        "negative side; and maps, bright where a filter answers."
    )
    values = {"largest answer": round(answers.max(), 2)}
    return show.frame(fig, caption=caption, alt=alt, values=values, photo=True)


def favourite(net: Network, split: data.Split, unit: int) -> show.Frame:
    """Draw an image made to excite a unit, the digits that excite it most, and what
    silencing it costs.
    """
    best = seeing.favourites(net, split.test_x, "conv2", unit, top=6)
    made = seeing.maximise(net, "conv2", unit)[0]
    fig, ax = show.subplots(figsize=(PHONE, 0.9))
    ax.imshow(tiled([made, *split.test_x[best, 0]], 1), vmin=0, vmax=1, cmap="gray")
    ax.axis("off")
    labels = " ".join(map(str, split.test_y[best]))
    liked, fall = learning.silence(net, split, unit)
    caption = (
        f"Unit {unit}: an image made to excite it, the six digits that excite it most "
        f"({labels}). Silenced: its favourite, {liked}, loses {fall[liked]:.1f} points,"
        f" {fall.argmax()} loses most, {fall.max():.1f}."
    )
    return show.frame(
        fig,
        caption=caption,
        alt=f"A synthetic pattern, then six digits that excite the unit: {labels}.",
        values={"digits": labels},
        photo=True,
    )


def collection() -> dict:
    """Return the networks that the first lectures speak of, by name."""
    return {name: build() for name, build in FIRST.items()}
