"""A small constructed lecture with three exercises, for the tests of the rules and of
the assignments.
"""

import copy
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tasks_for_tests import TASKS as DEMO

from dlpatterns.exercises._tasks import Words

TESTS = Path(__file__).resolve().parent
QUIET = {
    "tags": ["remove-input"],
    "jupyter": {"source_hidden": True},
    "cellView": "form",
}
WORDS = Words(title="The words", answer="Because it is so. " * 8, rubric=["a reason"])
TASKS = {"whole": DEMO["whole"], "scaled": DEMO["scaled"], "words": WORDS}
WHOLE_STUB = 'n = ...\nexercises.check("demo.whole", n)'
SCALED_STUB = (
    "def scaled(x, factor):\n    "
    '"""Multiply."""\n\n\nexercises.check("demo.scaled", scaled)'
)
# the lecture's import cell also makes the tasks of these tests known to the check, in
# the kernel as well
IMPORTS = f"""import sys
sys.path.insert(0, {str(TESTS)!r})
import lecture_for_tests
from dlpatterns import exercises
exercises.find = lambda name: lecture_for_tests.TASKS[name.removeprefix("demo.")]"""


def _task_cells(number, name, stub):
    text = "What is it?\n\n*Belongs to [First things](#first-things).*"
    cells = [new_markdown_cell(f"### Demo {number}. The {name}\n\n{text}")]
    cells += [new_code_cell(stub)] if stub else []
    shown = f'exercises.solution("demo.{name}")'
    return [*cells, new_code_cell(shown, metadata=copy.deepcopy(QUIET))]


def book():
    """A lecture of two tasks and one question in words: cells 1 to 3, 4 to 6, and 7
    and 8; then the summary.
    """
    cells = [new_code_cell(IMPORTS), *_task_cells(1, "whole", WHOLE_STUB)]
    cells += _task_cells(2, "scaled", SCALED_STUB)
    cells += _task_cells(3, "words", "")
    return new_notebook(cells=[*cells, new_markdown_cell("## First things\n\nEnd.")])
