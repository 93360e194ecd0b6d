"""How long a language model must take, at least, to read a prompt and to write on.

Prefill works on all tokens of a prompt at once. Decoding makes one token of each
sequence at a time: it reads every weight once for the whole batch, and the keys and
values of all tokens before it for every sequence. Traffic is `once`, as in `roofline`:
scores never leave the chip, keys and values are written once and read once a step.
Weights and cache may lie in memory in smaller formats than that of the arithmetic: they
move fewer bytes and multiply the same.
"""

from collections.abc import Iterable

from .. import formats
from ..counting import count
from ..counting.decoding import (
    cache_bytes_per_token,
    cached_macs,
    keeps,
    met_tokens,
    values_per_token,
)
from ..graph import Layer, Model
from . import roofline
from .machines import Machine
from .roofline import Bound
from .work import sizes


def prefill(
    model: Model,
    machine: Machine,
    *,
    batch: int = 1,
    dtype: str = "fp16",
    weight_dtype: str = "",
    cache_dtype: str = "",
    fused: bool = False,
) -> list[Bound]:
    """Return the bounds of every layer while prompts as long as the network are read;
    attention also writes keys and values.

    Raises: ValueError for a network without causal attention, or a format that the
    machine has no rate for.
    """
    how = {"batch": batch, "dtype": dtype, "weight_dtype": weight_dtype}
    how |= {"fused": fused}
    return _with_cache(model, machine, how, (0, cache_dtype or dtype))


def decode(
    model: Model,
    machine: Machine,
    *,
    cached: int,
    batch: int = 1,
    dtype: str = "fp16",
    weight_dtype: str = "",
    cache_dtype: str = "",
    fused: bool = False,
) -> list[Bound]:
    """Return the bounds of every layer for the next token of each sequence, after so
    many tokens whose keys and values are kept.

    The network is one of a single token, as `models.llama2_7b(tokens=1)`.
    Raises: ValueError as `prefill`, or for a network of more tokens.
    """
    sizes({"cached tokens": cached})
    if model.input_shape[0] != 1:
        raise ValueError(
            f"decoding makes one token at a time; {model.name} is built for "
            f"{model.input_shape[0]}: build it with tokens=1"
        )
    how = {"batch": batch, "dtype": dtype, "weight_dtype": weight_dtype}
    how |= {"fused": fused}
    return _with_cache(model, machine, how, (cached, cache_dtype or dtype))


def _with_cache(
    model: Model, machine: Machine, how: dict, cache: tuple[int, str]
) -> list[Bound]:
    """Return the bounds of the layers, those of attention with the cache they meet."""
    cache_bytes_per_token(model, cache[1])  # names a network without causal attention
    met = {
        layer.name: _cached(layer, how["batch"], cache)
        for layer in model.layers
        if keeps(layer)
    }
    bounds = []
    for one in roofline.layers(model, machine, **how):
        macs, moved = met.get(one.name, (0, 0))
        total = one.macs + macs, one.bytes_once + moved
        bounds.append(roofline.bound(one.name, *total, machine, dtype=how["dtype"]))
    return bounds


def _cached(layer: Layer, batch: int, cache: tuple[int, str]) -> tuple[int, int]:
    """Return the MACs with cached tokens, and the bytes of cache read and written."""
    tokens, (cached, dtype) = layer.input_shapes[0][0], cache
    macs = batch * cached_macs(layer, cached)
    values = batch * values_per_token(layer) * (met_tokens(layer, cached) + tokens)
    return macs, formats.get(dtype).bytes_for(values)


def held_bytes(
    model: Model,
    *,
    cached: int,
    batch: int = 1,
    weight_dtype: str = "fp16",
    cache_dtype: str = "fp16",
) -> int:
    """Return the bytes of all weights, and of the keys and values of so many tokens of
    every sequence.
    """
    weights = formats.get(weight_dtype).bytes_for(count(model).params)
    return weights + batch * cached * cache_bytes_per_token(model, cache_dtype)


def sweep(
    model: Model, machine: Machine, batches: Iterable[int], **how: int | str
) -> list[dict]:
    """Return a row a batch: seconds a step of decoding, tokens a second of all
    sequences, and the share of the step in which arithmetic is the limit.

    `how` is what `decode` takes besides.
    """
    rows = []
    for batch in batches:
        summed = roofline.network(decode(model, machine, batch=batch, **how))
        seconds = summed["overlapped_s"]
        rows.append(
            {"batch": batch, "step_s": seconds, "tokens_per_s": batch / seconds}
            | {"arithmetic_bound": summed["arithmetic_bound"]}
        )
    return rows
