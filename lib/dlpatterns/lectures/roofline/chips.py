"""CPU, GPU and NPU side by side, and what an instruction costs besides its sum."""

from ... import datasets
from ...hardware import machines

SHOWN = {
    "Core i9-10940X": ("CPU", "fp32"),
    "RTX 3090": ("GPU", "fp16"),
    "A100": ("GPU", "fp16"),
    "H100": ("GPU", "fp16"),
    "NVIDIA H20": ("GPU", "fp16"),
    "TPU v1": ("TPU", "int8"),
    "Ascend 310": ("NPU", "int8"),
    "Groq": ("NPU", "fp16"),
}


def side_by_side() -> list[dict]:
    """Return a row a chip: rate, bandwidth, their ratio, on-chip memory, power."""
    return [_side(name, kind, dtype) for name, (kind, dtype) in SHOWN.items()]


def _side(name: str, kind: str, dtype: str) -> dict:
    chip = machines.get(name)
    return {
        "chip": name,
        "kind": kind,
        "format": dtype,
        "10¹² FLOP/s": chip.peak(dtype) / 1e12,
        "GB/s": chip.bandwidth / 1e9,
        "FLOP a byte at the ridge": round(chip.ridge(dtype)),
        "SRAM, MB": chip.sram_bytes / 2**20,
        "10⁹ FLOP/s a watt": chip.peak(dtype) / chip.watts / 1e9,
    }


def overhead(instruction: str, dtype: str) -> float:
    """Return the energy of an instruction besides its sums, in times their energy."""
    (row,) = datasets.where(
        "instruction_overhead", instruction=instruction, format=dtype
    )
    return row["overhead_times"]
