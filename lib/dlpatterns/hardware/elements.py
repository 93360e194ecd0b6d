"""An array of processing elements that multiplies a matrix by a vector and can make use
of zeros: beat by beat with queues, and by recurrence.

Activations are sent to all elements, one a beat, and wait in a queue of each; element
e of P holds the rows e, e + P, ... of the matrix and does one MAC a beat. Either
operand's zeros can be ignored, gated (the MAC is not switched, its beat passes) or
skipped (no beat; a skipped weight is not stored, a skipped activation is not sent). The
design is EIE's. Source: Han et al. 2016 (ISCA).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from . import energy
from .systolic import _must_be_sizes


@dataclass(frozen=True)
class Array:
    """Elements, the activations that wait before each, and what is made of zeros:
    "", "gating" or "skipping".

    `run_bits` is the width of the run of zeros stored with each weight where weights
    are skipped: a longer run takes a filler, and a beat. None stores any run.
    """

    elements: int = 64
    queue: int = 8
    weights: str = "skipping"
    activations: str = "skipping"
    run_bits: int | None = 4

    def __post_init__(self) -> None:
        _must_be_sizes({"elements": self.elements, "queue": self.queue})
        for name in ("weights", "activations"):
            if getattr(self, name) not in energy.SAVINGS:
                raise ValueError(
                    f"unknown saving {getattr(self, name)!r} for {name}; choose "
                    "'gating', 'skipping' or ''"
                )
        if self.run_bits is not None and not 1 <= self.run_bits <= 16:
            raise ValueError(f"a run takes 1 to 16 bits, got {self.run_bits!r}")


@dataclass(frozen=True)
class Run:
    """What a product took: beats, MACs that were done and those that were switched,
    fillers, words of weights read, activations sent.
    """

    elements: int
    beats: int
    useful: int
    done: int
    switched: int
    fillers: int
    sent: int
    outputs: int
    run_bits: int = 0

    @property
    def busy(self) -> float:
        """The share of all beats of all elements in which one worked, on a filler too:
        what EIE calls load balance efficiency.
        """
        return (self.done + self.fillers) / max(self.beats * self.elements, 1)

    @property
    def utilisation(self) -> float:
        """The share in which an element multiplied two numbers that are not zero."""
        return self.useful / max(self.beats * self.elements, 1)

    def cost(self, *, dtype: str = "int8", level: str = "32 KB") -> energy.Cost:
        """Return beats and picojoules: MACs that were switched, and what was read and
        written at a level of memory: a word and its run for each stored weight, each
        activation sent once, each result.

        Not priced: queues, pointers, registers and the wires to all elements.
        """
        width = {"int8": 8, "fp16": 16, "fp32": 32, "int32": 32}[dtype]
        words = self.done + self.fillers
        bits = words * (width + self.run_bits) + (self.sent + self.outputs) * width
        found = energy.of_work(self.switched, {level: bits / 8}, dtype=dtype)
        return energy.Cost(self.beats, found)


@dataclass
class Element:
    """One element in a beat: the activation it works on, the weights left for it, and
    what waits. `works` is "" while it is idle, else "product", "zero" or "filler".
    """

    queue: deque = field(default_factory=deque)
    column: int | None = None
    left: deque = field(default_factory=deque)
    works: str = ""


# --- Beat by beat ---------------------------------------------------------------------


def beats(
    weights: np.ndarray, activations: np.ndarray, array: Array
) -> Iterator[tuple[list[Element], np.ndarray]]:
    """Yield the elements after every beat, and the sums so far.

    In a beat each element that is free takes the first activation of its queue, and one
    that has work does one MAC; then the next activation is sent, if every queue has
    room. Shapes: weights M K, activations K -> sums M.
    """
    weights, activations = checked(weights, activations)
    waiting = deque(_sent(activations, array))
    elements = [Element() for _ in range(array.elements)]
    sums = np.zeros(len(weights), dtype=np.result_type(weights, activations))
    while waiting or any(each.queue or each.left for each in elements):
        for number, each in enumerate(elements):
            each.works = ""
            if not each.left and each.queue:
                each.column = each.queue.popleft()
                each.left = deque(_words(weights[:, each.column], number, array))
            if each.left:
                row = each.left.popleft()
                each.works = _work(row, each.column, weights, activations)
                if row is not None:
                    sums[row] += weights[row, each.column] * activations[each.column]
            elif each.column is not None and not each.queue:
                each.column = None
        if waiting and all(len(each.queue) < array.queue for each in elements):
            column = waiting.popleft()
            for each in elements:
                each.queue.append(column)
        yield elements, sums


def _sent(activations: np.ndarray, array: Array) -> list[int]:
    """Return the columns whose activations are sent."""
    if array.activations == "skipping":
        return np.flatnonzero(activations).tolist()
    return list(range(len(activations)))


def _words(column: np.ndarray, number: int, array: Array) -> list[int | None]:
    """Return the rows for which an element has a word of this column, None for a
    filler.
    """
    rows = range(number, len(column), array.elements)
    if array.weights != "skipping":
        return list(rows)
    words, run = [], 0
    for row in rows:
        if column[row] != 0:
            words.append(row)
            run = 0
        else:
            run += 1
            if array.run_bits and run == 2**array.run_bits:
                words.append(None)
                run = 0
    return _without_last_fillers(words)


def _without_last_fillers(words: list[int | None]) -> list[int | None]:
    while words and words[-1] is None:
        words.pop()
    return words


def _work(
    row: int | None, column: int, weights: np.ndarray, activations: np.ndarray
) -> str:
    if row is None:
        return "filler"
    both = weights[row, column] != 0 and activations[column] != 0
    return "product" if both else "zero"


# --- By recurrence --------------------------------------------------------------------


def run(weights: np.ndarray, activations: np.ndarray, array: Array) -> Run:
    """Return what a product of a matrix and a vector takes: the same beats as `beats`
    counts, an activation at a time for all elements.
    """
    weights, activations = checked(weights, activations)
    sent = _sent(activations, array)
    filled = weights[:, sent] != 0
    live = activations[sent] != 0
    words, fillers = _loads(filled, array)
    useful = int(filled[:, live].sum())
    done = int(words.sum() - fillers.sum())
    if array.weights and array.activations:
        switched = useful
    elif array.weights:
        switched = int(filled.sum())
    else:
        switched = done if not array.activations else len(weights) * int(live.sum())
    return Run(
        elements=array.elements,
        beats=finish(words, array.queue),
        useful=useful,
        done=done,
        switched=switched,
        fillers=int(fillers.sum()),
        sent=len(sent),
        outputs=len(weights),
        run_bits=(array.run_bits or 0) if array.weights == "skipping" else 0,
    )


def _loads(filled: np.ndarray, array: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the words and the fillers of each element for each column. Shapes: M K ->
    P K, P K.
    """
    rows, columns = filled.shape
    slots = -(-rows // array.elements)
    lanes = (slots, array.elements, columns)
    held = np.zeros((slots * array.elements, columns), dtype=bool)
    held[:rows] = filled if array.weights == "skipping" else True
    held = held.reshape(lanes)
    words = held.sum(axis=0)
    if array.weights != "skipping" or not array.run_bits:
        return words, np.zeros_like(words)
    fillers = np.zeros(lanes[1:], dtype=np.int64)
    last = np.full(lanes[1:], -1)
    for slot, here in enumerate(held):
        fillers += np.where(here, (slot - last - 1) >> array.run_bits, 0)
        last[here] = slot
    return words + fillers, fillers


def words(weights: np.ndarray, activations: np.ndarray, array: Array) -> np.ndarray:
    """Return the words that each element works on for each activation sent, fillers
    among them. Shapes: weights M K, activations K -> elements, sent.
    """
    weights, activations = checked(weights, activations)
    return _loads(weights[:, _sent(activations, array)] != 0, array)[0]


def finish(words: np.ndarray, queue: int, look: int = 1) -> int:
    """Return the beats until every element has done its words.

    An activation is sent a beat after the one before, and once the one `queue` places
    before it has left every queue; an element takes it up in the beat after, or when it
    has done with the last. A column without words takes `look` beats, in which the
    element finds that out. Shapes: words P K.
    """
    elements, columns = words.shape
    free = np.zeros(elements, dtype=np.int64)  # the beat in which each can begin
    begun = np.zeros((max(columns, 1), elements), dtype=np.int64)
    sent = -1
    for column in range(columns):
        sent += 1
        if column >= queue:
            sent = max(sent, int(begun[column - queue].max()))
        begun[column] = np.maximum(free, sent + 1)
        free = begun[column] + np.maximum(words[:, column], look)
    return int(free.max(initial=0)) if columns else 0


def checked(
    weights: np.ndarray, activations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix and a vector that fit together, or raise."""
    weights, activations = np.asarray(weights), np.asarray(activations)
    if weights.ndim != 2 or activations.shape != weights.shape[1:]:
        raise ValueError(
            f"a matrix M × K needs K activations; got {weights.shape} and "
            f"{activations.shape}"
        )
    return weights, activations
