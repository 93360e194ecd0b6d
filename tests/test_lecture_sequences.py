"""What the lecture on recurrence and attention counts, replays, draws and stores."""

import itertools
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dlpatterns.datasets import measurement
from dlpatterns.kernels import attention
from dlpatterns.lectures.sequences import (
    blocks,
    drawings,
    heads,
    memory,
    recurrence,
    traffic,
    world,
)

# --- Recurrent layers -----------------------------------------------------------------


def test_an_lstm_is_as_large_as_keras_and_pytorch_say():
    """Keras prints 3,382,600 for LSTM(650) on 650 inputs; PyTorch's layer holds
    3,385,200 numbers.
    """
    rows = {
        row["cell"]: row for row in recurrence.sizes(units=650, inputs=650, steps=35)
    }
    assert (rows["LSTM"]["one bias"], rows["LSTM"]["two biases"]) == (
        3_382_600,
        3_385_200,
    )
    assert [rows[kind]["sums a unit"] for kind in ("RNN", "GRU", "LSTM")] == [1, 3, 4]
    assert rows["RNN"]["MACs"] == 35 * 650 * 1300


def test_tallies_by_hand():
    """Six steps, three units, each sum over four inputs and three states: 126 MACs a
    sum; a reset after the product adds one MAC a unit and step.
    """
    rows = {row["kernel"]: row for row in recurrence.tallies()}
    found = {
        name: (row["MACs, formula"], row["MACs, tally"]) for name, row in rows.items()
    }
    assert found == {
        "RNN": (126, 126),
        "LSTM": (504, 504),
        "GRU, reset before": (378, 378),
        "GRU, reset after": (378, 378 + 18),
    }
    assert rows["LSTM"]["tanh"] == 2 * 18 and rows["LSTM"]["exp"] == 3 * 18


def test_paths():
    """At T = 2 E an LSTM's 8 T E² MACs are attention's 4 T E² + 2 T² E."""
    lstm, other = recurrence.paths((1024,))
    assert lstm["MACs"] == other["MACs"] == 8 * 1024 * 512**2
    assert (lstm["products in a row"], other["products in a row"]) == (1025, 4)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 64, 100])
def test_a_scan_is_the_loop(steps):
    rng = np.random.default_rng(steps)
    decay, inputs = rng.uniform(-1, 1, (2, steps, 3))
    states, rounds, products = recurrence.scan(decay, inputs)
    state = np.zeros(3)
    for t in range(steps):
        state = decay[t] * state + inputs[t]
        np.testing.assert_allclose(states[t], state, atol=1e-12)
    assert 2**rounds >= steps > 2 ** (rounds - 1) - (steps == 1)
    lengths = [steps - 2**k for k in range(rounds)]  # what a round still merges
    assert products == 2 * 3 * sum(lengths)


def test_a_scan_of_4096_steps_by_hand():
    """Twelve rounds; 2 (12 x 4,096 - 4,095) products a unit, 4,096 in the loop."""
    found = recurrence.scanned(4096, units=4)
    assert found["apart"] < 1e-12 and found["rounds"] == 12
    assert found["times"] == 2 * (12 * 4096 - 4095) / 4096


def test_a_written_token_waits_for_the_last_one():
    assert recurrence.written(4096) == {"LSTM": 2 * 4096, "attention": 4 * 4096}


# --- Heads and blocks -----------------------------------------------------------------


def test_scores_have_the_deviation_of_the_root_of_d():
    for row in heads.score_sizes((16, 64, 256)):
        assert row["deviation, bare"] == pytest.approx(row["D"] ** 0.5, rel=0.1)
        assert row["deviation, scaled"] == pytest.approx(1, rel=0.11)


def test_pairs_by_hand():
    """Two heads, six tokens: 36 pairs each, or 21; eight MACs a pair."""
    full, causal = heads.pairs()
    assert (full["pairs"], causal["pairs"]) == (72, 42)
    for row in (full, causal):
        assert row["MACs, tally"] == row["MACs, formula"] == 8 * row["pairs"]
        assert row["exp"] == row["pairs"]


def test_a_cache_changes_nothing():
    apart, kept = heads.cached()
    assert apart < 1e-12 and kept == 128


def test_parts_of_a_block_by_hand():
    """512 tokens of 512 features, 2048 hidden: 4 T E² + 2 T² E, and 2 T E U."""
    rows = {row["part"]: row for row in blocks.parts_of_blocks()}
    assert rows["self-attention"]["encoder MACs"] == 6 * 512**3
    assert rows["feed forward"]["decoder MACs"] == 2 * 512 * 512 * 2048
    assert rows["cross-attention"]["params"] == 4 * 512**2
    assert rows["cross-attention"]["encoder MACs"] == 0
    assert rows["feed forward"]["params"] == 2 * 512 * 2048 + 2048 + 512
    assert rows["normalisation"]["params"] == 2 * 2 * 512
    assert rows["shortcuts"]["other, decoder"] == 3 * 512 * 512


