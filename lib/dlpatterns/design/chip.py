"""One design of a chip, and what follows from it before any network runs.

Areas are those of 28 nm and come from two sources: arithmetic from the table of
`hardware.energy`, shrunk with the square of the node; everything around it from the
floor plan of TPUv1 (28 nm, 331 mm2), as what its parts take beyond that. `fitted` says
which numbers these are. Energies are those of the table, 45 nm.
"""

from dataclasses import dataclass
from functools import cache
from math import comb

from .. import datasets, formats
from ..hardware import energy, machines, systolic

DATAFLOWS = (*systolic.DATAFLOWS, "any")
ZEROS = ("", "gating", "skipping", "2:4")
NODE, TABLE_NODE = 28, 45  # nm
QUEUE, GROUP = 16, 16  # weights a lane holds ahead; lanes that wait for one another
INDEX = {"skipping": 4, "2:4": 2}  # bits beside each weight that is kept
SUM_BITS, SUMS = 32, 16  # bits of an accumulator; accumulators a multiplier


@dataclass(frozen=True)
class Chip:
    """Arrays of rows x cols multipliers, a buffer beside them, and a bus.

    Units: `buffer` bytes, `bandwidth` bytes a second, `clock` cycles a second. With
    "any" the array takes for each product the dataflow that is fastest. `zeros` says
    what is made of weights that are zero.
    Raises: ValueError for a size below 1, a format without a price, an unknown dataflow
    or use of zeros.
    """

    rows: int = 128
    cols: int = 128
    arrays: int = 1
    dataflow: str = "ws"
    buffer: int = 4 * 2**20
    bandwidth: float = 32e9
    dtype: str = "int8"
    zeros: str = ""
    clock: float = 700e6
    name: str = ""
    weights: str = ""

    def __post_init__(self) -> None:
        for what in ("rows", "cols", "arrays", "buffer"):
            size = getattr(self, what)
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ValueError(
                    f"{what} must be a whole number of at least 1, got {size!r}"
                )
        for what in ("bandwidth", "clock"):
            rate = getattr(self, what)
            if isinstance(rate, bool) or not 0 < rate < float("inf"):
                raise ValueError(f"{what} must be above zero, got {rate!r}")
        for what, known in (("dataflow", DATAFLOWS), ("zeros", ZEROS)):
            if getattr(self, what) not in known:
                raise ValueError(
                    f"unknown {what} {getattr(self, what)!r}; choose one of {known}"
                )
        of_mac(self.dtype)
        if self.stored_bits > self.bits:
            raise ValueError(
                f"weights in {self.weights} are wider than {self.dtype}; choose a "
                "format that is no wider"
            )

    @property
    def macs_per_cycle(self) -> int:
        """Multipliers: MACs in a cycle, at most."""
        return self.rows * self.cols * self.arrays

    @property
    def peak_macs(self) -> float:
        """MACs a second, at most, if no weight is zero."""
        return self.macs_per_cycle * self.clock

    @property
    def bits(self) -> int:
        """Bits of an operand."""
        return _bits(self.dtype)

    @property
    def stored_bits(self) -> int:
        """Bits of a weight in memory, without an index."""
        return _bits(self.weights or self.dtype)

    def weight_bits(self, zeros: float) -> float:
        """Return the bits that a weight takes in memory, indices included, if such a
        share of the weights is zero.
        """
        if self.zeros not in INDEX:
            return self.stored_bits
        return (1 - zeros) * (self.stored_bits + INDEX[self.zeros])

    def beats(self, zeros: float) -> float:
        """Return the share of a sum's products that is left if such a share of the
        weights is zero: all, half, or what the slowest lane of a group needs.
        """
        if self.zeros == "2:4":
            return 0.5 if zeros >= 0.5 else 1.0
        return slowest_lane(zeros) if self.zeros == "skipping" else 1.0

    def areas(self) -> dict[str, float]:
        """Return the square millimetres of multipliers, buffer, accumulators, and the
        rest of the die, which takes the share that it has of TPUv1.
        """
        part = fitted()
        sums = SUMS * SUM_BITS * part["um2 a bit of SRAM"]
        areas = {
            "multipliers": self.macs_per_cycle * element(self.dtype, self.zeros) / 1e6,
            "buffer": 8 * self.buffer * part["um2 a bit of SRAM"] / 1e6,
            "accumulators": self.macs_per_cycle * sums / 1e6,
        }
        named = sum(areas.values())
        return areas | {"rest": named * part["rest of the named parts"]}

    @property
    def area(self) -> float:
        """The square millimetres of the die."""
        return sum(self.areas().values())


