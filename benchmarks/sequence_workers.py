"""The cases of `sequences.py`, how a call is timed, and the worker that runs this
library's own kernels.
"""

import time
import tracemalloc
from functools import partial

import numpy as np

ATTENTION = {
    "attention": (1, 12, 1024, 64),
    "attention_causal": (1, 12, 1024, 64),
    "attention_8192": (1, 1, 8192, 64),
}
LSTM = {
    "lstm_512": (16, 100, 512, 512),
    "lstm_650": (20, 35, 650, 650),
    "lstm_512_batch1": (1, 100, 512, 512),
}
CASES = ATTENTION | LSTM
REPEATS = 7


def heads(name: str) -> tuple[np.ndarray, ...]:
    """Return q, k and v of unit variance, float32. Shapes: B H T D."""
    rng = np.random.default_rng(0)
    return tuple(
        rng.standard_normal(ATTENTION[name], dtype=np.float32) for _ in range(3)
    )


def cell(name: str) -> tuple[np.ndarray, ...]:
    """Return an input and an LSTM's weights in PyTorch's order of gates. Shapes: N T D,
    4H D, 4H H, 4H.
    """
    batch, steps, features, hidden = LSTM[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, steps, features), dtype=np.float32)
    shapes = ((4 * hidden, features), (4 * hidden, hidden), (4 * hidden,))
    return x, *(
        rng.uniform(-(hidden**-0.5), hidden**-0.5, shape).astype(np.float32)
        for shape in shapes
    )


def macs(name: str) -> int:
    """Return the multiply-accumulates of a case; a causal one does only the pairs that
    its mask lets through.
    """
    if name in LSTM:
        batch, steps, features, hidden = LSTM[name]
        return batch * steps * 4 * hidden * (features + hidden)
    batch, number, tokens, dim = ATTENTION[name]
    pairs = tokens * (tokens + 1) // 2 if "causal" in name else tokens**2
    return 2 * batch * number * pairs * dim


def shortest(function) -> float:
    """Return the shortest of several calls in milliseconds, after two that are not
    timed.
    """
    seconds = []
    for _ in range(REPEATS + 2):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds[2:])


def peak_gflops(product) -> float:
    """Return the billions of FLOP/s of a 1536 x 1536 matrix product in float32."""
    size = 1536
    matrix = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    return 2 * size**3 / shortest(product(matrix)) / 1e6


def square(matrix):
    """Return the matrix times itself."""
    return matrix @ matrix


# --- Workers: each runs in a process of its own ---------------------------------------


def ours() -> dict:
    """Time every rung of ours, and compare it with float64."""
    from dlpatterns.kernels import attention, recurrence

    rows = {}
    for name in CASES:
        reference = exact(name)
        if name in ATTENTION:
            long = name == "attention_8192"
            rungs = (
                "attention_tiled",
                "attention_fast",
                *(() if long else ("attention_matmul",)),
            )
            runs = {
                rung: partial(
                    getattr(attention, rung), *heads(name), causal="causal" in name
                )
                for rung in rungs
            }
        else:
            x, *parts = cell(name)
            runs = {
                rung: partial(shown, rung, x, recurrence.Weights(*parts))
                for rung in ("lstm_steps", "lstm_fast")
            }
        for rung, run in runs.items():
            rows[f"{name}/{rung}"] = {
                "ms": shortest(run),
                "error": float(np.abs(run() - reference).max()),
            }
    return {
        "times": rows,
        "peak_gflops": peak_gflops(lambda matrix: partial(square, matrix)),
    }


def shown(rung: str, x: np.ndarray, weights: tuple) -> np.ndarray:
    """Return h of an LSTM, without its memory."""
    from dlpatterns.kernels import recurrence

    return getattr(recurrence, rung)(x, weights)[0]


def side_by_side() -> dict:
    """Time attention with two heads at a time, each with one BLAS thread."""
    from dlpatterns.kernels.attention import attention_fast

    rows = {}
    for name in ("attention", "attention_causal"):
        run = partial(attention_fast, *heads(name), causal="causal" in name, threads=2)
        rows[f"{name}/attention_fast, 2 heads at a time"] = {
            "ms": shortest(run),
            "error": float(np.abs(run() - exact(name)).max()),
        }
    return {"times": rows}


def exact(name: str) -> np.ndarray:
    """Return the result of a case in float64, by the rung with the fewest tricks that
    fits into memory.
    """
    from dlpatterns.kernels import attention, recurrence

    if name in ATTENTION:
        return attention.attention_tiled(
            *(x.astype(np.float64) for x in heads(name)), causal="causal" in name
        )
    x, *parts = (array.astype(np.float64) for array in cell(name))
    return recurrence.lstm_steps(x, recurrence.Weights(*parts))[0]


def memory() -> dict:
    """Measure what attention at T = 8192 allocates at most besides its inputs and its
    output. Units: bytes.
    """
    from dlpatterns.kernels.attention import attention_fast, attention_tiled

    rows = {}
    for number in (1, 12):
        q = np.random.default_rng(0).standard_normal(
            (1, number, 8192, 64), dtype=np.float32
        )
        for rung in (attention_tiled, attention_fast):
            tracemalloc.start()
            output = rung(q, q, q).nbytes
            rows[f"{rung.__name__}, {number} heads"] = (
                tracemalloc.get_traced_memory()[1] - output
            )
            tracemalloc.stop()
    return {
        "working_bytes": rows,
        "all_scores_bytes": {str(number): number * 8192**2 * 4 for number in (1, 12)},
    }
