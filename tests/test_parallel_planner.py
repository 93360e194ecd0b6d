"""Published runs beside our model of them, the planner's choice and its reasons."""

import time

import pytest

from dlpatterns import datasets
from dlpatterns.parallel import pipeline, planner, plans, published, schedules
from dlpatterns.parallel.transformer import Transformer

RUNS = (
    *published.sc21(),
    *published.korthikanti(),
    *published.llama3(),
    published.palm(),
    published.deepseek(),
)
SMALL = Transformer("GPT", 24, 2304, 24, 9216, 2048, 51_200)


def name(run):
    return f"{run.model.name} {run.cluster.chips} {run.model.tokens}"


# --- models and runs as published


def test_parameters_of_published_models():
    """Chowdhery et al. 2022: 540.35 B; DeepSeek-V3's weights: 671.03 B with vectors and
    routers, 37 B of them active; Llama 3.1: 405 B.
    """
    assert round(published.PALM.params / 1e9, 2) == 540.35
    routers = 58 * 256 * 7168
    assert round((published.DEEPSEEK.params + routers) / 1e9, 2) == 671.03
    assert round(published.DEEPSEEK.used / 1e9) == 37
    llama = published.LLAMA3[8192]
    vectors = (2 * 126 + 1) * 16_384
    assert llama.params + vectors == 405_853_388_800


def test_palm_by_the_formula_of_its_appendix():
    """Chowdhery et al. 2022, appendix B: 6 N + 12 L H Q T FLOP a token, 238.3 thousand
    tokens a second, 275 TFLOP/s a chip: 46.2 %, and 45.7 % without attention.
    """
    flops = 6 * 540.35e9 + 12 * 118 * 48 * 256 * 2048
    by_hand = 100 * 238.3e3 * flops / (6144 * 275e12)
    run = published.palm()
    seconds = 2048 * 2048 / 238.3e3
    assert run.share(seconds) == pytest.approx(by_hand, rel=1e-4)
    assert round(by_hand, 1) == run.printed == 46.2
    weights = run.share(seconds) * run.model.used / run.model.macs()
    assert round(weights, 1) == 45.7


@pytest.mark.parametrize("run", published.korthikanti(), ids=name)
def test_what_is_printed_as_hardware_utilisation(run):
    """Korthikanti et al. 2022, table 5: the printed HFU follows from the printed MFU if
    all pairs count twice; the forward pairs, done again, are a third of that.
    """
    (row,) = [
        row
        for row in datasets.table("published_plans")
        if row["set"].startswith("Korthikanti") and row["model"] == run.model.name
    ]
    size, tokens = run.model.features, run.model.tokens
    more = (1 + tokens / (3 * size)) / (1 + tokens / (6 * size))
    assert run.printed * more == pytest.approx(row["published_hfu_percent"], abs=0.1)


def test_pairs_decide_what_a_long_context_reaches():
    """By hand, at 131,072 tokens: 126 blocks of 2 T E MACs a token beside 404 B."""
    run = published.llama3()[2]
    pairs = 126 * 2 * 131_072 * 16_384
    weights = run.model.params - run.model.words
    both = run.share(10.0, causal_half=True) / run.share(10.0)
    assert both == pytest.approx((weights + pairs / 2) / (weights + pairs))


def test_seconds_of_deepseek():
    """180 thousand hours for 10^12 tokens on 2,048 chips: 3.7 days, as printed."""
    run = published.deepseek()
    steps = 1e12 / (run.batch * run.model.tokens)
    assert round(steps * run.seconds / 86_400, 1) == 3.7


@pytest.mark.parametrize("run", RUNS, ids=name)
def test_no_run_was_faster_than_its_bound(run):
    assert run.cost.overlapped < run.seconds
    assert run.cost.overlapped <= run.cost.one_by_one


def test_what_did_not_fit_is_two_runs():
    """Llama 3 and DeepSeek-V3 free or shorten what we count as kept."""
    over = [name(run) for run in RUNS if run.cost.memory > run.cluster.memory]
    assert over == ["Llama-3.1-405B 8192 8192", "DeepSeek-V3 2048 4096"]


# --- terms of a plan


def test_a_stage_is_whole_blocks():
    """36 blocks on 8 stages: the fullest has 5, and the step waits for it."""
    model = Transformer("GPT", 36, 4096, 32, 16_384, 2048, 51_200)
    cluster = published.a100(8)
    even = plans.cost(model, cluster, plans.Plan(tensor=2, pipeline=4), 64)
    uneven = plans.cost(model, cluster, plans.Plan(pipeline=8), 64)
    blocks = 64 * 2048 * 3 * 5 * (model.macs() - model.words) / 36
    assert uneven.compute == pytest.approx(blocks / cluster.macs_per_second)
    assert uneven.compute > even.compute


@pytest.mark.parametrize("schedule", ["1F1B", "ZB-H1", "ZBV", "DualPipe"])
def test_a_plan_waits_as_its_schedule_runs(schedule):
    """The bubble's share of a chip's work is that of the run event by event."""
    plan = plans.Plan(pipeline=4, schedule=schedule)
    one = plans.cost(SMALL, published.a100(4), plan, 16)
    run = pipeline.run(schedules.MAKERS[schedule](4, 16))
    assert one.bubble / one.compute == pytest.approx(run.bubble / 48)
    held = max(map(run.held, range(4)))
    alone = plans.cost(SMALL, published.a100(4), plans.Plan(pipeline=4), 16)
    assert one.activations / alone.activations == pytest.approx(held / 4)


