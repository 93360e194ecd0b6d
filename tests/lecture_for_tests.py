"""A small constructed lecture with three exercises, for the tests of the rules and of
the assignments.
"""

from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tasks_for_tests import TASKS as DEMO

TESTS = Path(__file__).resolve().parent
FOLDED = {"source_hidden": True, "outputs_hidden": True}
TASKS = {name: DEMO[name] for name in ("whole", "scaled")}
WHOLE_STUB = 'n = ...\nexercises.check("demo.whole", n)'
WHOLE_SOLUTION = (
    "### BEGIN SOLUTION\nn = 307_200\n### END "
    'SOLUTION\nexercises.check("demo.whole", n)'
)
SCALED_STUB = (
    "def scaled(x, factor):\n    "
    '"""Multiply."""\n\n\nexercises.check("demo.scaled", scaled)'
)
SCALED_SOLUTION = SCALED_STUB.replace(
    '"""\n',
    '"""\n    ### BEGIN SOLUTION\n    return x * factor\n    ### END SOLUTION\n',
    1,
)
# the lecture's import cell also makes the tasks of these tests known to the check, in
# the kernel as well
IMPORTS = f"""import sys
sys.path.insert(0, {str(TESTS)!r})
import tasks_for_tests
from dlpatterns import exercises
exercises.find = lambda name: tasks_for_tests.TASKS[name.removeprefix("demo.")]"""
WORDS = (
    ":::{solution} demo-words\n:class: dropdown\n" + "Because it is so. " * 8 + "\n:::"
)


def _task_cells(name, stub, solution):
    return [
        new_markdown_cell(
            f":::{{exercise}} The {name}\n:label: demo-{name}\nWhat is it?\n:::"
        ),
        new_code_cell(stub),
        new_markdown_cell(
            f":::{{solution-start}} demo-{name}\n:class: dropdown\n:::\n\nIt is."
        ),
        new_code_cell(solution, metadata={"jupyter": dict(FOLDED)}),
        new_markdown_cell(":::{solution-end}\n:::"),
    ]


def book():
    """A lecture of two tasks and one question in words: cells 1 to 5, 6 to 10, and
    11.
    """
    cells = [new_code_cell(IMPORTS), *_task_cells("whole", WHOLE_STUB, WHOLE_SOLUTION)]
    cells += _task_cells("scaled", SCALED_STUB, SCALED_SOLUTION)
    cells.append(
        new_markdown_cell(
            f":::{{exercise}} Words\n:label: demo-words\nWhy?\n:::\n\n{WORDS}"
        )
    )
    return new_notebook(cells=cells)
