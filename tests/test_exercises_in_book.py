"""The exercises of every lecture: stub, solution, mistakes and page; and that each rule
finds what breaks it.
"""

import copy
import resource
from pathlib import Path

import nbformat
import pytest
import rules_exercises as rules
from lecture_for_tests import TASKS, book
from nbformat.v4 import new_code_cell, new_notebook
from tasks_for_tests import TASKS as DEMO

from dlpatterns import exercises

ROOT = Path(__file__).resolve().parent.parent
BOOKS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((ROOT / "chapters").glob("*.ipynb"))
}
PARTS = [
    (lecture, name)
    for lecture in BOOKS
    if lecture in exercises.lectures()
    for name in exercises.tasks(lecture)
]
lectures = pytest.mark.parametrize("lecture", BOOKS)
tasks = pytest.mark.parametrize(
    ("lecture", "name"), PARTS, ids=[".".join(part) for part in PARTS]
)


@lectures
def test_lecture_and_tasks_belong_together(lecture):
    assert rules.wrong_names(BOOKS[lecture], lecture, exercises.tasks(lecture)) == []


@lectures
def test_a_lecture_has_enough_exercises(lecture):
    assert rules.wrong_number(BOOKS[lecture]) == []


@lectures
def test_every_exercise_has_a_stub_and_a_folded_solution_that_fit(lecture):
    assert rules.wrong_cells(BOOKS[lecture]) == []


@lectures
def test_stubs_define_what_the_reference_takes(lecture):
    assert rules.wrong_signatures(BOOKS[lecture], exercises.tasks(lecture)) == []


@lectures
def test_untouched_stubs_ask_and_solutions_pass_with_the_imports_alone(lecture):
    assert (
        rules.wrong_answers(BOOKS[lecture], exercises.tasks(lecture), ROOT / "chapters")
        == []
    )


@lectures
def test_the_page_numbers_the_exercises_and_folds_the_solutions(lecture, built):
    page = built / "chapters" / f"{lecture}.html"
    if f"chapters/{lecture}" not in (ROOT / "_toc.yml").read_text(encoding="utf-8"):
        pytest.skip(f"{lecture} is not in the table of contents")
    assert rules.unrendered(page.read_text(encoding="utf-8"), BOOKS[lecture]) == []


@tasks
def test_every_task_helps(lecture, name):
    assert rules.unhelpful(f"{lecture}.{name}", exercises.tasks(lecture)[name]) == []


@tasks
def test_each_usual_mistake_gets_its_own_hint(lecture, name):
    task = exercises.tasks(lecture)[name]
    for wrong, hint in task.slips:
        result = exercises.check(f"{lecture}.{name}", wrong)
        assert (result.status, result.hint) == ("wrong", hint), f"{wrong!r}: {result}"


@tasks
def test_a_check_has_time_to_spare(lecture, name):
    task, before = exercises.tasks(lecture)[name], _seconds()
    exercises.check(f"{lecture}.{name}", task.slips[-1][0])
    assert _seconds() - before < 0.75, "of the 1.5 s that a student's own code may take"


