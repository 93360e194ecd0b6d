"""Which fields of a `config.json` were read, and whether one of the others may change
what is counted.

A field nobody reads is harmless if it is empty, false or zero, if it is known to touch
neither a shape nor a pair of tokens (dropout, rates, names of tokens, settings of the
writing), or if it repeats what the family always does. Any other is refused by name: a
number of experts that a dense reader passes over would be a wrong count in silence.
"""

from collections.abc import Mapping

MOST_NAMED = 6
HARMLESS = {
    # the file, its labels, its software
    *("_name_or_path", "model_type", "architectures", "transformers_version", "dtype"),
    *("torch_dtype", "auto_map", "id2label", "label2id", "problem_type", "return_dict"),
    *("task_specific_params", "tokenizer_class", "is_encoder_decoder", "use_cache"),
    *("quantization_config", "pretraining_tp", "ep_size", "gradient_checkpointing"),
    *("cache_implementation", "chunk_size_feed_forward", "bos_token", "unsloth_fixed"),
    *("_attn_implementation", "attn_implementation", "use_flash_attn", "torchscript"),
    # how long a text may be, how one is written, how the model was trained
    *("n_positions", "max_position_embeddings", "max_target_positions", "n_ctx"),
    *("original_max_position_embeddings", "initial_context_length", "num_beams"),
    *(
        "num_beam_groups",
        "num_return_sequences",
        "typical_p",
        "do_sample",
        "temperature",
        "top_k",
        "top_p",
        "early_stopping",
    ),
    *("suppress_tokens", "begin_suppress_tokens", "forced_decoder_ids", "prefix"),
    *("apply_spec_augment", "classifier_proj_size", "median_filter_width"),
    *("use_weighted_layer_sum", "num_nextn_predict_layers", "aux_loss_alpha"),
    # what changes values and no count
    *("hidden_act", "hidden_activation", "dense_act_fn", "is_gated_act"),
    "activation_function",
    *("partial_rotary_factor", "query_pre_attn_scalar", "scale_embedding"),
    *("scale_attn_weights", "scale_attn_by_inverse_layer_idx", "scoring_func"),
    *("reorder_and_upcast_attn", "scale_decoder_outputs", "routed_scaling_factor"),
    *("norm_topk_prob", "n_group", "topk_group", "topk_method", "seq_aux"),
    *("relative_attention_max_distance", "swiglu_alpha", "swiglu_limit"),
}
BEGINNINGS = ("rope_", "summary_", "mask_", "initializer_", "output_", "router_")
ENDINGS = (
    *("_token_id", "_token_ids", "dropout", "_dropout_prob", "dropout_rate", "_pdrop"),
    *("_eps", "_epsilon", "_std", "layerdrop", "_penalty", "_length", "ngram_size"),
)
WINDOWS = {"sliding_window", "max_window_layers"}
REPEATED = {
    "qwen2": WINDOWS,
    "qwen3": WINDOWS,
    "qwen3_moe": WINDOWS | {"intermediate_size", "num_local_experts"},
    "deepseek_v2": {"head_dim", "num_key_value_heads", "qk_head_dim"},
    "deepseek_v3": {"head_dim", "num_key_value_heads", "qk_head_dim"},
    "gpt_oss": {"experts_per_token"},
    "whisper": {"num_hidden_layers"},
}
ALWAYS = {
    "bert": {"tie_word_embeddings": True, "position_embedding_type": "absolute"},
    "whisper": {"tie_word_embeddings": True},
}
HEADED = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


class Noted(dict):
    """A configuration that notes which of its fields were asked for."""

    def __init__(self, fields: Mapping, seen: set[str] | None = None) -> None:
        super().__init__(fields)
        self.seen = set() if seen is None else seen

    def __getitem__(self, name: str) -> object:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:
        self.seen.add(name)
        return super().get(name, default)

    def __ror__(self, usual: dict) -> "Noted":
        """Return the usual values, overwritten by the configuration's, noted in one."""
        return Noted({**usual, **dict(self.items())}, self.seen)


def check_architecture(config: Mapping, short: object) -> None:
    """Raise ValueError if a decoder's configuration names a network with another end
    than the scores of all words.
    """
    given = config.get("architectures")
    heads = given if isinstance(given, list) else [given] if given else []
    for head in heads:
        if not isinstance(head, str) or not head.endswith(HEADED):
            raise ValueError(
                f"the architecture {short(head)} ends otherwise than in the scores of "
                f"all words; counted are names that end in {', '.join(HEADED)}"
            )


def check_unread(config: Noted, family: str, short: object) -> None:
    """Raise ValueError that names the fields nobody read that may change a count."""
    names = [
        name
        for name, value in config.items()
        if name not in config.seen and not _harmless(name, value, family)
    ]
    if names:
        named = ", ".join(
            f"{short(name)}: {short(config[name])}" for name in names[:MOST_NAMED]
        )
        more = f" and {len(names) - MOST_NAMED:,} more" * (len(names) > MOST_NAMED)
        raise ValueError(
            f"fields of the {family} configuration may change a count and are not "
            f"known: {named}{more}; take out those that change none"
        )


def _harmless(name: object, value: object, family: str) -> bool:
    """Return whether a field that nobody read changes no count."""
    if name in ALWAYS.get(family, ()):
        return value is None or value == ALWAYS[family][name]
    if not value or not isinstance(name, str):
        return True
    if name == "layer_types":
        return isinstance(value, list) and set(map(str, value)) == {"full_attention"}
    return (
        name in HARMLESS
        or name in REPEATED.get(family, ())
        or name.startswith(BEGINNINGS)
        or name.endswith(ENDINGS)
    )
