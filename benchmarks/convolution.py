"""Time twelve convolution layers of ResNet-50, VGG-16 and MobileNet, and two chains of
eight layers with weights of their own, ours beside PyTorch and ONNX Runtime on the CPU.

Every peer runs in a process of its own, with one thread and with two, several rounds in
turn; of all repeats the shortest counts. Float32, batch 1, without bias. PyTorch may
choose between five ways (N C H W, channels last, its packed oneDNN tensors, and filters
reordered beforehand for either layout, as its compiler does), and the fastest counts;
filters are laid out beforehand for everyone. OpenBLAS chooses its kernels itself:
OPENBLAS_CORETYPE is taken out of the environment. The load of the machine when the run
starts is stored with it; above half a process a core, the run refuses. Results go to
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


MORE = {
    "ResNet-50 layer2 3 x 3": methods.Layer(128, 28, 128, 3),
    "ResNet-50 layer4 3 x 3": methods.Layer(512, 7, 512, 3),
}
CASES = {n: case_of(layer) for n, layer in (methods.LAYERS | MORE).items()}
CHAINS = ("ResNet-50 layer1 3 x 3", "ResNet-50 layer3 3 x 3")
LINKS = 8  # layers of a chain: their filters together outgrow a level-2 cache
LOAD = 0.5  # processes a core, above which a timing is worthless


def links(case: Case) -> list[np.ndarray]:
    """Return the filters of a chain, scaled so that values keep their size."""
    rng = np.random.default_rng(1)
    shape = (case.layer.filters, case.layer.channels, 3, 3)
    scale = np.float32((9 * case.layer.channels) ** -0.5)
    return [scale * rng.standard_normal(shape, dtype=np.float32) for _ in range(LINKS)]


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
    for name in CHAINS:
        rows[f"{name}, chain\tready: chain"] = timed_chain(name, ready_chain)
    return {"times": rows, "peak": peak_gmacs(lambda matrix: matrix @ matrix)}


def timed_chain(name: str, make) -> dict:
    """Time a chain that `make` builds, and say how far off its last maps are."""
    from dlpatterns.kernels.convolution import conv2d_fast

    case = CASES[name]
    x, filters = arrays(case)[0], links(case)
    run, exact_maps = make(case, x, filters), x.astype(np.float64)
    for weight in filters:
        exact_maps = conv2d_fast(exact_maps, weight.astype(np.float64), padding=1)
    return {"ms": shortest(run), "error": off(np.asarray(run()), exact_maps)}


def ready_chain(case: Case, x: np.ndarray, filters: list[np.ndarray]):
    """Return a call of eight layers made ready."""
    from dlpatterns.kernels.ready import Ready

    layers = [Ready(weight, **case.geometry) for weight in filters]

    def run() -> np.ndarray:
        maps = x
        for layer in layers:
            maps = layer(maps)
        return maps

    return run


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
        for name in CHAINS:
            both = {
                how: timed_chain(name, partial(torch_chain, how=how)) for how in LAST
            }
            best = min(both, key=lambda how: both[how]["ms"])
            rows[f"{name}, chain"] = both[best] | {"layout": best}
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
        "reordered": partial(reordered(case, x, weight), x),
        "reordered, channels last": partial(
            reordered(case, x.to(**last), weight), x.to(**last)
        ),
    }


def reordered(case: Case, x, weight):
    """Return a call with the filters reordered beforehand for maps of this shape, as
    PyTorch's compiler does when it freezes a network.
    """
    import torch

    how = case.geometry
    sides = [how["padding"]] * 2, [how["stride"]] * 2, [1, 1]
    packed = torch._C._nn.mkldnn_reorder_conv2d_weight(
        weight.to_mkldnn(), *sides, how["groups"], list(x.shape)
    )
    run = torch.ops.mkldnn._convolution_pointwise
    return lambda maps: run(maps, packed, None, *sides, how["groups"], "none", [], "")


LAST = ("channels last", "reordered, channels last")


def torch_chain(case: Case, x: np.ndarray, filters: list[np.ndarray], *, how: str):
    """Return a call of eight layers on maps that stay channels last."""
    import torch

    maps = torch.from_numpy(x).to(memory_format=torch.channels_last)
    weights = [torch.from_numpy(each) for each in filters]
    if how == "reordered, channels last":
        layers = [reordered(case, maps, weight) for weight in weights]
    else:
        plain = torch.nn.functional.conv2d
        last = [w.to(memory_format=torch.channels_last) for w in weights]
        layers = [partial(plain, weight=weight, padding=1) for weight in last]

    def run():
        out = maps
        for layer in layers:
            out = layer(out)
        return out

    return run


def onnxruntime_peer() -> dict:
    """Time ONNX Runtime's Conv."""
    rows = {}
    for name, case in CASES.items():
        run = onnx_layer(case)
        rows[name] = {"ms": shortest(run), "error": off(run(), exact(case))}
    for name in CHAINS:
        rows[f"{name}, chain"] = timed_chain(name, onnx_graph)
    return {"times": rows}


