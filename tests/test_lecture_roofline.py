"""The lecture on rooflines: latency and the course's numbers, two accounts of a decade,
layers under a roof, seven steps, language models, printed figures.
"""

import pytest

from dlpatterns import datasets, models
from dlpatterns.counting.products import Product
from dlpatterns.hardware import flight, machines, roofline
from dlpatterns.lectures.roofline import (
    chips,
    decade,
    here,
    latency,
    roofs,
    steps,
    tokens,
    world,
)


def test_bytes_in_flight_as_printed():
    """AIFoundation, 03GPUBase/01Works, second table."""
    rows = {row["memory"]: row for row in latency.in_flight()}
    for name, value in (
        ("AMD Rome 7742 DRAM", 24_888),
        ("Intel Xeon 8280 DRAM", 11_659),
        ("NVIDIA A100 HBM", 628_220),
    ):
        assert rows[name]["bytes in flight"] == value and rows[name]["right"]
    assert not rows["Intel Xeon 8280 DRAM (first table)"]["right"]
    assert rows["Intel Xeon 8280 DRAM (first table)"]["requests"] == 795


def test_each_printed_efficiency_and_number_of_bytes_again():
    for row in datasets.table("memory_latency"):
        speed = latency.memory(row["memory"])
        if row["bytes_in_flight"]:
            assert round(flight.bytes_in_flight(*speed)) == row["bytes_in_flight"]
            share = 100 * flight.busy(1, 16, *speed)
            digits = len(str(row["efficiency_percent"]).split(".")[1])
            assert round(share, digits) == row["efficiency_percent"]


def test_the_courses_worked_numbers():
    verdicts = [row["right"] for row in latency.worked()]
    assert verdicts == [True, False, True, True, False, True, True]
    assert latency.per_operand(2000e9, 200e9) == 80


@pytest.mark.parametrize("bad", [0, -1, float("inf"), float("nan"), "9", True, None])
def test_flight_refuses_what_is_no_positive_number(bad):
    with pytest.raises(ValueError, match="bandwidth must be a positive number"):
        flight.bytes_in_flight(bad, 1e-9)
    with pytest.raises(ValueError, match="size must be a positive number"):
        flight.requests(bad, 1e9, 1e-9)
    with pytest.raises(ValueError, match="waiting must be a positive number"):
        flight.busy(bad, 16, 1e9, 1e-9)


def test_a_memory_delivers_no_more_than_its_bandwidth():
    assert flight.busy(10**6, 16, 131e9, 89e-9) == 1
    assert flight.busy(364, 16, 131e9, 89e-9) == pytest.approx(0.5, abs=1e-3)


def test_the_pipe_is_full_from_eight_requests_on():
    """Its latency is eight transfers."""
    full = [latency.pipe(n).text.splitlines()[0] for n in (4, 8, 9)]
    assert ["50 %" in full[0], "100 %" in full[1], "100 %" in full[2]] == [True] * 3


def test_the_counted_factors_make_the_ratio_of_the_chips():
    product = 1.0
    for factor in decade.counted().values():
        product *= factor
    rates = decade.both()[0]
    assert product == pytest.approx(rates["H100"] / rates["GK210"])
    assert (rates["GK210"], rates["H100"]) == (4.37, 3958)  # the makers' data sheets


def test_chips_stand_with_their_published_numbers():
    rows = {row["chip"]: row for row in chips.side_by_side()}
    assert rows["TPU v1"]["FLOP a byte at the ridge"] == 2706  # 92e12 / 34e9
    assert rows["H100"]["GB/s"] == 3350
    assert chips.overhead("multiply-add", "fp16") == 20


def test_transistors_of_both_ends_by_hand():
    """7.1e9 on 561 mm² (Kepler whitepaper), 80e9 on 814 mm² (H100 whitepaper)."""
    assert decade.denser() == pytest.approx((80 / 814) / (7.1 / 561))


def test_gaps_and_bits_by_hand():
    """Makers' rates and bandwidths; 3.56 GiB of llama.cpp's Q4_0."""
    assert decade.gaps() == (
        pytest.approx(3958 / 4.37 / (3350 / 240) / 4),
        pytest.approx(66.91 / 4.37 / (3350 / 240)),
    )
    assert tokens.bits("M2 Ultra", "Q4_0") == pytest.approx(4.54, abs=0.005)