def test_crossovers_by_hand():
    rows = {row["network"]: row for row in blocks.crossovers()}
    assert rows["GPT-2"]["count"] == 3072  # U
    assert rows["Llama-2-7B"]["count"] == 11_008 * 3 // 2
    assert rows["Llama-3.1-405B"]["count"] == 53_248 * 3 // 2
    # 2 T² E = T (2 E² + 2 E² / 4) + 3 T E U with four query heads a key head
    assert rows["Llama-3.1-8B"]["all dense"] == (2.5 * 4096 + 3 * 14_336) / 2
    ratio = rows["Llama-3.1-8B"]["pairs / feed forward"]
    assert ratio == pytest.approx(2 * 131_072 / (3 * 14_336))
    assert (
        blocks.formula("GPT-2") == 3072 and rows["Transformer base"]["context"] is None
    )


def test_decoding_reads_weights_once_and_every_cache():
    """Llama-2-7B without its embedding and norms: weights of two bytes; a cache of
    524,288 bytes a token.
    """
    macs, read, kept = blocks.decode("Llama-2-7B", 1000)
    weights = 6_738_415_616 - 32_000 * 4096 - 65 * 4096  # norms are no weights
    assert kept == 524_288_000
    assert read[0] == 2 * weights + kept and read[1] - read[0] == 3 * kept
    assert macs[0] == weights + 2 * 4096 * 32 * 1000


def test_a_pass_without_a_prompt_is_a_step_of_decoding():
    macs, read, _ = blocks.decode("Llama-2-7B", 1000)
    alone = blocks.mixed("Llama-2-7B", context=1000, batch=4, chunk=0)
    assert alone == pytest.approx(macs[1] / read[1])


def test_a_prompt_beside_decoding_by_hand():
    """512 tokens of 6.6 billion weights and 512 x 512 pairs of 2 x 4,096 x 32 products;
    the weights once, and 512 tokens of 524,288 bytes.
    """
    weights = 6_738_415_616 - 32_000 * 4096 - 65 * 4096
    macs = 512 * weights + 512**2 * 2 * 4096 * 32
    expected = macs / (2 * weights + 512 * 524_288)
    found = blocks.mixed("Llama-2-7B", context=1024, batch=0, chunk=512)
    assert found == pytest.approx(expected)


def test_latent_vectors_cost_macs_and_save_bytes():
    """DeepSeek-V3: 2 x 512 + 64 products a pair and head instead of 128 + 64 + 128;
    576 numbers instead of 128 x 320.
    """
    found = blocks.absorbed()
    assert (found["latent"], found["unfolded"]) == (1088, 320)
    assert found["fewer"] == pytest.approx(128 * 320 / 576)


def test_balance_of_an_h100():
    """989.4 TFLOP/s, two a MAC; 3.35 TB/s."""
    assert blocks.balance() == pytest.approx(989.4e12 / 2 / 3.35e12)


# --- Traffic --------------------------------------------------------------------------


@pytest.mark.parametrize(("tokens", "dim"), [(256, 64), (512, 64), (512, 128)])
def test_replay_agrees_with_formula_where_nothing_else_fits(tokens, dim):
    arrays = tuple(np.random.default_rng(0).normal(size=(3, 1, 1, tokens, dim)))
    arrays = tuple(x.astype(np.float32) for x in arrays)
    size = 2**18 if dim == 64 else 2**19
    for rows in (32, 64):
        kernel = partial(attention.attention_tiled, tile=(rows, 64))
        buffer = traffic.replay(kernel, arrays, size)
        if 2 * 4 * tokens * dim > size:  # keys and values do not stay
            assert buffer.read + buffer.written == traffic.tiles(tokens, dim, rows)
        assert buffer.written == 4 * tokens * dim
    plain = traffic.replay(attention.attention_matmul, arrays, 2**16)
    assert plain.read + plain.written == traffic.whole_matrix(tokens, dim)


def test_with_room_for_everything_only_the_least_moves():
    arrays = tuple(np.random.default_rng(0).normal(size=(3, 1, 1, 256, 64)))
    arrays = tuple(x.astype(np.float32) for x in arrays)
    for kernel in (attention.attention_matmul, attention.attention_tiled):
        buffer = traffic.replay(kernel, arrays, 2**26)
        assert buffer.read + buffer.written == traffic.once(256, 64) == 4 * 65_536


