"""Exercises: right answers of every kind pass, wrong ones get a sentence, a
counter-example and the hint of the mistake.
"""

import inspect
import os
import subprocess
import sys
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tasks_for_tests import TASKS, check, ordered, root, scaled

from dlpatterns import exercises
from dlpatterns.exercises._compare import difference
from dlpatterns.exercises._functions import MOST_CASES
from dlpatterns.exercises._tasks import Function, Value, call


class Size(IntEnum):
    IMAGE = 307_200


RIGHT = {
    "whole": [307_200, 307_200.0, np.int64(307_200), np.float32(307_200),
        np.array(307_200), Fraction(614_400, 2),
              Decimal(307_200), Size.IMAGE],
    "real": [0.125, Fraction(1, 8), np.float32(0.125), 0.125 * (1 + 1e-9),
        Decimal("0.125")],
    "ratio": [5.0625, 81 / 16],
    "fan_in": [28],
    "near": [100, 98, 102.0],
    "truth": [True, np.True_],
    "text": ["depthwise", " Depthwise ", np.str_("DEPTHWISE")],
    "pair": [(56, 112), [56, 112], np.array([56, 112])],
    "names": [{"relu", "max"}, ["max", "relu"], frozenset({"relu", "max"}),
    ("max", "relu")],
    "table": [{"weights": 3, "macs": 9.0}],
    "array": [np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]],
    np.arange(6, dtype=np.float32).reshape(2, 3)],
    "counts": [[[1, 2], [3, 4]], np.array([[1.0, 2], [3, 4]])],
    "choice": ["b", " B "],
    "formula": ["(H+2*P-R)//S+1", "floor((H + 2×P − R) / S) + 1", lambda H, P, R,
        S: (H - R + 2 * P) // S + 1],
    "scaled": [scaled, lambda x, factor: factor * x],
    "root": [root],
    "ordered": [ordered, lambda items, table: [1, 2, 3]],
}  # fmt: skip
CASES = [(name, answer) for name in RIGHT for answer in RIGHT[name]]


@pytest.mark.parametrize(
    ("name", "answer"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)]
)
def test_a_right_answer_passes_and_says_why(name, answer):
    result = check(name, answer)
    assert result, result
    assert result.message == "It matters."


def test_every_task_of_this_test_has_a_right_answer():
    assert RIGHT.keys() == TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("blank", [None, ...])
def test_the_untouched_stub_is_no_mistake(name, blank):
    result = check(name, blank)
    assert (result.status, bool(result)) == ("open", False)
    assert result.message == "Expected: a thing of the right kind."


def test_stubs_in_parts_and_empty_texts_are_untouched():
    blanks = [
        ("pair", (56, ...)),
        ("pair", [..., ...]),
        ("choice", ""),
        ("formula", "  "),
    ]
    assert [check(name, answer).status for name, answer in blanks] == ["open"] * 4


def _only_docstring(x, factor=2):
    """Multiply each value."""


def _not_implemented(x, factor=2):
    raise NotImplementedError("your turn")


@pytest.mark.parametrize(
    "stub",
    [
        _only_docstring,
        _not_implemented,
        lambda x, factor=2: ...,
        lambda x, factor=2: None,
    ],
)
def test_stubs_of_functions_are_untouched(stub):
    assert check("scaled", stub).status == "open"


def test_a_function_that_computes_and_forgets_to_return_was_attempted():
    def forgets(x, factor=2):
        x * factor

    result = check("scaled", forgets)
    assert (result.status, result.message) == ("wrong", "Your function returns None.")
    assert "return" in result.hint


