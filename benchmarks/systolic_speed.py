"""Time a matrix product in a systolic array: our closed form and our beat-by-beat
simulation beside the compute model of SCALE-Sim, which writes down every address.

    pip install scalesim==3.0.0
    PYTHONPATH=lib python benchmarks/systolic_speed.py

All three must agree on the cycles before a time is taken; they take turns in one
process with one thread, and of all repeats the shortest counts. The closed form answers
less than the other two: cycles and reads, no addresses and no products. Written to
results/systolic_speed.json.
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from time import process_time

import numpy as np
import scale_sim_references as scale_sim

from dlpatterns.hardware import simulated, systolic

RESULT = Path(__file__).resolve().parent / "results" / "systolic_speed.json"
SIZES, ARRAY, REPEATS = ((64, 64, 64), (128, 128, 128), (256, 128, 256)), (16, 16), 5


def shortest(calls: dict) -> dict[str, float]:
    """Return the least seconds of processor time of each call, taken in turns."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(REPEATS):
        for name, call in calls.items():
            start = process_time()
            call()
            best[name] = min(best[name], process_time() - start)
    return best


def often(call, times: int = 200):
    """Return a call that calls so many times."""
    return lambda: [call() for _ in range(times)]


def row(sizes: tuple[int, int, int], dataflow: str) -> dict:
    """Return the times of one product, after the cycles are found equal."""
    m, n, k = sizes
    rng = np.random.default_rng(0)
    inputs, weights = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    shape = {"rows": ARRAY[0], "cols": ARRAY[1], "dataflow": dataflow}
    ours = systolic.run(m, n, k, **shape)
    theirs = scale_sim.row(sizes, ARRAY, dataflow)[8] + 1
    beats = simulated.product(inputs, weights, **shape)[1].cycles
    if not ours.cycles == theirs == beats:
        raise SystemExit(f"{sizes} {dataflow}: {ours.cycles}, {theirs}, {beats} cycles")
    seconds = shortest(
        {
            "closed form": often(lambda: systolic.run(m, n, k, **shape)),
            "simulated": lambda: simulated.product(inputs, weights, **shape),
            "SCALE-Sim": lambda: scale_sim.row(sizes, ARRAY, dataflow),
        }
    )
    seconds["closed form"] /= 200
    ms = {name: float(f"{1e3 * s:.3g}") for name, s in seconds.items()}
    return {"M, N, K": sizes, "dataflow": dataflow, "cycles": ours.cycles, "ms": ms}


def main() -> None:
    """Time every size and dataflow and store the result."""
    rows = [row(sizes, flow) for sizes in SIZES for flow in systolic.DATAFLOWS]
    result = {
        "versions": {name: version(name) for name in ("scalesim", "numpy")}
        | {"python": platform.python_version()},
        "machine": platform.machine(),
        "load": os.getloadavg()[0],
        "array": ARRAY,
        "rows": rows,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for one in rows:
        print(one)


if __name__ == "__main__":
    main()
