"""VGG: nothing but 3 x 3 convolutions, pooling, and three full connections."""

from ..graph import Builder, Model, Node
from ..layers import Activation, BatchNorm2d, Conv2d, MaxPool2d
from .alexnet import classifier
from .blocks import conv

SIMONYAN = (
    "Simonyan & Zisserman 2015, Very deep "
    "convolutional networks for large-scale "
    "image recognition, ICLR"
)
WIDTHS = (64, 128, 256, 512, 512)


def vgg11() -> Model:
    """VGG-11, configuration A: eight convolutions. Source: Simonyan & Zisserman 2015,
    table 1.
    """
    return _vgg("VGG-11", (1, 1, 2, 2, 2))


def vgg13() -> Model:
    """VGG-13, configuration B: ten convolutions. Source: Simonyan & Zisserman 2015,
    table 1.
    """
    return _vgg("VGG-13", (2, 2, 2, 2, 2))


def vgg16() -> Model:
    """VGG-16, configuration D: thirteen convolutions. Source: Simonyan & Zisserman
    2015, table 1.
    """
    return _vgg("VGG-16", (2, 2, 3, 3, 3))


def vgg19() -> Model:
    """VGG-19, configuration E: sixteen convolutions. Source: Simonyan & Zisserman 2015,
    table 1.
    """
    return _vgg("VGG-19", (2, 2, 4, 4, 4))


def vgg11_bn() -> Model:
    """VGG-11 with batch normalisation. Source: torchvision; Simonyan & Zisserman
    2015.
    """
    return _vgg("VGG-11 (BN)", (1, 1, 2, 2, 2), normed=True)


def vgg13_bn() -> Model:
    """VGG-13 with batch normalisation. Source: torchvision; Simonyan & Zisserman
    2015.
    """
    return _vgg("VGG-13 (BN)", (2, 2, 2, 2, 2), normed=True)


def vgg16_bn() -> Model:
    """VGG-16 with batch normalisation. Source: torchvision; Simonyan & Zisserman
    2015.
    """
    return _vgg("VGG-16 (BN)", (2, 2, 3, 3, 3), normed=True)


def vgg19_bn() -> Model:
    """VGG-19 with batch normalisation. Source: torchvision; Simonyan & Zisserman
    2015.
    """
    return _vgg("VGG-19 (BN)", (2, 2, 4, 4, 4), normed=True)


def _vgg(name: str, depths: tuple[int, ...], *, normed: bool = False) -> Model:
    net = Builder(name, (3, 224, 224), source=SIMONYAN)
    x = net.input
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), start=1):
        for i in range(1, depth + 1):
            add = _conv_norm if normed else conv
            x = add(net, x, width, 3, name=f"conv{stage}_{i}", padding=1)
        x = net(MaxPool2d(2), x, name=f"pool{stage}")
    return net.model(classifier(net, x))


def _conv_norm(
    net: Builder, x: Node, channels: int, kernel: int, *, name: str, padding: int
) -> Node:
    """Add a convolution with a bias all the same, its normalisation, and a ReLU."""
    specs = (Conv2d(channels, kernel, padding=padding), BatchNorm2d())
    names = (name, f"{name}_bn", f"{name}_relu")
    return net.chain(x, *specs, Activation("relu"), names=names)
