"""Counts of single layers by hand: values that a single change of the source would
move, and that no published network shows by itself.
"""

import pytest

from dlpatterns import models
from dlpatterns.counting import costs, count, decoding
from dlpatterns.counting.depth import dependent_products, layer_products
from dlpatterns.counting.products import products
from dlpatterns.graph import Builder
from dlpatterns.layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    Bidirectional,
    ConnectedConv2d,
    ConvTranspose2d,
    Embedding,
    EuclideanRBF,
    Experts,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    Patches,
    PositionEmbedding,
    RMSNorm,
    Softmax,
    Spec,
    Subsample2d,
)


def one(spec: Spec, *shapes: tuple[int, ...], **options):
    """Count one layer behind inputs of these shapes."""
    net = Builder("one", shapes[0])
    nodes = [net.input, *(net.input._replace(shape=shape) for shape in shapes[1:])]
    return count(net.model(net(spec, *nodes, name="it")), **options).layers[0]


@pytest.mark.parametrize(
    ("spec", "shapes", "params", "macs", "other"),
    [
        # three kernels of 2 x 2, two biases; four places
        (
            ConnectedConv2d(((0,), (0, 1)), 2),
            [(2, 3, 3)],
            14,
            48,
            {"bias": 8},
        ),
        # eight windows of four: three additions, a product, a bias
        (
            Subsample2d(2),
            [(2, 4, 4)],
            4,
            0,
            {"average pool": 24, "multiply": 8, "bias": 8},
        ),
        (EuclideanRBF(3), [(5,)], 0, 15, {"subtract": 15}),
        # three rows of four: 30 and 18 operations each
        (LayerNorm(), [(3, 4)], 8, 0, {"normalisation": 90}),
        (RMSNorm(), [(3, 4)], 4, 0, {"normalisation": 54}),
        # five operations a value; 2, 3, 4, 3 and 2 neighbours to add; six places
        (LocalResponseNorm(5), [(5, 2, 3)], 0, 0, {"normalisation": (25 + 14) * 6}),
        # six rows of four: 3 + 4 + 4 + 3 + 4
        (Softmax(), [(2, 3, 4)], 0, 0, {"softmax": 108}),
        (Patches(2), [(3, 2, 2)], 6, 0, {}),
        (PositionEmbedding(), [(5, 8)], 40, 0, {"add": 40}),
        # two sums of two, no bias, and both of PyTorch's
        (RNN(2, biases=0), [(3, 4)], 12, 36, {"tanh": 6}),
        (RNN(2, biases=2), [(3, 4)], 16, 36, {"bias": 12, "tanh": 6}),
        # r and z; the candidate; r h, (1 - z) g, z h; 1 - z, and the sum of both
        (
            GRU(5),
            [(7, 4)],
            150,
            7 * 135,
            {"bias": 105, "sigmoid": 70, "tanh": 35, "multiply": 105, "add": 70},
        ),
        # queries and answer: three tokens of eight; keys and values: ten of sixteen
        (
            Attention(2),
            [(3, 8), (10, 6)],
            2 * 64 + 2 * 48 + 32,
            2 * 3 * 64 + 2 * 10 * 48 + 2 * 30 * 8,
            {"bias": 48 + 160, "scale": 60, "softmax": 2 * 3 * 48},
        ),
        # twelve rows of three scores
        (
            Attention(4, bias=False),
            [(3, 8)],
            256,
            3 * 256 + 2 * 9 * 8,
            {"scale": 36, "softmax": 12 * 13},
        ),
        # heads wider than the features: 32 into, 64 keys and values, 8 out
        (
            Attention(2, head_dim=16),
            [(3, 8)],
            4 * 8 * 32 + 104,
            4 * 3 * 8 * 32 + 2 * 18 * 16,
            {"bias": 3 * 104, "scale": 18, "softmax": 6 * 13},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Spec) else "",
)
def test_a_layer_by_hand(spec, shapes, params, macs, other):
    row = one(spec, *shapes)
    assert (row.params, row.macs, row.other) == (params, macs, other)


def test_a_tied_table_has_no_weights_of_its_own_and_is_read_all_the_same():
    cost = costs.embedding(Embedding(100, 8, tied="head"), ((5,),), (5, 8))
    assert (cost.weights, cost.rows, cost.table) == (0, 40, 800)
    assert cost.param_reads(3) == 120 and cost.param_reads(21) == 800


def test_both_directions_are_two_layers():
    alone, both = one(LSTM(5), (7, 4)), one(Bidirectional(LSTM(5)), (7, 4))
    assert (both.params, both.macs) == (2 * alone.params, 2 * alone.macs)
    assert both.weights == 2 * alone.weights == 2 * 4 * 5 * 9
    assert both.other["sigmoid"] == 2 * 105 and both.other["bias"] == 2 * 140


def test_experts_by_hand():
    """Three tokens; eight experts of 3 x 4 x 16 weights, two picked, one for all."""
    row = one(Experts(8, active=2, hidden=16, shared=1), (3, 4))
    assert row.weights == 9 * 192 + 32
    assert row.active_params == 3 * 192 + 32
    assert row.macs == 3 * (3 * 192 + 32)
    assert row.other["softmax"] == 3 * (7 + 8 + 8 + 7 + 8)
    assert row.other["top k"] == 3 * (7 + 6)


def test_what_a_cost_leaves_out_is_nothing():
    assert costs.Cost() == (0, 0, 0, {}, 0, None, 0, 0, True)
    assert costs.Cost(weights=5, extras=2).param_reads(3) == 7
    assert costs.Cost(touched=1, rows=4, table=10).param_reads(2) == 9
    assert costs.Cost(touched=1, rows=4, table=10).param_reads(3) == 11
    assert one(Linear(3), (4,)).active_params == 15


@pytest.mark.parametrize("inputs", [[(4,)], [], (), None])
def test_a_counter_takes_a_tuple_of_shapes(inputs):
    with pytest.raises(TypeError, match="inputs are a tuple of shapes"):
        costs.linear(Linear(3), inputs, (3,))


def test_a_softmax_by_hand():
    """Compare 2, subtract 3, exponentiate 3, add 2, divide 3."""
    assert costs.softmax_operations(3) == 13
    assert costs.softmax_operations(3, rows=2) == 26
    assert costs.softmax_operations(1) == 3


@pytest.mark.parametrize(
    ("spec", "shape", "in_a_row"),
    [
        (ConnectedConv2d(((0,), (0, 1)), 2), (2, 3, 3), 1),
        (ConvTranspose2d(4, 2), (2, 3, 3), 1),
        (EuclideanRBF(3), (5,), 1),
        (Experts(8, active=2, hidden=16), (3, 4), 3),  # router, into, back
        (Bidirectional(LSTM(5)), (7, 4), 8),  # both directions side by side
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Spec) else "",
)
def test_products_in_a_row_by_hand(spec, shape, in_a_row):
    net = Builder("one", shape)
    assert layer_products(net.model(net(spec, net.input)).layers[0]) == in_a_row


def test_products_of_experts_by_hand():
    """Three tokens, each through two of eight experts and one that sees all: nine
    times two products into sixteen features, and one back.
    """
    net = Builder("one", (3, 4))
    model = net.model(net(Experts(8, active=2, hidden=16, shared=1), net.input))
    assert products(model.layers[0]) == [(8, 4, 3, 1), (16, 4, 1, 18), (4, 16, 1, 9)]


def test_lenet_is_five_products_deep():
    """C1, C3, C5, F6 and the distances; subsampling multiplies no matrices."""
    assert dependent_products(models.ZOO["lenet5_1998"]()) == 5


def test_a_prefill_of_latent_vectors_by_hand():
    """DeepSeek-V3: a pair costs each of 128 heads 2 x 512 + 64 products; a token's
    queries are 576 numbers a head and its answers 512, its latent vector and key 576.
    """
    heads, _ = decoding.published()["DeepSeek-V3"]
    macs, numbers = 4096 * 128 * 1088, 128 * (576 + 512) + 576
    assert heads.prefill_intensity(4096) == pytest.approx(macs / (2 * numbers))
    assert heads.macs_per_pair == 61 * 128 * 1088
