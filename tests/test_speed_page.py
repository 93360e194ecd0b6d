"""The page *How fast is it?* is what its script writes from the stored results."""

import ast
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
speed = pytest.importorskip("page")
PARTS = [part() for part in speed.PARTS]


def test_the_page_is_what_the_script_writes():
    written = speed.page(PARTS)
    assert (ROOT / "speed.md").read_text(encoding="utf-8") == written, (
        "run python benchmarks/page.py"
    )


def test_every_ratio_is_positive_and_every_table_has_its_columns():
    for part in PARTS:
        assert all(ratio > 0 for ratio in part.ratios), part.heading
        assert {len(row) for row in part.rows} == {len(part.columns)}, part.heading


def test_every_script_that_the_page_names_is_run_by_the_one_command():
    named = re.findall(r"`benchmarks/(\w+)\.py`", speed.page(PARTS))
    tree = ast.parse((BENCHMARKS / "all.py").read_text(encoding="utf-8"))
    words = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    assert set(named) - words == set()
    assert all((BENCHMARKS / f"{name}.py").is_file() for name in named)


@pytest.mark.parametrize(
    ("part", "row", "column", "hand"),
    [
        (0, "torchinfo", "ours / theirs", ("resnet50_s", "torchinfo")),
        (0, "calflops", "ours / theirs", ("resnet50_s", "calflops")),
        (0, "fvcore", "ours / theirs, all networks", ("shared_s", "fvcore")),
    ],
)
def test_a_counters_ratio_by_hand(part, row, column, hand):
    stored = json.loads((BENCHMARKS / "results" / "counting_speed.json").read_text())
    what, peer = hand
    times = stored["counters"]
    expected = times["dlpatterns"][what] / times[peer][what]
    found = next(one for one in PARTS[part].rows if one[0] == row)
    assert found[PARTS[part].columns.index(column)] == pytest.approx(expected)


def test_the_verdict_counts_both_sides():
    assert "Ahead in 1 of 3" in speed.verdict([0.5, 1.0, 4.0])
    assert "0.5 to 4, median 1" in speed.verdict([0.5, 1.0, 4.0])
    assert speed.verdict([]) == ""


def test_a_kernel_is_never_called_faster_than_a_peer_that_won():
    convolution = next(one for one in PARTS if one.heading == "Convolution")
    for row in convolution.rows:
        ours, theirs, ratio = row[3], row[4], row[6]
        assert (ratio < 1) == (ours < theirs), row
