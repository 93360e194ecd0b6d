"""Counting, against hand counts, brute force, published integers, and the rules that
hold for every network.
"""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns import counting, layers, models
from dlpatterns.counting import costs, count
from dlpatterns.graph import Builder, fold_batch_norm
from dlpatterns.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Add,
    Attention,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Embedding,
    Experts,
    Flatten,
    GlobalAvgPool2d,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Multiply,
    PositionEmbedding,
    RMSNorm,
    Softmax,
    Spec,
    TakeChannels,
)


def one(
    spec: Spec, *shapes: tuple[int, ...], batch: int = 1, **options
) -> counting.LayerCount:
    """Count one layer behind inputs of these shapes."""
    net = Builder("one", shapes[0])
    nodes = [net.input, *(net.input._replace(shape=shape) for shape in shapes[1:])]
    return count(net.model(net(spec, *nodes, name="it")), batch, **options).layers[0]


# --- Convolution by brute force -------------------------------------------------------


@given(
    channels=st.integers(1, 3),
    filters=st.integers(1, 3),
    groups=st.integers(1, 2),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    pad=st.integers(0, 1),
    batch=st.integers(1, 3),
)
def test_convolution_multiplies_as_often_as_seven_loops_do(
    channels, filters, groups, kernel, stride, pad, batch
):
    spec = Conv2d(filters * groups, kernel, stride=stride, padding=pad, groups=groups)
    row = one(spec, (channels * groups, 5, 4), batch=batch)
    starts = [range(0, size + 2 * pad - kernel + 1, stride) for size in (5, 4)]
    seven = (
        range(batch),
        range(filters * groups),
        *starts,
        range(channels),
        range(kernel),
        range(kernel),
    )
    used = Counter((m, c, r, s) for _, m, _, _, c, r, s in product(*seven))
    assert row.macs == sum(used.values())
    assert row.weights == len(used)
    assert row.params - row.weights == filters * groups
    assert row.other == {
        "bias": batch * filters * groups * len(starts[0]) * len(starts[1])
    }


@given(
    size=st.integers(3, 9),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    batch=st.integers(1, 3),
)
def test_pooling_compares_and_adds_as_often_as_loops_do(size, kernel, stride, batch):
    starts = range(0, size - kernel + 1, stride)
    comparisons = sum(
        len(range(1, kernel * kernel))
        for _ in product(range(batch), range(2), starts, starts)
    )
    assert (
        sum(one(MaxPool2d(kernel, stride), (2, size, size), batch=batch).other.values())
        == comparisons
    )
    divisions = batch * 2 * len(starts) ** 2
    assert (
        sum(one(AvgPool2d(kernel, stride), (2, size, size), batch=batch).other.values())
        == comparisons + divisions
    )


