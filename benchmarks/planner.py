"""Time the planner: plans listed, priced and ranked a second.

The time is that of the processor, on one thread, best of several; nothing but the sizes
of blocks is remembered between plans. Written to results/planner.json.

    python benchmarks/planner.py
"""

import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

from dlpatterns.parallel import planner, published
from dlpatterns.parallel.published import Run

RESULT = Path(__file__).resolve().parent / "results" / "planner.json"
KINDS = {"stages": (0, 1, 2, 3), "schedules": ("1F1B", "ZB-H1", "ZBV", "DualPipe")}


def timed(run: Run, repeats: int = 5) -> dict[str, float]:
    """Return how many plans a run has, and the most listed and ranked a second."""
    given = (run.model, run.cluster, run.batch)
    plans = sum(1 for _ in planner.candidates(*given, **KINDS))
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        planner.search(*given, **KINDS)
        best = min(best, time.process_time() - start)
    return {"plans": plans, "plans_per_s": plans / best}


def main() -> None:
    """Time three published clusters and store the rates."""
    before = os.getloadavg()
    runs = (published.sc21()[4], published.llama3()[1], published.deepseek())
    rates = {run.model.name: timed(run) for run in runs}
    stored = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        "method": "processor time, one thread, best of 5; load average stored beside",
        "searches": rates,
        "load_average": {"before": before, "after": os.getloadavg()},
    }
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")
    print(json.dumps(rates, indent=1))


if __name__ == "__main__":
    main()
