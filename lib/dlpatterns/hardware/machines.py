"""Published chips as data: peak rates, memory, bandwidth, power, each with its source.

Rates are dense unless a note says otherwise. Where sources disagree the note keeps the
disagreement. Units: FLOP/s (integer operations count alike), bytes, bytes a second,
watts.

>>> get("H100").name, round(get("H100").ridge("fp16"))
('NVIDIA H100 SXM5 80GB', 295)
"""

import difflib
from dataclasses import dataclass
from functools import cache

from .. import datasets, formats

# format: the column of `accelerators` that rates it, in units of 10^12 a second
COLUMNS = {
    "fp32": "peak_fp32_tflops",
    "fp16": "peak_fp16_bf16_dense_tflops",
    "bf16": "peak_fp16_bf16_dense_tflops",
    "fp8_e4m3": "peak_fp8_dense_tflops",
    "fp8_e5m2": "peak_fp8_dense_tflops",
    "fp4_e2m1": "peak_fp4_dense_tflops",
    "int8": "peak_int8_dense_tops",
}


@dataclass(frozen=True)
class Machine:
    """One chip: what it computes a second, what it holds, and what it moves."""

    name: str
    released: str
    rates: dict[str, float]
    bandwidth: float
    memory_bytes: float | None
    sram_bytes: float | None
    watts: float | None
    source: str
    note: str = ""

    def peak(self, dtype: str = "fp16") -> float:
        """Return the peak rate for products in a format, in FLOP/s.

        Raises: ValueError that lists the formats the machine has a rate for.
        """
        formats.get(dtype)
        if dtype not in self.rates:
            raise ValueError(
                f"{self.name} has no published rate for {dtype}; it has "
                f"{', '.join(self.rates)}"
            )
        return self.rates[dtype]

    def ridge(self, dtype: str = "fp16") -> float:
        """Return the FLOP a byte from which on arithmetic is the limit.

        The "operations" of the paper on TPUv1 are MACs: its ridge of 1,350 is half of
        this one.
        """
        return self.peak(dtype) / self.bandwidth

    def critical_batch(self, dtype: str = "fp16", weight_dtype: str = "") -> float:
        """Return how often a weight must be used, each time it is read, for arithmetic
        to be the limit: one MAC a use. Weights may lie in memory in a smaller format.
        """
        held = formats.get(weight_dtype or dtype)
        bits = held.stored_bits or held.bits
        return self.ridge(dtype) * bits / 8 / 2


@cache
def known() -> dict[str, Machine]:
    """Return all machines by name."""
    return {row["accelerator"]: _machine(row) for row in datasets.table("accelerators")}


def get(name: str) -> Machine:
    """Return the machine of that name, or the only one whose name has it in it.

    Raises: ValueError that lists the names that fit, or near ones, if not one does.
    """
    if name in known():
        return known()[name]
    words = str(name).casefold().split()
    found = [full for full in known() if all(word in full.casefold() for word in words)]
    if len(found) == 1 and words:
        return known()[found[0]]
    near = found or difflib.get_close_matches(str(name), known(), n=3, cutoff=0.2)
    several = "several machines are" if found and words else "no machine is"
    raise ValueError(
        f"{several} called {name!r}; there are {', '.join(near or known())}"
    )


def _machine(row: dict) -> Machine:
    rates = {
        dtype: row[column] * 1e12
        for dtype, column in COLUMNS.items()
        if row[column] is not None
    }
    return Machine(
        name=row["accelerator"],
        released=str(row["release_date"]),
        rates=rates,
        bandwidth=row["memory_bw_gb_s"] * 1e9,
        memory_bytes=_times(row["memory_gb"], 1e9),
        sram_bytes=_times(row["on_chip_sram_mb"], 2**20),
        watts=row["tdp_w"],
        source=row["source"],
        note=row["note"] or "",
    )


def _times(value: float | None, unit: float) -> float | None:
    return None if value is None else value * unit


def clocked() -> list[dict]:
    """Return a row a chip whose clock and multipliers are published: the peak they
    make, clock x multipliers x 2, beside the printed one.
    """
    return [
        {"chip": row["chip"], "format": row["format"], "printed": row["printed"]}
        | {"clock x multipliers x 2": 2 * row["clock_ghz"] * row["multipliers"] / 1e3}
        | {"source": row["source"]}
        for row in datasets.table("peak_rates")
    ]
