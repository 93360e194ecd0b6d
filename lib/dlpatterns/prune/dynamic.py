"""Channels chosen anew for every example, while the network runs.

Source: the strongest channels of an example stay, as in Gao et al. 2019 (there a small
network predicts which they will be).
"""

import numpy as np

from ..train.modules import Arrays, Gradients, Module
from ..train.network import Network


class Gate(Module):
    """A layer whose output keeps, of each example, the `stay` channels with the largest
    mean absolute value.
    """

    def __init__(self, inside: Module, stay: int) -> None:
        self.inside, self.stay = inside, stay
        self.names, self.layer, self.spec = inside.names, inside.layer, inside.spec
        self.gate = np.ones(1)

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        out = self.inside.forward(params, *inputs, training=training)
        self.gate = strongest(out, self.stay).astype(out.dtype)
        return out * self.gate

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        return self.inside.backward(params, grad * self.gate)


def gate(net: Network, layer: str, stay: int) -> None:
    """Let a layer of the network pass only the `stay` strongest channels of each
    example, from now on, in training too.
    """
    channels = net.model[layer].output_shape[0]
    if not isinstance(stay, int) or not 1 <= stay <= channels:
        raise ValueError(
            f"layer {layer!r} has {channels} channels; 1 to {channels} may stay, got "
            f"{stay!r}"
        )
    net.modules[layer] = Gate(net.modules[layer], stay)


def strongest(out: np.ndarray, stay: int) -> np.ndarray:
    """Return True for the `stay` channels of each example with the largest mean
    absolute value. Shapes: N C ... -> N C 1 ...

    >>> print(strongest(np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]]), 2))
    [[ True False  True]
     [False  True  True]]
    """
    size = np.abs(out).mean(axis=tuple(range(2, out.ndim)))
    order = np.argsort(-size, axis=1, kind="stable")
    stays = np.zeros(size.shape, dtype=bool)
    np.put_along_axis(stays, order[:, :stay], True, axis=1)
    return stays.reshape(*size.shape, *[1] * (out.ndim - 2))
