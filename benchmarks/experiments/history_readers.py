"""Train the readers of the lecture `history` longer, at other rates and at other
widths, and store what they reach.

python benchmarks/experiments/history_readers.py writes
lib/dlpatterns/data/history_readers.json: the held-out accuracy of every process for
each of five seeds, by variant. About ten minutes on one core. Seed 0 of one variant is
run again by tests/test_lecture_history.py.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dlpatterns import counting
from dlpatterns.lectures.history import digits, readers
from dlpatterns.train import small

RESULT = (
    Path(__file__).resolve().parents[2] / "lib/dlpatterns/data/history_readers.json"
)
VARIANTS = {
    "as in the lecture": {},
    "half the epochs": {"longer": 0.5},
    "twice the epochs": {"longer": 2},
    "half the rate": {"rate": 0.0025},
    "twice the rate": {"rate": 0.01},
}
WIDTHS = (2, 4, 8, 16, 32, 64, 128)


def both(images: np.ndarray) -> np.ndarray:
    """Return hand-made features and pixels side by side."""
    return np.hstack([digits.prepared(images), readers.flat(images)])


def main() -> None:
    """Run all variants and store them."""
    inputs = len(digits.SIZES)
    rivals = {
        "features + pixels + linear": readers.Process(
            readers.linear_model(inputs + 64, "both"), both, 120
        )
    }
    found = {
        variant: {
            name: accuracies(process, **how)
            for name, process in (readers.PROCESSES | rivals).items()
        }
        for variant, how in VARIANTS.items()
    }
    widths = [width(hidden) for hidden in WIDTHS]
    stored = {"variants": found, "widths": widths, "versions": versions()}
    RESULT.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def accuracies(process: readers.Process, **how: float) -> list[float]:
    """Return the held-out accuracy for every seed."""
    print(process.model.name, how, file=sys.stderr)
    found = [readers.trained(process, seed, **how)[1] for seed in readers.SEEDS]
    return [round(right, 6) for right in found]


def width(hidden: int) -> dict:
    """Return what a multilayer perceptron of that width reaches after 80 epochs."""
    model = small.mlp((hidden,))
    process = readers.Process(model, np.asarray, 80)
    macs = counting.count(model).macs
    return {"hidden": hidden, "macs": macs, "accuracies": accuracies(process)}


def versions() -> dict[str, str]:
    """Return the versions that the result depends on."""
    return {name: version(name) for name in ("numpy", "scikit-learn")}


if __name__ == "__main__":
    main()
