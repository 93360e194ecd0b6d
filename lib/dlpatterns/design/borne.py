"""What fewer bits cost a small network, as this book measured it: a stand-in for the
accuracy that the model leaves out.

A residual network of eight layers, trained on scikit-learn's digits, rounded after
training without tuning, its weights alone and its activations alone
(benchmarks/experiments/fewer_bits_convolutional.py, ten seeds).
"""

from functools import cache

from .. import datasets
from .chip import Chip

NETWORK = "residual"


def lost(chip: Chip) -> float | None:
    """Return the points of accuracy that the network loses, on average over the seeds:
    the more of weights in the bits that they are stored in, and activations in those
    of the format. None where nothing was measured.
    """
    if not chip.dtype.startswith("int"):
        return None
    found = [_lost("weights", chip.stored_bits), _lost("activations", chip.bits)]
    return None if None in found else max(found)


@cache
def _lost(what: str, bits: int) -> float | None:
    stored = datasets.measurement("fewer_bits_convolutional")
    if bits not in stored["widths"]:
        return None
    place = stored["widths"].index(bits)
    rows = [row for row in stored["rows"] if row["network"] == NETWORK]
    falls = [row["float"] - row[what][place] for row in rows]
    return 100 * sum(falls) / len(falls)
