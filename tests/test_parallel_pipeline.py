"""Schedules of pipelines run event by event, against their published bubbles."""

from itertools import pairwise

import pytest

from dlpatterns.parallel import pipeline, schedules

CASES = [
    (name, chips, micro)
    for name in schedules.MAKERS
    for chips, micro in ((2, 4), (4, 8), (4, 12), (6, 24), (8, 16), (8, 32))
]


@pytest.mark.parametrize(("name", "chips", "micro"), CASES)
def test_every_piece_of_work_is_done_once(name, chips, micro):
    run = pipeline.run(schedules.MAKERS[name](chips, micro))
    done = [work for bar in run.bars for work in bar.works]
    assert len({work.key for work in done}) == len(done)
    stages = run.schedule.stages
    kinds = [work.kind for work in done]
    assert kinds.count("F") == stages * micro
    assert kinds.count("B") + kinds.count("I") == stages * micro
    assert kinds.count("I") == kinds.count("W")
    for chip in range(chips):
        own = [bar for bar in run.bars if bar.chip == chip]
        assert all(a.end <= b.start for a, b in pairwise(own))


@pytest.mark.parametrize(("name", "chips", "micro"), CASES)
def test_work_waits_for_what_it_needs(name, chips, micro):
    run = pipeline.run(schedules.MAKERS[name](chips, micro), delay=0.25)
    ends = {work.key: bar.end for bar in run.bars for work in bar.works}
    starts = {work.key: bar.start for bar in run.bars for work in bar.works}
    for (kind, way, micro_batch, stage), start in starts.items():
        if kind == "F" and stage:
            assert start >= ends["F", way, micro_batch, stage - 1]
        if kind in "BI" and stage < run.schedule.stages - 1:
            before = [
                ends[k, way, micro_batch, stage + 1]
                for k in "BI"
                if (k, way, micro_batch, stage + 1) in ends
            ]
            assert start >= before[0]


@pytest.mark.parametrize(("name", "chips", "micro"), CASES)
def test_bubbles_are_as_published(name, chips, micro):
    """ZBV's is published for a chip's own span, the others for the whole run."""
    run = pipeline.run(schedules.MAKERS[name](chips, micro))
    published = schedules.bubble(name, chips, pipeline.TIMES)
    if name == "ZBV":
        assert max(map(run.gaps, range(chips))) == published == 0
        assert run.bubble == (chips - 1) / 2  # the stagger of the starts stays
    else:
        assert run.bubble == pytest.approx(published)


def test_other_times_than_equal_ones():
    """(p - 1) (F + B) holds for any F and B."""
    times = {"F": 1.0, "B": 2.5, "I": 1.5, "W": 1.0, "F+B": 3.5}
    for name in ("GPipe", "1F1B", "interleaved"):
        run = pipeline.run(schedules.MAKERS[name](4, 16), times)
        assert run.bubble == pytest.approx(schedules.bubble(name, 4, times))


def test_shares_of_what():
    """SC21: (p - 1) / m of the ideal time; of the whole it is (p - 1) / (m + p - 1)."""
    run = pipeline.run(schedules.one_f_one_b(4, 8))
    assert run.bubble_of_ideal == pytest.approx(3 / 8)
    assert run.bubble_of_total == pytest.approx(3 / 11)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("GPipe", 16),
        ("1F1B", 8),
        ("interleaved", 8 * (1 + 7 / 16)),  # p (1 + (p - 1) / (p v))
        ("ZB-H1", 8),
        ("ZBV", 8),
        ("DualPipe", 9),  # p + 1
    ],
)
def test_activations_held_at_most(name, held):
    run = pipeline.run(schedules.MAKERS[name](8, 16))
    assert max(map(run.held, range(8))) == held


def test_one_chip_never_waits():
    for name in ("GPipe", "1F1B", "ZB-H1"):
        assert pipeline.run(schedules.MAKERS[name](1, 3)).bubble == 0


def test_a_circle_is_named():
    circle = pipeline.Schedule(
        "circle",
        (
            ((pipeline.Work("B", 0, 0),), (pipeline.Work("F", 0, 0),)),
            ((pipeline.Work("F", 0, 1),), (pipeline.Work("B", 0, 1),)),
        ),
        2,
        chip_of=lambda stage, way: stage,
    )
    with pytest.raises(ValueError, match="circle: the work waits in a circle: chip 0"):
        pipeline.run(circle)


def test_work_on_a_chip_that_does_not_hold_its_stage_is_named():
    astray = pipeline.Schedule(
        "astray",
        (((pipeline.Work("F", 0, 1),),), ((pipeline.Work("F", 0, 0),),)),
        2,
        chip_of=lambda stage, way: stage,
    )
    with pytest.raises(ValueError, match=r"astray: chip 0 is to do .* lies on chip 1"):
        pipeline.run(astray)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: schedules.interleaved(4, 6), "in multiples of the 4 chips, got 6"),
        (lambda: schedules.zbv(4, 7), "needs 8 or more, got 7"),
        (lambda: schedules.dualpipe(3, 8), "even numbers of chips"),
        (lambda: schedules.dualpipe(4, 6), "at least twice as many, got 4 and 6"),
        (lambda: schedules.gpipe(0, 4), "chips is at least 1"),
        (lambda: schedules.bubble("fast", 4, pipeline.TIMES), "no schedule 'fast'"),
        (
            lambda: pipeline.run(schedules.gpipe(2, 2), delay=-1),
            "a delay can't be negative",
        ),
        (
            lambda: pipeline.run(schedules.gpipe(2, 2), {"F": 0, "B": 1}),
            "the time of F is finite and above 0",
        ),
    ],
)
def test_bad_calls(call, said):
    with pytest.raises(ValueError, match=said):
        call()
