"""Networks found by search, for telephones: MNASNet, MobileNet V3, GhostNet."""

from collections.abc import Callable
from functools import partial

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
)
from .blocks import conv_bn, inverted_residual, squeeze_excite
from .mobile import _round_channels as rounded

HOWARD = "Howard et al. 2019, Searching for MobileNetV3, ICCV, tables 1 and 2"
MNAS = "Tan et al. 2019, MnasNet, CVPR, figure 7; variant B1 of the authors' code"
HAN = "Han et al. 2020, GhostNet, CVPR, table 7"
MNASNET_STAGES = (  # expansion, channels, blocks, stride, kernel
    (3, 24, 3, 2, 3),
    (3, 40, 3, 2, 5),
    (6, 80, 3, 2, 5),
    (6, 96, 2, 1, 3),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
# Howard et al. 2019, tables 1 and 2: kernel, expanded, out, squeeze, activation, stride
RE, HS = "relu", "hardswish"
LARGE = (
    (3, 16, 16, False, RE, 1),
    (3, 64, 24, False, RE, 2),
    (3, 72, 24, False, RE, 1),
    (5, 72, 40, True, RE, 2),
    (5, 120, 40, True, RE, 1),
    (5, 120, 40, True, RE, 1),
    (3, 240, 80, False, HS, 2),
    (3, 200, 80, False, HS, 1),
    (3, 184, 80, False, HS, 1),
    (3, 184, 80, False, HS, 1),
    (3, 480, 112, True, HS, 1),
    (3, 672, 112, True, HS, 1),
    (5, 672, 160, True, HS, 2),
    (5, 960, 160, True, HS, 1),
    (5, 960, 160, True, HS, 1),
)
SMALL = (
    (3, 16, 16, True, RE, 2),
    (3, 72, 24, False, RE, 2),
    (3, 88, 24, False, RE, 1),
    (5, 96, 40, True, HS, 2),
    (5, 240, 40, True, HS, 1),
    (5, 240, 40, True, HS, 1),
    (5, 120, 48, True, HS, 1),
    (5, 144, 48, True, HS, 1),
    (5, 288, 96, True, HS, 2),
    (5, 576, 96, True, HS, 1),
    (5, 576, 96, True, HS, 1),
)
# Han et al. 2020, table 7: kernel, expanded, out, squeeze, stride
GHOST = (
    (3, 16, 16, False, 1),
    (3, 48, 24, False, 2),
    (3, 72, 24, False, 1),
    (5, 72, 40, True, 2),
    (5, 120, 40, True, 1),
    (3, 240, 80, False, 2),
    (3, 200, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 480, 112, True, 1),
    (3, 672, 112, True, 1),
    (5, 672, 160, True, 2),
    (5, 960, 160, False, 1),
    (5, 960, 160, True, 1),
    (5, 960, 160, False, 1),
    (5, 960, 160, True, 1),
)


def _mnasnet(name: str, width: float) -> Callable[[], Model]:
    """Return the function that builds MNASNet with its channels times `width`."""

    def build() -> Model:
        net = Builder(f"MNASNet {width}", (3, 224, 224), source=MNAS)
        first = rounded(32 * width)
        x = conv_bn(net, net.input, first, 3, name="conv1", stride=2, padding=1)
        with net.scope("separable"):
            options = {"kernel": 3, "stride": 1, "act": "relu"}
            x = inverted_residual(net, x, rounded(16 * width), **options)
        for number, stage in enumerate(MNASNET_STAGES, start=1):
            x = _mnas_stage(net, x, number, *stage, width=width)
        x = conv_bn(net, x, 1280, 1, name="last")
        head = (GlobalAvgPool2d(), Flatten(), Dropout(0.2), Linear(1000))
        return net.model(net.chain(x, *head))

    build.__name__ = build.__qualname__ = name
    build.__doc__ = (
        f"MNASNet-B1 with its channels times {width}.\n\n"
        "    Source: Tan et al. 2019, figure 7; torchvision.\n    "
    )
    return build


def _mnas_stage(net: Builder, x: Node, number: int, *stage: int, width: float) -> Node:
    expand, channels, blocks, stride, kernel = stage
    for i in range(blocks):
        with net.scope(f"stage{number}.{i}"):
            options = {"kernel": kernel, "expand": expand, "act": "relu"}
            step = stride if i == 0 else 1
            x = inverted_residual(
                net, x, rounded(channels * width), stride=step, **options
            )
    return x


mnasnet0_5, mnasnet0_75 = _mnasnet("mnasnet0_5", 0.5), _mnasnet("mnasnet0_75", 0.75)
mnasnet1_0, mnasnet1_3 = _mnasnet("mnasnet1_0", 1.0), _mnasnet("mnasnet1_3", 1.3)


def mobilenet_v3_large() -> Model:
    """MobileNet V3, large: fifteen inverted residuals, some with channel weights.

    Source: Howard et al. 2019, table 1.
    """
    return _mobilenet_v3("MobileNet V3 (large)", LARGE, last=1280)


def mobilenet_v3_small() -> Model:
    """MobileNet V3, small: eleven inverted residuals, some with channel weights.

    Source: Howard et al. 2019, table 2.
    """
    return _mobilenet_v3("MobileNet V3 (small)", SMALL, last=1024)


def _mobilenet_v3(name: str, rows: tuple, *, last: int) -> Model:
    net = Builder(name, (3, 224, 224), source=HOWARD)
    x = conv_bn(net, net.input, 16, 3, name="conv1", act=HS, stride=2, padding=1)
    for i, (kernel, wide, channels, squeeze, act, stride) in enumerate(rows):
        squeezed = rounded(wide // 4) if squeeze else 0
        options = {"kernel": kernel, "stride": stride, "act": act, "wide": wide}
        with net.scope(f"block{i}"):
            x = inverted_residual(
                net,
                x,
                channels,
                squeezed=squeezed,
                gates=(RE, "hardsigmoid"),
                **options,
            )
    x = conv_bn(net, x, 6 * x.shape[0], 1, name="last", act=HS)
    head = (Linear(last), Activation(HS), Dropout(0.2), Linear(1000))
    return net.model(net.chain(x, GlobalAvgPool2d(), Flatten(), *head))


def ghostnet() -> Model:
    """GhostNet, width 1: half of a convolution's maps are made from the other half by a
    cheap depthwise 3 x 3.

    Source: Han et al. 2020, table 7.
    """
    net = Builder("GhostNet", (3, 224, 224), source=HAN)
    x = conv_bn(net, net.input, 16, 3, name="conv1", stride=2, padding=1)
    for i, row in enumerate(GHOST):
        with net.scope(f"block{i}"):
            x = _ghost_bottleneck(net, x, *row)
    x = conv_bn(net, x, 960, 1, name="last")
    x = net(GlobalAvgPool2d(), x, name="average")
    x = net.chain(x, Conv2d(1280, 1), Activation("relu"), names=("head", "head_relu"))
    return net.model(net.chain(x, Flatten(), Dropout(0.2), Linear(1000)))


def _ghost(net: Builder, x: Node, channels: int, *, name: str, act: str | None) -> Node:
    """Add a 1 x 1 that makes half of the channels, and a depthwise 3 x 3 that makes the
    other half from them.
    """
    half = channels // 2
    real = conv_bn(net, x, half, 1, name=f"{name}_real", act=act)
    options = {"padding": 1, "groups": half}
    ghosts = conv_bn(net, real, half, 3, name=f"{name}_ghosts", act=act, **options)
    return net(Concat(), real, ghosts, name=f"{name}_concat")


def _ghost_bottleneck(net: Builder, x: Node, *row: int) -> Node:
    """Add a ghost module that expands, a depthwise convolution where the map is halved,
    channel weights, a ghost module that projects, and the shortcut.
    """
    kernel, wide, channels, squeeze, stride = row
    y = _ghost(net, x, wide, name="expand", act="relu")
    spread = {"stride": stride, "padding": kernel // 2}
    if stride > 1:
        options = spread | {"groups": wide, "act": None}
        y = conv_bn(net, y, wide, kernel, name="depthwise", **options)
    if squeeze:
        y = squeeze_excite(net, y, (wide // 4 + 2) // 4 * 4, act=RE, gate="hardsigmoid")
    y = _ghost(net, y, channels, name="project", act=None)
    if x.shape != y.shape:
        short = partial(conv_bn, net, act=None)
        options = spread | {"groups": x.shape[0]}
        x = short(x, x.shape[0], kernel, name="short_depthwise", **options)
        x = short(x, channels, 1, name="short_pointwise")
    return net(Add(), x, y, name="add")
