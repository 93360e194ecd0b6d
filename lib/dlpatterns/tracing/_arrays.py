"""Traced arrays: NumPy arrays of `Value`s that tally what is read, written and
computed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._tally import SPECIAL, Tally, did, moved, running
from ._values import Value, bare, refused, value_of

_MAKERS = ("zeros", "ones", "empty", "full")


@contextmanager
def tally(value_bytes: int = 4) -> Iterator[Tally]:
    """Tally what traced values do inside the block; an outer block counts what an inner
    one saw.

    While it runs, `np.zeros`, `np.ones`, `np.empty` and `np.full` make a traced array
    when their dtype is that of one.
    Units: `value_bytes` is the width of every value in bytes.
    """
    counts, makers = Tally(value_bytes), {name: getattr(np, name) for name in _MAKERS}
    running.append(counts)
    for name, make in makers.items():
        setattr(np, name, _maker(make))
    try:
        yield counts
    finally:
        for name, make in makers.items():
            setattr(np, name, make)
        running.pop()
        if running:
            running[-1].include(counts)


def _maker(make: Callable) -> Callable:
    def made(*args: Any, **options: Any) -> np.ndarray:
        array = make(*args, **options)
        return _zeros_run(_valued(array)) if array.dtype == object else array

    return made


def _zeros_run(array: "Traced") -> "Traced":
    """Mark the zeros of a new array as running sums: what is added to them starts an
    accumulation.
    """
    for value in array.view(np.ndarray).reshape(-1):
        value.running = value.plain == 0
    return array


def trace(array: Any, name: str) -> "Traced":
    """Return a traced array that holds the same values and counts its traffic under
    `name`.
    """
    values = np.asarray(array)
    held = np.ndarray(values.shape, dtype=object)
    held.reshape(-1)[:] = [Value(value) for value in values.reshape(-1).tolist()]
    traced = held.view(Traced)
    traced.name = name
    return traced


def plain(traced: Any) -> Any:
    """Return what a traced array or value holds, as a plain array or value.

    >>> plain(trace([1, 2], "x")), plain(Value(3))
    (array([1, 2]), 3)
    """
    if not isinstance(traced, np.ndarray):
        return bare(traced)
    values = traced.view(np.ndarray).reshape(-1)
    return np.array([bare(value) for value in values]).reshape(traced.shape)


class Traced(np.ndarray):
    """An array of `Value`s that tallies the elements read from it and written to it
    under its `name`.
    """

    name: str

    def __array_finalize__(self, source: Any) -> None:
        """Give a view the name of what it is a view of."""
        self.name = getattr(source, "name", "new")

    def __getitem__(self, index: Any) -> Any:
        """Read one value, or take a view, or copy where the index asks for it."""
        taken = super().__getitem__(index)
        if not isinstance(taken, Traced):
            moved("read", self.name, 1)
            return taken
        return taken if np.may_share_memory(taken, self) else _copied(taken, self)

    def __setitem__(self, index: Any, values: Any) -> None:
        """Write one value or several."""
        target = np.ndarray.__getitem__(self, index)
        if not isinstance(target, Traced):
            moved("written", self.name, 1)
            np.ndarray.__setitem__(self, index, value_of(values))
        elif not _same_place(target, values):
            _read_all((values,), target.size)
            moved("written", self.name, target.size)
            np.ndarray.__setitem__(self, index, _objects(values))

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        """Tally NumPy's element-wise functions, reductions and matrix products."""
        return _apply(ufunc, method, inputs, options)

    def __array_function__(
        self, function: Callable, types: Any, args: Any, options: Any
    ) -> Any:
        """Tally NumPy's functions that move values; those that compute by other means
        are refused.
        """
        if function in HANDLED:
            return HANDLED[function](*args, **options)
        if function not in MOVES:
            raise TypeError(
                f"np.{function.__name__} of a traced array has no tally; write it "
                "as "
                "a kernel would, or add it"
            )
        result = super().__array_function__(function, types, args, options)
        return _rewrapped(result, tuple(_arrays(args)))

    def reshape(self, *shape: Any, **options: Any) -> "Traced":
        """Return the values in another shape: a view if there is one, otherwise a copy,
        which is tallied.
        """
        shaped = super().reshape(*shape, **options)
        return (
            shaped
            if np.may_share_memory(shaped, self) or not self.size
            else _copied(shaped, self)
        )

    def copy(self, order: str = "C") -> "Traced":
        """Return a copy, which is tallied."""
        return _copied(super().copy(order), self)

    def astype(self, dtype: Any, **options: Any) -> "Traced":
        """Return a copy of the same values; a number format other than that of a traced
        array is refused.
        """
        if np.dtype(dtype) != object:
            raise TypeError(
                f"astype({np.dtype(dtype)}) of a traced array has no tally; use "
                "tracing.plain to leave the trace"
            )
        return self.copy()

    def __bool__(self) -> bool:
        """Refuse: the truth of an array is not tallied."""
        raise TypeError(
            "the truth of a traced array has no tally; compare its elements"
        )

    def argmax(self, axis: int | None = None, **options: Any) -> Any:
        """Return where the largest value is; n - 1 comparisons."""
        moved("read", self.name, self.size)
        return self.view(np.ndarray).argmax(axis, **options)

    def argmin(self, axis: int | None = None, **options: Any) -> Any:
        """Return where the smallest value is; n - 1 comparisons."""
        moved("read", self.name, self.size)
        return self.view(np.ndarray).argmin(axis, **options)

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(len(self)))

    def ravel(self, order: str = "C") -> "Traced":
        """Return the values in one row: a view if there is one, otherwise a copy, which
        is tallied.
        """
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> "Traced":
        """Return a copy of the values in one row, which is tallied."""
        return _copied(super().flatten(order), self)

    flat = property(refused("flat"))
    dot, item, tolist, tobytes, fill = (
        refused(f"{name}()") for name in ("dot", "item", "tolist", "tobytes", "fill")
    )
    sort, argsort, partition, nonzero = (
        refused(f"{name}()") for name in ("sort", "argsort", "partition", "nonzero")
    )
    take, put, choose, repeat, compress = (
        refused(f"{n}()") for n in ("take", "put", "choose", "repeat", "compress")
    )
    trace, searchsorted, argpartition = (
        refused(f"{n}()") for n in ("trace", "searchsorted", "argpartition")
    )


