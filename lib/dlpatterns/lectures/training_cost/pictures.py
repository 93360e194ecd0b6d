"""The drawings of the lecture on what training costs: growth, its curves, and the test
between them.
"""

import numpy as np

from ... import show
from .growth import (
    FIGURES,
    PARAMETERS,
    SAMPLES,
    Curve,
    chips,
    columns,
    curves,
    doubling_months,
    fit,
    kink_against_cubic,
    runs,
)
from .published import printed

TEN = np.log10(2)  # a power of two in powers of ten
NAMED = (
    ("Perceptron Mark I", 1951, 10.5),
    ("LeNet-5", 1984, 15.5),
    ("AlexNet", 1996, 19.5),
    ("Grok 4", 2006, 27.5),
)


def growth(split: int = 2010):
    """Draw training runs before and since a year, and transistors, with a line through
    each.
    """
    fig, ax = show.subplots(figsize=(4.7, 3.8))
    points = runs()
    late = points[:, 0] >= split
    _with_line(ax, points[~late], f"before {split}", "blue")
    _with_line(ax, points[late], f"since {split}", "orange")
    _with_line(ax, chips(), "transistors", "grey", marker="s")
    flop, year = printed(), dict(zip(printed(), points[:, 0], strict=True))
    for name, x, y in NAMED:
        place, line = (year[name], np.log10(flop[name])), {"arrowstyle": "-", "lw": 0.8}
        text = name.removesuffix(" Mark I")
        ax.annotate(text, place, xytext=(x, y), fontsize=10.5, arrowprops=line)
    _axes(ax, "FLOP of a run,\ntransistors of a chip")
    ax.legend(title="doubles in", loc="upper left", fontsize=10.5)
    return fig


def _with_line(ax, points: np.ndarray, name: str, colour: str, marker="o") -> None:
    _dots(ax, points, colour, marker)
    ends = np.array([points[:, 0].min(), points[:, 0].max()])
    line = np.polyval(np.polyfit(*points.T, 1), ends) * TEN
    months = doubling_months(points)
    text = f"{name}: {months:.1f} months"
    ax.plot(ends, line, color=show.colour(colour), label=text)


def _dots(ax, points: np.ndarray, colour: str, marker="o") -> None:
    shade = show.colour(colour)
    year, height = points[:, 0], points[:, 1] * TEN
    ax.plot(year, height, marker, ms=3.5, alpha=0.5, color=shade, mec="none")


def _axes(ax, label: str) -> None:
    powers = range(0, 31, 5)
    ax.set_yticks(powers, [f"$10^{{{n}}}$" for n in powers])
    ax.set(xlabel="year of publication", ylabel=label, ylim=(0, 31), xlim=(1948, 2028))


def one_curve(sample: str, curve: str, figures: str) -> show.Frame:
    """Draw a curve fitted to a sample, with the chosen figures for AlphaGo's family."""
    points = runs(sample, figures)
    fig, ax = show.subplots(figsize=(4.7, 3.0))
    _dots(ax, points, "blue")
    found = fit(curve, points)
    years = np.linspace(points[:, 0].min(), points[:, 0].max(), 60)
    ax.plot(years, _values(found, points, years) * TEN, color=show.colour("orange"))
    _axes(ax, "FLOP of a run")
    row = curves(sample, figures)
    least = min(PARAMETERS, key=lambda kind: row[kind])
    kink = f", its kink at {found.kink:g}" if found.kink else ""
    beside = (
        "the best of the four"
        if curve == least
        else f"{row[curve]:.0f} worse than the {least}"
    )
    caption = f"{len(points)} models, a {curve}{kink}. By its criterion: {beside}."
    alt = f"Training compute against year for the chosen models, with a {curve}."
    return show.frame(fig, alt=alt, caption=caption, values=row)


def _values(found: Curve, points: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Return the fitted curve at other years than those of the points."""
    matrix = columns(found.kind, points[:, 0], found.kink)
    solution = np.linalg.lstsq(matrix, points[:, 1])[0]
    return columns(found.kind, years, found.kink) @ solution


def rivals():
    """Draw by how much the kink's criterion is worse than the cubic's, if either were
    true, and in the data.
    """
    points = runs()
    fig, ax = show.subplots(figsize=(4.7, 2.8))
    bins = np.arange(-32, 36, 2)
    for truth, colour in (("kink", "orange"), ("cubic", "blue")):
        drawn = kink_against_cubic(points, truth)
        shade = show.colour(colour)
        ax.hist(drawn, bins, color=shade, alpha=0.6, label=f"if the {truth} were true")
    ax.axvline(observed(), color=show.colour("red"), label="the data")
    ax.set(xlabel="criterion: kink minus cubic", ylabel="draws")
    fig.legend(loc="outside upper center", ncols=2, fontsize=10.5)
    return fig


def observed() -> float:
    """Return by how much the kink's criterion is worse than the cubic's in the data."""
    points = runs()
    return fit("kink", points).bic - fit("cubic", points).bic


__all__ = ["FIGURES", "SAMPLES", "growth", "observed", "one_curve", "rivals"]
