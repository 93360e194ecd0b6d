"""The course's table: each cell against integers of the literature, and no reason
without a number behind it.
"""

from collections import Counter

import numpy as np
import pytest

from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.kernels.pooling import max_pool2d
from dlpatterns.lectures import classic_models as lecture
from dlpatterns.lectures.classic_models import studies, table

CELLS = {(cell.metric, cell.network): cell for cell in lecture.cells()}


def test_eleven_rows_of_six_networks_are_judged():
    assert len(CELLS) == 11 * 6
    assert Counter(cell.verdict for cell in CELLS.values()) == {
        "confirmed": 50,
        "corrected": 9,
        "unexplained": 1,
        "no count": 6,
    }


def test_eighteen_cells_are_no_counts():
    """Six errors are measured, six sizes chosen, six references names."""
    assert len(lecture.counted()) == 66 - 18
    assert Counter(cell.verdict for cell in lecture.counted()) == {
        "confirmed": 39,
        "corrected": 8,
        "unexplained": 1,
    }


@pytest.mark.parametrize(
    "place", [place for place, cell in CELLS.items() if cell.verdict != "confirmed"]
)
def test_what_is_not_confirmed_has_a_reason(place):
    assert len(CELLS[place].reason.split()) >= 4


def test_every_explanation_is_needed_and_holds():
    corrected = {place for place, cell in CELLS.items() if cell.verdict == "corrected"}
    assert corrected == set(table.EXPLANATIONS)
    assert {
        place for place, cell in CELLS.items() if cell.verdict == "unexplained"
    } == set(table.UNEXPLAINED)


@pytest.mark.parametrize(
    ("metric", "network", "ours"),
    [
        (
            "Conv: # of MACs",
            "VGG16",
            15_346_630_656,
        ),  # 15,470,264,320 less the 123,633,664 of the full connections
        ("FC: # of weights", "VGG16", 25_088 * 4_096 + 4_096 * 4_096 + 4_096 * 1_000),
        (
            "Conv: # of weights",
            "LeNet-5",
            6 * 25 + 60 * 25,
        ),  # table I of LeCun et al. has 60 pairs of maps
        ("Total MACs", "AlexNet", 724_406_816),  # Caffe's reference net
        ("Conv: # of MACs", "GoogleNet", 1_581_647_872),
        ("# of Conv layers", "EfficientNet-B4", 96),
        (
            "# of FC layers",
            "EfficientNet-B4",
            2 * 32 + 1,
        ),  # 32 blocks, two layers in each squeeze-and-excitation
    ],
)
def test_cells_equal_integers_counted_by_others(metric, network, ours):
    assert CELLS[metric, network].ours == ours


def test_the_full_connections_of_one_image_use_each_weight_once():
    for heading in lecture.NETWORKS:
        full = lecture.network(heading).full
        assert full.macs == full.weights, heading


def test_lenet_has_no_other_full_connections_than_c5_and_f6():
    names = [layer.name for layer in lecture.network("LeNet-5").full.layers]
    assert names == ["c5", "f6"]


def test_two_subtractions_give_the_printed_283k():
    """340,908 connections; C5 has 48,000 weights and 120 biases, F6 10,080 and 84."""
    net = lecture.network("LeNet-5")
    assert 340_908 - net.full.connections == 340_908 - 48_120 - 10_164
    assert 340_908 - net.full.weights == 340_908 - 48_000 - 10_080
    printed = datasets.printed("283k")
    assert printed.agrees(340_908 - 58_284) and printed.agrees(340_908 - 58_080)


def test_pooling_that_rounds_down_gives_the_printed_googlenet():
    maps = {
        layer.output_shape[1]
        for layer in models.googlenet_2014_floor().layers
        if layer.kind == "Concat"
    }
    assert maps == {27, 13, 6}
    assert datasets.printed("1.43G").agrees(count(models.googlenet_2014_floor()).macs)
    assert not datasets.printed("1.43G").agrees(count(models.googlenet_2014()).macs)


def test_a_wrong_print_is_not_confirmed():
    assert table.judged("Total MACs", "VGG16", "15.6G").verdict == "unexplained"
    assert table.judged("Reference", "VGG16", "Simonyan 2014").verdict == "unexplained"


def test_an_unknown_column_is_named():
    with pytest.raises(ValueError, match=r"no column 'VGG'.*VGG16"):
        lecture.network("VGG")


def test_top5_rows_print_what_the_table_prints():
    printed = {
        row["network"]: row["printed_percent"] for row in datasets.table("classic_top5")
    }
    cells = {
        cell.network: cell.printed
        for cell in CELLS.values()
        if cell.metric.startswith("Top-5")
    }
    for network, value in printed.items():
        assert round(value + 1e-9, 1) == float(cells[network])


def test_the_words_of_the_summary_are_the_numbers_of_the_library():
    caffe, lecun = count(models.lenet_caffe()), count(models.lenet5_1998())
    assert round(caffe.params / lecun.params) == 7  # "a factor of seven"
    late, early = count(models.resnet50()), count(models.resnet50_2015())
    assert (late.params, round(100 * (late.macs / early.macs - 1))) == (
        early.params,
        6,
    )  # "six per cent in MACs"
    low, high = lecture.spread("vit_b_16")
    assert round(high / low, -2) == 100  # "by a factor of a hundred"


def test_a_namesake_is_held_to_the_printed_column():
    """AlexNet of 2012 gives all eight; the one without groups has other filters."""
    rows = {row["network"]: row for row in lecture.rivals()}
    assert rows["AlexNet (2012)"]["cells"] == 8
    missed = rows["AlexNet (ungrouped)"]["misses"].split("; ")
    assert "Conv: # of weights" in missed and "FC: # of weights" not in missed


