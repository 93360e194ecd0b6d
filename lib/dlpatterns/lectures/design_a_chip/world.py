"""Chips that were built, in this model, beside what is printed of them."""

from ... import datasets
from ...design import chip, evaluate, published, workload
from ...hardware import machines


def floor_plan() -> list[dict]:
    """Return TPUv1's parts in mm²: by the model, and by the floor plan."""
    die = datasets.where("accelerators", accelerator="Google TPU v1")[0]["die_mm2"]
    ours = published.TPUV1.areas()
    names = {
        "unified buffer": "buffer",
        "matrix multiply unit": "multipliers",
        "accumulators": "accumulators",
    }
    return [
        {"part of TPUv1": row["part"], "printed, % of the die": row["share_percent"]}
        | {"printed, mm²": die * row["share_percent"] / 100}
        | {"ours, mm²": ours[names[row["part"]]]}
        | {"": "fitted" if row["part"] != "accumulators" else "predicted"}
        for row in datasets.table("floor_plan")
    ]


def printed() -> list[dict]:
    """Return a row a printed figure with ours beside it and their ratio."""
    _, ours, tops = published.tpu_mlp0()
    rows = [("TPUv1, MLP0", "TOPS", tops, ours)]
    for one in published.eyeriss_rows():
        name = f"Eyeriss, {one['network']}"
        accesses = one["printed accesses a MAC"], one["ours a MAC"]
        rows += [
            (name, "frames/s", one["printed frames/s"], one["ours"]),
            (name, "mW", one["printed mW"], one["ours mW"]),
            (name, "DRAM accesses a MAC", *accesses),
        ]
    rows += ascend()
    return [
        {"chip": name, "figure": what, "printed": theirs, "ours": mine}
        | {"ours / printed": mine / theirs}
        for name, what, theirs, mine in rows
    ]


def ascend() -> list[tuple]:
    """Return Ascend 310's watts in our model at its peak, beside the printed 8."""
    chip310, machine = published.ASCEND_310, machines.get("Ascend 310")
    energy, _ = chip.of_mac("int8")
    arithmetic = chip310.peak_macs * energy * 1e-12
    load = workload.six()[0]
    result = evaluate.run(chip310, load, zeros=0)
    return [
        ("Ascend 310, its arithmetic at peak", "W", machine.watts, arithmetic),
        ("Ascend 310, ResNet-50", "W", machine.watts, result.joules / result.seconds),
    ]


def edge() -> list[dict]:
    """Return Coral's printed times beside ours."""
    return published.edge_rows()


def contradiction() -> dict[str, float]:
    """Return LSTM0 in TPUv1's table 3: useful MACs times the peak, the printed TOPS,
    and those of a chip that waits for weights only, each used for a batch of 64.
    """

    def table(metric: str) -> float:
        row = datasets.where("published_hardware", item="TPUv1 LSTM0", metric=metric)
        return float(row[0]["value"])

    machine = machines.get("TPU v1")
    return {
        "useful": 92 * table("Useful MACs (% peak)") / 100,
        "printed": table("TeraOps/s (92 peak)"),
        "ours": 2 * table("batch") * machine.bandwidth / 1e12,
    }
