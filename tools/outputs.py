"""Run lectures from top to bottom in a clean kernel and store their outputs in place.
Cells of sentences are taken off the page, and collapsed in JupyterLab and Colab.

python tools/outputs.py                  all lectures
python tools/outputs.py convolution      one of them
"""

import ast
import re
import sys
from pathlib import Path

import nbformat

from build import ROOT, execute

SENTENCES = {"say", "predict", "predictions", "solution"}
OFF_THE_PAGE = "remove-input"


def main(names: list[str]) -> None:
    """Execute the named lectures, or all of them, in place."""
    for path in [ROOT / "chapters" / f"{name}.ipynb" for name in names] or sorted(
        (ROOT / "chapters").glob("*.ipynb")
    ):
        book = nbformat.read(path, as_version=4)
        collapse_sentences(book)
        nbformat.write(book, path)
        print(execute(path, Path(path)), flush=True)


def collapse_sentences(book: nbformat.NotebookNode) -> None:
    """Tag the cells that do nothing but show sentences, and collapse all that are taken
    off the page.
    """
    for cell in book.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            if only_says(cell.source) and OFF_THE_PAGE not in tags:
                cell.metadata["tags"] = [*tags, OFF_THE_PAGE]
            if OFF_THE_PAGE in cell.metadata.get("tags", []):
                cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
                cell.metadata["cellView"] = "form"


def only_says(source: str) -> bool:
    """Tell whether every statement of a cell calls what shows a sentence.

    >>> [only_says(text) for text in ("show.say('x')", "x = 1", "")]
    [True, False, False]
    """
    body = ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)).body
    return bool(body) and all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and called(node.value) in SENTENCES
        for node in body
    )


def called(call: ast.Call) -> str:
    """Return the name that is called, without the module's."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


if __name__ == "__main__":
    main(sys.argv[1:])
