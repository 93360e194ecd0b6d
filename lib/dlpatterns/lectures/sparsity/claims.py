"""Verdicts on the slides' two demands on hardware for zeros; a tutorial whose output
says less than its text.
"""

from ...show import percent
from ..claims.kinds import Part, Slip, Verdict
from . import chip, skipping, storing, world

CHIP = "What this asks of the chip (AI 计算模式思考)"
GREAT = "An attack on the great factors"


def skip_zeros() -> Verdict:
    """Judge skipping by beats of a simulated array."""
    ways, need = skipping.combined(), chip.requirements()
    gated, both = ways[4], ways[8]
    return Verdict(
        claim=45,
        kind="if",
        when="lanes are evenly filled: by many rows each, or by a pattern",
        number=f"{both['times as fast']:.1f} times as fast where {need['ideal']:.0f} "
        "is the most",
        found="A tenth of the weights and four tenths of the activations are not zero. "
        f"Skipping both leaves {percent(both['energy'], 0)} of the energy; gating them "
        f"saves no beat and leaves {percent(gated['energy'], 0)}.",
        section="What can an array do with a zero?",
        attack="Who waits for the slowest?",
        survived="With few rows an element no queue keeps lanes busy beyond "
        f"{percent(skipping.busy(64), 0)} of the time; one value of every eight rows "
        f"in each lane keeps them busy {percent(need['balanced'])}.",
        holds=0.7 * need["ideal"] < both["times as fast"] < need["ideal"]
        and gated["beats"] == ways[0]["beats"]
        and skipping.busy(64) < 0.65 < need["balanced"],
    )


def shrink_memory() -> Verdict:
    """Judge storage by bits that were really packed."""
    wide, narrow, _ = storing.pattern_rows()
    dram, cross = chip.fetched()[0], storing.crossing
    return Verdict(
        claim=46,
        kind="if",
        when="the bits that say where a value stands stay below those of the zeros",
        number=f"{percent(wide['2:4'], 2)} of the bytes in 16 bits with 2:4, "
        f"{percent(narrow['2:4'])} in 8",
        found="Not half: two bits a value name its place, and a plain bitmap takes as "
        f"many. A bitmap pays up to a density of {percent(cross('bitmap', 16), 0)} in "
        f"16 bits, 32-bit indices up to {percent(cross('CSR', 16, 32), 0)}.",
        section="What does two of four store?",
        attack=CHIP,
        survived="For a layer whose weights come from DRAM for one use, storing a "
        f"tenth leaves {percent(dram['store'], 0)} of the energy, skipping besides "
        f"{percent(dram['store and skip'], 0)}: store before you skip.",
        holds=wide["2:4"] == wide["bitmap"]
        and cross("CSR", 16, 32) < cross("bitmap", 16)
        and dram["store and skip"] < dram["store"] < 0.25,
    )


def two_of_four_tutorial() -> Slip:
    """Find the tutorial's claim beside its own output."""
    rows = world.tutorial()
    fast = [row["times as fast"] for row in rows]
    later = [row["times as fast"] for row in world.later()]
    return Slip(
        work="Cai 2024",
        link="https://docs.pytorch.org/tutorials/advanced/semi_structured_sparse.html",
        place="the text's claim beside the printed output",
        printed="1.3 to 2 times as fast with 2:4",
        ours=f"{min(fast):.2f} to {max(fast):.2f} times as fast in all {len(rows)} "
        "rows",
        how="The tutorial's own output, row beside row; a reader put it so in issue "
        "3236 of its repository. We did not repeat the measurement.",
        doubt="The claim may speak of one product that waits for multipliers; later "
        f"kernels reach {min(later):.2f} to {max(later):.2f} in whole networks, and a "
        "newer run of the tutorial may print other times.",
        certainty="certain",
        section="What do GPUs make of two of four?",
        holds=max(fast) < 1 < min(later),
        parts=(Part("The tutorial's own output", rows),),
    )


VERDICTS = (skip_zeros, shrink_memory)
SLIPS = (two_of_four_tutorial,)
