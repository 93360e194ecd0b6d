"""A lecture on paper: light, unfolded, with every explorer's frame, and nothing cut
off.
"""

import re
from pathlib import Path

import pytest
import rules_tree
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    f"{page}.html"
    for page in rules_tree.toc_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))
]
LECTURES = [page for page in PAGES if page.startswith("chapters/")]
PAPER = {"width": 718, "height": 1047}  # CSS pixels of A4 inside margins of 1 cm
MATHS_DONE = "window.showMaths().then(() => true)"
TOO_WIDE = """
(width) => [...document.querySelectorAll(".bd-article *")]
    .filter((one) => !one.closest("mjx-assistive-mml"))
  .filter((one) => one.checkVisibility()
      && one.getBoundingClientRect().right > width + 0.5)
  .map((one) => one.outerHTML.slice(0, 100))
"""
CUT_OFF = """
() => [...document.querySelectorAll(".bd-article *")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !one.closest("span.math, mjx-assistive-mml, mjx-ext"))
  .filter((one) => getComputedStyle(one).overflowX !== "visible" && one.clientWidth
      && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 100))
"""
FOLDED = """
() => [...document.querySelectorAll("details > *:not(summary)")]
  .filter((one) => !one.checkVisibility({opacityProperty: true,
      visibilityProperty: true}) || one.offsetHeight < 5)
  .filter((one) => one.textContent.trim() && !one.matches("script, style"))
      .map((one) => one.outerHTML.slice(0, 100))
"""
EXPLORERS = """
() => [...document.querySelectorAll(".dlp-explore")].map((one) => ({
  figure: [...one.querySelectorAll("img, table")].every((it) => it.checkVisibility()
      && it.clientHeight > 20),
  controls: one.querySelector(".dlp-controls").checkVisibility(),
}))
"""


@pytest.fixture(scope="module", params=LECTURES)
def printed(request, browser: Browser, built: Path):
    """A lecture, read in dark mode, as the printer sees it."""
    context = browser.new_context(
        viewport=PAPER, color_scheme="dark", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{built.as_uri()}/{request.param}")
    page.wait_for_load_state("networkidle")
    page.evaluate(MATHS_DONE)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    yield page
    context.close()


def test_nothing_is_wider_than_the_paper(printed: Page):
    assert printed.evaluate(TOO_WIDE, PAPER["width"]) == []


def test_nothing_is_cut_off(printed: Page):
    assert printed.evaluate(CUT_OFF) == []


def test_everything_is_unfolded(printed: Page):
    assert printed.evaluate(FOLDED) == []


def test_explorers_show_a_frame_and_no_controls(printed: Page):
    seen = printed.evaluate(EXPLORERS)
    assert seen and all(one == {"figure": True, "controls": False} for one in seen)


def brightest(colour: str) -> float:
    """Return the largest of the three parts of a colour as CSS computes it."""
    return max(map(float, re.findall(r"[\d.]+", colour)[:3]))


def test_a_page_read_in_dark_mode_is_printed_dark_on_white(printed: Page):
    colours = printed.evaluate("""() =>
      [...document.querySelectorAll(
        ".bd-article :is(h1, p, td, pre, figcaption, mjx-math)")]
        .filter((one) => one.checkVisibility())
            .map((one) => getComputedStyle(one).color)""")
    assert max(map(brightest, colours)) < 140
    inks = printed.evaluate("""() => [...document.querySelectorAll("svg.dlp-svg")]
        .map((one) => getComputedStyle(one).fill)""")
    assert inks and max(map(brightest, inks)) < 140


def test_it_becomes_a_pdf_of_several_pages(printed: Page):
    pdf = printed.pdf(
        format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "1cm")
    )
    assert pdf.startswith(b"%PDF-") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 5


def test_the_screen_is_dark_again_afterwards(printed: Page):
    printed.emulate_media(media="screen", color_scheme="dark")
    printed.wait_for_function("document.documentElement.dataset.theme === 'dark'")
