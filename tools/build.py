"""Build the book: execute the lectures that changed, two at a time, then make the HTML
with warnings as errors.

Run from the root of the repository:  python tools/build.py
"""

import datetime
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this with an older one is told so
    sys.exit(
        "The book needs Python 3.11 or newer; this is "
        + sys.version.split()[0]
        + " in "
        + sys.executable
    )
try:
    import nbformat
    from nbclient import NotebookClient
except ImportError as error:
    sys.exit(
        f"{error.name} is not installed. Run `make book`, or see the plain "
        "commands "
        "in README.md."
    )

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build" / "executed"
STAGE = ROOT / "_build" / "stage"
FIRST_PAGE = ROOT / "_build" / "html" / "index.html"
BUILT = ROOT / "_build" / "built"  # the digest of what the pages were last built from
PAGES = ("*.md", "*.yml", "*.bib", "_static/**/*", "_ext/*.py")
AROUND = {"README.md", "CONTRIBUTING.md"}
TIMEOUT = 300  # seconds a cell
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def key(notebook: Path) -> str:
    """Return a digest of all that a lecture's outputs depend on: its cells, the
    library, the pinned versions.
    """
    digest = hashlib.sha256()
    for cell in nbformat.read(notebook, as_version=4).cells:
        digest.update(f"{cell.cell_type}{cell.metadata}{cell.source}".encode())
    for path in [*library(), ROOT / "requirements.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def library() -> list[Path]:
    """Return the files of the library, code and data."""
    return [
        path
        for path in sorted((ROOT / "lib").rglob("*"))
        if path.suffix in {".py", ".csv", ".json", ".js", ".css"}
    ]


def execute(notebook: Path, target: Path) -> str:
    """Run a notebook top to bottom in its own folder, write it with its outputs, and
    say how long it took.
    """
    start = time.perf_counter()
    book = nbformat.read(notebook, as_version=4)
    NotebookClient(
        book, timeout=TIMEOUT, resources={"metadata": {"path": str(notebook.parent)}}
    ).execute()
    tidy(book)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, target)
    return f"executed {notebook.stem} in {time.perf_counter() - start:.0f} s"


def tidy(book: nbformat.NotebookNode) -> None:
    """Remove what changes from run to run: time stamps, the version of the interpreter,
    and widgets.

    Before a reader has run a cell there is no widget, and JupyterLab would say so
    instead of showing the page's figure.
    """
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def execute_changed(notebooks: list[Path]) -> dict[Path, Path]:
    """Execute the notebooks whose digest is not in the cache, in two processes; return
    where each result is.
    """
    results = {path: CACHE / f"{path.stem}-{key(path)}.ipynb" for path in notebooks}
    changed = [path for path in notebooks if not results[path].exists()]
    with ProcessPoolExecutor(2) as pool:
        for line in pool.map(execute, changed, [results[path] for path in changed]):
            print(line, flush=True)
    for old in set(CACHE.glob("*.ipynb")) - set(results.values()):
        old.unlink()
    return results


def copy_if_changed(source: Path, target: Path) -> None:
    """Copy a file unless the target has the same bytes, so that Sphinx sees what has
    changed.
    """
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def stage(results: dict[Path, Path]) -> None:
    """Lay out the pages and the executed lectures for Sphinx, and remove what is no
    longer there.
    """
    wanted = {
        path: path.relative_to(ROOT)
        for pattern in PAGES
        for path in ROOT.glob(pattern)
        if path.is_file()
    }
    wanted = {path: place for path, place in wanted.items() if place.name not in AROUND}
    wanted |= {
        result: notebook.relative_to(ROOT) for notebook, result in results.items()
    }
    for source, place in wanted.items():
        copy_if_changed(source, STAGE / place)
    for path in STAGE.rglob("*"):
        if (
            path.is_file()
            and path.relative_to(STAGE) not in wanted.values()
            and "__pycache__" not in path.parts
        ):
            path.unlink()


def state() -> str:
    """Return a digest of all that the pages depend on: what is staged, the tools, the
    address, and the year.
    """
    digest = hashlib.sha256(
        f"{os.environ.get('BOOK_REPOSITORY')} {datetime.date.today().year}".encode()
    )
    staged = [
        path
        for path in sorted(STAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    tools = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt", Path(__file__)]
    for path in [
        *staged,
        *tools,
        *(path for path in library() if path.suffix in {".js", ".css"}),
    ]:
        digest.update(f"{os.path.relpath(path, ROOT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


def make_pages() -> int:
    """Let Jupyter Book write all pages, and return its exit status; 1 if the first page
    is not there after all.
    """
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(STAGE), "--all"]
    options = [
        "--path-output",
        str(ROOT),
        "--warningiserror",
        "--keep-going",
        "--quiet",
    ]
    status = subprocess.run(command + options, check=False).returncode
    return status or int(not FIRST_PAGE.exists())


def main() -> int:
    """Execute, stage, build unless nothing has changed; print the file to open."""
    stage(execute_changed(sorted((ROOT / "chapters").glob("*.ipynb"))))
    now = state()
    if FIRST_PAGE.exists() and BUILT.exists() and BUILT.read_text() == now:
        print("Nothing has changed since the book was built.")
    else:
        BUILT.unlink(missing_ok=True)
        if status := make_pages():
            print("\nThe book is not built: see the messages above.", file=sys.stderr)
            return status
        BUILT.write_text(now)
    print(f"\nThe book is built. Open this file:\n  {FIRST_PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
