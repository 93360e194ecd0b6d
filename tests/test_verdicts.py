"""The page of verdicts: every claim of the slides has one, every link leads to a
section, every number is one that the lecture prints, and the filter needs no script.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import nbformat
import pytest
import rules_tree

from dlpatterns.lectures.claims import gathered, kinds, page
from dlpatterns.lectures.classic_models import claims as classic_models

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = {
    name.partition("/")[2]
    for name in rules_tree.toc_pages((ROOT / "_toc.yml").read_text(encoding="utf-8"))
}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
JUDGES = [(name, make) for name, m in gathered.in_order() for make in m.VERDICTS]
FINDERS = [(name, make) for name, m in gathered.in_order() for make in m.SLIPS]


@pytest.fixture
def one(make):
    """The verdict or the slip that a function computes, once for all tests."""
    return made(make)


@cache
def made(make):
    return make()


def each(pairs):
    """Run a test on every pair of a lecture and a function, named after both."""
    names = [f"{name}-{make.__name__}" for name, make in pairs]
    return pytest.mark.parametrize(("lecture", "make"), pairs, ids=names)


def book(lecture):
    return nbformat.read(ROOT / "chapters" / f"{lecture}.ipynb", 4)


def headings(lecture):
    cells = [c.source for c in book(lecture).cells if c.cell_type == "markdown"]
    return {
        line.lstrip("# ").strip()
        for source in cells
        for line in source.splitlines()
        if line.startswith("#")
    }


def said(lecture):
    """Return the text that a reader of the lecture sees: prose and stored outputs."""
    cells = book(lecture).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    for output in (o for cell in cells for o in cell.get("outputs", ())):
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/markdown", "")]
        texts += [data.get("text/plain", "")]
    return "\n".join(map(str, texts))


def numbers(text):
    return {found.rstrip(",") for found in NUMBER.findall(text)}


def missing(one, text):
    """Return the numbers of a verdict or a slip that a text lacks."""
    fields = ("printed", "ours", "how", "doubt")
    if isinstance(one, kinds.Verdict):
        fields = ("when", "number", "found", "survived")
    own = " ".join(getattr(one, field) for field in fields)
    return sorted(numbers(own) - numbers(text))


def test_the_claims_are_numbered_and_marked():
    rows = gathered.claims()
    assert list(rows) == list(range(1, len(rows) + 1))
    assert {row["dagger"] for row in rows.values()} == {"†", None}
    # the course's map of claims: ten of architectures and classic networks, one of
    # formats, seven of quantization, seven of few bits, eight of pruning, four of chips
    marked = [row["place"] for row in rows.values() if row["dagger"]]
    assert len(marked) == 10 + 1 + 7 + 7 + 8 + 4
    assert {row["lecture"] for row in rows.values()} <= set(gathered.TITLES)


def test_every_claim_of_a_lecture_that_stands_has_one_verdict():
    waiting = [row for row in gathered.waiting() if row["lecture"] in WRITTEN]
    assert [f"{row['number']}: {row['claim']}" for row in waiting] == []
    judged = [made(make).claim for _, make in JUDGES]
    assert len(set(judged)) == len(judged) and set(judged) <= set(gathered.claims())


@each(JUDGES + FINDERS)
def test_a_link_leads_to_a_section(lecture, one):
    wanted = {one.section} | {getattr(one, "attack", one.section)}
    assert wanted - headings(lecture) == set()


@each(JUDGES + FINDERS)
def test_a_number_is_one_that_the_lecture_prints(lecture, one):
    assert missing(one, said(lecture)) == []


def test_a_number_that_the_lecture_does_not_print_is_found():
    lecture, make = JUDGES[0]
    other = replace(made(make), number="12.345 of 6,789")
    assert missing(other, said(lecture)) == ["12.345", "6,789"]


@each(FINDERS)
def test_a_work_that_is_linked_stands_among_the_sources(lecture, one):
    sources = (ROOT / "references.bib").read_text(encoding="utf-8")
    known = one.link in sources or one.link.rpartition("/")[2] in sources
    assert not one.link or known, "cite it in references.bib"
    assert one.doubt and one.how and one.place


def test_a_verdict_whose_number_fails_is_refused():
    one = made(JUDGES[0][1])
    with pytest.raises(ValueError, match="no longer bear this out"):
        replace(one, holds=False)
    with pytest.raises(TypeError, match="holds must be True or False"):
        replace(one, holds="yes")
    with pytest.raises(ValueError, match="the kind is one of"):
        replace(one, kind="perhaps")
    with pytest.raises(ValueError, match="belongs to the kind"):
        replace(one, kind="holds", when="the moon is full")
    slip = made(FINDERS[0][1])
    with pytest.raises(ValueError, match="certainty is one of"):
        replace(slip, certainty="sure")


def test_the_totals_are_counted():
    found = page.tally()
    assert found.total() == len(JUDGES) and set(found) <= set(kinds.KINDS)
    text = page.totals()
    assert all(f"**{found[kind]}** " in text for kind in kinds.KINDS)
    assert f"{page.cells()} single cells" in text and page.cells() >= 66


def test_the_table_of_classic_networks_is_there_cell_by_cell():
    table = made(classic_models.printed_table)
    rows = [row for part in table.parts for row in part.rows]
    assert len(rows) == 66 and len(table.parts) == 6
    fallen = {(r["cell"], r["printed"]) for r in rows if r["holds"].startswith("✗")}
    assert {("Conv: # of MACs", "1.43G"), ("# of Conv layers", "16")} <= fallen
    assert sum(len(part.notes) for part in table.parts) >= len(fallen) == 10


def test_the_page_has_a_card_for_every_claim_and_slip(built):
    html = (built / "verdicts.html").read_text(encoding="utf-8")
    claims = [made(make).claim for _, make in JUDGES]
    assert all(f'id="claim-{number}"' in html for number in claims)
    assert html.count("Printed: ") == len(FINDERS)
    assert "<!-- verdicts -->" not in html and "{{" not in html


def test_a_lecture_points_to_the_page(built):
    html = (built / "chapters" / "classic_models.html").read_text(encoding="utf-8")
    assert 'href="../verdicts.html"' in html


def test_the_filter_works_without_a_script(browser, site):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    tab = context.new_page()
    tab.goto(f"{site.address}/verdicts.html")
    cards, found = tab.locator(".dlp-verdict"), page.tally()
    assert cards.count() == found.total()
    for kind, many in found.items():
        tab.locator(f"#show-{kind}").check()
        shown = [i for i in range(cards.count()) if cards.nth(i).is_visible()]
        assert len(shown) == many, kind
    tab.locator("#show-all").check()
    assert all(cards.nth(i).is_visible() for i in range(cards.count()))
    context.close()


def test_the_page_fits_a_phone(browser, site):
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    tab.goto(f"{site.address}/verdicts.html")
    tab.evaluate(
        "document.querySelectorAll('details').forEach((d) => { d.open = true })"
    )
    wide = tab.evaluate("document.documentElement.scrollWidth")
    tab.close()
    assert wide <= 390
