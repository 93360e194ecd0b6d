"""What the lecture on matrix multiplication in silicon computes and draws, beside
counts by hand, runs, exhaustive searches and published figures.
"""

from itertools import permutations, product

import numpy as np
import pytest

from dlpatterns import models, show
from dlpatterns.counting import count
from dlpatterns.hardware import replay, replay_levels, simulated, systolic
from dlpatterns.hardware.hierarchy import Level, Mapping
from dlpatterns.hardware.memory import Nest, tiled
from dlpatterns.hardware.work import convolution, matmul
from dlpatterns.lectures import dataflow as lecture
from dlpatterns.lectures.dataflow import beats, bound, joules, levels, networks


def test_the_layer_as_written_fetches_both_operands_of_every_mac():
    """117,600 MACs, 4,704 results, over 5,878 values: 1,024 + 150 + 4,704."""
    first = lecture.traced("results stay", 1, 1)
    assert first.crossings == 2 * 117_600 + 4_704
    assert lecture.first_layer().values == 1_024 + 150 + 4_704
    assert lecture.traced("results stay", 28, 6).crossings == 5_878


def test_registers_by_hand():
    """Filters that stay: 150 weights; each sum leaves for all but the last of 25."""
    one = lecture.traced("filters stay", 28, 6).registers
    assert one["weight"] == (150, 0)
    assert one["out"] == (24 * 4_704, 25 * 4_704)


@pytest.mark.parametrize("order", ["NGMPQCRS", "NGMCRSPQ", "NGCPQRSM"])
def test_three_levels_run_mac_by_mac_move_what_one_register_a_tensor_says(order):
    """On a small layer with real numbers, and with tiles that don't divide."""
    work = convolution((1, 2, 6, 5), (3, 2, 2, 2))
    tile = {"P": 2, "Q": 3, "M": 2, "R": 2, "S": 2}
    one = dict.fromkeys(order, 1)
    parts = (
        Level("memory", order=order),
        Level("buffer", None, tile, order),
        Level("registers", None, one, order),
    )
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=60), "weight": rng.normal(size=24)}
    shapes = {"x": (1, 1, 2, 6, 5), "weight": (1, 3, 2, 2, 2)}
    operands = {name: arrays[name].reshape(shapes[name]) for name in arrays}
    _, moved = replay_levels.run(Mapping(work, parts), **operands)
    for name, address in replay.addresses(Nest(work, order, tile)).items():
        entered = 1 + np.count_nonzero(address[1:] != address[:-1])
        again = entered - len(np.unique(address)) * work.tensors[name].result
        assert moved["buffer"][name].reads == (
            again if work.tensors[name].result else entered
        )


def test_the_explorer_says_when_a_tile_does_not_fit():
    told = lecture.hand("results stay", 28, 8).caption
    assert "does not fit" in told and "1,833" in told
    assert levels.fitting("results stay", 28, 8) is None


def test_the_most_filters_that_fit_share_a_tile():
    nest = levels.fitting("results stay", 4, 256)
    assert nest.size("M") == 3 and nest.needs <= 256
    assert Nest(nest.work, nest.order, levels.tile(4, 6)).needs > 256


def test_best_in_hand_is_one_where_all_fits_and_falls_with_the_buffer():
    found = [lecture.best_in_hand(buffer) for buffer in levels.BUFFERS]
    assert found == sorted(found, reverse=True) and found[-1] == 1


@pytest.mark.parametrize("sizes", [(4, 4, 4), (5, 3, 4), (2, 6, 3), (1, 7, 2)])
@pytest.mark.parametrize("buffer", [3, 5, 8, 11, 14, 20, 60])
def test_best_is_the_best_of_all_nests_there_are(sizes, buffer):
    """All six orders and all tiles of a small product, by brute force."""
    work = matmul(*sizes)
    least = min(
        tiled(nest, buffer).values
        for order in permutations("MNK")
        for tile in product(*(range(1, size + 1) for size in sizes))
        for nest in [Nest(work, "".join(order), dict(zip("MNK", tile, strict=True)))]
        if nest.needs <= buffer
    )
    assert bound.best(sizes, buffer).values == least


