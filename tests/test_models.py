"""The zoo against the world: published integers, and what torchvision's own networks do
when they run.
"""

import json
from pathlib import Path

import pytest

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.models.lenet import C3_CONNECTIONS

TORCHVISION = json.loads(
    (Path(__file__).parent / "torchvision_counts.json").read_text()
)["networks"]

# network: (parameters, MACs or None where nobody published them), and where the
# integers come from
PUBLISHED = {
    "mlp": (
        (266_610, 266_200),
        "Han et al. 2016, table 1: LeNet-300-100 has 267K parameters; 1070 KB in FP32",
    ),
    "lenet5_1998": (
        (60_000, 326_520),
        "LeCun et al. 1998, section II-B; MACs: his connections without the biases",
    ),
    "lenet5": (
        (61_706, 416_520),
        "layer by layer from LeCun et al. 1998 with every C3 map connected",
    ),
    "lenet_caffe": (
        (431_080, 2_293_000),
        "Han et al. 2016, table 1: 1720 KB; Caffe's log of lenet.prototxt",
    ),
    "alexnet_2012": (
        (60_965_224, 724_406_816),
        "Krizhevsky et al. 2012; Caffe's reference net",
    ),
    "alexnet_ungrouped": (
        (62_378_344, 1_135_256_096),
        "Krizhevsky et al. 2012 without the groups",
    ),
    "alexnet": ((61_100_840, 714_188_480), "torchvision's weights metadata"),
    "vgg16": (
        (138_357_544, 15_470_264_320),
        "Simonyan & Zisserman 2015; torchvision's weights metadata",
    ),
    "googlenet_2014": (
        (6_998_552, 1_582_671_872),
        "Szegedy et al. 2015 layer by layer",
    ),
    "googlenet_2014_aux": (
        (13_378_280, None),
        "Caffe's bvlc_googlenet, training network",
    ),
    "googlenet": ((6_624_904, 1_498_376_192), "torchvision's weights metadata"),
    "googlenet_aux": (
        (13_004_888, None),
        "torchvision.models.googlenet() as constructed",
    ),
    "inception_v3": (
        (23_834_568, 5_713_216_096),
        "torchvision minus its auxiliary head; Szegedy et al. 2016: 5.7 billion",
    ),
    "inception_v3_aux": ((27_161_264, None), "torchvision's weights metadata"),
    "resnet50_2015": (
        (25_557_032, 3_857_973_248),
        "He et al. 2016, table 1: 3.8 billion",
    ),
    "resnet101_2015": (
        (44_549_160, 7_570_194_432),
        "He et al. 2016, table 1: 7.6 billion",
    ),
    "resnet152_2015": (
        (60_192_808, 11_282_415_616),
        "He et al. 2016, table 1: 11.3 billion",
    ),
    "mobilenet_v1": (
        (4_231_976, 568_740_352),
        "Howard et al. 2017, table 8: 4.2 million, 569 million",
    ),
    "efficientnet_b4": ((19_341_616, 4_393_771_024), "torchvision's weights metadata"),
    "vit_b_16": (
        (86_567_656, 17_563_828_224),
        "torchvision's weights metadata, attention products included",
    ),
    "lstm_ptb_small": (
        (4_651_600, None),
        "Zaremba et al. 2014; TensorFlow's PTB tutorial",
    ),
    "lstm_ptb_medium": (
        (19_775_200, None),
        "Zaremba et al. 2014; TensorFlow's PTB tutorial",
    ),
    "lstm_ptb_large": (
        (66_022_000, None),
        "Zaremba et al. 2014: 66M; TensorFlow's PTB tutorial",
    ),
    "gpt2": ((124_439_808, None), "OpenAI's checkpoint"),
    "llama2_7b": ((6_738_415_616, None), "Meta's checkpoint"),
    "llama2_70b": ((68_976_648_192, None), "Meta's checkpoint"),
    "mixtral_8x7b": ((46_702_792_704, None), "Mistral's checkpoint"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_network_has_its_published_counts(name):
    (params, macs), _ = PUBLISHED[name]
    ours = count(models.ZOO[name]())
    assert ours.params == params
    assert macs is None or ours.macs == macs


@pytest.mark.parametrize("name", TORCHVISION)
def test_params_and_macs_equal_torchvision_as_run(name):
    theirs, ours = TORCHVISION[name], count(models.ZOO[name]())
    assert models.ZOO[name]().input_shape == (3, theirs["size"], theirs["size"])
    assert ours.params == theirs["params"]
    assert ours.macs == sum(row["macs"] for row in theirs["operators"].values())
    assert round(ours.macs / 1e9, 3) == theirs["published_gmacs"]


@pytest.mark.parametrize("name", TORCHVISION)
def test_published_parameters_differ_only_by_auxiliary_heads(name):
    heads = {"inception_v3": 27_161_264 - 23_834_568}
    assert (
        TORCHVISION[name]["published_params"] - heads.get(name, 0)
        == count(models.ZOO[name]()).params
    )


KINDS = {  # PyTorch's operator -> our kind of layer
    "convolution": "Conv2d",
    "addmm": "Linear",
    "native_batch_norm": "BatchNorm2d",
    "max_pool2d_with_indices": "MaxPool2d",
    "avg_pool2d": "AvgPool2d",
    "mean": "GlobalAvgPool2d",
    "native_layer_norm": "LayerNorm",
}
ACTIVATIONS = {
    "relu": "relu",
    "hardtanh": "relu6",
    "silu": "silu",
    "gelu": "gelu",
    "sigmoid": "sigmoid",
    "mul": "multiply",
}


@pytest.mark.parametrize("name", [name for name in TORCHVISION if name != "vit_b_16"])
def test_every_kind_of_layer_equals_torchvision_as_run(name):
    ours = {row["kind"]: row for row in count(models.ZOO[name]()).by_kind()}
    for operator, row in TORCHVISION[name]["operators"].items():
        if operator in KINDS:
            mine = ours[KINDS[operator]]
            assert (mine["layers"], mine["activations"]) == (
                row["calls"],
                row["values"],
            ), operator
            if row["macs"]:
                assert (mine["weights"], mine["macs"]) == (
                    row["weights"],
                    row["macs"],
                ), operator


@pytest.mark.parametrize("name", TORCHVISION)
def test_every_activation_equals_torchvision_as_run(name):
    other, operators = count(models.ZOO[name]()).other, TORCHVISION[name]["operators"]
    expected = {
        ours: operators[theirs]["values"]
        for theirs, ours in ACTIVATIONS.items()
        if theirs in operators
    }
    if name == "vit_b_16":
        del expected[
            "multiply"
        ]  # PyTorch scales the queries and the keys, we the scores
    assert {kind: other[kind] for kind in expected} == expected


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "resnet50",
        "resnet152",
        "mobilenet_v2",
        "efficientnet_b0",
        "efficientnet_b7",
    ],
)
def test_shortcuts_equal_torchvision_as_run(name):
    ours, theirs = count(models.ZOO[name]()), TORCHVISION[name]["operators"]["add"]
    assert (len(ours.only("Add").layers), ours.other["add"]) == (
        theirs["calls"],
        theirs["values"],
    )


