"""Transformers that attend in windows: Swin, Swin V2, MaxViT.

The feed-forward parts are full connections at each position, written as 1 x 1
convolutions of the map.
"""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    AvgPool2d,
    BatchNorm2d,
    ChannelNorm,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    LayerNorm,
    Linear,
    SpaceToDepth,
    Spec,
    WindowAttention,
)
from .blocks import conv_bn, squeeze_excite

SWIN = "Liu et al. 2021, Swin Transformer, ICCV, table 7"
SWIN_V2 = "Liu et al. 2022, Swin Transformer V2, CVPR, table 1"
TU = "Tu et al. 2022, MaxViT, ECCV, table 1"
SHALLOW, DEEP = (2, 2, 6, 2), (2, 2, 18, 2)


def swin_t() -> Model:
    """Swin-T: windows of 7, 96 channels first. Source: Liu et al. 2021, table 7."""
    return _swin("Swin-T", 96, SHALLOW)


def swin_s() -> Model:
    """Swin-S: windows of 7, 96 channels first, 18 blocks in stage 3. Source: Liu et al.
    2021, table 7.
    """
    return _swin("Swin-S", 96, DEEP)


def swin_b() -> Model:
    """Swin-B: windows of 7, 128 channels first. Source: Liu et al. 2021, table 7."""
    return _swin("Swin-B", 128, DEEP)


def swin_v2_t() -> Model:
    """Swin V2-T at 256 pixels: windows of 8, norms behind. Source: Liu et al. 2022,
    section 3; torchvision.
    """
    return _swin_v2("Swin V2-T", 96, SHALLOW)


def swin_v2_s() -> Model:
    """Swin V2-S at 256 pixels: windows of 8, norms behind. Source: Liu et al. 2022,
    section 3; torchvision.
    """
    return _swin_v2("Swin V2-S", 96, DEEP)


def swin_v2_b() -> Model:
    """Swin V2-B at 256 pixels: windows of 8, norms behind. Source: Liu et al. 2022,
    section 3; torchvision.
    """
    return _swin_v2("Swin V2-B", 128, DEEP)


def _swin(name: str, width: int, depths: tuple[int, ...]) -> Model:
    net = Builder(name, (3, 224, 224), source=SWIN)
    x = _patches(net, width)
    for stage, depth in enumerate(depths):
        if stage:
            x = net(SpaceToDepth(2), x, name=f"merge{stage}")
            x = net(ChannelNorm(), x, name=f"merge{stage}_norm")
            x = net(Conv2d(width * 2**stage, 1, bias=False), x, name=f"halve{stage}")
        heads = width * 2**stage // 32
        for i in range(depth):
            attention = WindowAttention(heads, 7, shift=_shift(x, i, 7))
            with net.scope(f"stage{stage + 1}.{i}"):
                x = _add(net, x, ChannelNorm(), attention, name="attention")
                x = _add(net, x, ChannelNorm(), *_feed(x), name="ffn")
    return net.model(_head(net, x))


def _swin_v2(name: str, width: int, depths: tuple[int, ...]) -> Model:
    """Build a Swin V2: the norms stand behind, queries and keys have length 1, and a
    network of 512 units makes the biases of the positions.
    """
    net = Builder(name, (3, 256, 256), source=SWIN_V2)
    x = _patches(net, width)
    for stage, depth in enumerate(depths):
        if stage:
            x = net(SpaceToDepth(2), x, name=f"merge{stage}")
            x = net(Conv2d(width * 2**stage, 1, bias=False), x, name=f"halve{stage}")
            x = net(ChannelNorm(), x, name=f"merge{stage}_norm")
        options = {"hidden": 512, "cosine": True}
        heads = width * 2**stage // 32
        for i in range(depth):
            attention = WindowAttention(heads, 8, shift=_shift(x, i, 8), **options)
            with net.scope(f"stage{stage + 1}.{i}"):
                x = _add(net, x, attention, ChannelNorm(), name="attention")
                x = _add(net, x, *_feed(x), ChannelNorm(), name="ffn")
    return net.model(_head(net, x))


