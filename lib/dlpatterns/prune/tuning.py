"""Training that keeps what is pruned at zero: optimisers around an optimiser, for
`train.loop.fit`; and rewinding.
"""

from collections.abc import Callable

import numpy as np

from ..train import state
from ..train.network import Network
from ..train.optimisers import SGD, Adam
from . import masks as m
from .schedules import Schedule

Arrays = dict[str, np.ndarray]


class Masked:
    """An optimiser that takes its step and then sets the masked weights back to zero.

    >>> params = {"w": np.array([[1.0, 2.0]])}
    >>> tuned = Masked(SGD(0.1), {"w": np.array([[True, False]])})
    >>> tuned.claim(params)
    >>> tuned.step(params, {"w": np.ones((1, 2))})
    >>> print(params["w"])
    [[0.9 0. ]]
    """

    def __init__(self, optimizer: SGD | Adam, masks: Arrays) -> None:
        self.optimizer, self.masks = optimizer, masks

    @property
    def lr(self) -> float:
        """The learning rate of the optimiser inside."""
        return self.optimizer.lr

    def claim(self, params: Arrays) -> None:
        """Apply the masks to a network's parameters and keep them for this network."""
        self.optimizer.claim(params)
        m.apply(params, self.masks)

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move the parameters, then apply the masks."""
        self.optimizer.step(params, grads)
        m.apply(params, self.masks)


class Gradual(Masked):
    """An optimiser that prunes while it trains: every `every` steps of the schedule the
    masks are chosen anew, among the weights that still stand.

    `choose` makes masks of scores and a sparsity, for instance `masks.per_layer`; the
    scores are magnitudes, as in Zhu & Gupta 2017. Arrays with fewer than `axes` axes
    (by default vectors: biases, scales) stay whole.
    """

    def __init__(
        self,
        optimizer: SGD | Adam,
        schedule: Schedule,
        *,
        every: int = 10,
        choose: Callable[[Arrays, float], Arrays] = m.per_layer,
        axes: int = 2,
    ) -> None:
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"every is a number of steps from 1, got {every!r}")
        super().__init__(optimizer, {})
        self.schedule, self.every, self.choose = schedule, every, choose
        self.axes, self.steps = axes, 0

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move the parameters, prune if it is time, and apply the masks."""
        self.optimizer.step(params, grads)
        self.steps += 1
        due = (self.steps - self.schedule.begin) % self.every == 0
        last = self.steps == self.schedule.end
        if (due and self.steps <= self.schedule.end) or last:
            m.apply(params, self.masks)
            scores = {n: np.abs(v) for n, v in params.items() if v.ndim >= self.axes}
            self.masks = self.choose(scores, self.schedule(self.steps))
        m.apply(params, self.masks)


def rewind(net: Network, earlier: state.State, masks: Arrays) -> None:
    """Give the network the parameters it had earlier, then apply the masks.

    Source: Frankle & Carbin 2019 (to the beginning), Frankle et al. 2020 (to an early
    epoch).
    """
    state.restore(net, earlier)
    m.apply(net.params, masks)
