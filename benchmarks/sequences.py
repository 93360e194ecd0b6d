"""Time attention and LSTM layers, ours beside PyTorch and ONNX Runtime on the CPU;
measure the memory of tiled attention.

Every peer runs in a process of its own, with one thread and with two, several rounds in
turn; of all repeats the shortest counts. OpenBLAS chooses its kernels itself:
OPENBLAS_CORETYPE is taken out of the environment. Results go to results/sequences.json,
and to the library's data for the lecture: milliseconds, the ratio of the faster peer's
time to ours (above 1: ours is faster), each rung's share of what a large matrix product
reaches in the same process, and the largest difference from a float64 result.

    pip install torch==2.13.0 onnx onnxruntime numpy==2.4.6 scipy==1.17.1
    python benchmarks/sequences.py
"""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from sequence_peers import onnxruntime_peer, torch_peer
from sequence_workers import CASES, macs, memory, ours, side_by_side

HERE = Path(__file__).resolve().parent
RESULTS = (  # the lecture reads the second
    HERE / "results" / "sequences.json",
    HERE.parent / "lib/dlpatterns/data/sequence_speed.json",
)
PEERS = ("torch", "onnxruntime")
ROUNDS = 3
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
        key: min((r["times"][key] for r in rounds), key=lambda row: row["ms"])
        for key in rounds[0]["times"]
    }
    peaks = [r["peak_gflops"] for r in rounds if "peak_gflops" in r]
    return {"times": times} | ({"peak_gflops": max(peaks)} if peaks else {})


def compared(results: dict[str, dict]) -> list[dict]:
    """Return one row a case and rung: times, the ratio to the faster peer, and the
    share of our BLAS peak.
    """
    rows, peak = [], results["ours"]["peak_gflops"]
    forms = results["onnxruntime"]["times"]
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
            | {"onnxruntime_form": forms[name]["form"]}
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
            "onnxruntime_forms_ms": {
                name: row["forms_ms"]
                for name, row in results["onnxruntime"]["times"].items()
            },
        }
        print(
            f"{threads} threads; peak of a matrix product: "
            + ", ".join(f"{w} {p:.0f} GFLOP/s" for w, p in peaks.items())
        )
        for row in rows:
            print(
                (
                    "{case:18} {rung:17} {ms:8.2f} ms, torch {torch_ms:8.2f}, onnx "
                    "{onnxruntime_ms:8.2f} ({onnxruntime_form})"
                ).format(**row),
                end="",
            )
            print(
                f", ratio {row['ratio']:.2f}, {row['share_of_peak']:.0%} of peak, "
                f"error {row['error']:.1e}"
            )
    stored["memory"] = run("memory")
    print(stored["memory"])
    for path in RESULTS:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(WORKERS[sys.argv[1]]()))
    else:
        main()
