"""Published figures, and ours beside them."""

from functools import cache

import numpy as np

from ... import datasets
from ...hardware import cartesian, elements
from ...hardware.cartesian import Cartesian
from ...hardware.elements import Array

CLOCK = 800e6  # EIE's beats a second
EIE = Array(64, 8, run_bits=4)


def on_gpus() -> list[dict]:
    """Return the published times of 2:4 beside dense, with the ratio recomputed."""
    rows = []
    for row in datasets.table("two_of_four_speed"):
        ratio = row["dense"] / row["sparse"]
        if row["unit"] != "ms":
            ratio = 1 / ratio
        rows.append(row | {"ratio": ratio})
    return rows


def tutorial() -> list[dict]:
    """Return the tutorial's own eight rows as a table."""
    return [
        {
            "batch": row["batch"],
            "compiled": row["compiled"],
            "dense (ms)": row["dense"],
            "2:4 (ms)": row["sparse"],
            "times as fast": round(row["ratio"], 2),
        }
        for row in on_gpus()
        if row["unit"] == "ms"
    ]


def later() -> list[dict]:
    """Return the later kernels' rows as a table."""
    return [
        {
            "network": row["what"],
            "unit": row["unit"],
            "dense": row["dense"],
            "2:4": row["sparse"],
            "times as fast": round(row["ratio"], 2),
        }
        for row in on_gpus()
        if row["unit"] != "ms"
    ]


def compiled() -> dict[str, tuple[float, float]]:
    """Return how many times as fast compiling makes the tutorial's dense and its sparse
    model: the least and the most.
    """
    rows = tutorial()
    found = {}
    for kind in ("dense (ms)", "2:4 (ms)"):
        before, after = (
            [row[kind] for row in rows if row["compiled"] == way]
            for way in ("no", "yes")
        )
        gains = [b / a for b, a in zip(before, after, strict=True)]
        found[kind] = min(gains), max(gains)
    return found


# --- EIE ------------------------------------------------------------------------------


@cache
def eie_products() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return the nine layers of EIE's paper by name: places of weights that are not
    zero, at random, and the activations that are sent. Sizes and densities are assumed;
    no source of the paper's table III could be opened.
    """
    rng = np.random.default_rng(0)
    products = []
    for layer in datasets.table("eie_densities"):
        sent = round(layer["inputs"] * layer["activation_density"])
        chances = rng.random((layer["outputs"], sent), dtype=np.float32)
        places = chances < layer["weight_density"]
        products.append((layer["layer"], places, np.ones(sent)))
    return products


@cache
def eie() -> list[dict]:
    """Return the times of the nine layers in our array: 64 elements, queues of eight,
    runs of four bits, 800 MHz.
    """
    rows = []
    for printed, (name, weights, activations) in zip(
        datasets.table("eie_layers"), eie_products(), strict=True
    ):
        run = elements.run(weights, activations, EIE)
        rows.append(
            {
                "layer": name,
                "printed (µs)": printed["actual_us"],
                "ours (µs)": round(1e6 * run.beats / CLOCK, 1),
                "ratio": 1e6 * run.beats / CLOCK / printed["actual_us"],
                "busy": run.busy,
            }
        )
    return rows


def below_theory() -> list[dict]:
    """Return the layers that take our array less time than the paper's theory, which is
    work by peak rate, gives them.
    """
    return [
        {"layer": layer["layer"], "theory": layer["theoretical_us"]}
        for row, layer in zip(eie(), datasets.table("eie_layers"), strict=True)
        if row["ours (µs)"] < layer["theoretical_us"]
    ]


def frames() -> float:
    """Return how many times a second our array does AlexNet's three full
    connections.
    """
    rows = [row for row in eie() if row["layer"].startswith("AlexNet")]
    return 1e6 / sum(row["ratio"] * row["printed (µs)"] for row in rows)


# --- SCNN -----------------------------------------------------------------------------

SWEEP = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
NETWORKS = {"AlexNet": "alexnet", "GoogLeNet": "googlenet", "VGG-16": "vgg16"}


@cache
def scnn(network: str, density: float) -> cartesian.Beats:
    """Return what the convolutions of a network take in SCNN's array, with weights and
    activations of that density.
    """
    return cartesian.network(NETWORKS[network], (density, density), Cartesian())


def reaches(network: str, speed: float) -> float:
    """Return the density at which our array is so many times as fast as the dense one,
    between two of the sweep by their logarithms.
    """
    speeds = [scnn(network, density).speedup for density in SWEEP]
    return float(np.exp(np.interp(np.log(speed), np.log(speeds), np.log(SWEEP))))


def scnn_rows() -> list[dict]:
    """Return how much faster SCNN's array is than the dense one of its paper, and than
    one that never idles.
    """
    return [
        {
            "network": network,
            "density": density,
            "than dense": scnn(network, density).speedup,
            "than never idle": scnn(network, density).against_full,
            "useful": f"{100 * scnn(network, density).utilisation:.0f} %",
        }
        for network in NETWORKS
        for density in (1.0, 0.5, 0.1)
    ]


# --- Deep Compression ----------------------------------------------------------------


def published_factors() -> list[dict]:
    """Return what Deep Compression prints for four networks."""
    return [
        {
            "network": row["network"],
            "before (KB)": row["parameters_kb"],
            "after (KB)": row["compressed_kb"],
            "printed": f"{row['rate']}×",
            "recount": row["parameters_kb"] / row["compressed_kb"],
        }
        for row in datasets.table("deep_compression_published")
    ]
