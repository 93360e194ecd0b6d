"""How training compute grew: doubling times with their uncertainty, and whether the
pace changed at a point or bent smoothly.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ... import datasets

EPOCH = np.datetime64("1970-01-01")
BREAKS = np.arange(1970, 2023.5, 0.5)  # years at which a kink is tried
PLACED = 2000  # the year that is zero in a fit
SAMPLES = {
    "all notable models": "all",
    "records of their day": "records",
    "well-known ones": "known",
    "all since 1980": "since",
    "1980 to 2019": "between",
    "all before 2021": "before",
}
FIGURES = {"as printed now": "now", "as printed in 2023": "then", "left out": "out"}
PARAMETERS = {"line": 2, "parabola": 3, "cubic": 4, "kink": 4}
DEGREES = {"line": 1, "parabola": 2, "cubic": 3}


def decimal_year(date: str) -> float:
    """Return a date such as 2012-09-30 as a year with decimals."""
    return 1970 + (np.datetime64(date) - EPOCH).astype(int) / 365.2425


def doubling_months(points: np.ndarray) -> float:
    """Fit a line through (year, log2 of a quantity) and return the months in which the
    quantity doubles.
    """
    return 12 / np.polyfit(*points.T, 1)[0]


@cache
def _notable() -> list[dict]:
    return datasets.table("training_compute_notable")


def chips() -> np.ndarray:
    """Return (year, log2 of the transistors) of the chips in the table."""
    rows = datasets.table("transistors")
    return np.array([(row["year"], np.log2(row["transistors"])) for row in rows])


def runs(sample: str = "all", figures: str = "now") -> np.ndarray:
    """Return (year, log2 FLOP) of a sample of the notable models, with the chosen
    figures for the three of the AlphaGo family that were revised.
    """
    revised = {row["model"]: row for row in datasets.table("training_compute_revised")}
    rows = [row for row in _notable() if _chosen(row["model"], sample)]
    if figures == "out":
        rows = [row for row in rows if row["model"] not in revised]
    old = {name: row["printed_2023_flop"] for name, row in revised.items()}
    old = old if figures == "then" else {}
    flop = [old.get(row["model"], row["training_flop"]) for row in rows]
    points = np.column_stack(
        [[decimal_year(row["date"]) for row in rows], np.log2(flop)]
    )
    return _kept(points, sample)


def _chosen(model: str, sample: str) -> bool:
    return sample != "known" or model in _known()


@cache
def _known() -> set[str]:
    names = {row["model"] for row in datasets.table("training_compute")}
    return names | {"Transformer (2017)"}


def _kept(points: np.ndarray, sample: str) -> np.ndarray:
    year, height = points.T
    keep = {
        "records": height >= np.maximum.accumulate(height),
        "since": year >= 1980,
        "between": (year >= 1980) & (year < 2020),
        "before": year < 2021,
    }
    return points[keep.get(sample, year > 0)]


def interval(points: np.ndarray, resamples: int = 1000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the doubling time: as many points again,
    drawn with replacement, fitted again.
    """
    rng = np.random.default_rng(0)
    picks = rng.integers(len(points), size=(resamples, len(points)))
    x, y = points[picks].transpose(2, 0, 1)
    x = x - x.mean(axis=1, keepdims=True)
    months = 12 * (x * x).sum(axis=1) / (x * y).sum(axis=1)
    low, high = np.percentile(months, [2.5, 97.5])
    return float(low), float(high)


def fitted(name: str, points: np.ndarray) -> dict:
    """Return one row: how many points, the months of a doubling, and from where to
    where they may lie.
    """
    low, high = interval(points)
    months = doubling_months(points)
    return {
        "what doubles": name,
        "points": len(points),
        "months": months,
        "from": low,
        "to": high,
    }


def months_since(year: int) -> list[float]:
    """Return the months of a doubling since a year for every sample and every choice of
    figures.
    """
    chosen = [runs(s, f) for s in SAMPLES.values() for f in FIGURES.values()]
    return [doubling_months(points[points[:, 0] >= year]) for points in chosen]


