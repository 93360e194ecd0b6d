"""Write the page *How fast is it?* from the stored results of these benchmarks.

    python benchmarks/page.py

Every number of the page comes from a stored result; a test demands that the page is
what this script writes. A ratio is our time by the fastest peer's, both from one run:
below 1 the library is the faster one. Needs the standard library only.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
RESULTS, DATA = ROOT / "benchmarks" / "results", ROOT / "lib" / "dlpatterns" / "data"
PAGE = ROOT / "speed.md"


@dataclass(frozen=True)
class Part:
    """One section: its heading, what is compared, its table, and the ratios in it."""

    heading: str
    text: str
    columns: tuple[str, ...]
    rows: list[tuple[str | int | float, ...]]
    ratios: tuple[float, ...]
    conditions: str

    def written(self) -> str:
        """Return the section as Markdown."""
        ruler = ("---", *["---:"] * (len(self.columns) - 1))
        rows = (self.columns, ruler, *self.rows)
        table = "\n".join(f"| {' | '.join(map(cell, row))} |" for row in rows)
        said = (verdict(self.ratios), f"*{self.conditions}*")
        return "\n\n".join(
            (f"## {self.heading}", self.text, table, *filter(None, said))
        )


def stored(folder: Path, name: str) -> dict:
    """Return a stored result."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def short(value: float) -> str:
    """Write a number with three digits that mean something.

    >>> short(0.012345), short(12.345), short(1234.5)
    ('0.0123', '12.3', '1,230')
    """
    return f"{float(f'{value:.3g}'):,.10g}"


def cell(value: str | int | float) -> str:
    """Write what a cell of a table holds."""
    return short(value) if isinstance(value, float) else str(value)


def verdict(ratios: Sequence[float]) -> str:
    """Say how often we are the faster one, and by how much either way."""
    if not ratios:
        return ""
    ahead = sum(ratio < 1 for ratio in ratios)
    return (
        f"**Ahead in {ahead} of {len(ratios)}.** Our time over theirs: "
        f"{short(min(ratios))} to {short(max(ratios))}, median {short(median(ratios))}."
    )


def versions(result: dict, *wanted: str) -> str:
    """Name the packages of a run with their versions."""
    known = result["versions"]
    names = [name for name in wanted or known if name in known]
    return ", ".join(f"{name} {known[name]}" for name in names)


def counting() -> Part:
    """Compare the seconds to count networks."""
    result = stored(RESULTS, "counting_speed")
    ours = result["counters"]["dlpatterns"]
    rows, ratios = [], []
    for name, row in result["counters"].items():
        if "failed" in row:
            rows.append((name, "refuses", "", "", ""))
            continue
        both = [ours[what] / row[what] for what in ("resnet50_s", "shared_s")]
        ratios += [] if name == "dlpatterns" else both
        macs, ms = f"{row['resnet50_macs']:,}", 1e3 * row["resnet50_s"]
        rows.append((name, macs, ms, *both))
    text = (
        "Milliseconds to count ResNet-50 that is already built. A counter that runs "
        "the network pays for the run, on real tensors or on tensors without storage "
        '("meta"); ours reads a description and runs nothing. The last column compares '
        f"the sum over {result['shared_networks']} networks that both know. The "
        "counters do not report the same number: *Twenty years in one table* says why."
    )
    columns = ("counter", "ResNet-50, as reported", "ms", "ours / theirs")
    return Part(
        "Counting a network", text, (*columns, "ours / theirs, all networks"),
        rows, tuple(ratios),
        f"{result['machine']['processor']}, one thread, median of several calls, each "
        f"counter in a process of its own; {versions(result)}. "
        "`benchmarks/counting_speed.py`",
    )  # fmt: skip


def convolution() -> Part:
    """Compare each layer's fastest rung that was prepared beforehand."""
    result = stored(RESULTS, "convolution")
    rows, ratios = [], []
    for row in result["rows"]:
        peer = min(row["peers"].values(), key=lambda peer: peer["ms"])["ms"]
        share = row["gmacs per second"] / row["blas peak"]
        ratios.append(row["ms"] / peer)
        who = (row["layer"], row["threads"], row["rung"])
        times = (row["ms"], peer, row["fastest peer"], ratios[-1])
        rows.append((*who, *times, f"{share:.0%}"))
    text = (
        "One layer at batch 1 in float32, filters reordered or transformed beforehand "
        "on both sides where that helps. The peak is that of this machine's BLAS in "
        "the same run: Winograd may pass it, because it multiplies less than the "
        "layer's MACs. A chain is eight such layers in a row, where a peer keeps its "
        "layout from one to the next."
    )
    columns = ("layer", "threads", "our rung", "ms", "fastest peer, ms", "peer")
    return Part(
        "Convolution", text, (*columns, "ours / theirs", "MACs by BLAS peak"),
        rows, tuple(ratios),
        f"{result['machine']}; {versions(result)}. `benchmarks/convolution.py`",
    )  # fmt: skip