def _seconds() -> float:
    """Return the processor time of all checks so far, which run in processes of their
    own.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_every_module_of_tasks_is_loaded_without_error():
    for lecture in exercises.lectures():
        assert exercises.tasks(lecture), f"{lecture} has no task"


# --- Each rule finds what breaks it ---------------------------------------------------


def problems(lecture, tasks=TASKS):
    return (
        rules.wrong_names(lecture, "demo", tasks)
        + rules.wrong_cells(lecture)
        + rules.wrong_signatures(lecture, tasks)
    )


def changed(cell, old, new):
    lecture = book()
    assert old in lecture.cells[cell].source
    lecture.cells[cell].source = lecture.cells[cell].source.replace(old, new)
    return lecture


def test_a_good_lecture_has_no_problems():
    assert problems(book()) == []
    assert rules.wrong_answers(book(), TASKS, ROOT) == []


def test_a_book_without_lectures_has_no_problems():
    empty = new_notebook()
    assert (
        rules.wrong_names(empty, "demo", {}),
        rules.wrong_cells(empty),
        rules.unrendered("", empty),
    ) == ([], [], [])
    assert rules.wrong_number(empty) == ["0 exercises; 5 to 8 are expected"]


BROKEN = {
    "is no task of demo": (2, "demo.whole", "demo.hole"),
    "is no task of demo ": (4, "demo.whole", "other.whole"),
    "should be labelled demo-whole": (1, "demo-whole", "demo-all"),
    "the task whole has no exercise": (2, "exercises.check", "print"),
    "has no stub": (2, "exercises.check", "print"),
    "has no solution that checks itself": (4, "exercises.check", "print"),
    "one thing in the stub and another": (4, '", n)', '", 307_200)'),
    "without one pair of marks": (4, "### END SOLUTION\n", ""),
    "holds the solution's marks": (
        2,
        "n = ...",
        "### BEGIN SOLUTION\nn = ...\n### END SOLUTION",
    ),
    "does not end with its check": (2, "n)", "n)\nprint(n)"),
    "does not explain": (3, "It is.", ""),
    "without the marked lines, is not the stub": (
        4,
        "### BEGIN SOLUTION\n",
        "m = 3\n### BEGIN SOLUTION\n",
    ),
    "the stub defines": (7, "def scaled(x, factor)", "def scaled(x, times)"),
    "the stub defines ": (7, "def scaled(x", "def scale(x"),
    "neither a stub nor a worked answer": (11, "Because it is so. " * 8, "Because."),
    "neither a stub nor a worked answer ": (
        11,
        "{solution} demo-words",
        "{solution} demo-word",
    ),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_the_rules_find_what_is_broken(problem):
    assert any(
        problem.strip() in found for found in problems(changed(*BROKEN[problem]))
    )


def test_the_rules_find_what_is_folded_and_what_is_not():
    lecture = book()
    lecture.cells[2].metadata, lecture.cells[4].metadata = (
        lecture.cells[4].metadata,
        lecture.cells[2].metadata,
    )
    assert [found.partition(" ")[2] for found in problems(lecture)] == [
        "has a solution that is not folded",
        "has a stub that is folded",
    ]


def test_the_rules_find_a_task_without_an_exercise():
    assert problems(book(), DEMO | {}) != []
    assert "the task root has no exercise in the lecture" in rules.wrong_names(
        book(), "demo", DEMO
    )


def test_the_rules_find_labels_and_titles_that_stand_twice():
    lecture = book()
    lecture.cells += copy.deepcopy(lecture.cells[1:])
    found = rules.wrong_number(lecture)
    assert found[:2] == [
        "two exercises have the label 'demo-scaled'",
        "two exercises have the label 'demo-whole'",
    ]


def test_the_rules_find_stubs_and_solutions_that_answer_something_else():
    lecture = changed(4, "307_200", "614_400")
    lecture.cells[2].source = lecture.cells[2].source.replace("...", "1")
    lecture.cells[9].source = lecture.cells[9].source.replace("x * factor", "x * later")
    lecture.cells[2].source, found = (
        lecture.cells[2].source,
        rules.wrong_answers(lecture, TASKS, ROOT),
    )
    assert [text[: text.index(" answers")] for text in found] == [
        "the stub of demo.whole",
        "the solution of demo.whole",
        "the solution of demo.scaled",
    ]
    assert "You counted FLOP" in found[1]


def test_the_rules_find_solutions_that_need_another_cell():
    lecture = book()
    lecture.cells.insert(1, new_code_cell("SIZE = 307_200"))
    lecture.cells[5].source = lecture.cells[5].source.replace("307_200", "SIZE")
    found = rules.wrong_answers(lecture, TASKS, ROOT)
    assert len(found) == 1
    assert "NameError" in found[0]


def test_the_rules_find_tasks_that_do_not_help():
    fields = {
        "expects": "a number.",
        "why": "So",
        "mistakes": [(1, "No"), (2, "No")],
        "points": 0,
    }
    poor = exercises._tasks.Value(3, **fields)
    assert len(rules.unhelpful("demo.poor", poor)) == 7
    assert rules.unhelpful(
        "demo.whole", exercises._tasks.Value(3, expects="", why="", mistakes=[(1, "a")])
    )


PAGE = """<div class="exercise admonition" id="demo-{0}">
<p class="admonition-title"><span class="caption-number">Exercise {1} </span> (T)</p></div>
<div class="solution dropdown admonition" id="s"><p>Solution to<a class="r" href="#demo-{0}"> Exercise {1}</a></p></div>"""


def test_the_rules_find_pages_without_numbers_and_with_open_solutions():
    page = "".join(
        PAGE.format(name, number)
        for number, name in enumerate(("whole", "scaled", "words"), start=7)
    )
    assert rules.unrendered(page, book()) == []
    swapped = rules.unrendered(page.replace("Exercise 8 ", "Exercise 9 "), book())
    assert swapped == ["demo-scaled has the number 9, after [7]"]
    assert (
        len(rules.unrendered(page.replace("solution dropdown", "solution"), book()))
        == 3
    )
    assert (
        rules.unrendered(page.replace("caption-number", "caption"), book())[0]
        == "demo-whole has no number on its page"
    )
    assert "{exercise} is shown as text" in rules.unrendered(
        page + ":::{exercise}", book()
    )
    assert len(rules.unrendered("", book())) == 6
