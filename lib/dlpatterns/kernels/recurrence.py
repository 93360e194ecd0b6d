"""Recurrence: a cell reads a sequence step by step and hands its state on. Plain loops,
faster rungs, and gradients.

Shapes: x N T D -> states N T H. Rungs: the bare name loops over every product; `_steps`
takes two matrix products a step; `_fast` multiplies all inputs by their weights in one
product before the loop, so that only the state's product waits. The gates lie behind
one another in PyTorch's order: GRU reset, update, candidate; LSTM input, forget,
candidate, output. A rung differs from the loops by at most 1e-12 in float64 and 1e-5 in
float32 for weights within 1 / sqrt(H).
"""

import numpy as np

from ._cells import (
    Weights,
    biased,
    check_gradient,
    gradients,
    products,
    projected,
    room_and_start,
    states_before,
    weighted_sums,
)
from ._door import door
from .activations import _logistic

# --- The plain cell: h = tanh(W x + U h + b) ------------------------------------------


@door(finite=("x", "weights", "state"), empty="T", x="N T D", state="N H")
def rnn(
    x: np.ndarray, weights: Weights, *, state: np.ndarray | None = None
) -> np.ndarray:
    """Return tanh(W x + U h + b) step by step, each h from the one before.
    Source: Elman 1990.

    >>> weights = Weights(np.ones((1, 1)), np.ones((1, 1)), np.array([1.0]))
    >>> rnn(np.zeros((1, 2, 1)), weights)[0, :, 0].round(4)
    array([0.7616, 0.9427])
    """
    out, (start,) = room_and_start("rnn", 1, x, weights, state)
    for n in range(len(x)):
        h = start[n]
        for t in range(x.shape[1]):
            h = out[n, t] = [
                np.tanh(total) for total in weighted_sums(weights, x[n, t], h)
            ]
    return out


@door(finite=("x", "weights", "state"), empty="T", x="N T D", state="N H")
def rnn_steps(
    x: np.ndarray, weights: Weights, *, state: np.ndarray | None = None
) -> np.ndarray:
    """Take two matrix products a step: one for the input, one for the state."""
    out, (h,) = room_and_start("rnn", 1, x, weights, state)
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ weights.x.T + h @ weights.h.T + sum(weights.biases()))
        out[:, t] = h
    return out


@door(finite=("x", "weights", "state"), empty="T", x="N T D", state="N H")
def rnn_fast(
    x: np.ndarray, weights: Weights, *, state: np.ndarray | None = None
) -> np.ndarray:
    """Take one product for all inputs, then one a step for the state."""
    out, (h,) = room_and_start("rnn", 1, x, weights, state)
    inputs = projected(x, weights) + weights.biases()[1]  # T N H
    for t in range(x.shape[1]):
        h = np.tanh(inputs[t] + h @ weights.h.T)
        out[:, t] = h
    return out


@door(empty="T", grad="N T H", x="N T D", h="N T H")
def rnn_backward(
    grad: np.ndarray, x: np.ndarray, weights: Weights, h: np.ndarray
) -> tuple[np.ndarray, Weights]:
    """Return the gradients of x and of the weights, given the states h that the cell
    went through from zero.
    """
    check_gradient("rnn_backward", 1, grad, x, weights, h=h)
    slope, to_sums, arriving = 1 - h * h, np.empty_like(h), 0.0
    for t in reversed(range(x.shape[1])):
        to_sums[:, t] = slope[:, t] * (grad[:, t] + arriving)
        arriving = to_sums[:, t] @ weights.h
    return to_sums @ weights.x, gradients(weights, x, h, to_sums, to_sums)


# --- The gated recurrent unit ---------------------------------------------------------


