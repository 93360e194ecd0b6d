"""Time the model of cost: mappings, systolic runs and rooflines a second.

The time is that of the processor, on one thread, so that a busy machine shows less in
it; the load is stored beside. A mapping is made, its needs are checked, and it is
counted; orders and tiles are drawn beforehand, none twice but by chance, and nothing is
remembered of an earlier one but the cut loops that the library keeps. Written to
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


def drawn(work: Work, calls: int) -> list[tuple[str, dict[str, int]]]:
    """Return so many orders of the loops, each with tiles."""
    rng = random.Random(0)
    return [
        (
            "".join(rng.sample(list(work.loops), len(work.loops))),
            {one: rng.choice(search.useful(n)) for one, n in work.loops.items()},
        )
        for _ in range(calls)
    ]


def mapping(work: Work, draw: tuple[str, dict[str, int]], *inner: Level) -> Mapping:
    """Return the mapping of an order and tiles, with their needs checked."""
    order, tile = draw
    buffer = Level("buffer", 10**9, tile, order)
    return Mapping(work, (Level("DRAM", order=order), buffer, *inner))


def mappings(calls: int = 4000) -> dict[str, dict[str, float]]:
    """Return mappings a second by work: one buffer, and one with registers below."""
    found = {}
    for name, work in WORKS.items():
        draws = drawn(work, 5 * calls)
        ways = {
            "one buffer, traffic of the memory": (outermost, ()),
            "one buffer, all levels": (traffic, ()),
            "buffer and registers, all levels": (traffic, (Level("registers"),)),
        }
        found[name] = {
            way: rate(
                lambda n, work=work, count=count, inner=inner, draws=draws: count(
                    mapping(work, draws[n], *inner)
                ),
                calls,
            )
            for way, (count, inner) in ways.items()
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
