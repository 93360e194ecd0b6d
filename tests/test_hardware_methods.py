"""What the methods' formulas say, beside traced kernels and what papers print."""

import json
from functools import partial
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from dlpatterns import counting, datasets, layers, models, tracing
from dlpatterns.graph import Builder
from dlpatterns.hardware import memory, methods
from dlpatterns.hardware.work import matmul
from dlpatterns.kernels import convolution, winograd

SMALL = methods.Layer(4, 10, 6, 3)


@pytest.mark.parametrize("name", methods.LAYERS)
def test_macs_are_those_that_counting_gives(name):
    layer = methods.LAYERS[name]
    spec = layers.Conv2d(
        layer.filters,
        layer.kernel,
        stride=layer.stride,
        padding=layer.kernel // 2,
        groups=layer.groups,
        bias=False,
    )
    net = Builder(name, (layer.channels, layer.size, layer.size))
    counted = counting.count(net.model(net(spec, net.input)))
    assert (layer.macs, layer.weights) == (counted.macs, counted.weights)


def test_layers_stand_in_the_networks_they_are_named_after():
    for network, name in (
        (models.vgg16(), "VGG-16 conv1_2"),
        (models.vgg16(), "VGG-16 conv3_2"),
    ):
        counted = counting.count_layer(network[name.split()[1]])
        assert (methods.LAYERS[name].macs, methods.LAYERS[name].weights) == (
            counted.macs,
            counted.weights,
        )
    first = next(
        layer
        for layer in counting.count(models.resnet50()).layers
        if layer.kind == "Conv2d"
    )
    assert (
        methods.LAYERS["ResNet-50 conv1 7 x 7 / 2"].macs == first.macs == 118_013_952
    )  # counting_conventions: not 34 M


def traced(kernel, size=10):
    with tracing.tally() as t:
        x, weight = np.ones((1, 4, size, size)), np.ones((6, 4, 3, 3))
        kernel(tracing.trace(x, "x"), tracing.trace(weight, "w"), padding=1)
    return t


def test_im2col_moves_what_the_trace_of_the_kernel_says():
    """The kernel writes the columns and the results, and reads columns and weights
    again for every product.
    """
    t, moved = (
        traced(convolution.conv2d_im2col),
        methods.traffic(SMALL, "im2col", "none"),
    )
    assert moved.written == {"columns": 3600, "out": t.writes("new") - 3600}
    assert moved.read["b"] == t.reads("new") == t.macs
    assert methods.multiplications(SMALL, "im2col") == t.macs


def test_shifted_products_write_and_read_their_results_as_the_trace_says():
    """Nine products of 600 results are added to zeros; the formula starts with one."""
    t = traced(convolution.conv2d_shifted)
    moved = methods.traffic(SMALL, "shifted", "none")
    assert (moved.read["a"], moved.read["b"]) == (t.macs, t.macs)
    assert moved.read["results"] == 8 * 600 == t.other["add"] - 600
    assert moved.written["out"] == 9 * 600


def test_the_loops_cross_the_bus_once_with_each_array():
    assert methods.traffic(SMALL, "loops", "once").values == 400 + 216 + 600


def test_the_loops_and_winograd_change_places_with_the_assumption():
    """By hand for 64 maps of 56 x 56: nothing kept, two operands of 115,605,504 MACs
    and 200,704 results. Everything kept, maps, results and filters once; or maps,
    results, 36 x 4,096 filters, and 36 x 196 x 128 values on both sides of products.
    """
    layer = methods.LAYERS["ResNet-50 layer1 3 x 3"]
    assert methods.traffic(layer, "loops", "none").values == 2 * 115_605_504 + 200_704
    once = {m: methods.traffic(layer, m, "once").values for m in methods.METHODS}
    assert once["loops"] == 2 * 200_704 + 36_864
    assert once["winograd 4"] == 2 * 200_704 + 36 * 4096 + 2 * 36 * 196 * 128
    assert round(once["winograd 4"] / once["loops"], 1) == 5.4
    nothing = {m: methods.traffic(layer, m, "none").values for m in methods.METHODS}
    assert nothing["winograd 4"] < nothing["loops"] / 3


def test_a_small_buffer_moves_no_less_than_a_boundless_one():
    for name in ("ResNet-50 layer3 3 x 3", "MobileNet depthwise"):
        layer = methods.LAYERS[name]
        for method in methods.METHODS:
            once, tiled = (methods.traffic(layer, method, a) for a in ("once", "tiled"))
            assert (once.assumption, tiled.assumption) == ("once", "tiled")
            assert tiled.values >= once.values


def test_depthwise_layers_allow_few_macs_a_value():
    """512 maps of 14 x 14 in and out, 4,608 weights, 903,168 MACs: by hand."""
    layer = methods.LAYERS["MobileNet depthwise"]
    assert layer.intensity == 903_168 / (2 * 512 * 196 + 4608)