def _copied(copy: Traced, source: Traced) -> Traced:
    moved("read", source.name, copy.size)
    moved("written", "new", copy.size)
    copy.name = "new"
    return copy


def _same_place(target: np.ndarray, values: Any) -> bool:
    """Tell whether values are the target itself, as after `target[index] += ...`."""
    return (
        isinstance(values, np.ndarray)
        and values.__array_interface__["data"] == target.__array_interface__["data"]
        and (values.shape, values.strides) == (target.shape, target.strides)
    )


def _arrays(args: Any) -> Iterator[np.ndarray]:
    for arg in args:
        if isinstance(arg, np.ndarray):
            yield arg
        elif isinstance(arg, list | tuple):
            yield from _arrays(arg)


def _read_all(inputs: Any, values: int) -> None:
    for array in _arrays(inputs):
        moved("read", array.name if isinstance(array, Traced) else "untraced", values)


def _objects(operand: Any) -> Any:
    """Return a Traced or a plain array as an array of objects that NumPy handles
    itself, a scalar as it is.
    """
    if isinstance(operand, Traced):
        return operand.view(np.ndarray)
    if isinstance(operand, Value):
        held = np.ndarray((), dtype=object)
        held[()] = operand
        return held
    return operand.astype(object) if isinstance(operand, np.ndarray) else operand


def _valued(array: np.ndarray) -> Traced:
    """Return an array of objects as a traced one: every plain number in it becomes a
    Value.
    """
    flat = array.reshape(-1)
    flat[:] = [value_of(0.0 if value is None else value) for value in flat]
    return flat.reshape(array.shape).view(Traced)


def _rewrapped(result: Any, sources: tuple[np.ndarray, ...]) -> Any:
    """Return what a moving function gave: views as they are, copies tallied, lists item
    by item.
    """
    if isinstance(result, list | tuple):
        return type(result)(_rewrapped(each, sources) for each in result)
    if not isinstance(result, np.ndarray) or result.dtype != object:
        return result
    for source in sources:
        if np.may_share_memory(result, source):
            view = result.view(Traced)
            view.name = getattr(source, "name", "untraced")
            return view
    for source in sources:
        _read_all((source,), min(source.size, result.size))
    moved("written", "new", result.size)
    return _valued(result.view(np.ndarray))


def _of_value(
    self: Value, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
) -> Any:
    """Let NumPy's functions of one traced value be tallied as those of an array."""
    return _apply(ufunc, method, inputs, options)


def _on_value(
    self: Value, function: Callable, types: Any, args: Any, options: Any
) -> Any:
    """Tally a choice between single values, tell their shape, and refuse NumPy's other
    functions of them.
    """
    if function in (np.size, np.shape, np.ndim):
        return {np.size: 1, np.shape: (), np.ndim: 0}[function]
    if function is not np.where:
        raise TypeError(
            f"np.{function.__name__} of a traced value has no tally; use "
            "arithmetic, "
            "or a traced array"
        )
    return _where(*args, **options)


Value.__array_ufunc__, Value.__array_function__ = _of_value, _on_value

UFUNCS = {
    np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.absolute,
    np.square, np.power, np.maximum, np.minimum,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.conjugate, np.positive,
}  # fmt: skip


