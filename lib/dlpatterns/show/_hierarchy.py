"""A memory hierarchy as a picture: stores from the largest memory to the multipliers,
and between them what crosses, an arrow a tensor.
"""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from ._numbers import number, si
from ._style import FAINT, INK, PALETTE, subplots

BOX, GAP = 0.42, 0.78  # inches: height of a store, and of the arrows below it
NARROWER = 0.12  # the share of its width that a store loses at each step inwards


class Store(NamedTuple):
    """A level: its name, what it holds and may hold in values, and a note, such as the
    energy of an access. Without `capacity` it is as large as needed.
    """

    name: str
    used: int | None = None
    capacity: int | None = None
    note: str = ""


class Crossing(NamedTuple):
    """Values of one tensor that move inwards and outwards between two stores."""

    inwards: int
    outwards: int = 0


def hierarchy(
    stores: Sequence[Store], crossings: Sequence[Mapping[str, Crossing]]
) -> Figure:
    """Return a drawing of stores under one another, the largest memory first, each with
    the filled share of its capacity, and of what crosses between neighbours: an arrow a
    tensor and direction, the thicker the more values, on a logarithmic scale. A store
    that would have to hold more than it can has a thick red edge.

    Raises: ValueError if there is not one group of crossings for each gap.
    """
    if len(crossings) != len(stores) - 1 or not crossings:
        raise ValueError(
            f"{len(stores)} stores have {max(0, len(stores) - 1)} gaps between them, "
            f"got crossings for {len(crossings)}; give one group a gap"
        )
    step = BOX + GAP
    fig, axes = subplots(figsize=(4.6, step * len(stores) - GAP + 0.1))
    axes.set(xlim=(0, 1), ylim=(step * len(stores) - GAP + 0.03, -0.03))
    axes.axis("off")
    names = list(dict.fromkeys(name for group in crossings for name in group))
    for place, store in enumerate(stores):
        _store(axes, place, store)
    for place, group in enumerate(crossings):
        for i, name in enumerate(names):
            if name in group:
                x, hue = (0.06 + i * 0.95 / len(names)), list(PALETTE.values())[i]
                _crossing(axes, (x, place * step + BOX), (name, group[name]), hue)
    return fig


def _store(axes: Any, place: int, store: Store) -> None:
    """Draw a box, filled as far as the store is, and what it is called."""
    top, left = place * (BOX + GAP), place * NARROWER / 2
    width = 1 - 2 * left
    edges = [top] * 2, [top + BOX] * 2
    share = min(1, store.used / store.capacity) if store.used and store.capacity else 0
    axes.fill_between([left, left + share * width], *edges, color=FAINT, linewidth=0)
    full = bool(store.capacity) and (store.used or 0) > store.capacity
    edge = PALETTE["red"] if full else INK
    style = {"edgecolor": edge, "linewidth": 3 if full else 1.2}
    axes.fill_between([left, left + width], *edges, facecolor="none", **style)
    texts = [store.name]
    if store.capacity:
        texts.append(f"{number(store.used or 0)} of {number(store.capacity)}")
    if store.note:
        texts.append(store.note)
    axes.text(0.5, top + BOX / 2, " · ".join(texts), ha="center", va="center")


def _crossing(
    axes: Any, corner: tuple[float, float], what: tuple[str, Crossing], hue: str
) -> None:
    """Draw the arrows of one tensor across a gap, and its name and number."""
    (x, top), (name, moved) = corner, what
    for shift, values, ends in (
        (0.0, moved.inwards, (top + 0.04, top + GAP - 0.04)),
        (0.05, moved.outwards, (top + GAP - 0.04, top + 0.04)),
    ):
        if values:
            style = {"arrowstyle": "-|>", "color": hue, "mutation_scale": 11}
            style |= {"linewidth": _thickness(values), "shrinkA": 0, "shrinkB": 0}
            axes.annotate(
                "",
                xy=(x + shift, ends[1]),
                xytext=(x + shift, ends[0]),
                arrowprops=style,
            )
    total = moved.inwards + moved.outwards
    said = si(total) if total >= 1e5 else number(total)
    for text, y in ((name, 0.33), (said, 0.67)):
        axes.text(x + 0.09, top + y * GAP, text, va="center", color=hue)


def _thickness(values: float) -> float:
    """Return the width of an arrow: a point, and one more for each factor of ten.

    >>> _thickness(1), _thickness(1000)
    (1.0, 3.1)
    """
    return round(1 + 0.7 * log10(max(1, values)), 1)
