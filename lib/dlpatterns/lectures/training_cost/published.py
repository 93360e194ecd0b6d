"""Published training runs: by the rule of six, by a count, and by the clock."""

from functools import cache

from ... import counting, datasets, layers, models
from ...graph import Builder, Model
from .passes import run_macs

FLOP_OF_MAC = 2
HOUR = 3600  # seconds


@cache
def _runs() -> dict[str, dict]:
    return {row["model"]: row for row in datasets.table("training_runs")}


@cache
def printed() -> dict[str, float]:
    """Return the training FLOP of every notable model, as Epoch AI prints it now."""
    rows = datasets.table("training_compute_notable")
    return {row["model"]: row["training_flop"] for row in rows}


def rule(model: str) -> float:
    """Return six FLOP for each parameter that works on an example, and example."""
    row = _runs()[model]
    return 6.0 * row["parameters_per_example"] * row["examples"]


def rule_rows() -> list[dict]:
    """Return one row for each published run: parameters, examples, the rule, the
    printed figure, and where that figure comes from.
    """
    return [_rule_row(name) for name in _runs()]


def _rule_row(name: str) -> dict:
    row, flop = _runs()[name], printed()[name]
    return {
        "run": name.replace(" (davinci)", ""),
        "6 N D": rule(name),
        "printed": flop,
        "ratio": rule(name) / flop,
        "the printed figure is": row["printed_from"],
    }


def by_rule_itself() -> list[str]:
    """Return the runs whose printed figure was computed by the rule, as their sources
    say.
    """
    return [
        name for name, row in _runs().items() if row["printed_from"].startswith("6 N D")
    ]


def alexnet() -> float:
    """Return the FLOP of AlexNet's run, counted from its layers: forward and backward
    for ninety times 1.2 million images.
    """
    images = _runs()["AlexNet"]["examples"]
    return FLOP_OF_MAC * run_macs(models.alexnet_2012(), images)


def clock_rows() -> list[dict]:
    """Return one row for each run whose device-hours are published: what the devices
    could have done at most, and the share that the count asks of them.
    """
    return [_clock_row(row) for row in datasets.table("training_hours")]


def _clock_row(row: dict) -> dict:
    most = row["device_hours"] * HOUR * row["peak_flop_s"]
    counted = alexnet() if row["model"] == "AlexNet" else rule(row["model"])
    return {
        "run": row["model"],
        "devices": row["devices"],
        "device-hours": row["device_hours"],
        "most FLOP": most,
        "counted": counted,
        "share of the peak": counted / most,
    }


def grown(first: str, last: str) -> dict[str, float]:
    """Return by what factors a run's compute, device-hours, peak of a device, and share
    of the peak grew from one run to another.
    """
    rows = {row["run"]: row for row in clock_rows()}
    old, new = rows[first], rows[last]
    most = new["most FLOP"] / old["most FLOP"]
    hours = new["device-hours"] / old["device-hours"]
    return {
        "compute": new["counted"] / old["counted"],
        "device-hours": hours,
        "peak of a device": most / hours,
        "share of the peak": new["share of the peak"] / old["share of the peak"],
    }


# --- AlphaGo Zero ---------------------------------------------------------------------


def go_network(blocks: int = 39, filters: int = 256) -> Model:
    """Return AlphaGo Zero's network: 17 planes of 19 x 19, a convolution, residual
    blocks, a head that proposes moves and one that values the position.

    The two heads' last layers are joined, so that the network has one output.
    Source: Silver et al. 2017, Methods, neural network architecture.
    """
    net = Builder(f"AlphaGo Zero, {blocks} blocks", (17, 19, 19))
    x = _rectified(net, net.input, filters, 3)
    for _ in range(blocks):
        inner = _rectified(net, x, filters, 3)
        inner = _normed(net, inner, filters, 3)
        x = net(layers.Activation("relu"), net(layers.Add(), x, inner))
    moves = net(layers.Flatten(), _rectified(net, x, 2, 1))
    moves = net(layers.Linear(19 * 19 + 1), moves)
    value = net(layers.Flatten(), _rectified(net, x, 1, 1))
    value = net.chain(
        value, layers.Linear(256), layers.Activation("relu"), layers.Linear(1)
    )
    return net.model(net(layers.Concat(), moves, value))


def _normed(net: Builder, x, filters: int, size: int):
    conv = layers.Conv2d(filters, size, padding=size // 2, bias=False)
    return net.chain(x, conv, layers.BatchNorm2d())


def _rectified(net: Builder, x, filters: int, size: int):
    return net(layers.Activation("relu"), _normed(net, x, filters, size))


@cache
def _go() -> dict[str, int]:
    return {row["what"]: row["value"] for row in datasets.table("alphago_zero")}


def go_learning() -> float:
    """Return the FLOP of AlphaGo Zero's updates: forward and backward for every
    position of every batch.
    """
    examples = _go()["batches"] * _go()["positions"]
    return FLOP_OF_MAC * run_macs(go_network(), examples)


def go_playing(moves: int) -> float:
    """Return the FLOP of playing against itself: one forward pass for every simulated
    position of every move, so many moves a game.
    """
    passes = _go()["games"] * moves * _go()["simulations"]
    return FLOP_OF_MAC * counting.count(go_network()).macs * passes
