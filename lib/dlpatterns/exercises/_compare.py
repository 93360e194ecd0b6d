"""Compare an answer with the expected value, and say in words what differs."""

import cmath
import re
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from numbers import Number

import numpy as np

_SHORT = reprlib.Repr()
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxdict = 8
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


@dataclass(frozen=True)
class Difference:
    """Where an answer differs from the expected value: a sentence, and the hint if it
    is one of the usual slips.
    """

    what: str
    hint: str = ""


def describe(value: object) -> str:
    """Return a short text for any value: shape and type of an array, numbers with
    thousands separators.

    >>> describe(307200), describe(np.zeros((2, 3, 4, 5), np.float32))
    ('307,200', 'array of shape (2, 3, 4, 5), float32')
    """
    try:
        return _described(value)
    except Exception:  # the repr of a student's object may raise anything
        return f"{article(value)} that cannot be shown"


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        text = f"array of shape {value.shape}, {value.dtype}"
        return (
            f"{text}: {_values(value)}"
            if 0 < value.size <= 12 and type(value) is np.ndarray
            else text
        )
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) is int:
        return (
            f"{value:,}"
            if value.bit_length() < 500
            else "a whole number of more than 150 digits"
        )
    if type(value) is float:
        return repr(value)
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", " ".join(_SHORT.repr(value).split()))[:160]


def _values(array: np.ndarray) -> str:
    return " ".join(np.array2string(array, precision=4, separator=", ").split())


def article(value: object) -> str:
    """Return the kind of a value in words, for instance "a number" or "a list"."""
    if type(value) is np.ndarray:
        return "an array of objects" if value.dtype.kind == "O" else "an array"
    if isinstance(value, np.generic):
        value = value.item()
    names = {
        bool: "a truth value",
        int: "a whole number",
        float: "a number",
        complex: "a complex number",
        str: "a text",
    }
    names |= {
        tuple: "a tuple",
        list: "a list",
        dict: "a dict",
        set: "a set",
        type(None): "None",
    }
    if callable(value):
        return "a function"
    return names.get(type(value), f"an object of type {type(value).__name__}")


def difference(
    expected: object, got: object, tolerance: float | None = None
) -> Difference | None:
    """Return None if `got` equals `expected`, else what differs.

    Whole numbers are equal exactly and others within 1e-6 of the expected size, unless
    `tolerance` (relative) says otherwise; an array needs the exact shape, and is
    measured by its largest expected value.
    """
    return _comparison(expected)(expected, got, tolerance)


def _comparison(expected: object) -> Callable:
    if isinstance(expected, (bool, np.bool_)):
        return _truth
    for kinds, compare in _COMPARISONS:
        if isinstance(expected, kinds):
            return compare
    raise TypeError(
        f"no way to compare with {type(expected).__name__} {expected!r}; use a "
        "number, text, tuple or array"
    )


# --- One comparison per kind of expected value ----------------------------------------


def _truth(expected: bool, got: object, tolerance: float | None) -> Difference | None:
    if not isinstance(got, (bool, np.bool_)):
        return Difference(f"True or False is expected, yours is {article(got)}")
    return None if bool(got) == bool(expected) else Difference("it is the other one")


def _number(
    expected: Number, got: object, tolerance: float | None
) -> Difference | None:
    got, expected = _plain(got), _plain(expected)
    if type(got) not in (int, float, complex, Fraction):
        return Difference(
            f"one number is expected, yours is {article(got)}", _as_number_hint(got)
        )
    if isinstance(got, (float, complex)) and cmath.isnan(got):
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


def _plain(value: object) -> object:
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


def plain_text(value: str) -> str:
    """Return the characters of a text, whatever methods a subclass of str may have."""
    return str.__str__(value)


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
    exact = isinstance(expected, int) and tolerance is None
    if exact or (isinstance(got, (float, complex)) and not cmath.isfinite(got)):
        return got == expected
    try:
        return abs(got - expected) <= (1e-6 if tolerance is None else tolerance) * abs(
            expected
        )
    except OverflowError:
        return False


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


def _text(expected: str, got: object, tolerance: float | None) -> Difference | None:
    if not issubclass(type(got), str):
        return Difference(f"a text in quotes is expected, yours is {article(got)}")
    same = (
        " ".join(plain_text(got).split()).casefold()
        == " ".join(expected.split()).casefold()
    )
    return None if same else Difference("it is another one")


def _items(group: object) -> object:
    """Return what a list, tuple or set really holds, whatever methods a subclass of
    theirs may have.
    """
    for kind in (list, tuple, set, frozenset):
        if isinstance(group, kind):
            return kind(kind.__iter__(group))
    return group


def _sequence(
    expected: tuple | list, got: object, tolerance: float | None
) -> Difference | None:
    if not isinstance(got, (tuple, list)) and not (
        isinstance(got, np.ndarray) and got.ndim
    ):
        hint = "Make a list of it: `list(...)`." if hasattr(got, "__next__") else ""
        return Difference(
            (
                f"{article(expected)} of {len(expected)} is expected, yours is "
                f"{article(got)}"
            ),
            hint,
        )
    got = _items(got)
    if len(got) != len(expected):
        return Difference(f"{len(expected)} items are expected, yours has {len(got)}")
    return _first(
        (
            (f"item {i}", a, b)
            for i, (a, b) in enumerate(zip(expected, got, strict=True))
        ),
        tolerance,
    )


