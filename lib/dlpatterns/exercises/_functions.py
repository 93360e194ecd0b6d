"""Tasks that are answered by a function: it is called on many cases, beside the
reference.
"""

import contextlib
import copy
import dis
import inspect
import linecache
import sysconfig
import traceback
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._compare import difference
from ._describe import Difference, article, describe
from ._guard import Report, Stopped
from ._result import Result
from ._solution import code_of
from ._task import Task, is_blank

MOST_CASES = 60
MOST_BYTES = 2**26
INSTALLED = (
    str(Path(__file__).parent.parent),
    sysconfig.get_path("stdlib"),
    "<frozen ",
)
STUB_STEPS = {
    "RESUME",
    "NOP",
    "LOAD_CONST",
    "RETURN_VALUE",
    "RETURN_CONST",
    "LOAD_SMALL_INT",
    "COPY_FREE_VARS",
}


class Call(NamedTuple):
    """The arguments of one case, by position and by name."""

    args: tuple
    named: dict

    def rows(self, reference: Callable) -> list[tuple[str, str]]:
        """Return the call as it would be written, and a row for each array, which it
        mentions by name only.
        """
        arguments = (
            inspect.signature(reference).bind(*self.args, **self.named).arguments
        )
        arrays = {
            key: value
            for key, value in arguments.items()
            if isinstance(value, np.ndarray)
        }
        written = (
            key if key in arrays else f"{key}={describe(value)}"
            for key, value in arguments.items()
        )
        name, inside = reference.__name__, ", ".join(written)
        written_call = ("for", f"{name}({inside})" if name.isidentifier() else inside)
        return [
            written_call,
            *((key, describe(value)) for key, value in arrays.items()),
        ]


def call(*args: object, **named: object) -> Call:
    """Return the arguments of one case, written as a call: `call(x, weight,
    stride=2)`.
    """
    return Call(args, named)


