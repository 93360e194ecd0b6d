"""RegNet: networks whose widths follow a straight line, rounded to stages.

X has bottlenecks with groups, Y channel weights (squeeze-and-excitation) besides.
"""

from collections.abc import Callable
from itertools import groupby
from math import log

from ..graph import Builder, Model, Node
from ..layers import Activation, Add, Flatten, GlobalAvgPool2d, Linear
from .blocks import conv_bn, squeeze_excite

RADOSAVOVIC = "Radosavovic et al. 2020, Designing network design spaces, CVPR"
# depth, first width, slope, step of the widths, channels of a group
X = {
    "400mf": (22, 24, 24.48, 2.54, 16),
    "800mf": (16, 56, 35.73, 2.28, 16),
    "1_6gf": (18, 80, 34.01, 2.25, 24),
    "3_2gf": (25, 88, 26.31, 2.25, 48),
    "8gf": (23, 80, 49.56, 2.88, 120),
    "16gf": (22, 216, 55.59, 2.1, 128),
    "32gf": (23, 320, 69.86, 2.0, 168),
}
Y = {
    "400mf": (16, 48, 27.89, 2.09, 8),
    "800mf": (14, 56, 38.84, 2.4, 16),
    "1_6gf": (27, 48, 20.71, 2.65, 24),
    "3_2gf": (21, 80, 42.63, 2.66, 24),
    "8gf": (17, 192, 76.82, 2.19, 56),
    "16gf": (18, 200, 106.23, 2.48, 112),
    "32gf": (20, 232, 115.89, 2.53, 232),
    "128gf": (27, 456, 160.83, 2.52, 264),  # Singh et al. 2022, SWAG
}


def _stages(
    depth: int, first: int, slope: float, step: float, *, group: int
) -> list[tuple[int, int, int]]:
    """Return (width, blocks, channels of a group) for each stage.

    The widths first + slope j are rounded to first times powers of `step`, then to
    multiples of 8, then to multiples of a group.
    Source: Radosavovic et al. 2020, equations 2 to 4.

    >>> _stages(16, 48, 27.89, 2.09, group=8)
    [(48, 1, 8), (104, 3, 8), (208, 6, 8), (440, 6, 8)]
    """
    powers = (round(log((first + slope * j) / first) / log(step)) for j in range(depth))
    widths = (round(first * step**power / 8) * 8 for power in powers)
    found = []
    for width, blocks in groupby(widths):
        channels = min(group, width)
        fitted = max(channels, (width + channels // 2) // channels * channels)
        fitted += channels * (fitted < 0.9 * width)
        found.append((fitted, len(list(blocks)), channels))
    return found


def _regnet(kind: str, size: str, numbers: tuple) -> Callable[[], Model]:
    """Return the function that builds RegNet X or Y of one size."""
    *line, group = numbers
    label = f"RegNet {kind.upper()}-{size.replace('_', '.').upper()}"

    def build() -> Model:
        net = Builder(label, (3, 224, 224), source=RADOSAVOVIC)
        x = conv_bn(net, net.input, 32, 3, name="stem", stride=2, padding=1)
        for number, (width, blocks, channels) in enumerate(
            _stages(*line, group=group), start=1
        ):
            for i in range(blocks):
                with net.scope(f"stage{number}.{i}"):
                    options = {"group": channels, "stride": 2 if i == 0 else 1}
                    x = _block(net, x, width, squeeze=kind == "y", **options)
        head, names = (GlobalAvgPool2d(), Flatten(), Linear(1000)), ("average",)
        return net.model(net.chain(x, *head, names=(*names, "flatten", "fc")))

    build.__name__ = build.__qualname__ = f"regnet_{kind}_{size}"
    build.__doc__ = (
        f"{label}, as torchvision has it.\n\n"
        "    Source: Radosavovic et al. 2020, section 4; torchvision.\n    "
    )
    return build


def _block(
    net: Builder, x: Node, width: int, *, group: int, stride: int, squeeze: bool
) -> Node:
    """Add 1 x 1, 3 x 3 in groups, channel weights, 1 x 1, and the shortcut."""
    spread = {"stride": stride, "padding": 1, "groups": width // group}
    y = conv_bn(net, x, width, 1, name="conv1")
    y = conv_bn(net, y, width, 3, name="conv2", **spread)
    if squeeze:
        y = squeeze_excite(net, y, round(x.shape[0] / 4), act="relu")
    y = conv_bn(net, y, width, 1, name="conv3", act=None)
    if x.shape != y.shape:
        x = conv_bn(net, x, width, 1, name="shortcut", act=None, stride=stride)
    return net(Activation("relu"), net(Add(), x, y, name="add"), name="relu")


regnet_x_400mf, regnet_x_800mf, regnet_x_1_6gf, regnet_x_3_2gf = (
    _regnet("x", size, X[size]) for size in ("400mf", "800mf", "1_6gf", "3_2gf")
)
regnet_x_8gf, regnet_x_16gf, regnet_x_32gf = (
    _regnet("x", size, X[size]) for size in ("8gf", "16gf", "32gf")
)
regnet_y_400mf, regnet_y_800mf, regnet_y_1_6gf, regnet_y_3_2gf = (
    _regnet("y", size, Y[size]) for size in ("400mf", "800mf", "1_6gf", "3_2gf")
)
regnet_y_8gf, regnet_y_16gf, regnet_y_32gf, regnet_y_128gf = (
    _regnet("y", size, Y[size]) for size in ("8gf", "16gf", "32gf", "128gf")
)
