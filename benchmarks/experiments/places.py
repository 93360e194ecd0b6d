"""Is a mask worth something for where its places are, or for how many each layer has?
Masks found by pruning, and drawn anew with less and less of them kept, MLP and CNN on
the digits, ten seeds.

The rate and the size of the first weights are chosen for every way by one other
seed; the ten are run with them, and as long again. What comes out goes to
lib/dlpatterns/data/pruning_places.json. Ten minutes for each family:

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/places.py MLP
    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/places.py CNN
"""

import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path

from dlpatterns.lectures.pruning import places

DATA = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data"
TARGET = DATA / "pruning_places.json"
SEEDS, OTHERS = range(10), range(100, 101)


def chosen(family: str, share: float) -> dict[str, dict]:
    """Return the setting of each way with the best mean over the other seeds."""
    settings = [
        {"rate": rate, "widened": widened}
        for rate, widened in product(places.RATES, (False, True))
    ]
    tried = {way: [0.0] * len(settings) for way in places.WAYS}
    for seed, way in product(OTHERS, places.WAYS):
        for at, setting in enumerate(settings):
            run = places.trained(family, share, way, seed, setting, twice=False)
            tried[way][at] += run["accuracy"]
    return {
        way: settings[max(range(len(settings)), key=values.__getitem__)]
        for way, values in tried.items()
    }


def rows(family: str, share: float) -> list[dict]:
    """Run every way over the ten seeds, as long as usual and as long again."""
    table = [
        {"share": share, "way": way, "setting": setting}
        for way, setting in chosen(family, share).items()
    ]
    for seed, row in product(SEEDS, table):
        run = places.trained(family, share, row["way"], seed, row["setting"])
        for key, value in run.items():
            row.setdefault(key, []).append(value)
    return table


def store(family: str, found: list[dict]) -> None:
    """Put the rows of one family beside those of the other."""
    old = json.loads(TARGET.read_text()) if TARGET.exists() else {"rows": {}}
    result = {
        "what": "accuracy on the held-out half of the digits under masks drawn anew",
        "seeds": list(SEEDS),
        "seeds that chose": list(OTHERS),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": old["rows"] | {family: found},
    }
    TARGET.write_text(json.dumps(result, indent=0) + "\n")


def main(family: str) -> None:
    """Run one family and store it."""
    store(family, rows(family, places.SHARES[family]))


if __name__ == "__main__":
    main(sys.argv[1])
