"""How often a cluster fails, how often to save, and what both cost.

Sources: Young 1974 (doi.org/10.1145/361147.361115), Daly 2006
(doi.org/10.1016/j.future.2004.11.016). Times in one unit throughout.

>>> round(between(50_000, chips=16_384), 2)  # hours
3.05
"""

from math import exp, expm1, sqrt
from random import Random

from .messages import positive, whole


def between(chip: float, chips: int) -> float:
    """Return the mean time between failures of a cluster that stops if one of its chips
    does, given that of a chip: failures are independent and don't age.
    """
    return positive(chip, "the time between failures of a chip") / whole(chips, "chips")


def young(saving: float, mean: float) -> float:
    """Return Young's interval between checkpoints, √(2 δ M): a first approximation, for
    savings that are short beside the mean time between failures.
    """
    return sqrt(2 * positive(saving, "saving") * positive(mean, "mean"))


def daly(saving: float, mean: float) -> float:
    """Return Daly's interval between checkpoints, with two more terms; the mean time
    itself once a saving takes twice that long. Source: Daly 2006, equation 37.
    """
    ratio = positive(saving, "saving") / (2 * positive(mean, "mean"))
    if ratio >= 1:
        return mean
    return young(saving, mean) * (1 + sqrt(ratio) / 3 + ratio / 9) - saving


def lost(interval: float, saving: float, mean: float, restart: float = 0.0) -> float:
    """Return the share of the time that does no new work: saving, work that is lost and
    done again, and restarts.

    Exact if failures come at random at a constant rate, during work, saving and restart
    alike. Source: Daly 2006, equation 20.
    """
    period = positive(interval, "interval") + positive(saving, "saving")
    mean = positive(mean, "mean")
    if restart < 0:
        raise ValueError(f"a restart can't take less than no time, got {restart}")
    passed = mean * exp(restart / mean) * expm1(period / mean)
    return 1 - interval / passed


def simulated(
    interval: float,
    saving: float,
    mean: float,
    restart: float = 0.0,
    *,
    periods: int = 20_000,
    seed: int = 0,
) -> float:
    """Return the share lost in a run of so many saved periods, failure by failure."""
    draw, passed = Random(seed), 0.0
    for _ in range(whole(periods, "periods")):
        needed = interval + saving
        while (failure := draw.expovariate(1 / mean)) < needed:
            passed += failure
            needed = restart + interval + saving
        passed += needed
    return 1 - periods * interval / passed
