"""Exercises on a page: its script and the library give the same verdict on right
answers, every listed mistake, and nonsense.
"""

import html
import json
from pathlib import Path

import pytest

from dlpatterns import exercises
from dlpatterns.exercises import _page
from dlpatterns.exercises._formula import read
from dlpatterns.exercises._tasks import Choice, Formula, Value

ROOM = Path(exercises.__file__).parent
TASKS = {
    f"{lecture}.{name}": task
    for lecture in exercises.lectures()
    for name, task in exercises.tasks(lecture).items()
    if isinstance(task, (Value, Choice, Formula))
}
NUMBERS = ["0", "-1", "1e3", "1,000", "１２", "3 * (4 + 5)", "7 // 2 - 7 % 4", "2**-1"]
NUMBERS += ["three", "3..4", "(", "1/0", "max(2, 3.5)", "1e400", "- 5"]
FORMULAS = ["1", "2H", "(", "x", "H^2", "open('x')", "D / 0", "sqrt(-1)", "max()"]
FORMULAS += ["1 // 0", "-2**2", "floor(2.5) + ceil(2.5)", "1e400"]
WORDS = ["1 if 2 else 3", "not 1", "1 and 2", "(1, 2)", "[1]", "max(1, key=2)"]
WORDS += ["2(3)", "1 << 2", "5j", "1 < 2", "~1", "'a'", "max", "2 .real"]
HUGE = ["9**9**9", "10**-9**9", "(9**999)**999", "2**13000 - 2**13000 + 7"]
NUMBERS += [*WORDS, *HUGE]
FORMULAS += [*WORDS, *HUGE]
FORMULAS += ["log2(0)", "abs(-3) % 2", "7.5 // 2", "exp(1)", "M == 3", "0.1 + 0.2"]