def test_googlenet_concatenates_what_torchvision_does():
    ours, theirs = (
        count(models.googlenet()).only("Concat"),
        TORCHVISION["googlenet"]["operators"]["cat"],
    )
    assert (len(ours.layers), ours.activations) == (theirs["calls"], theirs["values"])


def test_c3_is_connected_as_in_table_1_of_lecun():
    rows = {  # map of S2: the maps of C3 it feeds (the crosses of table I, row by row)
        0: "0 4 5 6 9 10 11 12 14 15",
        1: "0 1 5 6 7 10 11 12 13 15",
        2: "0 1 2 6 7 8 11 13 14 15",
        3: "1 2 3 6 7 8 9 12 14 15",
        4: "2 3 4 7 8 9 10 12 13 15",
        5: "3 4 5 8 9 10 11 13 14 15",
    }
    for source, maps in rows.items():
        assert [
            m for m, channels in enumerate(C3_CONNECTIONS) if source in channels
        ] == list(map(int, maps.split()))


def test_lenet5_has_lecuns_connections_layer_by_layer():
    counts = count(models.lenet5_1998())
    connections = {
        layer.name: layer.connections
        for layer in counts.layers
        if "tanh" not in layer.name
    }
    assert connections == {
        "c1": 122_304,
        "s2": 5_880,
        "c3": 151_600,
        "s4": 2_000,
        "c5": 48_120,
        "flatten": 0,
        "f6": 10_164,
        "output": 840,
    }
    assert counts.connections == 340_908
    params = {layer.name: layer.params for layer in counts.layers if layer.params}
    assert params == {
        "c1": 156,
        "s2": 12,
        "c3": 1_516,
        "s4": 32,
        "c5": 48_120,
        "f6": 10_164,
    }


