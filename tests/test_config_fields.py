"""Fields of a `config.json` that nobody reads: refused where they may change a count.

`transformers_configs.json` holds the default configuration of each family as
transformers writes it, all fields: each must be read.
"""

import json
from pathlib import Path

import pytest

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.models._config_fields import Noted
from dlpatterns.models.huggingface import FAMILIES, describe
from dlpatterns.models.language import PUBLISHED

STORED = json.loads(
    (Path(__file__).parent / "transformers_configs.json").read_text(encoding="utf-8")
)
CONFIGS = STORED["configs"]
CONFIGS["deepseek_v2"]["num_experts_per_tok"] = 6  # None by default, and needed
OLDER = {
    "rope_theta": 10000.0,
    "rope_scaling": {"factor": 8.0, "type": "linear"},
    "torch_dtype": "bfloat16",
    "pruned_heads": {},
    "auto_map": {"AutoConfig": "configuration.Own"},
    "attn_pdrop": 0.1,
    "quantization_config": {"bits": 4},
}


def params(config: dict) -> int:
    return count(models.from_huggingface(config, 4)).params


@pytest.mark.parametrize("family", FAMILIES)
def test_every_field_that_transformers_writes_is_known(family):
    assert describe(CONFIGS[family] | OLDER) == describe(CONFIGS[family])


@pytest.mark.parametrize(
    ("family", "changed"),
    [
        ("llama", {"num_local_experts": 8}),
        ("llama", {"q_lora_rank": 512}),
        ("llama", {"sliding_window": 4096}),
        ("llama", {"layer_types": ["sliding_attention"] * 32}),
        ("llama", {"pruned_heads": {"1": [0]}}),
        ("llama", {"n_layers_dropped_in_the_head": 3}),
        ("mistral", {"attention_bias": True}),
        ("gemma", {"attention_bias": True}),
        ("gemma3_text", {"use_bidirectional_attention": True}),
        ("gpt2", {"add_cross_attention": True}),
        ("bert", {"is_decoder": True}),
        ("bert", {"tie_word_embeddings": False}),
        ("bert", {"position_embedding_type": "relative_key"}),
        ("whisper", {"tie_word_embeddings": False}),
        ("deepseek_v3", {"index_topk": 2048}),
    ],
)
def test_a_field_that_may_change_a_count_is_named(family, changed):
    name = next(iter(changed))
    with pytest.raises(ValueError, match=f"may change a count.*{name}"):
        describe(CONFIGS[family] | changed)


@pytest.mark.parametrize(
    "heads", [["LlamaForSequenceClassification"], "LlamaModel", ["A", 3], {"a": 1}]
)
def test_another_end_than_the_scores_of_all_words_is_refused(heads):
    with pytest.raises(ValueError, match="ends otherwise"):
        describe(CONFIGS["llama"] | {"architectures": heads})


def test_many_unknown_fields_make_a_short_error():
    many = {f"unknown_{number}": "x" * 10_000 for number in range(10_000)}
    with pytest.raises(ValueError, match="and 9,994 more") as caught:
        describe(CONFIGS["llama"] | many)
    assert len(str(caught.value)) < 1500


def test_gpt_oss_without_biases_by_hand():
    """36 blocks lose 64 x 64 biases of queries, twice 8 x 64, and 2,880."""
    with_, without = (
        params(CONFIGS["gpt_oss"] | {"attention_bias": bias}) for bias in (True, False)
    )
    assert with_ - without == 36 * (64 * 64 + 2 * 8 * 64 + 2880)


def test_experts_go_by_either_name():
    config = CONFIGS["qwen3_moe"]
    other = {k: v for k, v in config.items() if k != "num_local_experts"}
    assert describe(other | {"num_experts": 128}) == describe(config)


def test_a_published_file_counts_as_its_row_does():
    """The file of Qwen2.5-0.5B, all its fields; transformers builds 494,032,768."""
    config = PUBLISHED["qwen2_5_0_5b"]["config"]
    assert params(config) == 494_032_768


def test_settings_of_writing_are_harmless():
    """Fields that a file saved by transformers 4 holds beside the architecture."""
    writing = {"repetition_penalty": 1.0, "num_beam_groups": 1, "typical_p": 1.0}
    writing |= {"max_length": 20, "top_k": 50, "length_penalty": 1.0}
    assert describe(CONFIGS["qwen2"] | writing) == describe(CONFIGS["qwen2"])


def test_what_is_asked_for_is_noted():
    config = {"a": 7} | Noted({"b": 1, "c": 2})
    assert (config["a"], config.get("b"), config.get("d")) == (7, 1, None)
    assert config.seen == {"a", "b", "d"}
