"""What the lecture on models that outgrow a chip computes, checked from outside."""

from math import exp

import pytest

from dlpatterns.lectures import parallelism as lecture


def test_the_rows_say_what_their_sources_print():
    by_name = {row["convention"]: row["all"] for row in lecture.holding.conventions()}
    assert by_name["mixed, ZeRO's paper"] == 16
    assert by_name["mixed, Megatron-LM"] == 18
    documented, coded = lecture.holding.one_project()
    assert f"{documented:.2f} {coded:.2f}" == "15.93 11.28"


def test_a_frame_tells_whether_a_model_fits():
    assert "does not fit" in lecture.holding.zero("175 B", 64, 1).caption
    assert "which fits" in lecture.holding.zero("175 B", 64, 3).caption


def test_the_ring_is_whole_after_its_last_round():
    assert "16 of 16 chunks are whole" in lecture.adding.ring(6).caption
    assert "4 of 16 chunks are whole" in lecture.adding.ring(3).caption


def test_the_timeline_ends_with_the_bubble():
    for name, bubble in (("GPipe", "9"), ("ZB-H1", "3"), ("DualPipe", "2")):
        caption = lecture.waiting.timeline(name, 33).caption
        assert f"waited longest waited {bubble}" in caption, caption


def test_real_ranks_send_what_was_counted():
    rows = lecture.adding.measured(50)
    assert all(row["right"] and row["each rank"] for row in rows)
    together = lecture.adding.together()
    assert all(row["bytes, predicted"] == row["bytes, sent"] for row in together)


def test_thresholds_are_c_over_w():
    rows = {row["needed"]: row for row in lecture.cutting.thresholds()}
    hidden = rows["hidden units, tensor over 8"]
    assert hidden["in a node"] == round(7 * 989.4e12 / 450e9)
    assert hidden["between nodes"] == round(7 * 989.4e12 / 50e9)


def test_the_famous_share_and_what_is_left():
    row = next(r for r in lecture.choosing.printed() if r["model"] == "GPT 529.6B")
    assert (row["%, ours"], row["without"]) == (52, 39.2)
    assert row["without"] == pytest.approx(52.2 * 3 / 4, abs=0.2)


def test_every_published_run_has_a_row_and_its_bound():
    """DeepSeek-V3 prints no utilisation; the others' are as their tables have them."""
    rows = lecture.choosing.predicted()
    printed = [row["printed, %"] for row in rows]
    assert printed == [41.5, 51.4, 56.0, 56.3, 43, 41, 38, 46.2, "-"]
    assert all(row["gradients hidden"] < row["measured"] for row in rows)
    squares = [row["squares"] for row in rows[:8]]
    assert squares[:4] == printed[:4] and squares[7] == printed[7]
    by_rate = [round(100 * rate / 989.4, 1) for rate in (430, 400, 380)]
    assert squares[4:7] == by_rate  # 400 TFLOP/s are 40.4 %, beside a printed 41
    assert rows[6]["halves"] == pytest.approx(27.4, abs=0.05)


def test_pairs_counted_twice_make_the_printed_share():
    for row in lecture.choosing.recounted():
        assert row["all again"] == pytest.approx(row["printed"], abs=0.11)
        assert row["forward again"] < row["printed"] - 0.4


def test_the_planner_wins_by_its_own_terms():
    """The winner holds no more than a chip has, and is the sum of its terms."""
    rows = {row.pop("term"): list(row.values()) for row in lecture.choosing.explained()}
    winner, second, published = rows["one by one, s"]
    assert winner < second < published
    terms = ("compute", "bubble", "tensor", "pipeline", "gradients")
    for place, whole in enumerate(rows["one by one, s"]):
        parts = sum(rows[f"{term}, s"][place] for term in terms)
        assert parts == pytest.approx(whole, abs=0.03)
    assert max(rows["memory, GB"]) < 80
    gained, seconds, *_ = lecture.choosing.reasons()["published"]
    assert gained == "compute"
    assert seconds == pytest.approx(7.35 - 5.53, abs=0.01)


def test_a_plan_of_the_authors_is_never_faster_than_the_planners():
    for row in lecture.choosing.chosen():
        assert row["s "] <= row["s"] or not row["fits"]


def test_rivals_are_ordered_as_measured_at_each_size():
    runs = [r for r in lecture.choosing.rivals() if "174.6" in r["model"]]
    for chips in (384, 768, 1536):
        zero, cut = (r for r in runs if r["chips"] == chips)
        assert zero["one by one"] < cut["one by one"]
        assert zero["printed"] < cut["printed"]


def test_links_at_which_the_rival_ties():
    link = lecture.choosing.equal_links()
    assert 70e9 < lecture.choosing.equal_links(overlapped=True) < 85e9 < link / 4
    for cut, slower in ((0.9, True), (1.1, False)):
        both = [
            lecture.choosing.rival(
                lecture.choosing.GPT3, 1536, 1536, 1, way, across=cut * link
            ).one_by_one
            for way in (True, False)
        ]
        assert (both[0] > both[1]) == slower


def test_a_cluster_that_comes_back_fast_loses_less():
    """Over every saved interval T: the mean time M e^(R/M) (e^((T + d)/M) - 1)."""
    mean = 54 * 24 * 3600 / 419 * 16384 / 131_072
    times = [
        mean * exp(60 / mean) * (exp((each + 10) / mean) - 1) / each
        for each in range(20, 1000)
    ]
    lost = 1 - 1 / min(times)
    assert lecture.failing.hurried(131_072) == pytest.approx(lost, abs=1e-3)
