"""Messages between ranks in rounds: who sends which chunks to whom, and what that
costs.

A collective is a list of rounds. In a round each rank sends at most one message and
receives at most one, side by side; what it sends is what it held before the round. The
same rounds are counted here, run on values by `deliver`, and sent over MPI or pipes by
`ranks`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Held = list[dict[int, Any]]  # by rank: the values of the chunks that it holds


@dataclass(frozen=True)
class Message:
    """Chunks that one rank sends another, which keeps them or adds them to its own."""

    source: int
    target: int
    chunks: tuple[int, ...]
    adds: bool = False


Round = tuple[Message, ...]


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number of at least `least`.

    Raises: TypeError for another type, ValueError for a smaller number.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} is at least {least}, got {value}")
    return value


def positive(value: Any, name: str) -> float:
    """Return a finite number above 0.

    Raises: TypeError for another type, ValueError for another number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is a number, got {value!r}")
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} is finite and above 0, got {value}")
    return float(value)


def split(total: int, parts: int) -> list[int]:
    """Return the sizes of `parts` chunks that differ by at most one.

    >>> split(10, 4)
    [3, 3, 2, 2]
    """
    whole(parts, "parts")
    each, rest = divmod(whole(total, "total", 0), parts)
    return [each + (place < rest) for place in range(parts)]


def deliver(rounds: Iterable[Round], held: Held) -> Held:
    """Return what each rank holds after all rounds; values add with `+`.

    Raises: ValueError if a rank sends what it does not hold, or twice in a round.
    """
    held = [dict(values) for values in held]
    for number, messages in enumerate(rounds, 1):
        check_ports(messages, number)
        sent = [(one, _taken(one, held, number)) for one in messages]
        for one, values in sent:
            mine = held[one.target]
            for chunk, value in values.items():
                adding = one.adds and chunk in mine
                mine[chunk] = mine[chunk] + value if adding else value
    return held


def _taken(message: Message, held: Held, number: int) -> dict[int, Any]:
    mine = held[message.source]
    missing = [chunk for chunk in message.chunks if chunk not in mine]
    if missing:
        raise ValueError(
            f"round {number}: rank {message.source} sends chunks {missing} to rank "
            f"{message.target} and holds only {sorted(mine)}"
        )
    return {chunk: mine[chunk] for chunk in message.chunks}


def check_ports(messages: Round, number: int) -> None:
    """Refuse a round in which a rank sends or receives more than one message."""
    for side in ("source", "target"):
        ranks = [getattr(one, side) for one in messages]
        if len(set(ranks)) < len(ranks):
            raise ValueError(f"round {number}: a rank is the {side} of two messages")


@dataclass(frozen=True)
class Cost:
    """What rounds of messages take: rounds, units sent and received by rank, and the
    sum of each round's longest message.
    """

    steps: int
    sent: tuple[int, ...]
    received: tuple[int, ...]
    critical: int

    def seconds(self, alpha: float, beta: float) -> float:
        """Return the time if a message of n units takes alpha + beta n seconds, and a
        round as long as its longest message.
        """
        return self.steps * alpha + self.critical * beta


def tally(rounds: Sequence[Round], sizes: Sequence[int], ranks: int) -> Cost:
    """Count message by message what the rounds send, for chunks of the given sizes."""
    sent, received, critical = [0] * ranks, [0] * ranks, 0
    for messages in rounds:
        lengths = [sum(sizes[chunk] for chunk in one.chunks) for one in messages]
        for one, length in zip(messages, lengths, strict=True):
            sent[one.source] += length
            received[one.target] += length
        critical += max(lengths, default=0)
    return Cost(len(rounds), tuple(sent), tuple(received), critical)
