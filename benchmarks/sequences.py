"""Time attention and LSTM layers, ours beside PyTorch and ONNX Runtime on the CPU;
measure the memory of tiled attention.

Every peer runs in a process of its own, with one thread and with two, several rounds in
turn; of all repeats the shortest counts. OpenBLAS chooses its kernels itself:
OPENBLAS_CORETYPE is taken out of the environment. Results go to results/sequences.json:
milliseconds, the ratio of the faster peer's time to ours (above 1: ours is faster),
each rung's share of what a large matrix product reaches in the same process, and the
largest difference from a float64 result.

    pip install torch==2.13.0 onnx onnxruntime numpy==2.4.6 scipy==1.17.1
    python benchmarks/sequences.py
"""

import json
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "sequences.json"
PEERS = ("torch", "onnxruntime")
ATTENTION = {
    "attention": (1, 12, 1024, 64),
    "attention_causal": (1, 12, 1024, 64),
    "attention_8192": (1, 1, 8192, 64),
}
LSTM = {
    "lstm_512": (16, 100, 512, 512),
    "lstm_650": (20, 35, 650, 650),
    "lstm_512_batch1": (1, 100, 512, 512),
}
CASES = ATTENTION | LSTM
ROUNDS, REPEATS = 3, 7


def heads(name: str) -> tuple[np.ndarray, ...]:
    """Return q, k and v of unit variance, float32. Shapes: B H T D."""
    rng = np.random.default_rng(0)
    return tuple(
        rng.standard_normal(ATTENTION[name], dtype=np.float32) for _ in range(3)
    )


def cell(name: str) -> tuple[np.ndarray, ...]:
    """Return an input and an LSTM's weights in PyTorch's order of gates. Shapes: N T D,
    4H D, 4H H, 4H.
    """
    batch, steps, features, hidden = LSTM[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, steps, features), dtype=np.float32)
    shapes = ((4 * hidden, features), (4 * hidden, hidden), (4 * hidden,))
    return x, *(
        rng.uniform(-(hidden**-0.5), hidden**-0.5, shape).astype(np.float32)
        for shape in shapes
    )


def macs(name: str) -> int:
    """Return the multiply-accumulates of a case; a causal one does only the pairs that
    its mask lets through.
    """
    if name in LSTM:
        batch, steps, features, hidden = LSTM[name]
        return batch * steps * 4 * hidden * (features + hidden)
    batch, number, tokens, dim = ATTENTION[name]
    pairs = tokens * (tokens + 1) // 2 if "causal" in name else tokens**2
    return 2 * batch * number * pairs * dim


def shortest(function) -> float:
    """Return the shortest of several calls in milliseconds, after two that are not
    timed.
    """
    seconds = []
    for _ in range(REPEATS + 2):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds[2:])


def peak_gflops(product) -> float:
    """Return the billions of FLOP/s of a 1536 x 1536 matrix product in float32."""
    size = 1536
    matrix = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    return 2 * size**3 / shortest(product(matrix)) / 1e6


def square(matrix):
    """Return the matrix times itself."""
    return matrix @ matrix


# --- Workers: each runs in a process of its own and prints one JSON object ------------


def ours() -> dict:
    """Time every rung of ours, and compare it with float64."""
    from dlpatterns.kernels import attention, recurrence

    rows = {}
    for name in CASES:
        reference = exact(name)
        if name in ATTENTION:
            long = name == "attention_8192"
            rungs = (
                "attention_tiled",
                "attention_fast",
                *(() if long else ("attention_matmul",)),
            )
            runs = {
                rung: partial(
                    getattr(attention, rung), *heads(name), causal="causal" in name
                )
                for rung in rungs
            }
        else:
            x, *parts = cell(name)
            runs = {
                rung: partial(shown, rung, x, recurrence.Weights(*parts))
                for rung in ("lstm_steps", "lstm_fast")
            }
        for rung, run in runs.items():
            rows[f"{name}/{rung}"] = {
                "ms": shortest(run),
                "error": float(np.abs(run() - reference).max()),
            }
    return {
        "times": rows,
        "peak_gflops": peak_gflops(lambda matrix: partial(square, matrix)),
    }


def shown(rung: str, x: np.ndarray, weights: tuple) -> np.ndarray:
    """Return h of an LSTM, without its memory."""
    from dlpatterns.kernels import recurrence

    return getattr(recurrence, rung)(x, weights)[0]


def side_by_side() -> dict:
    """Time attention with two heads at a time, each with one BLAS thread."""
    from dlpatterns.kernels.attention import attention_fast

    rows = {}
    for name in ("attention", "attention_causal"):
        run = partial(attention_fast, *heads(name), causal="causal" in name, threads=2)
        rows[f"{name}/attention_fast, 2 heads at a time"] = {
            "ms": shortest(run),
            "error": float(np.abs(run() - exact(name)).max()),
        }
    return {"times": rows}


