"""Memory, partitionings, links, failures and plans, against published figures and sums
by hand.
"""

import json
from pathlib import Path

import pytest

from dlpatterns import datasets, layers, models
from dlpatterns.counting import count
from dlpatterns.counting.counts import count_layer
from dlpatterns.graph import Builder
from dlpatterns.parallel import (
    failures,
    links,
    memory,
    partition,
    planner,
    plans,
    transformer,
)

SC21 = [r for r in datasets.table("published_plans") if r["set"] == "SC21 Table 1"]

TORCH = json.loads((Path(__file__).parent / "pytorch_activations.json").read_text())[
    "cases"
]


def gpt(row):
    hidden = row["hidden"]
    return transformer.Transformer(
        row["model"], row["layers"], hidden, row["heads"], 4 * hidden, 2048, 51_200
    )


def cluster(chips):
    return plans.Cluster("A100", chips, 8, 312e12, 80e9, inside=300e9, across=25e9)


# --- memory


@pytest.mark.parametrize(
    ("stage", "printed"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.88)]
)
def test_zero_as_its_paper_prints_it(stage, printed):
    """Rajbhandari et al. 2020, figure 1: 7.5 B parameters on 64 chips."""
    held = memory.states(7.5e9, shards=64, stage=stage) / 1e9
    assert held == pytest.approx(printed, abs=0.05 if stage < 3 else 0.005)


@pytest.mark.parametrize(
    ("name", "alone", "cut"),
    [
        ("mixed, Megatron-LM", 18, 6 + 12 / 8),
        ("mixed, FP16 gradients kept twice", 20, 4 + 16 / 8),
        ("FP32, Adam", 16, 8 + 8 / 8),
    ],
)
def test_bytes_a_parameter_as_documented(name, alone, cut):
    assert memory.CONVENTIONS[name].total == alone
    assert sum(memory.shares(8, 1, name).values()) == cut


@pytest.mark.parametrize(
    ("name", "printed"),
    [("mixed, DeepSpeed's documents", 15.93), ("mixed, DeepSpeed's code", 11.28)],
)
def test_one_model_and_two_answers_of_one_project(name, printed):
    """2,851 M parameters on 8 chips under ZeRO 2, in GiB."""
    held = memory.states(2851e6, shards=8, stage=2, convention=name) / 2**30
    assert held == pytest.approx(printed, abs=0.005)


def test_activations_of_a_block():
    """Korthikanti et al. 2022, table 2: s = 2048, h = 12288, a = 96, b = 1, t = 8."""
    block = memory.Block(2048, 12_288, 96)
    size, pairs = 2048 * 12_288, 5 * 96 * 2048 / 12_288
    assert memory.activations(block) == size * (34 + pairs)
    assert memory.activations(block, tensor=8) == size * (10 + 24 / 8 + pairs / 8)
    cut = memory.activations(block, tensor=8, sequence_parallel=True)
    assert cut == pytest.approx(size * (34 + pairs) / 8)
    selective = memory.activations(
        block, tensor=8, sequence_parallel=True, recompute="selective"
    )
    assert selective == pytest.approx(size * 34 / 8)
    assert memory.activations(block, recompute="full") == 2 * size


@pytest.mark.parametrize(
    "case", TORCH, ids=lambda case: f"{case['block']} {case['tokens']}"
)
def test_activations_are_what_pytorch_saves(case):
    """To the byte: GPT with dropout, a gated block with shared keys, fused kernels."""
    keys = case["features"] * case["kv_heads"] // case["heads"]
    block = memory.Block(
        case["tokens"],
        case["features"],
        case["heads"],
        keys=keys,
        units=case["units"],
        gated=case["block"] != "GPT",
    )
    recompute = "fused" if "fused" in case["block"] else "none"
    assert memory.activations(block, recompute=recompute) == case["bytes"]


