"""Transformers that read a text or a sound as a whole: BERT, T5, Whisper."""

from dataclasses import dataclass

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    Attention,
    Conv2d,
    Embedding,
    Given,
    LayerNorm,
    Linear,
    Patches,
    PositionEmbedding,
    RMSNorm,
    Spec,
    TakeToken,
)
from .decoder import Feed, feed_forward


@dataclass(frozen=True)
class Bert:
    """BERT: post-norm blocks over words, positions and segments.

    `head` is "model" (with a pooled first token), "masked" (which word was hidden?) or
    "both".
    """

    name: str
    vocabulary: int
    features: int
    blocks: int
    heads: int
    hidden: int
    positions: int = 512
    segments: int = 2
    act: str = "gelu"
    head: str = "model"
    source: str = ""

    def model(self, tokens: int) -> Model:
        """Return the network for so many tokens."""
        net = Builder(self.name, (tokens,), source=self.source)
        x = net(Embedding(self.vocabulary, self.features), net.input, name="embedding")
        segment = Embedding(self.segments, self.features)
        x = net(Add(), x, net(segment, net.input, name="segments"), name="segment_add")
        names = ("positions", "embedding_norm")
        x = net.chain(x, PositionEmbedding(self.positions), LayerNorm(), names=names)
        feed = Feed(self.hidden, self.act, gated=False, bias=True)
        for i in range(self.blocks):
            with net.scope(f"block{i}"):
                x = _post(net, x, Attention(self.heads), name="attention")
                y = feed_forward(net, x, feed)
                x = net(LayerNorm(), net(Add(), x, y, name="ffn_add"), name="ffn_norm")
        return net.model(self._head(net, x))

    def _head(self, net: Builder, x: Node) -> Node:
        last = x
        if self.head in ("model", "both"):
            pool = (TakeToken(0), Linear(self.features), Activation("tanh"))
            last = net.chain(x, *pool, names=("first", "pooler", "pooler_tanh"))
        if self.head == "both":
            net(Linear(2), last, name="next_sentence")
        if self.head in ("masked", "both"):
            mix = (Linear(self.features), Activation(self.act), LayerNorm())
            names = ("mix", f"mix_{self.act}", "mix_norm", "projection")
            back = Linear(self.vocabulary, tied="embedding")
            last = net.chain(x, *mix, back, names=names)
        return last


def _post(net: Builder, x: Node, spec: Spec, *, name: str) -> Node:
    """Add a part, its shortcut, and the norm behind both."""
    y = net(Add(), x, net(spec, x, name=name), name=f"{name}_add")
    return net(LayerNorm(), y, name=f"{name}_norm")


@dataclass(frozen=True)
class T5:
    """T5: an encoder and a decoder of pre-norm blocks without biases, but with a bias a
    head for each bucket of distances.
    """

    name: str
    vocabulary: int
    features: int
    blocks: int
    decoder_blocks: int
    heads: int
    head_dim: int
    feed: Feed
    buckets: int = 32
    tied: bool = True
    source: str = ""

    def model(self, tokens: int, written: int | None = None) -> Model:
        """Return the network for so many tokens to read, and as many written unless
        another number is given.
        """
        net = Builder(self.name, (tokens,), source=self.source)
        table = Embedding(self.vocabulary, self.features)
        memory = net(table, net.input, name="embedding")
        for i in range(self.blocks):
            with net.scope(f"encoder{i}"):
                own = self._attention(buckets=0 if i else self.buckets)
                memory = self._part(net, memory, own, name="attention")
                memory = self._feed(net, memory)
        memory = net(RMSNorm(), memory, name="encoder_norm")
        x = net(Given((written or tokens,)), net.input, name="written")
        shared = Embedding(self.vocabulary, self.features, tied="embedding")
        x = net(shared, x, name="written_embedding")
        for i in range(self.decoder_blocks):
            with net.scope(f"decoder{i}"):
                own = self._attention(causal=True, buckets=0 if i else self.buckets)
                x = self._part(net, x, own, name="attention")
                x = self._part(net, x, self._attention(), memory, name="cross")
                x = self._feed(net, x)
        head = Linear(
            self.vocabulary, bias=False, tied="embedding" if self.tied else None
        )
        return net.model(net.chain(x, RMSNorm(), head, names=("norm", "projection")))

    def _attention(self, **options: object) -> Attention:
        return Attention(self.heads, head_dim=self.head_dim, bias=False, **options)

    def _part(
        self, net: Builder, x: Node, spec: Spec, *others: Node, name: str
    ) -> Node:
        y = net(spec, net(RMSNorm(), x, name=f"{name}_norm"), *others, name=name)
        return net(Add(), x, y, name=f"{name}_add")

    def _feed(self, net: Builder, x: Node) -> Node:
        y = feed_forward(net, net(RMSNorm(), x, name="ffn_norm"), self.feed)
        return net(Add(), x, y, name="ffn_add")


