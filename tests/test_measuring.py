"""Measuring: how often a call is made, what is returned, and that other BLAS threads
stay out of it.
"""

import time

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from dlpatterns.measuring import peak_bytes, shortest_seconds


def test_the_first_call_is_not_timed_and_the_shortest_of_the_rest_counts():
    pauses = iter([0.0, 0.06, 0.02, 0.04])
    taken = shortest_seconds(lambda: time.sleep(next(pauses)), repeats=3)
    assert 0.02 <= taken < 0.04
    assert next(pauses, None) is None


def test_calls_are_timed_on_one_blas_thread():
    def threads():
        return {
            pool["num_threads"]
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        }

    seen = []
    with threadpool_limits(limits=2, user_api="blas"):
        shortest_seconds(lambda: seen.append(threads()), repeats=1)
        assert threads() == {2}
    assert seen == [{1}, {1}]


def test_the_peak_holds_what_is_freed_before_the_end():
    def two_then_none():
        first = np.ones(1_000_000)
        return float((first + first).sum())

    assert 16_000_000 <= peak_bytes(two_then_none) < 17_000_000
