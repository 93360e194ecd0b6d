"""Layers without windows: full connection, normalisation, activation, and what only
renames or reorders values.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from .base import Shape, Spec, one_input, require_axes

ACTIVATIONS = (
    "relu",
    "relu6",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "scaled_tanh",
    "silu",
    "gelu",
    "hardsigmoid",
    "hardswish",
)


@dataclass(frozen=True)
class Linear(Spec):
    """A full connection along the last axis. Shapes: (D,) -> (out_features,) or (T, D)
    -> (T, out_features).

    `tied` is the full name of the layer whose weights these are, so that they are
    counted once (an output projection that reuses the embedding).
    """

    out_features: int
    bias: bool = True
    tied: str | None = None

    def weight_shape(self, features: int) -> Shape:
        """Return (out_features, D), the shape of the weights for an input of so many
        features.
        """
        return (self.out_features, features)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the input's shape with `out_features` in the last place."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "D", "T D", hint="; put Flatten() in front of it")
        return (*shape[:-1], self.out_features)


@dataclass(frozen=True)
class EuclideanRBF(Spec):
    """LeNet-5's output: the squared distance to a fixed code, one per class.
    Shapes: (D,) -> (classes,).
    """

    classes: int

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (classes,)."""
        require_axes(self, one_input(self, inputs), "D")
        return (self.classes,)


@dataclass(frozen=True)
class BatchNorm2d(Spec):
    """Scale and shift each channel by statistics of the batch. Shapes: (C, H, W) -> the
    same; 2 C parameters.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "C H W")
        return inputs[0]


@dataclass(frozen=True)
class LayerNorm(Spec):
    """Normalise along the last axis, then scale and shift.

    Shapes: (D,) or (T, D) -> the same; 2 D parameters (D without bias).
    """

    bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "D", "T D")
        return inputs[0]


@dataclass(frozen=True)
class RMSNorm(Spec):
    """Divide by the root mean square along the last axis, then scale.

    Shapes: (D,) or (T, D) -> the same; D parameters.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "D", "T D")
        return inputs[0]


@dataclass(frozen=True)
class LocalResponseNorm(Spec):
    """Divide by a sum of squares over `size` neighbouring channels. Shapes: (C, H, W)
    -> the same.

    Source: Krizhevsky et al. 2012, section 3.3.
    """

    size: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size % 2 == 0:
            raise ValueError(
                f"{self}: size must be odd, with the channel in the middle; got "
                f"{self.size}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "C H W")
        return inputs[0]


@dataclass(frozen=True)
class Activation(Spec):
    """An element-wise function of the given kind; `ACTIVATIONS` lists the kinds. Shape:
    any -> the same.
    """

    kind: str

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in ACTIVATIONS:
            raise ValueError(
                f"Activation: unknown kind {self.kind!r}; known: "
                f"{', '.join(ACTIVATIONS)}"
            )


@dataclass(frozen=True)
class Softmax(Spec):
    """Exponentials that sum to one along the last axis. Shape: any -> the same."""


@dataclass(frozen=True)
class Dropout(Spec):
    """Zero a share of the values while training; nothing at inference. Shape: any ->
    the same.
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        number = isinstance(self.rate, int | float) and not isinstance(self.rate, bool)
        if not number or not 0 <= self.rate < 1:
            raise ValueError(
                f"Dropout: the rate must be at least 0 and below 1, got {self.rate!r}"
            )


@dataclass(frozen=True)
class Flatten(Spec):
    """All values in one row. Shape: any -> (D,)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (D,), D being the number of values."""
        return (prod(one_input(self, inputs)),)


@dataclass(frozen=True)
class Patches(Spec):
    """The positions of a map as a sequence, behind `extra` learned tokens. Shapes: (C,
    H, W) -> (H W + extra, C).

    One extra token is the class token of the vision transformer.
    """

    extra: int = 0
    least: ClassVar[dict[str, int]] = {"extra": 0}

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (T, C), T being the number of positions and extra tokens."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        return (shape[1] * shape[2] + self.extra, shape[0])


@dataclass(frozen=True)
class TakeToken(Spec):
    """One position of a sequence, counted from the end if negative. Shapes: (T, D) ->
    (D,).
    """

    index: int = -1

    def __post_init__(self) -> None:
        if isinstance(self.index, bool) or not isinstance(self.index, int):
            raise ValueError(f"{self}: index is a whole number, got {self.index!r}")

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (D,)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T D")
        if not -shape[0] <= self.index < shape[0]:
            raise ValueError(
                f"TakeToken: there is no token {self.index} in the {shape[0]} of "
                f"{shape}"
            )
        return shape[1:]


@dataclass(frozen=True)
class TakeChannels(Spec):
    """The channels from `start` up to `stop`. Shapes: (C, H, W) -> (stop - start, H,
    W).
    """

    start: int
    stop: int
    least: ClassVar[dict[str, int]] = {"start": 0}

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (stop - start, H, W)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        if not 0 <= self.start < self.stop <= shape[0]:
            raise ValueError(
                f"TakeChannels: {self.start} to {self.stop} do not lie in the "
                f"{shape[0]} channels of {shape}"
            )
        return (self.stop - self.start, *shape[1:])


@dataclass(frozen=True)
class ShuffleChannels(Spec):
    """Channels dealt out anew over the groups (ShuffleNet). Shape: (C, H, W) -> the
    same.
    """

    groups: int

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        if shape[0] % self.groups:
            raise ValueError(
                f"ShuffleChannels: {self.groups} groups do not divide the {shape[0]} "
                f"channels of {shape}"
            )
        return shape
