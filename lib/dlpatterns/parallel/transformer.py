"""A Transformer as plans see it: sizes, parameters, and the work of a token.

Vectors (biases, normalisations) and routers are left out. Units: MACs.
"""

from dataclasses import dataclass

from .messages import whole


@dataclass(frozen=True)
class Transformer:
    """A language model as plans see it. `experts` of which `active` see each token take
    the place of the feed-forward part if there are any; `shared` ones see all tokens,
    and the first `dense` blocks have one of `dense_hidden` units instead.

    `head` is the size of a head where heads don't share out the features, `pair` the
    MACs of a query with a key and its value, `projections` the weights of attention
    where they aren't the usual four matrices; `reach` is the most nodes to which a
    token may travel for its experts.
    """

    name: str
    layers: int
    features: int
    heads: int
    hidden: int
    tokens: int
    vocabulary: int
    kv_heads: int | None = None
    gated: bool = False
    tied: bool = True
    experts: int = 1
    active: int = 1
    shared: int = 0
    dense: int = 0
    dense_hidden: int | None = None
    head: int | None = None
    pair: int | None = None
    projections: int | None = None
    reach: int | None = None

    def __post_init__(self) -> None:
        for name in ("layers", "features", "heads", "hidden", "tokens", "vocabulary"):
            whole(getattr(self, name), name)
        for name in ("kv_heads", "dense_hidden", "head", "pair", "projections"):
            if getattr(self, name) is not None:
                whole(getattr(self, name), name)
        whole(self.active, "active")
        whole(self.experts, "experts", self.active)
        whole(self.shared, "shared", 0)
        if whole(self.dense, "dense", 0) > self.layers:
            raise ValueError(
                f"{self.name}: {self.dense} dense blocks of {self.layers} layers; take "
                "fewer"
            )

    @property
    def queries(self) -> int:
        """Features of all queries."""
        return self.heads * (self.head or self.features // self.heads)

    @property
    def width(self) -> int:
        """Features of all keys: less than of the queries if heads share them."""
        return self.queries * (self.kv_heads or self.heads) // self.heads

    @property
    def attention(self) -> int:
        """Weights of a block's projections."""
        return self.projections or 2 * self.features * (self.queries + self.width)

    @property
    def expert(self) -> int:
        """Weights of one feed-forward part."""
        return (3 if self.gated else 2) * self.features * self.hidden

    @property
    def dense_parts(self) -> int:
        """Weights of the feed-forward parts of all `dense` blocks."""
        units = self.dense_hidden or self.hidden
        return self.dense * (3 if self.gated else 2) * self.features * units

    @property
    def params(self) -> int:
        """Weights of all blocks and of the embedding, once if it is tied; vectors such
        as biases are left out.
        """
        mixed = (self.layers - self.dense) * (self.experts + self.shared) * self.expert
        blocks = self.layers * self.attention + self.dense_parts + mixed
        return blocks + self.words * (1 if self.tied else 2)

    @property
    def words(self) -> int:
        """Weights of the embedding."""
        return self.vocabulary * self.features

    @property
    def pairs(self) -> int:
        """MACs of one token with all tokens, in one block."""
        each = self.pair or 2 * self.queries // self.heads
        return self.tokens * self.heads * each

    @property
    def used(self) -> int:
        """Weights that a token meets, in all blocks and in the scores of words."""
        mixed = (self.layers - self.dense) * (self.active + self.shared) * self.expert
        return self.layers * self.attention + self.dense_parts + mixed + self.words

    def macs(self, *, causal_half: bool = False) -> float:
        """Return the MACs of one token's forward pass: weights, pairs of tokens, scores
        of words.
        """
        pairs = self.pairs / (2 if causal_half else 1)
        return self.used + self.layers * pairs
