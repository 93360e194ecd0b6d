"""EfficientNet V2: the first stages fuse expansion and depthwise into one 3 x 3."""

from ..graph import Builder, Model, Node
from ..layers import Add, Dropout, Flatten, GlobalAvgPool2d, Linear
from .blocks import conv_bn, inverted_residual

TAN = "Tan & Le 2021, EfficientNetV2, ICML, table 4"
# fused, expansion, stride, channels, blocks; all kernels are 3 x 3
STAGES_S = (
    (True, 1, 1, 24, 2),
    (True, 4, 2, 48, 4),
    (True, 4, 2, 64, 4),
    (False, 4, 2, 128, 6),
    (False, 6, 1, 160, 9),
    (False, 6, 2, 256, 15),
)
STAGES_M = (
    (True, 1, 1, 24, 3),
    (True, 4, 2, 48, 5),
    (True, 4, 2, 80, 5),
    (False, 4, 2, 160, 7),
    (False, 6, 1, 176, 14),
    (False, 6, 2, 304, 18),
    (False, 6, 1, 512, 5),
)
STAGES_L = (
    (True, 1, 1, 32, 4),
    (True, 4, 2, 64, 7),
    (True, 4, 2, 96, 7),
    (False, 4, 2, 192, 10),
    (False, 6, 1, 224, 19),
    (False, 6, 2, 384, 25),
    (False, 6, 1, 640, 7),
)


def efficientnet_v2_s() -> Model:
    """EfficientNet V2-S at 384 pixels. Source: Tan & Le 2021, table 4."""
    return _efficientnet_v2("EfficientNet V2-S", STAGES_S, size=384, dropout=0.2)


def efficientnet_v2_m() -> Model:
    """EfficientNet V2-M at 480 pixels. Source: the authors' code; Tan & Le 2021."""
    return _efficientnet_v2("EfficientNet V2-M", STAGES_M, size=480, dropout=0.3)


def efficientnet_v2_l() -> Model:
    """EfficientNet V2-L at 480 pixels. Source: the authors' code; Tan & Le 2021."""
    return _efficientnet_v2("EfficientNet V2-L", STAGES_L, size=480, dropout=0.4)


def _efficientnet_v2(name: str, stages: tuple, *, size: int, dropout: float) -> Model:
    net = Builder(name, (3, size, size), source=TAN)
    first = {"name": "stem", "act": "silu", "stride": 2, "padding": 1}
    x = conv_bn(net, net.input, stages[0][3], 3, **first)
    for number, (fused, expand, stride, channels, blocks) in enumerate(stages, start=1):
        for i in range(blocks):
            step = stride if i == 0 else 1
            with net.scope(f"stage{number}.{i}"):
                block = _fused if fused else _squeezed
                x = block(net, x, channels, expand, stride=step)
    x = conv_bn(net, x, 1280, 1, name="last", act="silu")
    head = (GlobalAvgPool2d(), Flatten(), Dropout(dropout), Linear(1000))
    return net.model(net.chain(x, *head, names=("average", "flatten", "dropout", "fc")))


def _fused(net: Builder, x: Node, channels: int, expand: int, *, stride: int) -> Node:
    """Add a 3 x 3 that expands, a 1 x 1 that projects, and the shortcut; without
    expansion the 3 x 3 alone. Source: Tan & Le 2021, figure 2.
    """
    spread = {"stride": stride, "padding": 1}
    if expand == 1:
        y = conv_bn(net, x, channels, 3, name="fused", act="silu", **spread)
    else:
        wide = expand * x.shape[0]
        y = conv_bn(net, x, wide, 3, name="fused", act="silu", **spread)
        y = conv_bn(net, y, channels, 1, name="project", act=None)
    return net(Add(), x, y, name="add") if x.shape == y.shape else y


def _squeezed(
    net: Builder, x: Node, channels: int, expand: int, *, stride: int
) -> Node:
    options = {"kernel": 3, "expand": expand, "act": "silu"}
    squeezed = x.shape[0] // 4
    return inverted_residual(
        net, x, channels, stride=stride, squeezed=squeezed, **options
    )
