"""Designs of chips: areas beside a floor plan, folds beside a replay, yields by hand,
fronts beside brute force, and chips of the world beside what is printed of them.
"""

import random
import subprocess
import sys
from itertools import product
from math import ceil, exp, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.design import chip, evaluate, market, published, space, workload
from dlpatterns.design.chip import Chip
from dlpatterns.graph import resized
from dlpatterns.hardware import energy, lowering, systolic
from dlpatterns.lectures.dataflow import networks

SIZE = st.integers(1, 300)


# --- Steps ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resnet50", "vgg16", "mobilenet_v2", "gpt2"])
@pytest.mark.parametrize("batch", [1, 3])
def test_steps_hold_all_macs_and_all_weights_that_are_read(name, batch):
    model = models.ZOO[name]()
    steps, counts = lowering.steps(model, batch), count(model, batch)
    assert sum(step.product.macs for step in steps) == counts.macs
    read = sum(layer.param_reads for layer in counts.layers)
    assert sum(step.weights for step in steps) == read
    assert sum(step.others for step in steps) == sum(counts.other.values())


def test_what_a_layer_without_macs_saves_is_one_write_and_one_read():
    """VGG-16's conv1_1 writes 64 x 224 x 224 values once, after its ReLU."""
    first, second = lowering.steps(models.vgg16())[:2]
    assert first.inputs == 3 * 224**2
    assert first.outputs == second.inputs == 64 * 224**2


def test_a_written_token_meets_the_keys_and_values_kept_before():
    """GPT-2: twelve layers, keys and values of 768 numbers, 100 tokens before."""
    alone, after = (lowering.steps(models.gpt2(1), 1, kept) for kept in (0, 100))
    more = [sum(s.weights for s in after) - sum(s.weights for s in alone)]
    more += [sum(s.product.macs for s in steps) for steps in (after, alone)]
    assert more[0] == 12 * 2 * 768 * 100
    assert more[1] - more[2] == 12 * 2 * 768 * 100
    with pytest.raises(ValueError, match="negative, got -1"):
        lowering.steps(models.gpt2(1), 1, -1)


@pytest.mark.parametrize("flow", systolic.DATAFLOWS)
def test_folds_that_overlap_take_their_longest_part(flow):
    """70 x 50 x 40 in an array of 16 x 8, by hand: folds x max(T, 16) + 38."""
    folds = {"os": 5 * 7, "ws": 3 * 7, "is": 3 * 9}[flow]
    steps = {"os": 40, "ws": 70, "is": 50}[flow]
    got = systolic.overlapped(70, 50, 40, rows=16, cols=8, dataflow=flow)
    assert got == folds * steps + 2 * 16 + 8 - 2
    four = systolic.overlapped(70, 50, 40, rows=16, cols=8, dataflow=flow, arrays=4)
    assert four == ceil(folds / 4) * steps + 2 * 16 + 8 - 2
    with pytest.raises(ValueError, match="arrays"):
        systolic.overlapped(1, 1, 1, rows=1, cols=1, arrays=0)


def test_the_lecture_on_dataflow_lowers_with_the_same_function():
    assert networks.lowered("vgg16", 2) == tuple(lowering.lowered(models.vgg16(), 2))


def test_a_network_for_another_image_is_its_own_layers():
    small = resized(models.resnet50(), (3, 224, 224))
    assert small == models.resnet50()
    larger = count(resized(models.resnet50(), (3, 448, 448)))
    convs = count(models.resnet50()).only("Conv2d").macs
    assert larger.only("Conv2d").macs == 4 * convs and larger.params == 25_557_032
    with pytest.raises(ValueError, match="pool5"):
        resized(models.vgg16(), (3, 16, 16))


# --- A chip ---------------------------------------------------------------------------


