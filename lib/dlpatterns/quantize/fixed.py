"""An int32 accumulator times a real scale, without floating point.

The scale becomes a multiplier, 2^31 times a number from a half to one, and a shift
(positive to the left). Two rules round the product: "double" once to 32 bits and once
more at the shift, "single" once at the end. They differ in a few results of a thousand.

Source: gemmlowp, `fixedpoint.h` and `doc/quantization.md`; Jacob et al. 2018, section
2.2; TensorFlow Lite, `common.cc` (`MultiplyByQuantizedMultiplier`).
"""

from math import frexp

import numpy as np

from . import _checks
from ._door import door

INT32 = (-(2**31), 2**31 - 1)
RULES = ("double", "single")


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Return the multiplier and the shift whose product multiplier x 2^(shift - 31) is
    nearest to a positive number.

    >>> quantise_multiplier(0.5), quantise_multiplier(3.0)
    ((1073741824, 0), (1610612736, 2))
    """
    number = _checks.number("a multiplier", real, 0, 2.0**30)
    fraction, shift = frexp(number)
    multiplier = int(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    if multiplier == 0 or shift < -31:
        return 0, 0
    return multiplier, shift


@door()
def quantise_multipliers(real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return multipliers and shifts of positive numbers, one pair for each."""
    pairs = [quantise_multiplier(float(one)) for one in np.ravel(real)]
    multipliers, shifts = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return multipliers.reshape(np.shape(real)), shifts.reshape(np.shape(real))


def requantize(
    accumulator: np.ndarray,
    multiplier: np.ndarray | int,
    shift: np.ndarray | int,
    rounding: str = "double",
) -> np.ndarray:
    """Return accumulator x multiplier x 2^(shift - 31), rounded to whole numbers by the
    rule "double" or "single"; multipliers and shifts broadcast.

    A positive shift goes to the left. "double" shifts left first, rounds the high half
    of the doubled product, ties upward, and rounds again where it shifts right, ties
    away from zero; "single" adds a half and shifts once, ties upward.

    Raises: ValueError where the original has undefined behaviour: an accumulator that
    overflows 32 bits when it is shifted left, or a result that does not fit 32 bits.

    >>> requantize(np.array([-6, -5, 5, 6]), 2**30, -1, "double")
    array([-2, -1,  2,  2])
    >>> requantize(np.array([-6, -5, 5, 6]), 2**30, -1, "single")
    array([-1, -1,  1,  2])
    """
    if rounding not in RULES:
        raise ValueError(f"rounding is one of {RULES}, got {rounding!r}")
    x = _checks.whole("an accumulator", accumulator, *INT32)
    multiplier = _checks.whole("a multiplier", multiplier, 0, 2**31 - 1)
    shift = _checks.whole("a shift", shift, -31, 30)
    return (_double if rounding == "double" else _single)(x, multiplier, shift)


def _double(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    shifted = _checks.fits_int32("the shifted sum", x << np.maximum(shift, 0))
    high = saturating_rounding_doubling_high_mul(shifted, multiplier)
    return rounding_divide_by_pot(high, np.maximum(-shift, 0))


def _single(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    total = 31 - shift
    result = (x * multiplier + (np.int64(1) << (total - 1))) >> total
    return _checks.fits_int32("the rescaled sum", result)


def saturating_rounding_doubling_high_mul(
    a: np.ndarray | int, b: np.ndarray | int
) -> np.ndarray:
    """Return the high 32 bits of 2 a b, rounded to nearest, ties upward; of the one
    product that does not fit, -2^31 squared, the largest int32.

    This is ARM's instruction SQRDMULH as gemmlowp writes it out.

    >>> saturating_rounding_doubling_high_mul(-(2**31), -(2**31))
    array(2147483647)
    """
    a, b = (_checks.whole("a factor", one, *INT32) for one in (a, b))
    product = a * b
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    total = product + nudge
    high = np.where(total >= 0, total >> 31, -(-total >> 31))
    return np.asarray(np.minimum(high, INT32[1]))


def rounding_divide_by_pot(
    x: np.ndarray | int, exponent: np.ndarray | int
) -> np.ndarray:
    """Return x / 2^exponent, rounded to nearest, ties away from zero.

    >>> rounding_divide_by_pot(np.array([-3, -1, 1, 3]), 1)
    array([-2, -1,  1,  2])
    """
    x = _checks.whole("x", x, *INT32)
    exponent = _checks.whole("an exponent", exponent, 0, 31)
    mask = (np.int64(1) << exponent) - 1
    remainder = x & mask
    return (x >> exponent) + (remainder > (mask >> 1) + (x < 0))