WRONG = [
    ("whole", 614_400, "Yours is too large.", "You counted FLOP."),
    ("whole", 9_600, "Yours is too small.", "That is one image of 32."),
    ("whole", 307_201, "Yours is too large.", "You are off by one."),
    ("whole", 307_200.5, "Yours is too large.", ""),
    ("whole", 153_600, "Yours is too small.",
        "Exactly half: is one of two equal parts missing?"),
    ("whole", 307_200 * 8, "Yours is too large.",
        "Eight times too much: bits, or bytes?"),
    ("whole", 307.2, "Yours is too small.",
        "Off by a power of a thousand: look at the unit."),
    ("whole", -307_200, "Yours is too small.", "The sign is wrong."),
    ("whole", True, "One number is expected, yours is a truth value.", ""),
    ("whole", "307200", "One number is expected, yours is a text.",
        "Write the number without quotes."),
    ("whole", [307_200], "One number is expected, yours is a list.", ""),
    ("whole", np.array([307_200]), "One number is expected, yours is an array.",
        "take it out with `.item()`"),
    ("whole", lambda: 307_200, "One number is expected, yours is a function.",
        "Pass what the function returns"),
    ("whole", float("nan"),
        "Yours is NaN, which is no number: was something divided by zero?", ""),
    ("whole", float("inf"), "Yours is too large.", ""),
    ("whole", 307_200j, "The numbers differ.", ""),
    ("whole", 10**10_000, "Yours is too large.", ""),
    ("real", 10**10_000, "Yours is too large.", ""),
    ("real", 12.5, "Yours is too large.",
        "A hundred times too much: a share, or per cent?"),
    ("near", 103, "Yours is too large.", ""),
    ("truth", 1, "True or False is expected, yours is a whole number.", ""),
    ("truth", False, "It is the other one.", ""),
    ("text", "pointwise", "It is another one.", ""),
    ("text", 3, "A text in quotes is expected, yours is a whole number.", ""),
    ("pair", (112, 56), "Item 0: yours is too large.", "Height comes first."),
    ("pair", (56,), "2 items are expected, yours has 1.", ""),
    ("pair", (n for n in (56, 112)), "A tuple of 2 is expected", "Make a list of it"),
    ("pair", 56, "A tuple of 2 is expected, yours is a whole number.", ""),
    ("names", ["max", "max", "relu"], "'max' is there twice.", "Each once"),
    ("names", {"relu"}, "1 of 2 are missing.", ""),
    ("names", {"relu", "max", "tanh"}, "'tanh' does not belong to it.", ""),
    ("names", np.array(["relu", "max"]), "A set is expected, yours is an array.",
        "Make a set of it"),
    ("names", [["relu"]], "A set of plain values is expected", ""),
    ("table", {"macs": 9}, "The key 'weights' is missing.", ""),
    ("table", {"macs": 9, "weights": 3, "bias": 1}, "The key 'bias' is not asked for.",
        ""),
    ("table", {"macs": 18, "weights": 3}, "The value of 'macs': yours is too large.",
        "Exactly twice too much"),
    ("array", np.arange(6.0).reshape(3, 2),
        "The shape (2, 3) is expected, yours is (3, 2).", ""),
    ("array", np.arange(6.0).reshape(2, 3).T, "The shape (2, 3) is expected",
        "it is transposed"),
    ("array", np.arange(6.0), "The shape (2, 3) is expected, yours is (6,).",
        "only the axes differ"),
    ("array", 2 * np.arange(6.0).reshape(2, 3),
        "5 of 6 values differ, the first at index (0, 1).", "exactly twice"),
    ("array", np.arange(6.0).reshape(2, 3) + 1j,
        "Real numbers are expected, yours are complex.", "`.real`"),
    ("array", np.arange(6).reshape(2, 3) * 1j,
        "Real numbers are expected, yours are complex.", ""),
    ("array", np.full((2, 3), np.nan), "6 of 6 values are NaN, which is no number.",
        ""),
    ("array", [[1], [1, 2]],
        "An array of numbers of shape (2, 3) is expected, yours is a list.", ""),
    ("array", np.array([None] * 6),
        "An array of numbers of shape (2, 3) is expected, "
        "yours is an array of objects.",
        ""),
    ("array", np.ma.masked_array(np.arange(6.0).reshape(2, 3), mask=np.eye(2, 3)),
        "2 of 6 values are masked.", "array"),
    ("counts", [[1, 3], [2, 4]], "2 of 4 values differ", "it is transposed"),
    ("choice", "a", "It is another one.", "That is the other network."),
    ("choice", "d", "Choose one of 'a', 'b', 'c'.", ""),
    ("choice", np.array(["b", "b"]), "Choose one of 'a', 'b', 'c'.", ""),
    ("formula", "(H + P - R) // S + 1", "Yours is too small.",
        "Padding has two sides."),
    ("formula", "H^2", "^ is no power in Python: write **.", ""),
    ("formula", "2H", "This is no formula: write products with *", ""),
    ("formula", "W + 1", "The name W is unknown; use H, P, R, S.", ""),
    ("formula", "__import__('os')._exit(0)",
        "This is no formula: ", ""),
    ("formula", "open('x')",
        "Only numbers, H, P, R, S, + - * / // % ** and", ""),
    ("formula", "H if P else R", "This is no formula: ", ""),
    ("formula", "H / 0", "Your formula raises ZeroDivisionError.", ""),
    ("formula", "max()", "Your formula raises TypeError.", ""),
    ("formula", 5, "A formula in quotes is expected, yours is a whole number.",
        "Use the names H, P, R, S."),
    ("formula", lambda h: h, "Your function does not take these arguments",
        "It is called as shown here"),
    ("scaled", lambda x, factor=2: x + factor, "6 of 6 values differ",
        "Multiply, do not add."),
    ("scaled", lambda x, factor=2: x * 2, "6 of 6 values differ", "Use `factor`."),
    ("scaled", np.ones(3), "A function is expected, yours is an array.",
        "Pass the function itself"),
    ("scaled", lambda x: x, "Your function does not take these arguments",
        "keep the first line"),
    ("scaled", lambda x, factor=2: x[5], "Your function raises IndexError.", ""),
    ("scaled", lambda x, factor=2: (yield x),
        "An array of numbers of shape (2, 3) is expected", ""),
    ("root", lambda x: abs(x) ** 0.5, "ValueError should be raised here.", ""),
    ("root", lambda x: x.nothing, "Your function raises AttributeError.", ""),
    ("ordered", lambda items, table: sorted(items)[::-1], "Item 0: yours is too large.",
        ""),
]  # fmt: skip