def test_the_floor_plan_gives_back_the_parts_it_was_fitted_to():
    """24 and 29 % of 331 mm2; the accumulators, 6 %, were not fitted to."""
    areas = published.TPUV1.areas()
    assert areas["multipliers"] == pytest.approx(0.24 * 331)
    assert areas["buffer"] == pytest.approx(0.29 * 331)
    ours, plan = chip.accumulators_beside_the_plan()
    assert areas["accumulators"] == pytest.approx(ours)
    assert plan == pytest.approx(0.06 * 331) and 0.75 < ours / plan < 0.85


@given(st.floats(0, 0.95), st.integers(1, 40), st.integers(1, 12))
def test_the_slowest_lane_is_between_the_mean_and_all(zeros, lanes, queue):
    got = chip.slowest_lane(zeros, lanes, queue)
    assert 1 - zeros - 1e-9 <= got <= 1 + 1e-9
    assert chip.slowest_lane(zeros, lanes + 1, queue) >= got - 1e-12


def test_the_slowest_lane_by_counting_all_cases():
    """Two lanes with queues of two weights, each zero with chance 1/2: 16 cases."""
    cases = list(product((0, 1), repeat=4))
    worked = sum(max(a + b, c + d) for a, b, c, d in cases) / len(cases)
    assert chip.slowest_lane(0.5, lanes=2, queue=2) == pytest.approx(worked / 2)
    drawn = random.Random(0)
    runs = [
        max(sum(drawn.random() > 0.7 for _ in range(16)) for _ in range(16))
        for _ in range(20_000)
    ]
    assert chip.slowest_lane(0.7) == pytest.approx(sum(runs) / 16 / 20_000, abs=0.003)


def test_what_zeros_save_and_cost():
    plain, structured, skipping = (Chip(zeros=how) for how in ("", "2:4", "skipping"))
    assert plain.weight_bits(0.5) == 8
    assert structured.weight_bits(0.5) == 0.625 * 8  # as `sparse` packs it
    assert skipping.weight_bits(0.5) == 6
    assert structured.beats(0.5) == 0.5 and structured.beats(0.4) == 1
    assert 0.5 < skipping.beats(0.5) < 1 == plain.beats(0.5)
    assert plain.area < structured.area < skipping.area


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rows": 0}, "rows must be a whole number of at least 1, got 0"),
        ({"arrays": True}, "arrays must be"),
        ({"buffer": 2.5}, "buffer must be"),
        ({"bandwidth": 0}, "bandwidth must be above zero"),
        ({"clock": float("nan")}, "clock must be above zero"),
        ({"dataflow": "rs"}, "unknown dataflow 'rs'"),
        ({"zeros": "3:4"}, "unknown zeros '3:4'"),
        ({"dtype": "bf16"}, "no energy is known for 'bf16'"),
    ],
)
def test_a_wrong_design_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Chip(**wrong)


def test_shares_of_zeros_are_refused_outside_their_range():
    with pytest.raises(ValueError, match="from 0 to below 1, got 1"):
        Chip(zeros="skipping").beats(1)


def test_integers_and_memories_between_the_published_widths():
    table = energy.of_mac("int8"), energy.area_of_mac("int8")
    assert energy.of_integers(8) == pytest.approx(table)
    assert energy.of_sram(32 * 2**10) == pytest.approx(energy.of_access("32 KB"))
    assert energy.of_sram(8 * 2**10) == pytest.approx(energy.of_access("8 KB"))
    sizes = [2**power for power in range(10, 28)]
    prices = [energy.of_sram(size) for size in sizes]
    assert prices == sorted(prices)
    with pytest.raises(ValueError, match="more than zero bytes, got 0"):
        energy.of_sram(0)


# --- Workloads on a chip --------------------------------------------------------------


def test_equal_steps_are_counted_together():
    load = workload.workload(models.gpt2(64))
    assert len(load.steps) < 15 < sum(load.counts)
    assert load.macs == count(models.gpt2(64)).macs
    assert [one.name for one in workload.six()][-1] == "MLP0, batch 200"
    assert workload.six()[-1].weights == pytest.approx(20e6, rel=0.01)
    with pytest.raises(ValueError, match="no layer of LSTM"):
        workload.workload(models.vgg16(), kinds=["LSTM"])