def attempts(task):
    """Return texts that a reader may type: right, mistaken, and nonsense."""
    wrong = [str(wrong) for wrong, _ in task.slips]
    if isinstance(task, Choice):
        return [task.answer, *wrong]
    if isinstance(task, Formula):
        mixed = [f"({text}) * 2" for text in [task.answer, *wrong]]
        written = task.answer.replace("*", "×").replace("(", "（").replace("-", "–")
        names = " + ".join(task.where)
        own = [task.answer, written, names, f"1.0 * ({task.answer})"]
        return [*own, *wrong, *mixed, *FORMULAS]
    near = [f"{task.answer} * {by}" for by in (2, 0.5, 8, -1, 1000, 1.0000000001)]
    near += [f"{task.answer} + 1", f"{task.answer:,}", f"{float(task.answer):.3g}"]
    return [str(task.answer), task.solution, *near, *wrong, *NUMBERS]


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A page with the output of every check, opened from the disk, offline."""
    shown = "".join(
        f"<section id='{name}'>{exercises.check(name, ...)._repr_html_()}</section>"
        for name in exercises_of_all()
    )
    script = (ROOM / "exercises.js").read_text(encoding="utf-8")
    style = (ROOM / "exercises.css").read_text(encoding="utf-8")
    text = f"<!doctype html><meta charset='utf-8'><style>{style}</style>"
    text += f"<article class='bd-article'>{shown}</article><script>{script}</script>"
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
    opened = context.new_page()
    opened.goto(path.as_uri())
    yield opened
    context.close()


def exercises_of_all():
    return [
        f"{lecture}.{name}"
        for lecture in exercises.lectures()
        for name, task in exercises.tasks(lecture).items()
        if not isinstance(task, exercises._tasks.Words)
    ]


def place(name):
    return f"[id='{name}'] .dlp-answer"


def said(result):
    """Return what both must say alike; Python words its errors differently by version,
    and so are the rows with them.
    """
    rows = [list(row) for row in result["rows"] if "Error" not in row[1]]
    return result["status"], result["message"], result["hint"], rows


@pytest.mark.parametrize("name", TASKS)
def test_page_and_library_agree(page, name):
    texts = list(dict.fromkeys(attempts(TASKS[name])))
    on_page = page.evaluate(
        "([place, texts]) => texts.map(document.querySelector(place).dlp)",
        [place(name), texts],
    )
    for text, told in zip(texts, on_page, strict=True):
        library = _page.typed(TASKS[name], name, text)
        if library.message.startswith("There was no answer"):
            continue
        told = {"rows": [], "hint": ""} | told
        own = json.loads(library.to_json())
        assert said(told) == said(own), text
        assert "mistake" not in told


@pytest.mark.parametrize("name", TASKS)
def test_the_right_answer_passes_and_each_mistake_has_its_hint(page, name):
    task = TASKS[name]
    tell = "([place, text]) => document.querySelector(place).dlp(text)"
    assert page.evaluate(tell, [place(name), str(task.answer)])["status"] == "correct"
    for wrong, hint in task.slips:
        told = page.evaluate(tell, [place(name), str(wrong)])
        assert (told["status"], told["hint"]) == ("wrong", hint)


def test_an_answer_is_given_by_keyboard_and_read_aloud(page):
    name = next(name for name, task in TASKS.items() if isinstance(task, Value))
    page.locator(f"{place(name)} input").focus()
    page.keyboard.type(f"{TASKS[name].answer}".replace("1", "１"))
    page.keyboard.press("Enter")
    told = page.locator(f"{place(name)} [role=status][aria-live=polite]")
    assert told.inner_text().startswith("✓ Correct.")
    page.locator(f"{place(name)} input").fill("")
    page.locator(f"{place(name)} button").press("Enter")
    assert told.inner_text().startswith("○ Not answered yet.")


def test_a_choice_is_made_by_mouse(page):
    name = next(name for name, task in TASKS.items() if isinstance(task, Choice))
    label = next(iter(TASKS[name].wrong))
    page.locator(f"{place(name)} input[value='{label}']").check()
    page.locator(f"{place(name)} button").click()
    told = page.locator(f"{place(name)} [role=status]").inner_text()
    assert TASKS[name].wrong[label].split("`")[0] in told


def test_what_is_typed_is_never_markup(page):
    name = next(name for name, task in TASKS.items() if isinstance(task, Formula))
    page.locator(f"{place(name)} input").fill("<img src=x onerror=alert(1)>")
    page.locator(f"{place(name)} button").click()
    assert not page.locator(f"{place(name)} img").count()


def test_code_is_sent_to_the_notebook(page):
    told = page.locator(place("history.infer"))
    assert "run it in the notebook" in told.inner_text()
    assert not told.locator("input, button").count()


def test_nothing_is_wider_than_a_phone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", TASKS)
def test_the_answer_is_not_to_be_read_in_the_source(name):
    source = html.unescape(exercises.check(name, ...)._repr_html_())
    assert TASKS[name].why not in source
    if not isinstance(TASKS[name], Choice) and len(str(TASKS[name].answer)) > 3:
        assert str(TASKS[name].answer) not in source


def test_without_the_script_there_is_no_dead_input():
    source = exercises.check("history.separable", ...)._repr_html_()
    assert "<input" not in source
    assert "<button" not in source


def test_only_an_open_answer_brings_a_place_to_type():
    for given, shown in ((..., True), (13, False), (14, False)):
        source = exercises.check("history.separable", given)._repr_html_()
        assert ("dlp-answer" in source) is shown


@pytest.mark.parametrize("text", HUGE[:1] + HUGE[2:3])
def test_a_power_that_fills_the_memory_is_refused_at_once(text):
    with pytest.raises(OverflowError):
        read(text, ())()
    assert read("2**10 + (-1)**99999", ())() == 1023
    told = _page.typed(TASKS["history.separable"], "history.separable", text)
    assert told.message == "Type a number, or a calculation such as 64 * 200."