def _apply(ufunc: np.ufunc, method: str, inputs: tuple, options: dict) -> Any:
    """Run one of NumPy's element-wise functions on the values, and tally operands read
    and results written.
    """
    out = options.pop("out", (None,))[0]
    if options.get("where", True) is not True or method not in ("__call__", "reduce"):
        raise TypeError(
            f"np.{ufunc.__name__}.{method} of a traced array with these options "
            "has "
            f"no tally: {options}"
        )
    result = _result(ufunc, method, inputs, options)
    if isinstance(result, np.ndarray) and result.dtype != object:
        _read_all(inputs, result.size)
        return result
    size = inputs[0].size if method == "reduce" else np.size(result)
    if ufunc is not np.matmul:
        _read_all(inputs, size)
    if isinstance(result, np.ndarray):
        moved("written", getattr(out, "name", "new"), result.size)
        result = _valued(result)
    return result if out is None else _into(out, result)


def _into(out: Any, result: Any) -> Any:
    if not isinstance(out, np.ndarray) or out.dtype != object:
        raise TypeError(
            "a traced result cannot be written to a plain array of "
            f"{getattr(out, 'dtype', type(out))}"
        )
    out.view(np.ndarray)[...] = _objects(result)
    return out


def _result(ufunc: np.ufunc, method: str, inputs: tuple, options: dict) -> Any:
    if ufunc is np.matmul:
        return _matmul(*inputs)
    operands = [_objects(operand) for operand in inputs]
    if ufunc.__name__ in SPECIAL and ufunc is not np.power and method == "__call__":
        return _special(ufunc, operands[0])
    if ufunc not in UFUNCS:
        raise TypeError(
            f"{ufunc.__name__} of a traced array has no tally; add it to "
            "tracing.UFUNCS or tracing.SPECIAL"
        )
    options = {
        key: value for key, value in options.items() if key in ("axis", "keepdims")
    }
    return getattr(ufunc, method)(*operands, **options)


def _special(ufunc: np.ufunc, operand: np.ndarray) -> Any:
    """Return the function of each value, one special operation each."""
    operand = np.asarray(operand, dtype=object)
    result = np.ndarray(operand.shape, dtype=object)
    for index in np.ndindex(*operand.shape):
        did(ufunc.__name__, 1)
        result[index] = Value(ufunc(float(bare(operand[index]))).item())
    return result if operand.ndim else result[()]


def _matmul(a: Any, b: Any) -> np.ndarray:
    """Multiply as the loops do: accumulators start at zero and take one product after
    another.
    """
    rows = np.ndim(a) == 1, np.ndim(b) == 1
    left = _objects(a)[None, :] if rows[0] else _objects(a)
    right = _objects(b)[:, None] if rows[1] else _objects(b)
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"matmul: {np.shape(a)} and {np.shape(b)} do not fit; the inner sizes "
            "must agree"
        )
    total = 0
    for k in range(left.shape[-1]):
        total = total + left[..., :, k, None] * right[..., k, None, :]
    macs = np.size(total) * left.shape[-1]
    _read_all((a, b), macs)
    total = total[..., 0, :] if rows[0] else total
    return total[..., 0] if rows[1] else total


def _where(condition: Any, first: Any, second: Any) -> Any:
    """Choose between two values for each element: one selection each."""
    shape = np.broadcast_shapes(np.shape(condition), np.shape(first), np.shape(second))
    for _ in range(int(np.prod(shape))):
        did("select", 3)
    _read_all((condition, first, second), int(np.prod(shape)))
    if shape:
        moved("written", "new", int(np.prod(shape)))
    chosen = _valued(np.where(condition, _objects(first), _objects(second)))
    return chosen if shape else chosen.view(np.ndarray)[()]


def _pad(array: Traced, *args: Any, **options: Any) -> Traced:
    """Copy the values into a larger array of the same name."""
    running.append(Tally())  # what NumPy does to build it is one copy
    try:
        padded = _valued(
            np.pad(array.view(np.ndarray), *args, **options).view(np.ndarray)
        )
    finally:
        running.pop()
    padded.name = array.name
    moved("read", array.name, array.size)
    moved("written", array.name, padded.size)
    return padded


def _method(name: str) -> Callable:
    return lambda array, *args, **options: getattr(array, name)(*args, **options)


HANDLED = {np.where: _where, np.pad: _pad} | {
    getattr(np, name): _method(name)
    for name in (
        "sum",
        "mean",
        "var",
        "std",
        "max",
        "min",
        "prod",
        "argmax",
        "argmin",
        "reshape",
        "copy",
    )
}
MOVES = {
    getattr(np, name)
    for name in (
        "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "ravel",
        "broadcast_to", "broadcast_arrays", "ndim",
        "atleast_1d", "atleast_2d", "concatenate", "stack", "vstack", "hstack", "split",
        "array_split", "flip", "tile",
        "repeat", "roll", "take", "take_along_axis", "put_along_axis", "tril", "triu",
        "zeros_like", "ones_like", "shape",
        "empty_like", "full_like", "diagonal", "size", "may_share_memory",
        "shares_memory",
    )
} | {np.lib.stride_tricks.sliding_window_view}  # fmt: skip
