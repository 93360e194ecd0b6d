"""Shares of MACs counted by hand on one small block, structures counted on paper, one
seed of the stored experiments run again, and what others print.
"""

import numpy as np
import pytest
from scipy.stats import permutation_test

from dlpatterns import datasets, layers, models
from dlpatterns.counting import count
from dlpatterns.graph import Builder, fold_batch_norm
from dlpatterns.lectures.architectures import (
    drawings,
    learning,
    shares,
    structures,
    world,
)


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
    parts = shares.operations(count(block()))
    assert (parts["MACs"], parts["normalisation"], parts["activation"]) == (
        32 * 9 + 48 * 2,
        64,
        32,
    )
    assert (
        parts["bias, add, multiply"] == 48 and sum(parts.values()) == 384 + 64 + 32 + 48
    )
    assert shares.in_operations(count(block())) == pytest.approx(384 / 528)
    assert shares.in_operations(count(block()), per_mac=2) == pytest.approx(768 / 912)


def test_bytes_of_a_block_by_hand():
    """Depthwise: 32 in, 18 weights, 32 out. Norm: 32, 4, 32. ReLU: 32, 32. 1 x 1: 32
    in, 9 parameters, 48 out.
    """
    parts = shares.moved(block())
    assert (parts["MACs"], parts["normalisation"], parts["activation"]) == (
        4 * (82 + 89),
        4 * 68,
        4 * 64,
    )
    assert shares.in_bytes(block()) == pytest.approx(171 / 303)


def test_every_operation_and_byte_of_the_zoo_is_in_one_part():
    for build in models.ZOO.values():
        counts = count(build())
        assert sum(shares.operations(counts).values()) == counts.operations
        assert sum(shares.moved(build()).values()) == counts.traffic_bytes()


def test_what_is_put_under_other_is_small_and_known():
    """Nothing that has a part of its own slips into the last one."""
    kinds = {
        kind
        for build in models.ZOO.values()
        for kind in count(build()).other
        if kind not in shares.OF_OPERATION
    }
    assert kinds <= {"look-up", "top k"}


def test_kinds_of_convolution_and_their_fan_in():
    """MobileNetV2's first filter sees 3 x 3 x 3 pixels, a depthwise one 9; its widest 1
    x 1 reads 960 maps (table 2).
    """
    model = models.mobilenet_v2()
    rows = {row["convolution"]: row for row in shares.convolutions(model, count(model))}
    assert [
        rows[kind]["fan_in"]
        for kind in ("3 × 3 dense", "3 × 3 depthwise", "1 × 1 dense")
    ] == ["27", "9", "16 to 960"]
    assert rows["3 × 3 depthwise"]["percent"] == 75  # 9 of 12
    folded = fold_batch_norm(model)
    deep = {
        row["convolution"]: row["percent"]
        for row in shares.convolutions(folded, count(folded))
    }["3 × 3 depthwise"]
    assert deep == 81.8  # 9 of 11
    grouped = models.alexnet_2012()
    assert "5 × 5 2 groups" in [
        row["convolution"] for row in shares.convolutions(grouped, count(grouped))
    ]


def test_a_network_that_does_nothing_has_no_share():
    net = Builder("nothing", (2, 2))
    with pytest.raises(ValueError, match="nothing to take a share of"):
        shares.in_operations(count(net.model(net(layers.Flatten(), net.input))))


def test_structures_by_hand():
    """Eight places of four features: weights, biases and products counted on paper."""
    by_kind = {
        kind: structures.measures(kind, 8, features=4) for kind in structures.STRUCTURES
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


@pytest.mark.parametrize("kind", structures.STRUCTURES)
def test_a_structure_keeps_places_and_features(kind):
    size = 1
    for axis in structures.structure(kind, 6, features=4).output_shape:
        size *= axis
    assert size == 24


def test_structures_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="'pooling'; known: full connection"):
        structures.structure("pooling", 8)
    with pytest.raises(ValueError, match="0"):
        structures.structure("convolution", 0)


def test_fused_bytes_of_a_block_by_hand():
    """Depthwise 32 in, 18 weights and 2 folded biases, 32 out, rectified before they
    are written; 1 x 1 as before. A map that a pooling and a product read crosses anew
    for each: 32 in and 2 out, then 32, 2 and 32.
    """
    parts = shares.moved(block(), fused=True)
    assert parts == dict.fromkeys(shares.PARTS, 0) | {"MACs": 4 * (84 + 89)}
    net = Builder("gate", (2, 4, 4))
    x = net(layers.Conv2d(2, 1), net.input)
    scale = net(layers.GlobalAvgPool2d(), x)
    gated = shares.moved(net.model(net(layers.Multiply(), x, scale)), fused=True)
    assert gated["pooling"] == 4 * (32 + 2)
    assert gated["bias, add, multiply"] == 4 * (32 + 2 + 32)


