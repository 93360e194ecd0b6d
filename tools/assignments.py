"""Write what a teacher hands out: notebooks without solutions, and a course folder for
nbgrader.

Run from the root of the repository:  python tools/assignments.py [FOLDER]

FOLDER/students/LECTURE.ipynb              the whole lecture; each exercise with its
check, without its solution
FOLDER/course/source/LECTURE/LECTURE.ipynb the exercises alone, with solutions and
locked tests, as nbgrader wants them; beside `source`, what judges and the key of its
cases
"""

import hashlib
import re
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import exercise_cells
import nbformat
from exercise_cells import Exercise
from nbformat import NotebookNode

from dlpatterns import exercises
from dlpatterns.exercises._tasks import Task

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
JUDGES = ("judging.py", "answering.py")
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
}
HELP = (
    "Fill in each open cell and run it. The check below your answer replies at once: "
    "it says what differs, "
    "and often why. You may try as often as you like."
)
CONFIG = '''"""Settings of this nbgrader course."""

import sys
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import Judge

c = get_config()  # noqa: F821 (nbgrader provides it)


class Copies(DeduplicateIds):
    """Let a copied cell be a plain cell; marks without content would stop the class."""

    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources


steps = Autograde.sanitize_preprocessors.default()
c.Autograde.sanitize_preprocessors = [
    Copies if step is DeduplicateIds else step for step in steps
]
steps = Autograde.autograde_preprocessors.default()
c.Autograde.autograde_preprocessors = [
    Judge if step is Execute else step for step in steps
]
c.OverwriteCells.add_missing_cells = True  # a locked cell that was deleted comes back
c.CourseDirectory.course_id = "dlpatterns"
c.ClearSolutions.code_stub = {"python": "# Write your answer here."}
c.ClearSolutions.text_stub = "*Write your answer here.*"
'''
README = """# The exercises as an nbgrader course

`make assignments` wrote this folder. It may be written again: copy it to a place of
your own before you use it.

    nbgrader generate_assignment {first} --create   # release/{first}: what students get
    # students hand in: submitted/STUDENT/{first}/{first}.ipynb
    nbgrader autograde {first} --create      # gradebook.db, new students too
    # answers in words: JupyterLab in this folder, menu Nbgrader, Formgrader
    nbgrader generate_feedback {first}       # feedback/STUDENT/{first}/{first}.html
    nbgrader export                          # grades.csv

| lecture | points for code | points for words |
|---|---:|---:|
{rows}

A test names a task and an answer, `exercises.require("history.infer", everything)`.
When nbgrader grades, `judging.py` runs the cells before it in a process of their own
(`answering.py`) and judges what comes back, by the check that students see in their
notebook, on cases drawn from `grading.key`. Keep that file, and keep it to yourself:
with another one functions are tried on other cases. What this withstands, and what not,
is told in the book, "For teachers". The machine that grades needs Linux or macOS and
the library `dlpatterns` of the version that the students used.
"""


def student_notebook(book: NotebookNode) -> NotebookNode:
    """Return a lecture without solutions and outputs; stubs and checks stay."""
    kept = (cell for cell in book.cells if not exercise_cells.solutions(cell.source))
    return _notebook([_student_cell(cell) for cell in kept if cell.source.strip()])


def _student_cell(cell: NotebookNode) -> NotebookNode:
    if cell.cell_type == "code":
        shown = ("jupyter", "tags", "cellView")
        kept = {key: value for key, value in cell.metadata.items() if key in shown}
        return nbformat.v4.new_code_cell(cell.source, id=cell.id, metadata=kept)
    return nbformat.v4.new_markdown_cell(cell.source, id=cell.id)


def course_notebook(book: NotebookNode, tasks: Mapping[str, Task]) -> NotebookNode:
    """Return the exercises of a lecture as nbgrader's source: answers in marked cells,
    each with a locked test.
    """
    title = re.match(r"#\s+(.+)", book.cells[0].source if book.cells else "")
    head = f"# {title[1] if title else 'Exercises'}: exercises\n\n{HELP}"
    cells = [
        _cell("markdown", head, "head"),
        _cell("code", exercise_cells.imports(book).source, "imports"),
    ]
    for exercise in exercise_cells.exercises(book):
        text = f"## {exercise.number}. {exercise.title}\n\n{exercise.text}"
        cells.append(_cell("markdown", text, f"{exercise.label}-text"))
        cells += _answer_cells(book, exercise, tasks)
    return _notebook(cells)


