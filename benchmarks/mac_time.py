"""How much of a forward pass's time goes to the layers that hold the MACs: this
library's kernels and PyTorch, one thread.

Batch 1, float32, random weights, the shortest of several runs. With this library, a
layer's time is its kernel's; with PyTorch, it is the own time of its operators as the
profiler reports it, and an operator counts as MACs if it is a convolution, a matrix
product or fused attention. The result, with versions and the machine, goes to
lib/dlpatterns/data/mac_time.json, which the lecture "From a weighted sum to four kinds
of layer" reads.

    python benchmarks/mac_time.py
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch
import torchvision

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.graph import fold_batch_norm
from dlpatterns.train.network import Network
from dlpatterns.train.timing import layer_times

TARGET = (
    Path(__file__).resolve().parent.parent
    / "lib"
    / "dlpatterns"
    / "data"
    / "mac_time.json"
)
NETWORKS = (
    "alexnet",
    "vgg11",
    "googlenet",
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "efficientnet_b0",
    "vit_b_16",
)
RUNS = 12
PRODUCTS = ("conv", "addmm", "mm", "bmm", "linear", "attention")


def processor() -> str:
    """Return the processor's name and the number of cores this process may use."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return (
        f"{names[0] if names else platform.processor()}, "
        f"{len(os.sched_getaffinity(0))} cores"
    )


def shares(times: dict[str, float], products: set[str]) -> dict:
    """Return the whole time, the share of the products, and the largest of what is left
    with its share.
    """
    total = sum(times.values())
    rest = {key: t for key, t in times.items() if key not in products}
    largest = max(rest, key=rest.get)
    share = sum(t for key, t in times.items() if key in products) / total
    return {
        "ms": round(1e3 * total, 2),
        "share": round(share, 3),
        "next": largest,
        "next share": round(rest[largest] / total, 3),
    }


def numpy_share(name: str, *, folded: bool) -> dict:
    """Time this library's forward pass layer by layer and add the times up by kind of
    layer.
    """
    model = fold_batch_norm(models.ZOO[name]()) if folded else models.ZOO[name]()
    net, x = (
        Network(model, dtype=np.float32),
        np.random.default_rng(0).random((1, *model.input_shape)),
    )
    times: dict[str, float] = {}
    for layer in layer_times(net, x, repeats=RUNS):
        times[layer.kind] = times.get(layer.kind, 0) + layer.seconds
    return shares(times, {layer.kind for layer in count(model).layers if layer.macs})


def operators(net: torch.nn.Module, x: torch.Tensor) -> dict[str, float]:
    """Run once under the profiler and return each operator's own time in seconds."""
    with (
        torch.inference_mode(),
        torch.profiler.profile(
            activities=[torch.profiler.ProfilerActivity.CPU]
        ) as profile,
    ):
        net(x)
    return {
        event.key.split("::")[-1]: event.self_cpu_time_total / 1e6
        for event in profile.key_averages()
    }


def torch_share(name: str) -> dict:
    """Time PyTorch's forward pass operator by operator, the shortest time of each."""
    options = (
        {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    )
    net, x = (
        getattr(torchvision.models, name)(**options).eval(),
        torch.rand(1, 3, 224, 224),
    )
    operators(net, x)
    runs = [operators(net, x) for _ in range(RUNS)]
    times = {key: min(run.get(key, float("inf")) for run in runs) for key in runs[0]}
    return shares(
        times, {key for key in times if any(word in key for word in PRODUCTS)}
    )


def main() -> None:
    """Measure every network and store the shares."""
    torch.set_num_threads(1)
    rows = []
    for name in NETWORKS:
        runs_here = name != "vit_b_16"  # its class token is counted but not run
        plain, folded = (
            numpy_share(name, folded=how) if runs_here else None
            for how in (False, True)
        )
        rows.append(
            {
                "network": name,
                "numpy": plain,
                "numpy folded": folded,
                "torch": torch_share(name),
            }
        )
        print(rows[-1])
    versions = {
        package: version(package) for package in ("numpy", "torch", "torchvision")
    }
    what = (
        "share of a forward pass's time in layers with MACs; batch 1, float32, "
        "one thread"
    )
    result = {
        "what": what,
        "machine": processor(),
        "versions": versions | {"python": platform.python_version()},
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
