"""Systolic arrays: SCALE-Sim's published runs, Eyeriss's active elements, and an array
that multiplies beat by beat.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import datasets
from dlpatterns.hardware import simulated, systolic

SIZE, SMALL = st.integers(1, 9), st.integers(1, 5)
RUNS = datasets.table("systolic_reference")


def test_scale_sim_has_run_hundreds_of_products():
    assert len(RUNS) > 300 and {row["dataflow"] for row in RUNS} == {"os", "ws", "is"}


def shape(row):
    sizes = "x".join(str(row[axis]) for axis in "MNK")
    return f"{sizes}-{row['array_rows']}x{row['array_cols']}-{row['dataflow']}"


@pytest.mark.parametrize("row", RUNS, ids=shape)
def test_cycles_and_accesses_are_those_of_scale_sim(row):
    """SCALE-Sim 3.0.0 without memory stalls prints the last cycle, counted from 0."""
    ours = systolic.run(
        row["M"],
        row["N"],
        row["K"],
        rows=row["array_rows"],
        cols=row["array_cols"],
        dataflow=row["dataflow"],
    )
    assert ours.cycles - 1 == row["cycles"] and ours.macs == row["macs"]
    assert ours.input_reads == row["ifmap_sram_reads"]
    assert ours.weight_reads == row["filter_sram_reads"]
    if row["ofmap_sram_writes"] is not None:
        assert ours.output_writes == row["ofmap_sram_writes"]


@settings(deadline=None)
@given(SIZE, SIZE, SIZE, SMALL, SMALL, st.sampled_from(systolic.DATAFLOWS), st.data())
def test_an_array_that_multiplies_takes_the_cycles_of_the_formula(
    m, n, k, rows, cols, dataflow, data
):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    inputs, weights = rng.integers(-9, 9, (m, k)), rng.integers(-9, 9, (k, n))
    array = {"rows": rows, "cols": cols, "dataflow": dataflow}
    result, tally = simulated.product(inputs, weights, **array)
    ours = systolic.run(m, n, k, **array)
    assert np.array_equal(result, inputs @ weights)
    assert vars(tally) == {name: getattr(ours, name) for name in vars(tally)}


def test_a_weight_stationary_fold_by_hand():
    """A 2 x 2 product in a 2 x 2 array: 2 cycles to fill, 2 + 2 + 2 - 2 to pass."""
    one = systolic.run(2, 2, 2, rows=2, cols=2, dataflow="ws")
    assert (one.cycles, one.folds, one.utilisation) == (6, 1, 8 / 24)
    hidden = systolic.run(2, 2, 2, rows=2, cols=2, dataflow="ws", preload_hidden=True)
    assert hidden.cycles == 4


def test_waiting_for_weights():
    """Two folds of 2 x 2 weights at one word a cycle: 4 cycles before the first; the
    second's 4 arrive in the 6 of the first. At half a word, 8, and 8 - 6 in the second.
    """
    array = {"rows": 2, "cols": 2, "dataflow": "ws"}
    assert systolic.run(2, 4, 2, **array, weights_per_cycle=1).stalls == 4
    slow = systolic.run(2, 4, 2, **array, weights_per_cycle=0.5)
    assert slow.stalls == 8 + 2 and slow.cycles == 2 * 6 + 10


def test_tpu_waits_for_weights_longer_than_it_computes():
    """A layer of TPUv1's MLP0 (2000 x 2000, batch 200): 34 GB/s at 700 MHz bring 48.6
    weights a cycle, 65,536 take 1,350 cycles, the ridge of Jouppi et al. 2017.
    """
    one = systolic.run(
        200,
        2000,
        2000,
        rows=256,
        cols=256,
        weights_per_cycle=34e9 / 700e6,
        preload_hidden=True,
    )
    assert round(65536 / (34e9 / 700e6)) == 1349
    assert one.stalls / one.cycles > 0.4


def test_folds_in_a_pipeline_drain_once():
    """Two folds of a 2 x 2 array: 2 cycles each, and 2 to drain; waiting is seen."""
    array = {"rows": 2, "cols": 2, "dataflow": "ws", "pipelined": True}
    assert systolic.run(2, 4, 2, **array).cycles == 2 + 2 + 2
    slow = systolic.run(2, 4, 2, **array, weights_per_cycle=1)
    assert (slow.stalls, slow.cycles) == (4 + 2, 12)  # 4 before, 4 - 2 in between


TPU = {"rows": 256, "cols": 256, "weights_per_cycle": 34e9 / 700e6, "pipelined": True}
TABLE = {
    (row["item"], row["metric"]): row["value"]
    for row in datasets.table("published_hardware")
}


def shares(application):
    """Return the published cycles in which the array works, and waits for weights."""
    works, stalls, shifts = (
        float(TABLE[f"TPUv1 {application}", f"{what} cycles"])
        for what in ("Array active", "Weight stall", "Weight shift")
    )
    return works / (works + stalls + shifts), stalls + shifts


def test_loading_weights_predicts_how_long_tpuv1_waits_for_them():
    """Jouppi et al. 2017, tables 1 and 3: MLP0, five layers of 2,000 x 2,000, 200 in a
    batch. It works in 15.4 % of the array's cycles as published, in 14.9 % as counted.
    """
    one = systolic.run(200, 2000, 2000, **TPU)
    published, waiting = shares("MLP0")
    works = 1 - one.stalls / one.cycles
    assert works == pytest.approx(published, abs=0.01) and waiting > 50
    alone = systolic.run(200, 2000, 2000, rows=256, cols=256, pipelined=True)
    assert alone.stalls == 0 and one.cycles > 6 * alone.cycles


@pytest.mark.parametrize(("name", "batch"), [("LSTM0", 64), ("LSTM1", 96)])
def test_smaller_batches_wait_longer_than_the_model_of_full_tiles_allows(name, batch):
    """The matrices of the LSTMs do not fill 256 x 256, and their batches work in up to
    12 % of the array's cycles, where full tiles would allow batch / 1,349.
    """
    one = systolic.run(batch, 2048, 2048, **TPU)
    published, _ = shares(name)
    assert 1 - one.stalls / one.cycles < published < 0.12


def test_depthwise_leaves_an_array_idle():
    """One channel of a 3 x 3: nine weights in 128 x 128 places, 9 / 16,384 at best."""
    one = systolic.run(112 * 112, 1, 9, rows=128, cols=128)
    assert 0.0005 < one.utilisation < 9 / 128**2


@pytest.mark.parametrize(
    ("kernel", "output", "active"),
    [(11, 55, 154), (5, 27, 135), (3, 13, 156)],
    ids=["conv1", "conv2", "conv3 to conv5"],
)
def test_row_stationary_uses_the_elements_that_eyeriss_reports(kernel, output, active):
    """Chen et al. 2017 (JSSC), table V: active elements of 168, AlexNet."""
    assert systolic.row_stationary(kernel, output) == active


def test_beats_show_the_wave():
    """In a 2 x 2 array with outputs that stay, element (1, 1) starts two beats late."""
    eye = np.eye(2, dtype=int)
    seen = simulated.beats(eye + 1, eye, rows=2, cols=2, dataflow="os")
    assert [b.works[1, 1] for b in seen] == [False, False, True, True]
    assert np.array_equal(seen[-1].stays, eye + 1)
    moved = simulated.beats(eye, eye + 1, rows=2, cols=2)
    assert np.array_equal(moved[1].stays, eye + 1) and not moved[1].works.any()
    assert simulated.beats(eye, eye, rows=2, cols=2, dataflow="is")


def test_totals():
    runs = [
        systolic.run(2, 2, 2, rows=2, cols=2),
        systolic.run(4, 2, 2, rows=2, cols=2),
    ]
    assert systolic.total(runs) == {
        "cycles": 6 + 8,
        "macs": 24,
        "utilisation": 24 / (4 * 14),
    }
    with pytest.raises(ValueError, match="no run"):
        systolic.total([])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"m": 0}, "m must be a whole number of at least 1, got 0"),
        ({"k": 2.0}, "k must be a whole number"),
        ({"rows": True}, "rows must be a whole number"),
        ({"rows": 0}, "rows must be a whole number of at least 1, got 0"),
        ({"cols": 0}, "cols must be a whole number of at least 1, got 0"),
        ({"dataflow": "rs"}, "unknown dataflow 'rs'; known: os, ws, is"),
        ({"weights_per_cycle": 0}, "weights_per_cycle must be above zero, got 0"),
    ],
)
def test_bad_calls_are_told(change, told):
    call = {"m": 2, "n": 2, "k": 2, "rows": 2, "cols": 2} | change
    sizes = [call.pop(name) for name in ("m", "n", "k")]
    with pytest.raises(ValueError, match=told):
        systolic.run(*sizes, **call)


def test_bad_matrices_are_told():
    one = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(2, 3\)"):
        simulated.product(one, one, rows=2, cols=2)
    with pytest.raises(ValueError, match=r"a matrix is empty: \(0, 3\)"):
        simulated.product(np.ones((0, 3)), one.T, rows=2, cols=2)
    with pytest.raises(ValueError, match=r"\(3, 2\) values stay"):
        simulated.beats(one, one.T, rows=2, cols=2)
    with pytest.raises(ValueError, match="unknown dataflow"):
        simulated.product(one, one.T, rows=2, cols=2, dataflow="rs")
    with pytest.raises(ValueError, match="a filter of 13 rows does not fit"):
        systolic.row_stationary(13, 4)
