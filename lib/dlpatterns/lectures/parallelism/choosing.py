"""Plans: published ones beside ours, the planner's choice, and the rival without tensor
or pipeline parallelism.
"""

from functools import cache

from ... import datasets, show
from ...hardware import machines
from ...parallel import plans
from ...parallel.plans import Cluster, Cost, Plan, Transformer

A100 = machines.get("A100 SXM4 80GB")
VOCABULARY = 51_200  # of the GPTs in SC21
INSIDE, ACROSS = 300e9, 25e9  # bytes a second each way: NVLink 3, and a 200 Gb/s card
GPT3 = Transformer("GPT 174.6B", 96, 12_288, 96, 49_152, 2048, VOCABULARY)
MT_NLG = Transformer("GPT 529.6B", 105, 20_480, 128, 81_920, 2048, VOCABULARY)


@cache
def achieved() -> float:
    """Return the share of the A100's peak that a large matrix product reaches, as
    measured by others.
    """
    (row,) = [
        row
        for row in datasets.table("published_hardware")
        if (row["item"], row["metric"]) == ("NVIDIA A100 SXM", "MAMF bf16")
    ]
    return row["value"] * 1e12 / A100.peak("bf16")


def cluster(chips: int, *, across: float = ACROSS) -> Cluster:
    """Return so many A100 in nodes of eight, as in SC21."""
    return Cluster(
        "A100",
        chips,
        8,
        A100.peak("bf16"),
        A100.memory_bytes,
        inside=INSIDE,
        across=across,
        reached=achieved(),
    )


def rows_of(name: str) -> list[dict]:
    """Return the published plans of one table."""
    return [r for r in datasets.table("published_plans") if r["set"] == name]


def gpt(row: dict) -> Transformer:
    """Return the model of a row of SC21's table 1."""
    hidden = row["hidden"]
    return Transformer(
        row["model"], row["layers"], hidden, row["heads"], 4 * hidden, 2048, VOCABULARY
    )


def plan_of(row: dict) -> Plan:
    """Return the plan of a row of SC21's table 1, which recomputes everything."""
    return Plan(
        row["dp"],
        row["tp"],
        row["pp"],
        micro_batch=row["micro_batch"],
        parts=row["vp"] or 1,
        recompute="full",
        stage=0,
        sequence_parallel=False,
    )


def printed() -> list[dict]:
    """Return a row a model of SC21's table 1: the rate that its step makes beside the
    printed one, with the forward pass that is done twice and without.
    """
    rows = []
    for row in rows_of("SC21 Table 1"):
        given = (
            gpt(row),
            cluster(row["chips"]),
            row["global_batch"],
            row["derived_step_seconds"],
        )
        used = plans.utilisation(*given, recomputed=True)
        rows.append(
            {
                "model": row["model"],
                "chips": row["chips"],
                "TFLOP/s, ours": round(used * A100.peak("bf16") / 1e12),
                "printed": row["published_tflops_per_gpu"],
                "of peak, ours": round(100 * used),
                "printed, %": row["published_percent_peak"],
                "without, %": round(100 * plans.utilisation(*given), 1),
                "causal half, %": round(
                    100 * plans.utilisation(*given, causal_half=True), 1
                ),
            }
        )
    return rows


def predicted() -> list[dict]:
    """Return a row a model of SC21's table 1: the step by our bounds and as measured,
    and what a chip holds.
    """
    rows = []
    for row in rows_of("SC21 Table 1"):
        one = plans.cost(
            gpt(row), cluster(row["chips"]), plan_of(row), row["global_batch"]
        )
        rows.append(
            {
                "model": row["model"],
                "plan (d × t × p)": f"{row['dp']} × {row['tp']} × {row['pp']}",
                "GB a chip": round(one.memory / 1e9, 1),
                "step, s": round(one.one_by_one, 2),
                "measured, s": round(row["derived_step_seconds"], 2),
                "ours / measured": round(
                    one.one_by_one / row["derived_step_seconds"], 2
                ),
            }
        )
    return rows


@cache
def found(model: str) -> tuple[tuple[Cost, ...], Cost, float]:
    """Return for a model of SC21's table 1 all plans that fit and recompute everything,
    as its authors did, the fastest first; theirs; and the measured step.
    """
    (row,) = [r for r in rows_of("SC21 Table 1") if r["model"] == model]
    given = (gpt(row), cluster(row["chips"]))
    batch = row["global_batch"]
    fitting = tuple(plans.search(*given, batch, stages=(0,)))
    return (
        fitting,
        plans.cost(*given, plan_of(row), batch),
        row["derived_step_seconds"],
    )


