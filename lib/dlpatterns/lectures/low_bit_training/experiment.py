"""Every way to train with few bits, one seed at a time: a perceptron and a
convolutional network on the digits, the same examples, epochs and batches for all.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from ...graph import Builder, Model
from ...layers import Activation, BatchNorm2d, Conv2d, Flatten, Linear
from ...quantize import low_bit
from ...quantize.learner import Keeping, LowBit, Recipe
from ...quantize.observers import fit_least_error
from ...train import data, loop
from ...train.optimisers import SGD, Adam

EPOCHS, BATCH, WIDTH = 30, 64, (64, 32)
RATES = {
    "adam": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
    "sgd": (3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0),
}
SCAN_SEEDS, NEAR = (100, 101, 102), 0.02


@dataclass(frozen=True)
class Way:
    """A recipe with the optimiser it is trained by, the rate of AdderNet's rule, and
    the spread that the adders' weights start with if it isn't that of products.
    """

    recipe: Recipe = field(default_factory=Recipe)
    optimiser: str = "adam"
    eta: float | None = None
    start: float | None = None


A8 = low_bit.Steps(8, signed=False)
SIGNS, SCALED = low_bit.Signs(), low_bit.Signs(scaled=True)
HARD, W8 = low_bit.SignsHardTanh(), low_bit.Steps(8)


def _way(weights: low_bit.Full, activations: low_bit.Full = A8, **more) -> Way:
    return Way(Recipe(weights=weights, activations=activations, **more))


def _uniform(bits: int, **more) -> Way:
    return _way(low_bit.Steps(bits), low_bit.Steps(bits, signed=False), **more)


_GRADIENTS = Recipe(weights=W8, activations=A8, gradient_bits=8)
_STORED = replace(_GRADIENTS, weights=low_bit.Full(), stored=low_bit.Grid(8, 7))
_CHANCE = {"gradient_rounding": "stochastic", "stored_rounding": "stochastic"}
_ADDER, _STEP = Recipe(adder=True), low_bit.Grid(8, 5)
WAYS = {
    "float": Way(),
    "W8 A8": _uniform(8),
    "W4 A4": _uniform(4),
    "W3 A3": _uniform(3),
    "W2 A2": _uniform(2),
    "W2 A2, ends W8": _uniform(2, ends=W8),
    "8-bit gradients, nearest": Way(_GRADIENTS),
    "8-bit gradients, stochastic": Way(replace(_GRADIENTS, **_CHANCE)),
    "8-bit store, nearest": Way(_STORED),
    "8-bit store, stochastic": Way(replace(_STORED, **_CHANCE)),
    "binary weights": _way(SIGNS),
    "binary weights, scaled": _way(SCALED),
    "binary weights, 8-bit latents": _way(
        SCALED, stored=low_bit.Grid(8, 7), stored_rounding="stochastic"
    ),
    "binary activations": _way(W8, HARD),
    "binary both": _way(SIGNS, HARD),
    "XNOR-Net": _way(SCALED, HARD),
    "XNOR-Net, ends W8": _way(SCALED, HARD, ends=W8),
    "ternary weights": _way(low_bit.Ternary()),
    "shift weights": _way(low_bit.Shifts(4)),
    "AdderNet": Way(_ADDER),
    "AdderNet, 8 bits": Way(replace(_ADDER, weights=_STEP, activations=_STEP)),
    "float, SGD": Way(optimiser="sgd"),
    "AdderNet, SGD": Way(_ADDER, "sgd"),
    "AdderNet, SGD, wide start": Way(_ADDER, "sgd", start=1.0),
    "AdderNet, SGD, own rate": Way(_ADDER, "sgd", 0.1),
}
IN_CNN = (
    "float", "W4 A4", "W2 A2", "binary weights, scaled", "binary activations",
    "XNOR-Net", "ternary weights", "shift weights",
)  # fmt: skip
TIMED = (
    "float", "W4 A4", "binary weights, scaled", "binary activations", "XNOR-Net"
)  # fmt: skip
LONGER = (*IN_CNN, "8-bit store, stochastic", "AdderNet, 8 bits")


def perceptron(hidden: tuple[int, ...] = WIDTH) -> Model:
    """Return a perceptron with batch norm, on 64 channels of one pixel each: a full
    connection there is a 1 x 1 convolution.
    """
    net = Builder(f"MLP {'-'.join(map(str, hidden))}", (64, 1, 1))
    x = net.input
    for i, units in enumerate(hidden, start=1):
        x = net.chain(
            x,
            Conv2d(units, 1, bias=False),
            BatchNorm2d(),
            Activation("relu"),
            names=(f"hidden{i}", f"norm{i}", f"act{i}"),
        )
    return net.model(net.chain(x, Flatten(), Linear(10), names=("flat", "output")))


def convolutional(channels: tuple[int, int] = (8, 16)) -> Model:
    """Return two 3 x 3 convolutions with batch norm, the second with stride two."""
    net = Builder(f"CNN {channels[0]}-{channels[1]}", (1, 8, 8))
    x = net.input
    for i, (units, stride) in enumerate(zip(channels, (1, 2), strict=True), start=1):
        x = net.chain(
            x,
            Conv2d(units, 3, padding=1, stride=stride, bias=False),
            BatchNorm2d(),
            Activation("relu"),
            names=(f"conv{i}", f"norm{i}", f"act{i}"),
        )
    return net.model(net.chain(x, Flatten(), Linear(10), names=("flat", "output")))


NETWORKS = {"MLP": perceptron, "CNN": convolutional}


def optimiser_of(way: Way, rate: float, net: LowBit) -> Keeping:
    """Return the optimiser of a way, with the grid and the clipping behind it."""
    inner = Adam(rate) if way.optimiser == "adam" else SGD(rate, 0.9)
    return Keeping(inner, net, eta=way.eta)


def trained(
    way: Way,
    model: Model,
    digits: data.Split,
    *,
    rate: float,
    seed: int,
    epochs: int = EPOCHS,
    every: int = 0,
    tail: bool = False,
) -> tuple[LowBit, list[float]]:
    """Return a network trained by a way, the rate falling along a cosine to zero, and
    its test accuracy after each `every` epochs.

    Images that would make a last batch of less than a quarter are left out, unless
    `tail` keeps them: batch norm finds no statistics in three images.
    """
    net, digits = LowBit(model, way.recipe, seed), shaped(digits, model)
    rest = 0 if tail else len(digits.train_x) % BATCH
    kept = len(digits.train_x) - (rest if rest < BATCH / 4 else 0)
    if way.start is not None:
        _spread(net, way.start, seed)
    optimiser, curve = optimiser_of(way, rate, net), []
    for epoch in range(epochs):
        optimiser.lr = rate * (1 + np.cos(np.pi * epoch / epochs)) / 2
        loop.fit(
            net, digits.train_x[:kept], digits.train_y[:kept], epochs=1,
            batch=BATCH, optimizer=optimiser, seed=seed * 1000 + epoch,
        )  # fmt: skip
        if every and (epoch + 1) % every == 0:
            curve.append(share(net, digits))
    return net, curve


def _spread(net: LowBit, start: float, seed: int) -> None:
    """Draw all weights but the last layer's anew, as the authors of AdderNet do."""
    rng = np.random.default_rng((seed, 78))
    for name in list(net.rules)[:-1]:
        net.params[name][...] = rng.normal(0, start, net.params[name].shape)


