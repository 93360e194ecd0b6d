"""Every design of the grid under a budget, and what each knob is worth."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product

from ...design import evaluate, space, workload
from ...design.chip import Chip, described, size
from ...design.space import Point

AREA, WATTS, FORMAT = 100, 10, "int8"  # the budget of this page
BUDGETS = ((25, 2), (AREA, WATTS), (300, 75))
START = Chip()
KNOBS = {
    "rows": "rows and columns",
    "arrays": "arrays",
    "dataflow": "dataflow",
    "buffer": "buffer",
    "bandwidth": "bandwidth",
    "zeros": "zeros",
    "dtype": "format",
}


@cache
def free_points() -> tuple[Point, ...]:
    """Return every design of the grid, whatever it draws."""
    return tuple(map(space.weigh, space.designs()))


@cache
def all_points(watts: float = WATTS) -> tuple[Point, ...]:
    """Return every design of the grid at a power budget."""
    return tuple(one.at(watts) for one in free_points())


def kept(dtype: str = FORMAT, area: float = AREA, watts: float = WATTS) -> list[Point]:
    """Return the designs of a format that keep an area, at a power budget."""
    every = [one for one in all_points(watts) if one.chip.dtype == dtype]
    return space.within(every, area)


def winner(dtype: str = FORMAT, area: float = AREA, watts: float = WATTS) -> Point:
    """Return the quickest design of a format under a budget; of equals the smallest."""
    return min(kept(dtype, area, watts), key=lambda one: (one.seconds, one.area))


def row(name: str, one: Point) -> dict:
    """Return a design as a row."""
    return {
        "design": name,
        "what it is": described(one.chip),
        "mm²": one.area,
        "ms": 1e3 * one.seconds,
        "mJ": 1e3 * one.joules,
        "W": one.watts,
    }


def loads(chip: Chip = START) -> list[dict]:
    """Return a row a workload on a chip: milliseconds a batch, the share of the time in
    which the bus is the slowest, and the share of the multipliers that work.
    """
    return [
        {"workload": load.name, "G MACs": load.macs / 1e9}
        | {"ms": 1e3 * result.seconds, "waits for the bus": result.waits_for_bus}
        | {"multipliers at work": result.utilisation}
        for load in workload.six()
        for result in [evaluate.run(chip, load)]
    ]


def knobs(chip: Chip = START) -> list[dict]:
    """Return a row a knob and direction: what one step of the grid does to area,
    seconds and joules of a chip, as a ratio.
    """
    before = space.weigh(chip)
    rows = []
    for knob, step in product(KNOBS, (-1, 1)):
        values = space.GRID[knob]
        place = values.index(getattr(chip, knob)) + step
        if not 0 <= place < len(values):
            continue
        change = {knob: values[place]}
        if knob == "rows":
            change["cols"] = values[place]
        after = space.weigh(replace(chip, **change))
        rows.append(
            {"knob": KNOBS[knob], "from": _said(knob, getattr(chip, knob))}
            | {"to": _said(knob, values[place]), "area ×": after.area / before.area}
            | {"time ×": after.seconds / before.seconds}
            | {"energy ×": after.joules / before.joules}
        )
    return rows


def _said(knob: str, value: object) -> str:
    if knob == "buffer":
        return size(value)
    if knob == "bandwidth":
        return f"{value / 1e9:g} GB/s"
    return str(value) if value != "" else "nothing"


def fronts(keys: tuple[str, ...] = ("seconds", "joules", "area")) -> list[Point]:
    """Return the designs of the page's format and budget that no other beats."""
    return space.front(kept(), keys)


def shared(points: list[Point]) -> dict[str, Counter]:
    """Return how many designs have each setting of each knob."""
    return {
        knob: Counter(_said(knob, getattr(one.chip, knob)) for one in points)
        for knob in KNOBS
    }


def ranked(design: dict) -> str:
    """Return a reader's design beside the book's own within the budget.

    Raises: ValueError for a design that isn't one, or is larger than the budget.
    """
    mine = space.weigh(Chip(**design), watts=WATTS)
    space.within([mine], AREA)
    quicker = sum(one.seconds < mine.seconds for one in kept())
    return (
        f"{1e3 * mine.seconds:.2f} ms on {mine.area:.0f} mm²: {quicker} of "
        f"{len(kept())} designs of the book are quicker, the quickest takes "
        f"{1e3 * winner().seconds:.2f} ms."
    )


def by_budget() -> list[dict]:
    """Return the quickest design of each format at three budgets."""
    rows = []
    for area, watts in BUDGETS:
        for dtype in space.GRID["dtype"]:
            one = winner(dtype, area, watts)
            name = f"{area} mm², {watts} W, {dtype}"
            rows.append(row(name, one))
    return rows
