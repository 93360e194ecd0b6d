"""The pictures of the lecture: frames for explorers, and figures."""

from typing import Any

import numpy as np

from ... import show
from ...prune import tally
from . import experiment, structure, study, working, world

SHOWN, PIXELS = 16, 8  # neurons in the picture of a mask, and their side
COLOURS = {
    "dense": "blue",
    "pruned": "orange",
    "channels cut": "green",
    "dense, as much compute": "pink",
}
TICKS = [n * 10**k for k in range(1, 6) for n in (1, 2, 5)]
MARKS = {
    "dense": "o",
    "pruned": "s",
    "channels cut": "^",
    "dense, as much compute": "D",
}


# --- A mask at work -------------------------------------------------------------------


def mask(method: str, goes: float) -> show.Frame:
    """Draw the weights of sixteen neurons, one picture of 8 x 8 each, without those
    that a method takes.
    """
    net, accuracy = working.pruned(method, goes)
    weight = net.params["hidden1.weight"]
    fig, axes = show.subplots(figsize=(4.6, 3.0))
    picture = _tiles(np.where(weight[:SHOWN] == 0, np.nan, weight[:SHOWN]))
    bound = np.abs(working.trained().params["hidden1.weight"]).max()
    axes.set_facecolor(show.FAINT)
    axes.imshow(picture, cmap="RdBu", vmin=-bound, vmax=bound, aspect="equal")
    edges = np.arange(PIXELS, 3 * (PIXELS + 1), PIXELS + 1)
    axes.hlines(edges, -0.5, 34.5, color="white", linewidth=4)
    axes.vlines(edges, -0.5, 34.5, color="white", linewidth=4)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    left = int(np.count_nonzero(weight))
    alive = int(np.count_nonzero(weight.any(axis=1)))
    caption = (
        f"{left:,} of {weight.size:,} weights of the hidden layer stay, in {alive} of "
        f"{len(weight)} neurons. Without any tuning the network reads "
        f"{show.percent(accuracy)} of the test digits."
    )
    alt = (
        f"Sixteen small pictures of weights, red negative and blue positive; what "
        f"{method} takes is grey, {left} weights are left."
    )
    return show.frame(fig, caption=caption, alt=alt, values=[left, alive, accuracy])


def _tiles(weight: np.ndarray) -> np.ndarray:
    """Return neurons as pictures in four rows, with a gap of one between them. Shapes:
    16 64 -> 35 35.
    """
    picture = np.full((4 * PIXELS + 3, 4 * PIXELS + 3), np.nan)
    for i, neuron in enumerate(weight):
        row, column = divmod(i, 4)
        top, left = row * (PIXELS + 1), column * (PIXELS + 1)
        picture[top : top + PIXELS, left : left + PIXELS] = neuron.reshape(PIXELS, -1)
    return picture


# --- Train, prune, fine-tune ----------------------------------------------------------


def curves() -> tuple[Any, dict]:
    """Draw accuracy over the epochs for pruning at once and bit by bit, and below it
    the sparsity that the schedules ask for.
    """
    fig, (above, below) = show.subplots(2, 1, figsize=(4.6, 3.5), sharex=True)
    found, asked = working.curves(), working.growing()
    epochs = np.arange(1, 2 * working.HALF + 1)
    for how, name in (("one-shot", "orange"), ("cubic", "blue")):
        above.plot(epochs, 100 * np.array(found[how]), color=show.colour(name))
        above.plot([], [], color=show.colour(name), label=how)
    for how, name in (
        ("one-shot", "orange"),
        ("iterative", "green"),
        ("cubic", "blue"),
    ):
        below.plot(
            epochs, 100 * np.array(asked[how]), color=show.colour(name), label=how
        )
    above.set(ylabel="accuracy (%)", ylim=(20, 100))
    above.legend(loc="lower left")
    below.set(ylabel="weights gone (%)", xlabel="epoch", ylim=(-4, 104))
    below.legend(loc="upper left")
    last = {how: found[how][-1] for how in found}
    half = working.HALF
    caption = (
        f"One network, {show.percent(0.95, 0)} of its parameters gone. At once: "
        f"{show.percent(found['one-shot'][half - 2])} before, "
        f"{show.percent(min(found['one-shot'][half - 1 : half + 1]))} right after, "
        f"{show.percent(last['one-shot'])} in the end. Cubic: "
        f"{show.percent(last['cubic'])} in the end."
    )
    alt = (
        "Above, two curves of accuracy over the epochs: one falls off a cliff in the "
        "middle and climbs back, the other sags a little. Below, the share of weights "
        "gone: a step, a staircase, a bent curve."
    )
    values = [round(100 * value, 1) for value in last.values()]
    return fig, {"caption": caption, "alt": alt, "values": values}


