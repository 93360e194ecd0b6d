"""Say in words what a value is, and what differs."""

import re
import reprlib
from dataclasses import dataclass

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
