"""One figure that computes in the page, alone on a page, for tests in a browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page

from dlpatterns import explore as room


def shown(module: ModuleType, figure: Callable[[], None]) -> dict:
    """Return what a figure of a module displays, by MIME type."""
    made: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "display", lambda data, raw: made.append(data))
        figure()
    return made[0]


def write_page(folder: Path, title: str, html: str) -> Path:
    """Write a page that holds a figure, in the book's style; return its folder."""
    style = (Path(room.__file__).parent / "explore.css").read_text(encoding="utf-8")
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta '
        f'name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{style}</style></head><main><h1>{title}</h1>{html}</main></html>"
    )
    (folder / "page.html").write_text(page, encoding="utf-8")
    return folder


@contextmanager
def opened(browser: Browser, folder: Path) -> Iterator[Page]:
    """Open the page of a folder, and demand at the end that no script failed."""
    tab, errors = browser.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((folder / "page.html").as_uri())
    yield tab
    tab.close()
    assert not errors