def _patches(net: Builder, width: int) -> Node:
    patches = Conv2d(width, 4, stride=4)
    names = ("patches", "patches_norm")
    return net.chain(net.input, patches, ChannelNorm(), names=names)


def _shift(x: Node, block: int, window: int) -> int:
    """Return by how much this block moves its windows: every other one by half of a
    window, unless a single window holds the whole map.
    """
    return window // 2 if block % 2 and x.shape[1] > window else 0


def _feed(x: Node) -> tuple[Spec, ...]:
    return (Conv2d(4 * x.shape[0], 1), Activation("gelu"), Conv2d(x.shape[0], 1))


def _add(net: Builder, x: Node, *specs: Spec, name: str) -> Node:
    """Add the specs in a row, and the shortcut past them."""
    names = tuple(f"{name}.{i}" for i in range(len(specs)))
    return net(Add(), x, net.chain(x, *specs, names=names), name=f"{name}_add")


def _head(net: Builder, x: Node) -> Node:
    names = ("norm", "average", "flatten", "fc")
    head = (ChannelNorm(), GlobalAvgPool2d(), Flatten(), Linear(1000))
    return net.chain(x, *head, names=names)


def maxvit_t() -> Model:
    """MaxViT-T: inverted residuals, attention in windows, attention on a grid, eleven
    times.

    Source: Tu et al. 2022, table 1; torchvision.
    """
    net = Builder("MaxViT-T", (3, 224, 224), source=TU)
    options = {"act": "gelu", "stride": 2, "padding": 1}
    x = conv_bn(net, net.input, 64, 3, name="stem1", **options)
    x = net(Conv2d(64, 3, padding=1), x, name="stem2")
    for stage, (width, depth) in enumerate(
        zip((64, 128, 256, 512), (2, 2, 5, 2), strict=True), start=1
    ):
        for i in range(depth):
            with net.scope(f"stage{stage}.{i}"):
                x = _maxvit_block(net, x, width, stride=2 if i == 0 else 1)
    x = net.chain(x, GlobalAvgPool2d(), Flatten(), LayerNorm(), Linear(512))
    x = net(Activation("tanh"), x, name="tanh")
    return net.model(net(Linear(1000, bias=False), x, name="fc"))


def _maxvit_block(net: Builder, x: Node, width: int, *, stride: int) -> Node:
    """Add an inverted residual with the norm in front, and two attentions, each with
    its feed-forward part.
    """
    x = _pre_norm_residual(net, x, width, stride=stride)
    for name, grid in (("window", False), ("grid", True)):
        attention = WindowAttention(width // 32, 7, grid=grid)
        x = _add(net, x, ChannelNorm(), attention, name=f"{name}_attention")
        x = _add(net, x, ChannelNorm(), *_feed(x), name=f"{name}_ffn")
    return x


def _pre_norm_residual(net: Builder, x: Node, width: int, *, stride: int) -> Node:
    """Add MaxViT's inverted residual: norm, 1 x 1, depthwise, channel weights, 1 x 1,
    and a shortcut that averages and projects where the shape changes.
    """
    y = net(BatchNorm2d(), x, name="norm")
    wide = 4 * width
    y = conv_bn(net, y, wide, 1, name="expand", act="gelu")
    options = {"act": "gelu", "stride": stride, "padding": 1, "groups": wide}
    y = conv_bn(net, y, wide, 3, name="depthwise", **options)
    y = squeeze_excite(net, y, width // 4)
    y = net(Conv2d(width, 1), y, name="project")
    if stride == 2:
        x = net(AvgPool2d(3, 2, padding=1), x, name="short_average")
        x = net(Conv2d(width, 1), x, name="short_project")
    return net(Add(), x, y, name="add")
