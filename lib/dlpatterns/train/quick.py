"""Small image networks trained faster: the same steps as `network` and `loop`, with the
images along the last axis.

Maps are kept as C P N (channels, places, images). A 1 x 1 convolution is then one
matrix product, a depthwise one a product a channel with a matrix of its nine weights,
and a channel's statistics are sums along one line of memory. Convolutions keep the size
of their map: stride 1, no dilation. `benchmarks/experiments/efficient_blocks.py` trains
with it; the tests hold each step to that of `network.Network`.
"""

from collections import defaultdict
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from ..graph import Layer, Model
from ..kernels.normalisation import EPS
from .network import Network

Maps = list[np.ndarray]
MOMENTUM = 0.1


class Part:
    """A running layer; what backward needs it keeps from the last forward."""

    def __init__(self, layer: Layer, params: dict, grads: dict) -> None:
        self.layer, self.spec = layer, layer.spec
        self.params, self.grads = params, grads
        self.prepare()

    def prepare(self) -> None:
        """Compute once what depends on the layer alone."""

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        """Return the output for a batch."""
        raise NotImplementedError

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        """Store the gradients of the parameters, return those of the inputs; `wanted`
        is False where nobody asks for them.
        """
        raise NotImplementedError


# --- Weighted sums --------------------------------------------------------------------


@cache
def moves(shape: tuple[int, int], kernel: tuple[int, int]) -> np.ndarray:
    """Return which place each weight of a filter reads for each place it writes: K P,
    and P for places outside the map.
    """
    (rows, columns), (high, wide) = shape, kernel
    r, c = np.divmod(np.arange(rows * columns), columns)
    found = []
    for i in range(high):
        for j in range(wide):
            y, x = r + i - high // 2, c + j - wide // 2
            inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
            found.append(np.where(inside, y * columns + x, rows * columns))
    return np.array(found)