@door(finite=("x", "weights", "state"), empty="T", x="N T D", state="N H")
def gru(
    x: np.ndarray,
    weights: Weights,
    *,
    state: np.ndarray | None = None,
    reset_after: bool = True,
) -> np.ndarray:
    """Mix the last state and a candidate by an update gate; a reset gate decides what
    the candidate sees of the state.

    `reset_after` applies the reset gate to the state's product (PyTorch, cuDNN),
    otherwise to the state itself, so that the candidate's product must wait for the
    gate. Source: Cho et al. 2014, equations 5 to 8.
    """
    out, (start,) = room_and_start("gru", 3, x, weights, state)
    size = out.shape[-1]
    for n in range(len(x)):
        h = start[n]
        for t in range(x.shape[1]):
            h = out[n, t] = _gru_step(x[n, t], h, weights, size, reset_after)
    return out


def _gru_step(
    x: np.ndarray, h: np.ndarray, weights: Weights, size: int, reset_after: bool
) -> list:
    gates = [
        _logistic(total) for total in weighted_sums(weights.rows(0, 2 * size), x, h)
    ]
    reset, update, last = (
        gates[:size],
        gates[size:],
        weights.rows(2 * size, len(weights.h)),
    )
    if reset_after:
        seen = [
            a * b
            for a, b in zip(reset, biased(products(last.h, h), last, 1), strict=True)
        ]
        sums = [
            a + b
            for a, b in zip(biased(products(last.x, x), last, 0), seen, strict=True)
        ]
    else:
        sums = weighted_sums(last, x, [reset[i] * h[i] for i in range(size)])
    return [(1 - update[i]) * np.tanh(sums[i]) + update[i] * h[i] for i in range(size)]


@door(finite=("x", "weights", "state"), empty="T", x="N T D", state="N H")
def gru_fast(
    x: np.ndarray,
    weights: Weights,
    *,
    state: np.ndarray | None = None,
    reset_after: bool = True,
) -> np.ndarray:
    """Take one product for all inputs, then one a step for the state; two a step if the
    reset comes before.
    """
    out, (h,) = room_and_start("gru", 3, x, weights, state)
    size, inputs, bias = out.shape[-1], projected(x, weights), weights.biases()[1]
    for t in range(x.shape[1]):
        from_h = (
            h @ weights.h[: (2 + reset_after) * size].T
            + bias[: (2 + reset_after) * size]
        )
        reset, update = np.split(
            _logistic(inputs[t][:, : 2 * size] + from_h[:, : 2 * size]), 2, axis=1
        )
        seen = (
            reset * from_h[:, 2 * size :]
            if reset_after
            else (reset * h) @ weights.h[2 * size :].T + bias[2 * size :]
        )
        h = out[:, t] = (1 - update) * np.tanh(
            inputs[t][:, 2 * size :] + seen
        ) + update * h
    return out


@door(empty="T", grad="N T H", x="N T D", h="N T H")
def gru_backward(
    grad: np.ndarray, x: np.ndarray, weights: Weights, h: np.ndarray
) -> tuple[np.ndarray, Weights]:
    """Return the gradients of x and of the weights, given the states h of `gru` with
    the reset after, started at zero.
    """
    check_gradient("gru_backward", 3, grad, x, weights, h=h)
    before, size = states_before(h), h.shape[-1]
    from_x, from_h = (
        x @ weights.x.T + weights.biases()[0],
        before @ weights.h.T + weights.biases()[1],
    )
    reset, update = np.split(_logistic((from_x + from_h)[..., : 2 * size]), 2, axis=-1)
    candidate = np.tanh(from_x[..., 2 * size :] + reset * from_h[..., 2 * size :])
    slopes = (
        reset * (1 - reset) * from_h[..., 2 * size :],
        update * (1 - update) * (before - candidate),
        1 - candidate**2,
    )
    to_x, to_h, arriving = np.empty_like(from_x), np.empty_like(from_x), 0.0
    for t in reversed(range(x.shape[1])):
        total = grad[:, t] + arriving
        to_candidate = total * (1 - update[:, t]) * slopes[2][:, t]
        gates = [to_candidate * slopes[0][:, t], total * slopes[1][:, t]]
        to_x[:, t] = np.concatenate([*gates, to_candidate], axis=1)
        to_h[:, t] = np.concatenate([*gates, to_candidate * reset[:, t]], axis=1)
        arriving = to_h[:, t] @ weights.h + total * update[:, t]
    return to_x @ weights.x, gradients(weights, x, h, to_x, to_h)


