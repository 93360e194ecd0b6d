"""Programs that run on real ranks, each checked against the same work on one.

Every program takes a `World` and options and returns what can be written as JSON.
`launch.run` starts them.
"""

from time import perf_counter

import numpy as np

from ..train import losses, network, optimisers, small
from . import collectives
from .messages import split
from .ranks import World

NAMES = (
    "collective",
    "every_collective",
    "ping_pong",
    "data_parallel",
    "sharded_adam",
    "tensor_parallel_mlp",
    "tensor_parallel_attention",
    "side_by_side",
)


def collective(
    world: World, collective: str, algorithm: str, length: int, node: int | None = None
) -> dict:
    """Do a collective on whole numbers that tell their rank, and say what this rank
    sent, in bytes, and whether all its chunks came out right.
    """
    chunks = world.size**2 if collective == "all-to-all" else world.size
    sizes = split(length, chunks)
    starts = collectives.initial(collective, world.size)
    adds = collective in ("reduce", "reduce-scatter", "all-reduce")
    mine = 2**world.rank if adds else 1
    held = {
        chunk: np.full(sizes[chunk], (chunk + 1) * mine) for chunk in starts[world.rank]
    }
    after = world.perform(collective, algorithm, held, node=node)
    times = 2**world.size - 1 if adds else 1
    wanted = _wanted(collective, world)
    right = all(bool((after[c] == (c + 1) * times).all()) for c in wanted)
    return {"sent": world.sent, "right": right}


def every_collective(world: World, length: int, node: int) -> list[dict]:
    """Do every collective with every algorithm, one after another."""
    made = []
    for name, algorithm in collectives.names():
        nodes = {"node": node} if algorithm == "hierarchical" else {}
        before = world.sent
        done = collective(world, name, algorithm, length, **nodes)
        made.append(done | {"sent": world.sent - before})
    return made


def _wanted(collective: str, world: World) -> list[int]:
    ranks, own = range(world.size), [world.rank]
    if collective in ("scatter", "reduce-scatter"):
        return own
    if collective == "all-to-all":
        return [source * world.size + world.rank for source in ranks]
    if collective in ("reduce", "gather") and world.rank:
        return []
    return list(ranks)


def ping_pong(world: World, sizes: list[int], repeats: int) -> list[float]:
    """Return the shortest seconds of a message of each size from rank 0 to rank 1, half
    of the way there and back; the others wait.
    """
    times = []
    for size in sizes if world.rank < 2 else []:
        message, best = np.zeros(size, np.uint8), float("inf")
        for _ in range(repeats):
            start = perf_counter()
            if world.rank:
                world.exchange(world.exchange(None, source=0), to=0)
            else:
                world.exchange(message, to=1)
                world.exchange(None, source=1)
            best = min(best, (perf_counter() - start) / 2)
        times.append(best)
    return times


def _learner(hidden: int) -> network.Network:
    return network.Network(small.mlp((hidden,)), seed=0)


def _batches(
    world: World, batch: int, steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rank 0 loads the digits and broadcasts them; what that sends isn't counted."""
    packed = _digits() if world.rank == 0 else None
    before = world.sent
    table = world.broadcast(packed).reshape(-1, 65)
    world.sent = before
    order = np.random.default_rng(0).permutation(len(table))
    parts = (table[order[i * batch : (i + 1) * batch]] for i in range(steps))
    return [
        (rows[:, :64].reshape(-1, 1, 8, 8), rows[:, 64].astype(int)) for rows in parts
    ]


def _digits() -> np.ndarray:
    from ..train import data  # scikit-learn takes a second to load

    split_data = data.digits()
    pixels = split_data.train_x.reshape(-1, 64).astype(float)
    return np.column_stack([pixels, split_data.train_y])


def _gradient(net: network.Network, x: np.ndarray, y: np.ndarray) -> None:
    net.backward(losses.softmax_cross_entropy(net.forward(x, training=True), y)[1])


def _flat(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays.values()])


def _fill(arrays: dict[str, np.ndarray], flat: np.ndarray) -> None:
    ends = np.cumsum([array.size for array in arrays.values()])[:-1]
    for array, part in zip(arrays.values(), np.split(flat, ends), strict=True):
        array[...] = part.reshape(array.shape)


def _distance(
    world: World, net: network.Network, batches: list, optimiser: object, hidden: int
) -> dict:
    """On rank 0, train alone on the whole batches and say how far the weights are."""
    if world.rank:
        return {"sent": world.sent}
    alone = _learner(hidden)
    for x, y in batches:
        _gradient(alone, x, y)
        optimiser.step(alone.params, alone.grads)
    wanted = _flat(alone.params)
    return {
        "sent": world.sent,
        "distance": float(np.abs(_flat(net.params) - wanted).max()),
        "largest": float(np.abs(wanted).max()),
        "params": int(wanted.size),
        "itemsize": net.dtype.itemsize,
    }