def test_the_bus_by_hand():
    """A product of 100 x 1,000 inputs and 1,000 x 1,000 weights of a byte: each crosses
    once if half the buffer holds the inputs; with 50,000 bytes in that half the weights
    pass twice. Its ends are counted apart.
    """
    load = workload.workload(
        workload.multilayer("one", (1000,), widths=(1000,)), batch=100
    )
    weights, ends = 1000 * 1000 + 1000, 100 * 2000
    assert evaluate.crossing(load, 1_000_000, 8, 8) == weights + ends
    twice = 2 * weights + 100_000 + 100_000 + ends
    assert evaluate.crossing(load, 100_000, 8, 8) == twice
    half = evaluate.crossing(load, 1_000_000, 8, 8, True)
    assert half == pytest.approx(weights - (1_000_000 - 200_000) + ends)


@given(SIZE, SIZE, SIZE, st.sampled_from([2**12, 2**16, 2**20]))
def test_no_bus_carries_less_than_the_weights_and_the_ends(m, n, k, buffer):
    load = workload.workload(workload.multilayer("x", (k,), widths=(n,)), batch=m)
    assert evaluate.crossing(load, buffer, 8, 8) >= k * n + n + m * (k + n)
    more = evaluate.crossing(load, 2 * buffer, 8, 8)
    assert more <= evaluate.crossing(load, buffer, 8, 8)


def test_a_step_takes_as_long_as_its_slowest_part():
    """One byte a cycle: MLP0 waits for its 20 MB and its ends; a bus without end leaves
    the array's beats.
    """
    load = workload.six()[-1]
    slow = Chip(bandwidth=1e6, clock=1e6, buffer=2**25)
    result = evaluate.run(slow, load, zeros=0)
    moved = load.weights + load.ends
    assert result.seconds == pytest.approx(moved / 1e6) and result.waits_for_bus == 1
    quick = evaluate.run(Chip(bandwidth=1e30), load, zeros=0)
    beats = 5 * systolic.overlapped(200, 2000, 2000, rows=128, cols=128)
    assert quick.seconds == pytest.approx(beats / 700e6) and quick.waits_for_bus < 1e-9
    assert quick.utilisation == pytest.approx(load.macs / (128**2 * beats))
    assert quick.rate == pytest.approx(200 / quick.seconds)


def test_zeros_in_fixed_places_make_a_product_less_deep():
    """By hand, in 64 x 64 where outputs stay: 576 products a sum become 288 beats a
    fold; nine become five, and a fold takes 64 beats all the same, for its results
    leave a row a beat.
    """
    load = workload.six()[2]
    shape = evaluate.Shape(64, 64, 1, "os", left=0.5)
    depths = {step.product.k: step for step in load.steps if step.weights}
    deep, flat = depths[576], depths[9]
    for step, fold in ((deep, 288), (flat, 64)):
        _, m, n, _, times = step.product
        folds = times * ceil(m / 64) * ceil(n / 64)
        assert evaluate._beats(step, shape, "os") == folds * fold + 3 * 64 - 2
    dense = shape._replace(left=1.0)
    assert evaluate._beats(flat, dense, "os") == evaluate._beats(flat, shape, "os")


def test_products_on_the_vector_unit_where_it_is_quicker():
    """MobileNetV2's depthwise layers: 20,716,416 MACs in 128 lanes and their other
    operations; no network gets slower, none spends less.
    """
    chip = Chip()
    for load in workload.six():
        plain, moved = (evaluate.run(chip, load, vector=how) for how in (False, True))
        assert moved.seconds <= plain.seconds and moved.energy == plain.energy
    load = workload.six()[2]
    lone = [step for step in load.steps if step.product.n == 1 < step.product.times]
    shape = evaluate.Shape(128, 128, 1, "ws", vector=True)
    sides = evaluate._sides(load, shape)
    for step, times, side in zip(load.steps, load.counts, sides, strict=True):
        if step in lone:
            each = ceil((step.product.macs + step.others) / 128)
            assert side == (0, times * each)
    assert len(lone) > 5


