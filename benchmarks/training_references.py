"""Store what PyTorch computes for optimisers, losses, activations, pooling and
normalisation, for the tests to compare with.

    pip install torch==2.14.1
    python benchmarks/training_references.py

Inputs, outputs and gradients go to tests/pytorch_training.json, in float64.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F

RESULT = Path(__file__).resolve().parent.parent / "tests" / "pytorch_training.json"

OPTIMISERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD momentum decay": lambda p: torch.optim.SGD(
        p, lr=0.1, momentum=0.9, weight_decay=0.01
    ),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "Adam betas": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.5, 0.9)),
    "Adam decay": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}
ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": F.silu,
    "gelu": F.gelu,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "softmax": lambda x: F.softmax(x, dim=-1),
}
POOLINGS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": (2, 3), "stride": (3, 1), "padding": (1, 0), "ceil_mode": True},
    {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True},
]


def run(function: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> dict:
    """Run a function forward and backward and return inputs, output, and the gradient
    in and out.
    """
    inputs = [x.detach().clone().requires_grad_(x.is_floating_point()) for x in inputs]
    out = function(*inputs)
    grad = torch.randn_like(out)
    out.backward(grad)
    return {
        "inputs": [x.tolist() for x in inputs],
        "out": out.tolist(),
        "grad": grad.tolist(),
        "to_inputs": [x.grad.tolist() for x in inputs if x.grad is not None],
    }


def steps(make: Callable) -> dict:
    """Let an optimiser take four steps along given gradients."""
    weight, grads = torch.randn(2, 3), torch.randn(4, 2, 3)
    moving, path = weight.clone().requires_grad_(), []
    optimiser = make([moving])
    for grad in grads:
        moving.grad = grad.clone()
        optimiser.step()
        path.append(moving.tolist())
    return {"weight": weight.tolist(), "grads": grads.tolist(), "path": path}


def poolings() -> list[dict]:
    """Run both poolings over maps of 7 x 8 in every geometry."""
    pools = {"max_pool2d": F.max_pool2d, "avg_pool2d": F.avg_pool2d}
    return [
        {"kind": kind, "how": how}
        | run(lambda x, pool=pool, how=how: pool(x, **how), torch.randn(2, 2, 7, 8))
        for kind, pool in pools.items()
        for how in POOLINGS
    ]


def normalisations() -> dict:
    """Run batch norm in training, layer norm, RMS norm, and local response norm with
    the constants of AlexNet.
    """
    maps, rows, vector = torch.randn(3, 4, 2, 5), torch.randn(2, 3, 6), torch.randn(4)
    batch = run(
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        maps,
        vector,
        torch.randn(4),
    )
    layer = run(
        lambda x, w, b: F.layer_norm(x, (6,), w, b),
        rows,
        torch.randn(6),
        torch.randn(6),
    )
    rms = run(lambda x, w: F.rms_norm(x, (6,), w, eps=1e-5), rows, torch.randn(6))
    response = run(
        lambda x: F.local_response_norm(x, 5, alpha=5e-4, beta=0.75, k=2.0),
        30 * torch.randn(1, 8, 2, 2),
    )
    running = torch.nn.BatchNorm2d(4)
    running(maps)
    state = {
        "mean": running.running_mean.tolist(),
        "variance": running.running_var.tolist(),
    }
    return {"batch": batch | state, "layer": layer, "rms": rms, "response": response}


def main() -> None:
    """Run everything from one seed and store it."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    labels = torch.tensor([2, 0, 3])
    result = {
        "torch": torch.__version__.split("+")[0],
        "optimisers": {name: steps(make) for name, make in OPTIMISERS.items()},
        "activations": {
            name: run(function, 3 * torch.randn(3, 5))
            for name, function in ACTIVATIONS.items()
        },
        "poolings": poolings(),
        "normalisations": normalisations(),
        "cross_entropy": run(F.cross_entropy, 5 * torch.randn(3, 4), labels),
        "linear": run(
            F.linear, torch.randn(2, 3, 4), torch.randn(5, 4), torch.randn(5)
        ),
    }
    RESULT.write_text(json.dumps(result) + "\n")
    print(f"PyTorch {result['torch']}: {RESULT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
