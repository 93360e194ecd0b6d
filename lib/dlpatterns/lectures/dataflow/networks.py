"""Every matrix product of several networks in a systolic array, under each dataflow."""

from collections import Counter
from functools import cache
from itertools import product

from ... import models, show
from ...explore import Menu, Slider
from ...hardware import lowering, systolic
from ...hardware.lowering import Lowered
from ...hardware.systolic import DATAFLOWS, Run

NETWORKS = {
    "ResNet-50": "resnet50",
    "VGG-16": "vgg16",
    "GoogLeNet": "googlenet",
    "MobileNetV2": "mobilenet_v2",
    "ViT-B/16": "vit_b_16",
    "GPT-2": "gpt2",
    "LSTM 650": "lstm_ptb_medium",
}
FLOW_NAMES = {"os": "outputs stay", "ws": "weights stay", "is": "inputs stay"}
SIDES, BATCHES = (16, 128, 256), (1, 16, 64)
ARRAYS = {
    "network": Menu(NETWORKS),
    "batch": Slider(BATCHES),
    "side": Slider(SIDES, label="rows, columns of the array", start=128),
}


@cache
def lowered(network: str, batch: int = 1) -> tuple[Lowered, ...]:
    """Return all products of a network of `models.ZOO` for a batch."""
    return tuple(lowering.lowered(models.ZOO[network](), batch))


def run(one: Lowered, side: int, flow: str, **options: object) -> Run:
    """Return one of the products in a square array."""
    array = {"rows": side, "cols": side, "dataflow": flow}
    return systolic.run(one.m, one.n, one.k, **array, **options)


def words(one: Lowered, done: Run) -> int:
    """Return the words that cross the edge of the array: both operands, sums out, and
    sums that come back to be added to.
    """
    again = done.output_writes - one.m * one.n
    edge = done.input_reads + done.weight_reads + done.output_writes + again
    return edge * one.times


@cache
def both(network: str, batch: int, side: int, hidden: bool = False) -> tuple[dict, ...]:
    """Return for each product, by dataflow, its cycles and the words at the edge; with
    `hidden`, an array is filled while the fold before is at work.
    """
    return tuple(
        {
            flow: (done.cycles * one.times, words(one, done))
            for flow in DATAFLOWS
            for done in [run(one, side, flow, preload_hidden=hidden)]
        }
        for one in lowered(network, batch)
    )


def wins(network: str, batch: int, side: int, by: int = 0) -> Counter:
    """Return how many products each dataflow is best for, by cycles (0) or words (1);
    of equals the first one wins.
    """
    return Counter(winner(one, by) for one in both(network, batch, side))


def totals(network: str, batch: int, side: int, by: int = 0) -> dict[str, int]:
    """Return the sum over all products by dataflow, and with the best for each."""
    rows = both(network, batch, side)
    found = {flow: sum(one[flow][by] for one in rows) for flow in DATAFLOWS}
    least = sum(min(one[flow][by] for flow in DATAFLOWS) for one in rows)
    return found | {"each its own": least}


def utilisation(network: str, batch: int, side: int) -> dict[str, float]:
    """Return the share of an array's multipliers that work, by dataflow."""
    macs = sum(one.macs for one in lowered(network, batch))
    found = totals(network, batch, side)
    return {flow: macs / (side**2 * cycles) for flow, cycles in found.items()}


def winner(one: dict, by: int = 0) -> str:
    """Return the dataflow that is best for a product; of equals the first."""
    return min(DATAFLOWS, key=lambda flow: one[flow][by])


def winner_rows(side: int = 128) -> list[dict]:
    """Return a row a network and batch: products won by each dataflow in cycles, and
    the utilisation with the best single one and with each its own.
    """
    rows = []
    for name, key in NETWORKS.items():
        for batch in (1, 16):
            won, used = wins(key, batch, side), utilisation(key, batch, side)
            best = max(DATAFLOWS, key=used.get)
            rows.append(
                {"network": name, "batch": batch}
                | {FLOW_NAMES[flow]: won[flow] for flow in DATAFLOWS}
                | {"best for all": FLOW_NAMES[best]}
                | {"utilisation": show.percent(used[best])}
                | {"each its own": show.percent(used["each its own"])}
            )
    return rows


def changes(side: int = 128) -> tuple[int, int]:
    """Return for how many products of all networks the fastest dataflow at batch 1 is
    another one than at batch 16, and how many products there are.
    """
    pairs = [
        (winner(small), winner(large))
        for key in NETWORKS.values()
        for small, large in zip(both(key, 1, side), both(key, 16, side), strict=True)
    ]
    return sum(a != b for a, b in pairs), len(pairs)


def hiding(side: int = 128) -> dict[str, object]:
    """Return for how many products of all networks, at batches 1 and 16, the fastest
    dataflow changes if filling is hidden, and what ResNet-50 uses then by batch.
    """
    pairs = [
        (winner(shown), winner(hid))
        for key in NETWORKS.values()
        for batch in (1, 16)
        for shown, hid in zip(
            both(key, batch, side), both(key, batch, side, True), strict=True
        )
    ]
    used = {}
    for batch in (1, 16):
        rows = both("resnet50", batch, side, True)
        macs = sum(one.macs for one in lowered("resnet50", batch))
        used[batch] = {
            flow: macs / (side**2 * sum(one[flow][0] for one in rows))
            for flow in DATAFLOWS
        }
    return {"changed": sum(a != b for a, b in pairs), "of": len(pairs), "used": used}


