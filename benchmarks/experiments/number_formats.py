"""Train one small network in every format: pure, with sums of its own, stochastically,
with master weights; with the loss multiplied by powers of two; longer, slower, faster
and wider; and in 8 bits as it is done: scales, gradients in a format of their own.

Each seed has its own split of the 1,797 digits and its own first weights. The held-out
digits that are right, of 450, after a quarter, a half and all epochs go to
lib/dlpatterns/data/number_formats_training.json, which the lecture on number formats
reads; its tests run one seed of it again.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/number_formats.py

Names of questions (way, shift, sums, other, scaled ...) run these alone; what is
stored stays.
"""

import fcntl
import json
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.number_formats.training import Recipe, trained

DATA = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data"
TARGET = DATA / "number_formats_training.json"
LOCK = Path(tempfile.gettempdir()) / "number_formats_training.lock"
TEN, FIVE = tuple(range(10)), tuple(range(5))
FORMS = ("fp32", "tf32", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2")
OTHERS = (
    {"rate": 0.025},
    {"rate": 0.1},
    {"epochs": 80},
    {"width": 128},
)
E4M3, E5M2, BOTH = ("fp8_e4m3", ""), ("fp8_e5m2", ""), ("fp8_e4m3", "fp8_e5m2")


def in_eight_bits() -> list[tuple[str, Recipe, tuple[int, ...]]]:
    """Return the runs of FP8 as it is done, and those beside it."""
    ways = [
        (way, pair)
        for way in ("scaled", "inputs", "delayed")
        for pair in (E4M3, E5M2, BOTH)
    ]
    ways += [("master", BOTH), ("dynamic", ("fp16", "")), ("dynamic", BOTH)]
    return [
        ("scaled", Recipe(form, way, gradients=own), TEN) for way, (form, own) in ways
    ]


def runs() -> list[tuple[str, Recipe, tuple[int, ...]]]:
    """Return every run: which question it answers, its recipe, its seeds."""
    ways = ("pure", "stochastic", "master")
    plain = [("way", Recipe(form, way), TEN) for way in ways for form in FORMS]
    shifts = [
        ("shift", Recipe(form, shift=shift, epochs=10), FIVE)
        for form in FORMS[2:]
        for shift in range(-48, 49, 6)
    ]
    sums = [
        ("sums", Recipe(form, way, epochs=10), FIVE)
        for form in FORMS[2:]
        for way in ("pure", "own sums")
    ]
    others = [
        ("other", Recipe(form, way, **change), FIVE)
        for change in OTHERS
        for form in FORMS[2:]
        for way in ("pure", "master")
    ]
    return [*plain, *shifts, *sums, *others, *in_eight_bits()]


def stored() -> dict:
    """Return what there is, or the head of a new file."""
    if TARGET.exists():
        return json.loads(TARGET.read_text(encoding="utf-8"))
    return {
        "what": "held-out digits right, of 450, after 1/4, 1/2 and all epochs",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "runs": [],
    }


def main(questions: list[str]) -> None:
    """Run what is not stored yet, of these questions or of all, storing each."""
    for question, recipe, seeds in runs():
        key = {"question": question} | asdict(recipe) | {"seeds": list(seeds)}
        known = any(key.items() <= run.items() for run in stored()["runs"])
        if known or (questions and question not in questions):
            continue
        looks = [outcome._asdict() for outcome in trained(recipe, seeds)]
        last = looks[-1] | {"right": [look["right"] for look in looks]}
        with LOCK.open("w") as held:  # several of us may run at once
            fcntl.flock(held, fcntl.LOCK_EX)
            result = stored()
            result["runs"].append(key | last)
            TARGET.write_text(json.dumps(result) + "\n", encoding="utf-8")
        print(question, recipe, [sum(r) / len(r) for r in last["right"]], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
