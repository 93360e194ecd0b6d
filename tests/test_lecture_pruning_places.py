"""The control of masks: what each way of drawing them anew keeps, counted."""

import numpy as np
import pytest

from dlpatterns.datasets import measurement
from dlpatterns.lectures.pruning import places, verdicts

RNG = np.random.default_rng(0)
MASK = {
    "conv.weight": RNG.random((6, 3, 3, 3)) < 0.3,
    "conv.bias": RNG.random(6) < 0.5,
    "output.weight": RNG.random((10, 24)) < 0.1,
}


def _counts(mask, axis):
    return [
        each.reshape(len(each), -1).sum(axis=axis).tolist()
        for name, each in mask.items()
        if name.endswith("weight")
    ]


@pytest.mark.parametrize("way", places.WAYS)
def test_a_way_keeps_what_its_name_says(way):
    drawn = places.redrawn(MASK, way, np.random.default_rng(1))
    same = {name: np.array_equal(drawn[name], MASK[name]) for name in MASK}
    assert same["conv.bias"]
    assert same["output.weight"] == same["conv.weight"] == way.startswith("mask")
    kept = {
        "neurons' counts": _counts(drawn, 1) == _counts(MASK, 1),
        "inputs' counts": _counts(drawn, 0) == _counts(MASK, 0),
        "layers' counts": _counts(drawn, None) == _counts(MASK, None),
        "total": sum(_counts(drawn, None)) == sum(_counts(MASK, None)),
    }
    assert kept["total"]
    if not way.startswith("mask"):
        assert kept[way]
        assert kept["layers' counts"] == (way != "total")
        assert kept["neurons' counts"] == (way == "neurons' counts")
        assert kept["inputs' counts"] == (way == "inputs' counts")


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="unknown way 'columns'; choose one of mask"):
        places.redrawn(MASK, "columns", RNG)


def test_one_seed_of_the_control_runs_again():
    (row,) = (
        row
        for row in measurement("pruning_places")["rows"]["MLP"]
        if row["way"] == "layers' counts"
    )
    again = places.trained("MLP", 0.95, row["way"], 0, row["setting"], twice=False)
    assert again["accuracy"] == pytest.approx(row["accuracy"][0], abs=0.03)


def test_the_control_needs_both_families_to_say_what_the_lecture_says():
    few, deep = (verdicts.control(family) for family in ("MLP", "CNN"))
    assert few.mask.mean > deep.total.mean > few.total.mean
    assert len(measurement("pruning_places")["seeds"]) == 10
