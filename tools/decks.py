"""Turn a lecture into slides: what goes on each follows from the mould of lectures; a
cell's tags may say otherwise.

A section is a column of slides. Its first carries the heading; each prediction, figure,
explorer, table and printed result gets a slide; the bold sentences behind it become its
take-away; whatever is only said goes into the speaker's notes. Tags: `slide` begins a
column, `subslide` a slide, `fragment` adds a cell whole to the slide before it, `notes`
keeps it in the notes, `skip` leaves it out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

WHOLE = ("What this asks of the chip", "Summary")  # sections whose sentences are shown
LEFT_OUT = ("Sources",)
TAGS = {"slide", "subslide", "fragment", "notes", "skip"}
CLOSED = {"remove-input", "hide-input"}
DRAWN = '<div class="math">'
LIST = re.compile(r"^(?:\d+\.|[-*]) ", re.M)
FORMULA = re.compile(r"\$\$.*?\$\$", re.S)
END = re.compile(r"(?<!al)([.!?](?:\*\*)?)\s+(?=[A-Z*\d`(\"“$\[])")
LEAD = 5  # words: what is shorter says little alone
MOST_ITEMS, MOST_ROWS = 10, 14
MOST_CHARACTERS = 420  # of the take-aways on one slide


@dataclass
class Slide:
    """One slide: what it is headed by, shows, concludes, and what is said to it."""

    heading: str
    kind: str = "text"
    anchor: str = ""
    shown: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _drawn(self, tokens: list, at: int, options: dict, env: dict) -> str:
    """Return a formula as MathJax finds it."""
    display = tokens[at].type.startswith("math_block")
    left, right = (r"\[", r"\]") if display else (r"\(", r"\)")
    name = "div" if display else "span"
    text = f"{left}{escape(tokens[at].content)}{right}"
    return f'<{name} class="math">{text}</{name}>'


def coloured(source: str) -> str:
    """Return Python code as HTML, its words in colours."""
    return highlight(source, PythonLexer(), HtmlFormatter())


def reader() -> MarkdownIt:
    """Return a parser for the Markdown of lectures."""
    options = {"html": True, "highlight": lambda code, *_: coloured(code)}
    parser = MarkdownIt("commonmark", options).enable("table")
    parser.use(dollarmath_plugin, allow_space=True, double_inline=True)
    for rule in ("math_inline", "math_inline_double", "math_block"):
        parser.add_render_rule(rule, _drawn)
    return parser


MARKDOWN = reader()


def rendered(text: str) -> str:
    """Return Markdown as HTML, its links pointing into the decks.

    >>> rendered("*How* [deep](history.ipynb#the-roof)?")
    '<p><em>How</em> <a href="history.html#/the-roof">deep</a>?</p>'
    """
    html = MARKDOWN.render(text).strip()
    html = re.sub(r'href="#([^"]*)"', r'href="#/\1"', html)
    html = re.sub(r'href="(\w+)\.ipynb(?:#([^"]*))?"', _to_deck, html)
    return re.sub(r'<a href="(?!https?:|#|\w+\.html)[^"]*">(.*?)</a>', r"\1", html)


def _to_deck(link: re.Match) -> str:
    return f'href="{link[1]}.html' + (f'#/{link[2]}"' if link[2] else '"')


def slug(heading: str) -> str:
    """Return the anchor that the book gives to a heading.

    >>> slug("Which of VGG-16's layers? (AI 计算)")
    'which-of-vgg-16s-layers-ai-计算'
    """
    kept = re.sub(r"[^\w\s-]", "", heading.lower().strip())
    return re.sub(r"\s", "-", kept)


def claims(said: str) -> list[str]:
    """Return the sentences that a lecture prints bold, with what a few bold words lead
    into; the first full sentence if none is bold.

    >>> claims("It is small. **But it wins.** And how. **It does not:** it hides.")
    ['**But it wins.** And how.', '**It does not:** it hides.']
    """
    sentences = sentences_of(said)
    found = []
    for sentence, following in zip(sentences, [*sentences[1:], ""], strict=True):
        lead = re.fullmatch(r"\*\*[^*]*\*\*", sentence) and sentence.count(" ") < LEAD
        if "**" in sentence:
            found.append(f"{sentence} {following}".strip() if lead else sentence)
    told = (s for s in sentences if s.count(" ") >= LEAD and not s.endswith("?"))
    return found or [next(told, sentences[0])]


def sentences_of(said: str) -> list[str]:
    """Return the sentences of a text, each with the marks of its own bold words.

    >>> sentences_of("**Few win. Why?** As [Lee et al. 2017](x) say.")
    ['**Few win.**', '**Why?**', 'As [Lee et al. 2017](x) say.']
    """
    found, bold = [], False
    for paragraph in said.split("\n\n"):
        if not FORMULA.match(paragraph.strip()):
            for one in END.sub("\\1\0", paragraph.strip()).split("\0"):
                opened = "**" + one if bold else one
                bold = opened.count("**") % 2 == 1
                found.append(opened + "**" if bold else opened)
    return found


def parts_of(said: str) -> list[str]:
    """Return a text whole, or a long list in two halves."""
    items = re.split(r"(?m)^(?=(?:\d+\.|[-*]) )", said)
    middle = len(items) // 2 + 1
    if len(items) <= MOST_ITEMS:
        return [said]
    return ["".join(items[:middle]), "".join(items[middle:])]


def decked(book: NotebookNode) -> list[list[Slide]]:
    """Return the slides of a lecture, a column for each section."""
    return Writer().write(book)


class Writer:
    """Reads the cells of a lecture in order and keeps where it is."""

    def __init__(self) -> None:
        self.columns: list[list[Slide]] = []
        self.section = ""
        self.pending: list[str] = []  # notes to the slide that comes

    def write(self, book: NotebookNode) -> list[list[Slide]]:
        """Return the slides of all cells."""
        self._open(book.cells[0].source)
        for cell in book.cells[1:]:
            tags = TAGS & set(cell.metadata.get("tags", []))
            if "skip" not in tags:
                self._take(cell, tags)
        self._settle()
        return [column for column in self.columns if column]

    def _open(self, source: str) -> None:
        """Make the title slide and the slide of what students will be able to do."""
        title, *rest = source.split("\n\n")
        question = next(one for one in rest if re.fullmatch(r"\*[^*].*\*", one, re.S))
        slide = Slide(title.removeprefix("# "), "title", "title", [rendered(question)])
        goals = [one for one in rest if LIST.match(one)]
        slide.notes = [rendered(one) for one in rest if one not in [*goals, question]]
        shown = [rendered(one) for one in goals]
        self.columns = [
            [slide],
            [Slide("What you will be able to do", "goals", "goals", shown)],
        ]

    @property
    def _last(self) -> Slide:
        return self.columns[-1][-1]

    def _take(self, cell: NotebookNode, tags: set[str]) -> None:
        if cell.cell_type == "markdown":
            for part in re.split(r"(?m)^(?=##+ )", cell.source):
                self._text(part, tags)
        elif not self.section.startswith(LEFT_OUT):
            self._code(cell, tags)

    def _text(self, source: str, tags: set[str]) -> None:
        heading = re.match(r"(##+) +(.+)\n*", source)
        rest = source[heading.end() :] if heading else source
        if heading and heading[1] == "##":
            self._begin(heading[2])
        if self.section.startswith(LEFT_OUT):
            return
        if heading and heading[1] != "##":
            self._task(heading[2], rest)
        elif "fragment" in tags:
            self._last.shown.append(f'<div class="fragment">{rendered(rest)}</div>')
        elif rest.strip():
            self._prose(rest, tags)

    def _begin(self, heading: str) -> None:
        self._settle()
        self.section = heading
        if not heading.startswith(LEFT_OUT):
            self.columns.append([Slide(heading, "section", slug(heading))])

    def _settle(self) -> None:
        """Give what was said last to the slide that stands last."""
        self._last.notes += self.pending
        self.pending = []

    def _task(self, heading: str, text: str) -> None:
        """Make the slide of an exercise, or of a part of a section."""
        self._settle()
        task = self.section.startswith("Exercises")
        kind = "exercise" if task else "section"
        made = Slide(heading, kind, slug(heading))
        if self._last.kind == "section" and task and not self._last.shown:
            made.notes += self._last.notes
            self.columns[-1].pop()
        self.columns[-1].append(made)
        if task:
            made.shown.append(rendered(text))
        elif text.strip():
            self._prose(text, set())

    def _prose(self, text: str, tags: set[str]) -> None:
        """Show lists, tables and formulas of a text; all of it goes into the notes."""
        parts = [one for one in text.split("\n\n") if self._is_shown(one)]
        if parts and "notes" not in tags:
            slide = self._fresh("text", tags)
            slide.shown += [rendered(self._bare(one)) for one in parts]
        self.pending.append(rendered(text))

    @staticmethod
    def _is_shown(part: str) -> bool:
        return bool(LIST.match(part) or part.startswith("|") or FORMULA.search(part))

    @staticmethod
    def _bare(part: str) -> str:
        """Return the formulas of a paragraph, or the whole of a list or table."""
        found = FORMULA.findall(part)
        return "\n\n".join(found) if found and not LIST.match(part) else part

    def _fresh(
        self, kind: str, tags: set[str] = frozenset(), long: bool = False
    ) -> Slide:
        """Return the slide for something to be shown: the last one while nothing is on
        it, or only formulas; a new one otherwise.
        """
        last = self._last
        free = not last.claims and all(one.startswith(DRAWN) for one in last.shown)
        free = free and not (long and last.shown)
        if "slide" in tags:
            self.columns.append([Slide(self.section, kind)])
        elif not free or "subslide" in tags or last.kind in ("title", "goals"):
            self.columns[-1].append(Slide(self.section, kind))
        self._last.kind = kind
        self._last.notes += self.pending
        self.pending = []
        return self._last

    def _code(self, cell: NotebookNode, tags: set[str]) -> None:
        shown = [one for one in map(output, cell.outputs) if one]
        for kind, html in shown:
            if kind == "said":
                self._say(html, tags)
            elif kind == "folded":
                continue
            elif "notes" in tags:
                self.pending.append(html)
            elif kind in ("answer", "solution") or "fragment" in tags:
                self._last.shown.append(html)
            else:
                code = coloured(cell.source) if is_code(cell, kind) else ""
                self._exhibit(kind, code + html, tags)

    def _exhibit(self, kind: str, html: str, tags: set[str]) -> None:
        """Put a prediction, figure, explorer, table or printed text on its slide."""
        last = self._last
        second = kind == "table" == last.kind and not (last.claims or self.pending)
        second = second and not tags
        if second and last.shown[-1].count("<tr>") + html.count("<tr>") < MOST_ROWS:
            last.shown.append(html)
        else:
            long = kind in ("program", "printed") and html.count("\n") > MOST_ROWS
            made = self._fresh(kind, tags, long)
            made.shown.append(html)
            if kind == "predictions" and not made.anchor:
                made.heading = "Your predictions"

    def _say(self, said: str, tags: set[str]) -> None:
        """Show sentences whole where they are the point, else their claims."""
        if self.section.startswith(WHOLE) or LIST.search(said) or "slide" in tags:
            for part in parts_of(said):
                self._fresh("text", tags).shown.append(rendered(part))
        elif "notes" not in tags:
            room = MOST_CHARACTERS - sum(map(len, self._last.claims))
            found = claims(said)
            while found and len(" ".join(found)) > room:
                found.pop()
            self._last.claims += found
        if self._last.kind == "prediction" and self._last.claims:
            self._answered()
        self._settle()
        self._last.notes.append(rendered(said))

    def _answered(self) -> None:
        """Move claims off the slide that asks: they would give the answer away."""
        asked = self._last
        told = Slide(self.section, "text")
        told.shown = [f"<p>{rendered_line(one)}</p>" for one in asked.claims]
        asked.claims = []
        self.columns[-1].append(told)


def rendered_line(text: str) -> str:
    """Return one sentence of Markdown as HTML without a paragraph around it."""
    return rendered(text).removeprefix("<p>").removesuffix("</p>")


def output(made: NotebookNode) -> tuple[str, str] | None:
    """Return an output's kind and HTML; of sentences, their Markdown."""
    if made.output_type == "stream":
        return "printed", f"<pre>{escape(made.text)}</pre>"
    data = made.get("data", {})
    if "text/html" in data:
        return kind_of(data["text/html"]), data["text/html"]
    if data.get("text/markdown", "").startswith("```"):
        return "program", rendered(data["text/markdown"])
    if data.get("text/markdown", "").startswith("<details"):
        return "folded", data["text/markdown"]
    if "text/markdown" in data:
        return "said", data["text/markdown"]
    if "text/plain" in data:
        return "printed", f"<pre>{escape(data['text/plain'])}</pre>"
    return None


