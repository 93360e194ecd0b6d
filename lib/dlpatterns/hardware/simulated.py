"""A systolic array beat by beat: registers that hand their values on, and the product
that comes out of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .systolic import DATAFLOWS, _must_be_sizes, _pieces


@dataclass(frozen=True)
class Beat:
    """The array after one cycle of a fold.

    `stays` is what the elements keep (weights, inputs, or the sums so far), `right` and
    `down` what they hand on; `works` tells which of them multiplied. Shapes: rows cols.
    """

    cycle: int
    stays: np.ndarray
    right: np.ndarray
    down: np.ndarray
    works: np.ndarray


@dataclass
class Tally:
    """What a simulated array did: cycles, MACs, and words in and out."""

    cycles: int = 0
    macs: int = 0
    input_reads: int = 0
    weight_reads: int = 0
    output_writes: int = 0


def product(
    inputs: np.ndarray,
    weights: np.ndarray,
    *,
    rows: int,
    cols: int,
    dataflow: str = "ws",
) -> tuple[np.ndarray, Tally]:
    """Multiply two matrices in an array, fold by fold; return the product and a tally.

    Shapes: inputs M K, weights K N -> M N.
    Raises: ValueError that shows the shapes if they do not fit, for an array without
    elements, or for an unknown dataflow.
    """
    _check(inputs, weights, {"rows": rows, "cols": cols}, dataflow)
    tally = Tally()
    if dataflow == "is":  # the inputs stay: the transposed product, weights first
        turned, tally = product(
            weights.T, inputs.T, rows=rows, cols=cols, dataflow="ws"
        )
        tally.input_reads, tally.weight_reads = tally.weight_reads, tally.input_reads
        return turned.T, tally
    out = np.zeros(
        (len(inputs), weights.shape[1]), dtype=np.result_type(inputs, weights)
    )
    for place, left, top in _folds(inputs, weights, (rows, cols), dataflow):
        beats = (_outputs_stay if dataflow == "os" else _weights_stay)(
            left, top, (rows, cols), tally
        )
        out[place] += _last(beats)
    return out, tally


def beats(
    inputs: np.ndarray,
    weights: np.ndarray,
    *,
    rows: int,
    cols: int,
    dataflow: str = "ws",
) -> list[Beat]:
    """Return every cycle of a product that fits the array in one fold, for drawing.

    Raises: ValueError as `product`, or if the operand that stays is larger than the
    array.
    """
    _check(inputs, weights, {"rows": rows, "cols": cols}, dataflow)
    if dataflow == "is":
        return beats(weights.T, inputs.T, rows=rows, cols=cols, dataflow="ws")
    stays = (len(inputs), weights.shape[1]) if dataflow == "os" else weights.shape
    if stays[0] > rows or stays[1] > cols:
        raise ValueError(f"{stays} values stay, but the array is {rows} x {cols}")
    walk = _outputs_stay if dataflow == "os" else _weights_stay
    return [b for b in walk(inputs, weights, (rows, cols), Tally()) if type(b) is Beat]


def _check(
    inputs: np.ndarray, weights: np.ndarray, array: dict[str, int], dataflow: str
) -> None:
    _must_be_sizes(array)
    if dataflow not in DATAFLOWS:
        raise ValueError(
            f"unknown dataflow {dataflow!r}; known: {', '.join(DATAFLOWS)}"
        )
    shapes = np.shape(inputs), np.shape(weights)
    if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[0][1] != shapes[1][0]:
        raise ValueError(
            f"inputs must be M x K and weights K x N, got {shapes[0]} and {shapes[1]}"
        )
    if 0 in shapes[0] + shapes[1]:
        raise ValueError(f"a matrix is empty: {shapes[0]} and {shapes[1]}")


def _folds(
    inputs: np.ndarray, weights: np.ndarray, array: tuple[int, int], dataflow: str
) -> Iterator[tuple]:
    """Yield, for each fold, where its results belong, and its two operands."""
    outer = len(inputs) if dataflow == "os" else len(weights)
    for i in _slices(outer, array[0]):
        for j in _slices(weights.shape[1], array[1]):
            if dataflow == "os":
                yield (i, j), inputs[i], weights[:, j]
            else:
                yield (slice(None), j), inputs[:, i], weights[i, j]


def _slices(size: int, most: int) -> Iterator[slice]:
    start = 0
    for piece in _pieces(size, most):
        yield slice(start, start + piece)
        start += piece


def _last(beats: Iterator) -> np.ndarray:
    """Run a fold to its end and return its result."""
    for beat in beats:
        result = beat
    return result


def _outputs_stay(
    left: np.ndarray, top: np.ndarray, array: tuple[int, int], tally: Tally
) -> Iterator:
    """Stream rows from the left and columns from above, each a beat behind the one
    before; every element adds what meets in it. Yields beats, then the result.
    """
    (m, k), n, (rows, cols) = left.shape, top.shape[1], array
    kind = np.result_type(left, top)
    sums, right, down = (np.zeros(array, dtype=kind) for _ in range(3))
    here, below = np.zeros(array, dtype=bool), np.zeros(array, dtype=bool)
    for cycle in range(k + rows + cols - 2):
        right[:, 1:], here[:, 1:] = right[:, :-1].copy(), here[:, :-1].copy()
        down[1:], below[1:] = down[:-1].copy(), below[:-1].copy()
        for i in range(rows):
            enters = i < m and 0 <= cycle - i < k
            right[i, 0], here[i, 0] = (
                (left[i, cycle - i], True) if enters else (0, False)
            )
        for j in range(cols):
            enters = j < n and 0 <= cycle - j < k
            down[0, j], below[0, j] = (
                (top[cycle - j, j], True) if enters else (0, False)
            )
        works = here & below
        sums += np.where(works, right * down, 0)
        tally.macs += int(works.sum())
        tally.cycles += 1
        yield Beat(cycle, sums.copy(), right.copy(), down.copy(), works)
    tally.input_reads += left.size
    tally.weight_reads += top.size
    tally.output_writes += m * n
    yield sums[:m, :n].copy()


def _weights_stay(
    left: np.ndarray, top: np.ndarray, array: tuple[int, int], tally: Tally
) -> Iterator:
    """Fill the array with weights row by row, then stream inputs from the left; the
    sums move down and leave below. Yields beats, then the result.
    """
    (m, k), n, (rows, cols) = left.shape, top.shape[1], array
    kind = np.result_type(left, top)
    held = np.zeros(array, dtype=kind)
    nothing = np.zeros(array, dtype=bool)
    for cycle in range(rows):  # the last row enters first and is pushed down
        held[1:] = held[:-1].copy()
        row = rows - 1 - cycle
        held[0] = 0
        if row < k:
            held[0, :n] = top[row]
        tally.cycles += 1
        empty = np.zeros(array, dtype=kind)
        yield Beat(cycle, held.copy(), empty, empty, nothing)
    right, down = np.zeros(array, dtype=kind), np.zeros(array, dtype=kind)
    here = np.zeros(array, dtype=bool)
    out = np.zeros((m, n), dtype=kind)
    for cycle in range(m + rows + cols - 2):
        right[:, 1:], here[:, 1:] = right[:, :-1].copy(), here[:, :-1].copy()
        for i in range(rows):
            enters = i < k and 0 <= cycle - i < m
            right[i, 0], here[i, 0] = (
                (left[cycle - i, i], True) if enters else (0, False)
            )
        arriving = np.vstack([np.zeros((1, cols), dtype=kind), down[:-1]])
        works = here & (np.arange(cols) < n)
        down = arriving + np.where(works, right * held, 0)
        tally.macs += int(works.sum())
        tally.cycles += 1
        for j in range(n):  # a sum is complete when it leaves the last row
            if 0 <= (row := cycle - (rows - 1) - j) < m:
                out[row, j] = down[-1, j]
        yield Beat(rows + cycle, held.copy(), right.copy(), down.copy(), works)
    tally.input_reads += left.size
    tally.weight_reads += top.size
    tally.output_writes += m * n
    yield out
