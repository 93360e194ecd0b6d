"""Our figures beside printed ones, as they are printed."""

from math import floor, log2

from ... import formats
from ...datasets import Printed

FP8, OCP = "Micikevicius, table 1", "OCP FP8, table 2"
MX, BFLOAT = "OCP MX, table 2", "Kalamkar, table 1"
IEEE_LIKE = formats.Float("fp8_e4m3, as IEEE would", 8, 4, 3)
PRINTED = {  # format, what: the figure as printed, and where
    ("fp8_e4m3", "largest"): (Printed("448", 448, 0.5), FP8),
    (IEEE_LIKE.name, "largest"): (Printed("240", 240, 0.5), "Micikevicius, 3.1"),
    ("fp8_e5m2", "largest"): (Printed("57,344", 57_344, 0.5), FP8),
    ("fp8_e4m3", "binades"): (Printed("18", 18, 0.5), OCP),
    ("fp8_e5m2", "binades"): (Printed("32", 32, 0.5), OCP),
    ("fp6_e2m3", "largest"): (Printed("7.5", 7.5, 0.05), MX),
    ("fp6_e3m2", "largest"): (Printed("28.0", 28.0, 0.05), MX),
    ("fp4_e2m1", "largest"): (Printed("6.0", 6.0, 0.05), MX),
    ("fp16", "largest"): (Printed("6.55e4", 6.55e4, 50), BFLOAT),
    ("fp16", "smallest"): (Printed("5.96e−8", 5.96e-8, 5e-11), BFLOAT),
    ("bf16", "largest"): (Printed("3.38e38", 3.38e38, 5e35), BFLOAT),
    ("bf16", "smallest normal"): (Printed("1.17e−38", 1.17e-38, 5e-41), BFLOAT),
}


def ours(name: str, what: str) -> float:
    """Return our figure for a format."""
    form = IEEE_LIKE if name == IEEE_LIKE.name else formats.get(name)
    if what == "binades":
        return floor(log2(form.largest)) - floor(log2(form.smallest)) + 1
    return getattr(form, what.replace(" ", "_"))


def printed() -> list[dict]:
    """Return a row for each figure that a source prints: ours, theirs, the place, and
    whether ours rounds to theirs.
    """
    return [
        {
            "format": name,
            "what": what,
            "ours": f"{ours(name, what):.6g}",
            "printed": figure.text,
            "where": where,
            "agrees": figure.agrees(ours(name, what)),
        }
        for (name, what), (figure, where) in PRINTED.items()
    ]
