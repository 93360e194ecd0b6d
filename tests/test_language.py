"""Language models by description: beside the transformers library, beside published
integers, and read from config.json files good and bad.
"""

import json
import time
import tracemalloc
from pathlib import Path

import pytest

from dlpatterns import models
from dlpatterns.counting import count, decoding
from dlpatterns.counting.products import products
from dlpatterns.layers import Attention, Experts, LatentAttention
from dlpatterns.models.language import FUNCTIONS, PUBLISHED
from dlpatterns.models.sequence import llama

REFERENCE = json.loads((Path(__file__).parent / "transformers_counts.json").read_text())
NETWORKS = REFERENCE["networks"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_params_and_macs_equal_those_of_transformers(name):
    """Whisper's sines are stored as parameters there, but not trained."""
    theirs, ours = NETWORKS[name], count(FUNCTIONS[name](tokens=REFERENCE["tokens"]))
    assert ours.params == theirs["trained"]
    assert ours.macs == theirs.get("macs", ours.macs)
    sines = theirs["params"] - theirs["trained"]
    config = PUBLISHED[name]["config"]
    assert sines == (1500 * config["d_model"] if "whisper" in name else 0)


def test_every_network_without_experts_was_run_by_transformers():
    without = {name for name, row in NETWORKS.items() if "macs" not in row}
    mixed = {
        name
        for name, build in FUNCTIONS.items()
        if any(isinstance(layer.spec, Experts) for layer in build(tokens=4).layers)
    }
    assert without == mixed and len(without) == 8


def test_a_model_described_twice_counts_alike():
    """The builder by hand of Llama-2 and the reader of configurations agree."""
    by_hand = llama(
        "it", tokens=4, features=4096, blocks=32, hidden=11_008, heads=32, kv_heads=32
    )
    ours, theirs = count(FUNCTIONS["llama_7b"](tokens=4)), count(by_hand)
    assert ours.by_kind() == theirs.by_kind()


ACTIVE = {  # of each token, in 10^9 as printed
    "deepseek_v3": ("37", "DeepSeek-AI 2024, DeepSeek-V3, abstract"),
    "deepseek_v2": ("21", "DeepSeek-AI 2024, DeepSeek-V2, abstract"),
    "qwen3_235b_a22b": ("22", "Yang et al. 2025, Qwen3, abstract"),
    "mixtral_8x22b": ("39", "Mistral AI 2024, Mixtral 8x22B"),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_active_parameters_are_as_printed(name):
    active = count(FUNCTIONS[name](tokens=4)).active_params
    assert int(active / 1e9) == int(ACTIVE[name][0])


def test_active_parameters_of_gpt_oss_without_the_embedding():
    """The model card's table 1 prints 3.61 and 5.13: all but the embedding's rows."""
    for name, printed in {"gpt_oss_20b": 3.61, "gpt_oss_120b": 5.13}.items():
        active = count(FUNCTIONS[name](tokens=4)).active_params
        assert round((active - 201_088 * 2880) / 1e9, 2) == printed


# --- Keys and values, and one more token ----------------------------------------------


def test_bytes_of_cache_are_the_published_ones():
    published = decoding.published()
    for name, row in {
        "llama3_8b": "Llama-3-8B",
        "llama3_1_405b": "Llama-3.1-405B",
        "qwen2_5_72b": "Qwen-2.5-72B",
        "deepseek_v3": "DeepSeek-V3",
    }.items():
        ours = decoding.cache_bytes_per_token(FUNCTIONS[name](tokens=1))
        assert ours == published[row][1]["published_bytes"]


def grown(name, cached):
    return decoding.decode_macs(FUNCTIONS[name](tokens=1), cached)


def test_one_more_token_of_llama_by_hand():
    """Two products a head with 128 features, for each of 100 tokens before it."""
    assert grown("llama3_8b", 100) - grown("llama3_8b", 0) == 32 * 32 * 2 * 128 * 100


def test_a_prompt_read_token_by_token_is_the_causal_half():
    one_by_one = sum(grown("gpt2_medium", cached) for cached in range(8))
    at_once = count(FUNCTIONS["gpt2_medium"](tokens=8), causal_half=True)
    assert one_by_one == at_once.macs


def test_a_window_bounds_what_one_more_token_meets():
    """Gemma 3 1B: of 26 layers every sixth sees all, the others 512 tokens."""
    step = grown("gemma3_1b", 4000) - grown("gemma3_1b", 3000)
    assert step == 4 * 4 * 2 * 256 * 1000
    few = grown("gemma3_1b", 511) - grown("gemma3_1b", 411)
    assert few == 26 * 4 * 2 * 256 * 100


def test_latent_attention_meets_short_vectors():
    """Each head scores against 512 + 64 features and sums up 512."""
    step = grown("deepseek_v3", 300) - grown("deepseek_v3", 200)
    assert step == 61 * 128 * (2 * 512 + 64) * 100
    heads = decoding.published()["DeepSeek-V3"][0]
    assert step == heads.macs_per_pair * 100


def test_whisper_writes_without_hearing_again():
    """One token through four decoder blocks of 384 features, which meets 1,500 moments
    whose keys and values are kept.
    """
    linear = 4 * (4 * 384**2 + 2 * 384**2 + 2 * 4 * 384**2) + 51_865 * 384
    assert grown("whisper_tiny", 0) == linear + 4 * 2 * 384 * (1 + 1500)


def test_decoding_needs_a_network_of_one_token():
    with pytest.raises(ValueError, match="one token at a time"):
        decoding.decode_macs(models.gpt2(2), 5)
    with pytest.raises(ValueError, match="one token at a time"):
        decoding.decode_macs(FUNCTIONS["whisper_tiny"](tokens=2), 5)


# --- Layers ---------------------------------------------------------------------------


def one(spec, tokens=6, features=8):
    from dlpatterns.graph import Builder

    net = Builder("one", (tokens, features))
    return net.model(net(spec, net.input))


def test_latent_attention_by_hand():
    """Two heads, a short vector of 5, 3 features without and 2 with position, values of
    4; queries through a short vector of 7.
    """
    spec = LatentAttention(2, 5, 3, 2, 4, query_rank=7)
    model = one(spec)
    counts, weights = count(model), 8 * 7 + 7 * 10 + 8 * 7 + 5 * 14 + 8 * 8
    assert (counts.weights, counts.params) == (weights, weights + 5 + 7)
    assert counts.macs == 6 * weights + 2 * 36 * (5 + 4)
    assert sum(product.macs for product in products(model.layers[0])) == counts.macs
    half = count(model, causal_half=True)
    assert counts.macs - half.macs == 2 * 15 * 9


def test_what_attention_adds_by_hand():
    """Four tokens of eight features, two heads of four that share one key head."""
    plain = {"kv_heads": 1, "causal": True, "bias": False}
    base = count(one(Attention(2, **plain), 4))
    for added, params, other in (
        ({"normed": True}, 8, {"normalisation": 18 * 4 * 3}),
        ({"sinks": True}, 2, {"softmax": base.other["softmax"] + 5 * 2 * 4}),
        ({"capped": True}, 0, {"tanh": 32}),
        ({"buckets": 3}, 6, {"add": 32}),
        ({"buckets": 0}, 0, {"add": 32}),
        ({"output_bias": True}, 8, {"bias": 32}),
        ({"rotary": True, "rotary_dim": 2}, 0, {"rotary": 3 * 2 * 12}),
    ):
        counts = count(one(Attention(2, **plain | added), 4))
        assert counts.params - base.params == params, added
        assert counts.other == base.other | other, added
        assert counts.macs == base.macs
    biased = count(one(Attention(2, kv_heads=1, key_bias=False), 4))
    assert biased.params - base.params == 8 + 4 + 8  # queries, values, output


def test_a_window_leaves_out_pairs():
    seen = count(one(Attention(2, causal=True, window=2))).macs
    assert count(one(Attention(2, causal=True))).macs - seen == 2 * (36 - 12) * 8
    half = count(one(Attention(2, causal=True, window=2)), causal_half=True).macs
    assert seen - half == 2 * 8 * (12 - 11)


def test_biases_of_experts_by_hand():
    plain, biased = (count(one(Experts(4, 2, 3, bias=b))) for b in (False, True))
    assert biased.params - plain.params == 4 + 4 * (3 + 3 + 8)
    assert biased.active_params - plain.active_params == 4 + 2 * 14
    assert biased.other["bias"] == 6 * (4 + 2 * 14)


# --- Files ----------------------------------------------------------------------------


def test_a_file_and_its_dictionary_count_alike(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(PUBLISHED["qwen3_0_6b"]["config"]))
    from_file = count(models.from_huggingface(path, 16))
    assert from_file.params == count(models.from_huggingface(str(path), 16)).params
    assert from_file.params == NETWORKS["qwen3_0_6b"]["params"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ('{"model_type": "llama"', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no JSON object"),
        ("{}", "model_type None"),
        ('{"model_type": "mamba"}', "'mamba'.*not supported.*supported are llama"),
        ('{"model_type": "' + "x" * 10**6 + '"}', "not supported"),
        ('{"model_type": {"a": 1}}', "not supported"),
        (
            '{"model_type": "gemma3", "text_config": {}}',
            r'not supported.*pass config\["text_config"\]',
        ),
        (
            '{"model_type": "llama", "hidden_size": -8}',
            "vocab_size is missing; hidden_size is -8.*num_hidden_layers is missing",
        ),
        ('{"model_type": "gpt2", "n_embd": ' + "9" * 5000 + "}", "no JSON"),
        ('{"model_type": "gpt2", "n_embd": ' + "9" * 500 + "}", "n_embd is 999"),
    ],
)
def test_a_damaged_configuration_is_named(tmp_path, text, message):
    path = tmp_path / "config.json"
    path.write_text(text)
    start = time.perf_counter()
    with pytest.raises(ValueError, match=f"(?s){message}") as caught:
        models.from_huggingface(path)
    assert len(str(caught.value)) < 1000
    assert time.perf_counter() - start < 5


def test_what_is_out_of_reach_is_named(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        models.from_huggingface(tmp_path / "none.json")
    (tmp_path / "big.json").write_bytes(b" " * (10**7 + 1))
    with pytest.raises(ValueError, match="at most 10,000,000"):
        models.from_huggingface(tmp_path / "big.json")


TINY = PUBLISHED["llama3_2_1b"]["config"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_hidden_layers": 10**9}, "more than 10,000 blocks"),
        ({"num_key_value_heads": 3}, "3 key-value heads do not divide 32"),
        ({"hidden_act": "nonsense"}, "'nonsense' is not known"),
        ({"attention_bias": "yes"}, "true or false"),
        ({"vocab_size": 1.5}, "vocab_size is 1.5"),
        ({"model_type": "mistral", "sliding_window": -1}, "sliding_window is -1"),
        (
            {"model_type": "mistral", "sliding_window": 8, "layer_types": ["odd"]},
            "each of the 16 blocks",
        ),
        ({"model_type": "phi", "qk_layernorm": True}, "qk_layernorm"),
        ({"model_type": "phi", "partial_rotary_factor": "half"}, "share"),
    ],
)
def test_a_configuration_that_does_not_fit_is_named(changed, message):
    with pytest.raises(ValueError, match=message):
        models.from_huggingface(TINY | changed, 4)


def test_layers_listed_one_by_one_have_their_windows():
    kinds = ["full_attention", "sliding_attention"] * 8
    config = {"model_type": "mistral", "sliding_window": 2, "layer_types": kinds}
    model = models.from_huggingface(TINY | config, 4)
    windows = [one.spec.window for one in model.layers if one.kind == "Attention"]
    assert windows == [None, 2] * 8


def test_the_largest_models_count_within_milliseconds_and_few_bytes():
    """20 ms and 50 MB is the aim; a loaded machine gets fifteen times as long."""
    for name in ("llama3_1_405b", "deepseek_v3"):
        count(FUNCTIONS[name]())
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            count(FUNCTIONS[name]())
            seconds.append(time.perf_counter() - start)
        tracemalloc.start()
        count(FUNCTIONS[name]())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert min(seconds) < 0.3 and peak < 50e6
