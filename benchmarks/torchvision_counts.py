"""Count torchvision's own networks while they run, and store the integers that
tests/test_models.py and tests/test_models_zoo.py compare ours with.

The networks run on tensors without storage ("meta"), so only shapes are computed. Every
operator that PyTorch dispatches is recorded: how often it ran and how many values it
returned. MACs and weights are added for convolution and full connection, from the
shapes of their weights.

    python benchmarks/torchvision_counts.py        (writes
    tests/torchvision_counts.json and tests/torchvision_zoo.json)
"""

import json
from collections import defaultdict
from math import prod
from pathlib import Path

import torch
import torchvision
from torch.utils._python_dispatch import TorchDispatchMode

NETWORKS = (
    *("alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "googlenet", "inception_v3"),
    *(
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "mobilenet_v2",
        "vit_b_16",
    ),
    *(f"efficientnet_b{i}" for i in range(8)),
)
HERE = Path(__file__).parent


class Recorder(TorchDispatchMode):
    """Tallies, for each operator that is dispatched, its calls, returned values,
    weights and MACs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tally: dict[str, dict[str, int]] = defaultdict(
            lambda: {"calls": 0, "values": 0, "weights": 0, "macs": 0}
        )

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run the operator and record what it did."""
        result = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__.rstrip("_")
        output = result[0] if isinstance(result, tuple) else result
        if isinstance(output, torch.Tensor):
            row = self.tally[name]
            row["calls"] += 1
            row["values"] += output.numel()
            row["weights"] += weights_of(name, args)
            row["macs"] += macs_of(name, args, output)
        return result


def plan_regnets_with_numbers() -> None:
    """Have RegNet work out its widths on ordinary tensors: it reads their values."""
    plan = torchvision.models.regnet.BlockParams.from_init_params

    def planned(**options):
        with torch.device("cpu"):
            return plan(**options)

    torchvision.models.regnet.BlockParams.from_init_params = planned


def weights_of(name: str, args: tuple) -> int:
    """Return the number of weights of a convolution or a full connection."""
    return (
        args[1].numel()
        if name == "convolution"
        else args[2].numel()
        if name == "addmm"
        else 0
    )


def macs_of(name: str, args: tuple, output: torch.Tensor) -> int:
    """Return the MACs of a convolution or a matrix product."""
    if name == "convolution":
        return output.numel() * prod(args[1].shape[1:])
    if name in ("mm", "addmm", "bmm"):
        return output.numel() * args[1 if name == "addmm" else 0].shape[-1]
    return 0


def recorded(name: str) -> tuple:
    """Run one network without its auxiliary heads at the size its weights were
    evaluated at; return the network, those weights, the size and the record.
    """
    every = torchvision.models.get_model_weights(name)
    weights = next(every[first] for first in EVALUATED if first in every.__members__)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        network = torchvision.models.get_model(name, weights=None, **options).eval()
    for head in ("aux1", "aux2", "AuxLogits"):
        if hasattr(network, head):
            setattr(network, head, None)
    size = weights.transforms().crop_size[0]
    with torch.inference_mode(False), torch.no_grad(), Recorder() as recorder:
        network(torch.empty(1, 3, size, size, device="meta"))
    return network, weights, size, recorder


def count(name: str) -> dict:
    """Count one network operator by operator."""
    network, weights, size, recorder = recorded(name)
    kept = {
        op: row
        for op, row in sorted(recorder.tally.items())
        if row["macs"] or op in OPERATORS
    }
    params = sum(p.numel() for p in network.parameters())
    published = {
        "published_params": weights.meta["num_params"],
        "published_gmacs": weights.meta["_ops"],
    }
    return {"size": size, "params": params, **published, "operators": kept}


def summed(name: str) -> dict:
    """Count one network in all: its size, parameters, MACs by operator and in total."""
    network, weights, size, recorder = recorded(name)
    macs = {op: row["macs"] for op, row in recorder.tally.items() if row["macs"]}
    return {
        "size": size,
        "params": sum(p.numel() for p in network.parameters()),
        "macs": sum(macs.values()),
        "by_operator": macs,
        "published_params": weights.meta["num_params"],
        "published_gmacs": weights.meta["_ops"],
    }


EVALUATED = ("IMAGENET1K_V1", "IMAGENET1K_SWAG_LINEAR_V1")
OPERATORS = (
    *("relu", "hardtanh", "silu", "gelu", "sigmoid", "add", "mul", "cat", "mean"),
    *(
        "max_pool2d_with_indices",
        "avg_pool2d",
        "_adaptive_avg_pool2d",
        "native_batch_norm",
        "native_layer_norm",
        "_softmax",
    ),
)

if __name__ == "__main__":
    plan_regnets_with_numbers()
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    every = torchvision.models.list_models(module=torchvision.models)
    for file, networks in (
        ("torchvision_counts.json", {name: count(name) for name in NETWORKS}),
        ("torchvision_zoo.json", {name: summed(name) for name in every}),
    ):
        text = json.dumps({"versions": versions, "networks": networks}, indent=1)
        (HERE.parent / "tests" / file).write_text(text + "\n")
        print(f"{len(networks)} networks counted with {versions}")
