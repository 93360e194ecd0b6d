"""The drawings of the lecture on history: the road map, a neuron that learns, the
cliff, one digit, and the work of the programs.
"""

from collections.abc import Mapping

import numpy as np

from ... import datasets, show
from ...train import data
from .cliff import GOAL, MOVES, best, learned, start_to_goal
from .digits import by_rules
from .neurons import CORNERS, GATES, perceptron
from .readers import KINDS, PROCESSES, Networks

LANES = {
    "symbolism": ("orange", 0.0),
    "connectionism": ("blue", 1.22),
    "behaviourism": ("green", 2.25),
    "question": ("grey", 3.28),
}
Row = dict[str, object]


def timeline(events: list[Row]):
    """Draw every event on the lane of its school, years downwards, and name those that
    have room.
    """
    fig, ax = show.subplots(figsize=(4.7, 6.4))
    for event in events:
        colour, lane = LANES.get(event["paradigm"], ("", 0))
        year = event["year"]
        if event["paradigm"] == "winter":
            shade = show.colour("sky")
            ax.axhspan(year, event["until"], color=shade, alpha=0.2, lw=0)
            continue
        ax.plot(lane, year, "o", color=show.colour(colour), ms=5)
        ax.text(lane + 0.07, year, event["label"] or "", fontsize=10.5, va="center")
    ax.set(xlim=(-0.12, 4.5), ylim=(2027, 1941), xticks=[0.35, 1.6, 2.65, 3.7])
    names = ["symbols", "neurons", "behaviour", "all three"]
    ax.set_xticklabels(names, fontsize=11)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="x", visible=False)
    return fig


def years_of(events: list[Row]) -> dict[str, list[str]]:
    """Return the years of the events of each school, as text without separators."""
    return {
        lane: [str(event["year"]) for event in events if event["paradigm"] == lane]
        for lane in (*LANES, "winter")
    }


def first_years(events: list[Row]) -> dict[str, int]:
    """Return the year of the first event of each of the three schools."""
    return {
        lane: min(event["year"] for event in events if event["paradigm"] == lane)
        for lane in list(LANES)[:3]
    }


def listed_sources() -> str:
    """Return all events with their sources, as a folded list in Markdown."""
    events = datasets.table("timeline")
    lines = [
        f"- **{event['year']} {event['name']}**: {event['what']}. *{event['source']}*"
        for event in events
    ]
    title = f"{len(events)} events and their sources"
    return (
        f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
    )


# --- A neuron, and the cliff ----------------------------------------------------------


def neuron_at_step(gate: str, step: int) -> show.Frame:
    """Draw the four corners and the neuron's line after so many corners were shown."""
    targets = GATES[gate]
    now = perceptron(targets)[step - 1]
    fig, ax = show.subplots(figsize=(4.2, 3.6))
    across = np.array([-0.5, 1.5])
    _shade(ax, now.weight, now.bias)
    for (x1, x2), target in zip(CORNERS, targets, strict=True):
        filled = show.colour("blue") if target else "none"
        ax.plot(x1, x2, "o", ms=14, mfc=filled, mec=show.colour("blue"), mew=2)
    ax.plot(*now.corner, "o", ms=24, mfc="none", mec=show.colour("red"), mew=2)
    ax.set(xlim=across, ylim=across, xticks=[0, 1], yticks=[0, 1])
    ax.set(xlabel="first input", ylabel="second input", aspect="equal")
    right = now.right(targets)
    w1, w2 = now.weight
    did = "changes the weights" if now.answer != now.target else "changes nothing"
    caption = (
        f"{gate}, corner {step}: wanted {now.target}, answered {now.answer}, so the "
        f"rule {did}. Now w = ({w1:g}, {w2:g}), b = {now.bias:g}: {right} of 4 right."
    )
    alt = (
        f"Four corners of the gate {gate}, those to be answered by 1 filled; shaded is "
        f"where the neuron fires after {step} corners."
    )
    return show.frame(fig, alt=alt, caption=caption, values=[w1, w2, now.bias, right])


def _shade(ax, weight: tuple[float, float], bias: float) -> None:
    """Shade the half of the plane where the weighted sum exceeds zero."""
    grid = np.linspace(-0.5, 1.5, 201)
    x, y = np.meshgrid(grid, grid)
    total = weight[0] * x + weight[1] * y + bias
    if total.max() > 0 >= total.min():
        shade = show.colour("sky")
        ax.contourf(x, y, total, levels=[0, 1e9], colors=[shade], alpha=0.25)
        ax.contour(x, y, total, levels=[0], colors=[shade], linewidths=2)
    elif total.min() > 0:
        ax.axhspan(-0.5, 1.5, color=show.colour("sky"), alpha=0.25, lw=0)


