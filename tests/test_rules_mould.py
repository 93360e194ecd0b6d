"""Every rule of the mould finds what breaks it, in small notebooks made for the
purpose, and lets the rest pass.
"""

import ast
import doctest

import nbformat
import outputs
import pytest
import rules_mould
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

COLLAPSED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
ANN = "@misc{ann1998,\n  author = {Ann, Bea and Cid, Dan},\n  year = {1998},\n"
BIBLIOGRAPHY = ANN + "  doi = {10.1/x(2)}\n}\n"


def code(source: str, *tags: str, html: str = "", said: str = "", **metadata: object):
    """Return a code cell with tags, and an output of HTML or Markdown."""
    data = {"text/html": html} if html else {"text/markdown": said}
    stored = [new_output("display_data", data=data)] if html or said else []
    metadata |= {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=stored, metadata=metadata)


def book(*cells):
    """Return a notebook of cells, and of texts as Markdown; a cell may come twice."""
    nodes = [new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    named = [NotebookNode(n, id=f"c{i}") for i, n in enumerate(nodes)]
    return new_notebook(cells=named)


def test_the_examples_of_the_rules_are_true():
    assert doctest.testmod(rules_mould).failed == 0


def test_wide_lines():
    wide = "x = '" + "y" * 75 + "'"
    assert "81 characters" in rules_mould.wide_lines(book(code(wide)))[0]
    assert rules_mould.wide_lines(book(code(wide, "hide-input")))
    assert not rules_mould.wide_lines(book(code(wide[:78] + "'")))
    assert not rules_mould.wide_lines(book(code(wide, "remove-input")))


def test_heavy_cells():
    short, long = code("a\nb\n\nc\nd"), code("a\nb\nc\nd\ne")
    assert rules_mould.heavy_cells(book(long, long, short)) == [
        "the median visible cell has 5 lines, at most 4"
    ]
    assert not rules_mould.heavy_cells(book(long, short, short))
    folded = code("a\nb\nc\nd\ne", "hide-input")
    assert not rules_mould.heavy_cells(book(folded, folded, short))


def test_too_few():
    explorer = code("explore(f)", html='<div class="dlp-explore">')
    guess = code("predict('How many?', answer=n)")
    assert not rules_mould.too_few(book(*[guess] * 4, *[explorer] * 2))
    assert rules_mould.too_few(book(*[guess] * 3, explorer)) == [
        "3 predictions, at least 4",
        "1 explorers, at least 2",
    ]


def test_missing_sections():
    both = "## A check against the world\n\n## An attack on the first answer"
    assert not rules_mould.missing_sections(book(both))
    said = "A check against the world. We attack.\n```\n# attack\n```"
    assert len(rules_mould.missing_sections(book(said))) == 2


@pytest.mark.parametrize(
    "source",
    [
        "show.say(f'It takes {n} times more.')",
        "say(f'{n} wins')",
        "show.say(f'So many: {n}. ' 'None is idle.')",
        "show.say('Every one, ' + f'{n}')",
    ],
)
def test_unheld(source):
    held = code("show.say(f'{n} is best.', holds=n > 2)")
    assert "without holds=" in rules_mould.unheld(book(held, code(source)))[0]
    assert rules_mould.unheld(book(code("show.say(f'{n} layers')"))) == [
        "no sentence carries holds="
    ]


@pytest.mark.parametrize(
    "source",
    [
        "show.say('More is written below.')",
        "show.say(f'{more} layers: {best[\"worst\"]}')",
        "show.say(f'{n} layers, unlessened')",
    ],
)
def test_held(source):
    held = code("show.say(f'{n} is best.', holds=n > 2)")
    assert not rules_mould.unheld(book(held, code(source)))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("## Thirteen of 16 layers", "16"),
        ("### Why 1 : 2?", "1"),
        (code("show.figure(f, alt='Bars.', caption='97.5 % of it')"), "97.5"),
        (code("show.figure(f, alt=f'{n} of 12', caption=c)"), "12"),
    ],
)
def test_typed_numbers(cell, number):
    assert f"has the number {number}" in rules_mould.typed_numbers(book(cell))[0]


@pytest.mark.parametrize(
    "cell",
    [
        "# VGG-16 and LeNet-5 since 2012",
        "## Where does 3 × 3 come from?\n\nFrom 9 places.",
        "### History 3. Write a rule engine",
        "text\n```\n# 12\n```",
        code("show.figure(f, alt=f'{n:.2f} of {k}', caption='F(2, 3), int8, top-5')"),
        code("show.table(rows, columns=['a1'], digits=2)"),
    ],
)
def test_no_typed_numbers(cell):
    assert not rules_mould.typed_numbers(book(cell))


def test_typed_numbers_in_a_module():
    tree = ast.parse("def f():\n    return figure(x, alt='12 bars', caption=f'{n}')")
    assert rules_mould.typed_numbers_in(tree) == ["the alt '12 bars' has the number 12"]


