"""What was done: operations by kind, MACs, bytes by level; and the tally that runs at
the moment.
"""

from collections import Counter
from dataclasses import dataclass, field

REGISTER = "register"
SPECIAL = (
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log1p",
    "tanh",
    "sin",
    "cos",
    "sqrt",
    "erf",
    "power",
)


@dataclass
class Tally:
    """What was done: `operations` by kind, `macs` among them, bytes `read` and
    `written` by level.
    """

    value_bytes: int = 4
    operations: Counter = field(default_factory=Counter)
    macs: int = 0
    read: Counter = field(default_factory=Counter)
    written: Counter = field(default_factory=Counter)

    @property
    def multiplications(self) -> int:
        """All multiplications, those of MACs included."""
        return self.operations["multiply"]

    @property
    def additions(self) -> int:
        """All additions and subtractions, those of MACs included."""
        return self.operations["add"] + self.operations["subtract"]

    @property
    def comparisons(self) -> int:
        """All comparisons of two values."""
        return self.operations["compare"]

    @property
    def lookups(self) -> int:
        """All searches in a set, a dict or a `Table`."""
        return self.operations["look-up"]

    @property
    def special(self) -> dict[str, int]:
        """The functions that are no arithmetic (exp, tanh, sqrt, ...), by name."""
        return {
            kind: number for kind, number in self.operations.items() if kind in SPECIAL
        }

    @property
    def other(self) -> dict[str, int]:
        """The operations that are not part of a MAC, by kind; additions and
        subtractions together as "add".
        """
        fused = {
            "multiply": self.multiplications - self.macs,
            "add": self.additions - self.macs,
        }
        rest = {
            kind: n
            for kind, n in self.operations.items()
            if kind not in ("multiply", "add", "subtract")
        }
        return {kind: number for kind, number in (fused | rest).items() if number}

    @property
    def memory_bytes(self) -> int:
        """Bytes read from and written to arrays and tables."""
        return sum(
            levels.total() - levels[REGISTER] for levels in (self.read, self.written)
        )

    @property
    def register_bytes(self) -> int:
        """Bytes of all operands and results."""
        return self.read[REGISTER] + self.written[REGISTER]

    def reads(self, level: str) -> int:
        """Return how many values were read from that level."""
        return self.read[level] // self.value_bytes

    def writes(self, level: str) -> int:
        """Return how many values were written to that level."""
        return self.written[level] // self.value_bytes

    def rows(self) -> list[dict]:
        """Return one row a level with its bytes, largest first, as `show.table` takes
        them.
        """
        levels = sorted(
            self.read | self.written,
            key=lambda level: -self.read[level] - self.written[level],
        )
        return [
            {"level": level, "read": self.read[level], "written": self.written[level]}
            for level in levels
        ]

    def include(self, other: "Tally") -> None:
        """Add what another tally saw."""
        self.operations.update(other.operations)
        self.read.update(other.read)
        self.written.update(other.written)
        self.macs += other.macs


running: list[Tally] = []


def current() -> Tally:
    if not running:
        raise RuntimeError(
            "a traced value was used while no tally runs; use it inside `with "
            "tracing.tally() as t:`"
        )
    return running[-1]


def did(kind: str, operands: int, results: int = 1) -> None:
    counts = current()
    counts.operations[kind] += 1
    counts.read[REGISTER] += operands * counts.value_bytes
    counts.written[REGISTER] += results * counts.value_bytes


def moved(levels: str, level: str, values: int) -> None:
    counts = current()
    getattr(counts, levels)[level] += values * counts.value_bytes
