"""An answer as a drawing, SVG without any other library: a roofline where a machine is
asked for, else each kind's share of parameters, MACs and bytes.
"""

from html import escape
from math import ceil, floor, log10

from .texts import short

WIDTH, LEFT, TOP, RIGHT, BASE = 360, 46, 34, 336, 252
COLOURS = ("blue", "orange", "green", "pink", "grey")
SHARES = (("params", "parameters"), ("macs", "MACs"), ("bytes_once", "bytes once"))
AREA = 900  # of all dots of a roofline together


def drawn(answer: dict) -> str:
    """Return the drawing of an answer as the text of an <svg>."""
    return _roofline(answer) if "machine" in answer else _shares(answer)


def caption(answer: dict) -> str:
    """Return what is to be seen in the drawing, in a sentence or two."""
    if "machine" not in answer:
        return "Each kind of layer's share of parameters, MACs and bytes, each once."
    rows = answer["by_layer"]
    spent = sum(row["seconds"] for row in rows)
    bare = sum(row["seconds"] for row in rows if not row["macs"])
    share = bare / spent if spent else 0
    how = ", fused" if answer["fused"] else ""
    return (
        f"Roofline of {answer['machine']} in {answer['format']}{how}: a dot a layer "
        "with MACs, its area the time that it takes at least. Layers without MACs are "
        f"not drawn; they take {share:.0%} of the time."
    )


def _svg(inside: str, height: int, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
        f"{escape(text)}</text>"
    )


class _Log:
    """A logarithmic axis: values to places between two ends."""

    def __init__(self, least: float, most: float, ends: tuple[float, float]) -> None:
        self.low, self.high = floor(log10(least)), ceil(log10(most))
        self.high += self.high == self.low
        self.ends = ends

    def place(self, value: float) -> float:
        """Return where a value stands."""
        share = (log10(value) - self.low) / (self.high - self.low)
        return self.ends[0] + share * (self.ends[1] - self.ends[0])

    def marks(self) -> range:
        """Return the powers of ten that are marked, at most about six."""
        return range(self.low, self.high + 1, max(1, -(-(self.high - self.low) // 6)))


def _roofline(answer: dict) -> str:
    """Return the roofs of a machine, and a dot a layer with MACs on them."""
    peak, bandwidth = answer["peak"], answer["bandwidth"]
    rows = [row for row in answer["by_layer"] if row["intensity"]]
    ridge = peak / bandwidth
    reached = [row["intensity"] for row in rows]
    across = _Log(
        min([ridge / 10, *reached]), max([ridge * 10, *reached]), (LEFT, RIGHT)
    )
    least = min([ridge / 10, *reached]) * bandwidth
    up = _Log(least, peak, (BASE, TOP))
    axes = _axes(across, up)
    start, end = 10.0**across.low, 10.0**across.high
    low = max(start, 10.0**up.low / bandwidth)
    corners = [(low, low * bandwidth), (ridge, peak), (end, peak)]
    points = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in corners)
    roof = f'<polyline points="{points}" fill="none" stroke="currentColor"/>'
    name = _text(RIGHT, up.place(peak) - 20, f"{short(peak)}FLOP/s", "end")
    dots = "".join(_dots(rows, (across, up), (peak, bandwidth)))
    label = (
        f"Roofline of {answer['machine']} with {len(rows)} layers of {answer['title']}"
    )
    return _svg(axes + roof + name + dots, 288, label)


def _dots(
    rows: list[dict], axes: tuple[_Log, _Log], roofs: tuple[float, float]
) -> list:
    """Return the dots of layers, those at the same place as one."""
    (across, up), (peak, bandwidth) = axes, roofs
    groups: dict[tuple[int, int], list[dict]] = {}
    for row in rows:
        x = across.place(row["intensity"])
        y = up.place(min(peak, row["intensity"] * bandwidth))
        groups.setdefault((round(x), round(y)), []).append(row)
    total = sum(row["seconds"] for row in rows) or 1
    drawn = []
    for (x, y), group in groups.items():
        time = sum(row["seconds"] for row in group)
        radius = max((AREA * time / total) ** 0.5, 2)
        says = f"{group[0]['layer']}" + (
            f" and {len(group) - 1} more" * (len(group) > 1)
        )
        title = f"<title>{escape(says)}: {escape(short(time, 's'))}</title>"
        place = f'cx="{x}" cy="{y}" r="{radius:.1f}"'
        drawn.append(f'<circle {place} class="dlp-layer">{title}</circle>')
    return drawn


def _axes(across: _Log, up: _Log) -> str:
    """Return both axes with their marks and names."""
    parts = []
    faint = 'stroke="currentColor" stroke-opacity=".18"'
    for power in across.marks():
        x = across.place(10.0**power)
        parts.append(f'<path d="M{x:.1f} {TOP}V{BASE}" {faint}/>')
        parts.append(_text(x, BASE + 15, _power(power), "middle"))
    for power in up.marks():
        y = up.place(10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" {faint}/>')
        parts.append(_text(LEFT - 5, y + 4, _power(power), "end"))
    parts.append(_text((LEFT + RIGHT) / 2, BASE + 32, "FLOP a byte", "middle"))
    return "".join(parts)


def _power(power: int) -> str:
    """Return a power of ten as it is read.

    >>> _power(-2), _power(0), _power(3), _power(13)
    ('0.01', '1', '1 k', '10 T')
    """
    if power < 0:
        return f"{10.0**power:.{-power}f}"
    prefix = dict(zip(range(0, 21, 3), ("", "k", "M", "G", "T", "P", "E"), strict=True))
    return f"{10 ** (power % 3)} {prefix[power // 3 * 3]}".strip()


def _shares(answer: dict) -> str:
    """Return a bar each for parameters, MACs and bytes, parted by kind."""
    kinds = _largest(answer["by_kind"])
    parts, height = [], 40
    for key, name in SHARES:
        parts.append(_text(0, height - 6, f"{name}: {short(_sum(answer, key))}"))
        parts += _bar(kinds, key, (height, _sum(answer, key)))
        height += 44
    for place, kind in enumerate([*kinds, "all others"]):
        x, y = 180 * (place % 2), height + 18 * (place // 2)
        parts.append(_box((x, y - 10, 11), place))
        parts.append(_text(x + 16, y, kind))
    height += 18 * (len(kinds) // 2) + 10
    label = f"Shares of the kinds of layer in {answer['title']}"
    return _svg("".join(parts), height, label)


def _sum(answer: dict, key: str) -> int:
    return answer[key]


def _largest(rows: list[dict]) -> dict[str, dict]:
    """Return the four kinds of layer that have the largest share of anything."""
    totals = {key: sum(row[key] for row in rows) or 1 for key, _ in SHARES}
    order = sorted(
        rows, key=lambda row: -max(row[key] / totals[key] for key, _ in SHARES)
    )
    return {row["kind"]: row for row in order[: len(COLOURS) - 1]}


def _bar(kinds: dict[str, dict], key: str, how: tuple[int, int]) -> list[str]:
    (y, total), x, parts = how, 0.0, []
    for place, row in enumerate(kinds.values()):
        width = WIDTH * row[key] / total if total else 0
        parts.append(_box((x, y, width), place))
        x += width
    return [*parts, _box((x, y, WIDTH - x if total else 0), len(kinds))]


def _box(where: tuple[float, float, float], place: int) -> str:
    x, y, width = where
    place = min(place, len(COLOURS) - 1)
    height = 11 if width == 11 else 16
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" '
        f'class="dlp-share-{COLOURS[place]}"/>'
    )
