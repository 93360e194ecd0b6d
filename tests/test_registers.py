"""The pages written from the lectures and their exercises: nothing is missing, nothing
is given away.
"""

import re
import sys
from pathlib import Path

import nbformat
import pytest

from dlpatterns import exercises

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
import registers  # noqa: E402

TOC = (ROOT / "_toc.yml").read_text(encoding="utf-8")
NAMES = re.findall(r"file: chapters/(\w+)", TOC)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return registers.written(ROOT / "chapters", TOC)


def displayed(mark: str) -> int:
    """Return how many outputs of the lectures hold a mark."""
    books = [nbformat.read(ROOT / "chapters" / f"{name}.ipynb", 4) for name in NAMES]
    outputs = [o for b in books for c in b.cells for o in c.get("outputs", ())]
    return sum(mark in o.get("data", {}).get("text/html", "") for o in outputs)


def test_every_explorer_and_prediction_is_listed(texts):
    played = texts["explorers"].split("\n")
    views = [line for line in played if line.endswith(" views")]
    assert len(views) == displayed('class="dlp-explore"') > 40
    assert not [line for line in views if line.endswith(" 0 views")]
    asked = [line for line in texts["predictions"].split("\n") if line[:2] == "- "]
    assert len(asked) == displayed('class="dlp-predict"') > 60


def test_the_index_of_predictions_holds_no_answer(texts):
    assert " | 71 look-ups | " in texts["guesses"]
    assert "71 look-ups" not in texts["predictions"]


def test_every_exercise_is_listed_with_its_points(texts):
    lines = [line for line in texts["exercises"].split("\n") if line[:2] == "- "]
    assert len(lines) == displayed('class="dlp-solution"') >= 5 * len(NAMES) - 3
    assert any("History 3. Write a rule engine" in line for line in lines)


def test_every_hint_that_a_check_gives_is_in_the_table(texts):
    table = " ".join(texts["mistakes"].replace("\\", "").split())
    for name in NAMES:
        for task in exercises.tasks(name).values():
            for _, hint in getattr(task, "mistakes", ()):
                assert " ".join(hint.replace("\\", "").split()) in table


def test_every_question_in_words_has_its_rubric(texts):
    for name in NAMES:
        for key, task in exercises.tasks(name).items():
            if isinstance(task, registers.Words):
                assert exercises.number(f"{name}.{key}") in texts["rubrics"]
                assert all(one in texts["rubrics"] for one in task.rubric)


def test_both_pages_have_their_places():
    places = set(registers.written(ROOT / "chapters", ""))
    found = set()
    for name in registers.PAGES:
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        found |= set(re.findall(r"<!-- (\w+) -->", text))
    assert found == places


def test_each_row_of_a_table_has_its_columns(texts):
    for place in ("mistakes", "guesses"):
        rows = [line for line in texts[place].split("\n") if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
