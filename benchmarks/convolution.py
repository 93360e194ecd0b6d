"""Time ten convolution layers of ResNet-50, VGG-16 and MobileNet, ours beside PyTorch
and ONNX Runtime on the CPU.

Every peer runs in a process of its own, with one thread and with two, several rounds in
turn; of all repeats the shortest counts. Float32, batch 1, without bias. PyTorch may
choose between three layouts (N C H W, channels last, and its packed oneDNN tensors),
and the fastest counts; filters are laid out beforehand for everyone. OpenBLAS chooses
its kernels itself: OPENBLAS_CORETYPE is taken out of the environment. Results go to
results/convolution.json, and a copy to the library's data for the lecture:
milliseconds, the ratio of the faster peer's time to ours (above 1: ours is faster), the
share of what a large matrix product reaches in the same process, and the largest
difference from float64 relative to the largest output.

    pip install torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    scipy==1.17.1 python benchmarks/convolution.py
"""

import json
import os
import platform
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from dlpatterns.hardware import methods

HERE = Path(__file__).resolve().parent
RESULTS = [
    HERE / "results" / "convolution.json",
    HERE.parent / "lib/dlpatterns/data/convolution_speed.json",
]
ROUNDS, REPEATS = 4, 20
# values of the filters' transform, above which it does not fit into the memory of a
# small machine
FFT_LIMIT = 20_000_000
PEERS = ("torch", "onnxruntime")


class Case(NamedTuple):
    """One layer, its kind, and the ratio to the faster peer that is wanted with one
    thread.
    """

    layer: methods.Layer
    kind: str
    wanted: float | None

    @property
    def geometry(self) -> dict:
        """Stride, padding and groups; the padding keeps the size at stride 1."""
        return {
            "stride": self.layer.stride,
            "padding": self.layer.kernel // 2,
            "groups": self.layer.groups,
        }


def case_of(layer: methods.Layer) -> Case:
    """Return the layer with its kind and what is wanted of that kind."""
    if layer.groups > 1:
        return Case(layer, "depthwise", None)
    if layer.kernel == 1:
        return Case(layer, "1 x 1", 0.85)
    return (
        Case(layer, "dense 3 x 3", 1.0)
        if layer.stride == 1
        else Case(layer, "dense, stride 2", 0.7)
    )


CASES = {name: case_of(layer) for name, layer in methods.LAYERS.items()}