def test_gating_saves_energy_and_no_time():
    load = workload.six()[0]
    plain, gated = (evaluate.run(Chip(zeros=how), load) for how in ("", "gating"))
    assert gated.seconds == plain.seconds
    assert gated.energy["arithmetic"] == pytest.approx(plain.energy["arithmetic"] / 2)
    assert gated.energy["bus"] == plain.energy["bus"]


def test_energy_by_hand():
    """MLP0 on TPUv1: 4 G MACs of 0.3 pJ; the bus at 1,300 pJ for 8 bytes."""
    spent = evaluate.run(published.TPUV1, workload.six()[-1], zeros=0).energy
    assert spent["arithmetic"] == pytest.approx(4e9 * 0.3e-12)
    moved = 5 * 2000 * 2001 + 2 * 200 * 2000
    assert spent["bus"] == pytest.approx(moved * 1300 / 8 * 1e-12)


def test_where_unfinished_sums_go_by_hand():
    """200 x 2,000 x 2,000 in 128 x 128, weights stay: 16 folds of rows, so that a sum
    leaves and comes back 15 times; one column's accumulators hold 2,048, room for all
    200. In 16 x 16 they hold 256, and 300 rows enter in two pieces, weights twice.
    """
    load = workload.workload(
        workload.multilayer("x", (2000,), widths=(2000,)), batch=200
    )
    far, near = (
        evaluate.run(Chip(), load, sums=where).energy["buffer"]
        for where in ("buffer", "accumulators")
    )
    sums = 2 * 15 * 200 * 2000 * 4
    cheaper = energy.of_sram(4 * 2**20) - energy.of_sram(128 * 16 * 4)
    assert far - near == pytest.approx(sums * cheaper * 1e-12)
    tall = workload.workload(workload.multilayer("x", (64,), widths=(16,)), batch=300)
    shape = evaluate.Shape(16, 16, 1, "ws", "accumulators", "beats")
    operands, unfinished = evaluate._edge(tall, shape)
    assert operands == 300 * 64 + 2 * 64 * 16 + 300 * 16
    assert unfinished == 2 * 3 * 300 * 16
    plain, _ = evaluate._edge(tall, shape._replace(sums="buffer"))
    assert operands - plain == 64 * 16


def test_an_array_may_choose_for_bytes():
    load = workload.six()[0]
    for where in evaluate.PLACES:
        free, *fixed = (
            evaluate.run(Chip(dataflow=flow), load, sums=where, any_by="edge")
            for flow in ("any", *systolic.DATAFLOWS)
        )
        assert free.energy["buffer"] <= 1.0001 * min(o.energy["buffer"] for o in fixed)
    quick = evaluate.run(Chip(dataflow="any"), load)
    saving = evaluate.run(Chip(dataflow="any"), load, any_by="edge")
    assert quick.seconds <= saving.seconds
    for wrong in ({"sums": "registers"}, {"any_by": "joules"}):
        with pytest.raises(ValueError, match="choose one of"):
            evaluate.run(Chip(), load, **wrong)


# --- The market, and the space --------------------------------------------------------


def test_dies_and_yield_by_the_textbook():
    """Hennessy & Patterson: pi (d/2)^2 / A - pi d / sqrt(2 A). A 1.5 cm die on a 30 cm
    wafer: 270 dies.
    """
    assert market.dies(225) == 269 == int(706.86 / 2.25 - 94.25 / 2.12)
    assert market.working(100, 0.09) == pytest.approx((1 + 0.009) ** -10)
    assert market.working(100, 0) == 1
    poisson = exp(-0.09 * 3)
    assert poisson < market.working(300) < 1.02 * poisson
    assert market.wafer_share(100) == pytest.approx(1 / (640 * market.working(100)))
    assert market.price(100, 7) == pytest.approx(9346 * market.wafer_share(100))
    assert pi * 150**2 / 100 - pi * 300 / sqrt(200) == pytest.approx(640.2, abs=0.1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: market.dies(0), "above zero, got 0"),
        (lambda: market.dies(900), "larger than one exposure, 858 mm2"),
        (lambda: market.working(10, -1), "negative: -1"),
        (lambda: market.price(10, 45), "no row of wafer_prices"),
        (lambda: space.within([], 1), "no design keeps 1 mm2; allow"),
        (lambda: space.weigh(Chip(), watts=0), "more than zero watts, got 0"),
    ],
)
def test_wrong_markets_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


