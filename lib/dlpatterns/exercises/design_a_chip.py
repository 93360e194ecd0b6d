"""Exercises of the capstone: overlapped folds, yield, a front, a chip of one's own, and
what its score leaves out.
"""

from math import inf

import numpy as np

from dlpatterns.design import market, space, workload
from dlpatterns.design.chip import Chip
from dlpatterns.exercises._tasks import Formula, Function, Score, Scored, Words, call

AREA, WATTS, MARK = 100, 10, 0.66e-3  # the book's best takes 0.60 ms
RATE, JOULES, PRICE = 2_200, 6e-3, 4.0  # examples a second; an example; a good die
KNOBS = "rows, cols, arrays, dataflow, buffer, bandwidth, zeros"
LARGE = (
    f"It is larger than {AREA} mm². Multipliers and buffer share the die: which of "
    "them is idle?"
)
SLOW = (
    "Look at what the six wait for. A step that waits for the bus gains nothing from "
    "multipliers; at ten watts, what a result costs in joules is what it takes in time."
)
HUNGRY = (
    "Most joules are bytes: what crosses the bus, and what goes to a large buffer and "
    "back before it is finished."
)
DEAR = (
    "A good die costs more than its share of the wafer: leave out the square "
    "millimetres that save no time."
)
METRICS = ("accuracy", "throughput", "latency", "energy", "price", "usability")
INSIDE = {
    "throughput": "Throughput is in: one mark is for eight examples at a time.",
    "latency": "Latency is in: it is the time, a mean over the six.",
    "energy": "Energy is in twice: as its own mark and, at ten watts, as time.",
    "price": "Price is in, as the wafer of a good die; what else a chip costs is not.",
}


def _score(design: object) -> Score:
    """Return whether a chip keeps its die and all four marks, with what it reaches."""
    chip = _read(design)
    point = space.weigh(chip, watts=WATTS)
    eight = space.weigh(chip, workload.eights(), watts=WATTS)
    price = market.price(point.area) if point.area <= market.RETICLE_MM2 else inf
    rows = (
        ("die", f"{point.area:.1f} mm²"),
        ("latency", f"{1e3 * point.seconds:.2f} ms, geometric mean of the six"),
        ("throughput", f"{1 / eight.seconds:,.0f} a second, eight at a time"),
        ("energy", f"{1e3 * point.joules:.2f} mJ"),
        ("price", f"{price:.2f} dollars of wafer a good die"),
    )
    for failed, what, hint in (
        (point.area > AREA, "The die is too large", LARGE),
        (point.seconds > MARK, f"It takes more than {1e3 * MARK:.2f} ms", SLOW),
        (1 / eight.seconds < RATE, f"It does fewer than {RATE:,} a second", SLOW),
        (point.joules > JOULES, f"It spends more than {1e3 * JOULES:g} mJ", HUNGRY),
        (price > PRICE, f"A good die costs more than {PRICE:g} dollars", DEAR),
    ):
        if failed:
            return Score(False, what, rows, hint)
    return Score(True)


def _read(design: object) -> Chip:
    """Return the chip of a dictionary of knobs.

    Raises: TypeError or ValueError for what is none.
    """
    if not isinstance(design, dict):
        raise TypeError(f"a design is a dictionary of knobs: {KNOBS}")
    if unknown := set(design) - set(KNOBS.split(", ")):
        raise ValueError(
            f"unknown knobs {sorted(map(str, unknown))}; there are {KNOBS}"
        )
    if design.get("bandwidth", 0) > 128e9 or design.get("arrays", 1) > 64:
        raise ValueError("the package gives 128 GB/s at most, and room for 64 arrays")
    return Chip(**design)


def _missing(given: object) -> Score:
    """Return whether the metrics named are those that no mark contains."""
    if not isinstance(given, set | frozenset | list | tuple):
        raise TypeError("write a set of names, such as {'price', 'energy'}")
    if unknown := sorted({str(one) for one in given} - set(METRICS)):
        raise ValueError(f"unknown metrics {unknown}; there are {', '.join(METRICS)}")
    named = {str(one) for one in given}
    for metric in METRICS:
        if metric in named and metric in INSIDE:
            return Score(False, f"{metric} is contained", hint=INSIDE[metric])
    if len(named) < len(METRICS) - len(INSIDE):
        hint = "Change the chip in each respect in turn: would any mark notice?"
        return Score(False, "Something is missing", hint=hint)
    return Score(True)


def _points(rng):
    """Yield small clouds of designs; the first has a tie and a twin."""
    yield call(np.array([[1.0, 5.0], [2.0, 3.0], [2.0, 3.0], [3.0, 3.0], [4.0, 1.0]]))
    yield call(np.array([[2.0, 2.0]]))
    for count, keys in ((6, 2), (12, 3), (30, 3), (40, 2)):
        yield call(rng.integers(0, 12, size=(count, keys)).astype(float))


def front(designs):
    better = (designs[:, None] <= designs).all(2) & (designs[:, None] < designs).any(2)
    return np.flatnonzero(~better.any(0))


def _strictly(designs):
    better = (designs[:, None] < designs).all(2)
    return np.flatnonzero(~better.any(0))


def _twins_too(designs):
    better = (designs[:, None] <= designs).all(2) & ~np.eye(len(designs), dtype=bool)
    return np.flatnonzero(~better.any(0))


def _best_of_each(designs):
    return np.unique(designs.argmin(0))


def _one_key(designs):
    better = (designs[:, None] < designs).any(2)
    return np.flatnonzero(~better.any(0))


