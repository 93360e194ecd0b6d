"""Store what PyTorch's observers and fake quantisation, and ONNX Runtime's calibration,
make of the same numbers, for the tests to compare with.

    pip install torch==2.13.0
    python benchmarks/quantization_references.py torch
    pip install onnxruntime onnx sympy
    python benchmarks/quantization_references.py onnxruntime

Both write their part of tests/quantization_references.json. The inputs are drawn from
seeds by `batches`, which the tests call as well.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

RESULT = Path(__file__).parents[1] / "tests" / "quantization_references.json"
KINDS = ("normal", "skewed", "outliers", "positive", "negative", "constant")


def batches(kind: str, seed: int = 0) -> list[np.ndarray]:
    """Return three batches of 40 x 25 float32 of a kind of distribution."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    drawn = rng.normal(size=(3, 40, 25)) * [[[1.0]], [[1.5]], [[0.7]]]
    made = {
        "normal": drawn,
        "skewed": np.exp(drawn) - 0.5,
        "outliers": np.where(rng.random(drawn.shape) < 0.002, 30 * drawn, drawn),
        "positive": np.abs(drawn) + 0.1,
        "negative": -np.abs(drawn) - 0.1,
        "constant": np.full(drawn.shape, 1.25),
    }[kind]
    return [batch.astype(np.float32) for batch in made]


def with_torch() -> dict:
    """Return scales and zero points of PyTorch's observers, and gradients of its fake
    quantisation.
    """
    import torch
    from torch.ao.quantization import observer as o

    schemes = {
        "int8 symmetric": (torch.qint8, "symmetric", -128, 127),
        "int8 narrow": (torch.qint8, "symmetric", -127, 127),
        "uint8 affine": (torch.quint8, "affine", 0, 255),
        "uint4 affine": (torch.quint8, "affine", 0, 15),
    }
    found = []
    for kind in KINDS:
        for name, (dtype, scheme, low, high) in schemes.items():
            common = {"dtype": dtype, "quant_min": low, "quant_max": high}
            tensor = getattr(torch, f"per_tensor_{scheme}")
            channel = getattr(torch, f"per_channel_{scheme}")
            observers = {
                "MinMax": o.MinMaxObserver(qscheme=tensor, **common),
                "MovingAverage": o.MovingAverageMinMaxObserver(
                    averaging_constant=0.1, qscheme=tensor, **common
                ),
                "MinMax, channels": o.PerChannelMinMaxObserver(
                    ch_axis=1, qscheme=channel, **common
                ),
            }
            for which, watch in observers.items():
                for batch in batches(kind):
                    watch(torch.from_numpy(batch))
                scale, zero = watch.calculate_qparams()
                found.append(
                    {"data": kind, "scheme": name, "observer": which}
                    | {"scale": scale.tolist(), "zero_point": zero.tolist()}
                )
    return {"version": torch.__version__, "observers": found, "fake": _fake(torch)}


def _fake(torch: object) -> list[dict]:
    """Return outputs and gradients of fake quantisation, plain and with a learned step,
    on numbers that are no ties.
    """
    rng = np.random.default_rng(5)
    rows = []
    for low, high, step, zero in (
        (-8, 7, 0.3, 0),
        (-128, 127, 0.02, 0),
        (0, 15, 0.2, 6),
    ):
        x = torch.tensor(rng.normal(size=50), dtype=torch.float64).float()
        grad = torch.tensor(rng.normal(size=50)).float()
        plain = x.clone().requires_grad_()
        out = torch.fake_quantize_per_tensor_affine(plain, step, zero, low, high)
        out.backward(grad)
        row = {"low": low, "high": high, "step": step, "zero": zero}
        row |= {"x": x.tolist(), "grad": grad.tolist(), "out": out.tolist()}
        row["to_x"] = plain.grad.tolist()
        if not zero:
            held = x.clone().requires_grad_()
            scale = torch.tensor([step], requires_grad=True)
            point = torch.tensor([0.0], requires_grad=True)
            learned = torch._fake_quantize_learnable_per_tensor_affine(
                held, scale, point, low, high, 1.0
            )
            learned.backward(grad)
            row["to_step"] = scale.grad.item()
        rows.append(row)
    return rows


def with_onnxruntime() -> dict:
    """Return the ranges that ONNX Runtime's collectors find, and its scales and zero
    points.
    """
    from onnxruntime.quantization.calibrate import HistogramCollector
    from onnxruntime.quantization.quant_utils import compute_scale_zp

    found, parameters = [], []
    for kind in KINDS:
        for method, bins, extra in (
            ("percentile", 2048, 99.999),
            ("percentile", 512, 99.0),
            ("entropy", 512, 128),
        ):
            levels = extra if method == "entropy" else 128
            cut = extra if method == "percentile" else 99.999
            watch = HistogramCollector(method, False, bins, levels, cut, None)
            for batch in batches(kind):
                watch.collect({"x": batch})
            low, high = watch.compute_collection_result()["x"][:2]
            row = {"data": kind, "method": method, "bins": bins, "given": extra}
            found.append(row | {"low": float(low), "high": float(high)})
        low, high = (
            np.float32(edge)
            for edge in (
                min(b.min() for b in batches(kind)),
                max(b.max() for b in batches(kind)),
            )
        )
        for name, (least, most, symmetric) in {
            "int8 symmetric": (-128, 127, True),
            "int8 narrow": (-127, 127, True),
            "uint8 affine": (0, 255, False),
            "int8 affine": (-128, 127, False),
        }.items():
            dtype = np.uint8 if least == 0 else np.int8
            zero, scale = compute_scale_zp(
                np.array(low),
                np.array(high),
                np.array(least, dtype),
                np.array(most, dtype),
                symmetric,
            )
            row = {"data": kind, "scheme": name, "zero_point": int(zero)}
            parameters.append(row | {"scale": float(scale)})
    return {
        "version": version("onnxruntime"),
        "ranges": found,
        "parameters": parameters,
    }


def main() -> None:
    """Run the part that is named, and store it beside the other."""
    parts = {"torch": with_torch, "onnxruntime": with_onnxruntime}
    stored = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    stored[sys.argv[1]] = parts[sys.argv[1]]()
    RESULT.write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()
