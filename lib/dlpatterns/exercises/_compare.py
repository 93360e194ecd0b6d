"""Compare an answer with the expected value, and say in words what differs."""

from collections import Counter
from collections.abc import Callable
from itertools import permutations
from numbers import Number
from unicodedata import normalize

import numpy as np

from ._describe import Difference, article, describe
from ._numbers import LARGEST, ROUNDING, compare_numbers


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


def plain_text(value: str) -> str:
    """Return the characters of a text, whatever methods a subclass of str may have."""
    return str.__str__(value)


def _text(expected: str, got: object, tolerance: float | None) -> Difference | None:
    if not issubclass(type(got), str):
        return Difference(f"a text in quotes is expected, yours is {article(got)}")
    same = (
        " ".join(normalize("NFKC", plain_text(got)).split()).casefold()
        == " ".join(normalize("NFKC", expected).split()).casefold()
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
    if isinstance(got, (list, tuple)) and _repeats(got):
        return Difference(
            f"{describe(_repeats(got)[0])} is there twice",
            "Each once: a set holds nothing twice.",
        )
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


def _repeats(items: list | tuple) -> list:
    """Return the items that stand there more than once."""
    try:
        return [item for item, times in Counter(items).items() if times > 1]
    except TypeError:  # unhashable; the comparison says so
        return []


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
    if expected.dtype.kind == "b" or got.dtype.kind == "b":  # no differences of these
        return np.asarray(got != expected)
    if expected.dtype.kind in "iu" and tolerance is None:
        slack = np.minimum(ROUNDING * np.abs(expected.astype(float)), LARGEST)
        with np.errstate(all="ignore"):
            rounded = (got.dtype.kind == "f") & (np.abs(got - expected) <= slack)
        return np.asarray((got != expected) & ~rounded)
    wide = np.result_type(expected, got, np.float64)
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    with np.errstate(all="ignore"):
        near = (
            np.abs(got.astype(wide) - expected)
            <= (1e-6 if tolerance is None else tolerance) * scale
        )
        both_nan = np.isnan(got) & np.isnan(expected)
    return ~(near | (got == expected) | both_nan)


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
    ((Number, np.generic), compare_numbers),
    ((str,), _text),
    ((tuple, list), _sequence),
    ((set, frozenset), _group),
    ((dict,), _mapping),
)
