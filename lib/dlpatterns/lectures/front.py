"""What the first page of the book says: findings of its lectures, computed, the map of
all lectures, and a filter that slides.
"""

from dataclasses import dataclass

from .. import layers, models
from ..counting import count
from ..counting.depth import dependent_products, layer_products
from ..formats import get, products_that_fit
from ..graph import Layer
from ..models.sequence import recurrent
from .architectures import shares
from .efficient_models import world as timed
from .low_bit_training import verdicts as low_bits
from .parallelism import choosing as plans
from .pruning import verdicts as pruned
from .sparsity import study as squeezing

LECTURES = {
    "Where the computation comes from": {
        "history": "History and paradigms · AI 的发展和范式",
        "training_cost": "What does it cost to learn? · 训练的代价",
    },
    "Architectures": {
        "architectures": "From a weighted sum to four kinds of layer · 网络模型结构",
        "convolution": "Convolution, seven loops deep · 卷积计算",
        "sequences": "Recurrence and attention · 循环与注意力",
        "classic_models": "Twenty years in one table · 经典网络模型",
    },
    "Fewer bits": {
        "number_formats": "What a bit buys · 数据格式",
        "quantization": "Quantization · 模型量化",
        "low_bit_training": "Training for few bits · 模型量化研究热点",
    },
    "Fewer weights": {
        "pruning": "Pruning · 网络剪枝",
        "sparsity": "What zeros are worth",
    },
    "Smaller and larger": {
        "efficient_models": "Efficient networks · 轻量化网络模型",
        "parallelism": "Models that outgrow a chip · 大模型分布式并行",
    },
    "What this asks of hardware": {
        "roofline": "Who waits for whom · CPU, GPU, NPU",
        "dataflow": "Matrix multiplication in silicon",
        "design_a_chip": "From patterns to a chip",
    },
}


@dataclass(frozen=True)
class Finding:
    """A sentence, the lecture that shows it, and the numbers both must print."""

    lecture: str
    text: str
    numbers: tuple[str, ...]


def findings() -> list[Finding]:
    """Return the findings, in the order of their lectures."""
    first = [learned(), summed(), shared(), waiting(), square(), divided()]
    bits = [added_up(), signed()]
    weights = [listed_places(), squeezed()]
    return [*first, *bits, *weights, timed_light(), counted_twice()]


def learned() -> Finding:
    """Compare AlexNet's MACs an image with its weights."""
    alexnet = count(models.alexnet_2012())
    macs, times = f"{alexnet.macs / 1e6:.0f}", f"{alexnet.macs / alexnet.params:.0f}"
    text = (
        "6 × parameters × examples tells what a language model costs to train; for "
        f"AlexNet it is {times} times too small: each image takes {macs} million MACs, "
        "because a convolution uses its weights again and again."
    )
    return Finding("training_cost", text, (macs,))


def summed() -> Finding:
    """Find what an activation may cost until MACs lose nine tenths of some network."""
    counts = [count(build()) for build in models.FIRST.values()]
    margin = f"{min(map(shares.dearest_activation, counts)):.2f}"
    fallen = sum(shares.by_own_costs(one) < 0.9 for one in counts)
    text = (
        f"Nine tenths of the operations of all {len(counts)} networks here are "
        f"multiply-accumulates, if an activation costs at most {margin} operations. "
        f"Charge what our own kernels do for one, and {fallen} of them fall below."
    )
    return Finding("architectures", text, (margin,))


def shared() -> Finding:
    """Compare a layer of VGG-16 with the full connection between the same maps."""
    layer = count(models.vgg16()).only("Conv2d").layers[1]
    values = 1
    for size in layer.output_shape:
        values *= size
    full, weights = f"{values**2 / 1e12:.1f}", f"{layer.weights:,}"
    text = (
        f"Written as a full connection, the second layer of VGG-16 would need {full} "
        f"million million weights. As a convolution it has {weights}."
    )
    return Finding("convolution", text, (full, weights))


def waiting() -> Finding:
    """Count the products that must wait for one another in two layers."""
    steps, hidden = 4096, 512
    lstm = recurrent("lstm", steps=steps, features=hidden, hidden=hidden)
    block = models.gpt2().layers
    few = next(layer_products(one) for one in block if is_attention(one))
    row = f"{dependent_products(lstm):,}"
    text = (
        f"Over {steps:,} steps an LSTM layer has {row} products in a row, each waiting "
        f"for the one before. An attention layer has {few}, however long the text."
    )
    return Finding("sequences", text, (row,))


def is_attention(layer: Layer) -> bool:
    """Tell whether a layer is one of attention."""
    return isinstance(layer.spec, layers.Attention)


