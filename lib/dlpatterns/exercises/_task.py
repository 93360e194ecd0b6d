"""What every task has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ._result import Result


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every task has: what is expected, why it matters, the usual mistakes with a
    hint each, and points.
    """

    expects: str
    why: str
    title: str = ""
    explanation: str = ""
    mistakes: Sequence[tuple[object, str]] = ()
    tolerance: float | None = None
    points: int = 1

    @property
    def slips(self) -> Sequence[tuple[object, str]]:
        """The usual mistakes, as (wrong answer, hint)."""
        return self.mistakes

    @property
    def told(self) -> str:
        """The solution in words."""
        return self.explanation

    @property
    def code(self) -> str:
        """The code of the solution, "" if there is none to show."""
        return ""

    def correct(self) -> Result:
        """Return the result of a correct answer."""
        return Result("correct", self.why)

    def untouched(self) -> Result:
        """Return the result of an answer that was not attempted."""
        return Result("open", f"Expected: {self.expects}.")

    def close(self, digits: int) -> Result:
        """Return the result of an answer that is right, but for digits it lacks."""
        return Result("close", f"It agrees to {digits} digits. Round only at the end.")

    def incorrect(
        self, what: str, rows: Iterable[tuple[str, str]] = (), hint: str = ""
    ) -> Result:
        """Return the result of a wrong answer."""
        end = "" if what.endswith(("?", ".")) else "."
        return Result.cleaned("wrong", f"{what[:1].upper()}{what[1:]}{end}", rows, hint)


def is_blank(given: object) -> bool:
    """Return whether the answer is still the stub's: nothing, the dots, or a group with
    dots in it.
    """
    if isinstance(given, (tuple, list)):
        return any(item is ... for item in given[:100])
    return given is None or given is ...
