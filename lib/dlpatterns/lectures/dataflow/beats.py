"""A systolic array in the reader's hand, beat by beat and cell by cell."""

from functools import cache
from typing import Any

import numpy as np

from ... import show
from ...explore import Menu, Slider
from ...hardware import simulated, systolic

SIDE = 3
INPUTS = np.array([[1, 2, 0], [3, 1, 2], [0, 4, 1]])
WEIGHTS = np.array([[2, 0, 1], [1, 3, 0], [0, 1, 2]])
ARRAY = {"rows": SIDE, "cols": SIDE}
FLOWS = {"weights stay": "ws", "outputs stay": "os", "inputs stay": "is"}
MOST = 3 * SIDE - 2 + SIDE  # beats of the longest of the three
WATCHED = {
    "flow": Menu(FLOWS, label="dataflow"),
    "beat": Slider(range(1, MOST + 1), play=True),
}


@cache
def walked(flow: str) -> list[simulated.Beat]:
    """Return the beats of the small product under a dataflow.

    Raises: ValueError if what comes out of the array isn't the product.
    """
    result, tally = simulated.product(INPUTS, WEIGHTS, **ARRAY, dataflow=flow)
    walk = simulated.beats(INPUTS, WEIGHTS, **ARRAY, dataflow=flow)
    if not np.array_equal(result, INPUTS @ WEIGHTS) or tally.cycles != len(walk):
        raise ValueError(f"the array under {flow!r} did not multiply: {result}")
    return walk


def operands(flow: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what comes from the left, row by row, and what from above."""
    return (WEIGHTS.T, INPUTS.T) if flow == "is" else (INPUTS, WEIGHTS)


def passing(flow: str, beat: int) -> np.ndarray:
    """Return for each row of the array the values that enter now, next, and after
    that; NaN where nothing does. Shapes: rows 3.
    """
    left, _ = operands(flow)
    return np.array(
        [
            [
                _entering(left.T if flow != "os" else left, row, beat + ahead, flow)
                for ahead in range(SIDE)
            ]
            for row in range(SIDE)
        ]
    )


def _entering(lanes: np.ndarray, lane: int, beat: int, flow: str) -> float:
    """Return what enters a lane at a beat: each is one beat behind the lane before."""
    start = 0 if flow == "os" else SIDE
    step = beat - 1 - start - lane
    return float(lanes[lane, step]) if 0 <= step < lanes.shape[1] else np.nan


def falling(flow: str, beat: int) -> np.ndarray:
    """Return for each column what enters from above now, next, and after that: with
    outputs that stay the other operand, otherwise the rows that fill the array first.
    """
    _, top = operands(flow)
    if flow == "os":
        lanes = [
            [_entering(top.T, j, beat + a, flow) for a in range(SIDE)]
            for j in range(SIDE)
        ]
        return np.array(lanes)
    rows = [SIDE - beat - ahead for ahead in range(SIDE)]
    return np.array(
        [
            [float(top[row, j]) if row >= 0 else np.nan for row in rows]
            for j in range(SIDE)
        ]
    )


def watched(flow: str, beat: int) -> show.Frame:
    """Draw the array after a beat: what each element holds, what it has multiplied, and
    what waits outside.
    """
    walk = walked(flow)
    now = walk[min(beat, len(walk)) - 1]
    done = beat > len(walk)
    works = np.zeros_like(now.works) if done else now.works
    fig, axes = show.subplots(figsize=(4.6, 4.3))
    axes.set(xlim=(-3.05, 3.45), ylim=(4.25, -1.85))
    axes.axis("off")
    for i, j in np.ndindex(SIDE, SIDE):
        made = _made(flow, (i, j), now) if works[i, j] else ""
        _cell(axes, (i, j), (f"{now.stays[i, j]}", made))
    if not done:
        _queues(axes, flow, beat)
    _leaving(axes, flow, now, works)
    multiplying = int(works.sum())
    filling = flow != "os" and beat <= SIDE
    what = "the array fills" if filling else f"{multiplying} of {SIDE**2} multiply"
    told = (
        f"{_name(flow).capitalize()}, beat {beat}: "
        f"{f'finished after {len(walk)} beats' if done else what}."
    )
    alt = (
        "Nine cells with the number each keeps and the product it makes, operands "
        f"queueing at the left and above, sums leaving below. {told}"
    )
    return show.frame(
        fig, caption=told, alt=alt, values=[now.stays, now.right, now.down, works]
    )


def _name(flow: str) -> str:
    return next(name for name, key in FLOWS.items() if key == flow)


def _cell(axes: Any, at: tuple[int, int], told: tuple[str, str]) -> None:
    """Draw one element: what it keeps, and if it works the sum that it makes."""
    (i, j), (kept, made) = at, told
    face, ink = (show.colour("sky"), "white") if made else ("none", show.INK)
    edges = [j, j + 1], [i] * 2, [i + 1] * 2
    axes.fill_between(*edges, facecolor=face, edgecolor=show.INK, linewidth=1.2)
    style = {"ha": "center", "va": "center", "color": ink}
    axes.text(j + 0.5, i + 0.34, kept, fontsize=15, **style)
    if made:
        axes.text(j + 0.5, i + 0.74, made, fontsize=11, **style)


def _made(flow: str, at: tuple[int, int], now: simulated.Beat) -> str:
    """Return what an element has just added: with outputs that stay to its own sum,
    otherwise to the sum that came from above.
    """
    if flow == "os":
        return f"+{now.right[at]}·{now.down[at]}"
    product = now.right[at] * now.stays[at]
    return f"{now.down[at] - product}+{now.right[at]}·{now.stays[at]}"


def _queues(axes: Any, flow: str, beat: int) -> None:
    """Draw what enters next: from the left to each row, from above to each column."""
    style = {"ha": "center", "va": "center", "fontsize": 12}
    names = {"ws": ("inputs", "weights"), "is": ("weights", "inputs")}
    across, down = names.get(flow, ("inputs", "weights"))
    axes.text(-3, -0.3, f"{across} →", color=show.colour("blue"), fontsize=12)
    axes.text(-3, -0.9, f"{down} ↓", color=show.colour("orange"), fontsize=12)
    for i, lane in enumerate(passing(flow, beat + 1)):
        for ahead, value in enumerate(lane):
            if not np.isnan(value):
                axes.text(
                    -0.5 - ahead * 0.8,
                    i + 0.5,
                    f"{value:.0f}",
                    **style,
                    color=show.colour("blue"),
                )
    for j, lane in enumerate(falling(flow, beat + 1)):
        for ahead, value in enumerate(lane):
            if not np.isnan(value):
                axes.text(
                    j + 0.5,
                    -0.3 - ahead * 0.6,
                    f"{value:.0f}",
                    **style,
                    color=show.colour("orange"),
                )


def _leaving(axes: Any, flow: str, now: simulated.Beat, works: Any) -> None:
    """Draw the sums that leave below in this beat."""
    if flow == "os":
        return
    style = {"ha": "center", "va": "center", "fontsize": 12}
    for j in range(SIDE):
        if works[SIDE - 1, j]:
            told = f"↓ {now.down[SIDE - 1, j]}"
            axes.text(j + 0.5, SIDE + 0.4, told, **style, color=show.colour("green"))


def cycles(flow: str) -> int:
    """Return the cycles of the small product by closed form."""
    return systolic.run(SIDE, SIDE, SIDE, **ARRAY, dataflow=flow).cycles
