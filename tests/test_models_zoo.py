"""The zoo beside every network of torchvision as it runs, and beside the papers of the
networks that torchvision does not have.
"""

import json
from pathlib import Path

import pytest

from dlpatterns import layers, models
from dlpatterns.counting import costs, count
from dlpatterns.counting.depth import dependent_products
from dlpatterns.counting.products import products
from dlpatterns.graph import Builder

REFERENCE = json.loads((Path(__file__).parent / "torchvision_zoo.json").read_text())
TORCHVISION = REFERENCE["networks"]


def made_of_positions(model):
    """Return the MACs with which torchvision makes Swin V2's biases of positions, 225
    pairs of distances through 512 units, anew in each run; they need no input.
    """
    specs = [layer.spec for layer in model.layers if layer.kind == "WindowAttention"]
    return sum(225 * 512 * (2 + spec.heads) for spec in specs if spec.hidden)


def test_the_zoo_has_every_network_of_torchvision():
    assert len(TORCHVISION) == 80
    assert set(TORCHVISION) <= set(models.ZOO)


@pytest.mark.parametrize("name", TORCHVISION)
def test_params_and_macs_equal_torchvision_as_run(name):
    theirs, model = TORCHVISION[name], models.ZOO[name]()
    ours = count(model)
    assert model.input_shape == (3, theirs["size"], theirs["size"])
    assert ours.params == theirs["params"]
    assert ours.macs + made_of_positions(model) == theirs["macs"]
    assert round(theirs["macs"] / 1e9, 3) == theirs["published_gmacs"]
    heads = 27_161_264 - 23_834_568 if name == "inception_v3" else 0
    assert theirs["published_params"] - heads == ours.params


# Counted by pytorchcv 0.0.74 and timm on tensors without storage; MACs as the papers
# print them, in millions.
WITHOUT_TORCHVISION = {
    "shufflenet_v1_g1": (1_531_936, 143),
    "shufflenet_v1_g2": (1_733_848, 140),
    "shufflenet_v1_g3": (1_865_728, 137),
    "shufflenet_v1_g4": (1_968_344, 133),
    "shufflenet_v1_g8": (2_434_768, 137),
    "ghostnet": (5_182_508, 141),
}


@pytest.mark.parametrize("name", WITHOUT_TORCHVISION)
def test_params_and_macs_of_networks_that_torchvision_does_not_have(name):
    params, printed = WITHOUT_TORCHVISION[name]
    ours = count(models.ZOO[name]())
    assert ours.params == params
    assert printed <= ours.macs / 1e6 < printed + 1.4


def test_the_first_networks_are_the_45_that_the_first_lectures_speak_of():
    assert len(models.FIRST) == 45
    assert models.FIRST.items() <= models.ZOO.items()


# --- The kinds of layer that came with them -------------------------------------------


def only(spec, shape):
    net = Builder("one layer", shape)
    return net.model(net(spec, net.input))


def test_attention_in_windows_by_hand():
    """Four windows of 2 x 2 on a map of 4 x 3: the second column of windows hangs
    over, so that 16 positions are worked on; two heads of 3 features.
    """
    model = only(layers.WindowAttention(2, 2, shift=1), (6, 4, 3))
    counts = count(model)
    assert counts.macs == 16 * 4 * 36 + 2 * (16 * 4 * 6)
    assert counts.params == 4 * (36 + 6) + 9 * 2
    assert counts.other == {
        "softmax": 4 * 4 * 2 * (5 * 4 - 2),
        "bias": 4 * 16 * 6,
        "scale": 16 * 4 * 2,
        "add": 2 * 16 * 4 * 2,
    }
    assert sum(product.macs for product in products(model.layers[0])) == counts.macs
    assert dependent_products(model) == 4


def test_biases_made_by_a_network_and_queries_of_length_one():
    plain = count(only(layers.WindowAttention(2, 2), (6, 4, 4)))
    counts = count(only(layers.WindowAttention(2, 2, hidden=5, cosine=True), (6, 4, 4)))
    assert counts.params - plain.params == 5 * (2 + 1 + 2) + 2 - 9 * 2
    assert counts.macs == plain.macs
    assert counts.other["normalisation"] == 2 * 16 * 2 * 3 * 3


def test_attention_in_windows_names_heads_that_do_not_divide():
    with pytest.raises(ValueError, match=r"4 heads do not divide the 6 channels"):
        only(layers.WindowAttention(4, 2), (6, 4, 4))


def test_a_norm_of_channels_costs_what_a_row_does_at_each_position():
    on_map = count(only(layers.ChannelNorm(), (8, 3, 5)))
    on_rows = count(only(layers.LayerNorm(), (15, 8)))
    assert (on_map.params, on_map.other) == (on_rows.params, on_rows.other)


def test_squares_become_channels():
    assert layers.SpaceToDepth(2).output_shape((3, 4, 5)) == (12, 2, 3)
    assert count(only(layers.SpaceToDepth(2), (3, 4, 4))).params == 0


def test_a_scale_of_channels():
    counts = count(only(layers.ChannelScale(), (3, 2, 2)))
    assert (counts.params, counts.other) == (3, {"multiply": 12})
    assert layers.ChannelScale in costs.COUNTERS
