"""Exercises of the lecture on recurrence and attention: parameters, crossover, tiles, a
kernel, and a question in words.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _tiles(rng):
    """Yield triples of two tiles, the larger score once in either, once far apart."""
    yield call((2.0, 1.5, 1.0), (1.0, 2.0, -1.0))
    yield call((-3.0, 1.2, 0.5), (4.0, 1.0, 2.0))
    yield call((800.0, 1.5, 1.0), (790.0, 2.0, -1.0))
    for _ in range(10):
        yield call(
            *(
                (float(rng.normal(0, 3)), float(rng.uniform(1, 4)), float(rng.normal()))
                for _ in range(2)
            )
        )


def merge(first, second):
    top = max(first[0], second[0])
    sums = [part[1] * np.exp(part[0] - top) for part in (first, second)]
    return top, sum(sums), (sums[0] * first[2] + sums[1] * second[2]) / sum(sums)


def _not_shrunk(first, second):
    total = first[1] + second[1]
    return (
        max(first[0], second[0]),
        total,
        (first[1] * first[2] + second[1] * second[2]) / total,
    )


def _overflowing(first, second):
    with np.errstate(all="ignore"):
        sums = [np.exp(part[0]) * part[1] for part in (first, second)]
        top, total = max(first[0], second[0]), sum(sums)
        mean = (sums[0] * first[2] + sums[1] * second[2]) / total
        return top, total / np.exp(top), mean


def _plain_mean(first, second):
    top, total, _ = merge(first, second)
    return top, total, (first[2] + second[2]) / 2


def _not_divided(first, second):
    top, total, answer = merge(first, second)
    return top, total, answer * total


def _heads(rng):
    """Yield queries, keys and values of one head; the first so that a scale or a mask
    that is missing shows.
    """
    for tokens, dim in ((3, 4), (1, 2), (5, 2), (4, 9), (6, 3)):
        yield call(*(np.round(rng.normal(size=(tokens, dim)), 2) for _ in range(3)))
    loud = np.array([[40.0, 0.0], [0.0, 40.0], [40.0, 40.0]])
    yield call(loud, loud, np.arange(6.0).reshape(3, 2))


def causal(q, k, v):
    return _softmax(np.where(np.tri(len(q), dtype=bool), _scores(q, k), -np.inf)) @ v


def _scores(q, k):
    return q @ k.T / np.sqrt(q.shape[1])


def _softmax(scores, axis=1):
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _everywhere(q, k, v):
    return _softmax(_scores(q, k)) @ v


def _no_scale(q, k, v):
    return _softmax(np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)) @ v


def _divided_by_d(q, k, v):
    return (
        _softmax(np.where(np.tri(len(q), dtype=bool), q @ k.T / q.shape[1], -np.inf))
        @ v
    )


def _over_queries(q, k, v):
    return (
        _softmax(np.where(np.tri(len(q), dtype=bool), _scores(q, k), -np.inf), axis=0)
        @ v
    )


def _masked_after(q, k, v):
    return (np.tri(len(q)) * _softmax(_scores(q, k))) @ v


def _zero_scores(q, k, v):
    return _softmax(np.tri(len(q)) * _scores(q, k)) @ v


def _without_maximum(q, k, v):
    with np.errstate(all="ignore"):
        weights = np.exp(np.where(np.tri(len(q), dtype=bool), _scores(q, k), -np.inf))
        return weights / weights.sum(axis=1, keepdims=True) @ v


def _not_itself(q, k, v):
    seen = np.tri(len(q), k=-1, dtype=bool)
    seen[0, 0] = True
    return _softmax(np.where(seen, _scores(q, k), -np.inf)) @ v


TASKS = {
    "lstm_params": Value(
        answer=4 * 512 * (256 + 512 + 2),
        title="A layer from PyTorch",
        explanation=(
            "Four gates; each unit has a weight for every input and every unit, and "
            "in PyTorch two biases."
        ),
        solution="4 * 512 * (256 + 512 + 2)",
        expects="the number of parameters, a whole number",
        mistakes=[
            (
                4 * 512 * (256 + 512 + 1),
                (
                    "That is one bias a gate, as Keras keeps it; PyTorch, cuDNN and "
                    "ONNX keep two."
                ),
            ),
            (
                4 * 512 * (256 + 512),
                "You left out the biases; they are parameters too.",
            ),
            (
                3 * 512 * (256 + 512 + 2),
                "An LSTM has three gates and a candidate: four weighted sums.",
            ),
            (
                512 * (256 + 512 + 2),
                "That is one gate; an LSTM has four weighted sums.",
            ),
            (
                4 * 512 * (256 + 2),
                "Each unit also has a weight for every unit of the last state.",
            ),
            (
                4 * 256 * (256 + 512 + 2),
                (
                    "There is a weighted sum for each of the 512 units, not for each "
                    "input."
                ),
            ),
        ],
        why=(
            "A checkpoint's size tells which convention wrote it: two biases "
            "where one would do are 2,048 numbers here."
        ),
    ),
    "crossover": Formula(
        answer="(5*E + 6*U)/4",
        where={"E": range(8, 200), "U": range(8, 400)},
        title="Where the lines cross",
        explanation=(
            "The pairs cost 2 T² E. The projections have 2 E² + 2 E² / 4 weights and "
            "the three matrices 3 E U, each used once a token: 2 T² E = T (2.5 E² + "
            "3 E U)."
        ),
        expects="the length T as a formula in E and U",
        mistakes=[
            (
                "3*U/2",
                "That is the feed-forward part alone; the projections are dense, too.",
            ),
            (
                "2*E + 3*U/2",
                (
                    "Keys and values have a quarter of the weights: one key-value head "
                    "for four query heads."
                ),
            ),
            (
                "(5*E + 4*U)/4",
                "That is a feed-forward part of two matrices; a gated one has three.",
            ),
            (
                "(5*E + 6*U)/2",
                "The pairs are two products, Q times K and weights times V: 2 T² E.",
            ),
            ("5*E/4", "You left out the feed-forward part."),
        ],
        why=(
            "Llama-3.1-8B crosses at 26,624 tokens, a fifth of its context: the wider "
            "a model, the longer its square stays small."
        ),
    ),
    "merge": Function(
        reference=merge,
        cases=_tiles,
        title="Join two tiles",
        explanation=(
            "Bring both sums to the common largest score; they are also the weights "
            "of the two answers."
        ),
        expects="a tuple of the largest score, the sum and the answer",
        mistakes=[
            (
                _not_shrunk,
                (
                    "The sums belong to different largest scores; bring them to the "
                    "common one by exp(old - new) first."
                ),
            ),
            (
                _overflowing,
                (
                    "The exponential of 800 is beyond float64: take the largest score "
                    "off first."
                ),
            ),
            (_plain_mean, "Each answer counts as much as its share of the joint sum."),
            (_not_divided, "The answer is a mean: divide by the joint sum."),
        ],
        why=(
            "Because merging does not care for order, tiles may be worked on by "
            "different cores, or chips."
        ),
        points=2,
    ),
    "causal": Function(
        reference=causal,
        cases=_heads,
        title="Write the kernel",
        explanation=(
            "Set the scores above the diagonal to minus infinity *before* the softmax."
        ),
        expects="an array of the shape of v",
        mistakes=[
            (_everywhere, "Your queries look at later keys."),
            (_no_scale, "The scores lack the factor 1/sqrt(D)."),
            (_divided_by_d, "Divide the scores by the square root of D, not by D."),
            (
                _over_queries,
                (
                    "The weights of one query, a row, add up to one: softmax over the "
                    "keys."
                ),
            ),
            (
                _masked_after,
                (
                    "Masked after the softmax, the weights of a row no longer add up "
                    "to one."
                ),
            ),
            (
                _zero_scores,
                "A score of zero still gets weight; a masked score is minus infinity.",
            ),
            (
                _without_maximum,
                "The exponential of 1,100 is beyond float64: take each row's largest "
                "score off first.",
            ),
            (_not_itself, "A query may look at its own key."),
        ],
        why=(
            "Half of this matrix is computed to be thrown away; tiles above the "
            "diagonal can be skipped."
        ),
        points=2,
    ),
    "parallel": Words(
        title="A thousand steps at once?",
        answer=(
            "The products of the inputs with their weights, half of the MACs where "
            "there are as many inputs as units, can indeed run at once. The products "
            "with the state wait for one another: T + 1 products in a row, each of "
            "one vector with one matrix. More multipliers do not shorten that path. A "
            "larger batch makes every product in the row larger, at the price of "
            "memory and of fewer updates an epoch. Several short sequences instead of "
            "one long one shorten the row, at the price of what the network can "
            "remember. Or replace the recurrence: by a linear one, which a parallel "
            "scan runs in log T rounds, at the price of the bend in the loop and of "
            "more products; or by attention, whose row has four products, at the "
            "price of T² pairs."
        ),
    ),
}
