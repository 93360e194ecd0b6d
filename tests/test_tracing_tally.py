"""What a tally counts, by level and by kind, and what it refuses."""

import numpy as np
import plain_programs as programs
import pytest

from dlpatterns import tracing
from dlpatterns.kernels import convolution
from dlpatterns.tracing import Table, Value, plain, tally, trace

# --- What a tally is ------------------------------------------------------------------


def test_results_are_those_of_the_plain_kernel():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(1, 2, 5, 5)), rng.normal(size=(2, 2, 3, 3))
    for kernel in (
        convolution.conv2d,
        convolution.conv2d_im2col,
        convolution.conv2d_shifted,
    ):
        with tally():
            out = kernel(trace(x, "x"), trace(weight, "weight"), padding=1, stride=2)
        np.testing.assert_allclose(plain(out), kernel(x, weight, padding=1, stride=2))


def test_bytes_are_counted_by_level():
    with tally(value_bytes=2) as t:
        programs.fully_connected(
            None,
            {
                "x": trace(np.ones((3, 4)), "x"),
                "weight": trace(np.ones((5, 4)), "weight"),
            },
        )
    assert (t.read["x"], t.read["weight"], t.written["new"]) == (2 * 60, 2 * 60, 2 * 15)
    assert (t.read["register"], t.written["register"]) == (
        2 * 4 * 60,
        2 * 2 * 60,
    )  # two operations, two operands each
    assert t.memory_bytes == 2 * (60 + 60 + 15)
    assert {row["level"] for row in t.rows()} == {"x", "weight", "new", "register"}


def test_im2col_writes_what_the_loops_do_not():
    x, weight = (
        trace(np.ones((1, 2, 5, 5)), "x"),
        trace(np.ones((1, 2, 3, 3)), "weight"),
    )
    with tally() as loops:
        convolution.conv2d(x, weight)
    with tally() as columns:
        convolution.conv2d_im2col(x, weight)
    assert loops.macs == columns.macs == 162
    assert (loops.writes("new"), columns.writes("new")) == (9, 9 + 162)


def test_one_product_joins_one_sum_once():
    with tally() as t:
        a, b = Value(2), Value(3)
        assert (0 + a * b).plain == 6  # a sum that starts at zero
    assert (t.macs, t.other) == (1, {})
    with tally() as t:
        total = a * b + a * b  # no sum was running
        product = a * b
        total += product
        total += product
    assert (t.macs, t.other) == (1, {"multiply": 2, "add": 2})


def test_a_symbolic_program_is_tallied():
    rules = [({"has feathers"}, "bird"), ({"bird", "swims"}, "penguin")]
    with tally() as t:
        facts = {Value("has feathers"), Value("swims")}
        for needs, then in rules:
            if all(Value(need) in facts for need in needs):
                facts.add(Value(then))
    assert {plain(fact) for fact in facts} == {
        "has feathers",
        "swims",
        "bird",
        "penguin",
    }
    assert t.lookups == 2 + 3 + 2  # two facts given, three searched, two added
    assert t.macs == t.multiplications == 0


def test_tabular_learning_is_tallied():
    with tally() as t:
        q = Table(
            "Q", {(state, action): 0.0 for state in range(2) for action in range(2)}
        )
        best = max(q[1, 0], q[1, 1])
        q[0, 1] += 0.5 * (1 + 0.9 * best - q[0, 1])
    assert plain(dict.__getitem__(q, (0, 1))) == 0.5
    assert (t.comparisons, t.multiplications, t.additions) == (1, 2, 3)
    assert (t.reads("Q"), t.writes("Q"), t.lookups) == (4, 1, 5)


REFUSED = {
    "arccos": lambda x: np.arccos(x),
    "float": lambda x: float(x[0, 0]),
    "einsum": lambda x: np.einsum("ij->i", x),
    "sort": lambda x: np.sort(x),
    "astype": lambda x: x.astype(np.float32),
    "norm": lambda x: np.linalg.norm(x),
    "dot": lambda x: np.dot(x, x.T),
    "cumsum": lambda x: np.cumsum(x),
    "at": lambda x: np.add.at(x, 0, 1),
    "fft": lambda x: np.fft.fft(x),
    "a plain array as target": lambda x: np.zeros(3).__setitem__(0, x[0, 0]),
    "a plain array from it": lambda x: np.array(x, dtype=float),
    "a function of one value": lambda x: np.clip(x[0, 0], 0, 1),
    "truth of an array": lambda x: bool(x),
    "flat": lambda x: x.flat,
    "partition": lambda x: x.partition(1),
    "logic": lambda x: np.logical_and(x, x),
    "table behind the back": lambda x: Table("t", {}).update({1: 2}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_tally_raises(name):
    with tally(), pytest.raises(TypeError):
        REFUSED[name](trace(np.ones((2, 2)), "x"))


def test_without_a_tally_nothing_is_computed():
    with pytest.raises(RuntimeError, match="tally"):
        Value(1) + 1


def test_an_inner_tally_counts_for_the_outer_one_and_numpy_is_left_as_it_was():
    before = np.zeros, np.empty
    with pytest.raises(ZeroDivisionError), tally() as outer:
        with tally() as inner:
            Value(2) * 3
        Value(2) * 3
        Value(1) / 0
    assert (inner.multiplications, outer.multiplications) == (1, 2)
    assert (np.zeros, np.empty) == before
    assert tracing.trace([1.5], "x").shape == (1,)
