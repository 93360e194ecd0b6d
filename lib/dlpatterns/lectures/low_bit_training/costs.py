"""What a way costs once it is trained: bytes, what stands where a multiplication stood,
and picojoules an image by the one model of energy.
"""

from functools import cache

from ... import datasets, show
from ...counting import count
from ...hardware import energy
from ...quantize import low_bit
from ...quantize.learner import WEIGHTED, LowBit, bytes_of
from . import experiment

PIXEL_BITS = 5  # the digits' ink goes from 0 to 16
SHIFT = 0.03  # picojoules; no published figure: taken as an 8-bit addition


@cache
def network(name: str, kind: str, hidden: tuple[int, ...] | None = None) -> LowBit:
    """Return a network of a way, not trained."""
    build = experiment.NETWORKS[kind]
    model = build() if hidden is None else build(hidden)
    return LowBit(model, experiment.WAYS[name].recipe)


def size(name: str, kind: str, hidden: tuple[int, ...] | None = None) -> dict:
    """Return latent and deployed bytes and those beside; float networks are deployed in
    FP16, as a rival would be.
    """
    found = bytes_of(network(name, kind, hidden))
    if type(network(name, kind).recipe.weights) is low_bit.Full and not stored(name):
        found["deployed"] = found["latent"] / 2
    elif stored(name):
        found["deployed"] = found["latent"]
    return found


def stored(name: str) -> bool:
    """Tell whether a way computes with the very weights that it stores on a grid."""
    recipe = experiment.WAYS[name].recipe
    return recipe.stored is not None and type(recipe.weights) is low_bit.Full


def total(name: str, kind: str, hidden: tuple[int, ...] | None = None) -> int:
    """Return the bytes of the deployed network."""
    found = size(name, kind, hidden)
    return round(found["deployed"] + found["beside"])


def operations(name: str, kind: str, hidden: tuple[int, ...] | None = None):
    """Return, for every weighted layer, its MACs, what replaces a multiplication there,
    and the picojoules of one MAC with its addition.
    """
    net = network(name, kind, hidden)
    counts = count(net.model).layers
    macs = {each.name: each.macs for each in counts if each.kind in WEIGHTED}
    rows, first = [], True
    for layer, number in macs.items():
        rule = net.rules[f"{layer}.weight"]
        adds = net.recipe.adder and layer != list(macs)[-1]
        operand = low_bit.Steps(PIXEL_BITS) if first else net.recipe.activations
        rows.append((number, *_one(rule, operand, adds, stored(name))))
        first = False
    return rows


def _one(rule, operand, adds: bool, kept: bool) -> tuple[str, float]:
    """Return what a multiplication becomes, and the picojoules of a MAC."""
    add = energy.of_addition("int", 32)
    if type(rule) is low_bit.Full and not kept:
        if adds:
            both = energy.of_addition("float", 16) + energy.of_addition("float", 32)
            return "FP16 subtraction", both
        return "FP16 multiplication", energy.of_mac("fp16")
    if adds:
        return "8-bit subtraction", energy.of_addition("int", 8) + add
    one_bit = isinstance(rule, low_bit.Signs)
    if one_bit and isinstance(operand, low_bit.SignsHardTanh):
        return "XNOR and count", energy.of_signs()
    if one_bit or isinstance(operand, low_bit.SignsHardTanh):
        return "change of sign", add
    if isinstance(rule, low_bit.Ternary):
        return "change of sign, or nothing", add
    if isinstance(rule, low_bit.Shifts):
        return "shift", SHIFT + add
    width = int(max(8 if kept else rule.bits, min(operand.bits, 8)))
    return f"{width}-bit multiplication", energy.of_integers(width)[0]


def replaced(name: str, kind: str) -> str:
    """Return what replaces the multiplication in the inner layers."""
    return operations(name, kind)[1][1]


def arithmetic(name: str, kind: str, hidden: tuple[int, ...] | None = None) -> float:
    """Return the nanojoules of an image's MACs; normalisation, scales and activations
    are left out.
    """
    return sum(macs * each for macs, _, each in operations(name, kind, hidden)) / 1000


def fetched(name: str, kind: str, level: str, hidden=None) -> float:
    """Return the nanojoules of fetching every deployed byte from a level `once` for an
    image.
    """
    return energy.of_access(level, total(name, kind, hidden)) / 1000


def multiplications(name: str, kind: str) -> int:
    """Return the multiplications that are left in weighted layers."""
    return sum(
        macs for macs, what, _ in operations(name, kind) if "multiplication" in what
    )


def units() -> list[dict]:
    """Return energy and area of one MAC, or what replaces it, and the share of its
    energy that the addition to 32 bits takes.
    """
    add = energy.of_addition("int", 32)
    adder = energy.area_of_mac("int8") - energy.area_of_multiplier(8)
    rows = [
        (f"{bits}-bit multiplication", *energy.of_integers(bits), add)
        for bits in (8, 4, 2)
    ]
    rows.append(("change of sign", add, adder, add))
    signs = adder / 32 + adder / 64
    rows.append(("XNOR and count", energy.of_signs(), signs, add / 64))
    return [
        {
            "a MAC by": what,
            "fJ": round(1000 * price, 1),
            "µm²": round(area, 1),
            "of it the wide addition": show.percent(wide / price, 0),
        }
        for what, price, area, wide in rows
    ]


def on_a_chip() -> list[dict]:
    """Return the published energy of an operation on one chip, and how many times each
    precision is cheaper than 8 bits there and by our arithmetic alone.
    """
    published = {row["precision"]: row for row in datasets.table("low_bit_chips")}
    ours = {
        "8-bit": energy.of_mac("int8"),
        "ternary": energy.of_addition("int", 32),
        "binary": energy.of_signs(),
    }
    return [
        {
            "precision": name,
            "fJ an operation, printed": published[name]["fj_per_op"],
            "cheaper than 8 bits": published["8-bit"]["fj_per_op"]
            / published[name]["fj_per_op"],
            "by arithmetic alone": ours["8-bit"] / price,
        }
        for name, price in ours.items()
    ]
