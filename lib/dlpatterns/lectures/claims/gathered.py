"""All claims of the slides, all verdicts and all slips, in the order of the book."""

from functools import cache
from types import ModuleType

from ... import datasets
from .. import front
from ..architectures import claims as architectures
from ..classic_models import claims as classic_models
from ..convolution import claims as convolution
from ..dataflow import claims as dataflow
from ..design_a_chip import claims as design_a_chip
from ..efficient_models import claims as efficient_models
from ..history import claims as history
from ..low_bit_training import claims as low_bit_training
from ..number_formats import claims as number_formats
from ..parallelism import claims as parallelism
from ..pruning import claims as pruning
from ..quantization import claims as quantization
from ..roofline import claims as roofline
from ..sequences import claims as sequences
from ..sparsity import claims as sparsity
from ..training_cost import claims as training_cost
from .kinds import Slip, Verdict

MODULES: dict[str, ModuleType] = {
    "history": history,
    "training_cost": training_cost,
    "architectures": architectures,
    "convolution": convolution,
    "sequences": sequences,
    "classic_models": classic_models,
    "number_formats": number_formats,
    "quantization": quantization,
    "low_bit_training": low_bit_training,
    "pruning": pruning,
    "sparsity": sparsity,
    "efficient_models": efficient_models,
    "parallelism": parallelism,
    "roofline": roofline,
    "dataflow": dataflow,
    "design_a_chip": design_a_chip,
}
TITLES = {
    name: title.split(" · ")[0]
    for part in front.LECTURES.values()
    for name, title in part.items()
}


def claims() -> dict[int, dict]:
    """Return the rows of `slides_claims.csv` by number."""
    return {row["number"]: row for row in datasets.table("slides_claims")}


@cache
def verdicts() -> dict[str, tuple[Verdict, ...]]:
    """Return the verdicts by lecture, computed."""
    return {name: tuple(make() for make in m.VERDICTS) for name, m in in_order()}


@cache
def slips() -> dict[str, tuple[Slip, ...]]:
    """Return the slips by lecture, computed."""
    return {name: tuple(make() for make in m.SLIPS) for name, m in in_order()}


def in_order() -> list[tuple[str, ModuleType]]:
    """Return the lectures that have verdicts or slips, in the book's order."""
    return [(name, MODULES[name]) for name in TITLES if name in MODULES]


def waiting() -> list[dict]:
    """Return the claims that have no verdict yet."""
    judged = {one.claim for found in verdicts().values() for one in found}
    return [row for number, row in claims().items() if number not in judged]