def _mapping(expected: dict, got: object, tolerance: float | None) -> Difference | None:
    if not isinstance(got, dict):
        return Difference(f"a dict is expected, yours is {article(got)}")
    for keys, word in (
        (expected.keys() - got.keys(), "is missing"),
        (got.keys() - expected.keys(), "is not asked for"),
    ):
        if keys:
            return Difference(f"the key {describe(min(keys, key=repr))} {word}")
    return _first(
        (
            (f"the value of {describe(key)}", expected[key], got[key])
            for key in expected
        ),
        tolerance,
    )


def _first(items: object, tolerance: float | None) -> Difference | None:
    for where, expected, got in items:
        if found := difference(expected, got, tolerance):
            return Difference(f"{where}: {found.what}", found.hint)
    return None


def _group(
    expected: set | frozenset, got: object, tolerance: float | None
) -> Difference | None:
    if not isinstance(got, (set, frozenset, list, tuple)):
        hint = (
            "Make a set of it: `set(...)`."
            if hasattr(got, "__iter__") and not isinstance(got, (str, dict))
            else ""
        )
        return Difference(f"a set is expected, yours is {article(got)}", hint)
    got = _items(got)
    try:
        extra, missing = set(got) - expected, expected - set(got)
    except TypeError:
        return Difference(
            "a set of plain values is expected, yours holds something else"
        )
    if extra:
        return Difference(f"{describe(min(extra, key=repr))} does not belong to it")
    return (
        Difference(f"{len(missing)} of {len(expected)} are missing")
        if missing
        else None
    )


# --- Arrays ---------------------------------------------------------------------------


def _array(
    expected: np.ndarray, got: object, tolerance: float | None
) -> Difference | None:
    given = _numbers(got)
    if given is None:
        return Difference(
            f"an array of numbers of shape {expected.shape} is expected, yours is "
            f"{article(got)}"
        )
    if masked := _masked(got):
        return Difference(
            f"{masked:,} of {given.size:,} values are masked",
            "Pass an array in which each value counts.",
        )
    if given.shape != expected.shape:
        what = f"the shape {expected.shape} is expected, yours is {given.shape}"
        return Difference(what, _shape_hint(expected, given, tolerance))
    if given.dtype.kind == "c" and expected.dtype.kind != "c":
        hint = (
            ""
            if _unequal(expected, given.real, tolerance).any()
            else "The real part is right: take it with `.real`."
        )
        return Difference("real numbers are expected, yours are complex", hint)
    wrong = _unequal(expected, given, tolerance)
    return _array_difference(expected, given, wrong, tolerance) if wrong.any() else None


def _masked(got: object) -> int:
    return (
        int(np.ma.getmaskarray(got).sum()) if isinstance(got, np.ma.MaskedArray) else 0
    )


def _numbers(got: object) -> np.ndarray | None:
    """Return the answer as an array of numbers, or None if it is none."""
    if not hasattr(got, "__array__") and not isinstance(
        got, (list, tuple, int, float, complex)
    ):
        return None
    try:
        array = np.asarray(_items(got))
    except Exception:  # a student's own `__array__` may raise anything
        return None
    return (
        array if isinstance(array, np.ndarray) and array.dtype.kind in "biufc" else None
    )


def _unequal(
    expected: np.ndarray, got: np.ndarray, tolerance: float | None
) -> np.ndarray:
    if expected.dtype.kind in "biu" and tolerance is None:
        return np.asarray(got != expected)
    wide = np.result_type(expected, got, np.float64)
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    with np.errstate(all="ignore"):
        near = (
            np.abs(got.astype(wide) - expected)
            <= (1e-6 if tolerance is None else tolerance) * scale
        )
    return ~(near | (got == expected))


def _array_difference(
    expected: np.ndarray, got: np.ndarray, wrong: np.ndarray, tolerance: float | None
) -> Difference:
    if got.dtype.kind in "fc" and np.isnan(got).any() and not np.isnan(expected).any():
        return Difference(
            f"{int(np.isnan(got).sum()):,} of {got.size:,} values are NaN, which "
            "is "
            "no number"
        )
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    at = f"at index {where}" if where else "there"
    return Difference(
        f"{int(wrong.sum()):,} of {wrong.size:,} values differ, the first {at}",
        _shape_hint(expected, got, tolerance),
    )


def _shape_hint(expected: np.ndarray, got: np.ndarray, tolerance: float | None) -> str:
    """Say if the answer is right but for the order of its axes, an axis of length one,
    or a factor of two.
    """
    if got.ndim != expected.ndim and got.size == expected.size:
        same = not _unequal(expected.ravel(), got.ravel(), tolerance).any()
        return (
            (
                "The values are right; only the axes differ (an axis of length 1, or a "
                "flattened array)."
            )
            if same
            else ""
        )
    if 2 <= got.ndim <= 4 and got.ndim == expected.ndim:
        for order in permutations(range(got.ndim)):
            turned = got.transpose(order)
            if (
                turned.shape == expected.shape
                and not _unequal(expected, turned, tolerance).any()
            ):
                return (
                    "The values are right, the axes are in another order: it is "
                    "transposed."
                )
    if (
        got.shape == expected.shape
        and got.size
        and not _unequal(2 * expected, got, tolerance).any()
    ):
        return "Every value is exactly twice what it should be."
    return ""


_COMPARISONS: tuple[tuple[tuple[type, ...], Callable], ...] = (
    ((np.ndarray,), _array),
    ((Number, np.generic), _number),
    ((str,), _text),
    ((tuple, list), _sequence),
    ((set, frozenset), _group),
    ((dict,), _mapping),
)
