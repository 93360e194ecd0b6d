"""What is measured on this machine: the arithmetic behind it, and a real run."""

import pytest

from dlpatterns import measuring, models
from dlpatterns.hardware import at_hand, roofline


@pytest.fixture
def one_second(monkeypatch):
    """Let every call take a second, and still run once."""

    def seconds(call, repeats=5):
        call()
        return 1.0

    monkeypatch.setattr(measuring, "shortest_seconds", seconds)


def test_rates_by_hand(one_second):
    """A product of 256: 2 x 256^3 FLOP. The second holds one repeat of it."""
    (row,) = at_hand.rates((256,), dtypes=("fp32",))
    assert (row["format"], row["size"]) == ("fp32", 256)
    assert row["flop_per_s"] == 2 * 256**3
    (small,) = at_hand.rates((64,), dtypes=("fp64",))
    assert small["flop_per_s"] == 2 * 256**3  # 64 repeats of a 64th of the work


def test_bandwidths_by_hand(one_second):
    """Half of the set is read, and half written: the set, 16 MiB a second in all."""
    rows = at_hand.bandwidths((2**10, 2**26))
    assert rows[0]["bytes_per_s"] == 2 * 2**24 and rows[1]["bytes_per_s"] == 2**26


def test_the_machine_at_hand_takes_a_place_on_the_roofline():
    rated = at_hand.rates((64, 128), dtypes=("fp32",))
    moved = at_hand.bandwidths((2**14, 2**22))
    here = at_hand.machine(rated, moved)
    assert here.peak("fp32") == max(row["flop_per_s"] for row in rated)
    assert here.bandwidth == moved[1]["bytes_per_s"] > 0
    summed = roofline.network(roofline.layers(models.lenet5(), here, dtype="fp32"))
    assert 0 < summed["overlapped_s"] <= summed["one_by_one_s"]
    with pytest.raises(ValueError, match="no published rate for fp16; it has fp32"):
        here.peak("fp16")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: at_hand.rates((0,)), "a matrix size must be a whole number"),
        (
            lambda: at_hand.rates((8,), dtypes=("int8",)),
            "BLAS does not multiply 'int8'",
        ),
        (lambda: at_hand.bandwidths((1,)), "half of it must be a whole number"),
        (lambda: at_hand.machine([], []), "measure first"),
    ],
)
def test_bad_calls_are_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
