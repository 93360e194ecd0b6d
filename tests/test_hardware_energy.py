"""Energy of runs and mappings, gating and skipping, and area by width: by hand."""

from itertools import pairwise

import pytest

from dlpatterns.hardware import energy, search, systolic
from dlpatterns.hardware.hierarchy import Level, Mapping
from dlpatterns.hardware.work import matmul

RUN = systolic.run(8, 8, 16, rows=8, cols=8)
PRICES = {"DRAM": 200, "buffer": 6}
MAPPING = Mapping(matmul(2, 2, 2), (Level("DRAM", order="MNK"), Level("buffer", 12)))


def test_a_run_by_hand():
    """1,024 MACs of 0.3 pJ. 128 inputs, 128 weights, 64 results of a byte; 64 sums of
    four bytes go and come back; a byte of 1 MB is 100 / 8 pJ.
    """
    cost = energy.of_run(RUN)
    assert (RUN.output_writes, RUN.outputs) == (128, 64)
    moved = 128 + 128 + 64 + 2 * 64 * 4
    assert cost.energy == pytest.approx({"arithmetic": 307.2, "1 MB": 12.5 * moved})
    assert cost.cycles == RUN.cycles and cost.total == sum(cost.energy.values())
    near = energy.of_run(RUN, level="8 KB")
    assert near.energy["8 KB"] == pytest.approx(cost.energy["1 MB"] / 10)


def test_bits_are_energy_at_every_level():
    wide, narrow = (energy.of_run(RUN, dtype=kind) for kind in ("fp32", "int8"))
    assert wide.energy["arithmetic"] == pytest.approx(1024 * 4.6)
    assert wide.energy["1 MB"] == 12.5 * (4 * (128 + 128 + 64) + 2 * 64 * 4)
    assert wide.total > narrow.total


def test_dataflows_differ_in_what_they_move():
    """One row of inputs: with outputs that stay, no sum ever leaves unfinished."""
    flows = {
        flow: energy.of_run(systolic.run(1, 64, 64, rows=8, cols=8, dataflow=flow))
        for flow in systolic.DATAFLOWS
    }
    assert flows["os"].total < flows["ws"].total
    assert len({round(one.energy["arithmetic"], 6) for one in flows.values()}) == 1


def test_a_mapping_by_hand():
    """2 x 2 x 2, one value of each held, K innermost: every MAC fetches an a and a b,
    and four sums leave. The buffer takes them in, hands them on, and adds: 8 updates,
    4 of which read the sum first.
    """
    cost = energy.of_mapping(MAPPING, PRICES, mac=1)
    assert cost.cycles == 8
    assert cost.energy == {
        "arithmetic": 8,
        "DRAM": 200 * (8 + 8 + 4),
        "buffer": 6 * (8 + 8 + 8 + 8 + 4 + 8),
    }


def test_gating_saves_energy_and_skipping_time_as_well():
    plain, gated, skipped = (
        energy.of_run(RUN, zeros=0.75, saving=how) for how in energy.SAVINGS
    )
    assert gated.energy == skipped.energy
    assert gated.energy["arithmetic"] == pytest.approx(plain.energy["arithmetic"] / 4)
    assert gated.energy["1 MB"] == plain.energy["1 MB"]
    assert gated.cycles == plain.cycles == 4 * skipped.cycles
    assert energy.of_mapping(MAPPING, PRICES, mac=1, zeros=0.5, saving="skipping") == (
        energy.Cost(4, energy.of_mapping(MAPPING, PRICES, mac=0.5).energy)
    )


def test_the_search_takes_energy_as_its_cost():
    def cost(mapping):
        return energy.of_mapping(mapping, PRICES, mac=1).total

    levels = (Level("DRAM"), Level("buffer", 64))
    found = search.best_mapping(matmul(16, 16, 16), levels, cost)
    assert cost(found) < cost(Mapping(matmul(16, 16, 16), levels))


def test_prices():
    assert energy.price("DRAM", "int8") == 162.5
    assert energy.price("DRAM", "tf32") == energy.price("DRAM", "fp32") == 650
    assert energy.relative() == {"register": 1, "array": 2, "buffer": 6, "DRAM": 200}


def test_a_multiplier_grows_faster_than_its_width():
    """Horowitz 2014: 0.2 and 3.1 pJ, 282 and 3,495 square micrometres."""
    areas = [energy.area_of_multiplier(bits) for bits in (4, 8, 16, 32)]
    assert areas[1::2] == [282, 3495] and energy.of_multiplier(32) == 3.1
    for narrow, wide in pairwise(areas):
        assert 3.5 < wide / narrow < 4


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: energy.of_run(RUN, zeros=1), "a share from 0 to below 1, got 1"),
        (lambda: energy.of_run(RUN, zeros=-0.1), "a share from 0 to below 1"),
        (lambda: energy.of_run(RUN, saving="skip"), "unknown saving 'skip'; choose"),
        (lambda: energy.of_run(RUN, level="L2"), "unknown level 'L2'"),
        (lambda: energy.of_run(RUN, dtype="int4"), "no energy is known for 'int4'"),
        (lambda: energy.of_mapping(MAPPING, {"DRAM": 1}, mac=1), "'buffer' has no pri"),
        (lambda: energy.of_multiplier(0), "whole bits of at least 1, got 0"),
        (lambda: energy.area_of_multiplier(2.5), "whole bits of at least 1, got 2.5"),
        (lambda: energy.price("DRAM", "int99"), "unknown number format 'int99'"),
    ],
)
def test_bad_calls_are_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
