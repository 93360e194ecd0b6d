"""Does it help to share weights? Networks trained on the digits, to the end and by many
seeds; and what their units are needed for.

`run_of` reads what `benchmarks/experiments/sharing.py` stored; `curve` runs one seed of
it, here and there alike.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from ... import datasets
from ...counting import count
from ...graph import Model
from ...train import data, loop, optimisers, seeing, small, timing
from ...train.network import Network

EXAMPLES, HELD_OUT = 1347, 450  # digits to learn from and to judge by, every split
BATCH, RATE = 32, 0.005
NEEDED_T = 2.26  # two-sided, one case in twenty, nine degrees of freedom
COLUMNS = ("CNN, %", "MLP, %", "difference", "CNN ahead", "p")
MODELS = {
    "CNN 8-16": small.cnn((8, 16)),
    "CNN 4-8": small.cnn((4, 8)),
    "MLP 50": small.mlp((50,)),
    "MLP 22": small.mlp((22,)),
    "MLP 1093": small.mlp((1093,)),
}


def curve(
    model: Model,
    seed: int,
    epochs: Sequence[int],
    *,
    rate: float = RATE,
    shuffled: bool = False,
) -> list[int]:
    """Train on the split of that seed and return how many of its 450 held-out digits
    are right after each of the `epochs`.

    `shuffled` gives the 64 pixels of every digit new places, the same for all digits.
    """
    split = data.digits(seed=seed)
    place = np.random.default_rng(0).permutation(64) if shuffled else np.arange(64)
    train, test = (
        x.reshape(-1, 64)[:, place].reshape(x.shape)
        for x in (split.train_x, split.test_x)
    )
    seen = loop.fit(
        Network(model, seed=seed),
        train,
        split.train_y,
        epochs=max(epochs),
        batch=BATCH,
        optimizer=optimisers.Adam(rate),
        seed=seed,
        validation=(test, split.test_y),
    ).validation_accuracy
    return [round(len(test) * seen[epoch - 1]) for epoch in epochs]


# --- What the stored runs say


def run_of(network: str, *, rate: float = RATE, shuffled: bool = False) -> dict:
    """Return the stored run of a network, its accuracies in per cent, a row a seed and
    a column for each of its `epochs`.

    Raises: ValueError that lists the runs there are.
    """
    stored = datasets.measurement("sharing")
    key = (network, rate, shuffled)
    runs = {(r["network"], r["rate"], r["shuffled"]): r for r in stored["rows"]}
    if key not in runs:
        raise ValueError(f"there is no run {key}; there are: {list(runs)}")
    return runs[key] | {"percent": 100 * np.array(runs[key]["right"]) / HELD_OUT}


def reached(network: str, epochs: int | None = None, **how: object) -> np.ndarray:
    """Return the accuracies in per cent after so many epochs, or at the end of the
    run, one a seed.
    """
    run = run_of(network, **how)
    column = -1 if epochs is None else run["epochs"].index(epochs)
    return run["percent"][:, column]


def sign_flip_test(differences: Sequence[float]) -> float:
    """Return how often chance alone makes a mean difference as large: the share of all
    ways to flip the signs whose mean is at least as far from zero.

    Ten pairs have 1,024 ways, so that the smallest answer is 2 / 1024.

    >>> sign_flip_test([1, 2, 3])
    0.25
    """
    differences = np.asarray(differences, dtype=float)
    signs = np.array(list(product((1, -1), repeat=len(differences))))
    means = np.abs((signs * differences).mean(axis=1))
    return float(np.mean(means >= abs(differences.mean()) - 1e-9))


def t_values(differences: Sequence[float]) -> tuple[float, float]:
    """Return t of a mean difference, as if the splits shared nothing, and corrected for
    the digits that they share.

    Source: Nadeau and Bengio 2003: the variance of the mean is (1 / n + held out /
    learned from) times that of the differences.
    """
    differences = np.asarray(differences, dtype=float)
    mean, spread = differences.mean(), differences.std(ddof=1)
    alone = 1 / len(differences)
    plain, shared = (
        mean / (spread * factor**0.5) for factor in (alone, alone + HELD_OUT / EXAMPLES)
    )
    return float(plain), float(shared)


def training_macs(network: str) -> int:
    """Return the MACs of a network's longest run at the usual rate, backward passes
    included: forward again for the weights, and again for the inputs of all layers but
    the first.
    """
    layers = [each.macs for each in count(MODELS[network]).layers if each.macs]
    return (3 * sum(layers) - layers[0]) * EXAMPLES * run_of(network)["epochs"][-1]


def duel(label: str, first: np.ndarray, second: np.ndarray) -> dict:
    """Return a row of a comparison seed by seed: both means, their difference with its
    standard deviation, how often the first is ahead, and the sign-flip test.
    """
    ahead = np.round(first - second, 9)
    return {
        "compared": label,
        "CNN, %": round(first.mean(), 1),
        "MLP, %": round(second.mean(), 1),
        "difference": f"{ahead.mean():+.1f} ± {ahead.std(ddof=1):.1f}".replace(
            "-", "−"
        ),
        "CNN ahead": f"{(ahead > 0).sum()} of {len(ahead)}",
        "p": round(sign_flip_test(ahead), 3),
        "points": round(ahead.mean(), 2),
    }


def duels() -> list[dict]:
    """Return every comparison of the study, the base first."""
    cnn, mlp = "CNN 8-16", "MLP 50"
    return [
        duel("to the end", reached(cnn), reached(mlp)),
        duel("CNN stopped at 8 epochs", reached(cnn, 8), reached(mlp)),
        duel("equal MACs an answer", reached(cnn), reached("MLP 1093")),
        duel("half the rate", reached(cnn, rate=0.0025), reached(mlp, rate=0.0025)),
        duel("twice the rate", reached(cnn, rate=0.01), reached(mlp, rate=0.01)),
        duel("half the width", reached("CNN 4-8"), reached("MLP 22")),
        duel("shuffled", reached(cnn, shuffled=True), reached(mlp, shuffled=True)),
    ]


# --- Networks that run in the lecture


def perceptron(hidden: tuple[int, ...]) -> Network:
    """Return an untrained perceptron for the digits, seed 0."""
    return Network(small.mlp(hidden), seed=0)


def some_digits(count: int) -> np.ndarray:
    """Return the first held-out digits of the split 0. Shapes: float64 count 1 8 8."""
    return data.digits().test_x[:count].astype(float)


def zeros(net: Network, split: data.Split) -> dict[str, float]:
    """Return the share of exact zeros behind each ReLU, over all held-out digits."""
    seen = net.activations(split.test_x)
    return {name: float((seen[name] == 0).mean()) for name in ("relu1", "relu2")}


def time_by_kind(model: Model) -> str:
    """Run one image through the model in float32, and return the time and each kind of
    layer's share of it, the shortest of three.
    """
    net = Network(model, dtype=np.float32)
    image = np.random.default_rng(0).random((1, *model.input_shape))
    times = timing.layer_times(net, image, repeats=3)
    spent = dict.fromkeys((each.kind for each in times), 0.0)
    for each in times:
        spent[each.kind] += each.seconds
    whole = sum(spent.values())
    parts = sorted(spent.items(), key=lambda part: -part[1])[:3]
    shares = ", ".join(f"{kind} {100 * took / whole:.1f} %" for kind, took in parts)
    return f"{1e3 * whole:.0f} ms: {shares}"


# --- What a unit is needed for


def trained(seed: int, epochs: int = 8) -> tuple[Network, data.Split]:
    """Train the small CNN as `curve` does and return it with its split of the
    digits.
    """
    split, net = data.digits(seed=seed), Network(MODELS["CNN 8-16"], seed=seed)
    adam = optimisers.Adam(RATE)
    x, y = split.train_x, split.train_y
    loop.fit(net, x, y, epochs=epochs, batch=BATCH, optimizer=adam, seed=seed)
    return net, split


def silence(net: Network, split: data.Split, unit: int) -> tuple[int, np.ndarray]:
    """Return the digit that a unit of the second layer likes best (the most frequent of
    the 20 that excite it most), and by how many points each digit's accuracy falls
    without the unit.
    """
    best = seeing.favourites(net, split.test_x, "conv2", unit, top=20)
    liked = int(np.bincount(split.test_y[best], minlength=data.CLASSES).argmax())
    fall = seeing.silenced(net, split.test_x, split.test_y, "conv2", unit)
    return liked, 100 * fall


def silencing(net: Network, split: data.Split) -> list[dict]:
    """Silence every unit of the second layer, and return what it costs its favourite,
    and what it costs the other digits on average and at most, in points.
    """
    rows = []
    for unit in range(net.model["conv2"].output_shape[0]):
        liked, fall = silence(net, split, unit)
        rest = np.round(np.delete(fall, liked), 9)
        own = round(fall[liked], 9)
        rows.append({"own": own, "rest": rest.mean(), "worst": rest.max()})
    return rows


def suffering(rows: Sequence[dict]) -> dict:
    """Return how many units cost their favourite more than the others on average, and
    more than each of them; and both costs in points, the mean of the units.
    """
    own, rest, worst = (
        np.array([row[key] for row in rows]) for key in ("own", "rest", "worst")
    )
    return {
        "units": len(rows),
        "more than the rest": int((own > rest).sum()),
        "most of all": int((own > worst).sum()),
        "own": round(float(own.mean()), 2),
        "rest": round(float(rest.mean()), 2),
    }


def stored_silencing() -> list[dict]:
    """Return the stored study, a row for each number of epochs: units are summed over
    the seeds, points are their mean.
    """
    rows = datasets.measurement("silencing")["rows"]
    return [
        {
            "epochs": row["epochs"],
            **{k: sum(row[k]) for k in ("units", "more than the rest", "most of all")},
            **{k: float(np.mean(row[k])) for k in ("own", "rest")},
        }
        for row in rows
    ]