def test_a_gated_block_of_llama():
    """By hand, per token: 4 E + 4 E + 2 E + 4 K + 2 E + 6 U bytes in fused kernels; a
    chip of a context meets all tokens, however few it has.
    """
    block = memory.Block(8192, 16_384, 128, keys=1024, units=53_248, gated=True)
    by_hand = 8192 * (12 * 16_384 + 4 * 1024 + 6 * 53_248)
    assert memory.activations(block, recompute="fused") == by_hand
    part = memory.Block(1024, 16_384, 128, keys=1024, gated=True, others=8192)
    apart = memory.activations(part) - memory.activations(part, recompute="selective")
    assert apart == 1024 * 2 * 128 * 8192


def test_experts_keep_copies_of_their_tokens():
    alone = memory.Block(16, 8, 2, units=32, gated=True)
    dealt = memory.Block(16, 8, 2, units=32, gated=True, routed=2)
    more = memory.activations(dealt) - memory.activations(alone)
    assert more == 16 * 2 * (2 * 8 + 2 * 8)  # each expert's input and its answer


def test_zero_sends_half_as_much_again_if_weights_are_cut():
    two, three = (memory.zero_traffic(1e9, 64, stage) for stage in (2, 3))
    assert three == 1.5 * two == pytest.approx(6e9 * 63 / 64)


# --- partitionings


def feed_forward(tokens=4, features=8, hidden=32):
    net = Builder("feed forward", (tokens, features))
    up = net(layers.Linear(hidden), net.input, name="up")
    act = net(layers.Activation("relu"), up, name="act")
    return net.model(net(layers.Linear(features), act, name="down"))


def test_columns_then_rows_sum_once_each_way():
    model = feed_forward()
    up = partition.columns(model["up"], 4, batch=2)
    down = partition.rows(model["down"], 4, batch=2)
    assert (up.macs, up.params) == (2 * 4 * 8 * 8, 8 * 8 + 8)
    assert (down.macs, down.params) == (2 * 4 * 8 * 8, 8 * 8 + 8)
    assert up.forward == () and down.backward == ()
    answer = 2 * 4 * 8 * 2  # batch, tokens, features, bytes
    assert down.sent == up.sent == 2 * 3 / 4 * answer


def test_heads_are_dealt_out_with_their_projections():
    layer = models.llama2_70b(16)["block0.attention"]
    share = partition.heads(layer, 8, batch=1)
    assert share.params * 8 == 2 * 8192 * (8192 + 1024)
    assert share.sent == 2 * (2 * 7 / 8 * 16 * 8192 * 2)
    with pytest.raises(ValueError, match="16 ranks don't divide key-value heads = 8"):
        partition.heads(layer, 16)


def test_the_batch_is_dealt_out_and_gradients_are_summed():
    share = partition.data(feed_forward()["up"], 4, batch=8)
    assert share.macs == 2 * 4 * 8 * 32
    assert share.sent == 2 * 3 / 4 * (8 * 32 + 32) * 2


def test_tokens_between_cost_no_more_bytes():
    share = partition.rows(feed_forward()["down"], 4)
    cut = partition.sequence(share)
    assert [one.collective for one in cut.forward] == ["reduce-scatter", "all-gather"]
    assert cut.sent == share.sent


def test_words_experts_tokens():
    model = models.mixtral_8x7b(64)
    words = partition.vocabulary(model["embedding"], 8)
    assert words.params == 32_000 * 4096 // 8
    scores = partition.vocabulary(model["projection"], 8)
    assert scores.forward[0].bytes == 64 * 4 and scores.forward[0].times == 2
    dealt = partition.experts(model["block0.experts"], 8, batch=2)
    assert dealt.params == 3 * 4096 * 14_336 + 4096 * 8  # one expert, and the router
    assert dealt.sent == 4 * 7 / 8 * (16 * 2 * 4096 * 2)
    ring = partition.context(model["block0.attention"], 8)
    assert ring.forward[0].sent(8) == 7 * 2 * 8 * 1024 * 2


