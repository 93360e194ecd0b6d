"""All designs of a grid, those that keep a budget, and those that no other beats."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, inf, log

from . import evaluate, market
from .chip import Chip
from .workload import Workload, six

GRID = {
    "rows": (16, 32, 64, 128, 256),
    "arrays": (1, 4, 16),
    "dataflow": ("ws", "os", "any"),
    "buffer": tuple(2**20 * size // 4 for size in (1, 4, 16, 64, 128)),
    "bandwidth": (8e9, 32e9, 128e9),
    "dtype": ("int4", "int8", "fp16"),
    "zeros": ("", "gating", "skipping", "2:4"),
}


@dataclass(frozen=True)
class Point:
    """A chip with what all workloads together make of it.

    `seconds` and `joules` are geometric means over the workloads, an example each;
    `watts` is the most that any workload draws, by the model. `runs` holds seconds and
    joules of each, and its batch.
    """

    chip: Chip
    area: float
    seconds: float
    joules: float
    watts: float
    runs: tuple[tuple[float, float, int], ...]

    @property
    def share(self) -> float:
        """The share of a wafer that one good die costs."""
        return market.wafer_share(self.area)

    def at(self, watts: float) -> "Point":
        """Return the chip at a power budget: a workload that would draw more is slowed
        down until it doesn't, and takes its joules divided by the watts.

        Raises: ValueError if the watts are not above zero.
        """
        if not watts > 0:
            raise ValueError(f"a chip needs more than zero watts, got {watts!r}")
        if self.watts <= watts:
            return self
        slowed = [
            (max(seconds, joules / watts), joules, batch)
            for seconds, joules, batch in self.runs
        ]
        return _point(self.chip, self.area, slowed)


def _point(chip: Chip, area: float, runs: Iterable[tuple[float, float, int]]) -> Point:
    runs = tuple(runs)
    return Point(
        chip=chip,
        area=area,
        seconds=_mean(seconds / batch for seconds, _, batch in runs),
        joules=_mean(joules / batch for _, joules, batch in runs),
        watts=max(joules / seconds for seconds, joules, _ in runs),
        runs=runs,
    )


def designs(grid: dict[str, Sequence] = GRID) -> Iterator[Chip]:
    """Yield every design of a grid; arrays are square."""
    for values in product(*grid.values()):
        how = dict(zip(grid, values, strict=True))
        yield Chip(cols=how["rows"], **how)


def weigh(
    chip: Chip,
    loads: Iterable[Workload] | None = None,
    *,
    watts: float = inf,
    **how: float | bool,
) -> Point:
    """Return a chip, at a power budget, with what it takes and spends for the
    workloads, the book's six unless others are given; `how` is what `evaluate.run`
    takes besides.

    Raises: ValueError if the watts are not above zero.
    """
    results = [evaluate.run(chip, load, **how) for load in loads or six()]
    runs = ((one.seconds, one.joules, one.batch) for one in results)
    return _point(chip, chip.area, runs).at(watts)


def _mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def within(points: Iterable[Point], area: float) -> list[Point]:
    """Return the points that keep an area in square millimetres, and one exposure.

    Raises: ValueError if none does.
    """
    most = min(area, market.RETICLE_MM2)
    kept = [one for one in points if one.area <= most]
    if not kept:
        raise ValueError(f"no design keeps {area:g} mm2; allow a larger die")
    return kept


def front(points: Iterable[Point], keys: Sequence[str]) -> list[Point]:
    """Return the points that no other beats: none is at least as good in all of the
    keys (less is better) and better in one. In order of the first key.

    >>> [p.seconds for p in front(map(weigh, list(designs())[:3]), ["seconds"])] != []
    True
    """
    ordered = sorted(points, key=lambda one: [getattr(one, key) for key in keys])
    kept: list[Point] = []
    values: list[tuple] = []
    for one in ordered:
        mine = tuple(getattr(one, key) for key in keys)
        if not any(all(a <= b for a, b in zip(v, mine, strict=True)) for v in values):
            kept.append(one)
            values.append(mine)
    return kept
