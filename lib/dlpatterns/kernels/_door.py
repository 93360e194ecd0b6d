"""The one door into a kernel: `@door(...)` checks every argument by its annotation, and
brings all arrays to the one number format in which the kernel computes.

* Arrays are NumPy arrays with the axes that the decorator names; only axes called N, B
  or "..." may be empty, unless it says otherwise.
* float32 and float64 stay what they are, the wider one wins. float16 is computed in
  float32 and comes back as float16. Integers and booleans are widened: to int64 where
  only products and sums are taken (`numbers="whole"`), to float64 elsewhere; where
  values are only chosen (`numbers="kept"`) or the kernel widens them itself
  (`numbers="own"`), they stay.
* `int` is a whole number of at least 1 (or `least`), a pair two of them, a padding at
  least 0 or "same", `float` finite, `bool` True or False.

Traced arrays pass as they are: what they hold are Python's numbers.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import partial, wraps
from math import isfinite
from types import UnionType
from typing import Any, get_args, get_origin

import numpy as np

BATCH = ("N", "B", "...")
Check = Callable[[str, Any], Any]  # (what, value) -> the value as the kernel takes it


def door(
    *,
    numbers: str = "float",
    finite: tuple[str, ...] = (),
    least: dict[str, int] | None = None,
    empty: str = "",
    alike: tuple[str, ...] = (),
    back: bool = True,
    **axes: str,
) -> Callable[[Callable], Callable]:
    """Let a kernel be called only with arguments that fit its signature.

    `axes` names those of each array ("N C H W"), `finite` the arguments that must hold
    no NaN or infinity, `least` the smallest value of a number if it is not 1, `empty`
    the axes besides the batch that may have no values, `alike` arrays of one shape;
    without `back`, results stay float32 where a half was computed in it.
    """

    def decorate(function: Callable) -> Callable:
        signature, name = inspect.signature(function), function.__name__
        checks = _checks(signature, least or {}, axes, BATCH + tuple(empty.split()))

        @wraps(function)
        def enter(*args: Any, **options: Any) -> Any:
            given = signature.bind(*args, **options)
            values = given.arguments
            for what, check in checks.items():
                if what in values:
                    values[what] = check(f"{name}: {what}", values[what])
            for what in finite:
                for part, array in arrays(values.get(what), f"{name}: {what}"):
                    require_finite(part, array)
            _require_alike(name, alike, values)
            half = _to_one_format(values, checks, numbers)
            result = function(*given.args, **given.kwargs)
            return mapped(result, _halved) if half and back else result

        return enter

    return decorate


def _to_one_format(values: dict, checks: dict, numbers: str) -> bool:
    """Bring the arrays among the values to one format in place; return whether that
    was half precision.
    """
    formats = {
        array.dtype
        for what in checks
        for _, array in arrays(values.get(what), what)
        if what != "mask"  # says who sees whom, and is no number
    }
    if not formats or np.dtype(object) in formats:
        return False
    common = np.result_type(*formats)
    whole = all(kind.kind in "biu" for kind in formats)
    if whole and numbers == "own":
        return False
    working = _working(common, numbers, whole)
    if formats != {working}:
        for what in checks.keys() & values.keys() - {"mask"}:
            values[what] = mapped(values[what], partial(_cast, what, working))
    return common == np.float16


def _halved(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what does not fit is an infinity, as everywhere
        return x.astype(np.float16)


def _require_alike(name: str, alike: tuple[str, ...], values: dict) -> None:
    for what in alike[1:]:
        if values[what].shape != values[alike[0]].shape:
            raise ValueError(
                f"{name}: {what} has the shape of {alike[0]}, the output's shape "
                f"{values[alike[0]].shape}; got {values[what].shape}"
            )


def _working(common: np.dtype, numbers: str, whole: bool) -> np.dtype:
    if common == np.float16:
        return np.dtype(np.float32)
    if numbers == "kept" or not whole:
        return common
    return np.dtype(np.int64 if numbers == "whole" else np.float64)


def _cast(what: str, working: np.dtype, x: np.ndarray) -> np.ndarray:
    if working == np.int64 and x.dtype == np.uint64 and x.size:
        largest = int(x.max())
        if largest > np.iinfo(np.int64).max:
            raise ValueError(f"{what}: {largest} does not fit int64; take float64")
    return x.astype(working, copy=False)


# --- Walking through arguments and results --------------------------------------------


def arrays(value: Any, what: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each array in an argument, with its name: weights.x for a field."""
    if isinstance(value, np.ndarray):
        yield what, value
    elif isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        for i, part in enumerate(value):
            yield from arrays(part, f"{what}.{names[i]}" if names else what)


