"""What the first page of the book says: six findings of its lectures, computed, the map
of all lectures, and a filter that slides.
"""

from dataclasses import dataclass

from .. import layers, models
from ..counting import count
from ..counting.depth import dependent_products, layer_products
from ..graph import Layer
from ..models.sequence import recurrent
from .architectures import shares

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
    """Return six findings, one or two a lecture."""
    return [learned(), summed(), shared(), waiting(), square(), divided()]


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
