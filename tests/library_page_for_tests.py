"""A page of the book that runs the library in the browser, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from site_server import Serving


@contextmanager
def serving(built: Path) -> Iterator[Serving]:
    """Serve the built book; skip where npm has not brought Pyodide."""
    if not (built / "_static" / "pyodide").exists():
        pytest.skip("no Pyodide in the book, which `npm ci` brings (package npm)")
    with Serving(built) as site:
        yield site


@contextmanager
def opened(browser: Browser, served: Serving, name: str) -> Iterator[Page]:
    """Open a page that lets no request out, and demand at the end that none was tried
    and no script failed.
    """
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    outside, complaints = [], []

    def let_in(route):
        if route.request.url.startswith((served.address, "data:", "blob:")):
            return route.continue_()
        outside.append(route.request.url)
        return route.abort()

    context.route("**/*", let_in)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.address}/{name}")
    yield page
    context.close()
    assert not outside and not complaints
