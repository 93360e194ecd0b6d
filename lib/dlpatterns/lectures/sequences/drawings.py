"""The pictures of the lecture: each function returns a frame for an explorer.

Charts are 4.6 inches wide, so that their labels can be read on a phone.
"""

from typing import Any

import numpy as np

from ... import show
from . import blocks, memory

STEPS = 6  # tokens in the drawing of an unrolled cell
SCORES, VALUES = np.random.default_rng(36).normal(size=(2, 16)) * [[1.5], [1.0]]
TILE = 4  # keys that come at once in the drawing of the online softmax
HEADS, DIM, LATENT, ROTARY = 8, 128, 512, 64  # of the layer whose cache is drawn
KEPT = {  # numbers that it keeps of a token
    "MHA": 2 * HEADS * DIM,
    "GQA": 2 * 2 * DIM,
    "MQA": 2 * DIM,
    "MLA": LATENT + ROTARY,
}


def _canvas(width: float, height: float, inches: tuple[float, float]) -> tuple:
    """Return an empty figure without axes, its y axis pointing down."""
    fig, axes = show.subplots(figsize=inches)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return fig, axes


def _box(axes: Any, corner: tuple, size: tuple, text: str, colour: str) -> None:
    """Draw a filled rectangle, with a text in its middle that stands out from it."""
    (left, top), (width, height) = corner, size
    x, y = [left, left + width], [[top] * 2, [top + height] * 2]
    axes.fill_between(x, *y, facecolor=colour, edgecolor=show.INK, linewidth=1)
    ink = show.INK if colour == show.FAINT else "white"
    middle = (left + width / 2, top + height / 2)
    axes.text(*middle, text, ha="center", va="center", color=ink)


def _arrow(axes: Any, start: tuple, end: tuple, *, heavy: bool = False) -> None:
    colour = show.colour("orange") if heavy else show.INK
    style = {"arrowstyle": "->", "color": colour, "linewidth": 2.5 if heavy else 1}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)


# --- An unrolled LSTM, and attention beside it ----------------------------------------


def unrolled(beat: int) -> show.Frame:
    """Draw an LSTM over six tokens and an attention layer after so many beats; in a
    beat, every product runs whose operands are there.
    """
    fig, axes = _canvas(6.7, 6.1, (4.6, 4.2))
    axes.text(0.1, 0.25, "LSTM", va="center")
    for t in range(STEPS):
        left = 0.25 + 1.05 * t
        _box(axes, (left, 2.35), (0.75, 0.6), f"Wx{_below(t + 1)}", _shade(beat, 1))
        _box(axes, (left, 0.75), (0.75, 0.7), f"Rh{_below(t)}", _shade(beat, t + 2))
        _arrow(axes, (left + 0.37, 2.3), (left + 0.37, 1.5))
        if t < STEPS - 1:
            _arrow(axes, (left + 0.75, 1.1), (left + 1.05, 1.1), heavy=True)
    _attention_row(axes, beat)
    done, waiting = min(beat, STEPS + 1), max(0, STEPS + 1 - beat)
    rest = "all is done" if not waiting else f"{waiting} wait"
    over = "has its answer" if beat >= 4 else f"has {4 - beat} to go"
    caption = (
        f"Beat {beat}: of the LSTM's {STEPS + 1} products in a row {done} are done, "
        f"{rest}. Attention {over}."
    )
    alt = (
        f"Unrolled LSTM over {STEPS} tokens, a box a product, and four boxes of "
        f"attention; beat {beat} is orange, what is done blue, what waits grey."
    )
    return show.frame(fig, caption=caption, alt=alt, values=[done, waiting])


def _below(number: int) -> str:
    """Return a digit as a subscript."""
    return chr(ord("₀") + number)


def _attention_row(axes: Any, beat: int) -> None:
    axes.text(0.1, 3.65, "attention", va="center")
    texts = ("Q, K, V", "QKᵀ", "PV", "output")
    for i, text in enumerate(texts):
        left = 0.25 + 1.6 * i
        _box(axes, (left, 4.1), (1.2, 0.7), text, _shade(beat, i + 1))
        if i:
            _arrow(axes, (left - 0.4, 4.45), (left, 4.45), heavy=True)
    labels = (("now", "orange"), ("done", "sky"), ("waits", None))
    for i, (text, name) in enumerate(labels):
        colour = show.colour(name) if name else show.FAINT
        _box(axes, (0.25 + 2.1 * i, 5.35), (0.4, 0.4), "", colour)
        axes.text(0.75 + 2.1 * i, 5.55, text, va="center")


def _shade(beat: int, when: int) -> str:
    if beat == when:
        return show.colour("orange")
    return show.colour("sky") if beat > when else show.FAINT


# --- An attention block with its matrices ---------------------------------------------


