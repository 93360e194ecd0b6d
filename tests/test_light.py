"""The pages are light: nothing keeps them from being painted, mathematics comes when it
is near, and style sheets hold what is used.
"""

import doctest
import gzip
import re
from pathlib import Path

import light
import pytest
import rules_tree

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = (ROOT / "_toc.yml").read_text(encoding="utf-8")
PAGES = [f"{page}.html" for page in rules_tree.toc_pages(CONTENTS)]
LECTURES = [page for page in PAGES if page.startswith("chapters/")]
STYLE, SCRIPT, LECTURE = 40_000, 60_000, 200_000  # bytes, compressed
TALLEST = 18_000  # pixels, 1300 wide
WITHOUT_MATHS = ["intro.html", "running.html", "sources.html"]
DRAWN = """
() => [...document.querySelectorAll("i[class*='fa-'], .theme-switch")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.className, getComputedStyle(one, "::before")])
  .map(([name, it]) => [name, it.maskImage.slice(0, 8), it.content, it.height])
"""


def test_the_examples_are_true():
    assert doctest.testmod(light).failed == 0


@pytest.mark.parametrize("name", [*PAGES, "search.html"])
def test_nothing_keeps_a_page_from_being_painted(built, name):
    head = (built / name).read_text(encoding="utf-8").partition("</head>")[0]
    scripts = re.findall(r"<script[^>]*src=[^>]*>", head)
    assert scripts and all(re.search(r"\bdefer\b", script) for script in scripts)
    assert len(re.findall(r'rel="stylesheet"', head)) == 1
    inline = re.findall(r"<script(?![^>]*src=)[^>]*>(.*?)</script>", head, flags=re.S)
    assert len(inline) == 1 and len(inline[0]) < 500


def test_a_blocking_script_would_be_found():
    page = '<html data-content_root="../"><head><script src="x.js"></script></head>'
    assert "x.js" not in light.rewritten(page, "pages.js", "pages.css")
    assert 'defer src="../_static/pages.js"' in light.rewritten(page, "pages.js", "x")


def test_the_index_of_words_comes_with_the_search_alone(built):
    for name in [*PAGES, "search.html"]:
        html = (built / name).read_text(encoding="utf-8")
        assert ("searchindex.js" in html) == (name == "search.html")


def test_style_and_script_of_all_pages_are_small(built):
    for name, most in (("pages.css", STYLE), ("pages.js", SCRIPT)):
        size = len(gzip.compress((built / "_static" / name).read_bytes(), 6))
        assert 5_000 < size < most


@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_is_light_and_not_too_long(browser, built, name):
    """Its HTML is counted with every frame of its explorers."""
    assert len(gzip.compress((built / name).read_bytes(), 6)) < LECTURE
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(f"{built.as_uri()}/{name}")
    page.evaluate("window.showMaths().then(() => true)")
    height = page.evaluate("document.querySelector('.bd-article').offsetHeight")
    page.close()
    assert 3_000 < height <= TALLEST


@pytest.mark.parametrize("name", WITHOUT_MATHS)
def test_no_mathematics_is_loaded_where_there_is_none(browser, site, name):
    page = browser.new_page()
    site.sent.clear()
    page.goto(f"{site.address}/{name}")
    page.mouse.wheel(0, 2000)
    page.evaluate("window.showMaths()")
    page.wait_for_load_state("networkidle")
    assert not [path for path, _ in site.sent if "mathjax" in path]
    page.close()


def test_mathematics_comes_when_the_reader_scrolls(browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/chapters/convolution.html")
    page.mouse.wheel(0, 500)
    page.wait_for_selector("mjx-container", state="attached", timeout=20_000)
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_has_its_theme_before_it_is_painted(browser, site, theme):
    page = browser.new_page(color_scheme=theme)
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{site.address}/intro.html")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.close()


@pytest.mark.parametrize("width", [1300, 390])
def test_every_icon_is_drawn(browser, site, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{site.address}/chapters/convolution.html")
    icons = page.evaluate(DRAWN)
    assert len(icons) >= 4
    for name, mask, content, height in icons:
        assert (mask, content) == ('url("dat', '""'), name
        assert float(height.removesuffix("px")) > 8, name
    page.close()


def test_rules_that_no_page_uses_are_left_out():
    css = (
        ".used:not(.gone), .gone > p { a: b }\n"
        "#gone .used { c: d }\n"
        ":is(.gone, .used) { e: f }\n"
        "@media (width > 3px) { .gone { g: h } .used { i: j } }\n"
        "@media print { .gone { k: l } }\n"
        '@font-face { font-family: "Font Awesome 6"; }\n'
        "@keyframes spin { to { m: n } }\n"
        '[class*="gone"] a { o: url("data:image/x;y,{z}") }'
    )
    assert light.used(css, {"used"}) == (
        ".used:not(.gone){a: b}"
        ":is(.gone, .used){e: f}"
        "@media (width > 3px){.used{i: j}}"
        "@keyframes spin{to { m: n }}"
        '[class*="gone"] a{o: url("data:image/x;y,{z}")}'
    )


def test_addresses_and_imports_of_a_style_sheet_move_with_it(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "basic.css").write_text("a { b: url(c.png) }")
    text = '@import "../basic.css"; d { e: url("../f/g.svg") } h { i: url(data:j) }'
    (tmp_path / "styles" / "all.css").write_text(text)
    assert light.moved(tmp_path, "styles/all.css") == (
        'a { b: url(c.png) } d { e: url("f/g.svg") } h { i: url(data:j) }'
    )


def test_an_icon_is_taken_from_the_library():
    library = '{bars:[448,512,["navicon"],"f0c9","M0 96"],"x-mark":[8,9,[],"f1","M1"]}'
    rules = light.icon_rules(library, {"fa-bars", "fa-x-mark", "fa-none", "bars"})
    assert rules.count("--icon:url") == 2 and ".fa-none" not in rules
    assert "viewBox='0 0 448 512'" in rules and "d='M0 96'" in rules
    assert light.icon_rules(library, {"bars"}) == ""
