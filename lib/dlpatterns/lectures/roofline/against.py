"""Predicted against measured: networks timed on real chips beside their bounds."""

from functools import cache

import numpy as np
from scipy.optimize import nnls
from scipy.stats import rankdata, spearmanr

from ... import models, show
from ...hardware import measured, memory, roofline
from ...hardware.measured import RUNS, Timed
from ...hardware.work import convolution, matmul

SECONDS = {
    "every layer apart": False,
    "elementwise layers fused": True,
}
DEPTHWISE = ("mobilenet", "efficientnet")
DRAWS = 2000
CACHE = 3 * 2**20  # values of FP16 in 6 MiB
WORKS = {
    "3 × 3, 64 maps of 56 × 56": convolution(
        (8, 64, 56, 56), (64, 64, 3, 3), padding=1
    ),
    "1 × 1, 256 to 64 maps": convolution((8, 256, 56, 56), (64, 256, 1, 1)),
    "depthwise, 512 maps of 14 × 14": convolution(
        (8, 512, 14, 14), (512, 1, 3, 3), padding=1, groups=512
    ),
    "VGG-16's first full connection": matmul(4096, 1024, 25088),
}


@cache
def known(run: str) -> tuple[Timed, ...]:
    """Return the timed networks of a run that the book can count layer by layer."""
    return tuple(one for one in measured.timed(run) if one.zoo)


def is_depthwise(one: Timed) -> bool:
    """Return whether a network's 3 × 3 filters see one map each."""
    return one.zoo.startswith(DEPTHWISE)


@cache
def share(one: Timed, *, fused: bool = False) -> float:
    """Return bound over measured time: 1 if the bound is reached, above if broken."""
    return measured.from_layers(one, fused=fused)["overlapped"] / one.seconds


@cache
def of_peak(one: Timed) -> float:
    """Return the share of the chip's peak rate that a network reached."""
    return measured.from_layers(one)["arithmetic"] / one.seconds


def shares(run: str, *, fused: bool = False) -> dict[str, float]:
    """Return least, median and largest share of the bound over a run's networks."""
    found = [share(one, fused=fused) for one in known(run)]
    return {
        "least": min(found),
        "median": float(np.median(found)),
        "most": max(found),
    }


def reached(run: str = "RTX 3090") -> list[dict]:
    """Return a row a network, least share of the peak first: shares of three roofs."""
    rows = [
        {
            "network": one.network,
            "images/s": round(1 / one.seconds),
            "of the peak": show.percent(of_peak(one), 0),
            "of the roof, every layer apart": show.percent(share(one), 0),
            "of the roof, fused": show.percent(share(one, fused=True), 0),
        }
        for one in sorted(known(run), key=of_peak)
    ]
    return rows


def groups(run: str, *, fused: bool = False, roof: bool = True) -> dict[str, float]:
    """Return the median share of depthwise networks and of the others: of the roof, or
    of the peak.
    """
    found = {True: [], False: []}
    for one in known(run):
        value = share(one, fused=fused) if roof else of_peak(one)
        found[is_depthwise(one)].append(value)
    return {
        "depthwise": float(np.median(found[True])),
        "others": float(np.median(found[False])),
    }


