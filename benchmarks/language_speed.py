"""Seconds and bytes to build and count the largest language models by description, and
how the time grows with the layers of a deep one. Needs nothing but the library.

Times are seconds of the processor, the least of several runs, so that other programs on
the machine count for little.

    PYTHONPATH=lib python benchmarks/language_speed.py
    (writes benchmarks/results/language_speed.json)
"""

import json
import platform
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from dlpatterns.counting import count
from dlpatterns.graph import Builder, Model
from dlpatterns.layers import Linear
from dlpatterns.models.language import FUNCTIONS

RESULT = Path(__file__).resolve().parent / "results" / "language_speed.json"
LARGEST = ("llama3_1_405b", "deepseek_v3")
DEPTHS = (1_000, 10_000, 100_000)


def deep(layers: int) -> Model:
    """Return so many full connections behind one another."""
    net = Builder("deep", (8,))
    x = net.input
    for _ in range(layers):
        x = net(Linear(8), x)
    return net.model(x)


def least_seconds(function: Callable[[], object], *, repeats: int) -> float:
    """Return the least processor seconds of so many calls, after one untimed."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def peak_bytes(function: Callable[[], object]) -> int:
    """Return the most bytes that the call allocates at once."""
    tracemalloc.start()
    function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def main() -> None:
    """Time, weigh, and store."""
    found: dict = {"python": platform.python_version(), "models": {}, "deep": {}}
    for name in LARGEST:

        def whole(name: str = name) -> object:
            return count(FUNCTIONS[name]())

        milliseconds = round(1e3 * least_seconds(whole, repeats=20), 2)
        megabytes = round(peak_bytes(whole) / 1e6, 2)
        found["models"][name] = {"ms": milliseconds, "MB": megabytes}
    for layers in DEPTHS:
        seconds = least_seconds(lambda n=layers: count(deep(n)), repeats=3)
        found["deep"][layers] = {"us a layer": round(1e6 * seconds / layers, 2)}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
