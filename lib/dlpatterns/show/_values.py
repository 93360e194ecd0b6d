"""The numbers that a figure draws, as text that tests compare."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
)
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from ._numbers import number

SMALL = 256  # pixels; the values of a larger image are summed up


def drawn(fig: Figure) -> str:
    """Return the numbers that a figure draws, one line of text for each of its lines,
    bars, points, areas and images.
    """
    return "\n".join(text for axes in fig.axes for text in _of_axes(axes))


def _of_axes(axes: Axes) -> Iterator[str]:
    for line in axes.lines:
        yield f"{_label(line)}x {lines(line.get_xdata())} y {lines(line.get_ydata())}"
    for bars in axes.containers:
        if isinstance(bars, BarContainer):
            yield f"{_label(bars)}bars {lines(bars.datavalues)}"
    for drawn in axes.collections:
        yield from _of_collection(drawn)
    for picture in axes.images:
        yield _pixels(picture.get_array())


def _of_collection(drawn: Collection) -> Iterator[str]:
    """Yield the numbers of points, line segments (error bars), filled areas, or a
    mesh.
    """
    if isinstance(drawn, PathCollection):
        yield (
            f"{_label(drawn)}points "
            f"{lines(np.asarray(drawn.get_offsets(), dtype=float))}"
        )
    elif isinstance(drawn, LineCollection):
        yield f"{_label(drawn)}segments {lines(drawn.get_segments())}"
    elif isinstance(drawn, PolyCollection):
        yield (
            f"{_label(drawn)}areas "
            f"{lines([path.vertices for path in drawn.get_paths()])}"
        )
    elif drawn.get_array() is not None:
        yield _pixels(drawn.get_array())


def _pixels(array: object) -> str:
    """Return a small image's values, or a large one's mean and maximum."""
    pixels = np.ma.filled(np.ma.asarray(array, dtype=float), np.nan)
    values = (
        lines(pixels)
        if pixels.size <= SMALL
        else f"mean {number(pixels.mean())} max {number(pixels.max())}"
    )
    return f"image {pixels.shape} {values}"


def _label(artist: object) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else f"{label}: "


def lines(values: object) -> str:
    """Return numbers, however nested, as text with three significant digits."""
    if isinstance(values, Mapping):
        return "; ".join(f"{key}: {lines(value)}" for key, value in values.items())
    if isinstance(values, str) or not isinstance(values, Iterable):
        return number(values)
    return "[" + " ".join(lines(value) for value in values) + "]"
