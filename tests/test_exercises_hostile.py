"""Exercises: whatever a student passes, a check answers in words, within two seconds,
and the notebook lives on.
"""

import builtins
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tasks_for_tests import TASKS, check

from dlpatterns import exercises
from dlpatterns.exercises import _guard
from dlpatterns.exercises._guard import Stopped

MOST_SECONDS = 2.0


def checked(name, answer):
    """Check an answer, and see that the verdict comes in time, is not too long, and can
    be shown everywhere.
    """
    start = time.perf_counter()
    result = check(name, answer)
    assert time.perf_counter() - start < MOST_SECONDS
    for text in (repr(result), result._repr_html_()):
        assert len(text.encode("utf-8")) < 6_000
        assert all(character.isprintable() or character == "\n" for character in text)
    return result


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


# --- Functions that raise -------------------------------------------------------------


class OwnBase(BaseException):
    def __str__(self):
        raise ValueError("not even this")


ERRORS = [
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    BaseException,
    OwnBase,
    StopIteration,
    MemoryError,
    Warning,
]
ERRORS += [
    NotImplementedError("later"),
    ValueError("\ud800\x1b[31m" + "x" * 100_000),
    ExceptionGroup("two", [ValueError()]),
]


@pytest.mark.parametrize(
    "error",
    [error for error in ERRORS if not isinstance(error, NotImplementedError)],
    ids=repr,
)
def test_an_exception_of_any_kind_is_shown(error):
    def raises(x, factor=2):
        raise error

    result = checked("scaled", raises)
    assert result.message.startswith(
        ("Your function raises", "Your function asks for more memory")
    )
    assert dict(result.rows)["in"].endswith("raise error")


def test_an_exception_later_than_in_the_first_case_is_shown_with_its_case():
    seen = []

    def raises_late(x, factor=2):
        seen.append(factor)
        return x * factor if len(seen) < 3 else 1 / 0

    result = checked("scaled", raises_late)
    assert result.message == "Your function raises ZeroDivisionError."
    assert seen == [], "what a function does, it does in a copy of the process"


def test_recursion_without_end():
    def again(x, factor=2):
        return again(x, factor)

    assert checked("scaled", again).message == "Your function calls itself without end."


def test_recursion_without_end_and_without_a_limit():
    def deeper(x, factor=2):
        sys.setrecursionlimit(10**9)
        return deeper(x, factor)

    assert checked("scaled", deeper).status == "wrong"


def test_stopped_is_no_way_out():
    def stops(x, factor=2):
        raise Stopped

    assert (
        checked("scaled", stops).message == "Your answer ended the process that ran it."
    )


# --- Functions that never end ---------------------------------------------------------


def _loop(x, factor=2):
    while True:
        pass


def _loop_in_c(x, factor=2):
    return sum(itertools.count())


def _swallow(x, factor=2):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.01)


def _ignore_signals(x, factor=2):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    time.sleep(60)


def _stand_still(x, factor=2):
    os.kill(os.getpid(), signal.SIGSTOP)


def _print(x, factor=2):
    for _ in itertools.count():
        print("x" * 10_000)
        sys.stderr.write("y" * 10_000)


@pytest.mark.parametrize(
    "endless", [_loop, _loop_in_c, _swallow, _ignore_signals, _stand_still, _print]
)
def test_a_function_that_never_ends_is_stopped(endless, capfd):
    result = checked("scaled", endless)
    assert result.message == "There was no answer within 1.5 seconds."
    assert dict(result.rows)["for"].startswith("scaled(x, factor=")
    assert "never ends" in result.hint
    assert capfd.readouterr() == ("", "")


def test_a_value_that_takes_forever_to_compare_is_stopped():
    class Slow:
        def __array__(self, *args, **kwargs):
            time.sleep(60)

    assert checked("array", Slow()).message == "There was no answer within 1.5 seconds."


# --- Functions that end or change the process -----------------------------------------


def _exit(x, factor=2):
    os._exit(0)


def _abort(x, factor=2):
    os.abort()


def _kill(x, factor=2):
    os.kill(os.getpid(), signal.SIGKILL)


def _forget_builtins(x, factor=2):
    builtins.len = builtins.isinstance = builtins.str = None
    return 1


@pytest.mark.parametrize("ends", [_exit, _abort, _kill, _forget_builtins])
def test_a_function_that_ends_its_process_leaves_the_notebook_alone(ends):
    assert (
        checked("scaled", ends).message == "Your answer ended the process that ran it."
    )
    assert len("notebook") == 8


def test_writing_into_the_pipe_of_the_verdict_breaks_nothing(monkeypatch):
    real, ends = os.pipe, []
    monkeypatch.setattr(os, "pipe", lambda: ends.append(real()) or ends[-1])

    def writes(x, factor=2):
        os.write(ends[-1][1], b"text {not json\ntext []\n\xff\n")
        os._exit(0)

    assert (
        checked("scaled", writes).message
        == "Your answer ended the process that ran it."
    )


def test_too_much_memory(monkeypatch):
    monkeypatch.setattr(
        _guard, "BYTES", 64 * 2**20
    )  # a busy machine needs more than its 1.5 s to fill 512 MB

    def hoards(x, factor=2):
        hoard = []
        while True:
            hoard.append(np.ones(10**6))

    result = checked("scaled", hoards)
    assert result.message == "Your answer takes more than 512 MB of memory."
    assert "grow without end" in result.hint


def test_one_array_that_is_too_large():
    result = checked("scaled", lambda x, factor=2: np.zeros(10**13))
    assert result.message == "Your function asks for more memory than there is."


def test_threads_and_children_do_not_outlive_the_check():
    started = []

    def starts(x, factor=2):
        if started:
            return x * factor
        started.append(True)
        threading.Thread(target=_loop, args=(x,)).start()
        subprocess.Popen(
            [sys.executable, "-c", f"import time; time.sleep(77)  # {os.getpgid(0)}"]
        )
        return x * factor

    before = threading.active_count()
    assert checked("scaled", starts)
    assert threading.active_count() == before
    time.sleep(0.1)
    assert not _with_argument(b"time.sleep(77)")


def _with_argument(text):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path] if text in path.read_bytes() else []
        except OSError:
            continue
    return found


def test_input_is_not_waited_for():
    result = checked("scaled", lambda x, factor=2: input("how much? "))
    assert (result.message, result.hint) == (
        "Your function asks for input.",
        "Take the values from the arguments.",
    )


def test_reading_and_printing_in_silence(capfd):
    def talks(x, factor=2):
        print("hello")
        os.system("echo hello")
        return x * factor

    assert checked("scaled", talks)
    assert capfd.readouterr() == ("", "")


def test_global_state_stays_in_the_copy():
    def changes(x, factor=2):
        np.random.seed(0)  # noqa: NPY002
        np.set_printoptions(precision=1)
        np.seterr(all="raise")
        os.environ["CHANGED"] = "1"
        np.multiply = None
        return x * factor

    state, before = np.get_printoptions(), np.geterr()
    assert checked("scaled", changes)
    assert (np.get_printoptions(), np.geterr()) == (state, before)
    assert "CHANGED" not in os.environ
    assert np.multiply(2, 3) == 6


def test_a_mutable_default_is_the_student_s_own_mistake():
    def collects(items, table, found=[]):  # noqa: B006
        found += sorted(items)
        return found

    assert checked("ordered", collects), "the one case is right"

    def remembers(x, factor=2, seen=[]):  # noqa: B006
        seen.append(x * factor)
        return seen[0]

    assert checked("scaled", remembers).message.startswith("6 of 6 values differ")
