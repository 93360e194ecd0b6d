"""Pipelines: bubbles as they run beside their formulas, and the timeline."""

from ... import show
from ...parallel import pipeline, schedules
from ...parallel.pipeline import Bar

CHIPS, MICRO = 4, 8
SHADES = {"F": "sky", "B": "orange", "I": "orange", "W": "green", "F+B": "pink"}


def bubbles(chips: int = 8, micro: int = 16) -> list[dict]:
    """Return a row a schedule: its bubble by formula, as it ran, and what it holds."""
    rows = []
    for name, make in schedules.MAKERS.items():
        run = pipeline.run(make(chips, micro))
        rows.append(
            {
                "schedule": name,
                "bubble, formula": schedules.bubble(name, chips, pipeline.TIMES),
                "in its span": max(map(run.gaps, range(chips))),
                "as it ran": run.bubble,
                "of the whole": show.percent(run.bubble_of_total),
                "held": max(map(run.held, range(chips))),
                "copies": run.schedule.copies,
            }
        )
    return rows


def share(chips: int, micro: int) -> tuple[float, float]:
    """Return the bubble of 1F1B as a share of the ideal time, and of the whole."""
    run = pipeline.run(schedules.one_f_one_b(chips, micro))
    return run.bubble_of_ideal, run.bubble_of_total


def timeline(schedule: str, beat: int) -> show.Frame:
    """Draw what four chips have done of eight micro-batches up to a beat."""
    run = pipeline.run(schedules.MAKERS[schedule](CHIPS, MICRO))
    until = min(beat, run.seconds)
    fig, axes = show.subplots(figsize=(4.6, 2.2))
    for bar in run.bars:
        if bar.start < until:
            _block(axes, bar, until)
    axes.set(xlim=(0, 34), ylim=(CHIPS, -0.1), xlabel="time, in forward passes")
    axes.set_yticks([row + 0.45 for row in range(CHIPS)], range(CHIPS))
    axes.set_ylabel("chip")
    axes.grid(False)
    for name, kind in (("forward", "F"), ("backward", "B"), ("weights", "W")):
        axes.bar(0, 0, color=show.colour(SHADES[kind]), label=name)
    if schedule == "DualPipe":
        axes.bar(0, 0, color=show.colour(SHADES["F+B"]), label="both")
    axes.legend(loc="upper center", ncols=4, bbox_to_anchor=(0.5, 1.25), fontsize=11)
    working = sum(bar.start < until <= bar.end for bar in run.bars)
    done = until >= run.seconds
    now = (
        f"all is done; the chip that waited longest waited {run.bubble:g}"
        if done
        else f"{working} of {CHIPS} chips work"
    )
    caption = (
        f"{schedule}, {CHIPS} chips, {MICRO} micro-batches, time {until:g}: {now}."
    )
    alt = (
        f"A row of blocks for each of {CHIPS} chips up to time {until:g}; gaps are "
        "waiting."
    )
    return show.frame(fig, alt=alt, caption=caption, values=[until, working])


def _block(axes, bar: Bar, until: float) -> None:
    kind = "F+B" if len(bar.works) == 2 else bar.works[0].kind
    axes.barh(
        bar.chip + 0.45,
        min(bar.end, until) - bar.start,
        left=bar.start,
        height=0.8,
        color=show.colour(SHADES[kind]),
        edgecolor=show.INK,
        linewidth=0.4,
    )
