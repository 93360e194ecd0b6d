"""Transformer blocks: attention and feed forward, each with a shortcut and a
normalisation.

Shapes: x N T F -> N T F. A block is built from the other kernels and only runs forward.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import activations
from ._door import door
from .attention import attention_matmul
from .linear import linear_matmul
from .multi_head import Attend, Projections, multi_head
from .normalisation import layer_norm

Pair = tuple[np.ndarray, np.ndarray]


class Block(NamedTuple):
    """The parameters of an encoder block; a decoder block has `cross` and a third norm
    besides.

    Shapes: up (hidden, F) and hidden, down (F, hidden) and F; each norm a scale and a
    shift of F, in the order of use.
    """

    attention: Projections
    up: Pair
    down: Pair
    norms: tuple[Pair, ...]
    cross: Projections | None = None


@door(x="N T F")
def encoder_block(
    x: np.ndarray,
    block: Block,
    *,
    heads: int,
    act: str = "relu",
    pre_norm: bool = False,
    causal: bool = False,
    attend: Attend = attention_matmul,
) -> np.ndarray:
    """Add self-attention, then feed forward, each to its own input; normalise after
    each sum, or before each part.

    Source: Vaswani et al. 2017, figure 1 (after); Radford et al. 2019, section 2.3
    (before, causal).
    """
    _check(x, block, norms=2)
    parts = [
        lambda y: multi_head(
            y, block.attention, heads=heads, causal=causal, attend=attend
        ),
        lambda y: feed_forward(y, block, act=act),
    ]
    return _through(x, parts, block.norms, pre_norm)


@door(x="N T F", memory="N S F")
def decoder_block(
    x: np.ndarray,
    memory: np.ndarray,
    block: Block,
    *,
    heads: int,
    act: str = "relu",
    pre_norm: bool = False,
    attend: Attend = attention_matmul,
) -> np.ndarray:
    """Add causal self-attention, attention to the encoder's memory, and feed forward,
    each with shortcut and norm.

    Shapes: x N T F, memory N S F -> N T F. Source: Vaswani et al. 2017, figure 1.
    """
    _check(x, block, norms=3)
    if block.cross is None:
        raise ValueError(
            "a decoder block needs the weights of its cross-attention: Block(..., "
            "cross=Projections(...))"
        )
    parts = [
        lambda y: multi_head(
            y, block.attention, heads=heads, causal=True, attend=attend
        ),
        lambda y: multi_head(y, block.cross, heads=heads, memory=memory, attend=attend),
        lambda y: feed_forward(y, block, act=act),
    ]
    return _through(x, parts, block.norms, pre_norm)


@door(x="N T F")
def feed_forward(x: np.ndarray, block: Block, *, act: str = "relu") -> np.ndarray:
    """Widen every token, bend it, and bring it back: down(act(up x)), with no word
    between the tokens.
    """
    if act not in activations.FUNCTIONS:
        raise ValueError(
            f"unknown activation {act!r}; known: {', '.join(activations.FUNCTIONS)}"
        )
    return linear_matmul(
        activations.FUNCTIONS[act](linear_matmul(x, *block.up)), *block.down
    )


def _through(
    x: np.ndarray, parts: list[Callable], norms: tuple[Pair, ...], pre_norm: bool
) -> np.ndarray:
    for part, norm in zip(parts, norms, strict=True):
        x = (
            x + part(layer_norm(x, *norm))
            if pre_norm
            else layer_norm(x + part(x), *norm)
        )
    return x


def _check(x: np.ndarray, block: Block, *, norms: int) -> None:
    if len(block.norms) != norms:
        raise ValueError(
            f"this block has {norms} normalisations, got the parameters of "
            f"{len(block.norms)}"
        )
