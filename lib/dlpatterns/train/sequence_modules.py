"""The running layers for sequences, recurrence, attention and tokens, registered beside
those of `modules`.
"""

from dataclasses import replace

import numpy as np

from .. import layers
from ..graph import Layer
from ..kernels import multi_head, recurrence
from .modules import MODULES, Arrays, Gradients, Module, initial_weight, runs

__all__ = ["MODULES"]

FORWARD = {
    layers.RNN: recurrence.rnn_fast,
    layers.GRU: recurrence.gru_fast,
    layers.LSTM: recurrence.lstm_fast,
}
BACKWARD = {
    layers.RNN: recurrence.rnn_backward,
    layers.GRU: recurrence.gru_backward,
    layers.LSTM: recurrence.lstm_backward,
}


@runs(layers.RNN, layers.GRU, layers.LSTM)
class Recurrent(Module):
    """A recurrent layer that starts from a zero state; its states stay for the backward
    pass.
    """

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        self.names = (
            ("weight_x", "weight_h", "bias")
            if self.spec.biases
            else ("weight_x", "weight_h")
        )

    def initial(self, *, rectified: bool) -> Arrays:
        """Draw all weights within 1 / sqrt(hidden); an LSTM's forget gate starts open.
        Source: Gers et al. 2000.
        """
        hidden, features = self.spec.hidden, self.layer.input_shapes[0][-1]
        rows, limit = self.spec.gates * hidden, 1 / np.sqrt(hidden)
        params = {
            name: self.rng.uniform(-limit, limit, (rows, columns))
            for name, columns in (("weight_x", features), ("weight_h", hidden))
        }
        if self.spec.biases:
            bias = np.zeros((self.spec.biases, rows))
            if isinstance(self.spec, layers.LSTM):
                bias[0, hidden : 2 * hidden] = 1
            params["bias"] = bias[0] if self.spec.biases == 1 else bias
        return params

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        self.states = FORWARD[type(self.spec)](inputs[0], self._weights(params))
        return self.states[0] if isinstance(self.states, tuple) else self.states

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        backward = BACKWARD[type(self.spec)]
        to_x, gradients = backward(
            grad, self.inputs[0], self._weights(params), self.states
        )
        return (to_x,), {
            name: getattr(gradients, name.removeprefix("weight_"))
            for name in self.names
        }

    def _weights(self, params: Arrays) -> recurrence.Weights:
        return recurrence.Weights(
            params["weight_x"], params["weight_h"], params.get("bias")
        )


@runs(layers.Bidirectional)
class Bidirectional(Module):
    """Two recurrent layers from zero states, one of them from the end; "back_" stands
    before the parameters of that one.
    """

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        one = replace(layer, spec=self.spec.cell)
        self.cells = Recurrent(one, (*seed, 0)), Recurrent(one, (*seed, 1))
        self.names = (
            *self.cells[0].names,
            *(f"back_{name}" for name in self.cells[1].names),
        )

    def initial(self, *, rectified: bool) -> Arrays:
        """Draw the parameters of either direction as those of a recurrent layer."""
        ahead, back = (cell.initial(rectified=rectified) for cell in self.cells)
        return ahead | {f"back_{name}": value for name, value in back.items()}

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return recurrence.bidirectional(inputs[0], self._weights(params))

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        to_x, gradients = recurrence.bidirectional_backward(
            grad, self.inputs[0], self._weights(params)
        )
        parts = (
            getattr(each, name.removeprefix("weight_"))
            for each, cell in zip(gradients, self.cells, strict=True)
            for name in cell.names
        )
        return (to_x,), dict(zip(self.names, parts, strict=True))

    def _weights(self, params: Arrays) -> tuple[recurrence.Weights, recurrence.Weights]:
        return tuple(
            recurrence.Weights(
                params[f"{before}weight_x"],
                params[f"{before}weight_h"],
                params.get(f"{before}bias"),
            )
            for before in ("", "back_")
        )


