"""How long a machine must take, at least: the time of the arithmetic and the time of
the traffic, per layer and for a network.

Traffic is `once`: each tensor crosses the bus a single time, the least possible. Two
bounds follow: with full overlap a layer takes the longer of its two times, with none
their sum. `flops = 2 * macs` is written here and nowhere else.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from .. import formats
from ..counting import LayerCount, count
from ..graph import Model
from .machines import Machine


@dataclass(frozen=True)
class Bound:
    """The least time of some work on a machine: arithmetic and traffic, in seconds."""

    name: str
    macs: int
    bytes_once: int
    arithmetic: float
    traffic: float

    @property
    def overlapped(self) -> float:
        """Seconds if arithmetic and traffic run side by side: the longer of the two."""
        return max(self.arithmetic, self.traffic)

    @property
    def one_by_one(self) -> float:
        """Seconds if each waits for the other: their sum."""
        return self.arithmetic + self.traffic

    @property
    def waits_for(self) -> str:
        """What takes longer, "arithmetic" or "memory"."""
        return "arithmetic" if self.arithmetic >= self.traffic else "memory"

    @property
    def intensity(self) -> float:
        """FLOP for each byte that crosses once; infinite if none does."""
        return 2 * self.macs / self.bytes_once if self.bytes_once else float("inf")


def bound(
    name: str, macs: int, bytes_once: int, machine: Machine, *, dtype: str = "fp16"
) -> Bound:
    """Return the bounds of some MACs in a format and some bytes on a machine.

    Raises: ValueError for negative work, or a format the machine has no rate for.
    """
    if macs < 0 or bytes_once < 0:
        raise ValueError(f"{name}: work can't be negative, got {macs}, {bytes_once}")
    arithmetic = 2 * macs / machine.peak(dtype)
    return Bound(name, macs, bytes_once, arithmetic, bytes_once / machine.bandwidth)


def layers(
    model: Model,
    machine: Machine,
    *,
    batch: int = 1,
    dtype: str = "fp16",
    weight_dtype: str = "",
    fused: bool = False,
) -> list[Bound]:
    """Return the bounds of every layer of a network for a batch.

    `weight_dtype` is the format in which weights lie in memory, if not `dtype`: it
    moves fewer bytes and does the same arithmetic. With `fused`, a layer without MACs
    whose first input nobody else reads works on it before it is written, and is
    counted with the layer that makes it.
    """
    works: dict[int, _Work] = {}
    roots: dict[int, int] = {}
    counts = count(model, batch).layers
    joining = fusable(model, counts) if fused else set()
    for place, counted in enumerate(counts):
        source = model.layers[place].inputs[0]
        root = roots[place] = roots[source] if place in joining else place
        work = works.setdefault(root, _Work(counted.name))
        saved = 2 * first_read(counted) if place in joining else 0
        work.macs += counted.macs
        work.values += counted.reads + counted.activations - saved
        work.weights += counted.param_reads
    held, stored = formats.get(dtype), formats.get(weight_dtype or dtype)
    return [
        bound(
            work.name,
            work.macs,
            held.bytes_for(work.values) + stored.bytes_for(work.weights),
            machine,
            dtype=dtype,
        )
        for work in works.values()
    ]


@dataclass
class _Work:
    """What a layer, and those fused into it, do: MACs, and values that cross."""

    name: str
    macs: int = 0
    values: int = 0
    weights: int = 0


def first_read(counted: LayerCount) -> int:
    """Return how many values a layer reads of its first input."""
    sizes = [prod(shape) for shape in counted.input_shapes]
    return counted.reads * sizes[0] // sum(sizes)


def fusable(model: Model, counts: tuple[LayerCount, ...]) -> set[int]:
    """Return the layers that can work on their first input before it is written."""
    readers = Counter(source for layer in model.layers for source in layer.inputs)
    return {
        place
        for place, layer in enumerate(model.layers)
        if not counts[place].macs and counts[place].reads
        if layer.inputs[0] >= 0 and readers[layer.inputs[0]] == 1
    }


def network(bounds: Iterable[Bound], name: str = "network") -> dict[str, float]:
    """Return the sums of layers one after another: seconds of both bounds, and the
    share of the overlapped time in which arithmetic is the limit.
    """
    bounds = list(bounds)
    if not bounds:
        raise ValueError(f"{name} has no layers to sum up")
    overlapped = sum(one.overlapped for one in bounds)
    busy = sum(one.overlapped for one in bounds if one.waits_for == "arithmetic")
    return {
        "network": name,
        "overlapped_s": overlapped,
        "one_by_one_s": sum(one.one_by_one for one in bounds),
        "arithmetic_bound": busy / overlapped if overlapped else 0.0,
    }
