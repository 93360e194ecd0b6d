"""What the lecture on models that outgrow a chip computes, checked from outside."""

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
    assert (row["of peak, ours"], row["without, %"]) == (52, 39.2)
    assert row["without, %"] == pytest.approx(52.2 * 3 / 4, abs=0.2)


def test_rivals_are_ordered_as_measured_at_each_size():
    runs = [r for r in lecture.choosing.rivals() if "174.6" in r["model"]]
    for chips in (384, 768, 1536):
        zero, cut = (r for r in runs if r["chips"] == chips)
        assert zero["one by one"] < cut["one by one"]
        assert zero["printed"] < cut["printed"]


def test_links_at_which_the_rival_ties():
    link = lecture.choosing.equal_links()
    for cut, slower in ((0.9, True), (1.1, False)):
        both = [
            lecture.choosing.rival(
                lecture.choosing.GPT3, 1536, 1536, 1, way, across=cut * link
            ).one_by_one
            for way in (True, False)
        ]
        assert (both[0] > both[1]) == slower
