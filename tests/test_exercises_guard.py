"""The guard of exercises: a verdict in time with a fork and, where there is none, with
a thread.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from tasks_for_tests import check

from dlpatterns.exercises import _guard

WAYS = [_guard.in_a_fork, _guard.in_a_thread]


@pytest.mark.parametrize("way", WAYS)
def test_a_text_comes_back_whole(way):
    text = "é" * 300_000
    assert way(lambda report: text) == _guard.Ending(text)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_being_done_is_told_when_time_is_up(way):
    def work(report):
        report("first")
        report("second")
        while True:
            time.sleep(0.01)

    start = time.perf_counter()
    assert way(work) == _guard.Ending(None, "time", "second")
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "error", [ValueError, SystemExit, KeyboardInterrupt, _guard.Stopped]
)
def test_work_that_raises_has_died(way, error):
    def work(report):
        report("it")
        raise error

    assert way(work) == _guard.Ending(None, "died", "it")


def test_a_stubborn_loop_in_a_thread_costs_no_more_than_two_seconds():
    done = threading.Event()

    def work(report):
        while not done.is_set():
            try:
                while not done.is_set():
                    pass
            except BaseException:  # not even the last exception gets through
                continue

    start = time.perf_counter()
    assert _guard.in_a_thread(work).trouble == "time"
    assert time.perf_counter() - start < 2.2
    done.set()


def test_without_a_process_to_spare_a_thread_does_the_work(monkeypatch):
    def refuse():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    assert (
        _guard.run(
            lambda report: f"{threading.current_thread() is threading.main_thread()}"
        ).text
        == "False"
    )
    assert check("whole", 307_200)
    assert (
        check("scaled", lambda x, factor=2: x + factor).hint == "Multiply, do not add."
    )


def test_elsewhere_than_on_linux_a_thread_does_the_work(monkeypatch):
    monkeypatch.setattr(_guard.sys, "platform", "darwin")
    assert _guard.run(lambda report: str(os.getpid())).text == str(os.getpid())
    assert check("scaled", lambda x, factor=2: x * factor)


@pytest.fixture
def forks(monkeypatch):
    """The process numbers of the forks that the guard makes; other tests may have
    children of their own.
    """
    pids, fork = [], _guard._fork

    def noted():
        pids.append(fork())
        return pids[-1]

    monkeypatch.setattr(_guard, "_fork", noted)
    return pids


def is_gone(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_no_descriptor_and_no_child_is_left_behind(forks):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    before = descriptors()
    for work in (lambda report: "text", lambda report: os._exit(1)):
        _guard.in_a_fork(work)
    assert descriptors() == before
    assert len(forks) == 2
    assert all(map(is_gone, forks))


def test_an_interrupt_of_the_notebook_stops_the_check(monkeypatch, forks):
    def interrupt(pid, inlet):
        raise KeyboardInterrupt

    monkeypatch.setattr(_guard, "_listen", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _guard.in_a_fork(lambda report: time.sleep(60))
    assert len(forks) == 1
    assert is_gone(forks[0])


def test_a_function_that_kills_its_parent_costs_itself_alone():
    def kills(x, factor=2):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(5)
        return x * factor

    start, me = time.perf_counter(), os.getpid()
    result = check("scaled", kills)
    assert result.message == "Your answer ended the process that ran it."
    assert os.getpid() == me
    assert time.perf_counter() - start < 1.5
    assert check("scaled", lambda x, factor=2: x * factor)


CLUSTERED = """
import numpy as np, sys
from sklearn.cluster import KMeans
sys.path.insert(0, sys.argv[1])
from tasks_for_tests import check
points = np.random.default_rng(0).normal(size=(5_000, 8))
KMeans(3, n_init=1).fit(points)
def scaled(x, factor=2):
    KMeans(2, n_init=1, max_iter=5).fit(points[:600])
    return x * factor
print(check("scaled", scaled))
"""


def test_a_function_may_use_openmp_after_the_notebook_has():
    run = [sys.executable, "-c", CLUSTERED, str(Path(__file__).parent)]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert told == "✓ Correct. It matters.\n"


def test_a_result_travels_as_one_line():
    result = check("scaled", lambda x, factor=2: -x)
    assert "\n" not in result.to_json()
    assert type(result).from_json(json.dumps(json.loads(result.to_json()))) == result


KERNEL_CELLS = """import sys, time
sys.path.insert(0, {tests!r})
from IPython.display import display
from tasks_for_tests import check
---
def asks(x, factor=2):
    return float(input("how much? "))
check("scaled", asks)
---
def shows(x, factor=2):
    display(x)
    print(x)
    return x * factor
check("scaled", shows)
---
def loops(x, factor=2):
    while True:
        pass
start = time.perf_counter()
told = check("scaled", loops)
---
print(told.message, time.perf_counter() - start < 2)
---
check("scaled", lambda x, factor=2: sys.exit())
---
check("scaled", lambda x, factor=2: x @ x)"""


def test_in_a_real_kernel_nothing_but_the_verdict_comes_back():
    sources = KERNEL_CELLS.format(tests=str(Path(__file__).parent)).split("\n---\n")
    book = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(book, timeout=30).execute()
    told = [
        [o.get("text") or o.data["text/plain"] for o in cell.outputs]
        for cell in book.cells[1:]
    ]
    assert [len(outputs) for outputs in told] == [1, 1, 0, 1, 1, 1]
    assert told[0][0].startswith("✗ Not right yet. Your function asks for input.")
    assert told[1] == ["✓ Correct. It matters."]
    assert told[3] == ["There was no answer within 1.5 seconds. True\n"]
    assert "Your function raises SystemExit." in told[4][0]
    assert (
        told[5][0]
        .splitlines()[-1]
        .endswith('line 1: check("scaled", lambda x, factor=2: x @ x)')
    )
