"""What the lecture on number formats computes, and one stored training run again."""

import numpy as np
import pytest

from dlpatterns import datasets, formats
from dlpatterns.hardware import energy
from dlpatterns.lectures import number_formats as lecture
from dlpatterns.lectures.number_formats import drawings, training

STORED = datasets.measurement("number_formats_training")["runs"]


def test_half_of_fp16_lies_below_one():
    # FP16's codes of 1 and of infinity are 0x3C00 and 0x7C00
    assert lecture.ranges.below("fp16", 1.0) == (0x3C00 - 1) / (0x7C00 - 1)
    assert lecture.ranges.between("fp8_e4m3", 1, 2) == 8


def test_libraries_differ_about_465():
    assert lecture.ranges.answers("fp8_e4m3", "465.0") == {"448", "nan", "inf"}
    row = lecture.ranges.conventions("overflow")[0]
    assert (row["ours"], row["PyTorch"], row["ml_dtypes"]) == ("448", "448", "nan")


def test_the_picture_of_precision_by_hand():
    binades, digits = lecture.ranges.precision("fp8_e4m3")
    assert (binades[0], binades[-1]) == (-9, 8)  # 2^-9 to 448
    assert digits.tolist()[:4] == [1, 2, 3, 4] and digits[-1] == 4
    assert lecture.ranges.precision("int8")[1].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_multipliers_are_horowitzs():
    # ISSCC 2014, figure 1.1.9: 0.2, 1.1 and 3.7 pJ; 282, 1,640 and 7,700 um2
    names = ("int8", "fp16", "fp32")
    assert [energy.of_multiplication(name) for name in names] == [0.2, 1.1, 3.7]
    assert [energy.area_of_multiplication(name) for name in names] == [282, 1640, 7700]
    with pytest.raises(ValueError, match="no energy is known for 'bf16'"):
        energy.of_multiplication("bf16")


def test_printed_figures_that_were_cut_off():
    rows = [row for row in lecture.world.printed() if not row["agrees"]]
    assert [row["printed"] for row in rows] == ["3.38e38", "1.17e−38"]


# --- Sums and blocks ------------------------------------------------------------------


def test_random_products_leave_sixteen_bits_after_some_dozens():
    # a random walk of steps of 5461 leaves 32,768 after about (32768 / 5461)^2 = 36
    row = lecture.sums.accumulators()[0]
    assert row["always fit"] == 1 and 20 < row["random, half have left"] < 60


def test_sums_stall_at_two_to_the_digits():
    for name, digits in (("fp16", 11), ("bf16", 8), ("fp8_e4m3", 4), ("fp8_e5m2", 3)):
        assert lecture.sums.stall(name) == 2**digits


def test_pairwise_beats_a_row():
    forward, pairs = (lecture.sums.error("fp16", w) for w in ("forward", "pairwise"))
    assert pairs < forward / 10


def test_dot_products_err_by_their_operands_rounding():
    # a product of operands rounded to m bits errs by about sqrt(2/12) 2^-m at most
    for name in ("fp16", "bf16", "fp8_e5m2"):
        step = formats.get(name).epsilon
        share = lecture.sums.dot_error(name, 1.0) * np.sqrt(lecture.sums.LENGTH)
        assert 0.15 * step < share < 0.41 * step


def test_six_decibels_a_bit():
    # uniform noise of a step of the largest / 127: the closed form for int8, one scale
    x = lecture.shared.values(False)
    step = np.abs(x).max() / 127
    expected = 10 * np.log10(np.mean(x**2) / (step**2 / 12))
    assert abs(lecture.shared.decibels("int8", False) - expected) < 0.1
    assert lecture.shared.decibels("mxint8", True) > 30


# --- Training -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "way"), [("fp16", "master"), ("fp8_e4m3", "pure"), ("fp8_e5m2", "pure")]
)
def test_one_seed_of_training_runs_again(form, way):
    stored = next(
        run
        for run in STORED
        if (run["question"], run["form"], run["way"]) == ("way", form, way)
    )
    seed = stored["seeds"][3]
    recipe = training.Recipe(form, way, epochs=10)
    again = training.trained(recipe, (seed,))[-1]
    # another BLAS may sum in another order, which 8 bits turn into a digit or two
    assert abs(again.right[0] - stored["right"][0][3]) <= 9
    assert again.finite == [True]


def test_a_power_of_two_changes_nothing_in_bf16():
    plain, moved = (
        training.trained(training.Recipe("bf16", shift=k, epochs=1), (0, 1))[-1]
        for k in (0, 30)
    )
    assert plain.right == moved.right