def sequences() -> Part:
    """Compare the fastest rung of attention and of the LSTM with both peers."""
    result = stored(RESULTS, "sequences")
    rows, ratios = [], []
    for threads, run in result["threads"].items():
        for case in result["cases"]:
            mine = [row for row in run["rows"] if row["case"] == case]
            best = min(mine, key=lambda row: row["ms"])
            peers = {"torch": best["torch_ms"], "onnxruntime": best["onnxruntime_ms"]}
            peer = min(peers, key=peers.get)
            ratios.append(best["ms"] / peers[peer])
            who = (case.replace("_", " "), threads, best["rung"].replace("_", " "))
            times = (best["ms"], peers[peer], peer, ratios[-1])
            rows.append((*who, *times, f"{best['share_of_peak']:.0%}"))
    columns = ("case", "threads", "our rung", "ms", "fastest peer, ms", "peer")
    text = (
        "Attention over 12 heads (8,192 tokens: one head) and LSTM layers in float32, "
        "beside PyTorch and the fastest form that ONNX Runtime has for the case."
    )
    return Part(
        "Attention and recurrence", text,
        (*columns, "ours / theirs", "share of the BLAS peak"),
        rows, tuple(ratios),
        f"{result['machine']['processor']}; {versions(result)}. "
        "`benchmarks/sequences.py`",
    )  # fmt: skip


def formats() -> Part:
    """Compare encoding and decoding of a million numbers."""
    result = stored(RESULTS, "format_speed")
    rows, ratios = [], []
    for row in result["rows"]:
        for way in ("encode", "decode"):
            both = row[f"{way} ratio"], row[f"{way} ratio to gfloat"]
            ratios += both
            rows.append(
                (row["format"], way, short(row[f"{way} ours"]), *map(short, both))
            )
    text = (
        "Nanoseconds a number for a million random float32 numbers. `ml_dtypes` is "
        "compiled C++ (for fp16 the peer is NumPy's own cast); `gfloat` is NumPy, as "
        "ours is, and rounds before it encodes."
    )
    return Part(
        "Number formats", text,
        ("format", "way", "ours, ns", "ours / ml_dtypes", "ours / gfloat"),
        rows, tuple(ratios),
        f"{result['note']}; {versions(result)}. `benchmarks/format_speed.py`",
    )  # fmt: skip


def integers() -> Part:
    """Compare exact products of whole numbers with NumPy's own."""
    result = stored(RESULTS, "integer_products")
    kept = ("size", "largest", "dtype", "through", "ms", "numpy ms")
    ratios = tuple(row["ms"] / row["numpy ms"] for row in result["rows"])
    rows = [
        (*(row[name] for name in kept), ratio)
        for row, ratio in zip(result["rows"], ratios, strict=True)
    ]
    text = (
        "NumPy multiplies matrices of integers in a plain loop, without BLAS. A "
        "product that fits the significand of a floating-point format is exact there "
        "too, at the speed of BLAS."
    )
    columns = ("side", "largest value", "type", "through", "ms", "NumPy, ms")
    return Part(
        "Exact products of integers", text, (*columns, "ours / theirs"),
        rows, ratios,
        f"{result['machine']}, time of the processor; {versions(result)}. "
        "`benchmarks/integer_products.py`",
    )  # fmt: skip


def sparse() -> Part:
    """Compare our sparse products with SciPy's of the same format."""
    result = stored(DATA, "sparse_speed")
    rows, ratios = [], []
    for row in result["rows"]:
        times = row["ratios"]
        both = [times[f"our {f}"] / times[f"SciPy {f}"] for f in ("CSR", "BSR")]
        ratios += both
        least, name = min((t, name) for name, t in times.items() if name != "dense")
        rows.append((row["columns"], row["density"], *both, name, least))
    text = (
        "A sparse matrix of 1,024 × 1,024 by a dense one. The last column says what a "
        "zero is worth here: below 1 the fastest sparse product beats the dense one. "
        "Our CSR is a kernel to read, in NumPy; our block-sparse product gathers dense "
        "blocks for BLAS."
    )
    columns = ("columns", "density", "CSR: ours / SciPy", "BSR: ours / SciPy")
    return Part(
        "Sparse products", text, (*columns, "fastest of all", "its time / dense"),
        rows, tuple(ratios),
        f"One thread, BLAS for {result['blas']}, load {result['load']:.1f}; "
        f"{versions(result)}. `benchmarks/sparse_speed.py`",
    )  # fmt: skip


