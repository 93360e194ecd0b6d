"""Store what PyTorch computes for small transposed convolutions, bidirectional layers
and pooling windows that hang over the edge, for the tests to compare with.

    pip install torch==2.13.0
    python benchmarks/layer_references.py

Inputs, parameters, outputs and gradients go to tests/pytorch_layers.json, in float64.
"""

import json
from pathlib import Path

import torch

RESULT = Path(__file__).resolve().parent.parent / "tests" / "pytorch_layers.json"
TRANSPOSED = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": [3, 2], "padding": [1, 0], "output_padding": [2, 0], "groups": 2},
    {"stride": 1, "padding": 1, "dilation": [2, 3], "output_padding": [0, 2]},
    {"stride": [2, 3], "padding": [0, 2], "dilation": 2, "bias": False},
]
POOLS = [(2, 3, 2, 0), (5, 3, 2, 1), (6, 4, 3, 0), (7, 2, 3, 1), (5, 3, 3, 1)]


def transposed(options: dict) -> dict:
    """Run a transposed convolution of 4 maps of 4 x 3 into 6 forward and backward."""
    layer = torch.nn.ConvTranspose2d(
        4,
        6,
        (3, 2),
        **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()},
    )
    x = torch.randn(2, 4, 4, 3, requires_grad=True)
    out = layer(x)
    grad = torch.randn_like(out)
    (out * grad).sum().backward()
    bias = layer.bias
    return {
        "options": options,
        "x": x.tolist(),
        "weight": layer.weight.tolist(),
        "bias": None if bias is None else bias.tolist(),
        "out": out.tolist(),
        "grad": grad.tolist(),
        "to_x": x.grad.tolist(),
        "to_weight": layer.weight.grad.tolist(),
        "to_bias": None if bias is None else bias.grad.tolist(),
        "params": sum(p.numel() for p in layer.parameters()),
    }


def both_ways(kind: str) -> dict:
    """Run one bidirectional layer forward and backward from zero states."""
    layer = getattr(torch.nn, kind)(3, 4, batch_first=True, bidirectional=True)
    x = torch.randn(2, 5, 3, requires_grad=True)
    out = layer(x)[0]
    grad = torch.randn_like(out)
    (out * grad).sum().backward()
    named = dict(layer.named_parameters())
    return {
        "kind": kind,
        "x": x.tolist(),
        "params": {name: value.tolist() for name, value in named.items()},
        "out": out.tolist(),
        "grad": grad.tolist(),
        "to_x": x.grad.tolist(),
        "to_params": {name: value.grad.tolist() for name, value in named.items()},
    }


def pooled(size: int, kernel: int, stride: int, padding: int) -> dict:
    """Pool a map with windows that may hang over the end."""
    x = torch.randn(1, 1, size, size)
    options = {
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "ceil_mode": True,
    }
    return {
        "options": options,
        "x": x.tolist(),
        "max": torch.nn.functional.max_pool2d(x, **options).tolist(),
        "mean": torch.nn.functional.avg_pool2d(x, **options).tolist(),
    }


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    stored = {
        "torch": torch.__version__.split("+")[0],
        "transposed": [transposed(options) for options in TRANSPOSED],
        "bidirectional": [both_ways(kind) for kind in ("RNN", "GRU", "LSTM")],
        "pooled": [pooled(*case) for case in POOLS],
    }
    RESULT.write_text(json.dumps(stored) + "\n")
