"""Sums and products that round after every step: what an accumulator of a format makes
of them, in any order.

Every step is the exact sum, rounded once. The exact sum of two float64 numbers is kept
as float64 rounded to odd, from which a second rounding to up to 51 bits gives what one
rounding gives. Source: Boldo and Melquiond 2008; the error of a sum: Knuth 1969.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _encoding, _plain, get
from .kinds import Float, Format, Integer

ORDERS = ("forward", "backward", "ascending", "descending", "pairwise")


def total(
    values: Sequence,
    form: str | Format,
    *,
    order: str = "forward",
    lanes: int = 1,
    rounding: str = "nearest",
    overflow: str | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return the sums of values along the last axis in an accumulator of a format.

    `order` is "forward", "backward", "ascending" or "descending" in magnitude, or
    "pairwise" (neighbours, then their sums). With `lanes`, every lanes-th value goes
    into a sum of its own, and these are added up at the end. An empty axis sums to 0.

    Integers raise an error on `overflow` unless it says "saturate", or "wrap" for two's
    complement that goes round; floats do what their format does.

    Raises: ValueError for an overflow, with the step at which it happened.
    """
    x = _terms(values)
    step = _Step(_form(form), rounding, overflow, rng)
    if order not in ORDERS:
        raise ValueError(f"order is one of {', '.join(ORDERS)}; got {order!r}")
    if isinstance(lanes, bool) or not isinstance(lanes, int) or lanes < 1:
        raise ValueError(f"lanes is a whole number of at least 1, got {lanes!r}")
    x = _ordered(x, order)
    if order == "pairwise":
        return _pairwise(x, step)
    width = min(lanes, x.shape[-1])
    if width > 1:
        x = _chain(_in_lanes(x, width), step)[-1]
    return _last(x, step)


def dot(
    a: Sequence,
    b: Sequence,
    form: str | Format,
    *,
    products: str | Format | None = None,
    **how: Any,
) -> np.ndarray:
    """Return the dot products along the last axis: each product rounded to `products`
    (None: exact, as in a fused multiply-add), then `total` in a format.

    Raises: ValueError if the operands' product isn't exact in float64: round them to a
    format of up to 24 bits of mantissa first.
    """
    x, y = _terms(a), _terms(b)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(f"dot: the last axes differ, {x.shape} and {y.shape}")
    for operand in (x, y):
        _require_single(operand)
    multiplied = x * y
    if products is not None:
        multiplied = _form(products).round(multiplied)
    return total(multiplied, form, **how)


def running(
    values: Sequence,
    form: str | Format,
    *,
    rounding: str = "nearest",
    overflow: str | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return the accumulator after every value along the last axis, first to last."""
    x = np.moveaxis(_terms(values), -1, 0)
    sums = _chain(x, _Step(_form(form), rounding, overflow, rng))
    return np.moveaxis(np.array(sums).reshape(x.shape), 0, -1)


# --- One step -------------------------------------------------------------------------


class _Step:
    """Adds to an accumulator: the exact sum, rounded once."""

    def __init__(
        self,
        form: Format,
        rounding: str,
        overflow: str | None,
        rng: np.random.Generator | None,
    ) -> None:
        drawn = rounding in _plain.DRAWN
        _plain.Rule(rounding, rng)  # refuses what makes no sense
        if form.name == "fp64" and rounding != "nearest":
            raise ValueError(f"fp64 adds to nearest only here, got {rounding!r}")
        if drawn and rng is None:
            rng = np.random.default_rng()
        self.form, self.rounding, self.overflow = form, rounding, overflow
        self.options = {"rng": rng} if drawn else {}
        if isinstance(form, Integer) and overflow is None:
            self.overflow = "error"

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the rounded sum."""
        return self.settled(_sum_to_odd(first, second))

    def settled(self, x: np.ndarray) -> np.ndarray:
        """Return what the accumulator holds of exact numbers."""
        if self.overflow == "wrap":
            return self._wrapped(x)
        kept = self.form.round(x, self.rounding, self.overflow, **self.options)
        return kept.astype(np.float64)

    def _wrapped(self, x: np.ndarray) -> np.ndarray:
        if not isinstance(self.form, Integer):
            raise ValueError(f"only integers wrap, {self.form.name} doesn't")
        whole = x.astype(np.int64)
        if (whole != x).any():
            raise ValueError("only whole numbers are added up round a two's complement")
        mask = 2**self.form.bits - 1
        return self.form.decode(whole & mask).astype(np.float64)


def _sum_to_odd(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return exact sums as float64: where one isn't float64, its odd neighbour."""
    with np.errstate(all="ignore"):
        near = first + second
        part = near - first
        error = (first - (near - part)) + (second - part)
        cut = (error != 0) & np.isfinite(near)
        if not cut.any():
            return near
        even = np.asarray(near).view(np.int64) & 1 == 0
        beside = np.nextafter(near, np.copysign(np.inf, error))
    return np.where(cut & even, beside, near)


# --- Many steps -----------------------------------------------------------------------


def _chain(terms: np.ndarray, step: _Step) -> list[np.ndarray]:
    """Return the accumulators after each row of terms, from zero on."""
    held, sums = np.zeros(terms.shape[1:]), []
    for number, term in enumerate(terms, 1):
        try:
            held = step(held, term)
        except ValueError as error:
            error.add_note(f"at term {number} of {len(terms)}")
            raise
        sums.append(held)
    return sums


def _last(x: np.ndarray, step: _Step) -> np.ndarray:
    if x.shape[-1] == 0:
        return np.zeros(x.shape[:-1])
    return _chain(np.moveaxis(x, -1, 0), step)[-1]


def _pairwise(x: np.ndarray, step: _Step) -> np.ndarray:
    if x.shape[-1] == 0:
        return np.zeros(x.shape[:-1])
    x = step.settled(x)
    while x.shape[-1] > 1:
        even = x.shape[-1] // 2 * 2
        pairs = step(x[..., 0:even:2], x[..., 1:even:2])
        x = np.concatenate([pairs, x[..., even:]], axis=-1)
    return x[..., 0]


def _in_lanes(x: np.ndarray, lanes: int) -> np.ndarray:
    """Return rows of one value for each lane, the last filled up with zeros."""
    rows = -(-x.shape[-1] // lanes)
    full = np.zeros((*x.shape[:-1], rows * lanes))
    full[..., : x.shape[-1]] = x
    return np.moveaxis(full.reshape(*x.shape[:-1], rows, lanes), -2, 0)


def _ordered(x: np.ndarray, order: str) -> np.ndarray:
    if order == "backward":
        return x[..., ::-1]
    if order in ("ascending", "descending"):
        size = np.abs(x) if order == "ascending" else -np.abs(x)
        return np.take_along_axis(x, np.argsort(size, axis=-1, kind="stable"), -1)
    return x


# --- What comes in --------------------------------------------------------------------


def _terms(values: Any) -> np.ndarray:
    x = _encoding.as_numbers(values, "a sum").astype(np.float64)
    if x.ndim == 0:
        raise ValueError(f"a sum needs an axis of terms, got the number {values!r}")
    return x


def _form(form: str | Format) -> Format:
    found = get(form) if isinstance(form, str) else form
    if not isinstance(found, (Float, Integer)):
        raise TypeError(f"an accumulator is a float or an integer, got {form!r:.60}")
    return found


def _require_single(x: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        inexact = (x.astype(np.float32) != x) & ~np.isnan(x)
    if inexact.any():
        raise ValueError(
            f"dot: {x[inexact][0]!r} has more than FP32's 24 bits, its products would "
            "be rounded twice; round the operands first"
        )
