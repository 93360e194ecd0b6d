"""Optimisers: each changes parameters in place, given their gradients under the same
names.

>>> weights = {"w": np.array([1.0])}
>>> SGD(0.1).step(weights, {"w": np.array([2.0])})
>>> print(weights["w"])
[0.8]
"""

import numpy as np

Arrays = dict[str, np.ndarray]


class _Optimiser:
    _claimed: Arrays | None = None

    def claim(self, params: Arrays) -> None:
        """Raise ValueError if this optimiser, with all that it remembers, has trained
        another network before.
        """
        if self._claimed is not None and self._claimed is not params:
            raise ValueError(
                "this optimiser remembers the steps of another network; make a new "
                "one for each network"
            )
        self._claimed = params


class SGD(_Optimiser):
    """Stochastic gradient descent: v = momentum v + gradient, w = w - lr v.

    It remembers the velocities, so every network needs an optimiser of its own.
    `weight_decay` adds that multiple of the weight to its gradient. Source: Polyak
    1964, in PyTorch's form.
    """

    def __init__(
        self, lr: float, momentum: float = 0.0, *, weight_decay: float = 0.0
    ) -> None:
        _at_least_zero(lr=lr, momentum=momentum, weight_decay=weight_decay)
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self._velocity: Arrays = {}

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move every parameter against its velocity."""
        _check(params, grads)
        for name, weight in params.items():
            gradient = grads[name] + self.weight_decay * weight
            self._velocity[name] = (
                self.momentum * self._velocity.get(name, 0.0) + gradient
            )
            weight -= self.lr * self._velocity[name]


class Adam(_Optimiser):
    """Adam: steps of about `lr`, the mean gradient divided by the root of the mean
    squared gradient.

    It remembers both means, so every network needs an optimiser of its own.
    Source: Kingma & Ba 2015, algorithm 1; `weight_decay` is decoupled as in Loshchilov
    & Hutter 2019.
    """

    def __init__(
        self,
        lr: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        _at_least_zero(lr=lr, beta1=betas[0], beta2=betas[1], weight_decay=weight_decay)
        if max(betas) >= 1:
            raise ValueError(
                f"betas must be below 1, or nothing new is learned; got {betas}"
            )
        self.lr, self.betas, self.weight_decay = lr, betas, weight_decay
        self._mean: Arrays = {}
        self._square: Arrays = {}
        self._steps = 0

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move every parameter by its bias-corrected mean over the root of its
        bias-corrected mean square.
        """
        _check(params, grads)
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in self.betas)
        for name, weight in params.items():
            mean = self._average(self._mean, name, grads[name], self.betas[0]) / first
            square = (
                self._average(self._square, name, grads[name] ** 2, self.betas[1])
                / second
            )
            weight *= 1 - self.lr * self.weight_decay
            weight -= self.lr * mean / (np.sqrt(square) + 1e-8)

    @staticmethod
    def _average(
        store: Arrays, name: str, value: np.ndarray, beta: float
    ) -> np.ndarray:
        store[name] = beta * store.get(name, 0.0) + (1 - beta) * value
        return store[name]


def _check(params: Arrays, grads: Arrays) -> None:
    if missing := params.keys() ^ grads.keys():
        raise ValueError(
            "parameters and gradients must have the same names; on one side only: "
            f"{sorted(missing)}"
        )
    for name, weight in params.items():
        if np.shape(grads[name]) != weight.shape:
            raise ValueError(
                f"{name!r} has shape {weight.shape}, its gradient "
                f"{np.shape(grads[name])}; they must be alike"
            )


def _at_least_zero(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < float("inf"):
            raise ValueError(
                f"{name} must be a finite number of at least 0, got {value!r}"
            )
