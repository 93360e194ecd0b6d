"""Plans: published ones beside ours, the planner's choice, and the rival without tensor
or pipeline parallelism.
"""

from dataclasses import replace
from functools import cache

from ... import show
from ...hardware import machines
from ...parallel import planner, plans, published
from ...parallel.plans import Cost, Plan
from ...parallel.published import Run, a100, gpt, rows_of
from ...parallel.transformer import Transformer

A100 = machines.get("A100 SXM4 80GB")
GPT3 = gpt("GPT 174.6B", 96, 12_288, 96)
MT_NLG = gpt("GPT 529.6B", 105, 20_480, 128)
OF_2021 = ("none", "selective", "full")  # kernels that fuse attention came later


def printed() -> list[dict]:
    """Return a row a model of SC21's table 1: the rate that its step makes beside the
    printed one, with the forward pass that is done twice and without; what our model
    says of memory, and of the step with nothing hidden.
    """
    rows = []
    for row, run in zip(rows_of("SC21 Table 1"), published.sc21(), strict=True):
        used = run.share(run.seconds, recomputed=True)
        rows.append(
            {
                "model": run.model.name,
                "plan": _short(run.plan),
                "TFLOP/s, ours": round(used / 100 * A100.peak("bf16") / 1e12),
                "printed": row["published_tflops_per_gpu"],
                "%, ours": round(used),
                "printed, %": row["published_percent_peak"],
                "without": round(run.share(run.seconds), 1),
                "causal half": round(run.share(run.seconds, causal_half=True), 1),
                "GB a chip": round(run.cost.memory / 1e9, 1),
                "s, ours": round(run.cost.one_by_one, 1),
                "measured": round(run.seconds, 1),
                "ratio": round(run.cost.one_by_one / run.seconds, 2),
            }
        )
    return rows


def later() -> tuple[Run, ...]:
    """Return the published runs after SC21: four of Korthikanti et al., three of Llama
    3, PaLM, DeepSeek-V3.
    """
    return (
        *published.korthikanti(),
        *published.llama3(),
        published.palm(),
        published.deepseek(),
    )


def predicted() -> list[dict]:
    """Return a row a later run: what a chip holds; the step with nothing hidden, with
    gradients hidden, and as measured; the share of the peak that our step makes, that
    the measured one makes with whole squares and with causal halves, and as printed.
    """
    rows = []
    for run in later():
        one = run.cost
        rows.append(
            {
                "run": _named(run),
                "plan": _short(one.plan),
                "GB a chip": round(one.memory / 1e9, 1),
                "s, ours": round(one.one_by_one, 2),
                "gradients hidden": round(one.overlapped, 2),
                "measured": round(run.seconds, 2),
                "%, ours": round(run.share(one.one_by_one), 1),
                "squares": round(run.share(run.seconds), 1),
                "halves": round(run.share(run.seconds, causal_half=True), 1),
                "printed, %": run.printed or "-",
            }
        )
    return rows


def _named(run: Run) -> str:
    name = run.model.name
    if name.startswith("Llama"):
        return f"Llama 3, {run.model.tokens // 1024}K"
    return name


def recounted() -> list[dict]:
    """Return a row a run of Korthikanti et al.: its printed share with what is computed
    twice, and ours if the pairs of the forward pass count once more, or if all pairs
    do, forward and backward.
    """
    rows = []
    names = rows_of("Korthikanti MFU/HFU (DP 1)")
    for row, run in zip(names, published.korthikanti(), strict=True):
        pairs = run.model.layers * run.model.pairs / run.model.macs()
        share = run.share(run.seconds)
        rows.append(
            {
                "run": run.model.name,
                "printed": row["published_hfu_percent"],
                "forward again": round(share * (1 + pairs / 3), 1),
                "all again": round(share * (1 + pairs), 1),
            }
        )
    return rows


def in_parts(parts: int) -> tuple[Cost, ...]:
    """Return what Llama 3's runs take if a chip's layers are cut into so many parts."""
    return tuple(run.cost for run in published.llama3(parts))


def anywhere() -> float:
    """Return the seconds of DeepSeek-V3's messages to experts if the eight of a token
    may lie on eight nodes.
    """
    run = published.deepseek()
    model = replace(run.model, reach=None)
    return plans.cost(model, run.cluster, run.plan, run.batch).expert


