"""Recurrent kernels: rungs against loops, loops against PyTorch, gradients against
differences, tallies against counts.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import tracing
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.kernels import recurrence
from dlpatterns.kernels.recurrence import Weights
from dlpatterns.layers import GRU, LSTM, RNN

PYTORCH = json.loads((Path(__file__).parent / "pytorch_sequences.json").read_text())
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
BOUND = {np.float64: 1e-12, np.float32: 1e-5}
sizes = st.tuples(*(st.integers(1, high) for high in (3, 4, 5, 4)))  # N T D H


def case(gates, shape, biases=1, *, seed=0, dtype=np.float64):
    """Return an input and weights within 1 / sqrt(H), with 0, 1 or 2 biases a gate."""
    (batch, steps, features, hidden), rng = shape, np.random.default_rng(seed)
    rows, limit = gates * hidden, 1 / np.sqrt(hidden)
    drawn = [
        rng.uniform(-limit, limit, size).astype(dtype)
        for size in ((rows, features), (rows, hidden), (biases, rows))
    ]
    bias = None if biases == 0 else drawn[2][0] if biases == 1 else drawn[2]
    return rng.normal(size=(batch, steps, features)).astype(dtype), Weights(
        *drawn[:2], bias
    )


def first(result):
    """Return h of an LSTM's (h, c), or h."""
    return result[0] if isinstance(result, tuple) else result


RUNGS = [
    ("rnn", "rnn_steps"),
    ("rnn", "rnn_fast"),
    ("gru", "gru_fast"),
    ("lstm", "lstm_steps"),
    ("lstm", "lstm_fast"),
]


