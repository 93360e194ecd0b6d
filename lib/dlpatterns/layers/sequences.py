"""Layers for sequences: embedding, recurrence, attention, mixtures of experts."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Shape, Spec, one_input, require_axes, require_shapes


@dataclass(frozen=True)
class Embedding(Spec):
    """A row of a table for each token; a look-up, no arithmetic. Shapes: (T,) -> (T,
    dim).

    `tied` is the full name of the layer whose table this is, so that it is counted
    once.
    """

    vocabulary: int
    dim: int
    tied: str | None = None

    def weight_shape(self, tokens: int) -> Shape:
        """Return (vocabulary, dim), the shape of the table, for a sequence of any
        length.
        """
        return (self.vocabulary, self.dim)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (T, dim)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T")
        return (*shape, self.dim)


@dataclass(frozen=True)
class PositionEmbedding(Spec):
    """A vector added at each position. Shapes: (T, D) -> the same.

    If `learned`, the table has `positions` x D parameters (default: T); else it is
    computed once (sines), and has none.
    """

    positions: int | None = None
    learned: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T D")
        if self.positions is not None and shape[0] > self.positions:
            raise ValueError(
                f"PositionEmbedding: {shape} has {shape[0]} tokens, the table "
                f"{self.positions} positions"
            )
        return shape


@dataclass(frozen=True)
class _Recurrent(Spec):
    """A recurrent layer of `hidden` units; `biases` is 1 (the papers, Keras's LSTM) or
    2 (PyTorch, cuDNN, ONNX, Keras's GRU) vectors a gate.
    """

    hidden: int
    biases: int = 1
    least: ClassVar[dict[str, int]] = {"biases": 0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.biases > 2:
            raise ValueError(
                f"{self}: biases is 0, 1 or 2 vectors a gate, got {self.biases!r}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (T, hidden)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T D")
        return (shape[0], self.hidden)


@dataclass(frozen=True)
class RNN(_Recurrent):
    """h = tanh(W x + U h + b), step by step. Shapes: (T, D) -> (T, hidden)."""

    gates = 1


@dataclass(frozen=True)
class GRU(_Recurrent):
    """Gated recurrent unit: update gate, reset gate, candidate. Shapes: (T, D) -> (T,
    hidden).
    """

    gates = 3


@dataclass(frozen=True)
class LSTM(_Recurrent):
    """Long short-term memory: input, forget and output gates, cell candidate.
    Shapes: (T, D) -> (T, hidden).
    """

    gates = 4


@dataclass(frozen=True)
class Bidirectional(Spec):
    """A recurrent layer that reads the sequence forwards beside one, with weights of
    its own, that reads it backwards (双向); each step gets both states.

    Shapes: (T, D) -> (T, 2 hidden). Source: Schuster & Paliwal 1997.
    """

    cell: RNN | GRU | LSTM

    def __post_init__(self) -> None:
        if not isinstance(self.cell, RNN | GRU | LSTM):
            raise ValueError(
                "Bidirectional takes a recurrent layer such as LSTM(20), got "
                f"{self.cell!r}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (T, 2 hidden)."""
        steps, hidden = self.cell.output_shape(*inputs)
        return (steps, 2 * hidden)


@dataclass(frozen=True)
class Attention(Spec):
    """Multi-head attention with its four projections; a second input, if any, supplies
    keys and values.

    Shapes: (T, D) -> (T, D), or (T, D), (S, E) -> (T, D). `kv_heads` below `heads` is
    grouped-query attention; `head_dim` defaults to D / heads; `causal` says what is
    masked, not what is counted; `rotary` turns pairs of query and key features by an
    angle that grows with the position, `rotary_dim` of them or all.

    `bias` belongs to queries, keys, values and output, unless `key_bias` or
    `output_bias` says otherwise. With a `window` each query meets that many keys at
    most. `normed` divides each head's query and key by their root mean square and
    scales them; `capped` bends the scores by a tanh; `sinks` gives each head one more
    score, trained, that takes no value. `buckets` rows of biases, one a head, are added
    to the scores by distance; 0 adds those of an earlier layer.
    """

    heads: int
    kv_heads: int | None = None
    head_dim: int | None = None
    causal: bool = False
    bias: bool = True
    rotary: bool = False
    rotary_dim: int | None = None
    key_bias: bool | None = None
    output_bias: bool | None = None
    window: int | None = None
    normed: bool = False
    capped: bool = False
    sinks: bool = False
    buckets: int | None = None
    least: ClassVar[dict[str, int]] = {"buckets": 0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.heads % (self.kv_heads or self.heads):
            raise ValueError(
                f"Attention: {self.kv_heads} key-value heads do not divide "
                f"{self.heads} heads"
            )

    @property
    def biased(self) -> tuple[bool, bool, bool]:
        """Whether queries and values, keys, and the output have biases."""
        chosen = (self.bias, self.key_bias, self.output_bias)
        return tuple(self.bias if one is None else one for one in chosen)

    def head_sizes(self, features: int) -> tuple[int, int, int]:
        """Return (heads, key-value heads, head dimension) for an input of so many
        features.
        """
        return (
            self.heads,
            self.kv_heads or self.heads,
            self.head_dim or features // self.heads,
        )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the first input, the queries."""
        if len(inputs) not in (1, 2):
            raise ValueError(
                "Attention takes one input, or queries and memory; got "
                f"{len(inputs)}: {inputs}"
            )
        require_shapes(self, inputs)
        for shape in inputs:
            require_axes(self, shape, "T D")
        if self.head_dim is None and inputs[0][1] % self.heads:
            raise ValueError(
                f"Attention: {self.heads} heads do not divide the {inputs[0][1]} "
                f"features of {inputs[0]}"
            )
        dim = self.head_sizes(inputs[0][1])[2]
        if self.rotary and dim % 2:
            raise ValueError(
                f"Attention: rotary positions turn pairs of features; {inputs[0]} has "
                f"{dim} a head"
            )
        return inputs[0]


@dataclass(frozen=True)
class LatentAttention(Spec):
    """Multi-head latent attention (MLA, 多头潜在注意力): keys and values are made from
    one short vector a token, which alone is cached, beside one rotary key for all
    heads.

    Shapes: (T, D) -> (T, D). `query_rank` is the length of a short vector for the
    queries, if there is one; both short vectors are RMS-normalised. A head's query has
    `plain_dim` features without position and `rotary_dim` with. No biases.
    Source: DeepSeek-AI 2024, DeepSeek-V2, section 2.1.
    """

    heads: int
    latent: int
    plain_dim: int
    rotary_dim: int
    value_dim: int
    query_rank: int | None = None
    causal: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T D")
        return shape


@dataclass(frozen=True)
class Given(Spec):
    """Another input of a network beside its first, such as the tokens that a decoder
    has written. Shapes: any -> `shape`, whatever is in the first.
    """

    shape: Shape

    def __post_init__(self) -> None:
        require_shapes(self, (self.shape,))

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape that is given."""
        one_input(self, inputs)
        return self.shape


@dataclass(frozen=True)
class Experts(Spec):
    """A mixture of `experts` gated feed-forward networks of which a router picks
    `active` for each token.

    Shapes: (T, D) -> (T, D). Each expert is down(silu(gate x) * up x) with `hidden`
    features; `shared` experts see every token. `bias` gives the router and the three
    products of each expert biases. A correction that balances the experts by a rule is
    no parameter.
    """

    experts: int
    active: int
    hidden: int
    shared: int = 0
    bias: bool = False
    least: ClassVar[dict[str, int]] = {"shared": 0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.active > self.experts:
            raise ValueError(
                f"Experts: {self.active} active experts are more than the "
                f"{self.experts} there are"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the input."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "T D")
        return shape
