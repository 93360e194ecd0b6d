"""Sparse products timed beside the dense one, at any density."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import scipy.sparse
from threadpoolctl import threadpool_limits

from ... import datasets, measuring
from ...sparse.lists import CSR
from ...sparse.patterns import BSR

SIDE, BLOCK = 1024, (32, 32)
DENSITIES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)
WIDTHS = (1, 16, 256)


def single(density: float, side: int = SIDE, seed: int = 0) -> np.ndarray:
    """Return a float32 matrix with so many values at random places."""
    rng = np.random.default_rng(seed)
    kept = rng.permutation(side * side) < round(density * side * side)
    values = rng.normal(size=(side, side)).astype(np.float32)
    return np.where(kept.reshape(side, side), values, np.float32(0))


def blocks(density: float, side: int = SIDE, seed: int = 0) -> np.ndarray:
    """Return a float32 matrix with so many values in random blocks."""
    rng = np.random.default_rng(seed)
    r, c = BLOCK
    count = side // r * (side // c)
    kept = (rng.permutation(count) < max(round(density * count), 1)).astype(np.float32)
    mask = np.kron(kept.reshape(side // r, side // c), np.ones(BLOCK, np.float32))
    return np.where(mask, rng.normal(size=(side, side)).astype(np.float32), 0).astype(
        np.float32
    )


def kernels(density: float, dense: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return the products to be timed, the dense one first, each with a matrix of that
    density: single values, or blocks for BSR.
    """
    matrix, blocked = single(density), blocks(density)
    scipys = {
        "SciPy CSR": scipy.sparse.csr_array(matrix),
        "SciPy CSC": scipy.sparse.csc_array(matrix),
        "SciPy BSR": scipy.sparse.bsr_array(blocked, blocksize=BLOCK),
    }
    ours = {
        "our CSR": CSR.pack(matrix),
        "our BSR": BSR.pack(blocked, BLOCK),
    }
    calls = {"dense": lambda: matrix @ dense}
    for name, each in (scipys | ours).items():
        calls[name] = lambda each=each: each @ dense
    return calls


@threadpool_limits.wrap(limits=1)
def ratios(density: float, width: int, repeats: int = 5) -> dict[str, float]:
    """Return each product's shortest time as a ratio to the dense one's, all with one
    thread, for a dense matrix of so many columns.
    """
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(SIDE, width)).astype(np.float32)
    calls = kernels(density, dense)
    seconds = {
        name: measuring.shortest_seconds(call, repeats) for name, call in calls.items()
    }
    return {name: value / seconds["dense"] for name, value in seconds.items()}


def break_even(densities: list[float], ratios: list[float]) -> float:
    """Return the density at which a ratio first reaches 1, between two measured ones by
    their logarithms; 0 if it is above 1 throughout, 1 if it never gets there.

    >>> break_even([0.01, 0.1], [0.1, 10.0])
    0.0316
    """
    if ratios[0] >= 1:
        return 0.0
    pairs = list(zip(densities, ratios, strict=True))
    for (d0, r0), (d1, r1) in pairwise(pairs):
        if r1 >= 1:
            share = np.log(1 / r0) / np.log(r1 / r0)
            return round(float(d0 * (d1 / d0) ** share), 4)
    return 1.0


# --- The stored measurement -----------------------------------------------------------


def stored(columns: int, kernel: str) -> tuple[list[float], list[float]]:
    """Return the densities and the ratios of one kernel as they were measured."""
    rows = [
        row
        for row in datasets.measurement("sparse_speed")["rows"]
        if row["columns"] == columns
    ]
    return [row["density"] for row in rows], [row["ratios"][kernel] for row in rows]


KERNELS = ("SciPy CSR", "SciPy CSC", "SciPy BSR", "our CSR", "our BSR")


def even(columns: int, kernel: str) -> float:
    """Return the density at which a kernel took as long as the dense product."""
    return break_even(*stored(columns, kernel))


def even_rows() -> list[dict]:
    """Return the break-even of every kernel, a column a width."""
    return [
        {"kernel": kernel}
        | {
            f"{width} column{'s' * (width > 1)}": _said(even(width, kernel))
            for width in WIDTHS
        }
        for kernel in KERNELS
    ]


def _said(density: float) -> str:
    return f"{100 * density:.1f} %" if density else "never"


def live(densities: tuple[float, ...] = (0.05, 0.5), width: int = 256) -> list[dict]:
    """Measure here and now, a row a density."""
    return [
        {"density": f"{100 * density:.0f} %"} | ratios(density, width, repeats=3)
        for density in densities
    ]
