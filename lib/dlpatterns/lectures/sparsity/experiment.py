"""The study: one network for the digits, pruned, its weights shared, coded, and each
stage's bytes and accuracy; and small dense networks of no more bytes.

`benchmarks/experiments/deep_compression.py` runs it over ten seeds and stores what
comes out. A seed draws the split of the digits, the first weights and the order of the
examples. The hidden layers are those of LeNet-300-100.
"""

import gzip
import lzma

import numpy as np

from ...prune import masks, schedules, tuning
from ...sparse import deep_compression, sharing
from ...sparse.streams import RunLength
from ...train import data, loop, small, state
from ...train.network import Network
from ...train.optimisers import Adam
from ..pruning.experiment import rounded

Arrays = dict[str, np.ndarray]
HIDDEN, BATCH, RATE = (300, 100), 32, 0.003
DENSITY = {"hidden1.weight": 0.08, "hidden2.weight": 0.09, "output.weight": 0.26}
EPOCHS = {"dense": 40, "pruned": 60, "tuned": 20}
CLUSTERS, RUN_BITS = 31, 5
RIVAL_WIDTH, RIVAL_CLUSTERS = 180, 15


def trained(net: Network, split: data.Split, epochs: int, **how: object) -> Network:
    """Train a network on the split and return it."""
    how = {"optimizer": Adam(RATE), "seed": 0} | how
    loop.fit(net, split.train_x, split.train_y, epochs=epochs, batch=BATCH, **how)
    return net


def tested(net: Network, split: data.Split) -> float:
    """Return the accuracy on the held-out half. Units: 0 to 1."""
    return round(loop.accuracy(net, split.test_x, split.test_y), 4)