def scatter(run: str, bound: str) -> show.Frame:
    """Draw measured time over predicted time, a dot a network."""
    fused = SECONDS[bound]
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    for shade, wanted, label in (
        ("orange", True, "depthwise"),
        ("blue", False, "others"),
    ):
        dots = [one for one in known(run) if is_depthwise(one) == wanted]
        axes.plot(
            [
                measured.from_layers(one, fused=fused)["overlapped"] * 1e3
                for one in dots
            ],
            [one.seconds * 1e3 for one in dots],
            "o",
            color=show.colour(shade),
            label=label,
        )
    low, high = (8, 300) if RUNS[run].dtype == "fp32" else (0.02, 12)
    low = 1 if RUNS[run].dtype == "fp32" else low
    axes.plot([low, high], [low, high], color=show.INK, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    axes.set(xlabel="bound, ms an image (once)", ylabel="measured, ms an image")
    axes.legend(loc="upper left")
    found = shares(run, fused=fused)
    broken = sum(share(one, fused=fused) > 1 for one in known(run))
    caption = (
        f"{run}, {bound}: the bound is {show.percent(found['median'], 0)} of the time "
        f"measured in the median; {broken} of {len(known(run))} networks beat it."
    )
    alt = (
        "Dots of measured over predicted milliseconds, both logarithmic, with the line "
        f"on which they would be equal; {broken} dots lie below it."
    )
    values = [share(one, fused=fused) for one in known(run)]
    return show.frame(fig, caption=caption, alt=alt, values=values)


# --- The rivals -----------------------------------------------------------------------


def _from(name: str, *, fused: bool = False):
    return lambda one: measured.from_layers(one, fused=fused)[name]


def _depth(one: Timed) -> float:
    return len(models.ZOO[one.zoo]().layers)


OURS = "bound, every layer apart"
SUM = "the same, one by one (sum)"
RIVALS = {
    OURS: _from("overlapped"),
    SUM: _from("one_by_one"),
    "bound, fused": _from("overlapped", fused=True),
    "whole network at once": lambda one: measured.from_columns(one).overlapped,
    "memory alone": _from("traffic"),
    "MACs alone": _from("arithmetic"),
    "activations alone": lambda one: one.activations,
    "parameters alone": lambda one: one.params,
    "number of layers": _depth,
}


ELSEWHERE = ("RTX 5090, NCHW", "RTX 5090, compiled", "Core i9, compiled")


@cache
def predicted(run: str, rival: str) -> np.ndarray:
    """Return what a rival says of each known network of a run."""
    return np.array([RIVALS[rival](one) for one in known(run)], float)


@cache
def times(run: str) -> np.ndarray:
    """Return the measured seconds of the known networks of a run."""
    return np.array([one.seconds for one in known(run)])


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's rank correlation."""
    return float(spearmanr(a, b).statistic)


def ordered(run: str, rival: str) -> float:
    """Return the rank correlation of what a rival says with the measured times."""
    return rank_correlation(predicted(run, rival), times(run))


def spread(run: str, rival: str) -> float:
    """Return the factor by which measured over predicted strays from its own middle:
    one standard deviation of its logarithm. No factor is fitted away but the middle.
    """
    ratio = np.log(times(run) / predicted(run, rival))
    return float(np.exp(ratio.std(ddof=1)))


@cache
def drawn(run: str, rival: str) -> np.ndarray:
    """Return the rank correlations over networks drawn with replacement, in the same
    draws for every rival.
    """
    size = len(times(run))
    draws = np.random.default_rng(10).integers(0, size, (DRAWS, size))
    ranks = [rankdata(x[draws], axis=1) for x in (predicted(run, rival), times(run))]
    one, other = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    return (one * other).sum(1) / np.sqrt((one**2).sum(1) * (other**2).sum(1))


def interval(run: str, rival: str) -> tuple[float, float]:
    """Return 95 % of the rank correlations over networks drawn with replacement."""
    low, high = np.percentile(drawn(run, rival), [2.5, 97.5])
    return float(low), float(high)


def ahead(run: str, rival: str) -> float:
    """Return in which share of the draws the bound orders the networks better than a
    rival; ties count half.
    """
    ours, theirs = drawn(run, OURS), drawn(run, rival)
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))


def rivals(run: str = "RTX 3090") -> list[dict]:
    """Return a row a rival: rank correlation with its uncertainty, the factor by which
    it strays, and its rank correlation in three other runs.
    """
    return [
        {
            "predicts by": rival,
            "rank, RTX 3090": f"{ordered(run, rival):.3f}",
            "95 % of draws": "{:.2f} to {:.2f}".format(*interval(run, rival)),
            "ours better in": show.percent(ahead(run, rival), 0),
            "strays by": f"{spread(run, rival):.2f}",
        }
        | {name: f"{ordered(name, rival):.2f}" for name in ELSEWHERE}
        for rival in RIVALS
    ]


