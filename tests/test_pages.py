"""The built pages in a real browser, from a server and from disk: nothing comes from
elsewhere, all of it works.
"""

import datetime
import json
import re
from pathlib import Path

import pytest
import rules_notebooks
import rules_tree

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    f"{page}.html"
    for page in rules_tree.toc_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))
]
LECTURES = [page for page in PAGES if page.startswith("chapters/")]
DESKTOP, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
FIRST, FURTHER, LEAST = 400_000, 150_000, 30_000  # bytes, compressed, before figures
REPEATED_IDS = """
() => [...document.querySelectorAll("[id]")].map((one) => one.id)
  .filter((id, place, all) => all.indexOf(id) !== place)
"""


class Visit:
    """A page of the book in a browser that lets no request out, with what it asked for
    and what it complained of.
    """

    def __init__(self, browser, home: str) -> None:
        self.home, self.outside, self.complaints = home, [], []
        self.context = browser.new_context(viewport=DESKTOP, color_scheme="light")
        self.context.route("**/*", self._let_in)
        self.page = self.context.new_page()
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type == "error"
                else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _let_in(self, route) -> None:
        if route.request.url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def open(self, name: str):
        """Open a page, wait until it has drawn its mathematics, and return it."""
        self.page.goto(f"{self.home}/{name}")
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("window.showMaths().then(() => true)")
        return self.page

    def visible(self, selector: str) -> int:
        """Count the elements of a kind that are visible."""
        return self.page.evaluate(
            f"[...document.querySelectorAll({selector!r})].filter(it => "
            "it.checkVisibility()).length"
        )


@pytest.fixture(params=["server", "disk"])
def visit(request, browser, built, site):
    visit = Visit(
        browser, site.address if request.param == "server" else built.as_uri()
    )
    yield visit
    visit.context.close()


@pytest.mark.parametrize("name", [*PAGES, "index.html", "search.html?q=layer"])
def test_page(visit, built, name):
    page = visit.open(name)
    assert page.title() and page.locator("h1").count()
    formulas = page.locator(".math.notranslate").count()
    assert page.locator("mjx-container").count() >= formulas
    assert not page.locator("mjx-merror").count()
    assert page.evaluate(REPEATED_IDS) == []
    assert (
        str(datetime.date.today().year)
        in page.locator("footer .copyright").inner_text()
    )
    assert visit.visible("input[name=q], .search-button, .search-button-field") == 1
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert visit.visible("input[name=q], .search-button, .search-button-field") == 1
    assert not visit.outside
    assert not visit.complaints


def test_a_request_to_elsewhere_is_counted(visit):
    page = visit.open("intro.html")
    page.evaluate(
        "new Promise(done => { const it = new Image(); it.onerror = done; it.src = "
        "'https://example.org/x.png' })"
    )
    assert visit.outside == ["https://example.org/x.png"]
    assert visit.complaints  # of the address that cannot be reached


def test_what_is_too_wide_for_a_phone_is_noticed(visit):
    page = visit.open("glossary.html")
    page.set_viewport_size(PHONE)
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<p "
        "style=width:500px>wide</p>')"
    )
    assert page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]


def test_an_id_that_stands_twice_is_noticed(visit):
    page = visit.open("running.html")
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<p "
        "id=main-content>again</p>')"
    )
    assert page.evaluate(REPEATED_IDS) == ["main-content"]


@pytest.mark.parametrize("width", [1300, 768, 390])
def test_the_glossary_is_readable(visit, width):
    """Each meaning has half the page, and no line of it is shorter than 25 letters."""
    page = visit.open("glossary.html")
    page.set_viewport_size({"width": width, "height": 900})
    shares, letters = page.evaluate("""() => {
      const table = document.querySelector("#terms table");
      const cells = [...table.querySelectorAll("td:nth-child(2)")];
      const width = cells.map((one) => one.clientWidth);
      return [width.map((one) => one / table.clientWidth), width.map((one) => one / 8)];
    }""")
    assert len(shares) > 50 and min(shares) > 0.5 and min(letters) >= 25
    assert page.evaluate(
        "[...document.querySelectorAll('.pst-scrollable-table-container')]"
        ".every((one) => one.scrollWidth <= one.clientWidth + 1)"
    )


