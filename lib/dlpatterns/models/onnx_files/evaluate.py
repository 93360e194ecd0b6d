"""Small constants worked out: the sums by which exported files find their own shapes.

Everything here works on at most a thousand numbers, in a row.
"""

import math
from collections.abc import Callable
from math import prod

from .parts import FLOATS, MOST_KEPT
from .values import Call, Value, axis, broadcast, checked


def _divide(a: float, b: float) -> float:
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if a * b >= 0 else -1)
    return a / b


def _power(a: float, b: float) -> float:
    return a**b if abs(a) < 1e9 and abs(b) <= 16 else math.nan


VALUE_BY_VALUE: dict[str, Callable] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": _divide,
    "Pow": _power,
    "Mod": lambda a, b: a % b,
    "Min": min,
    "Max": max,
    "Equal": lambda a, b: a == b,
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b),
    "Not": lambda a: not a,
    "Neg": lambda a: -a,
    "Abs": abs,
    "Sqrt": lambda a: math.sqrt(a),
    "Floor": lambda a: float(math.floor(a)),
    "Ceil": lambda a: float(math.ceil(a)),
    "Round": lambda a: float(round(a)),
    "Exp": lambda a: math.exp(a),
    "Log": lambda a: math.log(a),
    "Where": lambda c, a, b: a if c else b,
}


def evaluated(call: Call, shape: tuple[int, ...]) -> tuple | None:
    """Return the numbers of a node's result, if all inputs are known and few and the
    operation is one of those here; else None.
    """
    op, values = call.node.op, [value for value in call.inputs if value is not None]
    if prod(shape) > MOST_KEPT or any(value.data is None for value in values):
        return None
    try:
        if op in VALUE_BY_VALUE:
            found = _each(VALUE_BY_VALUE[op], values, shape)
        else:
            found = OTHERS[op](call, shape) if op in OTHERS else None
        return None if found is None or any(abs(x) > 2**63 for x in found) else found
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return None  # unknown, as if it were computed when the network runs


def _each(function: Callable, values: list[Value], shape: tuple) -> tuple:
    rows = [spread(value, shape) for value in values]
    return tuple(function(*row) for row in zip(*rows, strict=True))


def spread(value: Value, shape: tuple[int, ...]) -> tuple:
    """Return a constant's numbers, repeated to fill a shape.

    >>> spread(Value((2, 1), data=(7, 8)), (2, 3))
    (7, 7, 7, 8, 8, 8)
    """
    if value.shape == shape:
        return value.data
    full = (1,) * (len(shape) - len(value.shape)) + value.shape
    broadcast(full, shape)
    places = [0]
    step = prod(full)
    for own, wide in zip(full, shape, strict=True):
        step //= own
        places = [p + (i % own) * step for p in places for i in range(wide)]
    return tuple(value.data[p] for p in places)


def picked(value: Value, choices: list[list[int]]) -> tuple:
    """Return the numbers at the chosen places of each axis, in order.

    >>> picked(Value((2, 2), data=(1, 2, 3, 4)), [[1], [0, 1]])
    (3, 4)
    """
    places, step = [0], value.size
    for size, wanted in zip(value.shape, choices, strict=True):
        step //= size
        places = [p + i * step for p in places for i in wanted]
    return tuple(value.data[p] for p in places)


def _same(call: Call, shape: tuple) -> tuple:
    return call.need(0).data


def _cast(call: Call, shape: tuple) -> tuple:
    to, data = call.whole("to", 1), call.need(0).data
    if to in FLOATS:
        return tuple(map(float, data))
    return tuple(map(bool if to == 9 else int, data))


def _gather(call: Call, shape: tuple) -> tuple:
    value, indices = call.need(0), call.need(1).data
    along = axis(call.whole("axis", 0), len(value.shape))
    size = value.shape[along]
    choices = [list(range(n)) for n in value.shape]
    choices[along] = [axis(int(i), size) for i in indices]
    return picked(value, choices)


def _concat(call: Call, shape: tuple) -> tuple:
    values = [value for value in call.inputs if value is not None]
    along = axis(call.whole("axis", 0), len(shape))
    outer = prod(shape[:along])
    chunks = [(v.data, v.size // outer if outer else 0) for v in values]
    return tuple(
        x for i in range(outer) for data, n in chunks for x in data[i * n : i * n + n]
    )


def _filled(call: Call, shape: tuple) -> tuple:
    given = call.node.attrs.get("value")
    data = getattr(given, "data", None) or (0.0,)
    return (data[0],) * prod(shape)


def _range(call: Call, shape: tuple) -> tuple:
    start, _, step = (call.known(i, "Range") for i in range(3))
    return tuple(start[0] + i * step[0] for i in range(prod(shape)))


def _expand(call: Call, shape: tuple) -> tuple:
    return spread(call.need(0), shape)


def _product(call: Call, shape: tuple) -> tuple | None:
    return (prod(call.need(0).data),) if prod(shape) == 1 else None


def _largest(call: Call, shape: tuple) -> tuple | None:
    return (max(call.need(0).data),) if prod(shape) == 1 else None


def _slice(call: Call, shape: tuple) -> tuple:
    kept = sliced(call, call.need(0).shape)
    return picked(call.need(0), kept)


def _transpose(call: Call, shape: tuple) -> tuple:
    value = call.need(0)
    order = call.wholes("perm", list(range(len(shape)))[::-1])
    steps = [prod(value.shape[i + 1 :]) for i in order]
    places = [0]
    for step, size in zip(steps, shape, strict=True):
        places = [p + i * step for p in places for i in range(size)]
    return tuple(value.data[p] for p in places)


OTHERS: dict[str, Callable[[Call, tuple], tuple | None]] = {
    "Slice": _slice,
    "Transpose": _transpose,
    **dict.fromkeys(("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"), _same),
    "Cast": _cast,
    "Gather": _gather,
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Expand": _expand,
    "ReduceProd": _product,
    "ReduceMax": _largest,
}


def sliced(call: Call, shape: tuple[int, ...]) -> list[list[int]]:
    """Return, for each axis, the places that a Slice keeps, as ranges."""
    rank = len(shape)
    if "starts" in call.node.attrs:
        starts, ends = call.wholes("starts"), call.wholes("ends")
        along, steps = call.wholes("axes", list(range(len(starts)))), [1] * len(starts)
    else:
        starts, ends = call.known(1, "starts"), call.known(2, "ends")
        given = call.maybe(3)
        along = call.known(3, "axes") if given else range(len(starts))
        steps = call.known(4, "steps") if call.maybe(4) else [1] * len(starts)
    kept = [range(size) for size in shape]
    for start, end, number, step in zip(starts, ends, along, steps, strict=True):
        place = axis(number, rank)
        kept[place] = range(shape[place])[slice(int(start), int(end), int(step))]
    checked(tuple(len(one) for one in kept))
    return kept
