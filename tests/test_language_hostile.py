"""Configurations with one field spoiled: each is counted, or refused in words of our
own.
"""

import time

import pytest

from dlpatterns import models
from dlpatterns.models.language import PUBLISHED

DEPTHS = {"num_hidden_layers", "n_layer", "num_layers", "encoder_layers"}
DEPTHS |= {"decoder_layers"}
BESIDE = (
    *("mlp_only_layers", "rope_parameters", "layer_types", "architectures", "n_inner"),
    *("hidden_act", "feed_forward_proj", "tie_word_embeddings", "_name_or_path"),
    *("max_position_embeddings", "decoder_sparse_step", "moe_layer_freq"),
    *("partial_rotary_factor", "attention_bias", "sliding_window_pattern"),
)
ODD = ("x", -1, 0, 1.5, 10**30, True, [], [1], {}, {"a": 1}, float("nan"), "8", [None])
WINDOWED = ("mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma2")
WINDOWED += ("gemma3_text", "phi3", "gpt_oss")
FAMILIES = {row["config"]["model_type"]: row["config"] for row in PUBLISHED.values()}


def small(config):
    """Return a configuration with two blocks of each kind, and windows."""
    shallow = {key: min(config[key], 2) for key in DEPTHS & set(config)}
    window = {"sliding_window": 4} if config["model_type"] in WINDOWED else {}
    return window | config | shallow


@pytest.mark.parametrize("family", FAMILIES)
def test_a_spoiled_field_is_counted_or_refused_in_words(family):
    config = small(FAMILIES[family])
    for key in {*config, *BESIDE} - {"model_type"}:
        for odd in ODD:
            start = time.perf_counter()
            try:
                model = models.from_huggingface(config | {key: odd}, 4)
            except ValueError as error:
                assert 10 < len(str(error)) < 1500, (key, odd)
            else:
                assert model.layers
            assert time.perf_counter() - start < 10, (key, odd)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_missing_size_is_named(family):
    """What is left out is named in the error, unless the family has a usual value."""
    config = FAMILIES[family]
    for key, value in config.items():
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        rest = {k: v for k, v in config.items() if k != key}
        try:
            models.from_huggingface(rest, 4)
        except ValueError as error:
            assert key in str(error)
