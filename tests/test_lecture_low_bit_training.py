"""What the lecture on training for few bits computes: bytes and energy by hand, printed
figures, the stored experiment against one seed run again.
"""

from itertools import pairwise

import numpy as np
import pytest

from dlpatterns import datasets
from dlpatterns.exercises import low_bit_training as tasks
from dlpatterns.hardware import energy
from dlpatterns.lectures.low_bit_training import (
    costs,
    experiment,
    stored,
    working,
    world,
)
from dlpatterns.quantize import low_bit


def weights(*hidden):
    return sum(a * b for a, b in pairwise((64, *hidden, 10)))


def test_bytes_by_hand():
    """Batch norms 2 x 96, biases 10, scales 106, steps of weights 3, of activations 2:
    FP16 each.
    """
    assert costs.total("float", "MLP") == 2 * (weights(64, 32) + 2 * 96 + 10)
    assert costs.total("XNOR-Net", "MLP") == weights(64, 32) / 8 + 2 * (192 + 10 + 106)
    four = weights(64, 32) / 2 + 2 * (192 + 10 + 3 + 2)
    assert costs.total("W4 A4", "MLP") == four
    assert costs.total("8-bit store, nearest", "MLP") == weights(64, 32) + 2 * 204


def test_energy_by_hand():
    """Horowitz 2014: FP16 multiplication 1.1, FP32 addition 0.9; int8 0.2 and 0.1."""
    macs = weights(64, 32)
    assert costs.arithmetic("float", "MLP") == pytest.approx(macs * 2.0 / 1000)
    assert costs.arithmetic("W8 A8", "MLP") == pytest.approx(macs * 0.3 / 1000)
    assert costs.arithmetic("binary weights", "MLP") == pytest.approx(macs * 0.1 / 1000)
    first, rest = 64 * 64, macs - 64 * 64
    signs = 0.1 / 32 + 0.1 / 64
    xnor = first * 0.1 + rest * signs
    assert costs.arithmetic("XNOR-Net", "MLP") == pytest.approx(xnor / 1000)
    adders = (macs - 320) * 0.13 + 320 * 0.3
    assert costs.arithmetic("AdderNet, 8 bits", "MLP") == pytest.approx(adders / 1000)


def test_multiplications_that_are_left():
    assert costs.multiplications("XNOR-Net", "MLP") == 0
    assert costs.multiplications("AdderNet", "MLP") == 32 * 10
    assert costs.multiplications("XNOR-Net, ends W8", "MLP") == 64 * 64
    assert costs.multiplications("float", "CNN") == 64 * 9 * 8 + 16 * 72 * 16 + 2560


def test_rivals_take_no_more_bytes():
    limit = costs.total("XNOR-Net", "MLP")
    for name in stored.SAME_BYTES[:4]:
        how = experiment.RIVALS[name]
        assert 0.97 * limit < costs.total(how.way, "MLP", how.hidden) <= limit
    assert costs.total("float", "MLP", ()) == 2 * (640 + 10) < limit
    assert costs.total("W4 A4", "MLP", ()) == 640 / 2 + 2 * (10 + 1)
    half = experiment.RIVALS["W4 A4, half"]
    two = costs.total("W2 A2", "MLP")
    assert 0.97 * two < costs.total(half.way, "MLP", half.hidden) <= two


def test_additions_and_signs_have_prices():
    assert energy.of_addition("int", 8) == 0.03
    assert energy.of_signs(1) == pytest.approx(0.1 * 33 / 32)
    with pytest.raises(ValueError, match="int add of 8"):
        energy.of_addition("int", 4)
    with pytest.raises(ValueError, match="at least 1"):
        energy.of_signs(0)


def test_printed_figures_agree():
    assert [row["agree"] for row in world.printed()] == ["yes"] * len(world.printed())
    assert world.speedup(256, 9) == pytest.approx(62.27, abs=0.005)
    assert all(row["source"] for row in datasets.table("low_bit_published"))


def test_every_published_way_is_ours():
    ways = {row["way"] for row in datasets.table("low_bit_published")}
    assert set(world.OURS) <= ways
    assert set(world.OURS.values()) <= set(experiment.WAYS)


def test_a_stream_is_rounded_as_printed():
    near = working.streams(0.3)["nearest"]
    assert not near.any()
    assert working.streams(0.6)["nearest"][-1] == working.UPDATES
    assert working.streams(0.3)["mean of many"][-1] == pytest.approx(12, abs=0.8)


def test_sign_behind_relu_has_one_pattern():
    behind, instead = working.patterns()
    assert behind["different rows of signs"] == 1
    assert instead["different rows of signs"] > 400


def test_adders_meet_small_gradients():
    multiplies, adders = working.slopes()
    assert multiplies["hidden1"] > 20 * adders["hidden1"]


def test_one_sum_by_hand():
    ink, w = np.array(working.INK), np.array(working.WEIGHTS)
    sums = {way: sum(term[-1] for term in working._terms(way)) for way in working.SUMS}
    assert sums["float"] == pytest.approx(ink @ w)
    assert sums["binary"] == ink @ np.where(w >= 0, 1, -1)
    assert sums["XNOR"] == np.where(ink >= 8, 1, -1) @ np.where(w >= 0, 1, -1)
    assert sums["shift"] == pytest.approx(ink @ low_bit.Shifts(4).forward(w, {}))
    assert sums["AdderNet"] == -np.abs(ink - np.rint(16 * w)).sum()
    assert "8 - 2 x 2 = 4" in working.one_sum(8, "XNOR").caption
    assert sums["XNOR"] == 4


def test_frames_are_drawn():
    assert "Step 8" in working.crossing(8, "signs").caption
    assert "exactly 12.0" in working.rounding(40, 0.3).caption
    assert "XNOR" in working.the_map("arithmetic", "MLP").caption


def test_the_experiment_has_all_seeds():
    for name in experiment.WAYS:
        assert len(stored.accuracies(name)) == 10, name
    for name in experiment.IN_CNN:
        assert len(stored.accuracies(name, "CNN")) == 10, name
    for name, how in experiment.RIVALS.items():
        assert len(stored.rival(name)) == (5 if how.longer > 1 else 10), name
    for row in stored.found()["scans"]:
        way = experiment.as_rival(row["way"]).way
        rates = experiment.RATES[experiment.WAYS[way].optimiser]
        assert sorted(map(float, row["scan"])) == sorted(rates)


AGAIN = ("float", "W2 A2", "XNOR-Net", "8-bit store, stochastic", "AdderNet, 8 bits")


@pytest.mark.parametrize("name", AGAIN)
def test_one_seed_runs_again(name):
    """Another processor may round a sum otherwise, and a few images with it."""
    again = experiment.of_seed(name, "MLP", 3, stored.rate(name))
    assert 100 * again["accuracy"] == pytest.approx(stored.accuracies(name)[3], abs=2.5)


def test_the_rate_is_the_best_of_the_scan():
    for row in stored.found()["scans"]:
        best = max(row["scan"].values())
        assert row["scan"][f"{row['rate']}"] == best


def test_exercises_know_their_answers():
    assert tasks.xnor(0b101, 0b111, 3) == 1
    assert tasks.stochastic(0.3, 1.0, 0.8) == 1.0
    assert tasks.stochastic(-0.3, 1.0, 0.2) == -1.0
