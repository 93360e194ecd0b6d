"""What EIE's and SCNN's arrays spend: actions counted in ours and priced at 45 nm,
beside what the papers print.
"""

from functools import cache
from math import prod
from types import SimpleNamespace

import numpy as np

from ... import datasets
from ...hardware import actions, elements, energy
from . import world


def printed(item: str, metric: str) -> float:
    """Return a published figure."""
    (row,) = datasets.where("published_hardware", item=item, metric=metric)
    return float(row["value"])


# --- EIE ------------------------------------------------------------------------------


@cache
def layers() -> list[dict]:
    """Return beats and picojoules of EIE's nine layers in our array, by what spends
    them.
    """
    found = []
    for name, weights, activations in world.eie_products():
        cost = actions.of_product(weights, activations, world.EIE)
        beats = elements.run(weights, activations, world.EIE).beats
        found.append({"layer": name, "beats": beats} | cost)
    return found


def joules(row: dict) -> float:
    """Return the microjoules of a row of `layers`."""
    return sum(row[part] for part in PARTS) / 1e6


PARTS = ("matrix", "pointers", "arithmetic")
MODULES = {  # ours: the printed modules
    "matrix": ["power of SpmatRead"],
    "pointers": ["power of PtrRead"],
    "arithmetic": ["power of ArithmUnit"],
    "activations, queue": ["power of ActRW", "power of Act queue"],
    "all": ["power"],
}


def modules() -> list[dict]:
    """Return the picojoules of an element and a beat, by module, on the layer of the
    paper's table V: printed is its power by its clock.
    """
    row = next(row for row in layers() if row["layer"] == "AlexNet-7")
    turns = row["beats"] * world.EIE.elements
    ours = {part: row[part] / turns for part in PARTS}
    ours |= {"activations, queue": None, "all": sum(ours.values())}
    return [
        {"spent on": part, "printed (pJ)": _beat(*MODULES[part]), "ours (pJ)": spent}
        for part, spent in ours.items()
    ]


def _beat(*modules: str) -> float:
    """Return the picojoules that printed modules spend in a beat."""
    return sum(printed("EIE element", name) for name in modules) * 1e9 / world.CLOCK


def frame() -> tuple[float, float]:
    """Return the microjoules of AlexNet-7, printed (a recount from frames a joule) and
    ours.
    """
    row = next(row for row in layers() if row["layer"] == "AlexNet-7")
    return 1e6 / printed("EIE", "energy efficiency"), joules(row)


def _mean(values: list[float]) -> float:
    return prod(values) ** (1 / len(values))


def against(rival: str) -> dict[str, float]:
    """Return how many times the energy of ours and of the printed EIE the paper's CPU
    or GPU takes for a dense layer, one example: geometric means over the nine layers,
    all powers and rival's times as printed.
    """
    name, key = {
        "CPU": ("Core i7-5930K", "cpu_us"),
        "GPU": ("Titan X", "gpu_us"),
    }[rival]
    watts, own = printed(name, "power beside EIE"), printed("EIE", "power")
    table = datasets.table("eie_layers")
    spent = [watts * row[key] for row in table]
    return {
        "printed times": _mean(
            [e / (own * row["actual_us"]) for e, row in zip(spent, table, strict=True)]
        ),
        "ours": _mean(
            [e / joules(row) for e, row in zip(spent, layers(), strict=True)]
        ),
    }


def theory() -> list[dict]:
    """Return the printed theoretical time of each layer, and our words by the array's
    peak rate: with the fillers, and without.
    """
    rows = []
    for row, (name, weights, activations) in zip(
        datasets.table("eie_layers"), world.eie_products(), strict=True
    ):
        run = elements.run(weights, activations, world.EIE)
        peak = world.EIE.elements * world.CLOCK / 1e6
        rows.append(
            {
                "layer": name,
                "printed": row["theoretical_us"],
                "words": (run.done + run.fillers) / peak,
                "without fillers": run.done / peak,
            }
        )
    return rows


def memories() -> dict[str, float]:
    """Return what a word of 32 bits costs less in SRAM than in DRAM: one of 8 KB, and
    the one of an element.
    """
    dram = energy.of_access("DRAM")
    sizes = {"8 KB": 8 * 2**10, "128 KB": actions.Store().matrix}
    return {name: dram / energy.of_sram(size) for name, size in sizes.items()}


# --- SCNN -----------------------------------------------------------------------------


def convolution(network: str, density: float) -> dict[str, float]:
    """Return the energy of SCNN's array over that of the dense one and of the dense one
    that gates zeros.
    """
    cost = actions.of_convolution(world.scnn(network, density))
    totals = {way: sum(parts.values()) for way, parts in cost.items()}
    return {rival: totals["skipped"] / totals[rival] for rival in ("dense", "gated")}


