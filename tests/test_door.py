"""What the door lets through, and as what: values worked out by hand, or PyTorch's."""

import numpy as np
import pytest

from dlpatterns.kernels import (
    activations,
    blocked,
    convolution,
    fourier,
    linear,
    matmul,
    normalisation,
    pooling,
    recurrence,
    winograd,
)
from dlpatterns.kernels import attention as attend
from dlpatterns.kernels.multi_head import KVCache, turned
from dlpatterns.kernels.ready import Ready
from dlpatterns.kernels.recurrence import Weights

CONVOLUTIONS = [
    convolution.conv2d,
    convolution.conv2d_im2col,
    convolution.conv2d_shifted,
    convolution.conv2d_fast,
    blocked.conv2d_blocked,
    lambda x, w: Ready(w)(x),
]
RUNGS = [
    attend.attention,
    attend.attention_matmul,
    attend.attention_tiled,
    attend.attention_fast,
]
half = np.float16

# --- Whole numbers are widened --------------------------------------------------------


@pytest.mark.parametrize("rung", CONVOLUTIONS)
def test_whole_numbers_are_convolved_exactly(rung):
    """9 x 150 x 2 is 2,700, where eight bits would say 140; 36 x 100 x 100."""
    pixels = np.full((1, 1, 3, 3), 150, np.uint8)
    assert rung(pixels, np.full((1, 1, 3, 3), 2, np.uint8)) == 2700
    maps, filters = np.full((1, 4, 6, 6), 100, np.int8), np.full((4, 4, 3, 3), 100)
    out = rung(maps, filters.astype(np.int8))
    assert out.dtype == np.int64 and (out == 360_000).all()


def test_whole_numbers_are_multiplied_exactly():
    ones = np.ones((1, 2), bool)
    assert linear.linear(ones, ones) == linear.linear_matmul(ones, ones) == 2
    row, column = np.full((1, 3), 90, np.int8), np.full((3, 1), 3, np.int8)
    for rung in (
        matmul.matmul,
        matmul.matmul_outer,
        matmul.matmul_blocked,
        matmul.matmul_blas,
    ):
        assert rung(row, column) == 810


@pytest.mark.parametrize("size", [2**11, 2**12, 2**25, 2**26, 2**30])
def test_products_through_floating_point_are_those_of_python(size):
    """From sums that fit float32 to sums that only int64 holds."""
    rng = np.random.default_rng(size)
    a, b = (rng.integers(-size, size + 1, shape) for shape in ((5, 7), (7, 4)))
    a[0], b[:, 0] = size, size
    exact = a.astype(object) @ b.astype(object)
    assert (matmul.matmul_blas(a, b) == exact).all()
    assert (linear.linear_matmul(a, np.ascontiguousarray(b.T)) == exact).all()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (np.int8(-128), np.int8(-128), 3 * 16_384),
        (np.uint8(255), np.int8(-128), -3 * 32_640),
        (np.uint64(2**32), np.int64(-(2**29)), -3 * 2**61),
        (np.int32(-(2**31)), np.int32(2**20), -3 * 2**51),
        (np.bool_(True), np.uint16(65_535), 3 * 65_535),
    ],
)
def test_narrow_whole_numbers_are_widened_by_the_product(a, b, expected):
    row, column = np.full((2, 3), a), np.full((3, 4), b)
    product = matmul.matmul_blas(row, column)
    assert product.dtype == np.int64 and (product == expected).all()
    assert (matmul.matmul(row, column) == expected).all()


def test_the_narrowest_format_that_is_exact():
    """2^12 x 2^12 is 2^24, up to which float32 counts without a gap; 2^53 is float64's
    limit.
    """
    from dlpatterns.kernels._plan import exact_format

    for terms, a, b, bias, expected in (
        (1, 2**12, 2**12, None, np.float32),
        (1, 2**12, 2**12, 1, np.float64),
        (2, 2**26, 2**26, None, np.float64),
        (2, 2**26, 2**26, -1, np.int64),
        (1, -(2**31), 2**31, 2**62 - 1, np.int64),
    ):
        arrays = [None if n is None else np.array([n]) for n in (a, b, bias)]
        assert exact_format("it", terms, *arrays) is expected
    with pytest.raises(ValueError, match="do not fit int64"):
        exact_format("it", 2, np.array([2**31]), np.array([2**31]))


