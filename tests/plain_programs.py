"""One plain program for each kind of layer, in the order of the operations a hand would
do: what the tests trace.

Where the library has a plain kernel, it is that kernel; the rest is written out here.
"""

from itertools import product

import numpy as np

from dlpatterns import layers
from dlpatterns.kernels import (
    activations,
    convolution,
    linear,
    normalisation,
    pooling,
    recurrence,
    transposed,
)
from dlpatterns.kernels.attention import attention
from dlpatterns.kernels.multi_head import Projections, join_heads, split_heads, turned
from dlpatterns.tracing import Table

# Every program takes (spec, arrays by name), the inputs as "x" and "y" with a batch in
# front, and returns its result.


def conv2d(spec, given):
    geometry = {
        name: getattr(spec, name)
        for name in ("stride", "padding", "dilation", "groups")
    }
    return convolution.conv2d(
        given["x"], given["weight"], given.get("bias"), **geometry
    )


def conv_transpose2d(spec, given):
    names = ("stride", "padding", "output_padding", "dilation", "groups")
    geometry = {name: getattr(spec, name) for name in names}
    return transposed.conv2d_transposed(
        given["x"], given["weight"], given.get("bias"), **geometry
    )


def connected_conv2d(spec, given):
    return np.concatenate(
        [
            convolution.conv2d(
                np.concatenate([given["x"][:, c : c + 1] for c in seen], axis=1),
                given["weight"][first : first + len(seen)].swapaxes(0, 1),
                given["bias"][m : m + 1],
            )
            for m, (seen, first) in enumerate(_links(spec))
        ],
        axis=1,
    )


def _links(spec):
    first = 0
    for seen in spec.connections:
        yield seen, first
        first += len(seen)


def max_pool(spec, given):
    return pooling.max_pool2d(given["x"], spec.kernel, stride=spec.stride)


def avg_pool(spec, given):
    return pooling.avg_pool2d(given["x"], spec.kernel, stride=spec.stride)


