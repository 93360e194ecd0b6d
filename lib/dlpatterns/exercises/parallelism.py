"""Exercises of the lecture on models that outgrow a chip: bytes held, a crossover, the
ring, a layer cut in two, a pipeline's end, and a plan to judge.
"""

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _vectors(rng):
    """Yield vectors of two to five ranks, a chunk for each rank."""
    yield call([[1, 10], [2, 20]])
    yield call([[1, 10, 100], [2, 20, 200], [4, 40, 400]])
    yield call([[7]])
    for ranks in (4, 5):
        yield call(rng.integers(0, 50, size=(ranks, ranks)).tolist())


def ring(vectors):
    ranks = len(vectors)
    held, sent = [list(one) for one in vectors], 0
    for step in range(2 * (ranks - 1)):
        first = -1 if step < ranks - 1 else 0
        turn = step if step < ranks - 1 else step - (ranks - 1)
        came = []
        for rank in range(ranks):
            chunk = (rank - turn + first) % ranks
            came.append(((rank + 1) % ranks, chunk, held[rank][chunk]))
        for target, chunk, value in came:
            adding = held[target][chunk] if step < ranks - 1 else 0
            held[target][chunk] = adding + value
        sent += 1
    return held, sent


def _one_way(vectors):
    """Stop after the reduce-scatter."""
    ranks = len(vectors)
    held = [list(one) for one in vectors]
    for step in range(ranks - 1):
        came = []
        for rank in range(ranks):
            chunk = (rank - step - 1) % ranks
            came.append(((rank + 1) % ranks, chunk, held[rank][chunk]))
        for target, chunk, value in came:
            held[target][chunk] += value
    return held, ranks - 1


def _sums(vectors):
    return [sum(column) for column in zip(*vectors, strict=True)]


def _everything_round(vectors):
    """Send whole vectors around the ring."""
    ranks = len(vectors)
    return [_sums(vectors)] * ranks, ranks * (ranks - 1)


def _to_all(vectors):
    ranks = len(vectors)
    return [_sums(vectors)] * ranks, 2 * ranks


def _layers(rng):
    """Yield a feed-forward part and a rank; the first with negative sums, so that a
    rectifier in the wrong place shows.
    """
    for tokens, features, hidden, ranks in ((2, 3, 4, 2), (3, 2, 6, 3), (1, 4, 8, 4)):
        x = np.round(rng.normal(size=(tokens, features)), 1)
        up = np.round(rng.normal(size=(features, hidden)), 1)
        down = np.round(rng.normal(size=(hidden, features)), 1)
        for rank in (0, ranks - 1):
            yield call(x, up, down, rank, ranks)


def _own(up, rank, ranks):
    part = up.shape[1] // ranks
    return slice(rank * part, (rank + 1) * part)


def partial(x, up, down, rank, ranks):
    part = up.shape[1] // ranks
    own = slice(rank * part, (rank + 1) * part)
    return np.maximum(x @ up[:, own], 0) @ down[own]


def _no_rectifier(x, up, down, rank, ranks):
    own = _own(up, rank, ranks)
    return x @ up[:, own] @ down[own]


def _rectified_last(x, up, down, rank, ranks):
    own = _own(up, rank, ranks)
    return np.maximum(x @ up[:, own] @ down[own], 0)


def _a_share_of_all(x, up, down, rank, ranks):
    return np.maximum(x @ up, 0) @ down / ranks


def _strided(x, up, down, rank, ranks):
    return np.maximum(x @ up[:, rank::ranks], 0) @ down[rank::ranks]


def _pipelines(rng):
    yield call(4, 8, 1.0, 2.0)
    yield call(1, 5, 1.0, 2.0)
    yield call(6, 1, 2.0, 3.0)
    for _ in range(4):
        yield call(
            int(rng.integers(2, 9)),
            int(rng.integers(1, 20)),
            float(rng.integers(1, 5)),
            float(rng.integers(1, 9)),
        )


def finish(chips, micro, forward, backward):
    return (micro + chips - 1) * (forward + backward)


def _no_bubble(chips, micro, forward, backward):
    return micro * (forward + backward)


def _bubble_only(chips, micro, forward, backward):
    return (chips - 1) * (forward + backward)


def _one_after_another(chips, micro, forward, backward):
    return chips * micro * (forward + backward)


def _filled_once(chips, micro, forward, backward):
    return micro * (forward + backward) + (chips - 1) * forward


