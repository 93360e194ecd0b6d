"""Attention kernels: rungs against loops, loops against PyTorch, gradients against
differences, memory, decoding.
"""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_kernels_recurrence import differences

from dlpatterns import tracing
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.kernels import attention as kernels
from dlpatterns.kernels.attention import (
    attention,
    attention_backward,
    attention_fast,
    attention_matmul,
    attention_tiled,
)
from dlpatterns.kernels.multi_head import (
    KVCache,
    Projections,
    decode_step,
    multi_head,
    multi_head_backward,
    split_heads,
    turned,
)
from dlpatterns.kernels.transformer import Block, decoder_block, encoder_block
from dlpatterns.layers import Attention

PYTORCH = json.loads((Path(__file__).parent / "pytorch_sequences.json").read_text())
BOUND = {np.float64: 1e-13, np.float32: 2e-6}
RUNGS = (attention_matmul, attention_tiled, attention_fast)


@st.composite
def cases(draw, masks=True):
    """Draw q, k, v of one type, with grouped heads, and whether the call is causal or
    masked.
    """
    groups, share, keys = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 9)),
    )
    batch, queries, dim, out = (
        draw(st.integers(1, 2)),
        draw(st.integers(1, keys)),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 4)),
    )
    dtype, rng = (
        draw(st.sampled_from([np.float64, np.float32])),
        np.random.default_rng(draw(st.integers(0, 999))),
    )
    shapes = (
        (batch, groups * share, queries, dim),
        (batch, groups, keys, dim),
        (batch, groups, keys, out),
    )
    q, k, v = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    options = {"causal": draw(st.booleans())}
    if masks and draw(st.booleans()):
        shape = draw(
            st.sampled_from(
                [
                    (queries, keys),
                    (batch, 1, queries, keys),
                    (1, groups * share, queries, keys),
                ]
            )
        )
        options["mask"] = rng.random(shape) < 0.5
        options["mask"][..., 0] = True
    return q, k, v, options


@pytest.mark.parametrize("rung", RUNGS)
@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_rung_equals_loops(rung, case):
    q, k, v, options = case
    plain, fast = attention(q, k, v, **options), rung(q, k, v, **options)
    assert fast.dtype == q.dtype and fast.shape == plain.shape
    np.testing.assert_allclose(fast, plain, rtol=0, atol=BOUND[q.dtype.type])


