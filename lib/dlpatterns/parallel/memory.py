"""What training must hold on each chip: weights, gradients, the optimiser's states, and
activations until the backward pass has used them.

Conventions differ; each has a name here. Sources: Rajbhandari et al. 2020 (ZeRO,
arxiv.org/abs/1910.02054), Korthikanti et al. 2022 (arxiv.org/abs/2205.05198) for
activations, the documents and code of DeepSpeed and Megatron-LM for theirs.

>>> round(states(7.5e9, shards=64, stage=3) / 1e9, 2)  # ZeRO, figure 1
1.88
"""

from dataclasses import dataclass

from .messages import positive, whole


@dataclass(frozen=True)
class Convention:
    """Bytes that training keeps for each parameter, by purpose: what ZeRO cuts first,
    second and third stands last, middle and first.
    """

    name: str
    weights: float
    gradients: float
    optimiser: float
    source: str

    @property
    def total(self) -> float:
        """Bytes a parameter on one chip, nothing cut."""
        return self.weights + self.gradients + self.optimiser


CONVENTIONS = {
    one.name: one
    for one in (
        Convention(
            "FP32, Adam", 4, 4, 8, "weights, gradients and two averages of 4 bytes"
        ),
        Convention(
            "mixed, ZeRO's paper",
            2,
            2,
            12,
            "Rajbhandari et al. 2020, section 3.1: 2 + 2 + (4 + 4 + 4)",
        ),
        Convention(
            "mixed, Megatron-LM",
            2,
            4,
            12,
            "Megatron-LM, theoretical_memory_usage.py: 18, or 6 + 12 / d",
        ),
        Convention(
            "mixed, FP16 gradients kept twice",
            2,
            2,
            16,
            "Megatron Core, distributed optimizer: 20, or 4 + 16 / d",
        ),
        Convention(
            "mixed, DeepSpeed's code",
            2,
            6,
            12,
            "DeepSpeed, stage_1_and_2.py: 2 + 18 / d, gradients in 16 and in 32 bits",
        ),
        Convention(
            "mixed, DeepSpeed's documents",
            4,
            0,
            16,
            "DeepSpeed, Memory Requirements: an estimate of 4 + 16 / d",
        ),
        Convention(
            "mixed, 8-bit Adam",
            2,
            2,
            6,
            "Dettmers et al. 2022 (arxiv.org/abs/2110.02861): averages of 1 byte, "
            "master weights of 4",
        ),
    )
}


def states(
    params: float,
    *,
    shards: int = 1,
    stage: int = 0,
    convention: str = "mixed, ZeRO's paper",
) -> float:
    """Return the bytes of weights, gradients and optimiser states on one of `shards`
    chips under a stage of ZeRO: 1 cuts the optimiser's states, 2 the gradients too, 3
    all.

    Raises: ValueError for a stage that is none of 0 to 3, or an unknown convention.
    """
    return positive(params, "params") * sum(shares(shards, stage, convention).values())


def shares(
    shards: int, stage: int, convention: str = "mixed, ZeRO's paper"
) -> dict[str, float]:
    """Return the bytes for each parameter on one chip, by purpose."""
    whole(shards, "shards")
    if stage not in (0, 1, 2, 3) or isinstance(stage, bool):
        raise ValueError(f"a stage of ZeRO is 0, 1, 2 or 3, got {stage!r}")
    kept = _convention(convention)
    return {
        "weights": kept.weights / (shards if stage == 3 else 1),
        "gradients": kept.gradients / (shards if stage >= 2 else 1),
        "optimiser": kept.optimiser / (shards if stage >= 1 else 1),
    }


def _convention(name: str) -> Convention:
    if name not in CONVENTIONS:
        raise ValueError(
            f"there is no convention {name!r}; there are {', '.join(CONVENTIONS)}"
        )
    return CONVENTIONS[name]


def zero_traffic(
    params: float, shards: int, stage: int, *, bytes_each: int = 2
) -> float:
    """Return the bytes that each chip sends in a step: gradients reduced and weights
    gathered, by rings.

    Stages 0 to 2 send what an all-reduce sends; stage 3 gathers the weights once more,
    for the backward pass, 1.5 times as much. Source: Rajbhandari et al. 2020, 7.
    """
    shares(shards, stage)
    once = positive(params, "params") * bytes_each * (shards - 1) / shards
    return once * (3 if stage == 3 else 2)


