"""What the study of blocks under one budget found: its rows, their order, and what the
attacks leave of it.
"""

from functools import cache
from statistics import mean, stdev

from ... import datasets
from . import blocks
from . import experiment as e

USUAL, TIME = "usual", "equal time"
T95 = {
    10: 2.262,
    5: 2.776,
    3: 4.303,
}  # Student's t: 95 % of both sides, by number of seeds
KINDS = tuple(blocks.BODIES)


@cache
def rows(setting: str) -> dict[str, dict]:
    """Return the stored row of each block in a setting.

    Raises: ValueError that lists the settings there are.
    """
    stored = datasets.measurement("efficient_blocks")["rows"]
    found = {row["kind"]: row for row in stored if row["setting"] == setting}
    if not found:
        known = dict.fromkeys(row["setting"] for row in stored)
        raise ValueError(f"no setting {setting!r}; there are {', '.join(known)}")
    return found


def accuracy(kind: str, setting: str = USUAL) -> float:
    """Return the mean accuracy over seeds, in per cent."""
    return 100 * mean(rows(setting)[kind]["accuracy"])


def spread(kind: str, setting: str = USUAL) -> float:
    """Return the standard deviation over seeds, in points."""
    return 100 * stdev(rows(setting)[kind]["accuracy"])


def order(setting: str = USUAL) -> list[str]:
    """Return the blocks, best first."""
    return sorted(KINDS, key=lambda kind: -accuracy(kind, setting))


def place(kind: str, setting: str = USUAL) -> int:
    """Return the place of a block among all, the best at one."""
    return order(setting).index(kind) + 1


def behind(kind: str, setting: str = USUAL) -> tuple[float, float]:
    """Return how far a block is behind the best, in points, seed by seed on the same
    images, and the half width of the 95 % interval of that mean.
    """
    best = rows(setting)[order(setting)[0]]["accuracy"]
    own = rows(setting)[kind]["accuracy"]
    gaps = [100 * (a - b) for a, b in zip(best, own, strict=True)]
    return mean(gaps), T95[len(gaps)] * stdev(gaps) / len(gaps) ** 0.5


def tied(setting: str = USUAL) -> list[str]:
    """Return the blocks whose distance from the best may be nothing: the best too."""
    best, *others = order(setting)
    return [best, *(k for k in others if behind(k, setting)[0] < behind(k, setting)[1])]


def agreement(setting: str, other: str = USUAL) -> float:
    """Return the rank correlation of two settings' accuracies. Source: Spearman 1904,
    without ties.
    """
    squares = sum((place(k, setting) - place(k, other)) ** 2 for k in KINDS)
    return 1 - 6 * squares / (len(KINDS) * (len(KINDS) ** 2 - 1))


def table() -> list[dict]:
    """Return a row a block at equal MACs, best first: its network and how it did."""
    return [
        {
            "block": kind,
            "channels": row["width"],
            "MACs": row["macs"],
            "parameters": row["params"],
            "rate": row["rate"],
            "% right": f"{accuracy(kind):.1f} ± {spread(kind):.1f}",
            "behind": _gap(kind),
        }
        for kind in order()
        for row in [rows(USUAL)[kind]]
    ]


def _gap(kind: str) -> str:
    if kind == order()[0]:
        return "–"
    return "{:.1f} ± {:.1f}".format(*behind(kind))


def attacks() -> list[dict]:
    """Return a row a setting: the ends of its order, and how like the study's it is."""
    return [
        {
            "setting": setting,
            "best": order(setting)[0],
            "% right": round(accuracy(order(setting)[0], setting), 1),
            "worst": order(setting)[-1],
            "% right ": round(accuracy(order(setting)[-1], setting), 1),
            "not told from the best": len(tied(setting)),
            "order as in the study": round(agreement(setting), 2),
        }
        for setting in e.settings()
    ]


def change(setting: str) -> float:
    """Return by how many points the mean of all blocks changes against the study, on
    the seeds that both have.
    """
    gaps = []
    for kind in KINDS:
        own, usual = (rows(s)[kind]["accuracy"] for s in (setting, USUAL))
        gaps.append(mean(own) - mean(usual[: len(own)]))
    return 100 * mean(gaps)


def largest_change(setting: str) -> float:
    """Return the largest change of one block against the study, over its spread."""
    found = []
    for kind in KINDS:
        own, usual = (rows(s)[kind]["accuracy"] for s in (setting, USUAL))
        found.append(abs(mean(own) - mean(usual[: len(own)])) * 100 / spread(kind))
    return max(found)


LONG = "equal time, four times the epochs"


def counted() -> list[str]:
    """Return the settings whose budget is of MACs."""
    return [setting for setting in e.settings() if TIME not in setting]


def timed() -> list[str]:
    """Return the settings whose budget is of time."""
    return [setting for setting in e.settings() if TIME in setting]


def lead() -> int:
    """Return the last place, in any setting of MACs, of the blocks tied at the top."""
    return max(place(kind, setting) for kind in tied() for setting in counted())


def alike() -> list[float]:
    """Return how the other orders at equal MACs agree with the study's, least first."""
    return sorted(agreement(setting) for setting in counted() if setting != USUAL)


def shuffled() -> list[float]:
    """Return the points that the shuffle is worth in each setting, least first."""
    pair = ("groups, shuffled", "groups")
    gains = [[accuracy(kind, s) for kind in pair] for s in e.settings()]
    return sorted(with_ - without for with_, without in gains)


def plain_lead() -> bool:
    """Return whether plain filters come first in every setting of time, the bottleneck
    far behind even with four times the epochs.
    """
    far, half = behind("bottleneck", LONG)
    firsts = {order(setting)[0] for setting in timed()}
    unlike = all(agreement(setting) < 0.1 for setting in timed())
    return firsts <= {"5 × 5", "3 × 3"} and unlike and far > 2 * half
