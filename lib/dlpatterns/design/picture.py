"""A design among the book's own as a drawing, SVG without any other library: dots of
area and time, those that none beats as a line, and the reader's own.
"""

from html import escape
from math import ceil, floor, log10

from . import space
from .chip import described
from .space import Point
from .standing import Standing

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BASE = 360, 300, 46, 16, 348, 254
STEPS = (1, 2, 5)


def drawn(found: Standing, known: list[Point]) -> str:
    """Return the drawing as the text of an <svg>."""
    points = [found.mine, *known, *found.rivals]
    across = _Log([one.area for one in points] + [found.asked.area], (LEFT, RIGHT))
    up = _Log([1e3 * one.seconds for one in points], (BASE, TOP))
    axes = (across, up)
    parts = [_axes(across, up), _budget(across, found.asked.area)]
    parts += [_cloud(found.rivals, axes), _front(found, axes)]
    parts += [_named(one, axes) for one in known]
    parts.append(_mine(found.mine, axes))
    label = escape(f"Designs by area and time. {caption(found)}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def caption(found: Standing) -> str:
    """Return what is to be seen in the drawing."""
    best = space.front(found.rivals, ["area", "seconds"])
    return (
        f"Grey: the book's {len(found.rivals)} designs in this format and budget. The "
        f"line: the {len(best)} that none beats in area and time. Squares: chips of "
        "the world in this model, any area. The ring: yours."
    )


class _Log:
    """A logarithmic axis that holds some values: values to places."""

    def __init__(self, values: list[float], ends: tuple[float, float]) -> None:
        self.low, self.high = log10(min(values)) - 0.08, log10(max(values)) + 0.08
        self.a_decade = (ends[1] - ends[0]) / (self.high - self.low)
        self.start = ends[0] - self.a_decade * self.low

    def place(self, value: float) -> float:
        """Return where a value stands."""
        return self.start + self.a_decade * log10(value)

    def marks(self) -> list[float]:
        """Return round values within the axis: 1, 2, 5, or only 1 where it is long."""
        steps = STEPS if self.high - self.low < 2.2 else STEPS[:1]
        powers = range(floor(self.low), ceil(self.high) + 1)
        values = [step * 10.0**power for power in powers for step in steps]
        return [one for one in values if self.low <= log10(one) <= self.high]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _axes(across: _Log, up: _Log) -> str:
    """Return both axes with their marks and names."""
    faint, parts = 'stroke="currentColor" stroke-opacity=".18"', []
    for value in across.marks():
        x = across.place(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{BASE}" {faint}/>')
        parts.append(_text(x, BASE + 15, f"{value:g}", "middle"))
    for value in up.marks():
        y = up.place(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" {faint}/>')
        parts.append(_text(LEFT - 5, y + 4, f"{value:g}", "end"))
    parts.append(_text((LEFT + RIGHT) / 2, BASE + 34, "mm² of the die", "middle"))
    return "".join(parts) + _text(4, 11, "ms, mean of the six")


def _budget(across: _Log, area: float) -> str:
    x = across.place(area)
    return f'<path d="M{x:.1f} {TOP}V{BASE}" class="dlp-budget"/>'


def _at(one: Point, axes: tuple[_Log, _Log]) -> tuple[float, float]:
    return axes[0].place(one.area), axes[1].place(1e3 * one.seconds)


def _cloud(points: tuple[Point, ...], axes: tuple[_Log, _Log]) -> str:
    """Return dots as one path, those at the same place once."""
    places = {tuple(round(place) for place in _at(one, axes)) for one in points}
    dots = "".join(f"M{x} {y}h0" for x, y in sorted(places))
    return f'<path d="{dots}" class="dlp-cloud"/>' if dots else ""


def _front(found: Standing, axes: tuple[_Log, _Log]) -> str:
    best = [_at(one, axes) for one in space.front(found.rivals, ["area", "seconds"])]
    if not best:
        return ""
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in best)
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in best)
    return (
        f'<polyline points="{line}" class="dlp-front"/>'
        f'<path d="{dots}" class="dlp-front dlp-dots"/>'
    )


def _named(one: Point, axes: tuple[_Log, _Log]) -> str:
    """Return a chip of the world as a square with its name."""
    x, y = _at(one, axes)
    anchor = "end" if x > (LEFT + RIGHT) / 2 else "start"
    beside = x - 7 if anchor == "end" else x + 7
    return (
        f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" '
        f'class="dlp-named"/>{_text(beside, y + 4, one.chip.name, anchor)}'
    )


def _mine(one: Point, axes: tuple[_Log, _Log]) -> str:
    x, y = _at(one, axes)
    says = escape(f"yours: {described(one.chip)}")
    place = f'cx="{x:.1f}" cy="{y:.1f}"'
    return (
        f'<circle {place} r="8" class="dlp-mine"><title>{says}</title></circle>'
        f'<circle {place} r="2.5" class="dlp-mine-dot"/>'
    )