def share(net: LowBit, digits: data.Split) -> float:
    """Return the share of test images that are classified right."""
    digits = shaped(digits, net.model)
    return loop.accuracy(net, digits.test_x, digits.test_y)


def shaped(digits: data.Split, model: Model) -> data.Split:
    """Return the digits in the shape that a network takes: maps, or channels."""
    maps = (digits.train_x, digits.test_x)
    train_x, test_x = (x.reshape(-1, *model.input_shape) for x in maps)
    return digits._replace(train_x=train_x, test_x=test_x)


@cache
def validation(seed: int) -> data.Split:
    """Return the training part of a seed's split, split once more: three quarters to
    learn from, one to choose by.
    """
    whole = data.digits(seed=seed)
    order = np.random.default_rng(seed).permutation(len(whole.train_x))
    cut = len(order) // 4
    held, kept = order[:cut], order[cut:]
    return data.Split(
        whole.train_x[kept], whole.train_y[kept],
        whole.train_x[held], whole.train_y[held],
    )  # fmt: skip


def scanned(name: str, network: str) -> dict[float, float]:
    """Return the validation accuracy at each rate: the mean of three seeds where the
    first comes near the best of the first, else of the first alone.

    A run that fails counts zero.
    """
    first, *others = SCAN_SEEDS
    rates = RATES[WAYS[as_rival(name).way].optimiser]
    found = {rate: tried(name, network, rate, first) for rate in rates}
    limit = max(found.values()) - NEAR
    for rate, one in found.items():
        if one >= limit:
            more = [tried(name, network, rate, seed) for seed in others]
            found[rate] = float(np.mean([one, *more]))
    return found


