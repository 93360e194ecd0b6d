"""What all tests share: where the built book is, a server for it, a browser, and a
count of what is not compared.
"""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
        message = (
            "no Chromium found: install Debian's package chromium to test the pages"
        )
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