@cache
def found(run: Run) -> tuple[Cost, ...]:
    """Return all plans for a published run that fit, the fastest first, with the means
    of its authors: stages of ZeRO, kernels, schedules.
    """
    fused = run.plan.recompute == "fused"
    names = ("1F1B", "ZBV", "DualPipe") if run.plan.schedule != "1F1B" else ("1F1B",)
    return tuple(
        planner.search(
            run.model,
            run.cluster,
            run.batch,
            stages=(run.plan.stage,),
            recompute=(*OF_2021, "fused") if fused else OF_2021,
            schedules=names,
        )
    )


def chosen() -> list[dict]:
    """Return a row for the five largest models of SC21 and for each later run: the
    published plan and the planner's, as data × tensor × pipeline, with the seconds of a
    step, nothing hidden.
    """
    rows = []
    for run in (*published.sc21()[5:], *later()):
        theirs, best = run.cost, found(run)[0]
        rows.append(
            {
                "run": _named(run),
                "that fit": len(found(run)),
                "theirs": _short(theirs.plan),
                "again": theirs.plan.recompute,
                "fits": theirs.memory <= run.cluster.memory,
                "s": round(theirs.one_by_one, 2),
                "the planner's": _short(best.plan),
                "again ": best.plan.recompute,
                "s ": round(best.one_by_one, 2),
            }
        )
    return rows


def _short(plan: Plan) -> str:
    return f"{plan.data} × {plan.tensor} × {plan.pipeline}"


def gains() -> list[float]:
    """Return for each of SC21's runs the share of a step that the planner promises to
    save if everything is recomputed, as its authors did.
    """
    saved = []
    for run in published.sc21():
        best = next(one for one in found(run) if one.plan.recompute == "full")
        saved.append(1 - best.one_by_one / run.cost.one_by_one)
    return saved


@cache
def podium(model: str = "GPT 39.1B") -> dict[str, Cost]:
    """Return the planner's plan for a run of SC21, the fastest that splits otherwise,
    and the published one.
    """
    (run,) = [run for run in published.sc21() if run.model.name == model]
    best, *others = found(run)
    second = next(one for one in others if _short(one.plan) != _short(best.plan))
    named = (("winner", best), ("runner-up", second), ("published", run.cost))
    return {f"{name}: {_short(cost.plan)}": cost for name, cost in named}


def explained() -> list[dict]:
    """Return the terms of time and memory that made the winner win."""
    return [
        {key: v if key == "term" else round(v, 2) for key, v in row.items()}
        for row in planner.explain(podium())
    ]


def reasons() -> dict[str, tuple[str, float, str, float]]:
    """Return where the winner gains and where it pays most, beside the runner-up and
    beside the published plan.
    """
    winner, second, published_one = podium().values()
    return {
        "runner-up": planner.reason(winner, second),
        "published": planner.reason(winner, published_one),
    }


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
    across: float = published.A100_LINKS["across"],
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
    return plans.cost(model, a100(chips, across=across), plan, batch)


def _rate(model: Transformer, cost: Cost, row: dict, seconds: float) -> int:
    share = plans.utilisation(
        model, a100(row["chips"]), row["global_batch"], seconds, recomputed=True
    )
    return round(share * A100.peak("bf16") / 1e12)


def equal_links(
    chips: int = 1536, batch: int = 1536, *, overlapped: bool = False
) -> float:
    """Return the bytes a second between nodes from which on ZeRO 3 alone is no slower
    than tensor × pipeline, one by one or overlapped, by bisection.
    """
    bound = "overlapped" if overlapped else "one_by_one"
    low, high = published.A100_LINKS["across"], 1e13
    for _ in range(60):
        middle = (low * high) ** 0.5
        both = [
            getattr(rival(GPT3, chips, batch, 1, cut, across=middle), bound)
            for cut in (True, False)
        ]
        low, high = (low, middle) if both[0] <= both[1] else (middle, high)
    return high


def planned(tensor: int, pipeline: int, recompute: str) -> show.Frame:
    """Draw what a plan for GPT 39.1B on 512 chips takes: seconds, and memory."""
    (run,) = [run for run in published.sc21() if run.model.name == "GPT 39.1B"]
    plan = Plan(
        512 // (tensor * pipeline),
        tensor,
        pipeline,
        recompute=recompute,
        sequence_parallel=True,
    )
    one = plans.cost(run.model, run.cluster, plan, run.batch)
    fig, (left, right) = show.subplots(
        1, 2, figsize=(4.6, 2.3), gridspec_kw={"width_ratios": [2, 1]}
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