@pytest.mark.parametrize(
    "text",
    [
        "as {footcite}`a` says",
        "see {cite:t}`a`",
        ":::{exercise} One\n:::",
        "```{note}\nx\n```",
        "```{footbibliography}\n```",
        "see [](#there)",
        "(there)=\n## There",
        "{{ badges }}",
    ],
)
def test_leftover_syntax(text):
    assert rules_mould.leftover_syntax(book(text))
    assert rules_mould.leftover_syntax(book(code("show.say(x)", said=text)))


def test_no_leftover_syntax():
    plain = "## Why\n\n$x_{i}$`a` and $$\n\\sum_{i}\n$$ `{a}` [Ann 1998](#x)\n"
    plain += "```python\nx\n```"
    assert not rules_mould.leftover_syntax(book(plain, code("x = {a}")))


def test_stacked_bars():
    bar = code("plot()", "hide-input")
    assert rules_mould.stacked_bars(book(code("x"), bar, bar)) == [
        "cells 2 and 3 both show a bar"
    ]
    assert not rules_mould.stacked_bars(book(bar, "words", bar, code("x"), bar))


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code("show.say(f'{n}')"), "not tagged remove-input"),
        (code("exercises.solution('a.b')", "hide-input"), "not tagged remove-input"),
        (code("predictions()", "remove-input"), "not collapsed"),
        (
            code("show.table(x)", "remove-input", jupyter={"source_hidden": True}),
            "not collapsed",
        ),
    ],
)
def test_open_sentences(cell, problem):
    assert problem in rules_mould.open_sentences(book(cell))[0]


def test_closed_sentences():
    assert not rules_mould.open_sentences(
        book(code("show.say(x)", "remove-input", **COLLAPSED), code("x = 1"))
    )


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[Ann 1998](https://doi.org/10.1/x(2))", ""),
        ("[Ann and Cid 1998, table 2](http://dx.doi.org/10.1/X(2))", ""),
        ("[Ann 1999](https://doi.org/10.1/x(2))", "links to Ann, Bea and Cid, Dan"),
        ("[Cid 1998](https://doi.org/10.1/x(2))", "links to Ann, Bea and Cid, Dan"),
        ("[Ann 1998](https://example.org)", "not in references.bib"),
        ("[below](#ann-1998)", ""),
    ],
)
def test_wrong_links(link, problem):
    for cell in (f"So {link} says.", code("show.say(x)", said=f"So {link}.")):
        found = " ".join(rules_mould.wrong_links(book(cell), BIBLIOGRAPHY))
        assert problem in found and bool(problem) == bool(found)


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("eprint = {1706.03762}", "https://arxiv.org/pdf/1706.03762v5"),
        ("howpublished = {arXiv:1706.03762}", "https://arxiv.org/abs/1706.03762"),
        ("url = {https://www.a.org/b/}", "http://a.org/b"),
    ],
)
def test_ways_to_say_where_a_work_is(field, address):
    bibliography = f"{ANN}  {field}\n}}\n"
    assert not rules_mould.wrong_links(book(f"[Ann 1998]({address})"), bibliography)


def test_outputs_collapses_sentences_and_leaves_the_rest(tmp_path):
    cells = [code("x = 6"), code("from dlpatterns import show\nx * 7")]
    cells += [code("show.say(f'{x} layers')", "mine"), code("show.say('.')\nx")]
    cells += [code("x", "remove-input")]
    lecture = book("# Title", *cells)
    outputs.collapse_sentences(lecture)
    outputs.collapse_sentences(lecture)
    metadata = [dict(cell.metadata) for cell in lecture.cells]
    assert metadata == [
        {},
        {},
        {},
        {"tags": ["mine", "remove-input"], **COLLAPSED},
        {},
        {"tags": ["remove-input"], **COLLAPSED},
    ]
    assert rules_mould.open_sentences(lecture) == []


def test_storing_outputs_collapses_sentences(tmp_path, monkeypatch):
    said = "from IPython.display import Markdown, display"
    lecture = book(code(said), code("say = lambda x: display(Markdown(x))"))
    lecture.cells.append(code("say('Six.')"))
    path = tmp_path / "chapters" / "tiny.ipynb"
    path.parent.mkdir()
    nbformat.write(lecture, path)
    monkeypatch.setattr(outputs, "ROOT", tmp_path)
    outputs.main(["tiny"])
    stored = nbformat.read(path, 4)
    assert [c.metadata.get("tags") for c in stored.cells] == [
        None,
        None,
        ["remove-input"],
    ]
    assert stored.cells[2].outputs[0]["data"]["text/markdown"] == "Six."


def test_a_lecture_alone_is_found():
    onward = (
        "**Read on.** [A](a.ipynb) asks, [B](b.ipynb) answers, [C](c.ipynb) doubts."
    )
    said = {name: book(onward) for name in "abc"}
    assert not rules_mould.lone_lectures(said)
    said["c"] = book("**Read on.** [A](a.ipynb), [C](c.ipynb) itself.")
    said["a"] = book("[B](b.ipynb) in passing.")
    assert rules_mould.lone_lectures(said) == [
        "a has no **Read on.** with two other lectures",
        "only 1 other lectures link to b",
        "c has no **Read on.** with two other lectures",
        "only 1 other lectures link to c",
    ]