def test_sums_that_leave_int64_are_refused():
    large = np.full((1, 4), 2**31)
    for product in (
        lambda: matmul.matmul(large, large.T),
        lambda: matmul.matmul_blas(large, large.T),
        lambda: linear.linear(large, large),
        lambda: convolution.conv2d(
            large.reshape(1, 1, 2, 2), large.reshape(1, 1, 2, 2)
        ),
        lambda: matmul.matmul(
            np.full((1, 1), 2**64 - 1, np.uint64), np.ones((1, 1), int)
        ),
        lambda: matmul.matmul_blas(
            np.full((1, 1), 2**64 - 1, np.uint64), np.ones((1, 1), int)
        ),
    ):
        with pytest.raises(ValueError, match="fit int64"):
            product()


def test_functions_of_whole_numbers_are_float64():
    pixels = np.array([0, 1, 9], np.uint8)
    np.testing.assert_allclose(
        activations.sigmoid(pixels), [0.5, 0.731059, 0.999877], atol=1e-6
    )
    np.testing.assert_allclose(activations.silu(pixels)[2], 8.998889, atol=1e-6)
    for x in (np.array([-90, 90], np.int8), np.array([-100, 100], np.int8)):
        np.testing.assert_allclose(activations.softmax(x), [0, 1], atol=1e-30)
    assert normalisation.rms_norm(np.full(8, 200, np.uint8), np.ones(8))[
        0
    ] == pytest.approx(1)
    one = np.full((1, 1, 1, 1), 200, np.uint8)
    assert normalisation.local_response_norm(one, 1, alpha=1.0) == pytest.approx(
        200 / 40002**0.75
    )


def test_pooling_of_whole_numbers():
    for value in (180, 200):
        x = np.full((1, 1, 2, 2), value, np.uint8)
        for mean in (
            pooling.avg_pool2d(x, 2),
            pooling.avg_pool2d_windows(x, 2),
            pooling.global_avg_pool2d(x),
        ):
            assert mean == value
    x = -np.arange(1, 17, dtype=np.int8).reshape(1, 1, 4, 4)
    for rung in (pooling.max_pool2d, pooling.max_pool2d_windows):
        out = rung(x, 2, padding=1)
        assert out.dtype == np.int8
        np.testing.assert_array_equal(
            out[0, 0], [[-1, -2, -4], [-5, -6, -8], [-13, -14, -16]]
        )


def test_gradients_and_rotations_are_not_cut_to_whole_numbers():
    grad = np.full((1, 1, 1, 1), 0.5)
    out = pooling.max_pool2d_backward(grad, np.arange(4).reshape(1, 1, 2, 2), 2)
    np.testing.assert_array_equal(out.ravel(), [0, 0, 0, 0.5])
    np.testing.assert_allclose(
        turned(np.ones((1, 1, 2, 2), int))[0, 0, 1],
        [np.cos(1) - np.sin(1), np.cos(1) + np.sin(1)],
    )
    with pytest.raises(TypeError, match="floating-point"):
        KVCache(1, 1, 1, 1, dtype=int)


# --- Half precision is computed in single ---------------------------------------------


def test_a_half_is_computed_in_single_precision():
    """Sums of 6,000 values and squares of 400 do not fit half precision."""
    mean = pooling.global_avg_pool2d(np.full((1, 1, 60, 100), 0.75, half))
    assert mean == 0.75 and mean.dtype == half
    x, ones = np.array([400, -400, 200, -200], half), np.ones(4, half)
    for norm in (normalisation.layer_norm, normalisation.rms_norm):
        out = norm(x, ones)
        assert out.dtype == half
        np.testing.assert_allclose(out, [1.265, -1.265, 0.632, -0.632], atol=1e-3)
    x = (np.random.default_rng(0).standard_normal((1, 64)) * 60).astype(half)
    variance = normalisation.batch_statistics(x.reshape(1, 1, 8, 8))[1]
    np.testing.assert_allclose(variance, x.astype(float).var(), rtol=1e-3)


@pytest.mark.parametrize("rung", RUNGS)
def test_attention_in_half_precision(rung):
    """Scores of 13.5 have exponentials of 730,000; equal keys give the mean, 3."""
    q, k = np.full((1, 1, 1, 9), 2.5, half), np.full((1, 1, 2, 9), 1.8, half)
    out = rung(q, k, np.array([1, 5], half).reshape(1, 1, 2, 1))
    assert out == 3 and out.dtype == half


