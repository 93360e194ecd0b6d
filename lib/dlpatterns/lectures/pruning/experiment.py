"""The study: networks for the digits, dense and pruned, one training run a call.

`benchmarks/experiments/pruning.py` runs them over ten seeds and stores what comes out.
A seed draws the split of the digits, the first weights and the order of the examples.
"""

from functools import cache
from math import ceil

import numpy as np

from ...counting import count
from ...graph import Model
from ...prune import (
    distilling,
    dynamic,
    masks,
    schedules,
    scores,
    structured,
    surgery,
    tuning,
)
from ...sparse import sizes
from ...train import data, loop, small, state
from ...train.network import Network
from ...train.optimisers import Adam

BATCH, RATE = 32, 0.003
LESSON = distilling.distillation(temperature=2.0, share=0.7)
EPOCHS = {"MLP": 120, "CNN": 24}
WIDTHS = {
    "MLP": (3, 4, 6, 8, 16, 32, 64),
    "CNN": ((2, 4), (4, 8), (8, 16)),
}


def model(family: str, width: int | tuple[int, int]) -> Model:
    """Return the network of a family and width: one hidden layer, or two
    convolutions.
    """
    return small.mlp((width,)) if family == "MLP" else small.cnn(tuple(width))


def largest(family: str) -> Model:
    """Return the network that is pruned."""
    return model(family, WIDTHS[family][-1])


@cache
def split(seed: int) -> data.Split:
    """Return half of the digits to learn from and half to be tested on."""
    return data.digits(test_share=0.5, seed=seed)


def steps(epochs: int, seed: int = 0) -> int:
    """Return how many batches so many epochs have."""
    return epochs * ceil(len(split(seed).train_x) / BATCH)


def train(
    net: Network,
    seed: int,
    epochs: int,
    *,
    optimizer: Adam | tuning.Masked | None = None,
    teacher: Network | None = None,
) -> None:
    """Train a network on the seed's split, with the answers of a teacher as lessons if
    there is one.
    """
    digits = split(seed)
    y, loss = digits.train_y, loop.softmax_cross_entropy
    if teacher is not None:
        y, loss = distilling.lessons(teacher, digits.train_x, y), LESSON
    loop.fit(
        net,
        digits.train_x,
        y,
        epochs=epochs,
        batch=BATCH,
        optimizer=optimizer or Adam(RATE),
        seed=seed,
        loss=loss,
    )


def tested(net: Network, seed: int) -> float:
    """Return the accuracy on the half that the seed holds out. Units: 0 to 1."""
    digits = split(seed)
    return round(loop.accuracy(net, digits.test_x, digits.test_y), 4)


# --- Dense ----------------------------------------------------------------------------


def dense(model: Model, seed: int, epochs: int, *, rate: float = RATE) -> Network:
    """Train a dense network from the seed's first weights."""
    net = Network(model, seed)
    train(net, seed, epochs, optimizer=Adam(rate))
    return net


def restarts(model: Model, seed: int, epochs: int, times: int) -> Network:
    """Train a dense network several times from other first weights and return the one
    with the smallest loss on what it learned from.
    """
    digits = split(seed)
    tried = []
    for again in range(times):
        net = Network(model, 1000 * again + seed)
        train(net, seed, epochs)
        logits = net.forward(digits.train_x)
        tried.append(
            (loop.softmax_cross_entropy(logits, digits.train_y)[0], again, net)
        )
    return min(tried)[2]


