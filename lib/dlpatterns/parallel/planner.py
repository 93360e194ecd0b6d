"""The planner: every plan that divides a model and a cluster, the fastest that fits,
and why it won.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from . import memory
from .messages import whole
from .plans import Cluster, Cost, Plan, misfit, price
from .transformer import Transformer

PARTS = (1, 2, 3, 4, 6, 8)  # of a chip's layers, interleaved


def candidates(
    model: Transformer,
    cluster: Cluster,
    batch: int,
    *,
    stages: tuple = (1,),
    recompute: tuple = memory.RECOMPUTED,
    schedules: tuple = ("1F1B",),
) -> Iterator[Plan]:
    """Yield every plan that divides the model, the batch and the cluster: tensor
    parallelism stays in a node; micro-batches, contexts and experts come in powers of
    two.
    """
    kinds = [(r, s) for r in recompute for s in stages]
    for base in _splits(model, cluster):
        for plan in _variants(model, base, batch, schedules):
            for again, stage in kinds:
                yield replace(plan, recompute=again, stage=stage)


def _splits(model: Transformer, cluster: Cluster) -> Iterator[Plan]:
    """Every data × tensor × pipeline × context that takes all chips."""
    for tensor in _divisors(cluster.chips, min(cluster.node, model.heads)):
        left = cluster.chips // tensor
        for pipeline in _divisors(left, model.layers):
            for context in _powers(max(1, model.tokens // 8192)):
                if left % (pipeline * context) == 0:
                    data = left // (pipeline * context)
                    yield Plan(data, tensor, pipeline, context)


def _variants(
    model: Transformer, base: Plan, batch: int, schedules: tuple
) -> Iterator[Plan]:
    for micro_batch in _powers(16):
        for expert in _powers(model.experts):
            for schedule, parts in _scheduled(base.pipeline, schedules):
                plan = replace(
                    base,
                    expert=expert,
                    micro_batch=micro_batch,
                    parts=parts,
                    schedule=schedule,
                )
                if not misfit(model, plan, batch):
                    yield plan


def _scheduled(pipeline: int, schedules: tuple) -> Iterator[tuple[str, int]]:
    if pipeline == 1:
        yield schedules[0], 1
        return
    for schedule in schedules:
        for parts in PARTS if schedule == "1F1B" else (1,):
            yield schedule, parts


def _powers(most: int) -> Iterator[int]:
    size = 1
    while size <= most:
        yield size
        size *= 2


def _divisors(number: int, most: int) -> Iterator[int]:
    return (size for size in range(1, most + 1) if number % size == 0)


def search(
    model: Transformer,
    cluster: Cluster,
    batch: int,
    *,
    convention: str = "mixed, Megatron-LM",
    **kinds: tuple,
) -> list[Cost]:
    """Return what every plan that fits into memory takes, the fastest first. `kinds`
    are `stages` of ZeRO, ways to `recompute`, and `schedules`, as `candidates` has
    them.

    Raises: ValueError that tells how much too large the smallest is, if none fits.
    """
    found = [
        price(model, cluster, plan, batch, convention)
        for plan in candidates(model, cluster, whole(batch, "batch"), **kinds)
    ]
    if not found:
        raise ValueError(
            f"no plan divides {model.name}, {batch} sequences and {cluster.chips} chips"
        )
    fitting = [one for one in found if one.memory <= cluster.memory]
    if not fitting:
        least = min(found, key=lambda one: one.memory)
        raise ValueError(
            f"{model.name} doesn't fit {cluster.name}: the smallest of {len(found)} "
            f"plans, {least.plan}, needs {least.memory / 1e9:.1f} GB a chip of "
            f"{cluster.memory / 1e9:.1f}"
        )
    return sorted(fitting, key=lambda one: one.one_by_one)


SECONDS = (
    *("compute", "bubble", "tensor", "pipeline", "context", "expert"),
    "gradients",
)
BYTES = ("states", "activations")


def explain(costs: Mapping[str, Cost]) -> list[dict]:
    """Return a row a term, in seconds and then in GB, and a column a plan: what makes
    one faster than another, and what it pays for it. Terms that are nothing everywhere
    are left out.

    Raises: ValueError for fewer than two plans.
    """
    if len(costs) < 2:
        raise ValueError(
            f"an explanation needs two or more plans, got {', '.join(costs) or 'none'}"
        )
    rows = [_row(f"{term}, s", term, costs, 1) for term in (*SECONDS, "one_by_one")] + [
        _row(f"{term}, GB", term, costs, 1e9) for term in (*BYTES, "memory")
    ]
    return [row for row in rows if any(v for v in row.values() if not _said(v))]


def _row(name: str, term: str, costs: Mapping[str, Cost], unit: float) -> dict:
    label = {"one_by_one, s": "one by one, s"}.get(name, name)
    values = {who: getattr(cost, term) / unit for who, cost in costs.items()}
    return {"term": label} | values


def _said(value: object) -> bool:
    return isinstance(value, str)


def reason(winner: Cost, other: Cost) -> tuple[str, float, str, float]:
    """Return where a plan gains most on another, the seconds that it gains there, where
    it pays most, and the seconds that it pays there.
    """
    gains = {term: getattr(other, term) - getattr(winner, term) for term in SECONDS}
    most, least = max(gains, key=gains.get), min(gains, key=gains.get)
    return most, gains[most], least, max(0.0, -gains[least])
