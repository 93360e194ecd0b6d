"""Recurrent language models and Transformers of words, with mixtures of experts too."""

from functools import partial

from ..graph import Builder, Model, Node
from ..layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Add,
    Attention,
    Dropout,
    Embedding,
    Experts,
    LayerNorm,
    Linear,
    Multiply,
    PositionEmbedding,
    RMSNorm,
    Softmax,
)
from ..layers.base import is_whole

ZAREMBA = (
    "Zaremba et al. 2014, Recurrent neural network regularization, arXiv:1409.2329"
)
VASWANI = "Vaswani et al. 2017, Attention is all you need, NeurIPS"
RADFORD = (
    "Radford et al. 2019, Language models are unsupervised multitask learners, OpenAI"
)
TOUVRON = "Touvron et al. 2023, Llama 2, arXiv:2307.09288"
JIANG = "Jiang et al. 2024, Mixtral of experts, arXiv:2401.04088"


# --- Recurrence -----------------------------------------------------------------------


def lstm_ptb_small() -> Model:
    """Zaremba's small (non-regularised) model for the Penn Treebank: two LSTM layers of
    200 units, 20 steps.

    Source: Zaremba et al. 2014, section 4.1.
    """
    return lstm_language_model("LSTM (PTB, small)", hidden=200, steps=20)


def lstm_ptb_medium() -> Model:
    """Zaremba's medium model for the Penn Treebank: two LSTM layers of 650 units, 35
    steps.

    Source: Zaremba et al. 2014, section 4.1.
    """
    return lstm_language_model("LSTM (PTB, medium)", hidden=650, steps=35)


def lstm_ptb_large() -> Model:
    """Zaremba's large model for the Penn Treebank: two LSTM layers of 1500 units, 35
    steps.

    Source: Zaremba et al. 2014, section 4.1.
    """
    return lstm_language_model("LSTM (PTB, large)", hidden=1500, steps=35)


def lstm_language_model(
    name: str, *, hidden: int, steps: int, vocabulary: int = 10_000
) -> Model:
    """Embedding, two LSTM layers of the same width with one bias a gate, output
    projection.

    Source: Zaremba et al. 2014, section 4.1.
    """
    net = Builder(name, (steps,), source=ZAREMBA)
    x = net(Embedding(vocabulary, hidden), net.input, name="embedding")
    for i in (1, 2):
        x = net.chain(x, LSTM(hidden), Dropout(), names=(f"lstm{i}", f"dropout{i}"))
    return net.model(
        net.chain(x, Linear(vocabulary), Softmax(), names=("projection", "softmax"))
    )


def recurrent(kind: str, *, steps: int, features: int, hidden: int) -> Model:
    """One recurrent layer of the kind "rnn", "gru" or "lstm" on a sequence."""
    kinds = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"unknown recurrent layer {kind!r}; known: {', '.join(kinds)}")
    net = Builder(kind, (steps, features))
    return net.model(net(kinds[kind](hidden), net.input, name=kind))


# --- The Transformer of 2017 ----------------------------------------------------------


def transformer_base(tokens: int = 512) -> Model:
    """The base Transformer with as many target as source tokens: six encoder and six
    decoder blocks.

    Both embeddings and the output projection share one table of 37,000 tokens; the
    positions are sines, without parameters; the projections of attention have no
    biases. The paper's table prints 65 million parameters.
    Source: Vaswani et al. 2017, table 3, row "base", and section 5.1.
    """
    net = Builder("Transformer (base)", (tokens,), source=VASWANI)
    table = partial(Embedding, 37_000, 512)
    memory = net.chain(
        net.input,
        table(),
        PositionEmbedding(learned=False),
        names=("embedding", "positions"),
    )
    for i in range(6):
        with net.scope(f"encoder{i}"):
            memory = transformer_encoder_block(net, memory, heads=8, hidden=2048)
    x = net(table(tied="embedding"), net.input, name="target_embedding")
    x = net(PositionEmbedding(learned=False), x, name="target_positions")
    for i in range(6):
        with net.scope(f"decoder{i}"):
            x = transformer_decoder_block(net, x, memory, heads=8, hidden=2048)
    projection = Linear(37_000, bias=False, tied="embedding")
    return net.model(
        net.chain(x, projection, Softmax(), names=("projection", "softmax"))
    )


def transformer_encoder_block(
    net: Builder, x: Node, *, heads: int, hidden: int
) -> Node:
    """Add self-attention and feed forward, each with shortcut and post-norm.

    Source: Vaswani et al. 2017, figure 1.
    """
    x = _add_norm(
        net, x, net(Attention(heads, bias=False), x, name="attention"), name="attention"
    )
    return _add_norm(net, x, _feed_forward(net, x, hidden, act="relu"), name="ffn")


def transformer_decoder_block(
    net: Builder, x: Node, memory: Node, *, heads: int, hidden: int
) -> Node:
    """Add causal self-attention, cross-attention to `memory`, and feed forward, each
    with shortcut and post-norm.

    Source: Vaswani et al. 2017, figure 1.
    """
    own = net(Attention(heads, causal=True, bias=False), x, name="attention")
    x = _add_norm(net, x, own, name="attention")
    x = _add_norm(
        net, x, net(Attention(heads, bias=False), x, memory, name="cross"), name="cross"
    )
    return _add_norm(net, x, _feed_forward(net, x, hidden, act="relu"), name="ffn")


