"""Rules of few bits: beside PyTorch's autograd, by trial of every code, and by hand.
References: benchmarks/low_bit_references.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from dlpatterns.graph import Builder
from dlpatterns.layers import Conv2d
from dlpatterns.quantize import adder, fake, low_bit
from dlpatterns.quantize.affine import Scheme

STORED = json.loads((Path(__file__).parent / "pytorch_low_bit.json").read_text())
WEIGHT, ROWS = np.array(STORED["weight"]), np.array(STORED["rows"])
COSINES = np.cos(np.arange(WEIGHT.size, dtype=float)).reshape(WEIGHT.shape)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_scaled_signs_are_those_of_autograd():
    rule, (out, grad) = low_bit.Signs(scaled=True), STORED["scaled signs"]
    assert rule.forward(WEIGHT, {}) == pytest.approx(np.array(out))
    assert rule.backward(COSINES, WEIGHT, {})[0] == pytest.approx(np.array(grad))


def test_learned_steps_are_those_of_autograd():
    rule, own = low_bit.Steps(3), {"step": np.array([0.3])}
    out, to_x, to_step = STORED["steps"]
    assert rule.forward(WEIGHT, own) == pytest.approx(np.array(out))
    grad, learned = rule.backward(COSINES, WEIGHT, own)
    assert learned["step"] * np.sqrt(WEIGHT.size * 3) == pytest.approx(to_step)
    inside = np.abs(WEIGHT / 0.3) < 3
    assert grad[inside] == pytest.approx(np.array(to_x)[inside])


def test_learned_steps_agree_with_the_rule_for_trained_networks():
    """`fake.lsq` is an independent way to the same codes and gradients."""
    x, grad = normal(200), normal(200, seed=1)
    for rule, scheme in (
        (low_bit.Steps(4), Scheme(4, narrow=True)),
        (low_bit.Steps(2, signed=False), Scheme(2, signed=False)),
    ):
        own = {"step": np.array([0.21])}
        assert rule.forward(x, own) == pytest.approx(fake.lsq(x, 0.21, scheme))
        to_x, to_step = fake.lsq_backward(grad, x, 0.21, scheme)
        mine, learned = rule.backward(grad, x, own)
        assert mine == pytest.approx(to_x)
        assert learned["step"] == pytest.approx(to_step)


def test_plain_signs_send_the_gradient_straight_back():
    rule = low_bit.Signs()
    assert rule.forward(np.array([[0.0, -0.1, 2.0]]), {}).tolist() == [[1, -1, 1]]
    assert (rule.backward(COSINES, WEIGHT, {})[0] == COSINES).all()


def test_activation_signs_close_beyond_one():
    rule, x = low_bit.SignsHardTanh(), np.array([-1.5, -1.0, 0.2, 1.0, 1.1])
    assert rule.backward(np.ones(5), x, {})[0].tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_shifts_are_the_nearest_of_all_codes(bits):
    x = normal(500)
    top = np.floor(np.log2(np.abs(x).max() * 4 / 3))
    powers = 2.0 ** (top - np.arange(2 ** (bits - 1) - 1))
    codes = np.concatenate([[0.0], powers, -powers])
    assert len(codes) == 2**bits - 1
    best = codes[np.abs(x[:, None] - codes).argmin(axis=1)]
    assert low_bit.Shifts(bits).forward(x, {}) == pytest.approx(best)


def test_ternary_is_near_the_best_of_all_thresholds():
    """Li et al. 2016: the threshold 0.7 mean|w| stands for the best one."""
    for seed in range(5):
        weight = normal(1, 400, seed=seed)
        mine = np.sum((weight - low_bit.Ternary().forward(weight, {})) ** 2)
        size = np.sort(np.abs(weight[0]))[::-1]
        gains = np.cumsum(size) ** 2 / np.arange(1, 401)
        best = np.sum(weight**2) - gains.max()
        assert best <= mine <= 1.02 * best


def test_ternary_of_zeros_is_zero():
    assert not low_bit.Ternary().forward(np.zeros((2, 3)), {}).any()


def test_a_grid_has_its_codes():
    values = np.linspace(-3, 3, 1001)
    kept = low_bit.Grid(4, 2).forward(values, {})
    codes = np.arange(-7, 8) / 4
    assert set(kept) == set(codes)
    assert np.abs(kept - values)[np.abs(values) < 1.75].max() <= 0.125


def test_nearest_stalls_where_chance_arrives():
    rng, step = np.random.default_rng(0), 1.0
    near, chance = np.zeros(10_000), np.zeros(10_000)
    for _ in range(10):
        near = low_bit.nearest(near + 0.3, step)
        chance = low_bit.stochastic(chance + 0.3, step, rng)
    assert not near.any()
    deviation = np.sqrt(10 * 0.3 * 0.7 / 10_000)
    assert abs(chance.mean() - 3) < 4 * deviation
    assert (chance == np.rint(chance)).all()


def test_gradients_in_few_bits():
    grad = normal(1000)
    near = low_bit.rounded_gradient(grad, 8, "nearest", np.random.default_rng(0))
    step = np.abs(grad).max() / 127
    assert len(np.unique(near)) <= 255
    assert np.abs(near - grad).max() <= step / 2 * (1 + 1e-9)
    assert not low_bit.rounded_gradient(
        np.zeros(3), 8, "stochastic", np.random.default_rng(0)
    ).any()


def test_distances_are_pytorchs():
    assert adder.distances(ROWS, WEIGHT) == pytest.approx(np.array(STORED["distances"]))


def adder_layer(x, filters, **how):
    net = Builder("one", x.shape[1:])
    model = net.model(
        net(Conv2d(len(filters), 3, bias=False, **how), net.input, name="one")
    )
    return adder.Adder(model.layers[0], (0, 0))


def test_an_adder_layer_is_pytorchs():
    x, filters = np.array(STORED["x"]), np.array(STORED["filters"])
    layer = adder_layer(x, filters, padding=1, stride=2)
    out = layer.forward({"weight": filters}, x, training=True)
    assert out == pytest.approx(np.array(STORED["adder, padding 1, stride 2"]))


def test_an_adder_layers_gradients_window_by_window():
    """Chen et al. 2020, equations 5 and 7: X - F, and F - X clipped to -1 and 1."""
    x, filters = np.array(STORED["x"]), np.array(STORED["filters"])
    layer = adder_layer(x, filters, padding=1, stride=2)
    out = layer.forward({"weight": filters}, x, training=True)
    grad = normal(*out.shape)
    (to_x,), own = layer.backward({"weight": filters}, grad)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    wide, slow = np.zeros_like(padded), np.zeros_like(filters)
    for n, m, p, q in np.ndindex(*grad.shape):
        place = (n, slice(None), slice(2 * p, 2 * p + 3), slice(2 * q, 2 * q + 3))
        slow[m] += grad[n, m, p, q] * (padded[place] - filters[m])
        wide[place] += grad[n, m, p, q] * np.clip(filters[m] - padded[place], -1, 1)
    assert own["weight"] == pytest.approx(slow)
    assert to_x == pytest.approx(wide[:, :, 1:-1, 1:-1])


def test_an_adders_own_rate_makes_all_layers_alike():
    for size in (1e-6, 1.0, 1e6):
        grad = adder.local_rate(size * normal(50), 0.1)
        assert np.linalg.norm(grad) == pytest.approx(0.1 * np.sqrt(50))
    assert not adder.local_rate(np.zeros(4)).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: low_bit.Steps(1), "bits is a whole number from 2"),
        (lambda: low_bit.Steps(17), "bits"),
        (lambda: low_bit.Shifts(1), "bits"),
        (lambda: low_bit.Grid(1, 3), "bits"),
        (lambda: low_bit.chosen("up"), "choose 'nearest' or 'stochastic'"),
        (lambda: adder.local_rate(np.ones(3), 0), "above zero"),
        (lambda: adder.distances(np.ones((2, 3)), np.ones((2, 4))), "one length"),
        (
            lambda: adder.distances_backward(
                np.ones((2, 2)), np.ones((2, 3)), np.ones((4, 3))
            ),
            "a gradient of 2 rows with 4",
        ),
        (lambda: adder_layer(np.ones((1, 1, 9, 9)), [1], dilation=2), "no dilation"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_whole_numbers_are_not_cut_off_when_rounded_to_steps():
    assert low_bit.nearest(np.array([1]), 0.75) == 0.75  # in integers it would be 0
