"""Rules for the exercises of a lecture: each function takes a notebook and returns the
problems it finds.
"""

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from dlpatterns.exercises._tasks import Function, Task

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import exercise_cells
from exercise_cells import BEGIN, END, Exercise

FEWEST, MOST = 5, 8
FOLDED = {"source_hidden": True, "outputs_hidden": True}


def wrong_names(
    book: NotebookNode, lecture: str, tasks: Mapping[str, Task]
) -> list[str]:
    """Return the checks of tasks that do not exist, the tasks that no exercise checks,
    and labels that do not fit.
    """
    problems, seen = [], []
    for number, cell in enumerate(book.cells, start=1):
        for name, _ in (
            exercise_cells.checks(cell.source) if cell.cell_type == "code" else []
        ):
            room, _, task = name.partition(".")
            if room != lecture or task not in tasks:
                problems.append(
                    f"cell {number} checks {name}, which is no task of {lecture}"
                )
    for exercise in exercise_cells.exercises(book):
        name = _task(book, exercise)
        seen.append(name)
        wanted = f"{lecture}-{name.replace('_', '-')}" if name else f"{lecture}-"
        if not exercise.label.startswith(wanted):
            problems.append(
                f"the exercise {exercise.label} should be labelled {wanted}"
            )
    return problems + [
        f"the task {name} has no exercise in the lecture"
        for name in tasks
        if name not in seen
    ]


def _task(book: NotebookNode, exercise: Exercise) -> str:
    """Return the name of the task that an exercise checks, without the lecture's; "" if
    it is a question in words.
    """
    return (
        exercise_cells.checks(book.cells[exercise.stub].source)[0][0].rpartition(".")[2]
        if exercise.stub
        else ""
    )


def wrong_number(book: NotebookNode) -> list[str]:
    """Return a problem if a lecture has too few or too many exercises, or two of one
    label or title.
    """
    found = exercise_cells.exercises(book)
    problems = (
        []
        if FEWEST <= len(found) <= MOST
        else [f"{len(found)} exercises; {FEWEST} to {MOST} are expected"]
    )
    for what in ("label", "title"):
        names = [getattr(exercise, what) for exercise in found]
        problems += [
            f"two exercises have the {what} {name!r}"
            for name in sorted({n for n in names if names.count(n) > 1})
        ]
    return problems


def wrong_cells(book: NotebookNode) -> list[str]:
    """Return the exercises without stub, solution or explanation, and those whose cells
    do not fit together.
    """
    problems = []
    for exercise in exercise_cells.exercises(book):
        if exercise.stub is None and exercise.solution is None:
            found = (
                []
                if len(exercise.explained.split()) >= 20
                else ["has neither a stub nor a worked answer in words"]
            )
        elif exercise.stub is None or exercise.solution is None:
            found = [
                (
                    f"has no {'stub' if exercise.stub is None else 'solution'} that "
                    "checks itself"
                )
            ]
        else:
            found = _unfit(
                book.cells[exercise.stub], book.cells[exercise.solution], exercise
            )
        problems += [f"{exercise.label} {problem}" for problem in found]
    return problems


def _unfit(stub: NotebookNode, solution: NotebookNode, exercise: Exercise) -> list[str]:
    conditions = {
        "has a solution without one pair of marks": solution.source.count(BEGIN)
        == solution.source.count(END)
        == 1,
        "has a stub that holds the solution's marks": BEGIN not in stub.source,
        "has a stub that does not end with its check": bool(
            exercise_cells.checks(stub.source.splitlines()[-1])
        ),
        "checks one thing in the stub and another in the solution": _same_checks(
            stub, solution
        ),
        "has a solution that is not folded": solution.metadata.get("jupyter") == FOLDED,
        "has a stub that is folded": "jupyter" not in stub.metadata,
        "does not explain its solution": bool(exercise.explained.strip()),
    }
    problems = [problem for problem, fine in conditions.items() if not fine]
    if not problems and not _fits(stub.source, solution.source):
        problems.append(
            "has a solution that, without the marked lines, is not the stub"
        )
    return problems


def _same_checks(stub: NotebookNode, solution: NotebookNode) -> bool:
    return (
        exercise_cells.checks(stub.source)
        == exercise_cells.checks(solution.source)
        != []
    )


def _fits(stub: str, solution: str) -> bool:
    return (
        exercise_cells.without_solution(
            exercise_cells.stub_and_solution(stub, solution)
        )
        == stub
    )


def wrong_signatures(book: NotebookNode, tasks: Mapping[str, Task]) -> list[str]:
    """Return the functions whose name or arguments in the stub are not those of the
    reference, which the hints show.
    """
    problems = []
    for exercise in exercise_cells.exercises(book):
        task = tasks.get(_task(book, exercise))
        if isinstance(task, Function):
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
                    f"{exercise.label}: the stub defines {defined}, the reference "
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


def alone(book: NotebookNode) -> NotebookNode:
    """Return a notebook of the lecture's imports and, of each exercise, the stub and
    then the solution.
    """
    found = [
        exercise
        for exercise in exercise_cells.exercises(book)
        if exercise.stub and exercise.solution
    ]
    sources = [
        book.cells[i].source
        for exercise in found
        for i in (exercise.stub, exercise.solution)
    ]
    cells = [exercise_cells.imports(book).source, *sources]
    kernel = {
        "kernelspec": {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
    }
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata=kernel
    )


def wrong_answers(
    book: NotebookNode, tasks: Mapping[str, Task], folder: Path
) -> list[str]:
    """Run the exercises with the lecture's imports alone; return the stubs and
    solutions that answer something else.
    """
    ran = alone(book)
    NotebookClient(
        ran,
        timeout=120,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
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
    hints of their own, points.
    """
    hints = [hint for _, hint in task.slips]
    conditions = {
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
        "has no points": task.points >= 1,
    }
    return [f"{name} {problem}" for problem, fine in conditions.items() if not fine]


def unrendered(html: str, book: NotebookNode) -> list[str]:
    """Return the exercises that a built page does not number one after the other, and
    the solutions it does not fold.
    """
    problems, numbers = [], []
    for exercise in exercise_cells.exercises(book):
        start = html.find(f'<div class="exercise admonition" id="{exercise.label}">')
        title = re.search(
            r'caption-number">Exercise (\d+) <',
            html[start : html.find("</p>", start)] if start >= 0 else "",
        )
        if title is None:
            problems.append(f"{exercise.label} has no number on its page")
            continue
        numbers.append(int(title[1]))
        if numbers[-1] != numbers[0] + len(numbers) - 1:
            problems.append(
                f"{exercise.label} has the number {numbers[-1]}, after {numbers[:-1]}"
            )
    problems += [
        f"the solution of {e.label} is not folded"
        for e in exercise_cells.exercises(book)
        if not _folded(html, e)
    ]
    directives = ("{exercise}", "{solution}", "{solution-start}", "{solution-end}")
    return problems + [
        f"{directive} is shown as text" for directive in directives if directive in html
    ]


def _folded(html: str, exercise: Exercise) -> bool:
    before, link, _ = html.partition(f'href="#{exercise.label}"')
    return bool(link) and before[before.rfind("<div") :].startswith(
        '<div class="solution dropdown admonition"'
    )