# --- Hand counts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "shapes", "params", "macs", "other"),
    [
        (Linear(3), [(4,)], 15, 12, {"bias": 3}),
        (Linear(3, bias=False), [(2, 4)], 12, 24, {}),
        (Conv2d(4, 3, padding=1, groups=4, bias=False), [(4, 2, 2)], 36, 144, {}),
        (MaxPool2d(2), [(1, 4, 4)], 0, 0, {"max pool": 12}),
        (AvgPool2d(2), [(1, 4, 4)], 0, 0, {"average pool": 16}),
        (GlobalAvgPool2d(), [(2, 3, 3)], 0, 0, {"average pool": 18}),
        (BatchNorm2d(), [(2, 3, 3)], 4, 0, {"normalisation": 36}),
        # (3 + 1) mean; 4 differences, 4 squares, 3 + 1 variance; epsilon, root; 4
        # divided, 4 scaled, 4 shifted
        (LayerNorm(), [(4,)], 8, 0, {"normalisation": 30}),
        (LayerNorm(bias=False), [(4,)], 4, 0, {"normalisation": 26}),
        # 4 squares, 3 + 1 mean; epsilon, root; 4 divided, 4 scaled
        (RMSNorm(), [(4,)], 4, 0, {"normalisation": 18}),
        # 3 channels: 5 each; sums over 2, 3 and 2 of them
        (LocalResponseNorm(3), [(3, 1, 1)], 0, 0, {"normalisation": 15 + 1 + 2 + 1}),
        (Activation("silu"), [(2, 5)], 0, 0, {"silu": 10}),
        (Softmax(), [(2, 3)], 0, 0, {"softmax": 2 * (2 + 3 + 3 + 2 + 3)}),
        (Dropout(), [(7,)], 0, 0, {}),
        (Add(), [(2, 3, 3)] * 3, 0, 0, {"add": 36}),
        (Multiply(), [(2, 3, 3), (2, 1, 1)], 0, 0, {"multiply": 18}),
        (Concat(), [(2, 3, 3)] * 2, 0, 0, {}),
        (Embedding(100, 8), [(5,)], 800, 0, {"look-up": 5}),
        (PositionEmbedding(9), [(5, 8)], 72, 0, {"add": 40}),
        (PositionEmbedding(learned=False), [(5, 8)], 0, 0, {"add": 40}),
        (RNN(2), [(3, 4)], 14, 36, {"bias": 6, "tanh": 6}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Spec) else "",
)
def test_layer_costs_what_a_hand_count_says(spec, shapes, params, macs, other):
    row = one(spec, *shapes)
    assert (row.params, row.macs, row.other) == (params, macs, other)


@pytest.mark.parametrize(
    ("spec", "features", "params"),
    [
        (LSTM(650), 650, 3_382_600),  # Keras
        (LSTM(650, biases=2), 650, 3_385_200),  # PyTorch, cuDNN, ONNX
        (GRU(5), 4, 150),
        (GRU(5, biases=2), 4, 165),
    ],
)
def test_recurrent_layers_have_one_bias_or_two(spec, features, params):
    assert one(spec, (1, features)).params == params


def test_lstm_works_at_every_step():
    row = one(LSTM(5), (7, 4))
    assert row.macs == 7 * 4 * (4 * 5 + 5 * 5)  # 7 steps, 4 gates, input and state
    assert row.other == {
        "bias": 140,
        "sigmoid": 105,
        "tanh": 70,
        "multiply": 105,
        "add": 35,
    }


def test_attention_counts_its_six_products():
    row = one(Attention(2), (3, 8))
    assert row.macs == 4 * 3 * 8 * 8 + 2 * 3 * 3 * 8  # four projections, Q K^T and A V
    assert row.params == 4 * (8 * 8 + 8)
    assert row.other == {"bias": 96, "scale": 18, "softmax": 6 * 13}


def test_causal_half_is_counted_only_if_asked_for():
    causal, plain = Attention(1, causal=True), Attention(1)
    pairs = len(
        [(query, key) for query in range(5) for key in range(5) if key <= query]
    )
    whole, half = one(causal, (5, 8)), one(causal, (5, 8), causal_half=True)
    assert whole == one(plain, (5, 8)) == one(plain, (5, 8), causal_half=True)
    assert whole.macs - half.macs == 2 * 8 * (25 - pairs)
    assert half.other["scale"] == pairs


def test_cross_attention_projects_the_memory():
    row = one(Attention(2, bias=False), (3, 8), (10, 6))
    assert row.weights == 2 * 8 * 8 + 2 * 6 * 8
    assert row.macs == 2 * 3 * 8 * 8 + 2 * 10 * 6 * 8 + 2 * 3 * 10 * 8


def test_grouped_queries_shrink_keys_and_values():
    full, grouped = (
        one(Attention(8, bias=False), (3, 64)),
        one(Attention(8, kv_heads=2, bias=False), (3, 64)),
    )
    assert full.weights - grouped.weights == 2 * 64 * (64 - 16)
    assert one(Attention(2, head_dim=16, bias=False), (3, 8)).weights == 4 * 8 * 32