@pytest.mark.parametrize(
    ("name", "convolutions", "linears"),
    [
        ("vgg16", 13, 3),
        ("vgg19", 16, 3),
        ("alexnet_2012", 5, 3),
        ("googlenet_2014", 57, 1),
        ("resnet50_2015", 53, 1),
    ],
)
def test_number_of_layers_with_weights(name, convolutions, linears):
    counts = count(models.ZOO[name]())
    assert (len(counts.only("Conv2d").layers), len(counts.only("Linear").layers)) == (
        convolutions,
        linears,
    )


def test_efficientnet_b4_has_96_convolutions_and_64_squeeze_and_excitations():
    counts = count(models.efficientnet_b4())
    outside = counts.where(
        lambda layer: layer.kind == "Conv2d" and ".se." not in layer.name
    )
    inside = counts.where(lambda layer: layer.kind == "Conv2d" and ".se." in layer.name)
    assert (len(outside.layers), outside.weights, outside.macs) == (
        96,
        14_276_968,
        4_388_861_616,
    )
    assert (len(inside.layers), inside.weights, inside.macs) == (
        64,
        3_117_408,
        3_117_408,
    )
    assert counts.only("Linear").weights == 1_792_000


def test_resnet50_versions_differ_in_macs_alone():
    old, new = count(models.resnet50_2015()), count(models.resnet50())
    assert old.params == new.params
    assert old.only("Conv2d").macs == 3_855_925_248
    assert new.macs - old.macs == 231_211_008


def test_googlenet_first_row_is_not_what_table_1_prints():
    first = count(models.googlenet_2014()).layers[0]
    assert (first.weights, first.macs) == (9_408, 118_013_952)


def test_mixtral_meets_few_of_its_parameters():
    assert count(models.mixtral_8x7b()).active_params == 12_879_925_248


def test_efficientnet_takes_another_resolution():
    small, large = count(models.efficientnet_b2(260)), count(models.efficientnet_b2())
    assert small.params == large.params
    assert (
        small.macs == 993_561_872
    )  # the paper's 260 pixels: 1.0 billion in its table 2


def test_sequence_models_grow_with_their_tokens():
    assert count(models.gpt2(10)).params == count(models.gpt2()).params
    with pytest.raises(ValueError, match=r"positions.*1025 tokens"):
        models.gpt2(1025)


@pytest.mark.parametrize("name", models.ZOO)
def test_network_cites_its_source_and_can_be_counted(name):
    function, model = models.ZOO[name], models.ZOO[name]()
    assert function.__name__ == name
    assert "Source: " in function.__doc__
    assert (
        any(year in model.source for year in map(str, range(1986, 2027)))
        or "Caffe" in model.source
    )
    assert count(model).macs > 0


def test_two_networks_never_share_a_name():
    names = [function().name for function in models.ZOO.values()]
    assert len(set(names)) == len(names)
