"""Exercises: whatever a student passes, a check answers in words, within two seconds,
and the notebook lives on.
"""

import itertools
import os
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tasks_for_tests import TASKS, checked

from dlpatterns import exercises

# --- Objects that raise or lie when they are looked at --------------------------------


class RaisesWhenCompared:
    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError("eq")


class RaisesWhenShown:
    def __repr__(self):
        raise KeyboardInterrupt


class RaisesAsArray:
    def __array__(self, *args, **kwargs):
        raise SystemExit


class NoArray:
    def __array__(self, *args, **kwargs):
        return "no array"


class EveryNumber(int):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0

    __rsub__ = __sub__
    __hash__ = int.__hash__


class EveryFraction(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__


class EveryText(str):
    def __eq__(self, other):
        return True

    def split(self, *args):
        return ["depthwise"]

    def strip(self, *args):
        return "b"

    def casefold(self):
        return "b"

    __hash__ = str.__hash__


class EveryArray(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __ne__(self, other):
        return np.zeros(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__


class _NamelessKind(type):
    @property
    def __name__(cls):
        raise ValueError("no name")


class Nameless(metaclass=_NamelessKind):
    pass


class SaysItIsAnInt:
    __class__ = int


class EndlessList(list):
    def __len__(self):
        return 2

    def __iter__(self):
        return itertools.count()


def _nested(depth):
    inner = []
    for _ in range(depth):
        inner = [inner]
    return inner


_itself = []
_itself.append(_itself)

STRANGE = {
    "raises when compared": RaisesWhenCompared(),
    "raises when shown": RaisesWhenShown(),
    "raises as array": RaisesAsArray(),
    "no array": NoArray(),
    "every number": EveryNumber(3),
    "every fraction": EveryFraction(3.5),
    "every text": EveryText("pointwise"),
    "every array": np.full((2, 3), 9.0).view(EveryArray),
    "nameless": Nameless(),
    "a class without a name": Nameless,
    "says it is an int": SaysItIsAnInt(),
    "endless list": EndlessList(),
    "holds itself": _itself,
    "holds lists": _nested(900),
    "nan": float("nan"),
    "inf": -np.inf,
    "complex nan": complex("nan+1j"),
    "long number": 10**100_000,
    "list of a long number": [10**100_000],
    "long text": "x" * 10_000_000,
    "long name": type("x" * 100_000, (), {})(),
    "control characters": "\x1b[31m\x00\ud800\u202e",
    "bytes": b"\xff",
    "fraction": Fraction(10**400, 3),
    "objects": np.array([None, {}], object),
    "an array of strange objects": np.array([RaisesWhenCompared()], object),
    "masked": np.ma.masked_all((2, 3)),
    "complex array": np.full((2, 3), 1j),
    "ten petabytes": np.broadcast_to(0.0, (10**6, 10**6, 1250)),
    "sixty axes": np.zeros((1,) * 60),
    "no values": np.zeros((0, 3)),
    "records": np.zeros(2, "i4,f4"),
    "date": np.datetime64("2026-01-01"),
    "text array": np.array(["a", "b"]),
    "generator": (n for n in range(3)),
    "endless": itertools.count(),
    "module": os,
    "class": int,
    "built-in": sum,
    "error": ValueError("an error is no answer"),
    "dots in a dict": {"macs": ...},
}


@pytest.mark.parametrize("strange", STRANGE)
def test_no_strange_object_is_right_or_breaks_a_check(strange):
    for name in TASKS:
        result = checked(name, STRANGE[strange])
        assert result.status == "wrong", f"{name}: {result}"


@pytest.mark.parametrize("strange", STRANGE)
def test_no_strange_object_is_right_or_breaks_a_check_as_a_function_s_value(strange):
    for name in ("scaled", "root", "ordered"):
        result = checked(name, lambda *args, **named: STRANGE[strange])
        assert result.status == "wrong", f"{name}: {result}"


def test_an_object_that_raises_is_named():
    assert (
        "looking at it raises KeyboardInterrupt"
        in checked("whole", RaisesWhenShown()).message
    )
    assert "EveryNumber" not in checked("whole", EveryNumber(3)).message, (
        "a subclass of int is judged as its number"
    )
    assert checked("whole", EveryNumber(307_200))


def test_no_strange_object_breaks_a_check_where_a_thread_does_the_work(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    for strange, answer in STRANGE.items():
        for name in ("whole", "array", "formula"):
            assert checked(name, answer).status == "wrong", f"{name}: {strange}"


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
)
PLAIN |= arrays(
    st.sampled_from(["f2", "f8", "i8", "u1", "?", "c16", "U3"]),
    array_shapes(min_dims=0, max_side=3),
)
DICTS = st.dictionaries(st.text(max_size=3), PLAIN, max_size=2)
NESTED = st.recursive(PLAIN | DICTS, lambda inner: st.lists(inner, max_size=3))


@settings(max_examples=60, deadline=None)
@given(NESTED | st.tuples(NESTED, NESTED))
def test_any_plain_value_is_judged_twice_alike(answer):
    for name, task in TASKS.items():
        first, again = (
            exercises._judged(task, name, answer, lambda doing: None) for _ in range(2)
        )
        assert repr(first) == repr(again)
        assert "cannot be compared" not in first.message, f"{name}: {answer!r}: {first}"


# --- Formulas -------------------------------------------------------------------------

FORMULAS = [
    "9**9**9**9",
    "(" * 5_000 + "1" + ")" * 5_000,
    "-" * 100_000 + "1",
    "H" * 10_000_000,
    "\0",
    "H\n+",
    "1e400*H",
]
FORMULAS += [
    "10**4000 * H",
    "sqrt(0 - H)",
    "max(*[1])",
    "lambda: 1",
    "H := 3",
    "f'{H}'",
    "H.real",
    "H[0]",
    "max",
    "log(0)",
]


@pytest.mark.parametrize("formula", FORMULAS, ids=range(len(FORMULAS)))
def test_no_formula_breaks_a_check(formula):
    assert checked("formula", formula).status == "wrong"