def _answer_cells(
    book: NotebookNode, exercise: Exercise, tasks: Mapping[str, Task]
) -> list[NotebookNode]:
    """Return the cell for the answer, and for one in code the test: worth the points of
    its task.
    """
    task, label = tasks[exercise.task.rpartition(".")[2]], exercise.label
    if exercise.stub is None:
        words = {"solution": True, "points": task.points}
        return [_cell("markdown", task.told, label, **words)]
    stub = book.cells[exercise.stub].source
    ((name, answer),) = exercise_cells.checks(stub)
    test = f'from dlpatterns import exercises\n\nexercises.require("{name}", {answer})'
    answered = exercise_cells.solved(stub, task.code)
    return [
        _cell("code", answered, label, solution=True),
        _cell("code", test, f"{label}-test", points=task.points),
    ]


def _cell(
    kind: str,
    source: str,
    name: str,
    *,
    solution: bool = False,
    points: int | None = None,
) -> NotebookNode:
    """Return a cell with nbgrader's metadata: an answer (solution), a test (points),
    both (graded by hand), or text.
    """
    marks = {
        "grade_id": name,
        "solution": solution,
        "grade": points is not None,
        "locked": not solution,
    }
    marks |= {"schema_version": 3, "task": False} | (
        {} if points is None else {"points": points}
    )
    make = (
        nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    )
    return make(
        source,
        id=hashlib.sha1(name.encode()).hexdigest()[:8],
        metadata={"nbgrader": marks},
    )


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def points(course: NotebookNode) -> tuple[int, int]:
    """Return the points of a course notebook that tests give, and those that a person
    gives.
    """
    marks = [
        cell.metadata["nbgrader"]
        for cell in course.cells
        if cell.metadata["nbgrader"]["grade"]
    ]
    return tuple(
        sum(mark["points"] for mark in marks if mark["solution"] is by_hand)
        for by_hand in (False, True)
    )


def write(
    books: Mapping[str, NotebookNode],
    tasks: Mapping[str, Mapping[str, Task]],
    folder: Path,
) -> None:
    """Write students' notebooks and the course for lectures by name; what else lies in
    the folder stays, a key too.
    """
    courses = {name: course_notebook(book, tasks[name]) for name, book in books.items()}
    for name, book in books.items():
        _save(student_notebook(book), folder / "students" / f"{name}.ipynb")
        _save(courses[name], folder / "course" / "source" / name / f"{name}.ipynb")
    rows = (
        f"| {name} | {code} | {words} |"
        for name, (code, words) in zip(
            courses, map(points, courses.values()), strict=True
        )
    )
    (folder / "course").mkdir(parents=True, exist_ok=True)
    (folder / "course" / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    for name in JUDGES:
        shutil.copyfile(HERE / name, folder / "course" / name)
    _write_key(folder / "course" / "grading.key")
    readme = README.format(first=next(iter(courses), "LECTURE"), rows="\n".join(rows))
    (folder / "course" / "README.md").write_text(readme, encoding="utf-8")


def _write_key(path: Path) -> None:
    """Write a new key that only its owner may read, unless there is one."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_hex(16)}\n", encoding="utf-8")


def _save(book: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.validate(book)
    nbformat.write(book, path)


def main(folder: Path) -> None:
    """Write the assignments of all lectures that have tasks, and say where they are."""
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    books = {
        path.stem: nbformat.read(path, as_version=4)
        for path in paths
        if path.stem in exercises.lectures()
    }
    write(books, {name: exercises.tasks(name) for name in books}, folder)
    print(f"Students' notebooks of {len(books)} lectures: {folder / 'students'}")
    print(f"Course for nbgrader, with a README: {folder / 'course'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "assignments")
