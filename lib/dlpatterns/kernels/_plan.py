"""The one check of a convolution's or a pooling's geometry, and the signature that all
of them share: `@convolves` and `@pools` hand their kernel a checked plan.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ._door import door, require_flag, require_pair, require_whole
from ._windows import Pair, Sides, pad, pair, positions, sides, windows

EXACT = {np.float32: 1 << 24, np.float64: 1 << 53}  # whole numbers up to there
GEOMETRY = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
KINDS = {"stride": Pair, "padding": Pair | str, "dilation": Pair, "groups": int}


class Plan(NamedTuple):
    """The checked geometry of one convolution."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    kernel: tuple[int, int]
    around: Sides
    padded: tuple[int, int]
    output: tuple[int, ...]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Copy the windows into columns. Shapes: N C H W -> N G (C/G R S) (P Q)."""
        steps = {"stride": self.stride, "dilation": self.dilation}
        view = windows(pad(x, self.around), self.kernel, **steps)
        height = x.shape[1] // self.groups * prod(self.kernel)
        return view.transpose(0, 1, 4, 5, 2, 3).reshape(
            len(x), self.groups, height, prod(self.output[2:])
        )

    def rows(self, weight: np.ndarray) -> np.ndarray:
        """Lay the filters out as rows. Shapes: M C/G R S -> G M/G (C/G R S)."""
        return weight.reshape(self.groups, weight.shape[0] // self.groups, -1)


def checked_geometry(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return stride, padding, dilation and groups, those not given by default, if they
    are whole numbers that can be.
    """
    unknown = given.keys() - GEOMETRY.keys()
    if unknown:
        raise TypeError(
            f"{name} takes {', '.join(GEOMETRY)}, got {', '.join(sorted(unknown))}"
        )
    checked = GEOMETRY | given
    for what in ("stride", "dilation"):
        checked[what] = require_pair(f"{name}: {what}", checked[what])
    if checked["padding"] != "same" or not isinstance(checked["padding"], str):
        checked["padding"] = require_pair(
            f"{name}: padding", checked["padding"], 0, same=True
        )
    checked["groups"] = require_whole(f"{name}: groups", checked["groups"])
    return checked


def plan(
    name: str,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    geometry: dict[str, Any],
) -> Plan:
    """Return the plan of a convolution whose arrays have come through the door."""
    geometry = checked_geometry(name, geometry)
    groups = geometry["groups"]
    check_filters(name, x, weight, bias, groups)
    stride, dilation = geometry["stride"], geometry["dilation"]
    kernel = weight.shape[2:]
    around = sides(
        geometry["padding"], x.shape[2:], kernel, stride=stride, dilation=dilation
    )
    padded = tuple(n + sum(side) for n, side in zip(x.shape[2:], around, strict=True))
    try:
        places = positions(padded, kernel, stride=stride, dilation=dilation)
    except ValueError as error:
        raise ValueError(
            f"{name} of x {x.shape} with weight {weight.shape}: {error}"
        ) from None
    return Plan(
        stride, dilation, groups, kernel, around, padded, (len(x), len(weight), *places)
    )


def check_filters(
    name: str,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    groups: int,
) -> None:
    """Raise ValueError unless filters and bias fit the maps."""
    if weight.shape[1] * groups != x.shape[1] or weight.shape[0] % groups:
        raise ValueError(
            f"{name} of x {x.shape} in {groups} groups needs weight (M, {x.shape[1]} "
            f"/ {groups}, R, S) with M a multiple of {groups}, got {weight.shape}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"{name}: bias {bias.shape} does not fit weight {weight.shape}; it needs "
            f"{weight.shape[:1]}"
        )


def convolves(
    *names: str, numbers: str = "whole", depthwise: bool = False, **axes: str
) -> Callable[[Callable], Callable]:
    """Give a kernel the keywords stride, padding, dilation and groups (or those named)
    in place of its `plan`, which is made and checked from them.

    Whole numbers are multiplied as floating point of a width in which every sum is
    exact.
    """

    def decorate(kernel: Callable) -> Callable:
        options = names or tuple(GEOMETRY)

        def call(*args: Any, **given: Any) -> Any:
            geometry = {name: given.pop(name) for name in options if name in given}
            held = shape.bind(*args, **given)
            x, weight = held.arguments["x"], held.arguments["weight"]
            if depthwise:
                geometry["groups"] = x.shape[1]
            bias = held.arguments.get("bias")
            how = plan(kernel.__name__, x, weight, bias, geometry)
            if not x.dtype == weight.dtype == np.int64:
                return kernel(*held.args, **held.kwargs, plan=how)
            width = exact_format(kernel.__name__, weight[0].size, x, weight, bias)
            for name in ("x", "weight", "bias"):
                if held.arguments.get(name) is not None:
                    held.arguments[name] = held.arguments[name].astype(width)
            return kernel(*held.args, **held.kwargs, plan=how).astype(np.int64)

        shape = _without_plan(inspect.signature(kernel), ())
        wraps(kernel)(call)
        call.__signature__ = _without_plan(inspect.signature(kernel), options)
        maps = {"x": "N C H W", "weight": "M C/groups R S"} | axes
        if "bias" in shape.parameters:
            maps["bias"] = "M"
        checked = door(numbers=numbers, **maps)(call)
        checked.__wrapped__ = kernel  # its source is what a reader wants to see
        checked.__signature__ = call.__signature__
        return checked

    return decorate


