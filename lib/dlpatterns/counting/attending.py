"""What attention and mixtures of experts cost, and what came with them to maps; one
small function a kind of layer, as in `costs`.
"""

from math import prod

from .. import layers
from ..layers import Shape
from .costs import COUNTERS as COUNTERS  # with those registered here
from .costs import Cost, counts, softmax_operations


@counts(layers.Attention)
def attention(
    spec: layers.Attention,
    inputs: tuple[Shape, ...],
    output: Shape,
    *,
    causal_half: bool = False,
) -> Cost:
    """Count the four projections, the scores Q K^T, their scaling and softmax, and the
    weighted sum of the values.

    With `causal_half`, a causal layer counts only the pairs that its mask lets through.
    """
    (queries, features), (keys, memory) = inputs[0], inputs[-1]
    heads, kv_heads, dim = spec.head_sizes(features)
    half = causal_half and spec.causal and len(inputs) == 1
    pairs = heads * met(queries, keys, spec.window, half=half)
    into, out = heads * dim, kv_heads * dim  # features of queries; of keys or values
    values, key, last = spec.biased
    turned = (spec.rotary_dim or dim) * spec.rotary
    other = {
        "bias": into * queries * values
        + out * keys * (values + key)
        + features * queries * last,
        "rotary": 3 * turned * (heads * queries + kv_heads * keys),
        "scale": pairs,
        "add": pairs * (spec.buckets is not None),
        "tanh": pairs * spec.capped,
        "normalisation": (4 * dim + 2)
        * (heads * queries + kv_heads * keys)
        * spec.normed,
        "softmax": 5 * (pairs + heads * queries * spec.sinks) - 2 * heads * queries,
    }
    return Cost(
        weights=2 * features * into + 2 * memory * out,
        extras=into * values
        + out * (values + key)
        + features * last
        + 2 * dim * spec.normed
        + heads * (spec.sinks + (spec.buckets or 0)),
        macs=2 * queries * features * into + 2 * keys * memory * out + 2 * pairs * dim,
        other=other,
    )


def met(queries: int, keys: int, window: int | None, *, half: bool) -> int:
    """Count the pairs of a query and a key that it meets: all, those of a window, or
    with `half` those before it.

    >>> met(4, 4, None, half=False), met(4, 4, 2, half=False), met(4, 4, 2, half=True)
    (16, 8, 7)
    """
    width = min(window or keys, keys)
    if not half:
        return queries * width
    full = max(0, queries - width)
    short = queries - full
    return full * width + short * (short + 1) // 2


@counts(layers.LatentAttention)
def latent_attention(
    spec: layers.LatentAttention,
    inputs: tuple[Shape, ...],
    output: Shape,
    *,
    causal_half: bool = False,
) -> Cost:
    """Count the products that shorten and lengthen queries, keys and values, the
    scores, and the weighted sum, as for a prompt: keys and values are made in full.
    """
    tokens, features = output
    heads, key = spec.heads, spec.plain_dim + spec.rotary_dim
    pairs = heads * met(tokens, tokens, None, half=causal_half and spec.causal)
    weights = sum(rows * columns for rows, columns in latent_matrices(spec, features))
    short = [spec.latent] + [spec.query_rank] * bool(spec.query_rank)
    other = {
        "normalisation": tokens * sum(4 * width + 2 for width in short),
        "rotary": 3 * spec.rotary_dim * tokens * (heads + 1),
        "scale": pairs,
        "softmax": 5 * pairs - 2 * heads * tokens,
    }
    macs = tokens * weights + pairs * (key + spec.value_dim)
    return Cost(weights=weights, extras=sum(short), macs=macs, other=other)


def latent_matrices(
    spec: layers.LatentAttention, features: int
) -> list[tuple[int, int]]:
    """Return rows and columns of the weights of latent attention, those of the queries
    first, the output's last.
    """
    queries = spec.heads * (spec.plain_dim + spec.rotary_dim)
    first = [(queries, features)]
    if spec.query_rank:
        first = [(spec.query_rank, features), (queries, spec.query_rank)]
    return [
        *first,
        (spec.latent + spec.rotary_dim, features),
        (spec.heads * (spec.plain_dim + spec.value_dim), spec.latent),
        (features, spec.heads * spec.value_dim),
    ]


@counts(layers.WindowAttention)
def window_attention(
    spec: layers.WindowAttention, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count attention in each window, the padding of windows that hang over included,
    and the biases of the positions.

    With `cosine`, a query or key of D features costs 3 D operations to bring to length
    1: D squares, D - 1 additions, a root, D divisions.
    """
    channels, tokens = output[0], spec.windows(output) * spec.window**2
    pairs, places = tokens * spec.window**2, (2 * spec.window - 1) ** 2
    biases = spec.heads * pairs
    table = places * spec.heads
    if spec.hidden:  # two features, one bias a hidden unit
        table = spec.hidden * (2 + 1 + spec.heads)
    lengths = 2 * tokens * 3 * channels
    return Cost(
        weights=4 * channels**2,
        extras=4 * channels + table + spec.heads * spec.cosine,
        macs=4 * tokens * channels**2 + 2 * pairs * channels,
        other={
            "bias": 4 * tokens * channels,
            "scale": biases,
            "add": biases + biases * bool(spec.shift),
            "normalisation": lengths * spec.cosine,
            "softmax": 5 * biases - 2 * spec.heads * tokens,
        },
    )


@counts(layers.ChannelNorm)
def channel_norm(
    spec: layers.ChannelNorm, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count what `layer_norm` counts for a row, at each position."""
    channels, positions = output[0], prod(output[1:])
    return Cost(
        extras=2 * channels, other={"normalisation": positions * (7 * channels + 2)}
    )


@counts(layers.ChannelScale)
def channel_scale(
    spec: layers.ChannelScale, inputs: tuple[Shape, ...], output: Shape
) -> Cost:
    """Count a product a value."""
    return Cost(extras=output[0], other={"multiply": prod(output)})


@counts(layers.Operator)
def operator(spec: layers.Operator, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Repeat what the reader of the file has counted."""
    held = spec.weights + spec.extras
    return Cost(
        weights=spec.weights,
        extras=spec.extras,
        macs=sum(map(prod, spec.matrices)),
        other=dict(spec.work),
        touched=held + spec.tied,
        writes=spec.writes,
    )


@counts(layers.Experts)
def experts(spec: layers.Experts, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Count the router and, for each token, the experts it is sent to; all experts'
    weights must be held.
    """
    tokens, features = output
    expert, router, used = (
        3 * features * spec.hidden,
        features * spec.experts,
        spec.active + spec.shared,
    )
    biases = (2 * spec.hidden + features) * spec.bias
    other = {
        "softmax": softmax_operations(spec.experts, rows=tokens),
        "top k": tokens * sum(spec.experts - 1 - i for i in range(spec.active)),
        "silu": tokens * used * spec.hidden,
        "multiply": tokens * (used * spec.hidden + spec.active * features),
        "add": tokens * (used - 1) * features,
        "bias": tokens * (biases * used + spec.experts * spec.bias),
    }
    held = expert + biases
    return Cost(
        weights=expert * (spec.experts + spec.shared) + router,
        extras=biases * (spec.experts + spec.shared) + spec.experts * spec.bias,
        macs=tokens * (expert * used + router),
        other=other,
        idle=held * (spec.experts - spec.active),
        touched=held * spec.shared + router + spec.experts * spec.bias,
        rows=held * tokens * spec.active,
        table=held * spec.experts,
    )
