"""Language models that write from left to right, from one description: sizes, and what
differs from one family to the next.
"""

from dataclasses import dataclass, replace

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Add,
    Attention,
    Embedding,
    Experts,
    LatentAttention,
    Linear,
    Multiply,
    PositionEmbedding,
    RMSNorm,
    Spec,
)

RMS = RMSNorm()


@dataclass(frozen=True)
class Feed:
    """A feed-forward part: `hidden` features behind an activation, gated or not."""

    hidden: int
    act: str = "silu"
    gated: bool = True
    bias: bool = False


@dataclass(frozen=True)
class Block:
    """One block: its attention, and either a feed-forward part or experts."""

    attention: Attention | LatentAttention
    feed: Feed | Experts


@dataclass(frozen=True)
class Decoder:
    """A language model: vocabulary, width, blocks, and how they are put together.

    `norms_behind` puts a norm behind each part too (Gemma 2 and 3); `parallel` lets
    attention and feed-forward part read the same normalised values (Phi 1 to 2);
    `positions` is the number of rows of a table of positions, if there is one.
    """

    name: str
    vocabulary: int
    features: int
    blocks: tuple[Block, ...]
    source: str = ""
    norm: Spec = RMS
    tied: bool = False
    positions: int | None = None
    norms_behind: bool = False
    parallel: bool = False
    head_bias: bool = False
    capped: bool = False

    def model(self, tokens: int) -> Model:
        """Return the network for so many tokens."""
        net = Builder(self.name, (tokens,), source=self.source)
        x = net(Embedding(self.vocabulary, self.features), net.input, name="embedding")
        if self.positions:
            x = net(PositionEmbedding(self.positions), x, name="positions")
        add = self._parallel if self.parallel else self._block
        for i, block in enumerate(self.blocks):
            with net.scope(f"block{i}"):
                x = add(net, x, block)
        return net.model(self._head(net, net(self.norm, x, name="norm")))

    def _block(self, net: Builder, x: Node, block: Block) -> Node:
        """Add norm, attention, add; norm, feed-forward part, add."""
        y = net.chain(x, self.norm, block.attention, names=("norm1", "attention"))
        if self.norms_behind:
            y = net(self.norm, y, name="attention_norm")
        x = net(Add(), x, y, name="attention_add")
        y = feed_forward(net, net(self.norm, x, name="norm2"), block.feed)
        if self.norms_behind:
            y = net(self.norm, y, name="ffn_norm")
        return net(Add(), x, y, name="ffn_add")

    def _parallel(self, net: Builder, x: Node, block: Block) -> Node:
        """Add one norm, and attention and feed-forward part side by side."""
        y = net(self.norm, x, name="norm1")
        seen = net(block.attention, y, name="attention")
        return net(Add(), x, seen, feed_forward(net, y, block.feed), name="add")

    def _head(self, net: Builder, x: Node) -> Node:
        owner = "embedding" if self.tied else None
        head = Linear(self.vocabulary, bias=self.head_bias, tied=owner)
        x = net(head, x, name="projection")
        return net(Activation("tanh"), x, name="cap") if self.capped else x


def feed_forward(net: Builder, x: Node, feed: Feed | Experts) -> Node:
    """Add a feed-forward part, or experts."""
    if isinstance(feed, Experts):
        return net(feed, x, name="experts")
    wide, back = Linear(feed.hidden, bias=feed.bias), Linear(x.shape[1], bias=feed.bias)
    names = ("ffn_gate" if feed.gated else "ffn_up", f"ffn_{feed.act}")
    y = net.chain(x, wide, Activation(feed.act), names=names)
    if feed.gated:
        up = net(wide, x, name="ffn_up")
        y = net(Multiply(), y, up, name="ffn_product")
    return net(back, y, name="ffn_down")


def alike(blocks: int, attention: Spec, feed: Feed | Experts) -> tuple[Block, ...]:
    """Return so many equal blocks."""
    return (Block(attention, feed),) * blocks


def windowed(
    blocks: tuple[Block, ...], window: int, *, inside: tuple[bool, ...]
) -> tuple[Block, ...]:
    """Return the blocks, those marked in `inside` with attention in a window."""
    return tuple(
        replace(block, attention=replace(block.attention, window=window))
        if one
        else block
        for block, one in zip(blocks, inside, strict=True)
    )
