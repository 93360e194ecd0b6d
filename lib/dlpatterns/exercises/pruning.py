"""Exercises of the lecture on pruning: surgery, the price of an index, a schedule, a
2:4 mask, and a question in words.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _steps(rng):
    """Yield calls before, at, inside and behind the ramp."""
    for step in (0, 99, 100, 150, 200, 250, 299, 300, 301, 900):
        yield call(step, 0.9, 100, 300)
    for _ in range(10):
        begin = int(rng.integers(0, 50))
        end = begin + int(rng.integers(1, 80))
        yield call(
            int(rng.integers(0, 150)),
            round(float(rng.uniform(0.1, 0.99)), 3),
            begin,
            end,
        )


def cubic(step, final, begin, end):
    done = min(max((step - begin) / (end - begin), 0), 1)
    return final * (1 - (1 - done) ** 3)


def _straight(step, final, begin, end):
    return final * min(max((step - begin) / (end - begin), 0), 1)


def _slow_first(step, final, begin, end):
    return final * min(max((step - begin) / (end - begin), 0), 1) ** 3


def _unbounded(step, final, begin, end):
    return final * (1 - (1 - (step - begin) / (end - begin)) ** 3)


def _never_ends(step, final, begin, end):
    done = max((step - begin) / (end - begin), 0)
    return final * (1 - (1 - done) ** 3)


def _from_zero(step, final, begin, end):
    return final * (1 - (1 - min(step / end, 1)) ** 3)


def _matrices(rng):
    """Yield weights without ties: negative ones large, several rows, several groups."""
    yield call(np.array([[0.1, -0.9, 0.4, -0.2]]))
    yield call(np.array([[5.0, 6.0, 7.0, 8.0, 0.1, 0.2, 0.3, 0.4]]))
    yield call(np.array([[1.0, 2.0, 3.0, 4.0], [-4.0, -3.0, -2.0, -1.0]]))
    for rows, groups in ((1, 3), (3, 1), (4, 2), (2, 5)):
        yield call(np.round(rng.normal(size=(rows, 4 * groups)), 3))


def two_of_four(weight):
    groups = weight.reshape(-1, 4).copy()
    order = np.argsort(np.abs(groups), axis=1)
    np.put_along_axis(groups, order[:, :2], 0, axis=1)
    return groups.reshape(weight.shape)


def _without_sign(weight):
    groups = weight.reshape(-1, 4).copy()
    np.put_along_axis(groups, np.argsort(groups, axis=1)[:, :2], 0, axis=1)
    return groups.reshape(weight.shape)


def _half_of_all(weight):
    values = weight.ravel().copy()
    values[np.argsort(np.abs(values))[: values.size // 2]] = 0
    return values.reshape(weight.shape)


def _half_of_rows(weight):
    values = weight.copy()
    order = np.argsort(np.abs(values), axis=1)[:, : weight.shape[1] // 2]
    np.put_along_axis(values, order, 0, axis=1)
    return values


def _turned_round(weight):
    return weight - two_of_four(weight)


def _magnitudes(weight):
    return np.abs(two_of_four(weight))


def _shortened(weight):
    kept = two_of_four(weight)
    return kept[kept != 0].reshape(len(weight), -1)


TASKS = {
    "cut_weights": Value(
        answer=32 * 64 * 9 + 128 * 32 * 9,
        title="Two layers, one cut",
        explanation=(
            "Half of the first layer's filters go, 32 × 64 × 9 weights stay; the "
            "second layer reads 32 channels, so 128 × 32 × 9 of its weights stay."
        ),
        solution="32 * 64 * 9 + 128 * 32 * 9",
        expects="the number of weights in both layers together, a whole number",
        mistakes=[
            (
                32 * 64 * 9 + 128 * 64 * 9,
                "The second layer's inputs go with the first layer's filters.",
            ),
            (
                (64 * 64 * 9 + 128 * 64 * 9),
                "Nothing has been cut yet: 32 of the first layer's filters go.",
            ),
            (
                32 * 32 * 9 + 128 * 32 * 9,
                "What the first layer reads stays: its 64 input channels.",
            ),
            (
                32 * 64 * 9 + 64 * 32 * 9,
                "The second layer keeps all of its 128 filters.",
            ),
            (
                32 * 64 * 9,
                "That is the first layer alone; add what is left of the second.",
            ),
        ],
        why=(
            "A cut in one layer takes the same share from the next: half of the "
            "filters take half of both layers. Cut every layer by half, and three "
            "quarters of an inner layer go."
        ),
    ),
    "break_even": Formula(
        answer="b/(b+i)",
        where={"b": range(1, 40), "i": range(1, 20)},
        title="When does an index pay?",
        explanation=(
            "A dense place takes b bits. A non-zero takes b + i, and a share d of the "
            "places has one: d (b + i) = b."
        ),
        expects="the density d as a formula in b and i",
        mistakes=[
            (
                "i/(b+i)",
                "That is the sparsity; the density is the share that is not zero.",
            ),
            ("b/i", "A non-zero stores its value too: b + i bits."),
            ("(b+i)/b", "Turn it round: the density is below one."),
            (
                "1-1/b",
                "That is a bitmap, one bit a place; here each non-zero has an index.",
            ),
            ("1/(b+i)", "A dense place takes b bits, not one."),
        ],
        why=(
            "With 32-bit values and 16-bit indices two thirds of the weights may stay; "
            "with 4-bit values only a fifth. Fewer bits make zeros dearer to point at."
        ),
    ),
    "cubic": Function(
        reference=cubic,
        cases=_steps,
        title="The schedule",
        explanation=(
            "Hold the share of the way that is done between 0 and 1, and let what is "
            "left to do shrink with its cube."
        ),
        expects="a number from 0 to final",
        mistakes=[
            (_straight, "That is a straight line; what is left shrinks with its cube."),
            (
                _slow_first,
                "That starts slowly and ends in a rush; it should be the other way.",
            ),
            (_unbounded, "Before begin it is 0, and from end on it is final."),
            (_never_ends, "From end on the sparsity is final and stays there."),
            (_from_zero, "The ramp starts at begin, not at step 0."),
        ],
        why=(
            "Most weights go while the network has many to spare and much training "
            "before it; the last ones go slowly."
        ),
        points=2,
    ),
    "two_of_four": Function(
        reference=two_of_four,
        cases=_matrices,
        title="Two of every four",
        explanation=(
            "Put every four neighbours of a row into a row of their own, sort by "
            "absolute value, and set the two smallest to zero."
        ),
        expects="an array of the shape of the weights",
        mistakes=[
            (_without_sign, "A large negative weight is large: take absolute values."),
            (_half_of_all, "Two of *every* four neighbours, not half of the matrix."),
            (_half_of_rows, "Two of *every* four neighbours, not half of each row."),
            (_turned_round, "The two largest stay, the two smallest go."),
            (_magnitudes, "What stays keeps its sign."),
            (_shortened, "Leave the zeros in their places: the shape stays."),
        ],
        why=(
            "Because each four have two, the hardware knows where the next pair "
            "begins: no lane waits for another, and two bits say where a weight stood."
        ),
        points=2,
    ),
    "ten_times": Words(
        title="Ten times faster?",
        answer=(
            "A mask changes nothing that this program does: it multiplies by zero as "
            "long as by anything else, and stores a zero in as many bytes. There are "
            "three ways out, each with its price. Cut whole channels: dense kernels "
            "run the smaller network at once; but at the same number of parameters "
            "the accuracy is lower, and partners in shortcuts must go together. Keep "
            "two of every four on a chip whose multipliers skip the others: at most "
            "twice the rate, only half of the weights gone, two bits a weight for "
            "their places. Store the zeros sparsely and multiply only the rest: "
            "indices take bytes, their irregular reads take time, and lanes wait for "
            "the fullest row. If the layer waits for memory, fewer bytes are fewer "
            "seconds, whoever multiplies; if it waits for the multipliers, only "
            "skipping helps."
        ),
    ),
}
