"""Plans: how to split a Transformer's training over a cluster, what each chip holds,
and how long a step takes at least.

A plan multiplies data × tensor × pipeline × context × expert parallelism (the experts
are dealt out among the ranks of data parallelism). Nothing is fitted: arithmetic runs
at a given share of the peak, messages at the links' bandwidth, and communication is
told twice, hidden as far as it can be (`overlapped`) and not at all (`one_by_one`).
Sources: Narayanan et al. 2021 (arxiv.org/abs/2104.04473) for the work and the bubble,
`memory` for what is held. Units: bytes, seconds, MACs.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from . import memory, schedules
from .messages import positive, whole
from .transformer import Transformer


@dataclass(frozen=True)
class Cluster:
    """Chips in nodes: the rate and memory of a chip, the bytes a second that it sends
    within a node and between nodes, and the seconds that any message takes.
    """

    name: str
    chips: int
    node: int
    peak: float
    memory: float
    inside: float
    across: float
    reached: float = 1.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        whole(self.chips, "chips")
        whole(self.node, "node")
        for name in ("peak", "memory", "inside", "across"):
            positive(getattr(self, name), name)
        if not 0 < self.reached <= 1:
            raise ValueError(
                f"reached is a share of the peak above 0, up to 1; got {self.reached}"
            )

    @property
    def macs_per_second(self) -> float:
        """MACs that a chip reaches a second: a MAC is two of the FLOP in its peak."""
        return self.peak * self.reached / 2


@dataclass(frozen=True)
class Plan:
    """How a batch and a model are split over chips; `parts` of a chip's layers that
    are no neighbours make 1F1B interleaved.
    """

    data: int = 1
    tensor: int = 1
    pipeline: int = 1
    context: int = 1
    expert: int = 1
    micro_batch: int = 1
    parts: int = 1
    recompute: str = "none"
    stage: int = 1
    sequence_parallel: bool = True
    schedule: str = "1F1B"

    @property
    def chips(self) -> int:
        """Chips that the plan takes."""
        return self.data * self.tensor * self.pipeline * self.context

    def __str__(self) -> str:
        ways = (
            ("data", self.data),
            ("tensor", self.tensor),
            ("pipeline", self.pipeline),
            ("context", self.context),
            ("expert", self.expert),
        )
        said = " × ".join(f"{name} {size}" for name, size in ways if size > 1)
        return said or "one chip"


@dataclass(frozen=True)
class Cost:
    """What a plan takes on each chip: bytes held, by purpose, and seconds of a step."""

    plan: Plan
    states: float
    activations: float
    compute: float
    bubble: float
    tensor: float  # messages of tensor parallelism, and of the next three ways
    pipeline: float
    context: float
    expert: float
    gradients: float  # messages among the ranks of data parallelism

    @property
    def memory(self) -> float:
        """Bytes that the chip which holds most must hold."""
        return self.states + self.activations

    @property
    def within_step(self) -> float:
        """Seconds of the messages between one piece of work and the next."""
        return self.tensor + self.pipeline + self.context + self.expert

    @property
    def overlapped(self) -> float:
        """Seconds of a step if gradients and weights travel while chips compute."""
        busy = self.compute + self.bubble + self.within_step
        return max(busy, self.gradients)

    @property
    def one_by_one(self) -> float:
        """Seconds of a step if nothing is hidden."""
        return self.compute + self.bubble + self.within_step + self.gradients


def check(model: Transformer, cluster: Cluster, plan: Plan, batch: int) -> None:
    """Refuse a plan that doesn't divide the model, the batch or the cluster.

    Raises: ValueError that names the first size that isn't divided.
    """
    reason = misfit(model, plan, batch)
    if plan.chips != cluster.chips:
        reason = (
            f"the plan takes {plan.chips} chips, {cluster.name} has {cluster.chips}"
        )
    if reason:
        raise ValueError(f"{model.name} as {plan}: {reason}")


def misfit(model: Transformer, plan: Plan, batch: int) -> str:
    """Return why a plan doesn't divide the model or the batch, or nothing."""
    needs = (
        ("tensor", plan.tensor, "heads", model.heads),
        ("tensor", plan.tensor, "hidden units", model.hidden),
        ("tensor", plan.tensor, "words", model.vocabulary),
        ("context", plan.context, "tokens", model.tokens),
        ("expert", plan.expert, "experts", model.experts),
        ("expert", plan.expert, "ranks of data parallelism", plan.data),
        ("data × micro-batch", plan.data * plan.micro_batch, "batch", batch),
    )
    for way, parts, name, size in needs:
        if size % parts:
            return f"{way} = {parts} doesn't divide {name} = {size}"
    keys = model.kv_heads or model.heads
    if keys % plan.tensor and plan.tensor % keys:
        return f"tensor = {plan.tensor} and key-value heads = {keys} don't divide"
    if plan.pipeline * plan.parts > model.layers:
        return (
            f"{plan.pipeline * plan.parts} stages are more than {model.layers} layers"
        )
    micro = batch // (plan.data * plan.micro_batch)
    if plan.parts > 1 and (plan.pipeline == 1 or micro % plan.pipeline):
        return f"interleaving needs {micro} micro-batches in multiples of the stages"
    return _unscheduled(plan, micro)


