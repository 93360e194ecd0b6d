"""Verdicts on the slides' trade of mantissa for exponent and on two sentences of the
course's text; figures that a paper cut off.
"""

from ...formats import get, products_that_fit
from ..claims.kinds import Slip, Verdict
from . import results, sums, world

ATTACK = 'An attack on "range before precision"'
EXAMPLE = 0b0_10000011_10100000000000000000000


def mantissa_for_exponent() -> Verdict:
    """Judge the trade by training runs in each format."""
    pure = results.pure_means()
    off = max(abs(pure[name] - pure["fp32"]) for name in ("tf32", "bf16", "fp16"))
    gap, doubt = results.paired(*(results.at(n, "pure") for n in results.EIGHT))
    kept = [results.mean(results.at(name, "master")) for name in results.EIGHT]
    return Verdict(
        claim=13,
        kind="if",
        when="mantissa is left to give: at 16 bits it is, at 8 bits it is not, unless "
        "weights stay in FP32",
        number=f"within {off:.1f} points of FP32 at 16 bits; E4M3 ahead of E5M2 by "
        f"{gap:.1f} ± {doubt:.1f} at 8",
        found="TF32, BF16 and FP16 train a small network alike. With everything in 8 "
        "bits the format that kept its mantissa bit wins; with weights in FP32 both "
        f"end at {kept[0]:.1f} and {kept[1]:.1f} %.",
        section="The same training run in each format",
        attack=ATTACK,
        survived="What the trade buys is a window for the size of gradients. FP16 has "
        f"one of {results.width('fp16')} powers of two, which a scaled loss can move; "
        "BF16 needs nobody to move it. At its best scale FP16 is right in "
        f"{results.best('fp16'):.1f} %, BF16 in {results.best('bf16'):.1f} %.",
        holds=gap > 4 * doubt
        and off < 0.5
        and results.best("fp16") > results.best("bf16") - 0.5,
    )


def worked_example() -> Verdict:
    """Decode the course's example."""
    value = float(get("fp32").decode([EXAMPLE])[0])
    return Verdict(
        claim=14,
        kind="fails",
        number=f"{value:g}",
        found="The exponent's field is 131, so the exponent is 131 − 127 = 4, and the "
        "mantissa 1 + 1/2 + 1/8. The text subtracts from 130.",
        section="How do bits become a number?",
        attack="How do bits become a number?",
        survived="Its own last step, 2³ × (1 + 0.625), would be 13. The sum 2³ + 0.625 "
        "in place of the product is what stands there.",
        holds=value == 26 and 2**3 + 0.625 == 8.625,
    )


def narrow_accumulator() -> Verdict:
    """Judge whether products of INT8 fit a sum of 16 bits."""
    eight = get("int8")
    worst, safe = (products_that_fit(eight, eight, get(w)) for w in ("int16", "int32"))
    symmetric, walk = get("int16").highest // 127**2, sums.random_walk("int8", "int16")
    return Verdict(
        claim=15,
        kind="fails",
        number=f"{worst} product of −128 and −128 fits 16 bits, {safe:,} fit 32",
        found="The product needs 16 bits; the sum of K needs 16 + log₂ K. A "
        "convolution of 3 × 3 over 64 channels adds up 576.",
        section="How wide must an accumulator be?",
        attack="How wide must an accumulator be?",
        survived=f"Leave −128 out, and {symmetric} products fit. Take random codes, "
        f"and half of all sums have left 16 bits after {walk}.",
        holds=worst == 1 and symmetric == 2 and safe == 131_071,
    )


def bfloat_cut_off() -> Slip:
    """Find the two figures of BF16 that were cut off."""
    wrong = [row for row in world.printed() if not row["agrees"]]
    return Slip(
        work="Kalamkar et al. 2019",
        link="https://arxiv.org/abs/1905.12322",
        place="table 1, BF16: largest, and smallest normal",
        printed=" and ".join(row["printed"] for row in wrong),
        ours=" and ".join(row["ours"] for row in wrong),
        how="Decoded from the bits.",
        doubt="Cut off after the printed digit instead of rounded, which may be meant.",
        certainty="certain",
        section="A check against the world",
        holds=len(wrong) == 2 and all(row["format"] == "bf16" for row in wrong),
    )


def choose_fields() -> Verdict:
    """Judge a choice of M and E by the two formats of 8 bits."""
    gap, doubt = results.paired(*(results.at(n, "pure") for n in results.EIGHT))
    kept = [results.mean(results.at(name, "master")) for name in results.EIGHT]
    small = [sums.dot_error(name, 1e-3) for name in results.EIGHT]
    return Verdict(
        claim=44,
        kind="if",
        when="weights live in the narrow format, or numbers leave the range of one",
        number=f"{gap:.1f} ± {doubt:.1f} points between E4M3 and E5M2 in pure 8 bits",
        found=f"With weights in FP32 the choice hardly shows: {kept[0]:.1f} and "
        f"{kept[1]:.1f} %.",
        section="The same training run in each format",
        attack="What do mantissa bits buy, and what exponent bits?",
        survived=f"For numbers of size 10⁻³ it turns round: E5M2 errs {small[1]:.1e} "
        f"where E4M3 errs {small[0]:.1e}. A scale does what the choice would.",
        holds=gap > 4 * doubt and abs(kept[0] - kept[1]) < 0.5 and small[1] < small[0],
    )


VERDICTS = (mantissa_for_exponent, worked_example, narrow_accumulator, choose_fields)
SLIPS = (bfloat_cut_off,)
