"""Two decks in a real browser, opened as files: every slide fits its canvas, light and
dark, figures and predictions answer, keys turn the pages.
"""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import slides  # noqa: E402

DECKS = ("history", "roofline")
READY = "window.deckReady.then(() => true)"
READABLE = 0.85  # of 16 pixels on a canvas of 1280 × 720
ZOOM = "+deck.getCurrentSlide().querySelector('.fit').style.zoom"
SPILT = """
() => {
  const slide = deck.getCurrentSlide(), at = document.body.getBoundingClientRect();
  const parts = slide.querySelectorAll("h1, h2, .shown *, .claims *");
  return [...parts].filter((one) => one.checkVisibility() && one.clientWidth)
    .filter((one) => !one.closest("svg, mjx-container") || one.matches("svg"))
    .map((one) => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1
        || box.left < -1 || box.top < -1)
    .map(([, one]) => one.outerHTML.slice(0, 100));
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two decks, made from the stored outputs."""
    if not slides.REVEAL.exists():
        pytest.skip("no reveal.js, which npm brings")
    folder = tmp_path_factory.mktemp("slides of 教师")
    paths = [ROOT / "chapters" / f"{name}.ipynb" for name in DECKS]
    slides.make({path: path for path in paths}, folder)
    return folder


@pytest.fixture
def opened(browser: Browser, folder: Path):
    """Opens a deck as a file; demands that nothing failed or came from elsewhere."""
    wrong, tabs = [], []

    def open_deck(name: str, mode: str = "light", width: int = 1280) -> Page:
        size = {"width": width, "height": width * 9 // 16}
        tab = browser.new_page(viewport=size, color_scheme=mode)
        tabs.append(tab)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on(
            "request", lambda it: wrong.append(it.url) if "http" in it.url[:5] else 0
        )
        tab.goto((folder / f"{name}.html").as_uri())
        tab.evaluate(READY)
        return tab

    yield open_deck
    for tab in tabs:
        tab.close()
    assert not wrong


def every_slide(tab: Page):
    """Yield the number of each slide, with all its fragments shown."""
    for number in range(200):
        tab.evaluate("() => { while (deck.availableFragments().next) deck.next(); }")
        yield number
        if tab.evaluate("deck.isLastSlide()"):
            return
        tab.evaluate("deck.next()")


@pytest.mark.parametrize("name, mode", [(DECKS[0], "light"), (DECKS[1], "dark")])
def test_every_slide_fits_also_with_its_solution_unfolded(opened, name, mode):
    tab, zooms = opened(name, mode), []
    for number in every_slide(tab):
        assert tab.evaluate(SPILT) == [], number
        zooms.append(
            tab.evaluate("+deck.getCurrentSlide().querySelector('.fit').style.zoom")
        )
        if tab.evaluate("deck.getCurrentSlide().dataset.kind === 'exercise'"):
            tab.evaluate("deck.getCurrentSlide().querySelector('details').open = true")
            tab.wait_for_function(f"() => ({SPILT})().length === 0")
    assert min(zooms) >= READABLE and len(zooms) > 25


def test_colours_follow_the_system_and_the_key(opened):
    tab = opened("roofline", "dark")
    ground = "getComputedStyle(document.querySelector('.reveal')).backgroundColor"
    assert tab.evaluate(ground) == "rgb(20, 24, 30)"
    tab.keyboard.press("d")
    assert tab.evaluate(ground) == "rgb(255, 255, 255)"
    tab.reload()
    tab.evaluate(READY)
    assert tab.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_prediction_is_taken_and_the_slide_still_fits(opened):
    tab = opened("roofline")
    tab.evaluate("deck.slide(2, 0)")
    asked = tab.locator("section.present .dlp-predict")
    asked.locator("input[type=text]").first.fill("5000")
    asked.locator("button").first.click()
    asked.locator(".dlp-verdict").wait_for()
    assert "11,659" in asked.inner_text()
    assert tab.evaluate(SPILT) == []


def test_an_explorer_moves_by_its_own_keys_and_pages_do_not_turn(opened):
    tab = opened("roofline")
    tab.evaluate("deck.slide(2, 1)")
    figure = tab.locator("section.present .dlp-explore figcaption")
    before, place = figure.inner_text(), tab.evaluate("deck.getIndices()")
    tab.locator("section.present .dlp-explore input").first.focus()
    tab.keyboard.press("ArrowRight")
    assert figure.inner_text() != before
    assert tab.evaluate("deck.getIndices()") == place


def test_keys_and_addresses_lead_through_the_deck(opened):
    tab = opened("roofline")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("deck.getIndices().h") == 1
    tab.evaluate("location.hash = '#/the-roof'")
    tab.wait_for_function("deck.getCurrentSlide().id === 'the-roof'")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("deck.getIndices().v") == 1


def test_on_a_small_screen_the_canvas_is_scaled_as_a_whole(opened):
    tab = opened("history", width=640)
    tab.evaluate("deck.slide(2, 1)")
    assert tab.evaluate(SPILT) == []


def test_the_speakers_view_holds_the_notes(opened):
    tab = opened("roofline")
    tab.evaluate("deck.slide(2, 0)")
    with tab.expect_popup() as popup:
        tab.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("The shortest program").wait_for()


def test_the_first_page_leads_to_the_decks(browser: Browser, folder: Path):
    tab = browser.new_page()
    tab.goto((folder / "index.html").as_uri())
    assert tab.locator("li a").count() == len(DECKS)
    tab.locator("li a").first.click()
    tab.wait_for_selector(".reveal")
    tab.close()
