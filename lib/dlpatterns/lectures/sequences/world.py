"""Our numbers beside printed ones, as they are printed, and beside two libraries."""

from collections.abc import Mapping

from ... import models
from ...counting import count, decoding
from ...datasets import Printed, measurement

PRINTED = {  # what: the figure as printed, and where
    "Transformer base, parameters": (
        Printed("65 × 10⁶", 65e6, 5e5),
        "Vaswani, table 3",
    ),
    "LLaMA-7B, parameters": (
        Printed("6.7B", 6.7e9, 5e7),
        "Touvron, table 2",
    ),
    "GPT-2 small, parameters": (
        Printed("117M", 117e6, 5e5),
        "Radford, table 2",
    ),
    "ViT-B/16, MACs": (Printed("17.56 G", 17.56e9, 5e6), "TorchVision"),
    "Llama-3.1-405B, cache a token": (
        Printed("516.096 KB", 516_096, 0.5),
        "Zhao, table 1",
    ),
    "Qwen-2.5-72B, cache a token": (
        Printed("327.680 KB", 327_680, 0.5),
        "Zhao, table 1",
    ),
    "DeepSeek-V3, cache a token": (
        Printed("70.272 KB", 70_272, 0.5),
        "Zhao, table 1",
    ),
}


def ours() -> dict[str, int]:
    """Return our count of everything in `PRINTED`."""
    names = ("transformer_base", "llama2_7b", "gpt2", "vit_b_16")
    base, llama, gpt, vit = (count(models.ZOO[name]()) for name in names)
    return {
        "Transformer base, parameters": base.params,
        "LLaMA-7B, parameters": llama.params,
        "GPT-2 small, parameters": gpt.params,
        "ViT-B/16, MACs": vit.macs,
    } | {
        f"{name}, cache a token": heads.bytes_per_token()
        for name, (heads, _) in decoding.published().items()
    }


def printed() -> list[dict]:
    """Return a row for each figure that a source prints: ours, theirs, the place, and
    whether ours rounds to theirs.
    """
    found = ours()
    return [
        {
            "what": what,
            "ours": found[what],
            "printed": figure.text,
            "where": where,
            "agrees": figure.agrees(found[what]),
        }
        for what, (figure, where) in PRINTED.items()
    ]


# --- Causal attention beside two libraries --------------------------------------------

CAUSAL = "attention_causal"
OURS = ("attention_fast", "attention_tiled", "attention_matmul")


def speeds() -> list[dict]:
    """Return a row for each kernel of causal attention, the libraries' first:
    milliseconds on one thread and on two, how many times as long as the fastest of the
    libraries, and the largest error.
    """
    stored = measurement("sequence_speed")["threads"]
    rows = [
        {"kernel": name if name == "PyTorch" else f"ONNX, {name}"} | _peer(stored, name)
        for name in _peers(stored)
    ]
    rows += [{"kernel": f"ours, {rung}", **_ours(stored, rung)} for rung in OURS]
    for threads in stored:
        best = min(row[f"ms, {threads}"] for row in rows[: -len(OURS)])
        for row in rows:
            row[f"times, {threads}"] = row[f"ms, {threads}"] / best
    return rows


def _peers(stored: Mapping) -> list[str]:
    return ["PyTorch", *stored["1"]["onnxruntime_forms_ms"][CAUSAL]]


def _peer(stored: Mapping, name: str) -> dict:
    row: dict = {}
    for threads, part in stored.items():
        found = next(r for r in part["rows"] if r["case"] == CAUSAL)
        forms = part["onnxruntime_forms_ms"][CAUSAL]
        row[f"ms, {threads}"] = forms.get(name, found["torch_ms"])
        best = {found["onnxruntime_form"]: "onnxruntime", "PyTorch": "torch"}
        if name in best:  # of a library's forms, the fastest was compared
            row["error"] = part["peer_errors"][best[name]][CAUSAL]
    return row


def _ours(stored: Mapping, rung: str) -> dict:
    row: dict = {}
    for threads, part in stored.items():
        found = [r for r in part["rows"] if r["case"] == CAUSAL]
        found = [r for r in found if r["rung"].partition(",")[0] == rung]
        row[f"ms, {threads}"] = min(r["ms"] for r in found)
        row["error"] = max(r["error"] for r in found)
    return row


def between_libraries(rows: list[dict]) -> bool:
    """Tell whether our fastest kernel is slower than PyTorch's, faster than all else,
    and the least exact, on one thread and on two.
    """
    torch, *_, fast, _, _ = rows
    rest = [row for row in rows if row not in (torch, fast)]
    return all(
        torch[f"ms, {n}"] < fast[f"ms, {n}"] < min(row[f"ms, {n}"] for row in rest)
        for n in (1, 2)
    ) and fast["error"] == max(row["error"] for row in rows)


def speeds_caption() -> str:
    """Return what the table of the benchmark says of itself."""
    stored = measurement("sequence_speed")
    versions, machine = stored["versions"], stored["machine"]
    heads, tokens, dim = stored["cases"][CAUSAL]["shape"][1:]
    return (
        f"Causal attention, {heads} heads of {tokens:,} tokens and {dim} features, "
        f"float32, on one and on two threads of an {machine['processor']}, beside "
        f"PyTorch {versions['torch']} and ONNX Runtime {versions['onnxruntime']}; "
        "times: as long as the fastest library; error: largest difference from float64."
    )
