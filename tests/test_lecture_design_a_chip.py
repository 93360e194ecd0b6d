"""The capstone: demands with their numbers, all designs under a budget, the winner
under other assumptions, and what an answer scores.
"""

import re
from itertools import product

import pytest

from dlpatterns import exercises
from dlpatterns.design import chip, evaluate, space, workload
from dlpatterns.exercises import design_a_chip as tasks
from dlpatterns.lectures import design_a_chip as lecture
from dlpatterns.lectures import front


def test_every_lecture_before_it_asks_for_something():
    """Those that stand; the last lecture of the list is this one."""
    known = [name for part in front.LECTURES.values() for name in part]
    made = [make() for make in lecture.demands.ALL]
    assert [one.lecture for one in made] == [n for n in known if n in ASKING]
    assert {one.knob for one in made} <= {"", *lecture.choosing.KNOBS}
    assert all(re.search(r"\d", one.number) for one in made)
    assert lecture.demands.listed(made).count(".ipynb") == len(made)


ASKING = {make().lecture for make in lecture.demands.ALL}


def test_the_numbers_of_the_demands_by_hand():
    said = {one.lecture: one.number for one in (make() for make in lecture.demands.ALL)}
    assert said["history"].startswith(f"{1300 / 2 / 4.6:.0f} MACs")
    assert (
        said["number_formats"].startswith("1 product")
        and "131,071" in (said["number_formats"])
    )
    assert f"{0.1 / (0.2 + 0.1):.0%}".replace("%", " %") in said["low_bit_training"]
    assert said["sparsity"].startswith("2:4 keeps 0.625 of the bytes at 8 bits, 0.5625")
    assert said["parallelism"].startswith("1.75 vectors")


def test_the_winner_is_the_quickest_that_fits():
    best = lecture.choosing.winner()
    assert best.area <= lecture.choosing.AREA and best.chip.dtype == "int8"
    for one in lecture.choosing.kept():
        assert one.seconds >= best.seconds
    assert len(lecture.choosing.kept()) == sum(
        one.area <= 100
        for one in lecture.choosing.free_points()
        if one.chip.dtype == "int8"
    )


def test_a_step_of_a_knob_changes_one_thing():
    rows = lecture.choosing.knobs()
    start = space.weigh(lecture.choosing.START)
    four = next(row for row in rows if row["knob"] == "arrays")
    after = space.weigh(chip.Chip(arrays=4))
    assert four["time ×"] == pytest.approx(after.seconds / start.seconds)
    assert {row["knob"] for row in rows} == set(lecture.choosing.KNOBS.values())


def test_assumptions_turned_are_weighed_again():
    rows = {row["assumption"]: row for row in lecture.rivals.turned()}
    assert len(rows) == 8 + len(workload.six())
    assert lecture.rivals.hold(list(rows.values()))
    assert all(row["ours / new"] >= 1 for row in rows.values())
    first = lecture.choosing.winner().chip
    alone = [
        space.weigh(one.chip, watts=10, zeros=0) for one in lecture.choosing.kept()
    ]
    mine = next(one for one in alone if one.chip == first)
    best = min(one.seconds for one in alone)
    assert rows["no weight is zero"]["ours / new"] == pytest.approx(mine.seconds / best)


def test_sram_at_another_price_changes_the_buffer_alone():
    load = workload.six()[0]
    plain, cheap = (evaluate.run(chip.Chip(), load, sram=s) for s in (1, 0.5))
    assert cheap.energy["buffer"] == plain.energy["buffer"] / 2
    assert cheap.energy["bus"] == plain.energy["bus"]
    assert cheap.seconds == plain.seconds


def test_table_3_against_itself():
    """8.2 % of 92 TOPS are 7.5, and 3.7 are printed; 64 MACs a byte at 34 GB/s."""
    found = lecture.world.contradiction()
    assert found["useful"] == pytest.approx(0.082 * 92) and found["printed"] == 3.7
    assert found["ours"] == pytest.approx(2 * 64 * 34e9 / 1e12)


def test_every_frame_says_what_it_shows():
    drawn = lecture.drawings
    for side, mib in product((32, 256), (0.25, 32.0)):
        assert "mm²" in drawn.die(side, mib, "int8").caption
    assert "good dies a wafer" in drawn.die(256, 32.0, "fp16").caption
    assert "workloads wait" in drawn.loads(64, 8.0, "2:4").caption
    assert "beaten by none" in drawn.front(100, 10).caption


