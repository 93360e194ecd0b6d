"""The published facts and stored measurements that the lectures compare with, each with
its source.
"""

import csv
import json
import re
from dataclasses import dataclass
from importlib.resources import files

DATA = files("dlpatterns").joinpath("data")
SUFFIX = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


def tables() -> list[str]:
    """Return the names of all tables."""
    return sorted(
        entry.name[:-4] for entry in DATA.iterdir() if entry.name.endswith(".csv")
    )


def table(name: str) -> list[dict]:
    """Return the rows of a table as dicts, numbers parsed, empty cells as None.

    Raises: ValueError that lists the tables there are.
    """
    if name not in tables():
        raise ValueError(
            f"there is no table {name!r}; there are: {', '.join(tables())}"
        )
    with DATA.joinpath(f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return [
            {key: _parsed(text) for key, text in row.items()}
            for row in csv.DictReader(lines)
        ]


def where(name: str, **wanted: int | float | str | None) -> list[dict]:
    """Return the rows of a table whose columns hold the wanted values.

    Raises: ValueError for a column that the table lacks, or if no row fits.

    >>> [row["factor"] for row in where("golden_decade", origin="sparsity")]
    [2]
    """
    rows = table(name)
    for column in wanted:
        if column not in rows[0]:
            raise ValueError(
                f"{name} has no column {column!r}; it has {', '.join(rows[0])}"
            )
    found = [row for row in rows if row | wanted == row]
    if not found:
        raise ValueError(f"no row of {name} holds {wanted}; look at table({name!r})")
    return found


def measurement(name: str) -> dict:
    """Return a stored measurement of `benchmarks/`, with the versions and the machine
    it was taken on.

    Raises: ValueError that lists the measurements there are.
    """
    known = sorted(
        entry.name[:-5] for entry in DATA.iterdir() if entry.name.endswith(".json")
    )
    if name not in known:
        raise ValueError(
            f"there is no measurement {name!r}; there are: {', '.join(known) or 'none'}"
        )
    return json.loads(DATA.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def _parsed(text: str | None) -> int | float | str | None:
    for kind in (int, float):
        try:
            return None if not text or text == "nan" else kind(text)
        except ValueError:
            pass
    return text


@dataclass(frozen=True)
class Printed:
    """A number as a table prints it: its value, and the half-unit of its last digit."""

    text: str
    value: float
    half_unit: float

    def agrees(self, count: float) -> bool:
        """Return whether `count`, rounded to the digits that are printed, gives what is
        printed.
        """
        return abs(count - self.value) <= self.half_unit * (1 + 1e-9)

    def error(self, count: float) -> float:
        """Return how far the printed value is from `count`, as a share of `count`."""
        return (self.value - count) / count


def printed(text: str) -> Printed | None:
    """Return the number that a table prints as text such as "2.6k", "138M", "16"; None
    for "n/a".

    >>> weights = printed("2.6k")
    >>> weights.value, weights.agrees(2550), weights.agrees(1650), printed("n/a")
    (2600.0, True, False, None)
    """
    found = re.fullmatch(r"(\d+)(?:\.(\d+))?([kMG]?)", str(text).strip())
    if found is None:
        return None
    whole, decimals, suffix = found.groups(default="")
    unit = SUFFIX[suffix]
    return Printed(
        str(text),
        float(f"{whole}.{decimals or 0}") * unit,
        0.5 * unit / 10 ** len(decimals),
    )
