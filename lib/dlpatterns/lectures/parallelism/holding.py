"""What training holds: conventions for the bytes of a parameter, ZeRO, activations."""

from ... import show
from ...parallel import memory
from ...parallel.memory import Block

MODELS = {"7.5 B": 7.5e9, "175 B": 175e9, "1 T": 1e12}
CHIP = 80  # GB
GPT3 = Block(tokens=2048, hidden=12_288, heads=96)


def conventions() -> list[dict]:
    """Return a row a convention: bytes a parameter, alone and on 64 chips by stage."""
    return [
        {
            "convention": name,
            "weights": kept.weights,
            "gradients": kept.gradients,
            "optimiser": kept.optimiser,
            "all": kept.total,
        }
        for name, kept in memory.CONVENTIONS.items()
    ]


def one_project() -> tuple[float, float]:
    """Return what DeepSpeed's documents and its code say for one model: GiB a chip for
    2,851 million parameters on eight chips under ZeRO 2.
    """
    return tuple(
        memory.states(2851e6, shards=8, stage=2, convention=f"mixed, DeepSpeed's {it}")
        / 2**30
        for it in ("documents", "code")
    )


def zero(model: str, chips: int, stage: int) -> show.Frame:
    """Draw the bytes that a chip holds of weights, gradients and optimiser states under
    a stage of ZeRO, beside its memory.
    """
    size = MODELS[model]
    parts = {
        name: each * size / 1e9 for name, each in memory.shares(chips, stage).items()
    }
    total, left = sum(parts.values()), 0.0
    fig, axes = show.subplots(figsize=(4.6, 2.1))
    colours = ("blue", "orange", "green")
    for (name, width), colour in zip(parts.items(), colours, strict=True):
        axes.barh(0, width, left=left, color=show.colour(colour), label=name)
        left += width
    axes.axvline(CHIP, color=show.INK, linewidth=1.5)
    axes.text(CHIP * 1.08, 0.62, f"{CHIP} GB", va="center")
    axes.set(xscale="log", xlim=(0.5, 30_000), ylim=(-0.5, 0.8), yticks=[])
    axes.set_xlabel("GB a chip")
    axes.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.35))
    fits = "fits" if total <= CHIP else "does not fit"
    caption = (
        f"{model} parameters, {chips} chips, ZeRO {stage}: {total:,.1f} GB a chip, "
        f"which {fits} {CHIP} GB."
    )
    alt = (
        f"A bar of {total:,.1f} GB in three parts, weights, gradients, optimiser, on a "
        f"logarithmic axis; a line marks {CHIP} GB."
    )
    values = [round(part, 3) for part in parts.values()]
    return show.frame(fig, alt=alt, caption=caption, values=values)


def activations() -> list[dict]:
    """Return what one block of GPT-3 keeps for a sequence on one of eight chips, by
    what is cut and recomputed, in MB.
    """
    ways = [
        ("nothing cut", {}),
        ("tensor", {"tensor": 8}),
        ("tensor and sequence", {"tensor": 8, "sequence_parallel": True}),
    ]
    rows = []
    for name, cut in ways:
        row = {"8 chips": name}
        for recompute in memory.RECOMPUTED:
            held = memory.activations(GPT3, recompute=recompute, **cut)
            row[f"{recompute}, MB"] = round(held / 1e6, 1)
        rows.append(row)
    return rows


def again() -> dict[str, float]:
    """Return the MACs that recomputing adds, as a share of forward and backward: for a
    block of GPT-3, its pairs only, or all of it.
    """
    weights = 12 * GPT3.hidden**2
    pairs = 2 * GPT3.tokens * GPT3.hidden
    once = weights + pairs
    return {"selective": pairs / (3 * once), "full": once / (3 * once)}