def test_the_replayed_kernel_gives_the_same_answer():
    arrays = np.random.default_rng(0).normal(size=(3, 1, 2, 40, 8)).astype(np.float32)
    seen = []

    def kernel(*heads):
        seen.append(attention.attention_tiled(*heads, tile=(16, 8)))
        return seen[0]

    traffic.replay(kernel, tuple(arrays), 2**16)
    np.testing.assert_array_equal(
        np.asarray(seen[0]), attention.attention_tiled(*arrays, tile=(16, 8))
    )


def test_a_buffer_by_hand():
    """Room for two lines. Lines 0 and 1 come in, 0 is used again, 2 drives out 1; 1
    comes again and drives out 0; a changed line is written when it leaves.
    """
    buffer = traffic.Buffer(2 * traffic.LINE)
    for line, write in ((0, False), (1, True), (0, False), (2, False), (1, False)):
        start = line * traffic.LINE
        buffer.touch(7, (start, start + 1), write=write)
    assert buffer.read == 3 * traffic.LINE  # 0, 2, and 1 the second time
    assert buffer.written == traffic.LINE  # 1, changed, when it left
    buffer.touch(8, (0, 1), write=True)
    buffer.forget(8)
    buffer.flush()
    assert buffer.written == traffic.LINE  # what is forgotten is not written


def test_without_a_buffer_every_mac_fetches_twice():
    """16 tokens, 4 features: 2 · 16² · 4 MACs, two operands, four bytes."""
    assert traffic.unbuffered(16, 4) == 2 * 16 * 16 * 4 * 2 * 4


def test_memory_grows_with_the_square_or_hardly():
    short, long = traffic.memory((512, 2048))
    assert long["attention_matmul"] > 12 * short["attention_matmul"]
    assert long["attention_tiled"] <= 4 * max(1, short["attention_tiled"])


# --- The study of memory --------------------------------------------------------------


@pytest.mark.parametrize(("steps", "symbols"), [(1, 8), (3, 2), (4, 3), (5, 2)])
def test_the_best_blind_guess_by_enumeration(steps, symbols):
    largest = [
        max(map(sequence.count, sequence))
        for sequence in itertools.product(range(symbols), repeat=steps)
    ]
    assert memory.blind(steps, symbols) == pytest.approx(np.mean(largest) / steps)


def test_only_attention_without_positions_is_blind_to_order():
    changes = {row["network"]: row["answer changes"] for row in memory.shuffled()}
    assert changes.pop("attention") is False
    assert all(changes.values())


def test_networks_of_a_task_do_nearly_the_same_macs():
    for task in memory.TASKS:
        macs = [row["MACs"] for row in memory.results() if row["task"] == task]
        assert max(macs) < 1.05 * min(macs)


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([1.0, 0.5, 0.009], "solved"),
        ([1.0] * 9, ""),
        ([1.0] * 10, "still"),
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.49, 0.48, 0.47, 0.46], ""),
        ([2.0 - 0.05 * i for i in range(20)], "limit"),
    ],
)
def test_when_a_run_ends(losses, reason):
    curve = [[500 * (i + 1), loss, []] for i, loss in enumerate(losses)]
    assert memory.ending(curve, 10_000) == reason


def test_a_run_that_goes_on_falls_to_a_tenth_of_the_rate(monkeypatch):
    """Two points at the full rate and one at a tenth: the second half differs from a
    run that keeps its rate, the first does not.
    """
    monkeypatch.setattr(memory, "CHUNK", 20)
    monkeypatch.setattr(memory, "LIMIT", 40)
    on = memory.run_arm(memory.Arm("order", "RNN", on=True), 0)
    kept = memory.run_arm(memory.Arm("order", "RNN"), 0, updates=60)
    assert on["fell"] == [40, "limit"] and on["ended"] == "limit"
    assert [point[0] for point in on["curve"]] == [20, 40, 60]
    assert on["curve"][:2] == kept["curve"][:2]
    assert kept["fell"] is None and len(kept["curve"]) == 3


def test_a_longer_task_asks_at_longer_distances():
    order, content = memory.TASKS["order"].longer(2), memory.TASKS["content"].longer(4)
    assert (order.tokens, order.vocabulary, order.distances[-1]) == (25, 8 + 24, 22)
    assert (content.tokens, content.vocabulary) == (96, 16)
    assert memory.TASKS["order"].longer(1) == memory.TASKS["order"]


def test_what_is_stored_is_the_study():
    stored = measurement("sequence_memory")
    assert {"date", "versions", "made_by"} <= set(stored)
    for arm, seeds in memory.arms():
        assert [run["seed"] for run in memory.stored()[arm]] == list(seeds), arm
    for runs in memory.stored().values():
        for run in runs:
            assert run["ended"] in ("solved", "still", "limit")


