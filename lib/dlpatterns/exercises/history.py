"""Exercises of the lecture on history: a neuron, rules, a table, and who pays for the
weights.
"""

from itertools import pairwise

import numpy as np

from dlpatterns.exercises._tasks import Formula, Function, Value, call


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


def _examples(rng):
    """Yield an example that is answered right, one answered 1 and one answered 0 by
    mistake, one on the threshold, then random ones.
    """
    yield call(np.array([1.0, 1.0]), -1.5, np.array([1, 1]), 1)
    yield call(np.array([1.0, 1.0]), -0.5, np.array([0, 1]), 0)
    yield call(np.array([1.0, 2.0]), -4.0, np.array([1, 1]), 1)
    yield call(np.array([1.0, -1.0]), 0.0, np.array([1, 1]), 0)
    for _ in range(8):
        weight, x = rng.integers(-3, 4, size=(2, int(rng.integers(2, 6))))
        yield call(
            weight.astype(float),
            float(rng.integers(-3, 4)),
            x,
            int(rng.integers(2)),
        )


def after_mistake(weight, bias, x, target):
    """Change the weights by the error times the inputs, and the bias by the error."""
    error = target - int(weight @ x + bias > 0)
    return weight + error * x, bias + error


def _always(weight, bias, x, target):
    sign = 1 if target else -1
    return weight + sign * x, bias + sign


def _backwards(weight, bias, x, target):
    error = int(weight @ x + bias > 0) - target
    return weight + error * x, bias + error


def _no_input(weight, bias, x, target):
    error = target - int(weight @ x + bias > 0)
    return weight + error, bias + error


def _still_bias(weight, bias, x, target):
    return after_mistake(weight, bias, x, target)[0], bias


def _without_bias(weight, bias, x, target):
    error = target - int(weight @ x > 0)
    return weight + error * x, bias + error


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
    "perceptron": Function(
        after_mistake,
        _examples,
        title="A step of the perceptron",
        explanation=(
            "Answer first; the error is 1, 0 or -1, and each weight moves by it if its "
            "input was there."
        ),
        expects="the new weights, an array, and the new bias, a number",
        mistakes=[
            (_always, "The weights change only after a mistake: by target - answer."),
            (
                _backwards,
                "The error is target minus answer; yours has its sign turned.",
            ),
            (
                _no_input,
                "A weight changes by the error times its input; silent inputs keep "
                "theirs.",
            ),
            (_still_bias, "The bias learns too, as the weight of an input of one."),
            (
                _without_bias,
                "The neuron fires if the weighted sum plus the bias exceeds zero.",
            ),
        ],
        why=(
            "A whole learning machine of 1958: as many multiplications as inputs, "
            "once to answer and once to learn."
        ),
    ),
    "infer": Function(
        everything,
        _puzzles,
        title="Write a rule engine",
        explanation=("Fire all rules, and start over as long as the set grows."),
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
    "batch": Formula(
        "W / B + X",
        where={"W": range(100, 5000), "X": range(1, 500), "B": range(2, 100)},
        title="Who pays for the weights?",
        explanation=(
            "The weights cross once for the whole batch, so each of B examples pays "
            "its part; the inputs are its own."
        ),
        expects="values for each example, as a formula in W, X and B",
        mistakes=[
            ("W + X", "That is a batch of one; the batch shares its weights."),
            ("W + B * X", "That is the whole batch; divide it by its examples."),
            (
                "(W + X) / B",
                "The inputs differ from example to example; only weights are shared.",
            ),
            ("W / B", "Each example also brings inputs of its own."),
            ("B * (W + X)", "Nothing crosses more often because there are more."),
        ],
        why=(
            "It falls towards X: with a large batch the weights come for free, and "
            "the multipliers are what is waited for."
        ),
    ),
}
