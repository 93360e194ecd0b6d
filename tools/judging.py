"""Judge submissions in nbgrader's own process, where no student's code runs, on cases
drawn from the key beside this file.

`nbgrader_config.py` puts `Judge` in the place of nbgrader's own execution, which would
take a test that raises no error for one that passed.
"""

import builtins
import contextlib
import json
import os
import pickle
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from answering import decode
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from dlpatterns import exercises
from dlpatterns.exercises._functions import Call, Changed, Unfit
from dlpatterns.exercises._guard import Stopped
from dlpatterns.exercises._result import Result

HERE = Path(__file__).resolve().parent
KEY = HERE / "grading.key"
CELLS_SECONDS, CALLS_SECONDS = 60, 10
MOST_BYTES, MOST_TEXT = 2**23, 2000  # of a reply, and of a formula
TEST = re.compile(r"""exercises\.require\("([^"]+)", (.+)\)\s*\Z""")
TROUBLES = {
    "time": "there was no answer in time",
    "died": "your answer ended the process that ran it",
    "garbled": "what your answer returns cannot be read",
}
ERRORS = {"Unfit": Unfit, "Changed": Changed} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}


class Gone(Stopped):
    """The process of the answers gives no more of them."""


class Answer:
    """One answer of a submission, in a process of its own; called like the function
    that it may be.
    """

    def __init__(self, cells: list[str], expression: str, folder: str) -> None:
        command = [sys.executable, str(HERE / "answering.py")]
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.set_blocking(self._process.stdin.fileno(), False)
        self._order, self._heard, self._end = (cells, expression), b"", 0.0
        self.survived = False

    def given(self) -> object:
        """Run the cells, and note whether the process survived them; return the value
        of the answer, or this object if it is something to call.

        Raises: Gone; or what the cells or the answer raised.
        """
        self._end = time.monotonic() + CELLS_SECONDS
        self._send(self._order)
        kind, *rest = self._reply()
        self._end, self.survived = time.monotonic() + CALLS_SECONDS, True
        return self if kind == "callable" else _value(kind, rest)

    def __call__(self, *args: object, **named: object) -> object:
        """Let the function be called over there.

        Raises: Gone; or what the function raised.
        """
        self._send(Call(args, named))
        kind, *rest = self._reply()
        return _value(kind, rest)

    def _send(self, request: object) -> None:
        data, outlet = memoryview(pickle.dumps(request)), self._process.stdin.fileno()
        while data:
            self._await(outlet, select.POLLOUT)
            try:
                data = data[os.write(outlet, data[:65536]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Gone("died") from None

    def _reply(self) -> list:
        inlet = self._process.stdout.fileno()
        while b"\n" not in self._heard:
            self._await(inlet, select.POLLIN)
            news = os.read(inlet, 2**20)
            if not news:
                raise Gone("died")
            self._heard += news
            if len(self._heard) > MOST_BYTES:
                raise Gone("garbled")
        line, _, self._heard = self._heard.partition(b"\n")
        try:
            kind, *rest = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            raise Gone("garbled") from None
        return [kind, *rest]

    def _await(self, descriptor: int, event: int) -> None:
        poll, left = select.poll(), self._end - time.monotonic()
        poll.register(descriptor, event)
        if left <= 0 or not poll.poll(1000 * left):
            raise Gone("time")

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _value(kind: str, rest: list) -> object:
    """Return the value of a reply, or raise the error that it tells of."""
    try:
        if kind == "value":
            return decode(*rest)
        names, said = rest
        known = (ERRORS[name] for name in names if name in ERRORS)
        error = next(known, RuntimeError)
        text = str(said)
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        raise Gone("garbled") from None
    raise _made(error, text)


def _made(error: type[Exception], text: str) -> Exception:
    try:
        return error(text)
    except TypeError:  # a few take more than a text
        return RuntimeError(text)


def key() -> str:
    """Return what the cases are drawn from.

    Raises: ValueError, if the teacher's file is missing.
    """
    if not KEY.exists():
        raise ValueError(f"{KEY} is missing: tools/assignments.py writes it")
    return KEY.read_text(encoding="utf-8").strip()


def verdict(name: str, answer: Answer) -> Result:
    """Judge an answer here, on cases of the key."""
    task, seed, doing = exercises.find(name), f"{key()} {name}", [""]
    try:
        given = answer.given()
        if isinstance(given, str) and len(given) > MOST_TEXT:
            raise Gone("garbled")
        result = exercises._judged(task, seed, given, doing.append)
    except Gone as trouble:
        rows = [("for", doing[-1])] if doing[-1] else []
        return task.incorrect(TROUBLES[str(trouble)], rows)
    except Exception as error:  # which the cells of the answer raised
        return task.incorrect(f"your answer raises {type(error).__name__}: {error}")
    rows = (row for row in result.rows if row[0] != "in")  # a line of this file
    return replace(result, rows=tuple(rows))


class Judge(NbGraderPreprocessor):
    """Fill each locked test with the verdict on the answer that it names; one without a
    verdict fails.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict
    ) -> tuple[NotebookNode, dict]:
        """Judge every answer in code, each in a process of its own, after the cells
        before it.
        """
        before: list[str] = []
        own: list[str] = []
        for cell in (cell for cell in nb.cells if cell.cell_type == "code"):
            cell.outputs = []
            if not utils.is_grade(cell):
                own.append(cell.source)
            elif not utils.is_solution(cell):
                cell.outputs, survived = self._outputs(cell.source, before + own)
                before += own if survived else []
                own = []
        return nb, resources

    def _outputs(self, test: str, cells: list[str]) -> tuple[list[NotebookNode], bool]:
        """Return what the test shows, and whether the cells let the process live."""
        found = TEST.search(test)
        if not found:
            return [_error("This cell holds no test of the course.")], True
        name, expression = found.groups()
        with (
            tempfile.TemporaryDirectory() as folder,
            Answer(cells, expression, folder) as answer,
        ):
            result = verdict(name, answer)
        text = f"{exercises.number(name)}: {result}"
        shown = [new_output("stream", name="stdout", text=f"{text}\n")]
        return (shown if result else [_error(text)]), answer.survived


def _error(text: str) -> NotebookNode:
    return new_output(
        "error", ename="AssertionError", evalue=text, traceback=text.splitlines()
    )
