"""A pipeline run event by event: each chip does its list of work in order, and waits
for what it needs from its neighbours.

Work on a micro-batch (微批次) in a stage: forward F; backward B, or its two halves, I
for the gradient of the inputs and W for that of the weights. `schedules` makes the
lists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .messages import positive


@dataclass(frozen=True)
class Work:
    """A piece of work: its kind, the micro-batch, the stage of the network, and which
    way the micro-batch travels (1 from the last chip to the first).
    """

    kind: str
    micro: int
    stage: int
    way: int = 0

    @property
    def key(self) -> tuple[str, int, int, int]:
        """What others wait for."""
        return self.kind, self.way, self.micro, self.stage


Slot = tuple[Work, ...]  # done side by side: one piece, or a forward and a backward one
TIMES = {"F": 1.0, "B": 2.0, "I": 1.0, "W": 1.0, "F+B": 3.0}


@dataclass(frozen=True)
class Schedule:
    """Lists of work for each chip, the number of stages, and the parts of a chip's
    layers that a stage is.
    """

    name: str
    orders: tuple[tuple[Slot, ...], ...]
    stages: int
    chip_of: Callable[[int, int], int] = field(repr=False)
    share: float = 1.0
    copies: int = 1  # of the weights


@dataclass(frozen=True)
class Bar:
    """Work done on a chip from start to end."""

    chip: int
    works: Slot
    start: float
    end: float


@dataclass(frozen=True)
class Run:
    """A schedule as it ran: bars in time, and what follows from them."""

    schedule: Schedule
    bars: tuple[Bar, ...]

    @property
    def chips(self) -> int:
        """How many chips work."""
        return len(self.schedule.orders)

    @property
    def seconds(self) -> float:
        """The time from the first start to the last end."""
        return max(bar.end for bar in self.bars)

    def busy(self, chip: int) -> float:
        """Return the time for which a chip works."""
        return sum(bar.end - bar.start for bar in self.bars if bar.chip == chip)

    def idle(self, chip: int) -> float:
        """Return for how long a chip waits while any chip works."""
        return self.seconds - self.busy(chip)

    def gaps(self, chip: int) -> float:
        """Return for how long a chip waits between its own first start and last end."""
        own = [bar for bar in self.bars if bar.chip == chip]
        return max(b.end for b in own) - min(b.start for b in own) - self.busy(chip)

    @property
    def bubble(self) -> float:
        """The longest wait of a chip."""
        return max(map(self.idle, range(self.chips)))

    @property
    def bubble_of_total(self) -> float:
        """The bubble as a share of the whole time."""
        return self.bubble / self.seconds

    @property
    def bubble_of_ideal(self) -> float:
        """The bubble over the time that the same chip works."""
        return max(self.idle(chip) / self.busy(chip) for chip in range(self.chips))

    def held(self, chip: int) -> float:
        """Return the most activations a chip holds at once, in units of one micro-batch
        in all its layers: from the start of F to the end of B, or of W.
        """
        changes = []
        for bar in self.bars:
            for work in bar.works if bar.chip == chip else ():
                if work.kind == "F":
                    changes.append((bar.start, 1))
                if work.kind in ("B", "W"):
                    changes.append((bar.end, -1))
        now = most = 0
        for _, change in sorted(changes):
            now += change
            most = max(most, now)
        return most * self.schedule.share


def run(
    schedule: Schedule, times: Mapping[str, float] = TIMES, *, delay: float = 0.0
) -> Run:
    """Run a schedule: a piece of work starts when its chip is free and what it needs
    has been done and, from another chip, has travelled for `delay`.

    `times` are those of a stage on a chip that holds one; a stage that is a part of a
    chip's layers takes its share. Raises: ValueError if the work waits in a circle, or
    lies on a chip that doesn't hold its stage.
    """
    _check_places(schedule)
    length = {kind: positive(times[kind], f"the time of {kind}") for kind in times}
    if delay < 0:
        raise ValueError(f"a delay can't be negative, got {delay}")
    done: dict[tuple, tuple[float, int]] = {}
    free = [0.0] * len(schedule.orders)
    next_up = [0] * len(schedule.orders)
    bars: list[Bar] = []
    while any(at < len(o) for at, o in zip(next_up, schedule.orders, strict=True)):
        moved = False
        for chip, order in enumerate(schedule.orders):
            while next_up[chip] < len(order):
                slot = order[next_up[chip]]
                ready = _ready(schedule, slot, chip, done, delay)
                if ready is None:
                    break
                start = max(free[chip], ready)
                end = start + length[_kind(slot)] * schedule.share
                done |= {work.key: (end, chip) for work in slot}
                bars.append(Bar(chip, slot, start, end))
                free[chip], next_up[chip], moved = end, next_up[chip] + 1, True
        if not moved:
            raise ValueError(f"{schedule.name}: {_stuck(schedule, next_up)}")
    return Run(schedule, tuple(sorted(bars, key=lambda bar: (bar.start, bar.chip))))


def _check_places(schedule: Schedule) -> None:
    for chip, order in enumerate(schedule.orders):
        for work in (work for slot in order for work in slot):
            holds = schedule.chip_of(work.stage, work.way)
            if holds != chip:
                raise ValueError(
                    f"{schedule.name}: chip {chip} is to do {work}, whose stage lies "
                    f"on chip {holds}"
                )


def _kind(slot: Slot) -> str:
    return "F+B" if len(slot) == 2 else slot[0].kind


def _ready(
    schedule: Schedule, slot: Slot, chip: int, done: dict, delay: float
) -> float | None:
    """When all that a slot needs is here; None if something is still to be done."""
    when = 0.0
    for work in slot:
        for options in _needs(schedule, work):
            found = [done[key] for key in options if key in done]
            if not found:
                return None
            end, where = found[0]
            when = max(when, end + (delay if where != chip else 0.0))
    return when


def _needs(schedule: Schedule, work: Work) -> list[list[tuple]]:
    """What must be done before: for each need the keys that satisfy it."""

    def keys(kinds: str, stage: int) -> list[tuple]:
        return [(kind, work.way, work.micro, stage) for kind in kinds]

    if work.kind == "F":
        return [keys("F", work.stage - 1)] if work.stage else []
    if work.kind == "W":
        return [keys("I", work.stage)]
    if work.stage == schedule.stages - 1:
        return [keys("F", work.stage)]
    return [keys("BI", work.stage + 1), keys("F", work.stage)]


def _stuck(schedule: Schedule, next_up: Sequence[int]) -> str:
    waiting = [
        f"chip {chip} at {order[at][0]}"
        for chip, (at, order) in enumerate(zip(next_up, schedule.orders, strict=True))
        if at < len(order)
    ]
    return f"the work waits in a circle: {'; '.join(waiting)}"
