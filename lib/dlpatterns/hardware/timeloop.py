"""The loop nests of Timeloop's public exercises: what they move as Timeloop printed it,
beside our count, and the reason wherever the two differ.

Every reason predicts Timeloop's number from ours:

* "equal tiles only": Timeloop sends a value to several elements at once only if their
  whole tiles are equal. We also read it once where windows side by side overlap.
* "sums to all": Timeloop brings a sum that comes back to every element that will work
  on it, where sums are added on the way. We bring it to one; the others begin at zero.
* "latch": where the elements stand directly above the multipliers, that version of
  Timeloop lets an operand stay at its multiplier while it does not change.
* "zeros": the nest is sparse, and Timeloop counts a share of the accesses: the density
  of a tensor in compressed form, times that of those whose zeros are skipped.

Source: Parashar et al. 2019, and the exercises of Timeloop and Accelergy.
"""

import re
from dataclasses import replace
from functools import cache
from math import prod

from .. import datasets
from .hierarchy import Level, Mapping, Moved, traffic
from .work import Work, convolution, matmul

# shares of nonzeros, as the capacities show that Timeloop prints for compressed tiles
DENSITY = {"a": 0.25, "b": 0.5, "weight": 0.435, "x": 0.275, "out": 0.403, "all": 1}


@cache
def nests() -> dict[str, Mapping]:
    """Return the nests by name; windows slide, as they do in Timeloop."""
    rows: dict[str, list[dict]] = {}
    for row in datasets.table("timeloop_nests"):
        rows.setdefault(row["nest"], []).append(row)
    return {name: _mapping(levels) for name, levels in rows.items()}


def _mapping(rows: list[dict]) -> Mapping:
    """Return a nest: loops are written as their name and turns, "M4 P8"."""
    tile: dict[str, int] = {}
    levels: list[Level] = []
    for row in reversed(rows):
        loops, across = _loops(row["loops"]), _loops(row["across"])
        for loop, turns in [*loops.items(), *across.items()]:
            tile[loop] = tile.get(loop, 1) * turns
        level = Level(
            row["level"],
            tile=dict(tile),
            order="".join(loops),
            keeps=tuple((row["keeps"] or "").split()),
            across=across,
            slides=True,
        )
        levels.insert(0, level)
    return Mapping(_work(tile, rows[0]["stride"]), tuple(levels))


def _loops(text: str | None) -> dict[str, int]:
    return {loop: int(turns) for loop, turns in re.findall(r"([A-Z])(\d+)", text or "")}


def _work(turns: dict[str, int], stride: int | None) -> Work:
    """Return the work of so many turns of each loop; with a stride, a convolution."""
    n, c, m, p, q, r, s, k = (turns.get(loop, 1) for loop in "NCMPQRSK")
    if stride is None:
        return matmul(m, n, k)
    height, width = (stride * (a - 1) + b for a, b in ((p, r), (q, s)))
    return convolution((n, c, height, width), (m, c, r, s), stride=stride)


@cache
def compared() -> tuple[dict, ...]:
    """Return a row a nest, level and tensor: our reads, fills and updates, those that
    Timeloop printed, the reason of a difference, and what it predicts for Timeloop.

    Counts are sums over the elements that work; Timeloop rounds those of sparse nests
    in each element.
    """
    return tuple(map(_compared, datasets.table("timeloop_counts")))


def _compared(row: dict) -> dict:
    ours = traffic(nests()[row["nest"]])[row["level"]][row["tensor"]]
    printed = Moved(*(row[one] * row["elements"] for one in Moved._fields))
    return {
        "nest": row["nest"],
        "level": row["level"],
        "tensor": row["tensor"],
        "elements": row["elements"],
        "ours": ours,
        "printed": printed,
        "reason": row["reason"] or "",
        "predicted": REASONS[row["reason"] or ""](ours, row),
    }


def _same(ours: Moved, row: dict) -> Moved:
    return ours


def _equal_tiles_only(ours: Moved, row: dict) -> Moved:
    """All that the elements below take in, less what goes to equal tiles."""
    mapping = nests()[row["nest"]]
    levels, name = mapping.levels, row["tensor"]
    place = [level.name for level in levels].index(row["level"])
    below = next(level for level in levels[place + 1 :] if level.holds(name))
    chosen = mapping.work.tensors[name].loops
    equal = prod(n for loop, n in levels[place].across.items() if loop not in chosen)
    return ours._replace(reads=traffic(mapping)[below.name][name].fills // equal)


def _sums_to_all(ours: Moved, row: dict) -> Moved:
    mapping, name = nests()[row["nest"]], row["tensor"]
    place = [level.name for level in mapping.levels].index(row["level"])
    outer = max(p for p in range(place) if mapping.levels[p].holds(name))
    chosen = mapping.work.tensors[name].loops
    working = prod(
        elements
        for level in mapping.levels[outer:place]
        for loop, elements in level.across.items()
        if loop not in chosen
    )
    more = ours.fills * (working - 1)
    return ours._replace(fills=ours.fills + more, reads=ours.reads + more)


def _latch(ours: Moved, row: dict) -> Moved:
    mapping = nests()[row["nest"]]
    latch = Level("latch", keeps=(row["tensor"],))
    held = traffic(replace(mapping, levels=(*mapping.levels, latch)))
    return held[row["level"]][row["tensor"]]


def _zeros(ours: Moved, row: dict) -> Moved:
    """Return the shares of reads and updates, and of fills where it differs ("|")."""
    used, _, filled = row["share"].partition("|")
    used, filled = (
        prod(DENSITY[name] for name in names.split())
        for names in (used, filled or used)
    )
    return Moved(ours.reads * used, ours.fills * filled, ours.updates * used)


REASONS = {
    "": _same,
    "equal tiles only": _equal_tiles_only,
    "sums to all": _sums_to_all,
    "latch": _latch,
    "zeros": _zeros,
}
