"""What every function of this room asks of its arguments."""

from typing import Any

import numpy as np

HUGE = float(np.finfo(np.float64).max)


def real(what: str, x: Any) -> np.ndarray:
    """Return the array if it holds finite real numbers, at least one."""
    if not isinstance(x, np.ndarray):
        raise TypeError(
            f"{what} is a NumPy array, got {type(x).__name__}; np.asarray(...) makes "
            "one"
        )
    if x.dtype.kind not in "iuf":
        raise TypeError(f"{what} holds real numbers, got {x.dtype} {x.shape}")
    if x.size == 0:
        raise ValueError(f"{what} {x.shape} is empty; nothing can be measured or coded")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        first = tuple(map(int, np.argwhere(~np.isfinite(x))[0]))
        raise ValueError(
            f"{what} {x.shape} holds NaN or infinity, first at {first}; no scale "
            "covers that"
        )
    return x


def whole(what: str, x: Any, low: int, high: int) -> np.ndarray:
    """Return the array as int64 if it holds whole numbers from `low` to `high`."""
    if not isinstance(x, np.ndarray | int | np.integer) or isinstance(x, bool):
        raise TypeError(f"{what} is an array of integers, got {type(x).__name__}")
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{what} holds integers, got {x.dtype} {x.shape}")
    if x.size and (int(x.min()) < low or int(x.max()) > high):
        raise ValueError(
            f"{what} lies between {low} and {high}, got {int(x.min())} to "
            f"{int(x.max())}"
        )
    return x.astype(np.int64, copy=False)


def flag(what: str, value: Any) -> bool:
    """Return the value if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{what} is True or False, got {value!r:.60}")
    return bool(value)


def count(what: str, value: Any, low: int = 1, high: int | None = None) -> int:
    """Return the number if it is whole and within its limits."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} is a whole number, got {value!r:.60}")
    if value < low or (high is not None and value > high):
        end = f"to {high}" if high is not None else "on"
        raise ValueError(f"{what} is a whole number from {low} {end}, got {value}")
    return int(value)


def number(what: str, value: Any, low: float, high: float) -> float:
    """Return the number as a float if it is one and lies within its limits."""
    real_number = isinstance(value, int | float | np.integer | np.floating)
    if not real_number or isinstance(value, bool):
        raise TypeError(f"{what} is a number, got {value!r:.60}")
    if not low <= value <= high:
        raise ValueError(f"{what} lies between {low:g} and {high:g}, got {value!r}")
    return float(value)


def fits_int32(what: str, x: np.ndarray) -> np.ndarray:
    """Return the array if every number fits 32 bits with a sign."""
    if x.size and (x.min() < -(2**31) or x.max() > 2**31 - 1):
        worst = max(abs(int(x.min())), abs(int(x.max())))
        raise ValueError(
            f"{what} overflows an int32 accumulator: {worst:,} is beyond 2**31 - 1; "
            "sum fewer products, or use fewer bits"
        )
    return x