TASKS = {
    "held": Value(
        answer=13 * (2 + 14 / 32),
        title="Does it fit?",
        explanation=(
            "Stage 2 keeps the weights whole, 2 bytes, and deals out gradients and "
            "states, 2 + 12 bytes over 32 chips."
        ),
        solution="13 * (2 + 14 / 32)",
        expects="GB on one chip, a number",
        mistakes=[
            (13 * 16, "That is one chip with nothing cut; ZeRO deals some of it out."),
            (13 * 16 / 32, "That is stage 3; stage 2 keeps the weights whole."),
            (
                13 * (4 + 12 / 32),
                "That is stage 1; stage 2 deals out the gradients, too.",
            ),
            (
                13e9 * (2 + 14 / 32),
                "That is in bytes; the answer is asked for in units of 10⁹ bytes.",
            ),
            (
                13 * (2 + 14 / 32) * 1e9 / 2**30,
                "That is in GiB, of 2³⁰ bytes; GB are asked for, of 10⁹.",
            ),
        ],
        why=(
            "The weights alone are 26 GB and stay whole: in stages 1 and 2 more chips "
            "help only down to there."
        ),
    ),
    "crossing": Formula(
        answer="alpha*(p - 1 - L)/(beta*(L - (p - 1)/p))",
        where={
            "p": range(4, 64),
            "L": range(2, 4),
            "alpha": range(1, 9),
            "beta": range(1, 9),
        },
        title="Where the ring overtakes the tree",
        explanation=(
            "2 (p - 1) α + 2 (p - 1)/p n β = 2 L (α + n β); solve for n. The ring has "
            "p - 1 - L more messages each way and saves L - (p - 1)/p vectors."
        ),
        expects="n as a formula in p, L, alpha and beta",
        mistakes=[
            (
                "alpha*(p - 1 - L)/(beta*(L - 1))",
                "The ring sends (p - 1)/p of a vector each way, a bit less than one.",
            ),
            (
                "alpha*(p - 1)/(beta*(L - (p - 1)/p))",
                "The tree pays α as well, L times each way.",
            ),
            (
                "beta*(p - 1 - L)/(alpha*(L - (p - 1)/p))",
                "α is seconds a message and β seconds a byte; n is in bytes.",
            ),
            (
                "alpha*(p - 1 - L)*p/(beta*(p - 1))",
                "The tree's messages are whole vectors; their bytes count, too.",
            ),
        ],
        why=(
            "A library such as NCCL picks its algorithm by size for this reason; the "
            "small messages of a training step never meet the ring."
        ),
    ),
    "ring": Function(
        reference=ring,
        cases=_vectors,
        title="Write the ring",
        explanation=(
            "p - 1 rounds that add: rank r sends chunk r - s - 1 and ends with the "
            "whole sum of chunk r. Then p - 1 rounds that copy: it sends chunk r - s. "
            "All of a round is read before any of it is written."
        ),
        expects="a pair: a list of lists, and a whole number",
        mistakes=[
            (
                _one_way,
                "Each rank has one whole sum; now pass these around, without adding.",
            ),
            (
                _everything_round,
                "A rank sends one chunk a round, not its whole vector.",
            ),
            (_to_all, "There are p - 1 rounds each way, not p."),
        ],
        why=(
            "Every link is busy in every round, and nobody sends more than the least "
            "possible: this is the algorithm that made data parallelism scale."
        ),
        points=2,
    ),
    "partial": Function(
        reference=partial,
        cases=_layers,
        title="Cut a feed-forward part",
        explanation=(
            "A rectifier works on each hidden unit alone, so a rank can do it on the "
            "units it has. Only the last product sums over units, and a sum can be cut."
        ),
        expects="an array of the shape of x @ up @ down",
        mistakes=[
            (_no_rectifier, "The rectifier between the two products is missing."),
            (
                _rectified_last,
                "The rectifier stands between the products, not behind them.",
            ),
            (
                _a_share_of_all,
                "That does all of the work on every rank; use this rank's units only.",
            ),
            (_strided, "Each rank has a run of neighbouring units, rank 0 the first."),
        ],
        why=(
            "One all-reduce for two matrices: cut the first by rows instead, and the "
            "rectifier would have to wait for a sum."
        ),
        points=2,
    ),
    "finish": Function(
        reference=finish,
        cases=_pipelines,
        title="Run the pipeline",
        explanation=(
            "The first chip works m (F + B) and waits while its last micro-batch goes "
            "down the p - 1 other chips and comes back."
        ),
        expects="a number, in the unit of forward and backward",
        mistakes=[
            (_no_bubble, "A chip also waits while the pipeline fills and drains."),
            (_bubble_only, "That is the bubble; the work itself comes on top."),
            (_one_after_another, "The chips work side by side, not in turns."),
            (_filled_once, "It drains as well: p - 1 backward passes at the end."),
        ],
        why=(
            "With m = p nearly half of the time is lost; that is why the number of "
            "micro-batches, and so the batch, limits how deep a pipeline may be."
        ),
    ),
    "judge": Words(
        title="Judge a plan",
        answer=(
            "First the figure. Of which peak (dense, and of which format)? Does it "
            "count the forward pass once or twice, if activations are recomputed? Do "
            "causal pairs count whole or half? One of these answers turns 58 % into "
            "43 %. Then the plan. Tensor 32 spans four nodes: its all-reduces, four a "
            "layer and micro-batch, go over the slow links, which hide them only from "
            "about 600,000 hidden units on (31 times C / W). Tensor 8 keeps them in "
            "the node. The factor of four goes to the pipeline or to data parallelism: "
            "with one sequence a rank a pipeline has no micro-batches to fill it, so "
            "either the batch grows or the states are cut with ZeRO. Memory: 70 "
            "billion at 18 bytes are 1.26 TB; over tensor 8 that is 157 GB a chip, too "
            "much without cutting the states over the 64 ranks of data parallelism (6 "
            "+ 12/64 bytes: 54 GB) or a pipeline of two. 4,096 tokens a chip and step "
            "are few for summing gradients over slow links: a larger batch, or fewer "
            "ranks of data parallelism, comes next. Measure before and after."
        ),
    ),
}
