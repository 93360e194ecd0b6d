"""The course's table: each cell against integers of the literature, and no reason
without a number behind it.
"""

from collections import Counter

import pytest

from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.lectures import classic_models as lecture

CELLS = {(cell.metric, cell.network): cell for cell in lecture.cells()}


def test_eleven_rows_of_six_networks_are_judged():
    assert len(CELLS) == 11 * 6
    assert Counter(cell.verdict for cell in CELLS.values()) == {
        "confirmed": 49,
        "corrected": 10,
        "unexplained": 1,
        "no count": 6,
    }


@pytest.mark.parametrize(
    "place", [place for place, cell in CELLS.items() if cell.verdict != "confirmed"]
)
def test_what_is_not_confirmed_has_a_reason(place):
    assert len(CELLS[place].reason.split()) >= 4


def test_every_explanation_is_needed_and_holds():
    corrected = {place for place, cell in CELLS.items() if cell.verdict == "corrected"}
    assert corrected == set(lecture.EXPLANATIONS)
    assert {
        place for place, cell in CELLS.items() if cell.verdict == "unexplained"
    } == set(lecture.UNEXPLAINED)


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
        trained = full.where(lambda layer: layer.weights > 0)
        assert trained.macs == trained.weights, heading


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
    assert lecture.judged("Total MACs", "VGG16", "15.6G").verdict == "unexplained"
    assert (
        lecture.judged("Reference", "VGG16", "Simonyan 2014").verdict == "unexplained"
    )


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
    assert round(caffe.params / lecun.params) == 7  # "a factor of seven in parameters"
    late, early = count(models.resnet50()), count(models.resnet50_2015())
    assert (late.params, round(100 * (late.macs / early.macs - 1))) == (
        early.params,
        6,
    )  # "six per cent in MACs"
    measured = datasets.measurement("profilers")
    rows = [row for row in measured["rows"] if row["network"] == "vit_b_16"]
    told = [
        row[name]
        for row in rows
        for name in measured["units"]
        if isinstance(row[name], int)
    ]
    assert round(max(told) / min(told), -2) == 200  # "by a factor of two hundred"
