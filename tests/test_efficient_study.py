"""The study of blocks under a budget: its networks, its statistics, one seed again."""

import numpy as np
import pytest

from dlpatterns.counting import count
from dlpatterns.lectures.efficient_models import blocks, drawings, small, study
from dlpatterns.lectures.efficient_models import experiment as e

SMALL = {"A": [0.9, 0.8, 0.7], "B": [0.8, 0.7, 0.6], "C": [0.95, 0.6, 0.7]}


@pytest.fixture
def three(monkeypatch):
    """Three blocks of three seeds in place of the study's."""
    rows = {kind: {"kind": kind, "accuracy": found} for kind, found in SMALL.items()}
    monkeypatch.setattr(study, "rows", lambda setting: rows)
    monkeypatch.setattr(study, "KINDS", tuple(SMALL))


@pytest.mark.parametrize("setting", e.settings())
def test_every_block_was_run_over_every_seed(setting):
    what, rows = e.settings()[setting], study.rows(setting)
    assert set(rows) == set(blocks.BODIES)
    for row in rows.values():
        assert len(row["accuracy"]) == len(row["learned"]) == what.seeds
        assert row["epochs"] == what.epochs


@pytest.mark.parametrize("kind", blocks.BODIES)
def test_the_networks_are_those_of_today(kind):
    """Within a twentieth of the budget, and no nearer width beside it."""
    row, step = study.rows("usual")[kind], small.STEPS.get(kind, 1)
    model = e.model(kind, e.settings()["usual"])
    assert row["macs"] == count(model).macs
    assert abs(row["macs"] / e.BUDGET - 1) < 0.05
    for width in (row["width"] - step, row["width"] + step):
        other = count(small.network(kind, width)).macs
        assert abs(np.log(other / e.BUDGET)) > abs(np.log(row["macs"] / e.BUDGET))
    held = study.rows("equal time")[kind]
    assert held["macs"] == count(e.model(kind, e.settings()["equal time"])).macs


def test_the_rate_is_the_best_of_four_on_held_out_images():
    for row in study.rows("rates").values():
        means = {rate: np.mean(found) for rate, found in row["held out"].items()}
        assert len(means) == 4
        assert means[str(row["rate"])] == max(means.values())
        assert study.rows("usual")[row["kind"]]["rate"] == row["rate"]


def test_one_seed_again():
    row = study.rows("usual")["3 × 3"]
    model = e.model("3 × 3", e.settings()["usual"])
    again = e.tested(model, 1, rate=row["rate"])
    assert again["accuracy"] == pytest.approx(row["accuracy"][1], abs=0.012)
    assert again["learned"] > 0.99


def test_the_test_images_have_no_say_in_the_rate(monkeypatch):
    """Spoiled, they change nothing of what is held out."""
    model, (x, y, *_) = small.network("3 × 3", 4), e.split(0)
    before = e.held_out(model, 0, rate=0.03)
    spoiled = e.data.Split(x, y, np.full((9, 1, 8, 8), np.nan), np.zeros(9, int))
    monkeypatch.setattr(e, "split", lambda seed: spoiled)
    assert e.held_out(model, 0, rate=0.03) == before


def test_no_shortcut_takes_no_mac_away():
    for kind in ("3 × 3", "inverted residual"):
        with_, without = (small.network(kind, 8, skip=skip) for skip in (True, False))
        assert count(with_).macs == count(without).macs
        adds = [sum(one.kind == "Add" for one in m.layers) for m in (with_, without)]
        assert adds == [2, 0]


def test_a_budget_without_a_width_is_refused():
    with pytest.raises(ValueError, match="measure must be one of"):
        small.size(small.network("3 × 3", 4), "beauty")
    with pytest.raises(ValueError, match="comes near"):
        small.fitted("5 × 5", "parameters", 1e12)


@pytest.mark.usefixtures("three")
def test_statistics_by_hand():
    """A minus B is a tenth on every seed; A minus C is -5, 20 and 0 points."""
    assert study.order() == ["A", "C", "B"]
    assert study.place("C") == 2
    assert study.behind("B") == pytest.approx((10, 0))
    mean, half = study.behind("C")
    assert mean == pytest.approx(5)
    assert half == pytest.approx(4.303 * np.std([-5, 20, 0], ddof=1) / 3**0.5)
    assert study.tied() == ["A", "C"]
    assert study.spread("B") == pytest.approx(10)
    assert study.agreement("usual") == 1
    assert study.change("usual") == pytest.approx(0)


def test_ranks_turned_round(monkeypatch):
    """Spearman's correlation of an order and its reverse is -1."""
    monkeypatch.setattr(study, "KINDS", ("a", "b", "c"))
    places = {"one": {"a": 1, "b": 2, "c": 3}, "two": {"a": 3, "b": 2, "c": 1}}
    monkeypatch.setattr(study, "place", lambda kind, setting: places[setting][kind])
    assert study.agreement("one", "two") == -1


def test_a_frame_names_the_best():
    frame = drawings.learned("equal time")
    assert study.order("equal time")[0] in frame.caption
    with pytest.raises(ValueError, match="there are"):
        study.rows("none")
