"""Gradients of rules of few bits by PyTorch's autograd, and its distances, for the
tests: writes tests/pytorch_low_bit.json. Needs PyTorch, which the book does not.

    python benchmarks/low_bit_references.py
"""

import json
from pathlib import Path

import numpy as np
import torch

TARGET = Path(__file__).parents[1] / "tests" / "pytorch_low_bit.json"


def straight(exact: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
    """Return the rounded values, with the gradient of the exact ones."""
    return exact + (rounded - exact).detach()


def scaled_signs(weight: torch.Tensor) -> torch.Tensor:
    """Return signs, straight through, times the mean size of each row."""
    signs = torch.where(weight >= 0, 1.0, -1.0).to(weight.dtype)
    return straight(weight, signs) * weight.abs().mean(dim=1, keepdim=True)


def steps(x: torch.Tensor, step: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """Return whole steps, clipped; the rounding straight through (LSQ)."""
    ratio = torch.clamp(x / step, low, high)
    return straight(ratio, torch.round(ratio)) * step


def gradients(function, *values: np.ndarray) -> list:
    """Return the result weighted by cos(0), cos(1), ..., and each value's gradient."""
    inputs = [torch.tensor(value, requires_grad=True) for value in values]
    out = function(*inputs)
    out.backward(torch.cos(torch.arange(out.numel(), dtype=out.dtype)).view_as(out))
    return [out.detach().tolist(), *(each.grad.tolist() for each in inputs)]


def main() -> None:
    """Draw small tensors, ask PyTorch, and store both."""
    rng = np.random.default_rng(11)
    weight, rows = rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
    x, filters = rng.normal(size=(2, 2, 5, 5)), rng.normal(size=(3, 2, 3, 3))
    unfolded = torch.nn.functional.unfold(torch.tensor(x), 3, padding=1, stride=2)
    flat = unfolded.transpose(1, 2).reshape(-1, 18)
    apart = -torch.cdist(flat, torch.tensor(filters).reshape(3, -1), p=1)
    result = {
        "versions": {"torch": torch.__version__},
        "weight": weight.tolist(),
        "rows": rows.tolist(),
        "scaled signs": gradients(scaled_signs, weight),
        "steps": gradients(
            lambda x, step: steps(x, step, -3, 3), weight, np.array(0.3)
        ),
        "distances": (
            -torch.cdist(torch.tensor(rows), torch.tensor(weight), p=1)
        ).tolist(),
        "x": x.tolist(),
        "filters": filters.tolist(),
        "adder, padding 1, stride 2": apart.reshape(2, 3, 3, 3)
        .permute(0, 3, 1, 2)
        .tolist(),
    }
    TARGET.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
