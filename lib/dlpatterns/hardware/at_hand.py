"""The machine at hand, measured: how fast NumPy's BLAS multiplies and how fast a copy
moves, on one thread.

What is measured differs from run to run and from machine to machine; it belongs into
cells whose output is not compared. Units: FLOP/s, bytes a second.
"""

from collections.abc import Sequence
from platform import processor

from .. import measuring
from .machines import Machine
from .work import sizes

# our formats that BLAS multiplies, and what NumPy calls them
BLAS = {"fp32": "float32", "fp64": "float64"}
KIB = 1024
SETS = tuple(KIB * n for n in (8, 64, 512, 4 * KIB, 32 * KIB))


def rates(
    square: Sequence[int] = (128, 512), *, dtypes: Sequence[str] = tuple(BLAS)
) -> list[dict]:
    """Multiply square matrices of each size; return a row a format and size with the
    rate that is reached.

    Raises: ValueError for a format that BLAS does not multiply.
    """
    for size in square:
        sizes({"a matrix size": size})
    return [
        {"format": dtype, "size": size, "seconds": seconds}
        | {"flop_per_s": 2 * size**3 / seconds}
        for dtype in dtypes
        for size in square
        for seconds in [_product_seconds(dtype, size)]
    ]


def _product_seconds(dtype: str, size: int) -> float:
    import numpy as np

    if dtype not in BLAS:
        raise ValueError(
            f"BLAS does not multiply {dtype!r} on this machine; it does "
            f"{', '.join(BLAS)}"
        )
    one = np.ones((size, size), dtype=BLAS[dtype])
    out = np.empty_like(one)
    repeats = max(1, 2**24 // size**3)

    def multiply() -> None:
        for _ in range(repeats):
            np.matmul(one, one, out=out)

    return measuring.shortest_seconds(multiply) / repeats


def bandwidths(working_sets: Sequence[int] = SETS) -> list[dict]:
    """Copy within each working set of so many bytes, half of it to the other half;
    return a row a set with the bytes read and written a second.
    """
    for size in working_sets:
        sizes({"a working set in bytes": size, "half of it": size // 2})
    return [
        {"bytes": size, "seconds": seconds, "bytes_per_s": 2 * (size // 2) / seconds}
        for size in working_sets
        for seconds in [_copy_seconds(size // 2)]
    ]


def _copy_seconds(half: int) -> float:
    import numpy as np

    source, target = np.ones(half, dtype="uint8"), np.empty(half, dtype="uint8")
    repeats = max(1, 2**24 // half)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(target, source)

    return measuring.shortest_seconds(copy) / repeats


def machine(rated: list[dict], moved: list[dict]) -> Machine:
    """Return this machine as the others are given, from what `rates` and `bandwidths`
    measured: the best rate of each format, and the copy in the largest working set.
    """
    if not rated or not moved:
        raise ValueError("measure first: machine(rates(), bandwidths())")
    best: dict[str, float] = {}
    for row in rated:
        best[row["format"]] = max(best.get(row["format"], 0), row["flop_per_s"])
    largest = max(moved, key=lambda row: row["bytes"])
    return Machine(
        name=f"this machine, one thread ({processor() or 'unnamed processor'})",
        released="",
        rates=best,
        bandwidth=largest["bytes_per_s"],
        memory_bytes=None,
        sram_bytes=None,
        watts=None,
        source="measured",
        note=f"a copy within {largest['bytes']} bytes",
    )
