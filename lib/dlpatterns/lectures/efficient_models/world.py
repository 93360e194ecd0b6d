"""Networks timed on real chips by others, beside what the model of cost says."""

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from ... import datasets, models
from ...counting import Counts, count
from ...graph import Layer
from ...hardware import measured, roofline

RUN = "RTX 3090"
REFERENCE = "resnet50"


class Placed(NamedTuple):
    """A network on a card: what it does, how long it took, and its two bounds in
    milliseconds an image, traffic `once` with and without fusion.
    """

    name: str
    macs: int
    ms: float
    arithmetic: float
    fused: float
    unfused: float

    @property
    def reached(self) -> float:
        """MACs a second as a share of the card's peak."""
        return self.arithmetic / self.ms


def runs() -> list[str]:
    """Return the cards and ways to run of the published benchmark that fit 16 bits."""
    return [name for name, run in measured.RUNS.items() if run.dtype == "fp16"]


@cache
def placed(run: str = RUN) -> tuple[Placed, ...]:
    """Return every timed network that the zoo has at the timed image size."""
    chip = measured.get(run)
    rows = datasets.where("measured_throughput", device=chip.device, layout=chip.layout)
    return tuple(
        _placed(row, chip) for row in rows if row["zoo"] in models.ZOO and _own(row)
    )


def _own(row: dict) -> bool:
    return models.ZOO[row["zoo"]]().input_shape[-1] == row["pixels"]


def _placed(row: dict, chip: measured.Run) -> Placed:
    model = models.ZOO[row["zoo"]]()
    batch, sums = row["batch"], []
    for fused in (True, False):
        bounds = roofline.layers(
            model, chip.machine, batch=batch, dtype=chip.dtype, fused=fused
        )
        sums.append(1e3 * sum(one.traffic for one in bounds) / batch)
        arithmetic = 1e3 * sum(one.arithmetic for one in bounds) / batch
    ms = 1e3 / row["images_per_s"]
    return Placed(row["zoo"], counted(row["zoo"]).macs, ms, arithmetic, *sums)


@cache
def counted(zoo: str) -> Counts:
    """Return the counts of a network of the zoo."""
    return count(models.ZOO[zoo]())


def get(zoo: str, run: str = RUN) -> Placed:
    """Return one network of a run."""
    for one in placed(run):
        if one.name == zoo:
            return one
    raise ValueError(f"the run {run!r} has no {zoo!r}")


def kind(layer: Layer) -> str:
    """Name what a layer is, telling the convolutions apart."""
    if layer.kind != "Conv2d":
        return "full connection" if layer.kind == "Linear" else "without MACs"
    shape, groups = layer.input_shapes[0], layer.spec.groups
    if groups > 1:
        return "depthwise" if groups == shape[0] else "grouped"
    if layer.output_shape[1:] == (1, 1):
        return "full connection"
    return "1 × 1" if layer.spec.kernel in (1, (1, 1)) else "k × k"


SMALL = 1.2e9  # MACs of the networks that this lecture calls light


def light(run: str = RUN) -> list[Placed]:
    """Return the networks of a run below 1.2 GMAC, fewest MACs first."""
    found = [one for one in placed(run) if one.macs < SMALL]
    return sorted(found, key=lambda one: one.macs)


def spread(run: str, across: str, *, light: bool = False) -> float:
    """Return the largest over the smallest time a MAC, or a byte of traffic `once` of
    layers that are not fused: 1 if that alone decided the time.
    """
    found = [one for one in placed(run) if not light or one.macs < SMALL]
    per = [one.ms / (one.macs if across == "MACs" else one.unfused) for one in found]
    return max(per) / min(per)


def table(run: str = RUN) -> list[dict]:
    """Return a row a light network: MACs, time, and time over each bound."""
    return [
        {
            "network": one.name,
            "GMAC": round(one.macs / 1e9, 3),
            "ms measured": round(one.ms, 4),
            "arithmetic at peak": round(one.arithmetic, 4),
            "traffic once": round(one.unfused, 4),
            "traffic once, fused": round(one.fused, 4),
            "measured ÷ traffic": round(one.ms / one.unfused, 2),
        }
        for one in light(run)
    ]