def all_networks(run: str = "RTX 3090") -> dict[str, float]:
    """Return rank correlations over all timed networks, from published counts alone."""
    nets = measured.timed(run)
    seconds = np.array([one.seconds for one in nets])
    rows = {
        "whole network at once": [
            measured.from_columns(one).overlapped for one in nets
        ],
        SUM: [measured.from_columns(one).one_by_one for one in nets],
        "MACs alone": [one.macs for one in nets],
        "activations alone": [one.activations for one in nets],
        "parameters alone": [one.params for one in nets],
    }
    return {
        name: rank_correlation(np.array(row), seconds) for name, row in rows.items()
    }


@cache
def tiled_over_once() -> list[dict]:
    """Return how many times the least traffic some layers move, if tiles must fit the
    6 MiB that an RTX 3090 keeps on the chip.
    """
    return [
        {
            "layer": name,
            "tiled over once": round(
                memory.tiled(memory.best_tiling(work, CACHE), CACHE).values
                / memory.once(work).values,
                2,
            ),
        }
        for name, work in WORKS.items()
    ]


@cache
def with_other_peak(run: str = "RTX 3090") -> tuple[float, float]:
    """Return median share and rank correlation of the bound if sums are FP16 as well,
    for which the makers print twice the rate.
    """
    device = measured.get(run)
    found = []
    for one in known(run):
        bounds = roofline.layers(
            models.ZOO[one.zoo](), device.machine, batch=one.batch, dtype=device.dtype
        )
        found.append(sum(max(b.arithmetic / 2, b.traffic) for b in bounds) / one.batch)
    said = np.array(found)
    return float(np.median(said / times(run))), rank_correlation(said, times(run))


@cache
def fitted(run: str, *, params: bool = False) -> tuple[float, float]:
    """Return rank correlation and straying of a rival that may learn: seconds a MAC and
    seconds an activation (and a parameter), for each network from all the others.
    """
    columns = [(one.macs, one.activations, one.params) for one in known(run)]
    counts = np.array(columns, float)[:, : 3 if params else 2]
    took = times(run)
    said = np.empty_like(took)
    for place in range(len(took)):
        rest = np.arange(len(took)) != place
        slopes, _ = nnls(counts[rest] / took[rest, None], np.ones(rest.sum()))
        said[place] = counts[place] @ slopes
    stray = np.exp(np.log(took / said).std(ddof=1))
    return rank_correlation(said, took), float(stray)


def learnt() -> tuple[list[float], list[float]]:
    """Return by which factor what was learnt strays in each run on a GPU, and by which
    the bound does.
    """
    gpus = [name for name in RUNS if name.startswith("RTX")]
    return [fitted(name)[1] for name in gpus], [spread(name, OURS) for name in gpus]


def on_the_cpu() -> tuple[float, float]:
    """Return the same on the Core i9, where parameters may be learnt as well."""
    run = "Core i9, compiled"
    return fitted(run, params=True)[1], spread(run, OURS)


def speeds(run: str) -> dict[str, float]:
    """Return the measured images a second of the known networks of a run."""
    return {one.network: 1 / one.seconds for one in known(run)}


def widest() -> float:
    """Return how many times its least traffic the worst of those layers moves, in
    tiles.
    """
    return max(row["tiled over once"] for row in tiled_over_once())


def tied() -> int:
    """Return in how many runs the draws can't tell the longer time from the sum."""
    return sum(abs(ahead(run, SUM) - 0.5) < 0.05 for run in RUNS)


def by_activations() -> list[float]:
    """Return the rank correlation of activations with time, run by run."""
    return [ordered(run, "activations alone") for run in RUNS]