def test_gradients_out_of_range_teach_nothing():
    lost = training.trained(training.Recipe("fp16", shift=-40, epochs=1), (0,))[-1]
    assert lost.vanished == 1.0 and lost.right[0] < 150
    burst = training.trained(training.Recipe("fp16", shift=40, epochs=1), (0,))[-1]
    assert burst.skipped == [42] and burst.finite == [True]


def test_a_scale_for_each_tensor_makes_powers_of_two_harmless():
    powers, results = lecture.results.alike_scaled()
    assert (powers, results) == (5, 1)


def test_a_tensor_is_scaled_to_the_formats_largest():
    run = training._Run(training.Recipe("fp8_e4m3", "scaled"), (0, 1))
    x = np.array([[1.0, 0.5, 0.01], [0.0, 0.0, 0.0]], np.float32)
    assert run.factor(x, run.form, "").ravel().tolist() == [448, 1]
    kept = run.keep(x)
    # 0.01 x 448 = 4.48 lies between 4 and 4.5 in E4M3
    assert kept[0].tolist() == [1.0, 0.5, pytest.approx(4.5 / 448)]
    assert not kept[1].any()


def test_past_scales_saturate_what_is_larger():
    run = training._Run(training.Recipe("fp8_e4m3", "delayed"), (0,))
    small, large = np.full((1, 1), 1, np.float32), np.full((1, 1), 8, np.float32)
    assert run.keep(small, name="x") == 1 and run.keep(large, name="x") == 1
    assert run.keep(large, name="x") == 8  # now 8 is among the last steps


def test_a_dynamic_scale_falls_at_once_and_grows_slowly():
    run = training._Run(training.Recipe("fp16", "dynamic", 5), (0, 1))
    for _ in range(training.GROWTH):
        run.rescale(np.array([True, False]))
    assert run.power.tolist() == [6, 5 - training.GROWTH]


def test_gradients_may_have_a_format_of_their_own():
    one = training.trained(
        training.Recipe("fp8_e4m3", "scaled", epochs=4, gradients="fp8_e5m2"), (0,)
    )[-1]
    two = training.trained(training.Recipe("fp8_e4m3", "scaled", epochs=4), (0,))[-1]
    assert one.vanished < two.vanished  # E5M2 reaches further down
    with pytest.raises(ValueError, match="unknown number format"):
        training.Recipe("fp16", gradients="fp12")


def test_rounding_after_every_step_differs_from_sums_in_fp32():
    sums = training._Run(training.Recipe("fp8_e4m3", "own sums"), (0,))
    plain = training._Run(training.Recipe("fp8_e4m3", "pure"), (0,))
    a, b = np.ones((1, 1, 64), np.float32), np.ones((1, 64, 1), np.float32)
    assert plain.product(a, b) == 64 and sums.product(a, b) == 16  # it stalls


def test_a_recipe_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="a way is one of"):
        training.Recipe("fp16", "mixed")
    with pytest.raises(ValueError, match="unknown number format"):
        training.Recipe("fp12")


def test_the_stored_runs_are_whole():
    questions = {run["question"] for run in STORED}
    assert questions == {"way", "shift", "sums", "other", "scaled"}
    assert all(len(look) == len(r["seeds"]) for r in STORED for look in r["right"])
    assert len(lecture.results.runs(question="way", form="bf16", way="pure")) == 1


# --- Drawings -------------------------------------------------------------------------


@pytest.mark.parametrize("form", drawings.LINES)
def test_number_lines_say_how_many_numbers_there_are(form):
    frame = drawings.number_line(form, True)
    kind = formats.get(form)
    lost = {"fp8_e4m3": 2, "fp8_e5m2": 8, "int4": 0, "int8": 0, "log4": 1, "log8": 1}
    twice = form.startswith(("fp", "pot"))  # plus and minus zero are one number
    expected = 2**kind.bits - lost.get(form, 0) - twice
    assert f"{form}: {expected} numbers" in frame.caption


def test_the_accumulator_says_what_it_holds():
    frame = drawings.accumulator(4096, "bf16")
    assert frame.caption.startswith(
        "After 4,096 numbers of 0.5 on average: 256 in bf16"
    )


def test_an_outlier_makes_its_neighbours_zero():
    quiet, loud = (drawings.block(k, "mxfp4_e2m1").caption for k in (1, 64))
    count = [int(c.split("31, ")[1].split()[0]) for c in (quiet, loud)]
    assert count[0] < 10 < 28 < count[1]