def matrices(tokens: int, causal: bool) -> show.Frame:
    """Draw the matrices of one head with eight features, to scale."""
    dim, scale = 8, 3.0 / 32
    fig, axes = _canvas(7.2, 4.9, (4.6, 3.2))
    high, wide = tokens * scale, dim * scale
    names = (("Q", "sky"), ("K", "green"), ("V", "pink"))
    for i, (name, colour) in enumerate(names):
        corner = (0.2 + 1.05 * i, 4.1 - high)
        _box(axes, corner, (wide, high), name, show.colour(colour))
    top = 4.1 - high
    text = "" if causal else "P"
    _box(axes, (3.35, top), (high, high), text, show.colour("orange"))
    if causal:
        x = np.array([3.35, 3.35 + high])
        axes.fill_between(x, [top] * 2, top + (x - 3.35), facecolor=show.FAINT)
        middle = (3.35 + 0.3 * high, top + 0.7 * high)
        axes.text(*middle, "P", ha="center", va="center", color="white")
    axes.text(0.2, 4.5, f"{tokens} × {dim} each", va="center")
    axes.text(3.35, 4.5, f"{tokens} × {tokens}", va="center")
    pairs = tokens * (tokens + 1) // 2 if causal else tokens**2
    caption = (
        f"{tokens} tokens: Q, K and V hold {3 * tokens * dim:,} numbers, the weights P "
        f"{pairs:,}{' that are not masked' if causal else ''}. Their two products cost "
        f"{2 * pairs * dim:,} MACs."
    )
    alt = (
        f"Three tall rectangles Q, K, V and the square P of {tokens} by {tokens} "
        f"weights{', its upper half masked' if causal else ''}, to scale."
    )
    return show.frame(
        fig, caption=caption, alt=alt, values=[3 * tokens * dim, pairs, 2 * pairs * dim]
    )


# --- The parts of a block, by length --------------------------------------------------


def shares(network: str, tokens: int) -> show.Frame:
    """Draw the MACs of a block's three parts as shares of their sum."""
    found = blocks.parts(network, tokens)
    total, ratio = sum(found.values()), found["pairs"] / found["feed forward"]
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    colours = [show.colour(name) for name in ("sky", "orange", "green")]
    values = [100 * macs / total for macs in found.values()]
    bars = axes.barh(list(found), values, color=colours)
    axes.bar_label(bars, [f"{value:.0f} %" for value in values], padding=3)
    axes.set(xlim=(0, 118), xticks=range(0, 101, 25), xlabel="share of MACs in %")
    caption = (
        f"{network} at {tokens:,} tokens: the T² pairs do {show.number(ratio)} times "
        "the MACs of the feed-forward part."
    )
    alt = f"Bars of the three parts of a block of {network} at {tokens:,} tokens."
    return show.frame(fig, caption=caption, alt=alt)


# --- The online softmax at work -------------------------------------------------------


def so_far(keys: int) -> tuple[float, float, float]:
    """Return the largest score, the sum and the answer over the first keys."""
    top = SCORES[:keys].max()
    weights = np.exp(SCORES[:keys] - top)
    answer = weights @ VALUES[:keys] / weights.sum()
    return float(top), float(weights.sum()), float(answer)


def online(tiles: int) -> show.Frame:
    """Draw one query's sixteen scores after so many tiles, with the largest so far."""
    end, (top, total, answer) = TILE * tiles, so_far(TILE * tiles)
    fig, axes = show.subplots(figsize=(4.6, 2.8))
    old, new = show.colour("sky"), show.colour("orange")
    colours = [old] * (end - TILE) + [new] * TILE + [show.FAINT] * (16 - end)
    axes.bar(range(16), SCORES, color=colours)
    axes.axhline(top, color=show.colour("green"))
    axes.set(xlabel="key", ylabel="score s", xticks=range(0, 16, 4))
    shrink = np.exp(so_far(end - TILE)[0] - top) if tiles > 1 else 0
    before = f"what stood before shrank by {shrink:.3f}" if tiles > 1 else "a start"
    caption = (
        f"After {tiles} of {16 // TILE} tiles: m = {top:.2f}, z = {total:.2f}, "
        f"answer a/z = {answer:.3f}; {before}."
    )
    alt = (
        f"Sixteen scores; tile {tiles} is orange, a line marks the largest, {top:.2f}."
    )
    return show.frame(fig, caption=caption, alt=alt)


# --- A growing cache ------------------------------------------------------------------


