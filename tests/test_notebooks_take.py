"""The suite prints what each notebook takes, and refuses one that takes too much."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
ONE_MEGABYTE = 1_000_000


def run(folder: Path, megabytes: int) -> subprocess.CompletedProcess:
    """Run nbval with the book's own configuration on a notebook that fills memory."""
    shutil.copy(ROOT / "conftest.py", folder)
    fill = f"block = b'x' * {megabytes * ONE_MEGABYTE}\nsum(range(10**6)) > 0"
    cell = nbformat.v4.new_code_cell(fill, execution_count=1)
    cell.outputs = [
        nbformat.v4.new_output(
            "execute_result", {"text/plain": "True"}, execution_count=1
        )
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    book = nbformat.v4.new_notebook(cells=[cell], metadata=kernel)
    nbformat.write(book, folder / "filling.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--nbval", "filling.ipynb"],
        cwd=folder,
        env=os.environ | {"PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
@pytest.mark.parametrize(("megabytes", "code"), [(200, 0), (600, 1)])
def test_a_notebook_is_refused_above_its_limit(tmp_path, megabytes, code):
    done = run(tmp_path, megabytes)
    line = next(x for x in done.stdout.splitlines() if x.startswith("filling.ipynb: "))
    assert megabytes < float(line.split(" MB")[0].split()[-1]) < megabytes + 200
    assert float(line.split(" s of the processor")[0].split()[-1]) > 0
    assert ("MORE THAN 500 MB" in line) == bool(code)
    assert "1 passed" in done.stdout
    assert done.returncode == code, done.stdout + done.stderr
