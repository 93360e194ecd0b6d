"""Rows of numbers as aligned text and as an HTML table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from html import escape
from numbers import Real

from IPython.display import display

from ._numbers import number

LONG, LONGISH = 36, 12  # characters; a longer text is wrapped, in a wide table sooner
WIDE = (
    82  # characters; a wider table is set smaller, to stand on a page without scrolling
)


class Grid:
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
        dense = " dlp-dense" if self.width() > WIDE else ""
        return (
            '<div class="dlp-scroll" role="region" tabindex="0" '
            f'aria-label="{escape(caption or "Table")}" '
            'style="overflow-x:auto"><table '
            f'class="dlp-table{dense}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def width(self) -> int:
        """Return how many characters the table is wide: its longest cells, what wraps
        left out, and two between columns.
        """
        columns = list(zip(*self.cells, strict=True)) or [()] * len(self.headings)
        words = [max(map(len, heading.split()), default=0) for heading in self.headings]
        cells = [
            max((min(len(it), LONG) for it in column), default=0) for column in columns
        ]
        return sum(map(max, words, cells)) + 2 * len(columns)

    def _cell(self, column: int, text: str, side: str) -> str:
        tag = 'th scope="row"' if column == 0 else "td"
        kind = "long" if len(text) > LONG else "longish" if len(text) > LONGISH else ""
        wraps = f' class="dlp-{kind}"' if kind and side == "left" else ""
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
    folded: bool = False,
) -> None:
    """Show rows (dicts or dataclasses) as a table; `columns` picks keys, or maps keys
    to headings. `folded`, a reader opens it by its caption.

    Whole numbers get thousands separators, other numbers three significant digits;
    missing values are a dash.
    """
    grid = Grid(rows, columns)
    note = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    if folded:
        note, head = "", escape(caption or f"{len(grid.cells)} rows")
        html = f"<details><summary>{head}</summary>{grid.html(caption)}</details>"
    else:
        html = grid.html(caption)
    html = f'<figure class="dlp-figure">{html}{note}</figure>'
    display(
        {
            "text/html": html,
            "text/plain": "\n".join(filter(None, [grid.text(), caption])),
        },
        raw=True,
    )
