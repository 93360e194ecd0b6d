"""A network as a list of resolved layers, and the builder that makes one.

>>> from dlpatterns.layers import Concat
>>> net = Builder("two branches", (3, 8, 8))
>>> left = net(Conv2d(4, 3, padding=1), net.input, name="left")
>>> right = net(Conv2d(4, 1), net.input, name="right")
>>> net.model(net(Concat(), left, right)).output_shape
(8, 8, 8)
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from .layers import BatchNorm2d, Conv2d, Shape, Spec


class Node(NamedTuple):
    """A value in a network under construction: the layer that made it (-1: the input)
    and its shape without the batch.
    """

    index: int
    shape: Shape
    owner: "Builder"


@dataclass(frozen=True)
class Layer:
    """A spec with a name, resolved: `inputs` are indices of earlier layers, -1 is the
    input of the model.
    """

    name: str
    spec: Spec
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape

    @property
    def kind(self) -> str:
        """The name of the spec's class, for instance "Conv2d"; of an `Operator`, the
        operation's own.
        """
        return getattr(self.spec, "operation", type(self.spec).__name__)


@dataclass(frozen=True)
class Model:
    """A whole network: its layers in an order in which they can run, and the paper it
    comes from.
    """

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]
    source: str = ""

    @property
    def output_shape(self) -> Shape:
        """The shape of what the last layer returns."""
        return self.layers[-1].output_shape

    def __getitem__(self, name: str) -> Layer:
        """Return the layer of that name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(
            f"{self.name} has no layer {name!r}; its layers: "
            f"{', '.join(x.name for x in self.layers)}"
        )

    def __repr__(self) -> str:
        return (
            f"Model({self.name!r}, {self.input_shape} -> {self.output_shape}, "
            f"{len(self.layers)} layers)"
        )


