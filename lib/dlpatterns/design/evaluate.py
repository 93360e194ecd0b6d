"""How long a workload takes on a chip, and what it spends.

Time: in each step the array, the vector unit (one operation a column and cycle) and the
bus work side by side, and the step takes as long as the slowest of them. Folds overlap,
as in TPUv1. Maps stay in the buffer from one step to the next where half of it holds
what a step reads and writes; otherwise they cross. The bus carries traffic `tiled` for
the other half, by the better of two schedules: all weights pass once for each block of
inputs that it holds, or all inputs once for each block of weights.

Energy: MACs, bytes at the edge of the array in SRAM of the buffer's size, bytes of the
bus. Sums that are not finished go to the buffer and come back, or stay in the
accumulators of their column, whose area every design pays for. Nothing is counted for
clocks, control, leakage and wires.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import NamedTuple

from ..hardware import energy, systolic
from ..hardware.lowering import Step
from ..hardware.systolic import DATAFLOWS
from .chip import SUM_BITS, SUMS, Chip, of_mac
from .workload import Workload

PLACES, WAYS = ("buffer", "accumulators"), ("beats", "edge")
SPARSE = 0.5  # share of weights that are zero, in every network and for every chip


@dataclass(frozen=True)
class Result:
    """One batch of a workload on a chip: seconds, joules by part, and the share of the
    time in which the bus is the slowest.
    """

    workload: str
    batch: int
    seconds: float
    energy: dict[str, float]
    waits_for_bus: float
    utilisation: float

    @property
    def joules(self) -> float:
        """The energy of all parts."""
        return sum(self.energy.values())

    @property
    def rate(self) -> float:
        """Examples (or tokens written) a second."""
        return self.batch / self.seconds


def run(
    chip: Chip,
    load: Workload,
    *,
    zeros: float = SPARSE,
    resident: bool = False,
    sram: float = 1.0,
    sums: str = "buffer",
    any_by: str = "beats",
    vector: bool = False,
) -> Result:
    """Return what a batch of a workload takes and spends on a chip, if such a share of
    the weights is zero.

    `resident` says that the chip runs nothing else: weights that find room beside the
    largest maps stay from one batch to the next, and only the others cross the bus.
    `sram` is what a byte of SRAM costs, as a multiple of the table's price. `sums` says
    where unfinished sums go, "buffer" or "accumulators"; `any_by` what an array with
    any dataflow takes the one with least of, "beats" or "edge" (bytes at its edge).
    With `vector` a product may run on the vector unit, a MAC a column and cycle, where
    that is quicker.
    Raises: ValueError for another place of sums, or another way to choose.
    """
    for given, known in ((sums, PLACES), (any_by, WAYS)):
        if given not in known:
            raise ValueError(f"choose one of {', '.join(known)}, got {given!r}")
    shape = _shape(chip, zeros)._replace(sums=sums, any_by=any_by, vector=vector)
    beats = _busy(load, shape)
    held = (chip.buffer, chip.bits, chip.weight_bits(zeros), resident)
    waits = _waits(load, held, chip.clock / chip.bandwidth)
    slowest = list(map(max, beats, waits))
    cycles = sum(slowest)
    idle = sum(wait for wait, most in zip(waits, slowest, strict=True) if wait == most)
    switched = _switched(load, zeros if chip.zeros else 0.0)
    spending = spent(chip, load, shape, (switched, crossing(load, *held)))
    return Result(
        workload=load.name,
        batch=load.batch,
        seconds=cycles / chip.clock,
        energy=spending | {"buffer": sram * spending["buffer"]},
        waits_for_bus=idle / cycles,
        utilisation=load.macs / (chip.macs_per_cycle * cycles),
    )


def bounds(
    chip: Chip, load: Workload, *, zeros: float = SPARSE, sums: str = "buffer"
) -> dict[str, float]:
    """Return the share of a workload's time in which the array, the vector unit and
    the bus are the slowest, arguments as `run`.
    """
    sides = [
        ("array", beats) if beats >= others else ("vector unit", others)
        for beats, others in _sides(load, _shape(chip, zeros)._replace(sums=sums))
    ]
    held = (chip.buffer, chip.bits, chip.weight_bits(zeros), False)
    waits = _waits(load, held, chip.clock / chip.bandwidth)
    found = {"array": 0.0, "vector unit": 0.0, "bus": 0.0}
    for (name, busy), wait in zip([*sides, ("array", 0.0)], waits, strict=True):
        found["bus" if wait >= busy else name] += max(busy, wait)
    return {name: cycles / sum(found.values()) for name, cycles in found.items()}


class Shape(NamedTuple):
    """What the beats and the edge of an array depend on."""

    rows: int
    cols: int
    arrays: int
    dataflow: str
    sums: str = "buffer"
    any_by: str = "beats"
    left: float = 1.0  # of the depth of a product with weights, where zeros are skipped
    vector: bool = False


def _shape(chip: Chip, zeros: float) -> Shape:
    size = (chip.rows, chip.cols, chip.arrays, chip.dataflow)
    return Shape(*size, left=chip.beats(zeros))


@cache
def _busy(load: Workload, shape: Shape) -> tuple[float, ...]:
    """Return the cycles of each step, all its occurrences together, for the array or
    the vector unit, whichever is slower; and none for the network's two ends.
    """
    return (*map(max, _sides(load, shape)), 0.0)


@cache
def _sides(load: Workload, shape: Shape) -> tuple[tuple, ...]:
    """Return the cycles of the array and of the vector unit in each step."""
    lanes, found = shape.cols * shape.arrays, []
    for step, times in zip(load.steps, load.counts, strict=True):
        beats, others = 0, ceil(step.others / lanes)
        if step.product.times:
            beats = _beats(step, shape, _flow(step, shape))
            alone = ceil((step.others + step.product.macs) / lanes)
            if shape.vector and alone < beats:
                beats, others = 0, alone
        found.append((times * beats, times * others))
    return tuple(found)


@cache
def _flow(step: Step, shape: Shape) -> str:
    """Return the dataflow of an array for a step."""
    if shape.dataflow != "any":
        return shape.dataflow
    if shape.any_by == "beats":
        return min(DATAFLOWS, key=lambda flow: _beats(step, shape, flow))
    return min(DATAFLOWS, key=lambda flow: _bytes_at_edge(step, shape, flow))


def _bytes_at_edge(step: Step, shape: Shape, flow: str) -> int:
    """Return the bytes at the edge for a flow, operands of one byte: what is compared
    when an array chooses.
    """
    operands, sums = _crossed(step, shape, flow)
    return operands + sums * SUM_BITS // 8 * (shape.sums == "buffer")


@cache
def _beats(step: Step, shape: Shape, flow: str) -> int:
    """Return the beats of an array for a step. Only products with weights can skip:
    that makes them less deep, and saves nothing where a fold is as long as the array
    is tall.
    """
    _, m, n, k, times = step.product
    k = ceil(k * shape.left) if step.weights else k
    array = {"rows": shape.rows, "cols": shape.cols, "arrays": shape.arrays}
    return systolic.overlapped(m, n, k, times=times, dataflow=flow, **array)


@cache
def _waits(load: Workload, held: tuple, cycles_a_byte: float) -> tuple[float, ...]:
    return tuple(cycles_a_byte * size for size in moved(load, *held))


@cache
def crossing(load: Workload, *held: object) -> float:
    """Return the bytes that cross the bus, all steps together; `held` as `moved`."""
    return sum(moved(load, *held))


@cache
def moved(
    load: Workload, buffer: int, bits: int, weight_bits: float, resident: bool = False
) -> tuple[float, ...]:
    """Return the bytes that cross the bus in each step, all its occurrences together,
    and at the network's two ends.
    """
    found, left = [], 1.0
    if resident:
        largest = max(step.inputs + step.outputs for step in load.steps) * bits / 8
        room = max(0, buffer - largest)
        left = max(0.0, 1 - room / (load.weights * weight_bits / 8))
    for step, times in zip(load.steps, load.counts, strict=True):
        weights, inputs = step.weights * weight_bits / 8, step.inputs * bits / 8
        outputs, half = step.outputs * bits / 8, buffer / 2
        if inputs + outputs <= half:
            found.append(times * weights * left)
            continue
        stay = inputs + left * weights * max(1, ceil(inputs / half))
        swap = left * weights + inputs * max(1, ceil(weights / half))
        found.append(times * (min(stay, swap) + outputs))
    return (*found, load.ends * bits / 8)


def spent(
    chip: Chip, load: Workload, shape: Shape, done: tuple[float, float]
) -> dict[str, float]:
    """Return the joules of arithmetic, of the buffer with the accumulators, and of the
    bus, for so many MACs that are switched and bytes that cross.
    """
    operands, sums = _edge(load, shape)
    (mac, _), (switched, crossed) = of_mac(chip.dtype), done
    near = chip.buffer
    if shape.sums == "accumulators":
        near = chip.rows * SUMS * SUM_BITS // 8  # of one column
    held = operands * chip.bits / 8 * energy.of_sram(chip.buffer)
    held += sums * SUM_BITS / 8 * energy.of_sram(near)
    return {
        "arithmetic": switched * mac * 1e-12,
        "buffer": held * 1e-12,
        "bus": crossed * energy.of_access("DRAM") * 1e-12,
    }


@cache
def _switched(load: Workload, zeros: float) -> float:
    """Return the MACs that are switched: those whose weight isn't zero."""
    return sum(
        times * step.product.macs * (1 - zeros * (step.weights > 0))
        for step, times in zip(load.steps, load.counts, strict=True)
    )


@cache
def _edge(load: Workload, shape: Shape) -> tuple[int, int]:
    """Return the operands and results that cross the edge of the array, and the sums
    that leave unfinished and come back.
    """
    operands = sums = 0
    for step, times in zip(load.steps, load.counts, strict=True):
        if step.product.times:
            each = _crossed(step, shape, _flow(step, shape))
            operands += times * each[0]
            sums += times * each[1]
    return operands, sums


@cache
def _crossed(step: Step, shape: Shape, flow: str) -> tuple[int, int]:
    """Return the operands and results, and the unfinished sums, of one step.

    A column's accumulators hold so many sums; what passes is cut into pieces that fit,
    and for each piece what stays enters once more.
    """
    _, m, n, k, copies = step.product
    done = systolic.run(m, n, k, rows=shape.rows, cols=shape.cols, dataflow=flow)
    again = 0
    if shape.sums == "accumulators" and flow != "os":
        passing, staying = (
            (m, done.weight_reads) if flow == "ws" else (n, done.input_reads)
        )
        again = staying * (ceil(passing / (SUMS * shape.rows)) - 1)
    operands = done.input_reads + done.weight_reads + done.outputs + again
    return copies * operands, copies * 2 * (done.output_writes - done.outputs)
