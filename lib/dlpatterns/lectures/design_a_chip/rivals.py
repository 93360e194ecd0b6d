"""Does the winner stay the winner? Each assumption of the model turned round, all
designs weighed again, and how much slower the first winner is than the new one.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from ...design import space, workload
from ...design.space import Point
from ...design.workload import Workload
from . import choosing


def without(place: int) -> tuple[Workload, ...]:
    """Return the workloads less one."""
    six = workload.six()
    return six[:place] + six[place + 1 :]


VECTOR = "products on the vector unit, where quicker"
ASSUMPTIONS: dict[str, Callable[[], dict]] = {
    "no weight is zero": lambda: {"zeros": 0.0},
    "one network a chip, weights stay": lambda: {"resident": True},
    "unfinished sums stay in accumulators": lambda: {"sums": "accumulators"},
    "any dataflow saves bytes, not beats": lambda: {"any_by": "edge"},
    "both of these": lambda: {"sums": "accumulators", "any_by": "edge"},
    "SRAM at a seventh of its price": lambda: {"sram": 1 / 7},
    VECTOR: lambda: {"vector": True},
    "eight at a time": lambda: {"loads": workload.eights()},
    **{
        f"without {load.name}": lambda place=place: {"loads": without(place)}
        for place, load in enumerate(workload.six())
    },
}


@cache
def _weighed(name: str) -> tuple[Point, ...]:
    how = ASSUMPTIONS[name]()
    return tuple(
        space.weigh(one.chip, watts=choosing.WATTS, **how) for one in choosing.kept()
    )


def turned() -> list[dict]:
    """Return a row an assumption: the new winner, and how many times as long as it the
    first winner takes.
    """
    first = choosing.winner().chip
    rows = []
    for name in ASSUMPTIONS:
        points = _weighed(name)
        best = min(points, key=lambda one: (one.seconds, one.area))
        mine = next(one for one in points if one.chip == first)
        rows.append(
            {"assumption": name, "new winner": choosing.described(best.chip)}
            | {"ours / new": mine.seconds / best.seconds}
        )
    return rows


def hold(rows: list[dict]) -> bool:
    """Tell whether the assumptions do what the lecture says of them."""
    lost = {row["assumption"]: row["ours / new"] for row in rows}
    new = {row["assumption"]: row["new winner"] for row in rows}
    near = "unfinished sums stay in accumulators"
    free, lane = "any dataflow saves bytes, not beats", VECTOR
    small = [name for name in new if "× 128 ×" not in f"× {new[name]}"]
    return (
        ", ws," in new[near]
        and 1.02 < lost[near] < 1.15
        and lost[free] == 1
        and abs(lost["both of these"] - lost[near]) < 0.01
        and new[lane].startswith("4 × 64 × 64")
        and set(new) - set(small) == {"without MobileNetV2"}
        and "2:4" not in new["no weight is zero"]
        and "4 MiB" in new["SRAM at a seventh of its price"]
        and max(lost, key=lost.get) == "without MobileNetV2"
    )


def without_the_cap() -> dict[str, float]:
    """Return what the winner draws without a power budget, and how much quicker it is
    then; and the quickest design of all without one.
    """
    free = space.weigh(choosing.winner().chip)
    capped = choosing.winner()
    return {"watts": free.watts, "quicker": capped.seconds / free.seconds}


def other_bandwidths() -> list[dict]:
    """Return the winner at other bandwidths, all else equal."""
    first = choosing.winner()
    rows = []
    for rate in space.GRID["bandwidth"]:
        one = space.weigh(replace(first.chip, bandwidth=rate), watts=choosing.WATTS)
        rows.append({"GB/s": rate / 1e9, "ms": 1e3 * one.seconds, "W": one.watts})
    return rows


@cache
def _between() -> tuple[Point, ...]:
    """Return the designs of the page's format with 2, 8 and 32 arrays as well."""
    more = {"arrays": (1, 2, 4, 8, 16, 32), "dtype": (choosing.FORMAT,)}
    return tuple(map(space.weigh, space.designs(space.GRID | more)))


def between(area: float = choosing.AREA, watts: float = choosing.WATTS) -> Point:
    """Return the quickest design under a budget if there may also be 2, 8 or 32
    arrays.
    """
    points = [one.at(watts) for one in space.within(_between(), area)]
    return min(points, key=lambda one: (one.seconds, one.area))


def shared_out(vector: bool) -> float:
    """Return how many times as fast four arrays are as one that is as large as they,
    with or without products on the vector unit.
    """
    one, four = (
        space.weigh(replace(choosing.START, **change), vector=vector)
        for change in ({"rows": 256, "cols": 256}, {"arrays": 4})
    )
    return one.seconds / four.seconds
