"""What all tests share: where the built book is, a server for it, a browser, and a
count of what is not compared.
"""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = ROOT / "_build" / "skipped"  # the last line of `make test`


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    return next(
        (
            path
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (path := shutil.which(name))
        ),
        None,
    )


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built book; `make test` builds it first."""
    html = ROOT / "_build" / "html"
    if not (html / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first")
    return html


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; skips without one, except in CI."""
    path = find_chromium()
    if path is None:
        message = "no Chromium found, which Debian's package chromium brings"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    options = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    options += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(built: Path):
    """The built book on a server of this machine; see site_server.py."""
    from site_server import Serving

    with Serving(built) as site:
        yield site


def pytest_terminal_summary(terminalreporter) -> None:
    """Say how many stored outputs strict nbval does not compare; test_structure.py
    limits them.
    """
    import nbformat
    from rules_notebooks import not_compared

    counts = {
        path.stem: not_compared(nbformat.read(path, 4))
        for path in sorted((ROOT / "chapters").glob("*.ipynb"))
    }
    each = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    terminalreporter.write_line(
        f"cells whose outputs are not compared: {sum(counts.values())} "
        f"({each or 'none'})"
    )
    reasons = [
        report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])
    ]
    if not hasattr(terminalreporter.config, "workerinput"):
        SKIPPED.parent.mkdir(exist_ok=True)
        SKIPPED.write_text(skipped(reasons) + "\n", encoding="utf-8")


def skipped(reasons: Sequence[str]) -> str:
    """Return a line that says how many tests were skipped, and what would bring them.

    >>> skipped(["Skipped: no npm", "Skipped: no npm", "Skipped: no Chromium"])
    'Skipped: 3 tests (2: no npm; 1: no Chromium).'
    """
    if not reasons:
        return "No test was skipped."
    counts = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    each = "; ".join(f"{count}: {reason}" for reason, count in counts.most_common())
    return f"Skipped: {len(reasons)} tests ({each})."