def test_stages_pass_on_what_later_ones_need():
    """A chain of 8, 32 and 8 features, cut in two: ReLU goes with the first product, or
    with the second; either way 32 features of 4 tokens cross the cut.
    """
    first, last = partition.pipeline(feed_forward(), 2, batch=3)
    assert first.macs == last.macs == 3 * 4 * 8 * 32
    assert first.params + last.params == 2 * 8 * 32 + 32 + 8
    assert first.forward[0].bytes == last.backward[0].bytes == 3 * 4 * 32 * 2
    assert first.backward == last.forward == ()
    assert first.sent == last.sent == 3 * 4 * 32 * 2


def test_a_shortcut_crosses_a_cut_as_well():
    """Between two blocks one stream crosses; inside a block, the stream beside it."""
    model = models.gpt2(16)
    halves = partition.pipeline(model, 2)
    best = min(
        max(sum(work[:at]), sum(work[at:]))
        for work in [[count_layer(one).macs for one in model.layers]]
        for at in range(1, len(work))
    )
    assert max(one.macs for one in halves) == best
    streams = halves[0].forward[0].bytes / (16 * 768 * 2)
    assert streams in (1, 2, 5)  # 5: the stream, and four times as many units
    assert sum(one.params for one in halves) == count(model).params


def test_every_stage_has_a_layer():
    shares = partition.pipeline(feed_forward(), 3)
    assert [one.macs > 0 for one in shares] == [True, False, True]
    with pytest.raises(ValueError, match="4 stages are more than the 3 layers"):
        partition.pipeline(feed_forward(), 4)


def test_what_a_rank_holds():
    """By hand: inputs of 2 x 4 x 8 numbers, whole for columns, cut for rows; attention
    its input, and queries, keys, values and answers of its heads.
    """
    model = feed_forward()
    assert partition.columns(model["up"], 4, batch=2).held == 2 * 4 * 8
    assert partition.rows(model["down"], 4, batch=2).held == 2 * 4 * 32 // 4
    layer = models.llama2_70b(16)["block0.attention"]
    inside = 16 * (2 * 8192 + 2 * 1024)
    assert partition.heads(layer, 8).held == 16 * 8192 + inside // 8
    assert partition.data(layer, 8, batch=8).held == 16 * 8192 + inside
    assert partition.context(layer, 8).held == (16 * 8192 + inside) // 8
    dealt = partition.experts(models.mixtral_8x7b(64)["block0.experts"], 8)
    assert dealt.held == 64 * (4096 + 2 * (2 * 4096 + 4 * 14_336)) // 8
    share = partition.rows(model["down"], 4, batch=2)
    assert share.memory() == 18 * share.params + 2 * share.held