@pytest.mark.parametrize("kind, rung", RUNGS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(shape=sizes, biases=st.integers(0, 2), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_rung_equals_loops(kind, rung, dtype, shape, biases, seed):
    x, weights = case(GATES[kind], shape, biases, seed=seed, dtype=dtype)
    plain, fast = (
        getattr(recurrence, kind)(x, weights),
        getattr(recurrence, rung)(x, weights),
    )
    assert first(fast).dtype == dtype
    np.testing.assert_allclose(fast, plain, rtol=0, atol=BOUND[dtype])


@given(shape=sizes, biases=st.integers(0, 2), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_gru_with_the_reset_before(shape, biases, seed):
    x, weights = case(3, shape, biases, seed=seed)
    plain, fast = (
        kernel(x, weights, reset_after=False)
        for kernel in (recurrence.gru, recurrence.gru_fast)
    )
    np.testing.assert_allclose(fast, plain, rtol=0, atol=1e-12)


def test_the_place_of_the_reset_matters():
    x, weights = case(3, (1, 4, 3, 5))
    assert (
        np.abs(
            recurrence.gru(x, weights) - recurrence.gru(x, weights, reset_after=False)
        ).max()
        > 1e-3
    )


@pytest.mark.parametrize("kind, rung", RUNGS)
def test_a_state_carries_on(kind, rung):
    """Two halves, the second started from where the first ended, are the whole."""
    x, weights = case(GATES[kind], (2, 6, 3, 4))
    kernel = getattr(recurrence, rung)
    whole, head = kernel(x, weights), kernel(x[:, :4], weights)
    state = tuple(part[:, -1] for part in head) if kind == "lstm" else head[:, -1]
    tail = kernel(x[:, 4:], weights, state=state)
    np.testing.assert_allclose(first(tail), first(whole)[:, 4:], atol=1e-14)
    plain = getattr(recurrence, kind)(x[:, 4:], weights, state=state)
    np.testing.assert_allclose(first(plain), first(whole)[:, 4:], atol=1e-14)


# --- PyTorch's values -----------------------------------------------------------------


def pytorch_weights(stored):
    """Return PyTorch's parameters as ours: the same order of gates, two biases."""
    return Weights(
        np.array(stored["weight_ih_l0"]),
        np.array(stored["weight_hh_l0"]),
        np.array([stored["bias_ih_l0"], stored["bias_hh_l0"]]),
    )


@pytest.mark.parametrize("kind", GATES)
def test_pytorch_agrees(kind):
    stored = PYTORCH[kind.upper()]
    x, weights = np.array(stored["x"]), pytorch_weights(stored["params"])
    for kernel in (getattr(recurrence, kind), getattr(recurrence, f"{kind}_fast")):
        np.testing.assert_allclose(
            first(kernel(x, weights)), np.array(stored["out"]), atol=1e-14
        )
    if kind == "lstm":
        np.testing.assert_allclose(
            recurrence.lstm(x, weights)[1][:, -1],
            np.array(stored["last_c"])[0],
            atol=1e-14,
        )


@pytest.mark.parametrize("kind", GATES)
def test_pytorch_agrees_on_gradients(kind):
    stored = PYTORCH[kind.upper()]
    x, weights = np.array(stored["x"]), pytorch_weights(stored["params"])
    states = getattr(recurrence, f"{kind}_fast")(x, weights)
    to_x, gradients = getattr(recurrence, f"{kind}_backward")(
        np.array(stored["grad"]), x, weights, states
    )
    np.testing.assert_allclose(to_x, np.array(stored["grad_x"]), atol=1e-13)
    for ours, theirs in zip(gradients, pytorch_weights(stored["grads"]), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-13)


# --- Gradients ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("biases", [0, 1, 2])
def test_gradients_are_those_of_small_changes(kind, biases):
    x, weights = case(GATES[kind], (2, 4, 3, 3), biases, seed=3)
    kernel, grad = (
        getattr(recurrence, f"{kind}_fast"),
        np.random.default_rng(1).normal(size=(2, 4, 3)),
    )
    to_x, gradients = getattr(recurrence, f"{kind}_backward")(
        grad, x, weights, kernel(x, weights)
    )
    arrays = [
        (x, to_x),
        *((a, g) for a, g in zip(weights, gradients, strict=True) if a is not None),
    ]
    for array, expected in arrays:
        np.testing.assert_allclose(
            differences(lambda: (first(kernel(x, weights)) * grad).sum(), array),
            expected,
            atol=1e-8,
        )
    assert (gradients.bias is None) == (biases == 0)


def differences(value, array, step=1e-6):
    """Return the central differences of value() for every element of the array."""
    result = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = value()
        array[index] = kept - step
        result[index] = (above - value()) / (2 * step)
        array[index] = kept
    return result


# --- Counts ---------------------------------------------------------------------------


@pytest.mark.parametrize("spec, kind", [(RNN, "rnn"), (LSTM, "lstm"), (GRU, "gru")])
@given(shape=sizes, biases=st.integers(0, 2))
@settings(max_examples=8, deadline=None)
def test_the_tally_of_the_loops_is_the_closed_form(spec, kind, shape, biases):
    """A GRU with the reset before: with the reset after, its candidate has two
    accumulators and one more addition a unit.
    """
    batch, steps, features, hidden = shape
    net = Builder("one layer", (steps, features))
    counted = count(net.model(net(spec(hidden, biases=biases), net.input)), batch)
    x, weights = case(GATES[kind], shape, biases)
    with tracing.tally() as t:
        traced = Weights(
            *(
                None if a is None else tracing.trace(a, name)
                for name, a in zip("xhb", weights, strict=True)
            )
        )
        options = {"reset_after": False} if kind == "gru" else {}
        getattr(recurrence, kind)(tracing.trace(x, "input"), traced, **options)
    other = counted.other
    assert t.macs == counted.macs
    assert t.multiplications == counted.macs + other.get("multiply", 0)
    assert t.additions == counted.macs + other.get("bias", 0) + other.get(
        "add", 0
    ) + other.get("sigmoid", 0)
    assert t.special == {
        k: n
        for k, n in {"tanh": other["tanh"], "exp": other.get("sigmoid", 0)}.items()
        if n
    }


def test_parameters_of_published_layers():
    """650 units: 3,382,600 with one bias a gate (Keras), 3,385,200 with two
    (PyTorch, cuDNN, ONNX); GRU 4 -> 5: 150, 165.
    """
    for spec, steps, expected in (
        (LSTM(650), (35, 650), 3_382_600),
        (LSTM(650, biases=2), (35, 650), 3_385_200),
        (GRU(5), (7, 4), 150),
        (GRU(5, biases=2), (7, 4), 165),
    ):
        net = Builder("one layer", steps)
        assert count(net.model(net(spec, net.input))).params == expected


# --- Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize("kind, rung", [*RUNGS, *((kind, kind) for kind in GATES)])
def test_shapes_that_do_not_fit(kind, rung):
    x, weights = case(GATES[kind], (2, 3, 4, 5))
    kernel = getattr(recurrence, rung)
    for bad, words in (
        ((x[0], weights), r"\(N, T, D\).*\(3, 4\)"),
        ((x[:, :, :3], weights), r"\(2, 3, 3\).*weights.x"),
        ((x[:, :0], weights), "at least one step"),
        ((x, weights._replace(h=weights.h[:-1])), "weights.h"),
        ((x, weights._replace(bias=weights.bias[:-1])), "bias"),
    ):
        with pytest.raises(ValueError, match=words):
            kernel(*bad)
    with pytest.raises(ValueError, match=r"starting state has shape \(2, 5\)"):
        kernel(
            x,
            weights,
            state=(np.zeros((1, 5)),) * 2 if kind == "lstm" else np.zeros((1, 5)),
        )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "kernel", ["rnn", "rnn_fast", "gru", "gru_fast", "lstm", "lstm_steps", "lstm_fast"]
)
def test_a_number_that_a_gate_would_hide(kernel, bad):
    x, weights = case(GATES[kernel.split("_")[0]], (2, 3, 4, 5))
    x[1, 2, 0] = bad
    with pytest.raises(ValueError, match=r"NaN or infinity.*\(1, 2, 0\)"):
        getattr(recurrence, kernel)(x, weights)


@pytest.mark.parametrize("kind", GATES)
def test_a_gradient_of_another_shape(kind):
    x, weights = case(GATES[kind], (2, 3, 4, 5))
    states = getattr(recurrence, f"{kind}_fast")(x, weights)
    with pytest.raises(ValueError, match=r"states' shape \(2, 3, 5\), got \(2, 3, 4\)"):
        getattr(recurrence, f"{kind}_backward")(x, x, weights, states)


@pytest.mark.parametrize("kind, rung", [*RUNGS, *((kind, kind) for kind in GATES)])
def test_numbers_that_would_be_cut_or_hidden(kind, rung):
    """Whole numbers do not make whole-number states; an infinite weight or state would
    end in a tanh of one.
    """
    x, weights = case(GATES[kind], (2, 3, 4, 5))
    kernel, endless = getattr(recurrence, rung), np.full((2, 5), np.inf)
    np.testing.assert_array_equal(
        kernel(np.ones((2, 3, 4), dtype=np.int64), weights),
        kernel(np.ones((2, 3, 4)), weights),
    )
    with pytest.raises(ValueError, match=r"weights.h .* holds NaN or infinity"):
        kernel(x, weights._replace(h=np.full_like(weights.h, np.inf)))
    with pytest.raises(ValueError, match=r"state.* holds NaN or infinity"):
        kernel(
            x, weights, state=(np.zeros((2, 5)), endless) if kind == "lstm" else endless
        )
