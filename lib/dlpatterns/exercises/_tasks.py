"""The kinds of task: a value, a choice, a formula, a function, a thing that is scored,
a question in words; each judges any answer at all and explains itself.
"""

from ._formulas import Formula
from ._functions import Call, Function, call
from ._scored import Score, Scored
from ._task import Task
from ._values import Choice, Value, Words

__all__ = [
    "Call",
    "Choice",
    "Formula",
    "Function",
    "Score",
    "Scored",
    "Task",
    "Value",
    "Words",
    "call",
]
