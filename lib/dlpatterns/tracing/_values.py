"""Traced numbers, symbols and tables: what plain Python programs compute with."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ._tally import current, did, moved


def bare(value: Any) -> Any:
    return value.plain if isinstance(value, Value) else value


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and not isinstance(value, Value)


def _binary(kind: str, function: Callable, *, reflected: bool = False) -> Callable:
    """Return a method of `Value` that tallies one operation of two operands and returns
    its result.
    """

    def method(self: "Value", other: Any) -> Any:
        if _is_array(other):
            return NotImplemented
        first, second = (other, self) if reflected else (self, other)
        did(kind, 2)
        result = Value(function(bare(first), bare(second)))
        if kind == "multiply":
            result.product = True
        elif kind in ("add", "subtract"):
            _fuse(first, second)
            result.running = True
        return result

    return method


def _fuse(first: Any, second: Any) -> None:
    """Count a MAC if a product that no addition has taken yet meets a running sum."""
    for product, total in ((second, first), (first, second)):
        if isinstance(product, Value) and product.product and _is_running(total):
            product.product = False
            current().macs += 1
            return


def _is_running(total: Any) -> bool:
    return total.running if isinstance(total, Value) else total == 0


def _comparison(function: Callable) -> Callable:
    def method(self: "Value", other: Any) -> Any:
        if _is_array(other):
            return NotImplemented
        did("compare", 2, 0)
        return function(self.plain, bare(other))

    return method


def _unary(kind: str, function: Callable) -> Callable:
    def method(self: "Value") -> "Value":
        did(kind, 1)
        return Value(function(self.plain))

    return method


def refused(what: str) -> Callable:
    def method(self: Any, *args: Any) -> Any:
        raise TypeError(
            f"{what} of a traced value has no tally; use tracing.plain to leave "
            "the "
            "trace on purpose"
        )

    return method


class Value:
    """A number or symbol that tallies every operation it takes part in; `plain` is what
    it holds.

    As the key of a set or dict it tallies a look-up each time it is searched for.

    >>> from dlpatterns.tracing import tally
    >>> with tally() as t:
    ...     bird, facts = Value("bird"), {Value("bird"), Value("flies")}
    ...     known = bird in facts and bird == "bird"
    >>> known, t.lookups, t.comparisons
    (True, 3, 2)
    """

    __slots__ = ("plain", "product", "running")

    def __init__(self, plain: Any) -> None:
        self.plain, self.product, self.running = bare(plain), False, False

    __add__, __radd__ = (
        _binary("add", operator.add),
        _binary("add", operator.add, reflected=True),
    )
    __sub__, __rsub__ = (
        _binary("subtract", operator.sub),
        _binary("subtract", operator.sub, reflected=True),
    )
    __mul__, __rmul__ = (
        _binary("multiply", operator.mul),
        _binary("multiply", operator.mul, reflected=True),
    )
    __truediv__ = _binary("divide", operator.truediv)
    __rtruediv__ = _binary("divide", operator.truediv, reflected=True)
    __mod__, __floordiv__ = (
        _binary("divide", operator.mod),
        _binary("divide", operator.floordiv),
    )
    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __neg__, __abs__ = _unary("negate", operator.neg), _unary("absolute", abs)
    __and__, __or__ = _binary("logic", operator.and_), _binary("logic", operator.or_)
    __xor__, __invert__ = (
        _binary("logic", operator.xor),
        _unary("logic", operator.invert),
    )
    __float__, __int__, __index__ = (
        refused("float()"),
        refused("int()"),
        refused("an index made"),
    )
    __complex__, __round__ = refused("complex()"), refused("round()")
    __floor__, __ceil__, __trunc__ = (
        refused("floor()"),
        refused("ceil()"),
        refused("trunc()"),
    )

    def __pow__(self, exponent: Any) -> "Value":
        """Square with a multiplication, take other powers with the special function."""
        if bare(exponent) == 2:
            return self * self
        did("power", 2)
        return Value(self.plain ** bare(exponent))

    def __bool__(self) -> bool:
        """Compare with zero, or with an empty symbol."""
        did("compare", 1, 0)
        return bool(self.plain)

    def __hash__(self) -> int:
        """Tally the look-up in a table that asks for the hash."""
        did("look-up", 1, 0)
        return hash(self.plain)

    def conjugate(self) -> "Value":
        """Return the value itself, which is real."""
        return self

    def __repr__(self) -> str:
        return f"Value({self.plain!r})"


class Table(dict):
    """A dict that tallies a look-up for each search and bytes for each value, or array
    of values, that is read or stored.

    >>> from dlpatterns.tracing import tally
    >>> with tally() as t:
    ...     q = Table("Q", {("start", "left"): 0.5})
    ...     q["start", "right"] = q["start", "left"] * 2
    >>> t.lookups, t.read["Q"], t.written["Q"], t.multiplications
    (2, 4, 4, 1)
    """

    def __init__(self, name: str, entries: dict | None = None) -> None:
        super().__init__(
            {key: value_of(value) for key, value in (entries or {}).items()}
        )
        self.name = name

    def __getitem__(self, key: Any) -> Any:
        """Look the key up and read its value."""
        did("look-up", 1, 0)
        value = super().__getitem__(key)
        moved("read", self.name, np.size(value))
        return value

    def get(self, key: Any, default: Any = None) -> Any:
        """Look the key up and read its value, or return the default."""
        found = key in self
        return self[key] if found else default

    def __contains__(self, key: Any) -> bool:
        """Look the key up."""
        did("look-up", 1, 0)
        return super().__contains__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Look the key up and store the value."""
        did("look-up", 1, 0)
        moved("written", self.name, np.size(value))
        super().__setitem__(key, value_of(value))

    setdefault, update, pop = (
        refused("setdefault()"),
        refused("update()"),
        refused("pop()"),
    )


def value_of(value: Any) -> Value:
    """Return a value as one that tallies; an array stays what it is."""
    return value if isinstance(value, Value | np.ndarray) else Value(value)