def test_interleaving_holds_no_more_than_there_are():
    """As the run event by event holds it; with p micro-batches no more than all."""
    for micro in (4, 16):
        plan = plans.Plan(pipeline=4, parts=2)
        one = plans.cost(SMALL, published.a100(4), plan, micro)
        alone = plans.cost(SMALL, published.a100(4), plans.Plan(pipeline=4), micro)
        held = pipeline.run(schedules.interleaved(4, micro)).held(0)
        assert one.activations / alone.activations == pytest.approx(held / 4)


def test_experts_on_few_nodes_take_fewer_copies():
    """DeepSeek-V3 sends a token to four nodes at most, for eight experts."""
    run = published.deepseek()
    anywhere = Transformer(**vars(run.model) | {"reach": None})
    more = plans.cost(anywhere, run.cluster, run.plan, run.batch)
    assert more.expert == pytest.approx(2 * run.cost.expert)


# --- the planner


def test_the_winner_is_the_fastest_of_all_that_divide():
    """Against every plan of a small cluster tried one by one."""
    cluster = published.a100(16)
    tried = []
    sizes = (1, 2, 4, 8, 16)
    for data, tensor, stages in (
        (d, t, p) for d in sizes for t in sizes for p in sizes
    ):
        for micro_batch in sizes:
            for parts in planner.PARTS:
                for recompute in ("none", "fused", "selective", "full"):
                    plan = plans.Plan(
                        data,
                        tensor,
                        stages,
                        micro_batch=micro_batch,
                        parts=parts,
                        recompute=recompute,
                    )
                    try:
                        tried.append(plans.cost(SMALL, cluster, plan, 64))
                    except ValueError:
                        continue
    fitting = [one for one in tried if one.memory <= cluster.memory]
    found = planner.search(SMALL, cluster, 64)
    assert found[0].one_by_one == min(one.one_by_one for one in fitting)
    assert {one.plan for one in found} == {one.plan for one in fitting}


def test_an_explanation_adds_up():
    winner, other = planner.search(SMALL, published.a100(32), 512)[:8:7]
    rows = planner.explain({"winner": winner, "other": other})
    for who, cost in (("winner", winner), ("other", other)):
        seconds = [row[who] for row in rows if row["term"].endswith(", s")]
        assert sum(seconds[:-1]) == pytest.approx(seconds[-1]) == cost.one_by_one
        held = [row[who] for row in rows if row["term"].endswith(", GB")]
        assert sum(held[:-1]) == pytest.approx(held[-1]) == cost.memory / 1e9
    gained, seconds, paid, price = planner.reason(winner, other)
    term = next(row for row in rows if row["term"] == f"{gained}, s")
    assert seconds == pytest.approx(term["other"] - term["winner"])
    assert seconds > price >= 0
    assert gained != paid


def test_ten_thousand_plans_a_second():
    """In time of the processor; benchmarks/planner.py has the rates."""
    run = published.deepseek()
    start = time.process_time()
    kinds = {"schedules": ("1F1B", "ZBV", "DualPipe")}
    found = sum(1 for _ in planner.candidates(run.model, run.cluster, 15_360, **kinds))
    planner.search(run.model, run.cluster, 15_360, **kinds)
    assert found / (time.process_time() - start) > 10_000


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: planner.explain({}), "needs two or more plans, got none"),
        (
            lambda: planner.search(SMALL, published.a100(7), 5, stages=(4,)),
            "stage of ZeRO is 0, 1, 2 or 3",
        ),
        (
            lambda: planner.search(SMALL, published.a100(31), 2),
            "no plan divides GPT, 2 sequences and 31 chips",
        ),
        (
            lambda: plans.cost(
                SMALL, published.a100(4), plans.Plan(pipeline=4, schedule="new"), 8
            ),
            "there is no schedule 'new'; there are 1F1B",
        ),
        (
            lambda: plans.cost(
                SMALL, published.a100(4), plans.Plan(pipeline=4, schedule="ZBV"), 7
            ),
            "ZBV needs two micro-batches a stage, got 7",
        ),
        (
            lambda: plans.cost(
                SMALL,
                published.a100(3),
                plans.Plan(pipeline=3, schedule="DualPipe"),
                12,
            ),
            "DualPipe needs an even number of stages, got 3",
        ),
        (
            lambda: plans.cost(
                SMALL,
                published.a100(4),
                plans.Plan(pipeline=4, parts=2, schedule="ZB-H1"),
                8,
            ),
            "ZB-H1 cuts a chip's layers itself; leave parts at 1",
        ),
        (
            lambda: Transformer("x", 2, 8, 2, 8, 8, 8, dense=3),
            "x: 3 dense blocks of 2 layers",
        ),
        (lambda: published.tpu_v4(0), "chips is at least 1"),
    ],
)
def test_bad_calls(call, said):
    with pytest.raises(ValueError, match=said):
        call()
