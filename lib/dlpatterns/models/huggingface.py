"""A network from its `config.json`, as published with a language model: sizes in,
layers out, no weight is read.

>>> tiny = {"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2}
>>> tiny |= {"vocab_size": 100, "n_positions": 16}
>>> from_huggingface(tiny).output_shape
(16, 100)
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from ..graph import Model
from ..layers import Attention, Experts, LatentAttention, LayerNorm
from ..layers.base import is_whole
from ._config_fields import Noted, check_architecture, check_unread
from .decoder import Block, Decoder, Feed, alike, windowed
from .encoder import T5, Bert, Whisper

Description = Decoder | Bert | T5 | Whisper
MOST_BYTES, MOST_BLOCKS, LARGEST = 10**7, 10**4, 10**12
USUAL_TOKENS = 4096
ACTIVATIONS = {
    "gelu_new": "gelu",
    "gelu_fast": "gelu",
    "gelu_pytorch_tanh": "gelu",
    "swish": "silu",
} | {name: name for name in ("gelu", "relu", "silu", "tanh")}


def from_huggingface(
    config: str | Path | dict, tokens: int | None = None, *, name: str = ""
) -> Model:
    """Return the network that a `config.json` describes, given as its path or as a
    dictionary, for so many tokens.

    Without `tokens` there are as many as the model has positions for, at most 4,096. An
    encoder with a decoder reads and writes that many; Whisper hears 30 seconds and
    writes them.

    Raises: ValueError that names what is missing or malformed; or all fields that are
    not known and may change a count.
    """
    return describe(config, name=name).model(_tokens(_read(config), tokens))


def describe(config: str | Path | dict, *, name: str = "") -> Description:
    """Return the description behind a `config.json`, without its layers."""
    read = _read(config)
    if not isinstance(name, str):
        raise TypeError(f"the name of a network is a text, got {name!r}")
    family = read.get("model_type")
    reader = FAMILIES.get(family) if isinstance(family, str) else None
    if reader is None:
        parts = [key for key in ("text_config", "vision_config") if key in read]
        advice = ""
        if "text_config" in parts:
            advice = '; to count its language model alone, pass config["text_config"]'
        raise ValueError(
            f"model_type {_short(family)} (architectures: "
            f"{_short(read.get('architectures'))}) is not supported{advice}; "
            f"supported are {', '.join(FAMILIES)}"
        )
    title, noted = name or read.get("_name_or_path") or family, Noted(read)
    if reader is not _bert:  # which has three ends, and says so itself
        check_architecture(read, _short)
    found = reader(noted, str(title)[:200])
    check_unread(noted, family, _short)
    return found


def _read(config: str | Path | dict) -> dict:
    """Return the configuration as a dictionary."""
    if isinstance(config, dict):
        return config
    if not isinstance(config, str | Path):
        raise TypeError(
            f"a configuration is a path to a config.json or a dictionary, got "
            f"{_short(config)}"
        )
    path = Path(config)
    if not path.is_file():
        raise ValueError(f"there is no file {_short(str(path))}")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(
            f"{path.name} has {path.stat().st_size:,} bytes; a config.json has at most "
            f"{MOST_BYTES:,}"
        )
    try:
        read = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        reason = _short(str(error) or type(error).__name__)
        raise ValueError(f"{path.name} is no JSON that can be read: {reason}") from None
    if not isinstance(read, dict):
        raise ValueError(f"{path.name} holds no JSON object, but {_short(read)}")
    return read


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _tokens(config: dict, tokens: int | None) -> int:
    """Return how many tokens to count with."""
    if tokens is not None:
        if not is_whole(tokens):
            raise ValueError(f"tokens is a whole number of at least 1, got {tokens!r}")
        return tokens
    keys = ("n_positions", "max_position_embeddings", "max_target_positions")
    found = (config[key] for key in keys if is_whole(config.get(key)))
    return min(USUAL_TOKENS, next(found, USUAL_TOKENS))


def _sizes(config: Mapping, *names: str, least: int = 1) -> tuple[int, ...]:
    """Return the values under these names.

    Raises: ValueError that lists every one that is missing or no whole number.
    """
    wrong = []
    for name in names:
        value = config.get(name)
        if value is None:
            wrong.append(f"{name} is missing")
        elif not is_whole(value, least) or value > LARGEST:
            wrong.append(f"{name} is {_short(value)}, not a whole number from {least}")
    if wrong:
        raise ValueError(f"the configuration does not fit: {'; '.join(wrong)}")
    for name, value in zip(names, (config[name] for name in names), strict=True):
        if name in BLOCKS and value > MOST_BLOCKS:
            raise ValueError(f"{name} is {value:,}; more than {MOST_BLOCKS:,} blocks")
    return tuple(config[name] for name in names)


BLOCKS = {
    *("num_hidden_layers", "n_layer", "num_layers", "num_decoder_layers"),
    *("encoder_layers", "decoder_layers"),
}


def _optional(config: Mapping, name: str, default: int | None) -> int | None:
    """Return the value under a name, the default if it is absent or null."""
    return default if config.get(name) is None else _sizes(config, name)[0]


def _flag(config: Mapping, name: str, default: bool = False) -> bool:
    value = config.get(name, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{name} is true or false, got {_short(value)}")
    return value


def _act(config: Mapping, *names: str, default: str = "silu") -> str:
    """Return our name of the activation under the first of these names."""
    given = next((config[name] for name in names if config.get(name)), default)
    if not isinstance(given, str) or given not in ACTIVATIONS:
        raise ValueError(
            f"{names[0]} {_short(given)} is not known; known: {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[given]


# --- Llama and its relatives ----------------------------------------------------------

COMMON = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")


def _attention(config: Mapping, **options: object) -> Attention:
    """Return the causal, rotary attention of a configuration."""
    heads = _sizes(config, "num_attention_heads")[0]
    return Attention(
        heads,
        kv_heads=_optional(config, "num_key_value_heads", heads),
        head_dim=_optional(config, "head_dim", None),
        causal=True,
        rotary=True,
        **{"bias": False} | options,
    )


def _gated(config: Mapping, **options: object) -> Feed:
    hidden = _sizes(config, "intermediate_size")[0]
    act = _act(config, "hidden_activation", "hidden_act", "hidden_activation")
    return Feed(hidden, act, **options)


def _assembled(
    config: Mapping, name: str, blocks: tuple[Block, ...], **options: object
) -> Decoder:
    vocabulary, features, *_ = _sizes(config, *COMMON)
    tied = _flag(config, "tie_word_embeddings", options.pop("tied", False))
    return Decoder(name, vocabulary, features, blocks, tied=tied, **options)


def _number(config: Mapping) -> int:
    return _sizes(config, *COMMON, "intermediate_size")[2]


def _llama(config: Mapping, name: str) -> Decoder:
    blocks = _number(config)
    attention = _attention(config, bias=_flag(config, "attention_bias"))
    feed = _gated(config, bias=_flag(config, "mlp_bias"))
    return _assembled(config, name, alike(blocks, attention, feed))


def _mistral(config: Mapping, name: str) -> Decoder:
    blocks = alike(_number(config), _attention(config), _gated(config))
    return _assembled(config, name, _in_windows(config, blocks))


def _in_windows(
    config: Mapping,
    blocks: tuple[Block, ...],
    inside: Callable[[int], bool] = lambda i: True,
) -> tuple[Block, ...]:
    """Return the blocks, some with attention in a window: those that `layer_types`
    lists, else those for which `inside` says so.
    """
    window, kinds = _optional(config, "sliding_window", None), config.get("layer_types")
    if window is None:
        return blocks
    if kinds is None:
        kinds = [
            "sliding_attention" if inside(i) else "full_attention"
            for i in range(len(blocks))
        ]
    known = ("sliding_attention", "full_attention")
    if (
        not isinstance(kinds, list)
        or len(kinds) != len(blocks)
        or any(kind not in known for kind in kinds)
    ):
        raise ValueError(
            f"layer_types lists {' or '.join(known)} for each of the {len(blocks)} "
            f"blocks, got {_short(kinds)}"
        )
    return windowed(blocks, window, inside=tuple(kind == known[0] for kind in kinds))


def _mixtral(config: Mapping, name: str) -> Decoder:
    experts, active = _sizes(config, "num_local_experts", "num_experts_per_tok")
    feed = Experts(experts, active, _sizes(config, "intermediate_size")[0])
    blocks = alike(_number(config), _attention(config), feed)
    return _assembled(config, name, _in_windows(config, blocks))


def _qwen2(config: Mapping, name: str) -> Decoder:
    attention = _attention(config, bias=True, output_bias=False)
    blocks = alike(_number(config), attention, _gated(config))
    return _assembled(config, name, _qwen_windows(config, blocks))


def _qwen_windows(config: Mapping, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    if not _flag(config, "use_sliding_window"):
        return blocks
    first = _optional(config, "max_window_layers", len(blocks))
    return _in_windows(config, blocks, lambda i: i >= first)


def _qwen3(config: Mapping, name: str) -> Decoder:
    options = {"bias": _flag(config, "attention_bias"), "normed": True}
    attention = _attention({"head_dim": 128} | config, **options)
    blocks = alike(_number(config), attention, _gated(config))
    return _assembled(config, name, _qwen_windows(config, blocks))


def _qwen3_moe(config: Mapping, name: str) -> Decoder:
    numbers = ("num_experts", "num_experts_per_tok", "moe_intermediate_size")
    named = {"num_experts": config.get("num_local_experts")} | config
    mixture = Experts(*_sizes(named, *numbers))
    step = _optional(config, "decoder_sparse_step", 1)
    dense = config.get("mlp_only_layers") or []
    if not isinstance(dense, list):
        raise ValueError(f"mlp_only_layers is a list of blocks, got {_short(dense)}")
    options = {"bias": _flag(config, "attention_bias"), "normed": True}
    attention = _attention(config, **options)
    blocks = tuple(
        Block(
            attention,
            _gated(config) if i in dense or (i + 1) % step else mixture,
        )
        for i in range(_sizes(config, *COMMON)[2])
    )
    return _assembled(config, name, _qwen_windows(config, blocks))


def _gemma(config: Mapping, name: str) -> Decoder:
    feed = Feed(_sizes(config, "intermediate_size")[0], "gelu")
    blocks = alike(_number(config), _attention(config), feed)
    return _assembled(config, name, blocks, tied=True)


def _gemma2(config: Mapping, name: str) -> Decoder:
    capped = config.get("attn_logit_softcapping", 50.0) is not None
    blocks = alike(_number(config), _attention(config, capped=capped), _gated(config))
    blocks = _in_windows(config, blocks, lambda i: i % 2 == 0)
    bent = config.get("final_logit_softcapping", 30.0) is not None
    options = {"tied": True, "norms_behind": True, "capped": bent}
    return _assembled(config, name, blocks, **options)


def _gemma3(config: Mapping, name: str) -> Decoder:
    every = _optional(config, "_sliding_window_pattern", 6)
    every = _optional(config, "sliding_window_pattern", every)
    blocks = alike(_number(config), _attention(config, normed=True), _gated(config))
    blocks = _in_windows(config, blocks, lambda i: (i + 1) % every != 0)
    return _assembled(config, name, blocks, tied=True, norms_behind=True)


def _phi(config: Mapping, name: str) -> Decoder:
    if _flag(config, "qk_layernorm"):
        raise ValueError("qk_layernorm of a phi model is not supported")
    heads, features = _sizes(config, "num_attention_heads", "hidden_size")
    turned = _turned(config, features // heads, default=0.5)
    attention = _attention(config, bias=True, rotary_dim=turned)
    feed = Feed(
        _sizes(config, "intermediate_size")[0],
        _act(config, "hidden_act", default="gelu_new"),
        gated=False,
        bias=True,
    )
    options = {"norm": LayerNorm(), "parallel": True, "head_bias": True}
    blocks = alike(_number(config), attention, feed)
    return _assembled(config, name, blocks, **options)


def _turned(config: Mapping, dim: int, *, default: float) -> int:
    """Return how many features of a head are turned by their position."""
    nested = config.get("rope_parameters") or {}
    if not isinstance(nested, Mapping):
        raise ValueError(f"rope_parameters is an object, got {_short(nested)}")
    share = config.get("partial_rotary_factor", default)
    share = nested.get("partial_rotary_factor", share)
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not number or not 0 < share <= 1:
        raise ValueError(f"partial_rotary_factor is a share, got {_short(share)}")
    return max(1, int(dim * share))


def _phi3(config: Mapping, name: str) -> Decoder:
    heads, features = _sizes(config, "num_attention_heads", "hidden_size")
    turned = _turned(config, features // heads, default=1.0)
    attention = _attention(config, rotary_dim=turned)
    blocks = alike(_number(config), attention, _gated(config))
    return _assembled(config, name, _in_windows(config, blocks))


# --- Mixtures with latent attention, and GPT-OSS --------------------------------------


def _deepseek(config: Mapping, name: str) -> Decoder:
    """Read DeepSeek-V2 and V3; layers that predict several tokens at once are no part
    of the network and are not counted.
    """
    attention = LatentAttention(
        *_sizes(config, "num_attention_heads", "kv_lora_rank", "qk_nope_head_dim"),
        *_sizes(config, "qk_rope_head_dim", "v_head_dim"),
        query_rank=_optional(config, "q_lora_rank", None),
    )
    numbers = ("n_routed_experts", "num_experts_per_tok", "moe_intermediate_size")
    shared = _optional(config, "n_shared_experts", 0)
    mixture = Experts(*_sizes(config, *numbers), shared=shared)
    (dense,) = _sizes(
        {"first_k_dense_replace": 0} | config, "first_k_dense_replace", least=0
    )
    step = _optional(config, "moe_layer_freq", 1)
    blocks = tuple(
        Block(attention, _gated(config) if i < dense or i % step else mixture)
        for i in range(_number(config))
    )
    return _assembled(config, name, blocks)


def _gpt_oss(config: Mapping, name: str) -> Decoder:
    biased = _flag(config, "attention_bias", True)
    attention = _attention({"head_dim": 64} | config, bias=biased, sinks=True)
    numbers = ("num_local_experts", "num_experts_per_tok", "intermediate_size")
    mixture = Experts(*_sizes(config, *numbers), bias=True)
    blocks = alike(_number(config), attention, mixture)
    blocks = _in_windows(config, blocks, lambda i: i % 2 == 0)
    return _assembled(config, name, blocks)


# --- GPT-2, BERT, T5, Whisper ---------------------------------------------------------


def _gpt2(config: Mapping, name: str) -> Decoder:
    names = ("vocab_size", "n_embd", "n_layer", "n_head", "n_positions")
    vocabulary, features, blocks, heads, positions = _sizes(config, *names)
    hidden = _optional(config, "n_inner", 4 * features)
    act = _act(config, "activation_function", default="gelu_new")
    feed = Feed(hidden, act, gated=False, bias=True)
    return Decoder(
        name,
        vocabulary,
        features,
        alike(blocks, Attention(heads, causal=True), feed),
        norm=LayerNorm(),
        tied=_flag(config, "tie_word_embeddings", True),
        positions=positions,
    )


HEADS = {
    "BertModel": "model",
    "BertForMaskedLM": "masked",
    "BertForPreTraining": "both",
}


def _bert(config: Mapping, name: str) -> Bert:
    heads = config.get("architectures") or ["BertModel"]
    head = heads[0] if isinstance(heads, list) and heads else heads
    if not isinstance(head, str) or head not in HEADS:
        raise ValueError(
            f"the architecture {_short(head)} is not supported; supported are "
            f"{', '.join(HEADS)}"
        )
    names = (*COMMON, "intermediate_size")
    positions = _optional(config, "max_position_embeddings", 512)
    segments = _optional(config, "type_vocab_size", 2)
    act = _act(config, "hidden_act", default="gelu")
    return Bert(name, *_sizes(config, *names), positions, segments, act, HEADS[head])


def _t5(config: Mapping, name: str) -> T5:
    names = ("vocab_size", "d_model", "num_layers", "num_heads", "d_kv", "d_ff")
    vocabulary, features, blocks, heads, dim, hidden = _sizes(config, *names)
    kind = config.get("feed_forward_proj", "relu")
    gate, _, act = str(kind).rpartition("-")
    if gate not in ("", "gated"):
        raise ValueError(f"feed_forward_proj {_short(kind)} is not known")
    act = _act({"feed_forward_proj": act}, "feed_forward_proj")
    return T5(
        name,
        vocabulary,
        features,
        blocks,
        _optional(config, "num_decoder_layers", blocks),
        heads,
        dim,
        Feed(hidden, act, gated=gate == "gated"),
        buckets=_optional(config, "relative_attention_num_buckets", 32),
        tied=_flag(config, "tie_word_embeddings", True),
    )


def _whisper(config: Mapping, name: str) -> Whisper:
    names = (
        *("vocab_size", "d_model", "encoder_layers", "decoder_layers"),
        *("encoder_attention_heads", "decoder_attention_heads"),
        *("encoder_ffn_dim", "decoder_ffn_dim"),
        *("num_mel_bins", "max_source_positions", "max_target_positions"),
    )
    return Whisper(name, *_sizes(config, *names))


FAMILIES: dict[str, Callable[[Mapping, str], Description]] = {
    "llama": _llama,
    "mistral": _mistral,
    "mixtral": _mixtral,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "qwen3_moe": _qwen3_moe,
    "gemma": _gemma,
    "gemma2": _gemma2,
    "gemma3_text": _gemma3,
    "phi": _phi,
    "phi3": _phi3,
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "gpt_oss": _gpt_oss,
    "gpt2": _gpt2,
    "bert": _bert,
    "t5": _t5,
    "whisper": _whisper,
}