def tried(name: str, network: str, rate: float, seed: int) -> float:
    """Return the validation accuracy of a way, or of a rival, at a rate; zero if its
    loss runs away.
    """
    digits, how = validation(seed), as_rival(name)
    model = perceptron(how.hidden) if network == "MLP" else NETWORKS[network]()
    try:
        net, _ = trained(WAYS[how.way], model, digits, rate=rate, seed=seed)
        return share(net, digits)
    except ValueError:
        return 0.0


def best(found: dict[float, float]) -> float:
    """Return the rate with the highest validation accuracy, the smaller of equals."""
    return max(sorted(found), key=lambda rate: found[rate])


@dataclass(frozen=True)
class Rival:
    """A way in another width, with more epochs, or with a last batch of three."""

    way: str
    hidden: tuple[int, ...] = WIDTH
    longer: int = 1
    tail: bool = False


RIVALS = {
    "float, narrow": Rival("float", (9, 5)),
    "W8 A8, narrow": Rival("W8 A8", (16, 10)),
    "W4 A4, narrow": Rival("W4 A4", (27, 18)),
    "W2 A2, narrow": Rival("W2 A2", (46, 25)),
    "float, no hidden layer": Rival("float", ()),
    "W4 A4, no hidden layer": Rival("W4 A4", ()),
    "W4 A4, half": Rival("W4 A4", (39, 20)),
    "XNOR-Net, wide": Rival("XNOR-Net", (256, 128)),
    "float, tail": Rival("float", tail=True),
    "binary weights, scaled, tail": Rival("binary weights, scaled", tail=True),
    "XNOR-Net, tail": Rival("XNOR-Net", tail=True),
} | {f"{way}, long": Rival(way, longer=4) for way in LONGER}
OF_OTHER_WIDTH = tuple(name for name, how in RIVALS.items() if how.hidden != WIDTH)


def as_rival(name: str) -> Rival:
    """Return what a name of a way or of a rival stands for."""
    return RIVALS[name] if name in RIVALS else Rival(name)


def rival(name: str, seed: int, rates: dict[str, float]) -> float:
    """Return the test accuracy of a rival: of another width at its own rate, of the
    same width at the rate of its way.
    """
    how, digits = RIVALS[name], data.digits(seed=seed)
    net, _ = trained(
        WAYS[how.way], perceptron(how.hidden), digits,
        rate=rates.get(name, rates[how.way]), seed=seed,
        epochs=how.longer * EPOCHS,
        tail=how.tail,
    )  # fmt: skip
    return share(net, digits)


def of_seed(name: str, network: str, seed: int, rate: float) -> dict:
    """Return the final test accuracy of a way, and that after every tenth of the
    epochs.
    """
    digits = data.digits(seed=seed)
    net, curve = trained(
        WAYS[name], NETWORKS[network](), digits, rate=rate, seed=seed,
        every=EPOCHS // 10,
    )  # fmt: skip
    row = {"accuracy": curve[-1], "curve": [round(value, 4) for value in curve]}
    if name == "float":
        row["not trained"] = untrained(net, digits)
    return row


UNTRAINED = {
    "4 bits": low_bit.Steps(4),
    "2 bits": low_bit.Steps(2),
    "signs, scaled": SCALED,
    "ternary": low_bit.Ternary(),
    "shifts": low_bit.Shifts(4),
}


def untrained(net: LowBit, digits: data.Split) -> dict[str, float]:
    """Return the test accuracies of a float network whose weights are rounded after
    training, its statistics of batch norm as they were.
    """
    found = {}
    for name, rule in UNTRAINED.items():
        rounded = LowBit(net.model, Recipe(weights=rule))
        for key, value in net.params.items():
            rounded.params[key][...] = value
        for layer in net.model.layers:
            if layer.kind == "BatchNorm2d":
                for what in ("mean", "variance"):
                    value = getattr(net.modules[layer.name], what)
                    setattr(rounded.modules[layer.name], what, value)
        for key, each in rounded.rules.items():
            if isinstance(each, low_bit.Steps):
                step = fit_least_error(net.params[key], each.scheme, axis=None).scale
                rounded.params[f"{key} step"][...] = step
        found[name] = share(rounded, digits)
    return found
