"""SqueezeNet: 1 x 1 convolutions squeeze the channels before 3 x 3 ones see them."""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    MaxPool2d,
)
from .blocks import conv

IANDOLA = "Iandola et al. 2016, SqueezeNet, arXiv:1602.07360, table 1"
SQUEEZED = (16, 16, 32, 32, 48, 48, 64, 64)  # fire2 to fire9; each expands to 8 times


def squeezenet1_0() -> Model:
    """SqueezeNet 1.0: eight fire modules behind a 7 x 7. Source: Iandola et al. 2016,
    table 1.
    """
    return _squeezenet("SqueezeNet 1.0", (96, 7), pooled=(0, 3, 7))


def squeezenet1_1() -> Model:
    """SqueezeNet 1.1: a 3 x 3 in front, and pooling earlier. Source: the authors'
    repository, SqueezeNet_v1.1; Iandola et al. 2016.
    """
    return _squeezenet("SqueezeNet 1.1", (64, 3), pooled=(0, 2, 4))


def _squeezenet(name: str, first: tuple[int, int], *, pooled: tuple) -> Model:
    """Build a SqueezeNet that pools before the fire modules of these places."""
    net = Builder(name, (3, 224, 224), source=IANDOLA)
    x = conv(net, net.input, *first, name="conv1", stride=2)
    for i, squeezed in enumerate(SQUEEZED):
        if i in pooled:
            x = net(MaxPool2d(3, 2, ceil_mode=True), x, name=f"pool{i + 1}")
        with net.scope(f"fire{i + 2}"):
            x = _fire(net, x, squeezed)
    x = net.chain(x, Dropout(), Conv2d(1000, 1), Activation("relu"))
    return net.model(net.chain(x, GlobalAvgPool2d(), Flatten()))


def _fire(net: Builder, x: Node, squeezed: int) -> Node:
    """Add a 1 x 1 that squeezes, and a 1 x 1 beside a 3 x 3 that expand."""
    x = conv(net, x, squeezed, 1, name="squeeze")
    left = conv(net, x, 4 * squeezed, 1, name="expand1x1")
    right = conv(net, x, 4 * squeezed, 3, name="expand3x3", padding=1)
    return net(Concat(), left, right, name="concat")
