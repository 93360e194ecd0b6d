"""The kinds of task: a value, a choice, a formula, a function; each judges any answer
at all and explains itself.
"""

import contextlib
import copy
import dis
import inspect
import linecache
import sysconfig
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import _formula
from ._compare import Difference, article, describe, difference, plain_text
from ._guard import Report, Stopped
from ._result import Result

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


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every task has: what is expected, why it matters, the usual mistakes with a
    hint each, and points.
    """

    expects: str
    why: str
    mistakes: Sequence[tuple[object, str]] = ()
    tolerance: float | None = None
    points: int = 1

    @property
    def slips(self) -> Sequence[tuple[object, str]]:
        """The usual mistakes, as (wrong answer, hint)."""
        return self.mistakes

    def correct(self) -> Result:
        """Return the result of a correct answer."""
        return Result("correct", self.why)

    def untouched(self) -> Result:
        """Return the result of an answer that was not attempted."""
        return Result("open", f"Expected: {self.expects}.")

    def incorrect(
        self, what: str, rows: Iterable[tuple[str, str]] = (), hint: str = ""
    ) -> Result:
        """Return the result of a wrong answer."""
        end = "" if what.endswith(("?", ".")) else "."
        return Result.cleaned("wrong", f"{what[:1].upper()}{what[1:]}{end}", rows, hint)


# --- Values ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Value(Task):
    """A task whose answer is a value: a number, a text, a tuple, a list, a set, a dict
    or an array.
    """

    answer: object

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Compare the given value with the answer and with the usual mistakes."""
        if _is_blank(given):
            return self.untouched()
        found = difference(self.answer, given, self.tolerance)
        if found is None:
            return self.correct()
        hints = (
            hint
            for wrong, hint in self.mistakes
            if difference(wrong, given, self.tolerance) is None
        )
        return self.incorrect(
            found.what, [("yours", describe(given))], next(hints, found.hint)
        )


@dataclass(frozen=True)
class Choice(Task):
    """A task whose answer is one of a few labels; `wrong` gives the hint of every other
    label.
    """

    answer: str
    wrong: Mapping[str, str]

    @property
    def slips(self) -> Sequence[tuple[str, str]]:
        """The wrong labels and their hints."""
        return tuple(self.wrong.items())

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Compare the given label with the labels there are."""
        label = (
            plain_text(given).strip().casefold()
            if issubclass(type(given), str)
            else None
        )
        if _is_blank(given) or label == "":
            return self.untouched()
        hints = {label.casefold(): hint for label, hint in self.wrong.items()}
        if label == self.answer.casefold():
            return self.correct()
        known = ", ".join(map(repr, sorted([self.answer, *self.wrong])))
        what = "it is another one" if label in hints else f"choose one of {known}"
        return self.incorrect(what, [("yours", describe(given))], hints.get(label, ""))


def _is_blank(given: object) -> bool:
    """Return whether the answer is still the stub's: nothing, the dots, or a group with
    dots in it.
    """
    if isinstance(given, (tuple, list)):
        return any(item is ... for item in given[:100])
    return given is None or given is ...


# --- Functions ------------------------------------------------------------------------


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

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Call the given function on every case and explain the first one in which it
        differs from the reference.
        """
        if _is_blank(given):
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


# --- Formulas -------------------------------------------------------------------------


@dataclass(frozen=True)
class Formula(Task):
    """A task whose answer is a formula: a text such as "(H + 2*P - R) // S + 1", or a
    function of those names.

    `where` gives the values that each name may take; formulas are compared on random
    combinations of them.
    """

    answer: str
    where: Mapping[str, Sequence]

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Read the given formula and compare its values with those of the answer."""
        given = plain_text(given) if issubclass(type(given), str) else given
        if _is_blank(given) or (isinstance(given, str) and not given.strip()):
            return self.untouched()
        if not isinstance(given, str) and not callable(given):
            what = f"a formula in quotes is expected, yours is {article(given)}"
            return self.incorrect(
                what,
                [("yours", describe(given))],
                f"Use the names {', '.join(self.where)}.",
            )
        try:
            function = self._function(given) if isinstance(given, str) else given
        except ValueError as error:
            return self.incorrect(str(error), [("yours", describe(given))])
        return self.as_function(
            "formula" if function is not given else "function"
        ).judge(name, function, report)

    def as_function(self, noun: str = "formula") -> Function:
        """Return the task as one about a function of the names."""
        return Function(
            self._function(self.answer),
            self._cases,
            expects=self.expects,
            why=self.why,
            mistakes=[(self._function(text), hint) for text, hint in self.mistakes],
            tolerance=self.tolerance,
            points=self.points,
            noun=noun,
        )

    def _function(self, text: str) -> Callable:
        return _formula.read(text, tuple(self.where))

    def _cases(self, rng: np.random.Generator) -> Iterator[Call]:
        for _ in range(30):
            yield call(
                **{
                    name: values[int(rng.integers(len(values)))]
                    for name, values in self.where.items()
                }
            )