def _without_plan(
    signature: inspect.Signature, options: tuple[str, ...]
) -> inspect.Signature:
    """Return the signature with the geometry's keywords in place of `plan`."""
    kept = [p for p in signature.parameters.values() if p.name != "plan"]
    geometry = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=GEOMETRY[name],
            annotation=KINDS[name],
        )
        for name in options
    ]
    first = [p for p in kept if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    rest = [p for p in kept if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return signature.replace(parameters=[*first, *geometry, *rest])


def exact_format(name: str, terms: int, *factors: np.ndarray | None) -> type:
    """Return the narrowest format in which every sum of so many products of whole
    numbers is exact: float32, float64 or int64.

    Raises: ValueError if a sum may leave int64.
    """
    a, b, *more = (_largest(factor) for factor in factors)
    largest = terms * a * b + sum(more)
    for width, limit in EXACT.items():
        if largest <= limit:
            return width
    if largest > np.iinfo(np.int64).max:
        raise ValueError(
            f"{name}: sums of whole numbers up to {largest} do not fit int64; take "
            "floating point"
        )
    return np.int64


def _largest(x: np.ndarray | None) -> int:
    return 0 if x is None or not x.size else max(int(x.max()), -int(x.min()))


# --- Pooling --------------------------------------------------------------------------


class PoolPlan(NamedTuple):
    """The checked geometry of one pooling: `inside` is the padding alone, `around` with
    what a last window hangs over the end.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    inside: Sides
    around: Sides
    output: tuple[int, ...]
    size: tuple[int, int]

    def view(self, x: np.ndarray, value: float = 0.0) -> np.ndarray:
        """Return all windows of the maps with `value` around them, without copying
        them. Shapes: N C H W -> N C P Q R S.
        """
        return windows(pad(x, self.around, value), self.kernel, stride=self.stride)

    def counted(self) -> np.ndarray:
        """Count the values of each window, padding included and overhang excluded.
        Shapes: -> P Q.
        """
        beyond = tuple(
            (0, a[1] - b[1]) for a, b in zip(self.around, self.inside, strict=True)
        )
        ones = pad(pad(np.ones((1, 1, *self.size)), self.inside, 1.0), beyond)
        values = windows(ones, self.kernel, stride=self.stride)
        return values.sum(axis=(-1, -2))[0, 0]


def pools(numbers: str = "float") -> Callable[[Callable], Callable]:
    """Give a kernel the keywords kernel, stride, padding and ceil_mode in place of its
    `plan`, which is made and checked from them.
    """

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)
        name = function.__name__
        arrays = [p for p in signature.parameters.values() if p.name != "plan"]

        def call(*args: Any, **given: Any) -> Any:
            held = call.__signature__.bind(*args, **given)
            held.apply_defaults()
            values = held.arguments
            how = _pool_plan(name, values["x"], values)
            grad = values.get("grad")
            if grad is not None and grad.shape != how.output:
                raise ValueError(
                    f"{name}: the gradient must have the output's shape "
                    f"{how.output}, got {grad.shape}"
                )
            return function(*(values[p.name] for p in arrays), plan=how)

        wraps(function)(call)
        call.__signature__ = signature.replace(parameters=[*arrays, *POOL])
        maps = {p.name: "N C P Q" if p.name == "grad" else "N C H W" for p in arrays}
        checked = door(numbers=numbers, **maps)(call)
        checked.__wrapped__ = function
        checked.__signature__ = call.__signature__
        return checked

    return decorate


POOL = [
    inspect.Parameter(
        "kernel", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Pair
    ),
    *(
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
        )
        for name, default, kind in (
            ("stride", None, Pair | None),
            ("padding", 0, Pair | str),
            ("ceil_mode", False, bool),
        )
    ),
]


def _pool_plan(name: str, x: np.ndarray, how: dict[str, Any]) -> PoolPlan:
    kernel = require_pair(f"{name}: kernel", how["kernel"])
    stride = kernel if how["stride"] is None else how["stride"]
    stride = require_pair(f"{name}: stride", stride)
    padding = how["padding"] if how["padding"] == "same" else pair(how["padding"])
    if padding != "same" and any(
        2 * p > k for p, k in zip(padding, kernel, strict=True)
    ):
        raise ValueError(
            f"{name}: padding {padding} must be 0 to half the kernel {kernel}: every "
            "window sees the maps"
        )
    size = x.shape[2:]
    inside = sides(padding, size, kernel, stride=stride)
    ceil = require_flag(f"{name}: ceil_mode", how["ceil_mode"])
    around = tuple(
        (first, last + ceil * _overhang(n, (first, last), k, s))
        for n, (first, last), k, s in zip(size, inside, kernel, stride, strict=True)
    )
    padded = tuple(n + sum(side) for n, side in zip(size, around, strict=True))
    try:
        places = positions(padded, kernel, stride=stride)
    except ValueError as error:
        raise ValueError(f"{name} of x {x.shape}: {error}") from None
    return PoolPlan(kernel, stride, inside, around, (*x.shape[:2], *places), size)


def _overhang(size: int, side: tuple[int, int], kernel: int, stride: int) -> int:
    """Return how far one more window would hang over the end, or 0 if it would not
    start inside the line.
    """
    room = size + sum(side) - kernel
    next_start = (room // stride + 1) * stride
    return next_start - room if room % stride and next_start < size + side[0] else 0