class Outcome(NamedTuple):
    """What calling a function gave: a value, or an exception."""

    value: object = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Function(Task):
    """A task whose answer is a function; it must agree with the reference on every
    case, exceptions included.

    `cases(rng)` yields calls; the generator it is given is seeded by the name of the
    task.
    """

    reference: Callable
    cases: Callable[[np.random.Generator], Iterator[Call]]
    noun: str = "function"

    @property
    def code(self) -> str:
        """The source of the reference, with what it needs."""
        return code_of(self.reference)

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Call the given function on every case and explain the first one in which it
        differs from the reference.
        """
        if is_blank(given):
            return self.untouched()
        if not callable(given):
            what = f"a function is expected, yours is {article(given)}"
            return self.incorrect(
                what,
                [("yours", describe(given))],
                "Pass the function itself, without calling it.",
            )
        cases = self.drawn(name)
        expected = [
            attempt(self.reference, case) for case in cases
        ]  # before a student's function may change the world
        outcomes = [self._try(given, case, report) for case in cases[:1]]
        if _is_untouched(given, outcomes[0]):
            return self.untouched()
        outcomes += [self._try(given, case, report) for case in cases[1:]]
        return self._verdict(cases, expected, outcomes)

    def drawn(self, name: str) -> list[Call]:
        """Return the cases, the same ones for the same name of a task."""
        return list(
            islice(
                self.cases(np.random.default_rng(zlib.crc32(name.encode()))), MOST_CASES
            )
        )

    def _try(self, given: Callable, case: Call, report: Report) -> Outcome:
        report(case.rows(self.reference)[0][1])
        return attempt(given, case, watched=True)

    def _verdict(
        self, cases: list[Call], expected: list[Outcome], outcomes: list[Outcome]
    ) -> Result:
        found = [self._differs(a, b) for a, b in zip(expected, outcomes, strict=True)]
        first = next((i for i, item in enumerate(found) if item), None)
        if first is None:
            return self.correct()
        rows = self._rows(cases[first], expected[first], outcomes[first])
        hint = self._hint(cases, outcomes) or _common(
            [item.hint for item in found if item]
        )
        return self.incorrect(found[first].what, rows, hint)

    def _rows(
        self, case: Call, expected: Outcome, outcome: Outcome
    ) -> list[tuple[str, str]]:
        rows = [
            *case.rows(self.reference),
            ("expected", _told(expected)),
            ("yours", _told(outcome)),
        ]
        where = _line_of(outcome.error)
        return [*rows, ("in", where)] if where else rows

    def _differs(self, expected: Outcome, outcome: Outcome) -> Difference | None:
        if expected.error is not None:
            same = isinstance(outcome.error, type(expected.error))
            return (
                None
                if same
                else Difference(
                    f"{type(expected.error).__name__} should be raised here"
                )
            )
        if outcome.error is not None:
            return _complaint(outcome.error, self.noun)
        if outcome.value is None and expected.value is not None:
            return Difference(
                f"your {self.noun} returns None", "Is a `return` missing?"
            )
        return difference(expected.value, outcome.value, self.tolerance)

    def _hint(self, cases: list[Call], outcomes: list[Outcome]) -> str:
        """Return the hint of the first mistake that gives the student's outcome in
        every case.
        """
        for mistake, hint in self.mistakes:
            wrong = (attempt(mistake, case) for case in cases)
            if not any(
                self._differs(a, b) for a, b in zip(wrong, outcomes, strict=True)
            ):
                return hint
        return ""


class Unfit(TypeError):
    """The function cannot be called with the arguments of the task."""


class Changed(ValueError):
    """The function changed one of its arguments."""


def attempt(function: Callable, case: Call, *, watched: bool = False) -> Outcome:
    """Call the function with copies of the arguments; if watched, it must accept them
    and leave them as they are.
    """
    own = copy.deepcopy(case)
    try:
        if watched:
            _must_accept(function, own)
        value = function(*own.args, **own.named)
        if watched:
            _must_be_unchanged(case, own)
        return Outcome(_snapshot(value))
    except Stopped:
        raise
    except BaseException as error:  # SystemExit and the like included
        return Outcome(error=error)


def _snapshot(value: object) -> object:
    """Return a copy of what a function returned, which it may go on changing in later
    calls.
    """
    if type(value) is np.ndarray:
        return value.copy() if value.nbytes < MOST_BYTES else value
    if type(value) in (list, dict, set):
        with contextlib.suppress(Exception):
            return copy.deepcopy(value)
    return value


def _must_accept(function: Callable, case: Call) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built-in functions may have none
        return
    try:
        signature.bind(*case.args, **case.named)
    except TypeError as error:
        raise Unfit(str(error)) from None


def _must_be_unchanged(case: Call, used: Call) -> None:
    if not _unchanged(
        (*case.args, *case.named.values()), (*used.args, *used.named.values())
    ):
        raise Changed


def _unchanged(before: object, after: object) -> bool:
    """Return whether an argument is still what it was, down to the items of what it
    holds.
    """
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(
            before, after, equal_nan=before.dtype.kind in "fc"
        )
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _unchanged(before[key], after[key]) for key in before
        )
    return (
        not isinstance(before, (set, int, float, str))
        or before == after
        or before != before
    )


def _complaint(error: BaseException, noun: str) -> Difference:
    if isinstance(error, Unfit):
        hint = "It is called as shown here: keep the first line as it was given."
        return Difference(f"your {noun} does not take these arguments: {error}", hint)
    if isinstance(error, Changed):
        return Difference(
            f"your {noun} changes one of its arguments",
            "Work on a copy: `x = x.copy()`.",
        )
    if isinstance(error, MemoryError):
        return Difference(f"your {noun} asks for more memory than there is")
    if isinstance(error, RecursionError):
        return Difference(
            f"your {noun} calls itself without end", "When should it stop?"
        )
    if isinstance(error, EOFError):
        return Difference(
            f"your {noun} asks for input", "Take the values from the arguments."
        )
    return Difference(f"your {noun} raises {type(error).__name__}")


def _told(outcome: Outcome) -> str:
    """Return a value or an exception as a short text."""
    if outcome.error is None:
        return describe(outcome.value)
    if isinstance(outcome.error, (Unfit, Changed)):
        return "no value"
    try:
        said = " ".join(str(outcome.error).split())[:160]
    except Exception:  # an exception of a student's own may not be printable
        said = ""
    return f"{type(outcome.error).__name__}: {said}".removesuffix(": ")


def _line_of(error: BaseException | None) -> str:
    """Return the line of the student's own code that raised, "" if there is none."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith(INSTALLED)
        and "site-packages" not in frame.filename
    ]
    if not own:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno).strip()[:160]
    return f"line {own[-1].lineno}: {line}".removesuffix(": ")


def _is_untouched(function: Callable, outcome: Outcome) -> bool:
    """Return whether the function is still the stub: it raises NotImplementedError, or
    does nothing at all.
    """
    if isinstance(outcome.error, NotImplementedError) or outcome.value is ...:
        return True
    code = getattr(function, "__code__", None)
    idle = (
        code is not None
        and {step.opname for step in dis.get_instructions(code)} <= STUB_STEPS
    )
    return idle and outcome.value is None and outcome.error is None


def _common(hints: list[str]) -> str:
    """Return the hint that all differences share, else ""."""
    return hints[0] if len(set(hints)) == 1 else ""
