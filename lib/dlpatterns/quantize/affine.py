"""Scales and zero points: which integers there are, and what real numbers they stand
for.

value = scale x (code - zero_point), for a whole tensor, for each channel along an axis,
or for each group of neighbours along the last axis.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import _checks
from ._door import door

Axis = int | None
Granularity = Literal["tensor", "channel", "group"]


@dataclass(frozen=True)
class Scheme:
    """The integers of a code: `bits` wide, with a sign or not; `symmetric` puts zero in
    their middle, `narrow` leaves out the lowest, so that -127 to 127 mirror each other.

    >>> Scheme().low, Scheme(narrow=True).low, Scheme(signed=False).high
    (-128, -127, 255)
    """

    bits: int = 8
    signed: bool = True
    symmetric: bool = True
    narrow: bool = False

    def __post_init__(self) -> None:
        _checks.count("bits", self.bits, 1, 16)
        for name in ("signed", "symmetric", "narrow"):
            _checks.flag(name, getattr(self, name))
        if self.narrow and (not self.signed or self.bits < 2):
            raise ValueError(
                f"narrow drops the lowest of the codes {self.low} to {self.high}; "
                "that needs a sign and at least two bits"
            )

    @property
    def low(self) -> int:
        """The lowest code."""
        return -(2 ** (self.bits - 1)) + self.narrow if self.signed else 0

    @property
    def high(self) -> int:
        """The highest code."""
        return 2 ** (self.bits - self.signed) - 1

    def over(
        self,
        low: np.ndarray | float,
        high: np.ndarray | float,
        *,
        axis: Axis = None,
        group: int | None = None,
    ) -> "Affine":
        """Return the scale and zero point that cover values from `low` to `high`.

        The range is widened to hold zero, so that zero is exact; a range of nothing but
        zero gets the scale 1. Both rules are ONNX Runtime's, and the scale is that of
        PyTorch: (high - low) / (codes - 1), symmetric ranges mirrored first.

        >>> Scheme(signed=False, symmetric=False).over(-1.0, 4.1).zero_point
        array(50)
        """
        low, high = (_checks.real("a range", np.asarray(end)) for end in (low, high))
        if (low > high).any():
            raise ValueError(f"a range goes from low to high, got {low} to {high}")
        low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
        if self.symmetric:
            high = np.maximum(-low, high)
            low = -high
        if self.bits == 1 and self.symmetric and self.signed:
            raise ValueError(
                "one bit has no codes on both sides of zero; binary.signs makes +1 "
                "and -1"
            )
        scale = high / (self.high - self.low) - low / (self.high - self.low)
        scale = np.where(scale < np.finfo(np.float64).tiny, 1.0, scale)
        zero = np.rint((self.low + self.high) / 2) + 0 * scale
        if not self.symmetric:
            zero = np.clip(self.low - np.rint(low / scale), self.low, self.high)
        return Affine(self, scale, zero.astype(np.int64), axis=axis, group=group)


@dataclass(frozen=True)
class Affine:
    """A scheme with its scales and zero points.

    `scale` and `zero_point` are single numbers for a tensor, vectors along `axis` for
    channels, and arrays (..., groups) for groups along the last axis.

    Raises: ValueError for a scale that is not a positive finite number, or a zero point
    that is no code.

    >>> half = Affine(Scheme(signed=False, symmetric=False), 0.5, 100)
    >>> half.codes(np.array([-1.0, 0.0, 0.3])), half.round(np.array([0.3]))
    (array([ 98, 100, 101]), array([0.5]))
    """

    scheme: Scheme
    scale: np.ndarray | float
    zero_point: np.ndarray | int = 0
    axis: Axis = None
    group: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, Scheme):
            raise TypeError(f"scheme is a Scheme, got {self.scheme!r:.60}")
        scale = _numbers(self.scale)
        if scale.size == 0 or not (np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError(
                f"a scale is a positive finite number, got {self.scale!r:.80}"
            )
        limits = (self.scheme.low, self.scheme.high)
        zero = _checks.whole("a zero point", self.zero_point, *limits)
        if zero.shape != scale.shape:
            zero = np.broadcast_to(zero, scale.shape)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "zero_point", zero)
        if self.group is not None:
            _checks.count("group", self.group)
        if self.axis is not None:
            _checks.count("axis", self.axis, -64, 64)

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Return the nearest codes, ties to even, clipped to the scheme's range."""
        x = _checks.real("x", x).astype(np.float64, copy=False)
        scale, zero = self.spread(x.shape)
        with np.errstate(over="ignore"):  # infinitely many steps are clipped, too
            steps = np.rint(x / scale) + zero
        return np.clip(steps, self.scheme.low, self.scheme.high).astype(np.int64)

    def values(self, codes: np.ndarray) -> np.ndarray:
        """Return what codes stand for.

        Raises: ValueError for a code outside the scheme.
        """
        codes = _checks.whole("codes", codes, self.scheme.low, self.scheme.high)
        scale, zero = self.spread(codes.shape)
        return (codes - zero) * scale

    def round(self, x: np.ndarray) -> np.ndarray:
        """Return the values of the nearest codes."""
        return self.values(self.codes(x))

    def covers(self, x: np.ndarray) -> np.ndarray:
        """Tell which values are not clipped."""
        if not isinstance(x, np.ndarray):
            raise TypeError(f"x is a NumPy array, got {type(x).__name__}")
        scale, zero = self.spread(x.shape)
        steps = np.rint(x / scale) + zero
        return (steps >= self.scheme.low) & (steps <= self.scheme.high)

    def spread(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return scale and zero point in a form that broadcasts to that shape."""
        return tuple(self._spread(v, shape) for v in (self.scale, self.zero_point))

    def _spread(self, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if self.group is not None:
            grouped(shape, self.group)
            return np.repeat(value, self.group, axis=-1)
        if self.axis is None:
            return value
        if not -len(shape) <= self.axis < len(shape):
            raise ValueError(f"there is no axis {self.axis} in {shape}")
        if value.shape != (shape[self.axis],):
            raise ValueError(
                f"{value.shape} scales do not fit axis {self.axis} of {shape}"
            )
        sizes = [1] * len(shape)
        sizes[self.axis] = -1
        return value.reshape(sizes)

    def bytes_for(self, values: int, *, scale_bits: int = 16) -> float:
        """Return the bytes of so many packed codes with their scales, and with their
        zero points where the scheme has any.
        """
        _checks.count("values", values, 0)
        _checks.count("scale_bits", scale_bits, 0)
        beside = scale_bits + (0 if self.scheme.symmetric else self.scheme.bits)
        return (values * self.scheme.bits + self.scale.size * beside) / 8


def _numbers(scale: object) -> np.ndarray:
    """Return scales as an array, an empty one if they are no numbers."""
    try:
        return np.asarray(scale, dtype=np.float64)
    except (TypeError, ValueError):
        return np.zeros(0)


@door()
def grouped(shape: tuple[int, ...], group: int) -> tuple[int, ...]:
    """Return the shape with its last axis divided into groups.

    Raises: ValueError if the group does not divide the axis.
    """
    for size in (*shape, group):
        _checks.count("a size", size, 0)
    _checks.count("group", group)
    if not shape or shape[-1] % group:
        raise ValueError(
            f"groups of {group} do not divide the last axis of {shape}; choose a "
            "divisor, or pad"
        )
    return (*shape[:-1], shape[-1] // group, group)


@door()
def slices(x: np.ndarray, *, axis: Axis = None, group: int | None = None) -> np.ndarray:
    """Return x as (scales..., values under one scale): the values that share a scale
    lie along the last axis.
    """
    if axis is not None and group is not None:
        raise ValueError(f"give an axis or a group, got {axis} and {group}")
    if group is not None:
        return x.reshape(grouped(x.shape, group))
    if axis is None:
        return x.reshape(-1)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"x {x.shape} has no axis {axis}")
    return np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)


@door()
def fit(
    x: np.ndarray,
    scheme: Scheme = Scheme(),
    *,
    axis: Axis = None,
    group: int | None = None,
) -> Affine:
    """Return the scale and zero point that cover a tensor, or each of its channels or
    groups, from its least to its largest value.

    >>> weight = np.array([[1.0, -2.0], [0.1, 0.4]])
    >>> fit(weight, Scheme(4, narrow=True), axis=0).scale.round(3)
    array([0.286, 0.057])
    """
    parts = slices(_checks.real("x", x), axis=axis, group=group)
    return scheme.over(parts.min(axis=-1), parts.max(axis=-1), axis=axis, group=group)


@door()
def noise(x: np.ndarray, rounded: np.ndarray) -> float:
    """Return the signal-to-noise ratio of a rounding in decibels: infinite if nothing
    changed.
    """
    if np.shape(x) != np.shape(rounded):
        raise ValueError(
            f"x {np.shape(x)} and what became of it {np.shape(rounded)} have one shape"
        )
    largest = float(np.abs(x).max())
    if largest == 0:
        raise ValueError("a signal of zeros has no signal-to-noise ratio")
    signal, other = (np.asarray(one, np.float64) / largest for one in (x, rounded))
    error, power = np.sum((signal - other) ** 2), np.sum(signal**2)
    return float(10 * np.log10(power / error)) if error else float("inf")
