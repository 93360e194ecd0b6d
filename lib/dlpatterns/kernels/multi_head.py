"""Multi-head attention: the projections around `attention`, rotary positions, and the
cache that decoding reads.

Shapes: x N T F -> N T F, with H query heads and G key-value heads of dimension D.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._door import door, require_array, require_kind, require_whole
from .attention import attention_backward, attention_matmul
from .linear import linear_backward, linear_matmul


class Projections(NamedTuple):
    """The parameters of multi-head attention, or their gradients; a layer without
    biases leaves them None.

    Shapes: q (H D, F), k and v (G D, E) for a memory with E features, out (F, H D); a
    bias for each row.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    out: np.ndarray
    q_bias: np.ndarray | None = None
    k_bias: np.ndarray | None = None
    v_bias: np.ndarray | None = None
    out_bias: np.ndarray | None = None


Attend = Callable[..., np.ndarray]


@door(x="N T F", memory="N S E")
def multi_head(
    x: np.ndarray,
    weights: Projections,
    *,
    heads: int,
    memory: np.ndarray | None = None,
    causal: bool = False,
    rotary: bool = False,
    attend: Attend = attention_matmul,
) -> np.ndarray:
    """Project queries, keys and values, attend in every head, and project the heads'
    answers back.

    Keys and values come from `memory` if it is given (cross-attention), else from x;
    `attend` is the rung to use.
    Shapes: x N T F, memory N S E -> N T F. Source: Vaswani et al. 2017, section 3.2.2.
    """
    q, k, v = _projected(x, weights, heads, memory, rotary)
    return linear_matmul(
        join_heads(attend(q, k, v, causal=causal)), weights.out, weights.out_bias
    )


@door(grad="N T F", x="N T F", memory="N S E")
def multi_head_backward(
    grad: np.ndarray,
    x: np.ndarray,
    weights: Projections,
    *,
    heads: int,
    memory: np.ndarray | None = None,
    causal: bool = False,
    rotary: bool = False,
) -> tuple[np.ndarray, np.ndarray | None, Projections]:
    """Return the gradients of x, of the memory (None without one) and of the weights;
    projections are computed anew.
    """
    q, k, v = _projected(x, weights, heads, memory, rotary)
    joined = join_heads(attention_matmul(q, k, v, causal=causal))
    to_joined, to_out, to_out_bias = linear_backward(grad, joined, weights.out)
    to_q, to_k, to_v = attention_backward(
        split_heads(to_joined, heads), q, k, v, causal=causal
    )
    if rotary:
        to_q, to_k = turned(to_q, backwards=True), turned(to_k, backwards=True)
    source = x if memory is None else memory
    to_x, *from_q = linear_backward(join_heads(to_q), x, weights.q)
    to_source, *from_k = linear_backward(join_heads(to_k), source, weights.k)
    through_v, *from_v = linear_backward(join_heads(to_v), source, weights.v)
    to_source = to_source + through_v
    parts = zip(from_q, from_k, from_v, (to_out, to_out_bias), strict=True)
    matrices, biases = parts
    gradients = Projections(*matrices, *(biases if weights.q_bias is not None else ()))
    return (
        (to_x + to_source, None, gradients)
        if memory is None
        else (to_x, to_source, gradients)
    )


@door(numbers="kept", x="N T F")
def split_heads(x: np.ndarray, heads: int) -> np.ndarray:
    """Cut the features into heads. Shapes: N T HD -> N H T D."""
    if x.shape[-1] % heads:
        raise ValueError(
            f"{heads} heads do not divide the {x.shape[-1]} features of {x.shape}"
        )
    return x.reshape(*x.shape[:2], heads, x.shape[2] // heads).swapaxes(1, 2)


@door(numbers="kept", x="N H T D")
def join_heads(x: np.ndarray) -> np.ndarray:
    """Put the heads' features behind one another again. Shapes: N H T D -> N T HD."""
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3])


@door(least={"first": 0}, x="N H T D")
def turned(x: np.ndarray, *, first: int = 0, backwards: bool = False) -> np.ndarray:
    """Turn each pair of features by its position times the pair's frequency, so that a
    product tells the distance.

    Feature i is paired with feature i + D / 2; pair i turns by position / 10000^(2 i /
    D). Shapes: N H T D -> the same. `first` is the position of the first token.
    Source: Su et al. 2021, section 3.2.2, in GPT-NeoX's order.
    """
    half = x.shape[-1] // 2
    if x.shape[-1] % 2:
        raise ValueError(
            f"rotary positions turn pairs of features; {x.shape} has "
            f"{x.shape[-1]} a "
            "head"
        )
    frequency = 10_000.0 ** (-np.arange(half) / half)
    angle = (
        np.arange(first, first + x.shape[2])[:, None]
        * frequency
        * (-1 if backwards else 1)
    )
    cosine, sine = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return np.concatenate(
        [left * cosine - right * sine, right * cosine + left * sine], axis=-1
    )


