"""A convolution or a matrix product as loops, and the values that each of them touches.

Loops of a convolution: N examples, G groups, M filters of a group, C channels of a
group, P Q output rows and columns, R S filter rows and columns. Of a matrix product: M
rows and N columns of the result, K products a value. Every point of the loops is one
MAC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from numbers import Integral

Pair = int | tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor: its place is `stride` times the first loop's count, plus
    `dilation` times the second's, less `pad`; places outside 0 to size - 1 are padding.
    """

    loops: tuple[str, ...]
    size: int
    stride: int = 1
    dilation: int = 1
    pad: int = 0

    def places(self, counts: Sequence[range]) -> set[int]:
        """Return the places that are touched while each loop runs over its range.

        >>> sorted(Axis(("P", "R"), 5, stride=2, pad=1).places([range(2), range(3)]))
        [0, 1, 2, 3]
        """
        if len(self.loops) == 1:
            return set(counts[0])
        return {
            place
            for first in counts[0]
            for second in counts[1]
            if 0 <= (place := self.place(first, second)) < self.size
        }

    def touched(self, counts: Sequence[range]) -> int:
        """Return how many places are touched; at once where they leave no gaps.

        >>> Axis(("P", "R"), 5, stride=2, pad=1).touched([range(2), range(3)])
        4
        """
        if len(self.loops) == 1:
            return len(counts[0])
        first, second = counts
        if self.dilation > 1 or (len(first) > 1 and self.stride > len(second)):
            return len(self.places(counts))
        low = self.place(first[0], second[0])
        high = self.place(first[-1], second[-1])
        return max(0, min(high, self.size - 1) - max(low, 0) + 1)

    def place(self, first, second=0):
        """Return the place of one count of each loop; counts may be arrays."""
        return first * self.stride + second * self.dilation - self.pad


@dataclass(frozen=True)
class Tensor:
    """A tensor's axes; `start` names loops in whose first turn alone it is touched, and
    `result` says that it is what the work adds up.
    """

    axes: tuple[Axis, ...]
    start: tuple[str, ...] = ()
    result: bool = False

    @cached_property
    def loops(self) -> frozenset[str]:
        """The loops that choose a value of this tensor."""
        return frozenset(loop for axis in self.axes for loop in axis.loops)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes."""
        return tuple(axis.size for axis in self.axes)


@dataclass(frozen=True)
class Work:
    """What is to be computed: the loops with their lengths, and the tensors by name."""

    loops: dict[str, int]
    tensors: dict[str, Tensor]

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those with padding's zeros included."""
        return prod(self.loops.values())

    def once(self, name: str) -> int:
        """Return how many values of a tensor some MAC touches."""
        return self._once[name]

    @cached_property
    def _once(self) -> dict[str, int]:
        return {
            name: prod(
                axis.touched([range(self.loops[loop]) for loop in axis.loops])
                for axis in tensor.axes
            )
            for name, tensor in self.tensors.items()
        }

    @property
    def values(self) -> int:
        """The values of all tensors that some MAC touches."""
        return sum(map(self.once, self.tensors))


def matmul(m: int, n: int, k: int) -> Work:
    """Return the product of a (M, K) and b (K, N).

    >>> matmul(2, 3, 4).macs, matmul(2, 3, 4).values
    (24, 26)
    """
    length = sizes({"M": m, "N": n, "K": k})
    tensors = {
        name: Tensor(tuple(Axis((loop,), length[loop]) for loop in loops), result=last)
        for name, loops, last in (
            ("a", "MK", False),
            ("b", "KN", False),
            ("out", "MN", True),
        )
    }
    return Work(length, tensors)


def convolution(
    x: tuple[int, int, int, int],
    weight: tuple[int, int, int, int],
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = False,
) -> Work:
    """Return a convolution of maps (N, C, H, W) with filters (M, C / groups, R, S).

    >>> lenet = convolution((1, 1, 32, 32), (6, 1, 5, 5), bias=True)
    >>> lenet.macs, lenet.values
    (117600, 5884)
    """
    (n, channels, height, width), (filters, depth, rows, columns) = x, weight
    sizes({"groups": groups, "C": channels, "M": filters, "C / groups": depth})
    if depth * groups != channels or filters % groups:
        raise ValueError(
            f"maps {x} in {groups} groups need filters (M, {channels} / {groups}, R, "
            f"S) with M a multiple of {groups}, got {weight}"
        )
    down, across = (
        _window(names, pair, how)
        for names, pair, how in zip(
            (("P", "R"), ("Q", "S")),
            ((height, rows), (width, columns)),
            zip(_pair(stride), _pair(dilation), _pair(padding), strict=True),
            strict=True,
        )
    )
    loops = {"N": n, "G": groups, "M": filters // groups, "C": depth}
    loops |= {"P": _steps(down, rows), "Q": _steps(across, columns)}
    loops = sizes(loops | {"R": rows, "S": columns})
    plain = {name: Axis((name,), size) for name, size in loops.items()}
    tensors = {
        "x": Tensor((plain["N"], plain["G"], plain["C"], down, across)),
        "weight": Tensor(tuple(plain[name] for name in "GMCRS")),
        "out": Tensor(tuple(plain[name] for name in "NGMPQ"), result=True),
    }
    if bias:
        tensors["bias"] = Tensor((plain["G"], plain["M"]), start=("C", "R", "S"))
    return Work(loops, tensors)


def _window(names: tuple[str, str], lengths: tuple[int, int], how: tuple) -> Axis:
    stride, dilation, pad = how
    sizes({"stride": stride, "dilation": dilation, "input": lengths[0]})
    sizes({"filter": lengths[1], "padding + 1": pad + 1})
    return Axis(names, lengths[0], stride, dilation, pad)


def _steps(axis: Axis, kernel: int) -> int:
    """Return at how many places a filter fits on the padded axis."""
    span = axis.dilation * (kernel - 1) + 1
    steps = (axis.size + 2 * axis.pad - span) // axis.stride + 1
    if steps < 1:
        raise ValueError(
            f"a filter that spans {span} does not fit on {axis.size} values with "
            f"padding {axis.pad}; pad more"
        )
    return steps


def _pair(value: Pair) -> tuple[int, int]:
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"a number or a pair of numbers is needed, got {value!r}")
    return pair


def sizes(given: dict[str, int]) -> dict[str, int]:
    """Return the sizes by name, if all of them are whole numbers of at least 1."""
    for name, size in given.items():
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, got {size!r}"
            )
    return given
