"""Training: losses and optimisers against PyTorch, gradients of whole networks,
determinism, and what is refused.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from dlpatterns import layers
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.models.mobile import mobilenet_v2
from dlpatterns.train import data, loop, losses, seeing, small, timing
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import SGD, Adam

PYTORCH = json.loads((Path(__file__).parent / "pytorch_training.json").read_text())


# --- Losses and optimisers ------------------------------------------------------------


def test_cross_entropy_agrees_with_pytorch():
    stored = PYTORCH["cross_entropy"]
    logits, labels = np.array(stored["inputs"][0]), np.array(stored["inputs"][1])
    loss, gradient = losses.softmax_cross_entropy(logits, labels)
    assert np.isclose(loss, stored["out"], atol=1e-12)
    np.testing.assert_allclose(
        gradient * stored["grad"], stored["to_inputs"][0], atol=1e-12
    )


def test_cross_entropy_of_huge_scores_and_of_sequences():
    logits, labels = np.array([[[1e4, 0.0], [0.0, 1e4]]]), np.array([[0, 0]])
    loss, gradient = losses.softmax_cross_entropy(logits, labels)
    assert loss == 5000  # nothing for the first token, 10 000 nats for the second
    np.testing.assert_array_equal(gradient, [[[0, 0], [-0.5, 0.5]]])


@settings(max_examples=30, deadline=None)
@given(
    examples=st.integers(1, 5), classes=st.integers(2, 6), seed=st.integers(0, 2**31)
)
def test_losses_have_the_gradients_of_small_changes(examples, classes, seed):
    rng = np.random.default_rng(seed)
    out, labels, target = (
        rng.normal(size=(examples, classes)),
        rng.integers(0, classes, examples),
        rng.normal(),
    )
    step = rng.normal(size=out.shape)
    for loss, wanted in (
        (losses.softmax_cross_entropy, labels),
        (losses.squared_error, np.full_like(out, target)),
    ):
        up, down = (loss(out + side * 1e-6 * step, wanted)[0] for side in (1, -1))
        assert np.isclose(
            (up - down) / 2e-6,
            (loss(out, wanted)[1] * step).sum(),
            rtol=1e-5,
            atol=1e-7,
        )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(3, int), r"\(2, 4\).*\(2,\).*\(3,\)"),
        (np.zeros(2), r"float64 \(2,\)"),
        (np.array([0, 4]), r"0 to 3 .*0 to 4"),
        (np.array([0, -1]), r"0 to 3 .*-1 to 0"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        losses.softmax_cross_entropy(np.zeros((2, 4)), labels)


def test_squared_error_does_not_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3,\)"):
        losses.squared_error(np.zeros((3, 1)), np.zeros(3))


MAKE = {
    "SGD": lambda: SGD(0.1),
    "SGD momentum": lambda: SGD(0.1, 0.9),
    "SGD momentum decay": lambda: SGD(0.1, 0.9, weight_decay=0.01),
    "Adam": lambda: Adam(0.01),
    "Adam betas": lambda: Adam(0.01, betas=(0.5, 0.9)),
    "Adam decay": lambda: Adam(0.01, weight_decay=0.1),
}


@pytest.mark.parametrize("name", PYTORCH["optimisers"])
def test_optimisers_take_the_steps_of_pytorch(name):
    stored, optimiser = PYTORCH["optimisers"][name], MAKE[name]()
    params = {"w": np.array(stored["weight"])}
    for grad, expected in zip(stored["grads"], stored["path"], strict=True):
        optimiser.step(params, {"w": np.array(grad)})
        np.testing.assert_allclose(params["w"], expected, atol=1e-13)


def test_momentum_by_hand():
    """Gradient 1 and momentum 1/2: velocities 1, 1.5, 1.75; at rate 0.1 the weight
    moves by 0.425.
    """
    params, optimiser = {"w": np.zeros(1)}, SGD(0.1, 0.5)
    for _ in range(3):
        optimiser.step(params, {"w": np.ones(1)})
    np.testing.assert_allclose(params["w"], -0.425, atol=1e-15)


def test_adams_first_step_has_the_size_of_the_rate_whatever_the_gradient():
    params = {"w": np.zeros(3)}
    Adam(0.01).step(params, {"w": np.array([1e-3, -1.0, 1e6])})
    np.testing.assert_allclose(params["w"], [-0.01, 0.01, -0.01], rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(-1), "lr must be .* -1"),
        (lambda: SGD(float("nan")), "lr must be .* nan"),
        (lambda: Adam(0.1, betas=(0.9, 1)), r"below 1.*\(0.9, 1\)"),
    ],
)
def test_rates_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("optimiser", [SGD(0.1), Adam(0.1)], ids=["SGD", "Adam"])
def test_gradients_must_fit_their_parameters(optimiser):
    with pytest.raises(ValueError, match=r"'w'"):
        optimiser.step({"w": np.zeros(2)}, {})
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2,\)"):
        optimiser.step({"w": np.zeros((3, 2))}, {"w": np.zeros(2)})


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


# --- The loop -------------------------------------------------------------------------


def trained(seed=0, *, epochs=3, model=None, optimizer=None):
    split, net = data.digits(), Network(model or small.mlp(), seed=seed)
    optimizer = optimizer or Adam(0.005)
    history = loop.fit(
        net,
        split.train_x,
        split.train_y,
        epochs=epochs,
        batch=64,
        optimizer=optimizer,
        seed=seed,
    )
    return net, history, split


def test_the_digits_are_learned_as_well_as_scikit_learn_learns_them():
    """The same network, optimiser and number of epochs: the held-out accuracies lie
    within two points.
    """
    net, history, split = trained(epochs=20)
    peer = MLPClassifier(
        (64,),
        learning_rate_init=0.005,
        batch_size=64,
        max_iter=20,
        random_state=0,
        alpha=0,
    )
    with pytest.warns(match="Maximum iterations"):
        peer.fit(split.train_x.reshape(-1, 64), split.train_y)
    theirs = peer.score(split.test_x.reshape(-1, 64), split.test_y)
    assert abs(loop.accuracy(net, split.test_x, split.test_y) - theirs) < 0.02
    assert len(history.loss) == 20 and history.loss[-1] < 0.1 * history.loss[0]


def test_a_convolutional_network_learns_the_digits():
    net, _, split = trained(model=small.cnn(), epochs=6)
    assert loop.accuracy(net, split.test_x, split.test_y) > 0.95


def test_the_first_loss_is_that_of_guessing():
    """Softmax over ten classes that are alike costs ln 10 nats."""
    net, split = Network(small.mlp(())), data.digits()
    net.params["output.weight"][:] = 0
    history = loop.fit(
        net, split.train_x, split.train_y, epochs=1, batch=2000, optimizer=SGD(0)
    )
    assert np.isclose(history.loss[0], np.log(10))


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples():
    """Three examples in batches of two: the lone one must not weigh as much as a
    pair.
    """
    net = Network(one_layer(layers.Linear(1, bias=False), (1,)))
    net.params["it.weight"][:] = 0
    x, y = np.ones((3, 1)), np.array([[0.0], [0.0], [6.0]])
    history = loop.fit(
        net, x, y, epochs=1, batch=2, optimizer=SGD(0), loss=losses.squared_error
    )
    assert np.isclose(history.loss[0], 6.0)  # 36 / 2 / 3


def test_validation_is_watched_and_changes_nothing():
    split = data.digits()
    nets = [Network(small.mlp(), seed=1) for _ in range(2)]
    for net, validation in zip(nets, (None, (split.test_x, split.test_y)), strict=True):
        history = loop.fit(
            net,
            split.train_x,
            split.train_y,
            epochs=2,
            batch=64,
            optimizer=Adam(0.01),
            validation=validation,
        )
    assert (nets[0].params["output.weight"] == nets[1].params["output.weight"]).all()
    assert history.validation_accuracy[-1] == loop.accuracy(
        nets[1], split.test_x, split.test_y
    )
    expected = -special.log_softmax(nets[1].forward(split.test_x), axis=1)[
        np.arange(450), split.test_y
    ].mean()
    assert np.isclose(history.validation_loss[-1], expected)


PROGRAM = """
from test_train import trained
from dlpatterns.train import small
net, history, _ = trained(epochs=4, model=small.cnn())
print(f"{history.loss[-1]:.9f} {net.params['conv1.weight'].sum():.9f}")
"""


def test_a_run_ends_the_same_with_one_thread_and_two_and_on_an_older_processor():
    ends = set()
    for threads, core in (("1", "Haswell"), ("2", "Haswell"), ("1", "Nehalem")):
        env = os.environ | {
            "OPENBLAS_NUM_THREADS": threads,
            "OPENBLAS_CORETYPE": core,
            "PYTHONPATH": str(Path(__file__).parent),
        }
        ends.add(
            subprocess.run(
                [sys.executable, "-c", PROGRAM],
                env=env,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
    assert len(ends) == 1, ends


def test_a_loss_that_explodes_is_named():
    with (
        pytest.raises(
            ValueError,
            match=r"MLP 64 became (nan|inf).*smaller learning rate than 1e\+200",
        ),
        np.errstate(all="ignore"),
    ):
        trained(optimizer=SGD(1e200))


def test_nan_in_the_examples_is_not_blamed_on_the_learning_rate():
    split, net = data.digits(), Network(small.mlp())
    split.train_x[5, 0, 3, 3] = np.nan
    with pytest.raises(
        ValueError, match=r"examples \(1347, 1, 8, 8\) hold values that are not finite"
    ):
        loop.fit(
            net, split.train_x, split.train_y, epochs=1, batch=64, optimizer=SGD(0.1)
        )


def test_a_network_of_nan_has_no_accuracy():
    split, net = data.digits(), Network(small.mlp())
    net.params["output.bias"][3] = np.nan
    with pytest.raises(ValueError, match="MLP 64 returned values that are not finite"):
        loop.accuracy(net, split.test_x, split.test_y)


def test_labels_that_would_broadcast_are_refused():
    split, net = data.digits(), Network(small.mlp())
    with pytest.raises(ValueError, match=r"answers \(450,\), labels \(450, 1\)"):
        loop.accuracy(net, split.test_x, split.test_y[:, None])
    with pytest.raises(ValueError, match=r"450 examples .*10 labels"):
        loop.accuracy(net, split.test_x, split.test_y[:10])
    with pytest.raises(ValueError, match="at least one example"):
        loop.predict(net, split.test_x[:0])


@pytest.mark.parametrize("batch", [0, -1, 2.0])
def test_batches_are_whole(batch):
    with pytest.raises(ValueError, match="batch must be a whole number"):
        loop.fit(
            Network(small.mlp()),
            *data.digits()[:2],
            epochs=1,
            batch=batch,
            optimizer=SGD(0.1),
        )


@pytest.mark.parametrize("optimiser", [SGD(0.1, 0.9), Adam(0.01)], ids=["SGD", "Adam"])
def test_an_optimiser_that_remembers_another_network_is_refused(optimiser):
    net, _, split = trained(epochs=1, optimizer=optimiser)
    loop.fit(net, split.train_x, split.train_y, epochs=1, batch=64, optimizer=optimiser)
    with pytest.raises(ValueError, match="remembers the steps of another network"):
        trained(seed=1, optimizer=optimiser)


def bars(monkeypatch, live):
    """Train for an epoch where somebody watches, or nobody, and return what tqdm was
    told.
    """
    told = []
    monkeypatch.setattr(loop, "is_live", lambda: live)
    monkeypatch.setattr(
        loop, "tqdm", lambda rows, **options: told.append(options["disable"]) or rows
    )
    trained(epochs=1)
    return told


def test_a_progress_bar_is_shown_only_to_somebody_who_watches(monkeypatch, capsys):
    assert bars(monkeypatch, True) == [False] and bars(monkeypatch, False) == [True]
    monkeypatch.undo()
    trained(epochs=1)
    assert capsys.readouterr() == ("", "")


def test_who_watches(monkeypatch):
    for name in ("PYTEST_CURRENT_TEST", "JPY_SESSION_NAME", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not loop.is_live()
    monkeypatch.setenv("JPY_SESSION_NAME", "lab")
    assert loop.is_live()
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "a notebook under nbval")
    assert not loop.is_live()


# --- Data, seeing, timing -------------------------------------------------------------


def test_the_digits_are_all_there_once_and_both_parts_hold_all_classes_alike():
    split, (images, labels) = data.digits(seed=4), load_digits(return_X_y=True)
    together = np.concatenate([split.train_x, split.test_x]).reshape(-1, 64)
    assert sorted(map(bytes, together)) == sorted(
        map(bytes, (images / 16).astype(np.float32))
    )
    shares = [
        np.bincount(part) / len(part) for part in (split.train_y, split.test_y, labels)
    ]
    np.testing.assert_allclose(shares[0], shares[2], atol=0.003)
    np.testing.assert_allclose(shares[1], shares[2], atol=0.003)
    with pytest.raises(ValueError, match=r"between 0 and 1; got 1\.5"):
        data.digits(test_share=1.5)


def test_the_photographs_are_colour_pictures():
    photos = data.photographs()
    assert {name: (p.shape, p.dtype) for name, p in photos.items()} == dict.fromkeys(
        ("china", "flower"), ((3, 427, 640), np.dtype(np.float32))
    )
    assert all(p.min() >= 0 and 0.9 < p.max() <= 1 for p in photos.values())


def detector():
    """One unit that answers to a bright pixel in the middle of a 3 x 3 image, and one
    to a dark one.
    """
    net = Builder("detector", (1, 3, 3))
    model = net.model(
        net.chain(
            net.input,
            layers.Conv2d(2, 1),
            layers.Activation("relu"),
            names=("conv", "relu"),
        )
    )
    running = Network(model)
    running.params["conv.weight"][:] = [[[[1.0]]], [[[-1.0]]]]
    return running


def test_seeing_finds_what_a_unit_likes():
    net, x = detector(), np.zeros((4, 1, 3, 3))
    x[2, 0, 1, 1], x[1, 0, 0, 2] = 0.9, 0.5
    np.testing.assert_array_equal(
        seeing.responses(net, x, "relu")[:, 0], [0, 0.5, 0.9, 0]
    )
    np.testing.assert_array_equal(
        seeing.favourites(net, x, "relu", 0, top=3), [2, 1, 0]
    )
    bright, dark = (seeing.maximise(net, "conv", unit)[0] for unit in (0, 1))
    assert (bright[1, 1], dark[1, 1]) == (1, 0)
    rest = np.delete(bright.ravel(), 4)
    np.testing.assert_array_equal(rest, 0.5)


def test_seeing_names_what_it_cannot_show():
    net = detector()
    for call in (
        lambda: seeing.maximise(net, "conv", 2),
        lambda: seeing.favourites(net, np.ones((1, 1, 3, 3)), "conv", -1),
    ):
        with pytest.raises(ValueError, match="units 0 to 1"):
            call()
    with pytest.raises(ValueError, match="unit 1 of layer 'relu'"):
        seeing.maximise(net, "relu", 1)  # silent at grey
    with pytest.raises(KeyError, match="its layers: conv, relu"):
        seeing.responses(net, np.ones((1, 1, 3, 3)), "conv9")


def test_layer_times_are_those_of_the_layers(monkeypatch):
    clock = iter(np.cumsum([0, 1, 2, 4, 0, 3, 1, 5]))
    monkeypatch.setattr(timing, "perf_counter", lambda: next(clock))
    net = Network(small.mlp(()))
    model = Builder("three", (4,))
    net = Network(
        model.model(
            model.chain(
                model.input,
                layers.Linear(2),
                layers.Activation("relu"),
                layers.Linear(2),
                names=("a", "b", "c"),
            )
        )
    )
    times = timing.layer_times(net, np.ones((1, 4)), repeats=2)
    assert [(t.name, t.kind, t.seconds) for t in times] == [
        ("a", "Linear", 1),
        ("b", "Activation", 1),
        ("c", "Linear", 4),
    ]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        timing.layer_times(net, np.ones((1, 4)), repeats=0)


def test_a_silenced_unit_is_missed_where_it_was_needed_and_comes_back():
    """Two classes, each with a detector of its own: without the second, only its class
    is lost.
    """
    net = Builder("two", (2,))
    running = Network(
        net.model(
            net.chain(
                net.input,
                layers.Linear(2),
                layers.Linear(2),
                names=("detect", "decide"),
            )
        )
    )
    running.params["detect.weight"][:] = np.eye(2)
    running.params["decide.weight"][:] = np.eye(2)
    running.params["decide.bias"][:] = (0.1, 0)
    before = {name: value.copy() for name, value in running.params.items()}
    x, y = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]]), np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(seeing.silenced(running, x, y, "detect", 1), [0, 1])
    np.testing.assert_array_equal(
        seeing.silenced(running, x, y, "detect", 0), [0, 0]
    )  # the bias decides
    assert np.isnan(seeing.silenced(running, x[:2], y[:2], "detect", 0)[1])
    assert all((running.params[name] == before[name]).all() for name in before)
    with pytest.raises(ValueError, match="units 0 to 1, got 2"):
        seeing.silenced(running, x, y, "detect", 2)
