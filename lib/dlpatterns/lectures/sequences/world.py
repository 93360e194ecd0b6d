"""Our numbers beside printed ones, as they are printed; and the recounts that no paper
prints.
"""

from ... import models
from ...counting import count, decoding
from ...datasets import Printed
from . import recurrence

PRINTED = {  # what: the figure as printed, and where
    "Transformer base, parameters": (
        Printed("65 × 10⁶", 65e6, 5e5),
        "Vaswani et al. 2017, table 3",
    ),
    "LLaMA-7B, parameters": (
        Printed("6.7B", 6.7e9, 5e7),
        "Touvron et al. 2023, LLaMA, table 2",
    ),
    "GPT-2 small, parameters": (
        Printed("117M", 117e6, 5e5),
        "Radford et al. 2019, table 2",
    ),
    "ViT-B/16, parameters": (
        Printed("86M", 86e6, 5e5),
        "Dosovitskiy et al. 2021, table 1",
    ),
    "ViT-B/16 without its head": (
        Printed("86M", 86e6, 5e5),
        "Dosovitskiy et al. 2021, table 1",
    ),
    "ViT-B/16, MACs": (Printed("17.56 G", 17.56e9, 5e6), "torchvision, weights"),
    "Llama-3.1-405B, cache of a token": (
        Printed("516.096 KB", 516_096, 0.5),
        "Zhao et al. 2025, table 1",
    ),
    "Qwen-2.5-72B, cache of a token": (
        Printed("327.680 KB", 327_680, 0.5),
        "Zhao et al. 2025, table 1",
    ),
    "DeepSeek-V3, cache of a token": (
        Printed("70.272 KB", 70_272, 0.5),
        "Zhao et al. 2025, table 1",
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
        "ViT-B/16, parameters": vit.params,
        "ViT-B/16 without its head": vit.params - vit.layers[-1].params,
        "ViT-B/16, MACs": vit.macs,
    } | {
        f"{name}, cache of a token": heads.bytes_per_token()
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


def recounts() -> list[dict]:
    """Return what we counted from configurations alone, and whose rule it follows."""
    lstm = {"units": 650, "inputs": 650, "steps": 35}
    gru = {"units": 5, "inputs": 4, "steps": 7}
    sizes = [
        ("LSTM, 650 on 650", "LSTM", lstm, 1, "Keras"),
        ("LSTM, 650 on 650", "LSTM", lstm, 2, "PyTorch, cuDNN, ONNX"),
        ("GRU, 5 on 4", "GRU", gru, 1, "Keras, reset before"),
        ("GRU, 5 on 4", "GRU", gru, 2, "Keras (default), PyTorch, ONNX"),
    ]
    rows = [
        {
            "what": f"{what}, parameters",
            "count": recurrence.counted(kind, **given, biases=biases).params,
            "rule of": rule,
        }
        for what, kind, given, biases, rule in sizes
    ]
    return rows + [
        {
            "what": f"{name}, cache of a token in B",
            "count": heads.bytes_per_token(),
            "rule of": "its published configuration",
        }
        for name, (heads, _) in decoding.published().items()
        if f"{name}, cache of a token" not in PRINTED
    ]
