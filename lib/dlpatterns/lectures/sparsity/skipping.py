"""An array that skips: nine ways to treat zeros, queues, a decoder."""

from functools import cache
from itertools import product

import numpy as np

from ...hardware import decompression, elements
from ...hardware.elements import Array
from ...sparse.streams import Bitmap, RunLength

ROWS, COLUMNS = 1024, 1024
WEIGHTS, ACTIVATIONS = 0.1, 0.4  # shares that are not zero
NAMES = {"": "nothing", "gating": "gate", "skipping": "skip"}


@cache
def problem(
    weights: float = WEIGHTS, activations: float = ACTIVATIONS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix and a vector of ones with zeros at random places."""
    rng = np.random.default_rng(seed)
    matrix = (rng.random((ROWS, COLUMNS)) < weights).astype(np.int64)
    return matrix, (rng.random(COLUMNS) < activations).astype(np.int64)


@cache
def run(weights: str, activations: str, queue: int = 8) -> elements.Run:
    """Return what the product takes in an array of 64 elements."""
    return elements.run(*problem(), Array(64, queue, weights, activations))


def combined() -> list[dict]:
    """Return a row for each treatment of zero weights and activations: beats, MACs
    switched, energy; the last three as shares of the array that knows no zeros.
    """
    plain = run("", "")
    rows = []
    for weights, activations in product(NAMES, NAMES):
        each = run(weights, activations)
        rows.append(
            {
                "zero weights": NAMES[weights],
                "zero activations": NAMES[activations],
                "beats": each.beats,
                "times as fast": plain.beats / each.beats,
                "useful": f"{100 * each.utilisation:.0f} %",
                "MAC energy": each.switched / plain.switched,
                "energy": each.cost().total / plain.cost().total,
            }
        )
    return rows


def busy(queue: int, rows: int = 8, density: float = 0.1, seed: int = 0) -> float:
    """Return the share of beats in which elements work, with queues of that length and
    so many rows in each of 64 elements; no zero activations, any run in one word.
    """
    rng = np.random.default_rng(seed)
    matrix = rng.random((64 * rows, 512)) < density
    array = Array(64, queue, run_bits=None)
    return elements.run(matrix, np.ones(512), array).busy


def free_looks(queue: int = 64, rows: int = 8, density: float = 0.1) -> float:
    """Return the share of beats in which elements work, as `busy` does, if finding that
    a column has no word took no beat.
    """
    matrix = np.random.default_rng(0).random((64 * rows, 512)) < density
    words = matrix.reshape(rows, 64, 512).sum(axis=0)
    return words.sum() / (64 * elements.finish(words, queue, look=0))


def rival_balanced(queue: int = 8, seed: int = 0) -> tuple[float, float]:
    """Return the share of busy beats where each element has one word of every eight
    rows for each column, and where as many are at random places.
    """
    rng = np.random.default_rng(seed)
    slots, columns = 8, 512
    even = np.zeros((slots, 64, columns), dtype=bool)
    place = rng.integers(0, slots, (64, columns))
    np.put_along_axis(even, place[None], True, axis=0)
    loose = rng.random((slots * 64, columns)) < 1 / slots
    array, ones = Array(64, queue, run_bits=None), np.ones(columns)
    return tuple(
        elements.run(matrix, ones, array).busy
        for matrix in (even.reshape(-1, columns), loose)
    )


# --- A decoder ------------------------------------------------------------------------

UNITS = {
    "one value a beat": decompression.Unit(64, values=1, places=64, multipliers=32),
    "four values": decompression.Unit(64, values=4, places=64, multipliers=32),
    "eight values": decompression.Unit(64, values=8, places=64, multipliers=32),
}


def decoded(density: float = WEIGHTS, bits: int = 8) -> list[dict]:
    """Return how a matrix flows from memory through decoders to 32 multipliers that
    know no zeros, in rows of 1,024 places; beats as a ratio to the dense stream.
    """
    matrix, _ = problem(density)
    codes = matrix.astype(np.uint8)
    dense = decompression.Unit(64, values=64, places=64, multipliers=32)
    each = np.full(ROWS, COLUMNS)
    whole = decompression.stream(each * bits, each, COLUMNS, dense).beats
    rows = []
    for form in (Bitmap, RunLength):
        packed = [form.pack(row[None]) for row in codes]
        stored = np.array([one.bits(bits) for one in packed])
        values = np.array([one.kept for one in packed])
        for name, unit in UNITS.items():
            flow = decompression.stream(stored, values, COLUMNS, unit)
            rows.append(
                {
                    "format": form.name,
                    "decoder": name,
                    "bits a place": stored.sum() / matrix.size,
                    "times as fast": whole / flow.beats,
                    "waits for": flow.waits_for,
                }
            )
    return rows
