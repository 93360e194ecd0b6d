"""Inception-v3 (Szegedy et al. 2016), with and without its auxiliary head."""

from ..graph import Builder, Model, Node
from ..layers import (
    AvgPool2d,
    Concat,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
)
from .blocks import conv_bn

SZEGEDY = (
    "Szegedy et al. 2016, Rethinking the inception architecture for computer "
    "vision, CVPR"
)


def inception_v3() -> Model:
    """Inception-v3 without the auxiliary head, which never runs at inference.

    Source: Szegedy et al. 2016, table 1; torchvision.models.inception_v3 minus
    AuxLogits.
    """
    return _inception_v3("Inception-v3", head=False)


def inception_v3_aux() -> Model:
    """Inception-v3 with the auxiliary head that training uses.
    Source: torchvision.models.inception_v3.
    """
    return _inception_v3("Inception-v3 (auxiliary head)", head=True)


def _inception_v3(name: str, *, head: bool) -> Model:
    net = Builder(name, (3, 299, 299), source=SZEGEDY)
    x = _stem(net)
    for block, pooled in (("5b", 32), ("5c", 64), ("5d", 64)):
        with net.scope(f"mixed{block}"):
            x = _grid35(net, x, pooled)
    with net.scope("mixed6a"):
        x = _reduce35(net, x)
    for block, width in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        with net.scope(f"mixed{block}"):
            x = _grid17(net, x, width)
    if head:
        _auxiliary_head(net, x)
    with net.scope("mixed7a"):
        x = _reduce17(net, x)
    for block in ("7b", "7c"):
        with net.scope(f"mixed{block}"):
            x = _grid8(net, x)
    return net.model(
        net.chain(
            x,
            GlobalAvgPool2d(),
            Dropout(),
            Flatten(),
            Linear(1000),
            names=("average", "dropout", "flatten", "fc"),
        )
    )


def _stem(net: Builder) -> Node:
    x = conv_bn(net, net.input, 32, 3, name="conv1a", stride=2)
    x = conv_bn(net, x, 32, 3, name="conv2a")
    x = conv_bn(net, x, 64, 3, name="conv2b", padding=1)
    x = net(MaxPool2d(3, 2), x, name="pool1")
    x = conv_bn(net, x, 80, 1, name="conv3b")
    x = conv_bn(net, x, 192, 3, name="conv4a")
    return net(MaxPool2d(3, 2), x, name="pool2")


def _grid35(net: Builder, x: Node, pooled: int) -> Node:
    """Add the module for 35 x 35 maps: 5 x 5 and two 3 x 3 (figure 5)."""
    a = conv_bn(net, x, 64, 1, name="1x1")
    b = conv_bn(net, x, 48, 1, name="5x5_1")
    b = conv_bn(net, b, 64, 5, name="5x5_2", padding=2)
    c = conv_bn(net, x, 64, 1, name="3x3_1")
    c = conv_bn(net, c, 96, 3, name="3x3_2", padding=1)
    c = conv_bn(net, c, 96, 3, name="3x3_3", padding=1)
    d = conv_bn(
        net,
        net(AvgPool2d(3, 1, padding=1), x, name="pool"),
        pooled,
        1,
        name="pool_project",
    )
    return net(Concat(), a, b, c, d, name="concat")


def _reduce35(net: Builder, x: Node) -> Node:
    a = conv_bn(net, x, 384, 3, name="3x3", stride=2)
    b = conv_bn(net, x, 64, 1, name="double_1")
    b = conv_bn(net, b, 96, 3, name="double_2", padding=1)
    b = conv_bn(net, b, 96, 3, name="double_3", stride=2)
    return net(Concat(), a, b, net(MaxPool2d(3, 2), x, name="pool"), name="concat")


def _rows_columns(
    net: Builder, x: Node, channels: int, *, name: str, rows_first: bool
) -> Node:
    """Add 1 x 7 and 7 x 1 convolutions in the wanted order."""
    kernels = (((7, 1), (3, 0)), ((1, 7), (0, 3)))
    for (kernel, padding), last in zip(
        kernels if rows_first else kernels[::-1], (False, True), strict=True
    ):
        tag = "7x1" if kernel == (7, 1) else "1x7"
        x = conv_bn(
            net,
            x,
            channels if last else x.shape[0],
            kernel,
            name=f"{name}_{tag}",
            padding=padding,
        )
    return x


def _grid17(net: Builder, x: Node, width: int) -> Node:
    """Add the module for 17 x 17 maps: 7 x 7 factorised into 1 x 7 and 7 x 1 (figure
    6).
    """
    a = conv_bn(net, x, 192, 1, name="1x1")
    b = conv_bn(net, x, width, 1, name="single")
    b = _rows_columns(net, b, 192, name="single", rows_first=False)
    c = conv_bn(net, x, width, 1, name="double")
    c = _rows_columns(net, c, width, name="double_a", rows_first=True)
    c = _rows_columns(net, c, 192, name="double_b", rows_first=True)
    d = conv_bn(
        net,
        net(AvgPool2d(3, 1, padding=1), x, name="pool"),
        192,
        1,
        name="pool_project",
    )
    return net(Concat(), a, b, c, d, name="concat")


def _reduce17(net: Builder, x: Node) -> Node:
    a = conv_bn(
        net, conv_bn(net, x, 192, 1, name="3x3_1"), 320, 3, name="3x3_2", stride=2
    )
    b = conv_bn(net, x, 192, 1, name="7x7")
    b = _rows_columns(net, b, 192, name="7x7", rows_first=False)
    b = conv_bn(net, b, 192, 3, name="7x7_3x3", stride=2)
    return net(Concat(), a, b, net(MaxPool2d(3, 2), x, name="pool"), name="concat")


def _fork(net: Builder, x: Node, *, name: str) -> tuple[Node, Node]:
    """Add a 1 x 3 and a 3 x 1 convolution side by side."""
    row = conv_bn(net, x, 384, (1, 3), name=f"{name}_1x3", padding=(0, 1))
    return row, conv_bn(net, x, 384, (3, 1), name=f"{name}_3x1", padding=(1, 0))


def _grid8(net: Builder, x: Node) -> Node:
    """Add the module for 8 x 8 maps, whose branches fork (figure 7)."""
    a = conv_bn(net, x, 320, 1, name="1x1")
    b = _fork(net, conv_bn(net, x, 384, 1, name="single"), name="single")
    c = conv_bn(
        net,
        conv_bn(net, x, 448, 1, name="double_1"),
        384,
        3,
        name="double_2",
        padding=1,
    )
    c = _fork(net, c, name="double")
    d = conv_bn(
        net,
        net(AvgPool2d(3, 1, padding=1), x, name="pool"),
        192,
        1,
        name="pool_project",
    )
    return net(Concat(), a, *b, *c, d, name="concat")


def _auxiliary_head(net: Builder, x: Node) -> None:
    with net.scope("aux"):
        x = net(AvgPool2d(5, 3), x, name="average")
        x = conv_bn(net, conv_bn(net, x, 128, 1, name="conv0"), 768, 5, name="conv1")
        net.chain(
            x,
            GlobalAvgPool2d(),
            Flatten(),
            Linear(1000),
            names=("pool", "flatten", "fc"),
        )
