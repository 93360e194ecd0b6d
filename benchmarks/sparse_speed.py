"""Time sparse products beside the dense one: SciPy's kernels and ours, by density.

    PYTHONPATH=lib OPENBLAS_NUM_THREADS=1 python benchmarks/sparse_speed.py

A float32 matrix of 1024 x 1024 times matrices of 1, 16 and 256 columns, one thread, all
kernels in turns in one process; of all rounds the shortest counts. The result holds
ratios to the dense product of the same round's machine, and how busy the machine was.
"""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from dlpatterns.lectures.sparsity import times

TARGET = Path(__file__).parents[1] / "lib" / "dlpatterns" / "data" / "sparse_speed.json"
ROUNDS = 15


@threadpool_limits.wrap(limits=1)
def shortest(density: float, width: int) -> dict[str, float]:
    """Return the shortest seconds of each product, taken in turns."""
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(times.SIDE, width)).astype(np.float32)
    calls = times.kernels(density, dense)
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = perf_counter()
            call()
            best[name] = min(best[name], perf_counter() - start)
    return best


def main() -> None:
    """Measure every density and width and store the ratios."""
    rows = []
    for width in times.WIDTHS:
        for density in times.DENSITIES:
            best = shortest(density, width)
            ratio = {name: round(s / best["dense"], 4) for name, s in best.items()}
            rows.append(
                {"columns": width, "density": density, "ratios": ratio}
                | {"dense_us": round(1e6 * best["dense"], 1)}
            )
            print(rows[-1], flush=True)
    result = {
        "what": "time of sparse products as a ratio to the dense one, 1024 x 1024",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": platform.machine(),
        "blas": threadpool_info()[0].get("architecture"),
        "load": os.getloadavg()[0],
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scipy")},
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
