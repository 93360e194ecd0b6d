"""Reading a prompt and writing on: by hand, and beside measured tokens a second."""

import pytest

from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.hardware import generation, machines, roofline
from dlpatterns.models import sequence

H100 = machines.get("H100")
ONE, PROMPT = models.llama2_7b(tokens=1), models.llama2_7b(tokens=512)
ONE_BLOCK = sequence.llama(
    "one block",
    tokens=1,
    features=4096,
    blocks=1,
    heads=32,
    kv_heads=32,
    hidden=11_008,
)
PAIR = 2 * 32 * 128  # values of keys and values that one layer keeps of one token


def attention(bounds):
    return next(one for one in bounds if one.name == "block0.attention")


def test_a_step_of_attention_by_hand():
    """Four projections of 4096 x 4096; 32 heads of 128 meet 1,000 cached tokens and the
    new one; in and out 4,096 values each; keys and values of 1,001 tokens.
    """
    one = attention(generation.decode(ONE, H100, cached=1000, batch=3))
    assert one.macs == 3 * (4 * 4096**2 + 2 * 32 * 128 * 1001)
    assert one.bytes_once == 2 * (4 * 4096**2 + 3 * (2 * 4096 + PAIR * 1001))


def test_a_prompt_is_the_network_and_writes_its_cache():
    bounds = generation.prefill(PROMPT, H100, batch=2)
    plain = roofline.layers(PROMPT, H100, batch=2)
    assert sum(one.macs for one in bounds) == count(PROMPT, 2).macs
    more = sum(one.bytes_once for one in bounds) - sum(b.bytes_once for b in plain)
    assert more == 32 * 2 * 512 * PAIR * 2


def test_one_sequence_waits_for_weights_and_a_prompt_for_arithmetic():
    step = roofline.network(generation.decode(ONE, H100, cached=512))
    prompt = roofline.network(generation.prefill(PROMPT, H100, fused=True))
    assert step["arithmetic_bound"] == 0 and prompt["arithmetic_bound"] > 0.9
    weights = 2 * count(ONE).weights / H100.bandwidth
    assert weights < step["overlapped_s"] < 1.06 * weights


def test_bytes_of_weights_halve_the_batch_where_arithmetic_takes_over():
    """A layer without cache, of 4,096 by 11,008: where its two times cross."""
    crossing = {}
    for kind in ("fp16", "int8"):
        for batch in range(100, 700, 2):
            how = {"cached": 1, "batch": batch, "weight_dtype": kind}
            bounds = generation.decode(ONE_BLOCK, H100, **how)
            gate = next(one for one in bounds if one.name == "block0.ffn_gate")
            if gate.waits_for == "arithmetic":
                crossing[kind] = batch
                break
    assert crossing["fp16"] == pytest.approx(H100.critical_batch("fp16"), rel=0.12)
    assert crossing["int8"] / crossing["fp16"] == pytest.approx(0.5, abs=0.03)
    assert H100.critical_batch("fp16", "int8") == H100.critical_batch("fp16") / 2


def test_a_smaller_cache_format_halves_its_bytes():
    full, half = (
        attention(generation.decode(ONE, H100, cached=2000, cache_dtype=kind))
        for kind in ("fp16", "int8")
    )
    assert full.bytes_once - half.bytes_once == PAIR * 2001 and full.macs == half.macs


def test_a_batch_sweep_climbs_and_flattens():
    rows = generation.sweep(ONE, H100, (1, 16, 256, 1024), cached=512)
    rates = [row["tokens_per_s"] for row in rows]
    assert rates == sorted(rates)
    weights, cache = count(ONE).weights * 2, 512 * 524_288
    climb = 16 * (weights + cache) / (weights + 16 * cache)
    assert rates[1] / rates[0] == pytest.approx(climb, rel=0.03) and climb < 13
    assert rates[3] < 2 * rates[2]
    assert generation.sweep(ONE, H100, [1], cached=512, weight_dtype="int4")[0][
        "tokens_per_s"
    ] == pytest.approx(4 * rates[0], rel=0.15)


@pytest.mark.parametrize("device", ["RTX 4090", "M2 Ultra"])
def test_no_measured_decoding_beats_the_bound(device):
    """llama.cpp, F16, one sequence: 60 to 100 % of what the bandwidth allows."""
    row = next(
        one
        for one in datasets.table("llm_throughput")
        if (one["device"], one["format"], one["phase"]) == (device, "F16", "decode")
    )
    chip = machines.Machine(
        device, "", {"fp16": 1e15}, 1e9 * row["memory_bw_gb_s"], None, None, None, ""
    )
    (bound,) = generation.sweep(ONE, chip, [1], cached=64)
    assert 0.6 < row["tokens_per_s"] / bound["tokens_per_s"] < 1


def test_what_must_lie_in_memory():
    """Llama-2-7B: 6,738,415,616 parameters; half a mebibyte of cache a token."""
    held = generation.held_bytes(ONE, cached=4096, batch=2)
    assert held == 2 * 6_738_415_616 + 2 * 4096 * 524_288


def test_bad_calls_are_told():
    with pytest.raises(ValueError, match="is built for 512: build it with tokens=1"):
        generation.decode(PROMPT, H100, cached=10)
    with pytest.raises(ValueError, match="cached tokens must be a whole number"):
        generation.decode(ONE, H100, cached=0)
    with pytest.raises(ValueError, match="no causal attention layer"):
        generation.prefill(models.vit_b_16(), H100)
    with pytest.raises(ValueError, match="no published rate for int8"):
        generation.decode(ONE, machines.get("P100"), cached=1, dtype="int8")
    with pytest.raises(ValueError, match="unknown number format 'int99'"):
        generation.decode(ONE, H100, cached=1, weight_dtype="int99")
