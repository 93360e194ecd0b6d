"""The pictures of the lecture: frames for explorers, and figures."""

from typing import Any

from ... import show
from ...explore import Menu
from . import skipping, storing, study, times, world

COLOURS = {
    "COO": "pink",
    "CSR": "blue",
    "run-length": "green",
    "bitmap": "orange",
    "BSR": "olive",
}
STORED = {
    "bits": Menu({f"{b} bits": b for b in storing.WIDTHS}, label="values", start=16),
    "index": Menu({"as few bits as fit": None, "32 bits": 32}, label="indices"),
}


def _percents(axes: Any, ticks: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{100 * tick:g}" for tick in ticks])
    axes.minorticks_off()


def stored(bits: int, index: int | None) -> show.Frame:
    """Draw bytes against density, each format's as a share of the dense matrix's."""
    fig, axes = show.subplots(figsize=(4.6, 3.3))
    for name, hue in COLOURS.items():
        shares = [storing.share(name, d, bits, index) for d in storing.DENSITIES]
        axes.plot(storing.DENSITIES, shares, color=show.colour(hue), label=name)
    axes.axhline(1, color=show.INK, linewidth=1, linestyle=":")
    axes.set(ylim=(0, 2), xlabel="density (%)", ylabel="bits, dense = 1")
    _percents(axes, [0.01, 0.03, 0.1, 0.3, 1])
    axes.legend(loc="upper left", ncols=2)
    found = {name: storing.crossing(name, bits, index) for name in storing.NAMES}
    caption = "Pays up to a density of: " + ", ".join(
        f"{name} {storing.show_share(value)}" for name, value in found.items()
    )
    alt = (
        "Rising curves, one a format, of bits against density; each crosses the dotted "
        f"line of the dense matrix somewhere. {caption}."
    )
    return show.frame(fig, caption=f"{caption}.", alt=alt, values=[*found.values()])


def timed() -> tuple[Any, dict]:
    """Draw the measured time of sparse products against density."""
    fig, axes = show.subplots(figsize=(4.6, 3.3))
    hues = ("SciPy CSR", "blue", "o"), ("our BSR", "orange", "s")
    for kernel, hue, mark in hues:
        for width, line in zip((1, 256), (":", "-"), strict=True):
            axes.plot(
                *times.stored(width, kernel), line, color=show.colour(hue), marker=mark,
                markersize=4, label=f"{kernel}, {width}",
            )  # fmt: skip
    axes.axhline(1, color=show.INK, linewidth=1)
    axes.set(yscale="log", xlabel="density (%)", ylabel="time, dense = 1")
    _percents(axes, [0.01, 0.03, 0.1, 0.3, 1])
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.legend(loc="upper left")
    side = times.SIDE
    caption = (
        f"A {side:,} × {side:,} matrix times one of 1 and of 256 columns, FP32, one "
        "thread: stored measurement."
    )
    alt = (
        "Rising curves of time against density on log axes; each crosses the dense one."
    )
    return fig, {"caption": caption, "alt": alt}


def queues() -> tuple[Any, dict]:
    """Draw how busy elements are against the length of their queues."""
    fig, axes = show.subplots(figsize=(4.6, 3.0))
    lengths = [1, 2, 4, 8, 16, 32, 64]
    marks = (8, "orange", "s"), (64, "blue", "o")
    for rows, hue, mark in marks:
        shares = [100 * skipping.busy(length, rows) for length in lengths]
        axes.plot(
            lengths, shares, color=show.colour(hue), marker=mark,
            label=f"{rows} rows an element",
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(lengths, [str(length) for length in lengths])
    axes.set(ylim=(0, 100), xlabel="activations that may wait", ylabel="busy (%)")
    axes.legend(loc="lower right")
    caption = "64 elements, a tenth of the weights not zero: who waits for the slowest?"
    alt = "Two curves that rise steeply from one place to eight and then flatten."
    return fig, {"caption": caption, "alt": alt}


def squeezed(clusters: int, run_bits: int) -> show.Frame:
    """Draw where the bytes of the compressed network go, for a number of shared values
    and a width of runs.
    """
    kinds, accuracy = study.squeezed(clusters, run_bits)
    total = sum(kinds.values())
    names = [name for name in study.KINDS if name in kinds]
    fig, axes = show.subplots(figsize=(4.6, 2.7))
    hues = ["blue", "orange", "green", "pink", "olive", "grey", "red"]
    axes.barh(
        range(len(names)), [kinds[name] for name in names],
        color=[show.colour(hue) for hue in hues],
    )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlim=(0, 5000), xlabel="bytes")
    smaller = study.rows()[0]["bytes"]["float32"] / total
    caption = (
        f"{clusters} values a layer, runs of {run_bits} bits: {total:,} bytes, "
        f"{smaller:.1f} times smaller; reads {show.percent(accuracy)} of the digits "
        "before the values are trained."
    )
    alt = f"Horizontal bars, one a kind of bytes. {caption}"
    return show.frame(
        fig, caption=caption, alt=alt, values=[*kinds.values(), total, accuracy]
    )


def all_with_all() -> tuple[Any, dict]:
    """Draw how much faster an array that multiplies only what is not zero is."""
    fig, axes = show.subplots(figsize=(4.6, 3.1))
    marks = (
        ("AlexNet", "pink", "^"),
        ("GoogLeNet", "orange", "s"),
        ("VGG-16", "blue", "o"),
    )
    for network, hue, mark in marks:
        for line, what in (("-", "speedup"), (":", "against_full")):
            speeds = [getattr(world.scnn(network, d), what) for d in world.SWEEP]
            axes.plot(
                world.SWEEP, speeds, line, color=show.colour(hue), marker=mark,
                markersize=4, label=network if line == "-" else None,
            )  # fmt: skip
    axes.axhline(1, color=show.INK, linewidth=1)
    axes.set(yscale="log", xlabel="density of both (%)", ylabel="times as fast")
    _percents(axes, [0.1, 0.2, 0.3, 0.5, 1])
    axes.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    axes.legend(loc="upper right")
    caption = (
        "SCNN's array against a dense one of as many multipliers: as its paper's "
        "(solid), and one that never idles (dotted)."
    )
    alt = "Falling lines on log axes; the dotted ones fall below one before the end."
    return fig, {"caption": caption, "alt": alt}