@pytest.mark.parametrize("buffer", [3, 24, 99, 200])
def test_the_best_tile_moves_in_a_run_what_it_promises(buffer):
    tiling = bound.best((12, 10, 9), buffer)
    nest = bound.as_nest((12, 10, 9), tiling)
    assert nest.needs <= buffer
    assert replay.buffered(nest).values == tiling.values


def test_nothing_undercuts_what_is_proved():
    found, least = lecture.curve()
    assert all(a >= b for a, b in zip(found, least, strict=True))
    for name, batch in product(("resnet50", "gpt2"), (1, 16)):
        for one in {each[1:4] for each in networks.lowered(name, batch)}:
            for buffer in (2**14, 2**18, 2**20):
                best = bound.best(one, buffer).values
                assert best >= bound.proved(one, buffer) - 1e-6


def test_the_bound_by_hand():
    """2 * 64^3 / 4 - 2 * 16 for a buffer of 16; every value once in a huge one."""
    assert bound.proved((64, 64, 64), 16) == 2 * 64**3 / 4 - 32
    assert bound.proved((64, 64, 64), 10**6) == 3 * 64**2


def test_a_buffer_for_less_than_three_values_is_refused():
    with pytest.raises(ValueError, match="2 values can't hold one of each"):
        bound.best((4, 4, 4), 2)


@pytest.mark.parametrize("flow", ["ws", "os", "is"])
def test_what_queues_outside_is_what_enters_in_the_next_beat(flow):
    """The picture's queues against the registers of the simulated array."""
    walk = lecture.walked(flow)
    for beat, now in enumerate(walk, start=1):
        entering = beats.passing(flow, beat)[:, 0]
        for row in range(beats.SIDE):
            expected = 0 if np.isnan(entering[row]) else entering[row]
            assert now.right[row, 0] == expected
        above = beats.falling(flow, beat)[:, 0]
        top = now.down[0] if flow == "os" else now.stays[0]
        if flow == "os" or beat <= beats.SIDE:
            assert np.array_equal(np.nan_to_num(above), top)


@pytest.mark.parametrize("flow", ["ws", "os", "is"])
def test_the_small_product_and_its_beats_by_hand(flow):
    assert len(lecture.walked(flow)) == lecture.cycles(flow)
    assert lecture.cycles(flow) == {"os": 7, "ws": 10, "is": 10}[flow]


def test_sums_that_leave_are_the_product():
    """Weights stay: the first column's sums leave at beats 6, 7 and 8: 4, 7, 4."""
    said = [lecture.watched("ws", beat) for beat in (6, 7, 8)]
    first = (beats.INPUTS @ beats.WEIGHTS)[:, 0]
    texts = [one.drawing.inside for one in said]
    assert list(first) == [4, 7, 4]
    assert all(f"↓ {sum_}" in text for sum_, text in zip(first, texts, strict=True))


def test_a_wrong_product_would_be_noticed(monkeypatch):
    beats.walked.cache_clear()
    wrong = lambda *_, **__: (np.zeros((3, 3)), simulated.Tally(cycles=10))  # noqa: E731
    monkeypatch.setattr(simulated, "product", wrong)
    with pytest.raises(ValueError, match="did not multiply"):
        lecture.walked("ws")
    beats.walked.cache_clear()


@pytest.mark.parametrize("name", networks.NETWORKS.values())
@pytest.mark.parametrize("batch", [1, 16])
def test_no_mac_is_lost_on_the_way_into_an_array(name, batch):
    macs = sum(one.macs for one in networks.lowered(name, batch))
    assert macs == count(models.ZOO[name](), batch).macs


def test_products_of_attention_grow_in_number_with_the_batch():
    """ViT-B/16: 12 layers of 12 heads, 197 tokens, 64 features a head."""
    pairs = [one for one in networks.lowered("vit_b_16", 16) if one.times > 1]
    scores = [one for one in pairs if (one.m, one.n, one.k) == (197, 197, 64)]
    assert len(scores) == 12 and {one.times for one in scores} == {12 * 16}


