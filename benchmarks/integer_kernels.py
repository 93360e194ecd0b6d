"""Time integer products: ours through float32 in pieces and through float64 beside
NumPy's own int32 and int8 products, and XNOR-popcount on packed signs beside the BLAS
library's float32 product of the same signs.

All run in one process with one thread, in turn; of all repeats the shortest counts, in
the processor's time. Written to lib/dlpatterns/data/integer_kernels.json.

    PYTHONPATH=lib python benchmarks/integer_kernels.py
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from integer_products import shortest
from sequences import processor

from dlpatterns.quantize import binary, int_matmul
from dlpatterns.quantize.integer import LARGEST_CODE

RESULT = (
    Path(__file__).resolve().parents[1]
    / "lib"
    / "dlpatterns"
    / "data"
    / "integer_kernels.json"
)
SIZES, ROUNDS = ((128, 128, 128), (256, 256, 256), (512, 512, 512), (64, 4096, 64)), 3


def row(m: int, k: int, n: int) -> dict:
    """Return the milliseconds of every way to one product, all results compared."""
    rng = np.random.default_rng(0)
    a, b = (
        rng.integers(-127, 128, shape).astype(np.int8) for shape in ((m, k), (k, n))
    )
    wide = [one.astype(np.int32) for one in (a, b)]
    signs = [np.where(one >= 0, 1, -1).astype(np.int8) for one in (a, b)]
    packed = binary.pack(signs[0]), binary.pack(np.ascontiguousarray(signs[1].T))
    floats = [one.astype(np.float32) for one in signs]
    ways = {
        "float32 in pieces": lambda: int_matmul(a, b),
        "float64": lambda: int_matmul(a, b, through="float64"),
        "numpy int32": lambda: wide[0] @ wide[1],
        "xnor, packed": lambda: binary.xnor_product(*packed),
        "packing": lambda: binary.pack(signs[0]),
        "float32 signs": lambda: floats[0] @ floats[1],
    }
    if not (ways["float32 in pieces"]() == ways["numpy int32"]()).all():
        raise SystemExit(f"the products of {m} x {k} x {n} differ")
    if not (ways["xnor, packed"]() == ways["float32 signs"]()).all():
        raise SystemExit(f"the products of signs {m} x {k} x {n} differ")
    times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(shortest(way, 3 if name == "numpy int32" else 20))
    return {"M": m, "K": k, "N": n, "ms": {n: min(t) for n, t in times.items()}}


def main() -> None:
    """Time every size and store the milliseconds with the machine."""
    rows = [row(*size) for size in SIZES]
    result = {
        "unit": "milliseconds of the processor, one thread, shortest of all repeats",
        "largest_code": LARGEST_CODE,
        "machine": platform.machine(),
        "processor": processor(),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")},
        "rows": rows,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    for one in rows:
        print(one)


if __name__ == "__main__":
    main()
