"""A small sequence task, recall at a distance, and the networks that are trained on it.

A sequence is made of random symbols, one of which is marked. After the last one, the
network is asked which symbol was marked. `distance` is how many symbols came after the
marked one.
"""

import numpy as np

from ..graph import Builder, Model
from ..layers import GRU, LSTM, RNN, Attention, Embedding, Linear, TakeToken

SYMBOLS = 8
KINDS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


def recall(
    examples: int,
    steps: int,
    *,
    distance: int | None = None,
    symbols: int = SYMBOLS,
    seed: int = 0,
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
    if min(examples, steps, symbols) < 1 or not (
        distance is None or 0 <= distance < steps
    ):
        raise ValueError(
            "recall needs at least one example, step and symbol, and a distance "
            "below the steps; "
            f"got {examples} examples, {steps} steps, {symbols} symbols, distance "
            f"{distance}"
        )
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, symbols, (examples, steps))
    places = (
        steps
        - 1
        - (
            rng.integers(0, steps, examples)
            if distance is None
            else np.full(examples, distance)
        )
    )
    rows = np.arange(examples)
    answers = tokens[rows, places].copy()
    tokens[rows, places] += symbols
    return tokens, answers


def recaller(
    kind: str,
    steps: int,
    *,
    features: int = 16,
    hidden: int = 32,
    symbols: int = SYMBOLS,
) -> Model:
    """Return a network for `recall`: embedding, one layer of the kind, and what it says
    at the last token.

    The kind is "rnn", "gru" or "lstm" with `hidden` units, or "attention" with one head
    over the embedding's features. Its parameters fit sequences of any length.

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
    names = ("embedding", kind, "last", "output")
    return net.model(
        net.chain(
            net.input,
            Embedding(2 * symbols, features),
            layer,
            TakeToken(-1),
            Linear(symbols),
            names=names,
        )
    )
