"""Language models, one token at a time and many: measured rates under the roof."""

from functools import cache

import numpy as np

from ... import datasets, models, show
from ...counting import count
from ...hardware import generation, machines

GIB = 2**30
LLAMA3 = {  # Grattafiori et al. 2024, table 3
    "layers": 32,
    "width": 4096,
    "hidden": 14336,
    "kv": 1024,
    "vocabulary": 128256,
}
Q4_0_BITS = 4.5  # 32 weights of 4 bits and one scale of 16


def decoded(device: str | None = None) -> list[dict]:
    """Return the measured single-token runs whose file size is known."""
    rows = datasets.where("llm_throughput", phase="decode")
    return [
        row
        for row in rows
        if row["size_gib"] and (device is None or row["device"] == device)
    ]


def reading() -> list[dict]:
    """Return a row a run: bytes of the file times tokens a second, as a share of the
    memory's bandwidth, and what of a token's time is not spent reading.
    """
    return [
        {
            "chip": row["device"],
            "format": row["format"],
            "GiB": row["size_gib"],
            "tokens/s": row["tokens_per_s"],
            "GB/s read": round(_rate(row) / 1e9),
            "of the bandwidth": show.percent(reached(row), 0),
            "ms a token": round(1e3 / row["tokens_per_s"], 1),
            "ms not reading": round(1e3 * rest(row), 1),
        }
        for row in decoded()
    ]


def _rate(row: dict) -> float:
    return row["size_gib"] * GIB * row["tokens_per_s"]


def reached(row: dict) -> float:
    """Return the share of the memory's bandwidth that a run read weights with."""
    return _rate(row) / (row["memory_bw_gb_s"] * 1e9)


def rest(row: dict) -> float:
    """Return the seconds of a token that are left if the weights are read at the full
    bandwidth.
    """
    least = row["size_gib"] * GIB / (row["memory_bw_gb_s"] * 1e9)
    return 1 / row["tokens_per_s"] - least


def run(device: str, format_: str) -> dict:
    """Return one measured single-token run."""
    return next(row for row in decoded(device) if row["format"] == format_)


def bits(device: str, format_: str) -> float:
    """Return the bits that a file holds for each of its 6.74 × 10⁹ weights."""
    return 8 * run(device, format_)["size_gib"] * GIB / 6.74e9


def speedup(device: str = "M2 Ultra") -> dict[str, float]:
    """Return why 16 to 4 bits made a chip so much faster: the factors between them."""
    old, new = run(device, "F16"), run(device, "Q4_0")
    smaller = old["size_gib"] / new["size_gib"]
    return {
        "bits": 16 / 4,
        "scales and layers kept finer": smaller / 4,
        "bandwidth reached": reached(new) / reached(old),
        "measured": new["tokens_per_s"] / old["tokens_per_s"],
    }


def foretold(device: str = "M2 Ultra") -> dict[str, tuple[float, float]]:
    """Return for each finer format the measured tokens a second over those of F16's own
    rest of a token: share of the bandwidth kept, or rest of the time kept.
    """
    old = run(device, "F16")
    found = {}
    for row in decoded(device):
        if row is not old and row["format"] != "F16":
            least = row["size_gib"] * GIB / (row["memory_bw_gb_s"] * 1e9)
            kept_share = 1 / (least / reached(old))
            kept_rest = 1 / (least + rest(old))
            found[row["format"]] = (
                kept_share / row["tokens_per_s"],
                kept_rest / row["tokens_per_s"],
            )
    return found


# --- The batch sweep ------------------------------------------------------------------


def llama3_weights() -> dict[str, int]:
    """Return how many weights of Llama-3-8B multiply, and how many are looked up.

    >>> sum(llama3_weights().values())
    8029995008
    """
    e, kv = LLAMA3["width"], LLAMA3["kv"]
    block = 2 * e * e + 2 * e * kv + 3 * e * LLAMA3["hidden"]
    table = LLAMA3["vocabulary"] * e
    return {"multiply": LLAMA3["layers"] * block + table, "looked up": table}


def roof(device: str, batch: float, dtype: str = "fp16") -> float:
    """Return the most tokens a second of Llama-3-8B in Q4_0 on a chip: every weight is
    read once a batch, at 4.5 bits, and multiplied once a token.
    """
    chip, weights = machines.get(device), llama3_weights()["multiply"]
    reading_ = weights * Q4_0_BITS / 8 / chip.bandwidth
    return batch / max(reading_, 2 * weights * batch / chip.peak(dtype))


@cache
def sweep() -> dict[str, list[tuple[int, float]]]:
    """Return batch and tokens a second of the sweeps, by chip."""
    rows = [row for row in datasets.table("llm_throughput") if "8B" in row["model"]]
    return {
        device: [
            (row["batch"], row["tokens_per_s"])
            for row in rows
            if row["device"] == device
        ]
        for device in ("RTX 3090", "RTX 4090")
    }