def _feed_forward(net: Builder, x: Node, hidden: int, *, act: str) -> Node:
    names = ("ffn_up", f"ffn_{act}", "ffn_down")
    return net.chain(
        x, Linear(hidden), Activation(act), Linear(x.shape[1]), names=names
    )


def _add_norm(net: Builder, x: Node, y: Node, *, name: str) -> Node:
    """Add the shortcut and normalise the sum (post-norm)."""
    return net(LayerNorm(), net(Add(), x, y, name=f"{name}_add"), name=f"{name}_norm")


# --- Pre-norm Transformers ------------------------------------------------------------


def gpt2(tokens: int = 1024) -> Model:
    """GPT-2 small: twelve pre-norm blocks of 768 features, output tied to the
    embedding.

    Source: Radford et al. 2019, table 2, first row.
    """
    net = Builder("GPT-2 (124M)", (tokens,), source=RADFORD)
    x = net.chain(
        net.input,
        Embedding(50_257, 768),
        PositionEmbedding(1024),
        names=("embedding", "positions"),
    )
    for i in range(12):
        with net.scope(f"block{i}"):
            x = pre_norm_block(net, x, Attention(12, causal=True), 3072)
    projection = Linear(50_257, bias=False, tied="embedding")
    return net.model(
        net.chain(x, LayerNorm(), projection, names=("norm", "projection"))
    )


def pre_norm_block(net: Builder, x: Node, attention: Attention, hidden: int) -> Node:
    """Add normalise, attend, add; normalise, feed forward, add (pre-norm)."""
    y = net.chain(x, LayerNorm(), attention, names=("norm1", "attention"))
    x = net(Add(), x, y, name="attention_add")
    y = _feed_forward(net, net(LayerNorm(), x, name="norm2"), hidden, act="gelu")
    return net(Add(), x, y, name="ffn_add")


# --- Llama and its mixture of experts -------------------------------------------------


def llama2_7b(tokens: int = 4096) -> Model:
    """Llama-2-7B: 32 blocks with RMSNorm, rotary attention and a gated feed forward.

    Source: Touvron et al. 2023, section 2.2, and the published configuration.
    """
    return llama(
        "Llama-2-7B",
        tokens=tokens,
        features=4096,
        blocks=32,
        heads=32,
        kv_heads=32,
        hidden=11_008,
    )


def llama2_70b(tokens: int = 4096) -> Model:
    """Llama-2-70B: 80 blocks, 64 heads that share 8 key-value heads.

    Source: Touvron et al. 2023, section 2.2, and the published configuration.
    """
    return llama(
        "Llama-2-70B",
        tokens=tokens,
        features=8192,
        blocks=80,
        heads=64,
        kv_heads=8,
        hidden=28_672,
    )


def llama(
    name: str,
    *,
    tokens: int,
    features: int,
    blocks: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    vocabulary: int = 32_000,
) -> Model:
    """A Llama: a vocabulary of 32,000 tokens unless another is given, no biases, output
    not tied to the embedding.

    Source: Touvron et al. 2023, section 2.2.
    """
    if not (is_whole(blocks) and is_whole(kv_heads)):
        raise ValueError(
            f"{name}: blocks and key-value heads are whole numbers of at least 1, got "
            f"{blocks!r} and {kv_heads!r}"
        )
    attention = Attention(
        heads, kv_heads=kv_heads, causal=True, bias=False, rotary=True
    )
    net = Builder(name, (tokens,), source=TOUVRON)
    feed = partial(_gated_feed_forward, hidden=hidden)
    return _llama_like(
        net, features, blocks, attention=attention, feed=feed, vocabulary=vocabulary
    )


def mixtral_8x7b(tokens: int = 4096) -> Model:
    """Mixtral 8x7B: a Llama whose feed forward is eight experts, two of them active for
    each token.

    Source: Jiang et al. 2024, table 1.
    """
    net = Builder("Mixtral 8x7B", (tokens,), source=JIANG)
    attention = Attention(32, kv_heads=8, causal=True, bias=False, rotary=True)
    return _llama_like(net, 4096, 32, attention=attention, feed=_mixture)


def _llama_like(
    net: Builder,
    features: int,
    blocks: int,
    *,
    attention: Attention,
    feed,
    vocabulary: int = 32_000,
) -> Model:
    """Add embedding, blocks of RMSNorm and attention, RMSNorm and `feed`, and the
    output projection.
    """
    x = net(Embedding(vocabulary, features), net.input, name="embedding")
    for i in range(blocks):
        with net.scope(f"block{i}"):
            y = net.chain(x, RMSNorm(), attention, names=("norm1", "attention"))
            x = net(Add(), x, y, name="attention_add")
            x = net(
                Add(), x, feed(net, net(RMSNorm(), x, name="norm2")), name="ffn_add"
            )
    return net.model(
        net.chain(
            x, RMSNorm(), Linear(vocabulary, bias=False), names=("norm", "projection")
        )
    )


def _gated_feed_forward(net: Builder, x: Node, hidden: int) -> Node:
    """Add down(silu(gate x) * up x)."""
    gate = net.chain(
        x,
        Linear(hidden, bias=False),
        Activation("silu"),
        names=("ffn_gate", "ffn_silu"),
    )
    up = net(Linear(hidden, bias=False), x, name="ffn_up")
    return net(
        Linear(x.shape[1], bias=False),
        net(Multiply(), gate, up, name="ffn_product"),
        name="ffn_down",
    )


def _mixture(net: Builder, x: Node) -> Node:
    return net(Experts(8, active=2, hidden=14_336), x, name="experts")
