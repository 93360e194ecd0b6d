"""Before and after: what each way of building a block does to weights, MACs and bytes;
compound scaling, step by step.
"""

from functools import cache
from math import log

from ... import models
from ...counting import count
from ...hardware import machines, roofline
from ...models import mobile
from . import blocks
from .world import kind

MACHINE = "RTX 3090"
ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # depth, width, pixels: Tan & Le 2019, section 3.3


def separable(channels: int, filters: int, kernel: int = 3) -> tuple[int, int]:
    """Return the weights of a convolution and of its depthwise separable form.

    >>> separable(16, 32)
    (4608, 656)
    """
    return (
        channels * filters * kernel**2,
        channels * kernel**2 + channels * filters,
    )


@cache
def cost(
    kind: str, channels: int, *, size: int, batch: int = 32, fused: bool = False
) -> dict[str, float]:
    """Return what one block on maps of size x size takes an image: weights, MACs, bytes
    `once` in 16 bits, and seconds on an RTX 3090: of arithmetic, of traffic, and at
    least, layer by layer, with `fused` those without MACs joined to the one before.
    """
    model = blocks.block(kind, channels, size)
    counted, chip = count(model), machines.get(MACHINE)
    bounds = roofline.layers(model, chip, batch=batch, fused=fused)
    return {
        "weights": counted.weights,
        "macs": counted.macs,
        "bytes": sum(one.bytes_once for one in bounds) / batch,
        "arithmetic": sum(one.arithmetic for one in bounds) / batch,
        "traffic": sum(one.traffic for one in bounds) / batch,
        "seconds": sum(one.overlapped for one in bounds) / batch,
    }


def row(kind: str, channels: int = 64, size: int = 28) -> dict:
    """Return the costs of one block in the units of a table."""
    one = cost(kind, channels, size=size)
    return {
        "block": kind,
        "weights": one["weights"],
        "MACs": one["macs"],
        "kB (once)": round(one["bytes"] / 1e3),
        "MACs a byte": round(one["macs"] / one["bytes"], 1),
        "arithmetic µs": round(1e6 * one["arithmetic"], 2),
        "traffic µs": round(1e6 * one["traffic"], 2),
        "least µs": round(1e6 * one["seconds"], 2),
    }


def rows() -> list[dict]:
    """Count every block at the same width."""
    return [row(kind) for kind in blocks.BODIES]


def intensities(zoo: str = "mobilenet_v2", batch: int = 32) -> list[dict]:
    """Sum up a network by kind of layer: MACs, bytes `once` in 16 bits, each layer
    alone, and MACs a byte.
    """
    model = models.ZOO[zoo]()
    bounds = roofline.layers(model, machines.get(MACHINE), batch=batch)
    found: dict[str, list[float]] = {}
    for layer, one in zip(model.layers, bounds, strict=True):
        sums = found.setdefault(kind(layer), [0, 0])
        sums[0] += one.macs / batch
        sums[1] += one.bytes_once / batch
    macs, moved = (sum(each[i] for each in found.values()) for i in (0, 1))
    return [
        {
            "layers": name,
            "MACs": round(own[0]),
            "of the MACs": round(own[0] / macs, 3),
            "MB (once)": round(own[1] / 1e6, 2),
            "of the bytes": round(own[1] / moved, 3),
            "MACs a byte": round(own[0] / own[1], 1),
        }
        for name, own in sorted(found.items(), key=lambda item: -item[1][0])
    ]


@cache
def scaled(width: float, depth: float, size: int) -> tuple[int, int, int]:
    """Return parameters, MACs and values written of EfficientNet at another scale."""
    counted = count(mobile.efficientnet(width=width, depth=depth, size=size))
    written = sum(layer.activations for layer in counted.layers)
    return counted.params, counted.macs, written


def compound() -> list[dict]:
    """Trace B0 to B7: the published scales, our counts, and what the rule promises for
    the exponent that the depth stands for.
    """
    found = []
    base = count(models.efficientnet_b0()).macs
    for number, (width, depth, size, _) in mobile.SCALES.items():
        counted = count(models.ZOO[f"efficientnet_b{number}"]())
        found.append(
            {
                "network": f"B{number}",
                "width": width,
                "depth": depth,
                "pixels": size,
                "parameters": counted.params,
                "MACs": counted.macs,
                "times B0": round(counted.macs / base, 1),
                "width² · depth · pixels²": round(
                    width**2 * depth * (size / 224) ** 2, 1
                ),
            }
        )
    return found


def copied(kind: str, channels: int = 64, size: int = 28) -> float:
    """Return the share of a block's bytes (once, each layer alone) that only sets maps
    side by side.
    """
    model = blocks.block(kind, channels, size)
    bounds = roofline.layers(model, machines.get(MACHINE), batch=32)
    moved = [one.bytes_once for one in bounds]
    pairs = zip(model.layers, moved, strict=True)
    return sum(size for layer, size in pairs if layer.kind == "Concat") / sum(moved)


def steps_taken(row: dict) -> dict[str, float]:
    """Return how many steps of compound scaling each published scale is by itself."""
    scales = {
        "depth": row["depth"],
        "width": row["width"],
        "pixels": row["pixels"] / 224,
    }
    bases = {"depth": ALPHA, "width": BETA, "pixels": GAMMA}
    return {what: log(scales[what]) / log(bases[what]) for what in scales}
