"""A network that rounds its weights and activations while it runs and while it learns.

Any rule from weights to weights may stand in for rounding (signs, powers of two): the
gradient goes straight through to the weights behind it, which the optimiser moves.
"""

from collections.abc import Callable, Iterable

import numpy as np

from ..train import state
from ..train.modules import Arrays, Gradients, Module
from ..train.network import Network
from . import _checks, binary
from ._door import door
from .affine import Affine, Axis, Scheme, fit
from .observers import MinMax, Observer, fit_least_error

Rule = Callable[[np.ndarray], np.ndarray]
INPUT = "input"


class Rounded(Network):
    """A copy of a trained network whose parameters pass `weights[name]` before they are
    used, and whose layers' outputs are rounded by `activations[layer]` ("input" for
    what comes in).

    `params` stay what they were, in full precision; `loop.fit` trains them through the
    rounding. Gradients of activations are zero where they were clipped.
    Raises: ValueError for a name that the network does not have.
    """

    def __init__(
        self,
        net: Network,
        *,
        weights: dict[str, Rule] | None = None,
        activations: dict[str, Affine] | None = None,
    ) -> None:
        super().__init__(net.model, dtype=net.dtype.type)
        state.restore(self, state.snapshot(net))
        self.weights, self.rounding = weights or {}, activations or {}
        _known("parameter", self.weights, self.params)
        _known("layer", self.rounding, (INPUT, *self.modules))
        for name, how in self.rounding.items():
            if name != INPUT:
                self.modules[name] = _RoundedModule(self.modules[name], how)

    def layer_params(self, layer: str) -> dict[str, np.ndarray]:
        """Return the parameters of a layer as it uses them."""
        params = super().layer_params(layer)
        return {
            key: self._ruled(f"{layer}.{key}", value) for key, value in params.items()
        }

    def _ruled(self, name: str, value: np.ndarray) -> np.ndarray:
        return self.weights[name](value) if name in self.weights else value

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = super()._checked(x)
        return self.rounding[INPUT].round(x) if INPUT in self.rounding else x


class _RoundedModule(Module):
    """A layer whose output is rounded on its way out."""

    def __init__(self, module: Module, how: Affine) -> None:
        self.module, self.how, self.names = module, how, module.names

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        exact = self.module.forward(params, *inputs, training=training)
        self.covered = self.how.covers(exact)
        return self.how.round(exact).astype(exact.dtype)

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        return self.module.backward(params, grad * self.covered)


def _known(what: str, given: Iterable[str], names: Iterable[str]) -> None:
    unknown = set(given) - set(names)
    if unknown:
        raise ValueError(
            f"there is no {what} {sorted(unknown)}; there are {', '.join(names)}"
        )


@door()
def weight_rule(bits: int, *, axis: Axis = 0, clip: bool = True) -> Rule:
    """Return a rule that rounds weights to so many bits, mirrored around zero, with a
    scale for each slice along `axis`; to signs with a scale for one bit.

    With `clip` the scale is the one with the least squared error, else the range is
    covered.
    """
    _checks.count("bits", bits, 1, 16)
    if bits == 1:
        return lambda weight: np.multiply(*binary.signs(weight, axis=axis))
    scheme, way = Scheme(bits, narrow=True), fit_least_error if clip else fit
    return lambda weight: way(weight, scheme, axis=axis).round(weight)


@door()
def weight_names(net: Network) -> list[str]:
    """Return the names of the parameters that are multiplied: those of two axes and
    more.
    """
    return [name for name, value in net.params.items() if value.ndim > 1]


@door()
def rounded_points(net: Network) -> list[str]:
    """Return the layers whose outputs a chip would keep as codes: what activations, the
    last layer and sums that no activation follows write.
    """
    layers = net.model.layers
    read_by_activation = {
        source
        for layer in layers
        if layer.kind == "Activation"
        for source in layer.inputs
    }
    return [
        layer.name
        for place, layer in enumerate(layers)
        if layer.kind == "Activation"
        or (
            layer.kind in ("Conv2d", "Linear", "Add", "BatchNorm2d")
            and place not in read_by_activation
            and place < len(layers) - 1
            and not any(
                layers[i].kind == "BatchNorm2d" and place in layers[i].inputs
                for i in range(len(layers))
            )
        )
    ]


@door()
def observe(
    net: Network, x: np.ndarray, observer: Callable[[], Observer], *, batch: int = 256
) -> dict[str, Observer]:
    """Run batches and return an observer for the input and for each layer's output."""
    _checks.count("batch", batch)
    seen = {name: observer() for name in (INPUT, *net.modules)}
    for start in range(0, len(x), batch):
        part = x[start : start + batch]
        seen[INPUT].see(part)
        for name, values in net.steps(part):
            seen[name].see(values)
    return seen


@door()
def rounded(
    net: Network,
    x: np.ndarray,
    *,
    weight_bits: int | None = 8,
    activation_bits: int | None = 8,
    axis: Axis = 0,
    observer: Callable[[], Observer] = MinMax,
) -> Rounded:
    """Return the network with weights and activations rounded to so many bits (None:
    not rounded), activations in the ranges that an observer finds on `x`.
    """
    rules: dict[str, Rule] = {}
    if weight_bits is not None:
        rule = weight_rule(weight_bits, axis=axis)
        rules = dict.fromkeys(weight_names(net), rule)
    points: dict[str, Affine] = {}
    if activation_bits is not None:
        scheme = Scheme(activation_bits, signed=False, symmetric=False)
        seen = observe(net, x, observer)
        points = {name: seen[name].affine(scheme) for name in rounded_points(net)}
    return Rounded(net, weights=rules, activations=points)