def _bits(dtype: str) -> int:
    held = formats.get(dtype)
    return held.stored_bits or held.bits


def described(chip: Chip) -> str:
    """Return a chip in words.

    >>> described(Chip(zeros="2:4", weights="int4"))
    '128 × 128, ws, 4 MiB, 32 GB/s, int8, weights int4, 2:4'
    """
    many = f"{chip.arrays} × " if chip.arrays > 1 else ""
    weights = f", weights {chip.weights}" if chip.weights else ""
    zeros = f", {chip.zeros}" if chip.zeros else ""
    return (
        f"{many}{chip.rows} × {chip.cols}, {chip.dataflow}, {size(chip.buffer)}, "
        f"{chip.bandwidth / 1e9:g} GB/s, {chip.dtype}{weights}{zeros}"
    )


def size(buffer: int) -> str:
    """Return a buffer's bytes in words.

    >>> size(2**18), size(2**22)
    ('256 KiB', '4 MiB')
    """
    small = buffer < 2**20
    return f"{buffer // 2**10} KiB" if small else f"{buffer // 2**20} MiB"


@cache
def element(dtype: str, zeros: str = "") -> float:
    """Return the square micrometres of one multiplier with its adder, and with the
    registers of two weights, an input and a sum; where zeros are skipped, also of a
    queue of weights, or of the choice of two among four.
    """
    bits = _bits(dtype)
    registers = 3 * bits + SUM_BITS
    if zeros in INDEX:
        ahead = QUEUE if zeros == "skipping" else 1
        registers += ahead * (bits + INDEX[zeros])
    arithmetic = of_mac(dtype)[1] * (NODE / TABLE_NODE) ** 2
    return arithmetic + registers * fitted()["um2 a register bit"]


@cache
def of_mac(dtype: str) -> tuple[float, float]:
    """Return the picojoules and square micrometres of one MAC, at 45 nm.

    Raises: ValueError for a format that the table has no price for.
    """
    kind = dtype[:3]
    if kind == "int" and dtype in formats.FORMATS:
        return energy.of_integers(formats.get(dtype).bits)
    return energy.of_mac(dtype), energy.area_of_mac(dtype)


@cache
def fitted() -> dict[str, float]:
    """Return what the floor plan of TPUv1 says of areas at 28 nm: of a bit of SRAM (the
    unified buffer), of a register's bit with its wires (the matrix unit less its
    arithmetic), and of the rest, as a multiple of the named parts.
    """
    die = datasets.where("accelerators", accelerator="Google TPU v1")[0]["die_mm2"]
    shares = {
        row["part"]: row["share_percent"] / 100 for row in datasets.table("floor_plan")
    }
    element = 1e6 * die * shares["matrix multiply unit"] / 256**2
    arithmetic = of_mac("int8")[1] * (NODE / TABLE_NODE) ** 2
    return {
        "um2 a bit of SRAM": 1e6 * die * shares["unified buffer"] / (24 * 2**23),
        "um2 a register bit": (element - arithmetic) / (3 * 8 + SUM_BITS),
        "rest of the named parts": 1 / sum(shares.values()) - 1,
    }


def accumulators_beside_the_plan() -> tuple[float, float]:
    """Return the square millimetres of TPUv1's accumulators by the model and by the
    floor plan, which they were not fitted to.
    """
    die = machines.get("TPU v1")
    share = datasets.where("floor_plan", part="accumulators")[0]["share_percent"]
    area = datasets.where("accelerators", accelerator=die.name)[0]["die_mm2"]
    return 4 * 2**23 * fitted()["um2 a bit of SRAM"] / 1e6, area * share / 100


@cache
def slowest_lane(zeros: float, lanes: int = GROUP, queue: int = QUEUE) -> float:
    """Return the mean share of `queue` weights that the slowest of some lanes must
    work on if each weight is zero with such a chance: lanes wait for one another each
    time their queues are empty. Exact, from the binomial distribution.

    >>> slowest_lane(0.5, lanes=1), round(slowest_lane(0.5), 3)
    (0.5, 0.717)
    """
    if not 0 <= zeros < 1:
        raise ValueError(f"zeros are a share from 0 to below 1, got {zeros!r}")
    chance = [
        comb(queue, kept) * (1 - zeros) ** kept * zeros ** (queue - kept)
        for kept in range(queue + 1)
    ]
    below = [sum(chance[: kept + 1]) ** lanes for kept in range(queue)]
    return (queue - sum(below)) / queue