RECOMPUTED = ("none", "fused", "selective", "full")


@dataclass(frozen=True)
class Block:
    """A block of a Transformer, as the formulas for activations speak of it. Left out,
    queries and keys have as many features as the block, units four times as many, and
    a token meets all `others` of its sequence.

    `gated` blocks (SwiGLU) have no dropout; `units` are those that a token meets, in
    `routed` experts if there are any.
    """

    tokens: int
    hidden: int
    heads: int
    micro_batch: int = 1
    queries: int | None = None
    keys: int | None = None
    units: int | None = None
    gated: bool = False
    routed: int = 0
    others: int | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "hidden", "heads", "micro_batch"):
            whole(getattr(self, name), name)
        for name in ("queries", "keys", "units", "others"):
            if getattr(self, name) is not None:
                whole(getattr(self, name), name)
        whole(self.routed, "routed", 0)


@dataclass(frozen=True)
class Kept:
    """Something that a block keeps: its bytes a token, whether tensor parallelism cuts
    it, and the least recomputing that drops it.
    """

    name: str
    bytes: float
    cut: bool
    dropped: str = "full"


def kept(block: Block) -> tuple[Kept, ...]:
    """Return what a block keeps for its backward pass, in 16 bits, masks in one byte.

    For a block of GPT these are the 34 + 5 a s / h bytes a number of Korthikanti et
    al. 2022, section 4.1.
    """
    size = block.hidden
    queries = block.queries or size
    keys = block.keys or queries
    units = block.units or 4 * size
    matrix = block.heads * (block.others or block.tokens)
    parts = [
        Kept("inputs of two normalisations", 4 * size, cut=False),
        Kept("inputs of attention and feed-forward part", 4 * size, cut=False),
        Kept("queries, keys, values", 2 * queries + 4 * keys, cut=True),
        Kept("matrix of attention", 2 * matrix, cut=True, dropped="fused"),
        Kept("answers of the heads", 2 * queries, cut=True),
        Kept("units before and behind their function", 4 * units, cut=True),
    ]
    if not block.gated:
        masks = Kept("matrix, mask and dropped", 3 * matrix, cut=True, dropped="fused")
        return (*parts, masks, Kept("two masks", 2 * size, cut=False))
    parts.append(Kept("gates", 2 * units, cut=True))
    parts.append(Kept("gates behind their function", 2 * units, True, "fused"))
    if block.routed:
        copies = 4 * block.routed * size
        parts.append(Kept("copies for the experts and from them", copies, cut=False))
    return tuple(parts)


def activations(
    block: Block,
    *,
    tensor: int = 1,
    sequence_parallel: bool = False,
    recompute: str = "none",
) -> float:
    """Return the bytes of activations that one block keeps for its backward pass, on
    one chip: the sum of what is `kept`, tensor parallelism cutting a part of it, and
    with sequence parallelism all.

    "fused" kernels keep neither the matrix of attention nor a gate behind its function;
    "selective" drops the matrix alone and computes it again; "full" keeps the block's
    input, which sequence parallelism cuts too. Source: Korthikanti et al. 2022, table
    2.
    """
    if recompute not in RECOMPUTED:
        raise ValueError(f"recompute is one of {RECOMPUTED}, got {recompute!r}")
    whole(tensor, "tensor")
    tokens = block.tokens * block.micro_batch
    if recompute == "full":
        return 2 * tokens * block.hidden / (tensor if sequence_parallel else 1)
    parts = [one for one in kept(block) if not _dropped(one, recompute)]
    cut = sum(one.bytes for one in parts if one.cut or sequence_parallel)
    return tokens * (cut / tensor + sum(one.bytes for one in parts) - cut)


def _dropped(one: Kept, recompute: str) -> bool:
    if recompute == "fused":
        return one.dropped == "fused"
    return recompute == "selective" and one.name.startswith("matrix")
