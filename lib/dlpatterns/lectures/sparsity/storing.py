"""Bytes against density: every format by formula and packed, and where each stops to
pay.
"""

from functools import cache

import numpy as np

from ...prune import masks
from ...sparse import FORMATS, sizes
from ...sparse.base import Packed
from ...sparse.patterns import NOfM

SHAPE = (1024, 1024)
NAMES = ("COO", "CSR", "run-length", "bitmap", "BSR")
DENSITIES = tuple(float(f"{d:.3g}") for d in np.geomspace(0.005, 1, 24))


def share(name: str, density: float, bits: int, index: int | None) -> float:
    """Return what a format takes of the dense matrix, by formula. Units: 1 is dense."""
    how = {"shape": SHAPE, "value_bits": bits, "index_bits": index}
    return sizes.bits_a_place(name, density, **how) / bits


def at(density: float, bits: int, index: int | None = None) -> dict[str, float]:
    """Return what every format takes for a place, by formula. Units: bits."""
    return {name: bits * share(name, density, bits, index) for name in NAMES}


@cache
def _order(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE)


def packed(name: str, density: float) -> Packed:
    """Return a matrix of ones at random places, packed; bits are counted later."""
    matrix = (_order() < density).astype(np.uint8)
    return FORMATS[name].pack(matrix)


def packed_share(name: str, density: float, bits: int, index: int | None) -> float:
    """Return what a packed matrix takes of the dense one. Units: 1 is dense."""
    bits_used = packed(name, density).bits(
        bits, None if name == "run-length" else index
    )
    return bits_used / (SHAPE[0] * SHAPE[1] * bits)


@cache
def crossing(name: str, bits: int, index: int | None = None) -> float:
    """Return the density up to which a format pays, by formula."""
    how = {"shape": SHAPE, "index_bits": index}
    return sizes.crossover(name, value_bits=bits, **how)


@cache
def packed_crossing(name: str, bits: int, index: int | None = None) -> float:
    """Return the density up to which it pays when it is really packed, by halving."""
    return sizes.halved(lambda d: packed_share(name, d, bits, index) <= 1, steps=9)


def apart(bits: int = 16) -> float:
    """Return by how much the density at which a format stops to pay differs between
    formula and really packed matrices, at most over the formats.
    """
    return max(abs(crossing(n, bits) - packed_crossing(n, bits)) for n in NAMES)


WIDTHS = (4, 8, 16, 32)


def show_share(value: float) -> str:
    """Return a share in per cent, to one digit.

    >>> show_share(0.333)
    '33.3 %'
    """
    return f"{100 * value:.1f} %"


# --- Two of four ----------------------------------------------------------------------


@cache
def two_of_four(side: int = 256) -> np.ndarray:
    """Return a matrix of codes of which two of every four neighbours are not zero."""
    scores = np.random.default_rng(0).random((side, side)) + 0.01
    return masks.n_of_m({"w": scores})["w"].astype(np.uint8)


def pattern_rows() -> list[dict]:
    """Return what the matrix takes as a share of dense, really packed, for values of
    three widths: as 2:4 and as a bitmap; and if only the choice of places were coded.
    """
    matrix = two_of_four()
    rows = []
    for bits in (16, 8, 4):
        dense = matrix.size * bits / 8
        codes = matrix.astype(np.uint16) if bits == 16 else matrix
        pattern = NOfM.pack(codes).measured_bytes(value_bits=bits)
        bitmap = FORMATS["bitmap"].pack(codes).measured_bytes(value_bits=bits)
        rows.append(
            {
                "bits a value": bits,
                "2:4": pattern / dense,
                "bitmap": bitmap / dense,
                "six choices a group": 0.5 + np.log2(6) / 4 / bits,
            }
        )
    return rows


def chances() -> float:
    """Return the share of groups of four that hold two at most where half of all places
    hold a value, at random.
    """
    return (1 + 4 + 6) / 16