def _unscheduled(plan: Plan, micro: int) -> str:
    if plan.schedule not in IN_FLIGHT:
        return (
            f"there is no schedule {plan.schedule!r}; there are {', '.join(IN_FLIGHT)}"
        )
    if plan.schedule == "1F1B":
        return ""
    if plan.parts > 1:
        return f"{plan.schedule} cuts a chip's layers itself; leave parts at 1"
    if plan.schedule in ("ZBV", "DualPipe") and micro < 2 * plan.pipeline:
        return f"{plan.schedule} needs two micro-batches a stage, got {micro}"
    if plan.schedule == "DualPipe" and plan.pipeline % 2:
        return f"DualPipe needs an even number of stages, got {plan.pipeline}"
    return ""


def cost(
    model: Transformer,
    cluster: Cluster,
    plan: Plan,
    batch: int,
    *,
    convention: str = "mixed, Megatron-LM",
) -> Cost:
    """Return what a plan takes for a step on a batch of so many sequences.

    Raises: ValueError if the plan doesn't divide the model, the batch or the cluster.
    """
    check(model, cluster, plan, whole(batch, "batch"))
    return price(model, cluster, plan, batch, convention)


def price(
    model: Transformer, cluster: Cluster, plan: Plan, batch: int, convention: str
) -> Cost:
    """Return what a plan takes that is known to divide model, cluster and batch."""
    micro = batch // (plan.data * plan.micro_batch)
    compute, again = _compute(model, cluster, plan, batch)
    return Cost(
        plan,
        _states(model, plan, convention),
        _activations(model, plan, micro),
        compute,
        compute * _bubble(plan, micro, again),
        *(micro * seconds for seconds in _messages(model, cluster, plan)),
        _gradients(model, cluster, plan, micro),
    )


def _bubble(plan: Plan, micro: int, again: float) -> float:
    """The bubble as a share of the time that a chip works; what is computed `again`, in
    forward passes, is part of the backward pass.
    """
    if plan.pipeline == 1:
        return 0.0
    times = {"F": 1.0, "B": 2 + again, "W": 1.0, "F+B": 3 + again}
    name = "interleaved" if plan.parts > 1 else plan.schedule
    one = schedules.bubble(name, plan.pipeline, times, parts=plan.parts)
    if name == "ZBV":  # the chips still start one after another: F of half a stage
        one = (plan.pipeline - 1) / 2
    return one / (micro * times["F+B"])


def _held(model: Transformer, plan: Plan) -> tuple[float, float]:
    """Weights on the fullest chip: what every rank of data parallelism has, and
    experts, which fewer have.
    """
    blocks = ceil(model.layers / plan.pipeline)
    ends = model.words * (2 if plan.pipeline == 1 and not model.tied else 1)
    copies = 2 if plan.schedule == "DualPipe" else 1
    if model.experts == 1:
        block = model.attention + model.expert
        return copies * (blocks * block + ends) / plan.tensor, 0.0
    shared = model.attention + model.shared * model.expert
    experts = blocks * model.experts * model.expert / plan.expert
    part = copies / plan.tensor
    return part * (blocks * shared + ends), part * experts