def overlapped(one: Lowered, side: int, flow: str) -> int:
    """Return the cycles of a product in a square array whose folds overlap."""
    array = {"rows": side, "cols": side, "dataflow": flow}
    return one.times * systolic.overlapped(one.m, one.n, one.k, **array)


def overlapping(side: int = 128) -> dict[str, object]:
    """Return what ResNet-50 uses by batch and dataflow if folds overlap, and for how
    many products of all networks the fastest dataflow is then the one with the longest
    T, and how many there are.
    """
    used, longest, of = {}, 0, 0
    for key, batch in product(NETWORKS.values(), (1, 16)):
        every = lowered(key, batch)
        rows = [{f: overlapped(one, side, f) for f in DATAFLOWS} for one in every]
        for one, cycles in zip(every, rows, strict=True):
            steps = {"os": one.k, "ws": one.m, "is": one.n}
            longest += steps[min(DATAFLOWS, key=cycles.get)] == max(steps.values())
        of += len(every)
        if key == "resnet50":
            work = sum(one.macs for one in every) / side**2
            used[batch] = {f: work / sum(row[f] for row in rows) for f in DATAFLOWS}
            used[batch]["each its own"] = work / sum(min(r.values()) for r in rows)
    return {"used": used, "longest": longest, "of": of}


def longest_wins(side: int = 128) -> tuple[int, int]:
    """Return for how many products of all networks, at batches 1 and 16, the fastest
    dataflow is one whose T is the longest side, and how many there are.
    """
    found = [
        {"os": one.k, "ws": one.m, "is": one.n}[winner(cycles)] == max(one[1:4])
        for key in NETWORKS.values()
        for batch in (1, 16)
        for one, cycles in zip(lowered(key, batch), both(key, batch, side), strict=True)
    ]
    return sum(found), len(found)


def arrays(network: str, batch: int, side: int) -> show.Frame:
    """Draw the utilisation of a network by dataflow, and the products each wins."""
    used, won = utilisation(network, batch, side), wins(network, batch, side)
    names = [FLOW_NAMES.get(flow, flow) for flow in used]
    fig, axes = show.subplots(figsize=(4.6, 2.3))
    hues = [show.colour("sky")] * 3 + [show.colour("orange")]
    axes.barh(names, [100 * share for share in used.values()], color=hues)
    for row, (flow, share) in enumerate(used.items()):
        inside = share > 0.7
        told = f"fastest for {won[flow]}" if flow in DATAFLOWS else ""
        where = {"ha": "right" if inside else "left", "va": "center"}
        colour = "white" if inside else show.INK
        at = 100 * share + (-1.5 if inside else 1.5)
        axes.text(at, row, told, color=colour, fontsize=11, **where)
    axes.set(xlim=(0, 100), xlabel="utilisation, %")
    axes.invert_yaxis()
    title = next(name for name, key in NETWORKS.items() if key == network)
    told = (
        f"{title}, batch {batch}, {side} × {side}: {sum(won.values())} products. At "
        f"best {show.percent(max(list(used.values())[:3]))} with one dataflow, "
        f"{show.percent(used['each its own'])} if each product has its own."
    )
    alt = f"Four bars of utilisation, one a dataflow and one with each its own. {told}"
    values = used | {f"{flow} wins": won[flow] for flow in DATAFLOWS}
    return show.frame(fig, caption=told, alt=alt, values=values)


DEPTHWISE = tuple(
    Lowered(f"3 × 3 depthwise on {size} × {size}", size**2, 1, 9, 1)
    for size in (112, 56, 28, 14, 7)
)


def depthwise_rows(side: int = 128) -> list[dict]:
    """Return a row a size of map: the utilisation of one group, by dataflow."""
    return [
        {"map": (int(one.m**0.5),) * 2}
        | {
            FLOW_NAMES[flow]: show.percent(run(one, side, flow).utilisation, 3)
            for flow in DATAFLOWS
        }
        for one in DEPTHWISE
    ]


def depthwise_best(side: int = 128) -> float:
    """Return the utilisation of the largest map by the best dataflow, in percent."""
    used = [run(DEPTHWISE[0], side, flow).utilisation for flow in DATAFLOWS]
    return round(100 * max(used), 3)


def remedies(size: int = 112, channels: int = 64, side: int = 128) -> list[dict]:
    """Return a row a remedy for a depthwise 3 × 3 layer: multipliers, cycles, and the
    share of them that work. Weights stay, and their loading is counted.
    """
    m, macs = size**2, size**2 * 9 * channels
    packed = side // 9
    folds = -(-channels // packed)
    together = systolic.run(m, packed, 9 * packed, rows=side, cols=side, dataflow="ws")
    small = systolic.run(m, 1, 9, rows=9, cols=1, dataflow="ws")
    alone = run(Lowered("", m, 1, 9, 1), side, "ws")
    lanes = min(side, channels)
    found = [
        (
            f"one group after the other, {side} × {side}",
            side**2,
            alone.cycles * channels,
        ),
        (f"{packed} groups on the diagonal", side**2, together.cycles * folds),
        ("an array of 9 × 1, a group at a time", 9, small.cycles * channels),
        (
            f"{lanes} arrays of 9 × 1 side by side",
            9 * lanes,
            small.cycles * -(-channels // lanes),
        ),
    ]
    return [
        {"way": way, "multipliers": size, "cycles": cycles}
        | {"utilisation": show.percent(macs / (size * cycles), 2)}
        for way, size, cycles in found
    ]
