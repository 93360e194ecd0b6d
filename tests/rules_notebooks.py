"""Rules for lectures: each function takes a notebook and returns the problems it finds,
as sentences.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from nbformat import NotebookNode

MOST_LINES, MOST_IMPORTS, FEWEST_WORDS = 15, 6, 5
SECTIONS = ("What this asks of the chip", "Exercises", "Summary", "Sources")
NOT_COMPARED = "nbval-ignore-output"
FORBIDDEN_TAGS = {
    "nbval-skip",
    "raises-exception",
    "nbval-raises-exception",
    "skip-execution",
}
SHOWS = re.compile(
    r"^(show\.(figure|table|say|source)|explore|predict|predictions|print|display|"
    r"exercises\.(check|solution))\b"
)


def code_cells(book: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in book.cells if cell.cell_type == "code"]


def prose(book: NotebookNode) -> str:
    """Return what a lecture says: its Markdown cells and the sentences that its code
    prints.
    """
    cells = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
    return "\n\n".join(
        [
            *cells,
            *(data["text/markdown"] for data in _data(book) if "text/markdown" in data),
        ]
    )


def _data(book: NotebookNode) -> Iterator[dict]:
    for cell in code_cells(book):
        yield from (output.data for output in cell.outputs if "data" in output)


def not_executed(book: NotebookNode) -> list[str]:
    """Return what tells that the code cells were not run in order from 1, raised an
    error, or lost their outputs.
    """
    problems = []
    for number, cell in enumerate(code_cells(book), start=1):
        name = f"code cell {number}"
        if not cell.source.strip():
            problems.append(f"{name} is empty")
        if cell.execution_count != number:
            problems.append(f"{name} was executed as number {cell.execution_count}")
        if any(output.output_type == "error" for output in cell.outputs):
            problems.append(f"{name} stored an error")
        if not cell.outputs and shows_something(cell.source):
            problems.append(f"{name} shows something and has no output stored")
    return problems


def shows_something(source: str) -> bool:
    """Tell whether running a cell must leave an output: it calls what shows, or ends
    with a value.

    >>> texts = ("print(1)", "x = 1", "x = 1\\nx", "plt.close()", "x.sort()")
    >>> [shows_something(text) for text in texts]
    [True, False, True, False, False]
    """
    body = parsed(source).body
    calls = [ast.unparse(node.value) for node in body if isinstance(node, ast.Expr)]
    ends = (
        bool(body)
        and isinstance(body[-1], ast.Expr)
        and not isinstance(body[-1].value, ast.Call | ast.Constant)
    )
    return ends or any(SHOWS.match(call) for call in calls)


def long_cells(book: NotebookNode) -> list[str]:
    """Return the code cells of more than fifteen lines, and import cells of more than
    six (blank lines left out).
    """
    problems = []
    for number, cell in enumerate(code_cells(book), start=1):
        lines, imports = len(cell.source.splitlines()), import_lines(cell.source)
        if lines > MOST_LINES:
            problems.append(
                f"code cell {number} has {lines} lines, at most {MOST_LINES}"
            )
        if imports > MOST_IMPORTS:
            problems.append(
                f"code cell {number} has {imports} lines of imports, at most "
                f"{MOST_IMPORTS}"
            )
        if number > 1 and imports:
            problems.append(
                f"code cell {number} imports; the first code cell is the place for that"
            )
    return problems


def empty_cells(book: NotebookNode) -> list[str]:
    """Return the cells that hold nothing."""
    return [
        f"cell {number} is empty"
        for number, cell in enumerate(book.cells, start=1)
        if not cell.source.strip()
    ]


def import_lines(source: str) -> int:
    """Count the lines of a cell's imports.

    >>> import_lines("import a\\nfrom b import (c,\\n    d)\\n'''\\nfrom here\\n'''")
    3
    """
    imports = [
        node
        for node in parsed(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return sum(node.end_lineno - node.lineno + 1 for node in imports)


def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a cell, without its lines for IPython."""
    return ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M))


