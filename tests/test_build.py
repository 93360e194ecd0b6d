"""The build runs a lecture only when something that its outputs depend on has changed,
and says what went wrong.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import tiny_book
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tree(tmp_path) -> Path:
    return tiny_book.make(tmp_path)


@pytest.fixture
def build(monkeypatch, tree):
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    return tiny_book.settle(monkeypatch, tree)


def lecture(tree: Path) -> Path:
    return tree / "chapters" / "tiny.ipynb"


def change_output(tree: Path) -> None:
    book = nbformat.read(lecture(tree), 4)
    book.cells[1].outputs = [nbformat.v4.new_output("stream", text="stale")]
    book.cells[1].execution_count = 7
    nbformat.write(book, lecture(tree))


CHANGES = {
    "a cell": lambda tree: tiny_book.write_lecture(tree, "6 * 8"),
    "the library's code": lambda tree: (tree / "lib" / "code.py").write_text(
        "ANSWER = 43"
    ),
    "the library's data": lambda tree: (tree / "lib" / "new.csv").write_text("a,b\n"),
    "the pinned versions": lambda tree: (tree / "requirements.txt").write_text(
        "numpy==1.0"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_key_changes(build, tree, change):
    before = build.key(lecture(tree))
    CHANGES[change](tree)
    assert build.key(lecture(tree)) != before


@pytest.mark.parametrize(
    "change",
    [
        change_output,
        lambda tree: (tree / "intro.md").write_text("# New"),
        lambda tree: None,
    ],
)
def test_key_stays(build, tree, change):
    before = build.key(lecture(tree))
    change(tree)
    assert build.key(lecture(tree)) == before


def test_a_lecture_runs_once_and_again_when_it_changed(build, tree, capsys):
    first = build.execute_changed([lecture(tree)])
    assert "executed tiny" in capsys.readouterr().out
    assert (
        nbformat.read(first[lecture(tree)], 4).cells[1].outputs[0]["data"]["text/plain"]
        == "42"
    )
    assert build.execute_changed([lecture(tree)]) == first
    assert "executed" not in capsys.readouterr().out
    tiny_book.write_lecture(tree, "6 * 8")
    second = build.execute_changed([lecture(tree)])
    assert "executed tiny" in capsys.readouterr().out
    assert (
        nbformat.read(second[lecture(tree)], 4)
        .cells[1]
        .outputs[0]["data"]["text/plain"]
        == "48"
    )
    assert list(build.CACHE.iterdir()) == list(second.values()), (
        "what the cache no longer needs must go"
    )


FAILURES = {
    "1 / 0": "code cell 1, raises ZeroDivisionError: division by zero",
    "import os; os._exit(3)": "did not end: Kernel died",
}


@pytest.mark.parametrize("source", FAILURES)
def test_a_lecture_that_fails_stops_the_build(build, tree, source, capsys):
    tiny_book.write_lecture(tree, source)
    assert build.main() == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("The book is not built: chapters/tiny.ipynb")
    assert FAILURES[source] in said and len(said.splitlines()) == 1
    assert not list(build.CACHE.glob("*")), "a failed run must not be kept"


def test_a_lecture_that_is_no_notebook_is_named(build, tree, capsys):
    lecture(tree).write_text("{")
    assert build.main() == 1
    assert "chapters/tiny.ipynb is no notebook" in capsys.readouterr().err


def test_a_scratch_notebook_is_left_out(build, tree, capsys):
    (tree / "chapters" / "scratch.ipynb").write_text("{")
    assert build.lectures() == [lecture(tree)]
    said = capsys.readouterr().out
    assert said == "chapters/scratch.ipynb is not in _toc.yml: left out of the book.\n"


@pytest.mark.parametrize("length", [0, 100, -30])
def test_a_result_that_is_cut_off_is_made_again(build, tree, capsys, length):
    result = build.execute_changed([lecture(tree)])[lecture(tree)]
    whole = result.read_bytes()
    result.write_bytes(whole[:length])
    capsys.readouterr()
    build.execute_changed([lecture(tree)])
    assert "executed tiny" in capsys.readouterr().out
    assert result.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_named(build, tree, capsys):
    (tree / "_build").write_text("a file where a folder should be")
    assert build.main() == 1
    said = capsys.readouterr().err.strip()
    assert "The book is not built: _build" in said and len(said.splitlines()) == 1


def test_a_folder_without_permission_is_named(build, monkeypatch, capsys):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(build.STAGE))

    monkeypatch.setattr(build, "stage", refuse)
    assert build.main() == 1
    said = capsys.readouterr().err.strip()
    assert "_build/stage cannot be read or written (Permission denied)" in said


def test_the_house_of_the_reader_changes_nothing(tree, tmp_path):
    """No home to write to, a Matplotlib set up by someone else, a start-up file."""
    (tree / "tools").mkdir()
    shutil.copyfile(ROOT / "tools" / "build.py", tree / "tools" / "build.py")
    drawn = "import matplotlib as m; import os\nprint(m.rcParams['lines.linewidth'])"
    tiny_book.write_lecture(tree, drawn)
    foreign = tmp_path / "matplotlibrc"
    foreign.write_text("lines.linewidth: 77\nno.such.setting: 1\n")
    (tmp_path / "profile_default" / "startup").mkdir(parents=True)
    (tmp_path / "profile_default" / "startup" / "a.py").write_text("print('foreign')")
    environment = {n: v for n, v in os.environ.items() if not n.startswith("BOOK_")}
    environment |= {"HOME": os.devnull + "/nobody", "MATPLOTLIBRC": str(foreign)}
    environment |= {"IPYTHONDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, tree / "tools" / "build.py"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0].startswith("executed tiny in")
    page = (tree / "_build" / "html" / "chapters" / "tiny.html").read_text()
    assert "1.5" in page and "foreign" not in page


def test_stored_outputs_of_the_repository_are_left_alone(build, tree):
    before = lecture(tree).read_bytes()
    build.execute_changed([lecture(tree)])
    assert lecture(tree).read_bytes() == before


def test_stage_follows_the_sources(build, tree):
    (tree / "README.md").write_text("# Not a page")
    build.stage({})
    staged = {
        path.relative_to(build.STAGE).as_posix()
        for path in build.STAGE.rglob("*")
        if path.is_file()
    }
    assert {
        "intro.md",
        "_config.yml",
        "references.bib",
        "_ext/house.py",
        "_static/book.css",
    } <= staged
    assert "README.md" not in staged
    (tree / "running.md").unlink()
    build.stage({})
    assert not (build.STAGE / "running.md").exists()


def test_pages_are_made_once(build, tree, monkeypatch, capsys):
    made = []

    def make_pages() -> int:
        made.append(True)
        build.FIRST_PAGE.parent.mkdir(parents=True, exist_ok=True)
        build.FIRST_PAGE.write_text("page")
        return 0

    monkeypatch.setattr(build, "make_pages", make_pages)
    assert [build.main(), build.main()] == [0, 0]
    assert len(made) == 1
    assert str(build.FIRST_PAGE) in capsys.readouterr().out.splitlines()[-1]
    for count, change in enumerate(
        [again_with_page, again_with_style, again_with_address, again_without_pages],
        start=2,
    ):
        change(build, tree, monkeypatch)
        assert build.main() == 0
        assert len(made) == count, change.__name__


def again_with_page(build, tree, monkeypatch) -> None:
    (tree / "intro.md").write_text("# New")


def again_with_style(build, tree, monkeypatch) -> None:
    (tree / "_static" / "book.css").write_text("a {}")


def again_with_address(build, tree, monkeypatch) -> None:
    monkeypatch.setenv(
        "BOOK_REPOSITORY", "https://github.com/example-owner/example-book"
    )


def again_without_pages(build, tree, monkeypatch) -> None:
    shutil.rmtree(build.FIRST_PAGE.parent)


def test_a_build_that_leaves_no_first_page_fails(build, monkeypatch, capsys):
    monkeypatch.setattr(
        build.subprocess,
        "run",
        lambda *args, **options: subprocess.CompletedProcess(args, 0),
    )
    assert build.main() == 1
    assert "not built" in capsys.readouterr().err
    assert not build.BUILT.exists()


def test_a_warning_of_sphinx_fails_the_build(build, tree, capfd):
    with (tree / "running.md").open("a", encoding="utf-8") as page:
        page.write("\n\n[nowhere](no_such_page.md)\n")
    assert build.main() == 1
    assert "no_such_page" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("import sys; sys.version_info = (3, 9, 1)", "needs Python 3.11"),
        ("import sys; sys.modules['nbformat'] = None", "make book"),
    ],
)
def test_what_is_missing_is_said(broken, message):
    script = (
        f"{broken}\nimport runpy; "
        f"runpy.run_path({str(ROOT / 'tools' / 'build.py')!r}, run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ran.returncode != 0
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_make_says_that_python_is_too_old(tmp_path):
    old = tmp_path / "old-python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, '
        "9, "
        '1); exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    ran = subprocess.run(
        ["make", "-C", tmp_path, f"PYTHON={old}", "book"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "Python 3.11 or newer is needed" in ran.stderr
    assert not (tmp_path / ".venv").exists()


def test_lectures_run_from_the_root_and_from_their_folder():
    """The quickest lecture, in a kernel that starts in either folder, prints the
    same.
    """
    lecture = nbformat.read(ROOT / "chapters" / "classic_models.ipynb", 4)
    root, chapters = (printed(lecture, folder) for folder in (ROOT, ROOT / "chapters"))
    assert root and root == chapters


def printed(lecture: nbformat.NotebookNode, folder: Path) -> list[str]:
    """Run a lecture with that folder as the kernel's, and return what it prints beside
    pictures and objects.
    """
    NotebookClient(
        lecture, timeout=300, resources={"metadata": {"path": str(folder)}}
    ).execute()
    cells = [cell for cell in lecture.cells if cell.cell_type == "code"]
    outputs = [
        output.data for cell in cells for output in cell.outputs if "data" in output
    ]
    return [data.get("text/markdown", data["text/plain"]) for data in outputs]


def test_counting_is_imported_quickly_and_without_pictures():
    """Below 0.2 s of a processor: the best of three tries, five times what it takes."""
    script = (
        "import sys, time; before = set(sys.modules); start = time.process_time()\n"
        "import dlpatterns.counting\n"
        "print(time.process_time() - start, *(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", script]
    said = [subprocess.check_output(command, text=True).split() for _ in range(3)]
    tops = {name.partition(".")[0] for name in said[0]}
    assert "dlpatterns" in tops and not tops & {
        "matplotlib",
        "ipywidgets",
        "IPython",
        "sklearn",
        "scipy",
    }
    assert min(float(seconds) for seconds, *_ in said) < 0.2
