"""Run the lectures wherever a reader might: other processors, threads, folders, homes,
orders, and the oldest and newest packages that the library allows.

    python tools/everywhere.py                 every surrounding, every lecture
    python tools/everywhere.py --list          what there is
    python tools/everywhere.py --only alone "oldest packages" --lectures history pruning

Each surrounding is one run of strict nbval, so that "passed" means: the same printed
numbers. A table is printed and written to _build/everywhere.md; the exit status is the
number of surroundings that failed. All of it takes some hours; nothing is installed
into the book's own environment.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "_build" / "everywhere.md"
NBVAL = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval")
NEEDED = ("pytest", "nbval", "ipykernel")  # beside what the library itself asks for
HOSTILE = """
backend: svg
font.size: 31
text.usetex: True
lines.linewidth: 9
axes.facecolor: red
axes.prop_cycle: cycler("color", ["w"])
savefig.bbox: standard
figure.figsize: 20, 2
"""


@dataclass(frozen=True)
class Place:
    """A folder to run in, the Python there, and the notebooks as it names them."""

    folder: Path
    python: Path
    chapters: str = "chapters"
    variables: dict[str, str] = field(default_factory=dict)


@contextmanager
def as_usual() -> Iterator[Place]:
    """Give the repository itself."""
    yield Place(ROOT, Path(sys.executable))


@contextmanager
def in_chapters() -> Iterator[Place]:
    """Give the folder of the notebooks."""
    yield Place(ROOT / "chapters", Path(sys.executable), ".")


@contextmanager
def in_an_odd_folder() -> Iterator[Place]:
    """Give a copy of the book in a folder with blanks and letters beyond ASCII."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "ein Ordner für 深度学习"
        ignored = shutil.ignore_patterns(".git", ".venv", "_build", "node_modules")
        shutil.copytree(ROOT, folder, ignore=ignored)
        library = {"PYTHONPATH": str(folder / "lib")}
        yield Place(folder, Path(sys.executable), variables=library)


@contextmanager
def without_a_home() -> Iterator[Place]:
    """Give a home that nobody can write to."""
    with tempfile.TemporaryDirectory() as home:
        nowhere = Path(home) / "a file, not a folder"
        nowhere.write_text("no home")
        yield Place(ROOT, Path(sys.executable), variables={"HOME": str(nowhere)})


@contextmanager
def beside_a_hostile_style() -> Iterator[Place]:
    """Give a matplotlibrc that makes every figure ugly or impossible."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "matplotlibrc").write_text(HOSTILE)
        yield Place(ROOT, Path(sys.executable), variables={"MATPLOTLIBRC": home})


def with_packages(pins: Callable[[], list[str]]) -> Callable:
    """Return a place whose environment of its own has these packages."""

    @contextmanager
    def place() -> Iterator[Place]:
        with tempfile.TemporaryDirectory() as home:
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            python = Path(home) / "bin" / "python"
            pip = [python, "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *pins(), *NEEDED], check=True)
            yield Place(ROOT, python, variables={"PYTHONPATH": str(ROOT / "lib")})

    return place


def allowed() -> list[str]:
    """Return what the library asks for, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["dependencies"]


def oldest() -> list[str]:
    """Pin every package to the lowest version that the library allows.

    >>> "numpy==2.0" in [pin[:10] for pin in oldest()]
    True
    """
    return [one.split(",")[0].replace(">=", "==") for one in allowed()]


@dataclass(frozen=True)
class Surrounding:
    """Where the lectures run: variables, and how the place is made."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    place: Callable = as_usual
    alone: bool = False
    backwards: bool = False
    before: tuple[str, ...] = ()


# A network of its own, in which a program reaches itself and nobody else.
ALONE = ("unshare", "--map-root-user", "--net", "--", "sh", "-c")
ALONE += ('ip link set lo up && exec "$@"', "sh")
SURROUNDINGS = (
    Surrounding("as usual"),
    Surrounding("one thread", {"OPENBLAS_NUM_THREADS": "1"}),
    Surrounding("two threads", {"OPENBLAS_NUM_THREADS": "2"}),
    Surrounding(
        "Nehalem", {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1"}
    ),
    Surrounding("Haswell", {"OPENBLAS_CORETYPE": "Haswell"}),
    Surrounding("SkylakeX", {"OPENBLAS_CORETYPE": "SkylakeX"}),
    Surrounding("each lecture alone", alone=True),
    Surrounding("backwards", backwards=True),
    Surrounding("from chapters/", place=in_chapters),
    Surrounding("a folder with blanks and other letters", place=in_an_odd_folder),
    Surrounding("a home that can't be written", place=without_a_home),
    Surrounding("a hostile matplotlibrc", place=beside_a_hostile_style),
    Surrounding("no network", before=ALONE),
    Surrounding("a plain locale", {"LC_ALL": "C", "PYTHONUTF8": "0"}),
    Surrounding("oldest packages", place=with_packages(oldest)),
    Surrounding("newest packages", place=with_packages(allowed)),
)


def notebooks(place: Place, lectures: list[str]) -> list[str]:
    """Return the notebooks to run, as they are named from the place."""
    stems = lectures or sorted(
        path.stem for path in (ROOT / "chapters").glob("*.ipynb")
    )
    return [f"{place.chapters}/{stem}.ipynb" for stem in stems]


def runs(one: Surrounding, place: Place, lectures: list[str]) -> Iterator[list[str]]:
    """Yield the commands of one surrounding."""
    books = notebooks(place, lectures)
    if one.backwards:
        books.reverse()
    for group in [[book] for book in books] if one.alone else [books]:
        yield [*one.before, str(place.python), *NBVAL, *group]


def result(one: Surrounding, lectures: list[str]) -> tuple[str, str, float]:
    """Run one surrounding and return its verdict, its last line, and its seconds."""
    start = time.monotonic()
    if one.before and shutil.which(one.before[0]) is None:
        return "not here", f"no {one.before[0]}", 0.0
    with one.place() as place:
        variables = os.environ | one.variables | place.variables
        for command in runs(one, place, lectures):
            done = subprocess.run(
                command,
                cwd=place.folder,
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            last = done.stdout.strip().rpartition("\n")[2]
            if done.returncode:
                print(done.stdout[-6000:], file=sys.stderr)
                return "FAILED", last, time.monotonic() - start
    return "passed", last, time.monotonic() - start


def main() -> int:
    """Run what was asked for, print the table, and return how many failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    names = [one.name for one in SURROUNDINGS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--lectures", nargs="+", default=[])
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    missing = [x for x in asked.lectures if not (ROOT / f"chapters/{x}.ipynb").exists()]
    if missing:
        parser.error(f"no lecture is called {', '.join(missing)}")
    if asked.list:
        print(*names, sep="\n")
        return 0
    lines = ["| surrounding | verdict | last line | s |", "|---|---|---|---:|"]
    failed = 0
    for one in SURROUNDINGS:
        if one.name in asked.only:
            verdict, last, seconds = result(one, asked.lectures)
            failed += verdict == "FAILED"
            lines.append(f"| {one.name} | {verdict} | {last} | {seconds:.0f} |")
            print(lines[-1], flush=True)
    REPORT.parent.mkdir(exist_ok=True)
    head = f"Python {platform.python_version()}, {platform.platform()}\n\n"
    REPORT.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main())