def test_sequences_that_a_memory_holds_by_hand():
    """A token keeps 2 × 32 × 4096 values of two bytes; 6,738,415,616 weights."""
    left = 80e9 - 2 * 6_738_415_616
    assert tokens.sequences() == int(left // (2048 * 2 * 32 * 4096 * 2)) == 61


def test_sums_in_fp16_halve_the_share_of_a_long_prompt():
    """Twice the rate, and layers that wait for memory stay as they are."""
    plain, twice = tokens.prefill_share(), tokens.prefill_share(2.0)
    assert plain / 2 < twice < plain < 1


def test_a_layer_on_the_roof_by_hand():
    """VGG-16's last connection on an A100: 4,096,000 weights of two bytes, 5,096 values
    in and out, 1,000 biases, over 2,039 GB/s; one MAC a weight.
    """
    last = roofs.layers("VGG-16", "A100", 1, "fp16")[-1]
    assert last.macs == 4_096_000
    assert last.bytes_once == 2 * (4_096_000 + 1_000 + 4_096 + 1_000)
    assert last.waits_for == "memory"
    assert last.overlapped == pytest.approx(last.bytes_once / 2039e9)


def test_formats_narrow_on_both_sides_move_no_layer():
    for network in roofs.NETWORKS:
        wide, narrow = (
            [one.waits_for for one in roofs.layers(network, "A100", 16, dtype)]
            for dtype in ("fp16", "int8")
        )
        assert wide == narrow


def test_twice_the_multipliers_help_at_most_twice():
    assert 1 < roofs.twice() < 2


def test_best_products_as_printed():
    """Bekman's tables: 86.9, 80.3 and 51.4 %."""
    shares = [round(100 * steps.achieved(chip), 1) for chip in steps.BEST]
    assert shares == [86.9, 80.3, 51.4]


def test_filled_tiles_by_hand():
    """17 rows take two tiles of 16; a depthwise filter fills 1 of 16 rows, 9 of 16."""
    assert steps.useful(Product(17, 16, 16), 1) == 17 / 32
    assert steps.useful(Product(1, 9, 49), 1) == pytest.approx(9 / 256 * 49 / 64)
    assert steps.useful(Product(1, 9, 49), 16) == 9 / 256


@pytest.mark.parametrize("chip", steps.BEST)
@pytest.mark.parametrize("network", roofs.NETWORKS)
def test_the_stairs_only_go_down(chip, network):
    for batch in (1, 64, 1024):
        left = steps.shares(chip, network, batch)
        assert left[:2] == [2, 1]
        assert left[2] == pytest.approx(steps.achieved(chip))
        assert sorted(left, reverse=True) == left and left[-1] > 0


def test_the_last_step_is_at_least_four_microseconds_a_kernel():
    taken = steps.seconds("H100", "MobileNetV2", 1)
    kernels = len(roofs.layers("MobileNetV2", "H100", 1, "fp16", False))
    assert taken[-1] == pytest.approx(kernels * 4e-6, rel=0.02)


def test_one_token_by_hand():
    """F16 on an M2 Ultra: 12.55 GiB 41.35 times a second is 557 GB/s of 800."""
    row = tokens.run("M2 Ultra", "F16")
    assert round(12.55 * 2**30 * 41.35 / 1e9) == 557
    assert tokens.reached(row) == pytest.approx(557.2 / 800, rel=1e-3)
    assert tokens.rest(row) == pytest.approx(1 / 41.35 - 12.55 * 2**30 / 800e9)


def test_the_factors_of_four_bits_make_what_was_measured():
    found = tokens.speedup()
    product = (
        found["bits"]
        * found["scales and layers kept finer"]
        * found["bandwidth reached"]
    )
    assert product == pytest.approx(found["measured"]) == pytest.approx(88.54 / 41.35)


def test_llama_3_has_its_published_size():
    """The model card: 8.03 B parameters (its norms are 266,240 more)."""
    assert round(sum(tokens.llama3_weights().values()) / 1e9, 2) == 8.03


def test_the_roof_of_a_sweep_by_hand():
    """One token on an RTX 3090: 7,504,658,432 weights of 4.5 bits over 936 GB/s."""
    least = 7_504_658_432 * 4.5 / 8 / 936e9
    assert tokens.roof("RTX 3090", 1) == pytest.approx(1 / least)
    flat = 165.2e12 / 2 / 7_504_658_432
    assert tokens.roof("RTX 4090", 512) == pytest.approx(flat)
    assert all(share < 1 for share in tokens.shares("RTX 3090").values())


def test_half_the_bits_halve_the_critical_batch():
    whole, half = (tokens.critical("H100", name) for name in ("FP16", "INT8"))
    assert round(whole) == 295 and half == whole / 2


def test_a_cache_keeps_a_batch_below_the_flat_roof():
    alone, cached = tokens.swept("FP16", 1)[-1], tokens.swept("FP16", 2048)[-1]
    assert alone["arithmetic_bound"] > 0.8 and cached["arithmetic_bound"] < 0.1
    # 1,024 sequences read 524,288 bytes of cache for each of 2,048 tokens
    assert cached["step_s"] > 1024 * 2048 * 524_288 / 3350e9


def test_llama_2_multiplies_all_but_its_table():
    embedded = 32_000 * 4096
    norms = 65 * 4096
    assert tokens.llama2_weights() == 6_738_415_616 - embedded - norms


def test_the_benchmarks_counts_are_ours():
    rows = world.columns()
    assert len(rows) >= 16
    for left, right in (
        ("GMAC printed", "with normalisation"),
        ("M activations printed", "ours "),
        ("M parameters printed", "ours  "),
    ):
        assert world.agreeing(left, right) == len(rows), left


def test_operations_of_the_tpu_paper_are_macs():
    """Table 1's intensities and table 3's rates: MLP0 200 a byte, 12.3 of 92."""
    row = world.tpu_apps()[0]
    assert row["MACs a weight byte (printed)"] == 200
    assert row["reached (printed)"] == 12.3
    assert row["roof, 10¹² operations/s"] == 13.6  # 2 x 200 x 34e9
    assert row["roof if an operation is half a MAC"] == 6.8


def test_this_machine_has_a_roof_and_kernels_stay_near_it():
    one = here.machine()
    assert one.peak("fp32") > 1e9 and one.bandwidth > 1e8
    names = [row["kernel"] for row in here.timed()]
    assert names[0] == "y = a·x + y" and len(names) == 4


def test_the_zoo_under_the_roof():
    rows = {row["network"]: row for row in roofs.zoo()}
    assert rows["lstm_ptb_small"]["waiting"] == 1
    a100 = machines.get("A100")
    alexnet = roofline.network(roofline.layers(models.alexnet(), a100, fused=True))
    assert rows["alexnet"]["overlapped_s"] == alexnet["overlapped_s"]
