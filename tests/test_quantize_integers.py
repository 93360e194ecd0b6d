"""Arithmetic on integers alone: beside exact fractions, beside a C-like transcription
one number at a time, and a converted network beside the trained one.
"""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns.graph import Builder
from dlpatterns.layers import Activation, AvgPool2d, Conv2d, Flatten, Linear
from dlpatterns.quantize import fixed, integer, mixed, network, scaling, training
from dlpatterns.quantize.affine import Affine, Scheme
from dlpatterns.train import data, loop, small
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import Adam

MIN, MAX = -(2**31), 2**31 - 1
INT32 = st.integers(MIN, MAX)
RNG = np.random.default_rng(0)


def truncated(a: int, b: int) -> int:
    """Divide as C does: toward zero."""
    return abs(a) // b * (1 if a >= 0 else -1)


def srdhm(a: int, b: int) -> int:
    """gemmlowp/fixedpoint/fixedpoint.h, SaturatingRoundingDoublingHighMul, by line."""
    overflow = a == b == MIN
    ab = a * b
    nudge = (1 << 30) if ab >= 0 else (1 - (1 << 30))
    return MAX if overflow else truncated(ab + nudge, 1 << 31)


def rdbp(x: int, exponent: int) -> int:
    """The same file's RoundingDivideByPOT, by line."""
    mask = (1 << exponent) - 1
    remainder = x & mask
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if remainder > threshold else 0)


@given(INT32, INT32)
def test_high_mul_follows_gemmlowp(a, b):
    found = int(fixed.saturating_rounding_doubling_high_mul(a, b))
    assert found == srdhm(a, b)
    if not a == b == MIN:
        assert found == floor(Fraction(a * b, 2**31) + Fraction(1, 2))


def test_high_mul_saturates():
    assert int(fixed.saturating_rounding_doubling_high_mul(MIN, MIN)) == MAX
    assert int(fixed.saturating_rounding_doubling_high_mul(MIN, MAX)) == -MAX


@given(INT32, st.integers(0, 31))
def test_division_follows_gemmlowp(x, exponent):
    found = int(fixed.rounding_divide_by_pot(x, exponent))
    assert found == rdbp(x, exponent)
    exact = Fraction(x, 2**exponent)
    away = floor(abs(exact) + Fraction(1, 2))
    assert found == (away if x >= 0 else -away)


@given(st.integers(-(2**20), 2**20), st.integers(2**30, MAX), st.integers(-31, 10))
def test_both_rules_on_exact_fractions(x, multiplier, shift):
    double = int(fixed.requantize(x, multiplier, shift, "double"))
    single = int(fixed.requantize(x, multiplier, shift, "single"))
    assert double == rdbp(srdhm(x << max(shift, 0), multiplier), max(-shift, 0))
    exact = Fraction(x * multiplier) * Fraction(2) ** (shift - 31)
    assert single == floor(exact + Fraction(1, 2))
    assert abs(double - exact) <= 1
    assert abs(double - single) <= 1


def test_known_double_roundings():
    """2.5 x 2^-1 ... by hand: 5 x 0.5 = 2.5 -> 3, 3 / 2 = 1.5 -> 2, but 1.25 is 1."""
    assert fixed.requantize(np.array([5, -6]), 2**30, -1, "double").tolist() == [2, -2]
    assert fixed.requantize(np.array([5, -6]), 2**30, -1, "single").tolist() == [1, -1]


def test_multipliers_by_channel_broadcast():
    pairs = fixed.quantise_multipliers(np.array([0.5, 0.001, 3.7]))
    found = fixed.requantize(np.array([[1000, 1000, 1000]]), *pairs)
    assert found.tolist() == [[500, 1, 3700]]


@given(st.floats(1e-9, 1e6))
def test_a_multiplier_is_near_to_31_bits(real):
    multiplier, shift = fixed.quantise_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31)