def test_every_product_is_won_once_and_each_its_own_is_no_slower():
    for name in networks.NETWORKS.values():
        won = networks.wins(name, 1, 128)
        assert sum(won.values()) == len(networks.lowered(name, 1))
        used = networks.utilisation(name, 1, 128)
        assert used["each its own"] >= max(list(used.values())[:3])


def test_a_hidden_filling_saves_the_rows_of_every_fold_where_something_stays():
    """One product of 4 x 4 x 4 in 2 x 2: four folds, two cycles each; none for os."""
    one = networks.Lowered("", 4, 4, 4, 1)
    cycles = {
        flow: [networks.run(one, 2, flow, preload_hidden=hid).cycles for hid in (0, 1)]
        for flow in ("os", "ws", "is")
    }
    saved = {flow: shown - hid for flow, (shown, hid) in cycles.items()}
    assert saved == {"os": 0, "ws": 4 * 2, "is": 4 * 2}
    found = lecture.hiding()
    assert 0 < found["changed"] < found["of"] == 714


def test_folds_that_overlap_by_hand():
    """4 x 4 x 4 in 2 x 2: four folds of 4 beats, and 2 + 2 + 2 - 2 around them. One row
    of inputs, weights stay: a fold takes the 2 beats of its next weights.
    """
    square, flat = networks.Lowered("", 4, 4, 4, 1), networks.Lowered("", 1, 4, 4, 3)
    for flow in ("os", "ws", "is"):
        assert networks.overlapped(square, 2, flow) == 4 * 4 + 4
    assert networks.overlapped(flat, 2, "ws") == 3 * (4 * 2 + 4)
    assert networks.overlapped(flat, 2, "os") == 3 * (2 * 4 + 4)


def test_folds_that_overlap_turn_the_winners_of_resnet_round():
    """Counted apart from the library, from the shapes of the 54 products."""
    found = lecture.overlapping()
    shares = {
        b: {f: round(found["used"][b][f], 3) for f in ("os", "ws", "is")}
        for b in (1, 16)
    }
    assert shares[1] == {"os": 0.563, "ws": 0.593, "is": 0.544}
    assert shares[16] == {"os": 0.807, "ws": 0.788, "is": 0.769}
    assert found["of"] == 714 and found["longest"] < 357


def test_the_words_at_the_edge_by_hand():
    """4 x 4 x 4 in 2 x 2, weights stay: inputs twice, weights once, sums out twice and
    in once: 32 + 16 + 32 + 16.
    """
    one = networks.Lowered("", 4, 4, 4, 1)
    assert networks.words(one, networks.run(one, 2, "ws")) == 32 + 16 + 32 + 16
    assert networks.words(one, networks.run(one, 2, "os")) == 32 + 32 + 16


def test_depthwise_utilisation_lies_where_it_is_published():
    """SCALE-Sim's cycles of one channel of 112 x 112 in 128 x 128, and the issue's
    0.01 to 0.05 %.
    """
    rows = lecture.depthwise_rows()
    assert (
        rows[0]["weights stay"] == "0.053 %" and rows[-1]["outputs stay"] == "0.010 %"
    )
    cycles = 128 + 128 + 128 + 12544 - 2
    assert lecture.depthwise_best() == round(100 * 12544 * 9 / 128**2 / cycles, 3)


def test_remedies_by_hand():
    """9 x 1: 2 * 9 + 1 + 12,544 - 2 cycles a channel; 14 groups of 9 rows in 128."""
    rows = lecture.remedies()
    assert rows[2]["cycles"] == 64 * (2 * 9 + 1 + 12_544 - 2)
    assert rows[3]["cycles"] == 2 * 9 + 1 + 12_544 - 2
    assert rows[1]["cycles"] == 5 * (3 * 128 + 12_544 - 2)


