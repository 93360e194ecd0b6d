"""Time counting a network, ours beside the well-known counters, each in a process of
its own on the same machine.

Every peer counts a torchvision network that is already built, once on ordinary tensors
and once on tensors without storage ("meta"), if it can. Ours is timed with and without
building the network. Written to results/counting_speed.json.

    pip install -r benchmarks/requirements.txt
    python benchmarks/counting_speed.py
"""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "counting_speed.json"
PEERS = ("torchinfo", "fvcore", "ptflops", "thop", "calflops")
SHARED = (  # the networks of our zoo that torchvision has too
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


def timed(function, *, repeats: int) -> float:
    """Return the median seconds of so many calls, after one that is not timed."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return median(seconds)


# --- Workers: each runs in a process of its own and prints one JSON object ------------


def ours() -> dict:
    """Time our counter on ResNet-50, on the networks torchvision has too, and on the
    whole zoo.
    """
    start = time.process_time()
    from dlpatterns.counting import count

    imported = time.process_time() - start
    from dlpatterns import models

    resnet50 = models.resnet50()
    return {
        "import_s": imported,
        "resnet50_s": timed(lambda: count(resnet50), repeats=50),
        "resnet50_with_building_s": timed(lambda: count(models.resnet50()), repeats=50),
        "resnet50_macs": count(resnet50).macs,
        "shared_s": timed(
            lambda: [count(models.ZOO[name]()) for name in SHARED], repeats=5
        ),
        "zoo_s": timed(
            lambda: [count(network()) for network in models.ZOO.values()], repeats=5
        ),
        "zoo_networks": len(models.ZOO),
    }


def peer(name: str, device: str) -> dict:
    """Time one peer on ResNet-50 and, once, on each of the networks that it shares with
    our zoo.
    """
    start = time.process_time()
    count = peer_counter(name, device)
    imported = time.process_time() - start
    resnet50 = torchvision_network("resnet50", device)
    seconds = timed(lambda: count(*resnet50), repeats=5)
    return {
        "import_s": imported,
        "resnet50_s": seconds,
        "resnet50_macs": int(count(*resnet50)),
        "shared_s": sum(once(count, network, device) for network in SHARED),
        "version": version(name),
    }


def once(count, name: str, device: str) -> float:
    """Return the seconds of one call on a network built beforehand."""
    network = torchvision_network(name, device)
    start = time.process_time()
    count(*network)
    return time.process_time() - start


def peer_counter(name: str, device: str):
    """Return a function of (network, image size) that returns the peer's number of
    MACs.
    """
    import torch

    torch.set_num_threads(1)

    def image(size: int) -> torch.Tensor:
        return torch.zeros(1, 3, size, size, device=device)

    if name == "torchinfo":
        import torchinfo

        return lambda net, size: (
            torchinfo.summary(
                net, input_data=image(size), verbose=0, device=device
            ).total_mult_adds
        )
    if name == "fvcore":
        import logging

        from fvcore.nn import FlopCountAnalysis

        logging.getLogger("fvcore").setLevel(logging.ERROR)
        return lambda net, size: FlopCountAnalysis(net, image(size)).total()
    if name == "ptflops":
        import ptflops

        options = {"as_strings": False, "print_per_layer_stat": False}
        options["input_constructor"] = lambda shape: {"x": image(shape[-1])}
        return lambda net, size: ptflops.get_model_complexity_info(
            net, (3, size, size), **options | constructor(net, image)
        )[0]
    if name == "calflops":
        from calflops import calculate_flops

        quiet = {"print_results": False, "print_detailed": False}
        return lambda net, size: calculate_flops(
            net, kwargs={argument(net): image(size)}, output_as_string=False, **quiet
        )[1]
    import thop

    return lambda net, size: thop.profile(net, inputs=(image(size),), verbose=False)[0]


def constructor(net, image) -> dict:
    """Return how ptflops makes its input: by the name of the argument of the network's
    forward.
    """
    return {"input_constructor": lambda shape: {argument(net): image(shape[-1])}}


def argument(net) -> str:
    """Return the name of the argument of a network's forward."""
    return net.forward.__code__.co_varnames[1]


def torchvision_network(name: str, device: str) -> tuple:
    """Return a torchvision network without auxiliary heads, and the image size its
    weights were evaluated at.
    """
    import torch
    from torchvision import models

    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device(device):
        network = models.get_model(name, weights=None, **options).eval()
    for head in ("aux1", "aux2", "AuxLogits"):
        if hasattr(network, head):
            setattr(network, head, None)
    return network, models.get_model_weights(name)[
        "IMAGENET1K_V1"
    ].transforms().crop_size[0]


# --- The run --------------------------------------------------------------------------


def run(*worker: str) -> dict:
    """Run one worker with one thread and return what it printed, or why it failed."""
    paths = os.pathsep.join(
        filter(None, (str(HERE.parent / "lib"), os.environ.get("PYTHONPATH")))
    )
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": paths,
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, __file__, *worker]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    lines = (
        done.stdout.splitlines() if done.returncode == 0 else done.stderr.splitlines()
    )
    return (
        json.loads(lines[-1])
        if done.returncode == 0
        else {"failed": lines[-1] if lines else "no message"}
    )


def processor() -> str:
    """Return the name of the processor."""
    lines = (
        Path("/proc/cpuinfo").read_text().splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    )
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def main() -> None:
    """Run all workers, print a line each, and store the result."""
    counters = {"dlpatterns": run("ours")}
    for name in PEERS:
        for device, label in (("cpu", name), ("meta", f"{name} (meta tensors)")):
            counters[label] = run(name, device)
    base = counters["dlpatterns"]["resnet50_s"]
    for label, row in counters.items():
        line = row.get("failed") or (
            f"{row['resnet50_s'] * 1e3:9.2f} ms, {row['resnet50_s'] / base:7.0f} x ours"
        )
        print(f"{label:28} {line}")
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "threads": 1,
        "seconds": "of the processor",
    }
    versions = {
        package: version(package) for package in ("torch", "torchvision", *PEERS)
    }
    RESULT.parent.mkdir(exist_ok=True)
    stored = {
        "machine": machine,
        "versions": versions,
        "shared_networks": len(SHARED),
        "counters": counters,
    }
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(ours() if sys.argv[1] == "ours" else peer(*sys.argv[1:])))
    else:
        main()
