"""Time encoding and decoding of a million numbers, ours beside ml_dtypes, NumPy and
gfloat, which is written in NumPy as ours is.

    pip install ml_dtypes==0.6.0 gfloat==0.5.2 numpy==2.4.6
    PYTHONPATH=lib python benchmarks/format_speed.py

They take turns in one process with one thread; of all repeats the shortest counts.
results/format_speed.json has nanoseconds a number and the ratio of our time to theirs:
below 1 ours is faster. Within 1.5 is wanted for 8 bits, within 2 for BF16. gfloat's
way to codes is its rounding followed by its encoding, as it asks for.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from time import process_time

import gfloat
import ml_dtypes
import numpy as np
from gfloat import formats as gfloat_formats

from dlpatterns import formats

RESULT = Path(__file__).resolve().parent / "results" / "format_speed.json"
PEERS = {
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
    "fp6_e2m3": ml_dtypes.float6_e2m3fn,
    "fp4_e2m1": ml_dtypes.float4_e2m1fn,
    "bf16": ml_dtypes.bfloat16,
    "fp16": np.float16,
}
GFLOAT = {
    "fp8_e4m3": gfloat_formats.format_info_ocp_e4m3,
    "fp8_e5m2": gfloat_formats.format_info_ocp_e5m2,
    "fp6_e2m3": gfloat_formats.format_info_ocp_e2m3,
    "fp4_e2m1": gfloat_formats.format_info_ocp_e2m1,
    "bf16": gfloat_formats.format_info_bfloat16,
    "fp16": gfloat_formats.format_info_binary16,
}
NUMBERS, REPEATS = 1_000_000, 15


def shortest(*calls) -> list[float]:
    """Return the least nanoseconds a number of each call, taken in turns."""
    best = [float("inf")] * len(calls)
    for _ in range(REPEATS):
        for i, call in enumerate(calls):
            start = process_time()
            call()
            best[i] = min(best[i], process_time() - start)
    return [1e9 * seconds / NUMBERS for seconds in best]


def row(name: str, values: np.ndarray) -> dict:
    """Return times of one format, both ways."""
    form, peer, info = formats.get(name), PEERS[name], GFLOAT[name]
    codes, theirs = form.encode(values), values.astype(peer)
    encoded = gfloat.encode_ndarray(info, gfloat.round_ndarray(info, values, sat=True))
    times = {
        "encode": shortest(
            lambda: form.encode(values),
            lambda: values.astype(peer),
            lambda: gfloat.encode_ndarray(
                info, gfloat.round_ndarray(info, values, sat=True)
            ),
        ),
        "decode": shortest(
            lambda: form.decode(codes),
            lambda: theirs.astype(np.float32),
            lambda: gfloat.decode_ndarray(info, encoded),
        ),
    }
    return {"format": name} | {
        f"{way} {what}": float(f"{value:.3g}")
        for way, (ours, other, third) in times.items()
        for what, value in (
            ("ours", ours), ("peer", other), ("ratio", ours / other),
            ("gfloat", third), ("ratio to gfloat", ours / third),
        )
    }  # fmt: skip


def main() -> None:
    """Time every format and store the result."""
    values = np.random.default_rng(0).standard_normal(NUMBERS).astype(np.float32)
    rows = [row(name, values) for name in PEERS]
    result = {
        "versions": {name: version(name) for name in ("ml_dtypes", "gfloat", "numpy")},
        "machine": platform.machine(),
        "note": "processor time of one thread, shortest of 15; only ratios count",
        "rows": rows,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for one in rows:
        print(one)


if __name__ == "__main__":
    main()
