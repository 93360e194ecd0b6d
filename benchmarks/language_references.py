"""Count published language models with the transformers library, on tensors without
storage, and store the integers that tests/test_language.py compares ours with.

Each network is built from the configuration in lib/dlpatterns/data/language_models.json.
Parameters that are shared count once. MACs are those of every matrix product and
convolution that PyTorch dispatches for a prompt of 16 tokens; mixtures of experts are
not run, since which experts run depends on the data.

    python benchmarks/language_references.py     (writes tests/transformers_counts.json)
"""

import json
from pathlib import Path

import torch
import transformers
from torchvision_counts import Recorder

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "lib" / "dlpatterns" / "data" / "language_models.json"
CLASSES = {
    "bert": transformers.BertForPreTraining,
    "t5": transformers.T5ForConditionalGeneration,
    "whisper": transformers.WhisperForConditionalGeneration,
}
TOKENS = 16


def built(config: dict) -> torch.nn.Module:
    """Build the network of a configuration on the device "meta"."""
    config = transformers.AutoConfig.for_model(**config)
    maker = CLASSES.get(config.model_type)
    with torch.device("meta"):
        if maker:
            return maker._from_config(config, attn_implementation="eager").eval()
        options = {"attn_implementation": "eager"}
        return transformers.AutoModelForCausalLM.from_config(config, **options).eval()


def inputs(config: dict) -> dict:
    """Return what the network reads: tokens, and a sound's spectrum for Whisper."""
    tokens = torch.zeros(1, TOKENS, dtype=torch.long, device="meta")
    if config["model_type"] == "whisper":
        sound = torch.zeros(1, config["num_mel_bins"], 3000, device="meta")
        return {"input_features": sound, "decoder_input_ids": tokens}
    both = {"decoder_input_ids": tokens} if config["model_type"] == "t5" else {}
    return {"input_ids": tokens} | both


def count(config: dict) -> dict:
    """Return parameters, those that are trained, and MACs where there are no experts."""
    network = built(config)
    every = list(network.parameters())
    found = {
        "params": sum(p.numel() for p in every),
        "trained": sum(p.numel() for p in every if p.requires_grad),
    }
    if any(key in config for key in ("num_local_experts", "num_experts", "n_routed_experts")):
        return found
    with torch.no_grad(), Recorder() as recorder:
        network(**inputs(config), use_cache=False)
    return found | {"macs": sum(row["macs"] for row in recorder.tally.values())}


if __name__ == "__main__":
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    rows = json.loads(CONFIGS.read_text())
    counts = {}
    for name, row in rows.items():
        try:
            counts[name] = count(row["config"])
            print(name, counts[name], flush=True)
        except Exception as e:
            print("FAILED", name, repr(e)[:300], flush=True)
    text = json.dumps({"versions": versions, "tokens": TOKENS, "networks": counts}, indent=1)
    (HERE.parent / "tests" / "transformers_counts.json").write_text(text + "\n")