def kind_of(html: str) -> str:
    """Return what a piece of HTML is, by the class the library gives it."""
    marks = {
        'class="dlp-predict"': "prediction",
        'class="dlp-predictions"': "predictions",
        'class="dlp-solution"': "solution",
        "dlp-answer": "answer",
        "dlp-explore": "explorer",
        "<details": "folded",
        "border-left: .3rem": "answer",
        "<table": "table",
        "<svg": "figure",
        "<img": "figure",
    }
    return next((kind for mark, kind in marks.items() if mark in html), "explorer")


def is_code(cell: NotebookNode, kind: str) -> bool:
    """Tell whether a cell's code belongs on the slide: it prints, and is not folded."""
    return kind == "printed" and not CLOSED & set(cell.metadata.get("tags", []))


def lines(slide: Slide) -> Iterator[str]:
    """Yield the HTML of one slide."""
    anchor = f' id="{escape(slide.anchor)}"' if slide.anchor else ""
    level = "h1" if slide.kind == "title" else "h2"
    yield f'<section{anchor} class="{slide.kind}" data-kind="{slide.kind}">'
    yield f"<{level}>{rendered_line(slide.heading)}</{level}>"
    yield '<div class="body"><div class="fit"><div class="shown">'
    yield from slide.shown
    yield "</div>"
    if slide.claims:
        said = "".join(f"<p>{rendered_line(one)}</p>" for one in slide.claims)
        yield f'<div class="claims fragment">{said}</div>'
    yield "</div></div>"
    if slide.notes:
        yield f'<aside class="notes">{"".join(slide.notes)}</aside>'
    yield "</section>"


def page(columns: list[list[Slide]], name: str) -> str:
    """Return the deck of a lecture as a page that needs only the files beside it."""
    slides = "\n".join(
        "\n".join(
            ["<section>", *(s for one in column for s in lines(one)), "</section>"]
        )
        for column in columns
    )
    template = (Path(__file__).parent / "deck" / "deck.html").read_text("utf-8")
    title = escape(re.sub(r"[*`$]", "", columns[0][0].heading))
    parts = {"@TITLE@": title, "@NAME@": name, "@SLIDES@": slides}
    for mark, text in parts.items():
        template = template.replace(mark, text)
    return template
