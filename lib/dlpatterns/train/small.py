"""Small networks for the digits, described once and used by several lectures."""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
)


def mlp(hidden: tuple[int, ...] = (64,), *, act: str = "relu") -> Model:
    """Return a multilayer perceptron: 64 pixels, hidden layers of these sizes, ten
    classes.

    >>> mlp((32, 16))
    Model('MLP 32-16', (1, 8, 8) -> (10,), 6 layers)
    """
    net = Builder(
        f"MLP {'-'.join(map(str, hidden)) or 'without hidden layer'}", (1, 8, 8)
    )
    x = net(Flatten(), net.input, name="flatten")
    for i, features in enumerate(hidden, start=1):
        x = net.chain(
            x, Linear(features), Activation(act), names=(f"hidden{i}", f"{act}{i}")
        )
    return net.model(net(Linear(10), x, name="output"))


def cnn(channels: tuple[int, int] = (8, 16), *, act: str = "relu") -> Model:
    """Return two 3 x 3 convolutions with these channels, each with an activation, one
    max pooling, ten classes.

    >>> cnn()
    Model('CNN 8-16', (1, 8, 8) -> (10,), 7 layers)
    """
    net = Builder(f"CNN {channels[0]}-{channels[1]}", (1, 8, 8))
    x = net.chain(
        net.input,
        Conv2d(channels[0], 3, padding=1),
        Activation(act),
        names=("conv1", f"{act}1"),
    )
    x = net.chain(
        x,
        Conv2d(channels[1], 3, padding=1),
        Activation(act),
        names=("conv2", f"{act}2"),
    )
    x = net.chain(
        x, MaxPool2d(2), Flatten(), Linear(10), names=("pool", "flatten", "output")
    )
    return net.model(x)


def residual(channels: int = 8, blocks: int = 2) -> Model:
    """Return a residual network on maps of 8 x 8: a stem, blocks of two 3 x 3
    convolutions with batch norm and a shortcut, the mean of each map, ten classes.

    >>> residual(4, 1)
    Model('ResNet 4 x 1', (1, 8, 8) -> (10,), 13 layers)
    """
    net = Builder(f"ResNet {channels} x {blocks}", (1, 8, 8))
    x = net.chain(_normalised(net, net.input, channels, "stem"), Activation("relu"))
    for i in range(1, blocks + 1):
        with net.scope(f"block{i}"):
            inner = net(Activation("relu"), _normalised(net, x, channels, "first"))
            both = net(Add(), x, _normalised(net, inner, channels, "second"))
            x = net(Activation("relu"), both)
    x = net.chain(
        x, GlobalAvgPool2d(), Flatten(), Linear(10), names=("mean", "flat", "output")
    )
    return net.model(x)


def _normalised(net: Builder, x: Node, channels: int, name: str) -> Node:
    return net.chain(
        x,
        Conv2d(channels, 3, padding=1, bias=False),
        BatchNorm2d(),
        names=(name, f"{name}_norm"),
    )
