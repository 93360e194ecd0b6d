"""Rules for the files of the repository: each function takes text and returns the
problems it finds, as sentences.
"""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import yaml

MOST_LINES = 500
SHORT = {".py", ".md", ".js", ".css", ".yml", ".toml"}
FOREIGN = {  # letters in brackets: so that these patterns do not find themselves
    "a path of somebody's machine": r"(?<![\w.+:/$}<-])/"
    r"(?:root|home|work|tmp|mnt|opt|srv|var|etc|usr|Users)/(?!bin/env)",
    "a path of somebody's Windows": r"\b[A-Z]:\\+[Uu]sers\\",
    "a registry": r"pypi[.]org|files[.]pythonhosted|registry[.]npmjs|"
    r"anaconda[.]org|deb[.]debian|index-[u]rl",
    "a rate written as a plural": r"FLOP[S]",
}
HOSTED = r"(?:github|gitlab|bitbucket)[.](?:com|org)/([\w.-]+/[\w.-]+)"
OPEN_TO_ADDRESSES = (
    "references.bib",
    "lib/dlpatterns/data/",
    "benchmarks/",
    "tests/",
)  # works that are cited; examples


def tracked(root: Path) -> list[Path]:
    """Return the files under version control that exist; of a copy without version
    control, all but what is built.
    """
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        return [
            path
            for name in sorted(filter(None, listed.stdout.split("\0")))
            if (path := root / name).is_file()
        ]
    built = {
        "_build",
        "build",
        ".venv",
        "node_modules",
        "__pycache__",
        ".git",
        ".hypothesis",
        "assignments",
    }
    return [
        p
        for p in sorted(root.rglob("*"))
        if p.is_file() and not built & set(p.relative_to(root).parts)
    ]


def foreign(text: str) -> list[str]:
    """Return what a text holds of one machine, of a registry, and FLOP rates written as
    a plural, with the line.
    """
    return [
        f"line {text.count(chr(10), 0, found.start()) + 1} has {what}: {found[0]!r}"
        for what, pattern in FOREIGN.items()
        for found in re.finditer(pattern, text)
    ]


def made_up(name: str, text: str, address: str) -> list[str]:
    """Return the addresses of repositories in a file, but for the book's own and those
    in files that cite works.
    """
    if name.startswith(OPEN_TO_ADDRESSES):
        return []
    found = re.findall(HOSTED, text)
    return [
        f"{name} has the address of a repository, {it}"
        for it in found
        if not (address and address.endswith(it))
    ]


def too_long(name: str, text: str) -> list[str]:
    """Return a sentence if a file of code or prose has more than 500 lines."""
    lines = text.count("\n") + (not text.endswith("\n"))
    if PurePosixPath(name).suffix in SHORT and lines > MOST_LINES:
        return [f"{name} has {lines} lines, at most {MOST_LINES}; split it by subject"]
    return []


def toc_pages(toc: str) -> list[str]:
    """Return the pages that a table of contents names, in order."""
    tree = yaml.safe_load(toc)
    chapters = [
        chapter
        for part in tree.get("parts", [tree])
        for chapter in part.get("chapters", [])
    ]
    return [tree["root"], *(chapter["file"] for chapter in chapters)]


def toc_problems(toc: str, files: Iterable[str]) -> list[str]:
    """Return the pages without a file, the files without a place in the table of
    contents, and what stands there twice.
    """
    pages, stems = toc_pages(toc), {name.rpartition(".")[0] for name in files}
    problems = [
        f"_toc.yml names {page}, which does not exist"
        for page in pages
        if page not in stems
    ]
    problems += [
        f"{stem} has no place in _toc.yml" for stem in sorted(stems - set(pages))
    ]
    return problems + [
        f"_toc.yml names {page} twice"
        for page in sorted({page for page in pages if pages.count(page) > 1})
    ]


def pins(requirements: str) -> dict[str, str]:
    """Return the pinned version of every requirement, "" for one without an exact pin.

    >>> pins("# a comment\\n-r other.txt\\nnumpy==2.4.6\\nscipy>=1\\n.")
    {'numpy': '2.4.6', 'scipy': ''}
    """
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    found = [
        re.fullmatch(r"([\w-]+)(?:==([\w.]+))?.*", line)
        for line in lines
        if line and line[0] not in "-."
    ]
    return {match[1].lower(): match[2] or "" for match in found}


def pin_problems(readers: str, builders: str, ranges: Iterable[str]) -> list[str]:
    """Return the requirements without an exact version or pinned twice, and ranges that
    no pin of the readers fulfils.
    """
    from packaging.requirements import Requirement

    ours, all_ = pins(readers), [*pins(readers).items(), *pins(builders).items()]
    problems = [f"{name} has no exact version" for name, version in all_ if not version]
    problems += [
        f"{name} is pinned twice" for name in sorted(set(ours) & set(pins(builders)))
    ]
    for wanted in map(Requirement, ranges):
        version = ours.get(wanted.name.lower())
        if version is None or not wanted.specifier.contains(version):
            problems.append(
                f"pyproject.toml asks for {wanted}, requirements.txt has {version}"
            )
    return problems
