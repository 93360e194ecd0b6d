"""How the sparsity grows with the steps of training; every schedule is called with a
step and answers with a share.
"""

from dataclasses import dataclass

from .masks import check_sparsity


@dataclass(frozen=True)
class OneShot:
    """Nothing before step `begin`, everything at it.

    >>> [OneShot(0.9, begin=10)(step) for step in (9, 10, 11)]
    [0.0, 0.9, 0.9]
    """

    final: float
    begin: int = 0

    def __post_init__(self) -> None:
        check_sparsity(self.final)
        _check_steps(self.begin, self.begin)

    @property
    def end(self) -> int:
        """The step from which the sparsity no longer changes."""
        return self.begin

    def __call__(self, step: int) -> float:
        """Return the sparsity at a step."""
        return self.final if step >= self.begin else 0.0


@dataclass(frozen=True)
class Iterative:
    """Rounds at equal distances, each keeping the same share of what is left.

    Source: Han et al. 2015; Frankle & Carbin 2019.

    >>> [round(Iterative(0.75, begin=0, end=10, rounds=2)(s), 3) for s in (0, 9, 10)]
    [0.5, 0.5, 0.75]
    """

    final: float
    begin: int
    end: int
    rounds: int = 5

    def __post_init__(self) -> None:
        check_sparsity(self.final)
        _check_steps(self.begin, self.end)
        if not isinstance(self.rounds, int) or self.rounds < 1:
            raise ValueError(f"rounds is a whole number from 1, got {self.rounds!r}")

    def __call__(self, step: int) -> float:
        """Return the sparsity at a step."""
        if step < self.begin:
            return 0.0
        if step >= self.end or self.rounds == 1:
            return self.final
        gap = (self.end - self.begin) / (self.rounds - 1)
        done = 1 + int((step - self.begin) / gap)
        return 1 - (1 - self.final) ** (min(done, self.rounds) / self.rounds)


@dataclass(frozen=True)
class Cubic:
    """s_f + (s_i - s_f) (1 - (t - begin) / (end - begin))^3: fast while much is
    superfluous, slow towards the end.

    Source: Zhu & Gupta 2017, equation 1.

    >>> [round(Cubic(0.8, begin=0, end=10)(step), 3) for step in (0, 5, 10, 20)]
    [0.0, 0.7, 0.8, 0.8]
    """

    final: float
    begin: int
    end: int
    initial: float = 0.0

    def __post_init__(self) -> None:
        check_sparsity(self.final)
        check_sparsity(self.initial)
        _check_steps(self.begin, self.end)
        if self.initial > self.final:
            raise ValueError(
                f"sparsity grows: it cannot start at {self.initial} and end at "
                f"{self.final}"
            )

    def __call__(self, step: int) -> float:
        """Return the sparsity at a step; before `begin` it is 0."""
        if step < self.begin:
            return 0.0
        if step >= self.end:
            return self.final
        left = 1 - (step - self.begin) / (self.end - self.begin)
        return self.final + (self.initial - self.final) * left**3


Schedule = OneShot | Iterative | Cubic


def _check_steps(begin: int, end: int) -> None:
    if not (isinstance(begin, int) and isinstance(end, int) and 0 <= begin <= end):
        raise ValueError(
            f"a schedule runs from step begin to step end, 0 <= begin <= end; got "
            f"{begin!r} to {end!r}"
        )
