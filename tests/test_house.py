"""What hangs on the repository's address, in a tiny book built without one and with
one.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import downloads
import nbformat
import pytest
import tiny_book
import yaml
from nbclient import NotebookClient
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/example-owner/example-book"
USE = """
import dlpatterns, pathlib
from dlpatterns import models
from dlpatterns.counting import count
print(pathlib.Path(dlpatterns.__file__).resolve(), count(models.alexnet()).params)
"""
HOSTS = re.compile(r"https?://(?:mybinder|colab|github)[^\"\s)]*")


def build(folder: Path, address: str) -> Path:
    """Build the tiny book with that address and return the folder of its pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_REPOSITORY", address)
        assert tiny_book.settle(patch, folder).main() == 0
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    return tiny_book.make(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def unpublished(tree, tmp_path_factory) -> dict[str, str]:
    """The pages and sources of the tiny book without an address."""
    return texts(build(tree, ""))


@pytest.fixture(scope="module")
def published(tree, unpublished) -> dict[str, str]:
    """The pages and sources of the same book, built again when it has one, with a slash
    too many.
    """
    return texts(build(tree, f"{ADDRESS}/"))


def texts(html: Path) -> dict[str, str]:
    paths = [
        path
        for path in html.rglob("*")
        if path.suffix in {".html", ".ipynb"} and "_static" not in path.parts
    ]
    return {
        path.relative_to(html).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
    }


def test_without_an_address_nothing_points_anywhere(unpublished):
    assert {"intro.html", "chapters/tiny.html", "_sources/chapters/tiny.ipynb"} <= set(
        unpublished
    )
    assert not {
        name: found
        for name, text in unpublished.items()
        if (found := HOSTS.findall(text))
    }
    assert "badges" not in unpublished["intro.html"]


def test_without_an_address_the_notebook_says_what_it_needs(unpublished):
    cells = json.loads(unpublished["_sources/chapters/tiny.ipynb"])["cells"]
    assert [cell["id"] for cell in cells] == ["install", "title", "code"]
    source = "".join(cells[0]["source"])
    exec(source)  # says nothing: the library is here
    with pytest.raises(ImportError, match=r"download the \.zip at the"):
        exec(source.replace("dlpatterns", "no_such_module"))


def test_launch_buttons(published):
    page = published["chapters/tiny.html"]
    path = "example-owner/example-book"
    assert (
        f"https://mybinder.org/v2/gh/{path}/main?urlpath=lab/tree/chapters/tiny.ipynb"
        in page
    )
    assert (
        f"https://colab.research.google.com/github/{path}/blob/gh-pages/_sources/chapters/tiny.ipynb"
        in page
    )
    assert f'href="{ADDRESS}"' in page
    assert not [
        link for link in HOSTS.findall("".join(published.values())) if path not in link
    ]


def test_pages_that_are_no_lectures_have_no_launch_buttons(published):
    assert "mybinder" not in published["running.html"]


def test_badges_on_the_title_page(published):
    links = re.findall(
        r'<a class="reference external" href="([^"]+)">(?:<span[^>]*>)?([^<]+)',
        published["intro.html"],
    )
    assert [text for _, text in links] == [
        "Open all lectures in Binder",
        "Open the first in Colab",
        "Source",
    ]
    assert (
        links[0][0]
        == "https://mybinder.org/v2/gh/example-owner/example-book/main?urlpath=lab/tree/chapters"
    )
    assert links[1][0].endswith("/blob/gh-pages/_sources/chapters/tiny.ipynb")
    assert links[2][0] == ADDRESS


def test_the_downloaded_notebook_installs_the_library(published):
    cells = json.loads(published["_sources/chapters/tiny.ipynb"])["cells"]
    assert [cell["id"] for cell in cells] == ["install", "title", "code"]
    assert f"%pip install -q git+{ADDRESS}" in "".join(cells[0]["source"])


def test_the_notebook_of_the_repository_stays_as_it_is(tree, published):
    assert ADDRESS not in (tree / "chapters" / "tiny.ipynb").read_text(encoding="utf-8")


def test_the_install_cell_is_added_once(tmp_path):
    path = tiny_book.write_lecture(tmp_path, "6 * 7")
    for _ in range(2):
        downloads.add_first_cell(path, ADDRESS)
    assert [
        cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ] == ["install", "title", "code"]


def test_the_zip_runs_where_nothing_of_the_book_is(unpublished, tree, tmp_path):
    """Unzipped, the notebook's first cells run on the library beside it, alone."""
    packed = tree / "_build" / "html" / "_sources" / "chapters" / "tiny.zip"
    with zipfile.ZipFile(packed) as zipped:
        zipped.extractall(tmp_path)
    folder = tmp_path / "tiny"
    assert {"tiny.ipynb", "dlpatterns", "requirements.txt"} <= {
        path.name for path in folder.iterdir()
    }
    wanted = (folder / "requirements.txt").read_text().split()
    assert "." not in wanted and any(one.startswith("numpy==") for one in wanted)
    book = nbformat.read(folder / "tiny.ipynb", 4)
    book.cells.append(nbformat.v4.new_code_cell(USE))
    alone = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    client = NotebookClient(book, resources={"metadata": {"path": str(folder)}})
    client.execute(env=alone)
    assert book.cells[-1].outputs[0]["text"].split() == [
        str((folder / "dlpatterns" / "__init__.py").resolve()),
        "61100840",  # AlexNet's parameters as torchvision's documentation gives them
    ]


def test_the_page_offers_the_zip(unpublished, published):
    for pages in (unpublished, published):
        assert 'href="../_sources/chapters/tiny.zip"' in pages["chapters/tiny.html"]
        assert "_sources/running.zip" not in pages["running.html"]


@pytest.mark.parametrize("present", [True, False])
def test_the_install_cell_installs_only_what_is_missing(present):
    """The cell's condition, with pip replaced: in Colab the library is missing, on the
    reader's machine it is there.
    """
    source = downloads.first_source(ADDRESS).replace(
        "%pip install", "print('installs') #"
    )
    source = source if present else source.replace("dlpatterns", "no_such_module")
    ran = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ("" if present else "installs\n")


def test_mathematics_and_year_of_the_tiny_book(published, tree, browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tree / "_build" / "html" / "chapters" / "tiny.html").as_uri())
    page.wait_for_selector("mjx-container mjx-math")
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
    page.close()


