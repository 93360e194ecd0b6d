"""Arrays to codes and back: what comes in is checked, and goes the fastest way that
gives the exact result.
"""

from typing import Any

import numpy as np

from . import _plain, _tables

OVERFLOWS = ("saturate", "inf", "nan")


# --- What comes in --------------------------------------------------------------------


def as_numbers(values: Any, what: str) -> np.ndarray:
    """Return values as an array of float32 or float64 that holds them exactly."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{what}: rows of one length, got {values!r:.60}") from error
    if array.size == 0 and array.dtype == float:
        return array
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.kind in "iu":
        return _widened(array, what)
    raise TypeError(
        f"{what}: an array of real numbers in 16, 32 or 64 bits, got {values!r:.60} "
        f"({array.dtype})"
    )


def _widened(array: np.ndarray, what: str) -> np.ndarray:
    limit = 2**53
    if array.size and (int(array.max()) > limit or int(array.min()) < -limit):
        raise ValueError(
            f"{what}: whole numbers beyond 2^53 would be rounded twice; the largest is "
            f"{array.max()}"
        )
    return array.astype(np.float64)


def as_codes(form: Any, codes: Any) -> np.ndarray:
    """Return codes as an array in the format's type.

    Raises: TypeError for what is not whole, ValueError for a code outside the format.
    """
    array = np.asarray(codes)
    if array.size == 0:
        return array.astype(_plain.code_type(form))
    if array.dtype.kind not in "iu":
        raise TypeError(f"{form.name}: codes are whole numbers, got {codes!r:.60}")
    if array.dtype == _plain.code_type(form) and form.bits == 8 * array.itemsize:
        return array
    low, high, limit = int(array.min()), int(array.max()), 2**form.bits - 1
    if low < 0 or high > limit:
        raise ValueError(
            f"{form.name}: codes are 0 to {limit}, got {low if low < 0 else high}"
        )
    return array.astype(_plain.code_type(form), copy=False)


# --- The ways in and out --------------------------------------------------------------


def encode(
    form: Any, values: Any, rounding: str, overflow: str | None, **options: Any
) -> np.ndarray:
    """Return the codes of values in a format."""
    numbers, rule = as_numbers(values, form.name), _plain.Rule(rounding, **options)
    overflow = _checked(form, overflow)
    quick = _tables.encode(form, numbers, rounding, overflow)
    if quick is not None:
        return quick
    return _plain.plain(form, numbers, rule, overflow)


def _checked(form: Any, overflow: str | None) -> str:
    known = ("saturate", "error") if form.kind == "integer" else OVERFLOWS
    if overflow is None:
        return form.overflow
    if overflow not in OVERFLOWS and overflow not in known:
        raise ValueError(f"overflow is one of {', '.join(known)}; got {overflow!r}")
    lacks = {"inf": not getattr(form, "infinities", False)}
    lacks["nan"] = getattr(form, "nan_code", None) is None
    if lacks.get(overflow):
        word = {"inf": "infinity", "nan": "NaN"}[overflow]
        raise ValueError(f"{form.name} has no {word}; take overflow='saturate'")
    return overflow


def decode(form: Any, codes: Any) -> np.ndarray:
    """Return the values of codes."""
    codes = as_codes(form, codes)
    if form.kind == "integer":
        return _whole(form, codes)
    return _tables.decode(form, codes)


def _whole(form: Any, codes: np.ndarray) -> np.ndarray:
    numbers = codes.astype(np.int64)
    top = form.signed << (form.bits - 1)
    return (numbers ^ top) - top


def rounded(
    form: Any, values: Any, rounding: str, overflow: str | None, **options: Any
) -> np.ndarray:
    """Return values as a format keeps them, in the precision that they came in."""
    numbers = as_numbers(values, form.name)
    kept = decode(form, encode(form, numbers, rounding, overflow, **options))
    return kept.astype(np.result_type(numbers.dtype, _tables.held_in(form)), copy=False)
