"""What the other lectures ask of a chip: each demand with its number, computed here
anew from the library, and the assumption under which it holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ... import models
from ...counting import count
from ...counting.products import products
from ...formats import get, products_that_fit
from ...graph import fold_batch_norm
from ...hardware import energy, machines, memory, work
from ...parallel import collectives
from ...sparse import sizes
from .. import front
from ..dataflow import depthwise_best, shares
from ..pruning import verdicts
from ..quantization import stored
from ..sequences import blocks
from ..training_cost import passes


@dataclass(frozen=True)
class Demand:
    """A requirement, the number behind it, the assumption it rests on, the lecture that
    found it, and the knob of the design space that answers it ("" if none does).
    """

    lecture: str
    asks: str
    number: str
    assumes: str
    knob: str = ""


def history() -> Demand:
    """A weight fetched for one MAC costs as much as many MACs."""
    times = energy.of_access("DRAM", 4) / energy.of_mac("fp32")
    return Demand(
        "history",
        "use a weight often, once it is fetched",
        f"{times:.0f} MACs cost what fetching one FP32 weight does",
        "45 nm, DRAM",
        "buffer",
    )


def training_cost() -> Demand:
    """Backward is nearly two forwards."""
    ratio = passes.backward_ratio(models.resnet50())
    return Demand(
        "training_cost",
        "to train, read the matrices both ways",
        f"{ratio:.2f} backward MACs a forward MAC (ResNet-50)",
        "counted",
    )


def architectures() -> Demand:
    """A matrix unit may be faster than its vector unit by so much."""
    folded = [
        fold_batch_norm(build()) for build in (models.efficientnet_b0, models.vgg16)
    ]
    low, high = (one.macs / sum(one.other.values()) for one in map(count, folded))
    return Demand(
        "architectures",
        "a vector unit beside the matrix unit",
        f"{low:.0f} (EfficientNet-B0) to {high:.0f} (VGG-16) MACs an other operation",
        "an activation is one operation",
        "arrays",
    )


def convolution() -> Demand:
    """A buffer takes LeNet's first layer from many fetches a value to one."""
    c1 = work.convolution((1, 1, 32, 32), (6, 1, 5, 5), bias=True)
    often = memory.none(c1).values / c1.values
    return Demand(
        "convolution",
        "keep values near",
        f"{often:.0f} fetches a value (none) fall to 1 (once), LeNet's C1",
        "none against once",
        "buffer",
    )


def sequences() -> Demand:
    """Decoding does half a MAC for each byte of cache; prefill a thousand."""
    llama = blocks.caches()[0]
    return Demand(
        "sequences",
        "serve two phases: one that multiplies, one that reads",
        f"{llama['prefill']:,.0f} MACs a byte of keys and values, and "
        f"{llama['decode']:g}",
        "Llama-2-7B, 16 bits, once",
        "bandwidth",
    )


def classic_models() -> Demand:
    """Every MAC lies in a matrix product."""
    inside = sum(
        sum(one.macs for layer in model.layers for one in products(layer))
        == count(model).macs
        for model in (build() for build in models.FIRST.values())
    )
    return Demand(
        "classic_models",
        "one good matrix unit",
        f"{inside} of {len(models.FIRST)} networks: every MAC in a matrix product",
        "counted",
        "rows",
    )


def number_formats() -> Demand:
    """An INT8 product needs a sum of 32 bits."""
    eight = get("int8")
    short, long = (products_that_fit(eight, eight, get(w)) for w in ("int16", "int32"))
    return Demand(
        "number_formats",
        "accumulate wide",
        f"{short} product of −128 and −128 fits INT16, {long:,} fit INT32",
        "worst case",
        "dtype",
    )


def quantization() -> Demand:
    """Few bits keep the accuracy, and cost less energy."""
    ratio = energy.of_mac("fp16") / energy.of_mac("int8")
    return Demand(
        "quantization",
        "several bit widths",
        f"{stored.fewest('weights')} bits a weight within a point of float; an FP16 "
        f"MAC costs {ratio:.1f} INT8 ones",
        "a perceptron on the digits; 45 nm",
        "dtype",
    )