def test_the_setting_in_the_file_counts_without_the_variable(monkeypatch):
    house, config = extension(), type("Config", (), {"book_repository": f"{ADDRESS}/"})
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    assert house.address(config) == ADDRESS
    monkeypatch.setenv("BOOK_REPOSITORY", "")
    assert house.address(config) == ""


def test_the_workflow_publishes_what_the_links_expect():
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    )
    assert (
        workflow["env"]["BOOK_REPOSITORY"]
        == "${{ github.server_url }}/${{ github.repository }}"
    )
    steps = "\n".join(
        step.get("run", "")
        for job in workflow["jobs"].values()
        for step in job["steps"]
    )
    assert "bash .ci/run" in steps and "make book" in steps
    assert "gh-pages" in steps and ".nojekyll" in steps and "_build/html" in steps
    assert (
        (ROOT / ".ci" / "run")
        .read_text(encoding="utf-8")
        .rstrip()
        .endswith("make test")
    )


def test_binder_and_the_workflow_use_a_python_that_is_new_enough():
    """Binder's own choice may be older than the pinned packages allow; runtime.txt is
    where it reads another.
    """
    wanted = (
        (ROOT / "runtime.txt")
        .read_text(encoding="utf-8")
        .strip()
        .removeprefix("python-")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(wanted)
    assert f'python-version: "{wanted}"' in (
        ROOT / ".github" / "workflows" / "book.yml"
    ).read_text(encoding="utf-8")


def extension():
    """Return the module _ext/house.py."""
    spec = importlib.util.spec_from_file_location("house", ROOT / "_ext" / "house.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
