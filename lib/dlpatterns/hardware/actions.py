"""What arrays that skip zeros do, by kind of action, and what the actions cost: the
elements of EIE (`elements`) and of SCNN (`cartesian`), with one table of energies.

A memory costs by its size and by the bits moved, arithmetic by its width, as `energy`
prices them at 45 nm. Registers, queues, code books, wires, crossbars, clocks and
leakage have no price in that table and are left out. Energies in picojoules. Sources of
the sizes: Han et al. 2016 (ISCA), Parashar et al. 2017.
"""

from dataclasses import dataclass

import numpy as np

from . import elements, energy
from .cartesian import Beats
from .systolic import _must_be_sizes

ADD_BIT = 0.1 / 32  # an adder's picojoules a bit, of the table's 32-bit addition


@dataclass(frozen=True)
class Store:
    """The memories of an element that skips: bytes of the one that holds weights and of
    each bank of pointers, the bits of a line, a word, a pointer and an operand.
    """

    matrix: int = 128 * 2**10
    bank: int = 16 * 2**10
    line: int = 64
    word: int = 8
    pointer: int = 16
    operand: int = 16

    def __post_init__(self) -> None:
        _must_be_sizes(vars(self))
        if self.word > self.line:
            raise ValueError(
                f"a line of {self.line} bits doesn't hold a word of {self.word}"
            )


def of_product(
    weights: np.ndarray,
    activations: np.ndarray,
    array: elements.Array,
    store: Store | None = None,
) -> dict[str, float]:
    """Return the picojoules of a product of a matrix and a vector, by what spends them:
    lines of weights, pointers, arithmetic.

    A column begins anywhere in a line, so w words are (w + 7) / 8 lines at the mean if
    a line holds eight. Each element reads two pointers for each activation sent.
    Shapes: weights M K, activations K.

    >>> array = elements.Array(1, run_bits=None)
    >>> cost = of_product(np.ones((1, 1)), np.ones(1), array)
    >>> round(cost["matrix"] / energy.of_sram(128 * 2**10), 3)  # a line of 8 bytes
    8.0
    """
    store = store or Store()
    run = elements.run(weights, activations, array)
    words = elements.words(weights, activations, array)
    held = store.line // store.word
    lines = float(((words + held - 1) / held)[words > 0].sum())
    pointers = 2 * run.sent * array.elements
    mac = energy.of_multiplier(store.operand) + ADD_BIT * store.operand
    return {
        "matrix": lines * store.line / 8 * energy.of_sram(store.matrix),
        "pointers": pointers * store.pointer / 8 * energy.of_sram(store.bank),
        "arithmetic": run.switched * mac,
    }


@dataclass(frozen=True)
class Tile:
    """The memories of an element that multiplies all with all: bytes of its queue of
    weights, its activations, and a bank of its sums; the bits of each value, of an
    index, and of a sum.
    """

    weights: int = 500
    activations: int = 10 * 2**10
    bank: int = 96
    value: int = 16
    index: int = 4
    sum: int = 24

    def __post_init__(self) -> None:
        _must_be_sizes(vars(self))


WAYS = ("skipped", "dense", "gated")


def of_convolution(beats: Beats, tile: Tile | None = None) -> dict[str, dict]:
    """Return the picojoules of a convolution, by what spends them, in the array that
    skips, in the dense one beside it, and in a dense one that gates zeros.

    The array that skips reads values with their indices, and adds each product to a sum
    in a bank: a read and a write. The dense one adds up all the products of a beat
    first, and so moves one sum a beat; gating saves it multiplications, nothing else.
    """
    tile = tile or Tile()
    sum_bytes = 2 * tile.sum / 8 * energy.of_sram(tile.bank)
    add = ADD_BIT * tile.sum
    times, plus = energy.of_multiplier(tile.value), {}
    for way, width in (("skipped", tile.value + tile.index), ("dense", tile.value)):
        plus[way] = {
            "weights": width / 8 * energy.of_sram(tile.weights),
            "activations": width / 8 * energy.of_sram(tile.activations),
        }
    skipped = {
        "weights": beats.weight_reads * plus["skipped"]["weights"],
        "activations": beats.activation_reads * plus["skipped"]["activations"],
        "sums": beats.products * sum_bytes,
        "arithmetic": beats.products * (times + add),
    }
    dense = {
        "weights": beats.macs * plus["dense"]["weights"],
        "activations": beats.dense_reads * plus["dense"]["activations"],
        "sums": beats.macs / beats.width * sum_bytes,
        "arithmetic": beats.macs * (times + add),
    }
    gated = dense | {"arithmetic": beats.products * times + beats.macs * add}
    return dict(zip(WAYS, (skipped, dense, gated), strict=True))
