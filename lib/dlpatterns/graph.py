"""A network as a list of resolved layers, and the builder that makes one.

>>> net = Builder("two branches", (3, 8, 8))
>>> left = net(Conv2d(4, 3, padding=1), net.input, name="left")
>>> right = net(Conv2d(4, 1), net.input, name="right")
>>> net.model(net(Concat(), left, right)).output_shape
(8, 8, 8)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from .layers import Concat, Conv2d, Shape, Spec  # noqa: F401  (Concat and Conv2d serve the doctest)


class Node(NamedTuple):
    """A value in a network under construction: which layer made it (-1: the input) and its shape without the batch."""

    index: int
    shape: Shape
    owner: object


@dataclass(frozen=True)
class Layer:
    """A spec with a name, resolved: `inputs` are indices of earlier layers, -1 is the input of the model."""

    name: str
    spec: Spec
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape

    @property
    def kind(self) -> str:
        """The name of the spec's class, for instance "Conv2d"."""
        return type(self.spec).__name__


@dataclass(frozen=True)
class Model:
    """A whole network: its layers in an order in which they can run, and the paper it comes from."""

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
        raise KeyError(f"{self.name} has no layer {name!r}; its layers: {', '.join(x.name for x in self.layers)}")

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.input_shape} -> {self.output_shape}, {len(self.layers)} layers)"


class Builder:
    """Adds one layer after another, checks the shapes at once, and ends in a frozen `Model`."""

    def __init__(self, name: str, input_shape: Shape, *, source: str = "") -> None:
        shape = tuple(input_shape)
        if not shape or any(not isinstance(size, int) or size < 1 for size in shape):
            raise ValueError(f"{name}: the input shape needs whole numbers of at least 1, got {input_shape}")
        self.name, self.source = name, source
        self.input = Node(-1, shape, self)
        self._layers: list[Layer] = []
        self._names: set[str] = set()
        self._scopes: list[str] = []

    def __call__(self, spec: Spec, *inputs: Node, name: str | None = None) -> Node:
        """Add a layer that reads `inputs` and return its output.

        Raises: ValueError that names the layer and shows the shapes, if the spec does not fit them.
        """
        path = ".".join([*self._scopes, name or self._free_name(spec)])
        shapes = self._shapes_of(path, spec, inputs)
        try:
            output = spec.output_shape(*shapes)
        except ValueError as error:
            raise ValueError(f"{self.name}, layer {path!r}: {error}") from None
        self._names.add(path)
        self._layers.append(Layer(path, spec, tuple(node.index for node in inputs), shapes, output))
        return Node(len(self._layers) - 1, output, self)

    def chain(self, x: Node, *specs: Spec, names: tuple[str, ...] = ()) -> Node:
        """Add the specs one behind another and return the last output; `names` name the first of them."""
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
        """Return the finished network whose answer is `output`, which must be the last layer."""
        if not self._layers or output.index != len(self._layers) - 1:
            raise ValueError(f"{self.name}: the output must be the last of its {len(self._layers)} layers, got {output.index}")
        return Model(self.name, self.input.shape, tuple(self._layers), self.source)

    def _free_name(self, spec: Spec) -> str:
        prefix = ".".join([*self._scopes, ""])
        base = getattr(spec, "kind", type(spec).__name__).lower()
        number = 1
        while f"{prefix}{base}{number}" in self._names:
            number += 1
        return f"{base}{number}"

    def _shapes_of(self, path: str, spec: Spec, inputs: tuple[Node, ...]) -> tuple[Shape, ...]:
        if not isinstance(spec, Spec):
            raise ValueError(f"{self.name}, layer {path!r}: expected a layer spec such as Conv2d(64, 3), got {spec!r}")
        if path in self._names:
            raise ValueError(f"{self.name}: two layers are called {path!r}; give each a name of its own")
        if any(not isinstance(node, Node) or node.owner is not self for node in inputs):
            raise ValueError(f"{self.name}, layer {path!r}: inputs must be nodes of this builder, got {inputs}")
        return tuple(node.shape for node in inputs)