def systolic() -> Part:
    """Compare systolic runs with SCALE-Sim's compute model."""
    result = stored(RESULTS, "systolic_speed")
    rows, ratios = [], []
    for row in result["rows"]:
        ms = row["ms"]
        both = [ms[way] / ms["SCALE-Sim"] for way in ("closed form", "simulated")]
        ratios += both
        size = " × ".join(map(str, row["M, N, K"]))
        what = (size, row["dataflow"], f"{row['cycles']:,}")
        rows.append((*what, *ms.values(), *both))
    speed = stored(RESULTS, "cost_model")
    side = " × ".join(map(str, result["array"]))
    rates = [
        rate for work in speed["mappings_per_s"].values() for rate in work.values()
    ]
    text = (
        f"One product in an array of {side}; all three agree on the cycles. SCALE-Sim "
        "writes down the address of every beat, our simulation multiplies real numbers "
        "beat by beat, the closed form only counts. "
        "Of the loop nests that Timeloop's papers call mappings our model of cost "
        f"prices {short(min(rates))} to {short(max(rates))} a second, and "
        f"{short(speed['systolic_runs_per_s'])} systolic runs; Timeloop itself stands "
        "in no package registry, so that only its results are compared (in the tests), "
        "not its time."
    )
    columns = ("M × N × K", "stays", "cycles", "closed form, ms", "simulated, ms")
    columns += ("SCALE-Sim, ms", "closed form / SCALE-Sim", "simulated / SCALE-Sim")
    return Part(
        "Systolic arrays and traffic", text, columns, rows, tuple(ratios),
        f"Time of the processor, shortest of five; {versions(result)}. "
        "`benchmarks/systolic_speed.py`, `benchmarks/cost_model.py`",
    )  # fmt: skip


def without_peer() -> Part:
    """List what has no peer to be compared with."""
    language, planner = stored(RESULTS, "language_speed"), stored(RESULTS, "planner")
    rows = [
        (f"{name}: build and count", f"{short(one['ms'])} ms, {short(one['MB'])} MB")
        for name, one in language["models"].items()
    ]
    rows += [
        (f"a network of {int(deep):,} layers", f"{short(one['us a layer'])} µs a layer")
        for deep, one in language["deep"].items()
    ]
    rows += [
        (f"plans for {name}", f"{short(one['plans_per_s'])} a second")
        for name, one in planner["searches"].items()
    ]
    return Part(
        "Without a peer", "Time of the processor, one thread.", ("what", "speed"),
        rows, (),
        "`benchmarks/language_speed.py`, `benchmarks/planner.py`",
    )  # fmt: skip


PARTS = (counting, convolution, sequences, formats, integers, sparse, systolic)
PARTS += (without_peer,)


def page(parts: Iterable[Part]) -> str:
    """Return the whole page."""
    parts = tuple(parts)
    ratios = [ratio for part in parts for ratio in part.ratios]
    ahead = sum(ratio < 1 for ratio in ratios)
    opening = (
        "# How fast is it?\n\n"
        "*What does it cost to write kernels that can be read?*\n\n"
        "The library is NumPy on top of the machine's BLAS. The programs beside it are "
        "compiled, tuned for years, or made for one task. Each number below is a ratio "
        "of two programs in one run on one machine: our time over the fastest peer's, "
        "so that **below 1 the library is the faster one**. A ratio from another "
        "machine will differ; `python benchmarks/all.py` measures all of it again and "
        "writes this page.\n\n"
        f"Of {len(ratios)} comparisons the library is ahead in {ahead}. It is ahead "
        "where it does less: it counts instead of running, and sends whole numbers "
        "through BLAS. Where both do the same work, the compiled kernels lead."
    )
    kernels = [r for part in parts[1:3] for r in part.ratios]
    if median(kernels) < 1:
        raise SystemExit("the kernels lead now: rewrite the opening of the page")
    return "\n\n".join((opening, *(part.written() for part in parts))) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(part() for part in PARTS), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
