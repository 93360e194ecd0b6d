"""Full connection, activations, pooling, normalisation: against SciPy and PyTorch,
gradients against differences.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, special, stats

from dlpatterns.kernels import activations, convolution, linear, normalisation, pooling

PYTORCH = json.loads((Path(__file__).parent / "pytorch_training.json").read_text())
SEEDS = st.integers(0, 2**31)
SMALL = st.integers(1, 4)
KINDS = [*activations.FUNCTIONS, "softmax"]
FORWARD = activations.FUNCTIONS | {"softmax": activations.softmax}
BACKWARD = activations.BACKWARD | {"softmax": activations.softmax_backward}


def arrays(stored, key):
    return [np.array(each) for each in stored[key]]


def agrees_with_differences(function, inputs, gradients, *, seed=0):
    """Check gradients along one random direction a time: (f(x + h d) - f(x - h d)) / 2
    h = gradient . d.
    """
    rng = np.random.default_rng(seed)
    grad = rng.normal(size=function(*inputs).shape)
    for i, (value, gradient) in enumerate(zip(inputs, gradients(grad), strict=True)):
        assert gradient.shape == value.shape
        step = rng.normal(size=value.shape)
        up, down = (
            function(*inputs[:i], value + side * 1e-6 * step, *inputs[i + 1 :])
            for side in (1, -1)
        )
        assert np.isclose(
            ((up - down) / 2e-6 * grad).sum(),
            (gradient * step).sum(),
            rtol=1e-4,
            atol=1e-6,
        )


# --- Full connection ------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    lead=st.lists(SMALL, min_size=1, max_size=3),
    features=SMALL,
    outputs=SMALL,
    biased=st.booleans(),
    seed=SEEDS,
)
def test_linear_is_a_sum_of_products(lead, features, outputs, biased, seed):
    rng = np.random.default_rng(seed)
    x, weight = rng.normal(size=(*lead, features)), rng.normal(size=(outputs, features))
    bias = rng.normal(size=outputs) if biased else None
    expected = np.einsum("...d,md->...m", x, weight) + (bias if biased else 0)
    np.testing.assert_allclose(linear.linear(x, weight, bias), expected, atol=1e-13)
    np.testing.assert_allclose(
        linear.linear_matmul(x, weight, bias), expected, atol=1e-13
    )
    parts = (x, weight) if bias is None else (x, weight, bias)
    agrees_with_differences(
        linear.linear_matmul,
        parts,
        lambda grad: linear.linear_backward(grad, x, weight)[: len(parts)],
    )


def test_linear_agrees_with_pytorch():
    stored = PYTORCH["linear"]
    x, weight, bias = arrays(stored, "inputs")
    np.testing.assert_allclose(
        linear.linear(x, weight, bias), stored["out"], atol=1e-12
    )
    for ours, theirs in zip(
        linear.linear_backward(np.array(stored["grad"]), x, weight),
        stored["to_inputs"],
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("kernel", [linear.linear, linear.linear_matmul])
def test_linear_does_not_cut_fractions_off(kernel):
    """Whole numbers times halves are no whole numbers."""
    np.testing.assert_array_equal(
        kernel(np.array([[1, 3]]), np.array([[0.5, 0.25]])), [[1.25]]
    )


def test_the_convolution_loops_do_not_cut_fractions_off():
    pixels = np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2)
    np.testing.assert_array_equal(
        convolution.conv2d(pixels, np.full((1, 1, 2, 2), 0.25)), [[[[1.5]]]]
    )


@pytest.mark.parametrize("kernel", [linear.linear, linear.linear_matmul])
def test_linear_shows_what_does_not_fit(kernel):
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(5, 4\)"):
        kernel(np.ones((2, 3)), np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"\(4,\).*\(5, 3\).*\(5,\)"):
        kernel(np.ones((2, 3)), np.ones((5, 3)), np.ones(4))
    with pytest.raises(ValueError, match=r"\(2, 5\).*\(2, 4\)"):
        linear.linear_backward(np.ones((2, 4)), np.ones((2, 3)), np.ones((5, 3)))


# --- Activations ----------------------------------------------------------------------

SCIPY = {
    "sigmoid": special.expit,
    "silu": lambda x: x * special.expit(x),
    "gelu": lambda x: x * stats.norm.cdf(x),
    "softmax": lambda x: special.softmax(x, axis=-1),
}


@pytest.mark.parametrize("name", SCIPY)
def test_activations_agree_with_scipy_from_far_left_to_far_right(name):
    x = np.concatenate([np.linspace(-30, 30, 121), [-800.0, 800.0]])
    np.testing.assert_allclose(FORWARD[name](x), SCIPY[name](x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", PYTORCH["activations"])
def test_activations_agree_with_pytorch(name):
    stored = PYTORCH["activations"][name]
    (x,), grad = arrays(stored, "inputs"), np.array(stored["grad"])
    np.testing.assert_allclose(FORWARD[name](x), stored["out"], atol=1e-12)
    np.testing.assert_allclose(
        BACKWARD[name](grad, x), stored["to_inputs"][0], atol=1e-12
    )


def test_lecuns_tanh_keeps_one_at_one():
    """LeCun chose the constants so that f(1) = 1 and f(-1) = -1 (1998, appendix A)."""
    np.testing.assert_allclose(
        activations.scaled_tanh(np.array([-1.0, 0, 1])), [-1, 0, 1], atol=2e-5
    )


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=20, deadline=None)
@given(shape=st.lists(SMALL, min_size=1, max_size=3), seed=SEEDS)
def test_activations_have_the_gradients_of_small_changes(name, shape, seed):
    x = 4 * np.random.default_rng(seed).normal(size=shape)
    for kink in (-3, 0, 3, 6):
        x = np.where(np.abs(x - kink) < 1e-3, x + 0.01, x)
    agrees_with_differences(
        FORWARD[name], (x,), lambda grad: (BACKWARD[name](grad, x),)
    )


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out_and_nothing_overflows(name, dtype):
    x = np.array([-1e4, -1, 0, 1, 1e4], dtype=dtype)
    with np.errstate(over="raise", invalid="raise"):
        for out in (FORWARD[name](x), BACKWARD[name](np.ones_like(x), x)):
            assert out.dtype == dtype and np.isfinite(out).all()


@pytest.mark.parametrize("name", KINDS)
def test_whole_numbers_give_what_the_same_real_numbers_give(name):
    whole = np.array([-4, -1, 0, 2, 7])
    np.testing.assert_allclose(
        FORWARD[name](whole), FORWARD[name](whole.astype(float)), rtol=1e-15
    )
    grad = np.ones(5)
    np.testing.assert_allclose(
        BACKWARD[name](grad, whole),
        BACKWARD[name](grad, whole.astype(float)),
        rtol=1e-15,
    )


@pytest.mark.parametrize("name", KINDS)
def test_nan_stays_nan(name):
    assert np.isnan(FORWARD[name](np.array([np.nan, 1.0]))[0])


# --- Pooling --------------------------------------------------------------------------

POOLS = {
    "max_pool2d": (
        pooling.max_pool2d,
        pooling.max_pool2d_windows,
        pooling.max_pool2d_backward,
    ),
    "avg_pool2d": (
        pooling.avg_pool2d,
        pooling.avg_pool2d_windows,
        pooling.avg_pool2d_backward,
    ),
}
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def pools(draw):
    """Maps and a window that fits on them."""
    kernel, stride = draw(PAIR), draw(st.one_of(st.none(), PAIR))
    padding = draw(
        st.one_of(st.just("same"), st.tuples(*(st.integers(0, k // 2) for k in kernel)))
    )
    size = [draw(st.integers(k, k + 6)) for k in kernel]
    maps = np.random.default_rng(draw(SEEDS)).normal(
        size=(draw(SMALL), draw(SMALL), *size)
    )
    return (
        maps,
        kernel,
        {"stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())},
    )


@pytest.mark.parametrize("name", POOLS)
@settings(max_examples=40, deadline=None)
@given(layer=pools())
def test_both_rungs_of_pooling_agree_and_gradients_are_those_of_small_changes(
    name, layer
):
    x, kernel, how = layer
    loops, rung, backward = POOLS[name]
    np.testing.assert_allclose(
        rung(x, kernel, **how), loops(x, kernel, **how), atol=1e-14
    )
    agrees_with_differences(
        lambda x: rung(x, kernel, **how),
        (x,),
        lambda grad: (backward(grad, x, kernel, **how),),
    )


@pytest.mark.parametrize(
    "stored",
    PYTORCH["poolings"],
    ids=lambda stored: f"{stored['kind']} {stored['how']}",
)
def test_pooling_agrees_with_pytorch(stored):
    how = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in stored["how"].items()
    }
    kernel = how.pop("kernel_size")
    (x,), grad = arrays(stored, "inputs"), np.array(stored["grad"])
    loops, rung, backward = POOLS[stored["kind"]]
    for kernel_function in (loops, rung):
        np.testing.assert_allclose(
            kernel_function(x, kernel, **how), stored["out"], atol=1e-12
        )
    np.testing.assert_allclose(
        backward(grad, x, kernel, **how), stored["to_inputs"][0], atol=1e-12
    )


def test_pooling_with_stride_one_agrees_with_scipy():
    x = np.random.default_rng(0).normal(size=(1, 1, 7, 9))
    for name, reference in (
        ("max_pool2d", ndimage.maximum_filter),
        ("avg_pool2d", ndimage.uniform_filter),
    ):
        expected = reference(x[0, 0], size=3)[1:-1, 1:-1]
        np.testing.assert_allclose(
            POOLS[name][0](x, 3, stride=1)[0, 0], expected, atol=1e-14
        )


def test_of_equal_values_the_first_takes_the_gradient():
    assert pooling.max_pool2d_backward(
        np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2)), 2
    ).tolist() == [[[[1, 0], [0, 0]]]]


def test_the_mean_of_whole_maps():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_allclose(
        pooling.global_avg_pool2d(x), pooling.avg_pool2d(x, (4, 5)), atol=1e-15
    )
    back = pooling.global_avg_pool2d_backward
    agrees_with_differences(
        pooling.global_avg_pool2d, (x,), lambda grad: (back(grad, x),)
    )


@pytest.mark.parametrize("name", POOLS)
def test_pooling_refuses_what_has_no_answer(name):
    for function in POOLS[name][:2]:
        with pytest.raises(ValueError, match=r"\(3, 4, 4\)"):
            function(np.ones((3, 4, 4)), 2)
        with pytest.raises(ValueError, match=r"\(5, 5\).*\(4, 4\)"):
            function(np.ones((1, 3, 4, 4)), 5)
        with pytest.raises(ValueError, match=r"stride .* got 0"):
            function(np.ones((1, 3, 4, 4)), 2, stride=0)
        with pytest.raises(ValueError, match=r"padding \(2, 2\) .*kernel \(3, 3\)"):
            function(np.ones((1, 3, 4, 4)), 3, padding=2)
    with pytest.raises(ValueError, match=r"\(1, 3, 2, 2\).*\(1, 3, 4, 4\)"):
        POOLS[name][2](np.ones((1, 3, 4, 4)), np.ones((1, 3, 4, 4)), 2)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(1, 2, 1, 1\).*\(1, 2, 3, 3\)"):
        pooling.global_avg_pool2d_backward(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3)))


# --- Normalisation --------------------------------------------------------------------


def training_batch_norm(x, scale, shift):
    return normalisation.batch_norm(
        x, *normalisation.batch_statistics(x), scale=scale, shift=shift
    )


def test_batch_norm_agrees_with_pytorch():
    stored = PYTORCH["normalisations"]["batch"]
    x, scale, shift = arrays(stored, "inputs")
    np.testing.assert_allclose(
        training_batch_norm(x, scale, shift), stored["out"], atol=1e-12
    )
    for ours, theirs in zip(
        normalisation.batch_norm_backward(np.array(stored["grad"]), x, scale),
        stored["to_inputs"],
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_layer_norm_agrees_with_pytorch():
    stored = PYTORCH["normalisations"]["layer"]
    x, scale, shift = arrays(stored, "inputs")
    np.testing.assert_allclose(
        normalisation.layer_norm(x, scale, shift), stored["out"], atol=1e-12
    )
    gradients = normalisation.layer_norm_backward(np.array(stored["grad"]), x, scale)
    for ours, theirs in zip(gradients, stored["to_inputs"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_rms_norm_agrees_with_pytorch():
    stored = PYTORCH["normalisations"]["rms"]
    np.testing.assert_allclose(
        normalisation.rms_norm(*arrays(stored, "inputs")), stored["out"], atol=1e-12
    )


def test_local_response_norm_agrees_with_pytorch_whose_alpha_is_divided_by_the_size():
    stored = PYTORCH["normalisations"]["response"]
    np.testing.assert_allclose(
        normalisation.local_response_norm(*arrays(stored, "inputs")),
        stored["out"],
        atol=1e-12,
    )


@settings(max_examples=30, deadline=None)
@given(shape=st.tuples(st.integers(2, 4), SMALL, SMALL, SMALL), seed=SEEDS)
def test_normalisations_have_the_gradients_of_small_changes(shape, seed):
    rng = np.random.default_rng(seed)
    x, scale, shift = (
        rng.normal(size=shape),
        rng.normal(size=shape[1]),
        rng.normal(size=shape[1]),
    )
    back = normalisation.batch_norm_backward
    agrees_with_differences(
        training_batch_norm, (x, scale, shift), lambda grad: back(grad, x, scale)
    )
    if shape[3] > 1:
        rows = (x, rng.normal(size=shape[3]), rng.normal(size=shape[3]))
        back_rows = normalisation.layer_norm_backward
        agrees_with_differences(
            normalisation.layer_norm, rows, lambda grad: back_rows(grad, *rows[:2])
        )


def test_normalised_values_have_mean_zero_and_variance_one():
    x = 5 + 3 * np.random.default_rng(0).normal(size=(8, 3, 6, 6))
    out = training_batch_norm(x, np.ones(3), np.zeros(3))
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=(0, 2, 3)), 1, atol=1e-5)


def test_normalisations_show_what_does_not_fit():
    x, three, two = np.ones((2, 3, 4, 4)), np.ones(3), np.ones(2)
    with pytest.raises(ValueError, match=r"scale.*\(2, 3, 4, 4\), got \(2,\)"):
        normalisation.batch_norm(x, three, three, scale=two, shift=three)
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 4\), got \(2, 3, 4, 1\)"):
        normalisation.batch_norm_backward(np.ones((2, 3, 4, 1)), x, three)
    for function in (normalisation.layer_norm, normalisation.rms_norm):
        with pytest.raises(ValueError, match=r"scale \(3,\).*\(2, 3, 4, 4\)"):
            function(x, three)
    with pytest.raises(ValueError, match=r"shift \(3,\).*\(2, 3, 4, 4\)"):
        normalisation.layer_norm(x, np.ones(4), three)
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 4\), got \(4,\)"):
        normalisation.layer_norm_backward(np.ones(4), x, np.ones(4))
    with pytest.raises(ValueError, match=r"odd.*4"):
        normalisation.local_response_norm(x, 4)
