"""Store the masks that PyTorch's `torch.nn.utils.prune` makes, a fine-tuning that keeps
them, its 2:4 masks and a distillation loss, for the tests to compare with.

    pip install torch==2.13.0
    python benchmarks/pruning_references.py

Weights, masks and losses go to tests/pytorch_pruning.json, in float64.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.ao.pruning import WeightNormSparsifier
from torch.nn import functional as F
from torch.nn.utils import prune

RESULT = Path(__file__).resolve().parent.parent / "tests" / "pytorch_pruning.json"
AMOUNTS = (0.0, 0.25, 0.5, 0.9)


def layers() -> dict[str, nn.Module]:
    """Return a linear layer and a convolution with weights that are all different."""
    made = {"linear": nn.Linear(8, 6), "conv": nn.Conv2d(4, 5, 3)}
    for layer in made.values():
        nn.init.normal_(layer.weight)
    return made


def copies(weights: dict[str, list]) -> dict[str, nn.Module]:
    """Return layers with the given weights."""
    made = layers()
    for name, layer in made.items():
        layer.weight.data = torch.tensor(weights[name])
    return made


def masks(made: dict[str, nn.Module]) -> dict[str, list]:
    """Return the masks of pruned layers."""
    return {name: layer.weight_mask.bool().tolist() for name, layer in made.items()}


def per_layer(weights: dict[str, list], amount: float) -> dict[str, list]:
    """Prune each layer by magnitude."""
    made = copies(weights)
    for layer in made.values():
        prune.l1_unstructured(layer, "weight", amount=amount)
    return masks(made)


def whole_network(weights: dict[str, list], amount: float) -> dict[str, list]:
    """Prune both layers together by magnitude."""
    made = copies(weights)
    prune.global_unstructured(
        [(layer, "weight") for layer in made.values()],
        pruning_method=prune.L1Unstructured,
        amount=amount,
    )
    return masks(made)


def slices(weights: dict[str, list], axis: int, order: int) -> dict[str, list]:
    """Prune half of the slices along an axis by their norm."""
    made = copies(weights)
    for layer in made.values():
        prune.ln_structured(layer, "weight", amount=0.5, n=order, dim=axis)
    return masks(made)


def two_of_four(weights: dict[str, list]) -> dict[str, list]:
    """Keep two of every four neighbours of the linear layer."""
    net = nn.Sequential(copies(weights)["linear"])
    sparsifier = WeightNormSparsifier(
        sparsity_level=1.0, sparse_block_shape=(1, 4), zeros_per_block=2
    )
    sparsifier.prepare(net, config=[{"tensor_fqn": "0.weight"}])
    sparsifier.step()
    return {"linear": net[0].parametrizations.weight[0].mask.bool().tolist()}


def by_gradient() -> dict:
    """Prune a network of two layers by gradient x weight."""
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    x, y = torch.randn(7, 6), torch.randint(0, 3, (7,))
    F.cross_entropy(net(x), y).backward()
    params = {name: p.tolist() for name, p in net.named_parameters()}
    scores = [(layer.weight * layer.weight.grad).abs() for layer in (net[0], net[2])]
    for layer, score in zip((net[0], net[2]), scores, strict=True):
        prune.l1_unstructured(layer, "weight", 0.5, importance_scores=score.detach())
    return {
        "params": params,
        "x": x.tolist(),
        "y": y.tolist(),
        "scores": [score.tolist() for score in scores],
        "masks": [layer.weight_mask.bool().tolist() for layer in (net[0], net[2])],
    }


def tuned(weights: dict[str, list]) -> dict:
    """Fine-tune the pruned linear layer for five steps of SGD with momentum."""
    layer = copies(weights)["linear"]
    bias = layer.bias.tolist()
    prune.l1_unstructured(layer, "weight", amount=0.5)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    x, y = torch.randn(9, 8), torch.randint(0, 6, (9,))
    for _ in range(5):
        optimiser.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        optimiser.step()
    weight = (layer.weight_orig * layer.weight_mask).tolist()
    after = {"weight": weight, "bias after": layer.bias.tolist()}
    return {"x": x.tolist(), "y": y.tolist(), "bias": bias} | after


def distilled(temperature: float, share: float) -> dict:
    """Mix the cross-entropy with the divergence from a teacher's softened answers."""
    logits, teacher = torch.randn(4, 5, requires_grad=True), torch.randn(4, 5)
    labels = torch.tensor([0, 4, 2, 2])
    soft = F.kl_div(
        F.log_softmax(logits / temperature, dim=1),
        F.softmax(teacher / temperature, dim=1),
        reduction="batchmean",
    )
    loss = (1 - share) * F.cross_entropy(logits, labels)
    loss = loss + share * temperature**2 * soft
    loss.backward()
    return {
        "temperature": temperature,
        "share": share,
        "logits": logits.tolist(),
        "teacher": teacher.tolist(),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "grad": logits.grad.tolist(),
    }


def main() -> None:
    """Run everything from one seed and store it."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    weights = {name: layer.weight.tolist() for name, layer in layers().items()}
    result = {
        "torch": torch.__version__.split("+")[0],
        "weights": weights,
        "per layer": [{"amount": a, "masks": per_layer(weights, a)} for a in AMOUNTS],
        "network": [{"amount": a, "masks": whole_network(weights, a)} for a in AMOUNTS],
        "slices": [
            {"axis": axis, "order": order, "masks": slices(weights, axis, order)}
            for axis in (0, 1)
            for order in (1, 2)
        ],
        "2:4": two_of_four(weights),
        "gradient": by_gradient(),
        "tuned": tuned(weights),
        "distilled": [distilled(2.0, 0.7), distilled(1.0, 1.0), distilled(4.0, 0.0)],
    }
    RESULT.write_text(json.dumps(result) + "\n")
    print(f"PyTorch {result['torch']}: {RESULT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
