"""Verdicts on the slides' road map and on their three processes."""

from ... import datasets
from ..claims.kinds import Verdict
from . import pictures, readers

ATTACK = "An attack on the multipliers"


def road_map() -> Verdict:
    """Say what the sources can of the three schools: when they start."""
    starts = pictures.first_years(datasets.table("timeline"))
    apart = max(starts.values()) - min(starts.values())
    listed = ", ".join(f"{name} {year}" for name, year in starts.items())
    return Verdict(
        claim=1,
        kind="open",
        number=f"all three start within {apart} years",
        found=f"By the sources of the road map: {listed}. That there are three of them "
        "is a way to sort, and no measurement.",
        section="Which of the three schools came first?",
        attack="Which of the three schools came first?",
        survived="Which work counts as a school's first is a choice, and each has "
        "forerunners; the dates of the winters are conventional.",
        holds=apart < 20,
    )


def processes() -> Verdict:
    """Judge the three processes by held-out digits."""
    scores = readers.stored_scores()
    said = {
        name: readers.plus_minus([score[name] for score in scores])
        for name in ("rules", "features + linear", "CNN")
    }
    gap = readers.gap_of_features(scores)
    forest = readers.forest(0)[0]  # one split; the lecture trains all five
    return Verdict(
        claim=2,
        kind="if",
        when="learned means learned from pixels; it need not mean multiplied",
        number=f"{said['rules']} %, {said['features + linear']} %, {said['CNN']} %",
        found="Held-out digits read right by rules, by hand-made features with a "
        "linear classifier, and by a CNN. The hand-made features lose to bare pixels "
        f"with the same classifier by {gap.mean():.1f} points.",
        section="Can a person tell the machine what a digit is?",
        attack=ATTACK,
        survived="A forest of learned questions reads without a single MAC, and comes "
        "within half a point of the CNN. On digits, learning is what wins; multiplying "
        "is not.",
        holds=bool((gap > 0).all()) and abs(forest - scores[0]["CNN"]) < 0.01,
    )


VERDICTS = (road_map, processes)
SLIPS = ()
