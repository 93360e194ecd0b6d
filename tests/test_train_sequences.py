"""Recurrent and attention layers inside a network: gradients, parameter counts, and a
task that they learn.
"""

import numpy as np
import pytest
from test_kernels_recurrence import differences

from dlpatterns import layers
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.train.loop import accuracy, fit
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import Adam
from dlpatterns.train.recall import SYMBOLS, recall, recaller

LAYERS = [
    *(
        kind(3, biases=biases)
        for kind in (layers.RNN, layers.GRU, layers.LSTM)
        for biases in (0, 1, 2)
    ),
    layers.Attention(2),
    layers.Attention(2, bias=False, causal=True),
    layers.Attention(4, kv_heads=2, head_dim=2, causal=True, rotary=True),
]


def one_layer(spec):
    net = Builder("one layer", (5, 4))
    return net.model(net(spec, net.input))


@pytest.mark.parametrize("spec", LAYERS, ids=str)
def test_gradients_are_those_of_small_changes(spec):
    net, rng = Network(one_layer(spec), seed=1), np.random.default_rng(0)
    x, grad = rng.normal(size=(2, 5, 4)), rng.normal(size=(2, *net.model.output_shape))
    net.forward(x, training=True)
    to_x, grads = net.backward(grad), net.grads
    for array, gradient in [
        (x, to_x),
        *((net.params[name], grads[name]) for name in net.params),
    ]:
        np.testing.assert_allclose(
            differences(lambda: (net.forward(x) * grad).sum(), array),
            gradient,
            atol=1e-8,
        )


@pytest.mark.parametrize("spec", LAYERS, ids=str)
def test_a_network_holds_as_many_parameters_as_are_counted(spec):
    net = Network(one_layer(spec))
    assert sum(value.size for value in net.params.values()) == count(net.model).params


def test_cross_attention_sends_gradients_to_its_memory():
    net = Builder("cross", (5, 4))
    memory = net(layers.Linear(6), net.input, name="memory")
    running = Network(
        net.model(net(layers.Attention(2), net.input, memory, name="cross")), seed=1
    )
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 4))
    running.forward(x)
    to_x, grads = running.backward(grad), running.grads
    for array, gradient in (
        (x, to_x),
        (running.params["memory.weight"], grads["memory.weight"]),
    ):
        np.testing.assert_allclose(
            differences(lambda: (running.forward(x) * grad).sum(), array),
            gradient,
            atol=1e-8,
        )


def test_recall_asks_for_the_marked_symbol():
    tokens, answers = recall(400, 9, seed=3)
    marked = tokens >= SYMBOLS
    assert (marked.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(tokens[marked] - SYMBOLS, answers)
    assert set(8 - marked.argmax(axis=1)) == set(range(9)) and set(answers) == set(
        range(SYMBOLS)
    )
    assert (recall(50, 9, distance=7)[0][:, 1] >= SYMBOLS).all()


@pytest.mark.parametrize(
    "bad",
    [{"examples": 0}, {"steps": 0}, {"distance": 9}, {"distance": -1}, {"symbols": 0}],
)
def test_recall_refuses_impossible_sizes(bad):
    with pytest.raises(ValueError, match="recall needs"):
        recall(**({"examples": 4, "steps": 9} | bad))


def test_recaller_names_what_it_knows():
    with pytest.raises(ValueError, match="'mlp'; known: rnn, gru, lstm, attention"):
        recaller("mlp", 8)


@pytest.mark.parametrize("kind", ["gru", "lstm", "attention"])
def test_it_is_learned(kind):
    """After a few epochs nearly all answers are right where one in eight would be by
    chance; before, they are not.
    """
    net = Network(recaller(kind, 8), seed=0)
    held_out = recall(400, 8, seed=99)
    assert accuracy(net, *held_out) < 0.3
    fit(net, *recall(2048, 8, seed=0), epochs=6, batch=64, optimizer=Adam(0.01), seed=0)
    assert accuracy(net, *held_out) > 0.97


def test_the_parameters_fit_sequences_of_any_length():
    short, long = (Network(recaller("lstm", steps)) for steps in (8, 20))
    assert {name: value.shape for name, value in short.params.items()} == {
        n: v.shape for n, v in long.params.items()
    }