def test_overflow_is_never_silent():
    with pytest.raises(ValueError, match="overflows an int32"):
        fixed.requantize(np.array([2**30]), 2**30, 2, "double")
    with pytest.raises(ValueError, match="overflows an int32"):
        fixed.requantize(np.array([2**30]), 2**31 - 1, 2, "single")
    with pytest.raises(ValueError, match="accumulator lies between"):
        fixed.requantize(np.array([2**31]), 2**30, 0)
    with pytest.raises(ValueError, match="rounding is one of"):
        fixed.requantize(np.array([1]), 2**30, 0, "half")
    with pytest.raises(TypeError, match="integers"):
        fixed.requantize(np.array([1.0]), 2**30, 0)
    with pytest.raises(ValueError, match="lies between"):
        fixed.quantise_multiplier(float("nan"))
    most = np.full((1, 140_000), -128, dtype=np.int8)
    with pytest.raises(ValueError, match="overflows an int32"):
        integer.int_matmul(most, most.T)
    to = integer.Rescale.between(0.1, Affine(Scheme(), 1.0))
    with pytest.raises(ValueError, match="overflows an int32"):
        to(np.array([2**31]))


@pytest.mark.parametrize("k", [1, 1039, 1040, 1041, 5000])
@pytest.mark.parametrize("through", ["float32", "float64"])
def test_products_are_exact_at_the_extremes(k, through):
    a = RNG.choice([-127, 127, -128, 126], (3, k)).astype(np.int8)
    b = RNG.choice([-127, 127, -128, 125], (k, 4)).astype(np.int8)
    expected = a.astype(object) @ b.astype(object)
    assert (integer.int_matmul(a, b, through=through) == expected).all()
    full = np.full((1, k), -128, dtype=np.int8)
    assert integer.int_matmul(full, full.T, through=through)[0, 0] == k * 128 * 128


def test_without_pieces_float32_would_be_wrong():
    full = np.full((1, 1200), 127, dtype=np.int8)
    full[0, 0] = 126
    plain = int((full.astype(np.float32) @ full.T.astype(np.float32))[0, 0])
    total = 1199 * 127**2 + 126**2
    assert total > integer.EXACT
    assert integer.int_matmul(full, full.T)[0, 0] == total
    assert abs(plain - total) <= 64  # BLAS may be lucky, we may not rely on it


def test_products_refuse():
    a = np.ones((2, 3), dtype=np.int8)
    with pytest.raises(ValueError, match="takes"):
        integer.int_matmul(a, a)
    with pytest.raises(TypeError, match="array of integers"):
        integer.int_matmul(a.astype(float), a.T)
    with pytest.raises(ValueError, match="codes of up to"):
        integer.int_matmul(a.astype(np.int64) * 10**9, a.T)
    with pytest.raises(ValueError, match="through is one of"):
        integer.int_matmul(a, a.T, through="float16")


def test_offsets_leave_the_loop():
    a, b = RNG.integers(0, 256, (4, 30)), RNG.integers(0, 256, (30, 5))
    zeros = RNG.integers(0, 256, 5)
    expected = (a.astype(object) - 17) @ (b - zeros).astype(object)
    assert (integer.hoisted(a, b, 17, zeros) == expected).all()


def test_mean_rounds_away_from_zero():
    found = [int(integer.mean_of(np.array([t]), 4)[0]) for t in range(-10, 11)]
    expected = [
        (1 if t >= 0 else -1) * floor(Fraction(abs(t), 4) + Fraction(1, 2))
        for t in range(-10, 11)
    ]
    assert found == expected


def test_addition_is_within_one_step_of_the_sum():
    scales = (
        Affine(Scheme(symmetric=False), 0.03, 5),
        Affine(Scheme(symmetric=False), 0.011, -40),
    )
    out = Affine(Scheme(symmetric=False), 0.037, -11)
    a, b = RNG.integers(-128, 128, (2, 500))
    real = scales[0].values(a) + scales[1].values(b)
    found = integer.add(a, b, scales=scales, out=out)
    exact = np.clip(real / 0.037 - 11, -128, 127)
    assert np.abs(found - exact).max() <= 0.5 + 1e-4
    cut = integer.add(a, b, scales=scales, out=out, relu=True)
    assert (cut == np.maximum(found, -11)).all()


@pytest.fixture(scope="module")
def trained():
    digits = data.digits()
    made = {}
    for build, rate in ((small.cnn, 3e-3), (small.residual, 3e-3), (small.mlp, 3e-3)):
        net = Network(build((4, 6)) if build is small.cnn else build(), 0)
        loop.fit(
            net,
            digits.train_x,
            digits.train_y,
            epochs=4,
            batch=64,
            optimizer=Adam(rate),
        )
        made[build.__name__] = net
    return digits, made


