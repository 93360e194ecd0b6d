"""Compare numbers: exact where they are whole, with hints for the usual slips."""

import cmath
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from numbers import Number

import numpy as np

from ._describe import Difference, article


def compare_numbers(
    expected: Number, got: object, tolerance: float | None
) -> Difference | None:
    got, expected = plain(got), plain(expected)
    if type(got) not in (int, float, complex, Fraction):
        return Difference(
            f"one number is expected, yours is {article(got)}", _as_number_hint(got)
        )
    if _nan(got) and _nan(expected):
        return None
    if _nan(got):
        return Difference(
            "yours is NaN, which is no number: was something divided by zero?"
        )
    if _close(expected, got, tolerance):
        return None
    if isinstance(expected, complex) or isinstance(got, complex):
        return Difference("the numbers differ")
    return Difference(
        "yours is too large" if got > expected else "yours is too small",
        slip(expected, got),
    )


def _nan(value: Number) -> bool:
    return isinstance(value, (float, complex)) and cmath.isnan(value)


def plain(value: object) -> object:
    """Turn NumPy's scalars, arrays without axes, and subclasses of Python's numbers
    into Python's own numbers.
    """
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    for kind, own in (
        (int, int.__int__),
        (float, float.__float__),
        (complex, complex.__complex__),
    ):
        if issubclass(type(value), kind) and type(value) is not bool:
            return own(value)
    return Fraction(value) if type(value) is Decimal and value.is_finite() else value


def _as_number_hint(got: object) -> str:
    if isinstance(got, str):
        return "Write the number without quotes."
    if isinstance(got, np.ndarray) and got.size == 1:
        return (
            f"An array of shape {got.shape} holds one number; take it out with "
            "`.item()`."
        )
    return (
        "Pass what the function returns, not the function itself."
        if callable(got)
        else ""
    )


def _close(expected: Number, got: Number, tolerance: float | None) -> bool:
    if isinstance(got, (float, complex)) and not cmath.isfinite(got):
        return got == expected
    if tolerance is None and isinstance(expected, int):
        return got == expected or (type(got) is float and rounded(expected, got))
    try:
        return abs(got - expected) <= (1e-6 if tolerance is None else tolerance) * abs(
            expected
        )
    except OverflowError:
        return False


ROUNDING, LARGEST = 1e-12, 1e-3  # what floating point may add to a whole number


def rounded(expected: int, got: float) -> bool:
    """Return whether a number is a whole one but for the rounding of floating point.

    >>> rounded(28, 3 * 0.9 / (1 - 0.9) + 1), rounded(28, 28.0001)
    (True, False)
    """
    try:
        return abs(got - expected) <= min(ROUNDING * abs(expected), LARGEST)
    except OverflowError:
        return False


def agreeing(expected: object, got: object) -> int:
    """Return to how many digits, two or more, a rounded or cut number agrees with the
    expected one; 0 if it does not.

    >>> agreeing(5.0625, 5.06), agreeing(5.0625, 5.07), agreeing(28, 28.0)
    (3, 0, 0)
    """
    got = plain(got)
    if type(got) not in (int, float) or type(expected) is not float:
        return 0
    if not -1e300 < got < 1e300:
        return 0
    given = Decimal(repr(got)).normalize()
    unit = Decimal(1).scaleb(given.as_tuple().exponent)
    exact = Decimal(expected)
    found = any(
        exact.quantize(unit, rounding) == given
        for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
        if exact.adjusted() - unit.adjusted() < 25
    )
    digits = len(given.as_tuple().digits)
    return digits if found and digits > 1 else 0


def slip(expected: Number, got: Number) -> str:
    """Return a hint if the number is off by a factor or a step that people are often
    off by.
    """
    for factor, hint in _FACTORS.items():
        if expected and _same(got, expected * factor):
            return hint
    if isinstance(expected, int) and abs(got - expected) == 1:
        return "You are off by one."
    return ""


def _same(a: Number, b: Number) -> bool:
    try:
        return a == b or abs(a - b) <= 1e-9 * abs(b)
    except OverflowError:  # one is too large for a float
        return False


_FACTORS = {
    -1: "The sign is wrong.",
    2: (
        "Exactly twice too much: is something counted twice, or a MAC as two "
        "operations?"
    ),
    Fraction(1, 2): "Exactly half: is one of two equal parts missing?",
    100: "A hundred times too much: a share, or per cent?",
    Fraction(1, 100): "A hundredth: a share, or per cent?",
    8: "Eight times too much: bits, or bytes?",
    Fraction(1, 8): "An eighth: bits, or bytes?",
    **{
        1000**power: "Off by a power of a thousand: look at the unit."
        for power in (1, 2, 3)
    },
    **{
        Fraction(1, 1000**power): "Off by a power of a thousand: look at the unit."
        for power in (1, 2, 3)
    },
    **{1024**power: "Off by a power of 1024: look at the unit." for power in (1, 2, 3)},
    **{
        Fraction(1, 1024**power): "Off by a power of 1024: look at the unit."
        for power in (1, 2, 3)
    },
}