def taught(family: str, model: Model, seed: int, epochs: int) -> Network:
    """Train the largest network for half of its epochs, and a dense one on its answers
    for half of the epochs given.
    """
    teacher = dense(largest(family), seed, EPOCHS[family] // 2)
    net = Network(model, seed)
    train(net, seed, epochs // 2, teacher=teacher)
    return net


# --- Pruned ---------------------------------------------------------------------------


def gradual(
    model: Model,
    seed: int,
    epochs: int,
    *,
    nonzero: int,
    how: str = "cubic",
    rate: float = RATE,
) -> Network:
    """Train a network and prune it meanwhile until `nonzero` parameters are left, the
    smallest of all layers together, biases included.

    A quarter of the epochs is dense, in half of them it is pruned, the last quarter
    fine-tunes; "one-shot" prunes at once in the middle.
    """
    net = Network(model, seed)
    sparsity = 1 - nonzero / count(model).params
    optimizer = tuning.Gradual(
        Adam(rate),
        schedule(how, sparsity, steps(epochs, seed)),
        choose=masks.whole_network,
        axes=1,
    )
    train(net, seed, epochs, optimizer=optimizer)
    return net


def schedule(how: str, sparsity: float, total: int) -> schedules.Schedule:
    """Return the schedule of that name for a training of `total` steps."""
    first, last = total // 4, 3 * total // 4
    if how == "one-shot":
        return schedules.OneShot(sparsity, begin=total // 2)
    kind = {"cubic": schedules.Cubic, "iterative": schedules.Iterative}[how]
    return kind(sparsity, begin=first, end=last)


def by_channels(family: str, seed: int, width: int | tuple[int, int]) -> Network:
    """Train the largest network for half the epochs, cut its weakest channels out until
    it is as wide as asked for, and fine-tune for the other half.
    """
    half = EPOCHS[family] // 2
    net = dense(largest(family), seed, half)
    wanted = (width,) if family == "MLP" else width
    norms = structured.norms(net)
    share = {
        name: 1 - wide / len(norms[name])
        for name, wide in zip(norms, wanted, strict=True)
    }
    cut = surgery.shrink(net, structured.strongest(norms, share))
    train(cut, seed, half)
    return cut


# --- What to do with a mask -----------------------------------------------------------

AFTER = (
    "fine-tuned",
    "distilled",
    "rewound to epoch 5",
    "rewound to the start",
    "mask on new weights",
    "random mask",
)


def after_pruning(seed: int, nonzero: int, half: int = 60) -> dict[str, float]:
    """Train the largest MLP, prune it at once, go on in six ways, and return each one's
    accuracy; "pruned only" stands before them.

    All six train `half` epochs more.
    """
    net = Network(largest("MLP"), seed)
    optimizer = Adam(RATE)
    saved = {"rewound to the start": state.snapshot(net)}
    train(net, seed, 5, optimizer=optimizer)
    saved["rewound to epoch 5"] = state.snapshot(net)
    train(net, seed, half - 5, optimizer=optimizer)
    share = 1 - nonzero / count(net.model).params
    chosen = masks.whole_network({n: np.abs(v) for n, v in net.params.items()}, share)
    rng = np.random.default_rng(seed)
    shuffled = {
        name: rng.permutation(mask.ravel()).reshape(mask.shape)
        for name, mask in chosen.items()
    }
    saved["fine-tuned"] = saved["distilled"] = state.snapshot(net)
    fresh = state.snapshot(Network(net.model, 1000 + seed))
    saved["mask on new weights"] = saved["random mask"] = fresh
    pruned = state.twin(net)
    masks.apply(pruned.params, chosen)
    found = {"trained": tested(net, seed), "pruned only": tested(pruned, seed)}
    for name in AFTER:
        mask = shuffled if name == "random mask" else chosen
        tuning.rewind(pruned, saved[name], mask)
        train(
            pruned,
            seed,
            half,
            optimizer=tuning.Masked(Adam(RATE), mask),
            teacher=net if name == "distilled" else None,
        )
        found[name] = tested(pruned, seed)
    return found


# --- One layer at a time, one example at a time --------------------------------------

SHARES = (0.25, 0.5, 0.75, 0.875, 0.9375)


def sensitivity(seed: int) -> dict[str, float]:
    """Train the largest CNN, prune one layer by magnitude, and return the accuracy for
    each layer and share; nothing is tuned afterwards.
    """
    net = dense(largest("CNN"), seed, EPOCHS["CNN"])
    found = {"nothing pruned": tested(net, seed)}
    for name in scores.weights(net):
        for share in SHARES:
            other = state.twin(net)
            masks.masked(other, masks.per_layer(scores.magnitude(net), {name: share}))
            found[f"{name} {share}"] = tested(other, seed)
    return found


def gates(seed: int, stay: int) -> dict[str, float]:
    """Train the largest CNN, let the second convolution read only `stay` of eight
    channels, the same for all (static) or each example's strongest (dynamic), and
    return the accuracies before and after fine-tuning.
    """
    half = EPOCHS["CNN"] // 2
    net = dense(largest("CNN"), seed, half)
    strong = {"conv1": _mean_strength(net, seed)}
    share = 1 - stay / len(strong["conv1"])
    static = surgery.shrink(net, structured.strongest(strong, share))
    found = {"trained": tested(net, seed)}
    dynamic.gate(net, "relu1", stay)
    for name, each in (("static", static), ("dynamic", net)):
        found[name] = tested(each, seed)
        train(each, seed, half)
        found[f"{name}, tuned"] = tested(each, seed)
    return found


def _mean_strength(net: Network, seed: int) -> np.ndarray:
    """Return the mean activation of each channel over what the seed learns from."""
    maps = net.activations(split(seed).train_x)["relu1"]
    return np.abs(maps).mean(axis=(0, 2, 3))


# --- Bytes ----------------------------------------------------------------------------


def stored_bytes(net: Network, bits: int = 32) -> int:
    """Return the bytes of a pruned network's values and of what says where they stand,
    each array in the cheaper of two formats.
    """
    return ceil(
        sum(
            sizes.bits_of(value.shape, int(np.count_nonzero(value)), bits)
            for value in net.params.values()
        )
        / 8
    )


def budget(family: str, size: int, bits: int = 32) -> int:
    """Return how many parameters of the largest network may stay so that values and
    indices together take the bytes of `size` dense parameters.

    The values are taken to be spread evenly over the arrays; `fitted` corrects for
    where they really stand.
    """
    shapes = [value.shape for value in Network(largest(family)).params.values()]
    total = sum(int(np.prod(shape)) for shape in shapes)

    def needed(kept: int) -> int:
        return sum(
            sizes.bits_of(shape, round(kept * int(np.prod(shape)) / total), bits)
            for shape in shapes
        )

    fits = [kept for kept in range(1, size) if needed(kept) <= size * bits]
    if not fits:
        raise ValueError(
            f"no sparse {family} fits into {size} dense parameters of {bits} bits"
        )
    return fits[-1]


def fitted(family: str, size: int, bits: int) -> int:
    """Return the budget, corrected three times by what the network of seed 0 comes to
    when it is pruned to it.
    """
    kept = budget(family, size, bits)
    for _ in range(3):
        net = gradual(largest(family), 0, EPOCHS[family], nonzero=kept)
        spare = size * bits // 8 - stored_bytes(net, bits)
        kept += round(8 * spare / (bits + 4))
    return kept


def rounded(net: Network, bits: int = 8) -> Network:
    """Return the network with each array rounded to 2^bits - 1 even steps around
    zero.
    """
    other = state.twin(net)
    for value in other.params.values():
        step = np.abs(value).max() / (2 ** (bits - 1) - 1) or 1.0
        value[...] = np.round(value / step) * step
    return other
