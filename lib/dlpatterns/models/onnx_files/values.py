"""Values on their way through a graph, and the layers that are written down there."""

from dataclasses import dataclass, field
from math import prod

from ...graph import Layer
from ...layers import Given, Operator, Shape, Spec
from .parts import FLOATS, LARGEST, MOST_AXES, MOST_KEPT, Node
from .wire import Damaged

MOST_LAYERS = 1_000_000


@dataclass(frozen=True)
class Value:
    """What a name stands for: a shape and a type; the layer that made it (-1: the
    input), or None for a constant; the few numbers of a small constant; and, for a
    constant, the stored tensors that it comes from and their sizes.
    """

    shape: Shape
    dtype: int = 1
    layer: int | None = None
    data: tuple | None = None
    origins: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def constant(self) -> bool:
        """Whether it is known before the network runs."""
        return self.layer is None

    @property
    def trained(self) -> bool:
        """Whether it can be a parameter: a constant of several real numbers."""
        real = self.dtype in FLOATS and bool(self.origins)
        return self.constant and real and self.size > 1


class Misfit(ValueError):
    """A node whose inputs or attributes do not fit its operation."""


@dataclass
class Call:
    """A node with its inputs found."""

    node: Node
    inputs: list[Value | None]
    version: int

    def need(self, place: int) -> Value:
        """Return an input that must be there."""
        if place >= len(self.inputs) or self.inputs[place] is None:
            raise Misfit(f"input {place} is missing")
        return self.inputs[place]

    def maybe(self, place: int) -> Value | None:
        """Return an input, None if it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def whole(self, name: str, default: int) -> int:
        """Return an attribute that is a whole number."""
        value = self.node.attrs.get(name, default)
        if not isinstance(value, int):
            raise Misfit(f"{name} is {str(value)[:60]}, not a whole number")
        return value

    def wholes(self, name: str, default: list[int] | None = None) -> list[int]:
        """Return an attribute that is a list of whole numbers."""
        value = self.node.attrs.get(name, default)
        good = isinstance(value, list) and len(value) <= MOST_AXES
        if not good or not all(isinstance(one, int) for one in value):
            raise Misfit(f"{name} is {str(value)[:60]}, not a list of whole numbers")
        return value

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        value = self.node.attrs.get(name, default)
        if not isinstance(value, str):
            raise Misfit(f"{name} is {str(value)[:60]}, not a text")
        return value

    def known(self, place: int, what: str) -> tuple:
        """Return the numbers of an input that must be known beforehand."""
        value = self.need(place)
        if value.data is None:
            raise Misfit(
                f"{what} (input {place}) is known only when the network runs, or has "
                f"more than {MOST_KEPT:,} numbers"
            )
        return value.data

    def axes(self, place: int, rank: int) -> list[int] | None:
        """Return the axes that an attribute or, later, an input gives, None if none."""
        if "axes" in self.node.attrs:
            return [axis(one, rank) for one in self.wholes("axes")]
        if self.maybe(place) is None:
            return None
        return [axis(one, rank) for one in self.known(place, "axes")]


def axis(number: int, rank: int) -> int:
    """Return an axis counted from the front."""
    if not isinstance(number, int) or not -rank <= number < rank:
        raise Misfit(f"there is no axis {number} among {rank}")
    return number % rank


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape of what is computed value by value from these.

    >>> broadcast((4, 1), (3,))
    (4, 3)
    """
    rank = max(map(len, shapes))
    rows = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    out = []
    for sizes in zip(*rows, strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            raise Misfit(f"shapes {' and '.join(map(str, shapes))} do not fit")
        out.append(wide.pop() if wide else 1)
    return checked(tuple(out))


def checked(shape: Shape) -> Shape:
    """Return the shape if a tensor can have it."""
    whole = all(isinstance(size, int) and size >= 0 for size in shape)
    if not whole or len(shape) > MOST_AXES or prod(shape) > LARGEST:
        raise Misfit(f"the result would have the shape {str(shape)[:80]}")
    return shape


@dataclass
class Written:
    """The layers written so far, and which stored tensors they have counted."""

    layers: list[Layer] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    shapes: dict[int, Shape] = field(default_factory=dict)

    def add(
        self, call: Call, spec: Spec, *, inputs: list[Value], out: Shape | None = None
    ) -> int:
        """Write down a layer and return its number; `out` is its shape if the spec is
        to work it out from its inputs' own shapes.
        """
        if len(self.layers) >= MOST_LAYERS:
            raise Damaged(f"more than {MOST_LAYERS:,} layers")
        shapes = tuple(self._shape(value, spec) for value in inputs)
        output = spec.output_shape(*shapes)
        if out is not None and prod(output) != prod(out):
            raise Misfit(f"{spec} makes {output} of {shapes}, the file {out}")
        name = self._name(call)
        numbers = tuple(value.layer for value in inputs)
        self.layers.append(Layer(name, spec, numbers, shapes, output))
        return len(self.layers) - 1

    def _shape(self, value: Value, spec: Spec) -> Shape:
        if isinstance(spec, Operator | Given):
            return value.shape or (1,)
        return single(value.shape)

    def _name(self, call: Call) -> str:
        base = call.node.name or next(filter(None, call.node.outputs), "")
        base = (base or call.node.op).strip("/").replace("/", ".")[:200]
        number = self.names.get(base, 0)
        self.names[base] = number + 1
        return f"{base}#{number + 1}" if number else base

    def fresh(self, *values: Value | None) -> tuple[int, int]:
        """Return how many parameters these constants bring that no layer before has,
        and how many an earlier layer has.
        """
        new = old = 0
        for value in values:
            if value is None or not value.constant:
                continue
            for name, size in value.origins:
                old += self.counted.get(name, 0)
                if name not in self.counted:
                    self.counted[name] = size
                    new += size
        return new, old


def single(shape: Shape) -> Shape:
    """Return the shape of the one example in a batch of one.

    >>> single((1, 3, 8, 8)), single((4,))
    ((3, 8, 8), (4,))
    """
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape or (1,)
