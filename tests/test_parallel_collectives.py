"""Collectives deliver what they promise, and cost what the α-β model and the textbooks
say.
"""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns.parallel import collectives, messages

DOUBLING = ("doubling", "halving", "halving and doubling")
ADDING = ("reduce", "reduce-scatter", "all-reduce")


def cases():
    for name, algorithm in collectives.names():
        for ranks in range(1, 17):
            if algorithm in DOUBLING and ranks & (ranks - 1):
                continue
            nodes = [d for d in range(1, ranks + 1) if ranks % d == 0]
            for node in nodes if algorithm == "hierarchical" else [None]:
                yield name, algorithm, ranks, node


CASES = list(cases())


def delivered(name, algorithm, ranks, node):
    """Let rank r bring 2 to the r where values are summed: each sum tells who is in."""
    rounds = collectives.rounds(name, algorithm, ranks, node=node)
    adds = name in ADDING
    held = [
        {chunk: 1 << rank if adds else chunk for chunk in chunks}
        for rank, chunks in enumerate(collectives.initial(name, ranks))
    ]
    return messages.deliver(rounds, held)


def wanted(name, ranks):
    """Return for each rank the chunks it must have at the end."""
    everyone, all_of = range(ranks), [set(range(ranks))] * ranks
    own = [{rank} for rank in everyone]
    rooted = [set(range(ranks)), *[set()] * (ranks - 1)]
    return {
        "broadcast": all_of,
        "all-gather": all_of,
        "all-reduce": all_of,
        "reduce": rooted,
        "gather": rooted,
        "scatter": own,
        "reduce-scatter": own,
        "all-to-all": [{s * ranks + rank for s in everyone} for rank in everyone],
    }[name]


@pytest.mark.parametrize(("name", "algorithm", "ranks", "node"), CASES)
def test_everybody_gets_what_it_should(name, algorithm, ranks, node):
    held = delivered(name, algorithm, ranks, node)
    for rank, chunks in enumerate(wanted(name, ranks)):
        for chunk in chunks:
            full = (1 << ranks) - 1 if name in ADDING else chunk
            assert held[rank][chunk] == full, (rank, chunk)


@pytest.mark.parametrize(("name", "algorithm", "ranks", "node"), CASES)
def test_closed_form_is_the_tally_of_the_messages(name, algorithm, ranks, node):
    rounds = collectives.rounds(name, algorithm, ranks, node=node)
    chunks = ranks**2 if name == "all-to-all" else ranks
    counted = messages.tally(rounds, [1] * chunks, ranks)
    form = collectives.cost(name, algorithm, ranks, node=node)
    assert form.steps == counted.steps
    assert form.sent * ranks == max(counted.sent)
    assert form.critical * ranks == counted.critical
    assert sum(counted.sent) == sum(counted.received)


def test_textbook_costs():
    """Thakur et al. 2005: a ring all-reduce sends 2 (p - 1) / p n in 2 (p - 1) steps,
    recursive doubling n log2 p in log2 p.
    """
    ring = collectives.cost("all-reduce", "ring", 4)
    assert (ring.steps, ring.sent) == (6, Fraction(3, 2))
    doubling = collectives.cost("all-reduce", "doubling", 8)
    assert (doubling.steps, doubling.sent) == (3, 3)
    both = collectives.cost("all-reduce", "halving and doubling", 8)
    assert (both.steps, both.sent) == (6, Fraction(7, 4))
    bruck = collectives.cost("all-to-all", "Bruck", 8)
    assert (bruck.steps, bruck.sent) == (3, Fraction(3, 2))  # n / 2 log2 p


def test_no_all_reduce_sends_less_than_twice_the_share():
    """The lower bound of Patarasu and Yuan 2009: 2 (p - 1) / p n for each rank."""
    for ranks in (2, 4, 8, 16):
        for algorithm in ("ring", "tree", "doubling", "halving and doubling"):
            sent = collectives.cost("all-reduce", algorithm, ranks).sent
            assert sent >= 2 * Fraction(ranks - 1, ranks)


def test_ring_and_tree_take_equally_long_at_the_crossover():
    for ranks in (2, 3, 8, 100):
        size = collectives.crossover(ranks, alpha=5e-6, beta=1e-10)
        ring, tree = (
            collectives.cost("all-reduce", name, ranks).seconds(size, 5e-6, 1e-10)
            for name in ("ring", "tree")
        )
        if size:
            assert ring == pytest.approx(tree)
            more = collectives.cost("all-reduce", "ring", ranks)
            assert more.seconds(2 * size, 5e-6, 1e-10) < collectives.cost(
                "all-reduce", "tree", ranks
            ).seconds(2 * size, 5e-6, 1e-10)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(0, 40))
def test_vectors_that_do_not_divide_are_summed_exactly(ranks, length):
    sizes = messages.split(length, ranks)
    assert sum(sizes) == length and max(sizes) - min(sizes) <= 1
    rounds = collectives.rounds("all-reduce", "ring", ranks)
    counted = messages.tally(rounds, sizes, ranks)
    assert sum(counted.sent) == 2 * (ranks - 1) * length


def test_hierarchical_sends_between_nodes_only_a_part():
    rounds = collectives.rounds("all-reduce", "hierarchical", 8, node=4)
    across = sum(
        len(one.chunks)
        for a_round in rounds
        for one in a_round
        if one.source // 4 != one.target // 4
    )
    ring = collectives.rounds("all-reduce", "ring", 8)
    crossing = sum(
        len(one.chunks)
        for a_round in ring
        for one in a_round
        if one.source // 4 != one.target // 4
    )
    assert across == 8 * 2 * 1  # each rank sends its eighth twice
    assert crossing == 2 * 14  # two links of the ring cross, each 14 times
    assert across < crossing


def test_a_rank_sends_only_what_it_holds_and_once_a_round():
    two = (messages.Message(0, 1, (0,)), messages.Message(0, 2, (0,)))
    with pytest.raises(ValueError, match="round 1: a rank is the source of two"):
        messages.deliver([two], [{0: 1}, {}, {}])
    with pytest.raises(ValueError, match=r"rank 1 sends chunks \[0\] to rank 0"):
        messages.deliver([(messages.Message(1, 0, (0,)),)], [{0: 1}, {}])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: collectives.rounds("sum", "ring", 4), "there is no collective 'sum'"),
        (
            lambda: collectives.rounds("gather", "ring", 4),
            "no algorithm 'ring'; it has",
        ),
        (lambda: collectives.rounds("all-reduce", "doubling", 6), "a power of two"),
        (lambda: collectives.rounds("all-reduce", "ring", 0), "at least 1, got 0"),
        (lambda: collectives.rounds("all-reduce", "ring", 4, node=2), "has nodes"),
        (lambda: collectives.rounds("all-reduce", "hierarchical", 4), "needs node="),
        (
            lambda: collectives.cost("all-reduce", "hierarchical", 6, node=4),
            "nodes of 4 ranks don't make up 6",
        ),
        (lambda: collectives.crossover(4, alpha=0, beta=1), "finite and above 0"),
    ],
)
def test_bad_calls(call, said):
    with pytest.raises(ValueError, match=said):
        call()
