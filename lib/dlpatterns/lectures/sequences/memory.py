"""The study of memory: four networks, two tasks, trained until they have it or no
longer improve.

`content` asks which of 24 symbols was marked, `order` which of twelve stood so many
places before the end. The networks of one task do nearly the same MACs a sequence and
may take the same number of updates, each on 64 sequences never seen before, in
float32.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from itertools import product
from math import comb

import numpy as np

from ... import datasets
from ...counting import count
from ...graph import Model
from ...train import loop, network, optimisers
from ...train.recall import SYMBOLS, look_back, recall, recaller

BATCH, CHUNK = 64, 500  # sequences an update, updates a point of the curve
TESTS = 300  # held-out sequences a distance
SOLVED, STILL, FEWEST, WINDOW = 0.01, 0.98, 5000, 4
SEEDS = range(5)


@dataclass(frozen=True)
class Task:
    """A way to draw sequences, how long they are, and how many updates may be taken."""

    make: Callable[..., tuple[np.ndarray, np.ndarray]]
    steps: int
    tokens: int
    vocabulary: int
    updates: int
    distances: tuple[int, ...]


TASKS = {
    "order": Task(look_back, 12, 13, SYMBOLS + 12, 12_000, tuple(range(12))),
    "content": Task(
        recall, 24, 24, 2 * SYMBOLS, 8000, (0, 1, 2, 4, 6, 8, 12, 16, 20, 23)
    ),
}
KIND = {
    "RNN": "rnn",
    "LSTM": "lstm",
    "attention": "attention",
    "attention, positions": "attention",
}
WIDTH = {  # units, or features of attention: nearly equal MACs a sequence
    "content": {"RNN": 72, "LSTM": 32, "attention": 34, "attention, positions": 34},
    "order": {"RNN": 72, "LSTM": 32, "attention": 36, "attention, positions": 36},
}
RATE = {"RNN": 0.001, "LSTM": 0.005, "attention": 0.005, "attention, positions": 0.005}


@dataclass(frozen=True)
class Arm:
    """One network on one task, with its width and its learning rate as multiples of the
    usual ones, and how often the usual updates it may take.
    """

    task: str
    network: str
    width: float = 1
    rate: float = 1
    longer: int = 1

    @property
    def units(self) -> int:
        """Its units, or features."""
        return round(self.width * WIDTH[self.task][self.network])

    def model(self) -> Model:
        """Return the network as it is counted and trained."""
        task, recurrent = TASKS[self.task], KIND[self.network] != "attention"
        sizes = {"features": 16, "hidden": self.units} if recurrent else {}
        return recaller(
            KIND[self.network],
            task.tokens,
            vocabulary=task.vocabulary,
            positions="positions" in self.network,
            **(sizes or {"features": self.units}),
        )


def arms() -> list[tuple[Arm, range]]:
    """Return every arm of the study with its seeds: the usual ones, then the LSTM on
    `order` at another rate, at another width, and for twice as long.
    """
    usual = [Arm(task, name) for task in TASKS for name in RATE]
    changes = ({"rate": 0.5}, {"rate": 2}, {"width": 2}, {"longer": 2})
    rivals = [replace(Arm("order", "LSTM"), **change) for change in changes]
    return [(arm, SEEDS) for arm in usual] + [(arm, range(1)) for arm in rivals]


def run_arm(arm: Arm, seed: int, *, updates: int | None = None) -> dict:
    """Train one network until it has the task, stands still, or has used up its
    updates; return its curve.

    It has the task when the mean loss of 500 updates is below 0.01. It stands still
    when, after 5,000 updates or more, the best such mean of the last quarter (of the
    last 2,000 updates at least) is no lower than 0.98 of the best before. Each point of
    the curve: updates, mean loss, % right at every distance.
    """
    task = TASKS[arm.task]
    net = network.Network(arm.model(), seed=seed, dtype=np.float32)
    adam, curve = optimisers.Adam(RATE[arm.network] * arm.rate), []
    tests = _tests(arm.task)
    limit = updates or task.updates * arm.longer
    while _goes_on(curve, limit):
        part = len(curve)
        x, y = task.make(CHUNK * BATCH, task.steps, seed=(seed, part))
        run = loop.fit(
            net, x, y, epochs=1, batch=BATCH, optimizer=adam, seed=100 * seed + part
        )
        right = [round(100 * loop.accuracy(net, *test), 1) for test in tests]
        curve.append([CHUNK * (part + 1), round(run.loss[-1], 4), right])
    return {"seed": seed, "ended": ending(curve, limit), "curve": curve}


@cache
def _tests(task: str) -> list[tuple[np.ndarray, np.ndarray]]:
    make = partial(TASKS[task].make, TESTS, TASKS[task].steps, seed=99)
    return [make(distance=distance) for distance in TASKS[task].distances]


def _goes_on(curve: list, limit: int) -> bool:
    return not curve or not ending(curve, limit)


def ending(curve: list, limit: int) -> str:
    """Return why a run with this curve ends: "solved", "still" or "limit"; "" if it
    goes on.
    """
    updates, losses = curve[-1][0], [loss for _, loss, _ in curve]
    quarter = max(WINDOW, len(losses) // 4)
    if losses[-1] < SOLVED:
        return "solved"
    if updates >= FEWEST and min(losses[-quarter:]) > STILL * min(losses[:-quarter]):
        return "still"
    return "limit" if updates >= limit else ""


# --- What is stored -------------------------------------------------------------------


@cache
def stored() -> dict[Arm, list[dict]]:
    """Return the runs of `benchmarks/experiments/sequence_memory.py`, by arm."""
    found: dict[Arm, list[dict]] = {}
    names = [field.name for field in fields(Arm)]
    for run in datasets.measurement("sequence_memory")["runs"]:
        found.setdefault(Arm(**{name: run[name] for name in names}), []).append(run)
    return found


def accuracy(arm: Arm, updates: int | None = None) -> np.ndarray:
    """Return the % right of each seed at each distance after so many updates, or at the
    end; a run that has ended stays where it ended. Shapes: seeds, distances.
    """
    return np.array([_point(run["curve"], updates)[2] for run in stored()[arm]])


def _point(curve: list, updates: int | None) -> list:
    before = [point for point in curve if updates is None or point[0] <= updates]
    return before[-1] if before else curve[0]


def results() -> list[dict]:
    """Return a row for each task and network: MACs a sequence, the most updates that a
    run took, and its accuracy in %, mean and standard deviation over the seeds.
    """
    rows = []
    for task, name in product(TASKS, RATE):
        arm = Arm(task, name)
        right = accuracy(arm)
        last = max(run["curve"][-1][0] for run in stored()[arm])
        row = {"task": task, "network": name, "MACs": count(arm.model()).macs}
        row |= {"updates": last, "nearest": _spread(right[:, 0])}
        row |= {"farthest": _spread(right[:, -1])}
        rows.append(row | {"all": _spread(right.mean(axis=1))})
    return rows


def rivals(task: str) -> list[dict]:
    """Return a row for each change of rate, width or length of a task's runs: mean
    accuracy in % over the distances, beside the usual run's.
    """
    rows = []
    for arm in stored():
        changes = {
            "rate": arm.rate,
            "width": arm.width,
            "updates": arm.longer,
        }
        changed = [
            f"{name} × {value:g}" for name, value in changes.items() if value != 1
        ]
        if arm.task == task and changed:
            usual = accuracy(Arm(task, arm.network)).mean()
            row = {"network": arm.network, "change": changed[0], "usual %": usual}
            rows.append(row | {"changed %": accuracy(arm).mean()})
    return rows


def _spread(values: np.ndarray) -> str:
    return f"{values.mean():.0f} ± {values.std(ddof=1):.0f} %"


@cache
def blind(steps: int, symbols: int = SYMBOLS) -> float:
    """Return the best share of right answers of a network that sees which symbols a
    sequence holds and not where: it names the most frequent one.

    The mean of the largest count over the length, from the counts' exact distribution.

    >>> blind(1), round(blind(2, symbols=2), 2)
    (1.0, 0.75)
    """
    at_most = [
        _sequences_with(steps, symbols, largest) / symbols**steps
        for largest in range(steps)
    ]
    return sum(1 - share for share in at_most) / steps


def _sequences_with(steps: int, symbols: int, largest: int) -> int:
    """Return how many sequences hold no symbol more than `largest` times."""
    ways = [1] + [0] * steps  # by length, with the symbols taken so far
    for _ in range(symbols):
        ways = [
            sum(
                comb(length, times) * ways[length - times]
                for times in range(min(largest, length) + 1)
            )
            for length in range(steps + 1)
        ]
    return ways[steps]


def shuffled() -> list[dict]:
    """Return for each network whether its answer changes when the symbols before the
    last token change places; the weights are random.
    """
    tokens, _ = look_back(64, 12, seed=0)
    order = np.append(np.random.default_rng(1).permutation(12), 12)
    rows = []
    for name in RATE:
        net = network.Network(Arm("order", name).model(), seed=1)
        change = np.abs(net.forward(tokens) - net.forward(tokens[:, order])).max()
        rows.append({"network": name, "answer changes": bool(change > 1e-9)})
    return rows
