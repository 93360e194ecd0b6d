"""GoogLeNet as published and as torchvision has it."""

from collections.abc import Callable

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    AvgPool2d,
    Concat,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
)
from .blocks import conv, conv_bn

SZEGEDY = "Szegedy et al. 2015, Going deeper with convolutions, CVPR"

# Table 1 of Szegedy et al. 2015: 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool
# projection.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet_2014() -> Model:
    """GoogLeNet as published: 5 x 5 branches, biases, response normalisation, no
    auxiliary heads at inference.

    Source: Szegedy et al. 2015, table 1.
    """
    return _googlenet_2014("GoogLeNet (2014)", heads=False)


def googlenet_2014_aux() -> Model:
    """GoogLeNet as it was trained: with the two auxiliary heads behind modules 4a and
    4d.

    Source: Szegedy et al. 2015, table 1 and section 5.
    """
    return _googlenet_2014("GoogLeNet (2014, auxiliary heads)", heads=True)


def googlenet_2014_floor() -> Model:
    """GoogLeNet with pooling that rounds down, as most frameworks do by default: maps
    of 55, 27, 13 and 6 pixels.

    The paper's maps have 56, 28, 14 and 7. Source: none; it gives the 1.43 G MACs that
    are often printed for GoogLeNet.
    """
    return _googlenet_2014(
        "GoogLeNet (2014, pooling rounds down)", heads=False, ceil=False
    )


def _googlenet_2014(name: str, *, heads: bool, ceil: bool = True) -> Model:
    net = Builder(name, (3, 224, 224), source=SZEGEDY)
    x = conv(net, net.input, 64, 7, name="conv1", stride=2, padding=3)
    x = net.chain(
        x,
        MaxPool2d(3, 2, ceil_mode=ceil),
        LocalResponseNorm(5),
        names=("pool1", "norm1"),
    )
    x = conv(net, x, 64, 1, name="conv2_reduce")
    x = conv(net, x, 192, 3, name="conv2", padding=1)
    x = net.chain(
        x,
        LocalResponseNorm(5),
        MaxPool2d(3, 2, ceil_mode=ceil),
        names=("norm2", "pool2"),
    )
    x, taps = _modules(net, x, conv, wide=5, ceil=ceil)
    if heads:
        _auxiliary_heads(net, taps, conv)
    return net.model(_head(net, x))


def googlenet() -> Model:
    """GoogLeNet as torchvision has it: 3 x 3 where the paper has 5 x 5, batch
    normalisation, no biases, no auxiliary heads.

    Source: torchvision.models.googlenet with aux_logits=False.
    """
    return _googlenet_bn("GoogLeNet (torchvision)", heads=False)


def googlenet_aux() -> Model:
    """torchvision's GoogLeNet with the two auxiliary heads that only training uses.

    Source: torchvision.models.googlenet with aux_logits=True; Szegedy et al. 2015,
    section 5.
    """
    return _googlenet_bn("GoogLeNet (torchvision, auxiliary heads)", heads=True)


def _googlenet_bn(name: str, *, heads: bool) -> Model:
    net = Builder(
        name, (3, 224, 224), source="torchvision.models.googlenet; " + SZEGEDY
    )
    x = conv_bn(net, net.input, 64, 7, name="conv1", stride=2, padding=3)
    x = net(MaxPool2d(3, 2, ceil_mode=True), x, name="pool1")
    x = conv_bn(net, x, 64, 1, name="conv2_reduce")
    x = conv_bn(net, x, 192, 3, name="conv2", padding=1)
    x = net(MaxPool2d(3, 2, ceil_mode=True), x, name="pool2")
    x, taps = _modules(net, x, conv_bn, wide=3)
    if heads:
        _auxiliary_heads(net, taps, conv_bn)
    return net.model(_head(net, x))


def _modules(
    net: Builder, x: Node, convolve: Callable, *, wide: int, ceil: bool = True
) -> tuple[Node, dict[str, Node]]:
    """Add the nine inception modules with the pooling between them; return the last
    output and every module's.
    """
    outputs: dict[str, Node] = {}
    for name, widths in MODULES.items():
        with net.scope(f"inception{name}"):
            x = outputs[name] = _module(net, x, convolve, widths, wide=wide)
        if name in ("3b", "4e"):
            last = name == "4e" and wide == 3  # torchvision pools 2 x 2 here
            x = net(
                MaxPool2d(2 if last else 3, 2, ceil_mode=ceil), x, name=f"pool{name[0]}"
            )
    return x, outputs


def _module(
    net: Builder, x: Node, convolve: Callable, widths: tuple[int, ...], *, wide: int
) -> Node:
    one, reduce3, three, reduce5, five, project = widths
    a = convolve(net, x, one, 1, name="1x1")
    b = convolve(net, x, reduce3, 1, name="3x3_reduce")
    b = convolve(net, b, three, 3, name="3x3", padding=1)
    c = convolve(net, x, reduce5, 1, name="5x5_reduce")
    c = convolve(net, c, five, wide, name="5x5", padding=wide // 2)
    d = net(MaxPool2d(3, 1, padding=1, ceil_mode=True), x, name="pool")
    d = convolve(net, d, project, 1, name="pool_project")
    return net(Concat(), a, b, c, d, name="concat")


def _head(net: Builder, x: Node) -> Node:
    return net.chain(
        x,
        GlobalAvgPool2d(),
        Flatten(),
        Dropout(0.4),
        Linear(1000),
        names=("average", "flatten", "dropout", "fc"),
    )


def _auxiliary_heads(net: Builder, taps: dict[str, Node], convolve: Callable) -> None:
    """Add the two classifiers that give gradients to the middle of the network while it
    trains.
    """
    for tap in ("4a", "4d"):
        with net.scope(f"aux{tap}"):
            x = net(AvgPool2d(5, 3), taps[tap], name="average")
            x = convolve(net, x, 128, 1, name="conv")
            x = net.chain(
                x,
                Flatten(),
                Linear(1024),
                Activation("relu"),
                names=("flatten", "fc1", "relu"),
            )
            net.chain(x, Dropout(0.7), Linear(1000), names=("dropout", "fc2"))