def low_bit_training() -> Demand:
    """Below 8 bits the sum costs more than the product."""
    sum_ = energy.of_addition("int", 32)
    shares = [sum_ / energy.of_integers(bits)[0] for bits in (8, 4)]
    return Demand(
        "low_bit_training",
        "narrow the sum along with the product",
        f"the 32-bit addition takes {shares[0]:.0%} of an INT8 MAC's energy, "
        f"{shares[1]:.0%} of an INT4 one's".replace("%", " %"),
        "45 nm",
    )


def pruning() -> Demand:
    """Whether a pruned network pays depends on the bits of its places."""
    values, narrow = (
        verdicts.at_equal(f"equal {what}") for what in ("non-zeros", "bytes, 8 bits")
    )
    return Demand(
        "pruning",
        "pay for the place of a value, not only for the value",
        f"pruned is clearly ahead of its best dense rival in {values.ahead} of "
        f"{values.all} at equal non-zeros, in {narrow.ahead} at equal bytes",
        "8-bit values, indices counted; digits",
        "zeros",
    )


def sparsity() -> Demand:
    """Zeros in fixed places cost two bits each and half the beats."""
    shares = [
        sizes.bits_a_place("n of m", 0.5, shape=(64, 64), value_bits=bits) / bits
        for bits in (8, 16)
    ]
    return Demand(
        "sparsity",
        "skip zeros in step, or let lanes run free",
        f"2:4 keeps {shares[0]:.3f} of the bytes at 8 bits, {shares[1]:.4f} at 16, and "
        "half of the beats",
        "packed, places counted",
        "zeros",
    )


def efficient_models() -> Demand:
    """A depthwise layer reads a value for few MACs, a dense one for many."""
    dense = work.convolution((1, 128, 28, 28), (128, 128, 3, 3), padding=1)
    apart = work.convolution((1, 128, 28, 28), (128, 1, 3, 3), padding=1, groups=128)
    few, many = (one.macs / one.values for one in (apart, dense))
    return Demand(
        "efficient_models",
        "small products, and fusion around them",
        f"{few:.1f} MACs a value in a depthwise 3 × 3 layer, {many:.0f} in a dense one",
        "128 maps of 28 × 28, once",
        "arrays",
    )


def parallelism() -> Demand:
    """A ring sends nearly two vectors a rank."""
    sent = float(collectives.cost("all-reduce", "ring", 8).sent)
    return Demand(
        "parallelism",
        "links, where a model outgrows the chip",
        f"{sent:.2f} vectors sent by each of eight ranks to add one up",
        "ring all-reduce",
    )


def roofline() -> Demand:
    """A ridge to fit the load."""
    h100, h20 = (machines.get(name).ridge("fp16") for name in ("H100", "NVIDIA H20"))
    return Demand(
        "roofline",
        "a ridge that fits the load",
        f"{h100:.0f} FLOP a byte (H100) or {h20:.0f} (H20)",
        "published peaks, dense",
        "bandwidth",
    )


def dataflow() -> Demand:
    """Depthwise layers leave a square array idle, and arithmetic is not the bill."""
    share = shares()["ResNet-50", "int8", 1]
    return Demand(
        "dataflow",
        "spend on moving first, and not on one wide square",
        f"arithmetic is {share:.0%} of ResNet-50's energy; depthwise fills "
        f"{depthwise_best():.2f} % of 128 × 128",
        "INT8, batch 1, outputs stay, once; one group at a time",
        "dataflow",
    )


ALL: tuple[Callable[[], Demand], ...] = (
    history,
    training_cost,
    architectures,
    convolution,
    sequences,
    classic_models,
    number_formats,
    quantization,
    low_bit_training,
    pruning,
    sparsity,
    efficient_models,
    parallelism,
    roofline,
    dataflow,
)


def listed(demands: list[Demand]) -> str:
    """Return the demands as a list in Markdown, each with a link to its lecture."""
    titles = {
        name: title.split(" · ")[0]
        for part in front.LECTURES.values()
        for name, title in part.items()
    }
    return "\n".join(
        f"- **{one.asks[0].upper()}{one.asks[1:]}.** {one.number} *({one.assumes};* "
        f"[{titles[one.lecture]}]({one.lecture}.ipynb)*)*"
        for one in demands
    )