def test_groups_on_the_diagonal_compute_what_the_groups_do():
    """Two groups of 2 x 1 in one array, zeros elsewhere: the same sums side by side."""
    rng = np.random.default_rng(1)
    x, w = rng.integers(-4, 5, (5, 4)), rng.integers(-4, 5, (4,))
    diagonal = np.array([[w[0], 0], [w[1], 0], [0, w[2]], [0, w[3]]])
    together, _ = simulated.product(x, diagonal, rows=4, cols=2)
    apart = [
        simulated.product(x[:, s], w[s, None], rows=2, cols=1)[0]
        for s in (slice(2), slice(2, 4))
    ]
    assert np.array_equal(together, np.hstack(apart))


def test_energy_by_hand():
    """A MAC in INT8 is 0.2 + 0.1 pJ, a byte of DRAM 1,300 / 8."""
    assert lecture.uses_needed("DRAM", "int8") == pytest.approx(2 * 162.5 / 0.3)
    assert lecture.uses_needed("8 KB", "fp32") == pytest.approx(2 * 5 / 4.6)
    spent = lecture.energies("resnet50", 1, "int8", "os")
    assert spent["arithmetic"] == pytest.approx(4_089_184_256 * 0.3)
    values = joules.once_values("resnet50", 1)
    assert spent["DRAM"] == pytest.approx(162.5 * values)
    assert values > 25_557_032  # the weights, and maps


def test_fusion_leaves_weights_input_and_output():
    """ResNet-50: 25,557,032 parameters, 3 x 224 x 224 pixels, 1,000 classes."""
    found = lecture.fused_network("resnet50", 1) / 162.5
    most = 25_557_032 + 3 * 224**2 + 1000
    assert 25_500_000 < found <= most + 53_120 * 2


def test_a_far_memory_on_the_chip_takes_each_tensor_once():
    """Weights, maps read and maps written of ResNet-50, 100 pJ for 64 bits."""
    values = joules.once_values("resnet50", 1)
    assert lecture.far_energy("resnet50", 1) == pytest.approx(12.5 * values)
    assert lecture.far_energy("resnet50", 1, "fp16") == pytest.approx(25 * values)


def test_area_by_hand():
    rows = {row["MAC"]: row for row in lecture.area_rows()}
    assert rows["int8"]["µm²"] == 282 + 137
    assert rows["fp32"]["MACs in the area of one fp32"] == 1


def test_scale_sim_agrees_in_every_run():
    assert lecture.agreeing() == (368, 368)
    assert all(row["agrees"] == "yes" for row in lecture.checks())


def test_two_rows_of_the_tpu_table_disagree_about_the_bound():
    """LSTM0: 8.2 % useful MACs of 92 are 7.5, printed as a speed are 3.7."""
    assert lecture.tpu_useful("LSTM0") == pytest.approx(7.544)
    names = ("MLP0", "MLP1", "LSTM0", "LSTM1")
    bound = {row["network"]: row["waits for weights"] for row in lecture.tpu_rows()}
    assert [n for n in names if lecture.tpu_useful(n) > bound[n]] == ["LSTM0"]


def test_no_printed_speed_of_the_tpu_is_above_its_bound():
    rows = {row["network"]: row for row in lecture.tpu_rows()}
    assert round(lecture.tile_wait()) == 1349
    assert rows["MLP0"]["waits for weights"] == pytest.approx(92 * 200 / 1349.27, 1e-4)
    assert rows["CNN0"]["waits for weights"] == 92
    assert all(row["printed"] <= row["waits for weights"] for row in rows.values())


def test_row_stationary_puts_input_rows_on_diagonals():
    fig, pairs = lecture.row_stationary()
    assert pairs[0] == (1, 1) and pairs[-1] == (3, 6) and len(pairs) == 12
    assert systolic.row_stationary(3, 4, rows=3, cols=4) == len(pairs)
    show.frame(fig, caption="rows", alt="elements with rows of two things")


def test_explorers_draw_a_frame_for_their_corners():
    for name in ("resnet50", "lstm_ptb_medium"):
        assert "utilisation" in lecture.arrays(name, 64, 256).alt
        assert "arithmetic is" in lecture.costs(name, "fp16", 16).caption
