"""Published language models by name: the sizes of their `config.json`, as rows of
the table `language_models`.

>>> FUNCTIONS["llama3_8b"](tokens=16).output_shape
(16, 128256)
"""

import json
from collections.abc import Callable
from dataclasses import replace

from .. import datasets
from ..graph import Model
from .huggingface import Description, describe

PUBLISHED = {
    row["model"]: row | {"config": json.loads(row["config"])}
    for row in datasets.table("language_models")
}


def description(name: str) -> Description:
    """Return the description of a published language model.

    Raises: ValueError that lists the names there are.
    """
    if not isinstance(name, str) or name not in PUBLISHED:
        raise ValueError(f"no language model {name!r}; known: {', '.join(PUBLISHED)}")
    row = PUBLISHED[name]
    found = describe(row["config"], name=row["title"])
    return replace(found, source=row["source"])


def _function(name: str) -> Callable[..., Model]:
    """Return the function that builds one model for so many tokens."""
    row = PUBLISHED[name]

    def build(tokens: int = row["tokens"]) -> Model:
        return description(name).model(tokens)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"{row['title']}.\n\n    Source: {row['source']}.\n    "
    return build


FUNCTIONS = {name: _function(name) for name in PUBLISHED}
