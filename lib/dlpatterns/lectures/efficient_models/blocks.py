"""One block each way: what stands between two maps of the same shape.

A body ends with the activation `last`; None leaves it to what follows, a shortcut.
"""

from collections.abc import Callable

from ...graph import Builder, Model, Node
from ...layers import (
    Add,
    Concat,
    ShuffleChannels,
)
from ...models.blocks import conv_bn, squeeze_excite

Body = Callable[..., Node]
Last = str | None
GROUPS = 4
BODIES: dict[str, Body] = {}


def body(name: str) -> Callable[[Body], Body]:
    """Register what stands on the long way of a block."""

    def register(function: Body) -> Body:
        BODIES[name] = function
        return function

    return register


def _square(net: Builder, x: Node, kernel: int, name: str, **options: object) -> Node:
    options = {"padding": kernel // 2} | options
    return conv_bn(net, x, x.shape[0], kernel, name=name, **options)


@body("5 × 5")
def large(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add one large convolution."""
    return _square(net, x, 5, "conv", act=last)


@body("two 3 × 3")
def twice(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add two small convolutions that see as far as the large one."""
    return _square(net, _square(net, x, 3, "first"), 3, "second", act=last)


@body("3 × 3")
def plain(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add one convolution."""
    return _square(net, x, 3, "conv", act=last)


@body("3 × 1, 1 × 3")
def factorised(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add a column and a row."""
    wide = x.shape[0]
    x = conv_bn(net, x, wide, (3, 1), name="column", padding=(1, 0))
    return conv_bn(net, x, wide, (1, 3), name="row", padding=(0, 1), act=last)


@body("bottleneck")
def bottleneck(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add a 3 x 3 convolution between two of 1 x 1, on a quarter of the channels."""
    narrow, wide = x.shape[0] // 4, x.shape[0]
    x = conv_bn(net, x, narrow, 1, name="reduce")
    x = conv_bn(net, x, narrow, 3, name="conv", padding=1)
    return conv_bn(net, x, wide, 1, name="expand", act=last)


@body("groups")
def grouped(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add two grouped convolutions, 3 x 3 and 1 x 1."""
    x = _square(net, x, 3, "conv", groups=GROUPS)
    return _square(net, x, 1, "point", groups=GROUPS, act=last)


@body("groups, shuffled")
def shuffled(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add the same with the channels dealt out anew between the two."""
    x = _square(net, x, 3, "conv", groups=GROUPS)
    x = net(ShuffleChannels(GROUPS), x, name="shuffle")
    return _square(net, x, 1, "point", groups=GROUPS, act=last)


@body("depthwise separable")
def separable(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add a filter for each map, then a mixture at each place."""
    x = _square(net, x, 3, "depthwise", groups=x.shape[0])
    return _square(net, x, 1, "pointwise", act=last)


@body("inverted residual")
def inverted(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add four times the channels, a filter for each, the way back without an
    activation, and the shortcut; without `last`, the long way alone.
    """
    return _long_way(net, x, 0, linked=last is not None)


@body("inverted residual, SE")
def excited(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add the same with squeeze-and-excitation."""
    return _long_way(net, x, max(1, x.shape[0] // 4), linked=last is not None)


def _long_way(net: Builder, start: Node, squeezed: int, *, linked: bool) -> Node:
    wide = start.shape[0]
    x = conv_bn(net, start, 4 * wide, 1, name="expand")
    x = _square(net, x, 3, "depthwise", groups=4 * wide)
    if squeezed:
        x = squeeze_excite(net, x, squeezed, act="relu")
    x = conv_bn(net, x, wide, 1, name="project", act=None)
    return net(Add(), start, x, name="add") if linked else x


@body("3 × 3, SE")
def weighted(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add one convolution and weigh its channels."""
    return squeeze_excite(net, plain(net, x, last), max(1, x.shape[0] // 4), act="relu")


@body("dense")
def dense(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add three convolutions of a quarter of the channels, each reading all before it,
    then return to the width.
    """
    wide, growth = x.shape[0], x.shape[0] // 4
    for name in ("first", "second", "third"):
        new = conv_bn(net, x, growth, 3, name=name, padding=1)
        x = net(Concat(), x, new, name=f"{name}_joined")
    return conv_bn(net, x, wide, 1, name="transition", act=last)


@body("ghost")
def ghost(net: Builder, x: Node, last: Last = "relu") -> Node:
    """Add half of the maps by a convolution, and to each a cheap copy.
    Source: Han et al. 2020, figure 1 (b).
    """
    half = x.shape[0] // 2
    real = conv_bn(net, x, half, 3, name="primary", padding=1, act=last)
    options = {"padding": 1, "groups": half, "act": last}
    cheap = conv_bn(net, real, half, 3, name="cheap", **options)
    return net(Concat(), real, cheap, name="joined")


def block(kind: str, channels: int, size: int) -> Model:
    """Return one block alone, on `channels` maps of size x size."""
    net = Builder(kind, (channels, size, size))
    return net.model(BODIES[kind](net, net.input))
