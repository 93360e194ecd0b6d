"""What the lecture on quantisation computes: sizes against a published count, the
stored experiment against one seed run again, rules of rounding against each other.
"""

import numpy as np
import pytest

from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.exercises import quantization as tasks
from dlpatterns.lectures.quantization import (
    bits,
    convolutional,
    integers,
    mapping,
    networks,
    outliers,
    promises,
    stored,
)
from dlpatterns.quantize import fixed
from dlpatterns.quantize.affine import Scheme


def test_sizes_of_files_are_those_printed():
    rows = promises.file_sizes()
    assert len(rows) == 5
    assert all(row["GiB counted"] == row["GiB printed"] for row in rows)
    assert promises.llama()["all"] == promises.LLAMA
    assert count(models.llama2_7b(1)).params == promises.LLAMA


def test_published_facts_that_the_lecture_leans_on():
    assert promises.speed("RTX 4090", "prefill", "Q8_0") == 7664.0
    assert promises.speed("RTX 4090", "prefill", "F16") == 11048.22
    p40 = {row["format"]: row["tokens/s"] for row in promises.p40()}
    assert p40["Q3_K_S"] < p40["Q4_0"]


def test_the_model_has_three_answers():
    rows = {row["way"]: row for row in promises.modelled()}
    one, many = "ms, 1 tokens", "ms, 512 tokens"
    mixed = rows["INT8 weights, FP16 products"]
    assert rows["FP16"][one] / mixed[one] == pytest.approx(2, rel=0.01)
    assert rows["FP16"][many] / mixed[many] == pytest.approx(1, rel=0.01)
    assert rows["FP16"][many] / rows["INT8 both"][many] == pytest.approx(2, rel=0.01)


def test_bennetts_rule():
    """Bennett 1948: a full-scale sine has 6.02 b + 1.76 dB."""
    for width in (8, 9, 10):  # zero is kept exact, which costs a little of the range
        rule = 6.02 * width + 1.76
        assert mapping.ratio("sine", width) == pytest.approx(rule, abs=0.6)
    assert mapping.ratio("normal", 8) < 6.02 * 8 + 1.76 - 5


def test_rules_differ_as_often_as_the_shifts_say():
    row = integers.disagreements()[0]
    share = row["differ"] / row["sums"]
    assert row["largest difference"] == 1
    assert share == pytest.approx(integers.expected_share(), rel=0.6)
    total, _ = integers.accumulators()
    rng = np.random.default_rng(0)
    many = rng.integers(-20_000, 20_000, (200_000, total.shape[1]))
    pairs = fixed.quantise_multipliers(integers.real_scales())
    double, single = (fixed.requantize(many, *pairs, rule) for rule in fixed.RULES)
    found = float((double != single).mean())
    assert found == pytest.approx(integers.expected_share(), rel=0.05)


def test_real_scales_are_those_of_the_kernel():
    pairs = fixed.quantise_multipliers(integers.real_scales())
    _, digits = mapping.network()
    one = integers.converted()
    zero = int(one.steps[1].out.zero_point)
    codes = one.codes(digits.test_x)["relu1"]
    total, _ = integers.accumulators()
    own = np.clip(fixed.requantize(total, *pairs) + zero, zero, 127)
    assert (own == codes).all()


def test_the_telling_sum_is_lifted_onto_a_tie():
    number, scale = integers.telling_sum()
    assert number * scale < 0.5
    pair = fixed.quantise_multiplier(scale)
    double, single = (int(fixed.requantize(number, *pair, r)) for r in fixed.RULES)
    assert (double, single) == (1, 0)


def test_integers_keep_the_accuracy():
    before, after = integers.accuracies()
    assert abs(before - after) <= 2 / 450
    assert min(row["SNR (dB)"] for row in integers.layers()) > 35


def test_outliers_change_nothing_in_real_numbers():
    x, _ = outliers.test_set()
    answers = outliers.plain().forward(x)
    assert outliers.constructed().forward(x) == pytest.approx(answers)
    assert outliers.smoothed(0.5).forward(x) == pytest.approx(answers)
    assert outliers.levels_left() < 16


def test_outliers_cost_and_smoothing_returns():
    found = {r["network"]: r["SNR of the answers (dB)"] for r in outliers.rows8()}
    assert found["outliers, 8 bits"] < found["no outliers, 8 bits"] - 20
    assert found["outliers, 8 bits, smoothed"] > found["no outliers, 8 bits"] - 3


def test_pruned_and_quantised_bytes_by_hand():
    rows = mapping.side_by_side()
    weights, outputs = 64 * 64 + 64 * 32 + 32 * 10, 64 + 32 + 10
    assert rows[0]["bytes"] == 2 * (weights + outputs)
    assert rows[2]["bytes"] == weights // 2 + 4 * outputs
    assert rows[4]["bytes"] == weights // 2 * 2 + weights // 8 + 2 * outputs


