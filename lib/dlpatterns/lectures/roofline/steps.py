"""Seven steps from the rate on the box down to the rate that is reached."""

import re
from functools import cache

from ... import datasets, show
from ...counting.products import Product, products
from ...hardware import machines
from .roofs import built, layers

BEST = {  # chip: its row among the measured matrix products
    "A100": "NVIDIA A100 SXM",
    "H100": "NVIDIA H100 SXM",
    "MI300X": "AMD MI300X",
}
TILE = 16  # rows, columns and depth that a matrix unit takes at once
NAMES = (
    "on the box (2:4 sparse)",
    "dense",
    "best matrix product",
    "shapes",
    "memory, fused",
    "nothing fused",
    "launches",
)


@cache
def achieved(chip: str) -> float:
    """Return the share of its BF16 peak that a chip's best matrix product reached."""
    (row,) = datasets.where("published_hardware", item=BEST[chip], metric="MAMF bf16")
    return row["value"] / float(re.match(r"theory ([\d.]+)", row["note"])[1])


def useful(product: Product, batch: int) -> float:
    """Return the share of a matrix unit's work that is wanted, if each side of a
    product is filled up to whole tiles.

    >>> useful(Product(m=64, k=576, n=3136), 1), useful(Product(1, 9, 3136, 32), 1)
    (1.0, 0.03515625)
    """
    sides = (product.m, product.k, product.n * batch)
    share = 1.0
    for side in sides:
        share *= side / (-(-side // TILE) * TILE)
    return share


@cache
def seconds(chip: str, network: str, batch: int) -> tuple[float, ...]:
    """Return the time of a batch after each of the seven steps."""
    machine, model = machines.get(chip), built(network)
    macs = {layer.name: products(layer) for layer in model.layers}
    total = 2 * batch * sum(one.macs for all_ in macs.values() for one in all_)
    dense = total / machine.peak("fp16")
    matrix = dense / achieved(chip)
    filled = {
        name: sum(_arithmetic(one, batch, chip) for one in all_)
        for name, all_ in macs.items()
    }
    fused, apart = (
        {one.name: (filled.get(one.name, 0.0), one.traffic) for one in bounds}
        for bounds in (
            layers(network, chip, batch, "fp16", fused) for fused in (True, False)
        )
    )
    launch = _launch()
    return (
        dense / 2,
        dense,
        matrix,
        sum(filled.values()),
        sum(map(max, fused.values())),
        sum(map(max, apart.values())),
        sum(max(*pair, launch) for pair in apart.values()),
    )


def _arithmetic(product: Product, batch: int, chip: str) -> float:
    """Return the seconds of a product on the matrix units, or on the ordinary ones if
    those are faster.
    """
    machine = machines.get(chip)
    rate = machine.peak("fp16") * achieved(chip) * useful(product, batch)
    return 2 * product.macs * batch / max(rate, machine.peak("fp32"))


def _launch() -> float:
    (row,) = datasets.table("launch_times")
    return row["low_microseconds"] * 1e-6


def shares(chip: str, network: str, batch: int) -> list[float]:
    """Return the share of the dense peak that is left after each step."""
    taken = seconds(chip, network, batch)
    return [taken[1] / one for one in taken]


def lost(chip: str, network: str, batch: int) -> str:
    """Return the step after the dense peak that takes the largest factor."""
    left = shares(chip, network, batch)
    factors = {name: left[i] / left[i - 1] for i, name in enumerate(NAMES) if i > 1}
    return min(factors, key=factors.get)


def staircase(chip: str, network: str, batch: int) -> show.Frame:
    """Draw the seven steps as bars, each with its share of the dense peak."""
    left = shares(chip, network, batch)
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    shade = [show.colour("grey")] * 2 + [show.colour("blue")] * 5
    axes.barh(range(len(NAMES)), left, color=shade)
    for place, share in enumerate(left):
        axes.text(share, place, f" {100 * share:.3g} %", va="center", fontsize=11)
    axes.set_yticks(range(len(NAMES)), NAMES)
    axes.invert_yaxis()
    axes.set(xlim=(0, 2.45), xlabel="share of the dense peak")
    axes.set_xticks([0, 1, 2], ["0", "1", "2"])
    caption = (
        f"{network}, batch {batch}, FP16 on {chip}: {show.percent(left[-1])} of the "
        f"dense peak is left. Largest step: {lost(chip, network, batch)}."
    )
    alt = (
        "Seven bars from the rate on the box down to what the model expects: "
        + ", ".join(f"{100 * share:.3g} %" for share in left)
        + " of the dense peak."
    )
    return show.frame(fig, caption=caption, alt=alt, values=left)


def table() -> list[dict]:
    """Return a row a chip: its dense peak, and what its best matrix product reached."""
    return [
        {
            "chip": item,
            "printed": row["note"].split(",")[1].strip(),
            "10¹² FLOP/s": row["value"],
            "best M × N × K": row["note"].split("MxNxK ")[-1].replace("x", " × "),
        }
        for chip, item in BEST.items()
        for row in datasets.where("published_hardware", item=item, metric="MAMF bf16")
    ]
