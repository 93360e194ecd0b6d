"""The programs, the readers and the tables of the lecture on history, and its
exercises, against hand counts and figures that others printed.
"""

import itertools

import numpy as np
import pytest

from dlpatterns import datasets
from dlpatterns.exercises import check, history
from dlpatterns.lectures import history as lecture
from dlpatterns.lectures.history import cliff, digits, neurons, readers, together
from dlpatterns.train import data

TIMELINE = datasets.table("timeline")


@pytest.mark.parametrize("name", ["timeline", "separable_gates"])
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


def test_no_work_dates_what_happened_after_it():
    second = next(row for row in TIMELINE if row["name"] == "Second winter")
    assert "2004" in second["source"]
    assert second["until"] == 1993


def test_the_timeline_has_three_schools_and_two_winters():
    found = {row["paradigm"] for row in TIMELINE}
    assert found == {"symbolism", "connectionism", "behaviourism", "question", "winter"}
    winters = [row for row in TIMELINE if row["paradigm"] == "winter"]
    assert len(winters) == 2
    assert all(row["until"] > row["year"] for row in winters)


def test_the_schools_start_within_thirteen_years():
    """McCulloch and Pitts 1943, Bellman 1954, Newell and Simon 1956."""
    starts = lecture.first_years(TIMELINE)
    assert starts == {"symbolism": 1956, "connectionism": 1943, "behaviourism": 1954}


# --- Rules ----------------------------------------------------------------------------


def test_the_rules_name_every_animal_from_what_was_seen():
    for animal, seen in lecture.ANIMALS.items():
        facts = lecture.infer(seen.split(", "), lecture.read(lecture.RULES))
        assert set(facts) & set(lecture.ANIMALS) == {animal}


def test_a_look_up_by_hand():
    """One rule, one condition that is known: is the conclusion known, is the condition,
    store the conclusion; then once more, is the conclusion known. With the first fact,
    and the search for the animal left out, five look-ups.
    """
    from dlpatterns import tracing

    with tracing.tally() as t:
        rules = lecture.read("a: b", tracing.Value)
        lecture.infer([tracing.Value("a")], rules)
    assert t.lookups == 5
    assert t.multiplications == 0


# --- Neurons --------------------------------------------------------------------------


def test_a_correction_by_hand():
    weight, bias = lecture.updated(np.array([1.0, 1.0]), -0.5, np.array([0, 1]), 0)
    assert (weight.tolist(), bias) == ([1.0, 0.0], -1.5)


@pytest.mark.parametrize(("gate", "right"), [("AND", 4), ("OR", 4)])
def test_the_perceptron_learns_and_and_or(gate, right):
    targets = lecture.GATES[gate]
    assert lecture.perceptron(targets)[-1].right(targets) == right


def test_xor_is_right_at_no_step():
    targets = lecture.GATES["XOR"]
    assert max(step.right(targets) for step in lecture.perceptron(targets, 200)) < 4


@pytest.mark.parametrize("row", datasets.table("separable_gates"))
def test_the_perceptron_learns_as_many_gates_as_muroga_counts(row):
    if row["inputs"] < 4:
        assert lecture.separable(row["inputs"]) == row["separable"]


def test_fourteen_gates_are_separable():
    """Try all small weights: whatever they compute is separable, and two gates are
    never met.
    """
    corners = np.array(list(itertools.product((0, 1), repeat=2)))
    weights = itertools.product((-2, -1, 1, 2), (-2, -1, 1, 2), np.arange(-4.5, 5, 1))
    gates = {tuple(corners @ (a, b) + c > 0) for a, b, c in weights}
    assert len(gates) == history.TASKS["separable"].answer
    assert (False, True, True, False) not in gates


def test_one_hidden_neuron_never_solves_xor():
    assert neurons.xor_solved(1, seeds=3) == 0
    assert neurons.xor_solved(4, seeds=3) == 3


# --- The cliff ------------------------------------------------------------------------


def test_steps_on_the_cliff_by_hand():
    """Sutton and Barto, example 6.6: off the edge costs 100 and leads to the start."""
    assert cliff.step((3, 0), "right") == ((3, 0), -100)
    assert cliff.step((3, 0), "down") == ((3, 0), -1)
    assert cliff.step((2, 11), "down") == ((3, 11), -1)
    assert cliff.step((0, 3), "up") == ((0, 3), -1)


def test_the_path_along_the_edge_is_learnt():
    """Up, eleven times right, down."""
    places = lecture.start_to_goal(lecture.learned(0)[0])
    assert places == [(3, 0), *((2, c) for c in range(12)), (3, 11)]


