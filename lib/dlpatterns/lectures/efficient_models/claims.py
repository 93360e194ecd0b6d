"""Verdicts on the slides' two worked numbers for lighter blocks."""

from ..claims.kinds import Verdict
from . import counts

BLOCKS = "Thirteen ways to build a block"


def small_kernels() -> Verdict:
    """Count two kernels of 3 × 3 beside one of 5 × 5."""
    twice, once = counts.row("two 3 × 3"), counts.row("5 × 5")
    return Verdict(
        claim=38,
        kind="holds",
        number=f"{twice['weights'] / once['weights']:.2f} of the weights",
        found=f"From 64 to 64 maps {twice['weights']:,} weights do for "
        f"{once['weights']:,}, and see the same 25 places.",
        section="Two small kernels for a large one",
        attack=BLOCKS,
        survived="Weights and MACs fall, bytes do not: the map between the two kernels "
        f"is written and read, {twice['kB (once)']:,} kB instead of "
        f"{once['kB (once)']:,} an image (once, a batch of 32).",
        holds=twice["weights"] * 25 == once["weights"] * 18
        and twice["kB (once)"] > once["kB (once)"],
    )


def separable() -> Verdict:
    """Count the worked example, and what it does to bytes."""
    full, split = counts.separable(16, 32)
    old, new = counts.row("3 × 3"), counts.row("depthwise separable")
    return Verdict(
        claim=39,
        kind="holds",
        number=f"{full:,} become {split:,}",
        found="A convolution of 3 × 3 from 16 to 32 maps: 144 weights look around, 512 "
        "mix.",
        section="Two small kernels for a large one",
        attack=BLOCKS,
        survived="It is a claim about weights. At 64 maps the separable block moves "
        f"{new['kB (once)']:,} kB where the dense one moves {old['kB (once)']:,}, and "
        f"does {new['MACs a byte']:.1f} MACs a byte instead of {old['MACs a byte']}.",
        holds=(full, split) == (4608, 656) and new["kB (once)"] > old["kB (once)"],
    )


VERDICTS = (small_kernels, separable)
SLIPS = ()