# --- One layer at a time --------------------------------------------------------------


def sensitivity() -> tuple[Any, dict]:
    """Draw the accuracy of the CNN when one layer alone is pruned, with errors over the
    seeds.
    """
    row = study.row("CNN", method="sensitivity")
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    whole = study.mean(row, "nothing pruned")
    lines = (("conv1", "orange", "o"), ("conv2", "blue", "s"), ("output", "green", "^"))
    for layer, name, marker in lines:
        found = [
            study.mean(row, f"{layer}.weight {share}") for share in experiment.SHARES
        ]
        _errors(
            axes, (0, *(100 * s for s in experiment.SHARES)), [whole, *found],
            color=show.colour(name), marker=marker, label=layer,
        )  # fmt: skip
    axes.set(xlabel="weights of that layer that go (%)", ylabel="accuracy (%)")
    axes.legend(loc="lower left")
    caption = (
        f"A CNN of {tally_of('CNN'):,} parameters, one layer pruned by magnitude, "
        "nothing tuned; mean and standard error over the seeds."
    )
    alt = (
        "Three falling curves of accuracy against the share of one layer's weights "
        "that goes; they fall at different shares."
    )
    return fig, {"caption": caption, "alt": alt}


def tally_of(family: str) -> int:
    """Return the parameters of the network that is pruned."""
    return sum(
        value.size
        for value in experiment.Network(experiment.largest(family)).params.values()
    )


def _errors(axes: Any, x: tuple, found: list[study.Found], **style: object) -> None:
    """Draw means in per cent with bars of one standard error."""
    means = [100 * each.mean for each in found]
    axes.errorbar(
        x, means, yerr=[100 * each.error for each in found], capsize=3, **style
    )


# --- Surgery --------------------------------------------------------------------------


def surgery(stem: int, inner: int) -> show.Frame:
    """Draw the weights of a residual block as rectangles, outputs high and inputs wide,
    with what is left of them filled.
    """
    net, whole = structure.cut(stem, inner), structure.residual()
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    axes.set(xlim=(0, 47), ylim=(19, -1))
    axes.axis("off")
    parts = (
        ("stem", (1, 1, 8), (1, stem)),
        ("block1.first", (10, 8, 8), (stem, inner)),
        ("block1.second", (23, 8, 8), (inner, stem)),
        ("output", (36, 8, 10), (stem, 10)),
    )
    for name, (left, wide, high), filled in parts:
        _weights(axes, (left, 3), (wide, high), filled)
        shape = net.params[f"{name}.weight"].shape
        axes.text(left, 2.4, name.removeprefix("block1."), va="bottom")
        axes.text(left, 15, f"{shape[0]} × {shape[1]}", va="bottom")
    arrow = {"arrowstyle": "->", "color": show.colour("orange"), "linewidth": 2}
    axes.annotate("", xy=(34.5, 16.2), xytext=(2, 16.2), arrowprops=arrow)
    axes.text(1, 18.4, "shortcut: both of its ends keep the same channels")
    before, after = tally.total(whole), tally.total(net)
    caption = (
        f"{stem} channels on the main path, {inner} inside the block: {after.params:,} "
        f"of {before.params:,} parameters and {show.percent(after.macs / before.macs)} "
        "of the MACs are left. Each layer's inputs follow the outputs before it."
    )
    alt = (
        "Four rectangles, one a layer's weights, as high as its outputs and as wide as "
        f"its inputs; with {stem} and {inner} channels the filled part shrinks in both "
        "directions."
    )
    values = [stem, inner, after.params, after.macs]
    return show.frame(fig, caption=caption, alt=alt, values=values)