def outliers(run: str = RUN) -> list[dict]:
    """Return pairs in which the network with fewer MACs is the slower, furthest apart
    first: factors of MACs, of time, and of the traffic that our model counts.
    """
    found = [
        (other, one)
        for one in placed(run)
        for other in placed(run)
        if one.macs < other.macs and one.ms > other.ms
    ]
    found.sort(
        key=lambda pair: -(pair[0].macs / pair[1].macs) * pair[1].ms / pair[0].ms
    )
    return [
        {
            "fewer MACs": one.name,
            "than": other.name,
            "MACs, times fewer": round(other.macs / one.macs, 2),
            "time, times longer": round(one.ms / other.ms, 2),
            "traffic, times more (once)": round(one.unfused / other.unfused, 2),
        }
        for other, one in found
    ]


def base_rate(run: str = RUN) -> dict[str, int]:
    """Count the pairs in which one network does fewer MACs than the other: those in
    which it moves more bytes (once, each layer alone), or fewer, and how many of each
    are slower.
    """
    every = placed(run)
    found = {"more": 0, "more, slower": 0, "fewer": 0, "fewer, slower": 0}
    for one, other in product(every, every):
        if one.macs < other.macs:
            side = "more" if one.unfused > other.unfused else "fewer"
            found[side] += 1
            found[f"{side}, slower"] += one.ms > other.ms
    return found


def over(run: str, bound: str) -> tuple[float, float]:
    """Return the least and the most times a bound that a light network takes."""
    ratios = [one.ms / getattr(one, bound) for one in light(run)]
    return min(ratios), max(ratios)


def attacked() -> list[dict]:
    """Return a row a run: the largest over the smallest time a MAC and a byte, among
    all networks and among the light ones.
    """
    return [
        {
            "run": run,
            "a MAC, all": round(spread(run, "MACs"), 1),
            "a byte, all": round(spread(run, "traffic"), 1),
            "a MAC, light": round(spread(run, "MACs", light=True), 1),
            "a byte, light": round(spread(run, "traffic", light=True), 2),
            "faster than unfused": below_the_traffic(run),
        }
        for run in runs()
    ]


def in_step(run: str = RUN) -> dict[str, float]:
    """Return how nearly the logarithm of the time follows that of MACs, of bytes (once,
    each layer alone), and of both bounds added, over all networks: Pearson's
    correlation.
    """
    every = placed(run)
    time = np.log([one.ms for one in every])
    sides = {"MACs": [o.macs for o in every], "bytes": [o.unfused for o in every]}
    sides["both"] = [o.arithmetic + o.unfused for o in every]
    return {
        what: float(np.corrcoef(time, np.log(values))[0, 1])
        for what, values in sides.items()
    }


def cuts(run: str = RUN) -> list[dict]:
    """Return the largest over the smallest time a MAC and a byte (once, each layer
    alone) among networks below other limits than `SMALL`.
    """
    found = []
    for limit in (0.5e9, SMALL, 2e9, 4e9):
        below = [one for one in placed(run) if one.macs < limit]
        macs, moved = (
            [one.ms / x for one, x in zip(below, xs, strict=True)]
            for xs in ([o.macs for o in below], [o.unfused for o in below])
        )
        found.append(
            {
                "below GMAC": limit / 1e9,
                "networks": len(below),
                "a MAC": round(max(macs) / min(macs), 1),
                "a byte": round(max(moved) / min(moved), 2),
            }
        )
    return found


def below_the_traffic(run: str) -> int:
    """Count the networks that ran faster than layers that are not fused can."""
    return sum(one.ms < one.unfused for one in placed(run))


PUBLISHED = {
    "SqueezeNet 1.0": "squeezenet1_0",
    "MobileNetV2": "mobilenet_v2",
    "ShuffleNetV2 x1.0": "shufflenet_v2_x1_0",
    "DenseNet-121": "densenet121",
    "EfficientNet-B0": "efficientnet_b0",
    "EfficientNet-B4": "efficientnet_b4",
}


def published_counts() -> list[dict]:
    """Return each network's published parameters and MACs beside ours."""
    found = []
    for row in datasets.table("published_counts"):
        if zoo := PUBLISHED.get(row["model"]):
            found.append(
                {
                    "network": row["model"],
                    "parameters printed": row["params"],
                    "ours": counted(zoo).params,
                    "MACs printed": row["macs"],
                    "ours ": counted(zoo).macs,
                }
            )
    return found
