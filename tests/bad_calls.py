"""One right call of every public function, and wrong ones made from its signature."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

import bad_calls_quantize
import numpy as np

import dlpatterns
from dlpatterns import counting, graph, kernels, layers, models, quantize
from dlpatterns.kernels import fourier, multi_head, recurrence, winograd
from dlpatterns.kernels.transformer import Block

ROOMS = (kernels, counting, models, layers, graph, dlpatterns.formats, quantize)
RNG = np.random.default_rng(0)


def some(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


X, W, SQUARE = some(2, 4, 6, 6), some(4, 4, 3, 3), some(4, 4)
ROW, SEQUENCE, HEADS = some(2, 4), some(2, 3, 4), some(2, 2, 3, 4)
FILTERS = winograd.winograd_filters(W)
PROJECTIONS = multi_head.Projections(SQUARE, SQUARE, SQUARE, SQUARE)
UP, NORM = (SQUARE, some(4)), (some(4), some(4))
BLOCK = Block(PROJECTIONS, UP, UP, (NORM, NORM))
DECODER = Block(PROJECTIONS, UP, UP, (NORM, NORM, NORM), PROJECTIONS)
VGG, GPT = models.vgg11(), models.gpt2(8)
CONV = VGG.layers[0]
CELLS = {"rnn": 1, "gru": 3, "lstm": 4}


def cell(gates: int) -> recurrence.Weights:
    return recurrence.Weights(some(4 * gates, 4), some(4 * gates, 4), some(4 * gates))


def cache() -> multi_head.KVCache:
    return multi_head.KVCache(2, 2, 4, 2)


CALLS: dict[str, dict[str, Any]] = {
    "blocked.conv2d_pointwise": {"x": X, "weight": W[:, :, :1, :1].copy()},
    "blocked.conv2d_depthwise": {"x": X, "weight": W[:, :1].copy()},
    "convolution.conv2d_backward": {"grad": some(2, 4, 4, 4), "x": X, "weight": W},
    "fourier.conv2d_fft": {
        "x": X, "weight": W, "filters": fourier.fourier_filters(X, W)
    },
    "fourier.fourier_filters": {"x": X, "weight": W},
    "winograd.conv2d_winograd": {"x": X, "filters": FILTERS, "bias": some(4)},
    "winograd.winograd_filters": {"weight": W},
    "winograd.winograd_multiplications": {
        "x_shape": (2, 4, 6, 6), "filters": 4, "tile": 2
    },
    "transposed.conv2d_transposed_backward": {
        "grad": some(2, 4, 8, 8), "x": X, "weight": W
    },
    "pooling.max_pool2d_backward": {"grad": some(2, 4, 3, 3), "x": X, "kernel": 2},
    "pooling.avg_pool2d_backward": {"grad": some(2, 4, 3, 3), "x": X, "kernel": 2},
    "pooling.global_avg_pool2d": {"x": X},
    "pooling.global_avg_pool2d_backward": {"grad": some(2, 4, 1, 1), "x": X},
    "linear.linear_backward": {"grad": ROW, "x": ROW, "weight": SQUARE},
    "matmul.whole_product": {"a": SQUARE, "b": SQUARE},
    "normalisation.batch_statistics": {"x": X},
    "normalisation.batch_norm": {
        "x": X, "mean": some(4), "variance": np.ones(4), "scale": some(4),
        "shift": some(4),
    },
    "normalisation.batch_norm_backward": {"grad": X, "x": X, "scale": some(4)},
    "normalisation.layer_norm": {"x": ROW, "scale": some(4), "shift": some(4)},
    "normalisation.layer_norm_backward": {"grad": ROW, "x": ROW, "scale": some(4)},
    "normalisation.rms_norm": {"x": ROW, "scale": some(4)},
    "normalisation.local_response_norm": {"x": X, "size": 3},
    "attention.attention_backward": {"grad": HEADS, "q": HEADS, "k": HEADS, "v": HEADS},
    "multi_head.multi_head": {"x": SEQUENCE, "weights": PROJECTIONS, "heads": 2},
    "multi_head.multi_head_backward": {
        "grad": SEQUENCE, "x": SEQUENCE, "weights": PROJECTIONS, "heads": 2
    },
    "multi_head.split_heads": {"x": SEQUENCE, "heads": 2},
    "multi_head.join_heads": {"x": HEADS},
    "multi_head.turned": {"x": HEADS},
    "multi_head.decode_step": {
        "x": SEQUENCE, "weights": PROJECTIONS, "cache": cache, "heads": 2
    },
    "transformer.encoder_block": {"x": SEQUENCE, "block": BLOCK, "heads": 2},
    "transformer.decoder_block": {
        "x": SEQUENCE, "memory": SEQUENCE, "block": DECODER, "heads": 2
    },
    "transformer.feed_forward": {"x": SEQUENCE, "block": BLOCK},
    "recurrence.bidirectional": {"x": SEQUENCE, "weights": (cell(4), cell(4))},
    "recurrence.bidirectional_backward": {
        "grad": some(2, 3, 8), "x": SEQUENCE, "weights": (cell(4), cell(4))
    },
    "ready.rung": {"x": (2, 4, 6, 6), "weight": (4, 4, 3, 3)},
    "counts.count": {"model": VGG},
    "counts.count_layer": {"layer": CONV},
    "products.products": {"layer": CONV},
    "depth.layer_products": {"layer": CONV},
    "depth.dependent_products": {"model": VGG},
    "decoding.cache_bytes_per_token": {"model": GPT},
    "decoding.decode_macs": {"model": models.gpt2(1), "cached": 3},
    "costs.softmax_operations": {"width": 3},
    "graph.fold_batch_norm": {"model": VGG},
    "graph.resized": {"model": VGG, "input_shape": (3, 64, 64)},
    "formats.get": {"name": "fp16"},
    "kinds.products_that_fit": {
        "first": dlpatterns.formats.get("int8"),
        "second": dlpatterns.formats.get("int8"),
        "accumulator": dlpatterns.formats.get("int16"),
    },
    "arithmetic.total": {"values": [1.0, 2.0], "form": "fp16"},
    "arithmetic.running": {"values": [1.0, 2.0], "form": "fp16"},
    "arithmetic.dot": {"a": [1.0, 2.0], "b": [1.0, 2.0], "form": "fp16"},
    "windows.window_positions": {"size": 8, "kernel": 3, "stride": 1, "pad": 0},
    "base.pair": {"value": 3},
    "mobile.efficientnet": {"width": 1.0, "depth": 1.0, "size": 64},
    "sequence.lstm_language_model": {"name": "it", "hidden": 8, "steps": 3},
    "mlp.multilayer": {"name": "it", "input_shape": (4,), "widths": (3, 2)},
    "sequence.recurrent": {"kind": "rnn", "steps": 3, "features": 4, "hidden": 4},
    "sequence.llama": {
        "name": "it", "tokens": 4, "features": 8, "blocks": 1, "hidden": 8,
        "heads": 2, "kv_heads": 2,
    },
}  # fmt: skip
for name in ("conv2d", "conv2d_im2col", "conv2d_shifted", "conv2d_fast"):
    CALLS[f"convolution.{name}"] = {"x": X, "weight": W, "bias": some(4)}
CALLS["language.description"] = {"name": "gpt2_xl"}
for name in ("huggingface.describe", "huggingface.from_huggingface"):
    CALLS[name] = {"config": models.language.PUBLISHED["gpt2_xl"]["config"]}
for name in ("gpt2", "transformer_base", "llama2_7b", "llama2_70b", "mixtral_8x7b"):
    CALLS[f"sequence.{name}"] = {"tokens": 4}
for number in range(8):
    CALLS[f"mobile.efficientnet_b{number}"] = {"size": 64}
CALLS["blocked.conv2d_blocked"] = {"x": X, "weight": W, "bias": some(4)}
for name in ("conv2d_transposed", "conv2d_transposed_columns"):
    CALLS[f"transposed.{name}"] = {"x": X, "weight": W, "bias": some(4)}
for name in ("max_pool2d", "max_pool2d_windows", "avg_pool2d", "avg_pool2d_windows"):
    CALLS[f"pooling.{name}"] = {"x": X, "kernel": 2}
for name in ("matmul", "matmul_outer", "matmul_blocked", "matmul_blas"):
    CALLS[f"matmul.{name}"] = {"a": SQUARE, "b": SQUARE}
for name in ("linear", "linear_matmul"):
    CALLS[f"linear.{name}"] = {"x": ROW, "weight": SQUARE, "bias": some(4)}
for name in ("attention", "attention_matmul", "attention_tiled", "attention_fast"):
    CALLS[f"attention.{name}"] = {"q": HEADS, "k": HEADS, "v": HEADS}
for name in (*kernels.activations.FUNCTIONS, "softmax"):
    CALLS[f"activations.{name}"] = {"x": ROW}
    CALLS[f"activations.{name}_backward"] = {"grad": ROW, "x": ROW}
for name, gates in CELLS.items():
    for rung in (name, f"{name}_fast"):
        CALLS[f"recurrence.{rung}"] = {"x": SEQUENCE, "weights": cell(gates)}
    back = {"grad": SEQUENCE, "x": SEQUENCE, "weights": cell(gates)}
    states = {"states": (SEQUENCE, SEQUENCE)} if name == "lstm" else {"h": SEQUENCE}
    CALLS[f"recurrence.{name}_backward"] = back | states
for name in ("rnn_steps", "lstm_steps"):
    CALLS[f"recurrence.{name}"] = {
        "x": SEQUENCE,
        "weights": cell(CELLS[name.split("_")[0]]),
    }
CALLS |= bad_calls_quantize.CALLS
INSIDE = {  # what other functions call with what they have checked already
    "matmul.whole_product", "costs.counts", "decoding.keeps",
    "decoding.values_per_token",
    "decoding.met_tokens", "decoding.cached_macs",
    "decoder.alike", "decoder.windowed",
    "decoding.published", "base.pair",
    "blocked.made_for", "winograd.made_for",
}  # fmt: skip
BELOW_ZERO = (  # numbers that may be
    "first", "scale", "alpha", "beta", "k", "axis", "zero", "zero_a", "zero_b"
)  # fmt: skip


class Case(NamedTuple):
    name: str
    function: Callable
    given: dict[str, Any]
    parameter: str
    bad: Any
    may_answer: bool


def functions() -> dict[str, Callable]:
    """Return every public function of the rooms, under module and name."""
    found = {}
    for room in ROOMS:
        modules = [room]
        for info in pkgutil.iter_modules(getattr(room, "__path__", [])):
            if not info.name.startswith("_"):
                modules.append(importlib.import_module(f"{room.__name__}.{info.name}"))
        for module in modules:
            for name, member in vars(module).items():
                ours = getattr(member, "__module__", "") == module.__name__
                if inspect.isfunction(member) and ours and name[0] != "_":
                    found[f"{module.__name__.split('.')[-1]}.{name}"] = member
    return found


def exempt(name: str, function: Callable) -> bool:
    """Tell whether a function takes a builder, a spec with its shapes, or nothing."""
    kinds = [p.annotation for p in inspect.signature(function).parameters.values()]
    takes_builder = graph.Builder in kinds or name.startswith("base.")
    return (
        takes_builder
        or not kinds
        or name in INSIDE
        or name.startswith(("costs.", "attending."))
    )


def cases() -> Iterator[Case]:
    """Yield the wrong calls of every function, one wrong argument in each."""
    for name, function in functions().items():
        if exempt(name, function):
            continue
        given = CALLS.get(name, {})
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
                for bad, may_answer in wrong(parameter, given.get(parameter.name)):
                    yield Case(name, function, given, parameter.name, bad, may_answer)


def wrong(parameter: inspect.Parameter, right: Any) -> list[tuple[Any, bool]]:
    """Return wrong values for a parameter, each with whether an answer to it may be
    right.
    """
    kind = parameter.annotation
    opaque = get_origin(kind) in (Callable, Sequence)  # what it holds is no kind
    kinds = {kind} if opaque else set(get_args(kind)) or {kind}
    bad = [(object(), False), (1 + 2j, False), ({}, False)]
    if NoneType not in kinds and parameter.default is not None:
        bad.append((None, False))
    if np.ndarray in kinds and get_origin(kind) is not tuple:
        return bad + wrong_arrays(right)
    if bool in kinds:
        return [*bad, (1, False), ("no", False), (np.array([True, False]), False)]
    if int in kinds or float in kinds:
        least = [] if parameter.name in BELOW_ZERO else [-1]
        numbers = [float("nan"), "2", np.array([1, 1]), [], *least]
        pairs = [(1, 2, 3), (1, 1.5), ()] if len(kinds) > 1 or int in kinds else []
        fractions = [1.5, True] if int in kinds else []
        wrong_ones = [(value, False) for value in numbers + fractions]
        return bad + wrong_ones + [(value, ... in kinds) for value in pairs]
    if kind is str:
        any_name = parameter.name == "name" and right != "fp16"
        return [*bad, (3, False), ("nonsense", any_name)]
    return [*bad, ("vgg16", False), (3, False)]


def wrong_arrays(right: np.ndarray | None) -> list[tuple[Any, bool]]:
    if right is None:
        return [("text", False), ([1.0], False), (some(1, 1, 1, 1, 1), False)]
    empty = np.zeros((*right.shape[:-1], 0))
    return [
        ("text", False),
        (right.tolist(), False),
        (right.astype(complex), False),
        (right.astype(str), False),
        (right[None], True),
        (right[0], True),
        (empty, True),
        (np.full(right.shape, np.nan), True),
    ]