def test_runs_to_the_end_turn_the_order_round():
    """Read from the file itself: every run that went on stood still or has the task,
    and each RNN's beats each LSTM's.
    """
    runs = [run for run in measurement("sequence_memory")["runs"] if run["on"]]
    assert {run["ended"] for run in runs} == {"still", "solved"}
    ends = {"RNN": [], "LSTM": []}
    for run in runs:
        if run["width"] == run["length"] == 1:
            ends[run["network"]].append(np.mean(run["curve"][-1][2]))
    assert [len(right) for right in ends.values()] == [5, 5]
    assert min(ends["RNN"]) > 99 > 97 > max(ends["LSTM"])
    assert memory.chances().turned
    table = {row["network"]: row for row in memory.to_the_end()}
    assert table["LSTM"]["24, twice as wide"] == "20 % (1)"
    assert table["attention, positions"]["twice as wide"] == "-"


@pytest.mark.parametrize("name", ["RNN", "LSTM", "attention", "attention, positions"])
def test_one_seed_again(name):
    """The first 500 updates of a stored run, trained once more."""
    arm = memory.Arm("order", name)
    updates, loss, right = memory.run_arm(arm, 0, updates=500)["curve"][0]
    expected = next(run for run in memory.stored()[arm] if run["seed"] == 0)["curve"][0]
    assert updates == expected[0]
    assert loss == pytest.approx(expected[1], abs=0.01)
    np.testing.assert_allclose(right, expected[2], atol=3)


# --- Beside two libraries -------------------------------------------------------------


def test_the_lecture_reads_what_the_benchmark_stored():
    root = Path(__file__).resolve().parent.parent
    stored = json.loads((root / "benchmarks/results/sequences.json").read_text())
    assert measurement("sequence_speed") == stored


def test_every_peer_stands_beside_causal_attention():
    rows = {row["kernel"]: row for row in world.speeds()}
    assert list(rows)[:3] == [
        "PyTorch",
        "ONNX, MultiHeadAttention",
        "ONNX, GroupQueryAttention",
    ]
    stored = measurement("sequence_speed")["threads"]
    for threads, part in stored.items():
        cases = [row for row in part["rows"] if row["case"] == "attention_causal"]
        forms = part["onnxruntime_forms_ms"]["attention_causal"]
        peers = {"PyTorch": cases[0]["torch_ms"]}
        peers |= {f"ONNX, {name}": each for name, each in forms.items()}
        for name, milliseconds in peers.items():
            assert rows[name][f"ms, {threads}"] == milliseconds
        fast = [r["ms"] for r in cases if r["rung"].startswith("attention_fast")]
        ours = rows["ours, attention_fast"]
        assert ours[f"ms, {threads}"] == min(fast)
        assert ours[f"times, {threads}"] == min(fast) / min(peers.values())
        assert min(row[f"times, {threads}"] for row in rows.values()) <= 1
    assert all(row["error"] < 1e-6 for row in rows.values())


# --- The check against the world, and the pictures ------------------------------------


def test_figures_as_printed():
    rows = {row["what"]: row for row in world.printed()}
    assert [row["what"] for row in rows.values() if not row["agrees"]] == [
        "Transformer base, parameters",
        "GPT-2 small, parameters",
    ]
    assert rows["DeepSeek-V3, cache a token"]["ours"] == 61 * (512 + 64) * 2
    assert rows["ViT-B/16, MACs"]["ours"] == 17_563_828_224


def test_beats_of_the_unrolled_cell():
    frames = [drawings.unrolled(beat) for beat in range(1, 8)]
    assert "4 wait" in frames[2].caption and "has 1 to go" in frames[2].caption
    assert "all is done" in frames[6].caption and "has its answer" in frames[3].caption


def test_the_cache_of_one_layer():
    """16 bits: MHA 2 · 8 · 128 numbers a token, MLA 512 + 64."""
    assert "20,480 B" in drawings.cache(5).caption
    assert f"{5 * 576 * 2:,} B" in drawings.cache(5).caption


def test_the_online_softmax_ends_at_the_whole_one():
    weights = np.exp(drawings.SCORES)
    whole = weights @ drawings.VALUES / weights.sum()
    assert drawings.so_far(16)[2] == pytest.approx(whole, abs=1e-12)
    assert drawings.so_far(4)[0] == drawings.SCORES[:4].max()


def test_every_frame_of_every_explorer_can_be_drawn():
    for tokens, causal in itertools.product((4, 32), (False, True)):
        assert f"{tokens} × {tokens}" not in drawings.matrices(tokens, causal).caption
    for task in memory.TASKS:
        assert "after 500 updates" in drawings.learned(task, 500).caption
    assert "After 4 of 4" in drawings.online(4).caption
