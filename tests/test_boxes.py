"""Every page and every state of its explorers, on a desktop and on a phone: nothing
scrolls sideways that should not, boxes keep their height, labels can be read.
"""

from pathlib import Path

import pytest
import rules_tree
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = rules_tree.toc_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))
LECTURES = [name for name in CONTENTS if name.startswith("chapters/")]
DESKTOP, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
READABLE = 11  # pixels
# Walks through every state of every explorer, and says what is not as it should be.
WALK = """
() => {
  const wide = (one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1;
  const said = (one) => one.textContent.trim().slice(0, 60);
  const explorers = [...document.querySelectorAll(".dlp-explore")].map((root) => {
    root.dlp.load();
    const start = root.querySelector("figcaption").textContent;
    const heights = new Set(), sideways = [], positions = root.dlp.count.map(() => 0);
    let smallest = Infinity;
    const states = root.dlp.count.reduce((all, one) => all * one, 1);
    for (let state = 0, rest = 0; state < states; state++) {
      rest = state;
      for (let k = positions.length - 1; k >= 0; k--) {
        positions[k] = rest % root.dlp.count[k];
        rest = Math.floor(rest / root.dlp.count[k]);
      }
      root.dlp.go(positions);
      heights.add(Math.round(root.getBoundingClientRect().height));
      if ([root, ...root.querySelectorAll(".dlp-scroll, .dlp-picture")].some(wide))
        sideways.push([...positions]);
      const svg = root.querySelector("svg"), scale = svg?.getScreenCTM().a;
      for (const text of svg?.querySelectorAll("text") ?? [])
        smallest = Math.min(smallest,
            parseFloat(getComputedStyle(text).fontSize) * scale);
    }
    return { start, states, heights: [...heights], sideways, smallest };
  });
  const figures = [...document.querySelectorAll("figure.dlp-figure svg")]
      .filter((one) => !one.closest(".dlp-explore"));
  const labels = figures.filter((one) => one.checkVisibility()).map((one) => {
    const scale = one.getScreenCTM().a;
    const sizes = [...one.querySelectorAll("text")]
      .map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
    return [one.getAttribute("aria-label").slice(0, 60), Math.min(...sizes, Infinity)];
  });
  return {
    explorers, labels, page: document.documentElement.scrollWidth,
    code: [...document.querySelectorAll("pre")].filter(wide).map(said),
    tables: [...document
      .querySelectorAll(".dlp-scroll, .pst-scrollable-table-container")]
      .filter(wide).map(said),
    figures: [...document.querySelectorAll(".dlp-picture")].filter(wide)
        .map((one) => one.firstElementChild.getAttribute("aria-label").slice(0, 60)),
  };
}
"""
STICKS = """
() => [...document.querySelectorAll(".dlp-scroll")]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .filter((box) => {
    const first = box.querySelector("tbody tr > :first-child"),
        before = first.getBoundingClientRect().x;
    box.scrollLeft = 60;
    const moved = Math.abs(first.getBoundingClientRect().x - before) > 1
        || box.scrollLeft === 0;
    box.scrollLeft = 0;
    const hint = getComputedStyle(box).backgroundImage.includes("linear-gradient");
    return moved || !hint || first.offsetWidth > box.clientWidth / 2;
  }).map((box) => box.getAttribute("aria-label"))
"""


@pytest.fixture(scope="module", params=CONTENTS)
def walked(request, browser, built) -> tuple[str, dict, dict, list[str]]:
    """The name of a page, what a walk finds on a desktop and on a phone, and the tables
    whose first column leaves the phone.
    """
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    page: Page = context.new_page()
    page.goto((built / f"{request.param}.html").as_uri())
    desktop = page.evaluate(WALK)
    page.set_viewport_size(PHONE)
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))"
    )
    phone, loose = page.evaluate(WALK), page.evaluate(STICKS)
    context.close()
    return request.param, desktop, phone, loose


def test_a_walk_finds_explorers(walked):
    name, desktop, _, _ = walked
    assert (name in LECTURES) == bool(desktop["explorers"])
    assert all(one["states"] > 1 for one in desktop["explorers"])


def test_on_a_desktop_no_table_figure_or_explorer_scrolls_sideways(walked):
    _, desktop, _, _ = walked
    assert not desktop["tables"] + desktop["figures"]
    assert not [one for one in desktop["explorers"] if one["sideways"]]


def test_on_a_desktop_no_code_scrolls_sideways(walked):
    _, desktop, _, _ = walked
    assert not desktop["code"]


@pytest.mark.parametrize("place", ["desktop", "phone"])
def test_every_explorer_keeps_its_height(walked, place):
    found = walked[1 if place == "desktop" else 2]["explorers"]
    assert not [one for one in found if len(one["heights"]) > 1]


def test_on_a_phone_labels_can_be_read(walked):
    _, _, phone, _ = walked
    small = [one for one in phone["explorers"] if one["smallest"] < READABLE - 0.05]
    small += [one for one in phone["labels"] if one[1] < READABLE - 0.05]
    assert not small


def test_on_a_phone_tables_scroll_under_their_first_column(walked):
    _, _, phone, loose = walked
    assert phone["page"] <= PHONE["width"]
    assert not loose