@pytest.mark.parametrize("word", ["convolution", "卷积"])
def test_search(visit, word):
    page = visit.open("intro.html")
    page.locator(".search-button-field").click()
    page.locator("dialog input[name=q]").fill(word)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.wait_for_selector("#search-results li a")
    page.wait_for_function(
        "!document.querySelector('#search-results "
        "h2').innerText.startsWith('Searching')"
    )
    assert "glossary.html" in " ".join(
        link.get_attribute("href")
        for link in page.locator("#search-results li a").all()
    )
    assert not visit.outside


def test_search_without_result(visit):
    page = visit.open("search.html?q=xylophone")
    page.wait_for_function(
        "document.querySelector('#search-results p')?.innerText.includes('did not "
        "match')"
    )
    assert not page.locator("#search-results li a").count()


def test_dark_mode(visit):
    page = visit.open("intro.html")
    seen = set()
    for _ in range(3):
        page.locator("button.theme-switch-button").first.click()
        page.wait_for_timeout(400)
        seen.add(
            page.evaluate(
                "[document.documentElement.dataset.theme, "
                "getComputedStyle(document.body).backgroundColor].join()"
            )
        )
    assert sorted(it.split(",")[0] for it in seen) == ["dark", "light"]
    assert len({it.partition(",")[2] for it in seen}) == 2


@pytest.mark.parametrize("name", LECTURES)
def test_notebook_can_be_downloaded(browser, site, name):
    page = browser.new_page()
    page.goto(f"{site.address}/{name}")
    link = page.locator("a[href$='.ipynb']").first
    answer = page.request.get(f"{site.address}/chapters/{link.get_attribute('href')}")
    assert answer.status == 200
    assert json.loads(answer.text())["nbformat"] == 4
    page.close()


@pytest.mark.parametrize("first", PAGES)
def test_first_page_is_light(browser, site, first):
    assert loaded(browser, site, [f"{first}"])[0] < FIRST


def test_further_pages_are_lighter(browser, site):
    sizes = dict(zip(PAGES, loaded(browser, site, PAGES), strict=True))
    assert sizes.pop(PAGES[0]) > LEAST  # or nothing was measured
    assert not {name: size for name, size in sizes.items() if not 0 < size < FURTHER}


def loaded(browser, site, names: list[str]) -> list[int]:
    """Return the bytes that a browser with an empty cache asks for at each of the
    pages, one after the other.
    """
    context = browser.new_context()
    page, sizes = context.new_page(), []
    for name in names:
        site.sent.clear()
        page.goto(f"{site.address}/{name}")
        page.wait_for_load_state("networkidle")
        sizes.append(site.weight())
    context.close()
    return sizes


@pytest.mark.parametrize("name", LECTURES)
def test_print(visit, name):
    page = visit.open(name)
    solutions = "details > *:not(summary)"
    hidden = page.locator(solutions).count() - visit.visible(solutions)
    assert hidden, "nothing is folded on the screen, so nothing is tested"
    page.emulate_media(media="print")
    assert visit.visible(solutions) == page.locator(solutions).count()
    assert not visit.visible(
        ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, "
        ".prev-next-footer, .dlp-controls"
    )


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_alt_text(built, name):
    html = (built / name).read_text(encoding="utf-8")
    assert not [
        alt
        for alt in [*rules_notebooks.images(html), *rules_notebooks.frames(html)]
        if rules_notebooks.too_short(alt)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_links_inside_the_book_lead_somewhere(built, name):
    html = (built / name).read_text(encoding="utf-8")
    targets = {
        link.partition("#")[0].partition("?")[0]
        for link in re.findall(r'(?:href|src)="([^":]+)"', html)
    } - {""}
    assert not [
        target
        for target in targets
        if not (built / name).parent.joinpath(target).exists()
    ]
