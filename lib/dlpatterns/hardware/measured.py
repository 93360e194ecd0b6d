"""Networks timed on real chips, as others published them, beside what the model of cost
says. Nothing is fitted.

A run is one device, one layout, one way to run: `RUNS`. Two bounds can be compared with
it: `from_columns` needs nothing but the three counts that are published with the rate
(the whole network as one piece of work); `from_layers` needs the network itself. Both
assume traffic `once`, of tensors that are written and read by each layer, or, `fused`,
of the products' operands and results alone.

>>> one = next(one for one in timed("RTX 3090") if one.network == "resnet50")
>>> round(one.seconds * 1e3, 3), round(from_columns(one).overlapped * 1e3, 3)
(0.268, 0.115)
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from .. import datasets, formats
from ..models import FIRST
from . import machines, roofline
from .machines import Machine
from .roofline import Bound

OTHER_PADDING = " (TensorFlow padding)"  # the same layers, padded on one side first


class Run(NamedTuple):
    """One device, layout and way to run, and the format of its products."""

    device: str
    layout: str
    dtype: str

    @property
    def machine(self) -> Machine:
        """The chip as data."""
        return machines.get(self.device)


RUNS = {
    "RTX 3090": Run("RTX 3090", "NHWC", "fp16"),
    "RTX 3090, NCHW": Run("RTX 3090", "NCHW", "fp16"),
    "RTX 5090, NCHW": Run("RTX 5090", "NCHW", "fp16"),
    "RTX 5090, compiled": Run("RTX 5090", "NCHW, compiled", "fp16"),
    "Core i9, compiled": Run("Core i9-10940X", "NCHW, compiled", "fp32"),
}


@dataclass(frozen=True)
class Timed:
    """A network timed in a run: seconds an example, and the counts published with it.

    `zoo` is the book's name for the network, empty if the book has none; `macs` holds
    two operations for each value that batch normalisation writes, as the counter did
    that printed it; `activations` are the values that layers with MACs write.
    """

    network: str
    run: str
    zoo: str
    batch: int
    seconds: float
    macs: float
    activations: float
    params: float


def get(run: str) -> Run:
    """Return the run of that name.

    Raises: ValueError that lists the runs there are.
    """
    if run not in RUNS:
        raise ValueError(f"there is no run {run!r}; there are: {', '.join(RUNS)}")
    return RUNS[run]


@cache
def timed(run: str) -> tuple[Timed, ...]:
    """Return the networks of a run, in the order in which they were published."""
    device, layout, _ = get(run)
    rows = datasets.where("measured_throughput", device=device, layout=layout)
    return tuple(
        Timed(
            network=row["network"],
            run=run,
            zoo=_known(row["zoo"]),
            batch=row["batch"],
            seconds=1 / row["images_per_s"],
            macs=row["gmacs"] * 1e9,
            activations=row["mega_activations"] * 1e6,
            params=row["mega_params"] * 1e6,
        )
        for row in rows
    )


def _known(zoo: str | None) -> str:
    name = (zoo or "").removesuffix(OTHER_PADDING)
    return name if name in FIRST else ""


def from_columns(one: Timed) -> Bound:
    """Return the least time of one example, from the published counts alone: what the
    products write crosses twice, out and back, the weights once a batch.
    """
    run = get(one.run)
    values = 2 * one.activations + one.params / one.batch
    size = formats.get(run.dtype).bytes_for(round(values))
    return roofline.bound(
        one.network, round(one.macs), size, run.machine, dtype=run.dtype
    )


@cache
def from_layers(one: Timed, *, fused: bool = False) -> dict[str, float]:
    """Return the bounds of one example, layer by layer: seconds of arithmetic, of
    traffic, of both with overlap and one after the other.

    Raises: ValueError if the book has no such network.
    """
    if not one.zoo:
        raise ValueError(f"the zoo has no {one.network}; use from_columns")
    run = get(one.run)
    bounds = roofline.layers(
        FIRST[one.zoo](), run.machine, batch=one.batch, dtype=run.dtype, fused=fused
    )
    sums = {
        "arithmetic": sum(layer.arithmetic for layer in bounds),
        "traffic": sum(layer.traffic for layer in bounds),
        "overlapped": sum(layer.overlapped for layer in bounds),
        "one_by_one": sum(layer.one_by_one for layer in bounds),
    }
    return {name: seconds / one.batch for name, seconds in sums.items()}
