"""A network that learns with few bits: latent weights that the optimiser moves,
deployed weights that it computes with, and gradients in as many bits as wanted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ..graph import Layer, Model
from ..train.modules import Arrays, Gradients, Module
from ..train.network import Network
from ..train.optimisers import SGD, Adam
from . import _checks, low_bit
from ._door import door
from .adder import Adder, local_rate

WEIGHTED = ("Conv2d", "Linear")


@dataclass(frozen=True)
class Recipe:
    """Which rule the weights pass, and those of the first and last weighted layer if
    they have another (`ends`); what stands behind the activations; whether all but the
    last weighted layer measure distances (`adder`); in how many bits gradients travel,
    rounded how; the grid on which the weights themselves are `stored`.
    """

    weights: low_bit.Full = field(default_factory=low_bit.Full)
    ends: low_bit.Full | None = None
    activations: low_bit.Full = field(default_factory=low_bit.Full)
    adder: bool = False
    gradient_bits: int | None = None
    gradient_rounding: str = "nearest"
    stored: low_bit.Grid | None = None
    stored_rounding: str = "nearest"

    def __post_init__(self) -> None:
        if self.gradient_bits is not None:
            _checks.count("gradient_bits", self.gradient_bits, 2, 16)
        for name in ("weights", "ends", "activations"):
            _rule(name, getattr(self, name))
        low_bit.chosen(self.gradient_rounding)
        low_bit.chosen(self.stored_rounding)


def _rule(name: str, rule: low_bit.Full | None) -> None:
    if not isinstance(rule, low_bit.Full) and not (name == "ends" and rule is None):
        raise TypeError(
            f"{name} takes a rule of quantize.low_bit, such as Signs(), got {rule!r}"
        )


class LowBit(Network):
    """A network that is trained by a recipe.

    `params` hold the latent weights, and what the rules learn beside them (as
    "conv1.weight step"); `deployed` returns what inference needs. A sign replaces the
    activation in front of it: behind a ReLU every sign is +1.
    """

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        seed: int = 0,
        *,
        dtype: type = np.float32,
    ) -> None:
        super().__init__(model, seed, dtype=dtype)
        self.recipe, self.rng = recipe, np.random.default_rng((seed, 77))
        weighted = [each.name for each in model.layers if each.kind in WEIGHTED]
        self.rules = {f"{name}.weight": self._rule(name, weighted) for name in weighted}
        for place, layer in enumerate(model.layers):
            if layer.kind in WEIGHTED:
                self._fit_weighted(layer, place, seed, adds=layer.name != weighted[-1])
            elif layer.kind == "Activation":
                self._fit_activation(layer.name)
        for name, rule in self.rules.items():
            self._add(name, rule.initial(self.params[name]))

    def _rule(self, name: str, weighted: list[str]) -> low_bit.Full:
        outer = self.recipe.ends and name in (weighted[0], weighted[-1])
        return self.recipe.ends if outer else self.recipe.weights

    def _fit_weighted(self, layer: Layer, place: int, seed: int, *, adds: bool) -> None:
        if self.recipe.adder and adds:
            self.modules[layer.name] = Adder(layer, (seed, place))
        elif _is_product(layer):
            self.modules[layer.name] = _Product(layer, (seed, place))
        if self.recipe.gradient_bits:
            self.modules[layer.name] = _Coarse(self.modules[layer.name], self)

    def _fit_activation(self, name: str) -> None:
        rule = self.recipe.activations
        if type(rule) is not low_bit.Full:
            module = self.modules[name] = _Ruled(self.modules[name], rule)
            start = rule.initial(np.ones(1, self.dtype))
            module.names = tuple(start)
            self.params |= {f"{name}.{key}": value for key, value in start.items()}

    def _add(self, name: str, own: Arrays) -> None:
        self.params |= {f"{name} {key}": value for key, value in own.items()}

    def _own(self, name: str) -> Arrays:
        before = f"{name} "
        return {
            key.removeprefix(before): value
            for key, value in self.params.items()
            if key.startswith(before)
        }

    def layer_params(self, layer: str) -> Arrays:
        """Return the parameters of a layer as it computes with them."""
        params = super().layer_params(layer)
        if f"{layer}.weight" in self.rules:
            params["weight"] = self.deployed_weight(f"{layer}.weight")
        return params

    def deployed_weight(self, name: str) -> np.ndarray:
        """Return a weight as inference computes with it."""
        return self.rules[name].forward(self.params[name], self._own(name))

    def backward(
        self, grad: np.ndarray, *, layer: str | None = None
    ) -> np.ndarray | None:
        """Carry a gradient back, through the rules to the latent weights."""
        answer = super().backward(grad, layer=layer)
        for name, rule in self.rules.items():
            to_latent, to_own = rule.backward(
                self.grads[name], self.params[name], self._own(name)
            )
            self.grads[name] = to_latent
            self.grads |= {f"{name} {key}": value for key, value in to_own.items()}
        return answer


def _is_product(layer: Layer) -> bool:
    """Tell whether a convolution is one matrix product: of one pixel with one pixel."""
    spec = layer.spec
    return (
        layer.kind == "Conv2d"
        and layer.output_shape[1:] == layer.input_shapes[0][1:] == (1, 1)
        and layer.input_shapes[0][0] == spec.weight_shape(layer.input_shapes[0][0])[1]
        and not spec.bias
        and spec.weight_shape(layer.input_shapes[0][0])[2:] == (1, 1)
    )


class _Product(Module):
    """A convolution of maps of one pixel, as the matrix product that it is."""

    names = ("weight",)

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return (inputs[0][:, :, 0, 0] @ params["weight"][:, :, 0, 0].T)[..., None, None]

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        flat, x = grad[:, :, 0, 0], self.inputs[0][:, :, 0, 0]
        to_x = (flat @ params["weight"][:, :, 0, 0])[..., None, None]
        return (to_x,), {"weight": (flat.T @ x)[..., None, None]}


class _Ruled(Module):
    """An activation whose values pass a rule on their way out; a rule of signs takes
    the activation's place.
    """

    def __init__(self, module: Module, rule: low_bit.Full) -> None:
        self.module, self.rule = module, rule
        self.alone = isinstance(rule, low_bit.SignsHardTanh)

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        self.exact = inputs[0]
        if not self.alone:
            self.exact = self.module.forward({}, *inputs, training=training)
        return self.rule.forward(self.exact, params)

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        inner, own = self.rule.backward(grad, self.exact, params)
        return (inner,) if self.alone else self.module.backward({}, inner)[0], own


class _Coarse(Module):
    """A layer that meets its gradient in few bits."""

    def __init__(self, module: Module, net: LowBit) -> None:
        self.module, self.net, self.names = module, net, module.names

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return self.module.forward(params, *inputs, training=training)

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        how = self.net.recipe
        coarse = low_bit.rounded_gradient(
            grad, how.gradient_bits, how.gradient_rounding, self.net.rng
        )
        return self.module.backward(params, coarse)


class Keeping:
    """An optimiser for a network of few bits: after each step of the inner one, latent
    weights of signs are clipped to -1 and 1, and stored weights go to their grid; with
    `eta`, adders get AdderNet's own rate before it.
    """

    def __init__(
        self, inner: SGD | Adam, net: LowBit, *, eta: float | None = None
    ) -> None:
        self.inner, self.net, self.eta = inner, net, eta

    @property
    def lr(self) -> float:
        """The inner optimiser's rate."""
        return self.inner.lr

    @lr.setter
    def lr(self, value: float) -> None:
        self.inner.lr = value

    def claim(self, params: Arrays) -> None:
        """Raise ValueError if it has trained another network before."""
        self.inner.claim(params)

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move every parameter, then keep what can be kept of it."""
        if self.eta is not None:
            for name in _adders(self.net):
                grads[name] = local_rate(grads[name], self.eta)
        self.inner.step(params, grads)
        for name, rule in self.net.rules.items():
            if isinstance(rule, low_bit.Signs):
                np.clip(params[name], -1, 1, out=params[name])
            if self.net.recipe.stored is not None:
                params[name][...] = self._stored(params[name])

    def _stored(self, weight: np.ndarray) -> np.ndarray:
        grid = self.net.recipe.stored
        way = low_bit.chosen(self.net.recipe.stored_rounding)
        high = (2 ** (grid.bits - 1) - 1) * grid.step
        return np.clip(way(weight, grid.step, self.net.rng), -high, high)


def _adders(net: LowBit) -> Iterable[str]:
    return [
        f"{name}.weight"
        for name, module in net.modules.items()
        if isinstance(getattr(module, "module", module), Adder)
    ]


@door()
def bytes_of(net: LowBit) -> dict[str, float]:
    """Return the bytes of latent and of deployed weights, and of what stands beside
    them (scales, shifts, biases, learned steps) in 16 bits.

    Latent weights take 32 bits, or those of the grid they are stored on. Scaled signs,
    ternary weights have one scale an output beside them.
    """
    sizes = {name: net.params[name].size for name in net.rules}
    stored = net.recipe.stored
    latent = sum(sizes.values()) * (stored.bits if stored else 32) / 8
    deployed = sum(sizes[name] * rule.bits for name, rule in net.rules.items()) / 8
    beside = sum(
        value.size for name, value in net.params.items() if name not in net.rules
    ) + sum(len(net.params[name]) for name, rule in net.rules.items() if _scaled(rule))
    return {"latent": latent, "deployed": deployed, "beside": 2.0 * beside}


def _scaled(rule: low_bit.Full) -> bool:
    return isinstance(rule, low_bit.Ternary) or getattr(rule, "scaled", False)
