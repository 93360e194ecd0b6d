"""What weights and activations become when few bits are left, and which gradient is
sent back through it.

A rule turns latent numbers, which the optimiser moves, into deployed ones, which the
network computes with. `own` are parameters that the rule itself learns.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _checks
from ._door import door
from .affine import Scheme

Arrays = dict[str, np.ndarray]
Back = tuple[np.ndarray, Arrays]


@dataclass(frozen=True)
class Full:
    """Leave every number as it is."""

    bits: float = 32

    def initial(self, x: np.ndarray) -> Arrays:
        """Return the parameters that the rule learns, for values such as these."""
        return {}

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        """Return the deployed values."""
        return x

    def backward(self, grad: np.ndarray, x: np.ndarray, own: Arrays) -> Back:
        """Return the gradients of x and of what the rule learns."""
        return grad, {}


@dataclass(frozen=True)
class Steps(Full):
    """Round to whole steps of a learned size and clip: so many bits, with a sign or
    not.

    Source: Esser et al. 2020 (LSQ), equations 1 to 3.

    >>> rule = Steps(2)
    >>> print(rule.forward(np.array([-3.0, 0.2, 0.7]), {"step": np.array([1.0])}))
    [-1.  0.  1.]
    """

    bits: float = 8
    signed: bool = True

    def __post_init__(self) -> None:
        _checks.count("bits", self.bits, 2 if self.signed else 1, 16)

    @property
    def scheme(self) -> Scheme:
        """The integers of the codes: mirrored around zero, or from zero on."""
        return Scheme(self.bits, signed=self.signed, narrow=self.signed)

    def initial(self, x: np.ndarray) -> Arrays:
        size = 2 * float(np.mean(np.abs(x))) / np.sqrt(max(self.scheme.high, 1))
        return {"step": np.array([size or 1.0], dtype=x.dtype)}

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        step, scheme = _positive(own["step"]), self.scheme
        return np.clip(np.rint(x / step), scheme.low, scheme.high) * step

    def backward(self, grad: np.ndarray, x: np.ndarray, own: Arrays) -> Back:
        scheme, ratio = self.scheme, x / _positive(own["step"])
        inside = (ratio > scheme.low - 0.5) & (ratio < scheme.high + 0.5)
        slope = np.clip(np.rint(ratio), scheme.low, scheme.high) - inside * ratio
        factor = 1 / np.sqrt(x.size * max(scheme.high, 1))
        step = np.array([np.sum(grad * slope) * factor], dtype=x.dtype)
        return grad * inside, {"step": step}


def _positive(step: np.ndarray) -> np.ndarray:
    return np.maximum(step, np.asarray(1e-4, step.dtype))


@dataclass(frozen=True)
class Grid(Full):
    """Round to a fixed grid of step 2**-fraction in so many bits with a sign.

    >>> Grid(8, 7).forward(np.array([0.004, 0.003, 3.0]), {}) * 128
    array([  1.,   0., 127.])
    """

    bits: float = 8
    fraction: int = 7

    def __post_init__(self) -> None:
        _checks.count("bits", self.bits, 2, 16)
        _checks.count("fraction", self.fraction, -16, 32)

    @property
    def step(self) -> float:
        """The distance between two neighbours."""
        return 2.0**-self.fraction

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        high = 2 ** (self.bits - 1) - 1
        return np.clip(np.rint(x / self.step), -high, high) * x.dtype.type(self.step)

    def backward(self, grad: np.ndarray, x: np.ndarray, own: Arrays) -> Back:
        return grad * (np.abs(x) < 2 ** (self.bits - 1) * self.step), {}


@dataclass(frozen=True)
class Signs(Full):
    """Keep the sign alone, +1 for zero; `scaled` multiplies each output's signs by
    their mean size.

    The gradient goes straight through the sign, and exactly through the mean.
    Source: Courbariaux et al. 2015 (plain); Rastegari et al. 2016, equation 6 (scaled).

    >>> Signs(scaled=True).forward(np.array([[0.5, -1.5]]), {})
    array([[ 1., -1.]])
    """

    bits: float = 1
    scaled: bool = False

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        return _signs(x) * self._size(x)

    def backward(self, grad: np.ndarray, x: np.ndarray, own: Arrays) -> Back:
        if not self.scaled:
            return grad, {}
        rest, signs = _rest(x), _signs(x)
        through_mean = np.mean(grad * signs, axis=rest, keepdims=True) * signs
        return grad * self._size(x) + through_mean, {}

    def _size(self, x: np.ndarray) -> np.ndarray:
        if not self.scaled:
            return np.ones((), x.dtype)
        return np.mean(np.abs(x), axis=_rest(x), keepdims=True)


@dataclass(frozen=True)
class Ternary(Full):
    """Set weights below 0.7 of the mean size to zero, the others to their sign times
    the mean size of those that are left; each output by itself.

    Source: Li et al. 2016 (ternary weight networks), equations 3 to 6.

    >>> Ternary().forward(np.array([[0.1, -1.0, 2.0]]), {})
    array([[ 0. , -1.5,  1.5]])
    """

    bits: float = 2

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        size, rest = np.abs(x), _rest(x)
        kept = size > 0.7 * size.mean(axis=rest, keepdims=True)
        count = np.maximum(kept.sum(axis=rest, keepdims=True), 1)
        mean = (size * kept).sum(axis=rest, keepdims=True) / count
        return np.sign(x) * kept * mean.astype(x.dtype)


@dataclass(frozen=True)
class Shifts(Full):
    """Round to zero or to the nearest power of two with a sign; the largest is the one
    nearest to the largest weight.

    Of b bits one is the sign; 2**(b - 1) - 1 exponents and zero share the others.
    Source: Zhou et al. 2017 (INQ), equations 1 to 4.

    >>> Shifts(3).forward(np.array([1.1, 0.7, -0.2, 0.1]), {})
    array([ 1.  ,  0.5 , -0.25,  0.  ])
    """

    bits: float = 4

    def __post_init__(self) -> None:
        _checks.count("bits", self.bits, 2, 8)

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        size = np.abs(x)
        tiny = np.finfo(x.dtype).tiny
        power = np.floor(np.log2(np.maximum(size, tiny) * (4 / 3)))
        top = power.max()
        low = top - (2 ** (self.bits - 1) - 2)
        near = np.exp2(np.maximum(power, low))
        return (np.sign(x) * near * (size >= np.exp2(low) / 2)).astype(x.dtype)


@dataclass(frozen=True)
class SignsHardTanh(Full):
    """Keep an activation's sign; send the gradient back where the value lies between -1
    and 1.

    Source: Courbariaux et al. 2016 (binarized neural networks), equation 4.
    """

    bits: float = 1

    def forward(self, x: np.ndarray, own: Arrays) -> np.ndarray:
        return _signs(x)

    def backward(self, grad: np.ndarray, x: np.ndarray, own: Arrays) -> Back:
        return grad * (np.abs(x) <= 1), {}


def _signs(x: np.ndarray) -> np.ndarray:
    return np.where(x >= 0, 1, -1).astype(x.dtype)


def _rest(x: np.ndarray) -> tuple[int, ...]:
    """Return all axes but the first, which counts outputs."""
    return tuple(range(1, x.ndim))


@door(loose=("x", "step"))
def stochastic(
    x: np.ndarray, step: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Round to whole steps, up with the probability of the remainder: right on average.

    Source: Gupta et al. 2015, section 3.1.

    >>> print(stochastic(np.full(4, 0.5), 1.0, np.random.default_rng(0)))
    [1. 1. 1. 0.]
    """
    noise = rng.random(x.shape, dtype=np.float32)
    return _steps(x, step, np.floor(x / _fitting(step, x) + noise))