@pytest.mark.parametrize("name", activations.FUNCTIONS)
def test_the_format_in_is_the_format_out(name):
    for kind in (np.float16, np.float32, np.float64):
        x = np.ones(2, kind)
        assert activations.FUNCTIONS[name](x).dtype == kind
        assert activations.BACKWARD[name](x, x).dtype == kind


@pytest.mark.parametrize("rung", CONVOLUTIONS)
def test_convolution_in_half_precision(rung):
    """16 x 9 products of 1 and 1/16 each, rounded once at the end."""
    x, w = np.ones((1, 16, 20, 20), half), np.full((16, 16, 3, 3), 1 / 16, half)
    out = rung(x, w)
    assert out.dtype == half
    np.testing.assert_allclose(out, 9, atol=1e-2)


# --- Limits and large values ----------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["silu", "gelu", "hardswish"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_the_limits_at_infinity(name, kind):
    ends = np.array([-np.inf, np.inf], kind)
    np.testing.assert_array_equal(activations.FUNCTIONS[name](ends), [0, np.inf])
    slopes = activations.BACKWARD[name](np.ones(2, kind), ends)
    np.testing.assert_array_equal(slopes, [0, 1])


@pytest.mark.parametrize("rung", RUNGS)
def test_large_and_small_values_do_not_leave_the_format(rung):
    """Equal keys give the value they all hold, whatever the products on the way."""
    single = np.float32
    small, large = np.full((1, 1, 1, 64), 1e-23, single), 1e25
    for q, k, v in (
        (small, np.full((1, 1, 2, 64), large, single), np.ones((1, 1, 2, 1), single)),
        (
            np.full((1, 1, 1, 1), 6, single),
            np.full((1, 1, 2, 1), 6, single),
            np.full((1, 1, 2, 1), large, single),
        ),
        (
            np.full((1, 1, 1, 1), 6, single),
            np.full((1, 1, 2, 1), -6, single),
            np.full((1, 1, 2, 1), 1e-30, single),
        ),
    ):
        np.testing.assert_allclose(rung(q, k, v), v[:, :, :1], rtol=1e-6)
    with pytest.raises(ValueError, match=r"may reach .* does not fit float32"):
        rung(small * single(1e20) * 1e22, small * single(1e20) * 1e22, small)


# --- Empty batches, empty axes --------------------------------------------------------


def test_an_empty_batch_gives_an_empty_result():
    x, w = np.zeros((0, 4, 8, 8)), np.ones((4, 4, 3, 3))
    for rung in (*CONVOLUTIONS, fourier.conv2d_fft):
        assert rung(x, w).shape == (0, 4, 6, 6)
    assert Ready(w[:, :, :1, :1])(x).shape == (0, 4, 8, 8)
    deep = np.ones((4, 1, 3, 3))
    assert blocked.conv2d_depthwise(x, deep).shape == (0, 4, 6, 6)
    filters = winograd.winograd_filters(w)
    assert winograd.conv2d_winograd(x, filters).shape == (0, 4, 6, 6)
    backward = convolution.conv2d_backward(np.zeros((0, 4, 6, 6)), x, w)
    assert [part.shape for part in backward] == [x.shape, w.shape, (4,)]
    assert not backward[1].any()
    for name in ("max_pool2d", "max_pool2d_windows", "avg_pool2d"):
        assert getattr(pooling, name)(x, 2).shape == (0, 4, 4, 4)
    for name in ("max_pool2d_backward", "avg_pool2d_backward"):
        grad = np.zeros((0, 4, 4, 4))
        assert getattr(pooling, name)(grad, x, 2).shape == x.shape


@pytest.mark.parametrize("gates, name", [(1, "rnn"), (3, "gru"), (4, "lstm")])
def test_an_empty_batch_of_sequences(gates, name):
    x, weights = np.zeros((0, 5, 3)), Weights(np.ones((gates, 3)), np.ones((gates, 1)))
    for rung in (name, f"{name}_fast"):
        states = getattr(recurrence, rung)(x, weights)
        states = states if isinstance(states, tuple) else (states,)
        assert all(state.shape == (0, 5, 1) for state in states)


