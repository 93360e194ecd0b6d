"""Every rung of the convolution ladder against the seven loops, over stride, padding,
dilation, groups and batch.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from dlpatterns.kernels import convolution, fourier, ready, winograd
from dlpatterns.kernels.blocked import (
    conv2d_blocked,
    conv2d_depthwise,
    conv2d_pointwise,
)

RUNGS = {
    "im2col": convolution.conv2d_im2col,
    "shifted": convolution.conv2d_shifted,
    "fast": convolution.conv2d_fast,
    "blocked": conv2d_blocked,
    "fft": fourier.conv2d_fft,
    "ready": lambda x, weight, bias, **geometry: ready.Ready(weight, bias, **geometry)(
        x
    ),
}
SMALL = st.integers(1, 3)
PAIR = st.tuples(SMALL, SMALL)
PAD = st.one_of(st.just("same"), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@st.composite
def layers(draw, *, kernel=PAIR, depthwise=False, plain=False):
    """A convolution that fits: maps, filters, bias and geometry."""
    ones = st.just((1, 1))
    kernel, stride, dilation = (
        draw(kernel),
        draw(ones if plain else PAIR),
        draw(ones if plain else PAIR),
    )
    groups = draw(st.integers(1, 3))
    inside, made = (1, 1) if depthwise else (draw(SMALL), draw(SMALL))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [draw(st.integers(span, span + 7)) for span in spans]
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    x = rng.normal(size=(draw(st.integers(1, 2)), groups * inside, *size))
    weight = rng.normal(size=(groups * made, inside, *kernel))
    bias = rng.normal(size=groups * made) if draw(st.booleans()) else None
    return (
        x,
        weight,
        bias,
        {
            "stride": stride,
            "dilation": dilation,
            "padding": draw(PAD),
            "groups": groups,
        },
    )


@pytest.mark.parametrize("name", RUNGS)
@settings(max_examples=60, deadline=None)
@given(layer=layers())
def test_every_rung_computes_what_the_loops_compute(name, layer):
    x, weight, bias, geometry = layer
    expected = convolution.conv2d(x, weight, bias, **geometry)
    np.testing.assert_allclose(
        RUNGS[name](x, weight, bias, **geometry), expected, atol=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(layer=layers(depthwise=True))
def test_depthwise_computes_what_the_loops_compute(layer):
    x, weight, bias, geometry = layer
    expected = convolution.conv2d(x, weight, bias, **geometry)
    geometry.pop("groups")
    np.testing.assert_allclose(
        conv2d_depthwise(x, weight, bias, **geometry), expected, atol=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(layer=layers(kernel=st.just((1, 1))))
def test_pointwise_computes_what_the_loops_compute(layer):
    x, weight, bias, geometry = layer
    options = {"stride": geometry["stride"], "groups": geometry["groups"]}
    expected = convolution.conv2d(x, weight, bias, **options)
    np.testing.assert_allclose(
        conv2d_pointwise(x, weight, bias, **options), expected, atol=1e-12
    )


@pytest.mark.parametrize("tile", [2, 4])
@settings(max_examples=60, deadline=None)
@given(
    layer=layers(kernel=st.just((3, 3)), plain=True),
    blocks=st.sampled_from([1, 1 << 20]),
)
def test_winograd_computes_what_the_loops_compute(tile, layer, blocks):
    x, weight, bias, geometry = layer
    expected = convolution.conv2d(x, weight, bias, **geometry)
    filters = winograd.winograd_filters(weight, tile, groups=geometry["groups"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "BLOCK_BYTES", blocks)
        out = winograd.conv2d_winograd(x, filters, bias, padding=geometry["padding"])
    np.testing.assert_allclose(out, expected, atol=1e-11)


def test_the_loops_agree_with_scipy():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(1, 2, 9, 8)), rng.normal(size=(1, 2, 3, 2))
    expected = sum(
        signal.correlate2d(x[0, c], weight[0, c], mode="valid") for c in range(2)
    )
    np.testing.assert_allclose(
        convolution.conv2d(x, weight)[0, 0], expected, atol=1e-12
    )


def test_a_sobel_filter_by_hand():
    step = np.array([[0.0, 0, 1, 1]] * 4)[None, None]
    sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
    np.testing.assert_array_equal(
        convolution.conv2d(step, sobel)[0, 0], [[4, 4], [4, 4]]
    )


@pytest.mark.parametrize("blocks", [1, 4096])
def test_blocks_of_any_size_give_the_same(blocks, monkeypatch):
    monkeypatch.setattr("dlpatterns.kernels.blocked.BLOCK_BYTES", blocks)
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=(2, 4, 13, 11)), rng.normal(size=(6, 2, 3, 2))
    geometry = {"stride": 2, "padding": (1, 2), "dilation": (2, 1), "groups": 2}
    expected = convolution.conv2d(x, weight, **geometry)
    np.testing.assert_allclose(
        conv2d_blocked(x, weight, **geometry), expected, atol=1e-12
    )


FLOAT32 = {  # the bounds that the docstrings state, relative to the largest output
    "im2col": (lambda x, w: convolution.conv2d_im2col(x, w, padding=1), 1e-6),
    "blocked": (lambda x, w: conv2d_blocked(x, w, padding=1), 1e-6),
    "fft": (lambda x, w: fourier.conv2d_fft(x, w, padding=1), 2e-6),
    "winograd 2": (
        lambda x, w: winograd.conv2d_winograd(
            x, winograd.winograd_filters(w, 2), padding=1
        ),
        2e-6,
    ),
    "winograd 4": (
        lambda x, w: winograd.conv2d_winograd(
            x, winograd.winograd_filters(w, 4), padding=1
        ),
        2e-5,
    ),
}


@pytest.mark.parametrize("name", FLOAT32)
@pytest.mark.parametrize("channels", [1, 16, 128, 512])
def test_in_float32_every_rung_keeps_its_stated_error(name, channels):
    rng = np.random.default_rng(channels)
    x, weight = (
        rng.normal(size=(1, channels, 20, 20)),
        rng.normal(size=(8, channels, 3, 3)),
    )
    exact = convolution.conv2d_im2col(x, weight, padding=1)
    rung, bound = FLOAT32[name]
    out = rung(x.astype(np.float32), weight.astype(np.float32))
    assert out.dtype == np.float32
    assert np.abs(out - exact).max() <= bound * np.abs(exact).max()


def test_winograd_saves_the_products_that_lavin_and_gray_count():
    x = (1, 64, 58, 58)  # 56 x 56 outputs: whole tiles of both sizes
    direct = 9 * 64 * 64 * 56 * 56
    assert direct / winograd.winograd_multiplications(x, 64, tile=2) == 2.25
    assert direct / winograd.winograd_multiplications(x, 64, tile=4) == 4


def test_ready_serves_one_shape_after_another():
    rng = np.random.default_rng(2)
    weight, bias = rng.normal(size=(16, 16, 3, 3)), rng.normal(size=16)
    layer = ready.Ready(weight, bias, padding=1)
    for size, rung in (
        (20, "winograd"),
        (6, "blocked"),
        (12, "winograd"),
        (20, "winograd"),
    ):
        x = rng.normal(size=(2, 16, size, size))
        np.testing.assert_allclose(
            layer(x), convolution.conv2d_im2col(x, weight, bias, padding=1), atol=1e-10
        )
        assert layer.rung == rung


BAD = [
    (
        "a kernel larger than the padded maps",
        (1, 2, 2, 2),
        (1, 2, 3, 3),
        {},
        r"\(2, 2\).*(3, 3)|\(3, 3\).*\(2, 2\)",
    ),
    (
        "channels that do not fit",
        (1, 3, 5, 5),
        (1, 2, 3, 3),
        {},
        r"\(1, 3, 5, 5\).*\(1, 2, 3, 3\)",
    ),
    (
        "groups that do not divide",
        (1, 3, 5, 5),
        (2, 1, 3, 3),
        {"groups": 2},
        r"\(1, 3, 5, 5\).*\(2, 1, 3, 3\)",
    ),
    ("maps without a batch", (2, 5, 5), (1, 2, 3, 3), {}, r"\(2, 5, 5\)"),
    (
        "filters without channels",
        (1, 2, 5, 5),
        (2, 3, 3),
        {},
        r"weight takes the axes.*\(2, 3, 3\)",
    ),
]


@pytest.mark.parametrize("rung", ["loops", *RUNGS])
@pytest.mark.parametrize(
    ("x", "weight", "geometry", "shapes"),
    [case[1:] for case in BAD],
    ids=[case[0] for case in BAD],
)
def test_what_does_not_fit_is_refused_with_both_shapes(
    rung, x, weight, geometry, shapes
):
    function = ({"loops": convolution.conv2d} | RUNGS)[rung]
    with pytest.raises(ValueError, match=shapes):
        function(np.ones(x), np.ones(weight), None, **geometry)


def test_a_bias_that_does_not_fit_is_refused():
    x, weight = np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3))
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,"):
        convolution.conv2d(x, weight, np.ones(3))
    with pytest.raises(ValueError, match=r"\(3,\).*2 filters"):
        winograd.conv2d_winograd(x, winograd.winograd_filters(weight), np.ones(3))


def test_special_rungs_refuse_other_filters():
    with pytest.raises(ValueError, match=r"\(2, 2, 3, 3\)"):
        conv2d_pointwise(np.ones((1, 2, 4, 4)), np.ones((2, 2, 3, 3)))
    with pytest.raises(ValueError, match=r"\(1, 2, 4, 4\).*\(2, 2, 3, 3\)"):
        conv2d_depthwise(np.ones((1, 2, 4, 4)), np.ones((2, 2, 3, 3)))
    with pytest.raises(ValueError, match=r"\(2, 2, 5, 5\)"):
        winograd.winograd_filters(np.ones((2, 2, 5, 5)))
    with pytest.raises(ValueError, match="3"):
        winograd.winograd_filters(np.ones((2, 2, 3, 3)), 3)
    with pytest.raises(ValueError, match=r"2 channels.*\(1, 3, 4, 4\)"):
        winograd.conv2d_winograd(
            np.ones((1, 3, 4, 4)), winograd.winograd_filters(np.ones((2, 2, 3, 3)))
        )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_would_spread_is_refused_and_stays_where_it_was_elsewhere(value):
    x, weight = np.ones((1, 1, 9, 9)), np.ones((1, 1, 3, 3))
    x[0, 0, 0, 0] = value
    for refuses in (
        lambda: fourier.conv2d_fft(x, weight),
        lambda: fourier.conv2d_fft(np.ones_like(x), weight * value),
        lambda: winograd.conv2d_winograd(x, winograd.winograd_filters(weight)),
        lambda: winograd.winograd_filters(weight * value),
    ):
        with pytest.raises(ValueError, match="holds NaN or infinity"):
            refuses()
    for rung in (convolution.conv2d, convolution.conv2d_im2col, conv2d_blocked):
        assert (
            np.isfinite(rung(x, weight)).sum() == 48
        )  # one of 49 outputs sees the corner


@pytest.mark.parametrize("rung", ["loops", *RUNGS])
def test_whole_numbers_and_mixed_formats_lose_nothing(rung):
    function = ({"loops": convolution.conv2d} | RUNGS)[rung]
    rng = np.random.default_rng(4)
    x, weight = rng.integers(-9, 9, size=(1, 16, 9, 9)), rng.normal(size=(2, 16, 3, 3))
    expected = convolution.conv2d(x.astype(float), weight)
    np.testing.assert_allclose(function(x, weight, None), expected, atol=1e-10)
    np.testing.assert_allclose(
        function(x.astype(np.float32), weight, None), expected, atol=1e-5
    )
    whole = rng.integers(-9, 9, size=weight.shape)
    np.testing.assert_allclose(
        function(x, whole, None), convolution.conv2d(x, whole), atol=1e-10
    )


BAD_GEOMETRY = [
    {"stride": 0},
    {"dilation": 0},
    {"padding": -1},
    {"padding": "valid"},
    {"stride": 1.5},
    {"padding": (1, 2, 3)},
]


@pytest.mark.parametrize("rung", ["loops", *RUNGS])
@pytest.mark.parametrize("geometry", BAD_GEOMETRY, ids=str)
def test_a_geometry_that_makes_no_sense_is_refused(rung, geometry):
    function = ({"loops": convolution.conv2d} | RUNGS)[rung]
    with pytest.raises(ValueError, match=next(iter(geometry))):
        function(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)), None, **geometry)


def test_large_values_that_are_finite_are_not_refused():
    x = np.full((1, 1, 8, 8), 3e38, dtype=np.float32)
    weight = np.zeros((1, 1, 3, 3), dtype=np.float32)
    with np.errstate(all="ignore"):
        winograd.conv2d_winograd(x, winograd.winograd_filters(weight))


@settings(max_examples=25, deadline=None)
@given(layer=layers())
def test_the_gradients_are_those_of_finite_differences(layer):
    x, weight, bias, geometry = layer
    out = convolution.conv2d_im2col(x, weight, bias, **geometry)
    rng = np.random.default_rng(0)
    grad = rng.normal(size=out.shape)
    to_x, to_weight, to_bias = convolution.conv2d_backward(grad, x, weight, **geometry)
    for values, gradient in ((x, to_x), (weight, to_weight)):
        step = rng.normal(size=values.shape)
        moved = [values + side * 1e-6 * step for side in (1, -1)]
        pairs = [(m, weight) if values is x else (x, m) for m in moved]
        up, down = (convolution.conv2d_im2col(*each, **geometry) for each in pairs)
        assert np.isclose(
            ((up - down) / 2e-6 * grad).sum(),
            (gradient * step).sum(),
            rtol=1e-5,
            atol=1e-5,
        )
    np.testing.assert_allclose(to_bias, grad.sum(axis=(0, 2, 3)))


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("padding", [(0, 2), (2, 0), (1, 3), (3, 0)])
@pytest.mark.parametrize("size", [(5, 8), (8, 5), (9, 9)])
def test_winograd_under_uneven_padding(tile, padding, size):
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=(1, 2, *size)), rng.normal(size=(2, 2, 3, 3))
    filters = winograd.winograd_filters(weight, tile)
    np.testing.assert_allclose(
        winograd.conv2d_winograd(x, filters, padding=padding),
        convolution.conv2d(x, weight, padding=padding),
        atol=1e-11,
    )


def test_layers_of_one_shape_share_a_workspace():
    """A chain of layers on shared buffers gives bit by bit what each gives alone."""
    rng = np.random.default_rng(3)
    filters = [rng.normal(size=(16, 16, 3, 3)) / 12 for _ in range(3)]
    for size, stride in ((20, 1), (7, 1), (20, 2)):
        shared = ready.Workspace()
        x = y = rng.normal(size=(2, 16, size, size))
        for weight in filters:
            x = ready.Ready(weight, padding=1, stride=stride)(x)
            y = ready.Ready(weight, padding=1, stride=stride, workspace=shared)(y)
        np.testing.assert_array_equal(x, y)
        assert len(shared) == (1 if stride == 1 else 3)
    with pytest.raises(TypeError, match="workspace is a Workspace, got 3"):
        ready.Ready(filters[0], workspace=3)
