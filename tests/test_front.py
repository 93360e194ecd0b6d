"""The first page: its findings are what the lectures say, its map is the book's, its
picture computes, moves, and stands still when asked.
"""

import doctest
import re
from pathlib import Path

import nbformat
import pytest
import rules_tree
from scipy.signal import correlate2d

from dlpatterns.lectures import front, window

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
ALL = [name for part in front.LECTURES.values() for name in part]
WRITTEN = {path.stem for path in CHAPTERS.glob("*.ipynb")}
MOVING = "document.getAnimations().filter((one) => one.playState === 'running').length"


def said(lecture: str) -> str:
    """Return all text that a lecture's cells store."""
    book = nbformat.read(CHAPTERS / f"{lecture}.ipynb", 4)
    outputs = [o for cell in book.cells for o in cell.get("outputs", ())]
    texts = [text for o in outputs for text in o.get("data", {}).values()]
    return "\n".join(text for text in texts if isinstance(text, str))


@pytest.mark.parametrize("finding", front.findings(), ids=lambda one: one.numbers[0])
def test_a_finding_is_what_its_lecture_says(finding):
    assert finding.lecture in ALL and finding.numbers
    assert all(number in finding.text for number in finding.numbers)
    if finding.lecture in WRITTEN:
        text = said(finding.lecture)
        assert [number for number in finding.numbers if number not in text] == []


def test_findings_are_twelve_and_known_from_elsewhere():
    numbers = [number for one in front.findings() for number in one.numbers]
    assert len(front.findings()) == 12
    assert "36,864" in numbers  # 64 × 64 × 3 × 3, by hand
    assert "724" in numbers  # Krizhevsky's network with two groups, as Sze 2017 prints
    assert "131,071" in numbers  # 2³¹ − 1 over 2¹⁴, by hand
    assert "52 %" in numbers  # as SC21's table 1 prints it
    assert "3,072" in numbers  # GPT-2's four times 768, as OpenAI's model card has it


def test_the_map_has_the_books_order_and_state():
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    pages = [page.partition("/")[2] for page in rules_tree.toc_pages(contents)]
    listed = [page for page in pages if page in ALL]
    assert len(ALL) == 16 and set(listed) == WRITTEN
    assert listed == [name for name in ALL if name in WRITTEN]
    text = front.mapped({"history"})
    assert (
        text.count("(to come)") == 15 and text.count("](chapters/history.ipynb)") == 1
    )
    assert re.findall(r"^(\d+)\. ", text, flags=re.M) == [str(n) for n in range(1, 17)]


def test_findings_link_to_what_is_written():
    lines = front.listed({"convolution"}).splitlines()
    assert [("](chapters/convolution.ipynb)" in line) for line in lines].count(
        True
    ) == 1


def test_the_examples_are_true():
    assert doctest.testmod(window).failed == 0


def test_the_picture_computes_what_scipy_computes():
    expected = correlate2d(window.MAP, window.FILTER, mode="valid")
    assert window.outputs() == expected.ravel().tolist()
    rows = list(window.MAP)
    assert len(set(rows)) == len(rows), "rows that differ make a slip visible"


@pytest.mark.parametrize("step", range(9))
def test_a_sum_is_written_out_so_that_it_can_be_checked(step):
    left, _, right = window.sentence(step).replace("−", "-").partition(" = ")
    assert eval(left.replace("·", "*")) == int(right) == window.outputs()[step]


def test_the_picture_moves_and_can_be_stopped(browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/intro.html")
    assert page.evaluate(MOVING) >= 10
    page.get_by_label("hold still").check()
    assert page.evaluate(MOVING) == 0
    page.close()


def test_the_picture_stands_still_for_whom_motion_disturbs(browser, site):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site.address}/intro.html")
    assert page.evaluate(MOVING) == 0
    seen = page.evaluate("""() => [...document.querySelectorAll(".dlp-window text")]
      .filter((one) => getComputedStyle(one).opacity === "1")
      .map((one) => one.textContent)""")
    assert seen[-1] == window.sentence(8), "the last sum, and all outputs"
    assert seen[-10:-1] == [window.signed(value) for value in window.outputs()]
    context.close()


def test_the_picture_says_what_it_shows(built):
    html = (built / "intro.html").read_text(encoding="utf-8")
    alt = re.search(r'class="dlp-window"[^>]*aria-label="([^"]+)"', html)[1]
    assert len(alt.split()) > 20 and window.signed(window.outputs()[-1]) in alt