# --- A task that is scored ------------------------------------------------------------

GOOD = eval(exercises.tasks("design_a_chip")["yours"].code)


def test_the_mark_is_a_tenth_above_the_best():
    best = lecture.choosing.winner(area=tasks.AREA, watts=tasks.WATTS).seconds
    assert best < tasks.MARK < 1.12 * best


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (GOOD, "correct", ""),
        (GOOD | {"rows": 64, "cols": 64, "arrays": 4}, "correct", ""),
        (GOOD | {"zeros": ""}, "wrong", "more than 0.66 ms"),
        (GOOD | {"buffer": 2**25}, "wrong", "too large"),
        (GOOD | {"rows": 256, "cols": 256, "arrays": 64}, "wrong", "too large"),
        (GOOD | {"dtype": "int4"}, "wrong", "unknown knobs"),
        (GOOD | {"bandwidth": 1e12}, "wrong", "128 GB/s at most"),
        (GOOD | {"rows": 0}, "wrong", "at least 1"),
        ([1, 2], "wrong", "a dictionary of knobs"),
        (..., "open", ""),
    ],
)
def test_designs_are_scored(given, status, said):
    result = exercises.check("design_a_chip.yours", given)
    assert result.status == status and said.casefold() in str(result).casefold()


@pytest.mark.parametrize(
    ("mark", "value", "said"),
    [
        ("MARK", 0.6e-3, "more than 0.60 ms"),
        ("RATE", 2_700, "fewer than 2,700 a second"),
        ("JOULES", 4.9e-3, "more than 4.9 mJ"),
        ("PRICE", 2.4, "more than 2.4 dollars"),
    ],
)
def test_each_mark_can_fail_alone(monkeypatch, mark, value, said):
    """The reference: 0.604 ms, 2,415 a second, 5.84 mJ, 2.50 dollars."""
    monkeypatch.setattr(tasks, mark, value)
    score = tasks._score(GOOD)
    assert not score.reached and said in score.what and score.hint
    assert [name for name, _ in score.rows] == [
        *("die", "latency", "throughput", "energy", "price")
    ]


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"accuracy", "usability"}, "correct", ""),
        (["usability", "accuracy"], "correct", ""),
        ({"accuracy"}, "wrong", "Something is missing"),
        (set(), "wrong", "Something is missing"),
        ({"accuracy", "usability", "price"}, "wrong", "as the wafer of a good die"),
        ({"energy"}, "wrong", "in twice"),
        ({"beauty"}, "wrong", "unknown metrics ['beauty']"),
        ("accuracy", "wrong", "write a set of names"),
        (..., "open", ""),
    ],
)
def test_what_no_mark_contains(given, status, said):
    result = exercises.check("design_a_chip.missing", given)
    assert result.status == status and said.casefold() in str(result).casefold()


def test_a_reader_sees_where_the_design_stands():
    assert "52 mm²: 0 of 891 designs" in lecture.choosing.ranked(GOOD)
    with pytest.raises(ValueError, match="no design keeps 100 mm2"):
        lecture.choosing.ranked({"rows": 256, "cols": 256})


def test_more_sizes_of_the_grid_change_the_area_more_than_the_time():
    """An own small model of the same rules, written by a second reader, found
    0.5726 ms on 98.1 mm2 with 2, 8 and 32 arrays, and 0.6039 ms on 52.4 without.
    """
    finer, best = lecture.rivals.between(), lecture.choosing.winner()
    assert (finer.area, 1e3 * finer.seconds) == pytest.approx((98.07, 0.5726), rel=1e-3)
    assert (best.area, 1e3 * best.seconds) == pytest.approx((52.43, 0.6039), rel=1e-3)
    assert lecture.rivals.between(area=53) == best


def test_four_arrays_against_one_with_and_without_the_vector_unit():
    rows = {(row["knob"], row["to"]): row for row in lecture.choosing.knobs()}
    large, four = rows["rows and columns", "256"], rows["arrays", "4"]
    plain, moved = (lecture.rivals.shared_out(vector) for vector in (False, True))
    assert plain == pytest.approx(large["time ×"] / four["time ×"])
    assert 1 < moved < plain