def test_kv_cache_of_llama_follows_from_its_projections():
    llama = models.llama2_7b(1)
    wide = [layer for layer in llama.layers if layer.kind == "Attention"]
    features = sum(
        2 * x.spec.head_sizes(4096)[1] * x.spec.head_sizes(4096)[2] for x in wide
    )
    assert 2 * features == 524_288  # bytes a token in FP16, as published


def test_vision_transformer_includes_its_attention_products():
    counts = count(models.vit_b_16())
    scores = 12 * 197 * 197 * 768
    assert counts.macs == 17_563_828_224
    assert counts.only("Attention").macs == 12 * 4 * 197 * 768 * 768 + 2 * scores


def test_experts_hold_all_and_use_few():
    row = one(Experts(8, active=2, hidden=16), (1, 4))
    assert row.weights == 8 * 3 * 4 * 16 + 4 * 8
    assert row.active_params == row.macs == 2 * 3 * 4 * 16 + 4 * 8
    assert row.param_reads == row.macs
    assert row.other["top k"] == 7 + 6


def test_subsampling_has_two_parameters_a_channel():
    counts = count(models.lenet5_1998()).only("Subsample2d")
    assert (counts.params, counts.weights) == (44, 22)


def test_tied_weights_count_once_and_work_twice():
    counts = count(models.gpt2())
    projection = next(layer for layer in counts.layers if layer.name == "projection")
    assert (projection.params, projection.macs) == (0, 1024 * 768 * 50_257)
    assert projection.param_reads == 768 * 50_257


# --- What holds for every network -----------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["lenet5_1998", "alexnet_2012", "googlenet", "efficientnet_b0", "transformer_base"],
)
def test_a_batch_multiplies_work_but_no_parameters(name):
    single, batch = count(models.ZOO[name]()), count(models.ZOO[name](), batch=8)
    assert (batch.params, batch.weights) == (single.params, single.weights)
    assert (batch.macs, batch.activations) == (8 * single.macs, 8 * single.activations)
    assert batch.other == {kind: 8 * number for kind, number in single.other.items()}
    assert batch.peak_activations == 8 * single.peak_activations
    assert batch.traffic_bytes("int8") <= 8 * single.traffic_bytes("int8")


@pytest.mark.parametrize("name", models.ZOO)
def test_layers_kinds_and_total_agree(name):
    counts = count(models.ZOO[name]())
    for key in ("params", "weights", "macs", "other", "activations"):
        assert sum(row[key] for row in counts.by_layer()) == sum(
            row[key] for row in counts.by_kind()
        )
        assert counts.total()[key] == sum(row[key] for row in counts.by_kind())
    assert counts.operations == counts.macs + sum(counts.other.values())
    assert all(
        isinstance(number, int)
        for number in (counts.params, counts.macs, *counts.other.values())
    )


def test_every_layer_spec_of_the_library_has_a_counter():
    def leaves(spec):
        below = [leaf for child in spec.__subclasses__() for leaf in leaves(child)]
        return below or ([spec] if spec.__module__.startswith("dlpatterns") else [])

    assert {spec.__name__ for spec in leaves(Spec)} == {
        spec.__name__ for spec in costs.COUNTERS
    }


def test_folding_batch_norm_turns_two_parameters_into_one_bias():
    plain, folded = count(models.resnet50()), count(fold_batch_norm(models.resnet50()))
    assert (
        plain.params - folded.params == 26_560
    )  # Keras lists 53,120 running statistics, two a channel
    assert (folded.macs, folded.weights) == (plain.macs, plain.weights)
    assert plain.other["normalisation"] == 2 * folded.only("Conv2d").other["bias"]
    assert "normalisation" not in folded.other


# --- Bytes ----------------------------------------------------------------------------


