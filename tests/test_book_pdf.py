"""The book on paper: one lecture printed by Chromium, and what its PDF holds."""

import re
import sys
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import book_pdf  # noqa: E402
import paper  # noqa: E402

ONLY = {"history"}
A4 = (594.96, 841.92)  # points


@pytest.fixture(scope="module")
def pages(built: Path) -> list[paper.Page]:
    return paper.pages(built, ROOT / "_toc.yml")


@pytest.fixture(scope="module")
def document(built: Path) -> str:
    found = paper.pages(built, ROOT / "_toc.yml", ONLY)
    return paper.document(built, found, {})


@pytest.fixture(scope="module")
def pdf(browser: Browser, built: Path) -> bytes:
    """One lecture as a PDF."""
    made, wide = book_pdf.make(browser, built, ONLY)
    assert wide == []
    return made


def test_every_page_goes_on_paper_but_those_that_are_programs(pages):
    listed = paper.contents(ROOT / "_toc.yml")
    assert [one.name for one in pages] == [name for name, _ in listed]
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    left_out = set(re.findall(r"file: (\S+)", toc)) - {name for name, _ in listed}
    assert left_out <= paper.ON_SCREEN


def test_every_link_inside_leads_to_an_anchor(document: str):
    anchors = set(re.findall(r'id="([^"]+)"', document))
    inside = re.findall(r'href="#([^"]+)"', document)
    lines = document.count('class="line ')
    asked = document.count('class="guess"')
    assert len(inside) == lines + asked + 3 * 5  # a task: its section, there, and back
    assert [one for one in inside if one not in anchors] == []
    assert len(re.findall(r'id="history--solution-\d"', document)) == 5


def test_answers_stand_at_the_end_and_controls_nowhere(document: str):
    last = document.rindex('class="dlp-question"')
    answers = document.index('id="history--answers"')
    assert last < answers
    guesses = document.count("Your guess: ")
    inside = document[answers : document.index("</ol>", answers)]
    assert guesses == inside.count("<li>") > 3
    assert not re.search(r"<(form|button|input)|dlp-controls|Not answered", document)


def test_a_page_has_the_size_of_paper_and_there_are_enough(pdf: bytes):
    found = book_pdf.objects(pdf)
    order = book_pdf.page_order(found)
    assert 12 < len(order) < 40
    for number in order:
        box = re.search(rb"/MediaBox \[([\d. ]+)\]", found[number])[1].split()
        assert [float(one) for one in box] == pytest.approx([0, 0, *A4], abs=1)


def test_contents_give_the_pages_on_which_the_sections_stand(built: Path, pdf: bytes):
    numbers = book_pdf.page_numbers(pdf)
    found = paper.pages(built, ROOT / "_toc.yml", ONLY)
    wanted = [f"history--{name}" for name, _ in paper.sections(found[0])]
    at = [numbers[one] for one in wanted]
    assert at == sorted(at) and at[0] == 3 and len(set(at)) > 5
    assert numbers["page-solutions"] > at[-1]


def test_it_has_an_outline_and_links(pdf: bytes):
    assert re.search(rb"/Outlines \d+ 0 R", pdf)
    titles = re.findall(rb"/Title \(((?:[^()\\]|\\.)*)\)", pdf)
    assert any(b"What can a single neuron learn?" in one for one in titles)
    kinds = re.findall(rb"/Subtype /Link", pdf)
    assert len(kinds) > 30 and pdf.count(b"/URI (http") > 5
    assert b"file:" not in b"".join(re.findall(rb"/URI \(([^)]*)\)", pdf))


def test_no_page_is_blank(pdf: bytes):
    found = book_pdf.objects(pdf)
    for number in book_pdf.page_order(found):
        content = re.search(rb"/Contents (\d+) 0 R", found[number])
        stream = found[int(content[1])].partition(b"stream\n")[2]
        drawn = zlib.decompressobj().decompress(stream)
        assert drawn.count(b"Tj") + drawn.count(b"TJ") > 1, number


def test_without_a_book_or_a_browser_it_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(book_pdf, "BOOK", tmp_path)
    assert book_pdf.main([]) == 1
    assert "make book" in capsys.readouterr().err
    (tmp_path / "index.html").write_text("")
    monkeypatch.setattr(book_pdf, "chromium", lambda: None)
    assert book_pdf.main([]) == 1
    assert "chromium" in capsys.readouterr().err