def exact(name: str) -> np.ndarray:
    """Return the result of a case in float64, by the rung with the fewest tricks that
    fits into memory.
    """
    from dlpatterns.kernels import attention, recurrence

    if name in ATTENTION:
        return attention.attention_tiled(
            *(x.astype(np.float64) for x in heads(name)), causal="causal" in name
        )
    x, *parts = (array.astype(np.float64) for array in cell(name))
    return recurrence.lstm_steps(x, recurrence.Weights(*parts))[0]


def torch_peer() -> dict:
    """Time PyTorch's scaled_dot_product_attention and LSTM layer."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    rows = {}
    with torch.inference_mode():
        for name in CASES:
            run = torch_attention(name) if name in ATTENTION else torch_lstm(name)
            rows[name] = {
                "ms": shortest(run),
                "error": float(np.abs(run().numpy() - exact(name)).max()),
            }
        peak = peak_gflops(lambda matrix: partial(square, torch.from_numpy(matrix)))
    return {"times": rows, "peak_gflops": peak}


def torch_attention(name: str):
    """Return a call of PyTorch's attention on the case's arrays."""
    import torch

    q, k, v = map(torch.from_numpy, heads(name))
    return lambda: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal="causal" in name
    )


def torch_lstm(name: str):
    """Return a call of PyTorch's LSTM layer with the case's weights."""
    import torch

    x, weight_x, weight_h, bias = map(torch.from_numpy, cell(name))
    layer = torch.nn.LSTM(x.shape[2], weight_h.shape[1], batch_first=True)
    given = {
        "weight_ih_l0": weight_x,
        "weight_hh_l0": weight_h,
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    layer.load_state_dict(given)
    return lambda: layer(x)[0]


def onnxruntime_peer() -> dict:
    """Time ONNX Runtime's LSTM, and its attention as one fused operator or as a plain
    graph, whichever is faster.
    """
    rows = {}
    for name in CASES:
        runs = (
            [onnx_lstm(name)] if name in LSTM else [onnx_fused(name), onnx_graph(name)]
        )
        timed = [(shortest(run), run) for run in runs if run is not None]
        milliseconds, run = min(timed, key=lambda pair: pair[0])
        rows[name] = {
            "ms": milliseconds,
            "error": float(np.abs(run() - exact(name)).max()),
        }
    return {"times": rows}


def session(nodes: list, constants: dict, inputs: dict, shape: tuple):
    """Return a function that runs these ONNX nodes on the inputs and returns the output
    "y".
    """
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    stored = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph(
        nodes,
        "g",
        [info(k, v.shape) for k, v in inputs.items()],
        [info("y", shape)],
        stored,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    run = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: run.run(["y"], inputs)[0]


def onnx_fused(name: str):
    """Return ONNX Runtime's own MultiHeadAttention."""
    from onnx import helper

    options = {"unidirectional": 1} if "causal" in name else {}
    arrays = dict(zip("qkv", heads(name), strict=True))
    batch, number, tokens, dim = ATTENTION[name]
    flat = {
        key: x.swapaxes(1, 2).reshape(batch, tokens, -1).copy()
        for key, x in arrays.items()
    }
    node = helper.make_node(
        "MultiHeadAttention",
        ["q", "k", "v"],
        ["y"],
        domain="com.microsoft",
        num_heads=number,
        **options,
    )
    run = session([node], {}, flat, (batch, tokens, number * dim))

    def call():
        return run().reshape(batch, tokens, number, dim).swapaxes(1, 2)

    return call


def onnx_graph(name: str):
    """Return attention as two MatMul nodes around a Softmax; none for the causal and
    the long case.
    """
    from onnx import helper

    if name != "attention":
        return None
    q, k, v = heads(name)
    inputs = {
        "q": q * np.float32(q.shape[3] ** -0.5),
        "k": k.swapaxes(2, 3).copy(),
        "v": v,
    }
    nodes = [
        helper.make_node("MatMul", ["q", "k"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "v"], ["y"]),
    ]
    return session(nodes, {}, inputs, q.shape)


def onnx_lstm(name: str):
    """Return ONNX's LSTM; its gates stand in the order input, output, forget,
    candidate.
    """
    from onnx import helper

    x, weight_x, weight_h, bias = cell(name)
    hidden = weight_h.shape[1]

    def reordered(array):
        parts = np.split(array, 4)
        return np.concatenate([parts[i] for i in (0, 3, 1, 2)])[None]

    constants = {"w": reordered(weight_x), "r": reordered(weight_h)}
    constants["b"] = np.concatenate(
        [reordered(bias), np.zeros((1, 4 * hidden), np.float32)], axis=1
    )
    node = helper.make_node("LSTM", ["x", "w", "r", "b"], ["y"], hidden_size=hidden)
    shape = (x.shape[1], 1, x.shape[0], hidden)
    run = session([node], constants, {"x": x.swapaxes(0, 1).copy()}, shape)
    return lambda: run()[:, 0].swapaxes(0, 1)