@given(case=cases(), rows=st.integers(1, 4), columns=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_the_tile_does_not_change_the_answer(case, rows, columns):
    q, k, v, options = case
    tiled = attention_tiled(q, k, v, tile=(rows, columns), **options)
    np.testing.assert_allclose(
        tiled, attention(q, k, v, **options), rtol=0, atol=BOUND[q.dtype.type]
    )
    by_rows = attention_fast(q, k, v, rows=rows, threads=columns, **options)
    np.testing.assert_allclose(by_rows, tiled, rtol=0, atol=BOUND[q.dtype.type])


@pytest.mark.parametrize("rung", [attention, *RUNGS])
@pytest.mark.parametrize("size", [100.0, 1e4])
def test_large_scores_do_not_overflow(rung, size):
    """With scores far apart, attention picks the best key: here the key of each query's
    own position.
    """
    q = np.eye(4, dtype=np.float32)[None, None] * size
    v = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    np.testing.assert_allclose(rung(q, q, v)[0, 0, :, 0], [0, 1, 2, 3], atol=1e-6)


def test_by_hand():
    """Scores 0 and ln 3 give the weights 1/4 and 3/4."""
    q, k = np.ones((1, 1, 1, 1)), np.array([0.0, np.log(3)]).reshape(1, 1, 2, 1)
    v = np.array([[1.0, 0.0], [5.0, 8.0]])[None, None]
    for rung in (attention, *RUNGS):
        np.testing.assert_allclose(rung(q, k, v)[0, 0, 0], [4.0, 6.0])


@pytest.mark.parametrize(
    "stored", PYTORCH["attention"], ids=lambda s: f"{s['causal']}-{len(s['k'][0])}"
)
def test_pytorch_agrees(stored):
    q, k, v, grad = (np.array(stored[name]) for name in ("q", "k", "v", "grad"))
    for rung in (attention, *RUNGS):
        np.testing.assert_allclose(
            rung(q, k, v, causal=stored["causal"]), np.array(stored["out"]), atol=1e-14
        )
    gradients = attention_backward(grad, q, k, v, causal=stored["causal"])
    for ours, name in zip(gradients, ("to_q", "to_k", "to_v"), strict=True):
        np.testing.assert_allclose(ours, np.array(stored[name]), atol=1e-13)


@given(case=cases())
@settings(max_examples=10, deadline=None)
def test_gradients_are_those_of_small_changes(case):
    q, k, v, options = case
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    grad = np.random.default_rng(5).normal(size=(*q.shape[:3], v.shape[3]))
    expected = attention_backward(grad, q, k, v, **options)
    for array, gradient in zip((q, k, v), expected, strict=True):
        found = differences(
            lambda: (attention_matmul(q, k, v, **options) * grad).sum(), array
        )
        np.testing.assert_allclose(found, gradient, atol=1e-7)


@given(case=cases(masks=False))
@settings(max_examples=10, deadline=None)
def test_the_tally_of_the_loops_is_the_closed_form(case):
    q, k, v, options = case
    q, k = q[:, :, -k.shape[2] :], k[:, :, : q.shape[2]]
    v = np.repeat(v[:, :, : q.shape[2], :1], q.shape[3], axis=3)
    net = Builder("one layer", (q.shape[2], q.shape[1] * q.shape[3]))
    spec = Attention(
        q.shape[1], kv_heads=k.shape[1], bias=False, causal=options["causal"]
    )
    counted = count(net.model(net(spec, net.input)), len(q), causal_half=True)
    projections = counted.weights * len(q) * q.shape[2]
    with tracing.tally() as t:
        attention(
            *(tracing.trace(x, name) for x, name in zip((q, k, v), "qkv", strict=True)),
            **options,
        )
    assert t.macs == counted.macs - projections
    assert t.multiplications == t.macs + counted.other["scale"]
    rest = sum(t.operations[kind] for kind in ("subtract", "exp", "divide", "compare"))
    assert (
        rest + t.operations["add"]
        == counted.macs - projections + counted.other["softmax"]
    )


# --- Memory ---------------------------------------------------------------------------


def peak_bytes(function):
    """Return the most bytes that a call allocates, its result included."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("causal", [False, True])
def test_tiled_attention_never_holds_all_scores(causal):
    """One head at T = 8192 in float32: 256 MiB of scores, of which a tile is 1 MiB; the
    output takes 2 MiB.
    """
    q, k, v = (
        np.random.default_rng(0).normal(size=(3, 1, 1, 8192, 64)).astype(np.float32)
    )
    assert peak_bytes(lambda: attention_tiled(q, k, v, causal=causal)) < 12 * 2**20
    assert (
        peak_bytes(lambda: attention_fast(q, k, v, causal=causal, rows=128))
        < 12 * 2**20
    )


# --- Several heads, rotary positions, decoding ----------------------------------------


def projections(features, heads, kv_heads, dim, *, bias=True, memory=None, seed=0):
    rng, memory = np.random.default_rng(seed), memory or features
    rows = (heads * dim, kv_heads * dim, kv_heads * dim, features)
    columns = (features, memory, memory, heads * dim)
    matrices = [rng.normal(size=shape) / 2 for shape in zip(rows, columns, strict=True)]
    return Projections(
        *matrices, *([rng.normal(size=size) for size in rows] if bias else ())
    )


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize(
    "options", [{}, {"causal": True}, {"causal": True, "rotary": True}]
)
def test_gradients_of_several_heads(kv_heads, options):
    rng, weights = np.random.default_rng(1), projections(6, 4, kv_heads, 2)
    x, grad = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3, 6))
    to_x, to_memory, gradients = multi_head_backward(
        grad, x, weights, heads=4, **options
    )
    assert to_memory is None
    for array, gradient in [(x, to_x), *zip(weights, gradients, strict=True)]:
        found = differences(
            lambda: (multi_head(x, weights, heads=4, **options) * grad).sum(), array
        )
        np.testing.assert_allclose(found, gradient, atol=1e-7)


def test_gradients_of_cross_attention():
    rng, weights = (
        np.random.default_rng(1),
        projections(6, 2, 2, 3, memory=5, bias=False),
    )
    x, memory, grad = (
        rng.normal(size=(2, 3, 6)),
        rng.normal(size=(2, 4, 5)),
        rng.normal(size=(2, 3, 6)),
    )
    to_x, to_memory, gradients = multi_head_backward(
        grad, x, weights, heads=2, memory=memory
    )
    for array, gradient in [
        (x, to_x),
        (memory, to_memory),
        *zip(weights[:4], gradients[:4], strict=True),
    ]:
        found = differences(
            lambda: (multi_head(x, weights, heads=2, memory=memory) * grad).sum(), array
        )
        np.testing.assert_allclose(found, gradient, atol=1e-7)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("rotary", [False, True])
def test_decoding_step_by_step_is_the_causal_pass(kv_heads, rotary):
    """A prefill of three tokens, then one token a step, gives what the whole sequence
    gives at once.
    """
    weights, x = (
        projections(6, 4, kv_heads, 2),
        np.random.default_rng(2).normal(size=(2, 7, 6)),
    )
    cache = KVCache(2, kv_heads, 7, 2, dtype=np.float64)
    pieces = [x[:, :3], *np.split(x[:, 3:], 4, axis=1)]
    answers = [
        decode_step(piece, weights, cache, heads=4, rotary=rotary) for piece in pieces
    ]
    whole = multi_head(x, weights, heads=4, causal=True, rotary=rotary)
    np.testing.assert_allclose(np.concatenate(answers, axis=1), whole, atol=1e-13)
    assert (
        cache.bytes_per_token == 2 * 2 * kv_heads * 2 * 8
    )  # batch, keys and values, heads, dimension, bytes


def test_rotary_products_depend_on_the_distance_alone():
    q, k = np.random.default_rng(0).normal(size=(2, 1, 1, 1, 8))
    products = [
        turned(q, first=first) @ turned(k, first=first + 3).swapaxes(-1, -2)
        for first in (0, 5, 100)
    ]
    np.testing.assert_allclose(
        products, products[0] * np.ones((3, 1, 1, 1, 1)), atol=1e-12
    )
    assert abs(products[0] - turned(q) @ turned(k, first=4).swapaxes(-1, -2)) > 1e-3


# --- Transformer blocks ---------------------------------------------------------------


def pytorch_projections(params, name):
    """Cut PyTorch's stacked in_proj into queries, keys and values."""
    matrices, biases = (
        np.split(np.array(params[f"{name}.in_proj_{part}"]), 3)
        for part in ("weight", "bias")
    )
    out = (np.array(params[f"{name}.out_proj.{part}"]) for part in ("weight", "bias"))
    weight, bias = out
    return Projections(*matrices, weight, *biases, bias)


def pytorch_block(params, norms):
    def pair(name):
        return tuple(np.array(params[f"{name}.{part}"]) for part in ("weight", "bias"))

    cross = pytorch_projections(params, "multihead_attn") if norms == 3 else None
    named = tuple(pair(f"norm{i + 1}") for i in range(norms))
    return Block(
        pytorch_projections(params, "self_attn"),
        pair("linear1"),
        pair("linear2"),
        named,
        cross,
    )


@pytest.mark.parametrize("stored", PYTORCH["Encoder"])
def test_pytorch_agrees_on_the_encoder_block(stored):
    block = pytorch_block(stored["params"], 2)
    for attend in RUNGS:
        out = encoder_block(
            np.array(stored["x"]),
            block,
            heads=2,
            pre_norm=stored["pre_norm"],
            attend=attend,
        )
        np.testing.assert_allclose(out, np.array(stored["out"]), atol=1e-13)


@pytest.mark.parametrize("stored", PYTORCH["Decoder"])
def test_pytorch_agrees_on_the_decoder_block(stored):
    block, arrays = (
        pytorch_block(stored["params"], 3),
        [np.array(stored[name]) for name in ("x", "memory")],
    )
    out = decoder_block(*arrays, block, heads=2, pre_norm=stored["pre_norm"])
    np.testing.assert_allclose(out, np.array(stored["out"]), atol=1e-13)


def test_blocks_that_lack_a_part():
    block = pytorch_block(PYTORCH["Encoder"][0]["params"], 2)
    x = np.zeros((1, 3, 8))
    for call, words in (
        (lambda: encoder_block(x[0], block, heads=2), r"\(N, T, F\), got \(3, 8\)"),
        (
            lambda: encoder_block(x, block, heads=2, act="relu2"),
            "unknown activation 'relu2'",
        ),
        (lambda: encoder_block(x, block, heads=3), "3 heads do not divide the 8 rows"),
        (
            lambda: decoder_block(x, x, block, heads=2),
            "has 3 normalisations, got the parameters of 2",
        ),
        (
            lambda: decoder_block(
                x, x, block._replace(norms=block.norms[:1] * 3), heads=2
            ),
            "cross-attention",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            call()


# --- Bad input ------------------------------------------------------------------------


def arrays(heads=4, kv_heads=2, queries=3, keys=5, dim=2):
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, heads, queries, dim)), *rng.normal(
        size=(2, 1, kv_heads, keys, dim)
    )


@pytest.mark.parametrize("rung", [attention, *RUNGS])
def test_shapes_that_do_not_fit(rung):
    q, k, v = arrays()
    for bad, words in (
        ((q[0], k, v), r"q takes the axes.*got \(4, 3, 2\)"),
        ((q, k[..., :1], v), r"q \(1, 4, 3, 2\), k \(1, 2, 5, 1\)"),
        ((q, k, v[:, :, :4]), r"v \(1, 2, 4, 2\)"),
        ((q[:, :3], k, v), "2 key-value heads do not divide 3 query heads"),
        ((q[:, :, :0], k, v), "no values along its axis T"),
    ):
        with pytest.raises(ValueError, match=words):
            rung(*bad)
    with pytest.raises(ValueError, match=r"3 queries .* last of the 2 keys"):
        rung(q, k[:, :, :2], v[:, :, :2], causal=True)


@pytest.mark.parametrize("rung", [attention, *RUNGS])
def test_masks_that_do_not_fit(rung):
    q, k, v = arrays()
    for mask, words in (
        (np.ones((5, 3), dtype=bool), r"\(3, 5\) or \(1, 4, 3, 5\), got \(5, 3\)"),
        (np.ones((1, 3, 3, 5), dtype=bool), r"got \(1, 3, 3, 5\)"),
        (np.zeros((3, 5)), "boolean.*float64"),
        (np.zeros((3, 5), dtype=bool), r"query at \(0,\) nothing to look at"),
    ):
        with pytest.raises(ValueError, match=words):
            rung(q, k, v, mask=mask)
    late = np.tri(3, 5, 4, dtype=bool) & ~np.tri(3, 5, 2, dtype=bool)
    with pytest.raises(ValueError, match="nothing to look at"):
        rung(q, k, v, mask=late, causal=True)


@pytest.mark.parametrize(
    "rung", [attention, *RUNGS, lambda *a: attention_backward(a[0], *a)]
)
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number(rung, which, bad):
    given_arrays = arrays()
    given_arrays[which][0, 1, 2, 0] = bad
    with pytest.raises(
        ValueError, match=rf"{'qkv'[which]} .* NaN or infinity, first at \(0, 1, 2, 0\)"
    ):
        rung(*given_arrays)


@pytest.mark.parametrize("rung", [attention, *RUNGS])
def test_whole_numbers_become_float64(rung):
    """A scale of one over a root, as a whole number, would be zero."""
    q, k, v = (np.round(3 * x).astype(np.int8) for x in arrays())
    expected = attention(q.astype(float), k.astype(float), v.astype(float))
    np.testing.assert_allclose(rung(q, k, v), expected, atol=1e-13)


def test_tiles_and_heads_and_caches_that_do_not_fit():
    q, k, v = arrays()
    for tile in ((0, 4), (4,), (2.0, 2)):
        with pytest.raises(ValueError, match="tile"):
            attention_tiled(q, k, v, tile=tile)
    with pytest.raises(
        ValueError, match=r"3 heads do not divide the 8 features of \(1, 2, 8\)"
    ):
        split_heads(np.zeros((1, 2, 8)), 3)
    with pytest.raises(ValueError, match="3 heads do not divide the 8 rows"):
        multi_head(np.zeros((1, 2, 6)), projections(6, 4, 4, 2), heads=3)
    with pytest.raises(
        ValueError, match=r"\(1, 2, 5\).*weight \(M, D\)|linear needs.*\(1, 2, 5\)"
    ):
        multi_head(np.zeros((1, 2, 5)), projections(6, 4, 4, 2), heads=4)
    cache = KVCache(1, 2, 4, 3)
    with pytest.raises(ValueError, match=r"\(1, 2, T, 3\), got \(1, 1, 2, 3\)"):
        cache.append(np.zeros((1, 1, 2, 3)), np.zeros((1, 1, 2, 3)))
    cache.append(np.zeros((1, 2, 4, 3)), np.zeros((1, 2, 4, 3)))
    with pytest.raises(ValueError, match="4 positions; 5 do not fit"):
        cache.append(np.zeros((1, 2, 1, 3)), np.zeros((1, 2, 1, 3)))
    with pytest.raises(ValueError, match="the gradient must have the output's shape"):
        attention_backward(np.zeros((1, 4, 3, 3)), q, k, v)


def test_the_safe_score_is_safe_in_float32():
    """Sums of a million exponentials of scores at the bound stay finite, and none of
    them is lost to zero.
    """
    bound = np.float32(kernels.SAFE_SCORE)
    assert (
        np.isfinite(np.exp(bound) * 1e6 * 1e6)
        and np.exp(-bound) > np.finfo(np.float32).tiny
    )