def cache(tokens: int) -> show.Frame:
    """Draw what one layer keeps of so many tokens, for four kinds of attention; each
    strip is as high as what it keeps of one.
    """
    fig, axes = _canvas(9.6, 7.9, (4.6, 3.6))
    top, colours = 0.2, ("sky", "orange", "green", "pink")
    for (kind, numbers), name in zip(KEPT.items(), colours, strict=True):
        high = numbers / 600
        for t in range(8):
            colour = show.colour(name) if t < tokens else "none"
            _strip(axes, (1.3 + 0.8 * t, top), (0.74, high), colour)
        middle = top + high / 2
        axes.text(1.1, middle, kind, ha="right", va="center")
        kept = show.si(2 * numbers * tokens, "B")
        axes.text(7.85, middle, kept, va="center")
        top += high + 0.3
    bytes_now = {kind: 2 * numbers * tokens for kind, numbers in KEPT.items()}
    most, least = bytes_now["MHA"], bytes_now["MLA"]
    caption = (
        f"Tokens so far: {tokens}. One layer of {HEADS} heads of {DIM} features keeps "
        f"{most:,} B with a key and a value a head, {least:,} B with a latent vector "
        "and its rotary key."
    )
    alt = f"Four rows of strips, one a kind of attention, {tokens} of them filled."
    return show.frame(fig, caption=caption, alt=alt, values=bytes_now)


def _strip(axes: Any, corner: tuple, size: tuple, colour: str) -> None:
    (left, top), (width, height) = corner, size
    edges = [left, left + width], [top] * 2, [top + height] * 2
    axes.fill_between(*edges, facecolor=colour, edgecolor=show.INK, linewidth=0.6)


# --- Decoding a batch -----------------------------------------------------------------


def intensity(model: str, context: int) -> show.Frame:
    """Draw the MACs a byte of one decoding step against the batch."""
    macs, read, kept = blocks.decode(model, context)
    reached, batches = macs / read, blocks.BATCHES
    fig, axes = show.subplots(figsize=(4.6, 3.0))
    grey = show.colour("grey")
    axes.plot(batches, batches / 2, "--", color=grey, label="weights alone")
    axes.plot(batches, reached, marker="o", label="weights and caches")
    axes.set(xscale="log", yscale="log", ylim=(0.3, 200))
    axes.set(xlabel="sequences in a batch", ylabel="MACs a byte (once)")
    axes.legend(loc="upper left")
    caption = (
        f"{model}, context {context:,}: {show.number(float(reached[-1]))} MACs a byte "
        f"with {batches[-1]} sequences, whose caches take "
        f"{show.si(float(batches[-1] * kept), 'B')}."
    )
    alt = f"MACs a byte against the batch for {model} at {context:,} tokens."
    return show.frame(fig, caption=caption, alt=alt)


# --- What is remembered ---------------------------------------------------------------

LOOKS = {
    "RNN": ("green", "^"),
    "LSTM": ("blue", "o"),
    "attention": ("pink", "v"),
    "attention, positions": ("orange", "s"),
}


def learned(task: str, updates: int) -> show.Frame:
    """Draw the accuracy of the four networks against the distance after so many
    updates, mean and standard deviation over the seeds.
    """
    fig, axes = show.subplots(figsize=(4.6, 3.6))
    ends = {}
    for name, (colour, marker) in LOOKS.items():
        right = memory.accuracy(memory.Arm(task, name), updates)
        spread = right.std(axis=0, ddof=1)
        axes.errorbar(
            memory.TASKS[task].distances,
            right.mean(axis=0),
            spread,
            color=show.colour(colour),
            marker=marker,
            capsize=3,
            label=name,
        )
        ends[name] = right.mean()
    axes.axhline(100 / memory.SYMBOLS, ls=":", color=show.colour("grey"))
    axes.set(xlabel="distance in symbols", ylabel="right answers in %", ylim=(0, 104))
    fig.legend(loc="outside upper center", ncols=2)
    means = ", ".join(f"{name} {mean:.0f} %" for name, mean in ends.items())
    caption = f"{task.capitalize()}, after {updates:,} updates, all distances: {means}."
    alt = f"Accuracy against distance of four networks after {updates:,} updates."
    return show.frame(fig, caption=caption, alt=alt)


def losses(task: str) -> show.Frame:
    """Draw the loss of every run of a task against the updates, one line a seed."""
    fig, axes = show.subplots(figsize=(4.6, 3.0))
    for name, (colour, _) in LOOKS.items():
        for number, run in enumerate(memory.stored()[memory.Arm(task, name)]):
            updates, loss, _ = zip(*run["curve"], strict=True)
            label = {} if number else {"label": name}
            axes.plot(updates, loss, color=show.colour(colour), lw=1.2, **label)
    axes.set(xlabel="updates", ylabel="loss in nats", yscale="log", ylim=(0.003, 3))
    fig.legend(loc="outside upper center", ncols=2)
    caption = f"{task.capitalize()}: the loss of every run until it ended."
    alt = "Curves of loss against updates, one colour a network, one line a seed."
    return show.frame(fig, caption=caption, alt=alt)
