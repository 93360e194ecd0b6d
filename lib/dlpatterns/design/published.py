"""Chips of the world as designs of this space, and what is printed of them.

What a design leaves out is the point of the comparison: Eyeriss keeps rows, not
weights; Ascend's cube sums sixteen products at once; the Edge TPU's array is not
published.
"""

from dataclasses import replace

from .. import datasets, models
from ..counting import count
from ..graph import resized
from . import evaluate
from .chip import Chip
from .evaluate import Result
from .workload import Workload, mlp0, workload

TPUV1 = Chip(256, 256, buffer=24 * 2**20, bandwidth=34e9, name="TPUv1")
ASCEND_310 = Chip(
    16,
    16,
    arrays=32,
    dataflow="any",
    buffer=8 * 2**20,
    bandwidth=51.2e9,
    clock=16e12 / 2 / (32 * 16**2),  # 16 TOPS in INT8
    name="Ascend 310",
)
EYERISS = Chip(
    12,
    14,
    dataflow="any",
    buffer=108 * 2**10,
    bandwidth=1e9,
    dtype="int16",
    zeros="gating",
    clock=200e6,
    name="Eyeriss",
)
EDGE_TPU = Chip(
    64,
    64,
    dataflow="any",
    buffer=8 * 2**20,
    bandwidth=0.4e9,
    clock=4e12 / 2 / 64**2,  # 4 TOPS
    name="Edge TPU",
)


def edge_rows(board: str = "dev_board_ms") -> list[dict]:
    """Return a row a network that Coral prints a time for: our milliseconds with the
    weights resident as far as they fit, and with the bandwidth that makes VGG19 right;
    the others are predictions.
    """
    rows = datasets.table("edge_tpu")
    known = next(row for row in rows if row["network"] == "VGG19")
    load = _edge_load(known)
    chip, found = _with_bandwidth_for(load, known[board] / 1e3), []
    for row in rows:
        result = evaluate.run(chip, _edge_load(row), zeros=0, resident=True)
        took = 1e3 * result.seconds
        found.append(
            {"network": row["network"], "printed ms": row[board], "ours ms": took}
            | {"ours / printed": took / row[board], "fitted": row is known}
            | {"waits for bus": result.waits_for_bus}
        )
    return found


def _edge_load(row: dict) -> Workload:
    model = resized(models.ZOO[row["zoo"]](), (3, row["pixels"], row["pixels"]))
    return workload(model, name=row["network"])


def _with_bandwidth_for(load: Workload, seconds: float) -> Chip:
    """Return the Edge TPU with the bandwidth at which a workload takes so long: time
    falls with bandwidth, so halving an interval finds it.
    """
    low, high = 1e6, 1e12
    for _ in range(60):
        middle = (low * high) ** 0.5
        chip = replace(EDGE_TPU, bandwidth=middle)
        took = evaluate.run(chip, load, zeros=0, resident=True).seconds
        low, high = (middle, high) if took > seconds else (low, middle)
    return chip


def tpu_mlp0() -> tuple[Result, float, float]:
    """Return MLP0 on TPUv1 by the model, its TOPS, and the TOPS of table 3."""
    result = evaluate.run(TPUV1, workload(mlp0(), batch=200), zeros=0)
    rate = 2 * count(mlp0(), 200).macs / result.seconds / 1e12
    printed = datasets.where(
        "published_hardware", item="TPUv1 MLP0", metric="TeraOps/s (92 peak)"
    )
    return result, rate, float(printed[0]["value"])


def eyeriss_rows() -> list[dict]:
    """Return a row a network that the abstract of Chen et al. 2017 prints: frames a
    second, milliwatts, and DRAM accesses a MAC of 16 bits, each beside ours.
    """
    rows = []
    for row in datasets.table("eyeriss_printed"):
        model, batch = models.ZOO[row["zoo"]](), row["batch"]
        load = workload(model, batch=batch, kinds=("Conv2d",), name=row["network"])
        result = evaluate.run(EYERISS, load, zeros=0)
        held = (EYERISS.buffer, EYERISS.bits, EYERISS.bits)
        inside = result.energy["arithmetic"] + result.energy["buffer"]
        rows.append(
            {"network": row["network"], "batch": batch}
            | {"printed frames/s": row["frames_per_s"], "ours": result.rate}
            | {"printed mW": row["milliwatts"]}
            | {"ours mW": 1e3 * inside / result.seconds}
            | {"printed accesses a MAC": row["dram_accesses_per_mac"]}
            | {"ours a MAC": evaluate.crossing(load, *held) / 2 / load.macs}
        )
    return rows
