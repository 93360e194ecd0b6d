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
from ..graph import Model
from ..layers.base import is_whole


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


def cache_bytes_per_token(model: Model, dtype: str = "fp16") -> int:
    """Return the bytes of keys and values that a network's causal attention layers keep
    of one token.

    Raises: ValueError if the network has no causal attention.
    """
    if not isinstance(model, Model):
        raise TypeError(f"cache_bytes_per_token takes a Model, got {model!r}")
    causal = [
        layer
        for layer in model.layers
        if layer.kind == "Attention" and layer.spec.causal
    ]
    if not causal:
        raise ValueError(
            f"{model.name} has no causal attention layer, so it keeps no keys and "
            "values"
        )
    sizes = [layer.spec.head_sizes(layer.input_shapes[0][-1]) for layer in causal]
    return formats.get(dtype).bytes_for(
        sum(2 * kv_heads * dim for _, kv_heads, dim in sizes)
    )
