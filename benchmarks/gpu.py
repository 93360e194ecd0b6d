"""Measure a GPU: products per number format and size, copies, and attention while a
prompt is read and while tokens are made.

Nothing is written unless a GPU was measured. A format that the chip or this version of
PyTorch cannot multiply is stored with what it said, and without a number. Written to
results/gpu_<chip>.json with date, chip and versions; dense FLOP/s count 2 a MAC, those
of 2:4 sparse products too, as if no zero were skipped.

    pip install -r benchmarks/requirements.txt
    python benchmarks/gpu.py [--sizes 1024 4096] [--repeats 20]
"""

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
SIZES = (512, 1024, 2048, 4096, 8192, 16384)
SETS = tuple(2**n for n in range(16, 33, 2))  # bytes in the working set of a copy
HEADS, DIM = 32, 128  # attention as in Llama-2-7B
PROMPTS = (512, 2048, 8192)
CACHED = ((1, 512), (1, 8192), (16, 2048), (64, 2048))  # sequences, tokens of each
WARM_UP = 5


def main(arguments: list[str] | None = None) -> int:
    """Measure the first GPU and store the result; return 1 if there is none."""
    options = _options(arguments)
    try:
        import torch
    except ImportError:
        return _without("PyTorch is not installed (benchmarks/requirements.txt)")
    if not torch.cuda.is_available():
        return _without("PyTorch sees no GPU")
    timer = Timer(torch, options.repeats)
    result = described(torch) | {
        "products": products(torch, timer, options.sizes),
        "copies": copies(torch, timer, options.sets),
        "prefill": prefills(torch, timer, options.prompts),
        "decode": decodes(torch, timer),
    }
    chip = re.sub(r"\W+", "_", result["chip"]).strip("_").lower()
    path = options.out or HERE / "results" / f"gpu_{chip}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=_whole, nargs="+", default=SIZES)
    parser.add_argument("--sets", type=_whole, nargs="+", default=SETS)
    parser.add_argument("--prompts", type=_whole, nargs="+", default=PROMPTS)
    parser.add_argument("--repeats", type=_whole, default=20)
    parser.add_argument("--out", type=Path)
    return parser.parse_args(arguments)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _without(reason: str) -> int:
    print(f"{reason}: nothing was measured, nothing is written.", file=sys.stderr)
    return 1


class Timer:
    """Times calls on the GPU by its own events."""

    def __init__(self, torch, repeats: int) -> None:
        self.torch, self.repeats = torch, repeats

    def seconds(self, call: Callable[[], object]) -> dict[str, float]:
        """Return the median and the shortest seconds of a call, after a warm-up."""
        for _ in range(WARM_UP):
            call()
        marks = [
            [self.torch.cuda.Event(enable_timing=True) for _ in range(2)]
            for _ in range(self.repeats)
        ]
        for first, last in marks:
            first.record()
            call()
            last.record()
        self.torch.cuda.synchronize()
        taken = [first.elapsed_time(last) / 1e3 for first, last in marks]
        return {"median_s": median(taken), "shortest_s": min(taken)}


def described(torch) -> dict:
    """Return date, chip and versions."""
    chip = torch.cuda.get_device_properties(0)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "chip": chip.name,
        "memory_bytes": chip.total_memory,
        "processors": chip.multi_processor_count,
        "driver": _driver(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        },
        "method": f"CUDA events, {WARM_UP} calls of warm-up; GPU otherwise idle",
    }


