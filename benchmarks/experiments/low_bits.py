"""Every way to train with few bits on the digits: for each a rate chosen on a part of
the training images, then ten seeds; rivals of the same bytes, other widths and longer
trainings.

Results go to lib/dlpatterns/data/low_bits.json, which the lecture on training for few
bits reads; the tests run one seed again. About half an hour of processor time.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/low_bits.py
"""

import json
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.lectures.low_bit_training import experiment

TARGET = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data" / "low_bits.json"
SEEDS, LONG_SEEDS, TIMINGS = range(10), range(5), 5


def scanned(job: tuple[str, str]) -> dict:
    """Try the rates of one way."""
    found = experiment.scanned(*job)
    print(job, found, flush=True)
    return {"way": job[0], "network": job[1], "scan": found}


def seeded(job: tuple[str, str, int, float]) -> dict:
    """Train one way with one seed."""
    way, network, seed, rate = job
    row = {"way": way, "network": network, "seed": seed}
    row |= experiment.of_seed(way, network, seed, rate)
    print(way, network, seed, row["accuracy"], flush=True)
    return row


def rivalled(job: tuple[str, int, dict]) -> dict:
    """Train one rival with one seed."""
    name, seed, rates = job
    row = {"rival": name, "seed": seed, "accuracy": experiment.rival(name, seed, rates)}
    print(row, flush=True)
    return row


def timed(rates: dict[tuple[str, str], float]) -> list[dict]:
    """Train some ways one after another in this process, a few times over, and return
    the processor's seconds of each.
    """
    rows = []
    for seed in range(TIMINGS):
        for network in experiment.NETWORKS:
            for way in experiment.TIMED:
                start = time.process_time()
                experiment.of_seed(way, network, seed, rates[way, network])
                spent = round(time.process_time() - start, 3)
                rows.append({"way": way, "network": network, "seconds": spent})
    return rows


def main() -> None:
    """Scan, train, race the rivals, two at a time, and store it."""
    jobs = [
        (way, network)
        for network in experiment.NETWORKS
        for way in experiment.WAYS
        if network == "MLP" or way in experiment.IN_CNN
    ]
    widths = [(name, "MLP") for name in experiment.OF_OTHER_WIDTH]
    with ProcessPoolExecutor(2) as pool:
        scans = list(pool.map(scanned, jobs + widths))
        rates = {
            (one["way"], one["network"]): experiment.best(one["scan"]) for one in scans
        }
        rows = list(
            pool.map(
                seeded, [(*job, seed, rates[job]) for seed in SEEDS for job in jobs]
            )
        )
        own = {way: rate for (way, network), rate in rates.items() if network == "MLP"}
        rivals = list(
            pool.map(
                rivalled,
                [
                    (name, seed, own)
                    for seed in SEEDS
                    for name, how in experiment.RIVALS.items()
                    if how.longer == 1 or seed in LONG_SEEDS
                ],
            )
        )
    result = {
        "what": "test accuracy on scikit-learn's digits, ten seeds",
        "epochs": experiment.EPOCHS,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": platform.processor() or platform.machine(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "scans": [one | {"rate": rates[one["way"], one["network"]]} for one in scans],
        "rows": rows,
        "rivals": rivals,
        "times": timed(rates),
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
