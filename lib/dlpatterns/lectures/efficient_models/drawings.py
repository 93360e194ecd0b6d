"""The pictures of the lecture: frames for its explorers."""

import numpy as np

from ... import show
from . import counts, study, world

COLOURS = ("blue", "orange", "green", "pink")
AXES = {"MACs": "GMAC an image", "traffic": "least traffic (ms an image, once)"}
STEPS = ("group convolution", "write into rows", "read by columns")


def shuffle(groups: int, step: int) -> show.Frame:
    """Draw twelve channels in their groups, as a table, and as the table is read."""
    per, channels = 12 // groups, 12
    order = np.arange(channels)
    fig, axes = show.subplots(figsize=(4.6, 1.9))
    if step == 2:
        order = order.reshape(groups, per).T.ravel()
    for place, channel in enumerate(order):
        at = (place, 0) if step != 1 else (channel % per, channel // per)
        colour = show.colour(COLOURS[channel // per])
        axes.scatter(*at, s=190, color=colour, marker="s")
        axes.text(*at, str(channel), ha="center", va="center", color="white")
    seen = [sorted({int(c) // per for c in part}) for part in np.split(order, groups)]
    axes.set(xlim=(-0.7, 11.7), ylim=(3.7, -0.7), xticks=[], yticks=[])
    axes.grid(visible=False)
    mixed = min(len(one) for one in seen)
    caption = (
        f"{STEPS[step].capitalize()}: {channels} channels in {groups} groups. The next "
        f"grouped layer's filters hear from at least {mixed} of them."
    )
    alt = "Numbered squares, coloured by the group of filters that made the channel."
    values = {"order": order.tolist(), "groups heard": mixed}
    return show.frame(fig, caption=caption, alt=alt, values=values)


def scaling(width: float, depth: float, pixels: int) -> show.Frame:
    """Draw what a change of scale multiplies, beside EfficientNet-B0."""
    base, ours = counts.scaled(1.0, 1.0, 224), counts.scaled(width, depth, pixels)
    names = ("parameters", "MACs", "values written")
    times = {n: new / old for n, new, old in zip(names, ours, base, strict=True)}
    fig, axes = show.subplots(figsize=(4.6, 1.8))
    axes.barh(list(times), list(times.values()), color=show.colour("blue"))
    axes.axvline(1, color=show.colour("orange"))
    axes.invert_yaxis()
    axes.set(xlabel="times EfficientNet-B0", xlim=(0, 9))
    caption = (
        f"Width × {width}, depth × {depth}, {pixels} pixels: "
        f"{show.si(ours[0])} parameters and {show.si(ours[1], 'MAC')}, "
        f"{times['MACs']:.2f} times the MACs of B0."
    )
    alt = "Three bars, parameters, MACs and values written, and a line at one."
    values = {name: round(value, 2) for name, value in times.items()}
    return show.frame(fig, caption=caption, alt=alt, values=values)


def against(run: str, across: str) -> show.Frame:
    """Draw measured time over MACs or over the least traffic, on two log scales."""
    found = world.placed(run)
    xs = [one.macs / 1e9 if across == "MACs" else one.unfused for one in found]
    small = [one.macs < world.SMALL for one in found]
    fig, axes = show.subplots(figsize=(4.6, 3.0))
    for light, colour, marker in ((False, "blue", "o"), (True, "orange", "s")):
        points = [
            (x, one.ms)
            for x, one, mine in zip(xs, found, small, strict=True)
            if mine == light
        ]
        label = "below 1.2 GMAC" if light else "larger"
        axes.scatter(
            *zip(*points, strict=True),
            color=show.colour(colour), marker=marker, label=label,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel=AXES[across], ylabel="ms an image")
    axes.legend(loc="lower right")
    every, light = world.spread(run, across), world.spread(run, across, light=True)
    caption = (
        f"{run}: {len(found)} networks over {across}. Time a unit differs by a factor "
        f"of {every:.1f} among all, of {light:.1f} among the {sum(small)} light ones."
    )
    alt = f"Dots, one a network: measured time over {across}, both on log scales."
    return show.frame(fig, caption=caption, alt=alt)


def learned(setting: str) -> show.Frame:
    """Draw how well each block reads the digits in a setting, with the spread over
    seeds; the blocks stand in their order at equal MACs.
    """
    kinds = study.order()[::-1]
    means = [study.accuracy(kind, setting) for kind in kinds]
    spreads = [study.spread(kind, setting) for kind in kinds]
    widths = [study.rows(setting)[kind]["width"] for kind in kinds]
    fig, axes = show.subplots(figsize=(4.6, 3.7))
    axes.errorbar(
        means, range(len(kinds)), xerr=spreads, fmt="o", color=show.colour("blue")
    )
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set(xlabel="% of the digits right", xlim=(84, 100))
    best = study.order(setting)[0]
    seeds = len(study.rows(setting)[best]["accuracy"])
    caption = (
        f"{setting.capitalize()}: mean and spread over {seeds} seeds. Best: {best}, "
        f"{max(means):.1f} %; worst {min(means):.1f} %."
    )
    alt = "A dot with a bar for each of the blocks: how many digits it reads rightly."
    values = {
        kind: f"{mean:.1f} ± {spread:.1f} at {width} channels"
        for kind, mean, spread, width in zip(kinds, means, spreads, widths, strict=True)
    }
    return show.frame(fig, caption=caption, alt=alt, values=values)
