"""Activation functions and softmax, with their derivatives. Any shape; the number
format in is the format out, whole numbers become float64.

At minus infinity silu, gelu and hardswish are 0, their limit.

`FUNCTIONS[kind]` and `BACKWARD[kind]` serve the kinds of `layers.Activation`.
"""

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from scipy.special import erf

from ._door import door


@door(numbers="kept", x="...")
def relu(x: np.ndarray) -> np.ndarray:
    """Cut what is below zero."""
    return np.maximum(x, 0)


@door(alike=("x", "grad"), grad="...", x="...")
def relu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Let the gradient through where x is above zero."""
    return grad * (x > 0)


@door(numbers="kept", x="...")
def relu6(x: np.ndarray) -> np.ndarray:
    """Cut what is below zero or above six."""
    return np.minimum(np.maximum(x, 0), 6)


@door(alike=("x", "grad"), grad="...", x="...")
def relu6_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Let the gradient through between zero and six."""
    return grad * ((x > 0) & (x < 6))


@door(x="...")
def leaky_relu(x: np.ndarray) -> np.ndarray:
    """Keep a hundredth of what is below zero."""
    return np.maximum(x, x * 0.01)


@door(alike=("x", "grad"), grad="...", x="...")
def leaky_relu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Let the gradient through above zero, and a hundredth of it below."""
    return np.where(x > 0, grad, grad * 0.01)


@door(x="...")
def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), computed so that no exponential overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return _logistic(x)


def _logistic(x: np.ndarray) -> np.ndarray:
    """Return the sigmoid of numbers that have come through a kernel's door already."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


@door(alike=("x", "grad"), grad="...", x="...")
def sigmoid_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by s (1 - s)."""
    s = _logistic(x)
    return grad * s * (1 - s)


@door(x="...")
def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent."""
    return np.tanh(x)


@door(alike=("x", "grad"), grad="...", x="...")
def tanh_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by 1 - tanh(x)^2."""
    return grad * (1 - np.tanh(x) ** 2)


@door(x="...")
def scaled_tanh(x: np.ndarray) -> np.ndarray:
    """Return 1.7159 tanh(2 x / 3). Source: LeCun et al. 1998, appendix A."""
    return 1.7159 * np.tanh(x * (2 / 3))


@door(alike=("x", "grad"), grad="...", x="...")
def scaled_tanh_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by 1.7159 * 2 / 3 * (1 - tanh(2 x / 3)^2)."""
    return grad * (1.7159 * 2 / 3) * (1 - np.tanh(x * (2 / 3)) ** 2)


@door(x="...")
def silu(x: np.ndarray) -> np.ndarray:
    """Return x sigmoid(x), also called swish."""
    return _above_infinity(x) * _logistic(x)


@door(alike=("x", "grad"), grad="...", x="...")
def silu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by s (1 + x (1 - s))."""
    x = _bounded(x)
    s = _logistic(x)
    return grad * s * (1 + x * (1 - s))


@door(x="...")
def gelu(x: np.ndarray) -> np.ndarray:
    """Return x times the share of a normal distribution below x. Source: Hendrycks &
    Gimpel 2016.
    """
    return _above_infinity(x) * _normal_below(x)


@door(alike=("x", "grad"), grad="...", x="...")
def gelu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by Phi(x) + x phi(x)."""
    x = _bounded(x)
    density = np.exp(-0.5 * x * x) / sqrt(2 * pi)
    return grad * (_normal_below(x) + x * density)


@door(x="...")
def hardsigmoid(x: np.ndarray) -> np.ndarray:
    """Return relu6(x + 3) / 6, a sigmoid of straight lines."""
    return relu6(x + 3) / 6


@door(alike=("x", "grad"), grad="...", x="...")
def hardsigmoid_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Let a sixth of the gradient through between -3 and 3."""
    return relu6_backward(grad, x + 3) / 6


@door(x="...")
def hardswish(x: np.ndarray) -> np.ndarray:
    """Return x hardsigmoid(x). Source: Howard et al. 2019, section 5.2."""
    return _above_infinity(x) * hardsigmoid(x)


@door(alike=("x", "grad"), grad="...", x="...")
def hardswish_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiply the gradient by hardsigmoid(x) + x / 6 where the sigmoid rises."""
    x = _bounded(x)
    return grad * hardsigmoid(x) + x * hardsigmoid_backward(grad, x)


@door(x="... D")
def softmax(x: np.ndarray) -> np.ndarray:
    """Divide the exponentials along the last axis by their sum, after taking off the
    largest value.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    if not x.size:
        return x.copy()
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


@door(alike=("x", "grad"), grad="... D", x="... D")
def softmax_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return y (grad - sum of grad y), with y the softmax of x."""
    y = softmax(x)
    return y * (grad - (grad * y).sum(axis=-1, keepdims=True))


def _above_infinity(x: np.ndarray) -> np.ndarray:
    """Return x with the lowest finite value in place of minus infinity."""
    return np.maximum(x, np.finfo(x.dtype).min) if x.dtype.kind == "f" else x


def _bounded(x: np.ndarray) -> np.ndarray:
    """Return x within 10,000, beyond which no slope here changes any more."""
    return np.clip(x, -1e4, 1e4) if x.dtype.kind == "f" else x


def _normal_below(x: np.ndarray) -> np.ndarray:
    return (1 + erf(x * sqrt(0.5))) / 2


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    function.__name__: function
    for function in (
        relu, relu6, leaky_relu, sigmoid, tanh, scaled_tanh, silu, gelu, hardsigmoid,
        hardswish,
    )
}  # fmt: skip

BACKWARD: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    function.__name__.removesuffix("_backward"): function
    for function in (
        relu_backward, relu6_backward, leaky_relu_backward, sigmoid_backward,
        tanh_backward, scaled_tanh_backward, silu_backward, gelu_backward,
        hardsigmoid_backward, hardswish_backward,
    )
}  # fmt: skip
