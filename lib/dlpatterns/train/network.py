"""A network that runs: every layer of a `graph.Model`, forward and backward, on the
kernels.

>>> from dlpatterns.graph import Builder
>>> from dlpatterns.layers import Activation, Linear
>>> net = Builder("two layers", (3,))
>>> model = net.model(net.chain(net.input, Linear(4), Activation("relu"), Linear(2)))
>>> Network(model).forward(np.ones((5, 3))).shape
(5, 2)
"""

from collections import defaultdict, deque
from collections.abc import Iterator

import numpy as np

from ..graph import Layer, Model
from ..layers import Embedding
from .channel_modules import MODULES
from .modules import Module


class Network:
    """The parameters of a model, initialised by `seed`, and what runs them.

    `params` and `grads` hold arrays under names such as "conv1.weight"; an array put in
    its place is used from then on. Numbers are float64 unless `dtype` says otherwise,
    so that a training run ends the same on every machine.
    Raises: ValueError that names the layer, if a layer of the model cannot run.
    """

    def __init__(
        self, model: Model, seed: int = 0, *, dtype: type = np.float64
    ) -> None:
        self.model, self.dtype = model, np.dtype(dtype)
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self.modules: dict[str, Module] = {}
        for index, layer in enumerate(model.layers):
            module = self.modules[layer.name] = _module(layer, (seed, index))
            params = module.initial(rectified=_meets_rectifier(model, layer))
            self.params |= {
                f"{layer.name}.{key}": value.astype(self.dtype)
                for key, value in params.items()
            }

    def forward(self, x: np.ndarray, *, training: bool = False) -> np.ndarray:
        """Return what the last layer answers to a batch. Shapes: N input_shape -> N
        output_shape.
        """
        return deque(self.steps(x, training=training), maxlen=1)[0][1]

    def activations(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return what every layer answers to a batch, under the layer's name."""
        return dict(self.steps(x))

    def steps(
        self, x: np.ndarray, *, training: bool = False
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Run one layer after another and yield each one's name and output."""
        outputs = {-1: self._checked(x)}
        self._batch = len(outputs[-1])
        for index, layer in enumerate(self.model.layers):
            inputs = [outputs[i] for i in layer.inputs]
            params = self.layer_params(layer.name)
            outputs[index] = self.modules[layer.name].forward(
                params, *inputs, training=training
            )
            yield layer.name, outputs[index]

    def backward(
        self, grad: np.ndarray, *, layer: str | None = None
    ) -> np.ndarray | None:
        """Carry a gradient back from the output of `layer` (default: the last) and
        return that of the input.

        Works on the batch that `forward` saw last, and leaves the parameters' gradients
        in `grads`, zero for parameters the gradient does not reach. The input's is None
        if the input is tokens.
        Raises: ValueError if the gradient does not have the shape of that layer's
        output.
        """
        start = self._index(layer)
        self._check_gradient(grad, start)
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        arriving = defaultdict(list, {start: [np.asarray(grad, dtype=self.dtype)]})
        for index in range(start, -1, -1):
            if index in arriving:
                self._backward_layer(index, sum(arriving.pop(index)), arriving)
        return sum(arriving[-1]) if arriving[-1] else None

    def layer_params(self, layer: str) -> dict[str, np.ndarray]:
        """Return the parameters of one layer under their short names, for instance
        "weight" and "bias".
        """
        return {key: self.params[f"{layer}.{key}"] for key in self.modules[layer].names}

    def _backward_layer(
        self, index: int, grad: np.ndarray, arriving: dict[int, list[np.ndarray]]
    ) -> None:
        layer = self.model.layers[index]
        to_inputs, to_params = self.modules[layer.name].backward(
            self.layer_params(layer.name), grad
        )
        self.grads |= {f"{layer.name}.{key}": value for key, value in to_params.items()}
        for source, gradient in zip(layer.inputs, to_inputs, strict=True):
            if gradient is not None:
                arriving[source].append(gradient)

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        if x.shape[1:] != self.model.input_shape:
            raise ValueError(
                f"{self.model.name} takes a batch of shape (N, "
                f"{', '.join(map(str, self.model.input_shape))}), got {x.shape}"
            )
        tokens = any(
            isinstance(layer.spec, Embedding) and -1 in layer.inputs
            for layer in self.model.layers
        )
        return x if tokens else np.asarray(x, dtype=self.dtype)

    def _check_gradient(self, grad: np.ndarray, start: int) -> None:
        if not hasattr(self, "_batch"):
            raise ValueError(
                f"{self.model.name}: backward needs a forward pass before it"
            )
        expected = (self._batch, *self.model.layers[start].output_shape)
        if np.shape(grad) != expected:
            name = self.model.layers[start].name
            raise ValueError(
                f"layer {name!r} returned shape {expected}, the gradient has "
                f"{np.shape(grad)}"
            )

    def _index(self, layer: str | None) -> int:
        return (
            len(self.model.layers) - 1
            if layer is None
            else self.model.layers.index(self.model[layer])
        )


def _module(layer: Layer, seed: tuple[int, int]) -> Module:
    module = MODULES.get(type(layer.spec))
    if module is None:
        raise ValueError(
            f"layer {layer.name!r}: a {layer.kind} {layer.input_shapes} -> "
            f"{layer.output_shape} can be counted "
            "but not run; layers that run: "
            f"{', '.join(kind.__name__ for kind in MODULES)}"
        )
    return module(layer, seed)


def _meets_rectifier(model: Model, layer: Layer) -> bool:
    """Return True if the first activation behind the layer keeps positive values and
    cuts negative ones.
    """
    behind = model.layers[model.layers.index(layer) + 1 :]
    kinds = [other.spec.kind for other in behind if other.kind == "Activation"]
    return bool(kinds) and kinds[0] not in (
        "sigmoid",
        "tanh",
        "scaled_tanh",
        "hardsigmoid",
    )
