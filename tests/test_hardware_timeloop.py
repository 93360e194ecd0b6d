"""Every number of Timeloop's public nests: equal to ours, or predicted by the reason
that stands beside it.
"""

from dataclasses import replace

import pytest

from dlpatterns import datasets
from dlpatterns.hardware import timeloop
from dlpatterns.hardware.hierarchy import traffic

ROWS = timeloop.compared()
CYCLES = {row["nest"]: row["cycles"] for row in datasets.table("timeloop_nests")}
SPARSE = {row["nest"] for row in ROWS if row["reason"] == "zeros"}


def test_all_34_nests_are_there():
    assert len(timeloop.nests()) == 34 and len(ROWS) == 220
    assert sum(not row["reason"] for row in ROWS) == 165


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['nest']} {row['level']} {row['tensor']}"
)
def test_timeloop_prints_what_we_count_or_what_the_reason_predicts(row):
    """Counts of sparse nests are rounded in each element, up or down."""
    if row["reason"] == "zeros":
        pairs = zip(row["predicted"], row["printed"], strict=True)
        assert all(abs(ours - theirs) < row["elements"] for ours, theirs in pairs)
    else:
        assert row["predicted"] == row["printed"]
    assert (row["ours"] == row["printed"]) == (not row["reason"])


@pytest.mark.parametrize("nest", [one for one in CYCLES if one not in SPARSE])
def test_turns_are_the_cycles_of_dense_nests(nest):
    """The tensor core's operands arrive in 3 cycles from its DRAM: not in our turns."""
    turns = 3 if nest == "sparse_tensor_core_like" else timeloop.nests()[nest].cycles
    assert CYCLES[nest] == turns


def test_fetching_whole_windows_counts_the_overlap_again():
    """Without sliding, sixteen places of three values cost 48 fetches, not 18."""
    mapping = timeloop.nests()["timeloop/01-model-conv1d-2level/os"]
    whole = [replace(level, slides=False) for level in mapping.levels]
    moved = {
        slides: traffic(one)["Buffer"]["x"].fills
        for slides, one in ((True, mapping), (False, replace(mapping, levels=whole)))
    }
    assert moved == {True: 18, False: 48}


def test_a_window_is_fetched_whole_when_another_loop_moves_in_between():
    """Eyeriss-like: M turns inside P and Q, so each of 16 tiles of 9,831 is whole, and
    5,421 of 151,875 values are fetched again, as Timeloop prints it.
    """
    moved = traffic(timeloop.nests()["eyeriss_like"])["DRAM"]["x"].reads
    assert moved == 16 * 9831 == 151_875 + 5_421
