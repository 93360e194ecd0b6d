"""Two small tasks that ask what a network remembers of a sequence, and the networks
that are trained on them.

In both, a sequence is made of random symbols. `recall` marks one of them and asks which
it was: what counts is the symbol, wherever it stood. `look_back` marks none and asks,
with a last token, which symbol stood so many places before the end: what counts is the
place. The *distance* is how many symbols came after the one that is asked for.
"""

import numpy as np

from ..graph import Builder, Model
from ..layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    Embedding,
    Linear,
    PositionEmbedding,
    TakeToken,
)

SYMBOLS = 8
KINDS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


def recall(
    examples: int,
    steps: int,
    *,
    distance: int | None = None,
    symbols: int = SYMBOLS,
    seed: int | tuple[int, ...] = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences with one marked symbol each, and that symbol; the distance is
    drawn evenly unless it is given.

    A token below `symbols` is a plain symbol, the token `symbols` higher is the same
    one marked.
    Shapes: tokens N T, answers N.

    >>> tokens, answers = recall(1, 6, distance=2)
    >>> bool(tokens[0, 3] == answers[0] + SYMBOLS), int((tokens >= SYMBOLS).sum())
    (True, 1)
    """
    tokens, distances = _sequences("recall", examples, steps, distance, symbols, seed)
    rows, places = np.arange(examples), steps - 1 - distances
    answers = tokens[rows, places].copy()
    tokens[rows, places] += symbols
    return tokens, answers


def look_back(
    examples: int,
    steps: int,
    *,
    distance: int | None = None,
    symbols: int = SYMBOLS,
    seed: int | tuple[int, ...] = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences with a last token that names a distance, and the symbol at that
    distance; it is drawn evenly unless given.

    The token `symbols` + d asks for the symbol with d symbols behind it.
    Shapes: tokens N T+1, answers N.

    >>> tokens, answers = look_back(1, 6, distance=2)
    >>> bool(tokens[0, 3] == answers[0]), int(tokens[0, 6]) - SYMBOLS
    (True, 2)
    """
    tokens, distances = _sequences(
        "look_back", examples, steps, distance, symbols, seed
    )
    answers = tokens[np.arange(examples), steps - 1 - distances]
    return np.column_stack([tokens, symbols + distances]), answers


def _sequences(
    name: str,
    examples: int,
    steps: int,
    distance: int | None,
    symbols: int,
    seed: int | tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return random symbols, and a distance for each sequence."""
    if min(examples, steps, symbols) < 1 or not (
        distance is None or 0 <= distance < steps
    ):
        raise ValueError(
            f"{name} needs at least one example, step and symbol, and a distance "
            f"below the steps; got {examples} examples, {steps} steps, {symbols} "
            f"symbols, distance {distance}"
        )
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, symbols, (examples, steps))
    drawn = (
        rng.integers(0, steps, examples)
        if distance is None
        else np.full(examples, distance)
    )
    return tokens, drawn


def recaller(
    kind: str,
    steps: int,
    *,
    features: int = 16,
    hidden: int = 32,
    vocabulary: int = 2 * SYMBOLS,
    positions: bool = False,
) -> Model:
    """Return a network for the tasks: embedding, one layer of the kind, and what it
    says at the last token.

    The kind is "rnn", "gru" or "lstm" with `hidden` units, or "attention" with one head
    over the embedding's features; `positions` adds a learned vector at each place.
    Without it, its parameters fit sequences of any length.

    >>> recaller("lstm", 20)
    Model('lstm 32', (20,) -> (8,), 4 layers)
    """
    if kind not in (*KINDS, "attention"):
        raise ValueError(
            f"unknown layer {kind!r}; known: {', '.join(KINDS)}, attention"
        )
    layer = Attention(1) if kind == "attention" else KINDS[kind](hidden)
    width = features if kind == "attention" else hidden
    net = Builder(f"{kind} {width}", (steps,))
    x = net(Embedding(vocabulary, features), net.input, name="embedding")
    if positions:
        x = net(PositionEmbedding(), x, name="positions")
    names = (kind, "last", "output")
    return net.model(net.chain(x, layer, TakeToken(-1), Linear(SYMBOLS), names=names))