def test_winograd_saves_what_lavin_and_gray_print():
    whole = methods.Layer(64, 56, 64, 3)
    count = partial(methods.multiplications, whole, transforms=False)
    assert whole.macs / count("winograd 2") == 2.25
    assert whole.macs / count("winograd 4") == 4
    ragged = methods.Layer(64, 14, 64, 3)  # 4 x 4 tiles of 4 x 4 for 14 x 14 outputs
    assert (
        methods.multiplications(ragged, "winograd 4", transforms=False)
        == 36 * 16 * 64 * 64
    )


@pytest.mark.parametrize("tile", [2, 4])
def test_the_constants_are_those_of_the_matrices(tile):
    found = tuple(
        (np.count_nonzero(m), np.count_nonzero(~np.isin(m, (0, 1, -1))))
        for m in map(np.array, (winograd.INPUT[tile], winograd.OUTPUT[tile]))
    )
    assert methods.CONSTANTS[tile] == found


def test_transforms_are_counted_for_winograd_and_fourier_alike():
    """F(4x4): 12 constants a column of B^T d, twice 6 columns; 6 of A^T, 6 and 4."""
    layer = methods.Layer(64, 56, 64, 3)
    extra = {
        m: methods.multiplications(layer, m)
        - methods.multiplications(layer, m, transforms=False)
        for m in methods.METHODS
    }
    assert extra["winograd 4"] == 196 * 64 * (144 + 60)
    assert extra["winograd 2"] == extra["loops"] == extra["im2col"] == 0
    assert extra["fft"] == round(58**2 * np.log2(58**2) * 128)


@pytest.mark.parametrize("size", [64, 256, 1024])
def test_the_tiling_found_for_a_product_is_near_the_least(size):
    """No schedule undercuts the bound; tiles that are powers of two come within 1.7."""
    work = matmul(128, 128, 128)
    found = memory.tiled(memory.best_tiling(work, size), size).values
    least = memory.least_for_product(128, 128, 128, size)
    assert least <= found <= 1.7 * least


def test_the_tiling_found_is_the_best_of_all_small_ones():
    work, buffer = matmul(4, 8, 4), 20
    sizes = product((1, 2, 4), (1, 2, 4, 8), (1, 2, 4), permutations("MNK"))
    every = [
        memory.Nest(work, "".join(o), {"M": m, "N": n, "K": k}) for m, n, k, o in sizes
    ]
    fit = [memory.tiled(n, buffer).values for n in every if n.needs <= buffer]
    assert memory.tiled(memory.best_tiling(work, buffer), buffer).values == min(fit)


def test_a_buffer_too_small_for_single_values_is_refused():
    with pytest.raises(ValueError, match="smaller than one tile"):
        memory.best_tiling(matmul(4, 4, 4), 2)


@pytest.mark.parametrize("rung", ["winograd 2", "winograd 4", "columns"])
def test_a_rung_that_does_not_compute_a_layer_is_refused(rung):
    with pytest.raises(ValueError, match=rung):
        methods.multiplications(methods.LAYERS["ResNet-50 layer2 3 x 3 / 2"], rung)
    with pytest.raises(ValueError, match=rung):
        methods.traffic(methods.LAYERS["MobileNet 1 x 1"], rung, "once")
    with pytest.raises(ValueError, match="cache"):
        methods.traffic(SMALL, "loops", "cache")


def test_the_stored_benchmark_is_the_one_the_lecture_reads_and_holds_every_layer():
    stored, root = (
        datasets.measurement("convolution_speed"),
        Path(__file__).resolve().parent.parent,
    )
    assert stored == json.loads(
        (root / "benchmarks/results/convolution.json").read_text(encoding="utf-8")
    )
    measured = {(row["layer"], row["threads"]): row for row in stored["rows"]}
    assert len(measured) == len(stored["rows"])
    assert {(n, t) for t in (1, 2) for n in methods.LAYERS} <= set(measured)
    for (name, _), row in measured.items():
        if name in methods.LAYERS:
            assert row["macs"] == methods.LAYERS[name].macs
        assert row["error"] < 2e-5, (
            f"{row['layer']}: above the error that the rungs state"
        )
        assert {"torch", "onnxruntime"} == set(row["peers"])


BAD_LAYERS = {
    "channels must be a whole number": methods.Layer(0, 4, 6, 3),
    "kernel must be a whole number": methods.Layer(4, 4, 6, 2.5),
    "4 groups do not divide": methods.Layer(4, 4, 6, 3, 1, 4),
}


@pytest.mark.parametrize("message", BAD_LAYERS)
def test_a_layer_that_cannot_be_is_refused(message):
    for call in (methods.multiplications, partial(methods.traffic, assumption="once")):
        with pytest.raises(ValueError, match=message):
            call(BAD_LAYERS[message], "loops")


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match="is a Layer"):
        methods.multiplications((4, 4, 6, 3), "loops")
