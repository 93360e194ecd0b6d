"""What the lecture on convolution computes and draws, beside counts by hand."""

import numpy as np
import pytest

from dlpatterns import tracing
from dlpatterns.hardware import machines, memory, methods
from dlpatterns.hardware.memory import Nest
from dlpatterns.hardware.work import matmul
from dlpatterns.kernels import convolution
from dlpatterns.lectures import convolution as lecture


@pytest.fixture(scope="module")
def loops():
    with tracing.tally() as tally:
        shapes = {"x": (1, 1, 32, 32), "weight": (6, 1, 5, 5), "bias": (6,)}
        arrays = [tracing.trace(np.ones(s), name) for name, s in shapes.items()]
        convolution.conv2d(*arrays)
    return tally


@pytest.mark.parametrize("setting", lecture.SETTINGS)
def test_every_step_adds_up_to_the_output_it_writes(setting):
    """The caption's terms, added here by Python, are the number behind its equals."""
    for step in (1, 5, 9):
        told = lecture.sliding(setting, step).caption.replace("−", "-")
        terms, result = told.rstrip(".").split(" adds ")[1].split(" = ")
        assert eval(terms) == int(result)


def test_no_two_rows_of_the_map_are_alike():
    for size, _ in lecture.SETTINGS.values():
        rows = lecture.drawn.numbered_map(size)
        assert len({tuple(row) for row in rows}) == size


@pytest.mark.parametrize(("pixel", "copies"), [(1, 4), (2, 6), (6, 9), (16, 4)])
def test_a_pixel_is_copied_once_for_each_window_over_it(pixel, copies):
    """Corner, edge, middle of a map of 4 x 4 under a padded 3 x 3 filter, by hand."""
    assert f"into {copies} of 16 columns" in lecture.copied(pixel).caption


def test_the_matrix_of_a_filter_by_hand():
    """8 x 8 pixels with nine neighbours, less those beyond the border: 22 squared."""
    matrix = lecture.as_matrix(8, np.arange(1.0, 10).reshape(3, 3))
    assert np.count_nonzero(matrix) == (8 + 7 + 7) ** 2
    assert set(np.unique(matrix)) == set(range(10))


def test_savings_by_hand():
    c1, _, second, _ = lecture.savings()
    assert (c1["weights"], c1["shared"]) == (150, 28 * 28)
    assert second["sparse"] == pytest.approx(224 * 224 / 9)
    assert second["shared"] == 224 * 224


def test_the_trace_of_three_ways_by_hand():
    """4 x 4 filters of 3 x 3 at 100 places; columns of 36 values for each place."""
    plain, copies, shifted = lecture.three_ways()
    assert plain["MACs"] == copies["MACs"] == shifted["MACs"] == 16 * 9 * 100
    assert (plain["written"], copies["written"]) == (400, 400 + 3600)
    assert shifted["additions"] == 9 * 400


def test_traced_rows_are_values_not_bytes(loops):
    rows = {row["level"]: row for row in lecture.traced(loops)}
    read, written = "read (none)", "written (none)"
    assert rows["filters"][read] == rows["map"][read] == 117_600
    assert rows["results"][written] == rows["biases"][read] == 4_704


def test_tiles_of_one_and_of_everything_bracket_the_explorer():
    """With the whole layer in the buffer each of 5,884 values crosses once."""
    whole = lecture.fetches("results stay", 28, 6)
    assert "a buffer of 5,884 values, 1.0 crossings" in whole.caption
    assert "a buffer of 4 values" in lecture.fetches("filters stay", 1, 1).caption


def test_a_third_of_the_layer_is_enough_to_cross_once():
    """One filter, the whole map and one map of results: 25 + 1024 + 784 + a bias."""
    assert lecture.smallest_for_once(lecture.first_layer()) == 25 + 1024 + 784 + 1


def test_a_line_of_windows_needs_a_quarter_of_that():
    """Filters inside the places: 479 values do behind a plain cache, 478 do not."""
    c1 = lecture.first_layer()
    assert lecture.crossings_behind_lru(c1, "NGPQMCRS", 479) == 1
    assert lecture.crossings_behind_lru(c1, "NGPQMCRS", 478) > 1


def test_winograd_inside_moves_maps_grown_filters_and_results():
    """64 maps of 56 x 56 in and out, 64 x 64 filters of 36 values."""
    layer = methods.Layer(64, 56, 64, 3)
    by_hand = 2 * 64 * 56 * 56 + 64 * 64 * 36
    assert lecture.transformed_inside(layer, 4) == by_hand


def test_a_buffer_and_a_cache_of_one_size_stand_side_by_side():
    work = matmul(4, 4, 4)
    (row,) = lecture.by_buffer(work, "product", (48,))
    assert row["best tiles (tiled)"] == row["plain loops (LRU)"] == 1
    (row,) = lecture.by_buffer(work, "product", (8,))
    least = memory.tiled(Nest(work, "MNK", {"M": 2, "N": 2}), 8).values
    assert row["best tiles (tiled)"] <= least / work.values


def test_the_peak_ratio_by_hand():
    """An error of a tenth everywhere is a mean square of 0.01: 20 dB."""
    clean = np.full((1, 1, 4, 4), 0.5)
    assert lecture.seen.peak_ratio(clean + 0.1, clean) == 20.0


def test_a_learned_filter_finds_nothing_to_do_without_structure():
    """White noise has no neighbours that help: the middle weight is the largest."""
    weight = lecture.learned_filter(
        np.random.default_rng(0).normal(size=(1, 1, 32, 32))
    )
    assert np.abs(weight).argmax() == 12


def test_a_drawn_tile_is_what_the_loops_compute():
    _, by_winograd, by_loops = lecture.tile_figure()
    np.testing.assert_allclose(by_winograd, by_loops)


def test_growth_by_hand():
    """The largest row of B^T sums to 4 + 5 + 1 for F(4x4), 1 + 1 for F(2x2)."""
    assert (lecture.growth(2), lecture.growth(4)) == (4, 100)


def test_scores_under_an_assumption_are_those_of_the_model():
    by = next(key for key in lecture.SCORES if "(none)" in key)
    found = lecture.scores("ResNet-50 layer1 3 x 3", by)
    assert found["loops"] == pytest.approx(925.6, abs=0.05)
    assert list(found) == list(methods.METHODS)
    assert "winograd 2" not in lecture.scores("MobileNet 1 x 1", by)


def test_one_printed_figure_of_alexnet_is_not_what_its_layer_makes(loops):
    """290,400 = 96 x 55 x 55; 253,440 is no multiple of 96 and a square."""
    rows = lecture.checks(loops)
    wrong = [row for row in rows if row["agrees"] == "no"]
    assert [(row["ours"], row["printed"]) for row in wrong] == [("290,400", "253,440")]


def test_a_layer_needs_half_the_ridge_times_four_bytes():
    """H100: 66.9 TFLOP/s in FP32, 3.35 TB/s: about 20 FLOP a byte, 40 MACs a value."""
    machine = machines.get("H100")
    assert lecture.needed(machine) == pytest.approx(40, rel=0.02)


def test_the_verdict_is_the_stored_benchmark():
    peers = lecture.beside_libraries()
    assert len(peers) == len({row["layer"] for row in peers})
    assert lecture.verdict_holds(peers)
    slower = sum(row["ratio"] < 1 for row in peers)
    assert f"{slower} of {len(peers)} are slower" in lecture.verdict(peers)
    depthwise = lecture.share_of_peak("MobileNet depthwise")
    assert depthwise["compiled"] > 5 * depthwise["NumPy"]