@pytest.mark.parametrize("pixels", range(5, 15))
@pytest.mark.parametrize("up", [True, False])
def test_windows_are_those_of_the_pooling_kernel(pixels, up):
    pooled = max_pool2d(np.zeros((1, 1, pixels, pixels)), 3, stride=2, ceil_mode=up)
    assert studies.positions(pixels, up=up) == pooled.shape[-1]


def test_googlenet_is_nine_modules_and_three_convolutions():
    """Szegedy et al. 2015, table 1: 3 layers before them; 6 or, in depth, 2 in each."""
    inside, way = lecture.convolutions_of_a_module()
    assert (9 * inside + 3, 9 * way + 3) == (57, 21)
    assert len(lecture.network("GoogleNet").conv.layers) == 57


@pytest.mark.parametrize(
    ("zoo", "printed", "fits"),
    [
        ("resnet50_2015", "3.9G", "rounded"),
        ("resnet50_2015", "3.8G", "cut off"),
        ("vgg16", "15.3G", "convolutions alone"),
        ("vgg16", "15.6G", "no"),
    ],
)
def test_printed_figures_fit_or_not(zoo, printed, fits):
    row = {"zoo": zoo, "quantity": "macs", "printed": printed}
    assert studies.fit(row) == fits


def test_ranks_of_a_cost_that_orders_perfectly():
    rows = [{"top1_percent": 70 + i, "year": 2010 + i} for i in range(5)]
    assert studies.correlation("year of publication", rows) == pytest.approx(-1)


def test_a_family_that_does_not_improve_member_by_member_is_noticed():
    assert lecture.falls_within("resnet") and not lecture.falls_within("inception")
    assert not lecture.falls_within("")  # all families together do not


def test_b1_has_seven_blocks_more_than_b0():
    """Tan and Le's stages of B0: 1, 2, 2, 3, 3, 4, 1 blocks; times 1.1, rounded up."""
    b0, b1 = lecture.family()[:2]
    assert b0["blocks"] == 1 + 2 + 2 + 3 + 3 + 4 + 1
    assert b1["blocks"] == 2 + 3 + 3 + 4 + 4 + 5 + 2


def test_a_profiler_that_says_flop_is_halved():
    row = {"ours": 100, "torch flop_counter": 200, "thop": 50, "fvcore": "fails"}
    assert studies.in_macs(row, "torch flop_counter") == 1
    assert (
        studies.in_macs(row, "thop") == 0.5 and studies.in_macs(row, "fvcore") is None
    )


def test_every_choice_of_the_explorers_is_drawn():
    for frame in (
        *(lecture.column(name) for name in lecture.NETWORKS),
        *(lecture.pooling(n, way) for n in (7, 8) for way in ("up", "down")),
        *(lecture.errors(cost, "top5") for cost in lecture.COSTS),
        lecture.memory("ViT-B/16", 8),
        lecture.scaled(1.4, 2, 150),
    ):
        assert frame.caption.endswith(".") and frame.text


def test_a_cost_lies_nowhere_apart_from_itself():
    rows = lecture.judged_networks()
    assert lecture.apart("MACs (G)", "MACs (G)", rows) == (0, 0)
    low, high = lecture.apart("activations (M)", "parameters (M)", rows)
    assert low < high < 0  # activations order the networks, parameters do not


def test_one_family_overtakes_another():
    """ResNet-34 has 26.7 % at 3.7 GMAC, VGG-11 to 19 27.6 % and more at 7.6 and more;
    ResNet-18 has 30.2 %.
    """
    assert lecture.beats("resnet34", "vgg") and not lecture.beats("resnet18", "vgg")
    assert not lecture.beats("vit_b_16", "resnet")  # errs less, with more MACs
    assert not lecture.beats("resnet34", "no such family")


def test_what_escapes_the_square_of_the_width():
    """Depthwise layers of B0, counted by hand: 34,532,064; the first layer has 32
    filters of 3 × 3 × 3 at 112² places, the last 1,280 × 1,000 weights.
    """
    macs = 34_532_064 + 32 * 27 * 112**2 + 1_280_000
    assert lecture.escaping() == pytest.approx(macs / 385_814_752)


def test_neighbours_of_the_published_counts():
    """Each of ResNet-34's three shortcuts has 64 × 128 × 28² MACs; ViT-B/16's last
    layer 768 × 1,000 weights and 1,000 biases; MobileNetV2 normalises 17,056 channels.
    """
    assert list(lecture.neighbours().values()) == [
        3_663_761_408 - 3 * 64 * 128 * 28**2,
        86_567_656 - 769_000,
        3_504_872 - 2 * 17_056,
    ]


def test_biases_as_weights_fell_one_cell():
    """ResNet-50 has 25,557,032 parameters, and the table prints 25.5M."""
    assert lecture.lost_with_biases() == [("Total weights", "ResNet50")]


def test_an_array_is_filled_by_shapes_that_fit():
    shapes, full = lecture.shapes(), lecture.filled(128)
    assert full[shapes.index((64, 27, 50176))] == 64 * 27 / 128**2
    assert full[shapes.index((256, 1152, 3136))] == 1
    assert full[shapes.index((1000, 4096, 1))] == 1000 / 1024


def test_no_mac_of_a_network_lies_outside_its_products():
    assert all(map(lecture.all_in_products, ("lenet5_1998", "vit_b_16", "gpt2")))


def test_thop_counts_normalisation_as_four_operations_a_value():
    rows = datasets.measurement("profilers")["rows"]
    told = next(row for row in rows if row["network"] == "mobilenet_v2")
    normalised = count(models.mobilenet_v2()).only("BatchNorm2d").activations
    assert told["thop"] - told["ours"] == 4 * normalised