def test_a_shortcut_can_be_charged_to_its_addition():
    """32 maps' values in, 4 weights, 32 out, and the 32 of the shortcut that the sum
    reads; beside it the 1 x 1 that makes the shortcut, 32, 4 and 32.
    """
    net = Builder("shortcut", (2, 4, 4))
    side = net(layers.Conv2d(2, 1, bias=False), net.input)
    main = net(layers.Conv2d(2, 1, bias=False), net.input)
    model = net.model(net(layers.Add(), main, side))
    assert shares.in_bytes(model, fused=True) == 1
    assert shares.in_bytes_strictly(model) == pytest.approx(136 / 168)


def test_an_activation_may_cost_what_is_left_over():
    """384 MACs, 112 others, 32 activations: at nine tenths nothing is left; at three
    quarters 128 operations are, of which 112 are spent.
    """
    assert shares.dearest_activation(count(block()), 0.75) == pytest.approx(16 / 32)
    dear = shares.dearest_activation(count(models.lenet5()))
    at = shares.in_operations(count(models.lenet5()), per_activation=dear)
    assert at == pytest.approx(0.9)
    linear = Builder("linear", (4,))
    plain = count(linear.model(linear(layers.Linear(3), linear.input)))
    assert shares.dearest_activation(plain) == float("inf")


def test_the_claim_fails_by_the_kernels_own_costs():
    """The figures by which an independent reader refuted "however a MAC is counted"."""
    found = {
        name: round(100 * shares.by_own_costs(count(build())), 1)
        for name, build in models.FIRST.items()
    }
    assert found["efficientnet_b0"] == 85.1 and found["lenet5_1998"] == 89.2
    assert sum(value < 90 for value in found.values()) == 6


def test_costs_of_activations_by_reading_their_code():
    costs = {
        kind: sum(each.values()) for kind, each in shares.activation_costs().items()
    }
    assert costs | {"relu": 1, "relu6": 2, "leaky_relu": 2} == costs
    assert costs | {"sigmoid": 7, "silu": 8, "gelu": 5, "tanh": 1} == costs


def test_least_time_of_a_batch_by_hand():
    """A full connection of 4,096 for 64 rows on an A100: 2 bytes for each of its
    weights, biases, inputs and outputs at 2.039 TB/s take longer than its MACs at 156
    T/s.
    """
    net = Builder("wide", (4096,))
    model = net.model(net(layers.Linear(4096), net.input))
    values = 4096 * 4096 + 4096 + 64 * 2 * 4096
    assert shares.a100(model, fused=False)["MACs"] == pytest.approx(
        max(2 * values / 2.039e12, 64 * 4096 * 4096 / 156e12)
    )


def test_who_reads_whom():
    """An edge has two neighbours; a full connection of six places six by six weights;
    places of a convolution share theirs.
    """
    assert structures.read_by("convolution", 0, 6) == [(0, "w1"), (1, "w2")]
    names = {
        w for p in range(6) for _, w in structures.read_by("full connection", p, 6)
    }
    assert len(names) == 36
    assert structures.read_by("recurrence", 3, 6) == [(3, "w")]
    assert [at for at, _ in structures.read_by("attention", 2, 4)] == [0, 1, 2, 3]


def test_attention_multiplies_computed_values():
    """Two products of 8 x 8 pairs by 4 features."""
    assert structures.without_weights(8, features=4) == 2 * 8 * 8 * 4


@pytest.mark.parametrize("step", [1, 6, 12])
def test_a_step_of_a_layer_by_hand(step):
    """Entries of Y: 1 + 0 + 0 + 0, then 0 + 1 + 0 + 1, then 0 + 2 + 1 + 2."""
    expected = {1: "= 1, behind a ReLU 1", 6: "= 2, behind", 12: "= 5, behind"}
    caption = drawings.layer_step(step).caption
    assert expected[step] in caption and f"so far: {3 * step}." in caption


def test_our_convolutions_are_those_of_eyeriss():
    counts = {name: count(models.ZOO[name]()) for name in world.EYERISS}
    assert [row["agrees"] for row in world.eyeriss(counts)] == [True] * 6


def test_one_seed_of_sharing_runs_again():
    """Seed 0 of both learners, up to the fourth epoch and the sixteenth."""
    for network, epochs in (("CNN 8-16", (1, 2, 4)), ("MLP 50", (1, 4, 16))):
        run = learning.run_of(network)
        stored = [run["right"][0][run["epochs"].index(epoch)] for epoch in epochs]
        again = learning.curve(learning.MODELS[network], 0, epochs)
        assert again == stored


def test_shuffled_pixels_run_again():
    run = learning.run_of("MLP 50", shuffled=True)
    stored = run["right"][1][run["epochs"].index(8)]
    model = learning.MODELS["MLP 50"]
    assert learning.curve(model, 1, (8,), shuffled=True) == [stored]


