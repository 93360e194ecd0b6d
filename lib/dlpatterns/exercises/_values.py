"""Tasks that are answered by a value, a choice, or in words."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._compare import difference, plain_text
from ._describe import describe
from ._guard import Report
from ._numbers import agreeing
from ._result import Result
from ._task import Task, is_blank


@dataclass(frozen=True)
class Value(Task):
    """A task whose answer is a value: a number, a text, a tuple, a list, a set, a dict
    or an array; `solution` is the line of code that works it out.
    """

    answer: object
    solution: str = ""

    @property
    def code(self) -> str:
        """The worked line."""
        return self.solution

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Compare the given value with the answer and with the usual mistakes."""
        if is_blank(given):
            return self.untouched()
        found = difference(self.answer, given, self.tolerance)
        if found is None:
            return self.correct()
        hints = (
            hint
            for wrong, hint in self.mistakes
            if difference(wrong, given, self.tolerance) is None
        )
        hint = next(hints, "")
        if not hint and (digits := agreeing(self.answer, given)):
            return self.close(digits)
        return self.incorrect(
            found.what, [("yours", describe(given))], hint or found.hint
        )


@dataclass(frozen=True)
class Choice(Task):
    """A task whose answer is one of a few labels; `wrong` gives the hint of every other
    label.
    """

    answer: str
    wrong: Mapping[str, str]

    @property
    def code(self) -> str:
        """The label, in quotes."""
        return f'"{self.answer}"'

    @property
    def slips(self) -> Sequence[tuple[str, str]]:
        """The wrong labels and their hints."""
        return tuple(self.wrong.items())

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Compare the given label with the labels there are."""
        label = _label(given)
        if is_blank(given) or label == "":
            return self.untouched()
        hints = {label.casefold(): hint for label, hint in self.wrong.items()}
        if label == self.answer.casefold():
            return self.correct()
        known = ", ".join(map(repr, sorted([self.answer, *self.wrong])))
        what = "it is another one" if label in hints else f"choose one of {known}"
        return self.incorrect(what, [("yours", describe(given))], hints.get(label, ""))


def _label(given: object) -> str | None:
    """Return the label that a text means, with or without brackets and full stop."""
    if not issubclass(type(given), str):
        return None
    plain = unicodedata.normalize("NFKC", plain_text(given)).casefold()
    return plain.strip(" \t\r\n()[]{}.,:\"'“”‘’")


@dataclass(frozen=True)
class Words(Task):
    """A question that is answered in words: a model answer, and a rubric of what earns
    points, which a person awards.
    """

    expects: str = "an answer in words"
    why: str = ""
    answer: str = ""
    rubric: Sequence[str] = ()
    points: int = 2

    @property
    def told(self) -> str:
        """The model answer, and what earns points."""
        points = "; ".join(self.rubric)
        return f"{self.answer}\n\nPoints: {points}." if points else self.answer

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Tell that a person judges this answer."""
        return Result("open", "Compare your answer with the solution.")
