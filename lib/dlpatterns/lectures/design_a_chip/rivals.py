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


ASSUMPTIONS: dict[str, Callable[[], dict]] = {
    "no weight is zero": lambda: {"zeros": 0.0},
    "one network a chip, weights stay": lambda: {"resident": True},
    "unfinished sums stay in accumulators": lambda: {"sums": "accumulators"},
    "any dataflow saves bytes, not beats": lambda: {"any_by": "edge"},
    "both of these": lambda: {"sums": "accumulators", "any_by": "edge"},
    "SRAM at a seventh of its price": lambda: {"sram": 1 / 7},
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
    near, free = (
        "unfinished sums stay in accumulators",
        "any dataflow saves bytes, not beats",
    )
    small = [name for name in new if "× 128 ×" not in f"× {new[name]}"]
    return (
        ", ws," in new[near]
        and 1.02 < lost[near] < 1.15
        and ", any," in new[free]
        and 1 < lost[free] < 1.05
        and set(new) - set(small) == {"without MobileNetV2"}
        and "2:4" not in new["no weight is zero"]
        and max(lost, key=lost.get) == "SRAM at a seventh of its price"
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
