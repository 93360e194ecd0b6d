"""Tasks with many right answers: an answer is scored, and must reach a mark."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ._describe import describe
from ._guard import Report
from ._result import Result
from ._task import Task, is_blank


class Score(NamedTuple):
    """What an answer reaches: whether it is enough, what is missing if not, rows of
    numbers, and a hint.
    """

    reached: bool
    what: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Scored(Task):
    """A task whose answer is anything that scores well enough; `answer` is the code of
    one that does.

    `score(given)` raises ValueError or TypeError, in words for the student, for what is
    no answer at all.
    """

    score: Callable[[object], Score]
    answer: str

    @property
    def code(self) -> str:
        """The code of an answer that reaches the mark."""
        return self.answer

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Score the answer; say what it reaches, and what it lacks."""
        if is_blank(given):
            return self.untouched()
        report(describe(given))
        try:
            score = self.score(given)
        except (ValueError, TypeError) as error:
            return self.incorrect(str(error), [("yours", describe(given))])
        if score.reached:
            return self.correct()
        return self.incorrect(score.what, score.rows, score.hint)
