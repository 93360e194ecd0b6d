"""What a neuron responds to: the images that excite it most, and an image made to
excite it.
"""

import numpy as np

from .loop import predict
from .network import Network


def responses(net: Network, x: np.ndarray, layer: str) -> np.ndarray:
    """Return how strongly each unit of a layer answers: of a map, its largest value.
    Shapes: N ... -> N units.
    """
    values = net.activations(x)[net.model[layer].name]
    if values.ndim not in (2, 4):
        raise ValueError(
            f"layer {layer!r} returns {values.shape}; units are features (N, D) or "
            "maps (N, C, H, W)"
        )
    return values.max(axis=tuple(range(2, values.ndim))) if values.ndim > 2 else values


def favourites(
    net: Network, x: np.ndarray, layer: str, unit: int, *, top: int = 6
) -> np.ndarray:
    """Return the numbers of the `top` examples that excite a unit most, the strongest
    first.
    """
    values = responses(net, x, layer)
    _check_unit(net, layer, unit)
    return np.argsort(-np.round(values[:, unit], 9), kind="stable")[:top]


def maximise(
    net: Network, layer: str, unit: int, *, steps: int = 100, step: float = 0.05
) -> np.ndarray:
    """Return an image made to excite a unit: from mid-grey uphill along the gradient,
    kept between 0 and 1.

    Of a map, the value in the middle is driven. Each step moves by `step` along the
    gradient over its largest entry. Ask for the layer in front of a ReLU: behind it,
    the gradient of a silent unit is zero.
    Shapes: -> input_shape. Source: Erhan et al. 2009, section 4.
    Raises: ValueError if the unit does not exist or no gradient reaches the grey image.
    """
    _check_unit(net, layer, unit)
    shape = net.model[layer].output_shape
    x = np.full((1, *net.model.input_shape), 0.5)
    goal = np.zeros((1, *shape))
    goal[(0, unit, *(size // 2 for size in shape[1:]))] = 1
    for _ in range(steps):
        net.forward(x)
        gradient = net.backward(goal, layer=layer)
        if gradient is None or not gradient.any():
            raise ValueError(
                f"no gradient of unit {unit} of layer {layer!r} reaches the image; "
                "ask for one before a ReLU"
            )
        x = np.clip(x + step * gradient / np.abs(gradient).max(), 0, 1)
    return x[0]


def silenced(
    net: Network, x: np.ndarray, y: np.ndarray, layer: str, unit: int
) -> np.ndarray:
    """Return by how much the accuracy on each class falls if a unit's weights and bias
    are zero while it is measured.

    Shapes: -> classes. Units: shares from -1 to 1; NaN for a class that `y` does not
    hold.
    """
    _check_unit(net, layer, unit)
    right = [predict(net, x) == y]
    kept = {
        f"{layer}.{name}": value[unit].copy()
        for name, value in net.layer_params(layer).items()
    }
    try:
        for name in kept:
            net.params[name][unit] = 0
        right.append(predict(net, x) == y)
    finally:
        for name, value in kept.items():
            net.params[name][unit] = value
    fall = right[0].astype(float) - right[1]
    return np.array(
        [
            fall[y == c].mean() if (y == c).any() else np.nan
            for c in range(net.model.output_shape[-1])
        ]
    )


def _check_unit(net: Network, layer: str, unit: int) -> None:
    units = net.model[layer].output_shape[0]
    if not 0 <= unit < units:
        raise ValueError(f"layer {layer!r} has units 0 to {units - 1}, got {unit}")
