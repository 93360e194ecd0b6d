"""An array of elements that multiplies every weight that is not zero with every
activation that is not zero, of one channel at a time, as SCNN does; and a dense array
as large, beside it.

Each of P × P elements holds a tile of the map, and has F × I multipliers: in a beat F
weights meet I activations of one input channel. Filters come in groups; all elements
wait for the slowest before the next group. Source: Parashar et al. 2017.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..graph import Layer
from ..layers.base import pair
from ..models import ZOO
from .systolic import _must_be_sizes


@dataclass(frozen=True)
class Cartesian:
    """Elements on a side, weights and activations that meet in a beat, and filters that
    an element's accumulators hold at once.
    """

    side: int = 8
    weights: int = 4
    activations: int = 4
    group: int = 8

    def __post_init__(self) -> None:
        _must_be_sizes(vars(self))

    @property
    def multipliers(self) -> int:
        """All multipliers of the array."""
        return self.side**2 * self.weights * self.activations


@dataclass(frozen=True)
class Beats:
    """What a convolution takes: beats, products of two numbers that are not zero, the
    beats of a dense array with as many multipliers, and all MACs; weights and
    activations read by all elements, and activations that the dense array reads.

    An activation is read once for each group of filters, a weight once for each vector
    of activations that it meets. `width` is an element's multipliers.
    """

    beats: int
    products: int
    dense: int
    macs: int
    multipliers: int
    weight_reads: int = 0
    activation_reads: int = 0
    dense_reads: int = 0
    width: int = 16

    @property
    def utilisation(self) -> float:
        """Products a multiplier and beat."""
        return self.products / (self.beats * self.multipliers)

    @property
    def speedup(self) -> float:
        """The dense array's beats for one of this."""
        return self.dense / self.beats

    @property
    def against_full(self) -> float:
        """The beats of a dense array whose multipliers never idle, for one of this."""
        return self.macs / self.multipliers / self.beats


def convolution(
    weights: np.ndarray,
    maps: np.ndarray,
    outputs: tuple[int, int],
    array: Cartesian,
    *,
    stride: int = 1,
) -> Beats:
    """Return what a convolution takes of which only the places of zeros are known.
    Shapes: weights M C R S, maps C H W; outputs P, Q.

    With a stride each weight meets only the activations of its own phase. Products that
    fall beside the results are done and count. The dense array cuts the results among
    the same elements; in a beat each adds F × I products of one result, over input
    channels.
    """
    weights, maps = np.asarray(weights) != 0, np.asarray(maps) != 0
    if weights.ndim != 4 or maps.ndim != 3 or weights.shape[1] != maps.shape[0]:
        raise ValueError(
            f"filters M C R S need maps C H W; got {weights.shape} and {maps.shape}"
        )
    filters, channels, r, s = weights.shape
    macs = weights.size * int(np.prod(outputs))
    every = maps.size
    if stride > 1:
        weights, maps = _phases(weights, stride), _phases(maps[None], stride)[0]
    tiles = _tiled(maps, array.side)  # C, elements
    groups = _grouped(weights, array.group)  # groups, C
    vectors = -(-tiles // array.activations)
    steps = -(-groups // array.weights) @ vectors
    busiest = np.prod([-(-size // array.side) for size in outputs])
    width = array.weights * array.activations
    dense = filters * r * s * -(-channels // width) * int(busiest)
    return Beats(
        beats=int(np.maximum(steps.max(axis=1), 1).sum()),
        products=int((groups.sum(axis=0) * tiles.sum(axis=1)).sum()),
        dense=dense,
        macs=macs,
        multipliers=array.multipliers,
        weight_reads=int((groups @ vectors).sum()),
        activation_reads=int((tiles.sum(axis=1) * (groups > 0)).sum()),
        dense_reads=len(groups) * every,
        width=width,
    )


def _phases(values: np.ndarray, stride: int) -> np.ndarray:
    """Return each phase of a stride as a channel of its own. Shapes: N C H W -> N C
    stride² H/stride W/stride.
    """
    high, wide = (-(-size // stride) for size in values.shape[2:])
    padded = np.zeros((*values.shape[:2], high * stride, wide * stride), dtype=bool)
    padded[:, :, : values.shape[2], : values.shape[3]] = values
    cells = padded.reshape(*values.shape[:2], high, stride, wide, stride)
    return cells.transpose(0, 1, 3, 5, 2, 4).reshape(len(values), -1, high, wide)


def _tiled(maps: np.ndarray, side: int) -> np.ndarray:
    """Return how many places of each channel are not zero in each element's tile."""
    channels, high, wide = maps.shape
    rows, columns = -(-high // side), -(-wide // side)
    padded = np.zeros((channels, side * rows, side * columns), dtype=np.int64)
    padded[:, :high, :wide] = maps
    cells = padded.reshape(channels, side, rows, side, columns)
    return cells.sum(axis=(2, 4)).reshape(channels, -1)


def _grouped(weights: np.ndarray, group: int) -> np.ndarray:
    """Return how many weights of each channel are not zero in each group of filters."""
    per_filter = weights.sum(axis=(2, 3), dtype=np.int64)
    starts = np.arange(0, len(per_filter), group)
    return np.add.reduceat(per_filter, starts, axis=0)


def network(
    name: str, density: tuple[float, float], array: Cartesian, *, seed: int = 0
) -> Beats:
    """Return what the convolutions of a network of the zoo take together, one after the
    other, with weights and activations at random places of that density each.
    """
    for share in density:
        if not 0 < share <= 1:
            raise ValueError(f"a density is a share above 0, to 1; got {share!r}")
    rng = np.random.default_rng(seed)
    layers = [each for each in ZOO[name]().layers if each.kind == "Conv2d"]
    found = [each for layer in layers for each in _layer(layer, density, array, rng)]
    names = [key for key in vars(found[0]) if key not in ("multipliers", "width")]
    return replace(
        found[0], **{key: sum(getattr(each, key) for each in found) for key in names}
    )


def _layer(
    layer: Layer,
    density: tuple[float, float],
    array: Cartesian,
    rng: np.random.Generator,
) -> list[Beats]:
    """Return what each group of a layer takes, its zeros at random places."""
    channels, high, wide = layer.input_shapes[0]
    groups = layer.spec.groups
    filters, *shape = layer.spec.weight_shape(channels)
    return [
        convolution(
            rng.random((filters // groups, *shape)) < density[0],
            rng.random((channels // groups, high, wide)) < density[1],
            layer.output_shape[1:],
            array,
            stride=max(pair(layer.spec.stride)),
        )
        for _ in range(groups)
    ]
