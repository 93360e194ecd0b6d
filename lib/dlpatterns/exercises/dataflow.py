"""Exercises of the lecture on matrix multiplication in silicon: tiles, cycles, a beat
of a systolic array, energy, and a chip to choose.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _arrays(rng):
    """Yield weights, what moved right and down a beat ago, and what enters; the first
    so that every mistake shows.
    """
    yield call(
        np.array([[2, 0], [1, 3]]),
        np.array([[1, 5], [2, 4]]),
        np.array([[7, 1], [3, 6]]),
        np.array([3, 2]),
    )
    for rows, columns in ((1, 3), (3, 1), (3, 4), (2, 2)):
        yield call(
            *(rng.integers(-5, 6, size=(rows, columns)) for _ in range(3)),
            rng.integers(-5, 6, size=rows),
        )


def beat(weights, right, down, entering):
    right = np.column_stack([entering, right[:, :-1]])
    above = np.vstack([np.zeros_like(down[:1]), down[:-1]])
    return right, above + right * weights


def _not_moved(weights, right, down, entering):
    above = np.vstack([np.zeros_like(down[:1]), down[:-1]])
    return right, above + right * weights


def _nothing_from_above(weights, right, down, entering):
    right = np.column_stack([entering, right[:, :-1]])
    return right, right * weights


def _sums_stay(weights, right, down, entering):
    right = np.column_stack([entering, right[:, :-1]])
    return right, down + right * weights


def _all_in_one_beat(weights, right, down, entering):
    right = np.column_stack([entering, right[:, :-1]])
    return right, np.cumsum(right * weights, axis=0)


TASKS = {
    "largest_tile": Formula(
        "floor(sqrt(S + 1)) - 1",
        where={"S": [3, 8, 20, 63, 100, 255, 1000, 4095, 5000]},
        title="The largest square tile",
        explanation=(
            "side² results stay, a column and a row of the operands pass by: "
            "side² + 2 side ≤ S, which is (side + 1)² ≤ S + 1."
        ),
        expects="the side of the largest square tile that fits, in S",
        mistakes=[
            (
                "floor(sqrt(S))",
                "The results alone would fill the buffer: a column and a row of the "
                "operands must be held too.",
            ),
            (
                "floor(sqrt(S / 3))",
                "That keeps three square tiles; of the operands one column and one row "
                "are enough at a time.",
            ),
            ("sqrt(S + 1) - 1", "A side is a whole number; round it down."),
            (
                "floor(sqrt(S + 1))",
                "Add 1 to both sides of side² + 2 side ≤ S, take the root, and take "
                "the 1 away again.",
            ),
        ],
        why=(
            "The operands cross 2MNK / side times: the root of the buffer is what "
            "divides the traffic. Four times the buffer, half the traffic."
        ),
    ),
    "cycles": Formula(
        "ceil(K / R) * ceil(N / C) * (2 * R + C + M - 2)",
        where={
            "M": [5, 40, 196, 3136],
            "N": [7, 64, 100],
            "K": [9, 64, 147],
            "R": [8, 12, 32],
            "C": [16, 20, 32],
        },
        title="The cycles of a product",
        explanation=(
            "Each fold of R × C weights takes R cycles to fill, and M rows pass in "
            "M + R + C − 2:"
        ),
        expects=(
            "the cycles of an M × K by K × N product in R × C elements where weights "
            "stay, in M, N, K, R and C"
        ),
        mistakes=[
            (
                "ceil(K / R) * ceil(N / C) * (R + C + M - 2)",
                "The weights must enter first: R cycles a fold.",
            ),
            (
                "K / R * N / C * (2 * R + C + M - 2)",
                "A fold that is half empty takes as long as a full one: round up.",
            ),
            (
                "ceil(K / R) * ceil(N / C) * (2 * R + C + M - 2) - 1",
                "That is the number of the last cycle, counted from zero, as SCALE-Sim "
                "prints it.",
            ),
            (
                "ceil(K / R) * ceil(N / C) * (2 * R + C + M)",
                "The last sum leaves R + C − 2 beats after the last row entered, not "
                "R + C.",
            ),
            (
                "ceil(M / R) * ceil(N / C) * (R + C + K - 2)",
                "That is the array whose outputs stay.",
            ),
        ],
        why=(
            "Filling and draining cost 2R + C − 2 cycles whatever M is: a large array "
            "needs tall products."
        ),
    ),
    "beat": Function(
        beat,
        _arrays,
        title="Write a beat",
        explanation=(
            "Everything moves one element on, and then all multiply at the same time:"
        ),
        expects="two arrays: what moves right, and the sums that move down",
        mistakes=[
            (
                _not_moved,
                "The inputs must move one column to the right before they are "
                "multiplied; the new ones enter at the left.",
            ),
            (
                _nothing_from_above,
                "An element adds its product to the sum that the element above made a "
                "beat ago.",
            ),
            (
                _sums_stay,
                "That is an array whose outputs stay; here each sum moves down a row.",
            ),
            (
                _all_in_one_beat,
                "A sum moves one row in a beat; yours ran through the whole column.",
            ),
        ],
        why=(
            "No element sees more than its neighbours: that is why such an array can "
            "have thousands of them and one fast clock."
        ),
        points=2,
    ),
    "uses": Value(
        answer=325,
        title="Reuse that pays",
        explanation=(
            "A MAC takes two operands. If each is fetched once for u MACs, a MAC costs "
            "2 pJ of arithmetic and 2 · 325 / u pJ of DRAM; the two are equal at"
        ),
        solution="2 * (1300 / 4) / (1.1 + 0.9)",
        expects="how many MACs each value must serve, a number",
        mistakes=[
            (162.5, "A MAC has two operands, and both must be fetched."),
            (1300, "1,300 pJ are for 64 bits; an operand has 16."),
            (
                2 * 325 / 1.1,
                "A MAC is a multiplication and an addition: 1.1 + 0.9 pJ.",
            ),
            (
                2 * 650 / 4.6,
                "That is FP32: four bytes an operand, 4.6 pJ a MAC. The question is "
                "FP16.",
            ),
        ],
        why=(
            "The cheaper the arithmetic, the more reuse it takes until it matters: "
            "fewer bits make movement more important."
        ),
    ),
    "which_array": Words(
        title="Which array?",
        answer=(
            "(a) Any: the products are tall, wide and deep. If folds come one after "
            "the other, the longest T: outputs at batch 1, weights at a large batch; "
            "if they overlap, the gap is small. (b) Each weight is used once an "
            "example, so that loading it is the work: an array helps only if the "
            "batch is large; at batch 1 spend the area on bandwidth and fewer bits. "
            "(c) Not a square array: many short columns, one or a few channels each, "
            "or a vector unit; and fuse the layer with its neighbours. (d) One query "
            "against many keys is a matrix times a vector, and nothing is reused but "
            "across heads that share keys: bandwidth again."
        ),
    ),
}
