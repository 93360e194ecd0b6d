"""Accuracy of two small convolutional networks, a plain and a residual one, against the
bits of weights and activations, ten seeds; and both as integers, beside a perceptron.

Results go to lib/dlpatterns/data/fewer_bits_convolutional.json, which the lecture on
quantisation reads; the tests run one seed again.

    export OPENBLAS_NUM_THREADS=1
    nice python benchmarks/experiments/fewer_bits_convolutional.py
"""

import json
import platform
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.quantization import convolutional

DATA = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data"
SEEDS = range(10)


def seeded(job: tuple[str, int]) -> dict:
    """Run one network with one seed."""
    row = convolutional.of_seed(*job)
    print(row, flush=True)
    return row


def main() -> None:
    """Run all seeds, two at a time, and store them."""
    jobs = [(name, seed) for name in convolutional.MODELS for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(seeded, jobs))
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
    target = DATA / "fewer_bits_convolutional.json"
    target.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
