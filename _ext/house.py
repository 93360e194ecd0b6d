"""The book's own Sphinx extension: local MathJax, the year of the build, and everything
that hangs on the address.
"""

import datetime
import os
import re
import shutil
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

import designer
from beside import lay_beside
from downloads import add_first_cell, offer_zip, write_zips
from in_browser import lay_in, place_form
from light import lighten
from registers import write_register
from repairs import repair
from sphinx.application import Sphinx
from sphinx.config import Config
from verdicts import point_to_page, write_page

from dlpatterns.lectures import front, window

MATHJAX_SCRIPT = "tex-mml-chtml.js"
UNPUBLISHED = "Binder and Colab open it once the book has an address."
MATHJAX_FONTS = "output/chtml/fonts/woff-v2"
BROUGHT = ("explore/explore.css", "exercises/exercises.css", "exercises/exercises.js")


def address(config: Config) -> str:
    """Return the repository's address, from the environment or the setting, or ""
    before the book is published.
    """
    return os.environ.get("BOOK_REPOSITORY", config.book_repository).rstrip("/")


def configure(app: Sphinx, config: Config) -> None:
    """Put in the year of the build, the local MathJax, and the launch buttons if there
    is an address.
    """
    config.copyright = str(datetime.date.today().year)
    config.mathjax_path = f"mathjax/{MATHJAX_SCRIPT}"
    source = Path(app.srcdir)
    written = {path.stem for path in (source / "chapters").glob("*.ipynb")}
    config.myst_substitutions |= {
        "badges": badges(address(config), first_lecture(source)) or UNPUBLISHED,
        "findings": front.listed(written),
        "lectures": front.mapped(written),
        "window": window.drawing(),
    }
    if address(config):
        config.html_theme_options |= {
            "repository_url": address(config),
            "repository_branch": "main",
            "path_to_docs": "",
            "use_repository_button": True,
            "launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "notebook_interface": "jupyterlab",
            },
        }


def first_lecture(source: Path) -> str:
    """Return the path of the first notebook that the table of contents names."""
    entries = re.findall(
        r"file: *(\S+)", (source / "_toc.yml").read_text(encoding="utf-8")
    )
    return next(
        (f"{entry}.ipynb" for entry in entries if (source / f"{entry}.ipynb").exists()),
        "",
    )


def badges(repository: str, lecture: str) -> str:
    """Return Markdown links that open the book in Binder and its first lecture in
    Colab, or nothing without an address.
    """
    if not repository:
        return ""
    path = repository.removeprefix("https://github.com/")
    binder = f"https://mybinder.org/v2/gh/{path}/main?urlpath=lab/tree/chapters"
    colab = f"https://colab.research.google.com/github/{path}/blob/gh-pages/_sources/{lecture}"
    return (
        f"[Open all lectures in Binder]({binder}) · [Open the first in "
        f"Colab]({colab}) · [Source]({repository})"
    )


def point_colab_to_pages(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Send Colab to the published copy of a notebook, which begins with an install
    cell.
    """
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []) if isinstance(group, dict) else []:
            if "colab.research.google.com" in button.get("url", ""):
                button["url"] = button["url"].replace(
                    "/blob/main/", "/blob/gh-pages/_sources/"
                )


def drop_thebe(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Take out the scripts for running cells on a page: the book does not, and they
    would come from elsewhere.
    """
    kept = [
        file
        for file in context.get("script_files", [])
        if "thebe" not in f"{file}{vars(file)}".lower()
    ]
    context["script_files"] = kept
    context["css_files"] = [
        file
        for file in context.get("css_files", [])
        if "thebe" not in f"{file}".lower()
    ]


def finish(app: Sphinx, error: Exception | None) -> None:
    """Put MathJax and the library's style into the built book, make its pages light and
    its notebooks ready for download.
    """
    if error is None and app.builder.format == "html":
        pages = Path(app.outdir)
        library = Path(find_spec("dlpatterns").origin).parent
        for path in BROUGHT:
            shutil.copyfile(library / path, pages / "_static" / Path(path).name)
        copy_mathjax(pages / "_static" / "mathjax")
        repair(pages)
        lighten(pages)
        lay_beside(pages)
        lay_in(pages, Path(app.srcdir))
        for notebook in (pages / "_sources").rglob("*.ipynb"):
            add_first_cell(notebook, address(app.config))
        write_zips(pages / "_sources", Path(app.srcdir))


def copy_mathjax(target: Path) -> None:
    """Copy the one script and the fonts that the pages use from the package
    sphinx-mathjax-offline.
    """
    for file in files("sphinx-mathjax-offline") or ():
        inside = file.as_posix().partition("static/mathjax/")[2]
        if inside == MATHJAX_SCRIPT or inside.startswith(MATHJAX_FONTS):
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target / inside)


def setup(app: Sphinx) -> dict:
    """Connect the extension to the build."""
    app.add_config_value("book_repository", "", "html")
    app.connect("config-inited", configure, priority=900)
    app.connect("source-read", write_page)
    app.connect("source-read", write_register)
    app.connect("html-page-context", point_to_page, priority=900)
    app.connect("html-page-context", point_colab_to_pages, priority=900)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", offer_zip, priority=900)
    app.connect("html-page-context", place_form, priority=900)
    app.connect("html-page-context", designer.place_form, priority=900)
    app.add_css_file("explore.css")
    app.add_css_file("exercises.css")
    app.connect("build-finished", finish, priority=900)  # behind the themes
    return {"parallel_read_safe": True, "parallel_write_safe": True}