def square() -> Finding:
    """Find the length at which attention's square overtakes GPT-2's feed-forward
    part.
    """
    gpt2 = models.gpt2()
    connections = (o.spec for o in gpt2.layers if isinstance(o.spec, layers.Linear))
    hidden = next(connections).out_features
    tokens, times = f"{hidden:,}", f"{hidden / gpt2.input_shape[0]:.0f}"
    text = (
        "“Attention is quadratic”: in GPT-2 its square, no pair left out, overtakes "
        f"the feed-forward part at {tokens} tokens, {times} times what GPT-2 can read."
    )
    return Finding("sequences", text, (tokens,))


def divided() -> Finding:
    """Compare the convolutions of VGG-16 with its full connections."""
    every = count(models.vgg16())
    some = every.only("Conv2d")
    macs = f"{100 * some.macs / every.macs:.1f} %"
    weights = f"{100 * some.weights / every.weights:.1f} %"
    text = (
        f"{len(some.layers)} layers of VGG-16 do {macs} of its MACs with {weights} of "
        "its weights; the other three hold the rest. One kind waits for multipliers, "
        "the other for memory."
    )
    return Finding("classic_models", text, (macs, weights))


def added_up() -> Finding:
    """Count the products of INT8 that fit an accumulator, whatever they are."""
    eight = get("int8")
    narrow, wide = (
        products_that_fit(eight, eight, get(name)) for name in ("int16", "int32")
    )
    text = (
        "A course text gives products of INT8 an accumulator of 16 bits. It is sure to "
        f"hold {narrow} of them; one of 32 bits holds {wide:,}."
    )
    return Finding("number_formats", text, (f"{wide:,}",))


def signed() -> Finding:
    """Compare signs on both sides with fewer weights of four bits."""
    four = low_bits.rivals().rows["W4 A4, narrow"]
    lead = four["ahead of XNOR-Net"]
    text = (
        "Weights and activations of one bit have a rival of no more bytes: fewer "
        f"weights of four bits, {lead} points ahead on the digits."
    )
    return Finding("low_bit_training", text, (lead,))


def listed_places() -> Finding:
    """Compare pruned with small dense networks at equal values and at equal bytes."""
    values, narrow = (
        pruned.at_equal(f"equal {what}") for what in ("non-zeros", "bytes, 8 bits")
    )
    ahead = f"in {values.ahead} of {values.all} comparisons"
    behind = f"**behind** in {narrow.behind}"
    text = (
        "At equal numbers of weights a pruned network's lead over the best small dense "
        f"one is clear {ahead}. At equal bytes, eight bits a value and its place "
        f"counted, it is clearly {behind}."
    )
    return Finding("pruning", text, (ahead, behind))


def squeezed() -> Finding:
    """Compare the compressed network with a dense one that was small from the start."""
    rows = squeezing.stage_rows()
    times = f"{rows[-1]['times smaller']:.1f} times"
    lead = f"{squeezing.ahead('tuned', 'small, dense, 8 bits')} points"
    text = (
        f"Deep Compression makes a network {times} smaller, every byte counted. A "
        "dense network that was small from the start, of as many bytes, is "
        f"{lead} behind."
    )
    return Finding("sparsity", text, (times, lead))


def timed_light() -> Finding:
    """Compare a light network's MACs and published time with ResNet-50's."""
    light, heavy = timed.get("mobilenet_v2"), timed.get("resnet50")
    macs, faster = f"{heavy.macs / light.macs:.1f}", f"{heavy.ms / light.ms:.1f} times"
    text = (
        f"MobileNet V2 does 1/{macs} of ResNet-50's MACs. On a published card it ran "
        f"{faster} as fast: layer by layer, its time is its traffic."
    )
    return Finding("efficient_models", text, (macs, faster))


def counted_twice() -> Finding:
    """Take the second forward pass out of a famous utilisation."""
    row = plans.printed()[-2]
    famous, needed = f"{row['printed, %']} %", f"{row['without']} %"
    text = (
        f"A famous run kept its chips busy to {famous}, a forward pass done twice "
        f"included. The model needed {needed}."
    )
    return Finding("parallelism", text, (famous, needed))


def listed(written: set[str]) -> str:
    """Return the findings as a Markdown list with links to the lectures that are
    written.
    """
    titles = {n: t for part in LECTURES.values() for n, t in part.items()}
    lines = []
    for one in findings():
        title = titles[one.lecture].partition(" · ")[0]
        link = f"[{title}](chapters/{one.lecture}.ipynb)"
        lines.append(f"- {one.text} *{link if one.lecture in written else title}*")
    return "\n".join(lines)


def mapped(written: set[str]) -> str:
    """Return the map of the lectures in Markdown: links to those that are written, the
    titles of those to come.
    """
    lines, number = [], 0
    for part, lectures in LECTURES.items():
        lines += ["", f"**{part}**", ""]
        for name, title in lectures.items():
            number += 1
            state = f"[{title}](chapters/{name}.ipynb)"
            lines.append(
                f"{number}. {state if name in written else f'{title} *(to come)*'}"
            )
    return "\n".join(lines).strip()
