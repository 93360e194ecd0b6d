"""Do shared weights help on 1,797 digits? Small CNNs and perceptrons, trained past
their plateau by ten seeds (five for other rates and another width).

Each seed has its own split of the digits and its own first weights. The networks are
compared at equal parameters and training compute, at equal MACs an answer, at half and
twice the rate, at half the width, and on digits whose pixels are shuffled. The held-out
digits that are right go to lib/dlpatterns/data/sharing.json, which the lecture on
architectures reads; its tests run one seed of it again.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/sharing.py
"""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.counting import count
from dlpatterns.lectures.architectures import learning

TARGET = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data" / "sharing.json"
TEN, FIVE = tuple(range(10)), tuple(range(5))
TO_30 = (1, 2, 4, 8, 16, 30)
TO_60, TO_328 = (*TO_30, 60), (*TO_30, 60, 131, 328)
TO_1312 = (*TO_328, 656, 1312)  # as many MACs as the CNN's 60
RUNS = (  # network, rate, shuffled, epochs, seeds
    ("CNN 8-16", 0.005, False, TO_60, TEN),
    ("MLP 50", 0.005, False, TO_1312, TEN),
    ("MLP 1093", 0.005, False, TO_60, TEN),
    ("CNN 8-16", 0.005, True, TO_60, TEN),
    ("MLP 50", 0.005, True, TO_328, TEN),
    ("CNN 8-16", 0.0025, False, TO_30, FIVE),
    ("MLP 50", 0.0025, False, TO_328, FIVE),
    ("CNN 8-16", 0.01, False, TO_30, FIVE),
    ("MLP 50", 0.01, False, TO_328, FIVE),
    ("CNN 4-8", 0.005, False, TO_30, FIVE),
    ("MLP 22", 0.005, False, TO_328, FIVE),
)


def run(
    name: str, rate: float, shuffled: bool, epochs: tuple[int, ...], seeds: tuple
) -> dict:
    """Train one network by every seed and return how many digits are right when."""
    model = learning.MODELS[name]
    counts = count(model)
    right = [
        learning.curve(model, seed, epochs, rate=rate, shuffled=shuffled)
        for seed in seeds
    ]
    return {
        "network": name,
        "rate": rate,
        "shuffled": shuffled,
        "parameters": counts.params,
        "macs": counts.macs,
        "seeds": list(seeds),
        "epochs": list(epochs),
        "right": right,
    }


def main() -> None:
    """Run everything, storing after each run what there is."""
    result = {
        "what": "held-out digits that are right, of 450, a row a seed",
        "batch": learning.BATCH,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": [],
    }
    for each in RUNS:
        result["rows"].append(run(*each))
        TARGET.write_text(json.dumps(result, indent=1) + "\n")
        print(each[:3], [rights[-1] for rights in result["rows"][-1]["right"]])


if __name__ == "__main__":
    main()
