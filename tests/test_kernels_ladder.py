"""What the ladder's formulas say, beside what traced rungs do and what papers print."""

import json
from pathlib import Path

import numpy as np
import pytest

from dlpatterns import counting, datasets, layers, models, tracing
from dlpatterns.graph import Builder
from dlpatterns.kernels import convolution, ladder

SMALL = ladder.Layer(4, 10, 6, 3)


@pytest.mark.parametrize("name", ladder.LAYERS)
def test_macs_are_those_that_counting_gives(name):
    layer = ladder.LAYERS[name]
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
        assert (ladder.LAYERS[name].macs, ladder.LAYERS[name].weights) == (
            counted.macs,
            counted.weights,
        )
    first = next(
        layer
        for layer in counting.count(models.resnet50()).layers
        if layer.kind == "Conv2d"
    )
    assert (
        ladder.LAYERS["ResNet-50 conv1 7 x 7 / 2"].macs == first.macs == 118_013_952
    )  # counting_conventions: not 34 M


def test_im2col_moves_what_the_trace_of_the_kernel_says():
    with tracing.tally() as t:
        convolution.conv2d_im2col(
            tracing.trace(np.ones((1, 4, 10, 10)), "x"),
            tracing.trace(np.ones((6, 4, 3, 3)), "w"),
            padding=1,
        )
    columns = t.written["new"] - 4 * 6 * 10 * 10  # all new values but the results
    assert (
        ladder.traffic(SMALL, "im2col") - ladder.traffic(SMALL, "loops") == 2 * columns
    )
    assert ladder.multiplications(SMALL, "im2col") == t.macs


def test_the_loops_cross_the_bus_once_with_each_array():
    assert ladder.traffic(SMALL, "loops") == 4 * (400 + 216 + 600)


def test_winograd_saves_what_lavin_and_gray_print():
    whole = ladder.Layer(64, 56, 64, 3)
    assert whole.macs / ladder.multiplications(whole, "winograd 2") == 2.25
    assert whole.macs / ladder.multiplications(whole, "winograd 4") == 4
    ragged = ladder.Layer(64, 14, 64, 3)  # 4 x 4 tiles of 4 x 4 for 14 x 14 outputs
    assert ladder.multiplications(ragged, "winograd 4") == 36 * 16 * 64 * 64


@pytest.mark.parametrize("rung", ["winograd 2", "winograd 4", "columns"])
def test_a_rung_that_does_not_compute_a_layer_is_refused(rung):
    with pytest.raises(ValueError, match=rung):
        ladder.multiplications(ladder.LAYERS["ResNet-50 layer2 3 x 3 / 2"], rung)
    with pytest.raises(ValueError, match=rung):
        ladder.traffic(ladder.LAYERS["MobileNet 1 x 1"], rung)


def test_the_stored_benchmark_is_the_one_the_lecture_reads_and_holds_every_layer():
    stored, root = (
        datasets.measurement("convolution_speed"),
        Path(__file__).resolve().parent.parent,
    )
    assert stored == json.loads(
        (root / "benchmarks/results/convolution.json").read_text(encoding="utf-8")
    )
    assert [(row["layer"], row["threads"]) for row in stored["rows"]] == [
        (n, t) for t in (1, 2) for n in ladder.LAYERS
    ]
    for row in stored["rows"]:
        assert row["macs"] == ladder.LAYERS[row["layer"]].macs
        assert row["error"] < 2e-5, (
            f"{row['layer']}: above the error that the rungs state"
        )
        assert {"torch", "onnxruntime"} == set(row["peers"])
