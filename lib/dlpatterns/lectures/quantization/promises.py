"""Five promises of fewer bits: in the model of cost, and beside measured hardware."""

import json
from functools import cache
from importlib.resources import files

from ... import datasets, models
from ...counting import count
from ...hardware import energy, machines, roofline

GIB = 2**30
LLAMA = 6_738_415_616  # parameters of Llama 7B; a test recounts it
# bits a weight of llama.cpp's formats: 32 weights with an FP16 scale (and, in the _1
# kind, an FP16 minimum); Q6_K holds 256 with 16 scales of 8 bits and one of 16
FORMATS = {
    "F16": 16,
    "Q8_0": 8 + 16 / 32,
    "Q6_K": 6 + (16 * 8 + 16) / 256,
    "Q4_1": 4 + 32 / 32,
    "Q4_0": 4 + 16 / 32,
}


@cache
def llama() -> dict[str, int]:
    """Return the parameters of Llama 2 7B: all, and those of the output layer."""
    net = count(models.llama2_7b(1))
    return {"all": net.params, "output": net.layers[-1].params}


def gib(name: str) -> float:
    """Return the GiB of Llama 7B in a format; 4-bit files keep the output layer in
    Q6_K.
    """
    bits = FORMATS[name]
    sizes = llama()
    last = FORMATS["Q6_K"] if name.startswith("Q4") else bits
    total = (sizes["all"] - sizes["output"]) * bits + sizes["output"] * last
    return total / 8 / GIB


def file_sizes() -> list[dict]:
    """Return the size of each format, counted and as printed."""
    printed = {
        row["format"]: row["size_gib"]
        for row in datasets.table("llm_throughput")
        if row["size_gib"] and row["format"] in FORMATS
    }
    return [
        {
            "format": name,
            "bits a weight": FORMATS[name],
            "GiB counted": f"{gib(name):.2f}",
            "GiB printed": f"{printed[name]:.2f}",
            "agree": "yes" if f"{gib(name):.2f}" == f"{printed[name]:.2f}" else "no",
        }
        for name in FORMATS
    ]


def speed(device: str, phase: str, name: str) -> float:
    """Return the measured tokens a second."""
    found = [
        row
        for row in datasets.table("llm_throughput")
        if (row["device"], row["phase"], row["format"]) == (device, phase, name)
        and "7B" in row["model"]
    ]
    return found[0]["tokens_per_s"]


MEASURED = (("RTX 4090", "Q8_0"), ("M2 Ultra", "Q8_0"), ("M2 Ultra", "Q4_0"))


def speeds() -> list[dict]:
    """Return the gain over F16, measured and by bytes of weights alone (`once`)."""
    rows = []
    for phase in ("decode", "prefill"):
        for device, name in (*MEASURED, ("RTX 4090", "Q4_0")):
            if (device, name, phase) == ("RTX 4090", "Q4_0", "decode"):
                continue
            gain = speed(device, phase, name) / speed(device, phase, "F16")
            least = gib("F16") / gib(name) if phase == "decode" else None
            rows.append(
                {
                    "phase": phase,
                    "device": device,
                    "format": name,
                    "measured gain": gain,
                    "gain by bytes (once)": least,
                }
            )
    return rows


def p40() -> list[dict]:
    """Return the decode speeds of a Tesla P40 by format."""
    return [
        {
            "format": row["format"],
            "GiB": row["size_gib"],
            "tokens/s": row["tokens_per_s"],
        }
        for row in datasets.table("llm_throughput")
        if row["device"] == "P40"
    ]


def modelled() -> list[dict]:
    """Return what the model of cost says of one token and of 512, on an H100: least
    time of Llama 2 7B, weights in 16 bits or 8, products in FP16 or INT8.
    """
    chip = machines.get("H100")
    ways = {
        "FP16": {"dtype": "fp16"},
        "INT8 weights, FP16 products": {"dtype": "fp16", "weight_dtype": "int8"},
        "INT8 both": {"dtype": "int8"},
    }
    rows = []
    for name, how in ways.items():
        row = {"way": name}
        for tokens in (1, 512):
            bounds = roofline.layers(models.llama2_7b(tokens), chip, **how)
            row[f"ms, {tokens} tokens"] = 1e3 * roofline.network(bounds)["overlapped_s"]
        rows.append(row)
    return rows


def token_gain(users: int, tokens: int) -> float:
    """Return how many times faster 8-bit weights make the next token of so many users
    at once, each with so many tokens in an FP16 cache of its own, where bytes alone
    count (weights and cache `once`).
    """
    sizes = memory(users * tokens)
    read = sizes["weights"] * (1 - llama()["output"] / llama()["all"])  # no embedding
    return (read + sizes["cache"]) / (read / 2 + sizes["cache"])


def actions() -> list[dict]:
    """Return energy and area of a MAC by format, and of fetching its weight from DRAM,
    45 nm.
    """
    widths = {"fp32": 4, "fp16": 2, "int8": 1}
    return [
        {
            "format": name,
            "pJ a MAC": energy.of_mac(name),
            "µm² a MAC": energy.area_of_mac(name),
            "pJ a weight from DRAM": energy.of_access("DRAM", size),
            "pJ a weight from 8 KB": energy.of_access("8 KB", size),
        }
        for name, size in widths.items()
    ]


def adder_share() -> float:
    """Return the share of an FP16 MAC's area that its 32-bit floating adder takes."""
    adder = datasets.where("energy_45nm", operation="float add", bits=32)[0]
    return adder["area_um2"] / energy.area_of_mac("fp16")


def area_with_narrow_adder() -> float:
    """Return the square micrometres of an FP16 MAC whose adder is of 16 bits, too."""
    wide, narrow = (
        datasets.where("energy_45nm", operation="float add", bits=bits)[0]["area_um2"]
        for bits in (32, 16)
    )
    return energy.area_of_mac("fp16") - wide + narrow


def area_over_int32() -> float:
    """Return how many times the area of an INT8 MAC an INT32 MAC has."""
    return energy.area_of_mac("int32") / energy.area_of_mac("int8")


def token_energy(dtype: str, weight_bytes: float) -> dict:
    """Return the millijoules of one token of Llama 2 7B: MACs, and weights from DRAM
    once.
    """
    net = count(models.llama2_7b(1))
    parts = energy.of_work(net.macs, {"DRAM": net.params * weight_bytes}, dtype=dtype)
    return {key: value * 1e-9 for key, value in parts.items()}


def memory(tokens: int) -> dict[str, float]:
    """Return GiB of Llama 2 7B's weights and of its cache of keys and values, FP16."""
    cache_values = 2 * 32 * 4096 * tokens
    return {"weights": llama()["all"] * 2 / GIB, "cache": cache_values * 2 / GIB}


def kernels() -> list[dict]:
    """Return the stored times of integer products, NumPy's own and ours."""
    stored = json.loads(
        (files("dlpatterns") / "data" / "integer_kernels.json").read_text()
    )
    rows = []
    for row in stored["rows"]:
        ms = row["ms"]
        rows.append(
            {
                "M × K × N": f"{row['M']} × {row['K']} × {row['N']}",
                "float32 signs, BLAS": 1.0,
                "int32, NumPy": ms["numpy int32"] / ms["float32 signs"],
                "int8 through float64": ms["float64"] / ms["float32 signs"],
                "int8 through float32": ms["float32 in pieces"] / ms["float32 signs"],
                "XNOR, packed before": ms["xnor, packed"] / ms["float32 signs"],
            }
        )
    return rows
