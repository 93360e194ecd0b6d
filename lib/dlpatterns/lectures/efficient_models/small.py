"""Small networks for the digits, all of one kind of block, as wide as a budget allows.

The budget is of MACs, parameters, or modelled time; a width is a whole number, and that
of groups a multiple of four, so that networks come near a budget and seldom meet it.
"""

from functools import cache

from ...counting import count
from ...graph import Builder, Model
from ...hardware import machines, roofline
from ...layers import Activation, Add, Flatten, GlobalAvgPool2d, Linear
from ...models.blocks import conv_bn
from . import blocks

MACHINE, BATCH, DEPTH = "RTX 3090", 32, 2
STEPS = {"groups": blocks.GROUPS, "groups, shuffled": blocks.GROUPS, "ghost": 2}
MEASURES = ("MACs", "parameters", "time", "time, fused")


@cache
def network(kind: str, width: int, *, skip: bool = True, head: int = 0) -> Model:
    """Return a network for the digits: a stem, two blocks, with a shortcut round each
    if `skip`, a mixture into `head` maps if there is one, the mean of each map, ten
    classes. Every convolution is normalised; a block's last activation stands behind
    its shortcut.
    """
    net = Builder(f"{kind} {width}", (1, 8, 8))
    x = conv_bn(net, net.input, width, 3, name="stem", padding=1)
    for number in range(1, DEPTH + 1):
        with net.scope(f"block{number}"):
            y = blocks.BODIES[kind](net, x, last=None)
            x = net(Add(), x, y, name="shortcut") if skip else y
            x = net(Activation("relu"), x, name="relu")
    if head:
        x = conv_bn(net, x, head, 1, name="head")
    tail = (GlobalAvgPool2d(), Flatten(), Linear(10))
    return net.model(net.chain(x, *tail, names=("mean", "flatten", "output")))


def size(model: Model, measure: str) -> float:
    """Return what a network takes: MACs an image, parameters, or the least seconds an
    image in batches of 32 on an RTX 3090, FP16, bytes `once`, one layer after another,
    with layers that have no MAC apart or fused into the one before.
    """
    if measure in ("MACs", "parameters"):
        counted = count(model)
        return counted.macs if measure == "MACs" else counted.params
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {MEASURES}, got {measure!r}")
    fused, chip = measure.endswith("fused"), machines.get(MACHINE)
    bounds = roofline.layers(model, chip, batch=BATCH, fused=fused)
    return sum(one.overlapped for one in bounds) / BATCH


@cache
def fitted(kind: str, measure: str, budget: float, **how: bool | int) -> Model:
    """Return the network of a kind that comes nearest to a budget, by its factor; `how`
    says whether it has shortcuts and a head.
    """
    best, step = None, STEPS.get(kind, 1)
    for width in range(4, 400, step):
        model = network(kind, width, **how)
        found = size(model, measure)
        away = max(found / budget, budget / found)
        if best is not None and away > best[0]:
            return best[1]
        best = (away, model)
    raise ValueError(f"no width of {kind!r} comes near {budget!r} {measure}")