def test_rivals_take_no_more_bytes():
    for width, hidden in bits.RIVALS.items():
        assert stored.rival_bytes(hidden) <= stored.size(width)
        assert stored.rival_bytes(hidden) > 0.97 * stored.size(width)


def test_the_experiment_has_all_seeds():
    rows = stored.found()["rows"]
    assert [row["seed"] for row in rows] == list(range(10))
    assert all(len(row["weights"]) == 8 for row in rows)
    assert len(stored.found()["variants"]) == 12


def test_one_seed_runs_again():
    """Another processor may round a product otherwise, and a few images with it."""
    again, kept = bits.of_seed(3), stored.found()["rows"][3]
    for name in (
        "float",
        "weights",
        "activations",
        "weights, tuned",
        "activations, tuned",
        "rivals",
        "weights, one scale",
    ):
        apart = np.abs(np.subtract(again[name], kept[name]))
        assert apart.max() <= 0.05, name
        assert apart.mean() <= 0.012, name


def test_networks_with_convolutions_have_all_seeds():
    rows = networks.found()["rows"]
    pairs = [(name, seed) for name in convolutional.MODELS for seed in range(10)]
    assert [(row["network"], row["seed"]) for row in rows] == pairs
    for seed, row in enumerate(networks.rows("perceptron")):
        assert row["float"] == stored.found()["rows"][seed]["float"]


@pytest.mark.parametrize("name", ["CNN", "residual"])
def test_one_seed_of_a_convolutional_network_runs_again(name):
    """Another processor may round a product otherwise, and a few images with it."""
    again, kept = convolutional.of_seed(name, 3), networks.rows(name)[3]
    assert [one["kernel"] for one in again["kernels"]] == [
        one["kernel"] for one in kept["kernels"]
    ]
    noise = [[one["dB"] for one in row["kernels"]] for row in (again, kept)]
    assert noise[0] == pytest.approx(noise[1], abs=4)
    assert abs(again["changed"] - kept["changed"]) <= 2
    for what in ("float", "integers"):
        assert again[what] == pytest.approx(kept[what], abs=0.015)
    for what in ("weights", "activations"):  # to 4 bits; few bits are on the cliff
        assert again[what][:2] == pytest.approx(kept[what][:2], abs=0.03)


def test_another_tuning_of_the_residual_network_is_stored_for_two_seeds():
    rival, plain = networks.in_parts()
    assert len(rival) == len(plain) == 2
    assert rival.max() < plain.min()


def test_a_cache_takes_the_gain_of_narrow_weights_by_hand():
    # 6.607e9 weights; 32 layers x 2 x 4096 values of 2 bytes a cached token
    weights, cached = 6.607e9, 16 * 2048 * 32 * 2 * 4096 * 2
    by_hand = (2 * weights + cached) / (weights + cached)
    assert promises.token_gain(16, 2048) == pytest.approx(by_hand, rel=1e-3)
    assert promises.token_gain(1, 0) == 2


def test_weights_of_the_networks_by_hand():
    assert networks.weights("CNN") == 9 * 8 + 9 * 8 * 16 + 16 * 16 * 10
    assert networks.weights("residual") == 9 * 8 + 4 * 9 * 8 * 8 + 8 * 10
    assert networks.weights("perceptron") == 64 * 64 + 64 * 32 + 32 * 10


def test_tables_are_made():
    assert [len(networks.table()), len(networks.kernels())] == [9, 3]
    assert len(stored.table()) == 8
    assert len(stored.rivals()) == 4
    assert len(stored.variants()) == 4
    assert len(stored.mixed_rows()) == 4
    assert stored.fewest("weights") <= 8


def test_exercise_answers_are_the_librarys():
    for low, high, width in ((-1.0, 3.0, 8), (2.0, 6.0, 8), (-6.0, -2.0, 4)):
        how = Scheme(width, signed=False, symmetric=False).over(low, high)
        assert tasks.affine(low, high, width) == (
            pytest.approx(float(how.scale)),
            int(how.zero_point),
        )
    for total, multiplier, shift in ((3, 2**30, 0), (-6, 2**30, -1), (999, 2**30, 2)):
        own = tasks.rescale(total, multiplier, shift)
        assert own == int(fixed.requantize(total, multiplier, shift, "single"))


def test_measured_rows_are_those_of_the_table():
    names = {row["device"] for row in datasets.table("llm_throughput")}
    assert {device for device, _ in promises.MEASURED} <= names


def test_an_fp16_mac_with_an_fp16_adder_by_hand():
    assert promises.area_with_narrow_adder() == 1640 + 1360  # Horowitz 2014
