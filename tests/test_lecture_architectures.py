"""Shares of MACs counted by hand on one small block, and against published counts of
other operations.
"""

import pytest

from dlpatterns import layers, models
from dlpatterns.counting import count
from dlpatterns.graph import Builder, fold_batch_norm
from dlpatterns.lectures import architectures as lecture


def block():
    """A 3 x 3 depthwise convolution on 2 maps of 4 x 4, batch norm, ReLU, and a 1 x 1
    to 3 maps with bias.
    """
    net = Builder("block", (2, 4, 4))
    x = net.chain(
        net.input,
        layers.Conv2d(2, 3, padding=1, groups=2, bias=False),
        layers.BatchNorm2d(),
        layers.Activation("relu"),
    )
    return net.model(net(layers.Conv2d(3, 1), x))


def test_operations_of_a_block_by_hand():
    """32 values of 9 MACs, 2 for the norm and 1 comparison each; 48 values of 2 MACs
    and a bias.
    """
    parts = lecture.operations(count(block()))
    assert (parts["MACs"], parts["normalisation"], parts["activation"]) == (
        32 * 9 + 48 * 2,
        64,
        32,
    )
    assert (
        parts["bias, add, multiply"] == 48 and sum(parts.values()) == 384 + 64 + 32 + 48
    )
    assert lecture.share_of_operations(count(block())) == pytest.approx(384 / 528)
    assert lecture.share_of_operations(count(block()), per_mac=2) == pytest.approx(
        768 / 912
    )


def test_bytes_of_a_block_by_hand():
    """Depthwise: 32 in, 18 weights, 32 out. Norm: 32, 4, 32. ReLU: 32, 32. 1 x 1: 32
    in, 9 parameters, 48 out.
    """
    parts = lecture.moved(count(block()))
    assert (parts["MACs"], parts["normalisation"], parts["activation"]) == (
        4 * (82 + 89),
        4 * 68,
        4 * 64,
    )
    assert lecture.share_of_bytes(count(block())) == pytest.approx(171 / 303)
    assert lecture.share_of_bytes(count(block()), "fp16") == lecture.share_of_bytes(
        count(block())
    )


def test_every_operation_and_byte_of_the_zoo_is_in_one_part():
    for build in models.ZOO.values():
        counts = count(build())
        assert sum(lecture.operations(counts).values()) == counts.operations
        assert sum(lecture.moved(counts).values()) == counts.traffic_bytes()


def test_what_is_put_under_other_is_small_and_known():
    """Nothing that has a part of its own slips into the last one."""
    kinds = {
        kind
        for build in models.ZOO.values()
        for kind in count(build()).other
        if kind not in lecture.OF_OPERATION
    }
    assert kinds <= {"look-up", "top k"}


def test_kinds_of_convolution_and_their_fan_in():
    """MobileNetV2's first filter sees 3 x 3 x 3 pixels, a depthwise one 9; its widest 1
    x 1 reads 960 maps (table 2).
    """
    model = models.mobilenet_v2()
    rows = {
        row["convolution"]: row for row in lecture.convolutions(model, count(model))
    }
    assert [
        rows[kind]["fan_in"]
        for kind in ("3 × 3 dense", "3 × 3 depthwise", "1 × 1 dense")
    ] == ["27", "9", "16 to 960"]
    assert rows["3 × 3 depthwise"]["share"] == pytest.approx(9 / 12)
    folded = fold_batch_norm(model)
    deep = {
        row["convolution"]: row["share"]
        for row in lecture.convolutions(folded, count(folded))
    }["3 × 3 depthwise"]
    assert deep == pytest.approx(9 / 11)
    grouped = models.alexnet_2012()
    assert "5 × 5 2 groups" in [
        row["convolution"] for row in lecture.convolutions(grouped, count(grouped))
    ]


def test_a_network_that_does_nothing_has_no_share():
    net = Builder("nothing", (2, 2))
    with pytest.raises(ValueError, match="nothing has no operations"):
        lecture.share_of_operations(count(net.model(net(layers.Flatten(), net.input))))


def test_structures_by_hand():
    """Eight places of four features: weights, biases and products counted on paper."""
    by_kind = {
        kind: lecture.measures(kind, 8, features=4) for kind in lecture.STRUCTURES
    }
    full, conv, lstm, attention = by_kind.values()
    assert (full["params"], full["MACs"], full["sequential depth"]) == (
        32 * 32 + 32,
        32 * 32,
        1,
    )
    assert (conv["params"], conv["MACs"], conv["MACs a weight"]) == (
        3 * 16 + 4,
        3 * 16 * 8,
        8,
    )
    assert (lstm["params"], lstm["MACs"], lstm["sequential depth"]) == (
        4 * (16 + 16 + 4),
        8 * 128,
        9,
    )
    weights = 4 * 16 + 2 * 64
    assert attention["MACs"] == 8 * weights + 2 * 8 * 8 * 4
    assert (
        attention["params"] == weights + 20 + 16 and attention["sequential depth"] == 6
    )  # biases; two norms
    assert [row["an output sees"] for row in by_kind.values()] == [
        "all",
        3,
        "all before",
        "all",
    ]


@pytest.mark.parametrize("kind", lecture.STRUCTURES)
def test_a_structure_keeps_places_and_features(kind):
    size = 1
    for axis in lecture.structure(kind, 6, features=4).output_shape:
        size *= axis
    assert size == 24


def test_structures_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="'pooling'; known: full connection"):
        lecture.structure("pooling", 8)
    with pytest.raises(ValueError, match="0"):
        lecture.structure("convolution", 0)
