"""Frames: a figure, a table, or both, with a caption, an alt text and their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from html import escape

from IPython.display import display
from matplotlib.figure import Figure

from ._style import SCREEN
from ._svg import FONT, Drawing, drawing, variables
from ._tables import Grid
from ._values import drawn, lines

POINTS = 72  # an inch
READABLE = 11  # pixels; on a narrow page a figure scrolls before its text is smaller
NARROW = 332  # pixels; a figure that needs no more fits a phone


@dataclass(frozen=True)
class Frame:
    """A figure, a table, or both, with a caption, an alt text, and their values as
    text.
    """

    caption: str
    text: str
    alt: str = ""
    drawing: Drawing | None = None
    table: str = ""

    def html(self) -> str:
        """Return the frame as a <figure> with its caption."""
        caption = (
            f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        )
        picture = ""
        if self.drawing:
            style = variables(self.drawing.inside)
            picture = svg(self.drawing, self.alt, style + named(self))
        return f'<figure class="dlp-figure">{picture}{self.table}{caption}</figure>'


def named(one: Frame, *others: str) -> str:
    """Return a frame's drawing with ids that no other figure of the page has."""
    text = "".join((one.caption, one.alt, *others))
    name = "d" + sha1(text.encode()).hexdigest()[:8]
    return one.drawing.inside.replace("§", name) if one.drawing else ""


def svg(one: Drawing, alt: str, inside: str) -> str:
    """Return a drawing as an <svg> that is as wide as the page allows, and on a narrow
    page scrolls in its box rather than have text that is too small.
    """
    width = one.width * SCREEN / POINTS
    least = min(width, one.width * READABLE / one.smallest)
    scrolls = f' tabindex="0" role="group" aria-label="{escape(alt)}"'
    return (
        '<div class="dlp-picture" style="overflow-x:auto"'
        f"{scrolls if least > NARROW else ''}>"
        f'<svg class="dlp-svg" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {one.width:g} {one.height:g}" width="{width:.0f}" '
        f'font-size="{FONT}" fill="var(--ink)" stroke-linejoin="round" style="display:'
        f'block;margin:0 auto;max-width:100%;min-width:{least:.0f}px;height:auto">'
        f"{inside}</svg></div>"
    )


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
    the text, because they differ from machine to machine. A picture in the figure keeps
    its own colours in dark mode, and so does what is drawn on it; with `photo` it may
    lose what the eye does not miss.
    Raises: ValueError if there is neither figure nor rows, if the caption is empty, or
    if the alt text says too little.
    """
    if fig is None and rows is None:
        raise ValueError("a frame needs a figure, rows for a table, or both")
    if not caption.strip():
        raise ValueError("a frame needs a caption that says what it shows")
    if fig is not None:
        _check_alt(alt)
    numbers = ""
    if not measured and (values is not None or fig is not None):
        numbers = drawn(fig) if values is None else lines(values)
    grid = Grid(rows, columns) if rows is not None else None
    parts = [caption, alt, numbers, grid.text() if grid and not measured else ""]
    return Frame(
        caption=caption,
        alt=alt,
        text="\n".join(part for part in parts if part),
        drawing=drawing(fig, photo=photo) if fig is not None else None,
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
