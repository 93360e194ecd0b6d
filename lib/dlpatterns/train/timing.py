"""Where the time of a forward pass goes, layer by layer, on this machine."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from .network import Network


@dataclass(frozen=True)
class LayerTime:
    """The shortest measured time of one layer for a whole batch."""

    name: str
    kind: str
    seconds: float


@threadpool_limits.wrap(limits=1)
def layer_times(net: Network, x: np.ndarray, *, repeats: int = 3) -> list[LayerTime]:
    """Run the network `repeats` times and return the shortest time of each layer, with
    one BLAS thread. Units: seconds.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    runs = [_one_run(net, x) for _ in range(repeats)]
    shortest = np.min(runs, axis=0)
    return [
        LayerTime(layer.name, layer.kind, float(t))
        for layer, t in zip(net.model.layers, shortest, strict=True)
    ]


def _one_run(net: Network, x: np.ndarray) -> list[float]:
    moments = [perf_counter(), *(perf_counter() for _ in net.steps(x))]
    return list(np.diff(moments))
