"""Train the networks of the lecture on sequences, every arm and seed, to their end.

    PYTHONPATH=lib python benchmarks/experiments/sequence_memory.py

Results go to lib/dlpatterns/data/sequence_memory.json: for each arm and seed the curve
of loss and accuracy at every distance, with versions and date. A run that is stored
already is not repeated; two processes work side by side, with one BLAS thread each.
"""

import json
import os
import platform
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from dlpatterns.lectures.sequences import memory

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "lib" / "dlpatterns" / "data" / "sequence_memory.json"


def stored() -> dict:
    """Return what has been run, or the head of an empty result."""
    if RESULT.exists():
        return json.loads(RESULT.read_text())
    versions = {"python": platform.python_version(), "numpy": version("numpy")}
    return {"made_by": f"benchmarks/experiments/{Path(__file__).name}"} | {
        "date": str(date.today()),
        "versions": versions,
        "runs": [],
    }


def main() -> None:
    """Run what is missing, and store the result after each run."""
    os.nice(10)
    result = stored()
    known = {_key(run) for run in result["runs"]}
    jobs = [
        (arm, seed)
        for arm, seeds in memory.arms()
        for seed in seeds
        if _key(asdict(arm) | {"seed": seed}) not in known
    ]
    with ProcessPoolExecutor(2) as pool:
        running = {pool.submit(memory.run_arm, *job): job for job in jobs}
        for done in as_completed(running):
            run = done.result() | {"curve": thinned(done.result()["curve"])}
            result["runs"].append(asdict(running[done][0]) | run)
            result["runs"].sort(key=_key)
            RESULT.write_text(json.dumps(result) + "\n")
            print(running[done], done.result()["ended"], done.result()["curve"][-1])


def thinned(curve: list) -> list:
    """Return the points of the first 8,000 updates, then every eighth, and the last."""
    return [p for p in curve if p[0] <= 8000 or p[0] % 4000 == 0 or p is curve[-1]]


def _key(run: dict) -> tuple:
    keys = ("task", "network", "width", "rate", "length", "on", "seed")
    return tuple(run[key] for key in keys)


if __name__ == "__main__":
    main()
