"""What attention moves, by formula and by replay: every array operation of the real
kernel, its operands and its result, through a buffer of a given size.

Sizes are those of one head: T tokens of D features, four bytes a number, all keys seen.
Units: bytes.
"""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count

import numpy as np

from ... import measuring
from ...kernels import attention

LINE = 1024  # bytes that move together
PASSES = 12  # times that `attention_matmul` reads or writes the whole T x T matrix


def unbuffered(tokens: int, dim: int) -> int:
    """Return the bytes when each of the 2 T² D MACs fetches two operands (`none`).

    >>> unbuffered(16, 4) == 4 * 2 * 2 * 16 * 16 * 4
    True
    """
    return 4 * 2 * 2 * tokens**2 * dim


def once(tokens: int, dim: int) -> int:
    """Return the bytes when queries, keys, values and answers cross once each (`once`):
    no kernel can move less.
    """
    return 4 * 4 * tokens * dim


def whole_matrix(tokens: int, dim: int, passes: int = PASSES) -> int:
    """Return the bytes of plain attention whose T x T matrix fits into no buffer
    (`tiled`): it crosses `passes` times, and its rows' largest scores and sums twice.
    """
    return once(tokens, dim) + 4 * passes * tokens**2 + 4 * 4 * tokens


def tiles(tokens: int, dim: int, rows: int) -> int:
    """Return the bytes of tiled attention (`tiled`): queries and answers cross once,
    keys and values once for every tile of `rows` queries.
    """
    return 4 * 2 * tokens * dim * (1 + -(-tokens // rows))


def compared(tokens: int, dim: int, size: int) -> list[dict]:
    """Return the bytes of plain and of tiled attention, by formula and by replay
    through a buffer of that size (`tiled`); the last tile is too large for it.
    """
    heads = np.random.default_rng(0).normal(size=(3, 1, 1, tokens, dim))
    heads = tuple(heads.astype(np.float32))
    rows = [
        {"attention": "plain", "formula": whole_matrix(tokens, dim)}
        | {"replay": _crossed(attention.attention_matmul, heads, size)}
    ]
    for queries in (32, 64, 128):
        kernel = partial(attention.attention_tiled, tile=(queries, 128))
        name = f"tiles of {queries} × 128"
        rows.append(
            {"attention": name, "formula": tiles(tokens, dim, queries)}
            | {"replay": _crossed(kernel, heads, size)}
        )
    return rows


def _crossed(kernel: Callable, heads: tuple, size: int) -> int:
    buffer = replay(kernel, heads, size)
    return buffer.read + buffer.written


def memory(tokens: Iterable[int], dim: int = 64) -> list[dict]:
    """Return the most MiB that plain and tiled attention hold at once besides their
    inputs, by length.
    """
    rows = []
    for length in tokens:
        q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, length, dim))
        heads = [x.astype(np.float32) for x in (q, k, v)]
        row: dict[str, int] = {"tokens": length}
        for name in ("attention_matmul", "attention_tiled"):
            kernel = partial(getattr(attention, name), *heads)
            row[name] = round(measuring.peak_bytes(kernel) / 2**20)
        rows.append(row)
    return rows


# --- The replay -----------------------------------------------------------------------


class Buffer:
    """A buffer that keeps the lines used last; `read` and `written` are the bytes that
    crossed its border.

    A changed line is written when it has to leave; what is never used again may be
    forgotten.
    """

    def __init__(self, size: int) -> None:
        self.room, self.read, self.written = size // LINE, 0, 0
        self._lines: OrderedDict[tuple[int, int], bool] = OrderedDict()

    def touch(self, block: int, span: tuple[int, int], *, write: bool) -> None:
        """Use the bytes from the first of the span up to the second."""
        for line in range(span[0] // LINE, -(-span[1] // LINE)):
            changed = self._lines.pop((block, line), None)
            self.read += LINE * (changed is None and not write)
            self._lines[block, line] = write or bool(changed)
            if len(self._lines) > self.room:
                self.written += LINE * self._lines.popitem(last=False)[1]

    def forget(self, block: int) -> None:
        """Drop the lines of an array that is gone."""
        for key in [key for key in self._lines if key[0] == block]:
            del self._lines[key]

    def flush(self) -> None:
        """Write every changed line."""
        self.written += LINE * sum(self._lines.values())
        self._lines.clear()


class _Block:
    """One piece of memory; its lines are forgotten when no array uses it any more."""

    def __init__(self, array: np.ndarray, buffer: Buffer, name: int) -> None:
        self.start, self.name, self.buffer = _bounds(array)[0], name, buffer
        weakref.finalize(self, buffer.forget, name)


class _Watched(np.ndarray):
    """An array whose operations touch a buffer; views share their array's block."""

    block: _Block | None = None
    names = count()

    def __array_finalize__(self, source: np.ndarray | None) -> None:
        self.block = getattr(source, "block", None)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> object:
        """Run the operation on plain arrays; touch what it reads and what it writes."""
        buffer = next(x for x in inputs if isinstance(x, _Watched)).block.buffer
        targets = options.get("out", ())
        if targets:
            options["out"] = tuple(map(_plain, targets))
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        if _checks(ufunc, inputs, result):
            return result
        for operand in inputs:
            _touch(operand, write=False)
        answer = targets[0] if targets else _watched(result, buffer)
        _touch(answer, write=True)
        return answer


def replay(kernel: Callable, arrays: tuple[np.ndarray, ...], size: int) -> Buffer:
    """Run the kernel on the arrays, all of them outside at first, and return the buffer
    with its counts; the answer ends outside, and checks of the input are not counted.
    """
    buffer = Buffer(size)
    answer = kernel(*(_watched(np.array(array), buffer) for array in arrays))
    buffer.flush()
    if not isinstance(answer, _Watched):  # put down piece by piece in plain memory
        buffer.written += answer.nbytes
    return buffer


def _watched(array: np.ndarray, buffer: Buffer) -> _Watched:
    watched = np.ascontiguousarray(array).view(_Watched)
    watched.block = _Block(watched, buffer, next(_Watched.names))
    return watched


def _checks(ufunc: np.ufunc, inputs: tuple, result: object) -> bool:
    """Tell whether an operation only checks the input: it looks at sizes (|x|, x by one
    number) or comes down to one number.
    """
    one_number = ufunc is np.divide and np.ndim(inputs[1]) == 0
    return np.ndim(result) == 0 or ufunc is np.absolute or one_number


def _plain(x: object) -> object:
    return x.view(np.ndarray) if isinstance(x, _Watched) else x


def _touch(x: object, *, write: bool) -> None:
    if isinstance(x, _Watched):
        low, high = _bounds(x)
        block = x.block
        block.buffer.touch(
            block.name, (low - block.start, high - block.start), write=write
        )


def _bounds(array: np.ndarray) -> tuple[int, int]:
    return np.lib.array_utils.byte_bounds(array.view(np.ndarray))
