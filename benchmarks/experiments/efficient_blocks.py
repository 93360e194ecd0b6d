"""Which block is best under one budget? Thirteen blocks on the digits by ten seeds, the
rate chosen for each block on held-out images; then equal modelled time, other epochs
and budgets, a common head, and no shortcut, by five seeds or three.

What comes out goes to lib/dlpatterns/data/efficient_blocks.json, which the lecture on
efficient networks reads; its tests run one seed again. A run that was cut off goes on
where it stopped. About half an hour of one core:

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/efficient_blocks.py
"""

import json
import platform
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from statistics import mean

from dlpatterns.lectures.efficient_models import blocks, small
from dlpatterns.lectures.efficient_models import experiment as e

DATA = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data"
TARGET = DATA / "efficient_blocks.json"
RATE_SEEDS = range(3)


def rates(kind: str) -> dict:
    """Return a block's accuracy on held-out images at each rate, seed by seed, and the
    rate with the best mean.
    """
    model = e.model(kind, e.settings()["usual"])
    found = {
        str(rate): [e.held_out(model, seed, rate=rate) for seed in RATE_SEEDS]
        for rate in e.RATES
    }
    best = max(e.RATES, key=lambda rate: mean(found[str(rate)]))
    return {"kind": kind, "setting": "rates", "rate": best, "held out": found}


def row(kind: str, setting: str, rate: float) -> dict:
    """Run one block in one setting over its seeds."""
    what = e.settings()[setting]
    model = e.model(kind, what)
    runs = [
        e.tested(model, seed, rate=rate, epochs=what.epochs)
        for seed in range(what.seeds)
    ]
    return {
        "kind": kind,
        "setting": setting,
        "rate": rate,
        "epochs": what.epochs,
        "width": model.layers[0].output_shape[0],
        "macs": small.size(model, "MACs"),
        "params": small.size(model, "parameters"),
        "of the budget": round(small.size(model, what.measure) / what.budget, 4),
        "accuracy": [run["accuracy"] for run in runs],
        "learned": [run["learned"] for run in runs],
    }


def main(workers: int = 1) -> None:
    """Run what is missing, storing after every row."""
    known = json.loads(TARGET.read_text())["rows"] if TARGET.exists() else []
    with ProcessPoolExecutor(workers) as pool:
        for setting in ("rates", *e.settings()):
            done = {r["kind"] for r in known if r["setting"] == setting}
            chosen = {r["kind"]: r["rate"] for r in known if r["setting"] == "rates"}
            jobs = [
                pool.submit(rates, kind)
                if setting == "rates"
                else pool.submit(row, kind, setting, chosen[kind])
                for kind in blocks.BODIES
                if kind not in done
            ]
            for job in as_completed(jobs):
                known.append(found := job.result())
                print(found, flush=True)
                TARGET.write_text(json.dumps(stored(known), indent=1) + "\n")


def stored(rows: list[dict]) -> dict:
    """Return the rows in order with the versions that computed them."""
    names, order = ("numpy", "scikit-learn"), ["rates", *e.settings()]
    kinds = list(blocks.BODIES)
    rows.sort(key=lambda r: (order.index(r["setting"]), kinds.index(r["kind"])))
    return {
        "versions": {name: version(name) for name in names},
        "python": platform.python_version(),
        "script": "benchmarks/experiments/efficient_blocks.py",
        "rows": rows,
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
