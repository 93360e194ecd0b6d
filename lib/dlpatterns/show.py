"""Tables, figures and sentences with computed numbers, in one style; the only room that
imports matplotlib.

Importing it sets the style of all figures. What is shown carries its values as text, so
that the tests compare them:

* `figure(fig, alt=..., caption=...)` shows a figure, with alt text, caption, and the
  numbers it draws;
* `table(rows)` shows rows of numbers, aligned in text and scrollable on a page;
* `say(f"...")` shows a sentence as Markdown; `source(thing)` shows the code of the
  library itself;
* `frame(...)` makes, without showing it, what an explorer switches between.
"""

import ast
import base64
import inspect
import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from html import escape
from numbers import Integral, Real
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
)
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from PIL import Image

# Eight hues after Okabe and Ito, moved until each reads as text on white and, inverted,
# on the dark page (at least 4.5 : 1), and until any two differ for readers with normal
# vision, protanopia and deuteranopia. tests/test_show.py measures both.
PALETTE = {
    "blue": "#2b69d3",
    "orange": "#ab6506",
    "green": "#065047",
    "pink": "#942d7b",
    "red": "#690000",
    "sky": "#007baa",
    "olive": "#675000",
    "grey": "#6f7677",
}
INK, FAINT = "#1b1f24", "#c8ccd2"
DOTS_PER_INCH, SCREEN = 150, 100  # pixels an inch in the file, and on the page
LONG = 36  # characters; a longer text in a table is wrapped
SMALL = 256  # pixels; the values of a larger image are summed up

STYLE = {
    "figure.figsize": (5.6, 3.5),
    "figure.dpi": SCREEN,
    "figure.constrained_layout.use": True,
    "savefig.dpi": DOTS_PER_INCH,
    "font.family": ["DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "image.cmap": "cividis",
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
}
matplotlib.rcParams.update(STYLE)


def colour(name: str) -> str:
    """Return the house colour of that name as #rrggbb."""
    if name not in PALETTE:
        raise ValueError(
            f"unknown colour {name!r}; the palette has {', '.join(PALETTE)}"
        )
    return PALETTE[name]


def subplots(rows: int = 1, columns: int = 1, **options: object) -> tuple[Figure, Any]:
    """Return a figure and its axes in the house style, as Matplotlib's `subplots`; for
    the rooms that draw without importing Matplotlib.
    """
    return plt.subplots(rows, columns, **options)


# --- One frame: a picture, a table, or both -------------------------------------------


@dataclass(frozen=True)
class Frame:
    """A picture, a table, or both, with a caption, an alt text, and their values as
    text.
    """

    caption: str
    text: str
    alt: str = ""
    image: bytes = b""
    width: int = 0
    photo: bool = False
    table: str = ""

    def image_uri(self) -> str:
        """Return the picture as a data address, or "" if the frame has none."""
        return (
            "data:image/webp;base64," + base64.b64encode(self.image).decode()
            if self.image
            else ""
        )

    def html(self) -> str:
        """Return the frame as a <figure> with its caption."""
        kind = "dlp-photo" if self.photo else "dlp-lines"
        img = (
            f'<img class="dark-light {kind}" src="{self.image_uri()}" '
            f'alt="{escape(self.alt)}" '
            f'width="{self.width}" style="max-width:100%;height:auto">'
            if self.image
            else ""
        )
        caption = (
            f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        )
        return f'<figure class="dlp-figure">{img}{self.table}{caption}</figure>'


def frame(
    fig: Figure | None = None,
    *,
    caption: str,
    alt: str = "",
    rows: Sequence | None = None,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    values: object = None,
    measured: bool = False,
    photo: bool = False,
) -> Frame:
    """Return a frame with the figure, the rows, or both, and close the figure.

    `values` replaces the numbers read from the axes; `measured` leaves numbers out of
    the text, because they differ from machine to machine; `photo` keeps a picture's own
    colours in dark mode.
    Raises: ValueError if there is neither figure nor rows, if the caption is empty, or
    if the alt text says too little.
    """
    if fig is None and rows is None:
        raise ValueError("a frame needs a figure, rows for a table, or both")
    if not caption.strip():
        raise ValueError("a frame needs a caption that says what it shows")
    if fig is not None:
        _check_alt(alt)
    numbers = (
        ""
        if measured
        else _lines(values)
        if values is not None
        else _drawn(fig)
        if fig is not None
        else ""
    )
    grid = _Grid(rows, columns) if rows is not None else None
    parts = [caption, alt, numbers, grid.text() if grid and not measured else ""]
    image, width = _picture(fig) if fig is not None else (b"", 0)
    return Frame(
        caption=caption,
        alt=alt,
        text="\n".join(part for part in parts if part),
        image=image,
        width=width,
        photo=photo,
        table=grid.html(caption) if grid else "",
    )


def figure(fig: Figure, *, alt: str, caption: str, **options: object) -> None:
    """Show a figure with its alt text, its caption, and its numbers as text; options as
    for `frame`.
    """
    one = frame(fig, alt=alt, caption=caption, **options)
    display({"text/html": one.html(), "text/plain": one.text}, raw=True)


def _check_alt(alt: str) -> None:
    if len(alt.split()) < 5:
        raise ValueError(
            "the alt text must say in a sentence what is to be seen, for a reader "
            f"who cannot see it; got {alt!r}"
        )


def _picture(fig: Figure) -> tuple[bytes, int]:
    """Return the figure as WebP, with its width on the page in pixels, and close it."""
    raw, packed = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    plt.close(fig)
    image = Image.open(raw).convert("RGB")
    image.save(packed, format="WEBP", lossless=True, quality=40, method=3)
    return packed.getvalue(), round(image.width * SCREEN / DOTS_PER_INCH)


def _drawn(fig: Figure) -> str:
    """Return the numbers that a figure draws, one line of text for each of its lines,
    bars, points, areas and images.
    """
    return "\n".join(text for axes in fig.axes for text in _of_axes(axes))


def _of_axes(axes: Axes) -> Iterator[str]:
    for line in axes.lines:
        yield f"{_label(line)}x {_lines(line.get_xdata())} y {_lines(line.get_ydata())}"
    for bars in axes.containers:
        if isinstance(bars, BarContainer):
            yield f"{_label(bars)}bars {_lines(bars.datavalues)}"
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
            f"{_lines(np.asarray(drawn.get_offsets(), dtype=float))}"
        )
    elif isinstance(drawn, LineCollection):
        yield f"{_label(drawn)}segments {_lines(drawn.get_segments())}"
    elif isinstance(drawn, PolyCollection):
        yield (
            f"{_label(drawn)}areas "
            f"{_lines([path.vertices for path in drawn.get_paths()])}"
        )
    elif drawn.get_array() is not None:
        yield _pixels(drawn.get_array())


