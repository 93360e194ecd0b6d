"""The page on which a reader designs a chip, without a browser: what it asks of the
library, beside the lecture, beside brute force and by hand.
"""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from dlpatterns.design import (
    asking,
    borne,
    chip,
    evaluate,
    market,
    page,
    picture,
    space,
    standing,
    words,
    workload,
)
from dlpatterns.graph import Builder
from dlpatterns.layers import Activation
from dlpatterns.lectures.design_a_chip import choosing
from dlpatterns.lectures.quantization import networks
from dlpatterns.models.mlp import multilayer

WINNER = {"rows": "32", "cols": "32", "arrays": "16", "dataflow": "os"}
WINNER |= {"buffer": "1024", "bus": "128", "zeros": "2:4"}


def answer(**request: str) -> dict:
    return json.loads(page.designed(json.dumps(request)))


# --- A request ------------------------------------------------------------------------


def test_an_empty_request_is_the_lecture_s_start():
    asked = asking.read({})
    assert asked.chip == choosing.START
    assert (asked.area, asked.watts) == (choosing.AREA, choosing.WATTS)
    assert (asked.zeros, asked.sums) == (evaluate.SPARSE, "buffer")


def test_every_design_of_the_grid_can_be_set():
    for one in space.designs():
        request = {"rows": f"{one.rows}", "cols": f"{one.cols}", "format": one.dtype}
        request |= {"arrays": f"{one.arrays}", "buffer": f"{one.buffer // 2**10}"}
        request |= {"bus": f"{one.bandwidth / 1e9:g}", "dataflow": one.dataflow}
        assert asking.read(request | {"zeros": one.zeros or "no"}).chip == one


@pytest.mark.parametrize("name", asking.KNOBS)
def test_every_setting_of_every_control_is_answered(name):
    for setting in asking.KNOBS[name].settings:
        request = {name: setting}
        if name == "weights":
            request["format"] = "int16"
        got = answer(**request)
        assert "error" not in got and got["networks"], request
        ElementTree.fromstring(got["svg"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        ("[]", "a JSON object, got []"),
        ("3", "a JSON object, got 3"),
        ("[" * 100_000, "at most 2000 letters, got 100000"),
        ("[" * 1_999, "recursion depth"),
        ('{"rows": "6x4"}', "rows can't be '6x4'; choose one of 4, 8,"),
        ('{"rows": 64}', "rows can't be 64"),
        ('{"rows": true}', "rows can't be True"),
        ('{"rows": ["64"]}', "rows can't be ['64']"),
        ('{"rowz": "64"}', "no control is called 'rowz'; there are rows, cols"),
        ('{"bus": "1e12"}', "bus can't be '1e12'"),
        ('{"watts": "-1"}', "watts can't be '-1'"),
        ('{"mm2": "inf"}', "mm2 can't be 'inf'"),
        ('{"format": "bf16"}', "format can't be 'bf16'"),
        (
            '{"format": "int4", "weights": "int8"}',
            "weights in int8 are wider than int4",
        ),
        ('{"zeros": "3:4"}', "zeros can't be '3:4'"),
    ],
)
def test_a_wrong_request_is_answered_with_its_error(text, says):
    assert says in json.loads(page.designed(text))["error"]


# --- A rank ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", space.GRID["dtype"])
@pytest.mark.parametrize(("area", "watts"), choosing.BUDGETS[1:])
def test_the_rivals_are_the_lecture_s(dtype, area, watts):
    watts = 10 if watts == 10 else 75
    asked = asking.read({"format": dtype, "mm2": f"{area}", "watts": f"{watts}"})
    found = standing.stands(asked)
    theirs = choosing.kept(dtype, area, watts)
    assert len(found.rivals) == len(theirs)
    assert found.best.chip == choosing.winner(dtype, area, watts).chip
    assert sorted(one.seconds for one in found.rivals) == pytest.approx(
        sorted(one.seconds for one in theirs)
    )


def test_the_winner_has_a_hundred_and_no_one_before_it():
    got = answer(**WINNER)
    assert got["score"] == "100" and got["over"] == ""
    assert "Rank 1 in time: 0 of the book's own 891" in got["verdict"]
    assert "None beats it" in got["verdict"]
    assert got["title"] == choosing.described(choosing.winner().chip)


