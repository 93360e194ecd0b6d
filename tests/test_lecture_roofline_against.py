"""Networks timed on real chips beside their bounds, and the rivals of the bound."""

import numpy as np
import pytest

from dlpatterns.hardware import measured
from dlpatterns.lectures.roofline import against


def test_five_runs_and_their_networks():
    assert list(map(len, map(measured.timed, measured.RUNS))) == [58, 59, 59, 59, 59]
    assert len(against.known("RTX 3090")) >= 19


def test_an_unknown_run_and_an_unknown_network_are_named():
    with pytest.raises(ValueError, match="no run 'RTX 1060'; there are: RTX"):
        measured.timed("RTX 1060")
    nets = {one.network: one for one in measured.timed("RTX 3090")}
    with pytest.raises(ValueError, match="the zoo has no mixer_b16_224; use from_col"):
        measured.from_layers(nets["mixer_b16_224"])


def test_a_network_from_its_columns_by_hand():
    """VGG-16 on an RTX 3090 at a batch of 1,024: 15.47 GMAC, 13.56 M activations,
    138.36 M parameters; 71.2e12 FLOP/s and 936 GB/s; 1,729.39 images a second.
    """
    one = next(n for n in measured.timed("RTX 3090") if n.network == "vgg16")
    least = measured.from_columns(one)
    assert least.arithmetic == pytest.approx(2 * 15.47e9 / 71.2e12)
    moved = 2 * (2 * 13.56e6 + 138.36e6 / 1024)
    assert least.traffic == pytest.approx(moved / 936e9, rel=1e-5)
    assert one.seconds == pytest.approx(1 / 1729.39)


def test_the_bounds_lie_where_they_must():
    for one in against.known("RTX 5090, compiled"):
        apart, fused = (measured.from_layers(one, fused=f) for f in (False, True))
        assert fused["traffic"] < apart["traffic"]
        assert fused["arithmetic"] == pytest.approx(apart["arithmetic"])
        for sums in (apart, fused):
            assert max(sums["arithmetic"], sums["traffic"]) <= sums["overlapped"]
            assert sums["overlapped"] <= sums["one_by_one"]


def test_uncompiled_networks_keep_to_the_bound_and_compiled_ones_to_the_fused_one():
    for run in ("RTX 3090", "RTX 3090, NCHW", "RTX 5090, NCHW"):
        assert against.shares(run)["most"] < 1
    for run in measured.RUNS:
        assert against.shares(run, fused=True)["most"] < 1
    assert against.shares("RTX 5090, compiled")["most"] > 1.3


def test_rank_correlation_as_by_hand():
    """Ranks 1 2 3 4 and 1 2 4 3: 1 - 6 x 2 / (4 x 15)."""
    assert against.rank_correlation(
        np.array([1, 2, 3, 4]), np.array([10, 20, 40, 30])
    ) == pytest.approx(0.8)


def test_draws_are_the_same_for_all_and_hold_the_plain_correlation():
    run = "RTX 3090"
    for rival in ("MACs alone", "activations alone"):
        low, high = against.interval(run, rival)
        assert low < against.ordered(run, rival) < high
    assert against.ahead(run, against.OURS) == 0.5
    assert against.ahead(run, "number of layers") > 0.99


def test_a_drawn_correlation_is_that_of_its_networks():
    run, rival = "RTX 3090", "MACs alone"
    size = len(against.times(run))
    draws = np.random.default_rng(10).integers(0, size, (against.DRAWS, size))
    for place in (0, 7):
        drawn = draws[place]
        expected = against.rank_correlation(
            against.predicted(run, rival)[drawn], against.times(run)[drawn]
        )
        assert against.drawn(run, rival)[place] == pytest.approx(expected)


def test_the_rival_that_learns_never_sees_its_own_network(monkeypatch):
    """Times made of two rates are found exactly, whatever one odd network took."""
    run = "RTX 3090"
    made = np.array(
        [one.macs * 3e-14 + one.activations * 5e-12 for one in against.known(run)]
    )
    odd = made.copy()
    odd[0] *= 2
    ranks = []
    for took in (made, odd):
        monkeypatch.setattr(against, "times", lambda _, took=took: took)
        ranks.append(against.fitted.__wrapped__(run))
    assert ranks[0] == (pytest.approx(1), pytest.approx(1))
    assert ranks[1][1] > 1.1


def test_the_bound_strays_less_than_what_was_learnt_on_gpus_and_not_on_the_cpu():
    learnt, ours = against.learnt()
    assert len(ours) == 4 and all(np.array(ours) < learnt)
    third, bound = against.on_the_cpu()
    assert third < bound


def test_wider_peak_is_a_smaller_bound():
    median, rank = against.with_other_peak()
    assert median < against.shares("RTX 3090")["median"] and rank > 0.97


def test_large_buffers_leave_little_to_tile():
    moved = {row["layer"]: row["tiled over once"] for row in against.tiled_over_once()}
    assert sorted(moved.values())[:3] == [1, 1, 1]
    assert 1 < moved["VGG-16's first full connection"] < 1.3
