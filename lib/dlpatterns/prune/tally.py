"""Parameters and MACs before and after pruning, counted by `counting`.

*Useful* MACs are those whose weight is not zero. A machine that does not skip does them
all.
"""

from typing import NamedTuple

import numpy as np

from .. import counting
from ..train.network import Network


class Tally(NamedTuple):
    """What a network holds and does for one example."""

    params: int
    nonzero: int
    macs: int
    useful_macs: int

    @property
    def sparsity(self) -> float:
        """The share of all parameters that are zero."""
        return 1 - self.nonzero / self.params


def by_layer(net: Network) -> list[dict]:
    """Return one row for each layer with parameters: layer, params, nonzero, macs,
    useful macs.

    Every weight of a convolution or a linear layer serves the same number of MACs, so
    the useful ones are the non-zero weights times that number.
    """
    rows = []
    for count in counting.count(net.model).layers:
        values = net.layer_params(count.name)
        if not values:
            continue
        alive = int(np.count_nonzero(values["weight"])) if "weight" in values else 0
        rows.append(
            {
                "layer": count.name,
                "params": count.params,
                "nonzero": sum(int(np.count_nonzero(v)) for v in values.values()),
                "macs": count.macs,
                "useful macs": count.macs // max(count.weights, 1) * alive,
            }
        )
    return rows


def total(net: Network) -> Tally:
    """Return the sums over all layers.

    >>> from dlpatterns.train import small
    >>> total(Network(small.mlp((8,))))
    Tally(params=610, nonzero=592, macs=592, useful_macs=592)
    """
    rows = by_layer(net)
    keys = ("params", "nonzero", "macs", "useful macs")
    return Tally(*(sum(row[key] for row in rows) for key in keys))
