"""Systolic arrays: a grid of multipliers that hand their operands on, and how long a
matrix product stays in it.

A product of an M x K matrix (inputs) and a K x N matrix (weights) is cut into folds
that fit an array of rows x cols. One operand stays in the array, the others pass:

=== ================= ============= =============== ==================================
    stays             rows hold     columns hold    passes, in T steps
=== ================= ============= =============== ==================================
os  outputs           M             N               inputs and weights, T = K
ws  weights           K             N               inputs, T = M; sums move down
is  inputs            K             M               weights, T = N; sums move down
=== ================= ============= =============== ==================================

`run` counts by closed form and needs the standard library only; `simulated.product`
does the same beat by beat and really multiplies. Cycles are counted from one; SCALE-Sim
prints the number of the last cycle, counted from zero. Source: Samajdar et al. 2020.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

DATAFLOWS = ("os", "ws", "is")


@dataclass(frozen=True)
class Run:
    """One matrix product in an array: cycles, and words that enter and leave it."""

    dataflow: str
    rows: int
    cols: int
    macs: int
    folds: int
    cycles: int
    stalls: int
    input_reads: int
    weight_reads: int
    output_writes: int
    outputs: int

    @property
    def utilisation(self) -> float:
        """The share of the array's multipliers that work in a cycle, on average."""
        return self.macs / (self.rows * self.cols * self.cycles)


def run(
    m: int,
    n: int,
    k: int,
    *,
    rows: int,
    cols: int,
    dataflow: str = "ws",
    weights_per_cycle: float | None = None,
    preload_hidden: bool = False,
    pipelined: bool = False,
) -> Run:
    """Return cycles, reads and writes of a product of M x K and K x N by closed form.

    A fold takes T + rows + cols - 2 cycles to pass, and with "ws" and "is" before that
    `rows` cycles to fill the array, unless `preload_hidden`: a second set of registers
    is filled while the first one works. `weights_per_cycle` words of the operand that
    stays arrive from memory; where a fold's words take longer than the fold before it,
    the array waits, and the waiting is part of the cycles ("os" keeps no operand).
    `pipelined` hides the filling and lets a fold enter while the one before it drains:
    it takes T cycles, and the last one rows + cols - 2 more, as in TPUv1.
    Raises: ValueError for an unknown dataflow, or a size that is no whole number >= 1.
    """
    sizes = {"m": m, "n": n, "k": k, "rows": rows, "cols": cols}
    _must_be_sizes(sizes)
    if dataflow not in DATAFLOWS:
        raise ValueError(
            f"unknown dataflow {dataflow!r}; known: {', '.join(DATAFLOWS)}"
        )
    down, across, steps = {"os": (m, n, k), "ws": (k, n, m), "is": (k, m, n)}[dataflow]
    folds = ceil(down / rows) * ceil(across / cols)
    fill = 0 if dataflow == "os" or preload_hidden or pipelined else rows
    drain = rows + cols - 2
    fold = fill + steps + drain * (not pipelined)
    stalls = 0
    if weights_per_cycle is not None and dataflow != "os":
        stalls = _stalls((down, across), (rows, cols), fold, weights_per_cycle)
    return Run(
        dataflow=dataflow,
        rows=rows,
        cols=cols,
        macs=m * n * k,
        folds=folds,
        cycles=folds * fold + stalls + drain * pipelined,
        stalls=stalls,
        input_reads=m * k * (1 if dataflow == "is" else ceil(n / cols)),
        weight_reads=k * n * _times_weights_pass(m, rows, cols, dataflow),
        output_writes=m * n * (1 if dataflow == "os" else ceil(k / rows)),
        outputs=m * n,
    )


def overlapped(
    m: int,
    n: int,
    k: int,
    *,
    rows: int,
    cols: int,
    dataflow: str = "ws",
    times: int = 1,
    arrays: int = 1,
) -> int:
    """Return the cycles of some equal products if each fold enters while the one before
    it drains and what stays is exchanged meanwhile, a row a beat; results that stay
    leave in the same way. A fold takes T beats, or as many as the array has rows; all
    folds are shared among `arrays` equal arrays.

    >>> overlapped(1000, 128, 128, rows=128, cols=128)
    1382
    """
    _must_be_sizes({"times": times, "arrays": arrays})
    one = run(m, n, k, rows=rows, cols=cols, dataflow=dataflow)
    beats = max({"os": k, "ws": m, "is": n}[dataflow], rows)
    return ceil(times * one.folds / arrays) * beats + 2 * rows + cols - 2


def _times_weights_pass(m: int, rows: int, cols: int, dataflow: str) -> int:
    return {"os": ceil(m / rows), "ws": 1, "is": ceil(m / cols)}[dataflow]


def _must_be_sizes(sizes: dict[str, object]) -> None:
    for name, size in sizes.items():
        if type(size) is not int or size < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, got {size!r}"
            )


def _stalls(
    operand: tuple[int, int], array: tuple[int, int], fold: int, words: float
) -> int:
    """Return the cycles in which the array waits for the words of its next fold.

    The first fold's words must arrive before anything begins; those of each later one
    arrive while the fold before it runs.
    """
    if isinstance(words, bool) or not words > 0:
        raise ValueError(f"weights_per_cycle must be above zero, got {words!r}")
    tiles = [
        tall * wide
        for tall in _pieces(operand[0], array[0])
        for wide in _pieces(operand[1], array[1])
    ]
    waits = [ceil(tile / words) for tile in tiles]
    return waits[0] + sum(max(0, wait - fold) for wait in waits[1:])


def _pieces(size: int, most: int) -> list[int]:
    """Return a length cut into pieces of at most `most`.

    >>> _pieces(70, 32)
    [32, 32, 6]
    """
    whole, rest = divmod(size, most)
    return [most] * whole + [rest] * (rest > 0)


def row_stationary(
    kernel_rows: int, output_rows: int, *, rows: int = 12, cols: int = 14
) -> int:
    """Return how many elements of an array work when each holds one row of a filter.

    A filter of R rows and an output of P rows take a set of R x P elements: element
    (r, p) convolves filter row r with input row p + r. A set wider than the array is
    cut into strips; strips, or sets of other channels, stand above one another. The
    default array is Eyeriss. Source: Chen et al. 2016, figures 5 and 6.
    Raises: ValueError if a filter has more rows than the array.

    >>> [row_stationary(r, p) for r, p in ((11, 55), (5, 27), (3, 13))]
    [154, 135, 156]
    """
    sizes = {"kernel_rows": kernel_rows, "output_rows": output_rows}
    _must_be_sizes(sizes | {"rows": rows, "cols": cols})
    if kernel_rows > rows:
        raise ValueError(
            f"a filter of {kernel_rows} rows does not fit an array of {rows} x {cols}"
        )
    strips = _pieces(output_rows, cols)
    above = rows // kernel_rows
    if len(strips) == 1:  # sets of other channels fill the rows above
        return kernel_rows * above * strips[0]
    return kernel_rows * sum(strips[:above])


def total(runs: Sequence[Run]) -> dict[str, float]:
    """Return cycles, MACs and utilisation of runs one after another in one array."""
    if not runs:
        raise ValueError("there is no run to sum up")
    cycles, macs = sum(r.cycles for r in runs), sum(r.macs for r in runs)
    size = runs[0].rows * runs[0].cols
    return {"cycles": cycles, "macs": macs, "utilisation": macs / (size * cycles)}
