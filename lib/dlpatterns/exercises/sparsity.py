"""Exercises of the lecture on sparsity: the bytes of 2:4, a bitmap against indices, a
bitmap packed, a sparse product, and a chip to advise.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _matrices(rng):
    """Yield matrices with negative values, empty rows, one row, and nothing at all."""
    yield call(np.array([[0, 5, 0, 0], [7, 0, 0, -2]]))
    yield call(np.array([[0, 0, 3]]))
    yield call(np.array([[1, 2], [0, 0], [3, 4]]))
    yield call(np.zeros((2, 3), dtype=int))
    for rows, columns in ((3, 5), (5, 3), (4, 4)):
        values = rng.integers(-9, 10, (rows, columns))
        yield call(values * (rng.random((rows, columns)) < 0.4))


def bitmap(matrix):
    mask = matrix != 0
    return mask, matrix[mask]


def _positive(matrix):
    mask = matrix > 0
    return mask, matrix[mask]


def _by_columns(matrix):
    mask = matrix != 0
    return mask, matrix.T[mask.T]


def _where_zero(matrix):
    return matrix == 0, matrix[matrix != 0]


def _all_values(matrix):
    return matrix != 0, matrix.ravel()


def _flat(matrix):
    mask = matrix != 0
    return mask.ravel(), matrix[mask]


def _products(rng):
    """Yield sparse rows and a vector: two values in a row, empty rows first, in the
    middle and last, one row, no value at all.
    """
    yield call(
        np.array([2, 3, 4]), np.array([0, 2, 1]), np.array([0, 2, 2, 3]),
        np.array([1, 10, 100]),
    )  # fmt: skip
    yield call(np.array([5]), np.array([1]), np.array([0, 0, 1, 1]), np.array([3, 7]))
    yield call(np.zeros(0), np.zeros(0, int), np.array([0, 0]), np.array([1, 2]))
    for rows, columns in ((4, 6), (1, 5), (6, 2)):
        mask = rng.random((rows, columns)) < 0.5
        pointers = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
        values = rng.integers(1, 10, int(mask.sum()))
        yield call(values, np.nonzero(mask)[1], pointers, rng.integers(-9, 10, columns))


def multiply(values, columns, pointers, x):
    y = np.zeros(len(pointers) - 1)
    for row in range(len(y)):
        here = slice(pointers[row], pointers[row + 1])
        y[row] = values[here] @ x[columns[here]]
    return y


def _one_too_many(values, columns, pointers, x):
    return np.append(multiply(values, columns, pointers, x), 0)


def _not_gathered(values, columns, pointers, x):
    y = np.zeros(len(pointers) - 1)
    for row in range(len(y)):
        for at in range(pointers[row], pointers[row + 1]):
            y[row] += values[at] * x[at % len(x)]
    return y


def _overwritten(values, columns, pointers, x):
    y = np.zeros(len(pointers) - 1)
    for row in range(len(y)):
        for at in range(pointers[row], pointers[row + 1]):
            y[row] = values[at] * x[columns[at]]
    return y


def _first_of_each(values, columns, pointers, x):
    y = np.zeros(len(pointers) - 1)
    for row in range(len(y)):
        if pointers[row] < pointers[row + 1]:
            y[row] = values[pointers[row]] * x[columns[pointers[row]]]
    return y


TASKS = {
    "two_of_four": Value(
        answer=4096 * 4096 // 2 * 18 // 8,
        title="A layer as two of four",
        explanation=(
            "Half of the values stay, 16 bits each, and two bits say where in its four "
            "each stands: 18 bits for every second place."
        ),
        solution="4096 * 4096 // 2 * (16 + 2) // 8",
        expects="the number of bytes, a whole number",
        mistakes=[
            (4096 * 4096, "That is half of the bytes: the places are missing."),
            (4096 * 4096 * 2, "That is the dense matrix."),
            (
                4096 * 4096 // 2 * 17 // 8,
                "One of four places takes two bits to name, not one.",
            ),
            (4096 * 4096 // 2 * 20 // 8, "Four bits are for a pair, not for a value."),
            (4096 * 4096 // 2 * 18, "Those are bits; a byte has eight."),
        ],
        why=(
            "Half of the weights is 0.5625 of the bytes: a chip that waits for memory "
            "gains 1.78 at most, not 2."
        ),
    ),
    "bitmap_or_indices": Formula(
        answer="1/i",
        where={"b": range(1, 33), "i": range(2, 33)},
        title="A bitmap or indices?",
        explanation=(
            "A bitmap takes d b + 1 bits a place, indices take d (b + i). They are "
            "equal where d i = 1, whatever b is."
        ),
        expects="the density d as a formula in b and i",
        mistakes=[
            ("b/(b+i)", "That is where indices meet the dense matrix."),
            ("1-1/b", "That is where a bitmap meets the dense matrix."),
            ("i/(b+i)", "Write both in bits a place: d b + 1 and d (b + i)."),
            ("1/(b+i)", "Both store the values: d b stands on both sides."),
            ("i", "Turn it round: a density is below one."),
        ],
        why=(
            "With 16-bit indices a bitmap is smaller from a sixteenth on. The width of "
            "the values has no say in it, only in whether sparse pays at all."
        ),
    ),
    "bitmap": Function(
        reference=bitmap,
        cases=_matrices,
        title="Pack a bitmap",
        explanation=(
            "A comparison makes the bitmap; indexing with it reads the values row by "
            "row."
        ),
        expects="a bitmap of the matrix's shape, and its values in the order of rows",
        mistakes=[
            (_positive, "Negative values are values, too."),
            (_by_columns, "Read the values row by row."),
            (_where_zero, "The bitmap is set where a value stands."),
            (_all_values, "Store only the values that are not zero."),
            (_flat, "The bitmap keeps the shape of the matrix."),
        ],
        why=(
            "To unpack one place, all bits before it are counted: a bitmap is small "
            "and read in order, an index is large and read anywhere."
        ),
    ),
    "multiply": Function(
        reference=multiply,
        cases=_products,
        title="Multiply by CSR",
        explanation=(
            "Two pointers cut out a row's values and columns; the columns gather what "
            "they meet of the vector."
        ),
        expects="one sum a row",
        mistakes=[
            (_one_too_many, "There is one pointer more than there are rows."),
            (_not_gathered, "A value meets the entry of x that its column names."),
            (_overwritten, "A row may have several values: add them up."),
            (_first_of_each, "A row has all values from its pointer to the next."),
        ],
        why=(
            "For each value there is an index to be read and an entry to be gathered "
            "from anywhere: three loads for one multiplication."
        ),
        points=2,
    ),
    "advice": Words(
        title="Which zeros would you build for?",
        answer=(
            "Ask first what the layer waits for, and how many zeros there are. One "
            "example at a time, the weights must come from memory: store them as a "
            "bitmap or as runs and decode in front of an ordinary multiplier; nearly "
            "all of the gain is in the bytes. Large batches wait for multipliers: "
            "only skipping helps, and needs equal work for every lane, by a pattern "
            "such as 2:4, which stops at half, or by queues, which cost area and "
            "still wait for the slowest. Zero activations change with every input: "
            "gate them (energy, no time) or do not send them (time, if all lanes take "
            "the same one). With half of the weights gone and values of 4 bits a "
            "bitmap leaves 3 bits of 4, a third more speed at best: say who pays for "
            "the decoder, and try a smaller dense network of the same bytes first."
        ),
    ),
}
