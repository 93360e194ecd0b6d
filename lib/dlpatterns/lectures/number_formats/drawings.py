"""The pictures of the lecture: number lines, an accumulator at work, a block, and the
loss multiplied by powers of two.
"""

import numpy as np

from ... import formats, show
from ...formats import arithmetic
from . import results, sums

LINES = (
    "fp6_e2m3", "fp4_e2m1", "int4", "pot4", "log4", "fp6_e3m2", "fp8_e4m3", "fp8_e5m2",
    "int8", "log8",
)  # fmt: skip
COLOURS = {"fp16": "pink", "bf16": "orange", "fp8_e4m3": "olive", "fp8_e5m2": "green"}


# --- Which numbers there are ----------------------------------------------------------


def number_line(number_format: str, logarithmic: bool) -> show.Frame:
    """Draw every number of a format as a line, on a plain or a logarithmic scale."""
    form, kind = number_format, formats.get(number_format)
    values = kind.decode([c for c in range(2**kind.bits) if _means(kind, c)])
    values = np.unique(values[np.isfinite(values)].astype(np.float64))
    positive = values[values > 0]
    fig, axes = show.subplots(figsize=(4.6, 1.3))
    shown = positive if logarithmic else values
    axes.vlines(shown, 0, 1, color=show.colour("blue"), linewidth=0.8)
    axes.set(ylim=(0, 1), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(False)
    if logarithmic:
        axes.set_xscale("log", base=2)
    low, high = positive[0], positive[-1]
    inner = int((positive <= high / 2).sum())
    caption = (
        f"{form}: {values.size} numbers, {positive.size} of them positive, from "
        f"{low:.4g} to {high:.4g}. Of the positive ones {inner} lie in the lower half "
        f"of that range, {positive.size - inner} in the upper."
    )
    scale = "a logarithmic" if logarithmic else "a plain"
    alt = f"Every number of {form} as an upright line on {scale} scale."
    return show.frame(fig, caption=caption, alt=alt, values=[values.size, inner])


def _means(form: formats.Format, code: int) -> bool:
    return not isinstance(form, formats.Levels) or form.levels[code] is not None


# --- An accumulator at work -----------------------------------------------------------

STEPS = (16, 32, 64, 128, 256, 512, 1024, 1536, 2048, 3072, 4096)


def accumulator(numbers: int, accumulator: str) -> show.Frame:
    """Draw a sum of random numbers as a format keeps it, beside the exact sum."""
    terms, form = numbers, accumulator
    x = formats.get(form).round(sums.numbers()[0])
    exact, kept = np.cumsum(x), _running(form)
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    at = np.unique(np.geomspace(1, sums.TERMS, 160).astype(int)) - 1
    done = at[at < terms]
    axes.plot(at + 1, exact[at], color=show.FAINT, label="exact")
    hue = show.colour(COLOURS[form])
    axes.plot(done + 1, kept[done], color=hue, label=form)
    axes.plot([terms], [kept[terms - 1]], "o", color=hue)
    axes.set(xlabel="numbers added", ylabel="sum", ylim=(0, 2200), xlim=(0, 4200))
    axes.legend(loc="upper left")
    gap = _gap(form, kept[terms - 1])
    caption = (
        f"After {terms:,} numbers of 0.5 on average: {kept[terms - 1]:,.6g} in {form}, "
        f"{exact[terms - 1]:,.6g} exactly. The next larger number of the format is "
        f"{gap:.4g} away; what is smaller than {gap / 2:.4g} changes nothing."
    )
    alt = (
        f"The exact sum rises in a straight line; the sum in {form} is drawn up to "
        f"{terms:,} numbers."
    )
    return show.frame(
        fig, caption=caption, alt=alt, values=[kept[terms - 1], exact[terms - 1], gap]
    )


_KEPT: dict[str, np.ndarray] = {}


def _running(form: str) -> np.ndarray:
    if form not in _KEPT:
        x = formats.get(form).round(sums.numbers()[0])
        _KEPT[form] = arithmetic.running(x, form)
    return _KEPT[form]


def _gap(form: str, value: float) -> float:
    """Return the distance from a value to the next larger number of a format."""
    kind = formats.get(form)
    code = int(kind.encode(value))
    return float(kind.decode(code + 1)) - value


# --- A block --------------------------------------------------------------------------

BLOCK = np.random.default_rng(3).normal(size=32)
BLOCK_FORMS = ("mxfp4_e2m1", "nvfp4", "int4_g32", "mxfp6_e2m3", "mxint8", "mxfp8_e4m3")


def block(outlier: int, number_format: str) -> show.Frame:
    """Draw a block of 32 numbers, one of them made so many times larger, and what the
    format keeps of the others.
    """
    form, x = number_format, BLOCK.copy()
    x[20] = outlier * 2.0
    kept = formats.get(form).round(x)
    fig, axes = show.subplots(figsize=(4.6, 2.3))
    places = np.arange(32)
    axes.vlines(places, 0, x, color=show.FAINT, linewidth=5)
    axes.plot(places, kept, "o", color=show.colour("orange"), markersize=4)
    axes.set(ylim=(-2.6, 2.6), xlabel="place in the block", ylabel="value")
    rest = np.delete(x - kept, 20)
    lost = int((np.delete(kept, 20) == 0).sum())
    noise = 10 * np.log10(np.mean(np.delete(x, 20) ** 2) / np.mean(rest**2))
    caption = (
        f"{form}, number 20 is {outlier * 2}: of the other 31, {lost} become zero; "
        f"their signal to noise is {noise:.1f} dB."
    )
    alt = (
        "Thirty-two numbers as grey bars, what the format keeps as orange points; the "
        f"outlier is {outlier * 2}."
    )
    return show.frame(fig, caption=caption, alt=alt, values=[lost, round(noise, 1)])


# --- The loss multiplied --------------------------------------------------------------


def shifted():
    """Draw the accuracy of four formats against the power of two that multiplied the
    loss.
    """
    fig, axes = show.subplots(figsize=(4.6, 2.5))
    for form, hue in COLOURS.items():
        powers, accurate = results.shifts(form)
        axes.plot(powers, accurate, "o-", color=show.colour(hue), label=form, ms=4)
    axes.set(xlabel="loss multiplied by 2 to the power of", ylabel="accuracy, %")
    axes.set(xlim=(-92, 51), ylim=(0, 102), xticks=range(-48, 49, 24))
    axes.legend(loc="center left")
    return fig
