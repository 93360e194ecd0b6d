"""Networks of sequences: an LSTM language model, the Transformer, GPT-2, Llama 2, and the vision transformer."""

from ..graph import Builder, Model, Node
from ..layers import (
    GRU, LSTM, RNN, Activation, Add, Attention, Conv2d, Dropout, Embedding, LayerNorm, Linear, Multiply, Patches,
    PositionEmbedding, RMSNorm, Softmax, TakeToken,
)  # fmt: skip

ZAREMBA = "Zaremba et al. 2014, Recurrent neural network regularization, arXiv:1409.2329"
VASWANI = "Vaswani et al. 2017, Attention is all you need, NeurIPS"
RADFORD = "Radford et al. 2019, Language models are unsupervised multitask learners, OpenAI"
TOUVRON = "Touvron et al. 2023, Llama 2, arXiv:2307.09288"
DOSOVITSKIY = "Dosovitskiy et al. 2021, An image is worth 16x16 words, ICLR"


def lstm_ptb_medium(steps: int = 35) -> Model:
    """Zaremba's medium language model for the Penn Treebank: two LSTM layers of 650 units, 10,000 words.

    Source: Zaremba et al. 2014, section 4.1.
    """
    return lstm_language_model("LSTM, PTB medium", hidden=650, steps=steps)


def lstm_language_model(name: str, *, hidden: int, steps: int, vocabulary: int = 10_000) -> Model:
    """Embedding, two LSTM layers of the same width, output projection; hidden is 200, 650 or 1500 in the paper.

    Source: Zaremba et al. 2014, section 4.1.
    """
    net = Builder(name, (steps,), source=ZAREMBA)
    x = net(Embedding(vocabulary, hidden), net.input, name="embedding")
    for i in (1, 2):
        x = net.chain(x, LSTM(hidden), Dropout(), names=(f"lstm{i}", f"dropout{i}"))
    return net.model(net.chain(x, Linear(vocabulary), Softmax(), names=("projection", "softmax")))


def _feed_forward(net: Builder, x: Node, hidden: int, *, act: str) -> Node:
    names = ("ffn_up", f"ffn_{act}", "ffn_down")
    return net.chain(x, Linear(hidden), Activation(act), Linear(x.shape[1]), names=names)


def _norm_add(net: Builder, x: Node, y: Node, *, name: str) -> Node:
    """Add the shortcut and normalise the sum (post-norm)."""
    return net(LayerNorm(), net(Add(), x, y, name=f"{name}_add"), name=f"{name}_norm")


def transformer_encoder_block(net: Builder, x: Node, *, heads: int, hidden: int) -> Node:
    """Add self-attention and feed forward, each with shortcut and post-norm. Source: Vaswani et al. 2017, figure 1."""
    x = _norm_add(net, x, net(Attention(heads, bias=False), x, name="attention"), name="attention")
    return _norm_add(net, x, _feed_forward(net, x, hidden, act="relu"), name="ffn")


def transformer_decoder_block(net: Builder, x: Node, memory: Node, *, heads: int, hidden: int) -> Node:
    """Add causal self-attention, cross-attention to `memory`, and feed forward. Source: Vaswani et al. 2017, figure 1."""
    own = net(Attention(heads, causal=True, bias=False), x, name="attention")
    x = _norm_add(net, x, own, name="attention")
    x = _norm_add(net, x, net(Attention(heads, bias=False), x, memory, name="cross"), name="cross")
    return _norm_add(net, x, _feed_forward(net, x, hidden, act="relu"), name="ffn")


def transformer_base(source_tokens: int = 512) -> Model:
    """The base Transformer on as many target as source tokens: six encoder and six decoder blocks, 37,000 shared tokens.

    The sinusoidal positions have no parameters. Both embeddings and the output projection share one table.
    Source: Vaswani et al. 2017, table 3, "base".
    """
    net = Builder("Transformer base", (source_tokens,), source=VASWANI)
    memory = net(Embedding(37_000, 512), net.input, name="embedding")
    target = memory  # the target has a table look-up of its own, but the same table and as many tokens
    for i in range(6):
        with net.scope(f"encoder{i}"):
            memory = transformer_encoder_block(net, memory, heads=8, hidden=2048)
    x = target
    for i in range(6):
        with net.scope(f"decoder{i}"):
            x = transformer_decoder_block(net, x, memory, heads=8, hidden=2048)
    return net.model(net.chain(x, Linear(37_000, bias=False, tied="embedding"), Softmax(), names=("projection", "softmax")))