def _pixels(array: object) -> str:
    """Return a small image's values, or a large one's mean and maximum."""
    pixels = np.ma.filled(np.ma.asarray(array, dtype=float), np.nan)
    values = (
        _lines(pixels)
        if pixels.size <= SMALL
        else f"mean {number(pixels.mean())} max {number(pixels.max())}"
    )
    return f"image {pixels.shape} {values}"


def _label(artist: object) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else f"{label}: "


def _lines(values: object) -> str:
    """Return numbers, however nested, as text with three significant digits."""
    if isinstance(values, Mapping):
        return "; ".join(f"{key}: {_lines(value)}" for key, value in values.items())
    if isinstance(values, str) or not isinstance(values, Iterable):
        return number(values)
    return "[" + " ".join(_lines(value) for value in values) + "]"


# --- Numbers and tables ---------------------------------------------------------------


def number(value: object, digits: int = 3) -> str:
    """Return a value as readers write it: thousands separators, `digits` significant
    digits, shapes with a cross.

    >>> number(1234567), number(0.123456), number(12345.6), number((64, 7, 7)), number(None), number(2.5e-9)
    ('1,234,567', '0.123', '12,346', '64 × 7 × 7', '–', '2.5e-09')
    """
    if value is None or (
        isinstance(value, Real) and not isinstance(value, Integral) and np.isnan(value)
    ):
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{value:,}"
    if isinstance(value, Real):
        if 10 ** (digits - 1) <= abs(value) < 1e15:
            return f"{value:,.0f}"
        text = f"{float(value):.{digits}g}"
        return "0" if text == "-0" else text
    if isinstance(value, tuple):
        return " × ".join(map(number, value))
    return str(value)


