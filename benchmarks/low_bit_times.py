"""Products of signs in five ways: BLAS on float32, XNOR and popcount on packed words
in NumPy, the same in C, and the signs as INT8 numbers in PyTorch, with the processor's
matrix unit and without; each the least processor time of many interleaved runs on one
thread, for the machine may be doing other things.

Writes lib/dlpatterns/data/low_bit_times.json. Needs a C compiler and PyTorch, which the
book does not.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/low_bit_times.py
"""

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
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


def int8(m: int, n: int, k: int) -> float:
    """Return the least milliseconds of the signs' product as INT8 numbers by PyTorch's
    kernels: exact sums of 32 bits, or weights packed before and outputs of 8 bits.
    """
    import torch

    torch.set_num_threads(1)
    x, w = (torch.where(torch.rand(rows, k) < 0.5, -1.0, 1.0) for rows in (m, n))
    left, right = x.to(torch.int8), w.to(torch.int8).T
    assert (torch._int_mm(left, right) == x @ w.T).all()
    ways = {"sums": lambda: torch._int_mm(left, right)}
    coded = torch.quantize_per_tensor(x, 1.0, 64, torch.quint8)
    for engine in ("onednn", "fbgemm"):
        torch.backends.quantized.engine = engine
        weight = torch.quantize_per_tensor(w, 1.0, 0, torch.qint8)
        packed = torch.ops.quantized.linear_prepack(weight, None)
        ways[engine] = partial(torch.ops.quantized.linear, coded, packed, 8.0, 64)
    return min(least(ways).values())


INT8 = {
    "INT8, matrix unit": {},
    "INT8, vectors": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"},
}


def int8_rows(setting: dict[str, str]) -> list[float]:
    """Return INT8 times of all sizes, by a process with a setting of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "int8"],
        env=os.environ | setting,
        check=True,
        capture_output=True,
    )
    return json.loads(answer.stdout)


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
    for name, setting in INT8.items():
        for row, spent in zip(rows, int8_rows(setting), strict=True):
            row[name] = spent
    flags = Path("/proc/cpuinfo").read_text()
    result = {
        "what": "milliseconds of processor time of products of signs, one thread",
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "counts ones in vectors": "avx512_vpopcntdq" in flags,
        "has a matrix unit for INT8": "amx_int8" in flags,
        "threads": os.environ.get("OPENBLAS_NUM_THREADS"),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")}
        | {"torch": version("torch")},
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["int8"]:
        print(json.dumps([int8(*size) for size in SIZES]))
    else:
        main()
