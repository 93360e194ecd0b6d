"""Arrays that make use of zeros: the product, the beats, what was switched and read."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.hardware import cartesian, decompression, elements, energy
from dlpatterns.hardware.cartesian import Cartesian
from dlpatterns.hardware.decompression import Unit
from dlpatterns.hardware.elements import Array

SAVINGS = ("", "gating", "skipping")


@st.composite
def problems(draw):
    """A small matrix, a vector, and an array of any kind."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    m, k = draw(st.integers(1, 20)), draw(st.integers(1, 12))
    density = draw(st.sampled_from([0, 0.1, 0.4, 1]))
    weights = rng.integers(1, 5, (m, k)) * (rng.random((m, k)) < density)
    activations = rng.integers(1, 5, k) * (rng.random(k) < density)
    array = Array(
        draw(st.integers(1, 6)),
        draw(st.integers(1, 4)),
        draw(st.sampled_from(SAVINGS)),
        draw(st.sampled_from(SAVINGS)),
        draw(st.sampled_from([None, 1, 2])),
    )
    return weights, activations, array


@settings(max_examples=200)
@given(problems())
def test_the_recurrence_counts_what_the_beats_do(problem):
    weights, activations, array = problem
    tally, beats = {"product": 0, "zero": 0, "filler": 0, "": 0}, 0
    sums = np.zeros(len(weights))
    for each, so_far in elements.beats(weights, activations, array):
        beats, sums = beats + 1, so_far
        for one in each:
            tally[one.works] += 1
    found = elements.run(weights, activations, array)
    assert np.array_equal(sums, weights @ activations)
    assert found.beats == beats
    assert found.useful == tally["product"]
    assert found.done == tally["product"] + tally["zero"]
    assert found.fillers == tally["filler"]


@given(problems())
def test_what_is_switched_by_brute_force(problem):
    weights, activations, array = problem
    switched = 0
    for row, column in product(*map(range, weights.shape)):
        zero_weight = weights[row, column] == 0 and array.weights
        zero_activation = activations[column] == 0 and array.activations
        switched += not (zero_weight or zero_activation)
    assert elements.run(weights, activations, array).switched == switched


def test_two_elements_counted_by_hand():
    # element 0 holds rows 0 and 2, element 1 row 1
    weights, activations = np.array([[1, 0], [1, 1], [1, 0]]), np.array([2, 3])
    # beat 1 sends the first; 2 and 3: element 0 has two, element 1 one, then finds its
    # second; element 0 finds nothing in the second column in beat 4
    found = elements.run(weights, activations, Array(2))
    assert (found.beats, found.useful, found.utilisation) == (4, 4, 0.5)
    dense = elements.run(weights, activations, Array(2, weights="", activations=""))
    assert (dense.beats, dense.done, dense.useful) == (5, 6, 4)


def test_a_dense_array_takes_its_rows_for_each_activation():
    weights, activations = np.ones((64 * 3, 50)), np.ones(50)
    found = elements.run(weights, activations, Array(64, weights=""))
    assert found.beats == 1 + 3 * 50 and found.busy == pytest.approx(150 / 151)


def test_gating_keeps_the_beats_and_skipping_does_not():
    rng = np.random.default_rng(0)
    weights = (rng.random((256, 64)) < 0.2).astype(int)
    activations = (rng.random(64) < 0.4).astype(int)
    runs = {
        (w, a): elements.run(weights, activations, Array(16, weights=w, activations=a))
        for w, a in product(SAVINGS, SAVINGS)
    }
    plain = runs["", ""]
    assert runs["gating", "gating"].beats == plain.beats
    assert runs["gating", "gating"].switched == int(weights[:, activations > 0].sum())
    assert runs["gating", ""].switched == int(weights.sum())
    assert runs["", "gating"].switched == 256 * int(activations.sum())
    assert runs["", "skipping"].beats == 1 + 16 * int(activations.sum())
    assert runs["skipping", "skipping"].beats < runs["skipping", ""].beats
    assert len({run.useful for run in runs.values()}) == 1


def test_energy_is_the_books():
    found = elements.run(np.eye(8), np.ones(8), Array(4, run_bits=4))
    cost = found.cost(dtype="int8", level="32 KB")
    assert cost.energy["arithmetic"] == pytest.approx(8 * energy.of_mac("int8"))
    # 8 words of 8 + 4 bits, 8 activations and 8 results of 8
    assert cost.energy["32 KB"] == pytest.approx(
        energy.of_access("32 KB", (8 * 12 + 16 * 8) / 8)
    )
    assert cost.cycles == found.beats


def test_a_deeper_queue_never_takes_longer_and_one_place_leaves_many_idle():
    """EIE's figure 8: around half of all cycles idle with one place, little to gain
    beyond eight.
    """
    rng = np.random.default_rng(0)
    weights, activations = rng.random((600, 800)) < 0.1, np.ones(800)
    busy = [
        elements.run(weights, activations, Array(64, queue)).busy
        for queue in (1, 2, 4, 8, 16, 64)
    ]
    assert busy == sorted(busy)
    assert busy[0] < 0.5 and busy[3] - busy[0] > 5 * (busy[5] - busy[3])


def test_bad_arrays_are_refused():
    with pytest.raises(
        ValueError, match="elements must be a whole number of at least 1, got 0"
    ):
        Array(0)
    with pytest.raises(
        ValueError, match=r"queue must be a whole number of at least 1, got 2\.5"
    ):
        Array(4, 2.5)
    with pytest.raises(ValueError, match="unknown saving 'skip' for activations"):
        Array(4, activations="skip")
    with pytest.raises(ValueError, match="1 to 16 bits, got 0"):
        Array(4, run_bits=0)
    with pytest.raises(ValueError, match=r"\(3, 4\) and \(3,\)"):
        elements.run(np.ones((3, 4)), np.ones(3), Array(2))


