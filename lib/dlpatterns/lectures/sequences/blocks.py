"""What the parts of a Transformer block cost, where the T² pairs overtake them, and
what one more token costs. Letters: E features of a token, U hidden units, T tokens.
"""

from functools import cache

import numpy as np

from ... import models
from ...counting import Counts, count, decoding
from ...graph import Builder
from ...hardware import machines

BLOCKS = {
    "Transformer base": {"features": 512, "heads": 8, "hidden": 2048},
    "GPT-2": {"features": 768, "heads": 12, "hidden": 3072},
    "Llama-2-7B": {"features": 4096, "heads": 32, "kv_heads": 32, "hidden": 11_008},
    "Llama-3.1-8B": {"features": 4096, "heads": 32, "kv_heads": 8, "hidden": 14_336},
    "Llama-3.1-405B": {
        "features": 16_384,
        "heads": 128,
        "kv_heads": 8,
        "hidden": 53_248,
    },
}
CONTEXT = {  # tokens: Vaswani et al. print none
    "GPT-2": 1024,
    "Llama-2-7B": 4096,
    "Llama-3.1-8B": 131_072,
    "Llama-3.1-405B": 131_072,
}
LLAMAS = {
    "Llama-2-7B": BLOCKS["Llama-2-7B"] | {"blocks": 32, "vocabulary": 32_000},
    "Llama-3.1-8B": BLOCKS["Llama-3.1-8B"] | {"blocks": 32, "vocabulary": 128_256},
    "Llama-3.1-405B": BLOCKS["Llama-3.1-405B"] | {"blocks": 126, "vocabulary": 128_256},
}
EMPTY = dict.fromkeys(
    ("params", "encoder MACs", "decoder MACs", "other, encoder", "other, decoder"), 0
)
BATCHES = np.array([1, 4, 16, 64, 256])


def parts_of_blocks(tokens: int = 512) -> list[dict]:
    """Return a row for each part of a block of the base Transformer: what it holds and
    does in the first encoder block, and in the first decoder block.
    """
    rows: dict[str, dict] = {}
    for layer in count(models.transformer_base(tokens)).layers:
        block, _, name = layer.name.partition(".")
        if block in ("encoder0", "decoder0"):
            row = rows.setdefault(_part(name), {"part": _part(name)} | EMPTY)
            row["params"] += layer.params * (_part(name) == "cross-attention")
            row["params"] += layer.params * (block == "encoder0")
            row[f"{block[:-1]} MACs"] += layer.macs
            row[f"other, {block[:-1]}"] += sum(layer.other.values())
    kinds = ("self-attention", "cross-attention", "feed forward")
    return [rows[kind] for kind in (*kinds, "normalisation", "shortcuts")]


def _part(name: str) -> str:
    if name.endswith("_add"):
        return "shortcuts"
    if name.endswith("_norm"):
        return "normalisation"
    kinds = {"attention": "self-attention", "cross": "cross-attention"}
    return kinds.get(name, "feed forward")


# --- Where the lines cross ------------------------------------------------------------


@cache
def _counts(name: str, tokens: int) -> Counts:
    sizes = BLOCKS[name]
    if "kv_heads" in sizes:
        return count(models.sequence.llama(name, tokens=tokens, blocks=1, **sizes))
    net = Builder(name, (tokens, sizes["features"]))
    block = models.sequence.transformer_encoder_block(
        net, net.input, heads=sizes["heads"], hidden=sizes["hidden"]
    )
    return count(net.model(block))


def parts(name: str, tokens: int) -> dict[str, int]:
    """Return the MACs of a block's projections, pairs and feed-forward part; all pairs
    count, masked or not.

    >>> parts("GPT-2", 3072)["pairs"] == parts("GPT-2", 3072)["feed forward"]
    True
    """
    counts = _counts(name, tokens)
    heads = counts.only("Attention")
    feed = counts.where(lambda layer: "ffn" in layer.name)
    projections = tokens * heads.weights
    return {
        "projections": projections,
        "pairs": heads.macs - projections,
        "feed forward": feed.macs,
    }


def pairs_over(name: str, tokens: int, *, rival: str = "feed forward") -> float:
    """Return how many times the MACs of the feed-forward part, or of all dense layers,
    the pairs do.
    """
    found = parts(name, tokens)
    dense = found["feed forward"] + found["projections"] * (rival == "dense")
    return found["pairs"] / dense


