"""Verdicts on the course's worked numbers about CPUs, chips and their golden decade;
two figures of other works that we find otherwise.
"""

from ..claims.kinds import Part, Slip, Verdict
from . import against, decade, latency, world

FLIGHT = "How many bytes must be on their way?"
DECADE = "The golden decade of architecture"


def in_flight() -> Verdict:
    """Judge the bytes in flight, row by row."""
    rows = latency.in_flight()
    xeon, mixed, a100 = rows[1], rows[2], rows[3]
    good = sum(row["right"] for row in rows)
    return Verdict(
        claim=40,
        kind="holds",
        number=f"{good} of {len(rows)} printed rows are right to the digit",
        found=f"A Xeon must have {xeon['requests']:,} requests on their way, an A100 "
        f"{a100['requests'] / xeon['requests']:.0f} times as many. The odd row belongs "
        f"to {xeon['GB/s']} GB/s, not to the {mixed['GB/s']} beside it.",
        section=FLIGHT,
        attack=FLIGHT,
        survived="No processor fetches one element at a time: with lines of "
        f"{latency.LINE} bytes the memory works a little more, and nearly all of the "
        "wait remains.",
        holds=good == len(rows) - 1 and not mixed["right"],
        parts=(Part("Requests in flight, as printed and again", rows),),
    )


def worked() -> Verdict:
    """Judge the course's other worked numbers."""
    rows = latency.worked()
    wrong = [row for row in rows if not row["right"]]
    return Verdict(
        claim=41,
        kind="fails",
        number=f"{len(rows) - len(wrong)} of {len(rows)} are right to the printed "
        "digit",
        found="Two do not follow from what stands beside them: the Chinese for 2,000 "
        "GFLOP/s is a tenth of that, and TPUv1's peak is wrong in each step.",
        section=FLIGHT,
        attack=FLIGHT,
        survived="Both conclusions stand with the right operands: eighty operations an "
        "operand at 2,000 GFLOP/s, and 91.75 × 10¹² operations a second from 65,536 "
        "multipliers at 700 MHz.",
        holds=len(wrong) == 2 and abs(2 * 65_536 * 700e6 / 91.75e12 - 1) < 1e-3,
        parts=(Part("As printed, and computed again", rows),),
    )


def golden_decade() -> Verdict:
    """Judge the account of a thousandfold by ratios of published rates."""
    ours, told = decade.counted(), decade.told()
    rate, wires = (row["ratio"] for row in decade.both()[:2])
    left = ours["process, clock, layout"]
    return Verdict(
        claim=42,
        kind="if",
        when="only the product is asked, and zeros are paid for; how it splits depends "
        "on who tells it",
        number=f"{rate:.0f} times in rate, {wires:.0f} times in bandwidth",
        found="From a GK210 to an H100. The account that is told books "
        f"{told['process']:g} on the process; published rates leave {left:.1f} for "
        "transistors, clock and layout.",
        section=DECADE,
        attack=DECADE,
        survived="Counted in numbers a second the gap between arithmetic and memory is "
        f"{decade.gaps()[0]:.0f} times, and of FP32 units {decade.gaps()[1]:.1f}: it "
        "was made by narrow formats, matrix units and sparsity.",
        holds=left > 2 * told["process"] and 5 < decade.gaps()[0] < 20,
    )


def operations_are_macs() -> Slip:
    """Find what an operation is in TPUv1's tables."""
    rows = world.tpu_apps()
    half = "roof if an operation is half a MAC"
    over = [row["application"] for row in rows if row["reached (printed)"] > row[half]]
    return Slip(
        work="Jouppi et al. 2017",
        link="https://arxiv.org/abs/1704.04760",
        place='tables 1 and 3, figure 5: "operations" per weight byte',
        printed="operations per byte, ridge at 1,350, beside a peak of 92 × 10¹²",
        ours="multiply-accumulates per byte; the peak counts each twice",
        how="Peak over bandwidth; and if the table counted halves of MACs, "
        f"{len(over)} of the six applications would run above their roof "
        f"({', '.join(over)}).",
        doubt="A matter of the word only: every figure is right once an operation is a "
        "MAC in the tables and half of one in the peak.",
        certainty="certain",
        section="A check against the world",
        holds=len(over) >= 3,
    )


def vgg_in_nchw() -> Slip:
    """Find two networks whose measured order no cost explains."""
    odd = against.speeds("RTX 3090, NCHW")
    return Slip(
        work="Wightman 2025",
        link="https://huggingface.co/docs/timm/results",
        place="RTX 3090, NCHW: vgg16 and vgg19",
        printed=f"{odd['vgg16']:,.0f} and {odd['vgg19']:,.0f} images/s",
        ours="the order should be the other way round",
        how="VGG-19 is VGG-16 with three layers more; no model of cost makes it the "
        "quicker one.",
        doubt="A slower algorithm chosen for one shape, or a timing that was "
        "disturbed. The same chip in the other layout orders the two as expected.",
        certainty="open",
        section="An attack on the bound",
        holds=odd["vgg16"] < odd["vgg19"]
        and against.speeds("RTX 3090")["vgg16"] > against.speeds("RTX 3090")["vgg19"],
    )


VERDICTS = (in_flight, worked, golden_decade)
SLIPS = (operations_are_macs, vgg_in_nchw)
