"""The lecture on efficient networks: counts by hand, compound scaling, times."""

from itertools import pairwise

import pytest

from dlpatterns.lectures.efficient_models import (
    counts,
    drawings,
    world,
)


def test_the_worked_example_of_the_slides():
    assert counts.separable(16, 32) == (4608, 656)


def test_weights_of_blocks_by_hand():
    """64 channels: 25, twice 9 and 6 places; a filter a map and a mixture."""
    by_hand = {
        "5 × 5": 64 * 64 * 25,
        "two 3 × 3": 2 * 64 * 64 * 9,
        "3 × 1, 1 × 3": 64 * 64 * 6,
        "bottleneck": 64 * 16 * 2 + 16 * 16 * 9,
        "groups": 64 * 16 * 10,
        "depthwise separable": 64 * 9 + 64 * 64,
        "inverted residual": 2 * 64 * 256 + 256 * 9,
        "ghost": 64 * 32 * 9 + 32 * 9,
        "dense": 16 * 9 * (64 + 80 + 96) + 112 * 64,
    }
    for kind, weights in by_hand.items():
        assert counts.row(kind)["weights"] == weights


def test_bytes_of_one_block_by_hand():
    """Six maps of 64 × 28 × 28 cross for a convolution, its normalisation and its
    activation, in FP16, and 36,864 + 128 weights a batch of 32.
    """
    moved = 2 * (6 * 64 * 28 * 28 + (36_864 + 128) / 32)
    assert counts.row("3 × 3")["kB (once)"] == round(moved / 1e3)


def test_shares_of_a_network_add_up():
    for key in ("of the MACs", "of the bytes"):
        assert sum(r[key] for r in counts.intensities()) == pytest.approx(1, abs=0.003)


def test_the_published_scales_of_b7():
    """Tan & Le 2019's code: width 2.0, depth 3.1, 600 pixels."""
    row = counts.compound()[7]
    assert (row["width"], row["depth"], row["pixels"]) == (2.0, 3.1, 600)
    assert row["width² · depth · pixels²"] == round(4 * 3.1 * (600 / 224) ** 2, 1)


def test_times_are_those_of_the_benchmark():
    """timm, RTX 3090, NHWC: 9,887.57 and 3,729.86 images a second."""
    light, heavy = world.get("mobilenet_v2"), world.get("resnet50")
    assert heavy.ms / light.ms == pytest.approx(9887.57 / 3729.86)
    with pytest.raises(ValueError, match="alexnet"):
        world.get("alexnet")


def test_pairs_have_fewer_macs_and_more_time():
    pairs = world.outliers()
    assert all(p["MACs, times fewer"] >= 1 <= p["time, times longer"] for p in pairs)
    scores = [p["MACs, times fewer"] * p["time, times longer"] for p in pairs]
    assert scores == pytest.approx(sorted(scores, reverse=True), rel=0.02)


def test_a_shuffle_lets_each_group_hear_all():
    assert "at least 3 of them" in drawings.shuffle(3, 2).caption
    assert "at least 1 of them" in drawings.shuffle(3, 0).caption


def test_the_first_network_above_the_limit_does_not_fit():
    """timm: regnety_016 at 3,879.4 images a second, twice its traffic's time."""
    one = world.get("regnet_y_1_6gf")
    assert one.ms == pytest.approx(1e3 / 3879.4) and one.ms > 1.9 * one.unfused
    by_limit = {cut["below GMAC"]: cut for cut in world.cuts()}
    assert by_limit[1.2]["networks"] == len(world.light())
    assert by_limit[1.2]["a byte"] == round(
        world.spread(world.RUN, "traffic", light=True), 2
    )


def test_time_follows_macs_over_all_networks_and_bytes_over_the_light_ones():
    """Correlations by statistics.correlation of the standard library."""
    from math import log
    from statistics import correlation

    every = world.placed()
    time = [log(one.ms) for one in every]
    found = world.in_step()
    assert found["MACs"] == pytest.approx(
        correlation(time, [log(one.macs) for one in every])
    )
    assert found["bytes"] == pytest.approx(
        correlation(time, [log(one.unfused) for one in every])
    )
    both = [log(one.arithmetic + one.unfused) for one in every]
    assert found["both"] == pytest.approx(correlation(time, both))
    assert found["both"] > 0.97


def test_the_least_time_of_fused_blocks_by_hand():
    """An RTX 3090: 71.2 T a second, 936 GB a second. The 3 x 3 is bound by its 28.9 M
    MACs, the separable block by its four maps; its weights, and the two values a map
    of each normalisation, are read once a batch.
    """
    plain = 2 * 64 * 64 * 9 * 28**2 / 71.2e12
    apart = 2 * 4 * 64 * 28**2 / 936e9
    for kind, least in (("3 × 3", plain), ("depthwise separable", apart)):
        found = counts.cost(kind, 64, size=28, fused=True)["seconds"]
        assert found == pytest.approx(least, rel=0.01)


def test_a_dense_block_copies_three_times():
    """64 + 16, 80 + 16 and 96 + 16 maps are read and written, of 7.2 M values."""
    joined = 2 * 2 * (80 + 96 + 112) * 28**2
    assert counts.copied("dense") * counts.row("dense")["kB (once)"] == pytest.approx(
        joined / 1e3, rel=0.01
    )


def test_b7_is_seven_steps_in_none_of_its_scales():
    """1.15^7.05 = 600 / 224, 1.1^7.27 = 2.0, 1.2^6.21 = 3.1."""
    found = counts.steps_taken(counts.compound()[7])
    assert found == pytest.approx(
        {"depth": 6.21, "width": 7.27, "pixels": 7.05}, abs=0.01
    )


def test_pairs_with_fewer_macs_are_counted_by_their_bytes():
    found, every = world.base_rate(), world.placed()
    macs = sorted(one.macs for one in every)
    equal = sum(a == b for a, b in pairwise(macs))
    assert found["more"] + found["fewer"] == len(every) * (len(every) - 1) / 2 - equal
    assert found["more, slower"] + found["fewer, slower"] == len(world.outliers())


def test_times_over_a_bound_are_those_of_the_light():
    low, high = world.over("RTX 3090", "unfused")
    assert high / low == pytest.approx(world.spread("RTX 3090", "traffic", light=True))
