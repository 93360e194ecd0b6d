"""Two pages written when the book is built: what can be played and answered, lecture by
lecture, and for teachers the wrong answers to expect, with rubrics.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx

from dlpatterns import exercises
from dlpatterns.exercises._describe import describe
from dlpatterns.exercises._tasks import Choice, Function, Task, Words

PAGES = ("register", "answers")
HEADING = re.compile(r"(?m)^##+ (.+)$")
DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


def write_register(app: Sphinx, name: str, source: list[str]) -> None:
    """Fill the places of the two pages, from the lectures as they are staged."""
    if name in PAGES:
        folder = Path(app.srcdir)
        toc = (folder / "_toc.yml").read_text(encoding="utf-8")
        for place, text in written(folder / "chapters", toc).items():
            source[0] = source[0].replace(f"<!-- {place} -->", text)


def written(folder: Path, toc: str) -> dict[str, str]:
    """Return the texts of all places by name."""
    names = re.findall(r"file: *chapters/(\w+)", toc)
    books = {
        name: nbformat.read(folder / f"{name}.ipynb", 4)
        for name in names
        if (folder / f"{name}.ipynb").exists()
    }
    shown = {name: list(displays(book)) for name, book in books.items()}
    with_tasks = [name for name in books if name in exercises.lectures()]
    return {
        "explorers": under({name: explorers(name, shown[name]) for name in books}),
        "predictions": under({name: asked(name, shown[name]) for name in books}),
        "exercises": under({name: listed(name, books[name]) for name in with_tasks}),
        "mistakes": under({name: mistakes(name) for name in with_tasks}),
        "rubrics": under({name: rubrics(name) for name in with_tasks}),
        "guesses": under({name: answered(shown[name]) for name in books}),
    }


def under(parts: dict[str, list[str]]) -> str:
    """Return the lines of each lecture below a link to it."""
    return "\n\n".join(
        f"**[](chapters/{name}.ipynb)**\n\n" + "\n".join(lines)
        for name, lines in parts.items()
        if lines
    )


def displays(book: nbformat.NotebookNode) -> Iterator[tuple[str, str, str]]:
    """Yield the section, the HTML and the text of what a lecture displays."""
    section = ""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            section = [section, *HEADING.findall(cell.source)][-1]
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/html" in data:
                yield section, data["text/html"], data.get("text/plain", "")


def link(name: str, heading: str) -> str:
    """Return a link to a section of a lecture.

    >>> link("roofline", "The roof")
    '[The roof](chapters/roofline.ipynb#the-roof)'
    """
    return f"[{heading}](chapters/{name}.ipynb#{default_slugify(heading)})"


def explorers(name: str, shown: list) -> list[str]:
    """Return a line for each explorer of a lecture: its section, what is chosen."""
    lines = []
    for section, html, text in shown:
        if "dlp-explore" in html:
            chosen = re.match(r"\[(.*?)\]\n", text)
            parts = re.findall(r"(?:^|, )([^=,]+?) = ", chosen[1]) if chosen else []
            views = len(re.findall(r"(?m)^\[[^\n]* = [^\n]*\]$", text))
            lines.append(f"- {link(name, section)}: {', '.join(parts)}; {views} views")
        elif re.search(r"class=\"dlp-(bits|cells|rescale|blocks)\"", html):
            lines.append(f"- {link(name, section)}: computes in the page")
    return lines


def questions(shown: list) -> Iterator[tuple[str, dict]]:
    """Yield the section and the data of each prediction."""
    for section, html, _ in shown:
        if 'class="dlp-predict"' in html:
            yield section, json.loads(DATA.search(html)[1])


def asked(name: str, shown: list) -> list[str]:
    """Return the questions of a lecture's predictions, without the answers."""
    return [f"- {link(name, at)}: {one['question']}" for at, one in questions(shown)]


def listed(name: str, book: nbformat.NotebookNode) -> list[str]:
    """Return a line for each exercise: a link to it, its kind, its points."""
    text = "\n".join(one.source for one in book.cells if one.cell_type == "markdown")
    headings = re.findall(r"(?m)^### (.+)$", text)
    lines = []
    for key, task in exercises.tasks(name).items():
        number = exercises.number(f"{name}.{key}")
        head = next((h for h in headings if h.startswith(f"{number}.")), "")
        if head:
            kind = type(task).__name__.lower()
            lines.append(f"- {link(name, head)}: {kind}, {points(task)}")
    return lines


def points(task: Task) -> str:
    """Return the points of a task in words."""
    return f"{task.points} point{'s' * (task.points > 1)}"


def cell(text: str) -> str:
    """Return a text as a cell of a table, its signs as they are but for code.

    >>> cell("a * b | `c * d`")
    'a \\\\* b \\\\| `c * d`'
    """
    parts = " ".join(text.split()).split("`")
    plain = [re.sub(r"([*_$<\[{])", r"\\\1", one) for one in parts[::2]]
    parts[::2] = plain
    return "`".join(parts).replace("|", "\\|")


def code(value: object) -> str:
    """Return a wrong answer as code, or nothing for a function: its hint tells."""
    if callable(value):
        return "a function"
    shown = value if isinstance(value, str) else describe(value)
    plain = " ".join(shown.split()).replace("|", "\\|")
    return cell(shown) if "`" in shown else f"`{plain}`"


def mistakes(name: str) -> list[str]:
    """Return a table of the wrong answers that a lecture's exercises know, each with
    the hint that the student gets.
    """
    rows = []
    for key, task in exercises.tasks(name).items():
        number = exercises.number(f"{name}.{key}")
        wrong = task.wrong.items() if isinstance(task, Choice) else task.mistakes
        for value, hint in wrong:
            given = "a function" if isinstance(task, Function) else code(value)
            rows.append(f"| {number} | {given} | {cell(hint)} |")
    head = ["| exercise | wrong answer | the hint it gets |", "|---|---|---|"]
    return head + rows if rows else []


def rubrics(name: str) -> list[str]:
    """Return what earns points in a lecture's questions in words."""
    lines = []
    for key, task in exercises.tasks(name).items():
        if isinstance(task, Words):
            number = exercises.number(f"{name}.{key}")
            lines.append(f"- *{number}. {task.title}* ({points(task)})")
            lines += [f"  - {one}" for one in task.rubric or [task.answer]]
    return lines


def answered(shown: list) -> list[str]:
    """Return a table of a lecture's predictions: the question, the answer, and between
    which guesses the class may lie.
    """
    rows = []
    for _, one in questions(shown):
        low, high = one.get("low"), one.get("high")
        wide = f"{low:,.7g} to {high:,.7g}" if None not in (low, high) else ""
        others = [it for it in one.get("choices") or [] if it != one["answer"]]
        span = cell("; ".join(others) if others else wide)
        rows.append(f"| {cell(one['question'])} | {cell(one['said'])} | {span} |")
    head = ["| prediction | answer | the others, or the axis |", "|---|---|---|"]
    return head + rows if rows else []
