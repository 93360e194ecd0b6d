"""What arrays that skip zeros spend: actions counted one by one, printed figures."""

import numpy as np
import pytest

from dlpatterns import datasets, models
from dlpatterns.counting import count
from dlpatterns.hardware import actions, cartesian, elements, energy
from dlpatterns.hardware.actions import Store, Tile
from dlpatterns.hardware.cartesian import Cartesian
from dlpatterns.hardware.elements import Array

MULTIPLY, SUM = energy.of_multiplier(16), 16 * 0.1 / 32


def test_a_product_by_hand():
    """Two elements; the first has rows 0 and 2, the second row 1. Of three columns the
    middle one isn't sent.
    """
    weights = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0]])
    found = actions.of_product(weights, np.array([2, 0, 3]), Array(2, run_bits=None))
    # column 0: two words and one; column 2: none and one
    lines = (2 + 7) / 8 + (1 + 7) / 8 + (1 + 7) / 8
    assert found["matrix"] == pytest.approx(8 * lines * energy.of_sram(128 * 2**10))
    assert found["pointers"] == pytest.approx(
        2 * 2 * 2 * 2 * energy.of_sram(16 * 2**10)  # columns, elements, two of two B
    )
    assert found["arithmetic"] == pytest.approx(4 * (MULTIPLY + SUM))


def test_the_mean_of_lines_by_laying_columns_out():
    """Random columns one behind the other in lines of eight, each read alone."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 12, 40_000)
    ends = words.cumsum()
    starts = ends - words
    read = np.where(words > 0, (ends - 1) // 8 - starts // 8 + 1, 0).sum()
    assert ((words + 7) / 8)[words > 0].sum() == pytest.approx(read, rel=0.01)


def test_words_have_their_fillers():
    weights = np.zeros((10, 1))
    weights[[0, 9]] = 1  # eight zeros between: runs of up to three, so two fillers
    array = Array(1, run_bits=2)
    assert elements.words(weights, np.ones(1), array).tolist() == [[4]]
    assert elements.run(weights, np.ones(1), array).fillers == 2


def test_reads_of_a_convolution_by_brute_force():
    rng = np.random.default_rng(1)
    weights = rng.random((5, 3, 3, 3)) < 0.2
    maps = rng.random((3, 7, 6)) < 0.3
    array = Cartesian(2, 2, 3, group=2)
    found = cartesian.convolution(weights, maps, (5, 4), array)
    held = here = 0
    for start in (0, 2, 4):
        group = weights[start : start + 2]
        for c in range(3):
            for y, x in ((0, 0), (0, 3), (4, 0), (4, 3)):
                some = int(maps[c, y : y + 4, x : x + 3].sum())
                held += int(group[:, c].sum()) * -(-some // 3)
                here += some if group[:, c].any() else 0
    assert (found.weight_reads, found.activation_reads) == (held, here)
    assert found.dense_reads == 3 * maps.size and found.width == 6


def test_a_convolution_by_hand():
    """One weight, four activations, a dense array of four multipliers."""
    array = Cartesian(1, 2, 2, group=1)
    beats = cartesian.convolution(
        np.ones((1, 1, 1, 1)), np.ones((1, 2, 2)), (2, 2), array
    )
    cost = actions.of_convolution(beats, Tile(8192, 8192, 8192))
    byte = energy.of_sram(8192)
    mac = MULTIPLY + 24 * 0.1 / 32
    assert cost["skipped"] == pytest.approx(
        {
            "weights": 2 * 2.5 * byte,  # for each of two pairs of activations
            "activations": 4 * 2.5 * byte,
            "sums": 4 * 6 * byte,
            "arithmetic": 4 * mac,
        }
    )
    assert cost["dense"] == pytest.approx(
        {
            "weights": 4 * 2 * byte,
            "activations": 4 * 2 * byte,
            "sums": 6 * byte,
            "arithmetic": 4 * mac,
        }
    )
    assert cost["gated"] == cost["dense"]


def test_gating_saves_multiplications_only():
    found = cartesian.network("lenet5", (0.5, 0.5), Cartesian())
    cost = actions.of_convolution(found)
    saved = (found.macs - found.products) * MULTIPLY
    assert cost["dense"]["arithmetic"] - cost["gated"]["arithmetic"] == pytest.approx(
        saved
    )
    assert {k: v for k, v in cost["dense"].items() if k != "arithmetic"} == {
        k: v for k, v in cost["gated"].items() if k != "arithmetic"
    }


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="line of 4 bits doesn't hold a word of 8"):
        Store(line=4)
    with pytest.raises(ValueError, match="bank must be a whole"):
        Tile(bank=0)
    with pytest.raises(ValueError, match="a matrix M × K needs K activations"):
        actions.of_product(np.ones((2, 3)), np.ones(2), Array(1))


# --- The assumed layers, and the printed ones -----------------------------------------


def test_sizes_of_the_layers_are_the_networks():
    """AlexNet's and VGG-16's full connections by our own descriptions."""
    assumed = {row["layer"]: row for row in datasets.table("eie_densities")}
    for name, model in (("AlexNet", models.alexnet()), ("VGG", models.vgg16())):
        layers = count(model).only("Linear").layers
        for number, layer in zip((6, 7, 8), layers, strict=True):
            row = assumed[f"{name}-{number}"]
            assert row["inputs"] * row["outputs"] == layer.weights


def test_the_printed_modules_add_up():
    rows = datasets.where("published_hardware", item="EIE element")
    found = {row["metric"].removeprefix("power of "): row["value"] for row in rows}
    modules = ("SpmatRead", "PtrRead", "ArithmUnit", "ActRW", "Act queue")
    assert sum(found[name] for name in modules) == pytest.approx(
        found["power"], abs=0.0011
    )
