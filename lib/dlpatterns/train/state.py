"""What a network has learned, taken aside and given back: its parameters and the
running statistics of its normalisations.
"""

from typing import NamedTuple

import numpy as np

from .modules import BatchNorm2d
from .network import Network

Arrays = dict[str, np.ndarray]


class State(NamedTuple):
    """Copies of the parameters, and of (mean, variance) of each batch norm."""

    params: Arrays
    statistics: dict[str, tuple[np.ndarray, np.ndarray]]


def snapshot(net: Network) -> State:
    """Return copies of all that the network has learned."""
    return State(
        {name: value.copy() for name, value in net.params.items()},
        {
            name: (module.mean.copy(), module.variance.copy())
            for name, module in net.modules.items()
            if isinstance(module, BatchNorm2d)
        },
    )


def restore(net: Network, earlier: State) -> None:
    """Set the network back to what it had learned then, in place.

    Raises: ValueError if the state comes from a network of other shapes.
    """
    shapes = {name: value.shape for name, value in net.params.items()}
    others = {name: value.shape for name, value in earlier.params.items()}
    if shapes != others:
        differing = sorted(
            name
            for name in shapes.keys() | others.keys()
            if shapes.get(name) != others.get(name)
        )
        raise ValueError(
            f"the state is of another network; parameters that differ: {differing}"
        )
    for name, value in earlier.params.items():
        net.params[name][...] = value
    for name, (mean, variance) in earlier.statistics.items():
        net.modules[name].mean = mean.copy()
        net.modules[name].variance = variance.copy()


def twin(net: Network) -> Network:
    """Return another network of the same model that has learned the same."""
    other = Network(net.model, dtype=net.dtype.type)
    restore(other, snapshot(net))
    return other
