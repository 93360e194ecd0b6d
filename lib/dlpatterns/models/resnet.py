"""Residual networks, in two versions that differ in where a bottleneck has its stride.

A bare name has it in the 3 x 3 (v1.5, as torchvision), `_2015` in the first 1 x 1 (v1,
as the paper). ResNet-18 and 34 have no bottlenecks: there is one version of each.
ResNeXt splits the 3 x 3 into groups, Wide ResNet makes it wider.
"""

from functools import partial

from ..graph import Builder, Model, Node
from ..layers import Activation, Add, Flatten, GlobalAvgPool2d, Linear, MaxPool2d
from .blocks import conv_bn

HE = "He et al. 2016, Deep residual learning for image recognition, CVPR, table 1"
XIE = "Xie et al. 2017, Aggregated residual transformations, CVPR, table 1"
ZAGORUYKO = "Zagoruyko & Komodakis 2016, Wide residual networks, BMVC"


def resnet18() -> Model:
    """ResNet-18: eight basic blocks of two 3 x 3. Source: He et al. 2016, table 1."""
    return _resnet("ResNet-18", (2, 2, 2, 2), _basic)


def resnet34() -> Model:
    """ResNet-34: sixteen basic blocks. Source: He et al. 2016, table 1."""
    return _resnet("ResNet-34", (3, 4, 6, 3), _basic)


def resnet50() -> Model:
    """ResNet-50 v1.5: sixteen bottlenecks, stride in the 3 x 3. Source: torchvision;
    MLPerf.
    """
    return _resnet("ResNet-50", (3, 4, 6, 3), _bottleneck)


def resnet101() -> Model:
    """ResNet-101 v1.5: 33 bottlenecks, stride in the 3 x 3. Source: torchvision."""
    return _resnet("ResNet-101", (3, 4, 23, 3), _bottleneck)


def resnet152() -> Model:
    """ResNet-152 v1.5: 50 bottlenecks, stride in the 3 x 3. Source: torchvision."""
    return _resnet("ResNet-152", (3, 8, 36, 3), _bottleneck)


def resnet50_2015() -> Model:
    """ResNet-50 v1, as published: the stride is in the first 1 x 1. Source: He et al.
    2016, table 1.
    """
    return _resnet("ResNet-50 (2015)", (3, 4, 6, 3), _bottleneck_2015)


def resnet101_2015() -> Model:
    """ResNet-101 v1, as published. Source: He et al. 2016, table 1."""
    return _resnet("ResNet-101 (2015)", (3, 4, 23, 3), _bottleneck_2015)


def resnet152_2015() -> Model:
    """ResNet-152 v1, as published. Source: He et al. 2016, table 1."""
    return _resnet("ResNet-152 (2015)", (3, 8, 36, 3), _bottleneck_2015)


def resnext50_32x4d() -> Model:
    """ResNeXt-50: the 3 x 3 in 32 groups of four channels. Source: Xie et al. 2017,
    table 1.
    """
    return _resnext("ResNeXt-50 (32x4d)", (3, 4, 6, 3), groups=32, width=4)


def resnext101_32x8d() -> Model:
    """ResNeXt-101: the 3 x 3 in 32 groups of eight channels. Source: torchvision; Xie
    et al. 2017.
    """
    return _resnext("ResNeXt-101 (32x8d)", (3, 4, 23, 3), groups=32, width=8)


def resnext101_64x4d() -> Model:
    """ResNeXt-101: the 3 x 3 in 64 groups of four channels. Source: Xie et al. 2017,
    table 4.
    """
    return _resnext("ResNeXt-101 (64x4d)", (3, 4, 23, 3), groups=64, width=4)


def wide_resnet50_2() -> Model:
    """Wide ResNet-50: the 3 x 3 has twice the channels. Source: Zagoruyko & Komodakis
    2016, table 8.
    """
    block = partial(_bottleneck, wider=2)
    return _resnet("Wide ResNet-50-2", (3, 4, 6, 3), block, source=ZAGORUYKO)


def wide_resnet101_2() -> Model:
    """Wide ResNet-101: the 3 x 3 has twice the channels. Source: torchvision;
    Zagoruyko & Komodakis 2016.
    """
    block = partial(_bottleneck, wider=2)
    return _resnet("Wide ResNet-101-2", (3, 4, 23, 3), block, source=ZAGORUYKO)


def _resnext(name: str, depths: tuple[int, ...], *, groups: int, width: int) -> Model:
    """Build a ResNeXt, whose first stage has `groups` groups of `width` channels."""
    block = partial(_bottleneck, wider=groups * width // 64, groups=groups)
    return _resnet(name, depths, block, source=XIE)


def _resnet(name: str, depths: tuple[int, ...], block, *, source: str = HE) -> Model:
    net = Builder(name, (3, 224, 224), source=source)
    x = conv_bn(net, net.input, 64, 7, name="conv1", stride=2, padding=3)
    x = net(MaxPool2d(3, 2, padding=1), x, name="pool1")
    for stage, depth in enumerate(depths, start=1):
        for i in range(depth):
            with net.scope(f"layer{stage}.{i}"):
                x = block(
                    net, x, 64 * 2 ** (stage - 1), 2 if stage > 1 and i == 0 else 1
                )
    return net.model(
        net.chain(
            x,
            GlobalAvgPool2d(),
            Flatten(),
            Linear(1000),
            names=("average", "flatten", "fc"),
        )
    )


def _basic(net: Builder, x: Node, width: int, stride: int) -> Node:
    """Add two 3 x 3 convolutions and the shortcut."""
    y = conv_bn(net, x, width, 3, name="conv1", stride=stride, padding=1)
    y = conv_bn(net, y, width, 3, name="conv2", act=None, padding=1)
    return _join(net, x, y, stride)


def _bottleneck(
    net: Builder,
    x: Node,
    width: int,
    stride: int,
    *,
    first: int = 1,
    wider: int = 1,
    groups: int = 1,
) -> Node:
    """Add 1 x 1, 3 x 3 and 1 x 1 convolutions and the shortcut; `first` is the stride
    of the first 1 x 1, the 3 x 3 has `wider` times the channels, in groups.
    """
    inner, options = wider * width, {"padding": 1, "groups": groups}
    y = conv_bn(net, x, inner, 1, name="conv1", stride=first)
    y = conv_bn(net, y, inner, 3, name="conv2", stride=stride // first, **options)
    y = conv_bn(net, y, 4 * width, 1, name="conv3", act=None)
    return _join(net, x, y, stride)


def _bottleneck_2015(net: Builder, x: Node, width: int, stride: int) -> Node:
    """Add a bottleneck whose whole stride is in its first 1 x 1."""
    return _bottleneck(net, x, width, stride, first=stride)


def _join(net: Builder, x: Node, y: Node, stride: int) -> Node:
    """Add the shortcut, projected by a 1 x 1 convolution where the shapes differ, and
    the last ReLU.
    """
    if x.shape != y.shape:
        x = conv_bn(net, x, y.shape[0], 1, name="shortcut", act=None, stride=stride)
    return net(Activation("relu"), net(Add(), y, x, name="add"), name="relu")