@door(loose=("x", "step"))
def nearest(
    x: np.ndarray, step: float | np.ndarray, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Round to whole steps, each to the nearer one.

    >>> nearest(np.array([0.3, 0.8]), 1.0)
    array([0., 1.])
    """
    return _steps(x, step, np.rint(x / _fitting(step, x)))


def _fitting(step: float | np.ndarray, x: np.ndarray) -> float | np.ndarray:
    """Return the steps if they are above zero and one, or one a row or channel of x."""
    if not np.all(np.asarray(step) > 0):
        raise ValueError(f"a step is above zero, got {step!r:.60}")
    tail = x.shape[x.ndim - np.ndim(step) :]
    pairs = zip(np.shape(step), tail, strict=True) if np.ndim(step) <= x.ndim else None
    if pairs is None or any(one not in (1, size) for one, size in pairs):
        raise ValueError(f"steps {np.shape(step)} do not fit x {x.shape}")
    return step


def _steps(x: np.ndarray, step: float | np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return whole steps in the format of x; whole numbers become floats."""
    return (whole * step).astype(np.result_type(x.dtype, np.float32), copy=False)


ROUNDINGS = {"nearest": nearest, "stochastic": stochastic}


@door(loose=("grad",))
def rounded_gradient(
    grad: np.ndarray, bits: int, rounding: str, rng: np.random.Generator
) -> np.ndarray:
    """Return a gradient in so many bits with a sign, its largest value the largest
    code.
    """
    _checks.count("bits", bits, 2, 16)
    way = chosen(rounding)
    largest = float(np.max(np.abs(grad), initial=0.0))
    if not largest:
        return grad
    return way(grad, largest / (2 ** (bits - 1) - 1), rng)


@door()
def chosen(rounding: str) -> Callable[..., np.ndarray]:
    """Return the function that rounds so.

    Raises: ValueError for another name.
    """
    if rounding not in ROUNDINGS:
        raise ValueError(
            f"unknown rounding {rounding!r}; choose {' or '.join(map(repr, ROUNDINGS))}"
        )
    return ROUNDINGS[rounding]
