"""What each way to compute a convolution multiplies and moves, by formula, for layers
of known networks.

Methods: "loops", "im2col", "shifted", "winograd 2", "winograd 4", "fft". Filters are
transformed beforehand. A method of several steps moves what its steps move: under
"once" each array that a step reads or writes crosses once, those between the steps
included. Units: multiplications of one example; traffic in values.
"""

from functools import cache
from math import ceil, log2
from typing import NamedTuple

from . import memory
from .memory import Traffic
from .work import Work, convolution, matmul, sizes

METHODS = ("loops", "im2col", "shifted", "winograd 2", "winograd 4", "fft")
# nonzero constants of B^T and A^T, and those among them other than 1 and -1
CONSTANTS = {2: ((8, 0), (6, 0)), 4: ((22, 12), (18, 6))}
BUFFER = 65_536  # values: 256 KiB of float32


class Layer(NamedTuple):
    """A convolution of square maps with a square kernel, padded by half the kernel."""

    channels: int
    size: int
    filters: int
    kernel: int
    stride: int = 1
    groups: int = 1

    @property
    def out(self) -> int:
        """Output rows, and columns."""
        return ceil(self.size / self.stride)

    @property
    def weights(self) -> int:
        """Weights without biases."""
        return self.filters * self.channels // self.groups * self.kernel**2

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the loops."""
        return self.weights * self.out**2

    @property
    def work(self) -> Work:
        """The layer as loops, for one example."""
        return convolution(
            (1, self.channels, self.size, self.size),
            (self.filters, self.channels // self.groups, self.kernel, self.kernel),
            stride=self.stride,
            padding=self.kernel // 2,
            groups=self.groups,
        )

    @property
    def intensity(self) -> float:
        """MACs for each value if each crosses once: the most that any buffer allows."""
        return self.macs / self.work.values

    def takes(self, method: str) -> bool:
        """Return whether the method computes this layer."""
        return method in METHODS and (
            "winograd" not in method or (self.kernel == 3 and self.stride == 1)
        )


LAYERS = {
    "VGG-16 conv1_2": Layer(64, 224, 64, 3),
    "VGG-16 conv3_2": Layer(256, 56, 256, 3),
    "VGG-16 conv5_1": Layer(512, 14, 512, 3),
    "ResNet-50 layer1 3 x 3": Layer(64, 56, 64, 3),
    "ResNet-50 layer3 3 x 3": Layer(256, 14, 256, 3),
    "ResNet-50 layer1 1 x 1": Layer(64, 56, 256, 1),
    "MobileNet 1 x 1": Layer(512, 14, 512, 1),
    "ResNet-50 conv1 7 x 7 / 2": Layer(3, 224, 64, 7, 2),
    "ResNet-50 layer2 3 x 3 / 2": Layer(128, 56, 128, 3, 2),
    "MobileNet depthwise": Layer(512, 14, 512, 3, 1, 512),
}


def multiplications(layer: Layer, method: str, *, transforms: bool = True) -> int:
    """Return the multiplications of one example, with those of the transforms or
    without, for Winograd and Fourier alike.

    Winograd: one for each constant that is neither 0 nor 1 nor -1. Fourier: for n
    values, n log2(n) of one map (half of a complex transform's 2 n log2(n)), and four
    for each of the n / 2 frequencies of every pair of maps.

    >>> layer = LAYERS["ResNet-50 layer1 3 x 3"]
    >>> layer.macs / multiplications(layer, "winograd 4", transforms=False)
    4.0
    """
    _check(layer, method)
    pairs = layer.channels // layer.groups * layer.filters
    if method.startswith("winograd"):
        tile, window, tiles = _tiles(layer, method)
        (_, into), (_, back) = CONSTANTS[tile]
        around = into * 2 * window * layer.channels
        around += back * (window + tile) * layer.filters
        return tiles * (window**2 * pairs + transforms * around)
    if method == "fft":
        n = _padded(layer)
        maps = layer.channels + layer.filters
        return transforms * round(n * log2(n) * maps) + 2 * n * pairs
    return layer.macs


@cache
def traffic(layer: Layer, method: str, assumption: str) -> Traffic:
    """Return what a method reads and writes under an assumption: "none", "once", or
    "tiled", with the best tiling found for a buffer of `BUFFER` values.

    >>> layer = LAYERS["ResNet-50 layer1 3 x 3"]
    >>> traffic(layer, "loops", "none").bytes() // 10**6
    925
    """
    _check(layer, method)
    if assumption not in memory.ASSUMPTIONS:
        raise ValueError(
            f"unknown assumption {assumption!r}; choose {', '.join(memory.ASSUMPTIONS)}"
        )
    step = METHOD_STEPS[method.split()[0]]
    return step(layer, method, assumption)


def _loops(layer: Layer, method: str, assumption: str) -> Traffic:
    return _moved(layer.work, assumption)


def _im2col(layer: Layer, method: str, assumption: str) -> Traffic:
    rows = layer.channels // layer.groups * layer.kernel**2
    columns = layer.groups * rows * layer.out**2
    read = columns if assumption == "none" else layer.work.once("x")
    product = matmul(layer.filters // layer.groups, layer.out**2, rows)
    copy = Traffic(assumption, {"maps": read}, {"columns": columns})
    return copy + _moved(product, assumption).times(layer.groups)


def _shifted(layer: Layer, method: str, assumption: str) -> Traffic:
    """One product a filter place; all but the first read the results again."""
    depth, filters = layer.channels // layer.groups, layer.filters // layer.groups
    one = _moved(matmul(filters, layer.out**2, depth), assumption)
    again = (layer.kernel**2 - 1) * layer.filters * layer.out**2
    products = one.times(layer.groups * layer.kernel**2)
    return products + Traffic(assumption, {"results": again})


def _winograd(layer: Layer, method: str, assumption: str) -> Traffic:
    tile, window, tiles = _tiles(layer, method)
    groups, size = layer.groups, window**2
    one = matmul(layer.filters // groups, tiles, layer.channels // groups)
    products = _moved(one, assumption).times(groups * size)
    into, back = tiles * layer.channels, tiles * layer.filters
    made = layer.filters * layer.out**2
    if assumption == "none":  # each sum fetches its terms; between rows and columns too
        (wide, _), (narrow, _) = CONSTANTS[tile]
        read = {
            "maps": 2 * wide * window * into,
            "products": narrow * (window + tile) * back,
        }
        written = {"tiles": 2 * size * into, "half": tile * window * back, "out": made}
    else:
        read = {"maps": layer.work.once("x"), "products": size * back}
        written = {"tiles": size * into, "out": made}
    return products + Traffic(assumption, read, written)


def _fourier(layer: Layer, method: str, assumption: str) -> Traffic:
    """Half of a complex transform's butterflies: six values read, four written."""
    n, groups = _padded(layer), layer.groups
    one = matmul(layer.filters // groups, 1, layer.channels // groups)
    products = _moved(one, assumption).times(n * groups)  # n / 2 of two parts each
    made = layer.filters * layer.out**2
    if assumption == "none":
        flies = round(n * log2(n) / 4) * (layer.channels + layer.filters)
        moved = {"spectra": 6 * flies}, {"spectra": 4 * flies}
    else:
        read = {"maps": layer.work.once("x"), "spectra": n * layer.filters}
        moved = read, {"spectra": n * layer.channels, "out": made}
    return products + Traffic(assumption, *moved)


METHOD_STEPS = {
    "loops": _loops,
    "im2col": _im2col,
    "shifted": _shifted,
    "winograd": _winograd,
    "fft": _fourier,
}


def _moved(work: Work, assumption: str) -> Traffic:
    if assumption == "tiled":
        return memory.tiled(memory.best_tiling(work, BUFFER), BUFFER)
    return {"none": memory.none, "once": memory.once}[assumption](work)


def _tiles(layer: Layer, method: str) -> tuple[int, int, int]:
    """Return the outputs of a tile's side, its inputs, and the number of tiles."""
    tile = int(method.split()[1])
    return tile, tile + 2, ceil(layer.out / tile) ** 2


def _padded(layer: Layer) -> int:
    return (layer.size + 2 * (layer.kernel // 2)) ** 2


def _check(layer: Layer, method: str) -> None:
    if not isinstance(layer, Layer):
        raise TypeError(f"a layer of the methods is a Layer(...), got {layer!r}")
    sizes(layer._asdict())
    if layer.channels % layer.groups or layer.filters % layer.groups:
        raise ValueError(
            f"{layer}: {layer.groups} groups do not divide {layer.channels} channels "
            f"and {layer.filters} filters"
        )
    if not isinstance(method, str) or not layer.takes(method):
        raise ValueError(
            f"{method!r} does not compute {layer}; the methods are "
            f"{', '.join(METHODS)}, Winograd's for 3 x 3 at stride 1"
        )
