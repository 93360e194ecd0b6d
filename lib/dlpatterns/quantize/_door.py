"""The door of this room: what comes in is checked by the annotations it has to meet."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import numpy as np

from . import _checks

Function = TypeVar("Function", bound=Callable)


def door(
    *, whole: Iterable[str] = (), loose: Iterable[str] = (), **axes: int
) -> Callable[[Function], Function]:
    """Return a decorator that checks every argument by its annotation.

    Arrays hold finite real numbers, at least one; those named `whole` integers, those
    named `loose` may be empty or hold NaN. `axes` says how many axes an array has.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)

        @wraps(function)
        def checked(*given: Any, **named: Any) -> Any:
            bound = signature.bind(*given, **named)
            for name, value in bound.arguments.items():
                _check(signature.parameters[name], value, whole, loose)
                _has_axes(name, value, axes)
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorate


def _check(
    parameter: inspect.Parameter,
    value: Any,
    whole: Iterable[str],
    loose: Iterable[str],
) -> None:
    name, kind = parameter.name, parameter.annotation
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if parameter.kind is parameter.VAR_KEYWORD or value is parameter.default:
        return
    if np.ndarray in kinds and (isinstance(value, np.ndarray) or len(kinds) == 1):
        _array(name, value, name in whole, name in loose)
    elif value is None and NoneType in kinds:
        return
    elif bool in kinds:
        _checks.flag(name, value)
    elif float in kinds:
        _checks.number(name, value, -_checks.HUGE, _checks.HUGE)
    elif int in kinds:
        _checks.count(name, value, low=-(2**31), high=2**31 - 1)
    else:
        _object(name, value, kinds)


def _array(name: str, value: Any, whole: bool, loose: bool) -> None:
    if whole:
        _checks.whole(name, value, -(2**62), 2**62)
    elif not loose or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        _checks.real(name, value)


def _object(name: str, value: Any, kinds: tuple[Any, ...]) -> None:
    types = [get_origin(kind) or kind for kind in kinds]
    if Callable in types:
        fits, wanted = callable(value), "something to call"
    else:
        known = tuple(one for one in types if isinstance(one, type))
        fits = isinstance(value, known)
        wanted = " or ".join(one.__name__ for one in known)
    if not fits:
        raise TypeError(f"{name} is {wanted}, got {value!r:.60}")


def _has_axes(name: str, value: Any, axes: dict[str, int]) -> None:
    if name in axes and np.ndim(value) != axes[name]:
        raise ValueError(
            f"{name} has {axes[name]} axes here, got {np.ndim(value)}: shape "
            f"{np.shape(value)}"
        )
