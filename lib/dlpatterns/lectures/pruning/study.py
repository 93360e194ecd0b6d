"""What the stored study found: means over the seeds, their errors, and differences seed
by seed.
"""

from functools import cache
from math import sqrt
from typing import NamedTuple

import numpy as np

from ...counting import count
from ...datasets import measurement
from . import experiment

METHODS = {
    "dense": {"method": "dense"},
    "pruned": {"method": "pruned"},
    "channels cut": {"method": "channels"},
    "dense, as much compute": {"method": "dense, as much compute"},
}


class Found(NamedTuple):
    """A mean over the seeds and its standard error. Units: shares."""

    mean: float
    error: float

    def __str__(self) -> str:
        mean = round(100 * self.mean, 1) + 0.0  # no negative zero
        return f"{mean:.1f} ± {100 * self.error:.1f}"


@cache
def stored() -> dict:
    """Return the stored study."""
    return measurement("pruning")


def rows(family: str, **what: object) -> list[dict]:
    """Return the stored rows of a family that have these entries."""
    wanted = {key: _as_stored(value) for key, value in what.items()}
    return [
        row
        for row in stored()["rows"][family]
        if all(row.get(key) == value for key, value in wanted.items())
    ]


def row(family: str, **what: object) -> dict:
    """Return the one stored row of a family that has these entries."""
    found = rows(family, **what)
    if len(found) != 1:
        raise ValueError(f"{len(found)} rows of {family} have {what}; one is wanted")
    return found[0]


def mean(row: dict, key: str = "accuracy") -> Found:
    """Return the mean of a row over its seeds."""
    values = np.array(row[key])
    return Found(float(values.mean()), float(values.std(ddof=1) / sqrt(len(values))))


def gain(row: dict, other: dict, keys: tuple[str, str] = ("accuracy",) * 2) -> Found:
    """Return by how much a row is more accurate than another on the same seeds."""
    apart = np.array(row[keys[0]]) - np.array(other[keys[1]])
    return Found(float(apart.mean()), float(apart.std(ddof=1) / sqrt(len(apart))))


def wins(row: dict, other: dict, keys: tuple[str, str] = ("accuracy",) * 2) -> int:
    """Return on how many seeds a row is more accurate than another."""
    return sum(a > b for a, b in zip(row[keys[0]], other[keys[1]], strict=True))


def clear(found: Found) -> str:
    """Return what a difference says: more or less than twice its error, or neither."""
    if abs(found.mean) <= 2 * found.error:
        return "no"
    return "for" if found.mean > 0 else "against"


# --- Sizes ----------------------------------------------------------------------------


def sizes(family: str) -> list[dict]:
    """Return the small dense networks of a family and what is as large as each: one row
    a width, accuracies in per cent with standard errors.
    """
    return [_line(family, width) for width in experiment.WIDTHS[family][:-1]]


def _line(family: str, width: int | tuple[int, int]) -> dict:
    small = row(family, method="dense", width=width)
    line = {"width": _name(width), "parameters": small["size"]}
    line |= {"dense": str(mean(small))}
    for name, equal in EQUAL.items():
        found = rows(family, method="pruned", width=width, equal=equal)
        line |= {name: str(mean(found[0], _key(name)))} if found else {}
    cut = row(family, method="channels", width=width)
    return line | {"channels cut": str(mean(cut))}


EQUAL = {
    "equal non-zeros": "non-zeros",
    "equal bytes, 32 bits": "bytes, 32 bits",
    "equal bytes, 8 bits": "bytes, 8 bits",
}


def _key(name: str) -> str:
    return "accuracy, 8 bits" if "8 bits" in name else "accuracy"


def gains(family: str, equal: str) -> list[Found]:
    """Return by how much the pruned network is more accurate than the dense one trained
    for as many epochs, from the narrowest width to the widest.
    """
    key = _key(equal)
    return [
        gain(
            row(family, method="pruned", width=width, equal=EQUAL[equal]),
            row(family, method="dense", width=width),
            (key, key),
        )
        for width in experiment.WIDTHS[family][:-1]
    ]


def rivals() -> list[dict]:
    """Return how accurate the small dense networks are that got what pruning the
    largest one cost, one row a width, beside the pruned one of equal non-zeros.
    """
    table = []
    for family, width in contested():
        line = {"family": family, "width": _name(width)}
        for name, method in RIVALS.items():
            found = rows(family, method=method, width=width)
            line[name] = str(mean(found[0])) if found else None
        pruned = row(family, method="pruned", width=width, equal="non-zeros")
        table.append(line | {"pruned": str(mean(pruned))})
    return table


