"""Make a deck of slides of each lecture, which opens in any browser and asks no server
for anything.

Run from the root of the repository:  python tools/slides.py [lecture ...]
"""

import re
import shutil
import sys
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

import decks
from pygments.formatters import HtmlFormatter

import build

ROOT = Path(__file__).resolve().parent.parent
SLIDES = ROOT / "_build" / "slides"
REVEAL = ROOT / "node_modules" / "reveal.js" / "dist"
BROUGHT = ("reveal.js", "reveal.css", "plugin/notes.js")
OURS = ("deck.css", "deck.js", "mode.js")
LIBRARY = ("explore/explore.css", "exercises/exercises.css", "exercises/exercises.js")
MATHJAX = "tex-mml-chtml.js"
STYLES = {"light": "a11y-high-contrast-light", "dark": "a11y-high-contrast-dark"}
NO_REVEAL = (
    "The slides need reveal.js, which npm brings: install npm, then run `npm ci` "
    "or `make slides`."
)


def lay_beside(target: Path) -> None:
    """Copy what the decks load into a folder: reveal.js, MathJax, the book's own style
    and scripts.
    """
    if not REVEAL.exists():
        raise build.Broken(NO_REVEAL)
    target.mkdir(parents=True, exist_ok=True)
    library = Path(find_spec("dlpatterns").origin).parent
    sources = [REVEAL / name for name in BROUGHT]
    sources += [Path(__file__).parent / "deck" / name for name in OURS]
    for source in [*sources, *(library / name for name in LIBRARY)]:
        shutil.copyfile(source, target / source.name)
    (target / "code.css").write_text(colours(), encoding="utf-8")
    copy_mathjax(target / "mathjax")


def colours() -> str:
    """Return the colours of code, on light and on dark ground."""
    return "\n".join(
        HtmlFormatter(style=style, nobackground=True).get_style_defs(
            f'html[data-theme="{mode}"] .highlight'
        )
        for mode, style in STYLES.items()
    )


def copy_mathjax(target: Path) -> None:
    """Copy MathJax and its fonts, as the book does."""
    for file in files("sphinx-mathjax-offline") or ():
        inside = file.as_posix().partition("static/mathjax/")[2]
        if inside == MATHJAX or inside.startswith("output/chtml/fonts/woff-v2"):
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target / inside)


def write_deck(notebook: Path, name: str, folder: Path) -> list[list[decks.Slide]]:
    """Write the deck of an executed lecture, and return its slides."""
    columns = decks.decked(build.read(notebook))
    (folder / f"{name}.html").write_text(decks.page(columns, name), encoding="utf-8")
    return columns


def index(found: dict[str, list[list[decks.Slide]]]) -> str:
    """Return a page that leads to every deck."""
    entries = "\n".join(
        f'<li><a href="{name}.html">{decks.rendered_line(columns[0][0].heading)}</a>'
        f"<br>{re.sub('</?p>', '', columns[0][0].shown[0])} "
        f"({sum(map(len, columns))} slides)</li>"
        for name, columns in found.items()
    )
    template = (Path(__file__).parent / "deck" / "index.html").read_text("utf-8")
    return template.replace("@ENTRIES@", entries)


def make(results: dict[Path, Path], folder: Path) -> int:
    """Write the decks of executed lectures into a folder, and return how many slides
    they have.
    """
    lay_beside(folder / "_static")
    found = {
        notebook.stem: write_deck(result, notebook.stem, folder)
        for notebook, result in results.items()
    }
    (folder / "index.html").write_text(index(found), encoding="utf-8")
    return sum(len(column) for columns in found.values() for column in columns)


def main(names: list[str]) -> int:
    """Make the decks of the lectures named, or of all; say which file to open."""
    try:
        results = build.execute_changed(ordered())
        chosen = {k: v for k, v in results.items() if not names or k.stem in names}
        count = make(chosen, SLIDES)
    except build.Broken as problem:
        print(f"The slides are not made: {problem}", file=sys.stderr)
        return 1
    print(f"{count} slides. Open this file:\n  {SLIDES / 'index.html'}")
    return 0


def ordered() -> list[Path]:
    """Return the lectures in the order of the table of contents."""
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    return sorted(build.lectures(), key=lambda one: contents.index(f"/{one.stem}\n"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
