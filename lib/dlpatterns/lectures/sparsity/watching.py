"""A small array of elements at work on zeros, beat by beat."""

import copy
from functools import cache
from typing import Any

import numpy as np

from ... import show
from ...explore import Menu, Slider
from ...hardware import elements
from ...hardware.elements import Array

ELEMENTS, QUEUE = 4, 2
_RNG = np.random.default_rng(11)
WEIGHTS = _RNG.integers(1, 10, (12, 6)) * (_RNG.random((12, 6)) < 0.4)
ACTIVATIONS = np.array([3, 0, 2, 5, 0, 4])
WAYS = {
    "ignore them": ("", ""),
    "gate both": ("gating", "gating"),
    "skip weights": ("skipping", ""),
    "skip both": ("skipping", "skipping"),
}


@cache
def walked(way: str) -> list[tuple[list[elements.Element], np.ndarray]]:
    """Return the elements and the sums after every beat.

    Raises: ValueError if what comes out is not the product.
    """
    walk = [
        copy.deepcopy(state)
        for state in elements.beats(WEIGHTS, ACTIVATIONS, array(way))
    ]
    if not np.array_equal(walk[-1][1], WEIGHTS @ ACTIVATIONS):
        raise ValueError(f"the array under {way!r} did not multiply: {walk[-1][1]}")
    return walk


def array(way: str) -> Array:
    """Return the array that treats zeros in that way."""
    return Array(ELEMENTS, QUEUE, *WAYS[way], run_bits=None)


MOST = max(len(walked(way)) for way in WAYS)
WATCHED = {
    "way": Menu(list(WAYS), label="zeros", start="skip both"),
    "beat": Slider(range(1, MOST + 1), start=3, play=True),
}


def worked(way: str, upto: int) -> dict[str, int]:
    """Return how many beats of all elements were products, products with zero, and
    idle, up to a beat.
    """
    found = {"product": 0, "zero": 0, "": 0}
    for each, _ in walked(way)[:upto]:
        for one in each:
            found[one.works] += 1
    return found


def watched(way: str, beat: int) -> show.Frame:
    """Draw the elements after a beat: what waits, what is multiplied, the sums."""
    walk = walked(way)
    done = beat > len(walk)
    now, sums = walk[min(beat, len(walk)) - 1]
    fig, axes = show.subplots(figsize=(4.6, 3.5))
    axes.set(xlim=(-2.6, 6.3), ylim=(4.5, -1.2))
    axes.axis("off")
    for x, head in ((-1.4, "waiting"), (1.5, "multiplies"), (4.8, "sums")):
        axes.text(x, -0.7, head, ha="center", fontsize=12)
    for number, each in enumerate(now):
        _element(axes, number, each, (way, done))
        mine = sums[number::ELEMENTS].astype(int)
        axes.text(
            4.8, number + 0.5, "  ".join(map(str, mine)), ha="center", va="center"
        )
    count = worked(way, beat)
    told = (
        f"{way.capitalize()}, beat {beat}: "
        + (f"finished after {len(walk)} beats, " if done else "")
        + f"{count['product']} useful products so far, {count['zero']} with a zero, "
        f"{count['']} idle beats of elements."
    )
    alt = (
        f"Four elements in rows, each with its queue, its product and its sums. {told}"
    )
    return show.frame(fig, caption=told, alt=alt, values=[sums, *count.values()])


def _element(
    axes: Any, number: int, each: elements.Element, how: tuple[str, bool]
) -> None:
    way, done = how
    for place, column in enumerate([] if done else each.queue):
        axes.text(
            -0.7 - 0.9 * place, number + 0.5, f"{ACTIVATIONS[column]}",
            ha="center", va="center", color=show.colour("orange"), fontsize=13,
        )  # fmt: skip
    works = "" if done else each.works
    gated = works == "zero" and way == "gate both"
    face = {"product": show.colour("sky"), "zero": show.FAINT}.get(works, "none")
    axes.fill_between(
        [0, 3], [number + 0.08] * 2, [number + 0.92] * 2,
        facecolor="none" if gated else face, edgecolor=show.INK, linewidth=1.2,
    )  # fmt: skip
    said = {"product": "white", "zero": show.INK}.get(works, show.INK)
    text = "" if done or not works else _product(each, number, way)
    axes.text(
        1.5, number + 0.5, text, ha="center", va="center", color=said, fontsize=13
    )


def _product(each: elements.Element, number: int, way: str) -> str:
    """Return the two numbers that an element multiplies; the one row that has gone
    last is the first of its rows that is not left any more.
    """
    rows = [
        row
        for row in range(number, len(WEIGHTS), ELEMENTS)
        if way in ("ignore them", "gate both") or WEIGHTS[row, each.column]
    ]
    row = rows[len(rows) - len(each.left) - 1]
    weight, activation = WEIGHTS[row, each.column], ACTIVATIONS[each.column]
    return f"{weight} × {activation}"