def arrays(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return maps and filters of standard normal values in float32."""
    rng = np.random.default_rng(0)
    layer = case.layer
    x = rng.standard_normal(
        (1, layer.channels, layer.size, layer.size), dtype=np.float32
    )
    shape = (layer.filters, layer.channels // layer.groups, layer.kernel, layer.kernel)
    return x, rng.standard_normal(shape, dtype=np.float32)


def shortest(function) -> float:
    """Return the shortest of up to `REPEATS` calls in half a second, in milliseconds,
    after one that is not timed.
    """
    function()
    seconds, end = [], time.perf_counter() + 0.5
    while len(seconds) < REPEATS and (not seconds or time.perf_counter() < end):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds)


def peak_gmacs(product) -> float:
    """Return the billions of MAC/s of a 1536 x 1536 matrix product in float32."""
    size = 1536
    matrix = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    return size**3 / shortest(partial(product, matrix)) / 1e6


def off(out: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest difference, relative to the largest output."""
    return float(np.abs(out - exact).max() / np.abs(exact).max())


# --- Workers: each runs in a process of its own and prints one JSON object ------------


def exact(case: Case) -> np.ndarray:
    """Return the layer's result in float64."""
    from dlpatterns.kernels.convolution import conv2d_fast

    x, weight = (array.astype(np.float64) for array in arrays(case))
    return conv2d_fast(x, weight, **case.geometry)


def ours() -> dict:
    """Time the rung that `ready` chooses and, for the ladder, every other one that
    takes the layer.
    """
    rows = {}
    for name, case in CASES.items():
        reference, (x, _) = exact(case), arrays(case)
        for rung, function in rungs(case).items():
            rows[f"{name}\t{rung}"] = {
                "ms": shortest(partial(function, x)),
                "error": off(function(x), reference),
            }
    return {"times": rows, "peak": peak_gmacs(lambda matrix: matrix @ matrix)}


def rungs(case: Case) -> dict:
    """Return a function of x for every rung that takes the layer."""
    from dlpatterns.kernels import blocked, convolution, fourier, ready, winograd

    (x, weight), how = arrays(case), case.geometry
    chosen = ready.Ready(weight, **how)
    chosen(x)
    functions = {f"ready: {chosen.rung}": chosen}
    if os.environ["OMP_NUM_THREADS"] != "1" or case.layer.groups > 1:
        return functions  # the ladder is measured with one thread
    others = {
        "im2col": convolution.conv2d_im2col,
        "shifted": convolution.conv2d_shifted,
        "blocked": blocked.conv2d_blocked,
    }
    if weight.size // weight[0, 0].size * x[0, 0].size < FFT_LIMIT:
        others["fft"] = partial(
            fourier.conv2d_fft, filters=fourier.fourier_filters(x, weight, **how)
        )
    for name, rung in others.items():
        functions[name] = partial(rung, weight=weight, **how)
    if case.kind == "dense 3 x 3":
        for tile in (2, 4):
            filters = winograd.winograd_filters(weight, tile)
            functions[f"winograd {tile}"] = partial(
                winograd.conv2d_winograd, filters=filters, padding=1
            )
    return functions


def torch_peer() -> dict:
    """Time PyTorch's convolution in each of its layouts."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    rows = {}
    with torch.inference_mode():
        for name, case in CASES.items():
            runs = torch_runs(case)
            milliseconds = {layout: shortest(run) for layout, run in runs.items()}
            best = min(milliseconds, key=milliseconds.get)
            out = runs[best]()
            out = (out.to_dense() if out.is_mkldnn else out).numpy()
            rows[name] = {
                "ms": milliseconds[best],
                "layout": best,
                "error": off(out, exact(case)),
            }
        matrix = torch.randn(1536, 1536)
        peak = peak_gmacs(lambda _: matrix @ matrix)
    return {"times": rows, "peak": peak}


def torch_runs(case: Case) -> dict:
    """Return a call of the layer for each layout, with the maps in that layout
    already.
    """
    import torch
    from torch.utils import mkldnn

    def layer():
        made = torch.nn.Conv2d(
            x.shape[1], len(weight), weight.shape[2], bias=False, **case.geometry
        ).eval()
        made.weight.copy_(weight)
        return made

    x, weight = map(torch.from_numpy, arrays(case))
    last = {"memory_format": torch.channels_last}
    return {
        "N C H W": partial(layer(), x),
        "channels last": partial(layer().to(**last), x.to(**last)),
        "packed": partial(mkldnn.to_mkldnn(layer()), x.to_mkldnn()),
    }


def onnxruntime_peer() -> dict:
    """Time ONNX Runtime's Conv."""
    rows = {}
    for name, case in CASES.items():
        run = onnx_layer(case)
        rows[name] = {"ms": shortest(run), "error": off(run(), exact(case))}
    return {"times": rows}


def onnx_layer(case: Case):
    """Return a call of a graph with this one node."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    x, weight = arrays(case)
    layer, how = case.layer, case.geometry
    options = {
        "strides": [layer.stride] * 2,
        "pads": [how["padding"]] * 4,
        "group": layer.groups,
    }
    node = helper.make_node("Conv", ["x", "w"], ["y"], **options)
    info = [
        helper.make_tensor_value_info(k, TensorProto.FLOAT, s)
        for k, s in (("x", x.shape), ("y", (1, layer.filters, layer.out, layer.out)))
    ]
    graph = helper.make_graph(
        [node], "g", info[:1], info[1:], [numpy_helper.from_array(weight, "w")]
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    run = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: run.run(["y"], {"x": x})[0]


# --- The run --------------------------------------------------------------------------

WORKERS = {"ours": ours, "torch": torch_peer, "onnxruntime": onnxruntime_peer}


def started(worker: str, threads: int) -> dict:
    """Run one worker in a process of its own with so many threads."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("OPENBLAS_")
    }
    env |= {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONPATH": str(HERE.parent / "lib"),
    }
    done = subprocess.run(
        [sys.executable, __file__, worker], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def merged(results: list[dict]) -> dict:
    """Keep the shortest time of each row over all rounds, and the highest peak."""
    rows = {
        key: min(
            (result["times"][key] for result in results), key=lambda row: row["ms"]
        )
        for key in results[0]["times"]
    }
    return {"times": rows, "peak": max(result.get("peak", 0) for result in results)}


def measured(threads: int) -> list[dict]:
    """Return one row a layer: our time and both peers', the ratio, the share of the
    peak, and the errors.
    """
    rounds = [
        {worker: started(worker, threads) for worker in WORKERS} for _ in range(ROUNDS)
    ]
    best = {worker: merged([each[worker] for each in rounds]) for worker in WORKERS}
    return [row(name, case, threads, best) for name, case in CASES.items()]


def row(name: str, case: Case, threads: int, best: dict) -> dict:
    """Put together what was measured of one layer."""
    mine = {
        tuple(key.split("\t")): value for key, value in best["ours"]["times"].items()
    }
    rungs_of = {rung: value for (layer, rung), value in mine.items() if layer == name}
    chosen = next(rung for rung in rungs_of if rung.startswith("ready"))
    peers = {peer: best[peer]["times"][name] for peer in PEERS}
    fastest = min(peers, key=lambda peer: peers[peer]["ms"])
    return {
        "layer": name, "kind": case.kind, "macs": case.layer.macs, "threads": threads,
        "rung": chosen.removeprefix("ready: "),
        "ms": rungs_of[chosen]["ms"], "error": rungs_of[chosen]["error"],
        "fastest peer": fastest,
        "ratio": peers[fastest]["ms"] / rungs_of[chosen]["ms"],
        "wanted": case.wanted if threads == 1 else None,
        "gmacs per second": case.layer.macs / rungs_of[chosen]["ms"] / 1e6,
        "blas peak": best["ours"]["peak"],
        "torch peak": best["torch"]["peak"], "peers": peers, "ladder": rungs_of,
    }  # fmt: skip


def main() -> None:
    """Measure with one thread and with two, print the table, and store everything."""
    rows = [row for threads in (1, 2) for row in measured(threads)]
    for each in rows:
        print(
            f"{each['threads']}  {each['layer']:27}{each['rung']:10}{each['ms']:8.3f} "
            f"ms  {each['fastest peer']:12}"
            f"{each['peers'][each['fastest peer']]['ms']:8.3f} ms  ratio "
            f"{each['ratio']:.2f} (wanted {each['wanted']})  "
            f"{each['gmacs per second']:5.0f} of {each['blas peak']:.0f} GMAC/s  "
            f"error {each['error']:.1e}"
        )
    versions = {
        name: version(name) for name in ("numpy", "torch", "onnxruntime", "onnx")
    }
    result = {
        "machine": machine(),
        "versions": versions | {"python": platform.python_version()},
        "rows": rows,
    }
    for path in RESULTS:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(rounded(result), indent=1) + "\n", encoding="utf-8")


def rounded(value):
    """Keep four digits of every measured number."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def machine() -> str:
    """Return the processor's name and its number of cores."""
    lines = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    )
    names = [
        line.split(":")[1].strip() for line in lines if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(WORKERS[sys.argv[1]]()))
    else:
        main()
