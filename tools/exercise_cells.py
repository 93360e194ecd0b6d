"""Find the exercises of a lecture: their text, the stub that a reader fills in, and the
call that shows the folded solution.
"""

import ast
import re
import textwrap
from dataclasses import dataclass

from nbformat import NotebookNode

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_HEADING = re.compile(
    r"\A### (?P<number>[A-Z][\w -]* \d+)\. (?P<title>.+)\n*(?P<text>(?s:.*))"
)
_SECTION = re.compile(r"^##? ", re.M)
_CHECK = re.compile(
    r"""^exercises\.check\(["'](?P<task>[^"']*)["'],\s*(?P<answer>.*)\)[ \t]*$""", re.M
)
_SOLUTION = re.compile(r"""^exercises\.solution\(["']([^"']*)["']\)[ \t]*$""", re.M)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lecture, by the numbers of its cells; a question in words has
    no stub.
    """

    number: str
    title: str
    text: str
    cell: int
    stub: int | None = None
    solution: int | None = None
    task: str = ""

    @property
    def label(self) -> str:
        """The number as a word, for instance `history-3`."""
        return self.number.lower().replace(" ", "-")


def exercises(book: NotebookNode) -> list[Exercise]:
    """Return the exercises of a lecture in their order."""
    found = [(i, match) for i, c in enumerate(book.cells) if (match := heading(c))]
    return [_exercise(book, i, match) for i, match in found]


def heading(cell: NotebookNode) -> re.Match | None:
    """Return the match of an exercise's heading, if the cell begins with one."""
    return _HEADING.match(cell.source) if cell.cell_type == "markdown" else None


def _exercise(book: NotebookNode, at: int, match: re.Match) -> Exercise:
    own = range(at + 1, _end(book, at))
    stub = next((i for i in own if _code(book, i, _CHECK)), None)
    shown = next((i for i in own if _code(book, i, _SOLUTION)), None)
    named = [checks(book.cells[i].source)[0][0] for i in (stub,) if i is not None]
    named += [solutions(book.cells[i].source)[0] for i in (shown,) if i is not None]
    return Exercise(
        number=match["number"],
        title=match["title"].strip(),
        text=match["text"].strip(),
        cell=at,
        stub=stub,
        solution=shown,
        task=named[0] if named else "",
    )


def _end(book: NotebookNode, at: int) -> int:
    """Return where the exercise that begins at a cell ends: at the next heading."""
    for i in range(at + 1, len(book.cells)):
        cell = book.cells[i]
        if heading(cell) or (cell.cell_type != "code" and _SECTION.search(cell.source)):
            return i
    return len(book.cells)


def _code(book: NotebookNode, number: int, pattern: re.Pattern) -> bool:
    cell = book.cells[number]
    return cell.cell_type == "code" and bool(pattern.search(cell.source))


def checks(source: str) -> list[tuple[str, str]]:
    """Return the tasks that a cell checks, each with what is passed as the answer.

    >>> checks('n = 3\\nexercises.check("convolution.output_size", n)')
    [('convolution.output_size', 'n')]
    """
    return [(match["task"], match["answer"]) for match in _CHECK.finditer(source)]


def solutions(source: str) -> list[str]:
    """Return the tasks whose solution a cell shows.

    >>> solutions('exercises.solution("convolution.output_size")')
    ['convolution.output_size']
    """
    return _SOLUTION.findall(source)


def without_check(source: str) -> str:
    """Return a cell without its checks."""
    return _CHECK.sub("", source).rstrip()


def solved(stub: str, code: str) -> str:
    """Return a stub with the code of its solution between the marks of nbgrader: in the
    body of the function that it defines, or as the value that it leaves open.

    >>> print(solved('n = ...\\nexercises.check("a.b", n)', "2 * 3"))
    n = ...
    ### BEGIN SOLUTION
    n = 2 * 3
    ### END SOLUTION
    exercises.check("a.b", n)
    """
    tree, lines = ast.parse(without_check(stub)), stub.splitlines()
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if functions:
        marked = textwrap.indent(f"{BEGIN}\n{_inside(code)}\n{END}", " " * 4)
        at = functions[-1].end_lineno
    else:
        name = checks(stub)[0][1]
        marked, at = f"{BEGIN}\n{name} = {code}\n{END}", tree.body[-1].end_lineno
    return "\n".join([*lines[:at], marked, *lines[at:]])


def _inside(code: str) -> str:
    """Return what stands before a function and its body, without the docstring."""
    function = ast.parse(code).body[-1]
    lines, body = code.splitlines(), function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    before = "\n".join(lines[: function.lineno - 1]).strip()
    inside = textwrap.dedent("\n".join(lines[body[0].lineno - 1 :]))
    return f"{before}\n\n\n{inside}" if before else inside


def imports(book: NotebookNode) -> NotebookNode:
    """Return the lecture's first code cell, which imports what all others use."""
    return next(cell for cell in book.cells if cell.cell_type == "code")
