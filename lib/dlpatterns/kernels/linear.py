"""The full connection: every output is a weighted sum of every input, plus a bias.

Rungs: `linear` (loops), `linear_matmul` (one matrix product; BLAS). Shapes: x ... D,
weight M D, bias M -> ... M. Whole numbers are multiplied exactly.
"""

from math import prod

import numpy as np

from ._door import door
from ._plan import exact_format
from .matmul import whole_product


@door(numbers="whole", empty="D M", x="... D", weight="M D", bias="M")
def linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """Sum weight[m, d] * x[d] over d for every output m of every example, then add the
    bias.

    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]))
    array([[11., 17.]])
    """
    _check(x, weight, bias)
    rows = _rows(x)
    out = np.zeros(
        (len(rows), len(weight)), dtype=np.result_type(x.dtype, weight.dtype)
    )
    for n in range(len(rows)):
        for m in range(len(weight)):
            total = out.dtype.type(0)
            for d in range(x.shape[-1]):
                total += weight[m, d] * rows[n, d]
            out[n, m] = total if bias is None else total + bias[m]
    return out.reshape(*x.shape[:-1], len(weight))


@door(numbers="whole", empty="D M", x="... D", weight="M D", bias="M")
def linear_matmul(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """Return x times the transposed weight, plus the bias: the loops of `linear` as one
    matrix product.
    """
    _check(x, weight, bias)
    product = whole_product(x, weight.T)
    return product if bias is None else product + bias


@door(empty="D M", grad="... M", x="... D", weight="M D")
def linear_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, weight and bias: two matrix products and a sum over
    the examples.
    """
    _check(x, weight, None)
    if grad.shape != (*x.shape[:-1], len(weight)):
        raise ValueError(
            "the gradient must have the output's shape "
            f"{(*x.shape[:-1], len(weight))}, got {grad.shape}"
        )
    rows, gradients = _rows(x), _rows(grad)
    return grad @ weight, gradients.T @ rows, gradients.sum(axis=0)


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _check(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> None:
    if x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear needs x (..., D) and weight (M, D), got x {np.shape(x)} and "
            f"weight {np.shape(weight)}"
        )
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ValueError(
            f"linear: bias {np.shape(bias)} does not fit weight {weight.shape}; it "
            f"needs {weight.shape[:1]}"
        )
    if x.dtype == weight.dtype == np.int64:
        exact_format("linear", x.shape[-1], x, weight, bias)
