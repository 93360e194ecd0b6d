"""ShuffleNet V1 and V2: cheap 1 x 1 convolutions, and channels dealt out anew."""

from collections.abc import Callable

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    AvgPool2d,
    Concat,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ShuffleChannels,
    TakeChannels,
)
from .blocks import conv_bn

ZHANG = "Zhang et al. 2018, ShuffleNet, CVPR, table 1"
MA = "Ma et al. 2018, ShuffleNet V2, ECCV, table 5"
V1_CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # groups: channels of stage 2
V2_CHANNELS = {  # width: channels of stages 2 to 4 and of the last convolution
    "x0_5": (48, 96, 192, 1024),
    "x1_0": (116, 232, 464, 1024),
    "x1_5": (176, 352, 704, 1024),
    "x2_0": (244, 488, 976, 2048),
}
REPEATS = (4, 8, 4)


def _v1(groups: int) -> Callable[[], Model]:
    """Return the function that builds ShuffleNet V1 with so many groups."""

    def build() -> Model:
        net = Builder(f"ShuffleNet V1 (g = {groups})", (3, 224, 224), source=ZHANG)
        x = _stem(net)
        for stage, blocks in enumerate(REPEATS):
            for i in range(blocks):
                with net.scope(f"stage{stage + 2}.{i}"):
                    channels = V1_CHANNELS[groups] * 2**stage
                    x = _unit_v1(net, x, channels, groups, first=stage == i == 0)
        return net.model(_head(net, x))

    build.__name__ = build.__qualname__ = f"shufflenet_v1_g{groups}"
    build.__doc__ = (
        f"ShuffleNet V1, width 1, with 1 x 1 convolutions of {groups} groups.\n\n"
        "    Source: Zhang et al. 2018, table 1.\n    "
    )
    return build


def _unit_v1(net: Builder, x: Node, channels: int, groups: int, *, first: bool) -> Node:
    """Add a ShuffleNet unit; one that changes the channels halves the map and is joined
    to the averaged input.

    The very first 1 x 1 has no groups, its input having few channels. Source: Zhang et
    al. 2018, figure 2 (b) and (c); the bottleneck is a quarter.
    """
    stride = 1 if x.shape[0] == channels else 2
    new = channels - x.shape[0] * (stride == 2)
    y = conv_bn(net, x, channels // 4, 1, name="squeeze", groups=1 if first else groups)
    y = net(ShuffleChannels(groups), y, name="shuffle")
    options = {"stride": stride, "padding": 1, "groups": channels // 4}
    y = conv_bn(net, y, channels // 4, 3, name="depthwise", act=None, **options)
    y = conv_bn(net, y, new, 1, name="expand", act=None, groups=groups)
    if stride == 1:
        y = net(Add(), x, y, name="add")
    else:
        mean = net(AvgPool2d(3, 2, padding=1), x, name="average")
        y = net(Concat(), mean, y, name="concat")
    return net(Activation("relu"), y, name="relu")


def _v2(width: str) -> Callable[[], Model]:
    """Return the function that builds ShuffleNet V2 of one width."""

    def build() -> Model:
        *stages, last = V2_CHANNELS[width]
        net = Builder(f"ShuffleNet V2 ({width})", (3, 224, 224), source=MA)
        x = _stem(net)
        for stage, (channels, blocks) in enumerate(
            zip(stages, REPEATS, strict=True), start=2
        ):
            for i in range(blocks):
                with net.scope(f"stage{stage}.{i}"):
                    x = (_split if i else _halve)(net, x, channels)
        return net.model(_head(net, conv_bn(net, x, last, 1, name="conv5")))

    build.__name__ = build.__qualname__ = f"shufflenet_v2_{width}"
    build.__doc__ = (
        f"ShuffleNet V2, width {width[1:].replace('_', '.')}.\n\n"
        "    Source: Ma et al. 2018, table 5.\n    "
    )
    return build


def _split(net: Builder, x: Node, channels: int) -> Node:
    """Add a unit that sends half of the channels past it. Source: Ma et al. 2018,
    figure 3 (c).
    """
    half = channels // 2
    kept = net(TakeChannels(0, half), x, name="kept")
    y = net(TakeChannels(half, channels), x, name="worked_on")
    y = _branch(net, y, half, stride=1)
    return net(
        ShuffleChannels(2), net(Concat(), kept, y, name="concat"), name="shuffle"
    )


def _halve(net: Builder, x: Node, channels: int) -> Node:
    """Add a unit whose two branches halve the map. Source: Ma et al. 2018, figure 3
    (d).
    """
    options = {"stride": 2, "padding": 1, "groups": x.shape[0]}
    y = conv_bn(net, x, x.shape[0], 3, name="short_depthwise", act=None, **options)
    y = conv_bn(net, y, channels // 2, 1, name="short_pointwise")
    z = _branch(net, x, channels // 2, stride=2)
    return net(ShuffleChannels(2), net(Concat(), y, z, name="concat"), name="shuffle")


def _branch(net: Builder, x: Node, width: int, *, stride: int) -> Node:
    x = conv_bn(net, x, width, 1, name="pointwise1")
    options = {"stride": stride, "padding": 1, "groups": width}
    x = conv_bn(net, x, width, 3, name="depthwise", act=None, **options)
    return conv_bn(net, x, width, 1, name="pointwise2")


def _stem(net: Builder) -> Node:
    x = conv_bn(net, net.input, 24, 3, name="conv1", stride=2, padding=1)
    return net(MaxPool2d(3, 2, padding=1), x, name="pool1")


def _head(net: Builder, x: Node) -> Node:
    names = ("average", "flatten", "fc")
    return net.chain(x, GlobalAvgPool2d(), Flatten(), Linear(1000), names=names)


shufflenet_v1_g1, shufflenet_v1_g2, shufflenet_v1_g3 = map(_v1, (1, 2, 3))
shufflenet_v1_g4, shufflenet_v1_g8 = map(_v1, (4, 8))
shufflenet_v2_x0_5, shufflenet_v2_x1_0 = map(_v2, ("x0_5", "x1_0"))
shufflenet_v2_x1_5, shufflenet_v2_x2_0 = map(_v2, ("x1_5", "x2_0"))
