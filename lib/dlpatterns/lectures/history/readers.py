"""The processes that read a digit: trained, scored over five splits, and tallied while
they run; and a rival that reads without a single MAC.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from ... import counting, datasets, graph, layers, show, tracing
from ...train import data, loop, network, optimisers, small
from .cliff import START, best, learn
from .digits import SIZES, WATCHED, by_rules, features, prepared
from .neurons import CORNERS, GATES, fires, perceptron
from .rules import traced_animals
from .together import read_together

Networks = dict[str, network.Network]
KINDS = ("look-ups", "comparisons", "multiplications", "memory accesses")
SEEDS = range(5)
TREES = 100  # of a forest


@dataclass(frozen=True)
class Process:
    """A network, what it is given of an image, and for how many epochs it learns."""

    model: graph.Model
    prepare: Callable[[np.ndarray], np.ndarray]
    epochs: int


def linear_model(inputs: int, name: str) -> graph.Model:
    """Return ten weighted sums of so many inputs, one for each digit."""
    build = graph.Builder(name, (inputs,))
    return build.model(build(layers.Linear(10), build.input, name="output"))


def flat(images: np.ndarray) -> np.ndarray:
    """Return the pixels as one row an image."""
    return images.reshape(len(images), -1)


PROCESSES = {
    "features + linear": Process(
        linear_model(len(SIZES), "features + linear"), prepared, 120
    ),
    "pixels + linear": Process(linear_model(64, "pixels + linear"), flat, 120),
    "MLP": Process(small.mlp((32,)), np.asarray, 80),
    "CNN": Process(small.cnn(), np.asarray, 24),
}
NAMES = ("rules", *PROCESSES)


def trained(
    process: Process, seed: int, *, longer: float = 1, rate: float = 0.005
) -> tuple[network.Network, float]:
    """Train a process on one split and return the network and its held-out accuracy."""
    split, net = data.digits(seed=seed), network.Network(process.model, seed=seed)
    x, optimizer = process.prepare(split.train_x), optimisers.Adam(rate)
    epochs = round(longer * process.epochs)
    loop.fit(
        net, x, split.train_y, epochs=epochs, batch=32, optimizer=optimizer, seed=seed
    )
    return net, loop.accuracy(net, process.prepare(split.test_x), split.test_y)


def read_digits(seed: int) -> tuple[Networks, dict[str, float]]:
    """Train all processes on one split; return the networks, and the held-out accuracy
    of each process.
    """
    nets, right = {}, {"rules": rules_right(seed)}
    for name, process in PROCESSES.items():
        nets[name], right[name] = trained(process, seed)
    return nets, right


def rules_right(seed: int) -> float:
    """Return the share of the held-out digits of a split that the rules read right."""
    split = data.digits(seed=seed)
    return float(np.mean(read_together(split.test_x) == split.test_y))


def stored_scores(variant: str = "as in the lecture") -> list[dict[str, float]]:
    """Return the held-out accuracies of all processes and rivals for each split, as the
    experiment stored them.
    """
    found = datasets.measurement("history_readers")["variants"][variant]
    found = {"rules": [rules_right(seed) for seed in SEEDS]} | found
    return [{name: right[seed] for name, right in found.items()} for seed in SEEDS]


# --- What the machine has to do -------------------------------------------------------


def work(t: tracing.Tally) -> dict[str, float]:
    """Return what a tally saw of each of the `KINDS`.

    A memory access is a value read from or written to an array or a table; where a
    program has neither, a search of its facts.
    """
    accesses = t.memory_bytes // t.value_bytes or t.lookups
    counts = (t.lookups, t.comparisons, t.multiplications, accesses)
    return dict(zip(KINDS, counts, strict=True))


def traced_network(net: network.Network, x: np.ndarray) -> tracing.Tally:
    """Run a network on traced numbers, up to the choice of the largest output, and
    return the tally.
    """
    with tracing.tally() as t:
        x = tracing.trace(x, "input")
        for layer in net.model.layers:
            params = {
                name: tracing.trace(value, "weights")
                for name, value in net.layer_params(layer.name).items()
            }
            x = net.modules[layer.name].forward(params, x, training=False)
        x.argmax()
    return t


def toy_rows(q: dict, xor: network.Network) -> list[dict]:
    """Return one row for each of the small programs: what one decision takes."""
    animals = [work(t) for t in traced_animals().values()]
    mean = {kind: float(np.mean([row[kind] for row in animals])) for kind in KINDS}
    table, last = tracing.Table("Q", q), perceptron(GATES["AND"])[-1]
    with tracing.tally() as decide:
        best(table, START)
    with tracing.tally() as correct:
        learn(table, START, "up")
    with tracing.tally() as neuron:
        weight = tracing.trace(np.array(last.weight), "weights")
        x = tracing.trace(CORNERS[3], "input")
        fires(weight, tracing.Value(last.bias), x)
    tallies = {
        "Q-learning, decides": decide,
        "Q-learning, learns a step": correct,
        "perceptron (AND)": neuron,
        "MLP with 4 hidden (XOR)": traced_network(xor, CORNERS[3:]),
    }
    rows = {"rule engine (an animal)": mean}
    rows |= {name: work(t) for name, t in tallies.items()}
    return [{"program": name} | row for name, row in rows.items()]


def traced_process(name: str, image: np.ndarray, nets: Networks) -> tracing.Tally:
    """Return the tally of reading one digit by the process of that name."""
    with tracing.tally() as t:
        if name == "rules":
            by_rules(tracing.trace(image[0], "image"), WATCHED)
        elif name == "features + linear":
            found = features(tracing.trace(image[0], "image"), WATCHED)
            found = [float(tracing.plain(value)) for value in found]
            traced_network(nets[name], np.array([found]) / SIZES)
        else:
            traced_network(nets[name], PROCESSES[name].prepare(image[None]))
    return t


def process_tallies(nets: Networks, digits: int = 20) -> dict[str, list[tracing.Tally]]:
    """Return the tallies of the first held-out digits for each process; the CNN, whose
    every digit takes the same, reads three.
    """
    images = data.digits(seed=0).test_x
    return {
        name: [
            traced_process(name, image, nets)
            for image in images[: 3 if name == "CNN" else digits]
        ]
        for name in NAMES
    }


def operations(tallies: list[tracing.Tally]) -> list[int]:
    """Return how many operations the tallied digits took, each number once, in
    order.
    """
    return sorted({t.macs + sum(t.other.values()) for t in tallies})


def process_rows(tallies: dict, scores: list[dict[str, float]]) -> list[dict]:
    """Return one row for each process: accuracy over the splits, parameters, and the
    mean work of a digit.
    """
    return [_process_row(name, tallies[name], scores) for name in NAMES]


def _process_row(name: str, tallies: list, scores: list[dict[str, float]]) -> dict:
    found = [work(t) for t in tallies]
    means = {
        kind: round(float(np.mean([row[kind] for row in found]))) for kind in KINDS
    }
    operations = np.mean([t.macs + sum(t.other.values()) for t in tallies])
    share = np.mean([t.macs for t in tallies]) / operations
    params = counting.count(PROCESSES[name].model).params if name in PROCESSES else 0
    return {
        "process": name,
        "right, %": plus_minus([score[name] for score in scores]),
        "params": params,
        **means,
        "MACs of operations": show.percent(share, 0),
    }


def plus_minus(shares: list[float]) -> str:
    """Return mean and standard deviation of shares, in percent.

    >>> plus_minus([0.97, 0.99])
    '98.0 ± 1.4'
    """
    right = 100 * np.array(shares)
    return f"{right.mean():.1f} ± {right.std(ddof=1):.1f}"


def gap_of_features(scores: list[dict[str, float]]) -> np.ndarray:
    """Return by how many points bare pixels beat hand-made features, for each split."""
    gaps = [score["pixels + linear"] - score["features + linear"] for score in scores]
    return 100 * np.array(gaps)


# --- Rivals ---------------------------------------------------------------------------


def forest(
    seed: int, trees: int = TREES, *, sought: bool = False
) -> tuple[float, float, int]:
    """Let a forest learn its own rules from bare pixels; return its held-out accuracy,
    the questions it asks of a digit, and its nodes.

    Its bounds are drawn at random, or sought on a resampled set. Sources: Geurts, Ernst
    and Wehenkel 2006; Breiman 2001; both as in scikit-learn. A node compares one pixel
    with a bound.
    """
    split = data.digits(seed=seed)
    kind = RandomForestClassifier if sought else ExtraTreesClassifier
    model = kind(trees, random_state=seed)
    model.fit(flat(split.train_x), split.train_y)
    images = flat(split.test_x)
    visited = model.decision_path(images)[0].sum() / len(images)
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    right = float(np.mean(model.predict(images) == split.test_y))
    return right, float(visited) - trees, nodes


def forest_row(found: list[tuple[float, float, int]], name: str) -> dict:
    """Return a forest's row beside those of the processes.

    A question makes four accesses: a node's pixel number and bound, the pixel, and the
    next node. A vote makes three: the leaf's digit, its count read, its count written.
    The choice among ten counts reads each and makes nine comparisons. A question is
    kept as three numbers, a leaf as one.
    """
    right, questions, nodes = zip(*found, strict=True)
    asked, leaves = round(np.mean(questions)), (np.mean(nodes) + TREES) / 2
    counts = (0, asked + 9, 0, 4 * asked + 3 * TREES + 10)
    return {
        "process": name,
        "right, %": plus_minus(list(right)),
        "params": round(3 * (leaves - TREES) + leaves),
        **dict(zip(KINDS, counts, strict=True)),
        "MACs of operations": show.percent(0, 0),
    }