def _driver() -> str | None:
    query = "driver_version,power.limit,clocks.max.sm"
    try:
        told = subprocess.run(
            ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{query}: {told.stdout.splitlines()[0]}"


# --- Products -------------------------------------------------------------------------


def products(torch, timer: Timer, sizes: tuple[int, ...]) -> list[dict]:
    """Multiply square matrices in every format; one row a format and size."""
    rows = []
    for name, make in PRODUCTS.items():
        for size in sizes:
            row = {"format": name, "size": size}
            rows.append(row | measured(torch, timer, make, size, 2 * size**3))
    return rows


def measured(torch, timer: Timer, make: Callable, size: int, flop: int) -> dict:
    """Return the seconds and the rate of what `make` builds, or what it said."""
    try:
        taken = timer.seconds(make(torch, size))
    except Exception as error:  # what a chip lacks shows as many kinds of error
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.cuda.empty_cache()
    return taken | {"flop_per_s": flop / taken["median_s"]}


def _matrices(torch, size: int, dtype, *, device: str = "cuda") -> list:
    return [torch.randn(size, size, device=device).to(dtype) for _ in range(2)]


def _plain(kind: str, *, tf32: bool = False) -> Callable:
    def make(torch, size: int) -> Callable[[], object]:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        a, b = _matrices(torch, size, getattr(torch, kind))
        out = torch.empty_like(a)
        return lambda: torch.matmul(a, b, out=out)

    return make


def _fp8(torch, size: int) -> Callable[[], object]:
    a, b = _matrices(torch, size, torch.float8_e4m3fn)
    one = torch.ones((), device="cuda")
    how = {"scale_a": one, "scale_b": one, "out_dtype": torch.bfloat16}
    return lambda: torch._scaled_mm(a, b.t(), **how, use_fast_accum=True)


def _int8(torch, size: int) -> Callable[[], object]:
    a, b = (
        torch.randint(-128, 128, (size, size), dtype=torch.int8, device="cuda")
        for _ in range(2)
    )
    return lambda: torch._int_mm(a, b.t())


def _two_of_four(torch, size: int) -> Callable[[], object]:
    a, b = _matrices(torch, size, torch.float16)
    kept = torch.tensor([1, 0, 0, 1], device="cuda", dtype=torch.bool)
    a = a * kept.tile(size, size // 4)
    sparse = torch.sparse.to_sparse_semi_structured(a)
    return lambda: torch.mm(sparse, b)


PRODUCTS = {
    "fp32": _plain("float32"),
    "tf32": _plain("float32", tf32=True),
    "bf16": _plain("bfloat16"),
    "fp16": _plain("float16"),
    "fp8_e4m3": _fp8,
    "int8": _int8,
    "fp16 2:4": _two_of_four,
}


# --- Copies and attention -------------------------------------------------------------


def copies(torch, timer: Timer, sets: tuple[int, ...]) -> list[dict]:
    """Copy half of each working set to the other half; bytes read and written count."""
    rows = []
    for size in sets:
        try:
            source = torch.ones(size // 2, dtype=torch.uint8, device="cuda")
            target = torch.empty_like(source)
        except torch.cuda.OutOfMemoryError:
            rows.append({"bytes": size, "error": "does not fit the memory"})
            continue
        taken = timer.seconds(lambda t=target, s=source: t.copy_(s))
        rate = 2 * (size // 2) / taken["median_s"]
        rows.append({"bytes": size} | taken | {"bytes_per_s": rate})
    return rows


def prefills(torch, timer: Timer, prompts: tuple[int, ...]) -> list[dict]:
    """Attend from every token of a prompt to itself and all before it."""
    rows = []
    for tokens in prompts:

        def make(torch, tokens: int) -> Callable[[], object]:
            return _attention(torch, (1, tokens, tokens), causal=True)

        flop = 4 * HEADS * DIM * (tokens * (tokens + 1) // 2)
        row = {"tokens": tokens, "heads": HEADS, "head_dim": DIM}
        rows.append(row | measured(torch, timer, make, tokens, flop))
    return rows


def decodes(torch, timer: Timer) -> list[dict]:
    """Attend from one new token of each sequence to all that are cached."""
    rows = []
    for batch, cached in CACHED:

        def make(torch, cached: int, batch: int = batch) -> Callable[[], object]:
            return _attention(torch, (batch, 1, cached), causal=False)

        flop = 4 * HEADS * DIM * batch * cached
        row = {"batch": batch, "cached": cached, "heads": HEADS, "head_dim": DIM}
        row |= measured(torch, timer, make, cached, flop)
        if "median_s" in row:
            read = 2 * 2 * HEADS * DIM * batch * cached  # keys and values, two bytes
            row["bytes_per_s"] = read / row["median_s"]
        rows.append(row)
    return rows


def _attention(torch, shape: tuple[int, int, int], *, causal: bool) -> Callable:
    batch, queries, keys = shape
    q, k, v = (
        torch.randn(batch, HEADS, n, DIM, device="cuda", dtype=torch.bfloat16)
        for n in (queries, keys, keys)
    )
    attend = torch.nn.functional.scaled_dot_product_attention
    return lambda: attend(q, k, v, is_causal=causal)


if __name__ == "__main__":
    sys.exit(main())