def after_episodes(episodes: int) -> show.Frame:
    """Draw what the table of seed 0 advises after so many episodes."""
    q, earned = learned(0, episodes)
    fig, ax = show.subplots(figsize=(3.3, 1.6))
    value = _draw_table(ax, q)
    places = start_to_goal(q)
    arrived = places[-1] == GOAL
    end = f"reaches the goal in {len(places) - 1} steps" if arrived else "never arrives"
    caption = (
        f"Whoever obeys the table of episode {episodes} {end}; that episode itself "
        f"earned {earned[-1]}. Bright: near the goal."
    )
    alt = (
        f"The grid after episode {episodes}: an arrow for the best move in each "
        "visited place, and the walk that obeys them."
    )
    return show.frame(
        fig, alt=alt, caption=caption, values=np.round(value, 2), photo=True
    )


def _draw_table(ax, q: dict) -> np.ndarray:
    """Draw the value of the best move in each place as a shade, the move as an arrow,
    and the walk that obeys.
    """
    value = np.array(
        [[q[(r, c), best(q, (r, c))] for c in range(12)] for r in range(4)]
    )
    value[3, 1:] = np.nan
    ax.imshow(value, vmin=-14, vmax=0)
    for (r, c), v in np.ndenumerate(value):
        if v < 0:
            arrow = "↑→↓←"[list(MOVES).index(best(q, (r, c)))]
            ink = "white" if v < -5 else "black"
            ax.text(c, r, arrow, ha="center", va="center", color=ink)
    walk = np.transpose(start_to_goal(q))[::-1]
    ax.plot(*walk, color=show.colour("red"), lw=1.5)
    ax.set(xticks=[0, 11], xticklabels=["start", "goal"], yticks=[])
    ax.grid(visible=False)
    return value


# --- Digits, and the work they take ---------------------------------------------------


def opinions(image: np.ndarray, nets: Networks) -> list[Row]:
    """Return one row for each process: what it says, and how it justifies that."""
    digit, words = by_rules(image[0])
    rows = [{"process": "rules", "says": str(digit), "because": words}]
    for name, process in PROCESSES.items():
        output = nets[name].forward(process.prepare(image[None]))[0]
        sure = 1 / np.exp(output - output.max()).sum()
        said = {"says": str(output.argmax()), "because": f"{100 * sure:.0f} % sure"}
        rows.append({"process": name} | said)
    return rows


def one_digit(number: int, nets: Networks) -> show.Frame:
    """Show a held-out digit and what the processes say of it."""
    split = data.digits(seed=0)
    image, label = split.test_x[number - 1], split.test_y[number - 1]
    fig, ax = show.subplots(figsize=(1.8, 1.8))
    ax.imshow(image[0], cmap="gray_r")
    ax.set_axis_off()
    rows = opinions(image, nets)
    wrong = [row["process"] for row in rows if row["says"] != str(label)]
    return show.frame(
        fig,
        alt=f"A handwritten digit of 8 × 8 pixels, labelled {label}.",
        caption=f"Labelled {label}. Wrong: {', '.join(wrong) or 'nobody'}.",
        rows=rows,
        values=label,
        photo=True,
    )


def work_bars(rows: list[Row], name: str, unit: str):
    """Draw one group of bars for each row, a bar for each kind of work."""
    work = {row[name]: [row.get(kind) or 0 for kind in KINDS] for row in rows}
    fig, ax = show.subplots(figsize=(4.7, 1.1 + 0.62 * len(work)))
    styles = ("orange", "green", "blue", "grey")
    for offset, (kind, style) in enumerate(zip(KINDS, styles, strict=True)):
        y = np.arange(len(work)) * 5.0 + offset
        counts = [row[offset] for row in work.values()]
        ax.barh(y, counts, height=0.9, color=show.colour(style), label=kind)
        for place, count in zip(y, counts, strict=True):
            text = show.number(count)
            ax.text(count + 0.15, place, text, va="center", fontsize=10.5)
    ax.set_xscale("symlog", linthresh=1)
    ax.set(yticks=np.arange(len(work)) * 5 + 1.5, yticklabels=list(work))
    ax.set(xlabel=f"per {unit} (log)", xlim=(0, ax.get_xlim()[1] * 12))
    ax.invert_yaxis()
    fig.legend(loc="outside upper center", ncols=2)
    return fig


def width_figure(stored: Mapping):
    """Draw the accuracy of multilayer perceptrons against their MACs, with the spread
    over the splits, and the rules beside them.
    """
    fig, ax = show.subplots(figsize=(4.7, 2.8))
    macs = [row["macs"] for row in stored["widths"]]
    right = [100 * np.array(row["accuracies"]) for row in stored["widths"]]
    means = [each.mean() for each in right]
    spread = [each.std(ddof=1) for each in right]
    ax.errorbar(macs, means, spread, fmt="o-", color=show.colour("blue"), capsize=3)
    ax.set_xscale("log")
    ax.set(xlabel="MACs a digit", ylabel="held out and right, %", ylim=(40, 101))
    return fig