def _weights(axes: Any, corner: tuple, size: tuple, left: tuple) -> None:
    (x, y), (wide, high), (reads, makes) = corner, size, left
    for (w, h), colour in (
        ((wide, high), show.FAINT),
        ((reads, makes), show.colour("sky")),
    ):
        axes.fill_between(
            [x, x + w], [y] * 2, [y + h] * 2, facecolor=colour, edgecolor=show.INK
        )


# --- Accuracy against size ------------------------------------------------------------


def frontier(network: str, measure: str) -> show.Frame:
    """Draw accuracy against a measure of size for dense, pruned and cut networks, with
    errors over the seeds.
    """
    fig, axes = show.subplots(figsize=(4.6, 2.9))
    drawn = {}
    for method, colour in COLOURS.items():
        found = study.points(network, method, measure)
        drawn[method] = found
        line = "" if method in ("pruned",) and measure == "MACs" else "-"
        line = "" if method == "dense, as much compute" else line
        _errors(
            axes, tuple(x for x, _ in found), [each for _, each in found],
            color=show.colour(colour), marker=MARKS[method], linestyle=line or "none",
            linewidth=1.4, markersize=5, label=method,
        )  # fmt: skip
    axes.set(xlabel=measure, ylabel="accuracy (%)", xscale="log")
    low, high = axes.get_xlim()
    ticks = [t for t in TICKS if low <= t <= high]
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    caption = (
        f"{network}, ten seeds, by {measure}. {_spoken(drawn)}"
        if measure != "MACs"
        else f"{network}, ten seeds, by MACs on a machine that skips no zero: every "
        "pruned network costs what the largest one costs."
    )
    alt = (
        f"Accuracy against {measure} on a logarithmic axis, with error bars: dense, "
        "pruned, channels cut, and dense networks with as much training compute."
    )
    return show.frame(fig, caption=caption, alt=alt)


def _spoken(drawn: dict) -> str:
    small, pruned = drawn["dense"][0], drawn["pruned"][0]
    return (
        f"The smallest dense network reads {show.percent(small[1].mean)}, the "
        f"smallest pruned one, at {pruned[0] / small[0]:.2f} times its size, "
        f"{show.percent(pruned[1].mean)}."
    )


# --- The paper's tables ---------------------------------------------------------------


def paper() -> tuple[Any, dict]:
    """Draw what Zhu and Gupta print: accuracy of Inception-v3 and BLEU of translation
    against non-zeros, dense and sparse.
    """
    fig, (left, right) = show.subplots(1, 2, figsize=(4.6, 2.5))
    inception = world.paper("InceptionV3")
    axis_and_rows = ((left, inception[:1], inception[1:]),)
    gnmt = world.paper("GNMT")
    axis_and_rows += (
        (
            right,
            [r for r in gnmt if not r["sparsity"]],
            [r for r in gnmt if r["sparsity"]],
        ),
    )
    for axes, dense, sparse in axis_and_rows:
        for rows, name, marker in ((dense, "blue", "o"), (sparse, "orange", "s")):
            axes.plot(
                [r["nonzero"] / 1e6 for r in rows], [r["value"] for r in rows],
                color=show.colour(name), marker=marker,
                label="dense" if name == "blue" else "sparse",
            )  # fmt: skip
    left.set(xlabel="non-zeros (millions)", ylabel="top-1 (%)", title="Inception-v3")
    right.set(xlabel="(millions)", ylabel="BLEU", title="GNMT, EN-DE")
    right.legend(loc="lower right")
    caption = (
        "As Zhu and Gupta print it, one run each. Left there is no small dense network "
        "to compare with; right there are three."
    )
    alt = (
        "Two plots against millions of non-zeros: Inception-v3's accuracy falls as "
        "weights go; sparse translation networks lie above dense ones of their size."
    )
    return fig, {"caption": caption, "alt": alt}
