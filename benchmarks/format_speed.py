"""Time encoding and decoding of a million numbers, ours beside ml_dtypes and NumPy.

    pip install ml_dtypes==0.6.0 numpy==2.4.6
    PYTHONPATH=lib python benchmarks/format_speed.py

Both take turns in one process with one thread; of all repeats the shortest counts.
results/format_speed.json has nanoseconds a number and the ratio of our time to theirs:
below 1 ours is faster. Within 1.5 is wanted for 8 bits, within 2 for BF16.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import ml_dtypes
import numpy as np

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
NUMBERS, REPEATS = 1_000_000, 40


def shortest(*calls) -> list[float]:
    """Return the least nanoseconds a number of each call, taken in turns."""
    best = [float("inf")] * len(calls)
    for _ in range(REPEATS):
        for i, call in enumerate(calls):
            start = perf_counter()
            call()
            best[i] = min(best[i], perf_counter() - start)
    return [1e9 * seconds / NUMBERS for seconds in best]


def row(name: str, values: np.ndarray) -> dict:
    """Return times of one format, both ways."""
    form, peer = formats.get(name), PEERS[name]
    codes, theirs = form.encode(values), values.astype(peer)
    times = {
        "encode": shortest(lambda: form.encode(values), lambda: values.astype(peer)),
        "decode": shortest(
            lambda: form.decode(codes), lambda: theirs.astype(np.float32)
        ),
    }
    return {"format": name} | {
        f"{way} {what}": round(value, 2)
        for way, (ours, other) in times.items()
        for what, value in (
            ("ours", ours), ("peer", other), ("ratio", ours / other)
        )
    }  # fmt: skip


def main() -> None:
    """Time every format and store the result."""
    values = np.random.default_rng(0).standard_normal(NUMBERS).astype(np.float32)
    rows = [row(name, values) for name in PEERS]
    result = {
        "versions": {name: version(name) for name in ("ml_dtypes", "numpy")},
        "machine": platform.machine(),
        "note": "one thread, shortest of 40; only the ratios mean something",
        "rows": rows,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for one in rows:
        print(one)


if __name__ == "__main__":
    main()
