"""The lecture on sparsity: what it computes, beside counts by hand and other routes."""

import gzip

import numpy as np
import pytest
import scipy.sparse

from dlpatterns import datasets, show
from dlpatterns.lectures import sparsity as lecture
from dlpatterns.lectures.sparsity import experiment
from dlpatterns.sparse import deep_compression, sharing

ROWS = datasets.measurement("deep_compression")["rows"]


# --- Bytes ----------------------------------------------------------------------------


def test_crossovers_are_scipys():
    """SciPy's own arrays, half precision: below a third they are smaller."""
    side = 512
    order = np.random.default_rng(3).random((side, side))
    for density, smaller in ((0.32, True), (0.34, False)):
        packed = scipy.sparse.csr_array((order < density).astype(np.int16))
        size = packed.data.nbytes + packed.indices.nbytes + packed.indptr.nbytes
        assert (size < 2 * side * side) == smaller
    assert lecture.storing.crossing("CSR", 16, 32) == pytest.approx(1 / 3, abs=0.001)


@pytest.mark.parametrize("name", lecture.storing.NAMES)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_crossover_by_formula_is_where_packed_bytes_meet(name, bits):
    formula = lecture.storing.crossing(name, bits)
    assert lecture.storing.packed_crossing(name, bits) == pytest.approx(
        formula, abs=0.004
    )


def test_bits_of_a_place_by_hand():
    found = lecture.storing.at(0.1, 16)
    assert found["bitmap"] == pytest.approx(0.1 * 16 + 1)
    assert found["COO"] == pytest.approx(0.1 * (16 + 10 + 10))
    packed = lecture.storing.packed_share("run-length", 0.1, 16, None)
    assert found["run-length"] == pytest.approx(16 * packed, rel=0.01)


def test_the_chance_that_four_places_hold_two_by_brute_force():
    groups = [bin(code).count("1") <= 2 for code in range(16)]
    assert lecture.storing.chances() == np.mean(groups)


# --- Times ----------------------------------------------------------------------------


def test_break_even_lies_between_what_was_measured():
    densities, ratios = lecture.times.stored(256, "SciPy CSR")
    even = lecture.times.even(256, "SciPy CSR")
    at = next(i for i, ratio in enumerate(ratios) if ratio >= 1)
    assert densities[at - 1] < even < densities[at]
    assert lecture.times.break_even([0.1, 0.2], [2, 3]) == 0
    assert lecture.times.break_even([0.1, 0.2], [0.5, 0.9]) == 1


def test_every_timed_kernel_multiplies():
    dense = np.random.default_rng(1).normal(size=(lecture.times.SIDE, 3))
    calls = lecture.times.kernels(0.05, dense)
    single, blocks = lecture.times.single(0.05), lecture.times.blocks(0.05)
    for name, call in calls.items():
        matrix = blocks if "BSR" in name else single
        assert np.allclose(call(), matrix @ dense, atol=1e-4), name


def test_matrices_have_the_density_that_is_asked_for():
    for density in (0.05, 0.5):
        single, blocks = lecture.times.single(density), lecture.times.blocks(density)
        assert np.mean(single != 0) == pytest.approx(density, abs=1e-5)
        assert np.mean(blocks != 0) == pytest.approx(density, abs=0.001)


# --- Arrays ---------------------------------------------------------------------------


def test_the_picture_shows_the_product_that_was_made():
    watching = lecture.watching
    for way in watching.WAYS:
        useful = (watching.WEIGHTS != 0)[:, watching.ACTIVATIONS != 0].sum()
        assert watching.worked(way, 99)["product"] == useful
        for beat in range(1, watching.MOST + 1):
            assert isinstance(watching.watched(way, beat), show.Frame)


def test_the_picture_names_the_weights_that_are_multiplied():
    """Every product of the walk that skips nothing, in order, by hand."""
    watching = lecture.watching
    seen = []
    for each, _ in watching.walked("ignore them"):
        if each[0].works:
            seen.append(watching._product(each[0], 0, "ignore them"))
    expected = [
        f"{watching.WEIGHTS[row, column]} × {activation}"
        for column, activation in enumerate(watching.ACTIVATIONS)
        for row in (0, 4, 8)
    ]
    assert seen == expected


def test_gating_and_skipping_by_brute_force():
    matrix, vector = lecture.skipping.problem()
    rows = {(r["zero weights"], r["zero activations"]): r for r in _combined()}
    useful = ((matrix != 0) & (vector != 0)).sum()
    assert rows["gate", "gate"]["MAC energy"] == pytest.approx(useful / matrix.size)
    assert rows["nothing", "gate"]["MAC energy"] == pytest.approx(vector.mean())
    beats = {row["beats"] for key, row in rows.items() if "skip" not in key}
    assert beats == {1 + 16 * 1024}
    fullest = (matrix.reshape(16, 64, 1024).sum(axis=0)[:, vector != 0]).sum(axis=1)
    assert rows["skip", "skip"]["beats"] > fullest.max()


