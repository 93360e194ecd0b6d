"""Blocks that several networks share: convolution with normalisation,
squeeze-and-excitation, inverted residuals.
"""

from ..graph import Builder, Node
from ..layers import (
    Activation,
    Add,
    BatchNorm2d,
    Conv2d,
    GlobalAvgPool2d,
    Multiply,
    Pair,
)


def conv(
    net: Builder,
    x: Node,
    channels: int,
    kernel: Pair,
    *,
    name: str,
    act: str = "relu",
    **options: object,
) -> Node:
    """Add a biased convolution and its activation."""
    x = net(Conv2d(channels, kernel, **options), x, name=name)
    return net(Activation(act), x, name=f"{name}_{act}")


def conv_bn(
    net: Builder,
    x: Node,
    channels: int,
    kernel: Pair,
    *,
    name: str,
    act: str | None = "relu",
    **options: object,
) -> Node:
    """Add a convolution without bias, its batch normalisation, and the activation
    unless `act` is None.
    """
    x = net(Conv2d(channels, kernel, bias=False, **options), x, name=name)
    x = net(BatchNorm2d(), x, name=f"{name}_bn")
    return net(Activation(act), x, name=f"{name}_{act}") if act else x


def squeeze_excite(
    net: Builder, x: Node, squeezed: int, *, act: str = "silu", gate: str = "sigmoid"
) -> Node:
    """Add squeeze-and-excitation: each channel is scaled by a gate computed from the
    means of all channels.

    Source: Hu et al. 2018, figure 2. The two full connections are 1 x 1 convolutions on
    1 x 1 maps.
    """
    with net.scope("se"):
        means = net(GlobalAvgPool2d(), x, name="squeeze")
        low = net(Conv2d(squeezed, 1), means, name="fc1")
        low = net(Activation(act), low, name=f"fc1_{act}")
        high = net(Conv2d(x.shape[0], 1), low, name="fc2")
        return net(Multiply(), x, net(Activation(gate), high, name=gate), name="scale")


def inverted_residual(
    net: Builder,
    x: Node,
    channels: int,
    *,
    kernel: int,
    stride: int,
    act: str,
    expand: int = 1,
    wide: int | None = None,
    squeezed: int = 0,
    gates: tuple[str, str] | None = None,
) -> Node:
    """Add expand (1 x 1), depthwise, optional squeeze-and-excitation, project (1 x 1),
    and a shortcut where it fits.

    The depthwise part has `wide` channels, or `expand` times those of the input;
    `gates` are the two activations of the squeeze-and-excitation.
    Source: Sandler et al. 2018, figure 4(d); with `squeezed` > 0 the MBConv of Tan & Le
    2019.
    """
    start, wide = x, wide or x.shape[0] * expand
    if wide != x.shape[0]:
        x = conv_bn(net, x, wide, 1, name="expand", act=act)
    x = conv_bn(
        net,
        x,
        wide,
        kernel,
        name="depthwise",
        act=act,
        stride=stride,
        padding=kernel // 2,
        groups=wide,
    )
    if squeezed:
        inner, gate = gates or (act, "sigmoid")
        x = squeeze_excite(net, x, squeezed, act=inner, gate=gate)
    x = conv_bn(net, x, channels, 1, name="project", act=None)
    return net(Add(), start, x, name="add") if start.shape == x.shape else x
