"""Assignments: students' notebooks hold no solution, and the real nbgrader releases,
grades and adds up.
"""

import csv
import doctest
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from attacks_for_tests import ATTACKERS, ATTACKS, ENDS, REMEMBERS
from lecture_for_tests import TASKS, book
from nbclient import NotebookClient

from dlpatterns import exercises
from dlpatterns.exercises._tasks import Function, Words

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import answering
import assignments
import exercise_cells

ROOT = Path(__file__).resolve().parent.parent
BOOKS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((ROOT / "chapters").glob("*.ipynb"))
}
REAL = next(name for name in BOOKS if name in exercises.lectures())
lectures = pytest.mark.parametrize("lecture", BOOKS)


def answers(tasks):
    """Return the lines that a student has to find: those of the solutions' code, and
    the worked answers.
    """
    lines = [
        line.strip()
        for task in tasks.values()
        for line in [*task.code.splitlines(), *task.told.splitlines()]
    ]
    return [line for line in lines if len(line) > 12 and not line.startswith("def ")]


def held(tasks, text):
    """Return the lines of the answers that stand in a text."""
    return [line for line in answers(tasks) if line in text and '"""' not in line]


def sources(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


# --- Students' notebooks --------------------------------------------------------------


@lectures
def test_a_student_s_notebook_is_the_lecture_without_solutions(lecture):
    full, students = BOOKS[lecture], assignments.student_notebook(BOOKS[lecture])
    shown = [
        cell.source
        for cell in full.cells
        if cell.source.strip() and not exercise_cells.solutions(cell.source)
    ]
    assert [cell.source for cell in students.cells] == shown
    assert "exercises.solution" not in sources(students)
    found = exercise_cells.exercises(students)
    assert [e.number for e in found] == [
        e.number for e in exercise_cells.exercises(full)
    ]
    assert not any(
        cell.get("outputs") or cell.get("execution_count") for cell in students.cells
    )
    exercises_only = sources(students).partition("## Exercises")[2]
    assert held(exercises.tasks(lecture), exercises_only) == []


def test_the_untouched_students_notebook_runs_and_answers():
    students = assignments.student_notebook(book())
    NotebookClient(students, timeout=60).execute()
    told = [
        o.data["text/plain"]
        for cell in students.cells
        if cell.cell_type == "code"
        for o in cell.outputs
    ]
    assert [text[:19] for text in told] == ["○ Not answered yet."] * 2


# --- The course -----------------------------------------------------------------------


@pytest.mark.parametrize("lecture", exercises.lectures())
def test_other_cases_pass_the_reference_and_fail_each_mistake(lecture):
    for name, task in exercises.tasks(lecture).items():
        if isinstance(task, Function):
            for key in ("0f1e", "2d3c", "4b5a"):
                seed = f"{key} {lecture}.{name}"
                assert task.judge(seed, task.reference, len), name
                for mistake, hint in task.mistakes:
                    assert task.judge(seed, mistake, len).hint == hint


@lectures
def test_each_exercise_is_a_marked_answer_and_a_locked_test_worth_its_points(lecture):
    tasks = {
        name: task
        for name, task in exercises.tasks(lecture).items()
        if not isinstance(task, Words)
    }
    course = assignments.course_notebook(BOOKS[lecture], exercises.tasks(lecture))
    marks = [cell.metadata["nbgrader"] for cell in course.cells]
    assert len({mark["grade_id"] for mark in marks}) == len(marks)
    tests = [cell for cell in course.cells if "exercises.require(" in cell.source]
    assert {name: task.points for name, task in tasks.items()} == {
        cell.source.split('"')[1].rpartition(".")[2]: cell.metadata["nbgrader"][
            "points"
        ]
        for cell in tests
    }
    for cell in tests:
        assert cell.metadata["nbgrader"]["locked"]
        assert cell.metadata["nbgrader"]["grade"]
        assert not cell.metadata["nbgrader"]["solution"]
    assert assignments.points(course)[0] == sum(task.points for task in tasks.values())


def test_the_course_is_written_the_same_every_time(tmp_path):
    for folder in ("one", "two"):
        assignments.write({"demo": book()}, {"demo": TASKS}, tmp_path / folder)
    course = Path("course/source/demo/demo.ipynb")
    assert (tmp_path / "one" / course).read_bytes() == (
        tmp_path / "two" / course
    ).read_bytes()


def test_what_a_teacher_put_into_the_folder_stays(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "gradebook.db").write_text("grades")
    assignments.write({"demo": book()}, {"demo": TASKS}, tmp_path)
    assert (tmp_path / "course" / "gradebook.db").read_text() == "grades"
    assert "| demo | 3 | 2 |" in (tmp_path / "course" / "README.md").read_text()


def test_a_book_without_lectures_makes_an_empty_course(tmp_path):
    assignments.write({}, {}, tmp_path)
    assert [path.name for path in sorted((tmp_path / "course").iterdir())] == [
        "README.md",
        "answering.py",
        "grading.key",
        "judging.py",
        "nbgrader_config.py",
    ]


def test_each_course_has_a_key_of_its_own_and_keeps_it(tmp_path):
    keys = []
    for folder in ("one", "two", "one"):
        assignments.write({}, {}, tmp_path / folder)
        path = tmp_path / folder / "course" / "grading.key"
        keys.append(path.read_text(encoding="utf-8"))
        assert path.stat().st_mode & 0o077 == 0
    assert keys[0] == keys[2] != keys[1]
    assert len(keys[0].strip()) == 32


# --- nbgrader itself ------------------------------------------------------------------


DEMO_IS_KNOWN = f"""
sys.path.insert(0, {str(ROOT / "tests")!r})
import lecture_for_tests
import judging
from dlpatterns import exercises

judging.CALLS_SECONDS = 3
real = exercises.tasks
exercises.tasks = lambda of: lecture_for_tests.TASKS if of == "demo" else real(of)
exercises.find = lambda name: exercises.tasks(name.split(".")[0])[name.split(".")[1]]
"""


class Course:
    """A course folder with the real nbgrader, away from this machine's settings and
    home.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        homes = {
            "HOME": "home",
            "IPYTHONDIR": "ipython",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
        }
        homes |= {
            "JUPYTER_RUNTIME_DIR": "runtime",
            "XDG_CACHE_HOME": "cache",
            "MPLCONFIGDIR": "mpl",
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "IPYTHON", "XDG"))
        }
        refused = dict.fromkeys(
            ("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9"
        )
        kept["PATH"] = (
            # nbgrader calls alembic by its name
            f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        )
        kept["PYTHONPATH"] = str(ROOT / "lib")
        self.environment = (
            kept
            | refused
            | {name: str(folder / "homes" / place) for name, place in homes.items()}
        )

    def nbgrader(self, *arguments: str) -> None:
        """Run an nbgrader command in the course folder; fail with what it says."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def notebook(self, step: str, lecture: str) -> nbformat.NotebookNode:
        return nbformat.read(
            self.folder / step / lecture / f"{lecture}.ipynb", as_version=4
        )

    def submit(self, student: str, lecture: str, answers: dict[str, str]) -> None:
        """Hand in the released notebook with the sources of some cells, by grade_id,
        replaced.
        """
        released = self.notebook("release", lecture)
        for cell in released.cells:
            cell.source = answers.get(
                cell.metadata["nbgrader"]["grade_id"], cell.source
            )
        path = self.folder / "submitted" / student / lecture / f"{lecture}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(released, path)

    def change(self, student: str, lecture: str, change: Callable) -> None:
        """Change the cells of what a student has handed in."""
        path = self.folder / "submitted" / student / lecture / f"{lecture}.ipynb"
        book = nbformat.read(path, as_version=4)
        change(book.cells)
        nbformat.write(book, path)

    def solutions(self, lecture: str) -> dict[str, str]:
        """Return the sources of all answers in code, solved, by grade_id."""
        marked = [
            (cell, cell.metadata["nbgrader"])
            for cell in self.notebook("source", lecture).cells
        ]
        return {
            m["grade_id"]: cell.source
            for cell, m in marked
            if m["solution"] and cell.cell_type == "code"
        }

    @functools.cached_property
    def scores(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Return (score, most) by (student, lecture), as nbgrader exports them."""
        self.nbgrader("export")
        with open(self.folder / "grades.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return {
            (r["student_id"], r["assignment"]): (
                float(r["score"]),
                float(r["max_score"]),
            )
            for r in rows
        }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of a constructed lecture and a real one, released, handed in by several
    students, and graded.
    """
    folder = tmp_path_factory.mktemp("nbgrader")
    books, tasks = {"demo": book()}, {"demo": TASKS}
    books[REAL], tasks[REAL] = BOOKS[REAL], exercises.tasks(REAL)
    assignments.write(books, tasks, folder)
    with open(folder / "course" / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(DEMO_IS_KNOWN)
    course = Course(folder / "course")
    for lecture in books:
        course.nbgrader("generate_assignment", lecture, "--create")
    hand_in(course)
    for lecture in books:
        course.nbgrader("autograde", lecture, "--create")
    return course


def hand_in(course):
    """Let students hand in what is right; half right and never ending; wrong, with the
    tests taken out.
    """
    right = course.solutions("demo")
    wrong_value = right["demo-1"].replace("32 * 9_600", "614_400")
    endless = right["demo-2"].replace("return x * factor", "while True: pass")
    course.submit("right", "demo", right)
    course.submit("half", "demo", right | {"demo-2": endless})
    meddled = {
        "demo-1": wrong_value,
        "demo-1-test": "pass",
        "demo-2": "1 / 0",
        "demo-2-test": "pass",
    }
    course.submit("wrong", "demo", meddled)
    course.submit("deleted", "demo", right)
    course.change(
        "deleted", "demo", lambda cells: cells.pop(place(cells, "demo-1-test"))
    )
    course.submit("copied", "demo", right)
    course.change("copied", "demo", copied)
    for name, (first, second) in ATTACKERS.items():
        attack = {"demo-1": ATTACKS[first], "demo-2": f"{ATTACKS[second]}\nscaled = n"}
        course.submit(name, "demo", attack)
    course.submit("ends", "demo", right | {"demo-1": ENDS})
    course.submit("remembers", "demo", right | {"demo-2": REMEMBERS})
    right = course.solutions(REAL)
    course.submit("right", REAL, right)
    course.submit("half", REAL, dict([next(iter(right.items()))]))


def place(cells, name):
    marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
    return next(i for i, mark in enumerate(marks) if mark.get("grade_id") == name)


def copied(cells):
    """Copy an answer, as a student does who wants to keep the old one."""
    at = place(cells, "demo-1")
    cells.insert(at, nbformat.from_dict(cells[at] | {"id": "copied"}))


def test_the_release_reveals_no_answer_and_keeps_the_stubs(course):
    for lecture, tasks in [("demo", TASKS), (REAL, exercises.tasks(REAL))]:
        text = sources(course.notebook("release", lecture))
        assert held(tasks, text) == []
        assert "SOLUTION" not in text
        assert "# Write your answer here." in text
    assert "*Write your answer here.*" in sources(course.notebook("release", "demo"))
    assert (
        'n = ...\n# Write your answer here.\nexercises.check("demo.whole", n)'
        in sources(course.notebook("release", "demo"))
    )


def test_scores_of_right_and_wrong_submissions(course):
    scores = {
        student: score
        for (student, lecture), score in course.scores.items()
        if lecture == "demo"
    }
    # 1 point for the value and 2 for the function; 2 for words wait for a person
    whole = dict.fromkeys(("right", "deleted", "copied"), (3, 5))
    partly = {"half": (1, 5), "ends": (2, 5), "remembers": (1, 5), "wrong": (0, 5)}
    assert scores == whole | partly | dict.fromkeys(ATTACKERS, (0, 5))


def test_the_verdicts_on_attacks_say_what_is_wrong(course):
    told = {name: verdicts(course, name)[0] for name in [*ATTACKERS, "ends"]}
    assert all(text.startswith("Demo 1: ✗ Not right yet.") for text in told.values())
    assert "ended the process" in told["ends"]
    assert "one number is expected" in told["attacker0"].lower()
    assert verdicts(course, "half")[1].startswith(
        "Demo 2: ✗ Not right yet. There was no answer in time."
    )
    assert verdicts(course, "right")[1].startswith("Demo 2: ✓ Correct.")


def verdicts(course, student):
    """Return what the tests of the demo tell a student."""
    path = course.folder / "autograded" / student / "demo" / "demo.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    shown = [cells[place(cells, f"demo-{i}-test")].outputs[0] for i in (1, 2)]
    return [output.get("evalue") or output.get("text") for output in shown]


def test_scores_of_a_real_lecture(course):
    tasks = exercises.tasks(REAL)
    notebook = assignments.course_notebook(BOOKS[REAL], tasks)
    first = next(
        cell for cell in notebook.cells if "exercises.require(" in cell.source
    ).metadata["nbgrader"]["points"]
    full, most = (
        assignments.points(notebook)[0],
        sum(assignments.points(notebook)),
    )
    assert course.scores["right", REAL] == (full, most)
    assert course.scores["half", REAL] == (first, most)
    assert 0 < first < full <= most


def test_a_wrong_answer_is_graded_with_its_hint(course):
    graded = nbformat.read(
        course.folder / "autograded" / "wrong" / "demo" / "demo.ipynb", as_version=4
    )
    test = next(
        cell
        for cell in graded.cells
        if cell.metadata["nbgrader"]["grade_id"] == "demo-1-test"
    )
    assert "You counted FLOP." in test.outputs[0].evalue


def test_nothing_is_written_outside_the_course(course):
    assert not (ROOT / "gradebook.db").exists()
    assert not (ROOT / ".nbgrader.log").exists()
    kept = {path.name for path in course.folder.iterdir()} - {"homes"}
    assert {
        "source",
        "release",
        "submitted",
        "autograded",
        "gradebook.db",
        "nbgrader_config.py",
    } <= kept


def test_examples_in_the_tools_are_right():
    assert (
        doctest.testmod(exercise_cells).failed
        == doctest.testmod(assignments).failed
        == 0
    )
    assert doctest.testmod(exercise_cells).attempted >= 3
    assert doctest.testmod(answering) == (0, 2)


def test_make_assignments_writes_all_lectures(tmp_path):
    if not shutil.which("make"):
        pytest.skip("no make")
    script = [sys.executable, str(ROOT / "tools" / "assignments.py"), str(tmp_path)]
    told = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    wanted = sorted(name for name in BOOKS if name in exercises.lectures())
    assert (
        sorted(path.stem for path in (tmp_path / "students").glob("*.ipynb")) == wanted
    )
    assert (
        sorted(path.name for path in (tmp_path / "course" / "source").glob("*"))
        == wanted
    )
    assert str(tmp_path / "students") in told
    assert "tools/assignments.py" in (ROOT / "Makefile").read_text(encoding="utf-8")