def crossover(name: str, *, rival: str = "feed forward") -> int:
    """Return the shortest sequence whose pairs do as many MACs as the feed-forward
    part, or as all dense layers, found by counting.
    """
    short, long = 1, 2**20
    while long - short > 1:
        middle = (short + long) // 2
        if pairs_over(name, middle, rival=rival) >= 1:
            long = middle
        else:
            short = middle
    return long


def formula(name: str) -> int:
    """Return the crossover by formula: U, or 1.5 U with a gated feed-forward part."""
    sizes = BLOCKS[name]
    return sizes["hidden"] * 3 // 2 if "kv_heads" in sizes else sizes["hidden"]


def crossovers() -> list[dict]:
    """Return a row for each network: the crossover by formula and by count, its
    context, and how the pairs stand there.
    """
    rows = []
    for name in BLOCKS:
        context = CONTEXT.get(name)
        row = {"network": name, "formula": formula(name), "count": crossover(name)}
        row["all dense"] = crossover(name, rival="dense")
        row["context"] = context
        row["pairs / feed forward"] = context and pairs_over(name, context)
        rows.append(row)
    return rows


# --- One more token -------------------------------------------------------------------


def caches() -> list[dict]:
    """Return a row for each published model: what it keeps of a token in 16 bits, and
    attention's MACs a byte, each tensor crossing once (`once`).

    A prefill with latent vectors unfolds them into keys and values first; it is left
    out.
    """
    return [
        {
            "model": name,
            "kind": heads.kind,
            "heads": heads.heads,
            "KV heads": heads.kv_heads,
            "B a token": heads.bytes_per_token(),
            "decode": heads.decode_intensity(),
            "prefill": None if heads.latent else heads.prefill_intensity(4096),
        }
        for name, (heads, _) in decoding.published().items()
    ]


def decode(name: str, context: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return, for each of the `BATCHES`, the MACs and the bytes of one token a
    sequence, and the bytes of one sequence's cache.

    Every weight and every key and value is read once a step (`once`), in 16 bits.
    """
    model = models.sequence.llama(name, tokens=1, **LLAMAS[name])
    counts = count(model)
    dense = counts.where(lambda layer: layer.kind != "Embedding").weights
    kept = context * decoding.cache_bytes_per_token(model)
    pairs = 2 * LLAMAS[name]["features"] * LLAMAS[name]["blocks"] * context
    return BATCHES * (dense + pairs), 2 * dense + BATCHES * kept, kept


def mixed(name: str, *, context: int, batch: int, chunk: int) -> float:
    """Return the MACs a byte of one pass that makes a token of each of `batch`
    sequences and reads `chunk` tokens of a new prompt besides.

    Weights, and every key and value, cross once for all of them (`once`), in 16 bits.
    """
    model = models.sequence.llama(name, tokens=1, **LLAMAS[name])
    dense = count(model).where(lambda layer: layer.kind != "Embedding").weights
    pair = 2 * LLAMAS[name]["features"] * LLAMAS[name]["blocks"]
    macs = (batch + chunk) * dense + pair * (batch * context + chunk**2)
    kept = (batch * context + chunk) * decoding.cache_bytes_per_token(model)
    return macs / (2 * dense + kept)


def passes() -> tuple[float, float]:
    """Return the MACs a byte of Llama-2-7B for sixteen sequences that decode at 1,024
    tokens, alone and with 512 tokens of a new prompt beside them.
    """
    step = {"context": 1024, "batch": 16}
    alone, beside = (mixed("Llama-2-7B", chunk=n, **step) for n in (0, 512))
    return alone, beside


def share_of_pairs(name: str, tokens: int) -> float:
    """Return the pairs' share of a block's MACs.

    >>> round(share_of_pairs("Llama-3.1-8B", 26_624), 3)
    0.5
    """
    found = parts(name, tokens)
    return found["pairs"] / sum(found.values())


def balance(chip: str = "H100") -> float:
    """Return the MACs that a chip does in 16 bits while its memory moves a byte."""
    return machines.get(chip).critical_batch("fp16") / 2


def absorbed(name: str = "DeepSeek-V3") -> dict[str, float]:
    """Return, for latent vectors scored as they are, the MACs of a pair and a head
    beside those of keys and values unfolded, and how many times fewer numbers are read.
    """
    heads, _ = decoding.published()[name]
    into, out = heads.head_dim + heads.rotary, heads.head_dim
    latent = 2 * heads.latent + heads.rotary
    fewer = heads.heads * (into + out) / (heads.latent + heads.rotary)
    return {"latent": latent, "unfolded": into + out, "fewer": fewer}
