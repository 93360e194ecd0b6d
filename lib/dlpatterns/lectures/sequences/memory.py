"""The study of memory: four networks, two tasks, trained until they have the task, no
longer improve, or have used up their updates; some run on until they stand still.

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
LIMIT = 80_000  # updates of a run that goes on, and half as many at a tenth of the rate
SEEDS = range(5)


@dataclass(frozen=True)
class Task:
    """A way to draw sequences, how long they are, how many updates may be taken, and
    the distances that are tested.
    """

    make: Callable[..., tuple[np.ndarray, np.ndarray]]
    steps: int
    updates: int
    distances: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """The symbols, and the token that asks for a place where there is one."""
        return self.steps + (self.make is look_back)

    @property
    def vocabulary(self) -> int:
        """The plain symbols, and as many marked ones or a token for each place."""
        return SYMBOLS + (self.steps if self.make is look_back else SYMBOLS)

    def longer(self, times: int) -> "Task":
        """Return the task with so many times the symbols and distances."""
        distances = tuple(times * distance for distance in self.distances)
        return replace(self, steps=times * self.steps, distances=distances)


TASKS = {
    "order": Task(look_back, 12, 12_000, tuple(range(12))),
    "content": Task(recall, 24, 8000, (0, 1, 2, 4, 6, 8, 12, 16, 20, 23)),
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
    """One network on one task, with its width, its learning rate and its symbols as
    multiples of the usual ones; `on` runs go on after the task's updates.
    """

    task: str
    network: str
    width: float = 1
    rate: float = 1
    length: int = 1
    on: bool = False

    @property
    def units(self) -> int:
        """Its units, or features."""
        return round(self.width * WIDTH[self.task][self.network])

    @property
    def asked(self) -> Task:
        """The task, as long as this arm has it."""
        return TASKS[self.task].longer(self.length)

    def model(self) -> Model:
        """Return the network as it is counted and trained."""
        recurrent = KIND[self.network] != "attention"
        sizes = {"features": 16, "hidden": self.units} if recurrent else {}
        return recaller(
            KIND[self.network],
            self.asked.tokens,
            vocabulary=self.asked.vocabulary,
            positions="positions" in self.network,
            **(sizes or {"features": self.units}),
        )


def arms() -> list[tuple[Arm, range]]:
    """Return every arm of the study with its seeds: the usual ones, then changes of
    rate, width, length and updates.
    """
    found = [(Arm(task, name), SEEDS) for task in TASKS for name in RATE]
    lstm, told = Arm("order", "LSTM"), Arm("order", "attention, positions")
    rnn = Arm("order", "RNN")
    found += [(replace(one, on=True), SEEDS) for one in (lstm, rnn)]
    changes = ({"width": 2}, {"length": 2})
    found += [
        (replace(one, on=True, **change), range(2))
        for one in (rnn, lstm)
        for change in changes
    ]
    longer = ({"rate": 2}, {"width": 2}, {"rate": 2, "width": 2})
    found += [
        (replace(one, on=True, length=2, **change), range(1))
        for one, changes in ((rnn, longer), (lstm, longer[1:2]))
        for change in changes
    ]
    changes = ({"rate": 0.5}, {"rate": 2}, {"rate": 4}, {"width": 2})
    found += [
        (replace(one, **change), range(1)) for one in (lstm, rnn) for change in changes
    ]
    changes = ({"rate": 0.5}, {"rate": 2}, {"width": 0.5}, {"length": 2})
    return found + [(replace(told, **change), range(3)) for change in changes]


def run_arm(arm: Arm, seed: int, *, updates: int | None = None) -> dict:
    """Train one network until it has the task, stands still, or has used up its
    updates; return its curve. A run that goes `on` then does so once more, at a tenth
    of the learning rate.

    It has the task when the mean loss of 500 updates is below 0.01. It stands still
    when, after 5,000 updates or more, the best such mean of the last quarter (of the
    last 2,000 updates at least) is no lower than 0.98 of the best before. Each point of
    the curve: updates, mean loss, % right at every distance; `fell` is the update at
    which the rate fell, and why.
    """
    net = network.Network(arm.model(), seed=seed, dtype=np.float32)
    adam, curve = optimisers.Adam(RATE[arm.network] * arm.rate), []
    limit = updates or (LIMIT if arm.on else arm.asked.updates)
    ended, fell = _until(_Run(arm, seed, net, adam), curve, limit), None
    if arm.on and ended != "solved" and not updates:
        fell, adam.lr, tail = [curve[-1][0], ended], adam.lr / 10, []
        ended = _until(_Run(arm, seed, net, adam, len(curve)), tail, limit // 2)
        curve += tail
    return {"seed": seed, "ended": ended, "fell": fell, "curve": curve}


@dataclass
class _Run:
    """A network in training, and how many parts of its data it has seen before."""

    arm: Arm
    seed: int
    net: network.Network
    adam: optimisers.Adam
    before: int = 0

    def point(self, part: int) -> list:
        """Train on one more part; return the updates so far, the loss, and what is
        right at each distance.
        """
        task, part = self.arm.asked, part + self.before
        x, y = task.make(CHUNK * BATCH, task.steps, seed=(self.seed, part))
        shuffled = {"batch": BATCH, "seed": 100 * self.seed + part}
        run = loop.fit(self.net, x, y, epochs=1, optimizer=self.adam, **shuffled)
        right = [
            round(100 * loop.accuracy(self.net, *test), 1) for test in _tests(self.arm)
        ]
        return [CHUNK * (part + 1), round(run.loss[-1], 4), right]


def _until(run: _Run, curve: list, limit: int) -> str:
    """Add points to the curve until it ends; return why it does."""
    while not curve or not ending(curve, limit):
        curve.append(run.point(len(curve)))
    return ending(curve, limit)


def _tests(arm: Arm) -> list[tuple[np.ndarray, np.ndarray]]:
    return _held_out(arm.task, arm.length)


@cache
def _held_out(task: str, length: int) -> list[tuple[np.ndarray, np.ndarray]]:
    asked = TASKS[task].longer(length)
    make = partial(asked.make, TESTS, asked.steps, seed=99)
    return [make(distance=distance) for distance in asked.distances]


def ending(curve: list, limit: int) -> str:
    """Return why a run whose points are these ends: "solved", "still" or "limit"; "" if
    it goes on.
    """
    updates, losses = CHUNK * len(curve), [loss for _, loss, _ in curve]
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


CHANGES = {  # column: how its runs differ from the usual ones, which stop early
    "to the end": {},
    "twice as wide": {"width": 2},
    "24 symbols": {"length": 2},
    "24, twice as wide": {"length": 2, "width": 2},
}


def to_the_end() -> list[dict]:
    """Return a row a network on `order`: mean accuracy in % over the distances and
    seeds when the usual runs stop, and of runs to their end, with other widths and
    lengths; "-" where attention had it before and was not tried.
    """
    rows = []
    for name in ("RNN", "LSTM", "attention, positions"):
        usual = Arm("order", name)
        row = {"network": name, "MACs": count(usual.model()).macs}
        row["12,000 updates"] = _told(usual)
        told = {what: _told(_ended(usual, how)) for what, how in CHANGES.items()}
        rows.append(row | told)
    return rows


def _ended(usual: Arm, change: dict) -> Arm:
    """Return the arm with a change that was run to its end: one that went on, or one
    that had the task before.
    """
    on = replace(usual, on=True, **change)
    return on if on in stored() else replace(usual, **change)


def _told(arm: Arm) -> str:
    if arm not in stored():
        return "-"
    runs = len(stored()[arm])
    return f"{accuracy(arm).mean():.0f} % ({runs})"


@dataclass(frozen=True)
class Chances:
    """What the recurrent networks reach on `order`, in % over all distances: by seed
    when stopped, by seed at their end, and with changes; updates at their end.
    """

    stopped: dict[str, np.ndarray]
    ended: dict[str, np.ndarray]
    updates: dict[str, list[int]]
    wide: dict[str, np.ndarray]
    long: dict[str, np.ndarray]
    rates: dict[str, dict[float, float]]

    @property
    def turned(self) -> bool:
        """Tell whether the LSTM leads with every seed when both are stopped, and the
        plain RNN with every seed when both are at their end.
        """
        first = self.stopped["LSTM"].min() > self.stopped["RNN"].max()
        return bool(first and self.ended["RNN"].min() > self.ended["LSTM"].max() + 2)

    @property
    def width_ends_it(self) -> bool:
        """Tell whether both have the task at twice the width."""
        return all(right.min() > 99.5 for right in self.wide.values())

    @property
    def length_stops_them(self) -> bool:
        """Tell whether neither has the task at twice the symbols, at either width."""
        return all(right.max() < 95 for right in self.long.values())

    @property
    def holds(self) -> bool:
        """Tell whether all of this is so, and a rate helps the RNN and no LSTM."""
        rnn, lstm = (self.rates[name] for name in ("RNN", "LSTM"))
        rates = rnn[2] > rnn[1] + 10 and max(lstm.values()) == lstm[1]
        return self.turned and self.width_ends_it and self.length_stops_them and rates


def chances() -> Chances:
    """Return what time, width, length and rate do for the two recurrent networks."""
    arms = {name: Arm("order", name) for name in ("RNN", "LSTM")}
    on = {name: replace(arm, on=True) for name, arm in arms.items()}

    def right(name: str, **change: float) -> np.ndarray:
        return accuracy(replace(on[name], **change)).mean(axis=1)

    return Chances(
        stopped={name: accuracy(arm).mean(axis=1) for name, arm in arms.items()},
        ended={name: right(name) for name in arms},
        updates={
            name: sorted(run["curve"][-1][0] for run in stored()[arm])
            for name, arm in on.items()
        },
        wide={name: right(name, width=2) for name in arms},
        long={
            name: np.concatenate([right(name, length=2, width=w) for w in (1, 2)])
            for name in arms
        },
        rates={
            name: {rate: _first(replace(arm, rate=rate)) for rate in (0.5, 1, 2, 4)}
            for name, arm in arms.items()
        },
    )


def _first(arm: Arm) -> float:
    """Return the mean accuracy of the first seed, in %."""
    return float(accuracy(arm)[0].mean())


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