TASKS = {
    "folds": Formula(
        "ceil(K / R) * ceil(N / C) * max(M, R) + 2 * R + C - 2",
        where={
            "M": [5, 40, 196, 3136],
            "N": [7, 64, 100],
            "K": [9, 64, 147],
            "R": [8, 12, 32],
            "C": [16, 20, 32],
        },
        title="Folds that overlap",
        explanation=(
            "Each fold of R × C weights takes M beats, or R if fewer rows pass than "
            "the next weights take to enter; only the first filling and the last "
            "draining are seen:"
        ),
        expects=(
            "the cycles of an M × K by K × N product in R × C elements where weights "
            "stay and folds overlap, in M, N, K, R and C"
        ),
        mistakes=[
            (
                "ceil(K / R) * ceil(N / C) * (2 * R + C + M - 2)",
                "That is one fold after the other; here the next enters while the last "
                "one drains.",
            ),
            (
                "ceil(K / R) * ceil(N / C) * M + 2 * R + C - 2",
                "The next weights take R beats to enter: a fold can't be shorter.",
            ),
            (
                "ceil(M / R) * ceil(N / C) * max(K, R) + 2 * R + C - 2",
                "That is the array whose outputs stay.",
            ),
        ],
        why=(
            "One term is left of what filling and draining cost: a product with fewer "
            "rows than the array pays for the array's rows."
        ),
    ),
    "good_dies": Formula(
        "(1 + D * A / 100 / a) ** (-a)",
        where={"D": [0.05, 0.09, 0.2], "A": [10, 100, 331, 800], "a": [2, 3, 10]},
        title="Good dies",
        explanation=(
            "D defects fall on each square centimetre, A square millimetres hold "
            "D A / 100 of them on average, and they come in clusters:"
        ),
        expects=(
            "the share of dies without a defect, in D defects a cm², A mm² and the "
            "clustering a"
        ),
        mistakes=[
            (
                "exp(-D * A / 100)",
                "That is Poisson's: defects fall independently. In clusters more dies "
                "escape.",
            ),
            (
                "(1 + D * A / a) ** (-a)",
                "A is in square millimetres and D a square centimetre.",
            ),
            (
                "(1 + D * A / 100) ** (-a)",
                "The mean number of defects is divided by a before it is added to one.",
            ),
        ],
        why=(
            "Cost grows faster than area: twice the die gives fewer than half as many, "
            "and fewer of those work."
        ),
    ),
    "front": Function(
        front,
        _points,
        title="Write the front",
        explanation=(
            "One design beats another if it is as good in all and better in one; who "
            "is beaten by none stays:"
        ),
        expects=(
            "the indices, in order, of the rows of an array that no other row beats; "
            "less is better in every column"
        ),
        mistakes=[
            (
                _strictly,
                "A design that is as good in one and better in the other beats, too.",
            ),
            (
                _twins_too,
                "Of two equal designs neither beats the other: both stay.",
            ),
            (
                _best_of_each,
                "That is the best in each column; a design between them may be beaten "
                "by none.",
            ),
            (
                _one_key,
                "Better in one column is not enough: it must be worse in none.",
            ),
        ],
        why=(
            "A front is what a search can say without knowing what a millimetre or a "
            "millijoule is worth to you."
        ),
        points=2,
    ),
    "yours": Scored(
        _score,
        'dict(rows=32, cols=32, arrays=16, dataflow="os", buffer=2**20, '
        'bandwidth=128e9, zeros="2:4")',
        title="Your chip",
        explanation=(
            "Several arrays of middling size, outputs that stay, a buffer of a "
            "megabyte, and zeros in fixed places:"
        ),
        expects=(
            f"a dictionary of knobs ({KNOBS}) whose INT8 chip keeps {AREA} mm² and, at "
            f"{WATTS} W, takes at most {1e3 * MARK:.2f} ms and {1e3 * JOULES:g} mJ "
            f"over the six, does {RATE:,} a second eight at a time, and costs at most "
            f"{PRICE:g} dollars of wafer a good die"
        ),
        mistakes=[
            (
                {"rows": 256, "cols": 256, "buffer": 24 * 2**20, "bandwidth": 34e9},
                LARGE,
            ),
            ({"rows": 128, "cols": 128, "buffer": 2**22, "bandwidth": 32e9}, SLOW),
        ],
        why=(
            "Nothing in the score asked for the fastest multiplier: at a power budget, "
            "the chip that moves least is the one that ends first."
        ),
        points=3,
    ),
    "missing": Scored(
        _missing,
        '{"accuracy", "usability"}',
        title="What no mark contains",
        explanation="Two of the six could change, and no mark would notice:",
        expects=f"a set of names out of {', '.join(METRICS)}",
        mistakes=[({metric}, hint) for metric, hint in INSIDE.items()],
        why=(
            "A score is a choice of what to look at. Whoever optimises it pays with "
            "what it leaves out: narrow formats for accuracy, odd shapes for usability."
        ),
        points=2,
    ),
    "six_metrics": Words(
        title="Six metrics",
        answer=(
            "Accuracy: not in the marks at all; every network is taken to bear INT8 "
            "and half of its weights zero, which the lectures on quantization and "
            "pruning show for small ones. Throughput: only eight at a time, one run "
            "after the other; no queue, no host. Latency: as a mean over six, which "
            "lets one network be slow. Energy: without clocks, control and leakage; "
            "our Eyeriss draws half of what was measured. Price: only the wafer; "
            "package, test, memory, masks and people are left out. Usability: not at "
            "all; a chip that a compiler can't fill, or that runs none of next year's "
            "layers, keeps its marks. A remedy that can be computed: how far a chip is "
            "behind the best design at its worst network, or its time over all "
            "networks of the book; the accuracy of each network in its format."
        ),
        rubric=(
            "one point for each metric that is placed rightly, up to four",
            "one point for a remedy that could be computed",
        ),
        points=5,
    ),
}
