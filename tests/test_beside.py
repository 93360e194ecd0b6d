"""Tests of what is laid beside the pages: large pictures and the library's scripts."""

import base64
import re
from pathlib import Path
from unittest import mock

import beside
import pytest

from dlpatterns import explore as room
from dlpatterns import show
from dlpatterns.explore import _page, predicting

BIG, SMALL = bytes(range(256)) * 200, bytes(100)


def uri(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()


@pytest.fixture
def book(tmp_path) -> Path:
    """A book of two pages, in different folders, with the same large picture."""
    for name in ("a.html", "chapters/b.html"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        html = (
            f'<img src="{uri(BIG)}"><image href="{uri(SMALL)}"/>'
            "<script "
            f'type="application/json">{{"pieces":["<image href=\\"{uri(BIG)}\\"/>"]}}'
            "</script>"
        )
        path.write_text(html, encoding="utf-8")
    return tmp_path


def test_a_large_picture_becomes_one_file_that_every_page_finds(book):
    beside.lay_beside(book)
    (file,) = (book / "_static" / "beside").iterdir()
    assert file.read_bytes() == BIG and file.suffix == ".webp"
    for name in ("a.html", "chapters/b.html"):
        html = (book / name).read_text(encoding="utf-8")
        places = re.findall(r'(?:src|href)=\\?"([^"\\:]+)\\?"', html)
        assert len(places) == 2 and uri(SMALL) in html and uri(BIG) not in html
        assert all((book / name).parent.joinpath(it).samefile(file) for it in places)


def test_a_second_time_nothing_changes(book):
    beside.lay_beside(book)
    before = (book / "a.html").read_text(encoding="utf-8")
    beside.lay_beside(book)
    assert (book / "a.html").read_text(encoding="utf-8") == before


def bar(n: int) -> show.Frame:
    fig, axes = show.subplots()
    axes.bar(["a"], [n])
    return show.frame(fig, caption=f"{n}.", alt=f"A bar that is {n} units high.")


def test_the_scripts_of_explorers_and_predictions_are_found_and_said_once(
    tmp_path, browser
):
    parts = []

    def take(data: dict, raw: bool) -> None:
        parts.append(data["text/html"])

    with (
        mock.patch.object(room, "display", take),
        mock.patch.object(predicting, "display", take),
    ):
        for _ in range(2):
            room.explore(bar, n=[1, 2, 3])
        room.predict("How high is it?", answer=3)
    (tmp_path / "chapters").mkdir()
    page = tmp_path / "chapters" / "page.html"
    page.write_text("<!doctype html>" + "".join(parts), encoding="utf-8")
    beside.lay_beside(tmp_path)
    files = {
        it.read_text("utf-8") for it in (tmp_path / "_static" / "beside").iterdir()
    }
    assert files == {_page.script(), predicting._script()}
    assert "document.currentScript" not in page.read_text(encoding="utf-8")
    tab = browser.new_page()
    tab.goto(page.as_uri())
    tab.get_by_role("slider").nth(1).fill("2")
    assert tab.locator("figcaption").all_text_contents() == ["1.", "3."]
    tab.get_by_role("textbox").fill("3")
    tab.get_by_role("button").click()
    assert "exactly right." in tab.locator("[role=status]").inner_text()
    tab.close()
