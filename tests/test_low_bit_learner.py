"""A network that learns with few bits: what it computes with, what reaches its latent
weights, what is kept of them, and its bytes.
"""

import numpy as np
import pytest

from dlpatterns.lectures.low_bit_training import experiment
from dlpatterns.quantize import binary, low_bit
from dlpatterns.quantize.learner import Keeping, LowBit, Recipe, bytes_of
from dlpatterns.train import data, loop, losses
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import SGD, Adam

DIGITS = data.digits(seed=0)
MAPS, Y = DIGITS.train_x[:32], DIGITS.train_y[:32]
X = MAPS.reshape(-1, 64, 1, 1)
HARD = low_bit.SignsHardTanh()


def learned(recipe, *, steps=3, rate=1e-2, model=None, eta=None):
    net = LowBit(model or experiment.perceptron((12, 8)), recipe, 1)
    optimiser = Keeping(Adam(rate), net, eta=eta)
    for _ in range(steps):
        loop.train_step(net, X, Y, optimiser, loss=losses.softmax_cross_entropy)
    return net


def test_without_rules_it_is_a_network():
    model = experiment.convolutional((3, 4))
    ours = LowBit(model, Recipe(), 4, dtype=np.float64)
    plain = Network(model, 4)
    for net in (ours, plain):
        value, grad = losses.softmax_cross_entropy(net.forward(MAPS, training=True), Y)
        net.backward(grad)
        assert value > 0
    assert ours.grads.keys() == plain.grads.keys()
    for name, grad in plain.grads.items():
        assert ours.grads[name] == pytest.approx(grad), name


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (low_bit.Signs(), 2),
        (low_bit.Steps(2), 3),
        (low_bit.Steps(4), 15),
        (low_bit.Shifts(4), 15),
    ],
)
def test_deployed_weights_have_few_values(rule, values):
    net = learned(Recipe(weights=rule))
    for name in net.rules:
        assert len(np.unique(net.deployed_weight(name))) <= values
        assert len(np.unique(net.params[name])) > 15


def test_signs_behind_a_relu_carry_nothing():
    """The sign of what is never negative is +1, always."""
    positive = np.maximum(np.random.default_rng(0).normal(size=1000), 0)
    assert (HARD.forward(positive, {}) == 1).all()
    assert set(HARD.forward(positive - 0.5, {})) == {-1.0, 1.0}


def test_binary_activations_are_signs_of_what_batch_norm_says():
    net = learned(Recipe(weights=low_bit.Signs(), activations=HARD))
    seen = net.activations(X)
    for i in (1, 2):
        assert set(np.unique(seen[f"act{i}"])) == {-1.0, 1.0}
        assert ((seen[f"norm{i}"] >= 0) == (seen[f"act{i}"] > 0)).all()


def test_packed_words_give_the_same_sums():
    """XNOR and popcount on packed words, exact beside the floats of the network."""
    net = learned(Recipe(weights=low_bit.Signs(), activations=HARD))
    seen, weight = net.activations(X), net.deployed_weight("hidden2.weight")
    product = binary.xnor_product(
        binary.pack(seen["act1"].reshape(len(X), -1).astype(int)),
        binary.pack(weight.reshape(len(weight), -1).astype(int)),
    )
    assert (product == seen["hidden2"].reshape(len(X), -1)).all()


def test_signs_keep_latent_weights_between_minus_one_and_one():
    net = learned(Recipe(weights=low_bit.Signs()), rate=0.8)
    assert max(np.abs(net.params[name]).max() for name in net.rules) == 1


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_stored_weights_lie_on_their_grid(rounding):
    grid = low_bit.Grid(8, 7)
    net = learned(Recipe(stored=grid, stored_rounding=rounding))
    for name in net.rules:
        codes = net.params[name] * 128
        assert (codes == np.rint(codes)).all()
        assert np.abs(codes).max() <= 127


