"""Exercises of the lecture on history: growth, three paradigms, and what training
costs.
"""

from itertools import pairwise

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, call


def _growths(rng):
    yield call(2012, 1e18, 2013, 4e18)
    for _ in range(10):
        start, years = int(rng.integers(1950, 2015)), int(rng.integers(1, 40))
        yield call(
            start,
            float(10.0 ** rng.uniform(3, 18)),
            start + years,
            float(10.0 ** rng.uniform(19, 26)),
        )


def doubling(year0, flop0, year1, flop1):
    """Return the months in which compute doubles."""
    return 12 * (year1 - year0) / np.log2(flop1 / flop0)


def _puzzles(rng):
    """Yield chains whose rules stand in the wrong order, conditions that are half met,
    and empty lists.
    """
    yield call(["a", "b"], [(["c"], "d"), (["a", "b"], "c"), (["a", "x"], "y")])
    yield call(["a"], [])
    yield call([], [(["a"], "b")])
    yield call(["a", "b"], [(["a", "b", "x"], "c"), (["b", "a", "a"], "d")])
    yield call(["a"], [([], "always"), (["always", "a"], "b")])
    links = [f"f{i}" for i in range(13)]
    yield call(["f0"], [([a], b) for a, b in pairwise(links)][::-1])
    for _ in range(8):
        names = [f"f{i}" for i in rng.permutation(8)]
        chain = [([names[i], names[0]], names[i + 1]) for i in range(6)]
        yield call(
            names[:2], [chain[i] for i in rng.permutation(6)] + [([names[7]], "never")]
        )


def everything(observed, rules):
    """Fire all rules until the set of facts no longer grows."""
    facts, known = set(observed), -1
    while len(facts) > known:
        known = len(facts)
        facts |= {
            conclusion
            for conditions, conclusion in rules
            if facts.issuperset(conditions)
        }
    return facts


def _once(observed, rules):
    facts = set(observed)
    for conditions, conclusion in rules:
        if facts.issuperset(conditions):
            facts.add(conclusion)
    return facts


def _any(observed, rules):
    facts, known = set(observed), -1
    while len(facts) > known:
        known = len(facts)
        facts |= {
            conclusion
            for conditions, conclusion in rules
            if facts.intersection(conditions)
        }
    return facts


def _five_times(observed, rules):
    facts = set(observed)
    for _ in range(5):
        facts = _once(facts, rules)
    return facts


def _first_two(observed, rules):
    return everything(observed, [(some[:2], then) for some, then in rules])


def _conditions_needed(observed, rules):
    return everything(observed, [rule for rule in rules if rule[0]])


def _only_new(observed, rules):
    return everything(observed, rules) - set(observed)


def _tables(rng):
    for _ in range(12):
        states, actions = int(rng.integers(3, 7)), int(rng.integers(2, 5))
        state, after = (int(i) for i in rng.permutation(states)[:2])
        action = int(rng.integers(actions))
        rate, discount = float(rng.integers(1, 9)) / 10, float(rng.integers(1, 9)) / 10
        q = np.round(rng.normal(size=(states, actions)), 2)
        yield call(q, state, action, float(rng.integers(-9, 9)), after, rate, discount)


def corrected(q, state, action, reward, after, rate, discount):
    """Move the value towards the reward and the best that the next state promises."""
    return q[state, action] + rate * (
        reward + discount * q[after].max() - q[state, action]
    )


def _replaced(q, state, action, reward, after, rate, discount):
    return rate * (reward + discount * q[after].max())


def _added(q, state, action, reward, after, rate, discount):
    return q[state, action] + _replaced(q, state, action, reward, after, rate, discount)


def _same_action(q, state, action, reward, after, rate, discount):
    return q[state, action] + rate * (
        reward + discount * q[after, action] - q[state, action]
    )


def _no_discount(q, state, action, reward, after, rate, discount):
    return corrected(q, state, action, reward, after, rate, 1.0)


def _own_state(q, state, action, reward, after, rate, discount):
    return corrected(q, state, action, reward, state, rate, discount)


