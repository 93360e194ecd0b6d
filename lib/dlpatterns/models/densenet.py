"""DenseNet: every layer reads what all layers before it in its block wrote."""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
)
from .blocks import conv_bn

HUANG = "Huang et al. 2017, Densely connected convolutional networks, CVPR, table 1"


def densenet121() -> Model:
    """DenseNet-121: growth 32, blocks of 6, 12, 24, 16. Source: Huang et al. 2017,
    table 1.
    """
    return _densenet("DenseNet-121", (6, 12, 24, 16))


def densenet161() -> Model:
    """DenseNet-161: growth 48, blocks of 6, 12, 36, 24. Source: the authors' code;
    Huang et al. 2017.
    """
    return _densenet("DenseNet-161", (6, 12, 36, 24), growth=48)


def densenet169() -> Model:
    """DenseNet-169: growth 32, blocks of 6, 12, 32, 32. Source: Huang et al. 2017,
    table 1.
    """
    return _densenet("DenseNet-169", (6, 12, 32, 32))


def densenet201() -> Model:
    """DenseNet-201: growth 32, blocks of 6, 12, 48, 32. Source: Huang et al. 2017,
    table 1.
    """
    return _densenet("DenseNet-201", (6, 12, 48, 32))


def _densenet(name: str, depths: tuple[int, ...], *, growth: int = 32) -> Model:
    net = Builder(name, (3, 224, 224), source=HUANG)
    x = conv_bn(net, net.input, 2 * growth, 7, name="conv0", stride=2, padding=3)
    x = net(MaxPool2d(3, 2, padding=1), x, name="pool0")
    for number, depth in enumerate(depths, start=1):
        for i in range(depth):
            with net.scope(f"block{number}.{i}"):
                x = _dense(net, x, growth)
        if number < len(depths):
            with net.scope(f"transition{number}"):
                x = _norm_conv(net, x, x.shape[0] // 2, 1, name="conv")
                x = net(AvgPool2d(2), x, name="pool")
    x = net.chain(x, BatchNorm2d(), Activation("relu"), names=("norm", "relu"))
    return net.model(net.chain(x, GlobalAvgPool2d(), Flatten(), Linear(1000)))


def _dense(net: Builder, x: Node, growth: int) -> Node:
    """Add a 1 x 1 and a 3 x 3 convolution, and put what comes out behind the input."""
    y = _norm_conv(net, x, 4 * growth, 1, name="conv1")
    y = _norm_conv(net, y, growth, 3, name="conv2")
    return net(Concat(), x, y, name="concat")


def _norm_conv(net: Builder, x: Node, channels: int, kernel: int, *, name: str) -> Node:
    """Add batch normalisation, ReLU, and a convolution without bias."""
    x = net(BatchNorm2d(), x, name=f"{name}_bn")
    x = net(Activation("relu"), x, name=f"{name}_relu")
    options = {"padding": kernel // 2, "bias": False}
    return net(Conv2d(channels, kernel, **options), x, name=name)
