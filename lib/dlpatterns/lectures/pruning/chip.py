"""What a machine must skip, store and balance for a zero to pay, by the book's model of
cost.
"""

from functools import cache

import numpy as np

from ... import models
from ...counting import count
from ...hardware import energy, machines, roofline, systolic
from ...prune import masks
from ...sparse import sizes

LAYER, MACHINE = "fc1", "NVIDIA H100 SXM5 80GB"


@cache
def _sizes() -> tuple[int, int]:
    """Return inputs and outputs of VGG-16's largest full connection."""
    rows = count(models.vgg16()).only("Linear").layers
    largest = max(rows, key=lambda row: row.weights)
    return largest.input_shapes[0][-1], largest.output_shape[-1]


def bits_a_weight(density: float, bits: int, *, index: int = 1) -> float:
    """Return the bits that one place of a matrix takes: its value if it is not zero,
    and `index` bits of a bitmap whether or not.

    >>> bits_a_weight(0.1, 16), bits_a_weight(0.1, 8)
    (2.6, 1.8)
    """
    return round(density * bits + index, 9)


def bounds(density: float, batch: int, *, skips: bool) -> dict[str, float]:
    """Return the least time of a full connection of VGG-16 in FP16 on an H100, dense
    and with a bitmap, as a ratio, and what it waits for. Traffic: `once`.

    A machine that does not skip does all MACs; one that skips does the useful ones at
    the same rate.
    """
    inputs, outputs = _sizes()
    machine = machines.get("H100")
    weights, maps = inputs * outputs, 2 * batch * (inputs + outputs)
    dense = roofline.bound("dense", batch * weights, 2 * weights + maps, machine)
    share = density if skips else 1
    sparse = roofline.bound(
        "sparse",
        round(batch * weights * share),
        round(weights * bits_a_weight(density, 16) / 8) + maps,
        machine,
    )
    return {
        "batch": batch,
        "dense waits for": dense.waits_for,
        "times as fast": dense.overlapped / sparse.overlapped,
    }


def ladder(density: float = 0.1) -> list[dict]:
    """Return how much faster the full connection can be at several batches, on a
    machine that only stores zeros well and on one that skips them too.
    """
    rows = []
    for batch in (1, 64, 4096):
        stored, skipped = (
            bounds(density, batch, skips=skips) for skips in (False, True)
        )
        rows.append(
            {
                "batch": batch,
                "dense waits for": stored["dense waits for"],
                "stored sparsely": stored["times as fast"],
                "skipped too": skipped["times as fast"],
            }
        )
    return rows


def gated_energy(density: float = 0.1) -> dict[str, float]:
    """Return the energy of the full connection for one example as a share of the dense
    one's: MACs gated, and stored sparsely too. 16 bits, weights from DRAM (`once`).
    """
    inputs, outputs = _sizes()
    weights = inputs * outputs
    whole = sum(energy.of_work(weights, {"DRAM": 2 * weights}, dtype="fp16").values())
    useful = round(weights * density)
    gated = energy.of_work(useful, {"DRAM": 2 * weights}, dtype="fp16")
    stored = energy.of_work(
        useful, {"DRAM": weights * bits_a_weight(density, 16) / 8}, dtype="fp16"
    )
    return {
        "gated": sum(gated.values()) / whole,
        "stored": sum(stored.values()) / whole,
    }


def balance(density: float = 0.1, lanes: int = 64, *, seeds: int = 20) -> dict:
    """Return the mean utilisation of lanes that each work on one row of a random sparse
    matrix and wait for the fullest, for single weights and for n of m.
    """
    found = {"any place": [], "one of eight": []}
    for seed in range(seeds):
        scores = np.random.default_rng(seed).random((lanes, 512))
        any_place = masks.per_layer({"w": scores}, 1 - density)["w"]
        even = masks.n_of_m({"w": scores}, 1, 8)["w"]
        for name, mask in zip(found, (any_place, even), strict=True):
            work = mask.sum(axis=1)
            found[name].append(work.mean() / work.max())
    return {name: float(np.mean(values)) for name, values in found.items()}


def array(share: float = 0.5, size: int = 256) -> dict[str, float]:
    """Return the cycles of a product of 256 x 256 x 256 in an array of 128 x 128 with
    masks and with channels cut, as shares of the dense one's.

    The array knows no zeros: a masked weight is a weight.
    """
    how = {"rows": 128, "cols": 128, "dataflow": "ws"}
    dense = systolic.run(size, size, size, **how).cycles
    left = round(size * (1 - share))
    cut = systolic.run(size, left, left, **how).cycles
    return {"masked": 1.0, "cut": cut / dense}


def stored_by(bits: int, density: float) -> dict[str, int]:
    """Return the bits of the largest MLP's hidden layer at a density: dense, with a
    bitmap, and with columns and row pointers.
    """
    side = 64
    share = round(density * side**2) / side**2
    how = {"shape": (side, side), "value_bits": bits}
    return {
        "dense": side**2 * bits,
        "bitmap": round(side**2 * sizes.bits_a_place("bitmap", share, **how)),
        "columns": round(side**2 * sizes.bits_a_place("CSR", share, **how)),
    }


def bears_out(ladder: list[dict], joules: dict, bits: dict, even: dict) -> bool:
    """Return whether the numbers carry the lecture's requirements: storing is all of
    the gain alone and none in a large batch, gating saves under 5 %, more than half of
    what is stored is bitmap, random places leave lanes idle and a pattern does not.
    """
    alone, crowd = ladder[0], ladder[-1]
    return (
        alone["stored sparsely"] == alone["skipped too"] > 5
        and crowd["stored sparsely"] < 1.05 < crowd["skipped too"]
        and joules["gated"] > 0.95
        and joules["stored"] < 0.2
        and bits["bitmap"] / 2 < 64 * 64
        and even["any place"] < 0.9 < even["one of eight"]
    )
