"""Plans: how to split a Transformer's training over a cluster, what each chip holds,
and how long a step takes at least.

A plan multiplies data × tensor × pipeline × context × expert parallelism (the experts
are dealt out among the ranks of data parallelism). Nothing is fitted: arithmetic runs
at a given share of the peak, messages at the links' bandwidth, and communication is
told twice, hidden as far as it can be (`overlapped`) and not at all (`one_by_one`).
Sources: Narayanan et al. 2021 (arxiv.org/abs/2104.04473) for the work and the bubble,
`memory` for what is held. Units: bytes, seconds, MACs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from . import memory
from .messages import positive, whole


@dataclass(frozen=True)
class Transformer:
    """A language model as plans see it. `experts` of which `active` see each token take
    the place of the feed-forward part if there are any.
    """

    name: str
    layers: int
    features: int
    heads: int
    hidden: int
    tokens: int
    vocabulary: int
    kv_heads: int | None = None
    gated: bool = False
    tied: bool = True
    experts: int = 1
    active: int = 1

    def __post_init__(self) -> None:
        for name in ("layers", "features", "heads", "hidden", "tokens", "vocabulary"):
            whole(getattr(self, name), name)
        whole(self.active, "active")
        whole(self.experts, "experts", self.active)

    @property
    def width(self) -> int:
        """Features of all keys: less than of the queries if heads share them."""
        return self.features * (self.kv_heads or self.heads) // self.heads

    @property
    def attention(self) -> int:
        """Weights of a block's four projections."""
        return 2 * self.features * (self.features + self.width)

    @property
    def expert(self) -> int:
        """Weights of one feed-forward part."""
        return (3 if self.gated else 2) * self.features * self.hidden

    @property
    def params(self) -> int:
        """Weights of all blocks and of the embedding, once if it is tied; vectors such
        as biases are left out.
        """
        block = self.attention + self.experts * self.expert
        return self.layers * block + self.words * (1 if self.tied else 2)

    @property
    def words(self) -> int:
        """Weights of the embedding."""
        return self.vocabulary * self.features

    def macs(self, *, causal_half: bool = False) -> float:
        """Return the MACs of one token's forward pass: weights, pairs of tokens, scores
        of words.
        """
        pairs = 2 * self.tokens * self.features / (2 if causal_half else 1)
        block = self.attention + self.active * self.expert + pairs
        return self.layers * block + self.words


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
    """How a batch and a model are split over chips."""

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
    within_step: float  # messages between one piece of work and the next
    gradients: float  # messages among the ranks of data parallelism

    @property
    def memory(self) -> float:
        """Bytes that the chip which holds most must hold."""
        return self.states + self.activations

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
    reason = _misfit(model, plan, batch)
    if plan.chips != cluster.chips:
        reason = (
            f"the plan takes {plan.chips} chips, {cluster.name} has {cluster.chips}"
        )
    if reason:
        raise ValueError(f"{model.name} as {plan}: {reason}")


def _misfit(model: Transformer, plan: Plan, batch: int) -> str:
    needs = (
        ("tensor", plan.tensor, "heads", model.heads),
        ("tensor", plan.tensor, "hidden units", model.hidden),
        ("context", plan.context, "tokens", model.tokens),
        ("expert", plan.expert, "experts", model.experts),
        ("expert", plan.expert, "ranks of data parallelism", plan.data),
        ("data × micro-batch", plan.data * plan.micro_batch, "batch", batch),
    )
    for way, parts, name, size in needs:
        if size % parts:
            return f"{way} = {parts} doesn't divide {name} = {size}"
    if plan.pipeline * plan.parts > model.layers:
        return (
            f"{plan.pipeline * plan.parts} stages are more than {model.layers} layers"
        )
    micro = batch // (plan.data * plan.micro_batch)
    if plan.parts > 1 and (plan.pipeline == 1 or micro % plan.pipeline):
        return f"interleaving needs {micro} micro-batches in multiples of the stages"
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
    return _cost(model, cluster, plan, batch, convention)


def _cost(
    model: Transformer, cluster: Cluster, plan: Plan, batch: int, convention: str
) -> Cost:
    micro = batch // (plan.data * plan.micro_batch)
    compute = _compute(model, cluster, plan, batch)
    return Cost(
        plan,
        _states(model, plan, convention),
        _activations(model, plan, micro),
        compute,
        compute * (plan.pipeline - 1) / (plan.parts * micro),
        micro * _messages(model, cluster, plan),
        _gradients(model, cluster, plan, micro),
    )


