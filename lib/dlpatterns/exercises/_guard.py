"""Run foreign code for a limited time, whatever it does.

On Linux (also Binder and Colab) the work is done in a forked copy of the process, which
is killed when its time or its memory is used up: nothing that happens there reaches the
notebook, and nothing keeps running. Elsewhere, where a fork of a process with threads
is not safe, a thread does the work and is stopped by an exception; there a loop inside
a single C function, such as `sum(itertools.count())`, cannot be stopped.
"""

import builtins
import contextlib
import ctypes
import faulthandler
import os
import re
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 1.5
BYTES = 512 * 2**20
OPENMP = re.compile(r"/lib(gomp|omp|iomp5)[^/]*$")

Report = Callable[[str], None]
Work = Callable[[Report], str]


@dataclass(frozen=True)
class Ending:
    """How the work ended: with a `text`, or in `trouble` ("time", "memory", "died")
    while `doing` something.
    """

    text: str | None
    trouble: str = ""
    doing: str = ""


class Stopped(BaseException):
    """The work has used up its time."""


def run(work: Work) -> Ending:
    """Call `work(report)` and return its text, or what went wrong; `report` says what
    is being done.
    """
    if sys.platform != "linux":
        return in_a_thread(work)
    try:
        return in_a_fork(work)
    except OSError:  # no more processes, or no memory for one
        return in_a_thread(work)


# --- A forked process -----------------------------------------------------------------


def in_a_fork(work: Work) -> Ending:
    """Do the work in a copy of this process, and kill the copy when it is done or has
    used up its time or memory.
    """
    inlet, outlet = os.pipe()
    pid = _fork()
    if pid == 0:
        _be_the_nurse(work, outlet)
    os.close(outlet)
    try:
        return _listen(pid, inlet)
    finally:
        os.close(inlet)
        _kill(pid)


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python 3.12 warns of forks beside threads
        return os.fork()


def _be_the_nurse(work: Work, outlet: int) -> None:
    """Stand between the notebook and the work: fork again, wait, and end the process.

    Whoever kills its parent kills this process, and dies with it.
    """
    try:
        os.setsid()
        _die_with_the_parent()
        pid = _fork()
        if pid == 0:
            _be_the_child(work, outlet)
        _write(outlet, "pid", str(pid))
        os.waitpid(pid, 0)
    finally:
        os._exit(0)


def _die_with_the_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, of Linux


def _be_the_child(work: Work, outlet: int) -> None:
    """Do the work in silence, write its text to the outlet, and end the process."""
    try:
        _die_with_the_parent()
        _limit_yourself()
        _compute_alone()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(0),
            os.fdopen(1, "w"),
            os.fdopen(2, "w"),
        )
        builtins.input = _nobody_types
        text = work(lambda doing: _write(outlet, "doing", doing))
        _write(outlet, "text", text)
    finally:
        os._exit(0)


def _nobody_types(prompt: object = "") -> str:
    raise EOFError("nobody is there to type")


def _limit_yourself() -> None:
    """Leave no core file and no report of a crash, and end by yourself if the notebook
    that would end you is gone.
    """
    import resource  # there is none on Windows

    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


def _compute_alone() -> None:
    """Let OpenMP use this thread alone: the others that it counts on stayed behind in
    the process that was copied, and it would wait for them for ever.
    """
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        paths = {line.split()[-1] for line in file if OPENMP.search(line)}
    for path in paths:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(path).omp_set_num_threads(1)


def _write(outlet: int, kind: str, text: str) -> None:
    data = f"{kind} {text}".replace("\n", " ").encode("utf-8", "replace") + b"\n"
    while data:
        data = data[os.write(outlet, data) :]


def _listen(pid: int, inlet: int) -> Ending:
    """Return what the child writes, or the trouble it is in."""
    end, most = time.monotonic() + SECONDS, _resident(pid) + BYTES
    poll, heard, doing = select.poll(), b"", ""
    poll.register(inlet, select.POLLIN)
    while time.monotonic() < end:
        if _resident(pid) > most:
            return Ending(None, "memory", doing)
        if not poll.poll(20):
            continue
        news = os.read(inlet, 65536)
        *lines, heard = (heard + news).split(b"\n")
        for kind, _, text in (
            line.decode("utf-8", "replace").partition(" ") for line in lines
        ):
            if kind == "pid":
                pid = int(text)
            elif kind == "doing":
                doing = text
            elif kind == "text":
                return Ending(text)
        if not news:
            return Ending(None, "died", doing)
    return Ending(None, "time", doing)


def _resident(pid: int) -> int:
    """Return the bytes of memory that the process holds, 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _kill(pid: int) -> None:
    """End the child and all that it started."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


# --- A thread -------------------------------------------------------------------------


class _Silence:
    """A stream that swallows everything."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def in_a_thread(work: Work) -> Ending:
    """Do the work in a thread, and raise `Stopped` in it when it has used up its
    time.
    """
    said: dict[str, str] = {"doing": ""}

    def target() -> None:
        with contextlib.suppress(BaseException):
            said["text"] = work(lambda doing: said.update(doing=doing))

    thread = threading.Thread(target=target, daemon=True)
    with contextlib.redirect_stdout(_Silence()), contextlib.redirect_stderr(_Silence()):
        thread.start()
        thread.join(SECONDS)
        late = thread.is_alive()
        _stop(thread)
    if "text" in said:
        return Ending(said["text"])
    return Ending(None, "time" if late else "died", said["doing"])


def _stop(thread: threading.Thread) -> None:
    """Raise `Stopped` in the thread until it ends, a few times at most."""
    for _ in range(8):
        if not thread.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped)
        )
        thread.join(0.05)