SMALL = space.GRID | {"rows": (16, 64), "buffer": (2**18, 2**22), "arrays": (1, 4)}


def test_the_grid_holds_every_combination_once():
    every = list(space.designs(SMALL))
    assert len(every) == len(set(every)) == 2 * 2 * 3 * 2 * 3 * 3 * 4
    assert all(one.rows == one.cols for one in every)


def test_the_front_is_that_of_brute_force():
    points = [space.weigh(one) for one in list(space.designs(SMALL))[::7]]
    keys = ["seconds", "joules", "area"]

    def beats(a, b):
        pairs = [(getattr(a, key), getattr(b, key)) for key in keys]
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    brute = [p for p in points if not any(beats(q, p) for q in points)]
    found = space.front(points, keys)
    values = {tuple(getattr(p, key) for key in keys) for p in brute}
    assert {tuple(getattr(p, key) for key in keys) for p in found} == values
    assert len(found) > 5


def test_a_point_holds_the_geometric_means():
    one = space.weigh(Chip(), workload.six()[:2])
    runs = [evaluate.run(Chip(), load) for load in workload.six()[:2]]
    assert one.seconds == pytest.approx(sqrt(runs[0].seconds * runs[1].seconds))
    assert one.watts == max(run.joules / run.seconds for run in runs)
    assert one.share == market.wafer_share(one.area)


def test_a_chip_at_its_watts_takes_its_joules_over_them():
    free, capped = space.weigh(Chip()), space.weigh(Chip(), watts=2)
    runs = [evaluate.run(Chip(), load) for load in workload.six()]
    assert free.watts == max(run.joules / run.seconds for run in runs) > 2
    assert capped.watts == pytest.approx(2) and capped.joules == free.joules
    slow = [max(run.seconds, run.joules / 2) / run.batch for run in runs]
    product_of_all = 1.0
    for seconds in slow:
        product_of_all *= seconds
    assert capped.seconds == pytest.approx(product_of_all ** (1 / 6))


# --- Beside the world -----------------------------------------------------------------


def test_mlp0_comes_within_a_tenth_of_the_printed_rate():
    """Table 3 of Jouppi et al. 2017 prints 12.3 TOPS; we count no host, no stalls."""
    _, ours, printed = published.tpu_mlp0()
    assert printed == 12.3 and printed < ours < 1.1 * printed


def test_networks_that_wait_for_weights_take_what_coral_prints():
    """One bandwidth is fitted to VGG19; VGG16 and ResNet-50 follow within 15 %."""
    for board in ("dev_board_ms", "usb_ms"):
        rows = {row["network"]: row for row in published.edge_rows(board)}
        assert rows["VGG19"]["ours / printed"] == pytest.approx(1)
        assert rows["VGG16"]["ours / printed"] == pytest.approx(1, abs=0.02)
        assert rows["ResNet-50 V1"]["ours / printed"] == pytest.approx(1, abs=0.15)


def test_eyeriss_is_not_one_of_these_designs():
    """The abstract prints 35 and 0.7 frames a second: ours are too quick, too."""
    for row in published.eyeriss_rows():
        assert 1 < row["ours"] / row["printed frames/s"] < 3
        assert 1 < row["ours a MAC"] / row["printed accesses a MAC"] < 4
        assert 0.3 < row["ours mW"] / row["printed mW"] < 1


def test_designs_are_weighed_without_numpy():
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from dlpatterns.design import page, published, space\n"
        "page.designed(chr(123) + chr(125))\n"
        "print(space.weigh(published.TPUV1).area > 300)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "True", run.stderr
