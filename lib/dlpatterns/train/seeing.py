"""What a neuron responds to: the images that excite it most, and an image made to excite it."""

import numpy as np

from .network import Network


def responses(net: Network, x: np.ndarray, layer: str) -> np.ndarray:
    """Return how strongly each unit of a layer answers: of a map, its largest value. Shapes: N ... -> N units."""
    values = net.activations(x)[net.model[layer].name]
    return values.max(axis=tuple(range(2, values.ndim))) if values.ndim > 2 else values


def favourites(net: Network, x: np.ndarray, layer: str, unit: int, *, top: int = 6) -> np.ndarray:
    """Return the numbers of the `top` examples that excite a unit most, the strongest first."""
    values = responses(net, x, layer)
    if not 0 <= unit < values.shape[1]:
        raise ValueError(f"layer {layer!r} has units 0 to {values.shape[1] - 1}, got {unit}")
    return np.argsort(-np.round(values[:, unit], 9), kind="stable")[:top]


def maximise(net: Network, layer: str, unit: int, *, steps: int = 100, step: float = 0.05) -> np.ndarray:
    """Return an image made to excite a unit: from mid-grey uphill along the gradient, kept between 0 and 1.

    Of a map, the value in the middle is driven. Each step moves by `step` along the gradient over its largest entry.
    Shapes: -> input_shape. Source: Erhan et al. 2009, section 4.
    """
    shape = net.model[layer].output_shape
    x = np.full((1, *net.model.input_shape), 0.5)
    goal = np.zeros((1, *shape))
    goal[(0, unit, *(size // 2 for size in shape[1:]))] = 1
    for _ in range(steps):
        net.forward(x)
        gradient = net.backward(goal, layer=layer)
        x = np.clip(x + step * gradient / (np.abs(gradient).max() + 1e-12), 0, 1)
    return x[0]
