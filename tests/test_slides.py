"""The decks of all lectures, read without a browser, and the tags that change what the
mould says. What they look like: test_slides_page.py.
"""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import decks  # noqa: E402
import slides  # noqa: E402

import build  # noqa: E402

LECTURES = sorted((ROOT / "chapters").glob("*.ipynb"))
OUTSIDE = re.compile(r"(?:src|href)=\"https?:|@import|url\(['\"]?https?:")


@pytest.fixture(scope="module", params=LECTURES, ids=lambda path: path.stem)
def lecture(request) -> tuple[nbformat.NotebookNode, BeautifulSoup]:
    book = nbformat.read(request.param, 4)
    page = decks.page(decks.decked(book), request.param.stem)
    return book, BeautifulSoup(page, "html.parser")


def outputs(book: nbformat.NotebookNode, mark: str) -> list[str]:
    """Return the HTML outputs of a lecture that hold a mark."""
    data = [
        output.get("data", {})
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    found = [one.get("text/html", "") for one in data]
    return [html for html in found if mark in html]


def headings(book: nbformat.NotebookNode, level: str) -> list[str]:
    """Return a lecture's headings of a level, as Markdown."""
    text = "\n".join(c.source for c in book.cells if c.cell_type == "markdown")
    return re.findall(rf"(?m)^{level} (.+)$", text)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_it_begins_with_title_question_and_aims(lecture):
    book, deck = lecture
    first, second = deck.select("section > section")[:2]
    title = book.cells[0].source.split("\n\n")[0]
    assert words(first.h1.text) == words(title)
    assert first.select_one(".shown em") and "?" in first.select_one(".shown").text
    assert len(second.select("li")) == 3


def test_each_section_is_a_column_of_its_name(lecture):
    book, deck = lecture
    wanted = [one for one in headings(book, "##") if one != "Sources"]
    columns = deck.select(".slides > section")[2:]
    seen = [column.select_one("section > h2").text for column in columns]
    tasks = [i for i, one in enumerate(wanted) if one.startswith("Exercises")]
    wanted[tasks[0]] = headings(book, "###")[-len(seen_tasks(deck))]
    assert list(map(words, seen)) == [words(w) for w in wanted]


def seen_tasks(deck: BeautifulSoup) -> list:
    return deck.select('section[data-kind="exercise"]')


def test_every_prediction_and_explorer_is_there_once_and_alone(lecture):
    book, deck = lecture
    for mark in (".dlp-predict", ".dlp-explore"):
        made = outputs(book, f'class="{mark[1:]}"')
        assert len(deck.select(f"section {mark}")) == len(made) > 0
    for slide in deck.select("section > section"):
        assert len(slide.select(".dlp-predict, .dlp-explore")) <= 1


def test_what_answers_a_prediction_is_not_on_its_slide(lecture):
    _, deck = lecture
    for asked in deck.select('section[data-kind="prediction"]'):
        assert not asked.select(".claims, figure, .dlp-table, .dlp-picture")


def test_exercises_have_their_text_their_form_and_their_solution(lecture):
    book, deck = lecture
    tasks = seen_tasks(deck)
    assert len(tasks) == len(outputs(book, 'class="dlp-solution"')) >= 4
    assert all(one.select_one("details.dlp-solution") for one in tasks)
    forms = deck.select('section[data-kind="exercise"] .dlp-answer')
    assert len(forms) == len(outputs(book, 'class="dlp-answer"'))


def test_whatever_the_lecture_says_is_in_the_speakers_notes(lecture):
    book, deck = lecture
    said = " ".join(words(deck.select_one(".slides").text))
    text = [c.source for c in book.cells[1:] if c.cell_type == "markdown"]
    for part in "\n\n".join(text).partition("## Sources")[0].split("\n\n"):
        plain = decks.rendered(re.sub(r"^#+ ", "", part))
        if plain and part not in ("## Exercises", "Exercises"):
            there = " ".join(words(BeautifulSoup(plain, "html.parser").text))
            assert there in said or "Exercises" in part


def test_nothing_comes_from_elsewhere_and_every_link_inside_leads_somewhere(lecture):
    _, deck = lecture
    for tag in deck.select("script[src], link[href], img[src]"):
        place = tag.get("src") or tag.get("href")
        assert place.startswith(("_static/", "data:")), place
    ids = {tag["id"] for tag in deck.select("section[id]")}
    inside = [a["href"][2:] for a in deck.select('a[href^="#/"]')]
    assert inside and set(inside) <= ids
    names = {path.stem for path in LECTURES}
    for link in deck.select("a[href]"):
        if not link["href"].startswith(("http", "#")):
            assert link["href"].partition(".html")[0] in names, link["href"]


SAID = {"text/markdown": "Small. **It is seven.** So there."}


def tiny(*tags: str) -> list[list[decks.Slide]]:
    """Return the slides of a lecture of three cells, the second with these tags."""
    title = "# T (题)\n\n*Why?*\n\n- a\n- b\n- c\n\n*About 5 minutes.*"
    told = new_output("display_data", data={"text/html": "<table><tr></table>"})
    said = new_output("display_data", data=SAID)
    cells = [
        new_markdown_cell(title),
        new_markdown_cell("## What is it?\n\nSeven, perhaps."),
        new_code_cell("show.table(1)", outputs=[told]),
        new_code_cell("show.table(2)", outputs=[told]),
        new_code_cell("show.say(1)", outputs=[said]),
    ]
    cells[3].metadata["tags"] = list(tags)
    return decks.decked(new_notebook(cells=cells))


def shape(columns: list[list[decks.Slide]]) -> list[list[int]]:
    """Return how much each slide shows, by column."""
    return [[len(slide.shown) for slide in column] for column in columns]


@pytest.mark.parametrize(
    "tags, expected",
    [
        ((), [[1], [1], [2]]),  # two short tables share a slide
        (("subslide",), [[1], [1], [1, 1]]),
        (("slide",), [[1], [1], [1], [1]]),
        (("skip",), [[1], [1], [1]]),
        (("notes",), [[1], [1], [1]]),
    ],
)
def test_tags_say_otherwise(tags, expected):
    made = tiny(*tags)
    assert shape(made) == expected
    assert made[-1][-1].claims == ["**It is seven.** So there."]


def test_a_table_kept_in_the_notes_is_in_the_notes():
    assert any("<table>" in note for note in tiny("notes")[-1][-1].notes)


def test_a_claim_keeps_its_words_and_marks():
    said = "First 5 of 7. **Two things. Both true.** As [Li et al. 2020](x) say."
    assert decks.sentences_of(said)[1:3] == ["**Two things.**", "**Both true.**"]
    assert decks.claims("Is it? It is small.") == ["Is it?"]
    assert decks.claims("Is it? It is the smallest of all of them.") == [
        "It is the smallest of all of them."
    ]


def test_without_reveal_it_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(slides, "REVEAL", tmp_path / "none")
    monkeypatch.setattr(build, "execute_changed", lambda paths: {})
    assert slides.main([]) == 1
    assert "npm ci" in capsys.readouterr().err