IDS = [f"{case[0]}-{i}" for i, case in enumerate(WRONG)]


@pytest.mark.parametrize(("name", "answer", "message", "hint"), WRONG, ids=IDS)
def test_a_wrong_answer_is_told_what_differs(name, answer, message, hint):
    result = check(name, answer)
    assert result.status == "wrong", result
    assert result.message.startswith(message)
    assert hint in result.hint
    assert bool(result.hint) == bool(hint)


def test_the_counter_example_names_the_call_the_arrays_and_both_values():
    rows = dict(check("scaled", lambda x, factor=2: x.sum(axis=0)).rows)
    assert rows["for"].startswith("scaled(x, factor=")
    assert rows["x"].startswith("array of shape (2, 3), float64: [[")
    assert rows["expected"].startswith("array of shape (2, 3)")
    assert rows["yours"].startswith("array of shape (3,)")


def test_an_error_is_shown_with_the_line_of_the_student_not_of_a_library():
    def fails(x, factor=2):
        y = np.zeros(4)
        return np.concatenate([y, np.linalg.inv(x)])

    result = check("scaled", fails)
    assert result.message == "Your function raises LinAlgError."
    assert dict(result.rows)["in"].endswith(
        "return np.concatenate([y, np.linalg.inv(x)])"
    )


def test_changed_arguments_are_noticed_even_inside_a_list_or_dict():
    def sorts_in_place(items, table):
        items.sort()
        return items

    def changes_the_table(items, table):
        table["a"][0] = 9
        return sorted(items)

    def scales_in_place(x, factor=2):
        x *= factor
        return x

    answers = [
        ("ordered", sorts_in_place),
        ("ordered", changes_the_table),
        ("scaled", scales_in_place),
    ]
    assert {check(name, answer).message for name, answer in answers} == {
        "Your function changes one of its arguments."
    }
    assert check("ordered", lambda items, table: sorted(items)), (
        "a list of arrays that stays as it is passes"
    )


def test_a_result_is_judged_as_it_was_returned():
    store = np.zeros((2, 3))

    def reuses(x, factor=2):
        store[:] = x * factor
        return store

    assert check("scaled", reuses)


def test_a_compiled_function_that_does_not_take_the_arguments_is_told_so():
    assert "does not take these arguments" in check("scaled", max_of_two).message


class _Compiled:
    """A stand-in for a compiled function that knows its own signature, which not every
    version of NumPy gives its functions.
    """

    __signature__ = inspect.signature(lambda x1, x2, /, out=None: None)

    def __call__(self, *args):
        return np.maximum(*args)


max_of_two = _Compiled()


def test_roundoff_of_floating_point_is_forgiven_and_no_more():
    assert check("fan_in", 3 * 0.9 / (1 - 0.9) + 1)
    assert not check("fan_in", 28.000001)
    assert check("counts", [[1.0000000000000002, 2], [3, 4]])
    assert not check("counts", [[1.00001, 2], [3, 4]])


@pytest.mark.parametrize("given", [5.06, 5.063, 5.0625000001 // 0.01 / 100, 5.1])
def test_a_rounded_value_is_right_but_lacks_digits(given):
    result = check("ratio", given)
    assert (result.status, bool(result)) == ("close", False)
    assert repr(result).startswith("≈ Right, but give more digits.")


@pytest.mark.parametrize("given", [5.07, 5.05, 5, 5.0, 6.1])
def test_a_value_that_was_not_rounded_to_it_is_wrong(given):
    assert check("ratio", given).status == "wrong"


KEYBOARDS = {
    "formula": [
        "（H + 2*P - R）// S + 1",
        "（Ｈ＋２＊Ｐ－Ｒ）／／Ｓ＋１",
        "(H + 2⋅P – R) // S + 1",
        "(H + 2·P − R) // S + 1",
    ],
    "choice": ["ｂ", "（b）", "B.", " (B) ", "Ｂ"],
}


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name in KEYBOARDS for given in KEYBOARDS[name]],
)
def test_what_a_chinese_keyboard_types_is_understood(name, given):
    assert check(name, given)


def _passes(count):
    def everything(observed, rules):
        facts = set(observed)
        for _ in range(count):
            for conditions, conclusion in rules:
                if all(condition in facts for condition in conditions):
                    facts.add(conclusion)
        return facts

    return everything


