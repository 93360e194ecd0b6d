"""A block of a large model cut in each way, and the sizes at which messages hide."""

from ... import models
from ...hardware import machines
from ...parallel import links, partition

TOKENS, RANKS = 4096, 8
H100 = machines.get("H100")
LINKS = {"in a node": 450e9, "between nodes": 50e9}  # bytes a second each way


def ways() -> list[dict]:
    """Return a row a way: MACs and parameters on one of eight ranks of a block's layer,
    and the bytes that a rank sends in a forward and a backward pass of eight sequences.
    """
    llama, mixtral = models.llama2_70b(TOKENS), models.mixtral_8x7b(TOKENS)
    attention, up, down = (
        llama[f"block0.{name}"] for name in ("attention", "ffn_up", "ffn_down")
    )
    cut = [
        ("attention", partition.data(attention, RANKS, RANKS)),
        ("attention", partition.heads(attention, RANKS, RANKS)),
        ("attention", partition.context(attention, RANKS, RANKS)),
        ("feed forward, up", partition.columns(up, RANKS, RANKS)),
        ("feed forward, down", partition.rows(down, RANKS, RANKS)),
        ("words", partition.vocabulary(llama["projection"], RANKS, RANKS)),
        (
            "Mixtral's experts",
            partition.experts(mixtral["block0.experts"], RANKS, RANKS),
        ),
    ]
    return [
        {
            "layer": name,
            "cut by": share.way,
            "GMACs": round(share.macs / 1e9, 1),
            "M params": round(share.params / 1e6, 1),
            "MB sent": round(share.sent / 1e6, 1),
        }
        for name, share in cut
    ]


def thresholds() -> list[dict]:
    """Return the least sizes at which an H100 computes for as long as it sends, over
    the links of a node and between nodes.
    """
    peak = H100.peak("bf16")
    asked = {
        "tokens a chip, gradients summed": lambda w: links.tokens_for_data(peak, w, 64),
        "tokens a chip, weights cut too": lambda w: links.tokens_for_sharded(
            peak, w, 64
        ),
        "hidden units, tensor over 8": lambda w: links.hidden_for_tensor(peak, w, 8),
        "hidden units, gated, tensor over 8": lambda w: links.hidden_for_tensor(
            peak, w, 8, matrices=3
        ),
        "hidden units of an expert, over 8": lambda w: links.hidden_for_experts(
            peak, w, 8
        ),
        "tokens a chip, context, 8 of 64 heads": lambda w: links.tokens_for_context(
            peak, w, heads=64, kv_heads=8
        ),
    }
    return [
        {"needed": name} | {link: round(need(w)) for link, w in LINKS.items()}
        for name, need in asked.items()
    ]
