"""Is a large network with many zeros better than a small one without? MLPs and CNNs on
the digits, dense and pruned, at equal non-zeros, equal bytes and equal compute, by ten
seeds.

What comes out goes to lib/dlpatterns/data/pruning.json, which the lecture on pruning
reads; its tests run one seed again. Forty minutes for each family:

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/pruning.py MLP
    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/pruning.py CNN
"""

import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dlpatterns.counting import count
from dlpatterns.graph import Model
from dlpatterns.lectures.pruning import experiment as e
from dlpatterns.train.network import Network

TARGET = Path(__file__).parents[2] / "lib" / "dlpatterns" / "data" / "pruning.json"
SEEDS = range(10)
SHARES = (0.8, 0.9, 0.95, 0.98)
AT_LENGTH = {"MLP": (16, 8, 4), "CNN": ((4, 8), (2, 4))}


def add(rows: list[dict], run: Callable[[int], dict], **what: object) -> None:
    """Run one setting over all seeds and add it to the rows, a list over the seeds for
    each thing that was found.
    """
    found = [run(seed) for seed in SEEDS]
    rows.append(what | {key: [each[key] for each in found] for key in found[0]})
    mean = sum(rows[-1]["accuracy"]) / len(found) if "accuracy" in found[0] else None
    print(datetime.now().time().isoformat("seconds"), what, mean, flush=True)


def seen(train: Callable[[int], Network]) -> Callable[[int], dict]:
    """Return a run that trains a network and says how good and how large it is."""

    def run(seed: int) -> dict:
        net = train(seed)
        return {
            "accuracy": e.tested(net, seed),
            "accuracy, 8 bits": e.tested(e.rounded(net), seed),
            "nonzero": int(sum((v != 0).sum() for v in net.params.values())),
            "bytes, 32 bits": e.stored_bytes(net, 32),
            "bytes, 8 bits": e.stored_bytes(net, 8),
        }

    return run


def sizes(family: str, rows: list[dict]) -> None:
    """Compare dense, pruned and cut networks of the same size."""
    big, epochs = e.largest(family), e.EPOCHS[family]
    for width in e.WIDTHS[family]:
        small = e.model(family, width)
        size = count(small).params
        here = {"family": family, "width": width, "size": size, "epochs": epochs}
        add(
            rows, seen(lambda s, m=small: e.dense(m, s, epochs)), method="dense", **here
        )
        if small == big:
            continue
        for name, nonzero in (
            ("non-zeros", size),
            ("bytes, 32 bits", e.fitted(family, size, 32)),
            ("bytes, 8 bits", e.fitted(family, size, 8)),
        ):
            run = seen(lambda s, n=nonzero: e.gradual(big, s, epochs, nonzero=n))
            add(rows, run, method="pruned", equal=name, **here)
        run = seen(lambda s, w=width: e.by_channels(family, s, w))
        add(rows, run, method="channels", **here)


def equal_compute(family: str, rows: list[dict]) -> None:
    """Give each small dense network the MACs that training the largest one took."""
    big, epochs = count(e.largest(family)).macs, e.EPOCHS[family]
    for width in AT_LENGTH[family]:
        small = e.model(family, width)
        counted = count(small)
        times = big / counted.macs
        here = {"family": family, "width": width, "size": counted.params}
        long = round(times * epochs)
        run = seen(lambda s, m=small, n=long: e.dense(m, s, n))
        add(rows, run, method="dense, as much compute", epochs=long, **here)
        run = seen(lambda s, m=small, n=long: e.taught(family, m, s, n))
        add(rows, run, method="dense, taught", epochs=long // 2, **here)
        tries = round(times)
        run = seen(lambda s, m=small, n=tries: e.restarts(m, s, epochs, n))
        add(rows, run, method="dense, best of restarts", tries=tries, **here)


def ways(rows: list[dict]) -> None:
    """Compare the schedules at equal training, and what to do with a mask."""
    big, epochs = e.largest("MLP"), e.EPOCHS["MLP"]
    total = count(big).params
    for share in SHARES:
        nonzero = round((1 - share) * total)
        for how in ("one-shot", "iterative", "cubic"):
            run = seen(
                lambda s, n=nonzero, h=how: e.gradual(big, s, epochs, nonzero=n, how=h)
            )
            add(rows, run, method="schedule", how=how, share=share, epochs=epochs)
        add(
            rows,
            lambda s, n=nonzero: e.after_pruning(s, n, epochs // 2),
            method="after pruning",
            share=share,
            epochs=epochs,
        )


def longer(rows: list[dict]) -> None:
    """Give one-shot pruning to a twentieth twice and four times the epochs."""
    big, epochs = e.largest("MLP"), e.EPOCHS["MLP"]
    nonzero = round(0.05 * count(big).params)
    for times in (2, 4):
        add(
            rows,
            seen(
                lambda s, t=times: e.gradual(
                    big, s, t * epochs, nonzero=nonzero, how="one-shot"
                )
            ),
            method="schedule, longer",
            how="one-shot",
            share=0.95,
            epochs=times * epochs,
        )


def otherwise(rows: list[dict]) -> None:
    """Repeat two sizes with twice the epochs, half and twice the rate, and a narrower
    large network.
    """
    usual = e.EPOCHS["MLP"]
    changes = {
        "twice the epochs": (64, 2 * usual, e.RATE),
        "half the rate": (64, usual, e.RATE / 2),
        "twice the rate": (64, usual, 2 * e.RATE),
        "pruned from 32": (32, usual, e.RATE),
    }
    for change, (wide, epochs, rate) in changes.items():
        for width in (4, 8):
            _both(rows, e.model("MLP", wide), width, (change, epochs, rate))


def _both(
    rows: list[dict], big: Model, width: int, how: tuple[str, int, float]
) -> None:
    change, epochs, rate = how
    small = e.model("MLP", width)
    here = {"change": change, "width": width, "size": count(small).params}
    here |= {"epochs": epochs, "rate": rate}
    add(
        rows,
        seen(lambda s: e.dense(small, s, epochs, rate=rate)),
        method="dense, otherwise",
        **here,
    )
    add(
        rows,
        seen(lambda s: e.gradual(big, s, epochs, nonzero=here["size"], rate=rate)),
        method="pruned, otherwise",
        **here,
    )


def layers_and_gates(rows: list[dict]) -> None:
    """Prune one layer at a time, and gate the channels of a layer."""
    add(rows, e.sensitivity, method="sensitivity")
    for stay in (4, 2):
        add(rows, lambda s, n=stay: e.gates(s, n), method="gates", stay=stay)


def store(family: str, rows: list[dict]) -> None:
    """Put the rows of one family beside those of the other."""
    old = json.loads(TARGET.read_text()) if TARGET.exists() else {"rows": {}}
    result = {
        "what": "accuracy on the held-out half of the digits, dense and pruned",
        "seeds": list(SEEDS),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": old["rows"] | {family: rows},
    }
    TARGET.write_text(json.dumps(result, indent=0) + "\n")


def main(family: str) -> None:
    """Run the whole study of one family, and store it after each part."""
    rows: list[dict] = []
    parts = [lambda: sizes(family, rows), lambda: equal_compute(family, rows)]
    if family == "MLP":
        parts += [lambda: ways(rows), lambda: longer(rows), lambda: otherwise(rows)]
    else:
        parts += [lambda: layers_and_gates(rows)]
    for part in parts:
        part()
        store(family, rows)


if __name__ == "__main__":
    main(sys.argv[1])
