"""Accuracy of a small perceptron on the digits against the bits of its weights and of
its activations, ten seeds; rounded after training and trained further; rivals of as
many bytes; and the same after other trainings.

Results go to lib/dlpatterns/data/fewer_bits.json, which the lecture on quantisation
reads; the tests run one seed again.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/fewer_bits.py
"""

import json
import platform
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.quantization import bits

TARGET = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data" / "fewer_bits.json"
SEEDS, VARIANT_SEEDS = range(10), range(3)


def varied(job: tuple[str, int]) -> dict:
    """Run one variant with one seed."""
    name, seed = job
    row = {"variant": name, "seed": seed} | bits.variant(seed, **bits.VARIANTS[name])
    print(row, flush=True)
    return row


def seeded(seed: int) -> dict:
    """Run everything with one seed."""
    row = bits.of_seed(seed)
    print(row, flush=True)
    return row


def main() -> None:
    """Run all seeds, two at a time, then the variants, and store them."""
    jobs = [(name, seed) for name in bits.VARIANTS for seed in VARIANT_SEEDS]
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(seeded, SEEDS))
        variants = list(pool.map(varied, jobs))
    result = {
        "what": "test accuracy on scikit-learn's digits, MLP 64-32",
        "widths": list(bits.WIDTHS),
        "tuned": list(bits.TUNED),
        "rivals": {str(k): list(v) for k, v in bits.RIVALS.items()},
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": rows,
        "variants": variants,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