def reaches(network: str, factor: float, rival: str = "dense") -> float:
    """Return the density at which SCNN's array spends one part in `factor` of what the
    dense one does, between two of the sweep by their logarithms.
    """
    spent = [convolution(network, density)[rival] for density in world.SWEEP]
    return float(
        np.exp(
            np.interp(-np.log(factor), np.log(spent[::-1]), np.log(world.SWEEP[::-1]))
        )
    )


# --- The check ------------------------------------------------------------------------


def table() -> list[dict]:
    """Return EIE's times, network by network, and the picojoules of its element in a
    beat, printed and ours.
    """
    rows = []
    networks = {"AlexNet": "AlexNet", "VGG-16": "VGG", "NeuralTalk": "NeuralTalk"}
    for name, network in networks.items():
        of = [row for row in world.eie() if row["layer"].startswith(network)]
        said, ours = (round(sum(row[key] for row in of), 1) for key in TIMES)
        rows.append({"EIE": f"{name}, µs", "printed": said, "ours": ours})
    for row in modules():
        name = f"{row['spent on']}, pJ a beat"
        said, ours = row["printed (pJ)"], row["ours (pJ)"]
        rows.append({"EIE": name, "printed": said, "ours": ours})
    return rows


TIMES = ("printed (µs)", "ours (µs)")


def checks() -> list[dict]:
    """Return printed figures beside ours; `agrees` is to the digits printed."""
    peak = 2 * world.EIE.elements * world.CLOCK / 1e9
    cpu, gpu = against("CPU")["ours"], against("GPU")["ours"]
    google = "SCNN, GoogLeNet"
    equal = "the same density"
    rows = [
        ("EIE, billions of operations a second", "102", f"{peak:.0f}", ABSTRACT),
        (
            "EIE, AlexNet's connections a second",
            "18800",
            _round(world.frames()),
            ABSTRACT,
        ),
        ("EIE, energy of a CPU over its", "24000", _round(cpu, 3), ABSTRACT),
        ("EIE, energy of a GPU over its", "3400", _round(gpu), ABSTRACT),
        (f"{google}, density 1, speed", "0.79", f"{_speed(1.0):.2f}", SECTION),
        (f"{google}, density 0.1, speed", "24", f"{_speed(0.1):.0f}", SECTION),
        (f"{google}, density 1, energy", "1.33", f"{_energy(1.0):.2f}", SECTION),
        (f"{google}, density 0.1, energy", "0.06", f"{_energy(0.1):.2f}", SECTION),
        ("SCNN, density of equal energy", "0.83", _equal("dense"), SECTION),
        (f"{equal}, zeros gated", "0.60", _equal("gated"), SECTION),
    ]
    return [
        {
            "what": what,
            "printed": printed,
            "ours": ours,
            "agrees": printed == ours,
            "source": source,
        }
        for what, printed, ours, source in rows
    ]


ABSTRACT, SECTION = "Han et al. 2016, abstract", "Parashar et al. 2017, section 6"


def _round(value: float, digits: int = 2) -> str:
    return f"{round(value, -digits):.0f}"


def _speed(density: float) -> float:
    return world.scnn("GoogLeNet", density).speedup


def _energy(density: float) -> float:
    return convolution("GoogLeNet", density)["dense"]


def _equal(rival: str) -> str:
    return f"{reaches('GoogLeNet', 1, rival):.2f}"


def wide_banks() -> float:
    """Return the energy of SCNN's array over the dense one's where nothing is zero, if
    its sums lay in banks of 8 KB, the smallest memory with a published price.
    """
    tile = actions.Tile(bank=8 * 2**10)
    cost = actions.of_convolution(world.scnn("GoogLeNet", 1.0), tile)
    return sum(cost["skipped"].values()) / sum(cost["dense"].values())


def judged() -> SimpleNamespace:
    """Return EIE's times and energy as shares of the printed ones, and whether they are
    what the lecture says of them.
    """
    ratios = [row["ratio"] for row in world.eie()]
    *parts, whole = modules()
    off = [row["ours (pJ)"] / row["printed (pJ)"] for row in parts[:3]]
    full, bare = (
        [row[what] / row["printed"] for row in theory()]
        for what in ("words", "without fillers")
    )
    again = [against(rival)["printed times"] for rival in ("CPU", "GPU")]
    near, short = sum(abs(f - 1) < 0.04 for f in full), sum(b < 0.925 for b in bare)
    leave, met = memories(), whole["ours (pJ)"] / whole["printed (pJ)"]
    times_hold = 0.6 < min(ratios) < max(ratios) < 1.2 and near >= 5
    energy_holds = abs(met - 1) < 0.05 and off[0] > 1.3 and max(off[1:]) < 0.7
    return SimpleNamespace(
        ratios=(min(ratios), max(ratios)),
        whole=whole,
        off=off,
        near=near,
        short=short,
        shortest=1 - min(bare),
        again=again,
        leave=leave,
        holds=times_hold
        and energy_holds
        and abs(leave["8 KB"] / 120 - 1) < 0.1
        and leave["128 KB"] < 60,
    )
