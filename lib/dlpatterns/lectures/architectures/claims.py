"""Verdicts on the slides' claims about what networks compute and how they are built."""

from functools import cache

from ... import models
from ...counting import Counts, count
from ...show import percent
from ..claims.kinds import Slip, Verdict
from . import learning, shares, structures, world

PLACES = 1024  # at which the four structures are compared
GROWTH = "What does each pay as its input grows?"


@cache
def counts() -> dict[str, Counts]:
    """Return the counts of the networks that the first lectures describe."""
    return {name: count(build()) for name, build in models.FIRST.items()}


def multiply_accumulate() -> Verdict:
    """Judge "more than 90 %" in operations; the attack is in bytes and in prices."""
    share = {name: shares.in_operations(one) for name, one in counts().items()}
    margin = min(map(shares.dearest_activation, counts().values()))
    own = [shares.by_own_costs(one) for one in counts().values()]
    below = sum(value < 0.9 for value in own)
    kept = sum(shares.in_bytes(build()) > 0.9 for build in models.FIRST.values())
    many = len(share)
    return Verdict(
        claim=3,
        kind="if",
        when=f"operations are counted, and an activation costs at most {int(margin)} "
        "MACs",
        number=f"{percent(min(share.values()))} to {percent(max(share.values()))}",
        found=f"That is the share in {many} of {many} networks, an activation counted "
        f"as one operation. It could cost {margin:.2f} before the first falls below 90 "
        f"%; at what our own kernels do for one, {below} fall, to {percent(min(own))} "
        "at the lowest.",
        section="How much of a network is multiply and accumulate?",
        attack="An attack on the count of bytes",
        survived=f"In bytes it is no more: layer by layer only {kept} of {many} keep "
        "90 %. Fused, more do, and whether most do hangs on who pays for shortcuts.",
        holds=min(share.values()) > 0.9 > min(own) and kept < many / 2,
    )


def four_structures() -> Verdict:
    """Say what can be tested of a mainstream: that its four structures differ."""
    measured = [structures.measures(kind, PLACES) for kind in structures.STRUCTURES]
    full, conv, lstm, attention = measured
    return Verdict(
        claim=4,
        kind="open",
        number=f"{conv['sequential depth']}, {attention['sequential depth']} and "
        f"{lstm['sequential depth']:,} products in a row",
        found="What is mainstream is decided by those who build networks; no count "
        f"here can say. What can be tested is that the four differ. At {PLACES:,} "
        "places the full connection pays in parameters, the convolution in reach, the "
        f"recurrence in products that wait ({lstm['sequential depth']:,}), attention "
        "in MACs.",
        section=GROWTH,
        attack="Does it help to share weights?",
        survived="Four prices, and no ranking: once its pixels stand in new places a "
        "CNN is no longer ahead of a perceptron.",
        holds=full["MACs a weight"] == 1
        and lstm["sequential depth"] > 100 * attention["sequential depth"]
        and learning.duels()[-1]["points"] <= 0,
    )


def convolution() -> Verdict:
    """Judge sparse connection and sharing by the same layer as a full connection."""
    full, conv = (
        structures.measures(kind, PLACES) for kind in ("full connection", "convolution")
    )
    weights = count(structures.structure("convolution", PLACES)).weights
    shuffled = learning.duels()[-1]
    return Verdict(
        claim=5,
        kind="holds",
        number=f"{percent(conv['MACs'] / full['MACs'], 2)} of the connections",
        found=f"These are copies of {weights:,} weights, used about "
        f"{conv['MACs a weight']:,.0f} times each. Sparse connection saves MACs, "
        "sharing saves memory.",
        section=GROWTH,
        attack="Does it help to share weights?",
        survived="For images, as long as neighbours belong together: with the pixels "
        f"in new places the CNN is ahead by {shuffled['difference']} points, that is "
        "not at all.",
        holds=conv["MACs"] < full["MACs"] / 100 and shuffled["points"] <= 0,
    )


def convolutions_alone() -> Slip:
    """Find that convolutions are not over 90 % of the processing in all networks."""
    few = [
        one
        for one in counts().values()
        if one.only("Conv2d").macs < 0.9 * one.operations
    ]
    return Slip(
        work="Chen et al. 2016",
        link="https://doi.org/10.1109/ISSCC.2016.7418007",
        place="first paragraph",
        printed="convolutions account for over 90 % of the processing",
        ours=f"in {len(few)} of {len(counts())} networks they do not",
        how="MACs of convolutions over all operations, an activation counted as one.",
        doubt="The sentence speaks of the convolutional networks of its year, for "
        "which it is right; it is wrong only when it is quoted for all.",
        certainty="certain",
        section="A check against the world",
        holds=len(few) > 0 and all(row["agrees"] for row in world.eyeriss(counts())),
    )


VERDICTS = (multiply_accumulate, four_structures, convolution)
SLIPS = (convolutions_alone,)