RIVALS = {
    "dense": "dense",
    "as much compute": "dense, as much compute",
    "best of restarts": "dense, best of restarts",
    "taught": "dense, taught",
}


def contested() -> list[tuple[str, int | tuple[int, int]]]:
    """Return family and width of the networks that have such rivals."""
    return [
        (family, width)
        for family, widths in experiment.WIDTHS.items()
        for width in widths
        if rows(family, method="dense, as much compute", width=width)
    ]


def strongest(family: str, width: int | tuple[int, int], key: str) -> dict:
    """Return the dense rival with the highest mean."""
    found = [
        each
        for method in RIVALS.values()
        for each in rows(family, method=method, width=width)
    ]
    return max(found, key=lambda each: mean(each, key).mean)


def lead(family: str, width: int | tuple[int, int], equal: str) -> Found:
    """Return by how much the pruned network is more accurate than its strongest dense
    rival, seed by seed, at equal non-zeros or bytes.
    """
    key = _key(equal)
    pruned = row(family, method="pruned", width=width, equal=EQUAL[equal])
    return gain(pruned, strongest(family, width, key), (key, key))


def leads() -> list[dict]:
    """Return the strongest rival of each width and the pruned network's lead over it,
    in points.
    """
    names = {method: name for name, method in RIVALS.items()}
    return [
        {"family": family, "width": _name(width)}
        | {"strongest rival": names[strongest(family, width, "accuracy")["method"]]}
        | {equal: str(lead(family, width, equal)) for equal in EQUAL}
        for family, width in contested()
    ]


# --- Schedules, and what to do with a mask --------------------------------------------


def by_schedule() -> list[dict]:
    """Return the accuracy under each schedule, one row a share that goes."""
    shares = sorted({each["share"] for each in rows("MLP", method="schedule")})
    return [
        {"weights that go": f"{100 * share:.0f} %"}
        | {
            how: str(mean(row("MLP", method="schedule", share=share, how=how)))
            for how in ("one-shot", "iterative", "cubic")
        }
        for share in shares
    ]


def after_pruning() -> list[dict]:
    """Return the accuracy before and after each way to go on from a mask, one row a
    way, one column a share that goes.
    """
    found = sorted(rows("MLP", method="after pruning"), key=lambda each: each["share"])
    return [
        {"what is done": name}
        | {f"{100 * each['share']:.0f} % go": str(mean(each, name)) for each in found}
        for name in ("trained", "pruned only", *experiment.AFTER)
    ]


def gated() -> list[dict]:
    """Return the accuracy with some of eight channels, static and dynamic."""
    return [
        {"channels that stay": f"{each['stay']} of 8"}
        | {name: str(mean(each, name)) for name in each if name in GATED}
        for each in rows("CNN", method="gates")
    ]


GATED = ("trained", "static", "dynamic", "static, tuned", "dynamic, tuned")


# --- Curves ---------------------------------------------------------------------------

MEASURES = ("parameters that are not zero", "bytes, 32 bits", "bytes, 8 bits", "MACs")


def points(family: str, method: str, measure: str) -> list[tuple[float, Found]]:
    """Return (how large, how accurate) of every network of a method, the smallest
    first.

    The MACs are those of a machine that does not skip zeros.
    """
    key = "accuracy, 8 bits" if measure == "bytes, 8 bits" else "accuracy"
    found = [
        (_measured(family, each, method, measure), mean(each, key))
        for each in rows(family, **METHODS[method])
    ]
    return sorted(found)


def _measured(family: str, each: dict, method: str, measure: str) -> float:
    if measure == "MACs":
        pruned = method == "pruned"
        model = (
            experiment.largest(family)
            if pruned
            else experiment.model(family, each["width"])
        )
        return count(model).macs
    if measure.startswith("bytes"):
        bits = int(measure.split()[1])
        if method != "pruned":
            return each["size"] * bits / 8
        return float(np.mean(each[measure]))
    return float(np.mean(each["nonzero"]))


def _as_stored(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _name(width: int | list[int] | tuple[int, int]) -> str:
    return str(width) if isinstance(width, int) else "-".join(map(str, width))
