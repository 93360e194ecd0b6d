"""What nbval is taught: strict comparison of everything but pictures and HTML, whose
values text/plain carries; and the time and memory that each notebook takes.
"""

import os
from pathlib import Path

import pytest

NOT_COMPARED = ("text/html", "image/svg+xml", "image/webp")
SECONDS, MEGABYTES = 30, 500  # what a lecture may take on two cores


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of what each notebook took: seconds by the clock and of the
    processor, and megabytes at its peak.
    """
    config.taken = {}


def pytest_collection_modifyitems(items: list) -> None:
    """Add the pictures and the HTML to what nbval leaves out of its comparison."""
    for notebook in {
        item.parent for item in items if hasattr(item.parent, "skip_compare")
    }:
        notebook.skip_compare += NOT_COMPARED


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Let the report of a cell carry what its kernel took so far."""
    outcome = yield
    kernel = getattr(item.parent, "kernel", None)
    if kernel is not None and kernel.is_alive():
        used = taken(kernel.km.provisioner.pid)
        outcome.get_result().user_properties.append(("taken", used))


def taken(process: int) -> tuple[float, float]:
    """Return the seconds of the processor that a process had and the most megabytes
    that it held, zeros where no /proc tells.
    """
    home = Path(f"/proc/{process}")
    if not (home / "stat").exists():
        return 0.0, 0.0
    ticks = (home / "stat").read_text().rpartition(")")[2].split()[11:13]
    status = (home / "status").read_text().splitlines()
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), int(peak) / 1024


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus(report, config: pytest.Config):
    """Add a cell's seconds to its notebook's, as it is shown, and keep what its kernel
    took by then.
    """
    used = dict(report.user_properties).get("taken")
    if used is not None:
        name = report.nodeid.split("::")[0]
        seconds = config.taken.get(name, (0.0,))[0] + report.duration
        config.taken[name] = (seconds, *used)
    return (yield)


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Print what each notebook took, the slowest first."""
    slowest = sorted(config.taken.items(), key=lambda one: -one[1][0])
    for name, (seconds, processor, peak) in slowest:
        slow = f"; more than {SECONDS} s: is the machine busy?" * (seconds > SECONDS)
        large = f"; MORE THAN {MEGABYTES} MB" * (peak > MEGABYTES)
        terminalreporter.write_line(
            f"{name}: {seconds:.1f} s, {processor:.1f} s of the processor, "
            f"{peak:.0f} MB{slow}{large}"
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail if a notebook took more memory than a lecture may."""
    peaks = [peak for *_, peak in session.config.taken.values()]
    if exitstatus == 0 and max(peaks, default=0) > MEGABYTES:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
