"""What a call takes on this machine: seconds, and bytes of memory."""

import tracemalloc
from collections.abc import Callable
from time import perf_counter

from threadpoolctl import threadpool_limits


def peak_bytes(call: Callable[[], object]) -> int:
    """Return the most bytes that were allocated at once while the call ran, its result
    included.

    >>> import numpy as np
    >>> peak_bytes(lambda: np.zeros(1_000_000)) // 1_000_000
    8
    """
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@threadpool_limits.wrap(limits=1)
def shortest_seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of so many calls on one BLAS thread, after one that is not
    timed.

    With more threads, another program on the machine would show in the result.
    """
    call()
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)
