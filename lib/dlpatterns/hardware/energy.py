"""What actions cost: energy of arithmetic and of memory, area of arithmetic, from one
table measured at 45 nm.

Energies in picojoules, areas in square micrometres. A MAC is a multiplication in the
format of its operands and an addition in the format of its accumulator. The absolute
numbers are old; what the lectures use are their ratios. Source: Horowitz 2014.
"""

from functools import cache

from .. import datasets

# operands: how the table calls the multiplication, and the addition behind it
MACS = {
    "int8": (("int multiply", 8), ("int add", 32)),
    "fp16": (("float multiply", 16), ("float add", 32)),
    "fp32": (("float multiply", 32), ("float add", 32)),
    "int32": (("int multiply", 32), ("int add", 32)),
}
# level of a memory hierarchy: the table's access, 64 bits wide
LEVELS = {
    "8 KB": "SRAM access 8 KB",
    "32 KB": "SRAM access 32 KB",
    "1 MB": "SRAM access 1 MB",
    "DRAM": "DRAM access",
}


@cache
def _rows() -> dict[tuple[str, int], dict]:
    rows = datasets.table("energy_45nm")
    return {(row["operation"], row["bits"]): row for row in rows}


def of_mac(dtype: str) -> float:
    """Return the picojoules of one MAC with operands in a format.

    >>> round(of_mac("fp32") / of_mac("int8"), 1)
    15.3
    """
    return sum(_rows()[action]["energy_pj"] for action in _actions(dtype))


def area_of_mac(dtype: str) -> float:
    """Return the square micrometres of a multiplier and the adder behind it."""
    return sum(_rows()[action]["area_um2"] for action in _actions(dtype))


def _actions(dtype: str) -> tuple[tuple[str, int], ...]:
    if dtype not in MACS:
        raise ValueError(f"no energy is known for {dtype!r}; known: {', '.join(MACS)}")
    return MACS[dtype]


def of_access(level: str, size: float = 1) -> float:
    """Return the picojoules of moving bytes to or from a level of memory."""
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; known: {', '.join(LEVELS)}")
    if size < 0:
        raise ValueError(f"bytes can't be negative, got {size}")
    return _rows()[LEVELS[level], 64]["energy_pj"] * size / 8


def of_work(macs: int, moved: dict[str, float], *, dtype: str = "int8") -> dict:
    """Return the picojoules of some MACs and of bytes moved at each level.

    >>> of_work(1000, {"DRAM": 8}, dtype="int8")
    {'arithmetic': 300.0, 'DRAM': 1300.0}
    """
    if macs < 0:
        raise ValueError(f"MACs can't be negative, got {macs}")
    energy = {"arithmetic": round(macs * of_mac(dtype), 9)}
    return energy | {level: of_access(level, size) for level, size in moved.items()}