def test_bytes_follow_the_format():
    counts = count(models.resnet50())
    assert counts.weight_bytes("fp32") == 102_228_128
    assert counts.weight_bytes("fp16") == 51_114_064
    assert counts.weight_bytes("int4") == 12_778_516
    assert counts.activation_bytes("int8") == counts.activations
    with pytest.raises(ValueError, match="known: "):
        counts.weight_bytes("float")


def test_convolution_activations_of_resnets_are_the_published_ones():
    for name, millions in {
        "resnet50": 11.1,
        "resnet101": 16.2,
        "resnet152": 22.6,
    }.items():
        outputs = count(models.ZOO[name]()).only("Conv2d").activations
        assert round(outputs / 1e6, 1) == millions  # Radosavovic et al. 2020


def test_traffic_reads_only_the_rows_that_are_looked_up():
    row = one(Embedding(10_000, 8), (5,))
    assert row.traffic_bytes("int8") == 5 + 40 + 40  # tokens, rows, output
    many = one(Embedding(10, 8), (5,), batch=100)
    assert many.param_reads == 80  # no row crosses the bus twice


def test_traffic_of_a_layer_is_input_weights_and_output():
    assert one(Linear(3), (4,)).traffic_bytes("fp32") == 4 * (4 + 15 + 3)
    assert one(Linear(3), (4,), batch=10).traffic_bytes("fp32") == 4 * (40 + 15 + 30)
    assert one(Flatten(), (3, 2, 2)).traffic_bytes() == 0


def test_peak_holds_a_shortcut_until_it_is_added():
    net = Builder("block", (2, 10, 10))  # 200 values
    x = net(Conv2d(4, 1), net.input, name="wide")  # 400
    y = net.chain(x, Conv2d(1, 1), Conv2d(4, 1), names=("narrow", "back"))  # 100, 400
    model = net.model(net(Add(), x, y, name="add"))
    assert (
        count(model).peak_activations == 400 + 400 + 400
    )  # shortcut, back, and their sum
    assert count(model, batch=3).peak_activations == 3600
    assert count(model).peak_activation_bytes("fp16") == 2400


def test_peak_of_a_chain_is_its_fullest_pair():
    net = Builder("chain", (100,))
    model = net.model(net.chain(net.input, Linear(10), Linear(300), Linear(1)))
    assert count(model).peak_activations == 310


def test_a_layer_that_only_renames_writes_nothing():
    assert one(Flatten(), (3, 2, 2)).activations == 0
    assert one(TakeChannels(0, 1), (3, 2, 2)).activations == 0
    net = Builder("names", (10,))
    model = net.model(net.chain(net.input, Dropout(), Dropout()))
    assert count(model).peak_activations == 10


# --- Selecting and printing -----------------------------------------------------------


def test_only_and_where_select_layers():
    counts = count(models.vgg16())
    assert counts.only("Conv2d", "Linear").macs == counts.macs
    assert (
        counts.where(lambda layer: layer.name.startswith("conv5")).only("Conv2d").macs
        == 3 * 512 * 512 * 9 * 14 * 14
    )
    assert counts.only("LSTM").macs == 0
    with pytest.raises(ValueError, match=r"\['Conv'\]; VGG-16 has Activation, Conv2d"):
        counts.only("Conv")


def test_rows_have_what_a_table_shows():
    row = count(models.vgg16()).by_layer()[0]
    assert row == {
        "layer": "conv1_1",
        "kind": "Conv2d",
        "input": (3, 224, 224),
        "output": (64, 224, 224),
        "params": 1_792,
        "weights": 1_728,
        "macs": 86_704_128,
        "other": 3_211_264,
        "activations": 3_211_264,
    }
    assert list(count(models.vgg16()).by_kind()[0])[:2] == ["kind", "layers"]


# --- Bad input and other people's layers ----------------------------------------------


@dataclass(frozen=True)
class Mystery(Spec):
    """A layer nobody has told the library how to count."""


