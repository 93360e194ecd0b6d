"""Build the book: execute the lectures that changed, two at a time, then make the HTML
with warnings as errors.

Run from the root of the repository:  python tools/build.py
"""

import contextlib
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
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
    import yaml
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )
except ImportError as error:
    sys.exit(
        f"{error.name} is not installed. Run `make book`, or see the plain "
        "commands "
        "in README.md."
    )

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build" / "executed"
HOME = ROOT / "_build" / "home"  # what kernels and Matplotlib write; no reader's own
STAGE = ROOT / "_build" / "stage"
FIRST_PAGE = ROOT / "_build" / "html" / "index.html"
BUILT = ROOT / "_build" / "built"  # the digest of what the pages were last built from
PAGES = ("*.md", "*.yml", "*.bib", "_static/**/*", "_ext/*.py", "LICENSE*", "req*.txt")
AROUND = {"README.md", "CONTRIBUTING.md"}
PYODIDE = ROOT / "node_modules" / "pyodide" / "package.json"  # npm brings it, or not
TIMEOUT = 300  # seconds a cell
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def key(notebook: Path) -> str:
    """Return a digest of all that a lecture's outputs depend on: its cells, the
    library, the pinned versions.
    """
    digest = hashlib.sha256()
    for cell in read(notebook).cells:
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


class Broken(RuntimeError):
    """What keeps the book from being built, in a sentence for who builds it."""


def execute(notebook: Path, target: Path) -> str:
    """Run a notebook top to bottom in its own folder, write it with its outputs, and
    say how long it took.
    """
    start = time.perf_counter()
    book = read(notebook)
    where = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(book, timeout=TIMEOUT, resources=where)
    with tempfile.TemporaryDirectory() as sockets:
        if sys.platform != "win32":  # over TCP a kernel warns of listeners
            manager = client.create_kernel_manager()
            manager.transport, manager.ip = "ipc", f"{sockets}/kernel"
        try:
            client.execute(env=quiet(os.environ))
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise Broken(told(notebook, book, error)) from None
    tidy(book)
    write(book, target)
    return f"executed {notebook.stem} in {time.perf_counter() - start:.0f} s"


def read(notebook: Path) -> nbformat.NotebookNode:
    """Return a notebook, or say that a file is none."""
    try:
        return nbformat.read(notebook, as_version=4)
    except (ValueError, nbformat.ValidationError) as error:
        raise Broken(f"{placed(notebook)} is no notebook: {error}") from None


def write(book: nbformat.NotebookNode, target: Path) -> None:
    """Write a notebook beside its target and then put it there, so that it is there
    whole or not at all.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    nbformat.write(book, unfinished)
    unfinished.replace(target)


def told(notebook: Path, book: nbformat.NotebookNode, error: Exception) -> str:
    """Say in which cell a lecture failed, and of what."""
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return (
                    f"{placed(notebook)}, code cell {number}, raises "
                    f"{output.ename}: {without_colour(output.evalue)}"
                )
    return f"{placed(notebook)} did not end: {without_colour(str(error))}"


def placed(path: Path) -> str:
    """Return a path as it is from the root of the repository."""
    return os.path.relpath(path, ROOT).replace(os.sep, "/")


def without_colour(text: str) -> str:
    """Return a text without the marks that colour it in a terminal.

    >>> without_colour("\\x1b[31mred\\x1b[0m")
    'red'
    """
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a reader's own settings of IPython, Jupyter and
    Matplotlib change nothing, and in which nothing is written to the reader's home.
    """
    places = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR")
    HOME.mkdir(parents=True, exist_ok=True)
    ours = {name: str(HOME / name.lower()) for name in places}
    kept = {
        name: value for name, value in environment.items() if name != "MATPLOTLIBRC"
    }
    return kept | ours


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
    changed = [path for path in notebooks if not whole(results[path])]
    with ProcessPoolExecutor(2) as pool:
        for line in pool.map(execute, changed, [results[path] for path in changed]):
            print(line, flush=True)
    for old in set(CACHE.glob("*")) - set(results.values()):
        old.unlink()
    return results


def whole(result: Path) -> bool:
    """Tell whether a lecture's result is there, and not cut off."""
    try:
        return bool(nbformat.read(result, as_version=4).cells)
    except (OSError, ValueError, nbformat.ValidationError):
        return False


def lectures() -> list[Path]:
    """Return the notebooks that the table of contents names, and say which others lie
    beside them.
    """
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    named = {f"{name}.ipynb" for name in files_in(yaml.safe_load(contents))}
    found = sorted((ROOT / "chapters").glob("*.ipynb"))
    for path in found:
        if placed(path) not in named:
            print(f"{placed(path)} is not in _toc.yml: left out of the book.")
    return [path for path in found if placed(path) in named]


def files_in(contents: object) -> Iterator[str]:
    """Yield the files that a table of contents names, at any depth."""
    if isinstance(contents, dict):
        yield from (value for name, value in contents.items() if name == "file")
        contents = list(contents.values())
    if isinstance(contents, list):
        for part in contents:
            yield from files_in(part)


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
    for path in [*staged, *tools, *library(), *filter(Path.exists, [PYODIDE])]:
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
    status = subprocess.run(
        command + options, check=False, env=quiet(os.environ)
    ).returncode
    return status or int(not FIRST_PAGE.exists())


def main() -> int:
    """Build the book, or say in a sentence why it can't be built."""
    try:
        return build()
    except Broken as problem:
        print(f"\nThe book is not built: {problem}", file=sys.stderr)
    except OSError as error:
        print(
            f"\nThe book is not built: {placed(error.filename or ROOT)} cannot be read "
            f"or written ({error.strerror}). Make it so, or move it away.",
            file=sys.stderr,
        )
    return 1


def build() -> int:
    """Execute, stage, build unless nothing has changed; print the file to open."""
    stage(execute_changed(lectures()))
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
    with contextlib.suppress(OSError):  # main says so, if nothing can be written there
        os.environ.update(quiet(os.environ))
    sys.exit(main())
