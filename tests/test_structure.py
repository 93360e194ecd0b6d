"""The rules of the house, held against every tracked file. What a rule finds in a
broken input: test_rules.py.
"""

import ast
import tomllib
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
import rules_library
import rules_mould
import rules_notebooks
import rules_tree
import yaml
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
AROUND = {"README.md", "CONTRIBUTING.md"}  # pages for the repository, not for the book
TEXT = {
    ".py",
    ".md",
    ".ipynb",
    ".csv",
    ".json",
    ".js",
    ".css",
    ".yml",
    ".toml",
    ".txt",
    ".bib",
    ".svg",
    "",
}
MOST_NOT_COMPARED = 2  # in a lecture
MOULD = [
    rules_mould.wide_lines,
    rules_mould.heavy_cells,
    rules_mould.too_few,
    rules_mould.missing_sections,
    rules_mould.unheld,
    rules_mould.typed_numbers,
    rules_mould.leftover_syntax,
    rules_mould.stacked_bars,
    rules_mould.open_sentences,
]


@cache
def tracked() -> dict[str, Path]:
    return {
        path.relative_to(ROOT).as_posix(): path for path in rules_tree.tracked(ROOT)
    }


def texts(*folders: str, suffix: str = "") -> dict[str, str]:
    """Return the text of the tracked files in the folders, or of all, by name."""
    chosen = {
        name: path
        for name, path in tracked().items()
        if name.startswith(folders or "") and name.endswith(suffix)
    }
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in chosen.items()
        if path.suffix in TEXT
    }


@cache
def library() -> dict[str, str]:
    """Return the source of every module of the library by its dotted name."""
    return {
        dotted(name): text
        for name, text in texts("lib/dlpatterns/", suffix=".py").items()
    }


def dotted(name: str) -> str:
    return (
        name.removeprefix("lib/")
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", ".")
    )


@cache
def modules() -> dict[str, set[str]]:
    packages = {dotted(name) for name in tracked() if name.endswith("/__init__.py")}
    return {
        name: rules_library.imported(name, text, package=name in packages)
        for name, text in library().items()
    }


@cache
def lectures() -> dict[str, NotebookNode]:
    return {
        Path(name).stem: nbformat.reads(text, 4)
        for name, text in texts("chapters/", suffix=".ipynb").items()
    }


def of_lectures(rule) -> list[str]:
    """Return what a rule finds in all lectures, with their names."""
    return [
        f"{name}: {problem}"
        for name, book in lectures().items()
        for problem in rule(book)
    ]


def wrong_links(book: NotebookNode) -> list[str]:
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    return rules_mould.wrong_links(book, bibliography)


def code(book: NotebookNode) -> str:
    """Return the code of a lecture."""
    cells = [cell.source for cell in rules_notebooks.code_cells(book)]
    return "\n\n".join(
        "\n".join(line for line in cell.splitlines() if line[:1] not in {"%", "!"})
        for cell in cells
    )


def test_contents_and_files_agree():
    pages = [
        name
        for name in tracked()
        if name.endswith(".md") and "/" not in name and name not in AROUND
    ]
    pages += [name for name in tracked() if name.startswith("chapters/")]
    pages.remove("chapters/ruff.toml")
    assert not rules_tree.toc_problems(
        (ROOT / "_toc.yml").read_text(encoding="utf-8"), pages
    )


def test_lectures_are_notebooks():
    assert not [
        name
        for name in tracked()
        if name.startswith("chapters/") and not name.endswith((".ipynb", ".toml"))
    ]


@pytest.mark.parametrize(
    "rule",
    [
        rules_notebooks.not_executed,
        rules_notebooks.long_cells,
        rules_notebooks.empty_cells,
        rules_notebooks.missing_parts,
        rules_notebooks.missing_alt,
        rules_notebooks.forbidden_tags,
    ],
    ids=lambda rule: rule.__name__,
)
def test_lectures(rule):
    assert not of_lectures(rule)


