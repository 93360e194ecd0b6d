"""The roof of the machine that runs this page, and kernels of earlier lectures under
it. Times differ from machine to machine; what is printed is never compared.
"""

from functools import cache

import numpy as np

from ... import show
from ...hardware import at_hand
from ...hardware.machines import Machine
from ...hardware.roofline import Bound, bound
from ...kernels import blocked, convolution
from ...measuring import shortest_seconds

SIZE, COPY = 768, 2**27  # side of the product, bytes of the copy: beyond the caches


@cache
def machine() -> Machine:
    """Return this machine on one thread: a large product, a copy beyond the caches."""
    return at_hand.machine(
        at_hand.rates((SIZE,), dtypes=("fp32",)), at_hand.bandwidths((COPY,))
    )


def works() -> dict:
    """Return kernels by name: what to call, its MACs, the values that cross once."""
    rng = np.random.default_rng(1)

    def some(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    long = some(2, 2**23)
    matrix, column = some(4096, 4096), some(4096, 1)
    x, w = some(1, 64, 56, 56), some(64, 64, 3, 3)
    wide, deep = some(1, 256, 56, 56), some(256, 1, 3, 3)
    return {
        "y = a·x + y": (
            lambda: np.add(long[1], 0.5 * long[0]),
            long.shape[1],
            3 * long.shape[1],
        ),
        "matrix × column": (
            lambda: matrix @ column,
            matrix.size,
            matrix.size + 2 * column.size,
        ),
        "3 × 3 convolution, im2col": (
            lambda: convolution.conv2d_im2col(x, w, padding=1),
            w.size * 56 * 56,
            2 * x.size + w.size,
        ),
        "depthwise 3 × 3, loops": (
            lambda: blocked.conv2d_depthwise(wide, deep, padding=1),
            deep.size * 56 * 56,
            2 * wide.size + deep.size,
        ),
    }


def timed() -> list[dict]:
    """Return a row a kernel: its bound on this machine, its time, the share reached."""
    return [
        _row(bound(name, macs, 4 * values, machine(), dtype="fp32"), call)
        for name, (call, macs, values) in works().items()
    ]


def _row(least: Bound, call) -> dict:
    seconds = shortest_seconds(call, 3)
    return {
        "kernel": least.name,
        "FLOP a byte (once)": least.intensity,
        "waits for": least.waits_for,
        "bound, ms": least.overlapped * 1e3,
        "measured, ms": seconds * 1e3,
        "of the bound": show.percent(least.overlapped / seconds, 0),
    }


def facts() -> list[dict]:
    """Return the measured roof as one row."""
    one = machine()
    return [
        {"machine": "one thread", "10⁹ FLOP/s": one.peak("fp32") / 1e9}
        | {"GB/s": one.bandwidth / 1e9, "FLOP a byte at the ridge": one.ridge("fp32")}
    ]
