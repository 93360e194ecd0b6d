"""What a reader may ask of a design: the controls of the page *Design your own chip*,
and a request, name by name, as a chip, a budget and what is assumed.

A control holds the settings that it offers, so that the page, the address and the
library know the same ones. The bus ends where a package does: the model prices neither
pins nor memories, so more would be free. The clock is TPUv1's for the same reason.
"""

from dataclasses import dataclass
from typing import NamedTuple

from . import evaluate, market
from .chip import Chip


class Knob(NamedTuple):
    """A control: its label, its settings as the address spells them, each with what a
    reader sees, and the usual one.
    """

    label: str
    settings: dict[str, str]
    usual: str


def _numbers(label: str, values: tuple, usual: object, unit: str = "") -> Knob:
    return Knob(label, {f"{one:g}": f"{one:g}{unit}" for one in values}, f"{usual:g}")


SIDES = (4, 8, 12, 14, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
MEMORIES = (*(2**power for power in range(5, 15)), 24 * 2**10, 2**15, 2**16)
SLIDERS = {
    "rows": _numbers("Rows", SIDES, 128),
    "cols": _numbers("Columns", SIDES, 128),
    "arrays": _numbers("Arrays", (1, 2, 4, 8, 16, 32, 64), 1),
    "buffer": Knob(
        "Buffer",
        {str(k): f"{k} KiB" if k < 1024 else f"{k // 1024} MiB" for k in MEMORIES},
        "4096",
    ),
    "bus": _numbers("Bus", (1, 2, 4, 8, 16, 32, 34, 64, 128), 32, " GB/s"),
}
MENUS = {
    "dataflow": Knob(
        "What stays",
        {
            "ws": "weights",
            "os": "outputs",
            "is": "inputs",
            "any": "the quickest each time",
        },
        "ws",
    ),
    "format": Knob(
        "Format",
        {one: one.upper() for one in ("int4", "int8", "int16", "fp16", "fp32")},
        "int8",
    ),
    "weights": Knob(
        "Weights in memory",
        {"same": "in that format", "int2": "INT2", "int4": "INT4", "int8": "INT8"},
        "same",
    ),
    "zeros": Knob(
        "Zero weights are",
        {"no": "not used", "gating": "gated", "skipping": "skipped", "2:4": "2:4"},
        "no",
    ),
}
BUDGET = {
    "mm2": _numbers("Area", (5, 10, 25, 50, 100, 200, 300, 400, 600, 858), 100, " mm²"),
    "watts": _numbers("Power", (0.5, 1, 2, 5, 10, 20, 40, 75, 150, 300), 10, " W"),
}
ASSUMED = {
    "share": Knob("Weights that are zero", {"50": "half", "0": "none"}, "50"),
    "sums": Knob(
        "Unfinished sums go to",
        {"buffer": "the buffer", "accumulators": "their column's accumulators"},
        "buffer",
    ),
}
KNOBS = SLIDERS | MENUS | BUDGET | ASSUMED


@dataclass(frozen=True)
class Asked:
    """A chip, the square millimetres and watts that it may take, the share of weights
    that are zero and where unfinished sums go.
    """

    chip: Chip
    area: float
    watts: float
    zeros: float = evaluate.SPARSE
    sums: str = "buffer"

    @property
    def how(self) -> dict:
        """What `evaluate.run` takes besides."""
        return {"zeros": self.zeros, "sums": self.sums}

    @property
    def room(self) -> float:
        """The square millimetres that a die may take, one exposure at most."""
        return min(self.area, market.RETICLE_MM2)


def read(request: dict) -> Asked:
    """Return what a request asks for; what it leaves out is as usual.

    Raises: ValueError for a name that no control has, or a setting that it hasn't.

    >>> read({"rows": "64", "zeros": "2:4"}).chip.zeros
    '2:4'
    """
    given = {name: knob.usual for name, knob in KNOBS.items()} | request
    for name, value in given.items():
        if name not in KNOBS:
            raise ValueError(
                f"no control is called {name!r:.40}; there are {', '.join(KNOBS)}"
            )
        if not isinstance(value, str) or value not in KNOBS[name].settings:
            known = ", ".join(KNOBS[name].settings)
            raise ValueError(f"{name} can't be {value!r:.40}; choose one of {known}")
    chip = Chip(
        rows=int(given["rows"]),
        cols=int(given["cols"]),
        arrays=int(given["arrays"]),
        dataflow=given["dataflow"],
        buffer=int(given["buffer"]) * 2**10,
        bandwidth=float(given["bus"]) * 1e9,
        dtype=given["format"],
        weights="" if given["weights"] == "same" else given["weights"],
        zeros="" if given["zeros"] == "no" else given["zeros"],
    )
    return Asked(
        chip,
        float(given["mm2"]),
        float(given["watts"]),
        zeros=float(given["share"]) / 100,
        sums=given["sums"],
    )