def pruned(net: Network, split: data.Split, seed: int) -> Network:
    """Prune a network gradually to the densities that the paper prints, and train it
    meanwhile and afterwards.
    """
    total = EPOCHS["pruned"] * -(-len(split.train_x) // BATCH)
    ramp = schedules.Cubic(0.9, begin=0, end=total // 2)

    def choose(scores: Arrays, sparsity: float) -> Arrays:
        shares = {name: sparsity / 0.9 * (1 - kept) for name, kept in DENSITY.items()}
        return masks.per_layer(scores, shares)

    optimizer = tuning.Gradual(Adam(RATE), ramp, choose=choose)
    return trained(net, split, EPOCHS["pruned"], optimizer=optimizer, seed=seed)


def shared(net: Network, clusters: int = CLUSTERS) -> dict[str, sharing.Shared]:
    """Return the weights of a network, each layer with its own shared values."""
    return {name: sharing.share(net.params[name], clusters) for name in DENSITY}


def tuned(
    net: Network, found: dict[str, sharing.Shared], split: data.Split, seed: int
) -> dict[str, sharing.Shared]:
    """Train the shared values, and return the codes with them."""
    optimizer = sharing.Tied(Adam(RATE / 10), found)
    trained(net, split, EPOCHS["tuned"], optimizer=optimizer, seed=seed)
    return optimizer.found(net.params)


def whole(net: Network, found: dict[str, sharing.Shared]) -> deep_compression.Network:
    """Return all arrays of a network as they are encoded, biases in float32."""
    return {
        name: found.get(name, value.astype(np.float32))
        for name, value in net.params.items()
    }


def raw(net: Network) -> bytes:
    """Return all parameters as float32, one after the other."""
    return b"".join(value.astype("<f4").tobytes() for value in net.params.values())


def sizes(net: Network, found: dict[str, sharing.Shared]) -> dict[str, int]:
    """Return the bytes of a network with shared weights: as float32, by general
    compressors, in codes and runs of fixed width, and with Huffman codes.
    """
    arrays = whole(net, found)
    fixed = deep_compression.encode(arrays, run_bits=RUN_BITS, coded=False).data
    coded = deep_compression.encode(arrays, run_bits=RUN_BITS).data
    values = raw(net)
    return {
        "float32": len(values),
        "gzip": len(gzip.compress(values, 9, mtime=0)),
        "xz": len(lzma.compress(values, preset=9 | lzma.PRESET_EXTREME)),
        "fixed": len(fixed),
        "gzip of fixed": len(gzip.compress(fixed, 9, mtime=0)),
        "coded": len(coded),
    }


def in_float32(net: Network) -> None:
    """Round the parameters of a network to float32, in place."""
    for value in net.params.values():
        value[...] = value.astype(np.float32)


def kept_bytes(net: Network) -> int:
    """Return the bytes of a pruned network: float32 values and fillers, runs of fixed
    width, and biases, headers and end mark as in the other streams.
    """
    nothing = {
        name: sharing.Shared(np.zeros(net.params[name].shape, "u1"), np.zeros(0, "f4"))
        for name in DENSITY
    }
    shell = deep_compression.encode(whole(net, nothing), coded=False)
    return len(shell.data) + sum(
        RunLength.pack(
            net.params[name].astype("f4").reshape(1, -1), RUN_BITS
        ).measured_bytes()
        for name in DENSITY
    )


def study(seed: int) -> dict:
    """Return accuracies and bytes of every stage for one seed, and of its rivals."""
    split = data.digits(test_share=0.5, seed=seed)
    net = trained(Network(small.mlp(HIDDEN), seed), split, EPOCHS["dense"], seed=seed)
    accuracy = {"dense": tested(net, split)}
    files = {"gzip of dense": len(gzip.compress(raw(net), 9, mtime=0))}
    longer = state.twin(net)
    trained(longer, split, EPOCHS["pruned"] + EPOCHS["tuned"], seed=seed + 1)
    accuracy["dense, as long"] = tested(longer, split)
    pruned(net, split, seed)
    accuracy["pruned"] = tested(net, split)
    files["pruned"] = kept_bytes(net)
    files["gzip of pruned"] = len(gzip.compress(raw(net), 9, mtime=0))
    kept = state.twin(net)
    found = shared(net)
    for name, each in found.items():
        net.params[name][...] = each.values()
    accuracy["shared"] = tested(net, split)
    found = tuned(net, found, split, seed)
    in_float32(net)
    accuracy["tuned"] = tested(net, split)
    files |= sizes(net, found)
    small_net, width = rival(files["coded"], split, seed)
    accuracy["small, dense, 8 bits"] = tested(small_net, split)
    accuracy["small, dense, shared"], files["small, dense, shared"] = shared_rival(
        split, seed
    )
    return {
        "seed": seed,
        "accuracy": accuracy,
        "bytes": files,
        "width": width,
        "nonzero": {name: int(np.count_nonzero(net.params[name])) for name in DENSITY},
        "networks": (kept, net, found),
    }


def shared_rival(split: data.Split, seed: int) -> tuple[float, int]:
    """Return accuracy and bytes of a dense network with one hidden layer whose weights
    share few values, Huffman-coded; trained as long in all. It needs no runs of zeros.
    """
    net = Network(small.mlp((RIVAL_WIDTH,)), seed)
    trained(net, split, EPOCHS["dense"] + EPOCHS["pruned"], seed=seed)
    found = {
        name: sharing.share(value, RIVAL_CLUSTERS)
        for name, value in net.params.items()
        if name.endswith("weight")
    }
    for name, each in found.items():
        net.params[name][...] = each.values()
    found = tuned(net, found, split, seed)
    in_float32(net)
    coded = deep_compression.encode(whole(net, found), run_bits=1)
    return tested(net, split), len(coded.data) - coded.by_kind()["runs"]


def rival(size: int, split: data.Split, seed: int) -> tuple[Network, int]:
    """Return a dense network with one hidden layer whose parameters, in 8 bits with one
    float32 scale an array, take no more bytes than given; trained as long in all.
    """
    width = (size - 10 - 4 * 4) // (64 + 1 + 10)
    net = Network(small.mlp((width,)), seed)
    trained(net, split, sum(EPOCHS.values()), seed=seed)
    return rounded(net), width
