"""What a network costs in energy: arithmetic, the edge of the array, and the bus."""

from functools import cache

from ... import counting, models, show
from ...explore import Menu, Slider
from ...hardware import energy
from ...hardware.systolic import DATAFLOWS
from . import networks
from .networks import NETWORKS

BYTES = {"int8": 1, "fp16": 2, "fp32": 4}
SUMS = 4  # bytes of a sum, in every format
SIDE, BUFFER = 128, "1 MB"
PARTS = ("arithmetic", "buffer", "DRAM")
COSTS = {
    "network": Menu(NETWORKS),
    "dtype": Menu(list(BYTES), label="format"),
    "batch": Slider((1, 16, 256)),
}


def prices() -> list[dict]:
    """Return a row an action of the table, with its energy in MACs of each format."""
    rows = [
        {"action": f"one MAC in {dtype}", "pJ": energy.of_mac(dtype)} for dtype in BYTES
    ]
    rows += [
        {"action": f"one byte, SRAM of {level}" if "B" in level else "one byte, DRAM"}
        | {"pJ": energy.of_access(level)}
        for level in energy.LEVELS
    ]
    return [
        row
        | {f"in MACs of {dtype}": row["pJ"] / energy.of_mac(dtype) for dtype in BYTES}
        for row in rows
    ]


def uses_needed(level: str, dtype: str) -> float:
    """Return how many MACs a value must serve, each time it is fetched, until the
    arithmetic costs as much as fetching both operands.
    """
    return 2 * energy.of_access(level, BYTES[dtype]) / energy.of_mac(dtype)


@cache
def once_values(network: str, batch: int) -> int:
    """Return the values that cross the bus if each tensor of each layer that multiplies
    crosses once: weights, what it reads and what it writes.
    """
    every = counting.count(models.ZOO[network](), batch).layers
    return sum(
        one.reads + one.activations + one.param_reads for one in every if one.macs
    )


@cache
def edge_bytes(
    network: str, batch: int, dtype: str, flow: str, side: int = SIDE
) -> int:
    """Return the bytes that cross the edge of the array: operands in their format, sums
    in four bytes each way.
    """
    total = 0
    for one in networks.lowered(network, batch):
        done = networks.run(one, side, flow)
        operands = done.input_reads + done.weight_reads
        sums = 2 * done.output_writes - one.m * one.n
        total += one.times * (operands * BYTES[dtype] + sums * SUMS)
    return total


def energies(
    name: str,
    batch: int = 1,
    dtype: str = "int8",
    flow: str = "os",
    *,
    edge: str = BUFFER,
) -> dict[str, float]:
    """Return the picojoules of one example in an array of 128 × 128 with a buffer of
    some size at its edge, each tensor crossing the bus once a layer.
    """
    macs = sum(one.macs for one in networks.lowered(name, batch))
    moved = {
        edge: edge_bytes(name, batch, dtype, flow),
        "DRAM": once_values(name, batch) * BYTES[dtype],
    }
    spent = energy.of_work(macs, moved, dtype=dtype)
    each = (spent["arithmetic"], spent[edge], spent["DRAM"])
    return {part: value / batch for part, value in zip(PARTS, each, strict=True)}


def shares(flow: str = "os", edge: str = BUFFER) -> dict[tuple[str, str, int], float]:
    """Return the share of arithmetic in the energy, by network, format and batch."""
    found = {}
    for name, key in NETWORKS.items():
        for dtype in BYTES:
            for batch in (1, 16, 256):
                spent = energies(key, batch, dtype, flow, edge=edge)
                found[name, dtype, batch] = spent["arithmetic"] / sum(spent.values())
    return found


def fused_network(name: str, batch: int, dtype: str = "int8") -> float:
    """Return the picojoules of the bus for one example if layers hand their maps on
    inside the chip: only weights, the network's input and its output cross.
    """
    every = counting.count(models.ZOO[name](), batch).layers
    values = sum(one.param_reads for one in every)
    values += every[0].reads + every[-1].activations
    return energy.of_access("DRAM", values * BYTES[dtype]) / batch


def far_energy(name: str, batch: int, dtype: str = "int8") -> float:
    """Return the picojoules of one example if each tensor of each layer crosses once
    between a memory on the chip and the near buffer, at the price of 1 MB: the table's
    largest, and less than a memory that holds a network's maps or weights would ask.
    """
    return energy.of_access(BUFFER, once_values(name, batch) * BYTES[dtype]) / batch


def costs(network: str, dtype: str, batch: int) -> show.Frame:
    """Draw where the energy of one example goes, under each dataflow."""
    found = {flow: energies(network, batch, dtype, flow) for flow in DATAFLOWS}
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    names = [networks.FLOW_NAMES[flow] for flow in found]
    left = [0.0] * len(found)
    for part, hue in zip(PARTS, ("orange", "sky", "grey"), strict=True):
        size = [spent[part] / 1e9 for spent in found.values()]
        axes.barh(names, size, left=left, color=show.colour(hue), label=part)
        left = [a + b for a, b in zip(left, size, strict=True)]
    axes.set(xlabel="mJ an example; DRAM: once")
    axes.invert_yaxis()
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    shares = [spent["arithmetic"] / sum(spent.values()) for spent in found.values()]
    title = next(name for name, key in NETWORKS.items() if key == network)
    told = (
        f"{title}, {dtype}, batch {batch}: arithmetic is {show.percent(min(shares))} "
        f"to {show.percent(max(shares))} of the energy."
    )
    alt = f"Three stacked bars of energy, one a dataflow, in three parts. {told}"
    values = {
        f"{flow} {part}": spent[part] / 1e9
        for flow, spent in found.items()
        for part in PARTS
    }
    return show.frame(fig, caption=told, alt=alt, values=values)


def area_rows() -> list[dict]:
    """Return a row a format: the area of its MAC, and how many fit where one MAC in
    fp32 stands.
    """
    largest = energy.area_of_mac("fp32")
    return [
        {"MAC": dtype, "µm²": energy.area_of_mac(dtype), "pJ": energy.of_mac(dtype)}
        | {"MACs in the area of one fp32": largest / energy.area_of_mac(dtype)}
        for dtype in (*BYTES, "int32")
    ]