TASKS = {
    "doubling": Function(
        doubling,
        _growths,
        title="How fast does it double?",
        explanation=(
            "The number of doublings is the logarithm, to base two, of the growth; "
            "the months are shared among them."
        ),
        expects="the doubling time in months, a number",
        mistakes=[
            (
                lambda *a: doubling(*a) / 12,
                "Those are years; the question asks for months.",
            ),
            (
                lambda *a: doubling(*a) / np.log(2),
                "You took the natural logarithm; a doubling is a step of log2.",
            ),
            (
                lambda *a: doubling(*a) / np.log10(2),
                "You took log10, which counts tenfold steps; take log2.",
            ),
            (
                lambda *a: 1 / doubling(*a),
                "Those are doublings a month; turn the fraction over.",
            ),
        ],
        why=(
            "Growth over decades is told in doublings: with it, a chip's "
            "transistors and a run's compute share one scale."
        ),
    ),
    "separable": Value(
        14,
        title="Which gates can one neuron compute?",
        explanation=(
            "All but XOR and its opposite: only there do the two ones lie on one "
            "diagonal and the two zeros on the other."
        ),
        solution="16 - 2",
        expects="the number of gates, a whole number up to 16",
        mistakes=[
            (16, "That would be all of them; but XOR is a gate too."),
            (15, "XOR is one that cannot be done. Which gate is its opposite?"),
            (13, "You left out one too many: always 0 and always 1 only need a bias."),
            (
                12,
                (
                    "Always 0 and always 1 are gates too; a neuron computes them with "
                    "its "
                    "bias alone."
                ),
            ),
            (8, "That is half of them; try to draw a line for each gate."),
        ],
        why=(
            "Two of sixteen sound harmless; with more inputs, the share that one "
            "neuron can compute falls towards nothing."
        ),
    ),
    "infer": Function(
        everything,
        _puzzles,
        title="Write a rule engine",
        explanation="Fire all rules, and start over as long as the set grows.",
        expects="a set of facts, the observed ones included",
        mistakes=[
            (
                _once,
                (
                    "You go through the rules once; a rule fired late may meet the "
                    "conditions of an earlier one."
                ),
            ),
            (
                _any,
                "A rule fires when all of its conditions are known, not when one is.",
            ),
            (
                _five_times,
                "A chain of rules may be longer: go on as long as facts are added.",
            ),
            (
                _first_two,
                "Look at all conditions of a rule, however many it has.",
            ),
            (
                _conditions_needed,
                "A rule without conditions always fires: nothing is missing.",
            ),
            (_only_new, "The observed facts belong to the result."),
        ],
        why=(
            "The loop has no arithmetic at all: it is searches in a set and "
            "branches, each waiting for the one before."
        ),
        points=2,
    ),
    "q_update": Function(
        corrected,
        _tables,
        title="One step of Q-learning",
        explanation=(
            "Move the old value a part of the way towards what was earned plus the "
            "best that the next state promises."
        ),
        expects="the new value of q[state, action], a number",
        mistakes=[
            (_replaced, "Correct the old value: add the rate times what it is off by."),
            (
                _added,
                (
                    "Add the rate times the difference to the old value, not the rate "
                    "times the whole target."
                ),
            ),
            (
                _same_action,
                (
                    "The future promises the best action of the next state, not the "
                    "same "
                    "one."
                ),
            ),
            (_no_discount, "What the future promises counts `discount` times."),
            (
                _own_state,
                (
                    "Look for the best action in the state `after`, not in the one you "
                    "left."
                ),
            ),
        ],
        why=(
            "A search for the best, two products, three sums: learning from a "
            "table is memory, hardly arithmetic."
        ),
        points=2,
    ),
    "epoch_macs": Value(
        1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10),
        title="An epoch of training",
        explanation=(
            "Forward and the gradients of the weights use every weight once; the "
            "gradient of the hidden units uses the weights of the output layer once "
            "more."
        ),
        solution="1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10)",
        expects="the number of MACs, a whole number",
        mistakes=[
            (
                1347 * 3 * (64 * 32 + 32 * 10),
                "That computes the gradient of the pixels, which nobody needs.",
            ),
            (
                6 * 2410 * 1347,
                (
                    "That is the rule of six: it counts FLOP, biases, and the "
                    "gradient of "
                    "the pixels."
                ),
            ),
            (3 * 2410 * 1347, "That counts biases and the gradient of the pixels."),
            (1347 * (64 * 32 + 32 * 10), "That is the forward pass alone."),
            (
                2 * 1347 * (2 * (64 * 32 + 32 * 10) + 32 * 10),
                "That is FLOP; a MAC is one multiplication with its addition.",
            ),
            (
                2 * (64 * 32 + 32 * 10) + 32 * 10,
                "That is one example; the epoch has 1347.",
            ),
            (
                1347 * 2 * (64 * 32 + 32 * 10),
                "The hidden units need their gradient too: one more product.",
            ),
        ],
        why=(
            "Backward costs little more than forward here, because most weights "
            "sit in the first layer."
        ),
    ),
    "run_macs": Formula(
        "N * P * U * (3 - s)",
        where={
            "N": range(1, 1000),
            "P": range(1, 1000),
            "U": range(1, 200),
            "s": [0.01, 0.05, 0.1, 0.25, 0.5, 0.9],
        },
        title="A better rule than six",
        explanation=(
            "One forward is P × U MACs; backward is two more, less the share of the "
            "first layer."
        ),
        expects="MACs as a formula in P, U, s and N",
        mistakes=[
            (
                "6 * N * P * U",
                (
                    "Six counts FLOP; a MAC is two. And the first layer owes one "
                    "product "
                    "less."
                ),
            ),
            ("6 * N * P", "That is the rule of six: FLOP, no sharing, no first layer."),
            (
                "3 * N * P * U",
                "The first layer owes one product less: nothing below it is trained.",
            ),
            ("N * P * U * (2 - s)", "That is the backward pass; add the forward one."),
            ("N * P * (3 - s)", "Each weight is used U times for an example."),
            ("2 * N * P * U * (3 - s)", "That is FLOP; a MAC is two of them."),
        ],
        why=(
            "With U = 1 and a small s it is the rule of thumb for language "
            "models; with U around 160 it is ResNet-50."
        ),
    ),
}
