"""Layers on integers alone: 8-bit codes in, an int32 accumulator with an int32 bias,
codes out.

A code q stands for S (q - Z). The product of a row of codes with a column is

    sum (a - Za)(b - Zb) = sum a b - Zb sum a - Za sum b + K Za Zb

so the loop multiplies codes as they lie, and the zero points wait outside: one sum for
each row and one for each column. With symmetric weights (Zb = 0) one sum is left, and
it is known before any input comes: it goes into the bias.

Source: gemmlowp, `doc/low-precision.md`; Jacob et al. 2018, section 2.3.
"""

from dataclasses import dataclass

import numpy as np

from ..kernels import convolution, pooling
from . import _checks, fixed
from ._door import door
from .affine import Affine, Scheme

EXACT = 2**24  # whole numbers up to there are exact in float32
LARGEST_CODE = 2**16  # of a matrix whose products this room takes


def int_matmul(a: np.ndarray, b: np.ndarray, *, through: str = "float32") -> np.ndarray:
    """Return the exact product of integer matrices as int64, computed by the BLAS
    library in floating point.

    Through "float32" no sum may leave 2^24: the inner axis is cut into pieces for which
    none does, 1,040 products of 8-bit numbers, whose results are added as integers.
    Through "float64" the limit is 2^53; "integer" is NumPy's own loop.
    Shapes: M K, K N -> M N.

    Raises: ValueError if a sum could overflow an int32 accumulator.
    """
    if not isinstance(through, str) or through not in _WAYS:
        raise ValueError(f"through is one of {', '.join(_WAYS)}, got {through!r}")
    a, b = (_codes(f"{'ab'[i]}", one) for i, one in enumerate((a, b)))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"a product takes (M, K), (K, N), got {a.shape}, {b.shape}")
    size = _largest(a) * _largest(b)
    piece = max(1, EXACT // max(size, 1)) if through == "float32" else a.shape[1]
    if through == "float32" and size > EXACT:
        through = "float64"
        piece = a.shape[1]
    return _checks.fits_int32("a product", _pieces(a, b, max(piece, 1), _WAYS[through]))


_WAYS = {"float32": np.float32, "float64": np.float64, "integer": np.int64}


def _codes(what: str, x: np.ndarray) -> np.ndarray:
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu":
        kind = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"{what} is an array of integers, got {kind}")
    if _largest(x) > LARGEST_CODE:
        raise ValueError(
            f"{what} holds codes of up to {LARGEST_CODE:,}, got {_largest(x):,}"
        )
    return x


def _largest(x: np.ndarray) -> int:
    return max(int(x.max()), -int(x.min())) if x.size else 0


def _pieces(a: np.ndarray, b: np.ndarray, piece: int, width: type) -> np.ndarray:
    a, b = a.astype(width, copy=False), b.astype(width, copy=False)
    out = (a[:, :piece] @ b[:piece]).astype(np.int64)
    for start in range(piece, a.shape[1], piece):
        part = a[:, start : start + piece] @ b[start : start + piece]
        out += part.astype(np.int64)
    return out


@door(whole=("a", "b", "zero_b"), a=2, b=2)
def hoisted(
    a: np.ndarray, b: np.ndarray, zero_a: int, zero_b: int | np.ndarray
) -> np.ndarray:
    """Return sum (a - zero_a)(b - zero_b) with both offsets taken out of the loop.
    Shapes: M K, K N -> M N; zero_b one number or one a column.

    >>> hoisted(np.array([[3, 4]]), np.array([[5], [6]]), 1, 2)
    array([[18]])
    """
    a, b = (one.astype(np.int64, copy=False) for one in (a, b))
    rows, columns = a.sum(axis=1, keepdims=True), b.sum(axis=0)
    raw = int_matmul(a, b)
    return raw - zero_b * rows - zero_a * columns + a.shape[1] * zero_a * zero_b


@dataclass(frozen=True)
class Rescale:
    """What turns a layer's accumulators into codes: multipliers and shifts, one or one
    a channel; the output's scheme and zero point; the lowest code that may come out
    (the zero point, where a ReLU is fused).
    """

    multiplier: np.ndarray
    shift: np.ndarray
    out: Affine
    lowest: int
    rounding: str = "double"

    @classmethod
    def between(
        cls,
        scale: np.ndarray | float,
        out: Affine,
        *,
        relu: bool = False,
        rounding: str = "double",
    ) -> "Rescale":
        """Return the rescaling from accumulators of that scale, or those scales."""
        if not np.all(np.asarray(scale) > 0):
            raise ValueError(f"a scale is above zero, got {scale!r:.60}")
        pairs = fixed.quantise_multipliers(np.asarray(scale / out.scale))
        lowest = int(out.zero_point) if relu else out.scheme.low
        return cls(*pairs, out, lowest, rounding)

    def __call__(self, accumulator: np.ndarray, axis: int = -1) -> np.ndarray:
        """Return the codes of accumulators whose channels lie along `axis`."""
        _checks.fits_int32("the sum of products and bias", accumulator)
        sizes = [1] * accumulator.ndim
        if np.ndim(self.multiplier):
            sizes[axis] = -1
        pair = (np.reshape(v, sizes) for v in (self.multiplier, self.shift))
        scaled = fixed.requantize(accumulator, *pair, self.rounding)
        return np.clip(scaled + self.out.zero_point, self.lowest, self.out.scheme.high)