def test_free_looks_by_walking_every_beat():
    """Another route: each element walks its columns with a queue, a look takes no
    beat; with long queues the fullest element and the sending are what is left.
    """
    matrix = np.random.default_rng(0).random((512, 512)) < 0.1
    words = matrix.reshape(8, 64, 512).sum(axis=0)
    free = np.zeros(64)
    for column in range(512):
        free = np.maximum(free, column + 1) + words[:, column]
    bound = words.sum() / (64 * free.max())
    assert 0.97 * bound < lecture.skipping.free_looks() <= bound
    assert lecture.skipping.free_looks() > lecture.skipping.busy(64)


def _combined():
    return lecture.skipping.combined()


def test_a_decoder_of_one_value_a_beat_takes_as_many_beats_as_values():
    row = lecture.skipping.decoded()[0]
    matrix, _ = lecture.skipping.problem()
    dense = matrix.size * 8 / 64  # beats of the memory
    slowest = np.maximum(matrix.sum(axis=1), 32).sum()
    assert row["times as fast"] == pytest.approx(dense / slowest, rel=0.01)


# --- Published figures ----------------------------------------------------------------


def test_printed_ratios_are_those_of_the_printed_times():
    for row in lecture.world.on_gpus():
        assert row["ratio"] == pytest.approx(row["printed"], abs=0.0101)


def test_what_compiling_gains_by_hand():
    gains = lecture.world.compiled()
    dense = (31.86 / 30.83, 476.03 / 397.13)
    assert gains["dense (ms)"] == pytest.approx(dense, 0.01)
    assert gains["2:4 (ms)"] == pytest.approx((16.77 / 9.49, 1195.23 / 542.3), 0.01)


def test_eies_rate_is_its_elements_times_its_clock():
    assert lecture.spent.checks()[0]["ours"] == "102"


def test_published_factors_follow_from_their_sizes():
    for row in lecture.world.published_factors():
        printed = int(row["printed"].rstrip("×"))
        assert row["recount"] == pytest.approx(printed, abs=1)


# --- The study ------------------------------------------------------------------------


def test_one_seed_runs_again_as_it_was_stored():
    again, stored = experiment.study(3), ROWS[3]
    assert again["bytes"]["float32"] == stored["bytes"]["float32"] == 4 * 50_610
    for stage, size in stored["bytes"].items():
        assert again["bytes"][stage] == pytest.approx(size, rel=0.01), stage
    for stage, accuracy in stored["accuracy"].items():
        assert again["accuracy"][stage] == pytest.approx(accuracy, abs=0.006), stage
    assert again["nonzero"] == stored["nonzero"]


def test_densities_are_the_papers():
    for row in ROWS:
        places = {"hidden1.weight": 19_200, "hidden2.weight": 30_000}
        for name, size in (places | {"output.weight": 1000}).items():
            share = row["nonzero"][name] / size
            assert share == pytest.approx(experiment.DENSITY[name], abs=1e-3)


def test_the_stored_stream_is_the_network_of_seed_0():
    data = lecture.study.stream()
    arrays = deep_compression.decode(data)
    assert len(data) == ROWS[0]["bytes"]["coded"]
    assert lecture.study.read(arrays) == ROWS[0]["accuracy"]["tuned"]
    for name in experiment.DENSITY:
        assert len(np.unique(arrays[name])) <= experiment.CLUSTERS + 1
        assert np.array_equal(arrays[name] != 0, lecture.study.pruned()[name] != 0)


def test_training_shared_values_changes_no_byte_count():
    """But for a weight on the edge of two clusters: what is stored of the pruned
    network is float32, what was clustered was float64.
    """
    kinds, _ = lecture.study.squeezed(experiment.CLUSTERS, experiment.RUN_BITS)
    assert sum(kinds.values()) == pytest.approx(ROWS[0]["bytes"]["coded"], abs=40)
    assert sum(row["bytes"] for row in lecture.study.kinds()) == sum(kinds.values())