class Builder:
    """Adds one layer after another, checks the shapes at once, and ends in a frozen
    `Model`.
    """

    def __init__(self, name: str, input_shape: Shape, *, source: str = "") -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a network is a text, got {name!r}")
        shape = tuple(input_shape) if isinstance(input_shape, tuple | list) else ()
        if not shape or any(type(size) is not int or size < 1 for size in shape):
            raise ValueError(
                f"{name}: the input shape needs whole numbers of at least 1, got "
                f"{input_shape}"
            )
        self.name, self.source = name, source
        self.input = Node(-1, shape, self)
        self._layers: dict[str, Layer] = {}
        self._numbers: dict[str, int] = {}  # the last one given to a kind in a scope
        self._scopes: list[str] = []

    def __call__(self, spec: Spec, *inputs: Node, name: str | None = None) -> Node:
        """Add a layer that reads `inputs` and return its output.

        Raises: ValueError that names the layer and shows the shapes, if the spec does
        not fit them.
        """
        path = ".".join([*self._scopes, name or self._free_name(spec)])
        try:
            self._check(path, spec, inputs)
            shapes = tuple([node.shape for node in inputs])
            output = spec.output_shape(*shapes)
            layer = Layer(
                path, spec, tuple([node.index for node in inputs]), shapes, output
            )
            self._check_tie(layer)
        except ValueError as error:
            raise ValueError(f"{self.name}, layer {path!r}: {error}") from None
        self._layers[path] = layer
        return Node(len(self._layers) - 1, output, self)

    def chain(self, x: Node, *specs: Spec, names: tuple[str, ...] = ()) -> Node:
        """Add the specs one behind another and return the last output; `names` name the
        first of them.
        """
        for i, spec in enumerate(specs):
            x = self(spec, x, name=names[i] if i < len(names) else None)
        return x

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Put `name.` before the names of all layers added inside the with-block."""
        self._scopes.append(name)
        try:
            yield
        finally:
            self._scopes.pop()

    def model(self, output: Node) -> Model:
        """Return the finished network whose answer is `output`, which must be the last
        layer.
        """
        if (
            not self._layers
            or output.owner is not self
            or output.index != len(self._layers) - 1
        ):
            last = next(reversed(self._layers), "none yet")
            raise ValueError(
                f"{self.name}: the output must be what its last layer ({last}) "
                f"returned, got {output.shape}"
            )
        return Model(
            self.name, self.input.shape, tuple(self._layers.values()), self.source
        )

    def _free_name(self, spec: Spec) -> str:
        base = getattr(spec, "kind", type(spec).__name__).lower()
        path = ".".join([*self._scopes, base])
        number = self._numbers.get(path, 0) + 1
        while f"{path}{number}" in self._layers:
            number += 1
        self._numbers[path] = number
        return f"{base}{number}"

    def _check(self, path: str, spec: Spec, inputs: tuple[Node, ...]) -> None:
        """Raise ValueError unless spec, name and inputs can make a layer of this
        network.
        """
        if not isinstance(spec, Spec):
            raise ValueError(
                f"expected a layer spec such as Conv2d(64, 3), got {spec!r}"
            )
        if path in self._layers:
            raise ValueError(
                "the network has a layer of this name; give each its own, or put "
                "them "
                "into scopes"
            )
        for node in inputs:
            if not isinstance(node, Node):
                raise ValueError(
                    "an input must be what another layer returned, or net.input; "
                    "got "
                    f"{node!r}"
                )
            if node.owner is not self:
                raise ValueError(
                    f"an input {node.shape} belongs to another network, "
                    f"{node.owner.name}"
                )

    def _check_tie(self, layer: Layer) -> None:
        """Raise ValueError if the layer is tied to weights that do not exist or have
        another shape.
        """
        owner = getattr(layer.spec, "tied", None)
        if owner is None:
            return
        if owner not in self._layers:
            raise ValueError(f"tied to {owner!r}, but no earlier layer has that name")
        ours, theirs = _weight_shape(layer), _weight_shape(self._layers[owner])
        if ours != theirs:
            raise ValueError(
                f"tied to {owner!r}, but its weights are {theirs} and these are {ours}"
            )


def resized(model: Model, input_shape: Shape) -> Model:
    """Return the same layers for an input of another shape.

    Raises: ValueError that names the first layer which does not fit it.
    """
    if not isinstance(model, Model):
        raise TypeError(f"resized takes a network, got {model!r}")
    net = Builder(model.name, input_shape, source=model.source)
    nodes = [net.input]  # node i + 1 is what layer i returns
    for layer in model.layers:
        inputs = [nodes[place + 1] for place in layer.inputs]
        nodes.append(net(layer.spec, *inputs, name=layer.name))
    return net.model(nodes[-1])


def _weight_shape(layer: Layer) -> Shape | None:
    """Return the shape of the layer's weights, None if its spec has none to tie."""
    weight_shape = getattr(layer.spec, "weight_shape", lambda features: None)
    return weight_shape(layer.input_shapes[0][-1])


def fold_batch_norm(model: Model) -> Model:
    """Return the network as it runs at inference: each batch norm that alone reads a
    convolution becomes its bias.

    Scale and shift of a channel are multiplied into the filter and added to the bias
    once, before the network runs.

    >>> from dlpatterns import models
    >>> folded = fold_batch_norm(models.resnet50())
    >>> len(models.resnet50().layers) - len(folded.layers)
    53
    """
    if not isinstance(model, Model):
        raise TypeError(f"fold_batch_norm takes a Model, got {model!r}")
    readers = Counter(source for layer in model.layers for source in layer.inputs)
    folded = {
        index: layer.inputs[0]
        for index, layer in enumerate(model.layers)
        if _folds(model, layer, readers)
    }
    kept = [index for index in range(len(model.layers)) if index not in folded]
    places = {-1: -1} | {old: new for new, old in enumerate(kept)}
    places |= {norm: places[convolution] for norm, convolution in folded.items()}
    layers = [model.layers[index] for index in kept]
    for place in (places[convolution] for convolution in folded.values()):
        layers[place] = replace(
            layers[place], spec=replace(layers[place].spec, bias=True)
        )
    return replace(
        model,
        layers=tuple(
            replace(layer, inputs=tuple(places[i] for i in layer.inputs))
            for layer in layers
        ),
    )


def _folds(model: Model, layer: Layer, readers: Counter) -> bool:
    """Tell whether this is a batch norm that reads a convolution which no other layer
    reads.
    """
    source = layer.inputs[0]
    if not isinstance(layer.spec, BatchNorm2d) or source < 0:
        return False
    return readers[source] == 1 and isinstance(model.layers[source].spec, Conv2d)