# --- Digits ---------------------------------------------------------------------------


def drawn(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in line] for line in text.split()], dtype=float)


EIGHT = """
........ ..####.. .#....#. .#....#. ..####.. .#....#. ..####.. ........"""


def test_holes_of_a_drawn_eight():
    seen = lecture.look(drawn(EIGHT))
    assert seen.holes == 2
    assert seen.size == 8
    assert seen.height == 2.5


def test_rules_side_by_side_answer_as_one_by_one():
    split = data.digits(seed=3)
    images = np.concatenate([split.test_x, split.train_x[:200]])
    alone = [lecture.by_rules(image[0])[0] for image in images]
    assert (lecture.read_together(images) == alone).all()


def test_glances_side_by_side_are_those_of_one_image():
    images = np.random.default_rng(0).uniform(size=(60, 8, 8))
    seen = together.look_together(images)
    for i, image in enumerate(images):
        alone = lecture.look(image)
        for name, values in seen.items():
            assert values[i] == pytest.approx(getattr(alone, name)), name


def test_patches_of_a_spiral_take_many_rounds():
    blank = np.zeros((1, 8, 8), dtype=int)
    labels, rounds = together.patches(blank)
    assert len(np.unique(labels)) == 2  # paper and wall
    assert rounds <= 20


def test_every_rule_compares_what_is_seen():
    seen = lecture.look(np.zeros((8, 8)))
    names = {name for _, conditions in digits.PARSED for name, _, _ in conditions}
    assert names <= set(vars(seen))


# --- Readers --------------------------------------------------------------------------


def test_the_experiment_can_be_repeated():
    stored = datasets.measurement("history_readers")["variants"]["as in the lecture"]
    right = readers.trained(readers.PROCESSES["pixels + linear"], seed=0)[1]
    assert right == pytest.approx(stored["pixels + linear"][0], abs=1e-6)


def test_features_lose_in_every_split_and_in_most_variants():
    assert (lecture.gap_of_features(lecture.stored_scores()) > 0).all()
    variants = datasets.measurement("history_readers")["variants"]
    for variant in variants:
        gaps = lecture.gap_of_features(lecture.stored_scores(variant))
        assert (gaps > 0).sum() >= 4
        assert gaps.mean() > 0.5


def test_work_of_a_linear_reader_by_hand():
    """640 products read a weight and a pixel each; ten biases are read too; nine
    comparisons find the largest of ten sums.
    """
    net = readers.network.Network(readers.PROCESSES["pixels + linear"].model, seed=0)
    image = data.digits(seed=0).test_x[0]
    found = readers.work(
        readers.traced_process("pixels + linear", image, {"pixels + linear": net})
    )
    assert found["multiplications"] == 64 * 10
    assert found["comparisons"] == 9
    assert found["memory accesses"] >= 2 * 640 + 10


def test_a_forest_multiplies_nothing_and_reads_well():
    right, comparisons, nodes = lecture.forest(seed=0, trees=20)
    assert right > 0.95
    assert 5 * 20 < comparisons < 20 * 20
    assert nodes > 20 * 100


def test_a_forest_counts_its_questions_votes_and_choice_by_hand():
    """100 trees of 3 questions and 4 leaves each; 2 questions lead to a leaf."""
    row = lecture.forest_row([(0.9, 200.0, 700), (1.0, 200.0, 700)], "forest")
    assert row["comparisons"] == 200 + 9
    assert row["memory accesses"] == 4 * 200 + 3 * 100 + 10
    assert row["params"] == 100 * (3 * 3 + 4)
    assert row["multiplications"] == 0


# --- Exercises ------------------------------------------------------------------------


def test_a_corrected_value_by_hand():
    q = np.array([[1.0, 2.0], [4.0, 3.0]])
    assert history.corrected(
        q, 0, 1, reward=-1.0, after=1, rate=0.5, discount=0.5
    ) == 2 + 0.5 * (-1 + 2 - 2)


def test_a_mistake_by_hand():
    weight, bias = history.after_mistake(
        np.array([1.0, 1.0]), -0.5, np.array([0, 1]), 0
    )
    assert (weight.tolist(), bias) == ([1.0, 0.0], -1.5)


@pytest.mark.parametrize("task", history.TASKS)
def test_every_mistake_gets_its_own_hint(task):
    slips = history.TASKS[task].slips
    assert len({hint for _, hint in slips}) == len(slips)
    for wrong, hint in slips:
        assert hint in str(check(f"history.{task}", wrong)), hint
