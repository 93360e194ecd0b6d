"""Scales, observers, rounding while training: beside PyTorch and ONNX Runtime, by trial
and by hand. References: benchmarks/quantization_references.py.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from dlpatterns.quantize import affine, binary, fake, observers
from dlpatterns.quantize.affine import Affine, Scheme

HERE = Path(__file__).parent
STORED = json.loads((HERE / "quantization_references.json").read_text())
SCHEMES = {
    "int8 symmetric": Scheme(),
    "int8 narrow": Scheme(narrow=True),
    "uint8 affine": Scheme(signed=False, symmetric=False),
    "uint4 affine": Scheme(4, signed=False, symmetric=False),
    "int8 affine": Scheme(symmetric=False),
}
MAKERS = {
    "MinMax": observers.MinMax,
    "MovingAverage": lambda: observers.MovingAverage(0.1),
    "MinMax, channels": lambda: observers.MinMax(axis=1),
}


def the_batches():
    """Return the function that drew the inputs of the references."""
    path = HERE.parent / "benchmarks" / "quantization_references.py"
    spec = importlib.util.spec_from_file_location("quantization_references", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.batches


BATCHES = the_batches()


def shown(watch, kind):
    for batch in BATCHES(kind):
        watch.see(batch)
    return watch


@pytest.mark.parametrize("which", MAKERS)
def test_observers_agree_with_pytorch(which):
    rows = [row for row in STORED["torch"]["observers"] if row["observer"] == which]
    assert len(rows) == 24
    for row in rows:
        how = shown(MAKERS[which](), row["data"]).affine(SCHEMES[row["scheme"]])
        assert np.ravel(how.scale) == pytest.approx(row["scale"], rel=1e-6), row
        assert np.ravel(how.zero_point).tolist() == row["zero_point"], row


@pytest.mark.parametrize("row", STORED["onnxruntime"]["ranges"], ids=str)
def test_histograms_agree_with_onnxruntime(row):
    if row["method"] == "percentile":
        watch = observers.Percentile(row["given"], bins=row["bins"])
    else:
        watch = observers.KL(bins=row["bins"], levels=row["given"])
    low, high = shown(watch, row["data"]).range()
    if row["low"] > row["high"]:  # one bin holds all: theirs is turned around
        assert row["data"] == "constant"
        assert float(low) == float(high) == 1.25
        return
    digits = 1e-6 * max(map(abs, (row["low"], row["high"])))  # their edges are float32
    assert float(low) == pytest.approx(row["low"], abs=digits)
    assert float(high) == pytest.approx(row["high"], abs=digits)


def test_parameters_agree_with_onnxruntime():
    for row in STORED["onnxruntime"]["parameters"]:
        how = shown(observers.MinMax(), row["data"]).affine(SCHEMES[row["scheme"]])
        assert float(how.scale) == pytest.approx(row["scale"], rel=1e-6), row
        assert int(how.zero_point) == row["zero_point"], row


def test_mse_is_the_best_of_all_shares():
    x = np.random.default_rng(3).standard_t(3, size=400)
    scheme = Scheme(4, narrow=True)
    errors = {
        share: np.mean(
            (np.clip(np.rint(x / (t := share * np.abs(x).max() / 7)), -7, 7) * t - x)
            ** 2
        )
        for share in np.arange(1, 101) / 100
    }
    best = min(errors, key=errors.get)
    watch = observers.MSE(scheme)
    watch.see(x)
    assert float(watch.affine(scheme).scale) == pytest.approx(
        best * np.abs(x).max() / 7
    )
    assert best < 0.9  # clipping pays on heavy tails
    by_slice = observers.fit_least_error(np.stack([x, 2 * x]), scheme, axis=0)
    assert by_slice.scale == pytest.approx(
        watch.affine(scheme).scale * np.array([1, 2])
    )


def test_mse_takes_batches_together():
    first, second = np.random.default_rng(4).normal(size=(2, 100))
    both, apart = observers.MSE(Scheme(3)), observers.MSE(Scheme(3))
    both.see(np.concatenate([first, second]))
    apart.see(first)
    apart.see(second)
    assert both.range() == apart.range()


@pytest.mark.parametrize("row", STORED["torch"]["fake"], ids=lambda r: str(r["low"]))
def test_fake_quantisation_agrees_with_pytorch(row):
    bits = int(np.log2(row["high"] - row["low"] + 1))
    signed = row["low"] < 0
    how = Affine(
        Scheme(bits, signed=signed, symmetric=signed), row["step"], row["zero"]
    )
    x, grad = np.array(row["x"]), np.array(row["grad"])
    assert fake.fake_quantise(x, how) == pytest.approx(row["out"], abs=1e-6)
    assert fake.fake_quantise_backward(grad, x, how) == pytest.approx(row["to_x"])
    if "to_step" in row:
        to_x, to_step = fake.lsq_backward(
            grad, x, row["step"], how.scheme, scaled=False
        )
        assert to_x == pytest.approx(row["to_x"])
        assert to_step == pytest.approx(row["to_step"], rel=1e-4)  # float32 there


def test_the_steps_gradient_where_it_is_a_slope():
    """Where a value is clipped, the output is code x step: there a difference shows the
    slope itself.
    """
    x, scheme, d = np.array([9.0, -11.0, 8.0]), Scheme(4), 1e-6
    grad = np.array([0.3, 0.2, -0.7])
    up, down = (fake.lsq(x, 0.5 + move, scheme) @ grad for move in (d, -d))
    _, slope = fake.lsq_backward(grad, x, 0.5, scheme, scaled=False)
    assert slope == pytest.approx((up - down) / (2 * d))
    _, scaled = fake.lsq_backward(grad, x, 0.5, scheme)
    assert scaled == pytest.approx(slope / np.sqrt(3 * 7))


def test_a_learned_step_finds_a_good_one():
    x = np.random.default_rng(0).normal(size=4000)
    scheme = Scheme(3)
    step = fake.first_step(x, scheme)
    for _ in range(400):
        error = fake.lsq(x, step, scheme) - x
        step -= 0.1 * fake.lsq_backward(error, x, step, scheme)[1] / 100
    tried = np.linspace(0.2, 1.5, 200)
    losses = [np.mean((fake.lsq(x, one, scheme) - x) ** 2) for one in tried]
    reached = np.mean((fake.lsq(x, step, scheme) - x) ** 2)
    assert reached < 1.1 * min(losses)


def test_known_signal_to_noise():
    """A full-range sine in 8 bits: 6.02 x 8 + 1.76 dB (Bennett 1948)."""
    wave = np.sin(np.linspace(0, 2000 * np.pi, 200_001))
    how = Scheme(8, signed=False, symmetric=False).over(-1.0, 1.0)
    assert affine.noise(wave, how.round(wave)) == pytest.approx(
        6.02 * 8 + 1.76, abs=0.1
    )


def test_groups_and_channels():
    x = np.arange(16.0).reshape(2, 8) - 4
    how = affine.fit(x, Scheme(4, symmetric=False, signed=False), group=4)
    assert how.scale.shape == (2, 2)
    assert how.scale[0].tolist() == [4 / 15, 3 / 15]
    assert np.abs(how.round(x) - x).max() <= how.scale.max() / 2 + 1e-12
    assert how.bytes_for(16) == (16 * 4 + 4 * (16 + 4)) / 8
    per = affine.fit(x, Scheme(), axis=1)
    assert per.scale.shape == (8,)
    assert per.bytes_for(16) == 16 + 16


def test_codes_round_to_even_and_clip():
    how = Affine(Scheme(4), 1.0)
    assert how.codes(np.array([0.5, 1.5, 2.5, -0.5, 99.0, -99.0])).tolist() == [
        0, 2, 2, 0, 7, -8
    ]  # fmt: skip


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, []])
def test_a_scale_must_be_positive_and_finite(scale):
    with pytest.raises(ValueError, match="positive finite number"):
        Affine(Scheme(), scale)


@pytest.mark.parametrize(
    "maker",
    [
        *MAKERS.values(),
        observers.Percentile,
        observers.KL,
        lambda: observers.MSE(Scheme()),
    ],
)
def test_calibration_refuses_what_it_cannot_measure(maker):
    with pytest.raises(ValueError, match="seen no batch"):
        maker().range()
    with pytest.raises(ValueError, match="empty"):
        maker().see(np.zeros((0, 25)))
    for bad in (np.inf, -np.inf, np.nan):
        with pytest.raises(ValueError, match="NaN or infinity, first at"):
            maker().see(np.array([[1.0, bad, 2.0]]))


@pytest.mark.parametrize("value", [3.5, -3.5, 0.0, 1e-300, 5e-324])
def test_a_tensor_of_one_value_is_coded_exactly_or_as_zero(value):
    x = np.full(7, value)
    for scheme in SCHEMES.values():
        how = affine.fit(x, scheme)
        assert np.abs(how.round(x) - x).max() <= max(how.scale / 2, 1e-299)
        assert np.isfinite(how.round(x)).all()
    for watch in (
        observers.MinMax(),
        observers.Percentile(),
        observers.KL(bins=256),
        observers.MSE(Scheme()),
    ):
        watch.see(x)
        assert np.isfinite(watch.affine(Scheme()).scale)


def test_the_whole_range_of_float64_has_a_scale():
    how = affine.fit(np.array([-1.7e308, 1.7e308]), Scheme(symmetric=False))
    assert np.isfinite(how.scale)


def test_other_wrong_calls():
    x = np.ones((2, 6))
    with pytest.raises(ValueError, match="groups of 4 do not divide"):
        affine.fit(x, group=4)
    with pytest.raises(ValueError, match="an axis or a group"):
        affine.fit(x, axis=0, group=2)
    with pytest.raises(ValueError, match="from 1 to 16"):
        Scheme(17)
    with pytest.raises(TypeError, match="whole number"):
        Scheme(4.0)
    with pytest.raises(ValueError, match="a zero point lies between"):
        Affine(Scheme(4), 1.0, 9)
    with pytest.raises(ValueError, match="lies between -8 and 7"):
        Affine(Scheme(4), 1.0).values(np.array([8]))
    with pytest.raises(ValueError, match="one bit has no codes"):
        affine.fit(x, Scheme(1))
    with pytest.raises(ValueError, match="is empty"):
        affine.fit(np.zeros((0, 3)))
    with pytest.raises(TypeError, match="real numbers"):
        affine.fit(np.array(["a"]))
    with pytest.raises(ValueError, match="does not fit"):
        fake.fake_quantise_backward(np.ones(3), np.ones(4), Affine(Scheme(), 1.0))


def test_signs_have_the_scale_of_least_error():
    x = np.random.default_rng(1).normal(size=(3, 50))
    sign, size = binary.signs(x)
    for row in range(3):
        tried = np.linspace(0.2, 2, 1801)
        errors = [np.sum((sign[row] * t - x[row]) ** 2) for t in tried]
        assert size[row, 0] == pytest.approx(tried[np.argmin(errors)], abs=1e-3)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_xnor_is_bit_exact(length):
    rng = np.random.default_rng(length)
    a, b = rng.choice([-1, 1], (5, length)), rng.choice([-1, 1], (7, length))
    assert (binary.xnor_product(binary.pack(a), binary.pack(b)) == a @ b.T).all()


def test_xnor_refuses():
    ones = binary.pack(np.ones((2, 5), dtype=int))
    with pytest.raises(ValueError, match="1 zeros"):
        binary.pack(np.array([[1, 0, -1]]))
    with pytest.raises(ValueError, match="have no product"):
        binary.xnor_product(ones, binary.pack(np.ones((2, 6), dtype=int)))
    with pytest.raises(TypeError, match="two packed matrices"):
        binary.xnor_product(ones, np.ones((2, 5)))
