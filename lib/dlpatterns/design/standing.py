"""Where a design stands among the book's own: all of the grid, in its format, within
its budget, under the same assumptions.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from . import market, space
from .asking import Asked
from .chip import Chip
from .published import ASCEND_310, EDGE_TPU, EYERISS, TPUV1
from .space import Point

KEYS = ("seconds", "joules", "area")
NAMED = (TPUV1, ASCEND_310, EYERISS, EDGE_TPU)


@dataclass(frozen=True)
class Standing:
    """A design at its budget beside the book's: `mine` slowed down to its watts, `free`
    without a power budget, `rivals` in the budget, the quickest first.
    """

    asked: Asked
    mine: Point
    free: Point
    rivals: tuple[Point, ...]

    @property
    def fits(self) -> bool:
        """Tell whether the die keeps its area and one exposure."""
        return self.mine.area <= self.asked.room

    @property
    def best(self) -> Point | None:
        """The book's quickest design of the budget, the smallest of equals."""
        return self.rivals[0] if self.rivals else None

    @property
    def score(self) -> float | None:
        """A hundred times the quickest rival's time over the design's own; none for a
        die that is too large, or without a rival.
        """
        if not (self.fits and self.rivals):
            return None
        return 100 * self.rivals[0].seconds / self.mine.seconds

    def better(self, key: str) -> int:
        """Return how many rivals have less of a quantity."""
        own = getattr(self.mine, key)
        return sum(getattr(one, key) < own for one in self.rivals)

    @property
    def beaten(self) -> int:
        """How many rivals are as good in time, energy and area, and better in one."""
        own = [getattr(self.mine, key) for key in KEYS]
        others = ([getattr(one, key) for key in KEYS] for one in self.rivals)
        return sum(
            other != own and all(a <= b for a, b in zip(other, own, strict=True))
            for other in others
        )

    def behind(self, point: Point) -> tuple[float, int]:
        """Return in which of the workloads a design is furthest behind the rival that
        is best at it: how many times as long it takes, and which.
        """
        times = [[seconds for seconds, *_ in one.runs] for one in self.rivals]
        best = [min(column) for column in zip(*times, strict=True)]
        return max(
            (seconds / quickest, place)
            for place, ((seconds, *_), quickest) in enumerate(
                zip(point.runs, best, strict=True)
            )
        )


def stands(asked: Asked) -> Standing:
    """Return where a design stands."""
    free = _weighed(asked.chip, asked.zeros, asked.sums)
    rivals = _kept(asked.chip.dtype, asked.room, asked.watts, (asked.zeros, asked.sums))
    return Standing(asked, free.at(asked.watts), free, rivals)


def known(asked: Asked) -> list[Point]:
    """Return the chips of the world in a design's format at its watts, any area."""
    return [
        _weighed(chip, asked.zeros, asked.sums).at(asked.watts)
        for chip in NAMED
        if chip.dtype == asked.chip.dtype
    ]


@lru_cache(64)
def _kept(
    dtype: str, area: float, watts: float, how: tuple[float, str]
) -> tuple[Point, ...]:
    kept = [
        _weighed(chip, *how).at(watts) for chip, size in _grid(dtype) if size <= area
    ]
    return tuple(sorted(kept, key=lambda one: (one.seconds, one.area)))


@cache
def _grid(dtype: str) -> tuple[tuple[Chip, float], ...]:
    """Return every design of the grid in a format, and its area."""
    chips = space.designs(space.GRID | {"dtype": (dtype,)})
    return tuple((chip, chip.area) for chip in chips)


@cache
def _weighed(chip: Chip, zeros: float, sums: str) -> Point:
    return space.weigh(chip, zeros=zeros, sums=sums)


def price(area: float) -> float | None:
    """Return the dollars of wafer of one good die, none for what no wafer gives."""
    return market.price(area) if area <= market.RETICLE_MM2 else None
