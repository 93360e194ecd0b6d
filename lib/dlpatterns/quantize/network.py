"""A trained network turned into one of integers: calibrate, convert, compare.

Batch norms become part of their convolutions first. Then each layer with weights, with
the ReLU behind it, is one integer kernel: 8-bit codes in, int32 sums, codes out.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..graph import Layer, Model, fold_batch_norm
from ..kernels import normalisation
from ..layers.base import pair
from ..train.modules import BatchNorm2d
from ..train.network import Network
from . import _checks, fixed, integer
from ._door import door
from .affine import Affine, Axis, Scheme, fit, noise
from .observers import MinMax, Observer
from .training import INPUT, observe

WEIGHTED = ("Conv2d", "Linear")
FUSES = (*WEIGHTED, "Add")
PASSES = ("MaxPool2d", "Flatten", "AvgPool2d", "GlobalAvgPool2d")


@door()
def fold(net: Network) -> Network:
    """Return the network that runs the same at inference without batch norms: scale and
    shift of a channel in the filter and bias before them.
    """
    model = fold_batch_norm(net.model)
    other = Network(model, dtype=net.dtype.type)
    norms = {
        net.model.layers[layer.inputs[0]].name: layer.name
        for layer in net.model.layers
        if isinstance(net.modules[layer.name], BatchNorm2d)
    }
    for name in other.params:
        layer, _, key = name.rpartition(".")
        if layer in norms:
            other.params[name] = _folded(net, layer, norms[layer])[key]
        else:
            other.params[name] = net.params[name].copy()
    return other


def _folded(net: Network, layer: str, norm: str) -> dict[str, np.ndarray]:
    module, params = net.modules[norm], net.layer_params(norm)
    factor = params["scale"] / np.sqrt(module.variance + normalisation.EPS)
    weight = net.params[f"{layer}.weight"]
    bias = net.params.get(f"{layer}.bias", np.zeros(len(weight)))
    return {
        "weight": weight * factor.reshape(-1, *[1] * (weight.ndim - 1)),
        "bias": (bias - module.mean) * factor + params["shift"],
    }


@dataclass(frozen=True)
class Step:
    """One kernel of an integer network: which codes it reads, what it does with them,
    and what its own codes stand for.
    """

    name: str
    kind: str
    sources: tuple[int, ...]
    run: Callable[..., np.ndarray]
    out: Affine
    stored: dict[str, np.ndarray]


@dataclass(frozen=True)
class IntegerNetwork:
    """A network of integer kernels. `forward` takes and returns real numbers; between
    them there are only integers.
    """

    model: Model
    entrance: Affine
    steps: tuple[Step, ...]

    def codes(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return the codes that every kernel writes, under its layer's name."""
        outputs = {-1: self.entrance.codes(x)}
        for place, step in enumerate(self.steps):
            outputs[place] = step.run(*(outputs[i] for i in step.sources))
        return {step.name: outputs[i] for i, step in enumerate(self.steps)}

    def activations(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return what the codes of every kernel stand for."""
        codes = self.codes(x)
        return {step.name: step.out.values(codes[step.name]) for step in self.steps}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return what the last codes stand for."""
        last = self.steps[-1]
        return last.out.values(self.codes(x)[last.name])

    @property
    def stored_bytes(self) -> int:
        """Bytes of the weights (one each) and of the biases (four each)."""
        return sum(
            value.size * (1 if name == "weight" else 4)
            for step in self.steps
            for name, value in step.stored.items()
        )


@door()
def convert(
    net: Network,
    x: np.ndarray,
    *,
    observer: Callable[[], Observer] = MinMax,
    axis: Axis = 0,
    bits: int = 8,
    rounding: str = "double",
) -> IntegerNetwork:
    """Return a trained network as integers: activations calibrated on `x`, weights
    mirrored around zero with a scale for each output channel (axis=None: for a tensor).

    Raises: ValueError that names a layer that has no integer kernel.
    """
    if rounding not in fixed.RULES:
        raise ValueError(f"rounding is one of {fixed.RULES}, got {rounding!r}")
    folded = fold(net)
    seen = observe(folded, x, observer)
    scheme = Scheme(bits, symmetric=False)
    how = _How(folded, seen, scheme, axis, rounding)
    places: dict[int, int] = {-1: -1}
    outs = {-1: seen[INPUT].affine(scheme)}
    steps: list[Step] = []
    for index, layer in enumerate(folded.model.layers):
        source = layer.inputs[0]
        if how.joins(index):
            places[index] = places[source]
            continue
        sources = tuple(places[i] for i in layer.inputs)
        step = how.step(index, layer, sources, [outs[i] for i in sources])
        places[index], outs[len(steps)] = len(steps), step.out
        steps.append(step)
    return IntegerNetwork(folded.model, outs[-1], tuple(steps))


@dataclass
class _How:
    """What a conversion knows: the folded network, its observers, and the choices."""

    net: Network
    seen: dict[str, Observer]
    scheme: Scheme
    axis: Axis
    rounding: str

    def joins(self, index: int) -> bool:
        """Tell whether a layer is a ReLU that the kernel before it takes in."""
        layers = self.net.model.layers
        source = layers[index].inputs[0]
        return self._is_relu(index) and source >= 0 and self.relu(source) is not None

    def relu(self, index: int) -> int | None:
        """Return the ReLU that alone reads a layer, if there is one."""
        layers = self.net.model.layers
        readers = [i for i, layer in enumerate(layers) if index in layer.inputs]
        fuses = layers[index].kind in FUSES and len(readers) == 1
        return readers[0] if fuses and self._is_relu(readers[0]) else None

    def _is_relu(self, index: int) -> bool:
        layer = self.net.model.layers[index]
        return layer.kind == "Activation" and layer.spec.kind == "relu"

    def step(
        self, index: int, layer: Layer, sources: tuple[int, ...], given: list[Affine]
    ) -> Step:
        """Return the integer kernel of a layer."""
        if layer.kind in PASSES:
            run = _passing(layer, given[0].scheme)
            return Step(layer.name, layer.kind, sources, run, given[0], {})
        if layer.kind not in FUSES:
            raise ValueError(
                f"layer {layer.name!r}: a {layer.kind} has no integer kernel here; "
                f"there are kernels for {', '.join((*FUSES, *PASSES))}, and ReLU "
                "behind the first three"
            )
        last = self.relu(index)
        name = self.net.model.layers[index if last is None else last].name
        out = self.seen[name].affine(self.scheme)
        if layer.kind == "Add":
            run = _adding(given, out, last is not None, self.rounding)
            return Step(name, layer.kind, sources, run, out, {})
        run, stored = self._weighted(layer, given[0], out, last is not None)
        return Step(name, layer.kind, sources, run, out, stored)

    def _weighted(self, layer: Layer, given: Affine, out: Affine, relu: bool) -> tuple:
        params = self.net.layer_params(layer.name)
        weight = fit(
            params["weight"], Scheme(self.scheme.bits, narrow=True), axis=self.axis
        )
        codes = weight.codes(params["weight"])
        scale = weight.scale * given.scale
        bias = np.rint(params.get("bias", np.zeros(len(codes))) / scale)
        stored = {
            "weight": codes,
            "bias": _checks.fits_int32(
                f"the bias of {layer.name!r}", bias.astype(np.int64)
            ),
        }
        to = integer.Rescale.between(scale, out, relu=relu, rounding=self.rounding)
        zero = int(given.zero_point)
        if layer.kind == "Linear":
            return lambda x: integer.linear(x, **stored, zero=zero, to=to), stored
        names = ("stride", "padding", "dilation", "groups")
        geometry = {name: getattr(layer.spec, name) for name in names}
        run = integer.conv2d
        return lambda x: run(x, **stored, zero=zero, to=to, **geometry), stored


def _adding(given: list[Affine], out: Affine, relu: bool, rounding: str) -> Callable:
    if len(given) != 2:
        raise ValueError(f"the integer Add takes two inputs, got {len(given)}")
    options = {"out": out, "relu": relu, "rounding": rounding}
    return lambda a, b: integer.add(a, b, scales=tuple(given), **options)


def _passing(layer: Layer, scheme: Scheme) -> Callable[[np.ndarray], np.ndarray]:
    """Return a kernel whose output has the scale of its input."""
    if layer.kind == "Flatten":
        return lambda x: x.reshape(len(x), -1)
    if layer.kind == "GlobalAvgPool2d":
        return integer.global_avg_pool2d
    names = ("kernel", "stride", "padding", "ceil_mode")
    window = {name: getattr(layer.spec, name) for name in names}
    if layer.kind == "MaxPool2d":
        return lambda x: integer.max_pool2d(x, **window)
    kernel = pair(window["kernel"])[0]
    plain = pair(window["kernel"]) == pair(window["stride"]) == (kernel, kernel)
    if not plain or pair(window["padding"]) != (0, 0):
        raise ValueError(
            f"layer {layer.name!r}: the integer average takes windows that tile the "
            f"map, got {window}"
        )
    return lambda x: integer.avg_pool2d(x, kernel, scheme)


@door()
def report(net: Network, integers: IntegerNetwork, x: np.ndarray) -> list[dict]:
    """Return how far each integer kernel's output lies from that of the trained
    network: signal-to-noise ratio, largest error in steps of its scale, codes at either
    end of the range.
    """
    exact, codes = fold(net).activations(x), integers.codes(x)
    return [
        _compared(step, exact[step.name], codes[step.name]) for step in integers.steps
    ]


def _compared(step: Step, exact: np.ndarray, codes: np.ndarray) -> dict:
    values, scheme = step.out.values(codes), step.out.scheme
    ends = Counter(codes.ravel().tolist())
    return {
        "layer": step.name,
        "kernel": step.kind,
        "scale": float(step.out.scale),
        "zero point": int(step.out.zero_point),
        "SNR (dB)": noise(exact, values),
        "worst error (steps)": float(np.abs(values - exact).max() / step.out.scale),
        "clipped above": ends[scheme.high] / codes.size,
    }
