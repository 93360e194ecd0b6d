"""Lay all pages of the built book out as one document for paper: title, contents,
lectures, back matter, solutions. `book_pdf` prints it.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

ON_SCREEN = {"count", "design"}  # pages that are programs; paper has nothing of them
DROPPED = (
    "script, form, .headerlink, .copybtn, button, noscript, .dlp-answer, "
    ".tag_hide-input > details, .toctree-wrapper, .dlp-controls"
)
UNANSWERED = 'div[style*="border-left: .3rem"]'


@dataclass
class Page:
    """One page of the book: its address in the built book, and what stands on it."""

    name: str
    part: str
    article: Tag

    @property
    def title(self) -> str:
        return " ".join(self.article.h1.get_text().split())


def contents(toc: Path) -> list[tuple[str, str]]:
    """Return the pages of a table of contents in order, each with its part's name."""
    told = yaml.safe_load(toc.read_text(encoding="utf-8"))
    rows = [(told["root"], "")]
    for part in told["parts"]:
        rows += [(one["file"], part["caption"]) for one in part["chapters"]]
    return [(name, part) for name, part in rows if name not in ON_SCREEN]


def read(book: Path, name: str, part: str) -> Page:
    """Return a page of the built book without what only a screen can do."""
    html = (book / f"{name}.html").read_text(encoding="utf-8")
    article = BeautifulSoup(html, "html.parser").select_one("article.bd-article")
    for explorer in article.select(".dlp-explore"):
        tell_state(explorer)
    for one in article.select(DROPPED):
        one.decompose()
    for one in article.select(UNANSWERED):
        one.decompose()
    for one in article.select("details"):
        one["open"] = ""
    for one in article.select("img[src], image[href]"):
        source = "src" if one.name == "img" else "href"
        if not one[source].startswith("data:"):
            place = (book / name).parent / one[source]
            one[source] = place.resolve().as_uri()
    return Page(name, part, article)


def tell_state(explorer: Tag) -> None:
    """Write below an explorer's figure which of its views the paper shows."""
    heads = [one.string or "" for one in explorer.select("script")]
    head = next((one for one in heads if '"start"' in one), "")
    if head and (caption := explorer.select_one("figcaption")):
        data = json.loads(head)
        views = 1
        for choice in data["choices"]:
            views *= len(choice)
        note = BeautifulSoup("", "html.parser").new_tag("small")
        note.string = f" (One of {views:,} views; the page shows the others.)"
        caption.append(note)


def key(name: str) -> str:
    """Return a page's name as part of an anchor.

    >>> key("chapters/roofline")
    'roofline'
    """
    return name.rpartition("/")[2]


def ask_only(page: Page) -> None:
    """Leave room for a guess where a prediction stands; its answer stands with the
    others at the lecture's end.
    """
    soup = BeautifulSoup("", "html.parser")
    place = page.article.select_one(".dlp-predictions")
    if place:
        place["id"] = "answers"
        place.p.string = "The predictions of this lecture, and what came out:"
        place.summary.decompose()
        place.details.name = "div"
    for one in page.article.select(".dlp-predict"):
        one.details.decompose()
        line = soup.new_tag("p", attrs={"class": "guess"})
        line.append("Your guess: ____________________  ")
        if place:
            link = soup.new_tag("a", href="#answers")
            link.string = "The answer stands at the end of the lecture."
            line.append(link)
        one.append(line)


def take_solutions(page: Page) -> list[Tag]:
    """Take the solutions of a lecture out, leaving a link in each place."""
    found = page.article.select("details.dlp-solution")
    soup = BeautifulSoup("", "html.parser")
    for number, one in enumerate(found, start=1):
        task = one.find_parent("section")
        here = task["id"]
        link = soup.new_tag("p", attrs={"class": "to-solution"})
        link.append(soup.new_tag("a", href=f"#solution-{number}"))
        link.a.string = one.summary.get_text()
        one.replace_with(link)
        head = soup.new_tag("h3", id=f"solution-{number}")
        back = soup.new_tag("a", href=f"#{here}")
        back.string = own_text(task.find(["h2", "h3"]))
        head.append(back)
        one.summary.replace_with(head)
        one.name, one["class"] = "div", "solution"
    return found


