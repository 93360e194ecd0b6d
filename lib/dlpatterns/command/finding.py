"""A network from what was typed: the name of one of the zoo, a `config.json`, or an
`.onnx` file.
"""

import difflib
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    without: str = "reads no sequence of tokens; leave the tokens out"

    def build(self, tokens: int | None = None) -> Model:
        """Return the network, for so many tokens or as many as it is usually given.

        Raises: ValueError if it reads no sequence, or the number is none.
        """
        if tokens is None:
            return self.make()
        if not is_whole(tokens):
            raise ValueError(f"tokens is a whole number of at least 1, got {tokens!r}")
        if not self.takes_tokens:
            raise ValueError(f"{self.name} {self.without}")
        return self.make(tokens=tokens)


def network(
    given: str,
    *,
    axes: Mapping[str, int] | None = None,
    branches: Mapping[str, bool] | None = None,
) -> Found:
    """Return the network of that name, the one that an `.onnx` file holds, or the one
    that a `config.json` describes, given as its path, as its folder, or as `-` for
    what comes in.

    `axes` and `branches` are those of `models.from_onnx`.
    Raises: Unknown, with the names that are near; BadFile for a file; ValueError for
    axes or branches of what is no `.onnx` file.

    >>> network("gpt2").build(tokens=16).output_shape
    (16, 50257)
    """
    if not isinstance(given, str):
        raise TypeError(f"a network is asked for by name, got {given!r}")
    if is_onnx(given):
        return _from_onnx(Path(given), axes, branches)
    if axes or branches:
        raise ValueError(f"{given[:60]} is no .onnx file: it has no axes, no branches")
    key = given.strip().lower().replace("-", "_")
    if key in models.ZOO:
        make = models.ZOO[key]
        return Found(key, make, "tokens" in inspect.signature(make).parameters)
    if given == "-":
        return described(sys.stdin.read(MOST_BYTES + 1))
    if is_path(given):
        return described(_read(Path(given)), _named(Path(given)))
    raise Unknown(_advice(given, key))


MOST_BYTES, DEEPEST = 10**7, 100


def is_path(given: str) -> bool:
    """Tell whether a text looks like the path of a file, or is one."""
    parted = "/" in given or "\\" in given or given.endswith((".json", ".onnx"))
    return parted or ("\0" not in given and len(given) < 200 and Path(given).exists())


def is_onnx(given: str) -> bool:
    """Tell whether a text is the path of an ONNX file, by its ending."""
    return given.lower().endswith(".onnx")


def _from_onnx(
    path: Path, axes: Mapping[str, int] | None, branches: Mapping[str, bool] | None
) -> Found:
    """Return the network of an ONNX file, which is read when it is built."""

    def make() -> Model:
        try:
            return models.from_onnx(path, axes=axes, branches=branches)
        except (ValueError, TypeError) as error:
            raise BadFile(f"{error}{_typed(str(error))}") from None

    without = "takes no tokens; its open axes get their sizes by name"
    return Found(path.name, make, takes_tokens=False, without=without)


def _typed(said: str) -> str:
    """Return how axes or branches that an error asks for are typed."""
    for word, form in (("axes", "--axis NAME=SIZE"), ("branches", "--branch NAME=no")):
        if f"{word}={{" in said:
            return f" (in the terminal: {form}, repeated)"
    return ""


def described(text: str, name: str = "config.json") -> Found:
    """Return the network that the text of a `config.json` describes.

    Raises: BadFile for what is no such description; when built, if it does not fit.

    >>> sizes = '"n_embd": 8, "n_layer": 2, "n_head": 2, "vocab_size": 100'
    >>> text = '{"model_type": "gpt2", "n_positions": 16, %s}' % sizes
    >>> described(text).build().output_shape
    (16, 100)
    """
    if len(text) > MOST_BYTES:
        raise BadFile(f"{name} is larger than {MOST_BYTES:,} letters")
    if depth(text) > DEEPEST:
        raise BadFile(f"{name} is no JSON that can be read: more than {DEEPEST} deep")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{name} is no JSON that can be read: {error!s:.80}") from None
    if not isinstance(config, dict):
        raise BadFile(f"{name} holds no JSON object, but {config!r:.60}")

    def make(tokens: int | None = None) -> Model:
        try:
            return models.from_huggingface(config, tokens)
        except (ValueError, TypeError) as error:
            raise BadFile(f"{name}: {error}") from None

    return Found(name, make, takes_tokens=True)


def depth(text: str) -> int:
    """Return how deep brackets stand in one another, those in strings left out.

    >>> depth('{"a": [1, [2]], "b]]": "[[[["}')
    3
    """
    deep = most = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        deep += (found[0] in "[{") - (found[0] in "]}")
        most = max(most, deep)
    return most


def _read(path: Path) -> str:
    """Return the text of a `config.json`, or of the one in a folder."""
    path = path / "config.json" if path.is_dir() else path
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.read(MOST_BYTES + 1)
    except UnicodeDecodeError:
        raise BadFile(f"{path} is no text; a config.json is wanted") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"{path} cannot be read: {reason}") from None


def _named(path: Path) -> str:
    """Return the name of a file, with its folder's where that says more."""
    said = path.resolve().parent.name if path.name == "config.json" else ""
    return f"{said}/{path.name}" if said else path.name


def _advice(given: str, key: str) -> str:
    """Return what to say of a name that no network has."""
    near = difflib.get_close_matches(key, models.ZOO, n=3, cutoff=0.5)
    near += [name for name in models.ZOO if key and key in name and name not in near]
    shown = given if len(given) <= 60 else f"{given[:57]}..."
    hint = f"did you mean {', '.join(near[:4])}?" if near else "--list names them all"
    return f"no network is called {shown!r}; {hint}"
