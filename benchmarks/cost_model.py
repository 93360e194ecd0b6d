"""Time the model of cost: mappings, systolic runs and rooflines a second.

The time is that of the processor, on one thread, so that a busy machine shows less in
it; the load is stored beside. Every mapping is counted in full, all levels and tensors,
with its needs checked; tiles and orders are drawn anew and nothing is remembered from
an earlier draw but the pieces that the library keeps. Written to
results/cost_model.json.

    python benchmarks/cost_model.py
"""

import json
import os
import platform
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dlpatterns import models
from dlpatterns.hardware import generation, machines, roofline, search, systolic
from dlpatterns.hardware.hierarchy import Level, Mapping, outermost, traffic
from dlpatterns.hardware.work import Work, convolution, matmul

RESULT = Path(__file__).resolve().parent / "results" / "cost_model.json"
RESNET = convolution((1, 64, 56, 56), (64, 64, 3, 3), padding=1)
WORKS = {"product of 512^3": matmul(512, 512, 512), "3 x 3 of ResNet-50": RESNET}


def rate(call: Callable[[int], object], calls: int, repeats: int = 5) -> float:
    """Return the most calls a second of processor time in so many repeats."""
    best = 0.0
    for repeat in range(repeats):
        start = time.process_time()
        for number in range(repeat * calls, (repeat + 1) * calls):
            call(number)
        best = max(best, calls / (time.process_time() - start))
    return best


def mapping(work: Work, number: int, *inner: Level) -> Mapping:
    """Return the mapping of that number: an order and tiles of its own."""
    rng = random.Random(number)
    tile = {
        one: rng.choice(search.useful(length)) for one, length in work.loops.items()
    }
    order = "".join(rng.sample(list(work.loops), len(work.loops)))
    buffer = Level("buffer", work.values, tile, order)
    return Mapping(work, (Level("DRAM", order=order), buffer, *inner))


def mappings() -> dict[str, dict[str, float]]:
    """Return mappings a second by work: one buffer, and one with registers below."""
    found = {}
    for name, work in WORKS.items():
        found[name] = {
            "one buffer, traffic of the memory": rate(
                lambda n, work=work: outermost(mapping(work, n)), 4000
            ),
            "one buffer, all levels": rate(
                lambda n, work=work: traffic(mapping(work, n)), 4000
            ),
            "buffer and registers, all levels": rate(
                lambda n, work=work: traffic(mapping(work, n, Level("registers"))), 2000
            ),
        }
    return found


def main() -> None:
    """Measure and store."""
    h100, network = machines.get("H100"), models.resnet50()
    token = models.llama2_7b(tokens=1)
    before = os.getloadavg()
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        "method": "processor time, one thread, best of 5; load average stored beside",
        "mappings_per_s": mappings(),
        "systolic_runs_per_s": rate(
            lambda n: systolic.run(n + 1, 512, 512, rows=128, cols=128), 20_000
        ),
        "resnet50_roofline_ms": 1e3
        / rate(lambda n: roofline.layers(network, h100, batch=n + 1), 50),
        "llama2_7b_decode_ms": 1e3
        / rate(lambda n: generation.decode(token, h100, cached=n + 1), 20),
    }
    result["load_average"] = {"before": before, "after": os.getloadavg()}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