@dataclass(frozen=True)
class Whisper:
    """Whisper: two convolutions over a sound's spectrum, an encoder, and a decoder that
    writes text; keys have no biases.

    The encoder's positions are sines, which are not trained. The input holds `bands`
    frequencies at two moments for each of `moments` positions.
    """

    name: str
    vocabulary: int
    features: int
    blocks: int
    decoder_blocks: int
    heads: int
    decoder_heads: int
    hidden: int
    decoder_hidden: int
    bands: int = 80
    moments: int = 1500
    positions: int = 448
    source: str = ""

    def model(self, tokens: int) -> Model:
        """Return the network for so many tokens to write."""
        net = Builder(self.name, (self.bands, 1, 2 * self.moments), source=self.source)
        x = net.input
        for i, stride in ((1, 1), (2, 2)):
            conv = Conv2d(self.features, (1, 3), stride=(1, stride), padding=(0, 1))
            names = (f"conv{i}", f"conv{i}_gelu")
            x = net.chain(x, conv, Activation("gelu"), names=names)
        sines = PositionEmbedding(learned=False)
        x = net.chain(x, Patches(), sines, names=("moments", "positions"))
        for i in range(self.blocks):
            with net.scope(f"encoder{i}"):
                x = _pre(
                    net, x, Attention(self.heads, key_bias=False), name="attention"
                )
                x = self._feed(net, x, self.hidden)
        memory = net(LayerNorm(), x, name="encoder_norm")
        return net.model(self._written(net, memory, tokens))

    def _written(self, net: Builder, memory: Node, tokens: int) -> Node:
        x = net(Given((tokens,)), net.input, name="written")
        table = Embedding(self.vocabulary, self.features)
        names = ("embedding", "written_positions")
        x = net.chain(x, table, PositionEmbedding(self.positions), names=names)
        cross = Attention(self.decoder_heads, key_bias=False)
        own = Attention(self.decoder_heads, key_bias=False, causal=True)
        for i in range(self.decoder_blocks):
            with net.scope(f"decoder{i}"):
                x = _pre(net, x, own, name="attention")
                x = _pre(net, x, cross, memory, name="cross")
                x = self._feed(net, x, self.decoder_hidden)
        head = Linear(self.vocabulary, bias=False, tied="embedding")
        return net.chain(x, LayerNorm(), head, names=("norm", "projection"))

    def _feed(self, net: Builder, x: Node, hidden: int) -> Node:
        feed = Feed(hidden, "gelu", gated=False, bias=True)
        y = feed_forward(net, net(LayerNorm(), x, name="ffn_norm"), feed)
        return net(Add(), x, y, name="ffn_add")


def _pre(net: Builder, x: Node, spec: Spec, *others: Node, name: str) -> Node:
    """Add a norm, a part, and the shortcut."""
    y = net(spec, net(LayerNorm(), x, name=f"{name}_norm"), *others, name=name)
    return net(Add(), x, y, name=f"{name}_add")
