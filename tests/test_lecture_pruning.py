"""What the lecture on pruning counts, cuts, draws and stores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns.datasets import measurement
from dlpatterns.lectures.pruning import (
    chip,
    drawings,
    experiment,
    opening,
    structure,
    study,
    verdicts,
    working,
    world,
)
from dlpatterns.prune import masks
from dlpatterns.sparse import sizes
from dlpatterns.sparse.lists import CSR
from dlpatterns.sparse.streams import Bitmap

# --- What a mask changes --------------------------------------------------------------


def test_a_mask_changes_neither_file_nor_macs():
    """64 x 512 + 512 x 512 + 512 x 10 weights and 1,034 biases, four bytes each."""
    net = opening.network()
    dense, masked, cut = opening.rows(
        {"dense": net, "masked": opening.masked(0.9, net), "cut": opening.neurons(0.9)}
    )
    assert dense["params"] == 32_768 + 262_144 + 5_120 + 1_034
    assert masked["file B"] == dense["file B"] == 4 * 301_066 + 1_566
    assert masked["macs"] == dense["macs"] == 300_032
    assert masked["useful macs"] == 32_768 + 262_144 + 5_120 - 29_491 - 235_930 - 4_608
    # 51 of 512 neurons stay in each layer
    assert cut["macs"] == 64 * 51 + 51 * 51 + 51 * 10
    assert opening.zipped_share(opening.masked(0.9, net)) < 0.2


def test_times_are_shares_of_the_first():
    net = opening.network((8,))
    found = opening.times({"one": net, "two": net}, batch=4)
    assert found["one"] == 1 and 0.05 < found["two"] < 20


# --- Which weights go -----------------------------------------------------------------


@pytest.mark.parametrize("method", working.METHODS)
def test_every_method_takes_its_share_of_the_hidden_layer(method):
    for share, left in ((0, 4096), (0.5, 2048), (0.875, 512), (0.9375, 256)):
        chosen = working.chosen(method, share)
        assert list(chosen) == ["hidden1.weight"]
        assert masks.kept(chosen) == left
    mask = working.chosen("n of m", 0.875)["hidden1.weight"]
    np.testing.assert_array_equal(mask.reshape(-1, 8).sum(axis=1), 1)
    rows = working.chosen("whole neurons", 0.75)["hidden1.weight"].sum(axis=1)
    assert sorted(set(rows)) == [0, 64] and (rows > 0).sum() == 16


def test_the_picture_of_a_mask_holds_sixteen_neurons():
    tiles = drawings._tiles(np.arange(16 * 64.0).reshape(16, 64))
    assert tiles.shape == (35, 35)
    assert np.isnan(tiles).sum() == 35 * 35 - 16 * 64
    assert tiles[0, 9] == 64 and tiles[34, 34] == 16 * 64 - 1
    frame = drawings.mask("chance", 0.75)
    assert "1,024 of 4,096" in frame.caption


def test_pixels_without_ink_are_found():
    """Four of 64 pixels are empty in the half that seed 0 learns from: 256 weights."""
    blank, kept = working.on_blank_pixels("gradient × weight", 0.75)
    assert (blank, kept) == (256, 0)
    assert working.on_blank_pixels("magnitude", 0)[1] == 256


def test_curves_end_where_their_schedules_end():
    asked = working.growing(0.9)
    assert list(asked) == ["one-shot", "iterative", "cubic"]
    assert all((each[0], each[-1]) == (0, 0.9) for each in asked.values())
    assert asked["one-shot"][working.HALF - 2 : working.HALF] == [0, 0.9]
    steps = sorted(set(np.round(asked["iterative"], 6)))
    kept = 1 - np.array(steps[1:])
    np.testing.assert_allclose(kept[1:] / kept[:-1], 0.1**0.2, rtol=1e-4)


# --- Channels -------------------------------------------------------------------------


def test_half_the_channels_are_a_quarter_of_an_inner_layer():
    before, after = structure.residual(), structure.cut(4, 4)
    rows = {row["layer"]: row for row in structure.compared(before, after)}
    assert rows["block1.first"]["after"] == "4 × 4 × 3 × 3"
    assert rows["block1.first"]["MACs before"] == 64 * 576
    assert rows["block1.first"]["MACs after"] == 64 * 144
    assert rows["stem"]["MACs after"] * 2 == rows["stem"]["MACs before"]
    for stem, inner in ((1, 8), (8, 1), (5, 3)):
        assert structure.apart(stem, inner) < 1e-12
    assert "3 × 4" in drawings.surgery(4, 3).drawing.inside


def test_thinned_networks_lose_what_they_say():
    rows = structure.times(structure.thinned(0.5), batch=2)
    whole, weights, channels, layers = rows
    assert weights["macs"] == whole["macs"] and channels["macs"] < whole["macs"] / 3
    assert weights["useful_macs"] == whole["macs"] // 2
    assert whole["time"] == 1
    assert whole["params"] - layers["params"] == 2 * 9 * 32 * 32 + 4 * 32


# --- The study ------------------------------------------------------------------------


def test_a_place_costs_what_is_counted_by_hand():
    """Eight values in 4 x 16: a bitmap of 64 bits; or 4 bits of column each, and five
    pointers of 4 bits (0 to 8).
    """
    assert sizes.bits_of((4, 16), 8, 32) == 8 * 32 + min(64, 8 * 4 + 5 * 4)
    assert sizes.bits_of((10,), 3, 32) == 3 * 32 + min(10, 3 * 4 + 2 * 2)
    assert sizes.bits_of((16, 8, 3, 3), 1152, 8) == 1152 * (8 + 1)
    assert sizes.bits_of((10,), 0, 32) == 0
    with pytest.raises(ValueError, match="can't hold 11 values"):
        sizes.bits_of((10,), 11, 32)


@settings(max_examples=40)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_bits_by_number_are_those_of_packed_arrays(rows, columns, data):
    """Bitmap and CSR really packed, by another route."""
    kept = data.draw(st.integers(1, rows * columns))
    flat = np.arange(rows * columns) < kept
    matrix = np.random.default_rng(kept).permutation(flat).reshape(rows, columns)
    packed = [form.pack(matrix.astype(np.uint8)) for form in (Bitmap, CSR)]
    assert sizes.bits_of((rows, columns), kept, 8) == min(p.bits(8) for p in packed)


@pytest.mark.parametrize("bits", [8, 32])
def test_a_budget_fits_and_one_more_does_not(bits):
    for size in (310, 1210):
        kept = experiment.budget("MLP", size, bits)
        assert kept < size
        shapes = [(64, 64), (64,), (10, 64), (10,)]
        needed = [
            sum(
                sizes.bits_of(shape, round(n * np.prod(shape) / 4810), bits)
                for shape in shapes
            )
            for n in (kept, kept + 3)
        ]
        assert needed[0] <= size * bits < needed[1]
    with pytest.raises(ValueError, match="no sparse MLP fits"):
        experiment.budget("MLP", 2)


def test_rounding_leaves_so_many_steps():
    net = experiment.Network(experiment.largest("MLP"))
    values = experiment.rounded(net, 4).params["hidden1.weight"]
    steps = values / (np.abs(net.params["hidden1.weight"]).max() / 7)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert len(np.unique(np.round(steps))) == 15


def test_stored_networks_are_as_large_as_they_say():
    """Of equal non-zeros exactly as many, of equal bytes within four per cent."""
    for family, widths in experiment.WIDTHS.items():
        for width in widths[:-1]:
            size = experiment.count(experiment.model(family, width)).params
            same = study.row(family, method="pruned", width=width, equal="non-zeros")
            assert set(same["nonzero"]) == {size} == {same["size"]}
            assert len(same["accuracy"]) == 10
            for bits in (32, 8):
                for row in study.rows(
                    family, method="pruned", width=width, equal=f"bytes, {bits} bits"
                ):
                    stored = np.array(row[f"bytes, {bits} bits"])
                    assert (abs(stored / (size * bits / 8) - 1) < 0.04).all()


def test_one_seed_of_the_study_runs_again():
    stored = measurement("pruning")
    assert stored["seeds"] == list(range(10))
    dense = experiment.dense(experiment.model("MLP", 4), 0, 120)
    size = experiment.count(dense.model).params
    pruned = experiment.gradual(experiment.largest("MLP"), 0, 120, nonzero=size)
    cut = experiment.by_channels("MLP", 0, 4)
    for net, what in (
        (dense, {"method": "dense"}),
        (pruned, {"method": "pruned", "equal": "non-zeros"}),
        (cut, {"method": "channels"}),
    ):
        row = study.row("MLP", width=4, **what)
        assert experiment.tested(net, 0) == pytest.approx(row["accuracy"][0], abs=0.01)


def test_a_fitted_budget_is_the_studys():
    """Of 610 parameters at 8 bits the stored networks hold what seed 0 is fitted to."""
    row = study.row("MLP", method="pruned", width=8, equal="bytes, 8 bits")
    assert abs(experiment.fitted("MLP", 610, 8) - row["nonzero"][0]) <= 3


def test_one_seed_of_what_to_do_with_a_mask_runs_again():
    row = study.row("MLP", method="after pruning", share=0.95)
    found = experiment.after_pruning(0, round(0.05 * 4810))
    for name, accuracy in found.items():
        assert accuracy == pytest.approx(row[name][0], abs=0.03), name


def test_one_seed_of_the_cnn_runs_again():
    found = experiment.sensitivity(0)
    row = study.row("CNN", method="sensitivity")
    for name, accuracy in found.items():
        assert accuracy == pytest.approx(row[name][0], abs=0.03), name


def test_gains_are_paired():
    one, other = {"accuracy": [0.9, 0.8, 0.7]}, {"accuracy": [0.8, 0.7, 0.6]}
    gain = study.gain(one, other)
    assert gain.mean == pytest.approx(0.1) and gain.error == pytest.approx(0, abs=1e-12)
    assert study.wins(one, other) == 3
    assert str(study.Found(0.9512, 0.0049)) == "95.1 ± 0.5"
    assert [study.clear(study.Found(m, 0.01)) for m in (0.03, 0.01, -0.03)] == [
        "for",
        "no",
        "against",
    ]
    with pytest.raises(ValueError, match="0 rows of MLP"):
        study.row("MLP", method="unheard of")


@pytest.mark.parametrize("family", ["MLP", "CNN"])
@pytest.mark.parametrize("measure", study.MEASURES)
def test_the_frontier_draws_every_method(family, measure):
    frame = drawings.frontier(family, measure)
    assert frame.text.count("x [") >= len(study.METHODS)


# --- The verdicts ---------------------------------------------------------------------


def test_verdicts_say_what_the_rows_say():
    """Means and leads recomputed here from the stored lists."""
    stored = measurement("pruning")["rows"]["MLP"]

    def accuracy(**what):
        (found,) = [r for r in stored if what.items() <= r.items()]
        return np.array(found["accuracy"])

    once, cubic = (
        accuracy(method="schedule", share=0.95, how=how)
        for how in ("one-shot", "cubic")
    )
    found = verdicts.schedules()
    assert found.hard.mean == pytest.approx((cubic - once).mean())
    assert found.hard.error == pytest.approx((cubic - once).std(ddof=1) / 10**0.5)
    assert found.slow_wins and not found.time_mends
    dense = {
        name: accuracy(method=name, width=4).mean()
        for name in ("dense", "dense, as much compute", "dense, best of restarts")
    }
    assert verdicts.one_size(4).dense.mean == pytest.approx(dense["dense"])
    pruned = accuracy(method="pruned", width=4, equal="non-zeros")
    lead = verdicts.at_equal("equal non-zeros").leads["MLP", 4]
    assert lead.mean == pytest.approx(pruned.mean() - max(dense.values()), abs=1e-12)


def test_verdicts_count_each_comparison_once():
    for equal in study.EQUAL:
        found = verdicts.at_equal(equal)
        assert found.all == len(found.leads) == 5
        assert 0 <= found.ahead + found.behind <= found.all
    equal = verdicts.over_equally_long()
    assert equal.all == 8 and equal.ahead + equal.behind <= 8
    leads = verdicts.otherwise()
    assert len(leads) == 8 and leads == sorted(leads) and leads[0].mean > 0
    assert 0 < verdicts.places(8)[32] < verdicts.places(8)[8] < 1
    assert len(verdicts.layers().at) == 3 * len(experiment.SHARES)


# --- The world ------------------------------------------------------------------------


def test_mobilenets_nonzeros_are_the_published_ones():
    """counting_conventions: 44,640 + (1 - s) 4,166,473, in all 4,211,113."""
    assert world.mobilenet_weights()["depthwise"] == 44_640
    assert world.nonzeros(0) == 4_211_113
    assert world.nonzeros(0) - 44_640 == 4_166_473
    assert [row["non-zeros"] for row in world.mobilenet()] == [
        4_211_113,
        2_127_876,
        1_086_258,
        461_287,
        252_964,
    ]


def test_distillers_log_is_reproduced():
    """IntelLabs/distiller, agp-pruning/mobilenet: NNZ 4,209,088 and 2,038,208."""
    rows = {row["what"]: row for row in world.checks()}
    assert rows["MobileNet, weights"]["ours"] == 4_209_088
    assert rows["MobileNet, pruned"]["ours"] == 2_038_208
    assert not rows["Inception-v3, 87.5 %"]["agrees"]


def test_translation_by_hand():
    """211 million, a fifth of it 42.2; 44 printed, so 1.6 to 2.9 million stayed."""
    row = world.gnmt()[0]
    assert row["parameters × (1 − s)"] == "42.2M"
    assert row["must have stayed dense"] == "1.6 to 2.9M"
    sparse = next(r for r in world.translated_bytes(8) if r["sparsity"] == 0.8)
    assert sparse["MB"] == pytest.approx(44 + 211 / 8)


# --- The chip -------------------------------------------------------------------------


def test_what_a_zero_is_worth_by_hand():
    """16 bits become 1.6 and one of the bitmap; maps add a little traffic to both."""
    assert chip.bits_a_weight(0.5, 16, index=1) == 9
    one, middle, many = chip.ladder(0.1)
    assert one["stored sparsely"] == pytest.approx(16 / 2.6, rel=0.01)
    assert one["dense waits for"] == "memory"
    assert many["dense waits for"] == "arithmetic"
    assert many["stored sparsely"] == pytest.approx(1)
    assert many["skipped too"] == pytest.approx(10)
    assert one["stored sparsely"] > middle["stored sparsely"] > 1


def test_energy_balance_and_array_by_hand():
    """At 45 nm 16 bits from DRAM cost 325 pJ, an FP16 MAC 2 pJ."""
    found = chip.gated_energy(0.1)
    assert found["gated"] == pytest.approx((0.2 + 325) / 327)
    assert found["stored"] == pytest.approx((0.2 + 325 * 2.6 / 16) / 327)
    even = chip.balance()
    assert even["one of eight"] == 1 and 0.6 < even["any place"] < 0.9
    assert chip.array()["cut"] == 0.25
    assert chip.stored_by(8, 0.1)["bitmap"] == 410 * 8 + 4096


def test_requirements_fall_with_their_numbers():
    numbers = [chip.ladder(), chip.gated_energy(), chip.stored_by(8, 0.1)]
    assert chip.bears_out(*numbers, chip.balance())
    assert not chip.bears_out(*numbers, {"any place": 0.95, "one of eight": 1})
    assert not chip.bears_out(chip.ladder(0.9), *numbers[1:], chip.balance())