class Conv2d(Part):
    """A convolution that keeps the size of its map."""

    def prepare(self) -> None:
        spec, (channels, *size) = self.spec, self.layer.input_shapes[0]
        self.kernel = _pair(spec.kernel)
        same = tuple(k // 2 for k in self.kernel)
        if (_pair(spec.stride), _pair(spec.dilation)) != ((1, 1), (1, 1)) or _pair(
            spec.padding
        ) != same:
            raise ValueError(
                f"layer {self.layer.name!r}: convolutions run here keep the size of "
                f"their map; got {spec}"
            )
        self.groups, self.channels = spec.groups, channels
        self.places = moves(tuple(size), self.kernel)
        self.depthwise = self.groups == channels == spec.out_channels > 1
        self.few = 2 * spec.out_channels < channels and len(self.places) > 1

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        (self.x,) = (x,) = inputs
        weight = self.params["weight"]
        if self.depthwise:
            self.matrix = self._matrix(weight)
            out = np.matmul(self.matrix, x)
        else:
            out = self._product(x, weight)
        if self.spec.bias:
            out += self.params["bias"][:, None, None]
        return out

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        if self.spec.bias:
            self.grads["bias"][...] = grad.sum(axis=(1, 2))
        if self.depthwise:
            return self._backward_depthwise(grad, wanted)
        back = self._columns(grad) if wanted else None
        self.grads["weight"][...] = self._slope(grad, back)
        if not wanted:
            return [None]
        turned = self._table()[..., ::-1].transpose(0, 2, 1, 3)  # G C M K
        turned = turned.reshape(self.groups, turned.shape[1], -1)
        return [np.matmul(turned, back).reshape(self.x.shape)]

    def _product(self, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Multiply the filters with what they read; where they are few beside the
        channels, multiply first and move what comes out.
        """
        if self.few:
            table = self._table().transpose(0, 1, 3, 2)  # G M K C
            lines = table.reshape(self.groups, -1, table.shape[-1])
            products = np.matmul(lines, x.reshape(self.groups, -1, x[0].size))
            return self._gathered(products.reshape(len(weight), -1, *x.shape[1:]))
        self.columns = self._columns(x)
        lines = weight.reshape(self.groups, len(weight) // self.groups, -1)
        return np.matmul(lines, self.columns).reshape(len(weight), *x.shape[1:])

    def _slope(self, grad: np.ndarray, back: np.ndarray | None) -> np.ndarray:
        """Return the gradient of the weights, from what the filters read or from what
        reads their output, whichever is smaller.
        """
        shape = self.params["weight"].shape
        if not self.few:
            lines = grad.reshape(self.groups, -1, grad[0].size)
            return np.matmul(lines, self.columns.swapaxes(1, 2)).reshape(shape)
        lines = self.x.reshape(self.groups, -1, grad[0].size)
        found = np.matmul(back, lines.swapaxes(1, 2))  # G M·K C
        found = found.reshape(shape[0], -1, shape[1])[:, ::-1]
        return found.transpose(0, 2, 1).reshape(shape)

    def _table(self) -> np.ndarray:
        """Return the weights as groups, filters, channels, places. Shape: G M C K."""
        weight = self.params["weight"]
        per = len(weight) // self.groups
        return weight.reshape(self.groups, per, weight.shape[1], -1)

    def _columns(self, x: np.ndarray) -> np.ndarray:
        """Lay out what each place's filters read. Shapes: C P N -> G C/G·K P·N."""
        if len(self.places) == 1:
            return x.reshape(self.groups, -1, x[0].size)
        edge = np.zeros((len(x), 1, x.shape[2]), x.dtype)
        edged = np.concatenate([x, edge], axis=1)
        columns = edged.take(self.places.ravel(), axis=1, mode="clip")
        return columns.reshape(self.groups, -1, x[0].size)

    def _gathered(self, products: np.ndarray) -> np.ndarray:
        """Add to each place the products of all places that its filter reads. Shapes:
        M K P N -> M P N.
        """
        out = np.zeros_like(products[:, 0])
        for k, places in enumerate(self.places):
            inside = places < out.shape[1]
            out[:, inside] += products[:, k].take(places[inside], axis=1)
        return out

    def _matrix(self, weight: np.ndarray) -> np.ndarray:
        """Return each channel's filter as a matrix from places to places."""
        lines = weight.reshape(len(weight), -1)
        size = self.places.shape[1]
        matrix = np.zeros((len(weight), size, size + 1), weight.dtype)
        rows = np.arange(size)
        for k, places in enumerate(self.places):
            matrix[:, rows, places] = lines[:, k, None]
        return matrix[:, :, :size]

    def _backward_depthwise(self, grad: np.ndarray, wanted: bool) -> Maps:
        outer = np.matmul(grad, self.x.swapaxes(1, 2))  # C P P
        target, rows = self.grads["weight"], np.arange(outer.shape[1])
        lines = target.reshape(len(target), -1)
        for k, places in enumerate(self.places):
            inside = places < len(rows)
            lines[:, k] = outer[:, rows[inside], places[inside]].sum(axis=1)
        return [np.matmul(self.matrix.swapaxes(1, 2), grad) if wanted else None]


class Linear(Part):
    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        (self.x,) = inputs
        out = self.params["weight"] @ self.x
        return out + self.params["bias"][:, None] if self.spec.bias else out

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        self.grads["weight"][...] = grad @ self.x.T
        if self.spec.bias:
            self.grads["bias"][...] = grad.sum(axis=1)
        return [self.params["weight"].T @ grad]


# --- Normalisation --------------------------------------------------------------------


class BatchNorm2d(Part):
    """Normalises by the batch while training, by running means otherwise."""

    def prepare(self) -> None:
        channels = self.layer.output_shape[0]
        self.mean, self.variance = np.zeros(channels), np.ones(channels)

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        x = inputs[0].reshape(len(inputs[0]), -1)
        scale, shift = self.params["scale"], self.params["shift"]
        if training:
            self.centred = x - x.mean(axis=1)[:, None]
            variance = _dot(self.centred, self.centred) / x.shape[1]
            self._remember(x, variance)
            self.inverse = 1 / np.sqrt(variance + x.dtype.type(EPS))
            out = self.centred * (self.inverse * scale)[:, None]
        else:
            factor = scale / np.sqrt(self.variance + EPS).astype(x.dtype)
            out = x * factor[:, None]
            shift = shift - self.mean.astype(x.dtype) * factor
        out += shift[:, None]
        return out.reshape(inputs[0].shape)

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        lines = grad.reshape(len(grad), -1)
        to_shift, along = lines.sum(axis=1), _dot(lines, self.centred) * self.inverse
        self.grads["shift"][...], self.grads["scale"][...] = to_shift, along
        values, factor = lines.shape[1], self.params["scale"] * self.inverse
        out = self.centred * (-factor * along * self.inverse / values)[:, None]
        out += lines * factor[:, None]
        out -= (factor * to_shift / values)[:, None]
        return [out.reshape(grad.shape)]

    def _remember(self, x: np.ndarray, variance: np.ndarray) -> None:
        values = x.shape[1]
        self.mean += MOMENTUM * (x.mean(axis=1) - self.mean)
        self.variance += MOMENTUM * (variance * values / (values - 1) - self.variance)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inner product of each row with its like."""
    return np.matmul(a[:, None], b[:, :, None])[:, 0, 0]


# --- Without parameters ---------------------------------------------------------------


class Activation(Part):
    def prepare(self) -> None:
        if self.spec.kind not in ("relu", "sigmoid"):
            raise ValueError(
                f"layer {self.layer.name!r}: {self.spec.kind!r} does not run here, "
                "only relu and sigmoid do"
            )

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        (x,) = inputs
        if self.spec.kind == "relu":
            self.out = np.maximum(x, 0)
        else:
            with np.errstate(over="ignore"):  # far below zero the gate is shut
                self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        if self.spec.kind == "relu":
            return [grad * (self.out > 0)]
        return [grad * self.out * (1 - self.out)]


class Add(Part):
    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        self.count = len(inputs)
        return sum(inputs[1:], start=inputs[0])

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return [grad] * self.count


class Multiply(Part):
    """A map times one value a channel."""

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        self.x, self.gate = inputs
        return self.x * self.gate

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return [grad * self.gate, (grad * self.x).sum(axis=1, keepdims=True)]


class Concat(Part):
    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        self.ends = np.cumsum([len(x) for x in inputs])[:-1]
        return np.concatenate(inputs)

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return np.split(grad, self.ends)


class ShuffleChannels(Part):
    """Writes the channels into rows and reads them by columns."""

    def prepare(self) -> None:
        channels = self.layer.output_shape[0]
        self.order = np.arange(channels).reshape(self.spec.groups, -1).T.ravel()

    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        return inputs[0][self.order]

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return [grad[np.argsort(self.order)]]


class GlobalAvgPool2d(Part):
    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        self.places = inputs[0].shape[1]
        return inputs[0].mean(axis=1, keepdims=True)

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return [np.repeat(grad / self.places, self.places, axis=1)]


class Flatten(Part):
    def forward(self, inputs: Maps, training: bool) -> np.ndarray:
        self.shape = inputs[0].shape
        return inputs[0].reshape(-1, self.shape[-1])

    def backward(self, grad: np.ndarray, wanted: bool) -> Maps:
        return [grad.reshape(self.shape)]


PARTS = {
    kind.__name__: kind
    for kind in (
        Conv2d, Linear, BatchNorm2d, Activation, Add, Multiply, Concat,
        ShuffleChannels, GlobalAvgPool2d, Flatten,
    )
}  # fmt: skip


class Trainer:
    """A network with the first weights of `Network(model, seed)`, and its training by
    Adam.

    `params` holds the arrays under the names that `Network` gives them; all are views
    of one vector, so that a step of Adam is a few operations.
    Raises: ValueError that names a layer that does not run here.
    """

    def __init__(self, model: Model, seed: int = 0, *, dtype: type = np.float32):
        start = Network(model, seed, dtype=dtype).params
        self.model, self.dtype = model, np.dtype(dtype)
        self.values, self.params = _views(start, fill=True)
        self.slopes, self.grads = _views(start, fill=False)
        self.mean, self.square = (np.zeros_like(self.values) for _ in range(2))
        self.steps = 0
        self.parts = [self._part(layer) for layer in model.layers]

    def _part(self, layer: Layer) -> Part:
        if layer.kind not in PARTS:
            raise ValueError(f"layer {layer.name!r}: a {layer.kind} does not run here")
        mine = [
            {
                name.removeprefix(f"{layer.name}."): value
                for name, value in arrays.items()
                if name.rpartition(".")[0] == layer.name
            }
            for arrays in (self.params, self.grads)
        ]
        return PARTS[layer.kind](layer, *mine)

    def forward(self, x: np.ndarray, *, training: bool = False) -> np.ndarray:
        """Return what the network answers to a batch. Shapes: N C H W -> outputs N."""
        maps = np.ascontiguousarray(x.reshape(*x.shape[:2], -1).transpose(1, 2, 0))
        outputs = {-1: maps.astype(self.dtype)}
        for index, (layer, part) in enumerate(
            zip(self.model.layers, self.parts, strict=True)
        ):
            inputs = [outputs[i] for i in layer.inputs]
            outputs[index] = part.forward(inputs, training)
        return outputs[len(self.parts) - 1]

    def backward(self, grad: np.ndarray) -> None:
        """Carry a gradient of the outputs back to all parameters."""
        arriving = defaultdict(list, {len(self.parts) - 1: [grad]})
        for index in range(len(self.parts) - 1, -1, -1):
            layer, wanted = self.model.layers[index], -1 not in self._inputs(index)
            found = arriving.pop(index)
            total = found[0] if len(found) == 1 else sum(found[1:], start=found[0])
            to_inputs = self.parts[index].backward(total, wanted)
            for source, gradient in zip(layer.inputs, to_inputs, strict=True):
                if source >= 0:
                    arriving[source].append(gradient)

    def _inputs(self, index: int) -> tuple[int, ...]:
        return self.model.layers[index].inputs

    def step(self, x: np.ndarray, labels: np.ndarray, rate: float) -> float:
        """Train on one batch; return its mean loss before the step."""
        logits = self.forward(x, training=True)
        logits = logits - logits.max(axis=0)
        chances = np.exp(logits)
        chances /= chances.sum(axis=0)
        row = np.arange(len(labels))
        loss = -float(np.log(np.maximum(chances[labels, row], 1e-30)).mean())
        chances[labels, row] -= 1
        self.backward(chances / self.dtype.type(len(labels)))
        self._adam(rate)
        return loss

    def _adam(self, rate: float) -> None:
        """Step against the mean slope over its root mean square. Source: Kingma & Ba
        2015, algorithm 1.
        """
        self.steps += 1
        self.mean += 0.1 * (self.slopes - self.mean)
        self.square += 0.001 * (self.slopes**2 - self.square)
        mean, square = (
            store / self.dtype.type(1 - beta**self.steps)
            for store, beta in ((self.mean, 0.9), (self.square, 0.999))
        )
        self.values -= rate * mean / (np.sqrt(square) + 1e-8)

    @threadpool_limits.wrap(limits=1)
    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Return the share of images whose largest output is their label."""
        return float((self.forward(x).argmax(axis=0) == labels).mean())


@threadpool_limits.wrap(limits=1)
def fit(
    net: Trainer,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int,
    rate: float,
    seed: int = 0,
) -> list[float]:
    """Train `epochs` times over the images in shuffled batches of one size, the rate
    falling to zero by half of a cosine's period; return the mean loss an epoch. Images
    that fill no batch sit out an epoch.

    Raises: ValueError if there are fewer images than a batch, or other than labels.
    """
    if not 1 <= batch <= len(x) or len(x) != len(labels):
        raise ValueError(
            f"a batch of {batch!r} needs as many images with their labels; got "
            f"{len(x)} images and {len(labels)} labels"
        )
    rng, losses, per = np.random.default_rng(seed), [], len(x) // batch
    for epoch in range(epochs):
        order = rng.permutation(len(x))[: per * batch].reshape(per, batch)
        steps = epoch * per + np.arange(per)
        rates = rate * (1 + np.cos(np.pi * steps / (epochs * per))) / 2
        found = [
            net.step(x[r], labels[r], lr) for r, lr in zip(order, rates, strict=True)
        ]
        losses.append(float(np.mean(found)))
    return losses


def _views(start: dict, *, fill: bool) -> tuple[np.ndarray, dict]:
    """Return one vector for all arrays, and a view of it for each."""
    dtype = next(iter(start.values())).dtype
    vector = np.zeros(sum(value.size for value in start.values()), dtype)
    views, at = {}, 0
    for name, value in start.items():
        views[name] = vector[at : at + value.size].reshape(value.shape)
        if fill:
            views[name][...] = value
        at += value.size
    return vector, views


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
