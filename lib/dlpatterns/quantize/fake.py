"""Rounding that can be trained through: what a code stands for goes forward, and the
gradient goes straight back.

Source: Bengio et al. 2013 (straight through), Jacob et al. 2018 (fake quantisation),
Esser et al. 2020 (learned step size).
"""

import numpy as np

from . import _checks
from ._door import door
from .affine import Affine, Scheme


@door()
def fake_quantise(x: np.ndarray, how: Affine) -> np.ndarray:
    """Return the values of the nearest codes, in the format of x.

    >>> from .affine import Scheme
    >>> fake_quantise(np.array([0.3, 9.0]), Affine(Scheme(4), 0.25))
    array([0.25, 1.75])
    """
    return how.round(x).astype(np.result_type(x.dtype, np.float32), copy=False)


@door()
def fake_quantise_backward(grad: np.ndarray, x: np.ndarray, how: Affine) -> np.ndarray:
    """Return the gradient as if nothing had been rounded, and zero where x was clipped.

    Raises: ValueError if the gradient does not have the shape of x.
    """
    x = _checks.real("x", x)
    if np.shape(grad) != x.shape:
        raise ValueError(f"the gradient {np.shape(grad)} does not fit x {x.shape}")
    return grad * how.covers(x)


@door()
def lsq(x: np.ndarray, step: float, scheme: Scheme) -> np.ndarray:
    """Return x rounded to whole steps and clipped: the forward pass of a learned step
    size.

    >>> from .affine import Scheme
    >>> lsq(np.array([0.3, 9.0]), 0.25, Scheme(4))
    array([0.25, 1.75])
    """
    return fake_quantise(x, Affine(scheme, step))


@door()
def lsq_backward(
    grad: np.ndarray, x: np.ndarray, step: float, scheme: Scheme, *, scaled: bool = True
) -> tuple[np.ndarray, float]:
    """Return the gradients of x and of the step.

    The step's is round(x / step) - x / step where x is inside, the lowest or highest
    code where it is clipped, summed against the gradient, and divided by the root of
    (values x highest code) if `scaled`.
    Source: Esser et al. 2020, equations 3 and 5, section 2.2.
    """
    how = Affine(scheme, step)
    to_x = fake_quantise_backward(grad, x, how)
    ratio = x / how.scale
    inside = np.rint(ratio) - ratio
    slope = np.where(how.covers(x), inside, np.clip(ratio, scheme.low, scheme.high))
    factor = 1 / np.sqrt(x.size * max(scheme.high, 1)) if scaled else 1.0
    return to_x, float(np.sum(grad * slope) * factor)


@door()
def first_step(x: np.ndarray, scheme: Scheme) -> float:
    """Return the step that a learned step size starts from, 2 mean|x| / sqrt(highest
    code).

    Source: Esser et al. 2020, section 2.1.
    """
    size = float(np.mean(np.abs(_checks.real("x", x))))
    if not size:
        raise ValueError("a tensor of zeros gives no first step; set one yourself")
    return 2 * size / np.sqrt(max(scheme.high, 1))
