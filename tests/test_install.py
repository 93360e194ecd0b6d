"""The library as others install it, not editable: its data files come along, and it
works where no repository is.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
USE = """
import dlpatterns
from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.explore.predicting import _script
from dlpatterns.exercises import check
rows = datasets.table("published_counts")
print(dlpatterns.__file__, count(models.alexnet()).params, len(rows) > 10,
    len(_script()) > 1000)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel of the library, built without network from a copy of what it is built
    from.
    """
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "LICENSE", "LICENSE-TEXT"):
        shutil.copyfile(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "lib", folder / "lib", ignore=ignored)
    subprocess.run(
        [
            *PIP,
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            folder,
            folder,
        ],
        check=True,
    )
    return next(folder.glob("*.whl"))


def test_wheel_holds_every_file_of_the_library(wheel):
    wanted = {
        path.relative_to(ROOT / "lib").as_posix()
        for path in (ROOT / "lib" / "dlpatterns").rglob("*")
        if path.is_file()
    }
    wanted = {name for name in wanted if "__pycache__" not in name}
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {Path(name).suffix for name in wanted} >= {
        ".py",
        ".csv",
        ".json",
        ".js",
        ".css",
    }
    assert not wanted - packed


def test_wheel_holds_the_licences(wheel):
    licences = {
        Path(name).name
        for name in zipfile.ZipFile(wheel).namelist()
        if "/licenses/" in name
    }
    assert licences == {"LICENSE", "LICENSE-TEXT"}


def test_installed_library_works_away_from_the_repository(wheel, tmp_path):
    subprocess.run(
        [*PIP, "install", "--no-deps", "--target", tmp_path, wheel], check=True
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", USE]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    place, *said = ran.stdout.split()
    assert Path(place).is_relative_to(tmp_path)
    assert said == [
        "61100840",
        "True",
        "True",
    ]  # parameters as torchvision's documentation gives them
