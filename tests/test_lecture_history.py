"""The tables of the lecture on history, and its exercises, against hand counts and
figures that others printed.
"""

import itertools

import numpy as np
import pytest

from dlpatterns import datasets
from dlpatterns.exercises import check, history

TIMELINE = datasets.table("timeline")
NOTABLE = {row["model"]: row for row in datasets.table("training_compute_notable")}
TABLES = (
    "timeline",
    "transistors",
    "training_compute_notable",
    "training_compute_revised",
    "training_runs",
)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source(name):
    assert all(len(str(row["source"]).split()) >= 4 for row in datasets.table(name))


def test_the_timeline_is_in_order_and_cites_a_work_with_its_year():
    years = [row["year"] for row in TIMELINE]
    assert years == sorted(years)
    assert years[0] == 1943
    for row in TIMELINE:
        assert any(str(year) in row["source"] for year in range(1943, 2026)), row[
            "name"
        ]


def test_the_timeline_has_three_schools_and_two_winters():
    found = {row["paradigm"] for row in TIMELINE}
    assert found == {"symbolism", "connectionism", "behaviourism", "question", "winter"}
    winters = [row for row in TIMELINE if row["paradigm"] == "winter"]
    assert len(winters) == 2
    assert all(row["until"] > row["year"] for row in winters)


def test_two_tables_of_training_compute_agree():
    """The two were taken from Epoch AI by different ways; DeepSeek-V3 is the one figure
    that was revised between them.
    """
    names = {"Transformer": "Transformer (2017)"}
    different = []
    for row in datasets.table("training_compute"):
        other = NOTABLE[names.get(row["model"], row["model"])]
        assert other["date"] == row["date"], row["model"]
        if abs(other["training_flop"] / row["training_flop"] - 1) > 1e-3:
            different.append(row["model"])
    assert different == ["DeepSeek-V3"]


def test_revised_figures_are_those_of_the_table():
    for row in datasets.table("training_compute_revised"):
        assert row["printed_now_flop"] == pytest.approx(
            NOTABLE[row["model"]]["training_flop"], rel=1e-3
        )
        assert row["printed_2023_flop"] > 100 * row["printed_now_flop"]


def test_transistors_double_about_every_two_years():
    """Moore 1975 expected a doubling every two years."""
    year, count = np.array(
        [(row["year"], row["transistors"]) for row in datasets.table("transistors")]
    ).T
    assert 12 / np.polyfit(year, np.log2(count), 1)[0] == pytest.approx(24, abs=2)


def test_gpt3_took_what_its_authors_print():
    """Brown et al. 2020, table D.1: 3.14e23 FLOP."""
    run = next(
        row
        for row in datasets.table("training_runs")
        if row["model"].startswith("GPT-3")
    )
    assert 6 * run["parameters_per_example"] * run["examples"] == pytest.approx(
        3.14e23, rel=0.005
    )


def test_fourteen_gates_are_separable():
    """Try all small weights: whatever they compute is separable, and two gates are
    never met.
    """
    corners = np.array(list(itertools.product((0, 1), repeat=2)))
    weights = itertools.product((-2, -1, 1, 2), (-2, -1, 1, 2), np.arange(-4.5, 5, 1))
    gates = {tuple(corners @ (a, b) + c > 0) for a, b, c in weights}
    assert len(gates) == history.TASKS["separable"].answer
    assert (False, True, True, False) not in gates


def test_four_times_in_a_year_is_a_doubling_every_six_months():
    assert history.doubling(2012, 1.0, 2013, 4.0) == pytest.approx(6)


def test_an_epoch_by_hand():
    forward, hidden_gradient = 2048 + 320, 320
    assert (
        history.TASKS["epoch_macs"].answer
        == 1347 * (forward + forward + hidden_gradient)
        == 6_810_432
    )


def test_a_corrected_value_by_hand():
    q = np.array([[1.0, 2.0], [4.0, 3.0]])
    assert history.corrected(
        q, 0, 1, reward=-1.0, after=1, rate=0.5, discount=0.5
    ) == 2 + 0.5 * (-1 + 2 - 2)


@pytest.mark.parametrize("task", history.TASKS)
def test_every_mistake_gets_its_own_hint(task):
    slips = history.TASKS[task].slips
    assert len({hint for _, hint in slips}) == len(slips)
    for wrong, hint in slips:
        assert hint in str(check(f"history.{task}", wrong)), hint
