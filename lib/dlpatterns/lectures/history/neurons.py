"""Connectionism: a neuron that learns from its mistakes, what it can learn, and what a
hidden layer adds.
"""

from dataclasses import dataclass

import numpy as np

from ... import graph, layers
from ...train import loop, network, optimisers

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "XOR": (0, 1, 1, 0)}


@dataclass(frozen=True)
class Step:
    """One corner shown to the neuron: what it answered, and its weights afterwards."""

    corner: tuple[int, int]
    target: int
    answer: int
    weight: tuple[float, float]
    bias: float

    def right(self, targets: tuple[int, ...]) -> int:
        """Return how many of the four corners these weights get right."""
        answers = CORNERS @ self.weight + self.bias > 0
        return int((answers == np.array(targets)).sum())


def fires(weight: np.ndarray, bias: float, x: np.ndarray) -> bool:
    """Return whether the weighted sum exceeds zero."""
    return weight @ x + bias > 0


def updated(weight, bias, x, target):
    """Change the weights by the error, which is 1, 0 or -1."""
    error = target - int(fires(weight, bias, x))
    return weight + error * x, bias + error


def perceptron(targets: tuple[int, ...], epochs: int = 20) -> list[Step]:
    """Learn a gate by Rosenblatt's rule, from zero weights; return every step."""
    weight, bias, steps = np.zeros(2), 0.0, []
    for _ in range(epochs):
        for x, target in zip(CORNERS, targets, strict=True):
            answer = int(fires(weight, bias, x))
            weight, bias = updated(weight, bias, x, target)
            corner = tuple(x.tolist())
            steps.append(Step(corner, target, answer, tuple(weight.tolist()), bias))
    return steps


def separable(inputs: int, epochs: int = 60) -> int:
    """Count the gates of so many inputs that the perceptron learns, by letting it try
    all of them side by side.
    """
    corners = np.array(list(np.ndindex((2,) * inputs)), dtype=np.int16)
    corners = np.column_stack([corners, np.ones(len(corners), dtype=np.int16)])
    gates = np.arange(2 ** len(corners))[:, None] >> np.arange(len(corners)) & 1
    weight, learnt = np.zeros((len(gates), inputs + 1), dtype=np.int16), 0
    for _ in range(epochs):
        for corner, x in enumerate(corners):
            error = gates[:, corner] - (weight @ x > 0)
            weight += (error[:, None] * x).astype(np.int16)
        wrong = ((weight @ corners.T > 0) != gates).any(axis=1)
        learnt += int((~wrong).sum())
        weight, gates = weight[wrong], gates[wrong]
    return learnt


def xor_net(hidden: int, seed: int, *, epochs: int = 200, rate: float = 0.05):
    """Return a network with one hidden layer, trained on XOR."""
    build = graph.Builder(f"XOR {hidden}", (2,))
    parts = layers.Linear(hidden), layers.Activation("tanh"), layers.Linear(2)
    net = network.Network(build.model(build.chain(build.input, *parts)), seed=seed)
    answers, optimizer = np.array(GATES["XOR"]), optimisers.Adam(rate)
    loop.fit(
        net, CORNERS, answers, epochs=epochs, batch=4, optimizer=optimizer, seed=seed
    )
    return net


def xor_solved(hidden: int, seeds: int = 20, **how: float) -> int:
    """Return from how many of the seeds training ends with all four corners right."""
    answers = np.array(GATES["XOR"])
    nets = (xor_net(hidden, seed, **how) for seed in range(seeds))
    return sum(loop.accuracy(net, CORNERS, answers) == 1 for net in nets)
