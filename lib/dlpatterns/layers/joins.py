"""Layers where branches meet."""

from dataclasses import dataclass
from math import prod

from .base import Shape, Spec, require_shapes


@dataclass(frozen=True)
class _Join(Spec):
    def _at_least_two(self, inputs: tuple[Shape, ...]) -> None:
        require_shapes(self, inputs)
        if len(inputs) < 2:
            raise ValueError(
                f"{type(self).__name__} joins two or more inputs, got {len(inputs)}: "
                f"{inputs}"
            )


@dataclass(frozen=True)
class Add(_Join):
    """The element-wise sum of inputs of one shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape that all inputs have."""
        self._at_least_two(inputs)
        if len(set(inputs)) > 1:
            raise ValueError(
                f"Add needs inputs of one shape, got {' and '.join(map(str, inputs))}; "
                "a 1 x 1 convolution with a stride brings a shortcut to the other's "
                "shape"
            )
        return inputs[0]


@dataclass(frozen=True)
class Multiply(_Join):
    """The element-wise product of two inputs; a (C, 1, 1) input scales the channels of
    a (C, H, W) input.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the larger shape."""
        self._at_least_two(inputs)
        small, large = sorted(inputs[:2], key=prod)
        if len(inputs) > 2 or small not in (large, (large[0], 1, 1)):
            raise ValueError(
                "Multiply needs two inputs of one shape, or (C, H, W) and (C, 1, 1); "
                f"got {' and '.join(map(str, inputs))}"
            )
        return large


@dataclass(frozen=True)
class Concat(_Join):
    """Inputs behind one another along the first axis (channels). Shapes: (C1, H, W),
    (C2, H, W) -> (C1 + C2, H, W).
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the common shape with the channels of all inputs."""
        self._at_least_two(inputs)
        if len({shape[1:] for shape in inputs}) > 1:
            raise ValueError(
                "Concat needs inputs that agree in all but the channels, got "
                f"{' and '.join(map(str, inputs))}; "
                "check stride and padding of the branches"
            )
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])
