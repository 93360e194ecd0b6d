"""Figures about training's memory and utilisation that two sources print otherwise."""

from ..claims.kinds import Part, Slip
from . import choosing, holding

WORLD = "A check against the world"


def deepspeed() -> Slip:
    """Find one project's documents beside its code."""
    said, coded = holding.one_project()
    return Slip(
        work="DeepSpeed 2025",
        link="https://deepspeed.readthedocs.io/en/latest/memory.html",
        place="memory requirements: 2,851 million parameters on eight chips",
        printed=f"{said:.2f} GiB a chip",
        ours=f"{coded:.2f} GiB by the rule in the project's own code",
        how="Bytes a parameter by the two rules, of the documents and of the code, "
        "with the optimiser's states and gradients cut as ZeRO's second stage cuts "
        "them.",
        doubt="Documents and code may be of different versions; neither is wrong about "
        "a convention of its own.",
        certainty="certain",
        section="What must training hold?",
        holds=f"{said:.2f}" == "15.93" and f"{coded:.2f}" == "11.28",
    )


def recomputation() -> Slip:
    """Find what the utilisation with recomputation counts twice."""
    rows = choosing.recounted()
    return Slip(
        work="Korthikanti et al. 2022",
        link="https://arxiv.org/abs/2205.05198",
        place="utilisation of hardware, 22 billion parameters",
        printed=f"{rows[0]['printed']} %",
        ours=f"{rows[0]['forward again']} %, if what is computed twice is counted "
        "twice",
        how="Selective recomputation does the pairs of the forward pass again. The "
        "printed figures follow if all products of pairs, backward ones too, are "
        "counted once more.",
        doubt="A wider definition of what is recomputed than the one we read. The "
        "utilisation of the model, which the conclusions rest on, agrees.",
        certainty="likely",
        section=WORLD,
        holds=all(abs(r["all again"] - r["printed"]) < 0.15 for r in rows)
        and all(r["forward again"] < r["printed"] for r in rows),
        parts=(Part("All four runs, per cent", rows),),
    )


VERDICTS = ()
SLIPS = (deepspeed, recomputation)