def _held(model: Transformer, plan: Plan) -> tuple[float, float]:
    """Weights on the fullest chip: what every rank of data parallelism has, and
    experts, which fewer have.
    """
    blocks = -(-model.layers // plan.pipeline)
    ends = model.words * (2 if plan.pipeline == 1 and not model.tied else 1)
    if model.experts == 1:
        return (blocks * (model.attention + model.expert) + ends) / plan.tensor, 0.0
    experts = blocks * model.experts * model.expert / plan.expert
    return (blocks * model.attention + ends) / plan.tensor, experts / plan.tensor


def _states(model: Transformer, plan: Plan, convention: str) -> float:
    shared, dealt = _held(model, plan)
    ranks = plan.data * plan.context
    each = _bytes_each(ranks, plan.stage, convention)
    fewer = _bytes_each(max(1, ranks // plan.expert), plan.stage, convention)
    return shared * each + dealt * fewer


@lru_cache(maxsize=4096)
def _bytes_each(ranks: int, stage: int, convention: str) -> float:
    return sum(memory.shares(ranks, stage, convention).values())


def _activations(model: Transformer, plan: Plan, micro: int) -> float:
    """Those of the first stage, which holds most micro-batches."""
    block = _block(
        model.tokens // plan.context,
        model.features,
        model.heads,
        plan.micro_batch,
        plan.tensor,
        plan.sequence_parallel,
        plan.recompute,
    )
    in_flight = min(plan.pipeline, micro) * model.layers / plan.pipeline
    more = 1 + (plan.pipeline - 1) / (plan.pipeline * plan.parts)
    return block * in_flight * (more if plan.parts > 1 else 1)


@lru_cache(maxsize=4096)
def _block(
    tokens: int,
    features: int,
    heads: int,
    micro_batch: int,
    tensor: int,
    sequence_parallel: bool,
    recompute: str,
) -> float:
    block = memory.Block(tokens, features, heads, micro_batch)
    return memory.activations(
        block,
        tensor=tensor,
        sequence_parallel=sequence_parallel and tensor > 1,
        recompute=recompute,
    )


def _compute(model: Transformer, cluster: Cluster, plan: Plan, batch: int) -> float:
    """Forward, twice as much backward, and what is computed once more."""
    once = model.macs()
    again = {
        "none": 0.0,
        "selective": model.layers * 2 * model.tokens * model.features,
        "full": once - model.words,
    }[plan.recompute]
    macs = batch * model.tokens * (3 * once + again)
    return macs / (plan.chips * cluster.macs_per_second)


def _messages(model: Transformer, cluster: Cluster, plan: Plan) -> float:
    """Seconds of the messages of one micro-batch on one chip, forward and backward."""
    numbers = plan.micro_batch * model.tokens // plan.context * model.features
    blocks = model.layers / plan.pipeline
    inside = cluster.inside if plan.tensor <= cluster.node else cluster.across
    passes = 2 + (plan.recompute == "full")
    seconds = 0.0
    if plan.tensor > 1:
        steps, share = 2 * (plan.tensor - 1), 2 * (plan.tensor - 1) / plan.tensor
        one = steps * cluster.alpha + share * 2 * numbers / inside
        seconds += blocks * 2 * passes * one
    if plan.pipeline > 1:
        cut = plan.tensor if plan.sequence_parallel else 1
        one = cluster.alpha + 2 * numbers / cut / cluster.across
        seconds += 2 * plan.parts * one
    if plan.context > 1:
        keys = 4 * numbers * model.width / model.features / plan.tensor
        turns = (plan.context - 1) * (cluster.alpha + keys / cluster.across)
        seconds += blocks * (passes + 1) * turns
    if plan.expert > 1:
        away = 2 * numbers * model.active * (plan.expert - 1) / plan.expert
        link = cluster.inside if plan.expert <= cluster.node else cluster.across
        seconds += blocks * 2 * passes * (cluster.alpha + away / plan.tensor / link)
    return seconds


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


def candidates(
    model: Transformer, cluster: Cluster, batch: int, *, stages: tuple = (1,)
) -> Iterator[Plan]:
    """Yield every plan in powers of two that divides the model, the batch and the
    cluster; tensor parallelism stays in a node.
    """
    for tensor in _powers(min(cluster.node, model.heads)):
        for pipeline in _powers(min(model.layers, cluster.chips // tensor)):
            for context in _powers(max(1, model.tokens // 8192)):
                if cluster.chips % (tensor * pipeline * context):
                    continue
                data = cluster.chips // (tensor * pipeline * context)
                base = Plan(data, tensor, pipeline, context)
                yield from _variants(model, base, batch, stages)


def _variants(
    model: Transformer, base: Plan, batch: int, stages: tuple
) -> Iterator[Plan]:
    for micro_batch in _powers(8):
        for expert in _powers(model.experts):
            for parts in (1, 2, 4) if base.pipeline > 1 else (1,):
                plan = replace(
                    base, expert=expert, micro_batch=micro_batch, parts=parts
                )
                if _misfit(model, plan, batch):
                    continue
                for recompute in memory.RECOMPUTED:
                    for stage in stages:
                        yield replace(plan, recompute=recompute, stage=stage)


def _powers(most: int) -> Iterator[int]:
    size = 1
    while size <= most:
        yield size
        size *= 2


def search(
    model: Transformer,
    cluster: Cluster,
    batch: int,
    *,
    stages: tuple = (1,),
    convention: str = "mixed, Megatron-LM",
) -> list[Cost]:
    """Return what every plan that fits into memory takes, the fastest first.

    Raises: ValueError that tells how much too large the smallest is, if none fits.
    """
    found = [
        _cost(model, cluster, plan, batch, convention)
        for plan in candidates(model, cluster, whole(batch, "batch"), stages=stages)
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