def own_text(heading: Tag) -> str:
    """Return a heading's words."""
    return " ".join(heading.get_text().split())


def anchor(part: Tag, page: Page, names: set[str]) -> None:
    """Make a part's anchors its page's own, and point its links at anchors of the one
    document; a link to what is not in it becomes plain words.
    """
    for one in part.select("[id]"):
        if not one.find_parent("svg"):
            one["id"] = f"{key(page.name)}--{one['id']}"
    for one in part.select("a[href]"):
        place, _, inside = one["href"].partition("#")
        if re.match(r"\w+:", place):
            continue
        target = key(place.removesuffix(".html")) if place else key(page.name)
        if target in names and (place.endswith(".html") or not place):
            one["href"] = f"#{target}--{inside}" if inside else f"#page-{target}"
        else:
            del one["href"]


def pages(book: Path, toc: Path, only: set[str] = frozenset()) -> list[Page]:
    """Return the pages that go on paper, or only those named."""
    rows = contents(toc)
    return [
        read(book, name, part) for name, part in rows if not only or key(name) in only
    ]


def document(book: Path, found: list[Page], numbers: dict[str, int]) -> str:
    """Return the whole book as one page of HTML, with page numbers in its contents."""
    names = {key(one.name) for one in found}
    back = []
    for page in found:
        ask_only(page)
        solved = take_solutions(page)
        anchor(page.article, page, names)
        if solved:
            box = BeautifulSoup("<div></div>", "html.parser").div
            box.extend(solved)
            anchor(box, page, names)
            back.append(f"<h2>{page.title}</h2>{box.decode_contents()}")
    style = next((book / "_static").glob("pages.css")).as_uri()
    ours = (Path(__file__).parent / "paper.css").as_uri()
    maths = (book / "_static" / "mathjax" / "tex-mml-chtml.js").as_uri()
    setting = (
        "window.MathJax={options:{enableMenu:false,ignoreHtmlClass:'tex2jax_ignore',"
        "processHtmlClass:'math'},startup:{typeset:true}}"
    )
    body = [title(found[0]), listed(found, back, numbers)]
    body += [
        f'<div class="sheet" id="page-{key(one.name)}">{one.article}</div>'
        for one in found
    ]
    if back:
        body.append(
            '<div class="sheet bd-article" id="page-solutions"><h1>Solutions</h1>'
            f"{''.join(back)}</div>"
        )
    return (
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        "<title>Deep-Learning Computation Patterns</title>"
        f'<link rel="stylesheet" href="{style}"><link rel="stylesheet" href="{ours}">'
        f"<script>{setting}</script></head><body>{''.join(body)}"
        f'<script src="{maths}"></script></body></html>'
    )


def title(first: Page) -> str:
    """Return the first sheet."""
    return (
        '<div class="cover"><p class="name">Deep-Learning Computation Patterns</p>'
        '<p class="name">深度学习计算模式</p><p>A book of lectures that run. On paper '
        "its figures show one view each, and its predictions leave room for yours.</p>"
        "</div>"
    )


def sections(page: Page) -> list[tuple[str, str]]:
    """Return anchor and words of a lecture's sections."""
    found = page.article.select("section > section > h2")
    return [(one.parent["id"], own_text(one)) for one in found if one.parent.get("id")]


def listed(found: list[Page], back: list[str], numbers: dict[str, int]) -> str:
    """Return the contents, each line with its page number if that is known."""
    rows, part = [], ""
    for page in found:
        if page.part != part:
            part = page.part
            rows.append(f'<p class="part">{part}</p>')
        rows.append(line(f"page-{key(page.name)}", page.title, numbers, "page"))
        if page.name.startswith("chapters/"):
            rows += [line(*one, numbers, "section") for one in sections(page)]
    if back:
        rows.append(line("page-solutions", "Solutions", numbers, "page"))
    return f'<div class="contents"><p class="head">Contents</p>{"".join(rows)}</div>'


def line(target: str, words: str, numbers: dict[str, int], kind: str) -> str:
    """Return one line of the contents."""
    number = numbers.get(target, "")
    return (
        f'<a class="line {kind}" href="#{target}"><span>{words}</span>'
        f'<span class="number">{number}</span></a>'
    )
