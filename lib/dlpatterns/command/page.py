"""JSON in, JSON out: what the page *Count your own model* asks of the library.

>>> read = json.loads(counted('{"network": "alexnet", "batch": 2}'))
>>> read["facts"][0]
['parameters', '61,100,840', '122 MB in fp16']
"""

import json

from . import answering, picture, texts
from .finding import depth, described, network

MOST_ROWS = 300  # of the table of layers
FIELDS = {
    "network": str,
    "config": str,
    "batch": int,
    "tokens": int,
    "format": str,
    "weights": str,
    "machine": str,
    "layers": str,
}
USUAL = {"batch": 1, "tokens": None, "format": "fp16", "weights": "", "machine": ""}
USUAL |= {"layers": ""}


def counted(text: str) -> str:
    """Return a title, facts, a drawing and tables as JSON, for a request in JSON:
    network or config, batch, tokens, format, weights, machine, layers ("fused", for the
    bounds of a machine). What is wrong with the request is the answer's `error`.
    """
    try:
        return json.dumps(_answered(_asked(text)), ensure_ascii=False)
    except (ValueError, TypeError) as error:
        return json.dumps({"error": str(error)[:1000]}, ensure_ascii=False)


def _asked(text: str) -> dict:
    """Return the request, with the usual for what is absent."""
    if depth(text) > 3:
        raise ValueError("a request is a JSON object of texts and numbers")
    asked = json.loads(text)
    if not isinstance(asked, dict):
        raise ValueError(f"a request is a JSON object, got {asked!r:.60}")
    for name, kind in FIELDS.items():
        given = asked.get(name)
        if given is not None and (type(given) is not kind):
            raise ValueError(f"{name} is of another kind than {given!r:.60}")
    given = {key: value for key, value in asked.items() if value is not None}
    return USUAL | given


def _answered(asked: dict) -> dict:
    """Return the answer to a request as texts."""
    config = asked.get("config")
    found = described(config) if config else network(asked.get("network", ""))
    question = answering.Question(
        batch=asked["batch"],
        tokens=asked["tokens"] if found.takes_tokens else None,
        dtype=asked["format"],
        weight_dtype=asked["weights"],
        machine=asked["machine"],
        fused=asked["layers"] == "fused" and bool(asked["machine"]),
    )
    answer = answering.answer(found, question)
    layers = answer["by_layer"]
    return {
        "title": texts.heading(answer),
        "source": answer["source"],
        "facts": texts.facts(answer),
        "svg": picture.drawn(answer),
        "caption": picture.caption(answer),
        "by_kind": texts.cells(answer["by_kind"]),
        "by_layer": texts.cells(layers[:MOST_ROWS]),
        "more": max(len(layers) - MOST_ROWS, 0),
    }
