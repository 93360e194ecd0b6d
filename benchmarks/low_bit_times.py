"""Products of signs in three ways: BLAS on float32, XNOR and popcount on packed words
in NumPy, and the same in C; each the least processor time of many interleaved runs on
one thread, for the machine may be doing other things.

Writes lib/dlpatterns/data/low_bit_times.json. Needs a C compiler, which the book does
not.

    OPENBLAS_NUM_THREADS=1 python benchmarks/low_bit_times.py
"""

import ctypes
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dlpatterns.quantize import binary

TARGET = (
    Path(__file__).parents[1] / "lib" / "dlpatterns" / "data" / "low_bit_times.json"
)
SIZES = ((1, 1024, 1024), (64, 64, 64), (64, 1024, 1024), (1024, 1024, 1024))
RUNS = 40
SOURCE = """
#include <stdint.h>
void xnor(const uint64_t *a, const uint64_t *b, int32_t *out,
          int m, int n, int words, int length) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            int64_t differ = 0;
            for (int w = 0; w < words; w++)
                differ += __builtin_popcountll(a[i * words + w] ^ b[j * words + w]);
            out[i * n + j] = length - 2 * (int32_t)differ;
        }
}
void pack(const float *x, uint64_t *out, int rows, int words) {
    for (int i = 0; i < rows * words; i++) {
        uint64_t word = 0;
        for (int bit = 0; bit < 64; bit++)
            word |= (uint64_t)(x[64 * i + bit] >= 0) << bit;
        out[i] = word;
    }
}
"""


def compiled(folder: str) -> ctypes.CDLL:
    """Compile the kernel for this machine and load it."""
    source, target = Path(folder) / "xnor.c", Path(folder) / "xnor.so"
    source.write_text(SOURCE)
    command = ["gcc", "-O3", "-march=native", "-shared", "-fPIC", source, "-o", target]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def pointer(x: np.ndarray) -> ctypes.c_void_p:
    """Return where an array's numbers lie."""
    return ctypes.c_void_p(x.ctypes.data)


def least(ways: dict[str, Callable]) -> dict[str, float]:
    """Return the least milliseconds of each way, one after another many times; short
    ones are called often enough to fill two milliseconds.
    """
    found = dict.fromkeys(ways, float("inf"))
    for _ in range(RUNS):
        for name, run in ways.items():
            calls = max(1, min(200, round(2 / found[name])))
            start = time.thread_time()
            for _ in range(calls):
                run()
            spent = 1e3 * (time.thread_time() - start) / calls
            found[name] = min(found[name], spent)
    return {name: round(value, 4) for name, value in found.items()}


def measured(library: ctypes.CDLL, m: int, n: int, k: int) -> dict:
    """Return the times of one size, after a check that all give the same sums."""
    rng = np.random.default_rng(0)
    x, w = (
        np.where(rng.random((rows, k)) < 0.5, 1, -1).astype(np.float32)
        for rows in (m, n)
    )
    a, b = (binary.pack(each.astype(np.int8)) for each in (x, w))
    out = np.empty((m, n), np.int32)
    room = np.empty_like(a.words)
    words = a.words.shape[1]

    def in_c() -> None:
        library.xnor(pointer(a.words), pointer(b.words), pointer(out), m, n, words, k)

    def packed_in_c() -> None:
        library.pack(pointer(x), pointer(room), m, words)
        library.xnor(pointer(room), pointer(b.words), pointer(out), m, n, words, k)

    in_c()
    assert (out == x @ w.T).all() and (binary.xnor_product(a, b) == out).all()
    out[:] = 0
    packed_in_c()
    assert (out == x @ w.T).all()
    return {"m": m, "n": n, "k": k} | least(
        {
            "BLAS, float32": lambda: x @ w.T,
            "XNOR, NumPy": lambda: binary.xnor_product(a, b),
            "XNOR, C": in_c,
            "XNOR, C, packing included": packed_in_c,
        }
    )


def processor() -> str:
    """Return the name of the processor, if the system tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def main() -> None:
    """Compile, measure all sizes, and store them."""
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(folder)
        rows = [measured(library, *size) for size in SIZES]
    flags = Path("/proc/cpuinfo").read_text()
    result = {
        "what": "milliseconds of processor time of products of signs, one thread",
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "counts ones in vectors": "avx512_vpopcntdq" in flags,
        "threads": os.environ.get("OPENBLAS_NUM_THREADS"),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")},
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