def test_a_run_that_is_not_stored_is_refused():
    with pytest.raises(ValueError, match=r"no run .'MLP 7'"):
        learning.run_of("MLP 7")


def test_rivals_have_as_many_parameters_or_macs():
    """50 and 1,093 neurons against 8 and 16 filters; the stored counts are theirs."""
    cnn, thin, wide = (learning.run_of(n) for n in ("CNN 8-16", "MLP 50", "MLP 1093"))
    assert abs(cnn["parameters"] - thin["parameters"]) < 0.02 * cnn["parameters"]
    assert abs(cnn["macs"] - wide["macs"]) < 0.001 * cnn["macs"]
    work = [each["macs"] * each["epochs"][-1] for each in (cnn, thin)]
    assert work[0] == pytest.approx(work[1], rel=0.001)


def test_sign_flips_agree_with_scipy():
    pairs = np.array([[2, 5, 9, 1, 1, 4, 4, -1, 6, 1], np.zeros(10)])

    def mean_difference(a, b):
        return np.mean(a - b)

    theirs = permutation_test(
        pairs, mean_difference, permutation_type="samples", n_resamples=np.inf
    )
    assert learning.sign_flip_test(pairs[0]) == pytest.approx(theirs.pvalue)


def test_t_is_smaller_where_splits_share_digits():
    """1, 2, 3: mean 2, deviation 1; 2 / sqrt(1/3), and with 450 / 1347 added."""
    plain, shared = learning.t_values([1, 2, 3])
    assert plain == pytest.approx(12**0.5)
    assert shared == pytest.approx(2 / (1 / 3 + 450 / 1347) ** 0.5)


def test_the_backward_pass_spares_the_first_layer():
    """3,200 and 500 MACs forward; 2 x 3,200 and 3 x 500 in training."""
    assert learning.training_macs("MLP 50") == 7_900 * 1_347 * 1_312


def test_a_duel_by_hand():
    row = learning.duel("x", np.array([99.0, 98, 97]), np.array([98.0, 98, 95]))
    assert (row["difference"], row["CNN ahead"]) == ("+1.0 ± 1.0", "2 of 3")
    assert row["p"] == 0.5  # 1, 0, 2: four of eight sign patterns reach a mean of 1


def test_one_seed_of_silencing_runs_again():
    stored = datasets.measurement("silencing")["rows"][0]
    rows = learning.silencing(*learning.trained(0, stored["epochs"]))
    again = learning.suffering(rows)
    assert again == {key: stored[key][0] for key in again}


def test_suffering_by_hand():
    rows = [
        {"own": 3.0, "rest": 1.0, "worst": 2.0},
        {"own": 1.0, "rest": 0.5, "worst": 1.0},
        {"own": 0.0, "rest": 0.2, "worst": 0.4},
    ]
    found = learning.suffering(rows)
    assert (found["more than the rest"], found["most of all"]) == (2, 1)
    assert (found["own"], found["rest"]) == (1.33, 0.57)


@pytest.mark.parametrize(("activation", "mac"), [(1, 1), (3, 1), (8, 1), (8, 2)])
def test_as_many_networks_hold_as_can_bear_the_cost(activation, mac):
    """The drawing counts shares, the closed form compares margins: both must agree."""
    counts = {name: count(build()) for name, build in models.FIRST.items()}
    margins = [shares.dearest_activation(c, per_mac=mac) for c in counts.values()]
    bear = sum(margin >= activation for margin in margins)
    drawn = drawings.how_many_hold(counts, activation, mac)
    assert f": {bear} of {len(counts)} networks keep 90 %" in drawn.caption


@pytest.mark.parametrize("unit", shares.UNITS)
def test_an_account_is_drawn_in_every_unit(unit):
    drawn = drawings.account(models.resnet18(), unit)
    assert "layers with MACs have" in drawn.caption and "ResNet-18" in drawn.caption


@pytest.mark.parametrize("kind", structures.STRUCTURES)
def test_who_reads_whom_is_drawn(kind):
    assert "Output 2 reads" in drawings.who_reads_whom(kind, 2).caption


def test_pictures_of_a_network_name_what_they_show():
    net, split = learning.trained(0, epochs=1)
    assert "the 16 maps behind relu2" in drawings.maps(net, split, 3, "relu2").caption
    assert "Unit 4: an image made to excite it" in (
        drawings.favourite(net, split, 4).caption
    )
    assert set(learning.zeros(net, split)) == {"relu1", "relu2"}


def test_time_is_told_by_kind_of_layer():
    told = learning.time_by_kind(learning.MODELS["CNN 4-8"])
    assert " ms: " in told and "Conv2d" in told and told.count("%") == 3
