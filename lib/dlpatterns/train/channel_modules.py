"""Running layers that move channels and compute nothing: a part taken, all dealt out
anew.
"""

import numpy as np

from .. import layers
from .modules import Plain, runs
from .sequence_modules import MODULES as MODULES


@runs(layers.TakeChannels)
class TakeChannels(Plain):
    def run(self, params: dict, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0][:, self.spec.start : self.spec.stop]

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        to_x = np.zeros_like(inputs[0])
        to_x[:, self.spec.start : self.spec.stop] = grad
        return (to_x,)


@runs(layers.ShuffleChannels)
class ShuffleChannels(Plain):
    """Writes the channels into `groups` rows and reads them by columns."""

    def run(self, params: dict, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return dealt(inputs[0], self.spec.groups)

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (dealt(grad, grad.shape[1] // self.spec.groups),)


def dealt(x: np.ndarray, rows: int) -> np.ndarray:
    """Write the channels into so many rows and read them column by column. Shapes:
    N C H W -> the same. Source: Zhang et al. 2018, ShuffleNet, figure 1.

    >>> dealt(np.arange(6).reshape(1, 6, 1, 1), 2).ravel().tolist()
    [0, 3, 1, 4, 2, 5]
    """
    table = x.reshape(len(x), rows, -1, *x.shape[2:])
    return np.ascontiguousarray(table.swapaxes(1, 2)).reshape(x.shape)