@pytest.mark.parametrize("rung", RUNGS)
def test_attention_of_an_empty_batch(rung):
    q, k = np.zeros((0, 2, 3, 4)), np.zeros((0, 1, 5, 4))
    assert rung(q, k, k).shape == q.shape


def test_a_sum_of_nothing_is_zero():
    x, weight = np.ones((2, 0)), np.ones((3, 0))
    for rung in (linear.linear, linear.linear_matmul):
        np.testing.assert_array_equal(rung(x, weight, np.arange(3)), [[0, 1, 2]] * 2)
    to_x, to_weight, to_bias = linear.linear_backward(np.ones((2, 3)), x, weight)
    assert (to_x.shape, to_weight.shape) == ((2, 0), (3, 0)) and (to_bias == 2).all()


# --- What was made for another shape --------------------------------------------------


def test_buffers_of_another_shape_are_refused():
    x, w = np.ones((1, 4, 6, 6)), np.ones((4, 4, 3, 3))
    filters = winograd.winograd_filters(w)
    larger = np.ones((1, 4, 12, 12))
    work = winograd.Buffers(filters, larger, ((0, 0), (0, 0)))
    with pytest.raises(ValueError, match=r"work was made for .*12, 12.*6, 6"):
        winograd.conv2d_winograd(x, filters, work=work)
    assert winograd.conv2d_winograd(larger, filters, work=work).shape == (1, 4, 10, 10)


def test_transformed_filters_of_another_geometry_are_refused():
    x = np.random.default_rng(1).standard_normal((1, 4, 6, 6))
    w = np.random.default_rng(0).standard_normal((4, 4, 3, 3))
    with pytest.raises(ValueError, match="dilation"):
        fourier.conv2d_fft(x, w, dilation=2, filters=fourier.fourier_filters(x, w))
    with pytest.raises(ValueError, match="transforms of"):
        fourier.conv2d_fft(
            np.ones((1, 4, 9, 9)), w, filters=fourier.fourier_filters(x, w)
        )


@pytest.mark.parametrize("kernel, padding", [(1, 0), (3, 0), (5, 0)])
def test_ready_keeps_its_own_filters(kernel, padding):
    x, w, bias = (
        np.ones((1, 16, 20, 20)),
        np.ones((16, 16, kernel, kernel)),
        np.ones(16),
    )
    ready = Ready(w, bias, padding=padding)
    first = ready(x)
    w *= 2
    bias *= 2
    np.testing.assert_array_equal(ready(x), first)
    np.testing.assert_allclose(first, 16 * kernel**2 + 1)


# --- What a keyword means -------------------------------------------------------------


def test_flags_and_numbers_are_what_they_say():
    q, x = np.ones((1, 1, 2, 2)), np.ones((1, 1, 6, 6))
    for wrong, call in {
        "nan": lambda: attend.attention_matmul(q, q, q, scale=float("nan")),
        "'no'": lambda: attend.attention_matmul(q, q, q, causal="no"),
        "ceil_mode is True or False, got 5": lambda: pooling.max_pool2d(
            x, 4, stride=3, ceil_mode=5
        ),
        "-1": lambda: blocked.conv2d_pointwise(x, np.ones((1, 1, 1, 1)), stride=-1),
        r"\(1, 1, 2, 2, 2\)": lambda: blocked.conv2d_pointwise(
            np.ones((1, 1, 2, 2, 2)), np.ones((1, 1, 1, 1))
        ),
    }.items():
        with pytest.raises((TypeError, ValueError), match=wrong):
            call()


def test_backward_passes_check_the_weights():
    one = np.ones((1, 2, 2))
    weights = Weights(np.ones((2, 5)), np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"weights.x \(2, 3\), got \(2, 5\)"):
        recurrence.rnn_backward(one, np.ones((1, 2, 3)), weights, one * 0.5)


def test_a_window_that_hangs_over_the_whole_map():
    """PyTorch 2.13: max_pool2d of 2 x 2 maps, kernel 3, stride 2, ceil_mode: 1 x 1."""
    x = np.arange(4.0).reshape(1, 1, 2, 2)
    assert pooling.max_pool2d(x, 3, stride=2, ceil_mode=True) == 3
    assert pooling.avg_pool2d(x, 3, stride=2, ceil_mode=True) == 1.5
