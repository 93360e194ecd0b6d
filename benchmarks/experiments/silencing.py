"""Does a unit's favourite digit need it most? The units of small CNNs silenced one by
one, after 8, 16 and 32 epochs, by ten seeds.

What silencing costs goes to lib/dlpatterns/data/silencing.json, which the lecture on
architectures reads; the lecture itself runs three of the seeds again.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/silencing.py
"""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.architectures import learning

TARGET = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data" / "silencing.json"
SEEDS, EPOCHS = range(10), (8, 16, 32)


def study(epochs: int) -> dict:
    """Silence the units of every seed's network and return what `learning.suffering`
    makes of them, a list over the seeds for each of its entries.
    """
    found = [
        learning.suffering(learning.silencing(*learning.trained(seed, epochs)))
        for seed in SEEDS
    ]
    print(epochs, found, flush=True)
    return {"epochs": epochs} | {key: [each[key] for each in found] for key in found[0]}


def main() -> None:
    """Run the study after each number of epochs and store it."""
    result = {
        "what": "units of the second layer whose favourite digit suffers without them",
        "seeds": list(SEEDS),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": [study(epochs) for epochs in EPOCHS],
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")
    print(result)


if __name__ == "__main__":
    main()
