"""Find the exercises of a lecture: their text, the stub that a reader fills in, and the
folded solution.
"""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_DIRECTIVE = re.compile(
    r"^(:{3,})\{exercise\}[ \t]*(?P<title>.*)\n:label:[ \t]*(?P<label>\S+)\n(?P<text>.*?)^\1[ \t]*$",
    re.M | re.S,
)
_FOLDED = re.compile(
    r"^(:{3,})\{solution\}[ \t]*(?P<label>\S+)\n(?P<text>.*?)^\1[ \t]*$\n?", re.M | re.S
)
_START = re.compile(
    r"^:{3,}\{solution-start\}[ \t]*(?P<label>\S+)\n.*?^:{3,}[ \t]*$\n?(?P<text>.*)",
    re.M | re.S,
)
_STOP = re.compile(r"^:{3,}\{solution-end\}", re.M)
_CHECK = re.compile(
    r"""^exercises\.check\(["'](?P<task>[^"']*)["'],\s*(?P<answer>.*)\)[ \t]*$""", re.M
)
_OPEN = re.compile(r"^\s*\w.*=\s*\.\.\.\s*$")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lecture, by the numbers of its cells; a question in words has
    neither stub nor solution cell.
    """

    title: str
    label: str
    text: str
    cell: int
    stub: int | None = None
    solution: int | None = None
    explained: str = ""
    folded: range = range(0)


def exercises(book: NotebookNode) -> list[Exercise]:
    """Return the exercises of a lecture in their order."""
    texts = [cell.source if cell.cell_type == "markdown" else "" for cell in book.cells]
    found = [
        (i, match)
        for i, text in enumerate(texts)
        for match in _DIRECTIVE.finditer(text)
    ]
    after = [i for i, _ in found[1:]] + [len(texts)] * bool(found)
    return [
        _exercise(book, texts, i, match, end)
        for (i, match), end in zip(found, after, strict=True)
    ]


def _exercise(
    book: NotebookNode, texts: list[str], at: int, match: re.Match, end: int
) -> Exercise:
    title, label, text = match["title"].strip(), match["label"], match["text"].strip()
    for i in range(at, min(end + 1, len(texts))):
        for folded in _FOLDED.finditer(texts[i]):
            if folded["label"] == label:
                return Exercise(
                    title,
                    label,
                    text,
                    at,
                    explained=_without_options(folded["text"]),
                    folded=range(i, i + 1),
                )
    start = next(
        (
            i
            for i in range(at, end)
            if (m := _START.match(texts[i])) and m["label"] == label
        ),
        None,
    )
    if start is None:
        return Exercise(title, label, text, at, stub=_first_check(book, range(at, end)))
    stop = next((i for i in range(start, end) if _STOP.search(texts[i])), start)
    explained = _START.match(texts[start])["text"].strip()
    cells = {
        "stub": _first_check(book, range(at, start)),
        "solution": _first_check(book, range(start, stop)),
    }
    return Exercise(
        title,
        label,
        text,
        at,
        explained=explained,
        folded=range(start, stop + 1),
        **cells,
    )


def _without_options(text: str) -> str:
    return re.sub(r"\A(:\w+:.*\n)*", "", text).strip()


def _first_check(book: NotebookNode, where: range) -> int | None:
    return next(
        (
            i
            for i in where
            if book.cells[i].cell_type == "code" and _CHECK.search(book.cells[i].source)
        ),
        None,
    )


def without_directives(source: str) -> str:
    """Return a Markdown cell without folded solutions, and with exercises as headings,
    which any Jupyter shows.

    >>> print(without_directives(":::{exercise} Two\\n:label: a-two\\nHow many?\\n:::"))
    ### Exercise: Two
    <BLANKLINE>
    How many?
    """
    headed = _DIRECTIVE.sub(
        lambda match: (
            f"### Exercise: {match['title'].strip()}\n\n{match['text'].strip()}\n"
        ),
        source,
    )
    return _FOLDED.sub("", headed).strip()


def checks(source: str) -> list[tuple[str, str]]:
    """Return the tasks that a cell checks, each with what is passed as the answer.

    >>> checks('n = 3\\nexercises.check("convolution.output_size", n)')
    [('convolution.output_size', 'n')]
    """
    return [(match["task"], match["answer"]) for match in _CHECK.finditer(source)]


def without_check(source: str) -> str:
    """Return a cell without its checks."""
    return _CHECK.sub("", source).rstrip()


def without_solution(source: str) -> str:
    """Return a cell without the lines between the solution's marks, which go too.

    >>> without_solution("a = 1\\n### BEGIN SOLUTION\\nb = 2\\n### END SOLUTION\\nc = 3")
    'a = 1\\nc = 3'
    """
    kept, inside = [], False
    for line in source.splitlines():
        inside = (inside or line.strip() == BEGIN) and line.strip() != END
        if not inside and line.strip() != END:
            kept.append(line)
    return "\n".join(kept)


def stub_and_solution(stub: str, solution: str) -> str:
    """Return the solution with the stub's open lines (`x = ...`) before it: without the
    marked lines, it is the stub.
    """
    lines = solution.splitlines()
    missing = [
        line for line in stub.splitlines() if _OPEN.match(line) and line not in lines
    ]
    at = next(i for i, line in enumerate(lines) if line.strip() == BEGIN)
    return "\n".join([*lines[:at], *missing, *lines[at:]])


def imports(book: NotebookNode) -> NotebookNode:
    """Return the lecture's first code cell, which imports what all others use."""
    return next(cell for cell in book.cells if cell.cell_type == "code")
