"""Networks run, go back and refuse as they should, beside PyTorch and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from dlpatterns import layers
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.models.mobile import mobilenet_v2
from dlpatterns.train import small
from dlpatterns.train.network import Network

PYTORCH = json.loads((Path(__file__).parent / "pytorch_training.json").read_text())


# --- Networks -------------------------------------------------------------------------


def _branches(net):
    """A residual block with batch norm, a squeeze-and-excitation gate, concatenated
    maps, and a head.
    """
    x = net(layers.Conv2d(4, 3, padding=1), net.input, name="stem")
    y = net.chain(
        x,
        layers.BatchNorm2d(),
        layers.Activation("silu"),
        layers.Conv2d(4, 3, padding="same", groups=2),
    )
    x = net(layers.Add(), x, y)
    gate = net.chain(
        x, layers.GlobalAvgPool2d(), layers.Conv2d(4, 1), layers.Activation("sigmoid")
    )
    x = net(layers.Multiply(), x, gate)
    x = net(layers.Concat(), net(layers.AvgPool2d(2), x), net(layers.MaxPool2d(2), x))
    return net.chain(
        x,
        layers.Patches(),
        layers.LayerNorm(),
        layers.TakeToken(0),
        layers.Linear(3, bias=False),
    )


def _plain(net):
    x = net.chain(
        net.input,
        layers.Conv2d(3, 3, stride=2, dilation=2, padding=2),
        layers.Activation("gelu"),
    )
    return net.chain(x, layers.Flatten(), layers.Linear(5), layers.Softmax())


def built(kind):
    net = Builder(kind, (2, 6, 6))
    return net.model({"branches": _branches, "plain": _plain}[kind](net))


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("kind", ["branches", "plain"])
def test_gradients_of_whole_networks_are_those_of_small_changes(kind, training):
    net, rng = Network(built(kind), seed=3), np.random.default_rng(1)
    x, grad = (
        rng.normal(size=(3, 2, 6, 6)),
        rng.normal(size=(3, *net.model.output_shape)),
    )
    net.forward(x, training=True)  # running statistics that are neither 0 nor 1
    net.forward(x, training=training)
    to_x, grads = net.backward(grad), net.grads
    for array, gradient in [
        (x, to_x),
        *((net.params[name], grads[name]) for name in net.params),
    ]:
        step = rng.normal(size=array.shape)
        values = []
        for side in (1, -2, 1):
            array += side * 1e-6 * step
            values.append((net.forward(x, training=training) * grad).sum())
        assert np.isclose(
            (values[0] - values[1]) / 2e-6,
            (gradient * step).sum(),
            rtol=1e-4,
            atol=1e-6,
        )


@pytest.mark.parametrize(
    "model",
    [small.mlp((20, 10)), small.cnn(), built("branches"), built("plain")],
    ids=lambda m: m.name,
)
def test_a_network_holds_as_many_parameters_as_are_counted(model):
    assert (
        sum(value.size for value in Network(model).params.values())
        == count(model).params
    )


def test_a_zoo_network_runs_as_it_is_counted():
    """Every layer of MobileNetV2 returns the shape the builder inferred; the classes
    are scores, not NaN.
    """
    net = Network(mobilenet_v2(), dtype=np.float32)
    shapes = {
        name: out.shape[1:]
        for name, out in net.activations(np.ones((1, 3, 224, 224))).items()
    }
    assert shapes == {layer.name: layer.output_shape for layer in net.model.layers}


def test_batch_norm_remembers_what_pytorch_remembers():
    stored = PYTORCH["normalisations"]["batch"]
    net = Builder("norm", (4, 2, 5))
    running = Network(net.model(net(layers.BatchNorm2d(), net.input, name="norm")))
    running.forward(np.array(stored["inputs"][0]), training=True)
    np.testing.assert_allclose(running.modules["norm"].mean, stored["mean"], atol=1e-12)
    np.testing.assert_allclose(
        running.modules["norm"].variance, stored["variance"], atol=1e-12
    )


def test_dropout_keeps_the_mean_and_sends_gradients_where_values_went():
    net = Builder("dropout", (10_000,))
    running = Network(net.model(net(layers.Dropout(0.25), net.input)))
    x = np.ones((1, 10_000))
    out = running.forward(x, training=True)
    assert set(np.unique(out)) == {0, 4 / 3} and abs(out.mean() - 1) < 0.03
    np.testing.assert_array_equal(running.backward(x), out)
    np.testing.assert_array_equal(running.forward(x), x)


def test_first_weights_keep_a_signals_size():
    """He's rule before ReLU and Glorot's before nothing: the standard deviations their
    papers give.
    """
    wide = Builder("wide", (400,))
    model = wide.model(
        wide.chain(
            wide.input,
            layers.Linear(500),
            layers.Activation("relu"),
            layers.Linear(300),
        )
    )
    first, last = (
        value
        for name, value in Network(model).params.items()
        if name.endswith("weight")
    )
    assert (
        np.isclose(first.std(), np.sqrt(2 / 400), rtol=0.02)
        and stats.kurtosis(first, axis=None) > -0.1
    )  # normal
    assert (
        np.isclose(last.std(), np.sqrt(2 / (500 + 300)), rtol=0.02)
        and stats.kurtosis(last, axis=None) < -1.1
    )  # uniform


def test_seeds_decide_the_weights():
    one, same, other = (Network(small.cnn(), seed=seed).params for seed in (1, 1, 2))
    assert all((one[name] == same[name]).all() for name in one)
    assert not (one["conv1.weight"] == other["conv1.weight"]).any()


def one_layer(spec, shape):
    net = Builder("one", shape)
    return net.model(net(spec, net.input, name="it"))


UNRUN = [
    (layers.RMSNorm(), (4, 6)),
    (layers.PositionEmbedding(learned=False), (4, 6)),
    (layers.Patches(extra=1), (2, 3, 3)),
    (layers.Experts(4, active=2, hidden=3), (4, 6)),
]


@pytest.mark.parametrize(("spec", "shape"), UNRUN, ids=str)
def test_what_cannot_run_is_named_when_the_network_is_made(spec, shape):
    with pytest.raises(ValueError, match=r"'it'.*counted but not run"):
        Network(one_layer(spec, shape))


@pytest.mark.parametrize(
    ("kind", "make"), [("Embedding", lambda: layers.Embedding(9, 4, tied="table"))]
)
def test_tied_tables_do_not_run_as_if_they_were_their_own(kind, make):
    net = Builder("tied", (5,))
    first = net(layers.Embedding(9, 4), net.input, name="table")
    with pytest.raises(ValueError, match="tied to 'table'"):
        Network(
            net.model(net(layers.Add(), first, net(make(), net.input, name="again")))
        )


def test_shapes_that_do_not_fit_are_shown():
    net = Network(small.mlp())
    with pytest.raises(ValueError, match=r"\(N, 1, 8, 8\), got \(3, 8, 8\)"):
        net.forward(np.zeros((3, 8, 8)))
    with pytest.raises(ValueError, match="needs a forward pass"):
        net.backward(np.zeros((3, 10)))
    net.forward(np.zeros((3, 1, 8, 8)))
    with pytest.raises(
        ValueError, match=r"'output' returned shape \(3, 10\).*\(3, 9\)"
    ):
        net.backward(np.zeros((3, 9)))
    with pytest.raises(ValueError, match="no variance"):
        Network(one_layer(layers.BatchNorm2d(), (3, 1, 1))).forward(
            np.ones((1, 3, 1, 1)), training=True
        )
    words = Network(one_layer(layers.Embedding(5, 2), (3,)))
    for tokens in (np.array([[0, 1, 5]]), np.array([[0.0, 1, 2]])):
        with pytest.raises(ValueError, match="whole numbers from 0 to 4"):
            words.forward(tokens)