class KVCache:
    """Room for the keys and values of `capacity` positions; `length` of them are
    filled.
    """

    def __init__(
        self,
        batch: int,
        kv_heads: int,
        capacity: int,
        head_dim: int,
        *,
        dtype: type = np.float32,
    ) -> None:
        sizes = {"batch": batch, "kv_heads": kv_heads, "capacity": capacity}
        for name, size in (sizes | {"head_dim": head_dim}).items():
            require_whole(f"KVCache: {name}", size)
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"KVCache: dtype is a floating-point format, got {dtype!r}")
        self._keys = np.zeros((batch, kv_heads, capacity, head_dim), dtype=dtype)
        self._values = np.zeros_like(self._keys)
        self.length = 0

    @property
    def keys(self) -> np.ndarray:
        """The keys so far, without a copy. Shapes: N G length D."""
        return self._keys[:, :, : self.length]

    @property
    def values(self) -> np.ndarray:
        """The values so far, without a copy. Shapes: N G length D."""
        return self._values[:, :, : self.length]

    @property
    def bytes_per_token(self) -> int:
        """The bytes that one position of the whole batch takes: keys and values of
        every key-value head.
        """
        return (self._keys.nbytes + self._values.nbytes) // self._keys.shape[2]

    def append(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Store the keys and values of the next positions. Shapes: each N G T D.

        Raises: ValueError if their shape does not fit or there is no more room.
        """
        for name, array in (("keys", keys), ("values", values)):
            require_array(f"KVCache.append: {name}", array, "N G T D")
        batch, kv_heads, capacity, head_dim = self._keys.shape
        end = self.length + keys.shape[2]
        if np.shape(keys) != np.shape(values) or np.shape(keys) != (
            batch,
            kv_heads,
            end - self.length,
            head_dim,
        ):
            expected = f"({batch}, {kv_heads}, T, {head_dim})"
            raise ValueError(
                f"the cache takes keys and values {expected}, got {np.shape(keys)} "
                f"and {np.shape(values)}"
            )
        if end > capacity:
            raise ValueError(
                f"the cache {self._keys.shape} has {capacity} positions; {end} do "
                "not "
                "fit"
            )
        self._keys[:, :, self.length : end] = keys
        self._values[:, :, self.length : end] = values
        self.length = end


@door(x="N T F")
def decode_step(
    x: np.ndarray,
    weights: Projections,
    cache: KVCache,
    *,
    heads: int,
    rotary: bool = False,
    attend: Attend = attention_matmul,
) -> np.ndarray:
    """Append the new positions' keys and values to the cache and attend to all that it
    holds.

    With one position this is a step of decoding, with many the prefill. Shapes: x N T F
    -> N T F.
    """
    require_kind("decode_step: cache", cache, KVCache)
    q, k, v = _projected(x, weights, heads, None, rotary, first=cache.length)
    cache.append(k, v)
    answer = attend(q, cache.keys, cache.values, causal=True)
    return linear_matmul(join_heads(answer), weights.out, weights.out_bias)


def _projected(
    x: np.ndarray,
    weights: Projections,
    heads: int,
    memory: np.ndarray | None,
    rotary: bool,
    *,
    first: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return queries, keys and values by head."""
    _check(x, weights, heads, memory)
    source, dim = x if memory is None else memory, len(weights.q) // heads
    q = split_heads(linear_matmul(x, weights.q, weights.q_bias), heads)
    k, v = (
        split_heads(linear_matmul(source, weight, bias), len(weight) // dim)
        for weight, bias in ((weights.k, weights.k_bias), (weights.v, weights.v_bias))
    )
    return (turned(q, first=first), turned(k, first=first), v) if rotary else (q, k, v)


def _check(
    x: np.ndarray, weights: Projections, heads: int, memory: np.ndarray | None
) -> None:
    if memory is not None and len(memory) != len(x):
        raise ValueError(
            "multi-head attention takes x (N, T, F) and a memory (N, S, E), got "
            f"{x.shape} and {memory.shape}"
        )
    if len(weights.q) % heads:
        raise ValueError(
            f"{heads} heads do not divide the {len(weights.q)} rows of the query "
            f"weights {weights.q.shape}"
        )
    if len(weights.k) % (len(weights.q) // heads) or weights.k.shape != weights.v.shape:
        raise ValueError(
            f"heads of dimension {len(weights.q) // heads} need key and value weights "
            "alike, in whole heads; "
            f"got k {weights.k.shape} and v {weights.v.shape}"
        )