def data_parallel(
    world: World, batch: int = 64, steps: int = 20, hidden: int = 32, lr: float = 0.1
) -> dict:
    """Train by SGD, every rank on its part of each batch and all with the mean of the
    gradients; say how far the weights are from those of one process.

    Raises: ValueError if the ranks do not divide the batch.
    """
    check_divides(world.size, batch=batch)
    net, optimiser = _learner(hidden), optimisers.SGD(lr)
    batches = _batches(world, batch, steps)
    for x, y in batches:
        rows = slice(world.rank, None, world.size)
        _gradient(net, x[rows], y[rows])
        _fill(net.grads, world.all_reduce(_flat(net.grads)) / world.size)
        optimiser.step(net.params, net.grads)
    return _distance(world, net, batches, optimisers.SGD(lr), hidden)


def sharded_adam(
    world: World, batch: int = 64, steps: int = 20, hidden: int = 32, lr: float = 0.01
) -> dict:
    """Train by Adam with its states cut among the ranks: reduce-scatter the gradients,
    step on the own part, all-gather the weights.

    Raises: ValueError if the ranks do not divide the batch.
    """
    check_divides(world.size, batch=batch)
    net, optimiser = _learner(hidden), optimisers.Adam(lr)
    sizes = split(_flat(net.params).size, world.size)
    start = sum(sizes[: world.rank])
    own = slice(start, start + sizes[world.rank])
    shard = {"part": _flat(net.params)[own].copy()}
    batches = _batches(world, batch, steps)
    for x, y in batches:
        rows = slice(world.rank, None, world.size)
        _gradient(net, x[rows], y[rows])
        part = world.reduce_scatter(_flat(net.grads)) / world.size
        optimiser.step(shard, {"part": part})
        _fill(net.params, world.all_gather(shard["part"]))
    compared = _distance(world, net, batches, optimisers.Adam(lr), hidden)
    return compared | {"states": 2 * shard["part"].size}


def check_divides(ranks: int, **sizes: int) -> None:
    """Refuse sizes that the ranks do not divide."""
    for name, size in sizes.items():
        if size % ranks:
            raise ValueError(f"{ranks} ranks don't divide {name} = {size}")


def tensor_parallel_mlp(
    world: World, tokens: int = 8, features: int = 16, hidden: int = 64
) -> dict:
    """Run two matrices with a rectifier between them, the first cut by columns, the
    second by rows: one all-reduce, and the answer of one process.
    """
    check_divides(world.size, hidden=hidden)
    draw = np.random.default_rng(0).normal
    x = draw(size=(tokens, features))
    up, down = draw(size=(features, hidden)), draw(size=(hidden, features))
    part = hidden // world.size
    own = slice(world.rank * part, (world.rank + 1) * part)
    partial = np.maximum(x @ up[:, own], 0) @ down[own]
    together = world.all_reduce(partial).reshape(x.shape)
    alone = np.maximum(x @ up, 0) @ down
    return _compared(world, together, alone)


def tensor_parallel_attention(
    world: World, tokens: int = 8, features: int = 32, heads: int = 8
) -> dict:
    """Run multi-head attention with the heads dealt out: queries, keys and values by
    columns, the output's matrix by rows, one all-reduce.
    """
    from ..kernels import multi_head

    check_divides(world.size, heads=heads)
    draw = np.random.default_rng(0).normal
    x = draw(size=(1, tokens, features))
    q, k, v, out = (draw(size=(features, features)) for _ in range(4))
    alone = multi_head.multi_head(
        x, multi_head.Projections(q, k, v, out), heads=heads, causal=True
    )
    part = features // world.size
    own = slice(world.rank * part, (world.rank + 1) * part)
    partial = _heads(x[0], q[own], k[own], v[own], heads // world.size)
    together = world.all_reduce(partial @ out[:, own].T).reshape(x.shape)
    return _compared(world, together, alone)


def _heads(
    x: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, heads: int
) -> np.ndarray:
    """Attend causally with the heads of one rank; rows of q, k, v are features."""
    from ..kernels import attention

    def dealt(weight: np.ndarray) -> np.ndarray:
        return (x @ weight.T).reshape(1, len(x), heads, -1).transpose(0, 2, 1, 3)

    found = attention.attention(dealt(q), dealt(k), dealt(v), causal=True)
    return found.transpose(0, 2, 1, 3).reshape(len(x), -1)


def _compared(world: World, together: np.ndarray, alone: np.ndarray) -> dict:
    return {
        "sent": world.sent,
        "distance": float(np.abs(together - alone).max()),
        "largest": float(np.abs(alone).max()),
        "values": int(alone.size),
        "itemsize": alone.dtype.itemsize,
    }


def side_by_side(world: World, names: list[str]) -> dict:
    """Run several programs one after another, and say what each sent."""
    answers = {}
    for name in names:
        before = world.sent
        answer = globals()[name](world)
        answers[name] = answer | {"sent": world.sent - before}
    return answers