def test_score_and_rank_by_brute_force():
    mine, rivals = space.weigh(choosing.START, watts=10), choosing.kept()
    quicker = sum(one.seconds < mine.seconds for one in rivals)
    beaten = sum(
        one.seconds <= mine.seconds
        and one.joules <= mine.joules
        and one.area <= mine.area
        and (one.seconds, one.joules, one.area)
        != (mine.seconds, mine.joules, mine.area)
        for one in rivals
    )
    got = answer()
    assert f"Rank {quicker + 1} in time: {quicker} of" in got["verdict"]
    assert f"{beaten} beat it in time, energy and area" in got["verdict"]
    best = min(one.seconds for one in rivals)
    assert got["score"] == f"{100 * best / mine.seconds:.0f}"
    ranks = {line[0]: line[3] for line in got["metrics"][1:]}
    assert ranks["latency"] == f"{quicker} of {len(rivals)}"
    frugal = sum(one.joules < mine.joules for one in rivals)
    smaller = sum(one.area < mine.area for one in rivals)
    assert ranks["energy"] == f"{frugal} of {len(rivals)}"
    assert ranks["price"] == f"{smaller} of {len(rivals)}"


def test_more_than_a_hundred_is_possible():
    """Weights that are stored in fewer bits are no design of the book's grid."""
    got = answer(**WINNER, weights="int4")
    assert int(got["score"]) > 100 and "Rank 1 in" in got["verdict"]
    between = WINNER | {"rows": "64", "cols": "64", "arrays": "8"}
    assert answer(**between)["score"] == "105"  # a size that the grid leaves out


def test_a_die_over_its_budget_has_no_score():
    got = answer(rows="256", cols="256", buffer="24576")
    area = chip.Chip(256, 256, buffer=24 * 2**20).area
    assert got["score"] == "none" and got["area"]["used"] == pytest.approx(area / 100)
    assert f"{area - 100:.0f} mm² more than the budget" in got["over"]
    huge = answer(rows="512", cols="512", arrays="64", mm2="858")
    assert "858 mm² more than" not in huge["over"] and huge["score"] == "none"
    assert huge["facts"][1][:2] == ["good dies", "none"]
    assert huge["facts"][2][1] == "none"


def test_a_budget_that_no_design_of_the_book_keeps():
    got = answer(rows="4", cols="4", buffer="32", format="fp32", mm2="5")
    found = standing.stands(asking.read({"format": "fp32", "mm2": "5"}))
    assert bool(found.rivals) == ("Rank" in got["verdict"])
    none = replace(found, rivals=())
    assert none.best is None and none.score is None
    assert "None of the book's own designs keeps this budget" in words.verdict(none)
    ElementTree.fromstring(picture.drawn(none, []))


# --- Limits ---------------------------------------------------------------------------


@pytest.mark.parametrize("load", workload.six(), ids=lambda load: load.name)
@pytest.mark.parametrize("given", [{}, {"zeros": "2:4", "arrays": 4}, {"rows": 16}])
def test_the_shares_of_time_add_up_and_the_bus_waits_as_the_lecture_says(load, given):
    one = chip.Chip(**given)
    shares = evaluate.bounds(one, load)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["bus"] == pytest.approx(evaluate.run(one, load).waits_for_bus)


def test_what_is_slowest_by_hand():
    """64 x 64 weights for a batch of 10 in 64 x 64 multipliers: a fold takes 64 beats
    and 190 to fill and drain; 4,096 bytes wait longer at one a cycle, at 64 not.
    """
    load = workload.workload(multilayer("one", (64,), widths=(64,)), batch=10)
    how = {"rows": 64, "cols": 64, "clock": 1e9}
    slow = evaluate.bounds(chip.Chip(**how, bandwidth=1e9), load)
    assert slow == {"array": 0.0, "vector unit": 0.0, "bus": 1.0}
    quick = evaluate.bounds(chip.Chip(**how, bandwidth=64e9), load)
    ends = 2 * 640 / 64
    assert quick["array"] == pytest.approx(1 - ends / (64 + 190 + ends))


def test_a_layer_without_macs_is_the_vector_unit_s():
    """640 x 1,024 activations on 64 columns, and a bus that is never slowest."""
    build = Builder("activations", (1024,))
    model = build.model(build.chain(build.input, Activation("relu")))
    load = workload.workload(model, batch=640)
    assert evaluate.bounds(chip.Chip(bandwidth=1e15), load)["vector unit"] > 0.99


def test_power_is_named_where_it_slows():
    found = standing.stands(asking.read(WINNER))
    sentences = words.limits(found)
    for said, limit, free, slow in zip(
        sentences, words.limiting(found), found.free.runs, found.mine.runs, strict=True
    ):
        slowed = free[1] / free[0] > 10 * words.SLOWED
        assert (limit == "power") == slowed == ("power slows it" in said)
        if slowed:
            assert f"{slow[0] / free[0]:.2f} times" in said
    plenty = words.limiting(standing.stands(asking.read(WINNER | {"watts": "300"})))
    assert "power" not in plenty