# --- A kink, or a smooth bend? --------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """A curve fitted by least squares: what it leaves unexplained, its values at the
    points, and the year of its kink if it has one.
    """

    kind: str
    squares: float
    values: np.ndarray
    kink: float | None = None

    @property
    def bic(self) -> float:
        """Return Schwarz's criterion: lower is better, and each parameter, the year of
        a kink included, costs log n. Source: Schwarz 1978.
        """
        n = len(self.values)
        return n * np.log(self.squares / n) + PARAMETERS[self.kind] * np.log(n)


def columns(kind: str, year: np.ndarray, kink: float | None = None) -> np.ndarray:
    """Return the columns of a curve's equation at these years."""
    x = (year - PLACED) / 10
    if kind == "kink":
        after = np.maximum(year - kink, 0) / 10
        return np.column_stack([np.ones_like(x), x, after])
    return np.vander(x, DEGREES[kind] + 1)


def fit(kind: str, points: np.ndarray) -> Curve:
    """Fit a line, a parabola, a cubic, or two lines that meet in a kink whose year is
    sought too.
    """
    year, height = points.T
    if kind != "kink":
        values = _projected(columns(kind, year), height)
        return Curve(kind, float(((height - values) ** 2).sum()), values)
    return min(_kinks(points), key=lambda curve: curve.squares)


def _kinks(points: np.ndarray) -> list[Curve]:
    year, height = points.T
    found = []
    for kink in _between(year):
        values = _projected(columns("kink", year, kink), height)
        squares = float(((height - values) ** 2).sum())
        found.append(Curve("kink", squares, values, float(kink)))
    return found


def _between(year: np.ndarray) -> np.ndarray:
    """Return the years at which a kink is tried: those with a point on either side."""
    first, last = np.searchsorted(BREAKS, [year[1], year[-2]])
    return BREAKS[first:last]


def _projected(matrix: np.ndarray, height: np.ndarray) -> np.ndarray:
    basis = np.linalg.qr(matrix)[0]
    return basis @ (basis.T @ height)


def curves(sample: str, figures: str = "now") -> dict:
    """Return one row: how much worse each curve's criterion is than the best one's, and
    the year of the kink.
    """
    points = runs(sample, figures)
    found = {kind: fit(kind, points) for kind in PARAMETERS}
    least = min(curve.bic for curve in found.values())
    worse = {kind: curve.bic - least for kind, curve in found.items()}
    return {"models": len(points)} | worse | {"kink at": f"{found['kink'].kink:g}"}


def kink_against_cubic(points: np.ndarray, truth: str, draws: int = 300) -> np.ndarray:
    """Pretend that one of the two curves is true, draw data from it, fit both again,
    and return by how much the kink's criterion is worse in each draw.

    The scatter around the curve is drawn from what it left unexplained, before and
    since 2010 apart.
    """
    curve, rng = fit(truth, points), np.random.default_rng(0)
    drawn = curve.values[:, None] + _scatter(points, curve, draws, rng)
    year = points[:, 0]
    squares = [_left(columns("kink", year, each), drawn) for each in _between(year)]
    kink = np.min(squares, axis=0)
    return len(points) * np.log(kink / _left(columns("cubic", year), drawn))


def _scatter(points, curve: Curve, draws: int, rng) -> np.ndarray:
    rest, late = points[:, 1] - curve.values, points[:, 0] >= 2010
    shape = (len(points), draws)
    return np.where(
        late[:, None], rng.choice(rest[late], shape), rng.choice(rest[~late], shape)
    )


def _left(matrix: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    basis = np.linalg.qr(matrix)[0]
    return (drawn**2).sum(axis=0) - ((basis.T @ drawn) ** 2).sum(axis=0)


def pace(points: np.ndarray, years: tuple[int, ...]) -> np.ndarray:
    """Return the months of a doubling along the fitted cubic in these years."""
    slope = np.polyder(np.polyfit((points[:, 0] - PLACED) / 10, points[:, 1], 3))
    return 120 / np.polyval(slope, (np.array(years) - PLACED) / 10)


def pace_rows(points: np.ndarray, years: tuple[int, ...]) -> list[dict]:
    """Return one row a year: the months of a doubling along the cubic, with the 95 %
    interval of the bootstrap.
    """
    rng, months = np.random.default_rng(0), pace(points, years)
    drawn = [
        pace(points[np.sort(rng.integers(len(points), size=len(points)))], years)
        for _ in range(500)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [
        {"year": str(year), "months": m, "from": a, "to": b}
        for year, m, a, b in zip(years, months, low, high, strict=True)
    ]
