"""Accuracy of two small convolutional networks, a plain and a residual one, against the
bits of weights and activations, ten seeds; and both as integers, beside a perceptron.

Results go to lib/dlpatterns/data/fewer_bits_convolutional.json, which the lecture on
quantisation reads; the tests run one seed again.

    export OPENBLAS_NUM_THREADS=1
    nice python benchmarks/experiments/fewer_bits_convolutional.py

Names of networks (perceptron, CNN, residual) run these alone; the other rows stay. The
word "parts" runs the rival's tuning of the residual network at 4 bits alone, two seeds.
"""

import json
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.quantization import convolutional
from dlpatterns.train import loop

DATA = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data"
TARGET = DATA / "fewer_bits_convolutional.json"
SEEDS, PART_SEEDS = range(10), range(2)


def seeded(job: tuple[str, int]) -> dict:
    """Run one network with one seed."""
    row = convolutional.of_seed(*job)
    print(row, flush=True)
    return row


def tuned_in_parts(seed: int) -> dict:
    """Tune the residual network with one seed by the rival's recipe."""
    net, digits, _ = convolutional.trained("residual", seed)
    one = convolutional.tuned_in_parts(net, digits, seed, 4)
    x, y = digits.test_x, digits.test_y
    shares = {"float": loop.accuracy(net, x, y), "accuracy": loop.accuracy(one, x, y)}
    return {"seed": seed} | shares


def parts() -> None:
    """Run the rival's recipe with its seeds and store it beside what there is."""
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(tuned_in_parts, PART_SEEDS))
    found = {"network": "residual", "bits": 4, "rows": rows}
    result = json.loads(TARGET.read_text()) | {"tuned in parts": found}
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


def main(names: list[str]) -> None:
    """Run all seeds of these networks or of all, two at a time, and store them."""
    wanted = [name for name in convolutional.MODELS if not names or name in names]
    jobs = [(name, seed) for name in wanted for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(seeded, jobs))
    kept = json.loads(TARGET.read_text())["rows"] if names else []
    rows = [row for row in kept if row["network"] not in wanted] + rows
    result = {
        "what": "test accuracy on scikit-learn's digits: MLP 64-32, CNN 8-16, ResNet 8",
        "widths": list(convolutional.WIDTHS),
        "tuned": {k: list(v) for k, v in convolutional.TUNED.items()},
        "epochs": {k: list(v) for k, v in convolutional.EPOCHS.items()},
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")
    parts()


if __name__ == "__main__":
    parts() if sys.argv[1:] == ["parts"] else main(sys.argv[1:])
