"""Store what other libraries make of numbers that are too large, halfway, or not there.

    pip install torch==2.13.0 ml_dtypes==0.6.0 gfloat==0.5.2 numpy==2.4.6
    python benchmarks/format_conventions.py microxcaling

The argument is a checkout of Microsoft's microxcaling, commit 7bc4195.

Each row of lib/dlpatterns/data/format_conventions.json has a format, the number that
went in (and in which type), and what each library made of it, as text; a dash where it
has no such format. Nothing here depends on the processor.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import gfloat
import ml_dtypes
import numpy as np
import torch
from gfloat import formats as gformats

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "lib" / "dlpatterns" / "data" / "format_conventions.json"
NAMES = {  # ml_dtypes and numpy, torch, gfloat, the MX emulator
    "fp16": ("float16", "float16", "binary16", None),
    "bf16": ("bfloat16", "bfloat16", "bfloat16", None),
    "fp8_e4m3": ("float8_e4m3fn", "float8_e4m3fn", "ocp_e4m3", "fp8_e4m3"),
    "fp8_e5m2": ("float8_e5m2", "float8_e5m2", "ocp_e5m2", "fp8_e5m2"),
    "fp4_e2m1": ("float4_e2m1fn", None, "ocp_e2m1", "fp4_e2m1"),
    "fp8_e8m0": ("float8_e8m0fnu", "float8_e8m0fnu", "ocp_e8m0", None),
    "int4": ("int4", None, None, None),
    "int8": ("int8", "int8", None, None),
}
INF, NAN = float("inf"), float("nan")
BEYOND_TIE = 1.0625 + 2.0**-40  # above the middle of 1 and 1.125; in float32 on it
QUESTIONS = [  # group, format, number, type
    ("overflow", "fp8_e4m3", 465.0, "float32"),
    ("overflow", "fp8_e4m3", INF, "float32"),
    ("overflow", "fp8_e5m2", 65536.0, "float32"),
    ("overflow", "fp16", 65520.0, "float32"),
    ("overflow", "bf16", 3.4e38, "float32"),
    ("overflow", "fp4_e2m1", 100.0, "float32"),
    ("overflow", "fp4_e2m1", NAN, "float32"),
    ("overflow", "int4", 8, "int64"),
    ("overflow", "int4", 100.0, "float32"),
    ("overflow", "int8", 300.0, "float32"),
    ("rounded twice", "fp8_e4m3", BEYOND_TIE, "float64"),
    ("ties", "fp4_e2m1", 2.5, "float32"),
    ("ties", "fp8_e4m3", 1.0625, "float32"),
    ("scale", "fp8_e8m0", 3.0, "float32"),
    ("scale", "fp8_e8m0", 6.9e-39, "float32"),
    ("scale", "fp8_e8m0", 0.0, "float32"),
]


def text(value: object) -> str:
    """Return a number as text, the shortest that reads back as float32."""
    return f"{np.float32(value):.9g}"


def dtypes(form: str, value: float, kind: str) -> str | None:
    """Cast with ml_dtypes; with NumPy where the type is its own."""
    target = getattr(ml_dtypes, NAMES[form][0], None) or np.dtype(NAMES[form][0])
    return text(np.array([value], kind).astype(target)[0].astype(np.float32))


def pytorch(form: str, value: float, kind: str) -> str | None:
    """Cast with PyTorch on the CPU."""
    if NAMES[form][1] is None:
        return None
    given = torch.tensor([value], dtype=getattr(torch, kind))
    return text(given.to(getattr(torch, NAMES[form][1])).float().item())


def graphcore(form: str, value: float, kind: str) -> str | None:
    """Round with gfloat, which is told not to saturate."""
    if NAMES[form][2] is None:
        return None
    info = getattr(gformats, f"format_info_{NAMES[form][2]}")
    try:
        return text(gfloat.round_float(info, float(value)))
    except ValueError:
        return "error"


def emulator(form: str, value: float, kind: str) -> str | None:
    """Round an element with the MX emulator's rounding called "nearest"."""
    from mx.elemwise_ops import _quantize_elemwise

    if NAMES[form][3] is None:
        return None
    given = torch.tensor([value], dtype=getattr(torch, kind))
    return text(_quantize_elemwise(given, NAMES[form][3], round="nearest").item())


PEERS = {
    "ml_dtypes": dtypes,
    "PyTorch": pytorch,
    "gfloat": graphcore,
    "microxcaling": emulator,
}


def main() -> None:
    """Ask every library every question."""
    sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")
    rows = [
        {"group": group, "format": form, "value": repr(value), "type": kind}
        | {name: peer(form, value, kind) or "-" for name, peer in PEERS.items()}
        for group, form, value, kind in QUESTIONS
    ]
    names = ("ml_dtypes", "torch", "gfloat", "numpy")
    versions = {name: version(name) for name in names}
    versions["microxcaling"] = "7bc4195"
    result = {"versions": versions, "rows": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