def memory() -> dict:
    """Measure what attention at T = 8192 allocates at most besides its inputs and its
    output. Units: bytes.
    """
    from dlpatterns.kernels.attention import attention_fast, attention_tiled

    rows = {}
    for number in (1, 12):
        q = np.random.default_rng(0).standard_normal(
            (1, number, 8192, 64), dtype=np.float32
        )
        for rung in (attention_tiled, attention_fast):
            tracemalloc.start()
            output = rung(q, q, q).nbytes
            rows[f"{rung.__name__}, {number} heads"] = (
                tracemalloc.get_traced_memory()[1] - output
            )
            tracemalloc.stop()
    return {
        "working_bytes": rows,
        "all_scores_bytes": {str(number): number * 8192**2 * 4 for number in (1, 12)},
    }


WORKERS = {f.__name__: f for f in (ours, side_by_side, memory)} | {
    "torch": torch_peer,
    "onnxruntime": onnxruntime_peer,
}


# --- The run --------------------------------------------------------------------------


def run(worker: str, threads: int = 1) -> dict:
    """Run one worker in a process with so many threads and return what it printed."""
    paths = os.pathsep.join(
        filter(None, (str(HERE.parent / "lib"), os.environ.get("PYTHONPATH")))
    )
    environment = {
        key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"
    } | {"PYTHONPATH": paths}
    environment |= dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
    )
    done = subprocess.run(
        [sys.executable, __file__, worker],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{worker} with {threads} threads failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def best(rounds: list[dict]) -> dict:
    """Return the shortest times and the highest peak of several rounds."""
    times = {
        key: {**row, "ms": min(r["times"][key]["ms"] for r in rounds)}
        for key, row in rounds[0]["times"].items()
    }
    peaks = [r["peak_gflops"] for r in rounds if "peak_gflops" in r]
    return {"times": times} | ({"peak_gflops": max(peaks)} if peaks else {})


def compared(results: dict[str, dict]) -> list[dict]:
    """Return one row a case and rung: times, the ratio to the faster peer, and the
    share of our BLAS peak.
    """
    rows, peak = [], results["ours"]["peak_gflops"]
    for key, row in results["ours"]["times"].items():
        name, rung = key.split("/")
        peers = {peer: results[peer]["times"][name]["ms"] for peer in PEERS}
        rate = 2 * macs(name) / row["ms"] / 1e6
        rows.append(
            {
                "case": name,
                "rung": rung,
                "ms": row["ms"],
                "error": row["error"],
                "gflops": rate,
                "share_of_peak": rate / peak,
            }
            | {f"{peer}_ms": value for peer, value in peers.items()}
            | {"ratio": min(peers.values()) / row["ms"]}
        )
    return rows


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
    """Run all workers in turn, print a line a rung, and store the result."""
    stored = {
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": {
            package: version(package) for package in ("numpy", "torch", "onnxruntime")
        },
        "cases": {
            name: {"shape": shape, "macs": macs(name)} for name, shape in CASES.items()
        },
        "threads": {},
    }
    for threads in (1, 2):
        rounds = [
            {worker: run(worker, threads) for worker in ("ours", *PEERS)}
            for _ in range(ROUNDS)
        ]
        results = {
            worker: best([r[worker] for r in rounds]) for worker in ("ours", *PEERS)
        }
        if threads > 1:  # two threads of our own, one of BLAS each
            results["ours"]["times"] |= best(
                [run("side_by_side") for _ in range(ROUNDS)]
            )["times"]
        peaks = {
            worker: result["peak_gflops"]
            for worker, result in results.items()
            if "peak_gflops" in result
        }
        errors = {
            peer: {name: row["error"] for name, row in results[peer]["times"].items()}
            for peer in PEERS
        }
        rows = compared(results)
        stored["threads"][str(threads)] = {
            "peak_gflops": peaks,
            "rows": rows,
            "peer_errors": errors,
        }
        print(
            f"{threads} threads; peak of a matrix product: "
            + ", ".join(f"{w} {p:.0f} GFLOP/s" for w, p in peaks.items())
        )
        for row in rows:
            print(
                (
                    "{case:18} {rung:17} {ms:8.2f} ms, torch {torch_ms:8.2f}, onnx "
                    "{onnxruntime_ms:8.2f}"
                ).format(**row),
                end="",
            )
            print(
                f", ratio {row['ratio']:.2f}, {row['share_of_peak']:.0%} of peak, "
                f"error {row['error']:.1e}"
            )
    stored["memory"] = run("memory")
    print(stored["memory"])
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(WORKERS[sys.argv[1]]()))
    else:
        main()