def climbing(device: str) -> show.Frame:
    """Draw measured tokens a second over the batch, under two roofs of the chip."""
    points = sweep()[device]
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    x = np.geomspace(1, 512, 40)
    for dtype, style in (("fp16", "-"), ("int8", "--")):
        y = [roof(device, batch, dtype) for batch in x]
        label = f"roof, {dtype} products"
        axes.plot(x, y, style, color=show.INK, label=label, linewidth=1.5)
    axes.plot(
        *zip(*points, strict=True), "o", color=show.colour("blue"), label="measured"
    )
    axes.set(xscale="log", yscale="log", xlim=(0.8, 640), ylim=(100, 60_000))
    axes.set(xlabel="tokens at once", ylabel="tokens/s")
    axes.legend(loc="upper left")
    shares = [rate / roof(device, batch) for batch, rate in points]
    caption = (
        f"{device}: {show.percent(shares[0], 0)} of the FP16 roof at batch "
        f"{points[0][0]}, {show.percent(shares[-1], 0)} at {points[-1][0]}."
    )
    alt = (
        "Measured tokens a second over the batch, both logarithmic, below a roof that "
        "rises with the batch and then is flat."
    )
    return show.frame(fig, caption=caption, alt=alt, values=shares)


def shares(device: str) -> dict[int, float]:
    """Return the share of the FP16 roof by batch."""
    return {batch: rate / roof(device, batch) for batch, rate in sweep()[device]}


# --- Prefill and decode ---------------------------------------------------------------

WEIGHTS = {"FP16": "fp16", "INT8": "int8", "INT4": "int4"}
BATCHES = (1, 4, 16, 64, 256, 1024)


def critical(chip: str, weights: str) -> float:
    """Return from how many tokens at once FP16 arithmetic takes as long as reading the
    weights, in that format.
    """
    return machines.get(chip).critical_batch("fp16", WEIGHTS[weights])


@cache
def swept(weights: str, cached: int) -> list[dict]:
    """Return the batch sweep of Llama-2-7B on an H100 after so many tokens each."""
    return generation.sweep(
        models.llama2_7b(tokens=1),
        machines.get("H100"),
        BATCHES,
        cached=cached,
        weight_dtype=WEIGHTS[weights],
    )


def serving(weights: str, cached: int) -> show.Frame:
    """Draw the most tokens a second of Llama-2-7B on an H100 over the batch, beside the
    same without a cache to read.
    """
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    alone = [row["tokens_per_s"] for row in swept(weights, 1)]
    rates = [row["tokens_per_s"] for row in swept(weights, cached)]
    axes.plot(BATCHES, alone, "--", color=show.colour("grey"), label="hardly a cache")
    axes.plot(BATCHES, rates, "o-", color=show.colour("blue"), label="with its cache")
    axes.axvline(critical("H100", weights), color=show.INK, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=(0.9, 1200), ylim=(100, 2e5))
    axes.set(xlabel="sequences at once", ylabel="tokens/s, at most")
    axes.minorticks_off()
    axes.legend(loc="upper left")
    caption = (
        f"Weights in {weights}, {cached:,} tokens kept of each sequence: at most "
        f"{rates[0]:,.0f} tokens/s alone, {rates[-1]:,.0f} with {BATCHES[-1]:,}; "
        f"without a cache {alone[-1]:,.0f}."
    )
    alt = (
        "Two curves of tokens a second over the batch, both logarithmic, and a line at "
        f"the critical batch of {critical('H100', weights):.0f}."
    )
    return show.frame(fig, caption=caption, alt=alt, values=rates)


@cache
def llama2_weights() -> int:
    """Return how many weights of Llama-2-7B multiply: all but the looked-up ones."""
    layers = count(models.llama2_7b()).layers
    return sum(one.weights for one in layers if one.macs)


def prefills() -> list[dict]:
    """Return a row a measured prompt of 512 tokens: its rate, and its share of what the
    chip allows if products are FP16.
    """
    used = llama2_weights()
    return [
        {
            "chip": row["device"],
            "weights": row["format"],
            "tokens/s": row["tokens_per_s"],
            "10¹² FLOP/s": round(2 * used * row["tokens_per_s"] / 1e12, 1),
            "of the bound": show.percent(
                row["tokens_per_s"] / prefill_bound(row["device"]), 0
            ),
        }
        for row in datasets.where("llm_throughput", phase="prefill", batch=512)
        if row["size_gib"] and row["device"] == "RTX 4090"
    ]


@cache
def prefill_bound(device: str, tokens: int = 512, faster: float = 1.0) -> float:
    """Return the most tokens a second of a prompt of Llama-2-7B, every layer apart, if
    products run so many times as fast as with sums in FP32.
    """
    model, chip = models.llama2_7b(tokens=tokens), machines.get(device)
    bounds = generation.prefill(model, chip)
    return tokens / sum(max(one.arithmetic / faster, one.traffic) for one in bounds)


def prefill_share(faster: float = 1.0, device: str = "RTX 4090") -> float:
    """Return the share of that bound which the prompt with F16 weights reached."""
    (row,) = datasets.where(
        "llm_throughput", phase="prefill", batch=512, device=device, format="F16"
    )
    return row["tokens_per_s"] / prefill_bound(device, faster=faster)


def sequences(chip: str = "H100", cached: int = 2048) -> int:
    """Return how many sequences of Llama-2-7B, weights and caches in FP16, a chip's
    memory holds.
    """
    model, room = models.llama2_7b(tokens=1), machines.get(chip).memory_bytes
    none, one = (generation.held_bytes(model, cached=n) for n in (0, cached))
    return int((room - none) // (one - none))