def _states(model: Transformer, plan: Plan, convention: str) -> float:
    shared, dealt = _held(model, plan)
    ranks = plan.data * plan.context
    each = _bytes_each(ranks, plan.stage, convention)
    fewer = _bytes_each(max(1, ranks // plan.expert), plan.stage, convention)
    return shared * each + dealt * fewer


@lru_cache(maxsize=4096)
def _bytes_each(ranks: int, stage: int, convention: str) -> float:
    return sum(memory.shares(ranks, stage, convention).values())


# The most micro-batches that a chip holds in all its layers, of p stages in v parts.
IN_FLIGHT = {
    "1F1B": lambda p, v: p + (p - 1) / v if v > 1 else p,
    "GPipe": lambda p, v: float("inf"),
    "ZB-H1": lambda p, v: p,
    "ZBV": lambda p, v: p,
    "DualPipe": lambda p, v: p + 1,
}


def _activations(model: Transformer, plan: Plan, micro: int) -> float:
    """Those of the chip which holds most micro-batches, with the most layers."""
    block = _block(model, plan.context, plan.micro_batch)
    one = _kept(
        block,
        plan.tensor,
        plan.sequence_parallel and plan.tensor > 1,
        plan.recompute,
    )
    in_flight = min(IN_FLIGHT[plan.schedule](plan.pipeline, plan.parts), micro)
    return one * in_flight * ceil(model.layers / plan.pipeline)


@lru_cache(maxsize=1024)
def _block(model: Transformer, context: int, micro_batch: int) -> memory.Block:
    mixed = model.experts > 1
    return memory.Block(
        model.tokens // context,
        model.features,
        model.heads,
        micro_batch,
        queries=model.queries,
        keys=model.width,
        units=model.hidden * (model.active + model.shared),
        gated=model.gated,
        routed=model.active if mixed else 0,
        others=model.tokens,
    )


@lru_cache(maxsize=4096)
def _kept(
    block: memory.Block, tensor: int, sequence_parallel: bool, recompute: str
) -> float:
    return memory.activations(
        block,
        tensor=tensor,
        sequence_parallel=sequence_parallel,
        recompute=recompute,
    )


def _compute(
    model: Transformer, cluster: Cluster, plan: Plan, batch: int
) -> tuple[float, float]:
    """Seconds of the chip with the most work: forward, twice as much backward, and what
    is computed again; and how many forward passes that last part is.
    """
    once, again = _work(model, plan.recompute)
    pace = 3 * once + again
    rest = model.words * (3 * once + again) / once
    whole_stages = ceil(model.layers / plan.pipeline) / model.layers
    macs = max(pace / plan.pipeline, whole_stages * (pace - rest))
    tokens = batch * model.tokens / (plan.data * plan.tensor * plan.context)
    return tokens * macs / cluster.macs_per_second, again / once


@lru_cache(maxsize=1024)
def _work(model: Transformer, recompute: str) -> tuple[float, float]:
    """MACs of a token's forward pass, and of what is computed again. A fused kernel
    skips the pairs above the diagonal, and computes the scores again.
    """
    once = model.macs(causal_half=recompute == "fused")
    again = {
        "none": 0.0,
        "fused": model.layers * model.pairs / 4,
        "selective": model.layers * model.pairs,
        "full": once - model.words,
    }
    return once, again[recompute]


def _messages(
    model: Transformer, cluster: Cluster, plan: Plan
) -> tuple[float, float, float, float]:
    """Seconds of the messages of one micro-batch on one chip, forward and backward: of
    tensor, pipeline, context and expert parallelism.
    """
    numbers = plan.micro_batch * model.tokens // plan.context * model.features
    blocks = ceil(model.layers / plan.pipeline)
    passes = 2 + (plan.recompute == "full")
    tensor = pipeline = context = expert = 0.0
    if plan.tensor > 1:
        inside = cluster.inside if plan.tensor <= cluster.node else cluster.across
        steps, share = 2 * (plan.tensor - 1), 2 * (plan.tensor - 1) / plan.tensor
        one = steps * cluster.alpha + share * 2 * numbers / inside
        tensor = blocks * 2 * passes * one
    if plan.pipeline > 1:
        cut = plan.tensor if plan.sequence_parallel else 1
        one = cluster.alpha + 2 * numbers / cut / cluster.across
        pipeline = 2 * plan.parts * one
    if plan.context > 1:
        keys = 4 * numbers * model.width / model.features / plan.tensor
        turns = (plan.context - 1) * (cluster.alpha + keys / cluster.across)
        context = blocks * (passes + 1) * turns
    if plan.expert > 1:
        once = cluster.alpha + _away(model, cluster, plan, 2 * numbers / plan.tensor)
        mixed = blocks * (model.layers - model.dense) / model.layers
        expert = mixed * 2 * passes * once
    return tensor, pipeline, context, expert


def _away(model: Transformer, cluster: Cluster, plan: Plan, size: float) -> float:
    """Seconds in which activations of so many bytes reach their experts: once for each
    expert, or for each node that has some of them, and from there on inside.
    """
    share = (plan.expert - 1) / plan.expert
    if plan.expert <= cluster.node:
        return size * model.active * share / cluster.inside
    copies = min(model.active, model.reach or model.active)
    return size * copies * share / cluster.across


def _gradients(model: Transformer, cluster: Cluster, plan: Plan, micro: int) -> float:
    """Seconds to sum the gradients over the ranks of data parallelism and to gather the
    weights: once a step, or, if ZeRO cuts gradients or weights, for each micro-batch.
    """
    ranks = plan.data * plan.context
    if ranks == 1:
        return 0.0
    shared, dealt = _held(model, plan)
    link = cluster.inside if plan.chips <= cluster.node else cluster.across
    passes = {0: 2, 1: 2, 2: micro + 1, 3: 3 * micro}[plan.stage]
    once = (ranks - 1) * cluster.alpha
    return passes * (once + 2 * (shared + dealt) * (ranks - 1) / ranks / link)


def utilisation(
    model: Transformer,
    cluster: Cluster,
    batch: int,
    seconds: float,
    *,
    recomputed: bool = False,
    causal_half: bool = False,
) -> float:
    """Return the share of the cluster's peak that a step reaches.

    Of model FLOP (MFU): forward and backward pass, 3 x forward. With `recomputed`, of
    all that is computed (HFU): the blocks' forward pass counts once more.
    """
    once = model.macs(causal_half=causal_half)
    macs = 3 * once + (once - model.words if recomputed else 0)
    rate = batch * model.tokens * macs / positive(seconds, "seconds")
    return rate / (cluster.chips * cluster.peak / 2)