def test_the_pruned_bytes_by_hand():
    """Values of 32 and runs of 5 bits, fillers counted one by one, and the rest."""
    arrays, total = lecture.study.pruned(), 0
    for name in experiment.DENSITY:
        run = stored = 0
        for value in arrays[name].ravel():
            run = 0 if value else run + 1
            stored += bool(value) or run == 32
            run %= 32
        tail = run  # zeros behind the last value take nothing
        assert tail < 32
        total += 4 * stored + -(-5 * stored // 8)
    biases = 4 * (300 + 100 + 10)
    assert 0 < ROWS[0]["bytes"]["pruned"] - total - biases < 250


def test_the_rival_takes_no_more_bytes():
    for row in ROWS:
        parameters = 64 * row["width"] + row["width"] + 10 * row["width"] + 10
        assert parameters + 16 <= row["bytes"]["coded"]
        assert parameters + 16 > row["bytes"]["coded"] - 75


def test_the_rival_that_shares_takes_no_more_bytes_either():
    """Between two and four bits a weight, biases, codebooks and headers besides."""
    weights = experiment.RIVAL_WIDTH * 74
    for row in ROWS:
        size = row["bytes"]["small, dense, shared"]
        assert size <= row["bytes"]["coded"]
        assert 2 * weights / 8 < size < 4 * weights / 8 + 4 * 190 + 350


def test_the_density_of_lenet_by_hand():
    """784-300-100-10 with 8, 9 and 26 % kept: 18,816 + 2,700 + 260 of 266,200."""
    found = lecture.study.densities()
    assert found["LeNet"] == pytest.approx(21_776 / 266_200)
    kept = sum(ROWS[0]["nonzero"].values())
    assert found["ours"] == pytest.approx(kept / 50_200)
    # the 1,640 bytes of 410 biases go on both sides
    assert lecture.study.without_biases() == pytest.approx(
        200_800 / np.mean([row["bytes"]["coded"] - 1640 for row in ROWS])
    )


def test_general_compressors_see_the_same_values():
    arrays = deep_compression.decode(lecture.study.stream())
    raw = b"".join(array.astype("<f4").tobytes() for array in arrays.values())
    size = len(gzip.compress(raw, 9, mtime=0))
    assert size == pytest.approx(ROWS[0]["bytes"]["gzip"], rel=0.01)


def test_fewer_clusters_and_other_runs_decode_as_well():
    for clusters, run_bits in ((3, 2), (63, 6)):
        kinds, accuracy = lecture.study.squeezed(clusters, run_bits)
        assert kinds["codebooks"] <= 3 * 4 * clusters and 0 < accuracy < 1


def test_chip_numbers_follow_from_the_energy_table():
    """1300 pJ a DRAM access of 8 bytes; an INT8 MAC takes 0.3 pJ."""
    dram = lecture.chip.fetched()[0]
    whole = 0.3 + 1300 / 8
    assert dram["gate"] == pytest.approx((0.03 + 162.5) / whole)
    assert dram["store and skip"] == pytest.approx((0.03 + 162.5 * 1.8 / 8) / whole)


def test_sharing_is_the_librarys():
    arrays = lecture.study.pruned()
    shared = sharing.share(arrays["output.weight"], 3)
    assert shared.codebook.size == 3


# --- Energy ---------------------------------------------------------------------------


def test_printed_energy_ratios_follow_from_the_printed_tables():
    """Han et al. 2016's abstract says 24,000 and 3,400; by their tables IV and V."""
    for rival, said in (("CPU", 24_000), ("GPU", 3_400)):
        assert lecture.spent.against(rival)["printed times"] == pytest.approx(
            said, 0.05
        )
        assert lecture.spent.against(rival)["ours"] == pytest.approx(said, 0.06)


def test_a_printed_frame_is_power_times_time():
    said, ours = lecture.spent.frame()
    assert said == pytest.approx(0.59 * 12.2, rel=0.001)
    assert ours == pytest.approx(said, rel=0.02)


def test_the_sum_agrees_and_no_module_does():
    *parts, whole = lecture.spent.modules()
    assert whole["ours (pJ)"] == pytest.approx(whole["printed (pJ)"], rel=0.05)
    for row in parts[:3]:
        assert abs(row["ours (pJ)"] / row["printed (pJ)"] - 1) > 0.3
    assert sum(row["printed (pJ)"] for row in parts) == pytest.approx(
        9.157 / 0.8, abs=0.002
    )


def test_the_papers_theory_counts_fillers():
    """Without them seven of nine layers would have less to do than printed by 8 % or
    more; with them five are within 4 %.
    """
    rows = lecture.spent.theory()
    bare = [row["without fillers"] / row["printed"] for row in rows]
    full = [row["words"] / row["printed"] for row in rows]
    assert sum(share < 0.925 for share in bare) >= 7
    assert sum(abs(share - 1) < 0.04 for share in full) >= 5


def test_scnns_energy_beside_the_printed_sweep():
    rows = {row["what"]: row["ours"] for row in lecture.spent.checks()}
    assert rows["SCNN, GoogLeNet, density 0.1, speed"] == "24"
    assert rows["SCNN, GoogLeNet, density 1, energy"] == "1.25"
    assert lecture.spent.convolution("GoogLeNet", 0.9)["dense"] > 1
    assert lecture.spent.convolution("GoogLeNet", 0.8)["dense"] < 1
    assert 0.8 < lecture.spent.reaches("GoogLeNet", 1) < 0.9
    assert lecture.spent.reaches("GoogLeNet", 2.3) == pytest.approx(0.57, abs=0.01)
