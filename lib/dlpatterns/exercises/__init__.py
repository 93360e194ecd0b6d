"""Exercises that answer a student at once, with a hint for the usual mistakes.

| module | holds |
|---|---|
| `exercises.check(name, answer)` | the verdict on an answer, and why it matters |
| `exercises.require(name, answer)` | for a grader: AssertionError unless correct |
| `exercises.solution(name)` | explanation and the reference's own code, folded |
| one public module a lecture | its `TASKS`, loaded when the first of them is checked |
| `_tasks` | the kinds: `Value`, `Choice`, `Formula`, `Function`, `Scored`, `Words` |
| `_task`, `_values`, `_functions`, `_formulas`, `_scored` | how each kind judges |
| `_compare`, `_numbers`, `_describe` | what differs from the expected value |
| `_guard` | a limit of time and memory for whatever a student wrote |
| `_page`, `exercises.js` | the same verdicts on a page without a kernel |
| `_solution` | what a solution shows |
| `_result` | the verdict, as text and as HTML |
"""

import difflib
import importlib
import pkgutil
from dataclasses import replace

from . import _guard, _page
from ._guard import Ending, Report, Stopped
from ._result import Result
from ._solution import Solution
from ._tasks import Task


def check(name: str, answer: object) -> Result:
    """Judge an answer to the task of that name, within two seconds and whatever the
    answer is.

    Raises: ValueError that lists near names, if there is no such task.

    >>> check("classic_models.conv2_weights", ...)
    ○ Not answered yet. Expected: the number of weights that conv2 stores,
        a whole number.
    """
    task = find(name)
    ending = _guard.run(lambda report: _judged(task, name, answer, report).to_json())
    try:
        result = Result.from_json(ending.text) if ending.text else None
    except (
        ValueError,
        TypeError,
        LookupError,
    ):  # the answer has written into the pipe of its verdict
        return _trouble(task, Ending(None, "died", ending.doing))
    if result is None:
        return _trouble(task, ending)
    page = _page.html(task, name) if result.status == "open" else ""
    return replace(result, page=page)


def solution(name: str) -> Solution:
    """Return the folded solution of a task: explanation, code, why it matters.

    Raises: ValueError that lists near names, if there is no such task.

    >>> solution("convolution.output_size")  # doctest: +ELLIPSIS
    Solution of Convolution 1.
    <BLANKLINE>
    ...
    """
    task = find(name)
    return Solution(number(name), task.told, task.code, task.why)


def number(name: str) -> str:
    """Return what a task is called in the book: its lecture and its place there.

    >>> number("convolution.output_size")
    'Convolution 1'
    """
    lecture, _, last = name.partition(".")
    place = list(tasks(lecture)).index(last) + 1
    return f"{lecture.replace('_', ' ').capitalize()} {place}"


def require(name: str, answer: object) -> None:
    """Raise AssertionError with the verdict, under the exercise's number, unless the
    answer is correct.
    """
    result = check(name, answer)
    if not result:
        raise AssertionError(f"{number(name)}: {result}")


def find(name: str) -> Task:
    """Return the task called "lecture.task".

    Raises: ValueError that lists near names, if there is none.
    """
    lecture, _, last = name.partition(".") if isinstance(name, str) else ("", "", "")
    found = tasks(lecture).get(last) if lecture in lectures() else None
    if found is None:
        raise ValueError(f"there is no task {name!r}; {_near(name, lecture)}")
    return found


def lectures() -> list[str]:
    """Return the names of all lectures that have tasks."""
    return [
        module.name
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]


def tasks(lecture: str) -> dict[str, Task]:
    """Return the tasks of a lecture by name, without the lecture's."""
    return importlib.import_module(f"{__name__}.{lecture}").TASKS


def _near(name: object, lecture: str) -> str:
    if lecture in lectures():
        known = [f"{lecture}.{task}" for task in tasks(lecture)]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known
        return f"did you mean {', '.join(near)}?"
    return f'write "lecture.task", with one of the lectures {", ".join(lectures())}'


def _judged(task: Task, name: str, answer: object, report: Report) -> Result:
    """Judge the answer; one that cannot even be looked at is wrong."""
    try:
        return task.judge(name, answer, report)
    except Stopped:
        raise
    except BaseException as error:  # looking at a hostile object may raise anything
        return task.incorrect(
            "your answer cannot be compared: looking at it raises "
            f"{type(error).__name__}"
        )


_TROUBLES = {
    "time": (
        f"there was no answer within {_guard.SECONDS} seconds",
        "Is there a loop that never ends, or does it wait for input?",
    ),
    "memory": (
        f"your answer takes more than {_guard.BYTES // 2**20} MB of memory",
        "The inputs here are small: does something grow without end?",
    ),
    "died": (
        "your answer ended the process that ran it",
        "Does something in it stop Python itself?",
    ),
}


def _trouble(task: Task, ending: Ending) -> Result:
    what, hint = _TROUBLES[ending.trouble]
    return task.incorrect(what, [("for", ending.doing)] if ending.doing else [], hint)
