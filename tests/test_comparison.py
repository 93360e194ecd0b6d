"""What strict nbval notices with the settings of this repository: every changed text
and no changed picture.
"""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent
SHOW = "from IPython.display import display; display({data}, raw=True)"
WIDGET = "application/vnd.jupyter.widget-view+json"
PRINTS = {
    "text/plain": "42",
    "text/html": "<p>42</p>",
    "text/markdown": "It is 42.",
    WIDGET: {"model_id": "a"},
}


def cell(
    stored: dict | None,
    source: str = SHOW.format(data=PRINTS),
    tag: str = "",
    count: int | None = 1,
):
    outputs = [] if stored is None else [new_output("display_data", data=stored)]
    return new_code_cell(
        source,
        execution_count=count,
        outputs=outputs,
        metadata={"tags": [tag] if tag else []},
    )


CELLS = {  # a cell, and whether it must pass
    "the same": (cell(PRINTS), True),
    "another text": (cell(PRINTS | {"text/plain": "43"}), False),
    "another sentence": (cell(PRINTS | {"text/markdown": "It is 43."}), False),
    "no text": (cell({"text/html": "<p>42</p>"}), False),
    "another table": (cell(PRINTS | {"text/html": "<p>43</p>"}), True),
    "another widget": (cell(PRINTS | {WIDGET: {"model_id": "b"}}), True),
    "another text, to be ignored": (
        cell(PRINTS | {"text/plain": "43"}, tag="nbval-ignore-output"),
        True,
    ),
    "nothing stored": (cell(None), False),
    # A gap of nbval, and the reason for the rule `not_executed` of the structure:
    # stored outputs must be there.
    "stripped": (cell(None, count=None), True),
    "an error": (cell(None, "1 / 0"), False),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, bool]:
    """Whether each of the cells passes, in one notebook."""
    folder = tmp_path_factory.mktemp("lectures")
    shutil.copyfile(ROOT / "conftest.py", folder / "conftest.py")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(
        new_notebook(cells=[cell for cell, _ in CELLS.values()], metadata=kernel),
        folder / "lecture.ipynb",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "--junit-xml=out.xml",
        ".",
    ]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    cases = ElementTree.parse(folder / "out.xml").iter("testcase")
    passed = (not {"failure", "error"} & {it.tag for it in case} for case in cases)
    return dict(zip(CELLS, passed, strict=True))


@pytest.mark.parametrize("name", CELLS)
def test_comparison(verdicts, name):
    assert verdicts[name] == CELLS[name][1]
