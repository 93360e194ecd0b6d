"""An operation that was read from a file, with what it works on already counted."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Shape, Spec, require_shapes


@dataclass(frozen=True)
class Operator(Spec):
    """An operation of a file that no other kind of layer describes; it goes by its name
    there.

    Shapes: any -> `shape`, the batch included. `matrices` are its matrix products, (m,
    k, n, times) each; `weights` and `extras` its parameters, `tied` those that an
    earlier layer has; `work` names its other operations and how many there are. With
    `writes` False the values only get another shape.
    """

    operation: str
    shape: Shape
    matrices: tuple[tuple[int, int, int, int], ...] = ()
    weights: int = 0
    extras: int = 0
    tied: int = 0
    work: tuple[tuple[str, int], ...] = ()
    writes: bool = True
    least: ClassVar[dict[str, int]] = {"weights": 0, "extras": 0, "tied": 0}

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape that the file gives."""
        require_shapes(self, (*inputs, self.shape))
        return self.shape
