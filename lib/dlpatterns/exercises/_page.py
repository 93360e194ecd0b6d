"""What a static page needs to take an answer in place, and the same reading of a typed
answer for the tests.
"""

import base64
import json
import re
from collections.abc import Sequence

from ._formula import read, tidied
from ._result import Result
from ._tasks import Choice, Formula, Task, Value, Words

GROUPS = re.compile(r"(?<=\d)[,\s_'](?=\d{3}(?!\d))")
NO_NUMBER = "type a number, or a calculation such as 64 * 200"


def html(task: Task, name: str) -> str:
    """Return the place where `exercises.js` puts the input, with all that it needs,
    encoded so that nobody reads the answer by accident.
    """
    if isinstance(task, Words):
        return ""
    packed = base64.b64encode(json.dumps(data(task, name)).encode()).decode()
    return f'<div class="dlp-answer" data-task="{packed}"></div>'


def data(task: Task, name: str) -> dict[str, object]:
    """Return the task as plain data; of kind "code" if it is to be run elsewhere."""
    common = {"name": name, "expects": task.expects, "why": task.why}
    common["tolerance"] = task.tolerance
    if isinstance(task, Formula):
        return common | _formula(task, name)
    if isinstance(task, Choice):
        return common | {
            "kind": "choice",
            "answer": task.answer,
            "labels": sorted([task.answer, *task.wrong]),
            "mistakes": list(task.wrong.items()),
        }
    if isinstance(task, Value) and _numeric([task.answer, *(w for w, _ in task.slips)]):
        return common | {
            "kind": "number",
            "answer": repr(task.answer),
            "mistakes": [[repr(wrong), hint] for wrong, hint in task.mistakes],
        }
    return {"kind": "code", "name": name}


def _numeric(values: Sequence[object]) -> bool:
    return all(type(value) in (int, float) for value in values)


def _formula(task: Formula, name: str) -> dict[str, object]:
    cases = task.as_function().drawn(name)
    return {
        "kind": "formula",
        "answer": task.answer,
        "names": list(task.where),
        "cases": [[repr(case.named[key]) for key in task.where] for case in cases],
        "mistakes": [list(mistake) for mistake in task.mistakes],
    }


def typed(task: Task, name: str, text: str) -> Result:
    """Judge what was typed on a page, as `exercises.js` does."""
    if not isinstance(task, Value) or not text.strip():
        return task.judge(name, text or None, print)
    try:
        value = read(GROUPS.sub("", tidied(text)), ())()
    except (ValueError, ArithmeticError, TypeError):
        return task.incorrect(NO_NUMBER, [("yours", text.strip())])
    return task.judge(name, value, print)
