"""What actions cost: energy of arithmetic and of memory, area of arithmetic, from one
table measured at 45 nm, and the cost of a run in an array or through a hierarchy.

Energies in picojoules, areas in square micrometres. A MAC is a multiplication in the
format of its operands and an addition in the format of its accumulator. The absolute
numbers are old; what the lectures use are their ratios. Source: Horowitz 2014.

Zeros can be used in two ways, which are two things. Gating: a MAC with a zero operand
is not switched; its energy is saved, its cycle passes. Skipping: it never enters; its
energy and its cycle are saved, at best.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil, log

from .. import datasets, formats
from .hierarchy import Mapping, traffic
from .systolic import Run

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


def of_integers(bits: int) -> tuple[float, float]:
    """Return the picojoules and square micrometres of a MAC with whole numbers of so
    many bits and a 32-bit sum; a multiplier's between and below the published widths
    follow a power of the width (`of_multiplier`).

    >>> of_integers(8) == (round(of_mac("int8"), 9), area_of_mac("int8"))
    True
    """
    add = _rows()["int add", 32]
    energy = of_multiplier(bits) + add["energy_pj"]
    return round(energy, 9), area_of_multiplier(bits) + add["area_um2"]


@cache
def of_sram(size: float) -> float:
    """Return the picojoules of moving one byte to or from an SRAM of so many bytes.

    Published are 8 KB, 32 KB and 1 MB; between and beyond them the energy follows a
    power of the size that meets two of them, the nearest.
    Raises: ValueError for a size that is not above zero.

    >>> of_sram(2**20) == of_access("1 MB"), round(of_sram(24 * 2**20), 1)
    (True, 54.7)
    """
    if not size > 0:
        raise ValueError(f"an SRAM holds more than zero bytes, got {size!r}")
    known = [(8 * 2**10, "8 KB"), (32 * 2**10, "32 KB"), (2**20, "1 MB")]
    (small, low), (large, high) = known[:2] if size < known[1][0] else known[1:]
    power = log(of_access(high) / of_access(low)) / log(large / small)
    return round(of_access(high) * (size / large) ** power, 9)


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


@dataclass(frozen=True)
class Cost:
    """What a run takes: cycles, and the energy of arithmetic and of each level."""

    cycles: int
    energy: dict[str, float]

    @property
    def total(self) -> float:
        """The energy of all."""
        return sum(self.energy.values())


SAVINGS = ("", "gating", "skipping")


def of_run(
    run: Run,
    *,
    level: str = "1 MB",
    dtype: str = "int8",
    zeros: float = 0.0,
    saving: str = "",
) -> Cost:
    """Return the cycles and picojoules of a product in a systolic array, whose operands
    and results lie in a level of memory. Sums that are not finished go there and come
    back, 32 bits each.

    `zeros` is the share of MACs with a zero operand, `saving` what is made of them.

    >>> from dlpatterns.hardware import systolic
    >>> run = systolic.run(8, 8, 8, rows=8, cols=8)
    >>> plain, gated = of_run(run), of_run(run, zeros=0.5, saving="gating")
    >>> gated.cycles == plain.cycles, gated.total < plain.total
    (True, True)
    """
    values = run.input_reads + run.weight_reads + run.outputs
    sums = 2 * (run.output_writes - run.outputs)
    size = formats.get(dtype).bytes_for(values) + formats.get("int32").bytes_for(sums)
    moved = {level: of_access(level, size)}
    return _saved(run.cycles, run.macs * of_mac(dtype), moved, (zeros, saving))


def of_mapping(
    mapping: Mapping,
    prices: dict[str, float],
    *,
    mac: float,
    zeros: float = 0.0,
    saving: str = "",
) -> Cost:
    """Return the cycles and the energy of a mapping: its reads, fills and updates of
    every level times the price of one value there, and its MACs times that of one.

    `price` makes prices in picojoules; `relative` gives those of Eyeriss, in MACs.
    Raises: ValueError for a level without a price.
    """
    moved = {}
    for level, tensors in traffic(mapping).items():
        if level not in prices:
            raise ValueError(
                f"level {level!r} has no price; priced are {', '.join(prices)}"
            )
        moved[level] = prices[level] * sum(map(sum, tensors.values()))
    return _saved(mapping.cycles, mapping.work.macs * mac, moved, (zeros, saving))


def _saved(
    cycles: int, arithmetic: float, moved: dict[str, float], how: tuple[float, str]
) -> Cost:
    zeros, saving = how
    if not 0 <= zeros < 1:
        raise ValueError(f"zeros are a share from 0 to below 1, got {zeros!r}")
    if saving not in SAVINGS:
        raise ValueError(
            f"unknown saving {saving!r}; choose 'gating', 'skipping' or ''"
        )
    if saving:
        arithmetic *= 1 - zeros
    if saving == "skipping":
        cycles = ceil(cycles * (1 - zeros))
    return Cost(cycles, {"arithmetic": arithmetic, **moved})


def price(level: str, dtype: str = "int8") -> float:
    """Return the picojoules of moving one value to or from a level of memory.

    >>> price("DRAM", "fp32") / price("DRAM", "int8")
    4.0
    """
    held = formats.get(dtype)
    return of_access(level, (held.stored_bits or held.bits) / 8)


@cache
def relative() -> dict[str, float]:
    """Return what an access costs in an array of elements, by level, in MACs.

    Source: Chen et al. 2016, table IV, 16 bits in 65 nm.
    """
    return {row["level"]: row["macs"] for row in datasets.table("energy_eyeriss")}


def of_multiplier(bits: int) -> float:
    """Return the picojoules of a multiplier of whole numbers of so many bits.

    Published are 8 and 32; between and below them a power of the width that meets both.

    >>> of_multiplier(8), of_multiplier(32), round(of_multiplier(4), 3)
    (0.2, 3.1, 0.051)
    """
    return _by_width(bits, "energy_pj")


def area_of_multiplier(bits: int) -> float:
    """Return the square micrometres of a multiplier, as `of_multiplier`.

    >>> area_of_multiplier(8), round(area_of_multiplier(16)), area_of_multiplier(32)
    (282.0, 993, 3495.0)
    """
    return _by_width(bits, "area_um2")


def _by_width(bits: int, column: str) -> float:
    if isinstance(bits, bool) or not isinstance(bits, int) or bits < 1:
        raise ValueError(f"a multiplier has whole bits of at least 1, got {bits!r}")
    narrow, wide = (_rows()["int multiply", width][column] for width in (8, 32))
    return round(narrow * (bits / 8) ** log(wide / narrow, 4), 9)


def of_multiplication(dtype: str) -> float:
    """Return the picojoules of one multiplication in a format, without the addition.

    >>> round(of_multiplication("fp32") / of_multiplication("fp16"), 2)
    3.36
    """
    return _rows()[_actions(dtype)[0]]["energy_pj"]


def area_of_multiplication(dtype: str) -> float:
    """Return the square micrometres of a multiplier of a format alone.

    >>> round(area_of_multiplication("fp32") / area_of_multiplication("fp16"), 2)
    4.7
    """
    return _rows()[_actions(dtype)[0]]["area_um2"]


def of_addition(dtype: str, bits: int) -> float:
    """Return the picojoules of one addition, "int" or "float", of a published width.

    >>> of_addition("int", 32), of_addition("float", 32)
    (0.1, 0.9)
    """
    key = (f"{dtype} add", bits)
    if key not in _rows():
        known = [f"{name} of {width}" for name, width in _rows() if "add" in name]
        raise ValueError(
            f"no energy is known for {dtype!r} additions of {bits!r} bits; known: "
            f"{', '.join(known)}"
        )
    return _rows()[key]["energy_pj"]


def of_signs(word: int = 64) -> float:
    """Return the picojoules of one product of two signs among a word of them: a full
    adder of the tree that counts the ones, and its share of adding the count to 32
    bits. The XNOR gate is left out.

    No published figure: a full adder is taken as a 32nd of a 32-bit addition.

    >>> round(of_signs(), 4), round(of_signs(1), 4)
    (0.0047, 0.1031)
    """
    if isinstance(word, bool) or not isinstance(word, int) or word < 1:
        raise ValueError(f"a word holds whole signs, at least 1, got {word!r}")
    whole = of_addition("int", 32)
    return whole / 32 + whole / word
