"""Exercises: whatever a student's function does (raise, never end, end the process), a
check answers in words, within two seconds, and the notebook lives on.
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
from pathlib import Path

import numpy as np
import pytest
from tasks_for_tests import checked

from dlpatterns.exercises import _guard
from dlpatterns.exercises._guard import Stopped

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
