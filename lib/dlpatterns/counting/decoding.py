"""What one more token costs a language model: bytes of keys and values kept, bytes
read, products done.

Prefill works on all tokens of a prompt at once; decoding makes one token at a time and
reads, for each, every weight and the keys and values of all tokens before it, which are
kept in a cache. Units: MACs for each byte that is read.

>>> from dlpatterns import models
>>> cache_bytes_per_token(models.llama2_7b())
524288
"""

from typing import NamedTuple

from .. import datasets, formats
from ..graph import Layer, Model
from ..layers.base import is_whole
from .counts import count_layer


class Heads(NamedTuple):
    """The attention of a published model, in every one of its layers.

    Multi-head latent attention (MLA) keeps of each token a vector of `latent` features
    in place of keys and values, and besides it one key of `rotary` features that tells
    the position and is shared by all heads. Every head scores against both, and sums up
    the latent vectors.
    """

    model: str
    kind: str
    layers: int
    heads: int
    kv_heads: int | None
    head_dim: int
    latent: int | None = None
    rotary: int | None = None

    @property
    def values_per_token(self) -> int:
        """How many numbers all layers keep of one token."""
        kept = (
            self.latent + self.rotary
            if self.latent
            else 2 * self.kv_heads * self.head_dim
        )
        return self.layers * kept

    def bytes_per_token(self, dtype: str = "fp16") -> int:
        """Return the bytes that all layers keep of one token."""
        return formats.get(dtype).bytes_for(self.values_per_token)

    @property
    def macs_per_pair(self) -> int:
        """The products of Q K^T and A V between one query token and one key token, in
        all layers and heads.
        """
        dims = 2 * self.latent + self.rotary if self.latent else 2 * self.head_dim
        return self.layers * self.heads * dims

    def decode_intensity(self, dtype: str = "fp16") -> float:
        """Return the MACs of attention for each byte of the cache when one token is
        made.
        """
        return self.macs_per_pair / self.bytes_per_token(dtype)

    def prefill_intensity(self, tokens: int, dtype: str = "fp16") -> float:
        """Return the MACs of attention for each byte of queries, keys, values and
        results, for a prompt of that length.

        Every query meets every key, each tensor crosses the bus once, and no score does
        (attention in tiles).
        """
        if not is_whole(tokens):
            raise ValueError(
                f"tokens must be a whole number of at least 1, got {tokens!r}"
            )
        width = self.latent + self.rotary if self.latent else self.head_dim
        out = self.latent or self.head_dim
        queries = self.layers * self.heads * (width + out)
        return (
            tokens
            * self.macs_per_pair
            / formats.get(dtype).bytes_for(queries + self.values_per_token)
        )


def published() -> dict[str, tuple[Heads, dict]]:
    """Return the models of the table `kv_caches`, each with its row."""
    rows = datasets.table("kv_caches")
    return {
        row["model"]: (Heads(**{key: row[key] for key in Heads._fields}), row)
        for row in rows
    }


KEEPS = ("Attention", "LatentAttention")


def keeps(layer: Layer) -> bool:
    """Tell whether a layer is causal attention, which keeps keys and values."""
    return layer.kind in KEEPS and layer.spec.causal


def values_per_token(layer: Layer) -> int:
    """Return how many numbers a layer of causal attention keeps of one token: keys and
    values, or the short vector and the rotary key of latent attention.
    """
    spec = layer.spec
    if layer.kind == "LatentAttention":
        return spec.latent + spec.rotary_dim
    _, kv_heads, dim = spec.head_sizes(layer.input_shapes[0][-1])
    return 2 * kv_heads * dim


def met_tokens(layer: Layer, cached: int) -> int:
    """Return how many of the cached tokens the next token meets: all, or those that its
    window leaves room for beside itself.
    """
    window = getattr(layer.spec, "window", None)
    return cached if window is None else min(cached, window - 1)


def cached_macs(layer: Layer, cached: int) -> int:
    """Return the MACs of causal attention with cached tokens, for each token that the
    layer is built for, beside those that `count` finds.

    Latent attention then works on the short vectors themselves: the products that would
    lengthen them move to the query and to the result, where they are as many as for the
    token's own key and value.
    """
    spec, (tokens, features) = layer.spec, layer.input_shapes[0]
    if not cached:
        return 0
    if layer.kind == "LatentAttention":
        own = spec.plain_dim + spec.rotary_dim + spec.value_dim
        short = 2 * spec.latent + spec.rotary_dim
        return spec.heads * tokens * ((cached + 1) * short - own)
    heads, _, dim = spec.head_sizes(features)
    return heads * 2 * dim * tokens * met_tokens(layer, cached)


def decode_macs(model: Model, cached: int) -> int:
    """Return the MACs of one more token after so many whose keys and values are kept.

    The network is one of a single token, as `models.llama2_7b(tokens=1)`. Of an encoder
    with a decoder (`Given`) only the decoder runs; the keys and values of what was read
    are kept too.
    Raises: ValueError for a network of more tokens, or without causal attention.

    >>> from dlpatterns import models
    >>> decode_macs(models.llama2_7b(tokens=1), 0)
    6607339520
    """
    if not is_whole(cached, 0):
        raise ValueError(f"cached tokens are a whole number from 0, got {cached!r}")
    cache_bytes_per_token(model)  # names a network without causal attention
    running, macs = _running(model), 0
    for index in sorted(running):
        layer = model.layers[index]
        macs += count_layer(layer).macs
        if keeps(layer):
            macs += cached_macs(layer, cached)
        elif len(layer.inputs) == 2 and layer.inputs[1] not in running:
            macs -= _keys_and_values(layer)
    return macs


def _running(model: Model) -> set[int]:
    """Return the layers that run for one more token: all, or those behind what is
    given to the decoder.
    """
    given = [i for i, layer in enumerate(model.layers) if layer.kind == "Given"]
    shape = model.layers[given[0]].output_shape if given else model.input_shape
    if shape != (1,):
        raise ValueError(
            f"decoding makes one token at a time; {model.name} is built for {shape}: "
            "build it for one token"
        )
    if not given:
        return set(range(len(model.layers)))
    behind = set(given)
    for index, layer in enumerate(model.layers):
        if behind & set(layer.inputs):
            behind.add(index)
    return behind


def _keys_and_values(layer: Layer) -> int:
    """Return the MACs that make keys and values of what an encoder has read."""
    if layer.kind != "Attention":
        return 0
    _, kv_heads, dim = layer.spec.head_sizes(layer.input_shapes[0][-1])
    tokens, features = layer.input_shapes[1]
    return 2 * tokens * features * kv_heads * dim


def cache_bytes_per_token(model: Model, dtype: str = "fp16") -> int:
    """Return the bytes of keys and values that a network's causal attention layers keep
    of one token.

    Raises: ValueError if the network has no causal attention.
    """
    if not isinstance(model, Model):
        raise TypeError(f"cache_bytes_per_token takes a Model, got {model!r}")
    causal = [layer for layer in model.layers if keeps(layer)]
    if not causal:
        raise ValueError(
            f"{model.name} has no causal attention layer, so it keeps no keys and "
            "values"
        )
    return formats.get(dtype).bytes_for(sum(map(values_per_token, causal)))
