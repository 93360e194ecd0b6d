"""Layers that bring the Transformer's parts to maps: normalisation and scaling of
channels, patches merged, attention in windows.
"""

from dataclasses import dataclass
from typing import ClassVar

from .base import Shape, Spec, one_input, require_axes


@dataclass(frozen=True)
class ChannelNorm(Spec):
    """Normalise over the channels at each position of a map, then scale and shift: what
    `LayerNorm` does to a row.

    Shapes: (C, H, W) -> the same; 2 C parameters. Source: Liu et al. 2022, ConvNeXt.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "C H W")
        return inputs[0]


@dataclass(frozen=True)
class ChannelScale(Spec):
    """Multiply each channel by a trained number (layer scale). Shapes: (C, H, W) -> the
    same; C parameters.

    Source: Touvron et al. 2021, Going deeper with image transformers.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        require_axes(self, one_input(self, inputs), "C H W")
        return inputs[0]


@dataclass(frozen=True)
class SpaceToDepth(Spec):
    """Squares of `block` x `block` positions become channels of one position, padded
    where the square does not fit.

    Shapes: (C, H, W) -> (C block^2, ceil(H / block), ceil(W / block)).
    """

    block: int

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape with fewer positions and more channels."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        rows, columns = (-(-size // self.block) for size in shape[1:])
        return (shape[0] * self.block**2, rows, columns)


@dataclass(frozen=True)
class WindowAttention(Spec):
    """Multi-head attention among the positions of each `window` x `window` window of a
    map (窗口注意力), with its four projections, all biased, and a bias for each
    relative position.

    Shapes: (C, H, W) -> the same. Windows that hang over the edge are padded. `grid`
    deals the positions out so that each window holds one of every so many (MaxViT);
    `shift` moves the windows (Swin). The biases are a table of (2 window - 1)^2 rows,
    or what a small network of `hidden` units makes of the distances (Swin V2), which
    needs no input and is done once, before the network runs. `cosine` divides queries
    and keys by their lengths, and scales each head by a trained number.
    """

    heads: int
    window: int
    shift: int = 0
    grid: bool = False
    hidden: int | None = None
    cosine: bool = False
    least: ClassVar[dict[str, int]] = {"shift": 0}

    def windows(self, shape: Shape) -> int:
        """Return how many windows cover a map of shape (C, H, W)."""
        rows, columns = (-(-size // self.window) for size in shape[1:])
        return rows * columns

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        if shape[0] % self.heads:
            raise ValueError(
                f"WindowAttention: {self.heads} heads do not divide the {shape[0]} "
                f"channels of {shape}"
            )
        return shape