@pytest.mark.parametrize("rule", [*MOULD, wrong_links], ids=lambda rule: rule.__name__)
def test_lectures_fit_the_mould(rule):
    assert not of_lectures(rule)


def test_lectures_link_to_each_other():
    assert not rules_mould.lone_lectures(lectures())


def test_figures_of_lectures_say_no_typed_numbers():
    modules = {
        name: rules_mould.typed_numbers_in(ast.parse(source))
        for name, source in library().items()
        if rules_library.room(name) == "lectures"
    }
    assert not {name: found for name, found in modules.items() if found}


def test_few_outputs_are_not_compared():
    counts = {
        name: rules_notebooks.not_compared(book) for name, book in lectures().items()
    }
    assert not {
        name: count for name, count in counts.items() if count > MOST_NOT_COMPARED
    }


def test_citations_exist():
    pages = [text for name, text in texts(suffix=".md").items() if name not in AROUND]
    said = [*pages, *map(rules_notebooks.prose, lectures().values())]
    keys = set().union(*map(rules_notebooks.cited, said))
    assert not rules_notebooks.bib_problems(
        (ROOT / "references.bib").read_text(encoding="utf-8"), keys
    )


def test_library_has_its_arrows():
    plan = rules_library.rooms_map(
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    )
    assert not rules_library.broken_arrows(modules(), plan)


def test_library_has_no_circle():
    assert not rules_library.circles(modules())


def test_library_has_its_fences():
    assert not rules_library.broken_fences(modules())


def test_library_requires_what_it_and_the_lectures_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    imports = {
        name: rules_library.imported(name, code(book))
        for name, book in lectures().items()
    }
    extras = project.get("optional-dependencies", {}).values()
    declared = project["dependencies"] + [name for extra in extras for name in extra]
    assert not rules_library.undeclared(modules() | imports, declared)


def is_public(name: str) -> bool:
    """Tell whether readers import a module; one of a lecture's tasks they meet through
    `exercises.check` alone.
    """
    return "._" not in name and not name.startswith("dlpatterns.exercises.")


@pytest.mark.parametrize("name", sorted(filter(is_public, library())))
def test_everything_public_is_documented(name):
    assert not rules_library.undocumented(import_module(name))


def test_no_function_stands_twice():
    assert not rules_library.repeated(
        library() | {name: code(book) for name, book in lectures().items()}
    )


def test_no_lecture_defines_what_the_library_has():
    public = {
        function.name: module
        for module, source in library().items()
        for function in ast.parse(source).body
        if isinstance(function, ast.FunctionDef)
        and function.name[0] != "_"
        and rules_library.room(module) not in {"exercises", "lectures"}
    }
    assert not of_lectures(lambda book: rules_library.shadowed(code(book), public))


def test_files_are_short():
    assert not [
        problem
        for name, text in texts().items()
        for problem in rules_tree.too_long(name, text)
    ]


def test_files_know_no_machine():
    assert not {
        name: found
        for name, text in texts().items()
        if (found := rules_tree.foreign(text))
    }


def test_no_address_is_made_up():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = settings["sphinx"]["config"]["book_repository"]
    assert not [
        problem
        for name, text in texts().items()
        for problem in rules_tree.made_up(name, text, address)
    ]


def test_versions_are_exact_and_agree():
    readers, builders = (
        tracked()[name].read_text()
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    assert not rules_tree.pin_problems(readers, builders, project["dependencies"])
    assert "." in readers.split(), (
        "requirements.txt must install the library too: Binder reads nothing else"
    )
    assert "-r requirements.txt" in builders


def test_installed_versions_are_the_pinned_ones():
    pinned = rules_tree.pins(
        (ROOT / "requirements.txt").read_text()
        + (ROOT / "requirements-dev.txt").read_text()
    )
    assert {name: version(name) for name in pinned} == pinned