@pytest.mark.parametrize("name", ["cnn", "residual", "mlp"])
@pytest.mark.parametrize("rounding", fixed.RULES)
def test_an_integer_network_stays_near_the_trained_one(trained, name, rounding):
    digits, nets = trained
    net = nets[name]
    integers = network.convert(net, digits.train_x, rounding=rounding)
    rows = network.report(net, integers, digits.train_x)
    assert min(row["SNR (dB)"] for row in rows) > 24
    kept = loop.accuracy(integers, digits.test_x, digits.test_y)
    assert kept == pytest.approx(
        loop.accuracy(net, digits.test_x, digits.test_y), abs=0.02
    )
    for codes in integers.codes(digits.test_x).values():
        assert codes.dtype.kind == "i"
        assert codes.min() >= -128
        assert codes.max() <= 127


def test_a_folded_network_is_the_same(trained):
    digits, nets = trained
    net = nets["residual"]
    folded = network.fold(net)
    assert len(folded.model.layers) < len(net.model.layers)
    assert folded.forward(digits.test_x) == pytest.approx(net.forward(digits.test_x))


def test_a_converted_layer_by_hand():
    """One connection 3 -> 1, worked out on paper with a scale of 1 everywhere."""
    build = Builder("one", (3,))
    net = Network(build.model(build(Linear(1), build.input, name="it")))
    net.params["it.weight"][...] = [[127, -64, 2]]
    net.params["it.bias"][...] = 5
    x = np.array([[100.0, 155.0, 0.0], [0.0, 200.0, 255.0], [255.0, 0.0, 0.0]])
    integers = network.convert(net, x)
    step = integers.steps[0]
    assert integers.entrance.codes(x)[0].tolist() == [-28, 27, -128]
    assert step.stored["weight"].tolist() == [[127, -64, 2]]
    assert step.stored["bias"].tolist() == [5]
    low, high = 200 * -64 + 255 * 2 + 5, 255 * 127 + 5
    assert float(step.out.scale) == pytest.approx((high - low) / 255)
    total = 100 * 127 - 155 * 64 + 5
    code = round(total / ((high - low) / 255)) + int(step.out.zero_point)
    assert integers.codes(x)["it"][0, 0] == code


def test_conversion_names_what_it_cannot_do(trained):
    digits, _ = trained
    build = Builder("tanh", (1, 8, 8))
    x = build.chain(
        build.input,
        Conv2d(2, 3),
        Activation("tanh"),
        Flatten(),
        Linear(10),
        names=("conv", "act", "flat", "out"),
    )
    with pytest.raises(ValueError, match="'act': a Activation has no integer kernel"):
        network.convert(Network(build.model(x)), digits.train_x[:8])
    build = Builder("overlapping", (1, 8, 8))
    x = build.chain(
        build.input, AvgPool2d(3, stride=2), Flatten(), names=("pool", "flat")
    )
    with pytest.raises(ValueError, match="'pool': the integer average"):
        network.convert(Network(build.model(x)), digits.train_x[:8])
    with pytest.raises(ValueError, match="is empty"):
        network.convert(Network(small.cnn()), digits.train_x[:0])


def test_average_pooling_of_codes():
    build = Builder("mean", (1, 4, 4))
    x = build.chain(build.input, AvgPool2d(2), Flatten(), names=("pool", "flat"))
    image = RNG.uniform(-1, 1, (20, 1, 4, 4))
    net = Network(build.model(x))
    integers = network.convert(net, image)
    step = float(integers.entrance.scale)
    assert np.abs(integers.forward(image) - net.forward(image)).max() <= 1.01 * step


