"""A verdict on the slides' demand for several bit widths."""

from ...design import chip
from ..claims.kinds import Verdict
from . import choosing


def bit_widths() -> Verdict:
    """Judge a narrow format by one step of one knob, and by the element on the die."""
    step = next(
        r for r in choosing.knobs() if (r["knob"], r["to"]) == ("format", "int4")
    )
    element = chip.element("int8") / chip.element("int4")
    arithmetic = chip.of_mac("int8")[1] / chip.of_mac("int4")[1]
    return Verdict(
        claim=43,
        kind="if",
        when="the network bears the width, which a model of chips does not ask",
        number=f"{step['time ×']:.3g} of the time, {step['energy ×']:.3g} of the "
        "energy",
        found="From INT8 to INT4, six workloads on one design, half of the weights "
        f"zero. The die keeps {step['area ×']:.3g} of its area.",
        section="What is one step of a knob worth?",
        attack="What is a die made of?",
        survived=f"The arithmetic shrinks {arithmetic:.1f} times, the element with its "
        f"registers only {element:.1f} times: half the bits save less than half.",
        holds=step["time ×"] < 0.8 and 1 < element < arithmetic,
    )


VERDICTS = (bit_widths,)
SLIPS = ()
