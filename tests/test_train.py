"""Training: losses and optimisers against PyTorch, determinism, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.neural_network import MLPClassifier

from dlpatterns import layers
from dlpatterns.graph import Builder
from dlpatterns.train import data, loop, losses, small
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


def one_layer(spec, shape):
    net = Builder("one", shape)
    return net.model(net(spec, net.input, name="it"))


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
