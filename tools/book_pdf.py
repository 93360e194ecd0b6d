"""Print the built book as one PDF: title, contents with page numbers, links, outline.

Run from the root of the repository:  python tools/book_pdf.py [page ...]
"""

import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import paper
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "deep-learning-computation-patterns.pdf"
WIDTH = 658  # CSS pixels of A4 between margins of 18 mm
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
# What is wider than the paper becomes smaller until it fits.
SHRINK = """
(width) => document.querySelectorAll(".dlp-table, table, pre, mjx-container, svg")
  .forEach((one) => {
    const box = one.getBoundingClientRect(), has = Math.max(box.right, box.left
      + (one.matches("pre, mjx-container") ? one.scrollWidth : 0));
    if (has > width + 0.5 && box.width)
      one.style.zoom = getComputedStyle(one).zoom
        * Math.max(0.3, (width - Math.max(0, box.left)) /
          (has - Math.max(0, box.left)) - 0.01);
  })
"""
# What is higher than most of a page may be broken over two.
BREAK = """
() => document.querySelectorAll("figure, table, pre, .dlp-explore, details")
  .forEach((one) => { if (one.offsetHeight > 500) one.style.breakInside = "auto"; })
"""
SPILT = """
(width) => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest("mjx-assistive-mml"))
  .filter((one) => one.getBoundingClientRect().right > width + 1)
  .map((one) => one.outerHTML.slice(0, 120))
"""
NO_BOOK = "The PDF is printed from the built book: run `make book` first."
NO_BROWSER = "The PDF is printed by Chromium, which Debian's package chromium brings."


def chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def objects(pdf: bytes) -> dict[int, bytes]:
    """Return the plain objects of a PDF as Chromium writes it, by number."""
    found = re.finditer(rb"(?m)^(\d+) 0 obj\s(.*?)\sendobj", pdf, re.S)
    return {int(one[1]): one[2] for one in found}


def page_order(found: dict[int, bytes]) -> list[int]:
    """Return the numbers of the page objects in the order of the pages."""
    root = next(
        number
        for number, text in found.items()
        if re.search(rb"/Type\s*/Pages\b", text) and b"/Parent" not in text
    )
    order, waiting = [], [root]
    while waiting:
        number = waiting.pop(0)
        kids = re.search(rb"/Kids\s*\[(.*?)\]", found[number], re.S)
        if kids:
            waiting[:0] = [int(one) for one in re.findall(rb"(\d+) 0 R", kids[1])]
        else:
            order.append(number)
    return order


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return on which page each anchor that a link leads to stands, from 1."""
    found = objects(pdf)
    place = {number: at for at, number in enumerate(page_order(found), start=1)}
    text = b"\n".join(found.values())
    named = re.findall(rb"/([^\s/\[\]()<>]+)\s*\[\s*(\d+) 0 R\s*/XYZ", text)
    return {
        decoded(name): place[int(page)] for name, page in named if int(page) in place
    }


def decoded(name: bytes) -> str:
    """Return a PDF's name as text.

    >>> decoded(b"who#2Dwaits")
    'who-waits'
    """
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda it: bytes([int(it[1], 16)]), name)
    return plain.decode("utf-8", "replace")


def printed(tab: Page, html: str, folder: Path) -> tuple[bytes, list[str]]:
    """Return a document as a PDF, and what is wider than its paper."""
    place = folder / "book.html"
    place.write_text(html, encoding="utf-8")
    tab.set_default_timeout(600_000)
    tab.emulate_media(media="print", color_scheme="light")
    tab.goto(place.as_uri(), wait_until="load")
    tab.evaluate("window.MathJax.startup.promise.then(() => true)")
    tab.evaluate(SHRINK, WIDTH)
    tab.evaluate(BREAK)
    wide = tab.evaluate(SPILT, WIDTH)
    pdf = tab.pdf(prefer_css_page_size=True, outline=True, tagged=True)
    return pdf, wide


def make(
    browser: Browser, book: Path, only: set[str] = frozenset()
) -> tuple[bytes, list[str]]:
    """Print a built book twice, the second time with the page numbers of the first."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": 970})
    numbers: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            found = paper.pages(book, ROOT / "_toc.yml", only)
            html = paper.document(book, found, numbers)
            pdf, wide = printed(tab, html, Path(folder))
            numbers = page_numbers(pdf)
    tab.close()
    return pdf, wide


def main(names: list[str]) -> int:
    """Print the book, or only the pages named; say which file to open."""
    problem = "" if (BOOK / "index.html").exists() else NO_BOOK
    problem = problem or ("" if chromium() else NO_BROWSER)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    start = time.perf_counter()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=[*OPTIONS])
        pdf, wide = make(browser, BOOK, set(names))
    TARGET.write_bytes(pdf)
    for one in wide:
        print(f"wider than the paper: {one}", file=sys.stderr)
    pages, size = len(page_order(objects(pdf))), len(pdf) / 1e6
    print(
        f"{pages} pages, {size:.1f} MB, {time.perf_counter() - start:.0f} s. "
        f"Open this file:\n  {TARGET}"
    )
    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
