"""Ask SCALE-Sim for cycles and accesses of random products in random arrays.

    pip install scalesim==3.0.0
    python benchmarks/scale_sim_references.py > rows.csv

The rows, without repetitions, stand in `data/systolic_reference.csv` behind five whole
layers that were run through SCALE-Sim's own command.
"""

import csv
import random
import sys

import numpy as np
from scalesim.compute.systolic_compute_is import systolic_compute_is
from scalesim.compute.systolic_compute_os import systolic_compute_os
from scalesim.compute.systolic_compute_ws import systolic_compute_ws
from scalesim.scale_config import scale_config

COMPUTE = {
    "os": systolic_compute_os,
    "ws": systolic_compute_ws,
    "is": systolic_compute_is,
}
ARRAYS = [(4, 4), (8, 8), (16, 16), (8, 16), (16, 4), (32, 32), (3, 5)]
SOURCE = "SCALE-Sim 3.0.0, its compute model alone, sizes drawn at random (seed 2026)"


def row(sizes: tuple[int, int, int], array: tuple[int, int], dataflow: str) -> tuple:
    """Return one row of the table; the cycle is the last one's number, from 0."""
    m, n, k = sizes
    config = scale_config()
    config.array_rows, config.array_cols, config.df = *array, dataflow
    config.valid_conf_flag = True
    operands = ((m, k), (k, n), (m, n))
    names = ("ifmap_op_mat", "filter_op_mat", "ofmap_op_mat")
    addresses = {
        name: np.arange(rows * cols).reshape(rows, cols) + place * 10**6
        for place, (name, (rows, cols)) in enumerate(zip(names, operands, strict=True))
    }
    one = COMPUTE[dataflow]()
    one.set_params(config_obj=config, **addresses)
    cycles = one.get_demand_matrices()[0].shape[0] - 1
    reads = int(one.get_ifmap_requests()), int(one.get_filter_requests())
    writes = "" if dataflow == "os" else int(one.get_ofmap_requests())
    name = f"random_{m}x{n}x{k}"
    return (name, m, n, k, m * n * k, *array, dataflow, cycles, *reads, writes, SOURCE)


def main(many: int = 360) -> None:
    """Print that many rows."""
    rng = random.Random(2026)
    out = csv.writer(sys.stdout, lineterminator="\n")
    for _ in range(many):
        array = rng.choice(ARRAYS)
        sizes = tuple(
            rng.choice([1, rng.randint(1, 20), rng.randint(1, 90)]) for _ in range(3)
        )
        out.writerow(row(sizes, array, rng.choice(list(COMPUTE))))


if __name__ == "__main__":
    main()