def test_an_unknown_layer_is_named_not_skipped():
    net = Builder("strange", (3, 8, 8))
    with net.scope("block"):
        model = net.model(net(Mystery(), net.input, name="what"))
    with pytest.raises(
        ValueError, match=r"layer 'block.what': no counter for Mystery \(\(3, 8, 8\),\)"
    ):
        count(model)


def test_a_layer_can_bring_its_counter(monkeypatch):
    monkeypatch.setattr(costs, "COUNTERS", dict(costs.COUNTERS))
    monkeypatch.setattr(counting.counts, "COUNTERS", costs.COUNTERS)
    costs.counts(Mystery)(lambda spec, inputs, output: costs.Cost(macs=7))
    assert one(Mystery(), (3, 8, 8), batch=2).macs == 14


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, "8"])
def test_a_batch_is_a_number_of_examples(batch):
    with pytest.raises(ValueError, match="batch must be a whole number"):
        count(models.lenet5(), batch)


def test_the_function_instead_of_the_model_is_pointed_out():
    with pytest.raises(TypeError, match=r"count\(models.vgg16\(\)\)"):
        count(models.vgg16)


def test_counting_imports_nothing_heavy():
    code = "import sys, dlpatterns.counting, dlpatterns.models; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "matplotlib", "ipywidgets", "IPython", "sklearn"} & set(loaded)


def test_a_batch_reads_each_parameter_once():
    """Rows of a table, positions and experts: at most all of them, positions the same
    for every example. By hand: 8 x 16; 60 x 512; 100 x 768; 600 x 9 + 320.
    """
    assert one(Embedding(8, 16), (1000,)).param_reads == 128
    reads = {
        layer.name: layer.param_reads
        for layer in count(models.transformer_base(12), batch=5).layers
    }
    assert reads["embedding"] == reads["target_embedding"] == 30_720
    positions = count(models.gpt2(100), batch=6).layers[1]
    assert positions.param_reads == 76_800
    spec = Experts(16, 2, 10, shared=1)
    assert one(spec, (1, 20), batch=4).param_reads == 5720
    assert one(spec, (1, 20), batch=100).param_reads == 600 * 17 + 320
    assert one(spec, (1, 20)).param_reads == 600 * 3 + 320


@pytest.mark.parametrize("batch", [-1, 0, 1.5, True, float("nan")])
def test_a_layer_is_counted_for_whole_batches(batch):
    with pytest.raises(ValueError, match="batch must be a whole number"):
        counting.count_layer(models.lenet5().layers[0], batch)


def test_rotary_positions_and_experts_by_hand():
    """A turned feature takes two products and an addition: 2 heads of 2 features, 3
    tokens, queries and keys. Three experts are added up with two additions a feature;
    the two that were picked are weighted.
    """
    assert one(Attention(2, rotary=True), (3, 4)).other["rotary"] == 3 * (3 * 4 + 3 * 4)
    grouped = one(Attention(2, kv_heads=1, rotary=True), (3, 4))
    assert grouped.other["rotary"] == 3 * (3 * 4 + 3 * 2)
    other = one(Experts(8, active=2, hidden=16, shared=1), (3, 4)).other
    assert other["add"] == 3 * (3 - 1) * 4
    assert other["multiply"] == 3 * (3 * 16 + 2 * 4)
    assert other["silu"] == 3 * 3 * 16


def test_distances_by_hand():
    """84 inputs to 10 codes: a subtraction and a square each."""
    row = one(layers.EuclideanRBF(10), (84,))
    assert (row.macs, row.other, row.params) == (840, {"subtract": 840}, 0)


@pytest.mark.parametrize(("width", "rows"), [(0, 1), (3, 0), (2.5, 1)])
def test_a_softmax_has_values_and_rows(width, rows):
    with pytest.raises(ValueError, match="whole numbers of values and rows"):
        costs.softmax_operations(width, rows=rows)
