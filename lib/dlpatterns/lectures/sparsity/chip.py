"""What a chip must skip, store and balance for a zero to pay, by the book's model of
cost.
"""

from ... import models
from ...counting import count
from ...hardware import energy
from ...sparse import sizes
from . import skipping, times


def fetched(density: float = 0.1, bits: int = 8) -> list[dict]:
    """Return the energy of VGG-16's largest full connection for one example, by where
    its weights lie and how zeros are treated, as a share of the dense one's. Traffic:
    `once`, INT8, 45 nm.
    """
    weights = max(row.weights for row in count(models.vgg16()).only("Linear").layers)
    bitmap = sizes.bits_a_place("bitmap", density, shape=(1, 1), value_bits=bits)
    useful = round(weights * density)
    rows = []
    for level in ("DRAM", "1 MB"):
        whole = _total(weights, {level: weights * bits / 8})
        rows.append(
            {
                "weights in": level,
                "gate": _total(useful, {level: weights * bits / 8}) / whole,
                "store": _total(weights, {level: weights * bitmap / 8}) / whole,
                "store and skip": _total(useful, {level: weights * bitmap / 8}) / whole,
            }
        )
    return rows


def _total(macs: int, moved: dict[str, float]) -> float:
    return sum(energy.of_work(macs, moved, dtype="int8").values())


def requirements() -> dict[str, float]:
    """Return the numbers that the conclusions are tied to."""
    balanced, loose = skipping.rival_balanced()
    plain, both = skipping.run("", ""), skipping.run("skipping", "skipping")
    return {
        "balanced": balanced,
        "loose": loose,
        "speed": plain.beats / both.beats,
        "ideal": 1 / (skipping.WEIGHTS * skipping.ACTIVATIONS),
        "kernel": times.even(256, "SciPy CSR"),
    }