def si(value: float, unit: str = "", digits: int = 3) -> str:
    """Return a value with an SI prefix, for instance 15.5 G.

    >>> si(15470264320), si(340908, "MAC"), si(12, "B")
    ('15.5 G', '341 kMAC', '12 B')
    """
    rounded = abs(float(f"{value:.{digits}g}"))
    size, prefix = next(
        (
            (s, p)
            for s, p in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
            if rounded >= s
        ),
        (1, ""),
    )
    return f"{value / size:.{digits}g} {prefix}{unit}".rstrip()


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage.

    >>> percent(0.8934), percent(1)
    ('89.3 %', '100.0 %')
    """
    return f"{100 * share:.{digits}f} %"


class _Grid:
    """Rows of values under headings, as aligned text and as an HTML table."""

    def __init__(
        self, rows: Iterable, columns: Sequence[str] | Mapping[str, str] | None
    ) -> None:
        dicts = [_as_dict(row) for row in rows]
        keys = list(columns or dict.fromkeys(key for row in dicts for key in row))
        if missing := [
            key for key in keys if dicts and not any(key in row for row in dicts)
        ]:
            raise ValueError(
                f"no row has a column {missing}; the rows have {list(dicts[0])}"
            )
        self.headings = [
            columns[key] if isinstance(columns, Mapping) else key.replace("_", " ")
            for key in keys
        ]
        self.cells = [[number(row.get(key)) for key in keys] for row in dicts]
        self.numeric = [any(_is_number(row.get(key)) for row in dicts) for key in keys]

    def text(self) -> str:
        """Return the table with its columns aligned, numbers to the right."""
        grid = [self.headings, *self.cells]
        widths = [max(len(row[i]) for row in grid) for i in range(len(self.headings))]
        lines = [
            "  ".join(
                f"{cell:>{w}}" if right else f"{cell:<{w}}"
                for cell, w, right in zip(row, widths, self.numeric, strict=True)
            )
            for row in grid
        ]
        return "\n".join(line.rstrip() for line in lines)

    def html(self, caption: str) -> str:
        """Return the table in a box that scrolls, with headings for screen readers."""
        sides = ["right" if right else "left" for right in self.numeric]
        head = "".join(
            f'<th scope="col" style="text-align:{side}">{escape(text)}</th>'
            for text, side in zip(self.headings, sides, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(self._cell(i, text, sides[i]) for i, text in enumerate(row))
            + "</tr>"
            for row in self.cells
        )
        return (
            '<div class="dlp-scroll" role="region" tabindex="0" '
            f'aria-label="{escape(caption or "Table")}" '
            'style="overflow-x:auto"><table '
            f'class="dlp-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def _cell(self, column: int, text: str, side: str) -> str:
        tag = 'th scope="row"' if column == 0 else "td"
        wraps = ' class="dlp-long"' if len(text) > LONG else ""
        return (
            f'<{tag}{wraps} style="text-align:{side}">{escape(text)}</{tag.split()[0]}>'
        )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _as_dict(row: object) -> dict:
    if is_dataclass(row):
        return asdict(row)
    if not isinstance(row, Mapping):
        raise TypeError(
            "a table takes dicts or dataclasses as rows, got "
            f"{type(row).__name__}: "
            f"{row!r:.60}"
        )
    return dict(row)


def table(
    rows: Iterable,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    caption: str = "",
) -> None:
    """Show rows (dicts or dataclasses) as a table; `columns` picks keys, or maps keys
    to headings.

    Whole numbers get thousands separators, other numbers three significant digits;
    missing values are a dash.
    """
    grid = _Grid(rows, columns)
    note = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    html = f'<figure class="dlp-figure">{grid.html(caption)}{note}</figure>'
    display(
        {
            "text/html": html,
            "text/plain": "\n".join(filter(None, [grid.text(), caption])),
        },
        raw=True,
    )


# --- Sentences and code ---------------------------------------------------------------


def say(markdown: str, *, holds: bool = True) -> None:
    """Show a sentence with computed numbers as Markdown, unless its condition fails.

    A sentence that judges (more, best, every, only, agrees) passes as `holds` the
    condition under which it is true. Raises: ValueError that quotes the sentence, if
    the condition is false; TypeError if it is no truth value.
    """
    text = textwrap.dedent(markdown).strip()
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"holds must be True or False, got {holds!r}")
    if not holds:
        raise ValueError(f"the numbers no longer bear this sentence out: {text}")
    display(Markdown(text))


def source(thing: object, *, doc: bool = True) -> None:
    """Show the code of a function or class of the library; `doc=False` leaves out its
    docstring.
    """
    code = textwrap.dedent(inspect.getsource(thing)).rstrip()
    definition = ast.parse(code).body[0]
    if not doc and ast.get_docstring(definition) is not None:
        lines, text = code.splitlines(), definition.body[0]
        code = "\n".join(lines[: text.lineno - 1] + lines[text.end_lineno :])
    say(f"```python\n{code}\n```")
