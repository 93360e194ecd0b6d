"""Start a program on several real ranks and collect what each answers.

Ranks are processes under `mpiexec` where mpi4py and an MPI are installed (`pip install
mpi4py mpich`), else processes that talk over pipes; the answer says which. One BLAS
thread a rank. A run that hangs is stopped with all its processes.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from .messages import positive, whole
from .ranks import MARK

PROGRAMS = "dlpatterns.parallel.programs"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Answers(NamedTuple):
    """What the ranks answered, in their order, and what carried their messages."""

    by_rank: list[Any]
    carrier: str


def mpiexec() -> str | None:
    """Return the launcher of MPI that belongs to this Python, or one on the path; None
    if there is none or mpi4py is missing.
    """
    beside = Path(sys.executable).parent / "mpiexec"
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    return found if found and find_spec("mpi4py") else None


def carrier() -> str:
    """Return what will carry messages here, "mpi" or "pipes"."""
    return "mpi" if mpiexec() else "pipes"


def run(
    program: str,
    ranks: int = 4,
    *,
    over: str | None = None,
    seconds: float = 60,
    **options: Any,
) -> Answers:
    """Run a program of `parallel.programs`, or one named "module:function", on so many
    ranks.

    `over` is "mpi" or "pipes"; without it MPI is taken where there is one.
    Raises: ValueError for an unknown carrier or a missing program, RuntimeError with
    what the ranks wrote if one of them fails, TimeoutError if they take longer
    than `seconds`; no process is left behind.
    """
    whole(ranks, "ranks")
    positive(seconds, "seconds")
    over = over or carrier()
    full = program if ":" in program else f"{PROGRAMS}:{program}"
    _check_program(full)
    command = [*_start(over, ranks), over, str(ranks), full, json.dumps(options)]
    written, code, said = _finish(command, seconds, program)
    lines = [line for line in written.splitlines() if line.startswith(MARK)]
    if code or not lines:
        raise RuntimeError(
            f"{program} on {ranks} ranks over {over} ended with code {code}: "
            f"{said.strip()[-800:] or 'nothing was said'}"
        )
    return Answers(json.loads(lines[-1].removeprefix(MARK)), over)


def _check_program(full: str) -> None:
    room, name = full.split(":", 1)
    if find_spec(room) is None:
        raise ValueError(f"there is no module {room!r} to run {name!r} from")
    if room == PROGRAMS:
        from . import programs

        if name not in programs.NAMES:
            raise ValueError(
                f"there is no program {name!r}; there are {', '.join(programs.NAMES)}"
            )


def _start(over: str, ranks: int) -> list[str]:
    python = [sys.executable, "-m", f"{__package__}.ranks"]
    if over == "pipes":
        return python
    if over != "mpi":
        raise ValueError(f"messages go over 'mpi' or 'pipes', not {over!r}")
    launcher = mpiexec()
    if launcher is None:
        raise ValueError(
            "MPI is not installed: pip install mpi4py mpich, or take over='pipes'"
        )
    return [launcher, "-n", str(ranks), *python]


def _finish(command: list[str], seconds: float, program: str) -> tuple[str, int, str]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
        start_new_session=True,
    )
    try:
        written, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError(
            f"{program} did not end within {seconds:g} s and was stopped"
        ) from None
    finally:
        _stop(process)
    return written, process.returncode, said


def _environment() -> dict[str, str]:
    import dlpatterns

    library = str(Path(dlpatterns.__file__).parents[1])
    paths = [library, os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **dict.fromkeys(THREADS, "1"),
    }


def _stop(process: subprocess.Popen) -> None:
    """End a launcher's whole session, its ranks included, and wait until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _signalled(process, number):
            return
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            continue


def _signalled(process: subprocess.Popen, number: int) -> bool:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