@runs(layers.Attention)
class Attention(Module):
    """Multi-head attention with its projections; a second input supplies keys and
    values.
    """

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        parts = ("q", "k", "v", "out")
        self.names = parts + tuple(f"{part}_bias" for part in parts) * self.spec.bias

    def initial(self, *, rectified: bool) -> Arrays:
        """Draw the four projections as a full connection's weights; biases start at
        zero.
        """
        (_, features), (_, memory) = (
            self.layer.input_shapes[0],
            self.layer.input_shapes[-1],
        )
        heads, kv_heads, dim = self.spec.head_sizes(features)
        shapes = (
            (heads * dim, features),
            (kv_heads * dim, memory),
            (kv_heads * dim, memory),
            (features, heads * dim),
        )
        weights = {
            name: initial_weight(self.rng, s, rectified=False)
            for name, s in zip(self.names, shapes, strict=False)
        }
        biases = {
            name: np.zeros(shape[0])
            for name, shape in zip(self.names[4:], shapes, strict=False)
        }
        return weights | biases

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return multi_head.multi_head(
            inputs[0], multi_head.Projections(**params), **self._how(inputs)
        )

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        weights = multi_head.Projections(**params)
        to_x, to_memory, gradients = multi_head.multi_head_backward(
            grad, self.inputs[0], weights, **self._how(self.inputs)
        )
        to_inputs = (to_x,) if to_memory is None else (to_x, to_memory)
        return to_inputs, {name: getattr(gradients, name) for name in self.names}

    def _how(self, inputs: tuple[np.ndarray, ...]) -> dict:
        memory = inputs[1] if len(inputs) > 1 else None
        return {
            "heads": self.spec.heads,
            "causal": self.spec.causal,
            "rotary": self.spec.rotary,
            "memory": memory,
        }


# --- Tokens ---------------------------------------------------------------------------


@runs(layers.Embedding)
class Embedding(Module):
    """A table of vectors; the gradient adds up for every time a token occurs, and ends
    here.
    """

    names = ("weight",)

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        if self.spec.tied:
            raise ValueError(
                f"layer {layer.name!r}: an Embedding tied to {self.spec.tied!r} can be "
                "counted but not run"
            )

    def initial(self, *, rectified: bool) -> Arrays:
        return {"weight": self.rng.normal(0, 1, (self.spec.vocabulary, self.spec.dim))}

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        tokens = inputs[0]
        if (
            not np.issubdtype(tokens.dtype, np.integer)
            or tokens.min() < 0
            or tokens.max() >= self.spec.vocabulary
        ):
            raise ValueError(
                f"layer {self.layer.name!r}: tokens are whole numbers from 0 to "
                f"{self.spec.vocabulary - 1}, got {tokens.dtype} from {tokens.min()} "
                f"to {tokens.max()}"
            )
        return params["weight"][tokens]

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        table = np.zeros_like(params["weight"])
        np.add.at(table, self.inputs[0], grad)
        return (None,), {"weight": table}


@runs(layers.PositionEmbedding)
class PositionEmbedding(Module):
    names = ("weight",)

    def __init__(self, layer: Layer, seed: tuple[int, int]) -> None:
        super().__init__(layer, seed)
        if not self.spec.learned:
            raise ValueError(
                f"layer {layer.name!r}: a PositionEmbedding of sines can be counted "
                "but not run; learn it"
            )

    def initial(self, *, rectified: bool) -> Arrays:
        steps, features = self.layer.output_shape
        return {
            "weight": self.rng.normal(0, 0.02, (self.spec.positions or steps, features))
        }

    def run(self, params: Arrays, *inputs: np.ndarray, training: bool) -> np.ndarray:
        return inputs[0] + params["weight"][: inputs[0].shape[1]]

    def backward(self, params: Arrays, grad: np.ndarray) -> Gradients:
        table = np.zeros_like(params["weight"])
        table[: grad.shape[1]] = grad.sum(axis=0)
        return (grad,), {"weight": table}
