"""What each rung of the convolution ladder multiplies and moves, by formula, for ten
layers of known networks.

Rungs: "loops", "im2col", "shifted", "winograd 2", "winograd 4", "fft". Units:
multiplications of one example; bytes of float32 that a rung writes to memory and reads
from it if each of its intermediate arrays crosses once each way. What an implementation
keeps in a cache, block by block, it need not move: these are the bytes of the plain
rung.
"""

from math import ceil, log2
from typing import NamedTuple

from ._door import require_whole

RUNGS = ("loops", "im2col", "shifted", "winograd 2", "winograd 4", "fft")


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

    def takes(self, rung: str) -> bool:
        """Return whether the rung computes this layer."""
        return rung in RUNGS and (
            "winograd" not in rung or (self.kernel == 3 and self.stride == 1)
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


def multiplications(layer: Layer, rung: str) -> int:
    """Return the products of one example, those of constant transforms left out, as is
    usual.

    For the Fourier transform of n values, n log2(n) of one map (half of a complex
    transform's 2 n log2(n)), and four for each of the n / 2 frequencies of every pair
    of maps; the filters are transformed beforehand.

    >>> layer = Layer(64, 56, 64, 3)
    >>> multiplications(layer, "loops") / multiplications(layer, "winograd 4")
    4.0
    """
    _check(layer, rung)
    pairs = layer.channels // layer.groups * layer.filters
    if rung.startswith("winograd"):
        tile = int(rung.split()[1])
        return (tile + 2) ** 2 * ceil(layer.out / tile) ** 2 * pairs
    if rung == "fft":
        n = (layer.size + 2 * (layer.kernel // 2)) ** 2
        return round(n * log2(n) * (layer.channels + layer.filters)) + 2 * n * pairs
    return layer.macs


def traffic(layer: Layer, rung: str) -> int:
    """Return the bytes that a rung reads and writes. Units: bytes of float32.

    >>> layer = Layer(64, 56, 64, 3)
    >>> traffic(layer, "im2col") / traffic(layer, "loops") > 5
    True
    """
    _check(layer, rung)
    maps, made = layer.channels * layer.size**2, layer.filters * layer.out**2
    if rung.startswith("winograd"):
        tile = int(rung.split()[1])
        window, tiles = (tile + 2) ** 2, ceil(layer.out / tile) ** 2
        filters = window * layer.weights // 9
        return 4 * (
            maps
            + made
            + filters
            + 2 * window * tiles * (layer.channels + layer.filters)
        )
    if rung == "fft":
        n = (layer.size + 2 * (layer.kernel // 2)) ** 2
        filters = n * layer.filters * layer.channels // layer.groups
        return 4 * (maps + made + filters + 2 * n * (layer.channels + layer.filters))
    columns = (
        2 * layer.channels * layer.kernel**2 * layer.out**2 if rung == "im2col" else 0
    )
    passes = layer.kernel**2 if rung == "shifted" else 1
    return 4 * (passes * maps + layer.weights + (2 * passes - 1) * made + columns)


def _check(layer: Layer, rung: str) -> None:
    if not isinstance(layer, Layer):
        raise TypeError(f"a layer of the ladder is a Layer(...), got {layer!r}")
    for name, size in layer._asdict().items():
        require_whole(f"{layer}: {name}", size)
    if layer.channels % layer.groups or layer.filters % layer.groups:
        raise ValueError(
            f"{layer}: {layer.groups} groups do not divide {layer.channels} channels "
            f"and {layer.filters} filters"
        )
    if not isinstance(rung, str) or not layer.takes(rung):
        raise ValueError(
            f"{rung!r} does not compute {layer}; the rungs are {', '.join(RUNGS)}, "
            "Winograd's for 3 x 3 at stride 1"
        )
