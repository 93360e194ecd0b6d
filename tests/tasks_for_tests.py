"""Small tasks of every kind, and a way to check answers to them as if a lecture had
them.
"""

import time

import numpy as np

from dlpatterns import exercises
from dlpatterns.exercises._result import Result
from dlpatterns.exercises._tasks import Choice, Formula, Function, Task, Value, call

MOST_SECONDS = 2.0


def _pairs(rng):
    for _ in range(6):
        yield call(rng.normal(size=(2, 3)), factor=int(rng.integers(2, 5)))


def scaled(x, factor=2):
    """Multiply each value."""
    return x * factor


def _roots(rng):
    yield call(4.0)
    yield call(-1.0)


def root(x):
    """Return the square root.

    Raises: ValueError for a negative number.
    """
    if x < 0:
        raise ValueError(f"no root of {x}")
    return x**0.5


def _lists(rng):
    yield call([3, 1, 2], {"a": np.arange(3)})


def ordered(items, table):
    """Sort the items."""
    return sorted(items)


COMMON = {"expects": "a thing of the right kind", "why": "It matters."}
TASKS: dict[str, Task] = {
    "whole": Value(
        307_200,
        title="The whole",
        explanation="Thirty-two images of 9,600 values.",
        solution="32 * 9_600",
        mistakes=[(614_400, "You counted FLOP."), (9_600, "That is one image of 32.")],
        **COMMON,
    ),
    "real": Value(0.125, **COMMON),
    "ratio": Value(9 * 36 / 64, **COMMON),
    "fan_in": Value(28, **COMMON),
    "near": Value(100, tolerance=0.02, **COMMON),
    "truth": Value(True, **COMMON),
    "text": Value("depthwise", **COMMON),
    "pair": Value((56, 112), mistakes=[((112, 56), "Height comes first.")], **COMMON),
    "names": Value({"relu", "max"}, **COMMON),
    "table": Value({"macs": 9, "weights": 3}, **COMMON),
    "array": Value(np.arange(6.0).reshape(2, 3), **COMMON),
    "counts": Value(np.array([[1, 2], [3, 4]]), **COMMON),
    "choice": Choice(
        "b",
        wrong={"a": "That is the other network.", "c": "That is a layer."},
        **COMMON,
    ),
    "formula": Formula(
        "(H + 2*P - R) // S + 1",
        where={"H": range(7, 40), "P": range(1, 4), "R": range(1, 6), "S": range(1, 4)},
        mistakes=[
            ("(H + P - R) // S + 1", "Padding has two sides."),
            ("(H + 2*P - R) // S", "Add the first place."),
        ],
        **COMMON,
    ),
    "scaled": Function(
        scaled,
        _pairs,
        title="The scaled",
        explanation="Multiply each value by it.",
        mistakes=[
            (lambda x, factor=2: x + factor, "Multiply, do not add."),
            (lambda x, factor=2: x * 2, "Use `factor`."),
        ],
        points=2,
        **COMMON,
    ),
    "root": Function(root, _roots, **COMMON),
    "ordered": Function(ordered, _lists, **COMMON),
}


def check(name: str, answer: object) -> Result:
    """Check an answer to one of the tasks above by the very function that readers
    call.
    """
    real = exercises.find
    exercises.find = lambda name: TASKS[name.removeprefix("demo.")]
    try:
        return exercises.check(f"demo.{name}", answer)
    finally:
        exercises.find = real


def checked(name, answer):
    """Check an answer, and see that the verdict comes in time, is not too long, and can
    be shown everywhere.
    """
    start = time.perf_counter()
    result = check(name, answer)
    assert time.perf_counter() - start < MOST_SECONDS
    for text in (repr(result), result._repr_html_()):
        assert len(text.encode("utf-8")) < 6_000
        assert all(character.isprintable() or character == "\n" for character in text)
    return result
