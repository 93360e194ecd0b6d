"""Store what gfloat makes of blocks and of every draw of stochastic rounding, for the
tests to compare with.

    pip install gfloat==0.5.2 ml_dtypes==0.6.0 numpy==2.4.6
    python benchmarks/format_references.py

Values go to tests/gfloat_formats.json: blocks with gfloat's codes (the scale's first),
and for each value and number of random bits the draws that round away from zero.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gfloat import RoundMode, formats, round_float
from gfloat.block import compute_scale_amax, encode_block

RESULT = Path(__file__).resolve().parent.parent / "tests" / "gfloat_formats.json"
BLOCKS = ("fp8_e4m3", "fp8_e5m2", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1", "int8")
DRAWN = {
    "stochastic": RoundMode.Stochastic,
    "stochastic_fast": RoundMode.StochasticFast,
    "stochastic_fastest": RoundMode.StochasticFastest,
}
SINGLES = {
    "fp8_e4m3": formats.format_info_ocp_e4m3,
    "fp8_e5m2": formats.format_info_ocp_e5m2,
    "fp4_e2m1": formats.format_info_ocp_e2m1,
    "bf16": formats.format_info_bfloat16,
    "fp16": formats.format_info_binary16,
}


def blocks_of_values(rng: np.random.Generator) -> list[list[float]]:
    """Return blocks of 32: of every size, with ties, zeros, and one outlier."""
    plain = [rng.normal(size=32) * 2.0**k for k in (-130, -20, -3, 0, 5, 60, 120)]
    ties = [rng.integers(-16, 17, 32) / 4, rng.integers(-60, 61, 32) / 32]
    edges = [np.full(32, 1.999), np.full(32, -1.999), np.full(32, 0.1)]
    outlier = rng.normal(size=32)
    outlier[5] = 1000.0
    every = [*plain, *ties, *edges, outlier, np.zeros(32)]
    return [block.astype(np.float32).tolist() for block in every]


def encoded(name: str, block: list[float]) -> list[int]:
    """Return gfloat's codes of a block: scale, then elements."""
    info = getattr(formats, f"format_info_mx{name}")
    values = np.array(block)
    scale = compute_scale_amax(info.etype.emax, values)
    return [int(code) for code in encode_block(info, scale, values / scale)]


def away(form: str, mode: str, value: float, bits: int) -> list[int]:
    """Return the draws with which a value is rounded away from zero."""
    info = SINGLES[form]
    near = round_float(info, value, RoundMode.TowardZero)
    return [
        draw
        for draw in range(2**bits)
        if round_float(info, value, DRAWN[mode], srbits=draw, srnumbits=bits) != near
    ]


def draws(rng: np.random.Generator) -> list[dict]:
    """Return a row for each format, mode, number of bits and value."""
    values = [*rng.normal(size=6), 1 / 3, -1 / 3, 0.3, 1.0, 2.0**-10, 1e-9, 1.03125]
    values = [float(np.float32(value)) for value in values]
    return [
        {"format": form, "mode": mode, "bits": bits, "value": value}
        | {"away": away(form, mode, value, bits)}
        for form in SINGLES
        for mode in DRAWN
        for bits in (1, 3, 5)
        for value in values
    ]


def main() -> None:
    """Compute and store everything."""
    rng = np.random.default_rng(11)
    values = blocks_of_values(rng)
    result = {
        "versions": {name: version(name) for name in ("gfloat", "ml_dtypes", "numpy")},
        "values": values,
        "blocks": {f"mx{n}": [encoded(n, block) for block in values] for n in BLOCKS},
        "draws": draws(rng),
    }
    RESULT.write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