def test_a_rate_below_half_a_step_stalls():
    """Adam moves about its rate; half a step of 1/128 is 0.0039."""
    runs = {}
    for rounding in ("nearest", "stochastic"):
        recipe = Recipe(stored=low_bit.Grid(8, 7), stored_rounding=rounding)
        early, late = (learned(recipe, steps=steps, rate=1e-3) for steps in (1, 12))
        runs[rounding] = np.mean(
            early.params["hidden1.weight"] != late.params["hidden1.weight"]
        )
    assert runs["nearest"] == 0
    assert runs["stochastic"] > 0.5


def test_bytes_by_hand():
    """12-8 hidden units: 64 x 12 + 12 x 8 + 8 x 10 weights."""
    weights = 64 * 12 + 12 * 8 + 8 * 10
    norms, bias, outputs = 2 * 20, 10, 30
    model = experiment.perceptron((12, 8))
    plain = bytes_of(LowBit(model, Recipe()))
    assert plain == {
        "latent": 4 * weights, "deployed": 4 * weights, "beside": 2 * (norms + bias)
    }  # fmt: skip
    xnor = bytes_of(
        LowBit(model, Recipe(weights=low_bit.Signs(scaled=True), activations=HARD))
    )
    assert xnor == {
        "latent": 4 * weights, "deployed": weights / 8,
        "beside": 2 * (norms + bias + outputs),
    }  # fmt: skip
    stored = bytes_of(LowBit(model, Recipe(stored=low_bit.Grid(8, 7))))
    assert stored["latent"] == weights
    ends = bytes_of(
        LowBit(model, Recipe(weights=low_bit.Signs(), ends=low_bit.Steps(8)))
    )
    assert ends["deployed"] == 64 * 12 + 12 + 80
    assert ends["beside"] == 2 * (norms + bias + 2)


def test_adders_measure_distances_and_take_their_rate():
    net = learned(Recipe(adder=True), steps=1, eta=0.1)
    assert (net.activations(X)["hidden1"] <= 0).all()
    grads = net.grads["hidden1.weight"], net.grads["output.weight"]
    assert np.linalg.norm(grads[0]) == pytest.approx(0.1 * grads[0].size ** 0.5)
    assert np.linalg.norm(grads[1]) != pytest.approx(0.1 * grads[1].size ** 0.5)


def test_gradients_of_eight_bits_are_near():
    model = experiment.perceptron((12, 8))
    found = []
    for recipe in (Recipe(), Recipe(gradient_bits=8)):
        net = LowBit(model, recipe, 2)
        _, grad = losses.softmax_cross_entropy(net.forward(X, training=True), Y)
        net.backward(grad)
        found.append(net.grads["hidden1.weight"])
    apart = np.linalg.norm(found[0] - found[1]) / np.linalg.norm(found[0])
    assert 0 < apart < 0.1


def test_an_optimiser_trains_one_network():
    net = LowBit(experiment.perceptron((12, 8)), Recipe())
    optimiser = Keeping(SGD(0.1), net)
    optimiser.claim(net.params)
    with pytest.raises(ValueError, match="make a new one"):
        optimiser.claim({})


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"weights": "binary"}, TypeError, r"such as Signs\(\)"),
        ({"activations": None}, TypeError, "activations takes a rule"),
        ({"gradient_bits": 1}, ValueError, "gradient_bits"),
        ({"stored_rounding": "up"}, ValueError, "unknown rounding"),
    ],
)
def test_bad_recipes_are_refused(given, error, words):
    with pytest.raises(error, match=words):
        Recipe(**given)


def test_a_convolution_of_one_pixel_is_a_product():
    model = experiment.perceptron((12, 8))
    ours = LowBit(model, Recipe(), 4, dtype=np.float64)
    plain = Network(model, 4)
    for net in (ours, plain):
        _, grad = losses.softmax_cross_entropy(net.forward(X, training=True), Y)
        net.backward(grad)
    for name, grad in plain.grads.items():
        assert ours.grads[name] == pytest.approx(grad, abs=1e-12), name