def subsample(spec, given):
    x, (rows, columns) = given["x"], layers.pair(spec.kernel)
    out = np.zeros(
        (*x.shape[:2], x.shape[2] // rows, x.shape[3] // columns), dtype=x.dtype
    )
    for n, c, p, q in np.ndindex(out.shape):
        total = x[n, c, p * rows, q * columns]
        for r, s in list(product(range(rows), range(columns)))[1:]:
            total = total + x[n, c, p * rows + r, q * columns + s]
        out[n, c, p, q] = total * given["weight"][c] + given["bias"][c]
    return out


def global_pool(spec, given):
    return pooling.global_avg_pool2d(given["x"])


def fully_connected(spec, given):
    return linear.linear(given["x"], given["weight"], given.get("bias"))


def distances(spec, given):
    x, codes = given["x"], given["weight"]
    out = np.zeros((len(x), len(codes)), dtype=x.dtype)
    for n, m in np.ndindex(out.shape):
        total = 0
        for d in range(x.shape[1]):
            step = x[n, d] - codes[m, d]
            total += step * step
        out[n, m] = total
    return out


def batch_norm(spec, given):
    """The statistics are folded into a factor and an offset beforehand, as at
    inference.
    """
    return given["x"] * given["weight"][:, None, None] + given["bias"][:, None, None]


def layer_norm(spec, given):
    return normalisation.layer_norm(given["x"], given["weight"], given.get("bias"))


def rms_norm(spec, given):
    return normalisation.rms_norm(given["x"], given["weight"])


def response_norm(spec, given):
    x, half = given["x"], spec.size // 2
    squares, out = x * x, np.zeros(x.shape, dtype=x.dtype)
    for n, c, p, q in np.ndindex(x.shape):
        near = range(max(0, c - half), min(x.shape[1], c + half + 1))
        total = squares[n, near[0], p, q]
        for other in near[1:]:
            total = total + squares[n, other, p, q]
        out[n, c, p, q] = x[n, c, p, q] / (2 + 1e-4 * total) ** 0.75
    return out


def activation(spec, given):
    return activations.FUNCTIONS[spec.kind](given["x"])


def softmax(spec, given):
    return activations.softmax(given["x"])


def same(spec, given):
    return given["x"]


def patches(spec, given):
    x = given["x"]
    return x.reshape(*x.shape[:2], -1).swapaxes(1, 2)


def shuffle(spec, given):
    n, c, h, w = given["x"].shape
    return (
        given["x"]
        .reshape(n, spec.groups, c // spec.groups, h, w)
        .swapaxes(1, 2)
        .reshape(n, c, h, w)
    )


def concat(spec, given):
    return np.concatenate([given["x"], given["y"]], axis=1)


def add(spec, given):
    return given["x"] + given["y"]


def multiply(spec, given):
    return given["x"] * given["y"]


def embedding(spec, given):
    table = Table("weight", dict(enumerate(given["weight"])))
    return [table[token] for row in given["tokens"] for token in row]


def position(spec, given):
    return given["x"] + given["weight"]


def recurrent(spec, given):
    bias = {0: None, 1: given.get("bias"), 2: given.get("bias")}[spec.biases]
    weights = recurrence.Weights(given["weight"], given["state weight"], bias)
    options = {"reset_after": False} if isinstance(spec, layers.GRU) else {}
    out = {
        layers.RNN: recurrence.rnn,
        layers.GRU: recurrence.gru,
        layers.LSTM: recurrence.lstm,
    }[type(spec)]
    return out(given["x"], weights, **options)


def bidirectional(spec, given):
    """One cell over the sequence, one over the sequence turned round."""
    states = []
    for before, step in (("", 1), ("back ", -1)):
        names = ("weight", "state weight", "bias")
        weights = {name: given.get(before + name) for name in names}
        one = recurrent(spec.cell, weights | {"x": given["x"][:, ::step]})
        shown = one[0] if isinstance(one, tuple) else one
        states.append(shown[:, ::step])
    return np.concatenate(states, axis=-1)


def self_attention(spec, given):
    x, memory = given["x"], given.get("y", given["x"])
    heads, kv_heads, _ = spec.head_sizes(x.shape[-1])
    weights = Projections(
        *(given[name] for name in ("q", "k", "v", "out")),
        *(given.get(f"{n} bias") for n in ("q", "k", "v", "out")),
    )
    q = split_heads(linear.linear(x, weights.q, weights.q_bias), heads)
    k = split_heads(linear.linear(memory, weights.k, weights.k_bias), kv_heads)
    v = split_heads(linear.linear(memory, weights.v, weights.v_bias), kv_heads)
    if spec.rotary:
        q, k = turned(q), turned(k)
    return linear.linear(join_heads(attention(q, k, v)), weights.out, weights.out_bias)


def latent_attention(spec, given):
    """Short vectors for queries, and for keys and values, made long again; the rotary
    key is one for all heads.
    """
    x = given["x"]
    q = x
    if spec.query_rank:
        q = normalisation.rms_norm(linear.linear(x, given["q down"]), given["q norm"])
    q = split_heads(linear.linear(q, given["q up"]), spec.heads)
    short = linear.linear(x, given["kv down"])
    latent, key = short[..., : spec.latent], short[..., spec.latent :]
    latent = normalisation.rms_norm(latent, given["kv norm"])
    both = split_heads(linear.linear(latent, given["kv up"]), spec.heads)
    plain = spec.plain_dim
    key = np.repeat(turned(key[:, None]), spec.heads, axis=1)
    q = np.concatenate([q[..., :plain], turned(q[..., plain:])], axis=-1)
    k = np.concatenate([both[..., :plain], key], axis=-1)
    seen = join_heads(attention(q, k, both[..., plain:]))
    return linear.linear(seen, given["out"])


def window_attention(spec, given):
    """Attention in each window of the padded map, with a bias for each relative
    position, and a mask where windows are moved.
    """
    x, size, out = given["x"], spec.window, []
    channels, *sides = x.shape[1:]
    rows, columns = (-(-side // size) * size for side in sides)
    padded = np.zeros((len(x), channels, rows, columns), dtype=x.dtype)
    padded[:, :, : sides[0], : sides[1]] = x
    places = list(product(range(size), repeat=2))
    far = [[(a - c + size - 1, b - d + size - 1) for c, d in places] for a, b in places]
    table = [[(2 * size - 1) * a + b for a, b in row] for row in far]
    for n, i, j in product(
        range(len(x)), range(0, rows, size), range(0, columns, size)
    ):
        tokens = padded[n, :, i : i + size, j : j + size].reshape(channels, -1).T
        q, k, v = (
            split_heads(
                linear.linear(tokens, given[c], given[f"{c} bias"])[None], spec.heads
            )[0]
            for c in "qkv"
        )
        heads = [
            _window_head(spec, q[h], k[h], v[h], given["table"][table, h])
            for h in range(spec.heads)
        ]
        seen = np.concatenate(heads, axis=-1)
        out.append(linear.linear(seen, given["out"], given["out bias"]))
    return out


def _window_head(spec, q, k, v, biases):
    if spec.cosine:
        q, k = _of_length_one(q), _of_length_one(k)
    scores = linear.linear(q, k) * 0.5 + biases
    if spec.shift:
        scores = scores + np.zeros(scores.shape)
    return linear.linear(activations.softmax(scores), v.T)


def _of_length_one(rows):
    out = np.zeros(rows.shape, dtype=rows.dtype)
    for place, row in enumerate(rows):
        total = row[0] * row[0]
        for value in row[1:]:
            total = total + value * value
        root = total**0.5
        out[place] = [value / root for value in row]
    return out


def channel_norm(spec, given):
    rows = np.moveaxis(given["x"], 1, -1)
    return normalisation.layer_norm(rows, given["weight"], given["bias"])


def channel_scale(spec, given):
    return given["x"] * given["weight"][:, None, None]


def squares(spec, given):
    n, c, h, w = given["x"].shape
    x = given["x"].reshape(
        n, c, h // spec.block, spec.block, w // spec.block, spec.block
    )
    return x.transpose(0, 1, 3, 5, 2, 4).reshape(
        n, -1, h // spec.block, w // spec.block
    )


def experts(spec, given):
    """Route each token: the largest shares by repeated search, then the gated networks,
    weighted and added.
    """
    out = []
    for x in given["x"].reshape(-1, given["x"].shape[-1]):
        shares = list(activations.softmax(linear.linear(x[None], given["router"])[0]))
        chosen = [_take_largest(shares) for _ in range(spec.active)]
        parts = [_expert(given, index, x, share) for index, share in chosen]
        parts += [
            _expert(given, spec.experts + index, x, None)
            for index in range(spec.shared)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        out.append(total)
    return out


def _take_largest(shares):
    index = max(
        (i for i, share in enumerate(shares) if share is not None),
        key=shares.__getitem__,
    )
    share, shares[index] = shares[index], None
    return index, share


def _expert(given, index, x, share):
    gate = activations.silu(linear.linear(x[None], given["gate"][index]))
    y = linear.linear(
        gate * linear.linear(x[None], given["up"][index]), given["down"][index]
    )[0]
    return y if share is None else y * share
