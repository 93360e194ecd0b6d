"""A book of three pages in a folder of its own, with the settings, extension and style
of the real one.
"""

import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
TOC = (
    "format: jb-book\nroot: intro\nparts:\n- caption: One\n  chapters:\n  - file: "
    "chapters/tiny\n  - file: running\n"
)
INTRO = "# Tiny\n\n{{ window }}\n\n{{ findings }}\n\n{{ badges }}\n\n{{ lectures }}\n"


def make(folder: Path) -> Path:
    """Write the tiny book's sources into a folder and return it."""
    for name in (
        "_config.yml",
        "references.bib",
        "requirements.txt",
        "requirements-dev.txt",
    ):
        shutil.copyfile(ROOT / name, folder / name)
    running = (ROOT / "running.md").read_text(encoding="utf-8")
    (folder / "running.md").write_text(without_links(running), encoding="utf-8")
    for name in ("_ext", "_static"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "intro.md").write_text(INTRO, encoding="utf-8")
    (folder / "_toc.yml").write_text(TOC, encoding="utf-8")
    (folder / "lib").mkdir()
    (folder / "lib" / "code.py").write_text("ANSWER = 42\n", encoding="utf-8")
    write_lecture(folder, "6 * 7")
    return folder


def without_links(page: str) -> str:
    """Return a page without its links to other pages, which the tiny book has not.

    >>> without_links("See the [glossary](glossary.md) and [NumPy](https://numpy.org).")
    'See the glossary and [NumPy](https://numpy.org).'
    """
    return re.sub(r"\[([^\]]*)\]\(\w+\.md\)", r"\1", page)


def write_lecture(folder: Path, source: str) -> Path:
    """Write the tiny book's one lecture, with that code, and return where it is."""
    title = new_markdown_cell(
        "# A tiny lecture\n\nWith mathematics: $a^2 + b^2 = c^2$.", id="title"
    )
    book = new_notebook(cells=[title, new_code_cell(source, id="code")])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    path = folder / "chapters" / "tiny.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(book, path)
    return path


def settle(monkeypatch, folder: Path):
    """Return the module tools/build.py, made to work in that folder."""
    import build

    places = {
        "ROOT": ".",
        "CACHE": "_build/executed",
        "HOME": "_build/home",
        "STAGE": "_build/stage",
        "BUILT": "_build/built",
    }
    for name, place in (places | {"FIRST_PAGE": "_build/html/index.html"}).items():
        monkeypatch.setattr(build, name, folder / place)
    return build
