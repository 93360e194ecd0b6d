"""Numbers as readers write them."""

from numbers import Integral, Real

import numpy as np

PREFIXES = (
    *(
        (10.0**power, prefix)
        for power, prefix in zip(range(21, 2, -3), "ZEPTGMk", strict=True)
    ),
    *(
        (10.0**power, prefix)
        for power, prefix in zip(range(0, -10, -3), ["", *"mµn"], strict=True)
    ),
)


def number(value: object, digits: int = 3) -> str:
    """Return a value as readers write it: thousands separators, `digits` significant
    digits, shapes with a cross.

    >>> number(1234567), number(0.123456), number(12345.6)
    ('1,234,567', '0.123', '12,346')
    >>> number((64, 7, 7)), number(None), number(2.5e-9)
    ('64 × 7 × 7', '–', '2.5e-09')
    """
    if value is None or (
        isinstance(value, Real) and not isinstance(value, Integral) and np.isnan(value)
    ):
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{value:,}"
    if isinstance(value, Real):
        if 10 ** (digits - 1) <= abs(value) < 1e15:
            return f"{value:,.0f}"
        text = f"{float(value):.{digits}g}"
        return "0" if text == "-0" else text
    if isinstance(value, tuple):
        return " × ".join(map(number, value))
    return str(value)


def si(value: float, unit: str = "", digits: int = 3) -> str:
    """Return a value with an SI prefix, from nano to zetta.

    >>> si(15470264320), si(340908, "MAC"), si(2.5e18, "FLOP"), si(0.0205, "s")
    ('15.5 G', '341 kMAC', '2.5 EFLOP', '20.5 ms')
    """
    rounded = abs(float(f"{value:.{digits}g}"))
    size, prefix = next((pair for pair in PREFIXES if rounded >= pair[0]), (1, ""))
    # what is smaller than the smallest prefix, or nothing, stands without one
    return f"{value / size:.{digits}g} {prefix}{unit}".rstrip()


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage.

    >>> percent(0.8934), percent(1)
    ('89.3 %', '100.0 %')
    """
    return f"{100 * share:.{digits}f} %"
