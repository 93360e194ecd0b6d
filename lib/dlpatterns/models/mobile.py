"""MobileNet V1 and V2, EfficientNet B0 to B7."""

from collections.abc import Callable
from math import ceil

from ..graph import Builder, Model, Node
from ..layers import Dropout, Flatten, GlobalAvgPool2d, Linear
from .blocks import conv_bn, inverted_residual

HOWARD = "Howard et al. 2017, MobileNets, arXiv:1704.04861, table 1"
SANDLER = "Sandler et al. 2018, MobileNetV2, CVPR, table 2"
TAN = "Tan & Le 2019, EfficientNet, ICML, table 1"

# Table 2 of Sandler et al. 2018 and table 1 of Tan & Le 2019: expansion, channels,
# blocks, stride, kernel.
MOBILENET_V2_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 32, 3, 2, 3),
    (6, 64, 4, 2, 3),
    (6, 96, 3, 1, 3),
    (6, 160, 3, 2, 3),
    (6, 320, 1, 1, 3),
)
EFFICIENTNET_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


def mobilenet_v1() -> Model:
    """MobileNet V1: depthwise and 1 x 1 convolutions in turn, 1000 classes.
    Source: Howard et al. 2017, table 1.
    """
    net = Builder("MobileNet V1", (3, 224, 224), source=HOWARD)
    x = conv_bn(net, net.input, 32, 3, name="conv1", stride=2, padding=1)
    plan = [
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        *[(512, 1)] * 5,
        (1024, 2),
        (1024, 1),
    ]
    for i, (channels, stride) in enumerate(plan, start=2):
        with net.scope(f"block{i}"):
            x = conv_bn(
                net,
                x,
                x.shape[0],
                3,
                name="depthwise",
                stride=stride,
                padding=1,
                groups=x.shape[0],
            )
            x = conv_bn(net, x, channels, 1, name="pointwise")
    return net.model(
        net.chain(
            x,
            GlobalAvgPool2d(),
            Flatten(),
            Linear(1000),
            names=("average", "flatten", "fc"),
        )
    )


def mobilenet_v2() -> Model:
    """MobileNet V2: inverted residuals with linear bottlenecks. Source: Sandler et al.
    2018, table 2.
    """
    net = Builder("MobileNet V2", (3, 224, 224), source=SANDLER)
    x = conv_bn(net, net.input, 32, 3, name="conv1", act="relu6", stride=2, padding=1)
    x = _stages(net, x, MOBILENET_V2_STAGES, act="relu6")
    return net.model(
        _head(net, conv_bn(net, x, 1280, 1, name="last", act="relu6"), dropout=0.2)
    )


def _stages(
    net: Builder, x: Node, stages: tuple, *, act: str, se: bool = False
) -> Node:
    """Add stages of inverted residuals; the stride belongs to the first block of
    each.
    """
    for number, (expand, channels, blocks, stride, kernel) in enumerate(
        stages, start=1
    ):
        for i in range(blocks):
            with net.scope(f"stage{number}.{i}"):
                options = {
                    "kernel": kernel,
                    "stride": stride if i == 0 else 1,
                    "expand": expand,
                    "act": act,
                }
                x = inverted_residual(
                    net,
                    x,
                    channels,
                    squeezed=max(1, x.shape[0] // 4) if se else 0,
                    **options,
                )
    return x


def _head(net: Builder, x: Node, *, dropout: float) -> Node:
    names = ("average", "flatten", "dropout", "fc")
    return net.chain(
        x, GlobalAvgPool2d(), Flatten(), Dropout(dropout), Linear(1000), names=names
    )


def _round_channels(channels: float) -> int:
    """Round to a multiple of eight, never losing more than a tenth.

    >>> _round_channels(32 * 1.4), _round_channels(320 * 1.8)
    (48, 576)
    """
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def efficientnet(
    name: str = "EfficientNet",
    *,
    width: float,
    depth: float,
    size: int,
    dropout: float = 0.2,
) -> Model:
    """EfficientNet with its channels times `width`, its blocks times `depth`, on images
    of `size` pixels.

    Source: Tan & Le 2019, section 3; channels and blocks are rounded as in the authors'
    code.
    Raises: ValueError if width or depth is not above zero.
    """
    numbers = all(isinstance(each, int | float) for each in (width, depth))
    if not numbers or not (width > 0 and depth > 0):
        raise ValueError(
            f"{name}: width and depth must be above zero, got width {width!r} and "
            f"depth {depth!r}"
        )
    net = Builder(name, (3, size, size), source=TAN)
    x = conv_bn(
        net,
        net.input,
        _round_channels(32 * width),
        3,
        name="stem",
        act="silu",
        stride=2,
        padding=1,
    )
    stages = tuple(
        (e, _round_channels(c * width), ceil(n * depth), s, k)
        for e, c, n, s, k in EFFICIENTNET_STAGES
    )
    x = _stages(net, x, stages, act="silu", se=True)
    x = conv_bn(net, x, 4 * x.shape[0], 1, name="last", act="silu")
    return net.model(_head(net, x, dropout=dropout))


SCALES = {  # Tan & Le 2019, table 2, coefficients of the authors' code
    0: (1.0, 1.0, 224, 0.2),  # width, depth, pixels, dropout
    1: (1.0, 1.1, 240, 0.2),
    2: (1.1, 1.2, 288, 0.3),  # 260 pixels in the paper, 288 in torchvision
    3: (1.2, 1.4, 300, 0.3),
    4: (1.4, 1.8, 380, 0.4),
    5: (1.6, 2.2, 456, 0.4),
    6: (1.8, 2.6, 528, 0.5),
    7: (2.0, 3.1, 600, 0.5),
}


def _scaled(number: int) -> Callable[..., Model]:
    """Return the function that builds EfficientNet-B`number`."""
    width, depth, pixels, dropout = SCALES[number]

    def build(size: int = pixels) -> Model:
        return efficientnet(
            f"EfficientNet-B{number}",
            width=width,
            depth=depth,
            size=size,
            dropout=dropout,
        )

    build.__name__ = build.__qualname__ = f"efficientnet_b{number}"
    build.__doc__ = (
        f"EfficientNet-B{number}: width {width}, depth {depth}, {pixels} pixels.\n\n"
        "    Source: Tan & Le 2019, table 2; coefficients of the authors' code.\n    "
    )
    return build


efficientnet_b0, efficientnet_b1, efficientnet_b2, efficientnet_b3 = map(
    _scaled, range(4)
)
efficientnet_b4, efficientnet_b5, efficientnet_b6, efficientnet_b7 = map(
    _scaled, range(4, 8)
)