def test_an_array_that_chooses_says_what_freedom_may_cost():
    """Reported of SIGMA: 38 % more area; multipliers, and what grows around them."""
    fixed, free = answer(), answer(dataflow="any")
    assert len(free["limits"]) == len(fixed["limits"]) + 1
    die = chip.Chip(dataflow="any")
    parts = die.areas()
    named = sum(parts.values()) - parts["rest"] + 0.38 * parts["multipliers"]
    whole = named * die.area / (die.area - parts["rest"])
    assert f"would take {words.mm2(whole)}" in free["limits"][-1]


# --- Weights in fewer bits ------------------------------------------------------------


def test_weights_in_fewer_bits_cross_the_bus_as_such():
    load = workload.six()[5]
    whole, half = (chip.Chip(weights=name) for name in ("", "int4"))
    ends = load.ends
    moved = [
        evaluate.crossing(load, one.buffer, 8, one.weight_bits(0))
        for one in (whole, half)
    ]
    assert moved[0] - ends == pytest.approx(2 * (moved[1] - ends))
    assert whole.area == half.area
    assert (
        half.weight_bits(0.5) == 4 and replace(half, zeros="2:4").weight_bits(0.5) == 3
    )
    with pytest.raises(ValueError, match="wider than int4"):
        chip.Chip(dtype="int4", weights="int8")
    with pytest.raises(ValueError, match="int5x"):
        chip.Chip(weights="int5x")


# --- Six metrics ----------------------------------------------------------------------


def test_all_six_metrics_have_a_line_and_two_are_not_in_the_model():
    lines = {line[0]: line for line in answer(**WINNER)["metrics"][1:]}
    assert set(lines) == {
        *("accuracy", "throughput", "latency", "energy", "price", "usability")
    }
    assert lines["accuracy"][4].startswith("not in the model")
    assert lines["usability"][4].startswith("not in the model")
    assert lines["price"][1] == f"${market.price(choosing.winner().area):.2f}"


@pytest.mark.parametrize(
    ("given", "weights", "activations"),
    [
        ({}, 8, 8),
        ({"weights": "int4"}, 4, 8),
        ({"weights": "int2"}, 2, 8),
        ({"format": "int4"}, 4, 4),
        ({"format": "int16"}, 8, None),
        ({"format": "fp16", "weights": "int4"}, 4, None),
    ],
)
def test_the_stand_in_for_accuracy_is_what_another_lecture_measured(
    given, weights, activations
):
    lost = borne.lost(asking.read(given).chip)
    if activations is None:
        assert lost is None and answer(**given)["metrics"][5][1] == "not measured"
        return
    theirs = max(
        networks.loss("residual", "weights", weights).mean(),
        networks.loss("residual", "activations", activations).mean(),
    )
    assert lost == pytest.approx(theirs)
    assert answer(**given)["metrics"][5][1] == f"{theirs:.1f} points lost"


def test_the_stand_in_for_usability_by_brute_force():
    mine, rivals = space.weigh(choosing.START, watts=10), choosing.kept()
    behind = [
        mine.runs[place][0] / min(one.runs[place][0] for one in rivals)
        for place in range(6)
    ]
    line = answer()["metrics"][-1]
    name = workload.six()[behind.index(max(behind))].name
    assert line[1] == f"× {max(behind):.1f}, {name}"


def test_throughput_is_that_of_eight_at_a_time():
    eight = space.weigh(choosing.START, workload.eights(), watts=10)
    assert answer()["metrics"][2][1] == f"{words.count(1 / eight.seconds)}/s"


def test_networks_are_the_lecture_s():
    lines = answer()["networks"]
    for line, row in zip(lines[1:], choosing.loads(), strict=True):
        assert line[0] == row["workload"]
        seconds = row["ms"] / 1e3
        if line[-1] != "power":
            assert line[1] == words.ms(seconds)
            assert line[4] == f"{row['multipliers at work']:.1%}"


# --- A picture ------------------------------------------------------------------------


def test_the_ring_is_where_the_design_is():
    root = ElementTree.fromstring(answer(**WINNER)["svg"])
    spaced = "{http://www.w3.org/2000/svg}"
    ring = root.find(f"{spaced}circle")
    front = root.find(f"{spaced}polyline").get("points").split()
    assert f"{ring.get('cx')},{ring.get('cy')}" in front  # the winner is on the front
    assert "16 × 32 × 32, os" in ring.find(f"{spaced}title").text
    names = {one.text for one in root.findall(f"{spaced}text")}
    assert {"TPUv1", "Ascend 310", "Edge TPU"} < names and "Eyeriss" not in names