# --- All with all ---------------------------------------------------------------------


def test_a_convolution_counted_by_hand():
    # one element, 2 × 2 multipliers; channel 0: 3 weights and 3 activations, channel 1:
    # 1 weight, 2 activations
    weights = np.zeros((1, 2, 2, 2))
    weights[0, 0].flat[:3] = weights[0, 1, 0, 0] = 1
    maps = np.zeros((2, 2, 2))
    maps[0].flat[:3] = maps[1].flat[:2] = 1
    found = cartesian.convolution(weights, maps, (1, 1), Cartesian(1, 2, 2))
    assert (found.beats, found.products) == (2 * 2 + 1 * 1, 9 + 2)
    assert found.utilisation == pytest.approx(11 / (4 * 5))
    assert (found.dense, found.macs) == (4 * 1 * 1 * 1, 8)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999),
    stride=st.sampled_from([1, 2, 3]),
    density=st.sampled_from([0.1, 0.5, 1]),
)
def test_products_and_beats_by_brute_force(seed, stride, density):
    rng = np.random.default_rng(seed)
    weights = rng.random((5, 3, 3, 3)) < density
    maps = rng.random((3, 7, 6)) < density
    array = Cartesian(2, 2, 3, group=2)
    found = cartesian.convolution(weights, maps, (5, 4), array, stride=stride)
    products = sum(
        bool(weights[m, c, r, s] and maps[c, y, x])
        for m, c, r, s in np.ndindex(weights.shape)
        for y, x in np.ndindex(7, 6)
        if (y - r) % stride == 0 and (x - s) % stride == 0
    )
    assert found.products == products
    assert found.beats * array.multipliers >= products
    if stride == 1:
        assert found.beats == _slow_beats(weights, maps, array)


def _slow_beats(weights, maps, array):
    total = 0
    tiles = [(slice(y, y + 4), slice(x, x + 3)) for y in (0, 4) for x in (0, 3)]
    for start in range(0, len(weights), array.group):
        group = weights[start : start + array.group]
        slowest = 0
        for rows, columns in tiles:
            beats = 0
            for c in range(len(maps)):
                held = int(group[:, c].sum())
                here = int(maps[c, rows, columns].sum())
                beats += -(-held // array.weights) * -(-here // array.activations)
            slowest = max(slowest, beats)
        total += max(slowest, 1)
    return total


def test_a_networks_macs_are_those_of_its_convolutions():
    found = cartesian.network("googlenet", (1, 1), Cartesian())
    said = count(models.googlenet()).only("Conv2d").total()["macs"]
    assert found.macs == said
    assert Cartesian().multipliers == 1024  # as SCNN's


def test_tenth_by_tenth_meets_the_published_sweep():
    """Parashar et al. 2017, figure 8: on GoogLeNet, 24 times the dense array's rate
    where a tenth of the weights and of the activations are not zero.
    """
    found = cartesian.network("googlenet", (0.1, 0.1), Cartesian())
    assert found.speedup == pytest.approx(24, rel=0.05)


def test_bad_convolutions_are_refused():
    with pytest.raises(ValueError, match=r"need maps C H W; got \(4, 3, 3, 3\)"):
        cartesian.convolution(
            np.ones((4, 3, 3, 3)), np.ones((2, 5, 5)), (3, 3), Cartesian()
        )
    with pytest.raises(ValueError, match="side must be a whole"):
        Cartesian(0)
    with pytest.raises(ValueError, match="a share above 0, to 1; got 0"):
        cartesian.network("lenet5", (0, 1), Cartesian())


# --- Decompression --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "stage", "beats"),
    [
        # ten tiles of 640 bits, 20 values, 64 places
        (Unit(64, 8, 32, 32), "memory", 10 * 10 + 3 + 2),
        (Unit(640, 2, 32, 32), "decoder", 1 + 10 * 10 + 2),
        (Unit(640, 20, 64, 8), "multipliers", 1 + 1 + 10 * 8),
    ],
)
def test_the_slowest_stage_sets_the_pace(unit, stage, beats):
    found = decompression.stream(np.full(10, 640), np.full(10, 20), 64, unit)
    assert found.waits_for == stage and found.beats == beats


def test_uneven_tiles_take_longer_than_their_mean():
    rng = np.random.default_rng(0)
    values = rng.binomial(64, 0.25, size=200)
    unit = Unit(bus=64, values=4, places=16, multipliers=16)
    uneven = decompression.stream(values * 16, values, 64, unit).beats
    even = decompression.stream(np.full(200, 256), np.full(200, 16), 64, unit).beats
    assert uneven > 1.05 * even


def test_a_stream_of_nothing_and_bad_streams():
    unit = Unit()
    assert decompression.stream(np.zeros(0), np.zeros(0), 64, unit).beats == 0
    with pytest.raises(ValueError, match="each tile has bits and values"):
        decompression.stream(np.zeros(2), np.zeros(3), 64, unit)
    with pytest.raises(ValueError, match="can't be negative"):
        decompression.stream(np.array([-1]), np.array([1]), 64, unit)
    with pytest.raises(
        ValueError, match="bus must be a whole number of at least 1, got 0"
    ):
        Unit(bus=0)
