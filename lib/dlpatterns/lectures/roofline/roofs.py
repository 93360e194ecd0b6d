"""Layers under the roof of a machine, and what moves them."""

from functools import cache

import numpy as np

from ... import models, show
from ...hardware import machines, roofline

NETWORKS = {
    "ResNet-50": "resnet50",
    "VGG-16": "vgg16",
    "MobileNetV2": "mobilenet_v2",
    "ViT-B/16": "vit_b_16",
}
MACHINES = {
    "RTX 3090, FP16": ("RTX 3090", "fp16"),
    "A100, FP16": ("A100", "fp16"),
    "A100, INT8": ("A100", "int8"),
    "H100, FP16": ("H100", "fp16"),
}
KINDS = {"blue": "arithmetic", "orange": "memory"}
LOWEST, HIGHEST = 0.05, 1e4


@cache
def built(network: str):
    """Return a network of the lecture, built once."""
    return models.ZOO[NETWORKS[network]]()


@cache
def layers(network: str, chip: str, batch: int, dtype: str, fused: bool = True):
    """Return the bounds of a network's layers that do any work."""
    bounds = roofline.layers(
        built(network), machines.get(chip), batch=batch, dtype=dtype, fused=fused
    )
    return [one for one in bounds if one.bytes_once]


def on(network: str, machine: str, batch: int) -> show.Frame:
    """Draw a network's layers under the roof of a chip, in a format."""
    return _drawn(network, *MACHINES[machine], batch)


def _drawn(network: str, chip: str, dtype: str, batch: int) -> show.Frame:
    machine = machines.get(chip)
    bounds = [one for one in layers(network, chip, batch, dtype) if one.macs]
    fig, axes = show.subplots(figsize=(4.6, 2.7))
    x = np.geomspace(LOWEST * 10, HIGHEST, 60)
    roof = np.minimum(machine.peak(dtype), x * machine.bandwidth) / 1e12
    axes.plot(x, roof, color=show.INK)
    for shade, kind in KINDS.items():
        dots = [one for one in bounds if one.waits_for == kind]
        axes.plot(
            [one.intensity for one in dots],
            [2 * one.macs / one.overlapped / 1e12 for one in dots],
            "o",
            color=show.colour(shade),
            label=f"waits for {kind}",
            markersize=5,
        )
    axes.set(xscale="log", yscale="log", xlim=(0.5, HIGHEST), ylim=(0.5, 3000))
    axes.set(xlabel="FLOP a byte (once, fused)", ylabel="10¹² FLOP/s, at most")
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return show.frame(fig, **_said(network, chip, (batch, dtype), bounds))


def _said(network: str, chip: str, how: tuple, bounds: list) -> dict:
    batch, dtype = how
    sums = roofline.network(bounds)
    waiting = sum(one.waits_for == "memory" for one in bounds)
    rate = 2 * sum(one.macs for one in bounds) / sums["overlapped_s"]
    share = rate / machines.get(chip).peak(dtype)
    caption = (
        f"{network}, batch {batch}, {dtype} on {chip}: {waiting} of {len(bounds)} "
        f"layers wait for memory; at most {show.percent(share, 0)} of the peak."
    )
    alt = (
        f"A roof rising to {machines.get(chip).ridge(dtype):.0f} FLOP a byte and flat "
        "from there, with one dot a layer on it, blue under the flat part and orange "
        "on the slope."
    )
    return {"caption": caption, "alt": alt, "values": [waiting, len(bounds), share]}


def moved(network: str = "ResNet-50", chip: str = "A100") -> list[dict]:
    """Return a row a way to run a network: both bounds an example, microseconds."""
    ways = {
        "batch 1": (1, "fp16", False),
        "batch 64": (64, "fp16", False),
        "batch 64, fused": (64, "fp16", True),
        "batch 64, fused, INT8": (64, "int8", True),
    }
    return [{"way": way} | _row(network, chip, *how) for way, how in ways.items()]


def _row(network: str, chip: str, batch: int, dtype: str, fused: bool) -> dict:
    bounds = layers(network, chip, batch, dtype, fused)
    sums = roofline.network(bounds)
    waiting = sum(one.waits_for == "memory" for one in bounds)
    return {
        "layers that wait for memory": f"{waiting} of {len(bounds)}",
        "MB moved (once)": sum(one.bytes_once for one in bounds) / batch / 1e6,
        "µs, overlapped (max)": sums["overlapped_s"] / batch * 1e6,
        "µs, one by one (sum)": sums["one_by_one_s"] / batch * 1e6,
    }


@cache
def zoo(chip: str = "A100", dtype: str = "fp16") -> list[dict]:
    """Return a row a network of `models.FIRST`: share of its layers and of its time, at
    batch 1, in which memory is the limit.
    """
    machine, found = machines.get(chip), []
    for name, build in models.FIRST.items():
        if name.startswith(("llama2_70b", "mixtral")):
            continue
        bounds = roofline.layers(build(), machine, dtype=dtype, fused=True)
        sums = roofline.network(bounds, name)
        found.append(sums | {"waiting": 1 - sums["arithmetic_bound"]})
    return found


def twice(network: str = "ResNet-50", chip: str = "A100", batch: int = 64) -> float:
    """Return how many times faster twice the multipliers would be, nothing fused."""
    bounds = layers(network, chip, batch, "fp16", False)
    old = sum(one.overlapped for one in bounds)
    new = sum(max(one.arithmetic / 2, one.traffic) for one in bounds)
    return old / new
