"""The exercises of every lecture: stub, solution, mistakes and page; and that each rule
finds what breaks it.
"""

import copy
import resource
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
import rules_exercises as rules
from lecture_for_tests import TASKS, book
from nbformat.v4 import new_code_cell, new_notebook
from tasks_for_tests import TASKS as DEMO

from dlpatterns import exercises
from dlpatterns.exercises._tasks import Function, Value, Words

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
def test_every_exercise_has_a_stub_and_a_folded_solution(lecture):
    assert rules.wrong_cells(BOOKS[lecture], exercises.tasks(lecture)) == []


@lectures
def test_every_exercise_leads_back_to_its_section(lecture):
    assert rules.unlinked(BOOKS[lecture]) == []


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
def test_the_page_shows_the_exercises_and_folds_the_solutions(lecture, built):
    page = built / "chapters" / f"{lecture}.html"
    if f"chapters/{lecture}" not in (ROOT / "_toc.yml").read_text(encoding="utf-8"):
        pytest.skip(f"{lecture} is not in the table of contents")
    assert rules.unrendered(page.read_text(encoding="utf-8"), BOOKS[lecture]) == []


@tasks
def test_every_task_helps(lecture, name):
    assert rules.unhelpful(f"{lecture}.{name}", exercises.tasks(lecture)[name]) == []


@tasks
def test_the_solution_is_right(lecture, name):
    task = exercises.tasks(lecture)[name]
    shown = exercises.solution(f"{lecture}.{name}")
    assert task.code in shown._repr_markdown_()
    if not isinstance(task, Words):
        assert exercises.check(f"{lecture}.{name}", made(task))


def made(task):
    """Return the answer that the code of a solution makes, with NumPy at hand."""
    names = {"np": np}
    if not isinstance(task, Function):
        return eval(task.code, names)
    exec(task.code, names)
    return names[task.reference.__name__]


@tasks
def test_each_usual_mistake_gets_its_own_hint(lecture, name):
    task = exercises.tasks(lecture)[name]
    for wrong, hint in task.slips:
        result = exercises.check(f"{lecture}.{name}", wrong)
        assert (result.status, result.hint) == ("wrong", hint), f"{wrong!r}: {result}"


@tasks
def test_a_check_has_time_to_spare(lecture, name):
    task, before = exercises.tasks(lecture)[name], _seconds()
    exercises.check(f"{lecture}.{name}", task.slips[-1][0] if task.slips else "")
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
        + rules.wrong_cells(lecture, tasks)
        + rules.wrong_signatures(lecture, tasks)
        + rules.unlinked(lecture)
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
    assert rules.wrong_names(empty, "demo", {}) == []
    assert rules.wrong_cells(empty, {}) == []
    assert rules.unrendered("", empty) == []
    assert rules.wrong_number(empty) == ["0 exercises; 4 to 8 are expected"]


BROKEN = {
    "asks for demo.hole, no task of demo": (2, "demo.whole", "demo.hole"),
    "asks for other.whole, no task of demo": (3, "demo.whole", "other.whole"),
    "shows the solution of another task": (3, "demo.whole", "demo.scaled"),
    "the tasks have ('Demo 1', 'The whole'": (1, "The whole", "A whole"),
    "the tasks have ('Demo 2', 'The scaled'": (4, "Demo 2", "Demo 3"),
    "the lecture has None": (7, "### ", "## "),
    "has no stub": (2, "exercises.check", "print"),
    "has no solution": (3, "exercises.solution", "print"),
    "does not end with its check": (2, "n)", "n)\nprint(n)"),
    "shows more than the solution": (3, "exercises", "1\nexercises"),
    "the stub defines": (5, "def scaled(x, factor)", "def scaled(x, times)"),
    "the stub defines ": (5, "def scaled(x", "def scale(x"),
    "does not end with a link": (1, "(#first-things)", "(#last-things)"),
    "does not end with a link ": (1, "*Belongs to", "Before*"),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_the_rules_find_what_is_broken(problem):
    if problem == "does not end with a link ":
        lecture = book()
        lecture.cells[1].source += "\n\nMore."
    else:
        lecture = changed(*BROKEN[problem])
    assert any(problem.strip() in found for found in problems(lecture))


def test_the_rules_find_what_is_folded_and_what_is_not():
    lecture = book()
    one, other = lecture.cells[2], lecture.cells[3]
    one.metadata, other.metadata = other.metadata, one.metadata
    assert problems(lecture) == [
        "Demo 1 has a solution whose call is not hidden",
        "Demo 1 has a stub that is folded",
    ]


def test_the_rules_find_a_question_in_words_with_a_stub():
    lecture = changed(7, "What", "Why")
    lecture.cells.insert(8, new_code_cell('exercises.check("demo.words", n)'))
    assert problems(lecture) == ["Demo 3 is in words and has a stub"]


def test_the_rules_find_a_task_without_an_exercise():
    found = rules.wrong_names(book(), "demo", TASKS | {"root": DEMO["root"]})
    assert found == [
        "exercise 4: the lecture has None, the tasks have ('Demo 4', '', 'root')"
    ]


def test_the_rules_find_titles_that_stand_twice():
    lecture = book()
    lecture.cells += copy.deepcopy(lecture.cells[1:])
    assert rules.wrong_number(lecture) == [
        f"two exercises have the title 'The {name}'"
        for name in ("scaled", "whole", "words")
    ]


def test_the_rules_find_stubs_and_solutions_that_answer_something_else():
    lecture = changed(2, "...", "1")
    wrong = TASKS | {"whole": replace(TASKS["whole"], solution="614_400")}
    found = rules.wrong_answers(lecture, wrong, ROOT)
    assert [text[: text.index(" answers")] for text in found] == [
        "the stub of demo.whole",
        "the solution of demo.whole",
    ]
    assert "You counted FLOP" in found[1]


def test_the_rules_find_solutions_that_need_another_cell():
    wrong = TASKS | {"whole": replace(TASKS["whole"], solution="SIZE")}
    found = rules.wrong_answers(book(), wrong, ROOT)
    assert len(found) == 1
    assert "NameError" in found[0]


def test_the_rules_find_tasks_that_do_not_help():
    fields = {
        "expects": "a number.",
        "why": "So",
        "mistakes": [(1, "No"), (2, "No")],
        "points": 0,
    }
    assert len(rules.unhelpful("demo.poor", Value(3, **fields))) == 9
    assert rules.unhelpful(
        "demo.words", Words(title="T", answer="Because it is so.")
    ) == ["demo.words has no worked answer"]


PAGE = """<h3>Demo {0}. The thing<a></a></h3>
<details class="dlp-solution"><summary>Solution of Demo {0}</summary></details>"""


def test_the_rules_find_pages_without_numbers_and_with_open_solutions():
    page = "".join(PAGE.format(number) for number in (1, 2, 3))
    assert rules.unrendered(page, book()) == []
    assert rules.unrendered(page.replace("<h3>Demo 2", "<h3>Demo 9"), book()) == [
        "Demo 2 has no heading on its page"
    ]
    assert len(rules.unrendered(page.replace("dlp-solution", "x"), book())) == 3
    assert len(rules.unrendered("", book())) == 6
