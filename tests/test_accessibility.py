"""Every page against WCAG 2.1 AA with axe-core, in light and dark; dark figures and
formulas; wide content on a phone.
"""

import io
import os
from pathlib import Path

import pytest
import rules_tree
from PIL import Image
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = [
    f"{page}.html"
    for page in rules_tree.toc_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))
]
LECTURES = [page for page in CONTENTS if page.startswith("chapters/")]
PAGES = [*CONTENTS, "search.html?q=layer"]
PHONE = {"width": 390, "height": 844}
MATHS_DONE = "window.showMaths().then(() => true)"
# what fades in is pale until then
AT_REST = "document.getAnimations().every((one) => one.playState !== 'running')"
UNFOLD = """
document.querySelectorAll("details").forEach((one) => (one.open = true));
document.querySelectorAll(".toggle-hidden")
  .forEach((one) => one.classList.remove("toggle-hidden"));
"""
RUN = "axe.run(document, {runOnly: %s, resultTypes: ['violations']})"
WCAG = RUN % "{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}"
REACHABLE = RUN % "{type: 'rule', values: ['scrollable-region-focusable']}"
STICKING_OUT = """
() => [...document.querySelectorAll(".bd-article *")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (!one.checkVisibility() || !box.width
      || box.right <= innerWidth + 0.5) return false;
  for (let around = one.parentElement; !around.matches(".bd-article");
      around = around.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(around).overflowX)) return false;
  return true;
}).map((one) => one.outerHTML.slice(0, 100))
"""
CUT_MATHS = """
() => [...document.querySelectorAll("span.math")].filter((one) => {
  const maths = one.querySelector("mjx-math");
  return maths
      && maths.getBoundingClientRect().right > one.getBoundingClientRect().right + 1;
}).map((one) => one.textContent)
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core; skips where npm has not installed it, except in CI."""
    path = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        message = "no axe-core found, which `npm ci` brings (package npm)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def context(browser: Browser):
    one = browser.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme="light",
        reduced_motion="reduce",
    )
    yield one
    one.close()


def opened(context, built: Path, name: str) -> Page:
    """Open a page of the book, wait for its mathematics, and unfold what is folded."""
    page = context.new_page()
    page.goto(f"{built.as_uri()}/{name}")
    page.wait_for_load_state("networkidle")
    page.evaluate(MATHS_DONE)
    page.evaluate(UNFOLD)
    page.wait_for_function(AT_REST)
    return page


def darken(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_function(AT_REST)


def violations(page: Page, run: str = WCAG) -> list[str]:
    """Return a line for each violation: the rule, how often, and the first element with
    what is wrong.
    """
    found = page.evaluate(run)["violations"]
    first = [one["nodes"][0] for one in found]
    return [
        (
            f"{one['id']} × {len(one['nodes'])}: {node['html'][:150]} – "
            f"{node['failureSummary']}"
        )
        for one, node in zip(found, first, strict=True)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_no_violation_of_wcag_in_light_and_dark(context, built, axe, name):
    page = opened(context, built, name)
    page.evaluate(axe)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    light = violations(page)
    darken(page)
    assert {"light": light, "dark": violations(page)} == {"light": [], "dark": []}


def test_a_violation_is_found(context, built, axe):
    page = opened(context, built, "intro.html")
    planted = '<img src=""><p style="color:#777;background:#888">pale</p>'
    page.evaluate(
        (
            "html => document.querySelector('article').insertAdjacentHTML('beforeend', "
            "html)"
        ),
        planted,
    )
    page.evaluate(axe)
    assert [line.split(" ")[0] for line in violations(page)] == [
        "color-contrast",
        "image-alt",
    ]


@pytest.mark.parametrize("name", CONTENTS)
def test_on_a_phone_wide_content_scrolls_in_its_box_and_the_keyboard_reaches_it(
    browser, built, axe, name
):
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    page = opened(context, built, name)
    page.evaluate(axe)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(STICKING_OUT) == [] == page.evaluate(CUT_MATHS)
    assert violations(page, REACHABLE) == []
    context.close()


@pytest.mark.parametrize("name", LECTURES)
def test_in_dark_mode_figures_and_formulas_belong_to_the_page(context, built, name):
    page = opened(context, built, name)
    darken(page)
    ground = rgb(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert max(ground) < 60
    picture = page.locator("figure.dlp-figure svg.dlp-svg").first
    drawn = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    edge = drawn.crop((0, 0, 4, drawn.height))  # a label may touch it here and there
    _, behind = max(edge.getcolors(4 * drawn.height))
    assert all(abs(a - b) <= 4 for a, b in zip(behind, ground, strict=True)), (
        f"a figure on {behind}, the page is {ground}"
    )
    colours = page.evaluate("""() => [...document.querySelectorAll("mjx-container")]
        .map((one) =>
      [getComputedStyle(one).color,
          getComputedStyle(one.querySelector("mjx-math")).color]).flat()""")
    captions = page.evaluate("""() => [...document.querySelectorAll(`figcaption,
        .dlp-table td, .dlp-controls label, .dlp-predict p, .dlp-predict input`)]
      .map((one) => getComputedStyle(one).color)""")
    assert all(min(rgb(colour)) > 150 for colour in set(colours + captions)), set(
        colours + captions
    )


def rgb(css: str) -> tuple[int, ...]:
    """Return the three numbers of a colour as CSS computes it."""
    return tuple(
        int(float(number)) for number in css[css.index("(") + 1 : -1].split(",")[:3]
    )