def _pre_norm_block(net: Builder, x: Node, attention: Attention, hidden: int) -> Node:
    """Add normalise, attend, add; normalise, feed forward, add (pre-norm)."""
    y = net.chain(x, LayerNorm(), attention, names=("norm1", "attention"))
    x = net(Add(), x, y, name="attention_add")
    y = _feed_forward(net, net(LayerNorm(), x, name="norm2"), hidden, act="gelu")
    return net(Add(), x, y, name="ffn_add")


def gpt2(tokens: int = 1024) -> Model:
    """GPT-2 small: twelve pre-norm blocks of 768 features, output tied to the embedding. Source: Radford et al. 2019."""
    net = Builder("GPT-2 (124M)", (tokens,), source=RADFORD)
    x = net.chain(net.input, Embedding(50_257, 768), PositionEmbedding(1024), names=("embedding", "positions"))
    for i in range(12):
        with net.scope(f"block{i}"):
            x = _pre_norm_block(net, x, Attention(12, causal=True), 3072)
    return net.model(net.chain(x, LayerNorm(), Linear(50_257, bias=False, tied="embedding"), names=("norm", "projection")))


def llama2_7b(tokens: int = 4096) -> Model:
    """Llama-2-7B: 32 blocks with RMSNorm, rotary attention and a gated feed forward. Source: Touvron et al. 2023."""
    return llama("Llama-2-7B", tokens=tokens, features=4096, blocks=32, heads=32, kv_heads=32, hidden=11_008)


def llama2_70b(tokens: int = 4096) -> Model:
    """Llama-2-70B: 80 blocks, 64 heads that share 8 key-value heads. Source: Touvron et al. 2023."""
    return llama("Llama-2-70B", tokens=tokens, features=8192, blocks=80, heads=64, kv_heads=8, hidden=28_672)


def llama(
    name: str, *, tokens: int, features: int, blocks: int, heads: int, kv_heads: int, hidden: int, vocabulary: int = 32_000
) -> Model:
    """A network of the Llama family: no biases, untied output. Source: Touvron et al. 2023, section 2.2."""
    net = Builder(name, (tokens,), source=TOUVRON)
    x = net(Embedding(vocabulary, features), net.input, name="embedding")
    attention = Attention(heads, kv_heads=kv_heads, causal=True, bias=False, rotary=True)
    for i in range(blocks):
        with net.scope(f"block{i}"):
            y = net.chain(x, RMSNorm(), attention, names=("norm1", "attention"))
            x = net(Add(), x, y, name="attention_add")
            y = _gated_feed_forward(net, net(RMSNorm(), x, name="norm2"), hidden)
            x = net(Add(), x, y, name="ffn_add")
    return net.model(net.chain(x, RMSNorm(), Linear(vocabulary, bias=False), names=("norm", "projection")))


def _gated_feed_forward(net: Builder, x: Node, hidden: int) -> Node:
    """Add down(silu(gate x) * up x)."""
    gate = net.chain(x, Linear(hidden, bias=False), Activation("silu"), names=("ffn_gate", "ffn_silu"))
    up = net(Linear(hidden, bias=False), x, name="ffn_up")
    return net(Linear(x.shape[1], bias=False), net(Multiply(), gate, up, name="ffn_product"), name="ffn_down")


def vit_b_16() -> Model:
    """ViT-B/16 at 224 pixels: 196 patches and a class token, twelve pre-norm blocks. Source: Dosovitskiy et al. 2021."""
    net = Builder("ViT-B/16", (3, 224, 224), source=DOSOVITSKIY)
    x = net(Conv2d(768, 16, stride=16), net.input, name="patch_embedding")
    x = net.chain(x, Patches(extra=1), PositionEmbedding(), names=("patches", "positions"))
    for i in range(12):
        with net.scope(f"block{i}"):
            x = _pre_norm_block(net, x, Attention(12), 3072)
    return net.model(net.chain(x, LayerNorm(), TakeToken(0), Linear(1000), names=("norm", "class_token", "head")))


def recurrent(kind: str, *, steps: int, features: int, hidden: int) -> Model:
    """One recurrent layer of the kind "rnn", "gru" or "lstm" on a sequence."""
    kinds = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
    if kind not in kinds:
        raise ValueError(f"unknown recurrent layer {kind!r}; known: {', '.join(kinds)}")
    net = Builder(kind, (steps, features))
    return net.model(net(kinds[kind](hidden), net.input, name=kind))
