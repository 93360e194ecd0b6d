"""A network from what was typed: the name of one of the zoo."""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from .. import models
from ..graph import Model
from ..layers.base import is_whole


class Unknown(ValueError):
    """No network goes by that name."""


class BadFile(ValueError):
    """A file that is not there, or describes no network that can be counted."""


@dataclass(frozen=True)
class Found:
    """A network that can be built, for a number of tokens if it reads a sequence."""

    name: str
    make: Callable[..., Model]
    takes_tokens: bool

    def build(self, tokens: int | None = None) -> Model:
        """Return the network, for so many tokens or as many as it is usually given.

        Raises: ValueError if it reads no sequence, or the number is none.
        """
        if tokens is None:
            return self.make()
        if not is_whole(tokens):
            raise ValueError(f"tokens is a whole number of at least 1, got {tokens!r}")
        if not self.takes_tokens:
            raise ValueError(
                f"{self.name} reads no sequence of tokens; leave the tokens out"
            )
        return self.make(tokens=tokens)


def network(given: str) -> Found:
    """Return the network of that name.

    Raises: Unknown, with the names that are near.

    >>> network("gpt2").build(tokens=16).output_shape
    (16, 50257)
    """
    if not isinstance(given, str):
        raise TypeError(f"a network is asked for by name, got {given!r}")
    key = given.strip().lower().replace("-", "_")
    if key not in models.ZOO:
        raise Unknown(_advice(given, key))
    make = models.ZOO[key]
    return Found(key, make, "tokens" in inspect.signature(make).parameters)


def _advice(given: str, key: str) -> str:
    """Return what to say of a name that no network has."""
    near = difflib.get_close_matches(key, models.ZOO, n=3, cutoff=0.5)
    near += [name for name in models.ZOO if key and key in name and name not in near]
    shown = given if len(given) <= 60 else f"{given[:57]}..."
    hint = f"did you mean {', '.join(near[:4])}?" if near else "--list names them all"
    return f"no network is called {shown!r}; {hint}"
