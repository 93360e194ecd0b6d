"""Transposed convolution, bidirectional layers and overhanging windows beside PyTorch's
stored results, counted, traced and run.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from dlpatterns import layers, tracing
from dlpatterns.counting import count, depth, products
from dlpatterns.graph import Builder
from dlpatterns.kernels import pooling, recurrence, transposed
from dlpatterns.kernels.recurrence import Weights
from dlpatterns.train.network import Network

STORED = json.loads((Path(__file__).parent / "pytorch_layers.json").read_text())
CELLS = {"RNN": layers.RNN, "GRU": layers.GRU, "LSTM": layers.LSTM}
KERNELS = [transposed.conv2d_transposed, transposed.conv2d_transposed_columns]


def one(spec, shape):
    net = Builder("one", shape)
    return net.model(net(spec, net.input, name="it"))


def geometry(case):
    given = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in case["options"].items()
    }
    given.pop("bias", None)
    return given


def arrays(case, *names):
    return (None if case[n] is None else np.array(case[n]) for n in names)


# --- Transposed convolution -----------------------------------------------------------


@pytest.mark.parametrize("case", STORED["transposed"], ids=lambda c: str(c["options"]))
def test_pytorch_agrees_on_transposed_convolution(case):
    x, weight, bias, out = arrays(case, "x", "weight", "bias", "out")
    for kernel in KERNELS:
        np.testing.assert_allclose(
            kernel(x, weight, bias, **geometry(case)), out, atol=1e-13
        )
    grad, *expected = arrays(case, "grad", "to_x", "to_weight", "to_bias")
    found = transposed.conv2d_transposed_backward(grad, x, weight, **geometry(case))
    for ours, theirs in zip(found, expected, strict=True):
        if theirs is not None:
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("case", STORED["transposed"], ids=lambda c: str(c["options"]))
def test_transposed_convolution_is_counted_traced_and_run(case):
    x, weight, bias, out = arrays(case, "x", "weight", "bias", "out")
    spec = layers.ConvTranspose2d(6, (3, 2), bias=bias is not None, **geometry(case))
    model = one(spec, x.shape[1:])
    row = count(model, batch=2).layers[0]
    assert model.output_shape == out.shape[1:]
    assert (row.params, row.weights) == (case["params"], weight.size)
    assert row.macs == weight.size * 2 * 4 * 3  # every weight meets every value
    assert sum(p.macs for p in products.products(model.layers[0])) * 2 == row.macs
    with tracing.tally() as t:
        traced = (tracing.trace(a, "it") for a in (x, weight, bias) if a is not None)
        transposed.conv2d_transposed(*traced, **geometry(case))
    assert (t.macs, t.other) == (row.macs, {"add": out.size} if row.other else {})
    network = Network(model)
    network.params = {"it.weight": weight} | ({} if bias is None else {"it.bias": bias})
    np.testing.assert_allclose(network.forward(x), out, atol=1e-13)
    grad, to_x, to_weight = arrays(case, "grad", "to_x", "to_weight")
    np.testing.assert_allclose(network.backward(grad), to_x, atol=1e-12)
    np.testing.assert_allclose(network.grads["it.weight"], to_weight, atol=1e-12)


def test_transposed_convolution_by_hand():
    """Four ones, each spread over 3 x 3 at a stride of 2: they overlap in the cross of
    the middle. PyTorch's documentation: 16 -> 33 maps, kernel 3, has 4,785 parameters.
    """
    out = transposed.conv2d_transposed(
        np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), stride=2
    )
    np.testing.assert_array_equal(out[0, 0, 2], [2, 2, 4, 2, 2])
    np.testing.assert_array_equal(out[0, 0, 0], [1, 1, 2, 1, 1])
    assert count(one(layers.ConvTranspose2d(33, 3), (16, 5, 5))).params == 4785


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.ConvTranspose2d(4, 3, output_padding=1), "output_padding"),
        (lambda: layers.ConvTranspose2d(4, 3, padding="same"), "padding is a number"),
        (lambda: layers.ConvTranspose2d(4, 3, bias=2), "bias is True or False"),
        (
            lambda: layers.ConvTranspose2d(4, 3, groups=3).output_shape((4, 5, 5)),
            "3 groups do not divide",
        ),
        (
            lambda: layers.ConvTranspose2d(4, 2, padding=3).output_shape((4, 5, 5)),
            "pad less",
        ),
        (
            lambda: transposed.conv2d_transposed(
                np.ones((1, 2, 3, 3)), np.ones((3, 2, 3, 3))
            ),
            r"\(1, 2, 3, 3\).*\(3, 2, 3, 3\)",
        ),
        (
            lambda: transposed.conv2d_transposed(
                np.ones((1, 2, 3, 3)), np.ones((2, 2, 3, 3)), output_padding=1
            ),
            "output_padding",
        ),
        (lambda: layers.Bidirectional(20), "LSTM.20., got 20"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# --- Both directions ------------------------------------------------------------------


def both_weights(named):
    return tuple(
        Weights(
            np.array(named[f"weight_ih_l0{end}"]),
            np.array(named[f"weight_hh_l0{end}"]),
            np.array([named[f"bias_ih_l0{end}"], named[f"bias_hh_l0{end}"]]),
        )
        for end in ("", "_reverse")
    )


@pytest.mark.parametrize("case", STORED["bidirectional"], ids=lambda c: c["kind"])
def test_pytorch_agrees_on_both_directions(case):
    x, out, grad, to_x = arrays(case, "x", "out", "grad", "to_x")
    weights = both_weights(case["params"])
    np.testing.assert_allclose(recurrence.bidirectional(x, weights), out, atol=1e-13)
    found, to_weights = recurrence.bidirectional_backward(grad, x, weights)
    np.testing.assert_allclose(found, to_x, atol=1e-12)
    for ours, theirs in zip(to_weights, both_weights(case["to_params"]), strict=True):
        for part, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(part, other, atol=1e-12)


@pytest.mark.parametrize("case", STORED["bidirectional"], ids=lambda c: c["kind"])
def test_a_bidirectional_layer_runs(case):
    x, out, grad, to_x = arrays(case, "x", "out", "grad", "to_x")
    spec = layers.Bidirectional(CELLS[case["kind"]](4, biases=2))
    network = Network(one(spec, (5, 3)))
    names = {"weight_x": "x", "weight_h": "h", "bias": "bias"}
    given, wanted = both_weights(case["params"]), both_weights(case["to_params"])
    keys = [
        (f"it.{b}{n}", i, names[n]) for i, b in enumerate(("", "back_")) for n in names
    ]
    assert network.params.keys() == {key for key, _, _ in keys}
    network.params = {key: getattr(given[i], part) for key, i, part in keys}
    np.testing.assert_allclose(network.forward(x), out, atol=1e-13)
    np.testing.assert_allclose(network.backward(grad), to_x, atol=1e-12)
    for key, i, part in keys:
        np.testing.assert_allclose(
            network.grads[key], getattr(wanted[i], part), atol=1e-12
        )


def test_a_bidirectional_layer_doubles_features_not_steps():
    net = Builder("tagger", (30, 12))
    x = net(layers.Bidirectional(layers.LSTM(20)), net.input, name="both")
    model = net.model(net(layers.Linear(7), x, name="tags"))
    counts = count(model)
    assert (x.shape, counts.layers[1].params) == ((30, 40), 287)
    assert counts.layers[0].params == 2 * 4 * (12 * 20 + 20 * 20 + 20)
    assert counts.layers[0].macs == 30 * 2 * 4 * (12 * 20 + 20 * 20)
    assert counts.layers[0].other["sigmoid"] == 30 * 2 * 3 * 20
    assert sum(p.macs for p in products.products(model.layers[0])) == (
        counts.layers[0].macs
    )
    assert depth.dependent_products(model) == 31 + 1


# --- Windows that hang over the end ---------------------------------------------------


@pytest.mark.parametrize("case", STORED["pooled"], ids=lambda c: str(c["options"]))
def test_pytorch_agrees_on_windows_that_hang_over(case):
    x, largest, mean = arrays(case, "x", "max", "mean")
    options = dict(case["options"])
    kernel = options.pop("kernel_size")
    for name, expected in (("max", largest), ("avg", mean)):
        for rung in (f"{name}_pool2d", f"{name}_pool2d_windows"):
            found = getattr(pooling, rung)(x, kernel, **options)
            np.testing.assert_allclose(found, expected, atol=1e-14)
    spec = layers.AvgPool2d(kernel, **options)
    assert spec.output_shape(x.shape[1:]) == mean.shape[1:]