# --- Long short-term memory -----------------------------------------------------------

State = tuple[np.ndarray, np.ndarray]  # h and c, each N H


@door(finite=("x", "weights", "state"), empty="T", x="N T D")
def lstm(
    x: np.ndarray, weights: Weights, *, state: State | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Keep a memory c: forget a share of it, add a share of the candidate, and show a
    share of its tanh as h.

    Shapes: x N T D -> h and c, each N T H. Source: Hochreiter & Schmidhuber 1997; Gers
    et al. 2000 (forget gate).
    """
    shown, (start_h, start_c) = room_and_start("lstm", 4, x, weights, state)
    memory = np.zeros(shown.shape, dtype=shown.dtype)
    for n in range(len(x)):
        h, c = start_h[n], start_c[n]
        for t in range(x.shape[1]):
            h, c = shown[n, t], memory[n, t] = _lstm_step(x[n, t], h, c, weights)
    return shown, memory


def _lstm_step(
    x: np.ndarray, h: np.ndarray, c: np.ndarray, weights: Weights
) -> tuple[list, list]:
    size, sums = len(c), weighted_sums(weights, x, h)
    enter, forget, show = (
        [_logistic(sums[k * size + i]) for i in range(size)] for k in (0, 1, 3)
    )
    candidate = [np.tanh(sums[2 * size + i]) for i in range(size)]
    c = [forget[i] * c[i] + enter[i] * candidate[i] for i in range(size)]
    return [show[i] * np.tanh(c[i]) for i in range(size)], c


@door(finite=("x", "weights", "state"), empty="T", x="N T D")
def lstm_steps(
    x: np.ndarray, weights: Weights, *, state: State | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Take two matrix products a step: one for the input, one for the state."""
    shown, (h, c) = room_and_start("lstm", 4, x, weights, state)
    memory = np.zeros_like(shown)
    for t in range(x.shape[1]):
        sums = x[:, t] @ weights.x.T + h @ weights.h.T + sum(weights.biases())
        h, c = (part.T for part in _lstm_cell(np.ascontiguousarray(sums.T), c.T))
        shown[:, t], memory[:, t] = h, c
    return shown, memory


@door(finite=("x", "weights", "state"), empty="T", x="N T D")
def lstm_fast(
    x: np.ndarray, weights: Weights, *, state: State | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Take one product for all inputs, then one a step for the state, with the batch
    last: each gate lies in one piece.
    """
    shown, (h, c) = room_and_start("lstm", 4, x, weights, state)
    memory, (batch, steps, features) = np.zeros_like(shown), x.shape
    columns = np.ascontiguousarray(x.transpose(2, 1, 0)).reshape(
        features, steps * batch
    )
    inputs = weights.x @ columns  # 4H TN
    inputs += sum(weights.biases())[:, None]
    inputs, h, c = (
        inputs.reshape(len(weights.x), steps, batch),
        np.ascontiguousarray(h.T),
        c.T,
    )
    for t in range(steps):
        sums = weights.h @ h
        sums += inputs[:, t]
        h, c = _lstm_cell(sums, c)
        shown[:, t], memory[:, t] = h.T, c.T
    return shown, memory


def _lstm_cell(sums: np.ndarray, c: np.ndarray) -> State:
    """Turn the sums into gates in place and return the new h and c. Shapes: sums 4H N,
    c H N.

    A sigmoid is half a tanh of half its argument, plus one half: one tanh serves all
    four gates.
    """
    enter, forget, candidate, show = (
        sums[i : i + len(c)] for i in range(0, len(sums), len(c))
    )
    first, last = sums[: 2 * len(c)], show
    for gates in (first, last):
        gates *= 0.5
    np.tanh(sums, out=sums)
    for gates in (first, last):
        gates *= 0.5
        gates += 0.5
    c = forget * c + enter * candidate
    return show * np.tanh(c), c


@door(empty="T", grad="N T H", x="N T D")
def lstm_backward(
    grad: np.ndarray, x: np.ndarray, weights: Weights, states: State
) -> tuple[np.ndarray, Weights]:
    """Return the gradients of x and of the weights, given h and c of `lstm` started at
    zero, and the gradient of h.

    All gates are computed anew in one product, since every state is known by now; only
    the gradient walks step by step.
    """
    h, c = states
    check_gradient("lstm_backward", 4, grad, x, weights, h=h, c=c)
    before, bent, size = states_before(c), np.tanh(c), h.shape[-1]
    sums = x @ weights.x.T + states_before(h) @ weights.h.T + sum(weights.biases())
    enter, forget, show = (
        _logistic(sums[..., k * size : (k + 1) * size]) for k in (0, 1, 3)
    )
    candidate = np.tanh(sums[..., 2 * size : 3 * size])
    slopes = np.concatenate(
        [
            candidate * enter * (1 - enter),
            before * forget * (1 - forget),
            enter * (1 - candidate**2),
        ],
        axis=-1,
    )
    show_slope, through = bent * show * (1 - show), show * (1 - bent * bent)
    to_sums, to_h, to_c = (
        np.empty_like(sums),
        np.zeros_like(h[:, 0]),
        np.zeros_like(h[:, 0]),
    )
    for t in reversed(range(x.shape[1])):
        total = grad[:, t] + to_h
        to_c = to_c + total * through[:, t]
        to_sums[:, t, : 3 * size] = np.tile(to_c, 3) * slopes[:, t]
        to_sums[:, t, 3 * size :] = total * show_slope[:, t]
        to_h, to_c = to_sums[:, t] @ weights.h, to_c * forget[:, t]
    return to_sums @ weights.x, gradients(weights, x, h, to_sums, to_sums)


# --- Both directions ------------------------------------------------------------------

KINDS = {
    1: (rnn_fast, rnn_backward),
    3: (gru_fast, gru_backward),
    4: (lstm_fast, lstm_backward),
}  # by the number of gates


@door(finite=("x", "weights"), empty="T", x="N T D")
def bidirectional(x: np.ndarray, weights: tuple[Weights, Weights]) -> np.ndarray:
    """Read the sequence with the first weights, backwards with the second, and put both
    states of each step behind one another. Shapes: N T D -> N T 2H.

    The number of gates tells the cell. Source: Schuster & Paliwal 1997.
    """
    run = _kind(weights)[0]
    ahead, back = _shown(run(x, weights[0])), _shown(run(x[:, ::-1], weights[1]))
    return np.concatenate([ahead, back[:, ::-1]], axis=-1)


@door(empty="T", grad="N T 2H", x="N T D")
def bidirectional_backward(
    grad: np.ndarray, x: np.ndarray, weights: tuple[Weights, Weights]
) -> tuple[np.ndarray, tuple[Weights, Weights]]:
    """Return the gradients of x and of both weights; the states are computed anew."""
    run, backward = _kind(weights)
    size = grad.shape[-1] // 2
    ahead, back = x, np.ascontiguousarray(x[:, ::-1])
    to_x, first = backward(grad[..., :size], ahead, weights[0], run(ahead, weights[0]))
    to_back, second = backward(
        grad[:, ::-1, size:], back, weights[1], run(back, weights[1])
    )
    return to_x + to_back[:, ::-1], (first, second)


def _shown(states: np.ndarray | State) -> np.ndarray:
    return states[0] if isinstance(states, tuple) else states


def _kind(weights: tuple[Weights, Weights]) -> tuple:
    """Return the kernels of the cell that has so many gates."""
    gates = {len(one.h) / one.h.shape[-1] for one in weights if one.h.ndim == 2}
    if len(gates) != 1 or not gates <= KINDS.keys():
        shapes = " and ".join(str(one.h.shape) for one in weights)
        raise ValueError(
            "bidirectional takes the weights of two cells of one kind, with 1, 3 or 4 "
            f"gates a unit; got weights.h {shapes}"
        )
    return KINDS[int(gates.pop())]