@door(whole=("x", "weight", "bias"), x=2, weight=2, bias=1)
def linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, zero: int, to: Rescale
) -> np.ndarray:
    """Return the codes of a full connection. Shapes: x N D, weight M D, bias M -> N M.

    `bias` is int32 in the scale of the accumulators; the weights' zero point is zero.
    """
    return to(hoisted(x, weight.T, zero, 0) + bias)


@door(whole=("x", "weight", "bias"), x=4, weight=4, bias=1)
def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    *,
    zero: int,
    to: Rescale,
    **geometry: object,
) -> np.ndarray:
    """Return the codes of a convolution, the border padded with the zero point.
    Shapes: x N C H W, weight M C/groups R S, bias M -> N M P Q.
    """
    centred = x.astype(np.int64) - zero  # the border is zero then
    total = convolution.conv2d_fast(
        centred, weight.astype(np.int64), bias.astype(np.int64), **geometry
    )
    return to(total, axis=1)


@door(whole=("x",), x=4)
def max_pool2d(x: np.ndarray, **window: object) -> np.ndarray:
    """Return the largest code of every window: the order of codes is that of values."""
    return pooling.max_pool2d_windows(x, **window).astype(np.int64)


@door(whole=("x",), x=4)
def avg_pool2d(x: np.ndarray, kernel: int, scheme: Scheme) -> np.ndarray:
    """Return the mean code of every kernel x kernel window that tiles the map, rounded
    to nearest, ties away from zero, as TensorFlow Lite's integer kernel does.
    """
    n, c, height, width = x.shape
    _checks.count("kernel", kernel)
    if height % kernel or width % kernel:
        raise ValueError(f"windows of {kernel} do not tile a map of {height} x {width}")
    parts = x.reshape(n, c, height // kernel, kernel, width // kernel, kernel)
    return np.clip(
        mean_of(parts.sum(axis=(3, 5)), kernel * kernel), scheme.low, scheme.high
    )


@door(whole=("total",))
def mean_of(total: np.ndarray, terms: int) -> np.ndarray:
    """Return total / terms, rounded to nearest, ties away from zero, on integers.

    >>> mean_of(np.array([-3, 3, 5]), 2)
    array([-2,  2,  3])
    """
    half = _checks.count("terms", terms) // 2
    away = np.abs(total) + half
    return np.sign(total) * (away // terms)


@door(whole=("x",), x=4)
def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """Return the mean code of every map, ties away from zero. Shapes: N C H W -> N C 1
    1.
    """
    return mean_of(x.sum(axis=(2, 3), keepdims=True), x.shape[2] * x.shape[3])


ADD_SHIFT = 20  # room to the left in which two codes are brought to a common scale


@door(whole=("a", "b"))
def add(
    a: np.ndarray,
    b: np.ndarray,
    *,
    scales: tuple[Affine, Affine],
    out: Affine,
    relu: bool = False,
    rounding: str = "double",
) -> np.ndarray:
    """Return the codes of a sum of two tensors with scales of their own.

    Both are shifted left by 20 bits, brought to twice the larger scale by multipliers
    below one, added, and rescaled to the output's.
    Source: TensorFlow Lite, `add.cc`.
    """
    if len(scales) != 2 or not all(isinstance(one, Affine) for one in scales):
        raise TypeError(f"scales are two of Affine, got {scales!r:.60}")
    if a.shape != b.shape:
        raise ValueError(f"a {a.shape} and b {b.shape} have one shape")
    common = 2 * max(float(one.scale) for one in scales)
    total = 0
    for codes, one in zip((a, b), scales, strict=True):
        pair = fixed.quantise_multiplier(float(one.scale) / common)
        codes = _checks.whole("codes", codes, one.scheme.low, one.scheme.high)
        raised = (codes - int(one.zero_point)) << ADD_SHIFT
        total = total + fixed.requantize(raised, *pair, rounding)
    back = common / 2**ADD_SHIFT
    return Rescale.between(back, out, relu=relu, rounding=rounding)(total)
