"""Our numbers beside printed ones, as they are printed."""

from ... import models
from ...counting import count, decoding
from ...datasets import Printed

PRINTED = {  # what: the figure as printed, and where
    "Transformer base, parameters": (
        Printed("65 × 10⁶", 65e6, 5e5),
        "Vaswani, table 3",
    ),
    "LLaMA-7B, parameters": (
        Printed("6.7B", 6.7e9, 5e7),
        "Touvron, table 2",
    ),
    "GPT-2 small, parameters": (
        Printed("117M", 117e6, 5e5),
        "Radford, table 2",
    ),
    "ViT-B/16, MACs": (Printed("17.56 G", 17.56e9, 5e6), "TorchVision"),
    "Llama-3.1-405B, cache a token": (
        Printed("516.096 KB", 516_096, 0.5),
        "Zhao, table 1",
    ),
    "Qwen-2.5-72B, cache a token": (
        Printed("327.680 KB", 327_680, 0.5),
        "Zhao, table 1",
    ),
    "DeepSeek-V3, cache a token": (
        Printed("70.272 KB", 70_272, 0.5),
        "Zhao, table 1",
    ),
}


def ours() -> dict[str, int]:
    """Return our count of everything in `PRINTED`."""
    names = ("transformer_base", "llama2_7b", "gpt2", "vit_b_16")
    base, llama, gpt, vit = (count(models.ZOO[name]()) for name in names)
    return {
        "Transformer base, parameters": base.params,
        "LLaMA-7B, parameters": llama.params,
        "GPT-2 small, parameters": gpt.params,
        "ViT-B/16, MACs": vit.macs,
    } | {
        f"{name}, cache a token": heads.bytes_per_token()
        for name, (heads, _) in decoding.published().items()
    }


def printed() -> list[dict]:
    """Return a row for each figure that a source prints: ours, theirs, the place, and
    whether ours rounds to theirs.
    """
    found = ours()
    return [
        {
            "what": what,
            "ours": found[what],
            "printed": figure.text,
            "where": where,
            "agrees": figure.agrees(found[what]),
        }
        for what, (figure, where) in PRINTED.items()
    ]
