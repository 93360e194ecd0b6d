"""Verdicts on the items of the slides' map of research on few bits."""

from ..claims.kinds import Verdict
from . import stored, verdicts, world

MAP = "Every item of the map"
ATTACK = "An attack on one bit"
WORLD = "A check against the world"


def aware_of_rounding() -> Verdict:
    """Judge training through a step by networks that were only rounded."""
    rows = {row["weights"]: row for row in stored.only_rounded()}
    four, signs = rows["4 bits"], rows["signs, scaled"]
    return Verdict(
        claim=23,
        kind="if",
        when="bits are few: at four, rounding alone does nearly as well",
        number=f"{signs['gain']} points with signs, {four['gain']} with 4 bits",
        found="What training through the rounding gains over rounding a trained "
        f"network; signs go from {signs['rounded only']} to {signs['trained so']} %.",
        section="How can a step function learn?",
        attack=ATTACK,
        survived="It is a promise to inference: training keeps latent weights in full "
        "precision, and takes longer than training in floats.",
        holds=verdicts.longer().holds
        and all(row["MLP, times float"] > 1 for row in stored.training_times()),
    )


def stochastic() -> Verdict:
    """Judge stochastic rounding by nets whose weights live in 8 bits."""
    stall = verdicts.stall()
    return Verdict(
        claim=24,
        kind="if",
        when="steps are small: a higher rate cures the stall as well",
        number=f"{stall.low[0]:.0f} % to nearest and {stall.low[1]:.0f} % by chance at "
        f"a rate of {stall.smallest:g}",
        found="Weights kept in 8 bits while they learn: rounded to nearest, small "
        "updates vanish.",
        section="Why do small updates vanish?",
        attack="Why do small updates vanish?",
        survived=f"At its own best rate nearest learns as well, {stall.spreads[0]} % "
        f"against {stall.spreads[1]}. What chance buys is not to depend on the rate.",
        holds=stall.holds,
    )


def mixed_bits() -> Verdict:
    """Judge ends in 8 bits, the usual mixture."""
    apart = verdicts.apart()
    return Verdict(
        claim=25,
        kind="open",
        number=f"{apart.ends} points for ends in 8 bits",
        found="The first and the last layer of XNOR-Net in 8 bits, as published binary "
        "networks have them, against signs throughout: no more than the spread can "
        "show, on small networks of three layers.",
        section=MAP,
        attack=ATTACK,
        survived="Networks with many unlike layers are where mixing is reported to "
        "pay; none here has them.",
        holds=apart.holds,
    )


def binary() -> Verdict:
    """Judge binary networks: signs of weights, of activations, of both."""
    weights, acts, both = (verdicts.lost(kind) for kind in verdicts.KINDS)
    rivals = verdicts.rivals()
    return Verdict(
        claim=26,
        kind="if",
        when="only weights are signs",
        number=f"{weights} points lost by signs of weights, {acts} by signs of "
        f"activations, {both} by both",
        found="Behind float, a perceptron on digits, ten seeds; in a convolutional "
        "network the order is the same.",
        section=MAP,
        attack=ATTACK,
        survived="Against the same bytes in fewer weights of 4 bits, signs of weights "
        f"stand ({rivals.weights} for the rival).",
        holds=rivals.holds and verdicts.apart().holds,
    )


def xnor() -> Verdict:
    """Judge XNOR-Net by networks of the same bytes and by kernels."""
    rivals, fast = verdicts.rivals(), verdicts.speeds()
    four = rivals.rows["W4 A4, narrow"]
    return Verdict(
        claim=27,
        kind="if",
        when="the kernel is the limit and has a unit of its own; not if bytes are",
        number=f"{four['ahead of XNOR-Net']} points for 4 bits in as many bytes",
        found="The same bytes do better in fewer weights of more bits, for no more "
        f"energy of arithmetic ({rivals.energy[0]:.2f} nJ against "
        f"{rivals.energy[1]:.2f}).",
        section=ATTACK,
        attack="Is a binary network faster?",
        survived=f"Compiled, XNOR is {fast.large['XNOR in C']:.1f} times faster than "
        f"BLAS on floats; an INT8 matrix unit {fast.unit:.0f} times. For a single row "
        "of activations packed signs lead.",
        holds=rivals.holds and fast.holds,
    )


def shifts() -> Verdict:
    """Judge powers of two by accuracy and by what is saved."""
    row = next(r for r in stored.table("MLP") if r["way"] == "shift weights")
    four = next(r for r in stored.table("MLP") if r["way"] == "W4 A4")
    lost = stored.behind("shift weights")
    return Verdict(
        claim=28,
        kind="holds",
        number=f"{verdicts.lost('shift weights')} points behind float",
        found=f"A shift in place of each multiplication: {row['accuracy (%)']} % on "
        "digits with 4 bits a weight.",
        section=MAP,
        attack=ATTACK,
        survived="It saves what 4-bit codes save, and those reach "
        f"{four['accuracy (%)']} %: once the accumulator is counted, little is left of "
        "the multiplication to save.",
        holds=lost[0] < 0.7,
    )


def adders() -> Verdict:
    """Judge AdderNet by accuracy, bytes and the rate that each layer is given."""
    table = {row["way"]: row for row in stored.table("MLP")}
    mine, four = table["AdderNet, 8 bits"], table["W4 A4"]
    return Verdict(
        claim=29,
        kind="if",
        when="accuracy is asked; what it saves beside 4-bit codes is paid in bytes",
        number=f"{verdicts.lost('AdderNet, 8 bits')} points behind float",
        found=f"Sums of distances in 8 bits: {mine['arithmetic (nJ)']:.2f} nJ of "
        f"arithmetic an image, 4-bit codes {four['arithmetic (nJ)']:.2f}, at nearly "
        "twice the bytes.",
        section="Does AdderNet need its own rate?",
        attack=WORLD,
        survived=f"On ImageNet its authors print {published('AdderNet'):.1f} points "
        "behind float for ResNet-18; the rate of its own for each layer is needed by "
        "SGD, and hardly by Adam.",
        holds=stored.behind("AdderNet, 8 bits")[0] < 1.5
        and mine["bytes"] > 1.5 * four["bytes"],
    )


def published(way: str, network: str = "ResNet-18") -> float:
    """Return how far behind float a way is on ImageNet, as printed."""
    rows = {(r["network"], r["way"]): r["behind float"] for r in world.imagenet()}
    return rows[network, way]


VERDICTS = (
    aware_of_rounding,
    stochastic,
    mixed_bits,
    binary,
    xnor,
    shifts,
    adders,
)
SLIPS = ()
