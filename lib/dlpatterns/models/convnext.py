"""ConvNeXt: a residual network rebuilt with the habits of Transformers."""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    ChannelNorm,
    ChannelScale,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
)

LIU = "Liu et al. 2022, A ConvNet for the 2020s, CVPR, section 3"


def convnext_tiny() -> Model:
    """ConvNeXt-T: stages of 3, 3, 9, 3 blocks, 96 channels first. Source: Liu et al.
    2022, section 3.
    """
    return _convnext("ConvNeXt-T", 96, third=9)


def convnext_small() -> Model:
    """ConvNeXt-S: stages of 3, 3, 27, 3 blocks, 96 channels first. Source: Liu et al.
    2022, section 3.
    """
    return _convnext("ConvNeXt-S", 96, third=27)


def convnext_base() -> Model:
    """ConvNeXt-B: stages of 3, 3, 27, 3 blocks, 128 channels first. Source: Liu et al.
    2022, section 3.
    """
    return _convnext("ConvNeXt-B", 128, third=27)


def convnext_large() -> Model:
    """ConvNeXt-L: stages of 3, 3, 27, 3 blocks, 192 channels first. Source: Liu et al.
    2022, section 3.
    """
    return _convnext("ConvNeXt-L", 192, third=27)


def _convnext(name: str, width: int, *, third: int) -> Model:
    net = Builder(name, (3, 224, 224), source=LIU)
    x = net(Conv2d(width, 4, stride=4), net.input, name="stem")
    x = net(ChannelNorm(), x, name="stem_norm")
    for stage, blocks in enumerate((3, 3, third, 3)):
        if stage:
            halve = Conv2d(width * 2**stage, 2, stride=2)
            names = (f"norm{stage}", f"halve{stage}")
            x = net.chain(x, ChannelNorm(), halve, names=names)
        for i in range(blocks):
            with net.scope(f"stage{stage + 1}.{i}"):
                x = _block(net, x)
    head = (GlobalAvgPool2d(), ChannelNorm(), Flatten(), Linear(1000))
    return net.model(net.chain(x, *head, names=("average", "norm", "flatten", "fc")))


def _block(net: Builder, x: Node) -> Node:
    """Add a depthwise 7 x 7, normalisation, a 1 x 1 to four times the channels and one
    back, a scale a channel, and the shortcut. Source: Liu et al. 2022, figure 4.
    """
    channels = x.shape[0]
    depthwise = Conv2d(channels, 7, padding=3, groups=channels)
    y = net.chain(x, depthwise, ChannelNorm(), names=("depthwise", "norm"))
    wide, act, back = Conv2d(4 * channels, 1), Activation("gelu"), Conv2d(channels, 1)
    names = ("expand", "gelu", "project", "scale")
    y = net.chain(y, wide, act, back, ChannelScale(), names=names)
    return net(Add(), x, y, name="add")