def mapped(value: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Return the same thing with every floating or whole array in it changed."""
    if isinstance(value, np.ndarray | np.generic):
        return change(value)
    if isinstance(value, tuple):
        parts = [mapped(part, change) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


# --- What an argument may be ----------------------------------------------------------


def _checks(
    signature: inspect.Signature, least: dict, axes: dict, empty: tuple
) -> dict[str, Check]:
    """Return the check of each parameter whose annotation says what it must be."""
    checks = {
        name: _check(parameter.annotation, least.get(name), axes.get(name), empty)
        for name, parameter in signature.parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    unknown = axes.keys() - checks.keys()
    if unknown:
        raise TypeError(f"there is no parameter {sorted(unknown)} in {signature}")
    return {name: check for name, check in checks.items() if check}


def _check(kind: Any, least: int | None, axes: str | None, empty: tuple) -> Any:
    if kind is np.ndarray:
        return lambda what, value: require_array(what, value, axes, empty)
    if isinstance(kind, UnionType):
        return _check_union(kind, least, axes, empty)
    if kind is int:
        return lambda what, value: require_whole(
            what, value, 1 if least is None else least
        )
    if get_origin(kind) is tuple:
        return lambda what, value: _require_tuple(what, value, get_args(kind))
    if get_origin(kind) is Callable:
        return _require_callable
    if hasattr(kind, "_fields"):
        return lambda what, value: _require_record(what, value, kind)
    return SIMPLE.get(kind)


def _check_union(kind: UnionType, least: int | None, axes: str | None, empty: tuple):
    parts = get_args(kind)
    others = tuple(part for part in parts if part not in (type(None), str))
    if int in others:
        number = _pair_check(least, str in parts) if len(others) > 1 else None
        check = number or _check(int, least, axes, empty)
    else:
        check = _check(others[0], least, axes, empty)
    if type(None) not in parts or check is None:
        return check
    return lambda what, value: None if value is None else check(what, value)


def _pair_check(least: int | None, same: bool) -> Check:
    smallest = least if least is not None else 0 if same else 1
    return lambda what, value: (
        value
        if same and isinstance(value, str) and value == "same"
        else require_pair(what, value, smallest, same=same)
    )


def require_array(
    what: str, value: Any, axes: str | None = None, empty: tuple = BATCH
) -> np.ndarray:
    """Return the array if it holds real numbers and has the axes."""
    if isinstance(value, np.generic | int | float) and axes == "...":
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"{what} is a NumPy array, got {type(value).__name__}; np.asarray(...) "
            "makes one"
        )
    if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
        traced = value.dtype == object and type(value) is not np.ndarray
        if not traced:
            raise TypeError(
                f"{what} holds real numbers of up to 64 bits, got {value.dtype} "
                f"{value.shape}; convert it first"
            )
    if axes is not None:
        _require_axes(what, value, axes.split(), empty)
    return value


def _require_axes(what: str, value: np.ndarray, axes: list, empty: tuple) -> None:
    open_ended = axes[:1] == ["..."]
    fits = value.ndim >= len(axes) - 1 if open_ended else value.ndim == len(axes)
    if not fits:
        raise ValueError(
            f"{what} takes the axes ({', '.join(axes)}), got {value.shape}"
        )
    if value.size:
        return
    sizes = zip(reversed(axes), reversed(value.shape), strict=False)
    for axis, size in sizes:
        if size == 0 and axis not in empty:
            raise ValueError(
                f"{what} {value.shape} has no values along its axis {axis}; only the "
                "batch may be empty"
            )


def require_whole(what: str, value: Any, least: int = 1) -> int:
    """Return the number as an int if it is whole and at least `least`."""
    if isinstance(value, float | np.floating):
        raise ValueError(f"{what} is a whole number, got {value!r}")
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} is a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{what} is at least {least}, got {value!r}")
    return int(value)


def require_pair(
    what: str, value: Any, least: int = 1, *, same: bool = False
) -> tuple[int, int]:
    """Return (height, width) for a whole number or two of at least `least`."""
    two = value if isinstance(value, tuple | list) else (value, value)
    ok = len(two) == 2 and all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= least
        for n in two
    )
    if not ok:
        also = ', or "same"' if same else ""
        raise ValueError(
            f"{what} is a whole number of at least {least}, or a pair of them{also}; "
            f"got {value!r}"
        )
    return int(two[0]), int(two[1])


def require_flag(what: str, value: Any) -> bool:
    """Return the value if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{what} is True or False, got {value!r}")
    return bool(value)


def require_number(what: str, value: Any) -> float:
    """Return the value as a float if it is a finite number."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool):
        raise TypeError(f"{what} is a number, got {value!r}")
    if not isfinite(value):
        raise ValueError(f"{what} is a finite number, got {value!r}")
    return float(value)


def require_finite(what: str, x: np.ndarray) -> None:
    """Raise ValueError if there is a NaN or an infinity, and say where."""
    if x.dtype.kind != "f":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        quick = np.isfinite(x.sum())  # false alarms are looked at again
    if not quick and not np.isfinite(x).all():
        first = tuple(map(int, np.argwhere(~np.isfinite(x))[0]))
        raise ValueError(
            f"{what} {x.shape} holds NaN or infinity, first at {first}; it would spread"
        )


def require_kind(what: str, value: Any, kind: type) -> None:
    """Raise TypeError unless the value is of that class."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} is a {kind.__name__}, got {value!r:.80}")


def _require_text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, got {value!r}")
    return value


def _require_callable(what: str, value: Any) -> Callable:
    if not callable(value):
        raise TypeError(f"{what} is a function, got {value!r}")
    return value


def _require_tuple(what: str, value: Any, kinds: tuple) -> tuple:
    if not isinstance(value, tuple | list):
        raise TypeError(f"{what} is a tuple, got {value!r:.80}")
    if kinds[-1] is ...:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        raise ValueError(f"{what} is a tuple of {len(kinds)}, got {value!r:.80}")
    checks = [_check(kind, None, None, BATCH) for kind in kinds]
    return tuple(check(what, part) for check, part in zip(checks, value, strict=True))


def _require_record(what: str, value: Any, kind: type) -> Any:
    """Check a named tuple field by field; its own class says what a field is."""
    require_kind(what, value, kind)
    for field, annotation in kind.__annotations__.items():
        check = _check(annotation, 0, None, BATCH)
        if check:
            check(f"{what}.{field}", getattr(value, field))
    return value


SIMPLE: dict[Any, Check] = {
    bool: require_flag,
    float: require_number,
    str: _require_text,
}