def missing_parts(book: NotebookNode) -> list[str]:
    """Return the parts that every lecture has and this one lacks."""
    markdown = "\n".join(
        cell.source for cell in book.cells if cell.cell_type == "markdown"
    )
    problems = [
        f"no section {name!r}"
        for name in SECTIONS
        if not re.search(rf"^## {name}", markdown, flags=re.M)
    ]
    if not book.cells or not re.match(r"# \S", book.cells[0].source):
        problems.append("the first cell does not begin with a title")
    if "gainst the world" not in markdown:
        problems.append("no check against the world")
    if not any(
        'class="dlp-explore"' in "".join(data.get("text/html", ""))
        for data in _data(book)
    ):
        problems.append("no explorer")
    return problems


def forbidden_tags(book: NotebookNode) -> list[str]:
    """Return the cells whose tags hide an error or keep the cell from running."""
    return [
        f"code cell {number} is tagged {tag}"
        for number, cell in enumerate(code_cells(book), start=1)
        for tag in sorted(FORBIDDEN_TAGS & set(cell.metadata.get("tags", [])))
    ]


def not_compared(book: NotebookNode) -> int:
    """Count the cells whose outputs strict nbval does not compare, by tag or by
    comment.
    """
    return sum(
        NOT_COMPARED in cell.metadata.get("tags", [])
        or "NBVAL_IGNORE_OUTPUT" in cell.source
        for cell in code_cells(book)
    )


def missing_alt(book: NotebookNode) -> list[str]:
    """Return the pictures of a notebook, in its outputs and its Markdown, that say too
    little to who cannot see them.
    """
    problems = []
    for number, cell in enumerate(book.cells, start=1):
        if cell.cell_type == "markdown":
            alts = [*re.findall(r"!\[([^\]]*)\]\(", cell.source), *images(cell.source)]
            problems += [
                f"cell {number}: a picture says only {alt!r}"
                for alt in alts
                if too_short(alt)
            ]
        for output in cell.get("outputs", []):
            problems += [
                f"cell {number}: {text}"
                for text in _output_without_alt(output.get("data", {}))
            ]
    return problems


def _output_without_alt(data: dict) -> list[str]:
    html = data.get("text/html", "")
    if any(kind.startswith("image/") for kind in data):
        return ["a picture without alt text; show it with show.figure"]
    return [
        f"a picture says only {alt!r}"
        for alt in [*images(html), *frames(html)]
        if too_short(alt)
    ]


def too_short(alt: str | None) -> bool:
    """Tell whether an alt text has fewer than five words."""
    return len((alt or "").split()) < FEWEST_WORDS


class _Pictures(HTMLParser):
    """Collects the alt texts of <img> and of drawings, and the JSON of explorers."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str | None] = []
        self.data: list[str] = []
        self._json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self.alts.append(given.get("alt"))
        if tag == "svg" and given.get("role") == "img":
            self.alts.append(given.get("aria-label"))
        self._json = tag == "script" and given.get("type") == "application/json"

    def handle_data(self, data: str) -> None:
        if self._json:
            self.data.append(data)
            self._json = False


def images(html: str) -> list[str | None]:
    """Return the alt texts of all pictures in a piece of HTML, None where there is no
    alt.
    """
    parser = _Pictures()
    parser.feed(html)
    return parser.alts


def frames(html: str) -> list[str]:
    """Return the alt texts of the pictures that the explorers in a piece of HTML switch
    between.
    """
    parser = _Pictures()
    parser.feed(html)
    found = [data for data in map(json.loads, parser.data) if "pieces" in data]
    return [one["alt"] for data in found for one in data["frames"] if one["svg"]]


def cited(text: str) -> set[str]:
    """Return the keys that a text cites.

    >>> sorted(cited("so {footcite}`lecun1998, sze2017` and {cite:t}`he2016`"))
    ['he2016', 'lecun1998', 'sze2017']
    """
    found = re.findall(r"\{(?:foot)?cite(?::\w+)?\}+`([^`]+)`", text)
    return {key.strip() for keys in found for key in keys.split(",")}


def bib_problems(bibliography: str, keys: Iterable[str]) -> list[str]:
    """Return the cited keys that the bibliography lacks, and the keys that it has
    twice.
    """
    entries = re.findall(r"^@\w+\{([^,\s]+),", bibliography, flags=re.M)
    problems = [
        f"{key} is cited and not in references.bib"
        for key in sorted(set(keys) - set(entries))
    ]
    return problems + [
        f"{key} is in references.bib twice"
        for key in sorted({k for k in entries if entries.count(k) > 1})
    ]
