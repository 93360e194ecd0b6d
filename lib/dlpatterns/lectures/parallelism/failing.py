"""Failures of a cluster, and how often to save."""

from ... import datasets
from ...parallel import failures

SAVING, RESTART = 1 / 60, 10 / 60  # hours; assumptions of the lecture's example


def reported() -> dict:
    """Return the interruptions that Llama 3 reports, with its source."""
    (row,) = datasets.table("interruptions")
    return row


def chip_hours() -> float:
    """Return the hours between failures of one chip that follow from the report."""
    row = reported()
    return row["days"] * 24 * row["chips"] / row["unexpected"]


def at(chips: int) -> dict:
    """Return for a cluster the hours between failures, the best interval between
    checkpoints and what is lost with it, with an hour's, and with twice the best.
    """
    mean = failures.between(chip_hours(), chips)
    best = failures.daly(SAVING, mean)

    def lost(interval: float) -> float:
        return failures.lost(interval, SAVING, mean, RESTART)

    return {
        "chips": chips,
        "hours between failures": round(mean, 2),
        "Young, minutes": round(60 * failures.young(SAVING, mean), 1),
        "Daly, minutes": round(60 * best, 1),
        "lost, %": round(100 * lost(best), 1),
        "lost saving twice as seldom, %": round(100 * lost(2 * best), 1),
        "lost saving every 3 hours, %": round(100 * lost(3), 1),
    }


def hurried(chips: int) -> float:
    """Return the share lost at the best interval if saving takes ten seconds and a
    restart one minute.
    """
    saving, restart = 10 / 3600, 1 / 60
    mean = failures.between(chip_hours(), chips)
    return failures.lost(failures.daly(saving, mean), saving, mean, restart)


def clusters() -> list[dict]:
    """Return a row for clusters of growing size."""
    return [at(chips) for chips in (1024, 16_384, 131_072)]


def replayed(chips: int) -> tuple[float, float]:
    """Return the share lost at Daly's interval by formula, and in a simulated run."""
    mean = failures.between(chip_hours(), chips)
    best = failures.daly(SAVING, mean)
    given = (best, SAVING, mean, RESTART)
    return failures.lost(*given), failures.simulated(*given)
