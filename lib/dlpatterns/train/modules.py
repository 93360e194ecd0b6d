"""One running layer per kind of spec: initial parameters, forward, backward; `MODULES`
maps specs to them.

A module keeps what its backward pass needs from the last forward pass. Parameters are
passed in, so that a caller may run a layer with other weights (rounded, masked) than
those it trains.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from .. import layers
from ..graph import Layer
from ..kernels import (
    activations,
    convolution,
    linear,
    normalisation,
    pooling,
    transposed,
)
from ..layers import Shape

Arrays = dict[str, np.ndarray]
Gradients = tuple[
    tuple[np.ndarray | None, ...], Arrays
]  # of the inputs, of the parameters

MODULES: dict[type, type["Module"]] = {}


def runs(*kinds: type) -> Callable[[type["Module"]], type["Module"]]:
    """Register the decorated class as the module of these kinds of layer."""

    def register(module: type["Module"]) -> type["Module"]:
        MODULES.update(dict.fromkeys(kinds, module))
        return module

    return register


class Module(ABC):
    """A layer that runs; `names` are its parameters."""

    names: tuple[str, ...] = ()

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        self.layer, self.spec = layer, layer.spec
        self.rng = np.random.default_rng(seed)
        self.inputs: tuple[np.ndarray, ...] = ()

    def initial(self, *, rectified: bool) -> Arrays:
        """Return the parameters to start from; `rectified` says that a ReLU or one of
        its kin follows.
        """
        return {}

    def forward(
        self, params: Arrays, *inputs: np.ndarray, training: bool
    ) -> np.ndarray:
        """Return the output for a batch, and remember the inputs."""
        self.inputs = inputs
        return self.run(params, *inputs, training=training)

    @abstractmethod
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        """Return the output for a batch."""

    @abstractmethod
    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        """Return the gradients of the inputs and of the parameters, given that of the
        output.
        """


def initial_weight(
    rng: np.random.Generator, shape: Shape, *, rectified: bool
) -> np.ndarray:
    """Draw weights so that a signal keeps its size through many layers.
    Shapes: outputs, inputs, window...

    Normal with variance 2 / fan-in before a rectifier, uniform with variance 2 /
    (fan-in + fan-out) otherwise.
    Source: He et al. 2015, equation 10; Glorot & Bengio 2010, equation 16.
    """
    window = int(np.prod(shape[2:]))
    fan_out, fan_in = shape[0] * window, shape[1] * window
    if rectified:
        return rng.normal(0, np.sqrt(2 / fan_in), shape)
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, shape)


# --- Weighted sums --------------------------------------------------------------------


class _Weighted(Module):
    """A layer with a weight and, if its spec has one, a bias."""

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        self.names = ("weight", "bias") if self.spec.bias else ("weight",)

    def initial(self, *, rectified: bool) -> Arrays:
        weight = initial_weight(self.rng, self.weight_shape(), rectified=rectified)
        return {"weight": weight} | (
            {"bias": np.zeros(weight.shape[0])} if self.spec.bias else {}
        )

    def weight_shape(self) -> Shape:
        """Return the shape of the weight, outputs first."""
        raise NotImplementedError

    def _named(self, weight: np.ndarray, bias: np.ndarray) -> Arrays:
        return {"weight": weight} | ({"bias": bias} if self.spec.bias else {})


@runs(layers.Linear)
class Linear(_Weighted):
    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        if self.spec.tied:
            raise ValueError(
                f"layer {layer.name!r}: a Linear tied to {self.spec.tied!r} can be "
                "counted but not run"
            )

    def weight_shape(self) -> Shape:
        return (self.spec.out_features, self.layer.input_shapes[0][-1])

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return linear.linear_matmul(inputs[0], params["weight"], params.get("bias"))

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        x, weight, bias = linear.linear_backward(grad, self.inputs[0], params["weight"])
        return (x,), self._named(weight, bias)


@runs(layers.Conv2d)
class Conv2d(_Weighted):
    def weight_shape(self) -> Shape:
        return self.spec.weight_shape(self.layer.input_shapes[0][0])

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return convolution.conv2d_fast(
            inputs[0], params["weight"], params.get("bias"), **self._geometry()
        )

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        x, weight, bias = convolution.conv2d_backward(
            grad, self.inputs[0], params["weight"], **self._geometry()
        )
        return (x,), self._named(weight, bias)

    def _geometry(self) -> dict:
        return {
            name: getattr(self.spec, name)
            for name in ("stride", "padding", "dilation", "groups")
        }


@runs(layers.ConvTranspose2d)
class ConvTranspose2d(_Weighted):
    def initial(self, *, rectified: bool) -> Arrays:
        """Draw the filters as if each output summed up a window; biases start at zero,
        one an output channel.
        """
        bias = {"bias": np.zeros(self.spec.out_channels)} if self.spec.bias else {}
        return super().initial(rectified=rectified) | bias

    def weight_shape(self) -> Shape:
        return self.spec.weight_shape(self.layer.input_shapes[0][0])

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return transposed.conv2d_transposed_columns(
            inputs[0], params["weight"], params.get("bias"), **self._geometry()
        )

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        x, weight, bias = transposed.conv2d_transposed_backward(
            grad, self.inputs[0], params["weight"], **self._geometry()
        )
        return (x,), self._named(weight, bias)

    def _geometry(self) -> dict:
        names = ("stride", "padding", "output_padding", "dilation", "groups")
        return {name: getattr(self.spec, name) for name in names}


# --- Layers without parameters --------------------------------------------------------


class Plain(Module):
    """A layer without parameters: `run` and `gradients` say all."""

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        return self.gradients(grad, *self.inputs), {}

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray | None, ...]:
        """Return the gradient of every input, None for one that takes none."""
        raise NotImplementedError


class _Pool(Plain):
    def _window(self) -> dict:
        if self.spec.dilation != 1:
            raise ValueError(
                f"layer {self.layer.name!r}: dilated pooling can be counted but not run"
            )
        return {
            name: getattr(self.spec, name)
            for name in ("kernel", "stride", "padding", "ceil_mode")
        }


@runs(layers.MaxPool2d)
class MaxPool2d(_Pool):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return pooling.max_pool2d_windows(inputs[0], **self._window())

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (pooling.max_pool2d_backward(grad, inputs[0], **self._window()),)


@runs(layers.AvgPool2d)
class AvgPool2d(_Pool):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return pooling.avg_pool2d_windows(inputs[0], **self._window())

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (pooling.avg_pool2d_backward(grad, inputs[0], **self._window()),)


@runs(layers.GlobalAvgPool2d)
class GlobalAvgPool2d(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return pooling.global_avg_pool2d(inputs[0])

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (pooling.global_avg_pool2d_backward(grad, inputs[0]),)


@runs(layers.Activation)
class Activation(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return activations.FUNCTIONS[self.spec.kind](inputs[0])

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (activations.BACKWARD[self.spec.kind](grad, inputs[0]),)


@runs(layers.Softmax)
class Softmax(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return activations.softmax(inputs[0])

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (activations.softmax_backward(grad, inputs[0]),)


@runs(layers.Dropout)
class Dropout(Plain):
    """Zeroes a share of the values while training and enlarges the others, so that
    their mean stays.
    """

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        x, keep = inputs[0], 1 - self.spec.rate
        self.mask = (
            (self.rng.random(x.shape) < keep).astype(x.dtype) / keep
            if training
            else np.ones((), x.dtype)
        )
        return x * self.mask

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (grad * self.mask,)


@runs(layers.Flatten)
class Flatten(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0].reshape(len(inputs[0]), -1)

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (grad.reshape(inputs[0].shape),)


@runs(layers.Patches)
class Patches(Plain):
    """The positions of a map as a sequence; learned extra tokens do not run."""

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        if self.spec.extra:
            raise ValueError(
                f"layer {layer.name!r}: Patches with {self.spec.extra} learned "
                "tokens "
                "can be counted but not run"
            )

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0].reshape(*inputs[0].shape[:2], -1).swapaxes(1, 2)

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (grad.swapaxes(1, 2).reshape(inputs[0].shape),)


@runs(layers.TakeToken)
class TakeToken(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0][:, self.spec.index]

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        to_x = np.zeros_like(inputs[0])
        to_x[:, self.spec.index] = grad
        return (to_x,)


@runs(layers.LocalResponseNorm)
class LocalResponseNorm(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return normalisation.local_response_norm(inputs[0], self.spec.size)

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        raise ValueError(
            f"layer {self.layer.name!r}: LocalResponseNorm runs forward only; "
            "train "
            "with BatchNorm2d"
        )


# --- Where branches meet --------------------------------------------------------------


@runs(layers.Add)
class Add(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return sum(inputs[1:], start=inputs[0])

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (grad,) * len(inputs)


@runs(layers.Multiply)
class Multiply(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0] * inputs[1]

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return tuple(
            _summed(grad * other, mine.shape) for mine, other in (inputs, inputs[::-1])
        )


@runs(layers.Concat)
class Concat(Plain):
    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return np.concatenate(inputs, axis=1)

    def gradients(
        self, grad: np.ndarray, *inputs: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        ends = np.cumsum([x.shape[1] for x in inputs])
        return tuple(np.split(grad, ends[:-1], axis=1))


def _summed(grad: np.ndarray, shape: Shape) -> np.ndarray:
    """Sum a gradient over the axes along which its input was repeated."""
    repeated = tuple(
        i for i, size in enumerate(shape) if size == 1 and grad.shape[i] > 1
    )
    return grad.sum(axis=repeated, keepdims=True)


# --- Normalisation --------------------------------------------------------------------


@runs(layers.BatchNorm2d)
class BatchNorm2d(Module):
    """Normalises by the batch's statistics while training, and by their running means
    otherwise.
    """

    names = ("scale", "shift")
    momentum = 0.1

    def initial(self, *, rectified: bool) -> Arrays:
        channels = self.layer.output_shape[0]
        self.mean, self.variance = np.zeros(channels), np.ones(channels)
        return {"scale": np.ones(channels), "shift": np.zeros(channels)}

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        self.training = training
        statistics = self._update(inputs[0]) if training else (self.mean, self.variance)
        mean, variance = (value.astype(inputs[0].dtype) for value in statistics)
        return normalisation.batch_norm(inputs[0], mean, variance, **params)

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        x, scale = self.inputs[0], params["scale"]
        if self.training:
            to_x, to_scale, to_shift = normalisation.batch_norm_backward(grad, x, scale)
        else:
            deviation = np.sqrt(self.variance + normalisation.EPS).astype(x.dtype)[
                :, None, None
            ]
            normal = (x - self.mean.astype(x.dtype)[:, None, None]) / deviation
            to_x = grad * scale[:, None, None] / deviation
            to_scale, to_shift = (
                (grad * normal).sum(axis=(0, 2, 3)),
                grad.sum(axis=(0, 2, 3)),
            )
        return (to_x,), {"scale": to_scale, "shift": to_shift}

    def _update(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, variance = normalisation.batch_statistics(x)
        values = x.size // x.shape[1]
        if values < 2:
            raise ValueError(
                f"layer {self.layer.name!r}: a batch {x.shape} has one value a "
                "channel, which has no variance"
            )
        unbiased = variance * values / (values - 1)
        self.mean = (1 - self.momentum) * self.mean + self.momentum * mean
        self.variance = (1 - self.momentum) * self.variance + self.momentum * unbiased
        return mean, variance


@runs(layers.LayerNorm)
class LayerNorm(Module):
    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        self.names = ("scale", "shift") if self.spec.bias else ("scale",)

    def initial(self, *, rectified: bool) -> Arrays:
        features = self.layer.output_shape[-1]
        return {name: np.full(features, float(name == "scale")) for name in self.names}

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return normalisation.layer_norm(inputs[0], params["scale"], params.get("shift"))

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        x, scale, shift = normalisation.layer_norm_backward(
            grad, self.inputs[0], params["scale"]
        )
        return (x,), {"scale": scale, "shift": shift} if self.spec.bias else {
            "scale": scale
        }
