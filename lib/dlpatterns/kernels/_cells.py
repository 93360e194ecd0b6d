"""What the recurrent cells share: their weights, weighted sums one product at a time,
the gradients of the weights, and the checks of all shapes.
"""

from typing import NamedTuple

import numpy as np


class Weights(NamedTuple):
    """The parameters of a cell with G gates and H units, or their gradients. Shapes: x
    (G H, D), h (G H, H).

    `bias` is None, one vector a gate, shape (G H,) (the papers, Keras's LSTM), or two,
    shape (2, G H), the first added to the inputs' product and the second to the state's
    (PyTorch, cuDNN, ONNX, Keras's GRU).
    """

    x: np.ndarray
    h: np.ndarray
    bias: np.ndarray | None = None

    def biases(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the bias of the inputs' product and that of the state's, zeros where
        there is none.
        """
        none = np.zeros(len(self.x), dtype=self.x.dtype)
        if self.bias is None:
            return none, none
        return (
            (self.bias, none) if self.bias.ndim == 1 else (self.bias[0], self.bias[1])
        )

    def rows(self, start: int, stop: int) -> "Weights":
        """Return the parameters of the units from `start` up to `stop`."""
        return Weights(
            self.x[start:stop],
            self.h[start:stop],
            None if self.bias is None else self.bias[..., start:stop],
        )


def weighted_sums(weights: Weights, x: np.ndarray, h: np.ndarray | list) -> list:
    """Return W x + U h + b, one number a unit, in one accumulator each."""
    sums = products(weights.h, h, products(weights.x, x))
    for which in range(0 if weights.bias is None else weights.bias.ndim):
        sums = biased(sums, weights, which)
    return sums


def products(
    weight: np.ndarray, values: np.ndarray | list, totals: list | None = None
) -> list:
    """Add the weighted sum of the values to each total, one multiply-accumulate after
    another.
    """
    sums = []
    for row in range(len(weight)):
        total = totals[row] if totals else 0.0
        for i in range(len(values)):
            total += weight[row, i] * values[i]
        sums.append(total)
    return sums


def biased(sums: list, weights: Weights, which: int) -> list:
    """Add the first (0) or second (1) bias, if there is one."""
    if weights.bias is None or which >= weights.bias.ndim:
        return sums
    bias = weights.bias if weights.bias.ndim == 1 else weights.bias[which]
    return [total + bias[i] for i, total in enumerate(sums)]


def projected(x: np.ndarray, weights: Weights) -> np.ndarray:
    """Multiply all inputs by their weights in one product, step first. Shapes: N T D ->
    T N GH.
    """
    steps = _rows(np.ascontiguousarray(x.swapaxes(0, 1)))
    inputs = steps @ weights.x.T + weights.biases()[0]
    return inputs.reshape(x.shape[1], len(x), len(weights.x))


def _rows(x: np.ndarray) -> np.ndarray:
    """Put the steps of all examples behind one another. Shapes: N T D -> (N T) D."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2])


def states_before(states: np.ndarray) -> np.ndarray:
    """Return the state before each step, zero before the first."""
    return np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1)


def gradients(
    weights: Weights, x: np.ndarray, h: np.ndarray, to_x: np.ndarray, to_h: np.ndarray
) -> Weights:
    """Return the weights' gradients from those of the two products: one matrix product
    each over all steps.
    """
    rows = _rows(to_x), _rows(to_h)
    bias = None
    if weights.bias is not None:
        bias = (
            rows[0].sum(axis=0)
            if weights.bias.ndim == 1
            else np.stack([part.sum(axis=0) for part in rows])
        )
    return Weights(
        rows[0].T @ _rows(x),
        rows[1].T @ _rows(states_before(h)),
        bias,
    )


def room_and_start(
    name: str, gates: int, x: np.ndarray, weights: Weights, state: object
) -> tuple[np.ndarray, tuple]:
    """Return room for the states, and the states to start from (zero by default), after
    checking every shape.
    """
    check_weights(name, gates, x, weights)
    hidden = weights.h.shape[1]
    starts = 1 if name != "lstm" else 2
    given = state if starts == 2 else (state,)
    if state is None:
        given = (np.zeros((len(x), hidden), dtype=x.dtype),) * starts
    if any(one.shape != (len(x), hidden) for one in given):
        shapes = " and ".join(str(one.shape) for one in given)
        raise ValueError(
            f"{name} of x {x.shape}: the starting state has shape "
            f"{(len(x), hidden)}, got {shapes}"
        )
    return np.zeros((*x.shape[:2], hidden), dtype=x.dtype), tuple(given)


def check_weights(name: str, gates: int, x: np.ndarray, weights: Weights) -> None:
    """Raise ValueError unless the weights fit the input."""
    if not x.shape[1]:
        raise ValueError(
            f"{name} takes x of shape (N, T, D) with at least one step, got {x.shape}"
        )
    hidden = weights.h.shape[-1] if weights.h.ndim else 0
    expected = {"x": (gates * hidden, x.shape[2]), "h": (gates * hidden, hidden)}
    for part, shape in expected.items():
        found = getattr(weights, part).shape
        if found != shape:
            raise ValueError(
                f"{name} of x {x.shape} with {hidden} units needs weights.{part} "
                f"{shape}, got {found}"
            )
    shapes = ((gates * hidden,), (2, gates * hidden))
    if weights.bias is not None and weights.bias.shape not in shapes:
        raise ValueError(
            f"{name}: a bias for weights.h {weights.h.shape} has shape {shapes[0]} or "
            f"{shapes[1]}, got {weights.bias.shape}"
        )


def check_gradient(
    name: str,
    gates: int,
    grad: np.ndarray,
    x: np.ndarray,
    weights: Weights,
    **states: np.ndarray,
) -> None:
    """Raise ValueError unless weights, gradient and states fit the input."""
    check_weights(name, gates, x, weights)
    expected = (*x.shape[:2], weights.h.shape[1])
    for what, array in {"the gradient": grad, **states}.items():
        if array.shape != expected:
            raise ValueError(
                f"{name} of x {x.shape}: {what} must have the states' shape "
                f"{expected}, got {array.shape}"
            )
