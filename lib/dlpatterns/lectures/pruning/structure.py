"""Channels that go, and all that shrinks with them: counts, answers, times."""

from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from ... import measuring
from ...prune import masks, structured, surgery, tally
from ...train import small, state
from ...train.network import Network

CHANNELS = 8


@cache
def residual() -> Network:
    """Return a residual network of eight channels and one block, with statistics of a
    batch behind it.
    """
    net, rng = Network(small.residual(CHANNELS, 1)), np.random.default_rng(0)
    net.forward(rng.random((64, 1, 8, 8)), training=True)
    return net


def keeping(stem: int, inner: int) -> dict[str, np.ndarray]:
    """Return which channels stay: so many on the main path, so many inside the
    block.
    """
    return {
        "stem": np.arange(CHANNELS) < stem,
        "block1.first": np.arange(CHANNELS) < inner,
    }


def cut(stem: int, inner: int) -> Network:
    """Return the residual network with so many channels left."""
    return surgery.shrink(residual(), keeping(stem, inner))


def apart(stem: int, inner: int) -> float:
    """Return the largest difference between what the masked and the cut network
    answer.
    """
    net, x = state.twin(residual()), np.random.default_rng(1).random((16, 1, 8, 8))
    masks.apply(net.params, structured.channel_masks(net, keeping(stem, inner)))
    return float(np.abs(net.forward(x) - cut(stem, inner).forward(x)).max())


def shapes(net: Network) -> list[dict]:
    """Return one row a layer with parameters: the shape of its first parameter, its
    parameters and its MACs.
    """
    return [
        {"layer": row["layer"]}
        | {"shape": " × ".join(map(str, _first(net, row["layer"]).shape))}
        | {"parameters": row["params"], "MACs": row["macs"]}
        for row in tally.by_layer(net)
    ]


def compared(before: Network, after: Network) -> list[dict]:
    """Return both networks layer by layer."""
    return [
        {"layer": a["layer"], "before": a["shape"], "after": b["shape"]}
        | {"MACs before": a["MACs"], "MACs after": b["MACs"]}
        for a, b in zip(shapes(before), shapes(after), strict=True)
    ]


@cache
def wide(channels: int = 32) -> Network:
    """Return a residual network that is wide enough for its time to be measured."""
    return Network(small.residual(channels, 2), dtype=np.float32)


def thinned(share: float) -> dict[str, Network]:
    """Return the wide network as it is, with a share of single weights masked, without
    that share of its channels, and without the branch of its second block.
    """
    net = wide()
    scores = {n: np.abs(v) for n, v in net.params.items() if v.ndim > 1}
    zeros = state.twin(net)
    masks.masked(zeros, masks.per_layer(scores, share))
    stay = structured.strongest(structured.norms(net), share)
    return {
        "nothing": net,
        "weights": zeros,
        "channels": surgery.shrink(net, stay),
        "a block's layers": surgery.without_branch(
            net, "block2.add1", "block2.second_norm"
        ),
    }


@threadpool_limits.wrap(limits=1)
def times(nets: dict[str, Network], batch: int = 64) -> list[dict]:
    """Return each network's parameters, non-zeros, MACs, useful MACs, and its time as a
    share of the first one's, one row a network.
    """
    x = np.random.default_rng(0).random((batch, 1, 8, 8), dtype=np.float32)
    rows = []
    for name, net in nets.items():
        seconds = measuring.shortest_seconds(lambda net=net: net.forward(x), 7)
        counted = tally.total(net)._asdict()
        rows.append({"what goes": name} | counted | {"time": seconds})
    return [row | {"time": row["time"] / rows[0]["time"]} for row in rows]


def _first(net: Network, layer: str) -> np.ndarray:
    return next(iter(net.layer_params(layer).values()))
