"""Tasks that are answered by a formula, as a text or as a function of its names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ._compare import plain_text
from ._describe import article, describe
from ._formula import read
from ._functions import Call, Function, call
from ._guard import Report
from ._result import Result
from ._task import Task, is_blank


@dataclass(frozen=True)
class Formula(Task):
    """A task whose answer is a formula: a text such as "(H + 2*P - R) // S + 1", or a
    function of those names.

    `where` gives the values that each name may take; formulas are compared on random
    combinations of them.
    """

    answer: str
    where: Mapping[str, Sequence]

    @property
    def code(self) -> str:
        """The formula, in quotes."""
        return f'"{self.answer}"'

    def judge(self, name: str, given: object, report: Report) -> Result:
        """Read the given formula and compare its values with those of the answer."""
        given = plain_text(given) if issubclass(type(given), str) else given
        if is_blank(given) or (isinstance(given, str) and not given.strip()):
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
        return read(text, tuple(self.where))

    def _cases(self, rng: np.random.Generator) -> Iterator[Call]:
        for _ in range(30):
            yield call(
                **{
                    name: values[int(rng.integers(len(values)))]
                    for name, values in self.where.items()
                }
            )