def test_tokens_of_a_normalisation_are_dealt_out():
    layer = models.llama2_70b(16)["block0.norm1"]
    share = partition.between(layer, 8)
    assert (share.params, share.held) == (8192, 16 * 8192 // 8)
    assert share.sent == 2 * 7 / 8 * 8192 * 2
    with pytest.raises(ValueError, match="3 ranks don't divide tokens = 16"):
        partition.between(layer, 3)


# --- links and failures


def test_thresholds_by_hand():
    """At each threshold the time of the arithmetic is that of the messages."""
    peak, width, ranks = 1e15, 1e11, 8
    tokens = links.tokens_for_data(peak, width, ranks)
    assert 4 * tokens / peak == pytest.approx(2 * 7 / 8 * 2 / width)
    tokens = links.tokens_for_sharded(peak, width, ranks)
    assert 2 * tokens / peak == pytest.approx(7 / 8 * 2 / width)
    hidden = links.hidden_for_tensor(peak, width, ranks)
    assert 4 * hidden / ranks / peak == pytest.approx(2 * 7 / 8 * 2 / width)
    gated = links.hidden_for_tensor(peak, width, ranks, matrices=3)
    assert 6 * gated / ranks / peak == pytest.approx(2 * 7 / 8 * 2 / width)
    hidden = links.hidden_for_experts(peak, width, ranks)
    assert 6 * hidden / peak == pytest.approx(2 * 7 / 8 * 2 / width)
    tokens = links.tokens_for_context(peak, width, heads=64, kv_heads=8)
    assert 4 * tokens * 64 / peak == pytest.approx(2 * 8 * 2 / width)
    blocks = links.blocks_for_pipeline(peak, width, features=1000)
    assert 24 * 1000**2 * blocks / peak == pytest.approx(2 * 1000 / width)


def test_saving_at_dalys_interval_loses_least():
    saving, mean, restart = 0.05, 3.0, 0.1
    best = failures.daly(saving, mean)
    least = failures.lost(best, saving, mean, restart)
    for factor in (0.7, 0.9, 1.1, 1.4):
        assert failures.lost(best * factor, saving, mean, restart) > least
    assert failures.young(saving, mean) == pytest.approx(0.3**0.5)
    assert failures.simulated(best, saving, mean, restart) == pytest.approx(
        least, abs=0.005
    )
    assert failures.daly(7.0, mean) == mean


def test_failures_of_a_cluster():
    """Llama 3: 419 unexpected interruptions in 54 days on 16,384 chips."""
    chip = 54 * 24 * 16_384 / 419
    assert failures.between(chip, 16_384) == pytest.approx(3.09, abs=0.01)


# --- plans


@pytest.mark.parametrize("row", SC21, ids=lambda row: row["model"])
def test_published_rates_from_published_steps(row):
    """SC21, table 1: rate and share of the peak as printed, recomputation included."""
    chips, seconds = row["chips"], row["derived_step_seconds"]
    used = plans.utilisation(
        gpt(row), cluster(chips), row["global_batch"], seconds, recomputed=True
    )
    assert round(100 * used) == pytest.approx(row["published_percent_peak"], abs=1)
    assert 312 * used == pytest.approx(row["published_tflops_per_gpu"], rel=0.005)
    without = plans.utilisation(gpt(row), cluster(chips), row["global_batch"], seconds)
    assert 100 * without == pytest.approx(
        row["derived_mfu_percent_without_recompute"], abs=0.05
    )


@pytest.mark.parametrize("row", SC21, ids=lambda row: row["model"])
def test_published_plans_fit_and_take_longer_than_the_bound(row):
    plan = plans.Plan(
        row["dp"],
        row["tp"],
        row["pp"],
        micro_batch=row["micro_batch"],
        parts=row["vp"] or 1,
        recompute="full",
        stage=0,
        sequence_parallel=False,
    )
    cost = plans.cost(gpt(row), cluster(row["chips"]), plan, row["global_batch"])
    assert cost.memory < 80e9
    assert cost.one_by_one < row["derived_step_seconds"]
    assert cost.overlapped <= cost.one_by_one


def test_parameters_of_published_models():
    """SC21's equation 2 adds 13 vectors a block and a table of positions; Mixtral's
    published total adds its vectors and routers.
    """
    row = next(row for row in SC21 if row["model"] == "GPT 145.6B")
    vectors = 13 * 80 * 12_288 + 2048 * 12_288
    assert gpt(row).params + vectors == row["eq2_params"] == 145_622_237_184
    mixtral = transformer.Transformer(
        "Mixtral", 32, 4096, 32, 14_336, 4096, 32_000, kv_heads=8,
        gated=True, tied=False, experts=8, active=2,
    )  # fmt: skip
    vectors = (2 * 32 + 1) * 4096 + 32 * 8 * 4096
    assert mixtral.params + vectors == 46_702_792_704


def test_the_work_of_a_token_is_what_the_library_counts():
    llama = transformer.Transformer(
        "Llama-2-70B", 80, 8192, 64, 28_672, 512, 32_000, kv_heads=8, gated=True,
        tied=False,
    )  # fmt: skip
    counted = count(models.llama2_70b(512))
    assert llama.macs() * 512 == counted.macs
    vectors = counted.params - llama.params
    assert vectors == (2 * 80 + 1) * 8192


def test_the_search_finds_the_fastest_that_fits():
    model = transformer.Transformer("GPT", 24, 2304, 24, 9216, 2048, 51_200)
    found = planner.search(model, cluster(32), 512)
    assert all(one.memory <= 80e9 for one in found)
    times = [one.one_by_one for one in found]
    assert times == sorted(times)
    one = found[0].plan
    assert plans.cost(model, cluster(32), one, 512) == found[0]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (plans.Plan(data=4, tensor=8), "takes 32 chips, A100 has 16"),
        (plans.Plan(tensor=16), "tensor = 16 doesn't divide heads = 24"),
        (plans.Plan(data=16, micro_batch=3), "doesn't divide batch = 512"),
        (plans.Plan(pipeline=16, parts=2), "32 stages are more than 24 layers"),
        (plans.Plan(context=16, expert=2), "expert = 2 doesn't divide experts = 1"),
    ],
)
def test_plans_that_do_not_divide(plan, said):
    model = transformer.Transformer("GPT", 24, 2304, 24, 9216, 2048, 51_200)
    with pytest.raises(ValueError, match=said):
        plans.cost(model, cluster(16), plan, 512)


