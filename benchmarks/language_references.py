"""Count published language models with the transformers library, on tensors without
storage, and store the integers that tests/test_language.py compares ours with.

Each network is built from its row of lib/dlpatterns/data/language_models.csv.
Parameters that are shared count once. MACs are those of every matrix product and
convolution that PyTorch dispatches for a prompt of 16 tokens; mixtures of experts are
not run, since which experts run depends on the data.

    python benchmarks/language_references.py     (writes tests/transformers_counts.json)
"""

import csv
import json
from pathlib import Path

import torch
import transformers
from torchvision_counts import Recorder

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "lib" / "dlpatterns" / "data" / "language_models.csv"
RESULT = HERE.parent / "tests" / "transformers_counts.json"
CLASSES = {
    "bert": transformers.BertForPreTraining,
    "t5": transformers.T5ForConditionalGeneration,
    "whisper": transformers.WhisperForConditionalGeneration,
}
EXPERTS = {"num_local_experts", "num_experts", "n_routed_experts"}
TOKENS = 16


def built(config: dict) -> torch.nn.Module:
    """Build the network of a configuration on the device "meta"."""
    config = transformers.AutoConfig.for_model(**config)
    maker = CLASSES.get(config.model_type)
    options = {"attn_implementation": "eager"}
    with torch.device("meta"):
        if maker:
            return maker._from_config(config, **options).eval()
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
    """Return parameters, those that are trained, and MACs where no experts are."""
    network = built(config)
    every = list(network.parameters())
    found = {
        "params": sum(p.numel() for p in every),
        "trained": sum(p.numel() for p in every if p.requires_grad),
    }
    if EXPERTS & set(config):
        return found
    with torch.no_grad(), Recorder() as recorder:
        network(**inputs(config), use_cache=False)
    return found | {"macs": sum(row["macs"] for row in recorder.tally.values())}


def main() -> None:
    """Count every published language model and store the result."""
    # Several texts in one row would be found by reading values, which are not there.
    transformers.masking_utils.find_packed_sequence_indices = lambda places: None
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    rows = csv.DictReader(CONFIGS.read_text().splitlines())
    networks = {row["model"]: count(json.loads(row["config"])) for row in rows}
    stored = {"versions": versions, "tokens": TOKENS, "networks": networks}
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")
    print(f"{len(networks)} language models counted with {versions}")


if __name__ == "__main__":
    main()
