"""Matrix multiplication: three plain loops, and rungs that do the same products in a
better order.

Shapes: a M K, b K N -> M N. Rungs: `matmul` (loops), `matmul_outer` (one whole outer
product at a time), `matmul_blocked` (blocks that are read once and used many times),
`matmul_blas` (the library's).

Error: a rung adds the same products in another order. In float32 it differs from the
loops by at most K * 1.2e-7 times the product of the absolute matrices (Higham 2002,
section 3.5), and in practice by far less.
"""

import numpy as np

from ._door import door
from ._plan import exact_format


@door(numbers="whole", empty="M K", a="M K", b="K N")
def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum a[m, k] * b[k, n] over k for every place of the result: three loops around
    one multiply-accumulate.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    _check(a, b)
    out = np.zeros((len(a), b.shape[1]), dtype=np.result_type(a.dtype, b.dtype))
    for m, n in np.ndindex(out.shape):
        total = out.dtype.type(0)
        for k in range(len(b)):
            total += a[m, k] * b[k, n]
        out[m, n] = total
    return out


@door(numbers="whole", empty="M K", a="M K", b="K N")
def matmul_outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add up one outer product for each k: every value of a and b is read for it once,
    the result K times.
    """
    _check(a, b)
    out = np.zeros((len(a), b.shape[1]), dtype=np.result_type(a.dtype, b.dtype))
    for k in range(len(b)):
        out += a[:, k, None] * b[k]
    return out


@door(numbers="whole", empty="M K", a="M K", b="K N")
def matmul_blocked(a: np.ndarray, b: np.ndarray, *, block: int = 128) -> np.ndarray:
    """Copy a block of each matrix, use it for a block of the result, and write that
    once.

    Of a and b together 2 M N K / block values are copied, instead of the 2 M N K that
    the loops read.
    """
    _check(a, b)
    out = np.zeros((len(a), b.shape[1]), dtype=np.result_type(a.dtype, b.dtype))
    for m in range(0, len(a), block):
        for n in range(0, b.shape[1], block):
            total = np.zeros(
                out[m : m + block, n : n + block].shape,
                dtype=np.result_type(a.dtype, b.dtype),
            )
            for k in range(0, len(b), block):
                total += (
                    a[m : m + block, k : k + block].copy()
                    @ b[k : k + block, n : n + block].copy()
                )
            out[m : m + block, n : n + block] = total
    return out


@door(numbers="own", empty="M K", a="M K", b="K N")
def matmul_blas(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return NumPy's product: the BLAS library's, with blocks for every level of the
    memory; whole numbers pass through it as floating point, exactly.
    """
    _check_shapes(a, b)
    return whole_product(a, b)


def whole_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a @ b, for whole numbers through the BLAS library: no sum is rounded as
    long as it stays within 2^53 (2^24 in float32).

    NumPy multiplies integers without BLAS; `benchmarks/integer_products.py` measures
    how much more slowly. Whole numbers go straight to floating point, because a copy
    costs as much as many products.
    """
    if "f" in a.dtype.kind + b.dtype.kind or object in (a.dtype, b.dtype):
        return a @ b
    width = exact_format("a product", a.shape[-1], a, b)
    return (a.astype(width, copy=False) @ b.astype(width, copy=False)).astype(np.int64)


def _check(a: np.ndarray, b: np.ndarray) -> None:
    _check_shapes(a, b)
    if a.dtype == b.dtype == np.int64:
        exact_format("matmul", a.shape[1], a, b)


def _check_shapes(a: np.ndarray, b: np.ndarray) -> None:
    if a.shape[1] != b.shape[0]:
        raise ValueError(
            f"matmul needs a (M, K) and b (K, N), got a {a.shape} and b {b.shape}"
        )
