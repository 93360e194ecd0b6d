"""What each format can say: its numbers, what it does at its edges, and what its
multiplier costs.
"""

import numpy as np

from ... import datasets, formats, show
from ...hardware import energy

SHOWN = (
    "fp64", "fp32", "tf32", "bf16", "fp16", "fp8_e5m2", "fp8_e4m3", "fp6_e3m2",
    "fp6_e2m3", "fp4_e2m1", "pot4", "fp8_e8m0",
)  # fmt: skip
FLIPPED = (
    "fp32", "tf32", "bf16", "fp16", "fp8_e5m2", "fp8_e4m3", "fp6_e3m2", "fp6_e2m3",
    "fp4_e2m1", "fp8_e8m0", "int8", "uint8", "int4",
)  # fmt: skip
PEERS = ("ml_dtypes", "PyTorch", "gfloat", "microxcaling")


def table() -> list[dict]:
    """Return a row a floating-point format: its fields and its reach."""
    return [_row(formats.get(name)) for name in SHOWN]


def _row(form: formats.Float) -> dict:
    lost = 2**form.bits - (1 + form.signed) * (form.largest_code + 1)
    return {
        "format": form.name,
        "bits": form.bits,
        "s, e, m": f"{int(form.signed)}, {form.exponent_bits}, {form.mantissa_bits}",
        "largest": f"{form.largest:.4g}",
        "smallest normal": f"{form.smallest_normal:.3g}",
        "smallest": f"{form.smallest:.3g}",
        "gap above 1": f"2^−{form.mantissa_bits}" if form.mantissa_bits else "1",
        "codes without a number": f"{lost / 2**form.bits:.1%}",
    }


def below(name: str, limit: float) -> float:
    """Return the share of a format's positive finite codes that lie below a limit."""
    form = formats.get(name)
    values = form.decode(np.arange(1, form.largest_code + 1))
    return float((values < limit).mean())


def between(name: str, low: float, high: float) -> int:
    """Return how many numbers of a format lie from `low` to just below `high`."""
    form = formats.get(name)
    values = form.decode(np.arange(form.largest_code + 1))
    return int(((values >= low) & (values < high)).sum())


# --- At the edges ---------------------------------------------------------------------


def conventions(*groups: str) -> list[dict]:
    """Return what four libraries, as measured, and ours make of hard numbers."""
    rows = datasets.measurement("format_conventions")["rows"]
    return [_convention(row) for row in rows if row["group"] in groups]


def _convention(row: dict) -> dict:
    value = np.array([float(row["value"])], row["type"])
    try:
        ours = _short(f"{float(formats.get(row['format']).round(value)[0]):.9g}")
    except ValueError:
        ours = "error"
    written = f"{float(row['value']):.13g}"
    single = row["type"] == "float32"
    return {
        "format": row["format"],
        "number": written if single else f"{written} ({row['type']})",
        "ours": ours,
    } | {name: _short(row[name]) for name in PEERS}


def _short(answer: str) -> str:
    """Write a number with an exponent in three digits; leave all other answers."""
    return f"{float(answer):.3g}" if "e-" in answer else answer


def answers(form: str, value: str) -> set[str]:
    """Return the different answers that the libraries give to one number."""
    rows = datasets.measurement("format_conventions")["rows"]
    row = next(r for r in rows if (r["format"], r["value"]) == (form, value))
    return {row[name] for name in PEERS} - {"-"}


# --- What a multiplier costs ----------------------------------------------------------


def multipliers() -> list[dict]:
    """Return a row a multiplier: the digits that it multiplies, their square beside
    measured area and energy, all as multiples of the 8-bit integer's.
    """
    digits = {"int8": 8, "fp16": 11, "fp32": 24, "int32": 32}
    base = energy.of_multiplication("int8"), energy.area_of_multiplication("int8")
    return [
        {
            "multiplier": name,
            "digits": count,
            "digits², times int8's": (count / 8) ** 2,
            "area, µm²": energy.area_of_multiplication(name),
            "area, times int8's": energy.area_of_multiplication(name) / base[1],
            "energy, pJ": energy.of_multiplication(name),
            "energy, times int8's": energy.of_multiplication(name) / base[0],
        }
        for name, count in digits.items()
    ]


# --- All formats in one picture -------------------------------------------------------

LINES = {  # format: colour, and where its name stands in the near view
    "fp32": ("blue", None),
    "tf32": ("sky", (-24.5, 11.3)),
    "bf16": ("orange", (-24.5, 8.3)),
    "fp16": ("pink", (-7, 11.3)),
    "fp8_e5m2": ("green", (11, 1.7)),
    "fp8_e4m3": ("olive", (9, 4.0)),
    "fp4_e2m1": ("grey", (1.5, 0.2)),
    "int8": ("red", (6.5, 6.4)),
}
FAR = {"fp32": (60, 24.3), "tf32": (60, 11.5), "bf16": (60, 5.2), "fp16": (-40, 12)}


def precision(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return binades, and the significant bits that a format has in each."""
    form = formats.get(name)
    if isinstance(form, formats.Integer):
        binades = np.arange(form.bits - 1)
        return binades, binades + 1
    low = int(np.log2(form.smallest))
    binades = np.arange(low, int(np.floor(np.log2(form.largest))) + 1)
    return binades, np.minimum(binades - low + 1, form.mantissa_bits + 1)


def picture() -> tuple:
    """Draw range against precision of the formats in `LINES`: from afar, and near 1."""
    fig, (far, near) = show.subplots(2, 1, figsize=(4.6, 3.6))
    for name, (hue, place) in LINES.items():
        colour = show.colour(hue)
        for axes, at in ((far, FAR.get(name)), (near, place)):
            axes.plot(*precision(name), color=colour)
            if at:
                axes.text(*at, name, color=colour, fontsize=11)
    far.set(xlim=(-155, 135), ylim=(0, 27), ylabel="significant bits")
    near.set(xlim=(-25, 20), ylim=(0, 12.8), ylabel="significant bits")
    near.set(xlabel="size of the number, log₂")
    return fig
