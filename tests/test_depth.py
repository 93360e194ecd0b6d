"""The critical path of a network, against the numbers that its authors put into its
name.
"""

import pytest

from dlpatterns import models
from dlpatterns.counting.depth import dependent_products, layer_products
from dlpatterns.graph import Builder
from dlpatterns.layers import GRU, LSTM, RNN, Activation, Add, Attention, Linear


@pytest.mark.parametrize(
    ("network", "weight_layers"),
    [
        ("vgg11", 11), ("vgg13", 13), ("vgg16", 16), ("vgg19", 19),
        ("resnet18", 18), ("resnet34", 34), ("resnet50", 50), ("resnet101", 101),
        ("resnet152", 152),
        # Szegedy et al. 2015: "22 layers deep when counting only layers with
        # parameters"
        ("googlenet_2014", 22),
        ("alexnet_2012", 8),  # Krizhevsky et al. 2012: "eight learned layers"
    ],
)  # fmt: skip
def test_the_name_of_a_network_counts_its_critical_path(
    network: str, weight_layers: int
) -> None:
    assert dependent_products(models.ZOO[network]()) == weight_layers


def test_vision_transformer_by_hand() -> None:
    patches, head, attention, feed_forward = 1, 1, 4, 2
    assert (
        dependent_products(models.vit_b_16())
        == patches + 12 * (attention + feed_forward) + head
    )


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_a_recurrence_waits_for_every_step(steps: int) -> None:
    net = Builder("recurrence", (steps, 4))
    one = net.model(net(LSTM(8), net.input))
    assert (
        dependent_products(one) - dependent_products_of_attention(steps)
        == steps + 1 - 4
    )


def dependent_products_of_attention(steps: int) -> int:
    net = Builder("attention", (steps, 4))
    return dependent_products(net.model(net(Attention(2), net.input)))


def test_only_the_longer_branch_counts() -> None:
    net = Builder("branches", (4,))
    long = net.chain(net.input, Linear(4), Activation("relu"), Linear(4), Linear(4))
    model = net.model(net(Add(), net(Linear(4), net.input, name="short"), long))
    assert dependent_products(model) == 3


def test_an_activation_is_no_product() -> None:
    net = Builder("bend", (4,))
    assert layer_products(net.model(net(Activation("relu"), net.input)).layers[0]) == 0


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_every_recurrence_has_one_product_for_all_inputs_and_one_a_step(cell):
    net = Builder("steps", (5, 4))
    model = net.model(net(cell(8), net.input))
    assert layer_products(model.layers[0]) == dependent_products(model) == 6
