"""Verdicts on the slides' steps, kinds and conclusions of pruning; two printed numbers
of non-zeros that we find otherwise.
"""

from ...show import percent
from ..claims.kinds import Part, Slip, Verdict
from . import opening, structure, study, verdicts, world

ATTACK = "An attack on four conclusions"
WORLD = "A check against the world"
CHIP = "What this asks of the chip (AI 计算模式思考)"


def _cubic(share: float) -> study.Found:
    return study.mean(study.row("MLP", method="schedule", share=share, how="cubic"))


def redundant() -> Verdict:
    """Judge whether the weights that go were redundant."""
    dense = study.mean(study.row("MLP", method="after pruning", share=0.95), "trained")
    some, most = _cubic(0.9), _cubic(0.98)
    return Verdict(
        claim=17,
        kind="if",
        when="the network trains on while they go, and not too many go",
        number=f"{some} % with 90 % of the weights gone, {dense} % whole",
        found="Accuracy on digits, ten seeds, the cubic schedule. What goes is missed "
        f"a little; with 98 % gone it is {most} %.",
        section="Train, prune, fine-tune",
        attack="What is worth keeping: the weights or the mask?",
        survived="Fresh weights under the same mask lose little, the same number of "
        "places drawn anew far more. With each layer's count kept, only a perceptron "
        "needs these very places: a CNN does as well with others.",
        holds=dense.mean - some.mean < 0.02
        and most.mean < 0.9
        and bool(verdicts.masks_and_weights().places_matter)
        and verdicts.which_or_how_many().holds,
    )


def three_steps() -> Verdict:
    """Judge the recipe of three steps by schedules of equal length."""
    slow = verdicts.schedules()
    row = study.row("MLP", method="after pruning", share=0.95)
    before = study.mean(row, "pruned only")
    once = study.row("MLP", method="schedule", share=0.95, how="one-shot")
    return Verdict(
        claim=30,
        kind="if",
        when="the weights go slowly",
        number=f"{before} % right after a cut at once, {study.mean(once)} % tuned, "
        f"{slow.cubic} % if they go slowly",
        found="95 % of the weights, equal training. Fine-tuning repairs much of a cut "
        f"at once; a cubic schedule leaves less to repair, by {slow.hard} points.",
        section="Train, prune, fine-tune",
        attack="What is worth keeping: the weights or the mask?",
        survived="A teacher, rewinding to an early epoch or to the start: none is "
        "clearly better than fine-tuning. Nor do two and four times the epochs mend a "
        "cut at once.",
        holds=bool(slow.slow_wins)
        and not slow.time_mends
        and bool(verdicts.masks_and_weights().repairs_unclear),
    )


def unstructured() -> Verdict:
    """Judge single weights by parameters, by the file and by MACs."""
    whole = opening.network()
    nets = {"dense": whole, "masked": opening.masked(0.9, whole)}
    dense, masked = opening.rows(nets)
    same = verdicts.one_size(4)
    return Verdict(
        claim=31,
        kind="if",
        when="weights are what is short: it saves no byte, no MAC and no time by "
        "itself",
        number=f"{same.pruned} % at {same.size} parameters, {same.dense} % dense",
        found=f"Nine tenths masked: the file keeps its {masked['file B']:,} bytes and "
        f"the program its {masked['macs']:,} MACs. By non-zeros it is the most "
        "accurate way to be small.",
        section="What does a mask change?",
        attack="Single weights or whole channels?",
        survived=f"On a machine that skips nothing it does {same.pruned_macs:,} MACs "
        f"where a dense network of that size does {same.macs}.",
        holds=masked["file B"] == dense["file B"]
        and masked["macs"] == dense["macs"]
        and same.pruned.mean > same.cut.mean > same.dense.mean,
    )


def structured() -> Verdict:
    """Judge channels by what surgery really removes, and by accuracy a parameter."""
    inside = structure.compared(structure.residual(), structure.cut(4, 4))[2]
    same = verdicts.one_size(4)
    return Verdict(
        claim=32,
        kind="if",
        when="MACs and time are what is short: it costs accuracy a parameter",
        number=f"{inside['MACs after'] / inside['MACs before']:.2f} of an inner "
        "layer's MACs with half of the channels",
        found="Half of its outputs and half of its inputs go, and the small network "
        "answers what the masked one answers. No new hardware is needed.",
        section="What goes when a channel goes?",
        attack="Single weights or whole channels?",
        survived=f"At {same.size} parameters an MLP whose neurons were cut reads "
        f"{same.cut} %, one whose single weights were pruned {same.pruned} %, one "
        f"trained small {same.dense} %.",
        holds=inside["MACs after"] * 4 == inside["MACs before"]
        and same.dense.mean < same.cut.mean < same.pruned.mean,
    )


