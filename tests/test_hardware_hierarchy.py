"""Hierarchies of buffers: the closed form beside a machine that holds, hands on and
multiplies real numbers, and beside counts by hand.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hierarchies_for_tests import mappings, works
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlpatterns.hardware import memory, replay_levels
from dlpatterns.hardware.hierarchy import Level, Mapping, Moved, outermost, traffic
from dlpatterns.hardware.work import convolution, matmul

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(works(), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_the_closed_form_is_what_buffers_with_real_numbers_move(drawn, data):
    work, arrays, expected = drawn
    mapping = data.draw(mappings(work))
    out, moved = replay_levels.run(mapping, **arrays)
    assert np.array_equal(out, expected)
    assert moved == traffic(mapping)


@given(works(), st.data())
@settings(max_examples=100, deadline=None)
def test_one_buffer_moves_what_the_tiled_nest_moves(drawn, data):
    """`memory.tiled` counts one buffer by another formula."""
    work = drawn[0]
    order = "".join(data.draw(st.permutations(list(work.loops))))
    nest = memory.Nest(
        work, order, {one: data.draw(st.integers(1, 4)) for one in order}
    )
    inside = Level("buffer", nest.needs, dict(nest.tile), order)
    moved = traffic(Mapping(work, (Level("memory", order=order), inside)))["memory"]
    one = memory.tiled(nest, nest.needs)
    assert {name: moved[name].reads for name in work.tensors} == one.read
    assert moved["out"].updates == one.written["out"]


@given(works(), st.data())
@settings(max_examples=60, deadline=None)
def test_what_enters_has_left_and_no_level_beats_once(drawn, data):
    work = drawn[0]
    mapping = data.draw(mappings(work))
    moved, macs = traffic(mapping), work.macs
    assert mapping.cycles * mapping.elements(len(mapping.levels)) >= macs
    for name, tensor in work.tensors.items():
        kept = [
            moved[level.name][name] for level in mapping.levels if level.holds(name)
        ]
        least = work.once(name)
        if tensor.result:
            assert all(one.updates >= least for one in kept)
            assert all(one.updates - one.reads >= least for one in kept)
        else:
            assert all(one.reads >= least for one in kept)
            if all(level.multicast for level in mapping.levels):
                assert all(a.reads <= b.fills for a, b in pairwise(kept))


@given(works(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
def test_a_cache_in_place_of_buffers_bounds_them_from_both_sides(drawn, data):
    """A cache for all values misses once a value. One of twice the tiles of a buffer
    misses at most twice as often as that buffer is filled (Sleator and Tarjan 1985).
    """
    work = drawn[0]
    mapping = data.draw(mappings(work, most=2, spread=False))
    large = replay_levels.cached(mapping, work.values + 1)
    assert large.values == memory.once(work).values
    whole = [replace(level, slides=False) for level in mapping.levels]
    moved = outermost(replace(mapping, levels=whole))
    entered = sum(one.reads * (not one.updates) + one.updates for one in moved.values())
    behind = replay_levels.cached(mapping, 2 * mapping.needs(1))
    misses = sum(behind.read[n] for n in work.tensors if n != "out")
    assert misses + behind.written["out"] <= 2 * entered


def levels(*inner, order=""):
    return (Level("DRAM", order=order), *inner)


def test_three_levels_of_a_product_by_hand():
    """4 x 4 x 4. The buffer holds 2 rows of a, all of K: two visits. A register holds a
    value of a for the 4 columns that pass; b comes for each of 4 rows.
    """
    buffer = Level("buffer", tile={"M": 2, "N": 4, "K": 4}, order="MKN")
    moved = traffic(Mapping(matmul(4, 4, 4), levels(buffer, Level("register"))))
    assert moved["DRAM"]["a"] == (16, 0, 0) and moved["buffer"]["a"] == (16, 16, 0)
    assert moved["register"]["a"] == (64, 16, 0)
    assert moved["DRAM"]["b"] == (16, 0, 0)  # its tile is whole, and stays
    assert moved["buffer"]["b"] == (64, 16, 0)
    # sums: 16 x 4 leave the register, 16 x 3 come back; 16 reach the memory
    assert moved["register"]["out"] == Moved(48, 48, 64)
    assert moved["buffer"]["out"] == (48, 0, 64)
    assert moved["DRAM"]["out"] == (0, 0, 16)


def test_a_tensor_that_passes_by_is_read_from_further_out():
    inner = Level("buffer", tile={"K": 4}, order="K", keeps=("a", "out"))
    moved = traffic(Mapping(matmul(4, 4, 4), levels(inner, order="MN")))
    assert moved["DRAM"]["b"] == (64, 0, 0)
    assert "b" not in moved["buffer"]


def test_elements_side_by_side_share_what_is_multicast():
    """Four elements take a column each: a is read once for the four, b for each."""
    moved = {}
    for multicast in (True, False):
        array = Level("buffer", across={"N": 4}, order="MK", multicast=multicast)
        mapping = Mapping(matmul(4, 4, 4), levels(array, Level("register")))
        moved[multicast] = traffic(mapping)["buffer"]
        assert mapping.cycles == 16 and mapping.utilisation == 1
    assert moved[True]["a"].reads == 16 and moved[False]["a"].reads == 64
    assert moved[True]["b"].reads == moved[False]["b"].reads == 64


def test_sums_side_by_side_are_added_on_the_way():
    """Four elements take a product each of the same sum: 1 update, or 4 and 3 reads."""
    for reduces, expected in ((True, (0, 0, 16)), (False, (48, 0, 64))):
        array = Level("buffer", across={"K": 4}, reduces=reduces)
        moved = traffic(Mapping(matmul(4, 4, 4), (Level("DRAM"), array)))
        assert moved["buffer"]["out"] == expected


def test_elements_beyond_the_end_idle():
    """Five columns on four elements: two turns, 5 of 8 places at work."""
    mapping = Mapping(matmul(1, 5, 1), [Level("DRAM", across={"N": 4})])
    assert (mapping.cycles, mapping.utilisation) == (2, 5 / 8)
    assert traffic(mapping)["DRAM"]["a"].reads == 2


def test_windows_side_by_side_share_their_overlap():
    """Four outputs of a filter of 3 in a row need 6 values, not 12."""
    work = convolution((1, 1, 1, 6), (1, 1, 1, 3))
    for multicast, reads in ((True, 6), (False, 12)):
        spread = Level("DRAM", across={"Q": 4, "S": 3}, multicast=multicast)
        assert traffic(Mapping(work, [spread]))["DRAM"]["x"].reads == reads


def test_a_bias_is_fetched_where_a_sum_begins():
    work = convolution((1, 2, 3, 3), (2, 2, 1, 1), bias=True)
    moved = traffic(Mapping(work, levels(Level("buffer"), order="CPQM")))
    assert moved["DRAM"]["bias"].reads == 2 * 9
    assert moved["buffer"]["bias"] == (18, 18, 0)


SMALL = matmul(4, 4, 4)
BAD = {
    "'buffer': a capacity in values must be": {"capacity": 0},
    "'buffer' holds 2 values and is smaller than one tile": {"capacity": 2},
    "'buffer': tile of M must be a whole number": {"tile": {"M": 0}},
    "'buffer': elements across K must be a whole": {"across": {"K": 0}},
    "'buffer': unknown loop 'P'": {"order": "P"},
    "'buffer': unknown loop 'Q'": {"tile": {"Q": 2}},
    "'buffer': unknown loop 'R'": {"across": {"R": 2}},
    "'buffer': the order 'MM' names a loop twice": {"order": "MM"},
    "'buffer': unknown tensor 'x'; this work has a, b, out": {"keeps": ("x",)},
    "the tile of 'buffer' spans 1 of M, and the one below it 2": {"tile": {"M": 1}},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_levels_are_named(message):
    inner = (Level("register", tile={"M": 2}),) if "below" in message else ()
    with pytest.raises(ValueError, match=message):
        Mapping(SMALL, levels(Level("buffer", **BAD[message]), *inner))


def test_bad_mappings_are_named():
    with pytest.raises(ValueError, match="at least one level"):
        Mapping(SMALL, [])
    with pytest.raises(ValueError, match="'DRAM' is the outermost level and must keep"):
        Mapping(SMALL, [Level("DRAM", keeps=("a", "b"))])


def test_rows_name_their_assumption():
    rows = Mapping(SMALL, levels(Level("buffer"))).rows()
    assert {row["assumption"] for row in rows} == {"tiled"} and len(rows) == 6
