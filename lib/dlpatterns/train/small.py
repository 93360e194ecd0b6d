"""Two small networks for the digits, described once and used by several lectures."""

from ..graph import Builder, Model
from ..layers import Activation, Conv2d, Flatten, Linear, MaxPool2d


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
