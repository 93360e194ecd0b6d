"""Store what PyTorch computes for small recurrent layers, attention and Transformer
blocks, for the tests to compare with.

    pip install torch==2.13.0
    python benchmarks/sequence_references.py

Inputs, parameters, outputs and gradients go to tests/pytorch_sequences.json, in
float64.
"""

import json
from pathlib import Path

import torch

RESULT = Path(__file__).resolve().parent.parent / "tests" / "pytorch_sequences.json"


def values(tensor: torch.Tensor | None) -> list | None:
    """Return a tensor as nested lists, rounded to 15 digits."""
    return (
        None
        if tensor is None
        else json.loads(json.dumps(tensor.tolist(), allow_nan=False))
    )


def recurrent(kind: str) -> dict:
    """Run one recurrent layer of PyTorch forward and backward from a zero state."""
    layer, x = (
        getattr(torch.nn, kind)(3, 4, batch_first=True),
        torch.randn(2, 5, 3, requires_grad=True),
    )
    out, state = layer(x)
    weight = torch.randn_like(out)
    (out * weight).sum().backward()
    params = {name: values(value) for name, value in layer.named_parameters()}
    grads = {name: values(value.grad) for name, value in layer.named_parameters()}
    last = state[1] if kind == "LSTM" else None
    return {
        "x": values(x),
        "params": params,
        "out": values(out),
        "last_c": values(last),
        "grad": values(weight),
    } | {
        "grad_x": values(x.grad),
        "grads": grads,
    }


def attention(causal: bool, groups: int) -> dict:
    """Run scaled dot-product attention with 4 query heads forward and backward."""
    q, k, v = (
        torch.randn(2, heads, 5, 3, requires_grad=True) for heads in (4, groups, groups)
    )
    out = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=causal, enable_gqa=groups < 4
    )
    weight = torch.randn_like(out)
    (out * weight).sum().backward()
    names = {
        "q": q,
        "k": k,
        "v": v,
        "out": out,
        "grad": weight,
        "to_q": q.grad,
        "to_k": k.grad,
        "to_v": v.grad,
    }
    return {"causal": causal} | {name: values(tensor) for name, tensor in names.items()}


def block(kind: str, pre_norm: bool) -> dict:
    """Run a Transformer encoder or decoder layer of 8 features, 2 heads and 12 hidden
    features.
    """
    options = {
        "dim_feedforward": 12,
        "dropout": 0.0,
        "batch_first": True,
        "norm_first": pre_norm,
    }
    layer = getattr(torch.nn, f"Transformer{kind}Layer")(8, 2, **options)
    for name, parameter in layer.named_parameters():
        if "norm" in name or "bias" in name:
            torch.nn.init.normal_(parameter)
    x, memory = torch.randn(2, 5, 8), torch.randn(2, 6, 8)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5)
    out = (
        layer(x)
        if kind == "Encoder"
        else layer(x, memory, tgt_mask=mask, tgt_is_causal=True)
    )
    params = {name: values(value) for name, value in layer.named_parameters()}
    return {
        "pre_norm": pre_norm,
        "x": values(x),
        "memory": values(memory),
        "params": params,
        "out": values(out),
    }


def main() -> None:
    """Store all cases with the version that made them."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    stored = {
        "made_by": (
            f"benchmarks/sequence_references.py with PyTorch {torch.__version__}, seed "
            "0"
        )
    }
    stored |= {kind: recurrent(kind) for kind in ("RNN", "GRU", "LSTM")}
    stored["attention"] = [
        attention(causal, groups) for causal in (False, True) for groups in (4, 2, 1)
    ]
    stored |= {
        kind: [block(kind, pre_norm) for pre_norm in (False, True)]
        for kind in ("Encoder", "Decoder")
    }
    RESULT.write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()