def test_rounded_network_keeps_full_precision_behind(trained):
    digits, nets = trained
    one = training.rounded(nets["cnn"], digits.train_x, weight_bits=2)
    assert len(np.unique(one.layer_params("conv1")["weight"][0])) <= 3
    assert one.params["conv1.weight"] == pytest.approx(
        nets["cnn"].params["conv1.weight"]
    )
    before = one.params["conv1.weight"].copy()
    loop.fit(
        one, digits.train_x, digits.train_y, epochs=2, batch=64, optimizer=Adam(1e-3)
    )
    assert (one.params["conv1.weight"] != before).any()
    assert len(np.unique(one.layer_params("conv1")["weight"][0])) <= 3
    with pytest.raises(ValueError, match="no parameter"):
        training.Rounded(nets["cnn"], weights={"conv9.weight": np.sign})
    with pytest.raises(ValueError, match="no layer"):
        training.Rounded(nets["cnn"], activations={"x": Affine(Scheme(), 1.0)})


def test_gradients_of_a_rounded_network_are_those_at_the_rounded_weights(trained):
    digits, nets = trained
    x, up = digits.test_x[:9], RNG.normal(size=(9, 10))
    one = training.Rounded(
        nets["mlp"], weights={"hidden1.weight": training.weight_rule(3)}
    )
    one.forward(x)
    one.backward(up)
    plain = Network(nets["mlp"].model)
    for key in plain.params:
        plain.params[key][...] = one.layer_params(key.split(".")[0])[key.split(".")[1]]
    plain.forward(x)
    plain.backward(up)
    for key, value in plain.grads.items():
        assert one.grads[key] == pytest.approx(value)


def test_clipped_activations_carry_no_gradient(trained):
    digits, nets = trained
    tight = Affine(Scheme(2, signed=False, symmetric=False), 1e-6)
    one = training.Rounded(nets["mlp"], activations={"relu1": tight})
    one.forward(digits.test_x[:5])
    one.backward(np.ones((5, 10)))
    before = nets["mlp"].activations(digits.test_x[:5])["relu1"]
    clipped = (before > 4e-6).all(axis=0)
    assert clipped.any()
    assert not one.grads["hidden1.weight"][clipped].any()


def test_widths_under_a_budget_are_the_best_of_all():
    """Against every choice, where costs are convex and layers of one size."""
    from itertools import product

    costs = {
        n: {b: w * 4.0**-b for b in range(1, 9)}
        for n, w in (("a", 1.0), ("b", 9.0), ("c", 300.0))
    }
    sizes = dict.fromkeys(costs, 10)
    chosen = mixed.choose(costs, sizes, 4)
    assert mixed.mean_width(chosen, sizes) <= 4
    best = min(
        sum(costs[n][b] for n, b in zip(costs, one, strict=True))
        for one in product(range(1, 9), repeat=3)
        if sum(one) <= 12
    )
    assert sum(costs[n][b] for n, b in chosen.items()) == pytest.approx(best)
    with pytest.raises(ValueError, match="no choice of widths"):
        mixed.choose({"a": {4: 0.0, 3: 1.0}}, {"a": 1}, 2)


def test_moved_outliers_leave_the_product():
    x, weight = RNG.normal(size=(40, 8)), RNG.normal(size=(5, 8))
    x[:, 3] *= 60
    factor = scaling.smooth(x, weight)
    assert (x / factor) @ (weight * factor).T == pytest.approx(x @ weight.T)
    tops = np.abs(x / factor).max(axis=0)
    assert tops == pytest.approx(np.abs(weight * factor).max(axis=0))  # at one half
    assert np.ptp(tops) < np.ptp(np.abs(x).max(axis=0))
    scheme = Scheme(4, narrow=True)
    factor, power = scaling.activation_aware(x, weight, scheme, group=4)
    plain = scaling.weight_rounded(weight, scheme, group=4)
    kept = scaling.weight_rounded(weight, scheme, group=4, factor=factor)
    errors = [np.mean((x @ w.T - x @ weight.T) ** 2) for w in (plain, kept)]
    assert 0 <= power <= 1
    assert errors[1] < errors[0] / 2
    with pytest.raises(ValueError, match="strength lies between"):
        scaling.smooth(x, weight, 2.0)
    with pytest.raises(ValueError, match="share no channels"):
        scaling.smooth(x, weight[:, :3])


def test_sums_of_unsigned_codes_stay_whole_numbers():
    # uint64 less int64 would be float64
    a, b = np.full((1, 3), 200, np.uint8), np.full((3, 1), 3, np.uint8)
    raw = integer.hoisted(a, b, 128, 1)
    assert raw.dtype == np.int64 and raw.item() == 3 * (200 - 128) * (3 - 1)
