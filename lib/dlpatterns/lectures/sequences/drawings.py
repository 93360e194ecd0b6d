"""The pictures of the lecture: each function returns a frame for an explorer.

Charts are 4.6 inches wide, so that their labels can be read on a phone.
"""

from typing import Any

import numpy as np

from ... import show
from . import memory

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
    fig, axes = _canvas(6.7, 6.0, (4.6, 3.5))
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
    """Draw the matrices of one head with eight features, and of its two products, to
    scale.
    """
    dim, unit = 8, 3.0 / 32
    fig, axes = _canvas(11.4, 4.2, (4.6, 1.9))
    tall, wide = tokens * unit, dim * unit
    names = ("sky", "green", "orange", "pink", "blue")
    left = 0.3
    shapes = (
        ("Q", wide, tall, "×"),
        ("Kᵀ", tall, wide, "→"),
        ("P", tall, tall, "×"),
        ("V", wide, tall, "="),
        ("O", wide, tall, ""),
    )
    for (text, width, height, sign), name in zip(shapes, names, strict=True):
        masked = causal and text == "P"
        corner = (left, 2.1 - height / 2)
        label = "" if masked else text
        _box(axes, corner, (width, height), label, show.colour(name))
        if masked:
            _mask(axes, corner, width)
        axes.text(left + width + 0.28, 2.1, sign, ha="center", va="center")
        left += width + 0.56
    pairs = tokens * (tokens + 1) // 2 if causal else tokens**2
    caption = (
        f"{tokens} tokens: Q, K and V hold {3 * tokens * dim:,} numbers, the weights P "
        f"{pairs:,}{' that are not masked' if causal else ''}. The two products cost "
        f"{2 * pairs * dim:,} MACs."
    )
    alt = (
        f"Rectangles Q times K give the square P of {tokens} by {tokens} weights"
        f"{', its upper half masked' if causal else ''}; P times V gives O, to scale."
    )
    return show.frame(
        fig, caption=caption, alt=alt, values=[3 * tokens * dim, pairs, 2 * pairs * dim]
    )


def _mask(axes: Any, corner: tuple, size: float) -> None:
    """Grey out what lies above the diagonal of a square."""
    (left, top), x = corner, np.array([0, size])
    axes.fill_between(left + x, [top] * 2, top + x, facecolor=show.FAINT)
    middle = (left + 0.3 * size, top + 0.7 * size)
    axes.text(*middle, "P", ha="center", va="center", color="white")


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
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    old, new = show.colour("sky"), show.colour("orange")
    colours = [old] * (end - TILE) + [new] * TILE + [show.FAINT] * (16 - end)
    axes.bar(range(16), SCORES, color=colours)
    axes.axhline(top, color=show.colour("green"))
    axes.set(xlabel="key", ylabel="score s", xticks=range(0, 16, 4))
    shrink = np.exp(so_far(end - TILE)[0] - top) if tiles > 1 else 0
    before = f"what stood before shrank by {shrink:.3f}" if tiles > 1 else "a start"
    caption = (
        f"After {tiles} of {16 // TILE} tiles: m = {top:.2f}, ℓ = {total:.2f}, "
        f"answer a/ℓ = {answer:.3f}; {before}."
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
    fig, axes = _canvas(9.6, 7.9, (4.6, 3.0))
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
    fig, axes = show.subplots(figsize=(4.6, 3.2))
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
