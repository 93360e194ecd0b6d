"""Collectives as rounds of messages, and what each costs in the α-β model.

A message of n bytes takes α + β n seconds. Ranks are numbered from 0, which is the
root. A vector lies in one chunk a rank; in an all-to-all each rank has one chunk for
each other, number `source * ranks + target`.

Sources: Thakur, Rabenseifner and Gropp 2005, "Optimization of collective communication
operations in MPICH" (doi.org/10.1177/1094342005051521); Bruck et al. 1997 for the
all-to-all in logarithmically many rounds.

>>> cost("all-reduce", "ring", 8).steps, cost("all-reduce", "tree", 8).steps
(14, 6)
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log2

from .messages import Message, Round, positive, whole

Rounds = list[Round]


def rounds(
    collective: str, algorithm: str, ranks: int, *, node: int | None = None
) -> Rounds:
    """Return the rounds of messages of a collective among the ranks.

    `node` is the number of ranks in a node, for the hierarchical all-reduce only.
    Raises: ValueError that names the algorithms there are; if an algorithm needs a
    power of two and doesn't get one; if the nodes don't fill the ranks.
    """
    whole(ranks, "ranks")
    made = _known(collective, algorithm)
    if made.doubles and ranks & (ranks - 1):
        raise ValueError(
            f"{algorithm} needs a power of two of ranks, got {ranks}; take "
            f"{_others(collective, doubles=False)}"
        )
    if algorithm == "hierarchical":
        return _hierarchical(ranks, _node(ranks, node))
    if node is not None:
        raise ValueError(f"only the hierarchical all-reduce has nodes, not {algorithm}")
    return made.rounds(ranks)


def initial(collective: str, ranks: int) -> list[set[int]]:
    """Return the chunks that each rank holds at the start."""
    everything = set(range(ranks))
    rooted = [everything] + [set() for _ in range(ranks - 1)]
    own = [{rank} for rank in range(ranks)]
    starts = {
        "broadcast": rooted,
        "scatter": rooted,
        "gather": own,
        "all-gather": own,
        "all-to-all": [
            {rank * ranks + to for to in range(ranks)} for rank in range(ranks)
        ],
    }
    return starts.get(collective, [everything] * ranks)


@dataclass(frozen=True)
class Form:
    """The closed form of a collective among p ranks, in shares of the vector: rounds,
    what the busiest rank sends, and the sum of each round's longest message.
    """

    steps: int
    sent: Fraction
    critical: Fraction

    def seconds(self, size: float, alpha: float, beta: float) -> float:
        """Return the seconds for a vector of `size` bytes."""
        return self.steps * alpha + float(self.critical) * size * beta


def cost(
    collective: str, algorithm: str, ranks: int, *, node: int | None = None
) -> Form:
    """Return the closed form of a collective, for a vector that divides evenly."""
    whole(ranks, "ranks")
    made = _known(collective, algorithm)
    if algorithm == "hierarchical":
        inner, outer = _node(ranks, node), ranks // _node(ranks, node)
        share = 2 * Fraction(inner - 1, inner) + 2 * Fraction(outer - 1, ranks)
        return Form(2 * (inner - 1) + 2 * (outer - 1), share, share)
    return made.form(ranks)


def crossover(ranks: int, alpha: float, beta: float) -> float:
    """Return the bytes from which on a ring all-reduce is faster than a tree's; 0 if it
    always is.

    From 2 (p - 1) α + 2 (p - 1) / p n β = 2 L (α + n β) with L = ⌈log2 p⌉.
    """
    whole(ranks, "ranks", 2)
    ring, tree = cost("all-reduce", "ring", ranks), cost("all-reduce", "tree", ranks)
    extra = (ring.steps - tree.steps) * positive(alpha, "alpha")
    saved = float(tree.critical - ring.critical) * positive(beta, "beta")
    return max(0.0, extra / saved) if saved else float("inf")


def names() -> list[tuple[str, str]]:
    """Return every collective with each of its algorithms."""
    return list(_TABLE)


def _known(collective: str, algorithm: str) -> "_Made":
    if not any(name == collective for name, _ in _TABLE):
        known = ", ".join(dict.fromkeys(name for name, _ in _TABLE))
        raise ValueError(f"there is no collective {collective!r}; there are {known}")
    if (collective, algorithm) not in _TABLE:
        raise ValueError(
            f"{collective} has no algorithm {algorithm!r}; it has {_others(collective)}"
        )
    return _TABLE[collective, algorithm]


def _others(collective: str, *, doubles: bool = True) -> str:
    found = [
        algorithm
        for (name, algorithm), made in _TABLE.items()
        if name == collective and (doubles or not made.doubles)
    ]
    return " or ".join(found)


def _node(ranks: int, node: int | None) -> int:
    if node is None:
        raise ValueError("a hierarchical all-reduce needs node=, the ranks in a node")
    if ranks % whole(node, "node"):
        raise ValueError(f"nodes of {node} ranks don't make up {ranks} ranks")
    return node


# --- trees


def _levels(ranks: int) -> int:
    return ceil(log2(ranks))


def _tree_out(ranks: int) -> Rounds:
    everything = tuple(range(ranks))
    return [
        tuple(
            Message(rank, rank + step, everything)
            for rank in range(min(step, ranks - step))
        )
        for step in (2**level for level in range(_levels(ranks)))
    ]


def _tree_in(ranks: int) -> Rounds:
    return [
        tuple(Message(one.target, one.source, one.chunks, adds=True) for one in a_round)
        for a_round in reversed(_tree_out(ranks))
    ]


def _scatter(ranks: int) -> Rounds:
    made = []
    for step in (2**level for level in reversed(range(_levels(ranks)))):
        senders = range(0, ranks - step, 2 * step)
        made.append(
            tuple(
                Message(
                    rank,
                    rank + step,
                    tuple(range(rank + step, min(rank + 2 * step, ranks))),
                )
                for rank in senders
            )
        )
    return made


def _gather(ranks: int) -> Rounds:
    return [
        tuple(Message(one.target, one.source, one.chunks) for one in a_round)
        for a_round in reversed(_scatter(ranks))
    ]


# --- rings and chains


def _chain_out(ranks: int) -> Rounds:
    """Chunk by chunk down a chain, all links busy but at both ends."""
    return [
        tuple(
            Message(rank, rank + 1, (beat - rank,))
            for rank in range(ranks - 1)
            if 0 <= beat - rank < ranks
        )
        for beat in range(2 * ranks - 2)
    ]


def _chain_in(ranks: int) -> Rounds:
    return [
        tuple(
            Message(ranks - 1 - place, ranks - 2 - place, (beat - place,), adds=True)
            for place in range(ranks - 1)
            if 0 <= beat - place < ranks
        )
        for beat in range(2 * ranks - 2)
    ]


def _ring_gather(ranks: int) -> Rounds:
    return [
        tuple(
            Message(rank, (rank + 1) % ranks, ((rank - step) % ranks,))
            for rank in range(ranks)
        )
        for step in range(ranks - 1)
    ]


def _ring_reduce(ranks: int) -> Rounds:
    return [
        tuple(
            Message(rank, (rank + 1) % ranks, ((rank - step - 1) % ranks,), adds=True)
            for rank in range(ranks)
        )
        for step in range(ranks - 1)
    ]


def _hierarchical(ranks: int, node: int) -> Rounds:
    """Reduce-scatter in each node, all-reduce each part across, all-gather in each."""
    nodes = ranks // node
    parts = [tuple(range(place, ranks, node)) for place in range(node)]
    inside = [
        (_within(step, node, nodes, parts) for step in stage)
        for stage in (_ring_reduce(node), _ring_gather(node))
    ]
    across = [
        tuple(
            Message(
                one.source * node + place,
                one.target * node + place,
                tuple(parts[place][chunk] for chunk in one.chunks),
                one.adds,
            )
            for place in range(node)
            for one in a_round
        )
        for a_round in _ring_reduce(nodes) + _ring_gather(nodes)
    ]
    return [*inside[0], *across, *inside[1]]


def _within(
    a_round: Round, node: int, nodes: int, parts: list[tuple[int, ...]]
) -> Round:
    return tuple(
        Message(
            base * node + one.source,
            base * node + one.target,
            tuple(chunk for part in one.chunks for chunk in parts[part]),
            one.adds,
        )
        for base in range(nodes)
        for one in a_round
    )


# --- halving and doubling


def _doubling_gather(ranks: int) -> Rounds:
    return [
        tuple(
            Message(
                rank,
                rank ^ step,
                tuple(range(rank // step * step, rank // step * step + step)),
            )
            for rank in range(ranks)
        )
        for step in (2**level for level in range(_levels(ranks)))
    ]


def _halving_reduce(ranks: int) -> Rounds:
    return [
        tuple(
            Message(
                rank,
                rank ^ step,
                tuple(
                    range(
                        (rank ^ step) // step * step,
                        (rank ^ step) // step * step + step,
                    )
                ),
                adds=True,
            )
            for rank in range(ranks)
        )
        for step in (2**level for level in reversed(range(_levels(ranks))))
    ]


def _doubling_reduce(ranks: int) -> Rounds:
    everything = tuple(range(ranks))
    return [
        tuple(
            Message(rank, rank ^ step, everything, adds=True) for rank in range(ranks)
        )
        for step in (2**level for level in range(_levels(ranks)))
    ]


# --- all to all


def _pairwise(ranks: int) -> Rounds:
    return [
        tuple(
            Message(
                rank, (rank + step) % ranks, (rank * ranks + (rank + step) % ranks,)
            )
            for rank in range(ranks)
        )
        for step in range(1, ranks)
    ]


def _bruck(ranks: int) -> Rounds:
    return [
        tuple(
            Message(rank, (rank + step) % ranks, _passing(rank, step, ranks))
            for rank in range(ranks)
        )
        for step in (2**level for level in range(_levels(ranks)))
    ]


def _passing(rank: int, step: int, ranks: int) -> tuple[int, ...]:
    """Chunks that lie at a rank and have this step still to go."""
    found = []
    for distance in range(ranks):
        if distance & step:
            source = (rank - (distance & (step - 1))) % ranks
            found.append(source * ranks + (source + distance) % ranks)
    return tuple(found)


def _bruck_share(ranks: int) -> Fraction:
    hops = sum(bin(distance).count("1") for distance in range(ranks))
    return Fraction(hops, ranks)


# --- the table


@dataclass(frozen=True)
class _Made:
    """How to make the rounds of an algorithm, and its closed form."""

    rounds: Callable[[int], Rounds]
    form: Callable[[int], Form]
    doubles: bool = False


def _most(p: int) -> Fraction:
    return Fraction(p - 1, p)


def _tree_form(times: int) -> Callable[[int], Form]:
    return lambda p: Form(
        times * _levels(p), Fraction(_tree_sent(p, times)), Fraction(times * _levels(p))
    )


def _tree_sent(p: int, times: int) -> int:
    """The root sends one vector a level; in an all-reduce others send one more, up."""
    return _levels(p) if times == 1 else max(_levels(p), _busiest(p))


def _busiest(p: int) -> int:
    """Vectors that the busiest rank but the root sends: down to others, and up once."""
    sent = [0] * p
    for a_round in _tree_out(p):
        for one in a_round:
            sent[one.source] += 1
    return max((1 + count for count in sent[1:]), default=0)


def _even(times: int, steps: Callable[[int], int]) -> Callable[[int], Form]:
    return lambda p: Form(times * steps(p), times * _most(p), times * _most(p))


def _ring_steps(p: int) -> int:
    return p - 1


def _chain_form(p: int) -> Form:
    rest = 2 * p - 2
    return Form(rest, Fraction(1 if p > 1 else 0), Fraction(rest, p))


def _reduce_form(p: int) -> Form:
    return Form(_levels(p), Fraction(min(1, p - 1)), Fraction(_levels(p)))


def _gather_form(p: int) -> Form:
    largest = max((len(m.chunks) for r in _gather(p) for m in r), default=0)
    return Form(_levels(p), Fraction(largest, p), _most(p))


def _whole_form(p: int) -> Form:
    return Form(_levels(p), Fraction(_levels(p)), Fraction(_levels(p)))


def _bruck_form(p: int) -> Form:
    return Form(_levels(p), _bruck_share(p), _bruck_share(p))


_TABLE: dict[tuple[str, str], _Made] = {
    ("broadcast", "tree"): _Made(_tree_out, _tree_form(1)),
    ("broadcast", "ring"): _Made(_chain_out, _chain_form),
    ("reduce", "tree"): _Made(_tree_in, _reduce_form),
    ("reduce", "ring"): _Made(_chain_in, _chain_form),
    ("scatter", "tree"): _Made(_scatter, _even(1, _levels)),
    ("gather", "tree"): _Made(_gather, _gather_form),
    ("all-gather", "ring"): _Made(_ring_gather, _even(1, _ring_steps)),
    ("all-gather", "doubling"): _Made(
        _doubling_gather, _even(1, _levels), doubles=True
    ),
    ("reduce-scatter", "ring"): _Made(_ring_reduce, _even(1, _ring_steps)),
    ("reduce-scatter", "halving"): _Made(
        _halving_reduce, _even(1, _levels), doubles=True
    ),
    ("all-reduce", "ring"): _Made(
        lambda p: _ring_reduce(p) + _ring_gather(p), _even(2, _ring_steps)
    ),
    ("all-reduce", "tree"): _Made(lambda p: _tree_in(p) + _tree_out(p), _tree_form(2)),
    ("all-reduce", "doubling"): _Made(_doubling_reduce, _whole_form, doubles=True),
    ("all-reduce", "halving and doubling"): _Made(
        lambda p: _halving_reduce(p) + _doubling_gather(p),
        _even(2, _levels),
        doubles=True,
    ),
    ("all-reduce", "hierarchical"): _Made(_ring_reduce, _even(2, _ring_steps)),
    ("all-to-all", "pairwise"): _Made(_pairwise, _even(1, _ring_steps)),
    ("all-to-all", "Bruck"): _Made(_bruck, _bruck_form),
}