def onnx_layer(case: Case):
    """Return a call of a graph with this one node."""
    x, weight = arrays(case)
    return onnx_graph(case, x, [weight])


def onnx_graph(case: Case, x: np.ndarray, filters: list[np.ndarray]):
    """Return a call of a graph with one node for each of the filters."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    layer, how = case.layer, case.geometry
    options = {
        "strides": [layer.stride] * 2,
        "pads": [how["padding"]] * 4,
        "group": layer.groups,
    }
    names = ["x", *(f"y{i}" for i in range(len(filters)))]
    nodes = [
        helper.make_node("Conv", [names[i], f"w{i}"], [names[i + 1]], **options)
        for i in range(len(filters))
    ]
    shape = (1, layer.filters, layer.out, layer.out)
    info = [
        helper.make_tensor_value_info(k, TensorProto.FLOAT, s)
        for k, s in (("x", x.shape), (names[-1], shape))
    ]
    held = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(filters)]
    graph = helper.make_graph(nodes, "g", info[:1], info[1:], held)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    run = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: run.run([names[-1]], {"x": x})[0]


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
    chains = {
        f"{name}, chain": CASES[name]._replace(kind="chain of eight", wanted=None)
        for name in CHAINS
    }
    return [row(n, case, threads, best) for n, case in (CASES | chains).items()]


def row(name: str, case: Case, threads: int, best: dict) -> dict:
    """Put together what was measured of one layer."""
    mine = {
        tuple(key.split("\t")): value for key, value in best["ours"]["times"].items()
    }
    rungs_of = {rung: value for (layer, rung), value in mine.items() if layer == name}
    chosen = next(rung for rung in rungs_of if rung.startswith("ready"))
    macs = case.layer.macs * (LINKS if case.kind == "chain of eight" else 1)
    peers = {peer: best[peer]["times"][name] for peer in PEERS}
    fastest = min(peers, key=lambda peer: peers[peer]["ms"])
    return {
        "layer": name, "kind": case.kind, "macs": macs, "threads": threads,
        "rung": chosen.removeprefix("ready: "),
        "ms": rungs_of[chosen]["ms"], "error": rungs_of[chosen]["error"],
        "fastest peer": fastest,
        "ratio": peers[fastest]["ms"] / rungs_of[chosen]["ms"],
        "wanted": case.wanted if threads == 1 else None,
        "gmacs per second": macs / rungs_of[chosen]["ms"] / 1e6,
        "blas peak": best["ours"]["peak"],
        "torch peak": best["torch"]["peak"], "peers": peers, "ladder": rungs_of,
    }  # fmt: skip


def main() -> None:
    """Measure with one thread and with two, print the table, and store everything."""
    load = os.getloadavg()[0] / os.cpu_count()
    if load > LOAD and "--anyway" not in sys.argv:
        raise SystemExit(
            f"{load:.1f} processes a core are running already, and a timing among "
            "them is worthless; wait, or print without storing: --anyway"
        )
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
        "load a core": load,
        "rows": rows,
    }
    for path in RESULTS if load <= LOAD else []:
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
    if sys.argv[1:] and sys.argv[1] in WORKERS:
        print(json.dumps(WORKERS[sys.argv[1]]()))
    else:
        main()
