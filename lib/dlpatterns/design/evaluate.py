"""How long a workload takes on a chip, and what it spends.

Time: in each step the array, the vector unit (one operation a column and cycle) and the
bus work side by side, and the step takes as long as the slowest of them. Folds overlap,
as in TPUv1. Maps stay in the buffer from one step to the next where half of it holds
what a step reads and writes; otherwise they cross. The bus carries traffic `tiled` for
the other half, by the better of two schedules: all weights pass once for each block of
inputs that it holds, or all inputs once for each block of weights.

Energy: MACs, bytes at the edge of the array in SRAM of the buffer's size, bytes of the
bus. Nothing is counted for clocks, control, leakage and wires.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil

from ..hardware import energy, systolic
from ..hardware.lowering import Step
from .chip import SUM_BITS, Chip, of_mac
from .workload import Workload

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
) -> Result:
    """Return what a batch of a workload takes and spends on a chip, if such a share of
    the weights is zero.

    `resident` says that the chip runs nothing else: weights that find room beside the
    largest maps stay from one batch to the next, and only the others cross the bus.
    `sram` is what a byte of SRAM costs, as a multiple of the table's price.
    """
    beats = busy(load, chip, zeros)
    held = (chip.buffer, chip.bits, chip.weight_bits(zeros), resident)
    waits = _waits(load, held, chip.clock / chip.bandwidth)
    slowest = list(map(max, beats, waits))
    cycles = sum(slowest)
    idle = sum(wait for wait, most in zip(waits, slowest, strict=True) if wait == most)
    spending = spent(chip, load, zeros, crossing(load, *held))
    return Result(
        workload=load.name,
        batch=load.batch,
        seconds=cycles / chip.clock,
        energy=spending | {"buffer": sram * spending["buffer"]},
        waits_for_bus=idle / cycles,
        utilisation=load.macs / (chip.macs_per_cycle * cycles),
    )


def busy(load: Workload, chip: Chip, zeros: float) -> tuple[float, ...]:
    """Return the cycles of each step, all its occurrences together, for the array or
    the vector unit, whichever is slower; and none for the network's two ends. Only
    products with weights can skip.
    """
    shape = (chip.rows, chip.cols, chip.arrays, chip.dataflow)
    return _busy(load, shape, chip.beats(zeros))


@cache
def _busy(load: Workload, shape: tuple, left: float) -> tuple[float, ...]:
    rows, cols, arrays, dataflow = shape
    flows = systolic.DATAFLOWS if dataflow == "any" else (dataflow,)
    found = []
    for step, times in zip(load.steps, load.counts, strict=True):
        beats = 0.0
        if step.product.times:
            beats = min(_beats(step, rows, cols, arrays, flow) for flow in flows)
            beats *= left if step.weights else 1
        found.append(times * max(beats, ceil(step.others / (cols * arrays))))
    return (*found, 0.0)


@cache
def _beats(step: Step, rows: int, cols: int, arrays: int, flow: str) -> int:
    _, m, n, k, times = step.product
    shape = {"rows": rows, "cols": cols, "arrays": arrays}
    return systolic.overlapped(m, n, k, times=times, dataflow=flow, **shape)


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


def spent(chip: Chip, load: Workload, zeros: float, crossed: float) -> dict[str, float]:
    """Return the joules of arithmetic, of the buffer, and of the bus."""
    edge, sums = _edge(load, (chip.rows, chip.cols, chip.arrays, chip.dataflow))
    mac, _ = of_mac(chip.dtype)
    held = edge * chip.bits / 8 + sums * SUM_BITS / 8
    switched = _switched(load, zeros if chip.zeros else 0.0)
    return {
        "arithmetic": switched * mac * 1e-12,
        "buffer": held * energy.of_sram(chip.buffer) * 1e-12,
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
def _edge(load: Workload, shape: tuple) -> tuple[int, int]:
    """Return the operands and results that cross the edge of the array, and the sums
    that leave unfinished and come back.
    """
    rows, cols, arrays, dataflow = shape
    flows = systolic.DATAFLOWS if dataflow == "any" else (dataflow,)
    operands = sums = 0
    for step, times in zip(load.steps, load.counts, strict=True):
        if not step.product.times:
            continue
        flow = min(flows, key=lambda one: _beats(step, rows, cols, arrays, one))
        _, m, n, k, copies = step.product
        done = systolic.run(m, n, k, rows=rows, cols=cols, dataflow=flow)
        copies *= times
        operands += copies * (done.input_reads + done.weight_reads + done.outputs)
        sums += copies * 2 * (done.output_writes - done.outputs)
    return operands, sums