def chosen() -> list[dict]:
    """Return a row for each model whose chips are a power of two: the planner's best
    plan with everything recomputed, with nothing, and the published one.
    """
    rows = []
    for row in rows_of("SC21 Table 1")[:6]:
        fitting, theirs, _ = found(row["model"])
        same = next(one for one in fitting if one.plan.recompute == "full")
        rows.append(
            {
                "model": row["model"],
                "plans that fit": len(fitting),
                "theirs": _short(theirs.plan),
                "s": round(theirs.one_by_one, 2),
                "best, all recomputed": _short(same.plan),
                "s ": round(same.one_by_one, 2),
                "best of all": _short(fitting[0].plan),
                " s": round(fitting[0].one_by_one, 2),
            }
        )
    return rows


def _short(plan: Plan) -> str:
    return f"{plan.data} × {plan.tensor} × {plan.pipeline}"


def rivals() -> list[dict]:
    """Return a row for each run of SC21's table 2: TFLOP/s a chip with all weights cut
    (ZeRO 3), or with tensor and pipeline parallelism, by our bounds and as printed.
    """
    rows = []
    for row in rows_of("SC21 Table 2"):
        model = GPT3 if "174.6" in row["model"] else MT_NLG
        cut = "ZeRO-3" in row["model"]
        one = rival(model, row["chips"], row["global_batch"], row["micro_batch"], cut)
        rows.append(
            {
                "model": model.name,
                "way": "ZeRO 3" if cut else "tensor × pipeline",
                "chips": row["chips"],
                "one by one": _rate(model, one, row, one.one_by_one),
                "overlapped": _rate(model, one, row, one.overlapped),
                "printed": row["published_tflops_per_gpu"],
            }
        )
    return rows


def rival(
    model: Transformer,
    chips: int,
    batch: int,
    micro_batch: int,
    cut: bool,
    *,
    across: float = ACROSS,
) -> Cost:
    """Return what a run takes with ZeRO 3 alone, or with tensor parallelism over eight
    and pipeline parallelism over twelve chips.
    """
    if cut:
        plan = Plan(chips, micro_batch=micro_batch, recompute="full", stage=3)
    else:
        plan = Plan(
            chips // 96,
            8,
            12,
            micro_batch=micro_batch,
            recompute="full",
            stage=0,
            sequence_parallel=False,
        )
    return plans.cost(model, cluster(chips, across=across), plan, batch)


def _rate(model: Transformer, cost: Cost, row: dict, seconds: float) -> int:
    share = plans.utilisation(
        model, cluster(row["chips"]), row["global_batch"], seconds, recomputed=True
    )
    return round(share * A100.peak("bf16") / 1e12)


def equal_links(chips: int = 1536, batch: int = 1536) -> float:
    """Return the bytes a second between nodes from which on ZeRO 3 alone is no slower
    than tensor × pipeline, one by one, by bisection.
    """
    low, high = ACROSS, 1e13
    for _ in range(60):
        middle = (low * high) ** 0.5
        both = [
            rival(GPT3, chips, batch, 1, cut, across=middle).one_by_one
            for cut in (True, False)
        ]
        low, high = (low, middle) if both[0] <= both[1] else (middle, high)
    return high


def planned(tensor: int, pipeline: int, recompute: str) -> show.Frame:
    """Draw what a plan for GPT 39.1B on 512 chips takes: seconds, and memory."""
    (row,) = [r for r in rows_of("SC21 Table 1") if r["model"] == "GPT 39.1B"]
    plan = Plan(
        512 // (tensor * pipeline),
        tensor,
        pipeline,
        recompute=recompute,
        sequence_parallel=True,
    )
    one = plans.cost(gpt(row), cluster(512), plan, row["global_batch"])
    fig, (left, right) = show.subplots(
        1, 2, figsize=(4.6, 2.9), gridspec_kw={"width_ratios": [2, 1]}
    )
    parts = {
        "compute": one.compute,
        "bubble": one.bubble,
        "messages": one.within_step,
        "gradients": one.gradients,
    }
    for place, seconds in enumerate(parts.values()):
        left.barh(
            place, seconds, color=show.colour(("blue", "grey", "orange", "pink")[place])
        )
    left.set_yticks(range(4), parts)
    left.invert_yaxis()
    left.set(xlim=(0, 14), xlabel="seconds of a step")
    right.bar([0], [one.states / 1e9], color=show.colour("green"), label="states")
    right.bar(
        [0],
        [one.activations / 1e9],
        bottom=[one.states / 1e9],
        color=show.colour("sky"),
        label="activations",
    )
    right.axhline(80, color=show.INK)
    right.set(yscale="log", ylim=(5, 3000), xticks=[], ylabel="GB a chip")
    fits = "fits" if one.memory <= A100.memory_bytes else "does not fit"
    caption = (
        f"{plan}, recomputing {recompute}: {one.one_by_one:.2f} s a step, "
        f"{one.memory / 1e9:,.0f} GB a chip, which {fits}."
    )
    alt = (
        "Bars of the seconds of a step, and a bar of the memory beside a line at 80 GB."
    )
    values = [round(value, 2) for value in (*parts.values(), one.memory / 1e9)]
    return show.frame(fig, alt=alt, caption=caption, values=values)
