"""Makes what a reader downloads run elsewhere: a first cell that finds or installs the
library, and the notebook with the library in one zip.
"""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sphinx.application import Sphinx

LOOK = 'import importlib.util\n\nif importlib.util.find_spec("dlpatterns") is None:\n'
INSTALL = LOOK + "    %pip install -q git+{address}"
EXPLAIN = LOOK + (
    "    raise ImportError(\n"
    '        "This notebook needs the library of its book: download the .zip at the "\n'
    '        "top of its page, unzip it, and start Jupyter in its folder."\n'
    "    ) from None"
)
FIRST = "install"
BESIDE = ("LICENSE", "LICENSE-TEXT")
WHEN = (1980, 1, 1, 0, 0, 0)  # the same bytes from every build


def first_source(repository: str) -> str:
    """Return the code of a downloaded notebook's first cell."""
    return INSTALL.format(address=repository) if repository else EXPLAIN


def add_first_cell(path: Path, repository: str) -> None:
    """Put a cell that finds or installs the library before everything else in a
    notebook.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if notebook["cells"] and notebook["cells"][0].get("id") != FIRST:
        cell = {"cell_type": "code", "id": FIRST, "metadata": {"cellView": "form"}}
        cell["metadata"]["jupyter"] = {"source_hidden": True}
        cell |= {"execution_count": None, "outputs": []}
        notebook["cells"].insert(0, cell | {"source": first_source(repository)})
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")


def offer_zip(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Put the zip of a lecture before the other downloads of its page."""
    if context.get("page_source_suffix") == ".ipynb":
        for group in context.get("header_buttons", []):
            if isinstance(group, dict) and group.get("label") == "download-buttons":
                button = {"type": "link", "text": ".zip", "icon": "fas fa-download"}
                button["url"] = f"{context['pathto']('_sources', 1)}/{page}.zip"
                button["tooltip"] = "Download the notebook with its library"
                button["label"] = "download-zip-button"
                group["buttons"].insert(0, button)


def write_zips(sources: Path, settings: Path) -> None:
    """Write beside each notebook under a folder a zip of it, of the library, and of
    what to install.
    """
    library = Path(find_spec("dlpatterns").origin).parent
    for notebook in sources.rglob("*.ipynb"):
        folder = notebook.stem
        with ZipFile(notebook.with_suffix(".zip"), "w", ZIP_DEFLATED) as packed:
            add(packed, f"{folder}/{notebook.name}", notebook.read_bytes())
            for path in files_of(library):
                place = path.relative_to(library.parent).as_posix()
                add(packed, f"{folder}/{place}", path.read_bytes())
            wanted = (settings / "requirements.txt").read_text(encoding="utf-8")
            add(packed, f"{folder}/requirements.txt", packages(wanted).encode())
            for name in BESIDE:
                if (settings / name).exists():
                    add(packed, f"{folder}/{name}", (settings / name).read_bytes())


def files_of(library: Path) -> Iterator[Path]:
    """Yield the files of a package, in order, without what Python keeps of them."""
    for path in sorted(library.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def add(packed: ZipFile, name: str, data: bytes) -> None:
    """Add a file to a zip, without the time of its making."""
    packed.writestr(ZipInfo(name, WHEN), data, ZIP_DEFLATED)


def packages(requirements: str) -> str:
    """Return requirements without the library, which lies beside the notebook.

    >>> packages("numpy==2.4.6\\n.\\n")
    'numpy==2.4.6\\n'
    """
    return "".join(f"{line}\n" for line in requirements.splitlines() if line != ".")
