"""Rules for the exercises of a lecture: each function takes a notebook and returns the
problems it finds.
"""

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from dlpatterns.exercises._tasks import Function, Task, Words

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import exercise_cells
from exercise_cells import Exercise

FEWEST, MOST = 4, 8
QUIET = {
    "tags": ["remove-input"],
    "jupyter": {"source_hidden": True},
    "cellView": "form",
}


def wrong_names(
    book: NotebookNode, lecture: str, tasks: Mapping[str, Task]
) -> list[str]:
    """Return the calls for tasks that do not exist, the tasks without an exercise, and
    the exercises whose number or title is not their task's.
    """
    problems, short = [], lecture.replace("_", " ").capitalize()
    for number, cell in enumerate(book.cells, start=1):
        for name in _asked(cell) if cell.cell_type == "code" else []:
            room, _, task = name.partition(".")
            if room != lecture or task not in tasks:
                problems.append(f"cell {number} asks for {name}, no task of {lecture}")
    found = [(e.number, e.title, _last(e)) for e in exercise_cells.exercises(book)]
    wanted = [
        (f"{short} {n}", task.title, name)
        for n, (name, task) in enumerate(tasks.items(), start=1)
    ]
    return problems + [
        f"exercise {n}: the lecture has {one}, the tasks have {other}"
        for n, (one, other) in enumerate(zip_longest(found, wanted), start=1)
        if one != other
    ]


def _asked(cell: NotebookNode) -> list[str]:
    """Return the tasks that a cell checks or whose solution it shows."""
    checked = [name for name, _ in exercise_cells.checks(cell.source)]
    return checked + exercise_cells.solutions(cell.source)


def _last(exercise: Exercise) -> str:
    """Return the name of an exercise's task, without the lecture's."""
    return exercise.task.rpartition(".")[2]


def wrong_number(book: NotebookNode) -> list[str]:
    """Return a problem if a lecture has too few or too many exercises, or two of one
    title.
    """
    titles = [exercise.title for exercise in exercise_cells.exercises(book)]
    problems = [
        f"two exercises have the title {title!r}"
        for title in sorted({t for t in titles if titles.count(t) > 1})
    ]
    if not FEWEST <= len(titles) <= MOST:
        problems.append(f"{len(titles)} exercises; {FEWEST} to {MOST} are expected")
    return problems


def wrong_cells(book: NotebookNode, tasks: Mapping[str, Task]) -> list[str]:
    """Return the exercises without stub or solution, and those whose cells do not fit
    together.
    """
    return [
        f"{exercise.number} {problem}"
        for exercise in exercise_cells.exercises(book)
        for problem in _unfit(book, exercise, tasks.get(_last(exercise)))
    ]


def _unfit(book: NotebookNode, exercise: Exercise, task: Task | None) -> list[str]:
    in_words = isinstance(task, Words)
    if exercise.solution is None:
        return ["has no solution"]
    if (exercise.stub is None) != in_words:
        return ["is in words and has a stub" if in_words else "has no stub"]
    shown = book.cells[exercise.solution]
    conditions = {
        "shows more than the solution": len(shown.source.splitlines()) == 1,
        "shows the solution of another task": _asked(shown) == [exercise.task],
        "has a solution whose call is not hidden": QUIET.items()
        <= dict(shown.metadata).items(),
    }
    if not in_words:
        stub = book.cells[exercise.stub]
        conditions |= {
            "has a stub that is folded": "jupyter" not in stub.metadata,
            "has its solution before its stub": exercise.stub < exercise.solution,
            "has a stub that does not end with its check": bool(
                exercise_cells.checks(stub.source.splitlines()[-1])
            ),
        }
    return [problem for problem, fine in conditions.items() if not fine]


def unlinked(book: NotebookNode) -> list[str]:
    """Return the exercises whose text does not end with a link to a section of the
    lecture.
    """
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for cell in book.cells
        if cell.cell_type == "markdown"
        for heading in re.findall(r"^##+ (.+)$", cell.source, re.M)
    }
    problems = []
    for exercise in exercise_cells.exercises(book):
        link = re.search(r"\[[^\]]+\]\(#([^)]+)\)\.?\*?\Z", exercise.text)
        if link is None or link[1] not in anchors:
            problems.append(f"{exercise.number} does not end with a link to a section")
    return problems


