"""Layers without products: an output is the negative distance between a window and its
filter.

Source: Chen et al. 2020 (AdderNet), equations 1, 5, 7, 8 and 12.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..train.modules import Arrays, Gradients, Module
from ._door import door

ETA = 0.1


@door(loose=("x", "weight"), x=2, weight=2)
def distances(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return minus the sum of |x - weight| for every row with every row. Shapes: N K, M
    K -> N M.

    Raises: ValueError if the rows differ in length.

    >>> distances(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([[-3.]])
    """
    _check(x, weight)
    out = np.empty((len(x), len(weight)), np.result_type(x, weight))
    for m, row in enumerate(weight):
        out[:, m] = np.abs(x - row).sum(axis=1)
    return -out


@door(loose=("grad", "x", "weight"), x=2, weight=2)
def distances_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of x and of the weights as AdderNet has them: the plain
    difference in place of its sign, clipped to -1 and 1 towards x.

    Shapes: N M, N K, M K -> N K, M K.
    """
    _check(x, weight)
    if grad.shape != (len(x), len(weight)):
        raise ValueError(
            f"a gradient of {len(x)} rows with {len(weight)} rows is expected, got "
            f"{grad.shape}"
        )
    to_x, to_weight = np.zeros_like(x), np.empty_like(weight)
    for m, row in enumerate(weight):
        apart, one = x - row, grad[:, m, None]
        to_weight[m] = (grad[:, m] @ apart).astype(weight.dtype)
        to_x -= one * np.clip(apart, -1, 1)
    return to_x, to_weight


@door(loose=("grad",))
def local_rate(grad: np.ndarray, eta: float = ETA) -> np.ndarray:
    """Return the gradient at AdderNet's own size: eta times the root of the number of
    weights over the gradient's length.

    Raises: ValueError for an eta that is not above zero.
    Source: equations 11 and 12.

    >>> local_rate(np.array([3.0, 4.0, 0.0, 0.0]), 1.0)
    array([1.2, 1.6, 0. , 0. ])
    """
    if not eta > 0:
        raise ValueError(f"eta is above zero, got {eta!r}")
    length = float(np.linalg.norm(grad))
    return grad * (eta * grad.size**0.5 / length) if length else grad


class Adder(Module):
    """A convolution that measures distances: the windows of a Conv2d with no groups and
    no dilation.
    """

    names = ("weight",)

    def __init__(self, layer: Any, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        plain = self.spec.groups == 1 and _both(self.spec.dilation) == (1, 1)
        if not plain or self.spec.bias or isinstance(self.spec.padding, str):
            raise ValueError(
                f"layer {layer.name!r}: an adder has one group, no dilation, no bias "
                "and padding in numbers"
            )

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        weight, x = params["weight"], inputs[0]
        self.rows, self.places = self._rows(x)
        out = distances(self.rows, weight.reshape(len(weight), -1))
        return out.reshape(len(x), *self.places, -1).transpose(0, 3, 1, 2)

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        weight = params["weight"]
        flat = grad.transpose(0, 2, 3, 1).reshape(-1, len(weight))
        rows, to_weight = distances_backward(
            flat, self.rows, weight.reshape(len(weight), -1)
        )
        return (self._back(rows),), {"weight": to_weight.reshape(weight.shape)}

    def _rows(self, x: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        kernel, (down, right) = _both(self.spec.kernel), _both(self.spec.stride)
        view = sliding_window_view(self._padded(x), kernel, axis=(2, 3))
        view = view[:, :, ::down, ::right].transpose(0, 2, 3, 1, 4, 5)  # N P Q C R S
        places = view.shape[1:3]
        return view.reshape(len(x) * places[0] * places[1], -1), places

    def _padded(self, x: np.ndarray) -> np.ndarray:
        top, left = _both(self.spec.padding)
        return np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))

    def _back(self, rows: np.ndarray) -> np.ndarray:
        """Add every window's gradient to the pixels it came from."""
        x, (kernel, stride) = (
            self.inputs[0],
            (_both(self.spec.kernel), _both(self.spec.stride)),
        )
        parts = rows.reshape(len(x), *self.places, x.shape[1], *kernel)
        padded = np.zeros_like(self._padded(x))
        for r, s in np.ndindex(*kernel):
            rows_ = slice(r, r + stride[0] * self.places[0], stride[0])
            columns = slice(s, s + stride[1] * self.places[1], stride[1])
            padded[:, :, rows_, columns] += parts[..., r, s].transpose(0, 3, 1, 2)
        top, left = _both(self.spec.padding)
        return padded[:, :, top : top + x.shape[2], left : left + x.shape[3]]


def _both(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _check(x: np.ndarray, weight: np.ndarray) -> None:
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            "distances are between rows of one length, got "
            f"{np.shape(x)} and {np.shape(weight)}"
        )
