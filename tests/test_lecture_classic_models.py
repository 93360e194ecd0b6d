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