def wrong_signatures(book: NotebookNode, tasks: Mapping[str, Task]) -> list[str]:
    """Return the functions whose name or arguments in the stub are not those of the
    reference, which the hints show.
    """
    problems = []
    for exercise in exercise_cells.exercises(book):
        task = tasks.get(_last(exercise))
        if isinstance(task, Function) and exercise.stub is not None:
            stub = exercise_cells.without_check(book.cells[exercise.stub].source)
            defined = {
                n.name: ast.unparse(n.args)
                for n in ast.parse(stub).body
                if isinstance(n, ast.FunctionDef)
            }
            reference = inspect.signature(task.reference)
            wanted = {task.reference.__name__: _names(reference)}
            if {
                name: _names_of(arguments) for name, arguments in defined.items()
            } != wanted:
                problems.append(
                    f"{exercise.number}: the stub defines {defined}, the reference "
                    "is "
                    f"{wanted}"
                )
    return problems


def _names(signature: inspect.Signature) -> list[str]:
    return list(signature.parameters)


def _names_of(arguments: str) -> list[str]:
    scope: dict = {}
    exec(f"def function({arguments}): pass", scope)
    return _names(inspect.signature(scope["function"]))


def alone(book: NotebookNode, tasks: Mapping[str, Task]) -> NotebookNode:
    """Return a notebook of the lecture's imports and, of each exercise, the stub and
    then the stub with the solution that is shown.
    """
    sources = [exercise_cells.imports(book).source]
    for exercise in exercise_cells.exercises(book):
        if exercise.stub is not None:
            stub = book.cells[exercise.stub].source
            sources += [stub, exercise_cells.solved(stub, tasks[_last(exercise)].code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
        metadata={"kernelspec": kernel},
    )


def wrong_answers(
    book: NotebookNode, tasks: Mapping[str, Task], folder: Path
) -> list[str]:
    """Run the exercises with the lecture's imports alone; return the stubs and
    solutions that answer something else.
    """
    ran = alone(book, tasks)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(ran, timeout=120, allow_errors=True, resources=where).execute()
    problems = (
        [f"the imports fail: {_told(ran.cells[0])}"]
        if "error" in _kinds(ran.cells[0])
        else []
    )
    for number, cell in enumerate(ran.cells[1:]):
        name = exercise_cells.checks(cell.source)[0][0]
        task = tasks.get(name.rpartition(".")[2])
        wanted = task and (
            f"○ Not answered yet. Expected: {task.expects}."
            if number % 2 == 0
            else f"✓ Correct. {task.why}"
        )
        if _told(cell) != wanted:
            problems.append(
                f"the {'solution' if number % 2 else 'stub'} of {name} answers "
                f"{_told(cell)!r}, not {wanted!r}"
            )
    return problems


def _kinds(cell: NotebookNode) -> list[str]:
    return [output.output_type for output in cell.outputs]


def _told(cell: NotebookNode) -> str:
    """Return the plain text of a cell's outputs, or its error."""
    told = [
        o.get("ename") or o.get("text") or o.get("data", {}).get("text/plain", "")
        for o in cell.outputs
    ]
    return "\n".join(told)


def unhelpful(name: str, task: Task) -> list[str]:
    """Return what is missing in a task: texts of some length, two mistakes or more,
    hints of their own, points; of a question in words, an answer and its rubric.
    """
    conditions = {
        "has no title": bool(task.title),
        "has no points": task.points >= 1,
        "does not explain its solution": len(task.told.split()) >= 4,
    }
    if isinstance(task, Words):
        conditions["has no worked answer"] = len(task.answer.split()) >= 20
    else:
        conditions |= _helpful(task)
    return [f"{name} {problem}" for problem, fine in conditions.items() if not fine]


def _helpful(task: Task) -> dict[str, bool]:
    hints = [hint for _, hint in task.slips]
    return {
        "does not say what is expected": len(task.expects.split()) >= 3,
        "does not say why it matters": len(task.why.split()) >= 6
        and task.why.endswith((".", "?", "!")),
        "has fewer than two usual mistakes": len(hints) >= 2,
        "has a hint twice": len(set(hints)) == len(hints),
        "has a hint of fewer than three words": all(
            len(hint.split()) >= 3 for hint in hints
        ),
        "has a hint that is no sentence": all(
            hint.endswith((".", "?", "!")) for hint in hints
        ),
        "expects something with a full stop at its end": not task.expects.endswith("."),
    }


def unrendered(html: str, book: NotebookNode) -> list[str]:
    """Return the exercises whose heading, or whose folded solution, a built page does
    not show.
    """
    problems = []
    for exercise in exercise_cells.exercises(book):
        if not re.search(rf"<h3>(<[^>]*>)*{re.escape(exercise.number)}\. ", html):
            problems.append(f"{exercise.number} has no heading on its page")
        folded = f'class="dlp-solution"><summary>Solution of {exercise.number}<'
        if folded not in html:
            problems.append(f"the solution of {exercise.number} is not folded")
    return problems