def test_key_value_heads_that_ranks_cannot_share():
    model = transformer.Transformer("x", 4, 96, 12, 96, 8, 96, kv_heads=3)
    with pytest.raises(ValueError, match="tensor = 2 and key-value heads = 3"):
        plans.cost(model, cluster(2), plans.Plan(tensor=2), 8)
    copied = plans.cost(model, cluster(6), plans.Plan(tensor=6), 8)
    assert copied.tensor > 0


def test_words_that_are_not_padded():
    model = transformer.Transformer("GPT-2", 12, 768, 12, 3072, 1024, 50_257)
    with pytest.raises(ValueError, match="tensor = 4 doesn't divide words = 50257"):
        plans.cost(model, cluster(4), plans.Plan(tensor=4), 8)
    embedding = models.gpt2(8)["embedding"]
    with pytest.raises(ValueError, match="4 ranks don't divide vocabulary = 50257"):
        partition.vocabulary(embedding, 4)


def test_a_model_that_cannot_fit():
    huge = transformer.Transformer("huge", 96, 20_480, 128, 81_920, 2048, 51_200)
    with pytest.raises(ValueError, match=r"huge doesn't fit A100: the smallest of \d+"):
        planner.search(huge, cluster(8), 8)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: memory.states(1e9, shards=2, stage=4), "a stage of ZeRO is 0, 1, 2"),
        (lambda: memory.states(1e9, convention="none"), "there is no convention"),
        (lambda: memory.states(-1), "params is finite and above 0"),
        (
            lambda: memory.activations(memory.Block(8, 8, 2), recompute="half"),
            "recompute is one of",
        ),
        (lambda: memory.Block(0, 8, 2), "tokens is at least 1"),
        (
            lambda: partition.columns(feed_forward()["up"], 5),
            "5 ranks don't divide outputs = 32; take a divisor",
        ),
        (lambda: partition.rows(feed_forward()["act"], 2), "Linear can"),
        (lambda: partition.data(feed_forward()["up"], 3, 8), "don't divide batch = 8"),
        (lambda: links.tokens_for_data(1e15, 0, 8), "bandwidth is finite and above 0"),
        (lambda: links.hidden_for_tensor(1e15, 1e11, 1), "ranks is at least 2"),
        (lambda: failures.lost(0, 1, 1), "interval is finite and above 0"),
        (lambda: failures.lost(1, 1, 1, -1), "less than no time"),
        (
            lambda: plans.Cluster("x", 8, 8, 1e12, 1e9, 1e9, 1e9, reached=1.2),
            "reached is a share",
        ),
        (
            lambda: transformer.Transformer("x", 0, 8, 2, 8, 8, 8),
            "layers is at least 1",
        ),
    ],
)
def test_bad_calls(call, said):
    with pytest.raises(ValueError, match=said):
        call()
