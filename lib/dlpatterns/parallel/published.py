"""Training runs whose plans and speeds are published, as the planner sees them.

SC21's table 1 (Narayanan et al. 2021), Korthikanti et al. 2022 (tables 3 and 5), PaLM
(Chowdhery et al. 2022, table 3), Llama 3 (Grattafiori et al. 2024, table 4),
DeepSeek-V3 (DeepSeek-AI 2024, table 1). Bandwidths are a chip's, each way.
"""

from dataclasses import dataclass
from functools import cache

from .. import datasets
from ..hardware import machines
from .messages import whole
from .plans import Cluster, Cost, Plan, cost, utilisation
from .transformer import Transformer

VOCABULARY = 51_200  # of the GPTs of SC21 and of Korthikanti et al.
A100_LINKS = {"inside": 300e9, "across": 25e9}  # NVLink 3, and a 200 Gb/s card
H100_LINKS = {"inside": 450e9, "across": 50e9}  # NVLink 4, and a 400 Gb/s card
H800_LINKS = {"inside": 160e9, "across": 50e9}  # as DeepSeek-V3's report has them
TPU_LINKS = {"inside": 100e9, "across": 100e9}  # both ways along one axis of a torus

LLAMA3 = {
    tokens: Transformer(
        "Llama-3.1-405B",
        126,
        16_384,
        128,
        53_248,
        tokens,
        128_256,
        kv_heads=8,
        gated=True,
        tied=False,
    )
    for tokens in (8192, 131_072)
}
PALM = Transformer(
    "PaLM 540B",
    118,
    18_432,
    48,
    73_728,
    2048,
    256_008,  # 256,000, padded to a multiple of twelve chips
    kv_heads=1,
    gated=True,
    head=256,
)
DEEPSEEK = Transformer(
    "DeepSeek-V3",
    61,
    7168,
    128,
    2048,
    4096,
    129_280,
    gated=True,
    tied=False,
    experts=256,
    active=8,
    shared=1,
    dense=3,
    dense_hidden=18_432,
    head=192,
    pair=192 + 128,
    projections=7168 * 1536 + 1536 * 128 * 192  # queries, by way of 1,536 numbers
    + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168,
    reach=4,
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A published run: what was trained on what, by which plan, the seconds of a step,
    and the printed share of the peak, in %, if there is one.
    """

    model: Transformer
    cluster: Cluster
    plan: Plan
    batch: int
    seconds: float
    printed: float | None
    source: str

    @property
    def cost(self) -> Cost:
        """What the plan takes in our model."""
        return cost(self.model, self.cluster, self.plan, self.batch)

    def share(self, seconds: float, **counted: bool) -> float:
        """Return the share of the peak that a step of so many seconds reaches, in %."""
        used = utilisation(self.model, self.cluster, self.batch, seconds, **counted)
        return 100 * used


@cache
def reached(chip: str, number: str, printed: float) -> float:
    """Return the share of a printed peak, in TFLOP/s, that a large product reaches, as
    measured by others.
    """
    (row,) = [
        row
        for row in datasets.table("published_hardware")
        if (row["item"], row["metric"]) == (chip, f"MAMF {number}")
    ]
    return row["value"] / printed


def a100(chips: int, *, across: float = A100_LINKS["across"]) -> Cluster:
    """Return so many A100 in nodes of eight."""
    chip = machines.get("A100 SXM4 80GB")
    peak = chip.peak("bf16")
    share = reached("NVIDIA A100 SXM", "bf16", peak / 1e12)
    links = A100_LINKS | {"across": across}
    return Cluster("A100", chips, 8, peak, chip.memory_bytes, reached=share, **links)


def h100(chips: int) -> Cluster:
    """Return so many H100 in nodes of eight."""
    chip = machines.get("H100")
    peak = chip.peak("bf16")
    share = reached("NVIDIA H100 SXM", "bf16", peak / 1e12)
    return Cluster(
        "H100", chips, 8, peak, chip.memory_bytes, reached=share, **H100_LINKS
    )


def h800(chips: int) -> Cluster:
    """Return so many H800, which compute as an H100 does, in 8 bits."""
    chip = machines.get("H100")
    peak = chip.peak("fp8_e4m3")
    share = reached("NVIDIA H100 SXM", "fp8", peak / 1e12)
    return Cluster(
        "H800", chips, 8, peak, chip.memory_bytes, reached=share, **H800_LINKS
    )


def tpu_v4(chips: int) -> Cluster:
    """Return so many TPU v4, all in one torus; no peak but the printed one is known."""
    whole(chips, "chips")
    return Cluster("TPU v4", chips, chips, 275e12, 32 * 2**30, **TPU_LINKS)


def rows_of(name: str) -> list[dict]:
    """Return the published plans of one table."""
    return [r for r in datasets.table("published_plans") if r["set"] == name]


def gpt(name: str, layers: int, hidden: int, heads: int) -> Transformer:
    """Return a GPT of 2,048 tokens with Megatron-LM's vocabulary."""
    return Transformer(name, layers, hidden, heads, 4 * hidden, 2048, VOCABULARY)


@cache
def sc21() -> tuple[Run, ...]:
    """Return the ten runs of SC21's table 1, which recompute everything; their share
    counts that.
    """
    return tuple(
        Run(
            gpt(row["model"], row["layers"], row["hidden"], row["heads"]),
            a100(row["chips"]),
            Plan(
                row["dp"],
                row["tp"],
                row["pp"],
                micro_batch=row["micro_batch"],
                parts=row["vp"] or 1,
                recompute="full",
                stage=0,
                sequence_parallel=False,
            ),
            row["global_batch"],
            row["derived_step_seconds"],
            row["published_percent_peak"],
            "Narayanan et al. 2021",
        )
        for row in rows_of("SC21 Table 1")
    )


# Korthikanti et al. 2022, table 3: layers, features, heads; tensor, pipeline, parts;
# batch, micro-batch.
KORTHIKANTI = {
    "GPT 22B": (48, 6144, 64, 8, 1, 1, 4, 4),
    "GPT 175B": (96, 12_288, 96, 8, 8, 3, 64, 1),
    "GPT 530B": (105, 20_480, 128, 8, 35, 3, 280, 1),
    "GPT 1T": (128, 25_600, 160, 8, 64, 1, 512, 1),
}


@cache
def korthikanti() -> tuple[Run, ...]:
    """Return the four runs of Korthikanti et al. 2022 with sequence parallelism and
    selective recomputation; a step's seconds are those of the printed utilisation.
    """
    runs = []
    for row in rows_of("Korthikanti MFU/HFU (DP 1)"):
        layers, hidden, heads, tensor, stages, parts, batch, micro = KORTHIKANTI[
            row["model"]
        ]
        plan = Plan(
            1,
            tensor,
            stages,
            micro_batch=micro,
            parts=parts,
            recompute="selective",
            stage=0,
        )
        model = gpt(row["model"], layers, hidden, heads)
        given = (model, a100(tensor * stages), plan, batch)
        share = row["published_percent_peak"]
        runs.append(_timed(*given, share, share, "Korthikanti et al. 2022"))
    return tuple(runs)


def _timed(
    model: Transformer,
    cluster: Cluster,
    plan: Plan,
    batch: int,
    share: float,
    printed: float,
    source: str,
) -> Run:
    """A run whose step takes as long as its share of the peak, in %, says."""
    seconds = utilisation(model, cluster, batch, 1.0) / (share / 100)
    return Run(model, cluster, plan, batch, seconds, printed, source)


@cache
def llama3(parts: int = 4) -> tuple[Run, ...]:
    """Return the three runs of Llama 3's table 4; the report doesn't tell into how many
    parts a chip's layers are cut.

    A step's seconds are those of the printed TFLOP/s, all pairs counted.
    """
    runs = []
    for row in rows_of("Llama 3 Table 4"):
        plan = Plan(
            row["dp"],
            row["tp"],
            row["pp"],
            row["cp"],
            parts=parts,
            recompute="fused",
            stage=2,
        )
        cluster = h100(row["chips"])
        share = 100 * row["published_tflops_per_gpu"] * 1e12 / cluster.peak
        given = (LLAMA3[row["seq"]], cluster, plan, row["global_batch"])
        printed = row["published_percent_peak"]
        runs.append(_timed(*given, share, printed, "Grattafiori et al. 2024"))
    return tuple(runs)


@cache
def palm() -> Run:
    """Return PaLM 540B: tensor 12, the rest data with all weights cut; its attention is
    counted.
    """
    (row,) = [r for r in rows_of("PaLM Table 3") if r["model"] == "PaLM 540B"]
    cluster = tpu_v4(row["chips"])
    plan = Plan(512, 12, micro_batch=4, recompute="full", stage=3)
    share = row["published_percent_peak"]
    return _timed(PALM, cluster, plan, 2048, share, share, "Chowdhery et al. 2022")


@cache
def deepseek() -> Run:
    """Return DeepSeek-V3: 180 thousand hours of an H800 for 10¹² tokens, in batches of
    15,360 sequences; the report prints no share of a peak.
    """
    plan = Plan(128, 1, 16, expert=64, recompute="fused", stage=1, schedule="DualPipe")
    batch, cluster = 15_360, h800(2048)
    step = batch * DEEPSEEK.tokens / 1e12
    seconds = 180e3 * 3600 * step / cluster.chips
    return Run(DEEPSEEK, cluster, plan, batch, seconds, None, "DeepSeek-AI 2024")