def test_the_wrong_functions_of_readers_are_rejected_with_their_hint():
    def listed(observed, rules):
        facts = list(observed)
        for _ in range(20):
            for conditions, conclusion in rules:
                if set(conditions) <= set(facts):
                    facts.append(conclusion)
        return facts

    assert "longer" in exercises.check("history.infer", _passes(5)).hint
    assert exercises.check("history.infer", _passes(20))
    assert "twice" in exercises.check("history.infer", listed).message
    floored = exercises.check(
        "classic_models.activation_bytes",
        lambda shapes, batch, bits: sum(
            batch * int(np.prod(shape)) * (bits // 8) for shape in shapes
        ),
    )
    assert "half a byte" in floored.hint


def test_references_agree_with_counts_from_elsewhere():
    from dlpatterns import counting, graph, layers
    from dlpatterns.exercises import classic_models

    assert classic_models.activation_bytes([(3,)], 1, 4) == 2
    assert classic_models.bottleneck_macs(64, 16, 7, 2, late=False) == 69_632
    assert classic_models._rounded_down(64, 16, 7, 2, late=False) == 39_168
    for late in (False, True):
        net = graph.Builder("bottleneck", (64, 7, 7))
        strides = (1, 2) if late else (2, 1)
        x = net(layers.Conv2d(16, 1, stride=strides[0], bias=False), net.input)
        x = net(layers.Conv2d(16, 3, stride=strides[1], padding=1, bias=False), x)
        counts = counting.count(net.model(net(layers.Conv2d(64, 1, bias=False), x)))
        assert counts.macs == classic_models.bottleneck_macs(64, 16, 7, 2, late=late)


def test_a_function_cannot_change_what_is_expected():
    def meddles(x, factor=2):
        scaled.__code__ = (lambda x, factor=2: 0).__code__
        return 0

    assert check("scaled", meddles).status == "wrong"
    assert scaled(np.ones(1), 3) == 3, "and nothing it does reaches the notebook"


def test_cases_are_the_same_for_the_same_name_and_others_for_another():
    task = TASKS["scaled"]
    first, again, other = (
        task.drawn(name)[0].args[0]
        for name in ("demo.scaled", "demo.scaled", "demo.other")
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_at_most_so_many_cases_are_drawn():
    def forever(rng):
        while True:
            yield call(1)

    task = Function(lambda x: x, forever, expects="", why="")
    assert len(task.drawn("x")) == MOST_CASES


def test_the_same_verdict_in_every_process():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from tasks_for_tests import "
        "check\n"
        "print(check('scaled', lambda x, factor=2: -x), check('names', {'b', 'a', "
        "'c'}), check('formula', 'H+P'))"
    )
    run = [sys.executable, "-c", code, str(Path(__file__).parent)]
    told = {
        subprocess.run(
            run,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert "Not right yet" in told.pop()


# --- Names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "classic_models.conv2_weigths",
        "classic_models.",
        "clasic.conv2",
        "x",
        "",
        3,
        None,
    ],
)
def test_an_unknown_name_is_an_error_that_helps(name):
    with pytest.raises(ValueError, match="there is no task") as caught:
        exercises.check(name, 1)
    assert "classic_models" in str(caught.value)


def test_a_near_name_is_proposed():
    with pytest.raises(ValueError, match=r"did you mean classic_models\.conv2_weights"):
        exercises.find("classic_models.conv2_weigths")


def test_require_raises_unless_correct():
    exercises.require("classic_models.conv2_weights", 307_200)
    with pytest.raises(AssertionError, match=r"(?s)^Classic models 1: ✗ Not .*biases"):
        exercises.require("classic_models.conv2_weights", 307_456)
    with pytest.raises(AssertionError, match="Not answered yet"):
        exercises.require("classic_models.conv2_weights", ...)


def test_an_expected_value_of_unknown_kind_is_the_teachers_error():
    from dlpatterns.exercises._compare import difference

    with pytest.raises(TypeError, match="no way to compare with object"):
        difference(object(), 1)


def test_nested_values_are_compared_to_the_last_item():
    task = Value([(1, {"a": {2, 3}})], expects="", why="")
    assert task.judge("x", [(1, {"a": {2, 3}})], print)
    assert not task.judge("x", [(1, {"a": {2, 4}})], print)


def test_arrays_of_truth_values_are_compared():
    """A mask: right, with wrong places, as zeros and ones, of another shape."""
    expected = np.array([[True, False], [False, True]])
    assert difference(expected, expected.copy()) is None
    assert difference(expected, expected.astype(int)) is None
    assert "4 of 4 values differ" in difference(expected, ~expected).what
    assert "shape" in difference(expected, expected.ravel()).what