def printed_tables() -> Verdict:
    """Judge the printed tables by non-zeros that can be counted."""
    checks, mobile = world.checks(), world.mobilenet()[-1]
    good = sum(row["agrees"] for row in checks)
    _, dense, sparse = world.questioned(bits=8)
    return Verdict(
        claim=33,
        kind="if",
        when="non-zeros are not read as parameters × (1 − s), nor as bytes",
        number=f"{good} of {len(checks)} printed numbers of non-zeros agree",
        found="A non-zero is counted, its place is not, and what a recipe leaves alone "
        f"stays whole: at 95 % printed sparsity {mobile['really gone']} of MobileNet "
        "is gone. Accuracies we cannot repeat.",
        section="What does the paper print?",
        attack=WORLD,
        survived="With 8-bit values and a bitmap counted, the sparse translation "
        f"network takes {sparse['MB']:.0f} MB against {dense['MB']:.0f}: the claim "
        f"survives, the factor shrinks to {dense['MB'] / sparse['MB']:.2f}.",
        holds=good == len(checks) - 2 and sparse["MB"] < dense["MB"],
        parts=(Part("Printed non-zeros, and ours", checks),),
    )


def equal_memory() -> Verdict:
    """Judge the first conclusion at equal bytes, indices counted."""
    wide, narrow = (verdicts.at_equal(f"equal bytes, {bits} bits") for bits in (32, 8))
    return Verdict(
        claim=34,
        kind="if",
        when="values are wide: with narrow ones the index eats the gain",
        number=f"clearly ahead in {wide.ahead} of {wide.all} at 32 bits a value, in "
        f"{narrow.ahead} at 8",
        found="At equal bytes, places counted, against the strongest dense rival of as "
        f"much training compute. At 8 bits it is clearly behind in {narrow.behind}.",
        section=ATTACK,
        attack=ATTACK,
        survived="On digits and small networks; values were rounded after training. At "
        "a far larger size the paper's translation networks kept their lead with a "
        "bitmap counted.",
        holds=wide.ahead > wide.behind and narrow.behind > narrow.ahead,
    )


def equal_size() -> Verdict:
    """Judge the second conclusion at equal non-zeros."""
    epochs, rivals = verdicts.over_equally_long(), verdicts.at_equal("equal non-zeros")
    same = verdicts.one_size(4)
    return Verdict(
        claim=35,
        kind="holds",
        number=f"clearly ahead in {epochs.ahead} of {epochs.all} sizes, never behind",
        found="At equal non-zeros and equal epochs. At the smallest size of the duel "
        f"the lead is {same.lead} points.",
        section=ATTACK,
        attack=ATTACK,
        survived="Give the small network as much training compute, restarts, or a "
        f"teacher, and that lead is {rivals.leads['MLP', 4]}; clear in {rivals.ahead} "
        f"of {rivals.all} comparisons.",
        holds=epochs.behind == rivals.behind == 0
        and epochs.ahead >= epochs.all - 1
        and rivals.ahead >= rivals.all - 1,
    )


def short_resources() -> Verdict:
    """Judge the third conclusion by the lead over falling sizes."""
    sparse = verdicts.at_equal("equal non-zeros")
    narrow = verdicts.at_equal("equal bytes, 8 bits")
    leads = [sparse.leads["MLP", width] for width in (4, 8, 16)]
    return Verdict(
        claim=36,
        kind="if",
        when="non-zeros are short; not if bytes are, and training is not",
        number=" / ".join(map(str, leads)) + " points at widths 4 / 8 / 16",
        found="The lead over the strongest rival at equal non-zeros: the shorter the "
        "supply, the more pruning pays.",
        section=ATTACK,
        attack=ATTACK,
        survived="Every pruned network cost the training of the largest. And where "
        "bytes were shortest, at width 4 and 8 bits, pruning fared worst.",
        holds=leads[0].mean > leads[1].mean > leads[2].mean
        and min(narrow.leads.values()) == narrow.leads["MLP", 4],
    )


def next_hardware() -> Verdict:
    """Say what a count can of what comes next."""
    share = verdicts.places(8)
    return Verdict(
        claim=37,
        kind="open",
        number=f"{percent(share[32], 0)} of the bytes are places at 32 bits a value, "
        f"{percent(share[8], 0)} at 8",
        found="What comes next no accuracy can prove. What is at stake can be counted: "
        "without such hardware every zero is stored and multiplied.",
        section=ATTACK,
        attack=CHIP,
        survived="Patterns make places cheap, and cut channels need none: both are "
        "rivals of the hardware that the sentence asks for.",
        holds=share[8] > 0.4 > share[32],
    )


def inception() -> Slip:
    """Report two printed numbers of Inception-v3."""
    off = [row for row in world.checks() if not row["agrees"]]
    scales = world.inception_without_scales()
    return Slip(
        work="Zhu and Gupta 2017",
        link="https://arxiv.org/abs/1710.01878",
        place="table 1, Inception-v3 at 0 % and at 87.5 %",
        printed=" and ".join(row["printed"] for row in off) + " non-zeros",
        ours=" and ".join(f"{row['ours']:,}" for row in off),
        how="All parameters, the auxiliary head included, and an eighth of them, the "
        "least that a uniform share can leave.",
        doubt=f"Normalisations without a scale would give {scales:,}, which rounds to "
        "the first; the second stays below anything that we can build.",
        certainty="open",
        section=WORLD,
        holds=len(off) == 2 and abs(scales / 1e6 - 27.1) <= 0.05,
    )


VERDICTS = (
    redundant,
    three_steps,
    unstructured,
    structured,
    printed_tables,
    equal_memory,
    equal_size,
    short_resources,
    next_hardware,
)
SLIPS = (inception,)
