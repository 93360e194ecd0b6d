"""Time exact products of whole numbers, ours through the BLAS library beside NumPy's
own product of the same arrays.

Both run in one process with one thread, in turn, several rounds. What counts is the
processor's time, and of all repeats the shortest, so that another program on the
machine disturbs little. Written to results/integer_products.json: milliseconds, the
ratio of NumPy's time to ours, and the format in which every sum was exact.

    PYTHONPATH=lib python benchmarks/integer_products.py
"""

import json
import os
import platform
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from sequences import processor

from dlpatterns.kernels._plan import exact_format
from dlpatterns.kernels.matmul import matmul_blas

RESULT = Path(__file__).resolve().parent / "results" / "integer_products.json"
SIZES, LARGEST, ROUNDS = (64, 128, 256, 512), (127, 4095), 5
REPEATS = {64: 400, 128: 100, 256: 20, 512: 3}  # of each side in a round


def shortest(function, repeats: int) -> float:
    """Return the processor's time of the shortest of so many calls in milliseconds."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return 1e3 * min(seconds)


def row(size: int, largest: int, dtype: type) -> dict:
    """Return what one product of square matrices takes, ours and NumPy's."""
    rng = np.random.default_rng(0)
    a, b = (
        rng.integers(-largest, largest + 1, (size, size)).astype(dtype) for _ in "ab"
    )
    if not (matmul_blas(a, b) == a.astype(np.int64) @ b.astype(np.int64)).all():
        raise SystemExit(f"the products of {size} x {size} differ")
    repeats = REPEATS[size]
    pairs = [
        (
            shortest(lambda: matmul_blas(a, b), 5 * repeats),
            shortest(lambda: a @ b, repeats),
        )
        for _ in range(ROUNDS)
    ]
    ours, numpy = map(min, zip(*pairs, strict=True))
    through = exact_format("a product", size, a, b).__name__
    return {
        "size": size,
        "largest": largest,
        "dtype": np.dtype(dtype).name,
        "through": through,
        "ms": round(ours, 4),
        "numpy ms": round(numpy, 4),
        "ratio": round(numpy / ours, 1),
    }


def main() -> None:
    """Time every size, range and type, print a line each, and store the result."""
    rows = []
    for size, largest, dtype in product(SIZES, LARGEST, (np.int32, np.int64)):
        rows.append(row(size, largest, dtype))
        print(rows[-1], flush=True)
    load = round(os.getloadavg()[0] / os.cpu_count(), 2)
    versions = {"python": platform.python_version(), "numpy": version("numpy")}
    stored = {"machine": processor(), "versions": versions, "load a core": load}
    RESULT.write_text(json.dumps(stored | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
