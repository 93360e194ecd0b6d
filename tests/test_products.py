"""Matrix products inside layers: together they hold every MAC of the zoo, and single
ones have shapes worked out by hand.
"""

import pytest

from dlpatterns import models
from dlpatterns.counting import costs, count
from dlpatterns.counting.products import LOWERINGS, Product, products
from dlpatterns.graph import Builder
from dlpatterns.layers import GRU, LSTM, RNN, Attention, Conv2d, Experts, Linear


@pytest.mark.parametrize("name", models.ZOO)
def test_every_mac_of_the_zoo_is_in_a_matrix_product(name):
    model = models.ZOO[name]()
    for layer, counted in zip(model.layers, count(model).layers, strict=True):
        assert sum(product.macs for product in products(layer)) == counted.macs, (
            layer.name
        )


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in costs.COUNTERS
        if kind.__name__ not in {k.__name__ for k in LOWERINGS}
    ],
)
def test_a_kind_without_products_has_no_macs(kind):
    zoo = (layer for build in models.ZOO.values() for layer in count(build()).layers)
    assert not any(layer.macs for layer in zoo if layer.kind == kind.__name__)


def only(spec, shape):
    net = Builder("one layer", shape)
    return products(net.model(net(spec, net.input)).layers[0])


def test_a_grouped_convolution_is_a_product_a_group():
    assert only(Conv2d(256, 5, padding=2, groups=2), (96, 27, 27)) == [
        Product(128, 48 * 25, 27 * 27, 2)
    ]


def test_a_depthwise_convolution_is_a_row_times_a_matrix_a_channel():
    assert only(Conv2d(32, 3, padding=1, groups=32), (32, 112, 112)) == [
        Product(1, 9, 112 * 112, 32)
    ]


def test_a_full_connection_of_one_image_is_a_matrix_times_a_vector():
    assert only(Linear(4096), (25088,)) == [Product(4096, 25088, 1)]


@pytest.mark.parametrize(("cell", "gates"), [(RNN, 1), (GRU, 3), (LSTM, 4)])
def test_the_state_of_a_recurrence_is_multiplied_step_by_step(cell, gates):
    assert only(cell(5), (7, 4)) == [
        Product(gates * 5, 4, 7),
        Product(gates * 5, 5, 1, 7),
    ]


def test_attention_has_six_products_a_head_or_layer():
    found = only(Attention(12), (1024, 768))
    assert found[2:4] == [Product(1024, 64, 1024, 12), Product(1024, 1024, 64, 12)]
    assert sum(p.macs for p in found) == 4 * 768 * 768 * 1024 + 2 * 1024 * 1024 * 768


def test_grouped_queries_shrink_the_key_and_value_products():
    assert only(Attention(32, kv_heads=8), (10, 4096))[1] == Product(1024, 4096, 10, 2)


def test_experts_multiply_only_where_tokens_are_sent():
    assert only(Experts(8, 2, 14336), (1, 4096)) == [
        Product(8, 4096, 1),
        Product(14336, 4096, 1, 4),
        Product(4096, 14336, 1, 2),
    ]
