"""A die in the reader's hand, six workloads on it, and the front of all designs."""

from collections.abc import Iterator
from typing import Any

from ... import show
from ...design import evaluate, market, space, workload
from ...design.chip import Chip
from ...design.space import Point
from ...explore import Menu, Slider
from . import choosing

PARTS = {
    "multipliers": "orange",
    "buffer": "sky",
    "accumulators": "green",
    "rest": "grey",
}
MIB = [size / 2**20 for size in space.GRID["buffer"]]
SIDES, RATES = space.GRID["rows"][1:], [rate / 1e9 for rate in space.GRID["bandwidth"]]
AREAS, WATTS = (10, 25, 100, 300, 800), (1, 2, 5, 10, 75)
DIE = {
    "side": Slider(SIDES, label="rows, columns", start=128),
    "mib": Slider(MIB, label="buffer", unit="MiB", start=4.0),
    "dtype": Menu(space.GRID["dtype"], label="format", start="int8"),
}
LOADS = {
    "side": Slider(SIDES, label="rows, columns", start=128),
    "rate": Slider(RATES, label="bus", unit="GB/s", start=32.0),
    "zeros": Menu(
        {"nothing": "", "gated": "gating"} | {"skipped": "skipping"} | {"2:4": "2:4"},
        label="zeros are",
    ),
}
BUDGET = {
    "area": Slider(AREAS, label="die", unit="mm²", start=100),
    "watts": Slider(WATTS, label="power", unit="W", start=10),
}


def die(side: int, mib: float, dtype: str) -> show.Frame:
    """Draw a die to scale, its parts as areas, beside the outline of TPUv1's."""
    chip = Chip(side, side, buffer=int(mib * 2**20), dtype=dtype)
    areas, edge = chip.areas(), chip.area**0.5
    fig, axes = show.subplots(figsize=(4.6, 3.6))
    axes.plot(*_outline(331**0.5), color=show.FAINT, linestyle="--")
    axes.text(331**0.5, 331**0.5 + 0.4, "TPUv1", ha="right", color=show.INK)
    for part, (left, low, wide, high) in _placed(areas, edge):
        axes.bar(
            left,
            high,
            wide,
            bottom=low,
            align="edge",
            label=part,
            color=show.colour(PARTS[part]),
            edgecolor="white",
            linewidth=0.5,
        )
    axes.set(xlim=(0, 34), ylim=(0, 27), xlabel="mm", ylabel="mm", aspect="equal")
    axes.legend(loc="upper right")
    told = (
        f"{choosing.described(chip)}: {chip.area:.0f} mm², "
        f"{chip.peak_macs / 1e12:.3g} · 10¹² MAC/s at most"
    )
    if chip.area <= market.RETICLE_MM2:
        good = market.dies(chip.area) * market.working(chip.area)
        told += f"; {good:.0f} good dies a wafer."
    else:
        told += f"; one exposure prints {market.RETICLE_MM2} mm²."
    alt = f"A square die to scale, in four parts, beside the outline of TPUv1. {told}"
    return show.frame(fig, caption=told, alt=alt, values=areas)


def _outline(edge: float) -> tuple[list[float], list[float]]:
    return [0, edge, edge, 0, 0], [0, 0, edge, edge, 0]


def _placed(areas: dict[str, float], edge: float) -> Iterator[tuple[str, tuple]]:
    """Yield for each part where its rectangle lies: the rest on top, the others below
    it side by side.
    """
    low = edge - areas["rest"] / edge
    left = 0.0
    for part in ("multipliers", "buffer", "accumulators"):
        wide = areas[part] / low
        yield part, (left, 0.0, wide, low)
        left += wide
    yield "rest", (0.0, low, edge, edge - low)


def loads(side: int, rate: float, zeros: str) -> show.Frame:
    """Draw how long each workload takes on a chip, and what it waits for."""
    chip = Chip(side, side, bandwidth=rate * 1e9, zeros=zeros)
    results = [evaluate.run(chip, load) for load in workload.six()]
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    names = [one.workload for one in results]
    bus = [1e3 * one.seconds * one.waits_for_bus for one in results]
    array = [1e3 * one.seconds - wait for one, wait in zip(results, bus, strict=True)]
    axes.barh(names, array, color=show.colour("orange"), label="array is slowest")
    axes.barh(names, bus, left=array, color=show.colour("sky"), label="bus is slowest")
    axes.set(xlabel="ms a batch")
    axes.invert_yaxis()
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.35, 1.0))
    waiting = [one.workload for one in results if one.waits_for_bus > 0.5]
    told = (
        f"{choosing.described(chip)}: {len(waiting)} of {len(results)} workloads wait "
        f"mostly for the bus. Sum {1e3 * sum(one.seconds for one in results):.1f} ms."
    )
    alt = f"Six bars of time in two parts, array and bus. {told}"
    values = {one.workload: 1e3 * one.seconds for one in results}
    return show.frame(fig, caption=told, alt=alt, values=values)


def front(area: float, watts: float) -> show.Frame:
    """Draw designs under a budget by area and time, and those that none beats."""
    kept = choosing.kept(area=area, watts=watts)
    best = space.front(kept, ["area", "seconds"])
    fig, axes = show.subplots(figsize=(4.6, 2.9))
    _dots(axes, kept[:: max(1, len(kept) // 150)], "grey", size=5)
    _dots(axes, best, "orange", size=26)
    axes.set(xscale="log", yscale="log", xlim=(1, 500), ylim=(0.1, 60))
    axes.set(xlabel="mm²", ylabel="ms, geometric mean of six")
    quickest = min(best, key=lambda one: one.seconds)
    told = (
        f"{area:g} mm², {watts:g} W, {choosing.FORMAT}: {len(best)} of {len(kept)} "
        f"designs are beaten by none. The quickest, {1e3 * quickest.seconds:.2f} ms on "
        f"{quickest.area:.0f} mm²: {choosing.described(quickest.chip)}."
    )
    alt = f"Dots of designs by area and time, the front in orange. {told}"
    values = {f"{one.area:.1f} mm²": 1e3 * one.seconds for one in best}
    return show.frame(fig, caption=told, alt=alt, values=values)


def _dots(axes: Any, points: list[Point], colour: str, size: float) -> None:
    axes.scatter(
        [one.area for one in points],
        [1e3 * one.seconds for one in points],
        s=size,
        color=show.colour(colour),
    )
