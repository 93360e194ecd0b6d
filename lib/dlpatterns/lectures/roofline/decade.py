"""Where a thousandfold came from: one account as it was told, one from the data of
chips.
"""

from math import log10, prod

from ... import datasets, show
from ...hardware import machines

SHORT = {
    "number formats": "formats",
    "complex instructions": "instructions",
    "process, clock, layout": "all else",
}
PLACES = (0, 1.25)
FIRST, LAST = "K80", "H100"
CHIPS_ON_A_BOARD = 2  # K80 is a board of two


def told() -> dict[str, float]:
    """Return the factors of Dally's account, by origin."""
    return {row["origin"]: row["factor"] for row in datasets.table("golden_decade")}


def _row(name: str) -> dict:
    full = machines.get(name).name
    (row,) = datasets.where("accelerators", accelerator=full)
    return row


def first() -> dict:
    """Return what one chip of the first board has: FP32, bandwidth, watts, area."""
    board, row = machines.get(FIRST), _row(FIRST)
    return {
        "rate": board.peak("fp32") / CHIPS_ON_A_BOARD,
        "bandwidth": board.bandwidth / CHIPS_ON_A_BOARD,
        "watts": board.watts / CHIPS_ON_A_BOARD,
        "area": row["die_mm2"],
    }


def last() -> dict:
    """Return the same of the last chip, whose rate is of FP8 with half the weights
    zero, as it is advertised.
    """
    chip = machines.get(LAST)
    rate = 2 * chip.peak("fp8_e4m3")
    area = _row(LAST)["die_mm2"]
    return {"rate": rate, "bandwidth": chip.bandwidth} | {
        "watts": chip.watts,
        "area": area,
    }


def counted() -> dict[str, float]:
    """Return the factors that the rows of the data give, one after another: each is
    the ratio of two published rates.
    """
    chip, packed = machines.get(LAST), machines.get("P100")
    halves = packed.peak("fp16") / packed.peak("fp32")
    plain = chip.peak("fp32") / first()["rate"]
    area = last()["area"] / first()["area"]
    return {
        "FP32 to FP16": halves,
        "FP16 to FP8": chip.peak("fp8_e4m3") / chip.peak("fp16"),
        "matrix units": chip.peak("fp16") / (halves * chip.peak("fp32")),
        "sparsity": 2.0,
        "larger die": area,
        "process, clock, layout": plain / area,
    }


def denser() -> float:
    """Return how many times more transistors a mm² holds, of the two dies whose counts
    are printed: GK110, which is as large as a GK210, and GH100.
    """
    old, new = (
        datasets.where("transistors", chip=f"NVIDIA {name}")[0]["transistors"]
        for name in ("GK110", "GH100")
    )
    return (new / last()["area"]) / (old / first()["area"])


def gaps() -> tuple[float, float]:
    """Return how many times more the rate grew than the memory's: of numbers, which FP8
    holds in a quarter of the bytes, and of FP32 on ordinary units against bytes.
    """
    wider = last()["bandwidth"] / first()["bandwidth"]
    plain = machines.get(LAST).peak("fp32") / first()["rate"]
    return last()["rate"] / first()["rate"] / wider / 4, plain / wider


def both() -> list[dict]:
    """Return one row a chip's quantity: first, last, and their ratio."""
    units = {"rate": 1e12, "bandwidth": 1e9, "watts": 1, "area": 1}
    names = {
        "rate": "10¹² operations/s, fastest format",
        "bandwidth": "GB/s",
        "watts": "watts",
        "area": "mm²",
    }
    old, new = first(), last()
    return [
        {"quantity": names[key], "GK210": old[key] / unit, "H100": new[key] / unit}
        | {"ratio": new[key] / old[key]}
        for key, unit in units.items()
    ]


def stacked() -> None:
    """Show both accounts as bars whose parts multiply, on a logarithmic scale."""
    fig, axes = show.subplots(figsize=(4.6, 3.1))
    accounts = {"as told": told(), "from data": counted()}
    for place, account in zip(PLACES, accounts.values(), strict=True):
        _stack(axes, place, account)
    axes.set(yscale="log", ylim=(1, 1300), xlim=(-0.2, 2.3))
    axes.set_ylabel("times the first chip")
    axes.set_xticks(PLACES, list(accounts))
    axes.grid(visible=False, axis="x")
    totals = [prod(account.values()) for account in accounts.values()]
    alt = (
        "Two stacked bars on a logarithmic scale; the parts of each multiply to about "
        f"{totals[0]:,.0f} and {totals[1]:,.0f}."
    )
    caption = (
        f"Two accounts of a decade: {totals[0]:,.0f} times as told, {totals[1]:,.0f} "
        "times from the rows of our data; the parts multiply."
    )
    values = [factor for account in accounts.values() for factor in account.values()]
    show.figure(fig, caption=caption, alt=alt, values=values)


def _stack(axes, place: float, account: dict[str, float]) -> None:
    below = 1.0
    for (origin, factor), shade in zip(
        account.items(), show.PALETTE.values(), strict=False
    ):
        size = {"bottom": below, "color": shade, "width": 0.24}
        axes.bar(place, below * (factor - 1), **size)
        middle = 10 ** (log10(below) + log10(factor) / 2)
        label = f"{SHORT.get(origin, origin)} ×{factor:.3g}"
        axes.text(place + 0.15, middle, label, va="center", fontsize=11)
        below *= factor
