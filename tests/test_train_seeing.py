"""Data, pictures of what a network does, and the times of its layers."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from dlpatterns import layers
from dlpatterns.graph import Builder
from dlpatterns.train import data, seeing, small, timing
from dlpatterns.train.network import Network

PYTORCH = json.loads((Path(__file__).parent / "pytorch_training.json").read_text())


# --- Data, seeing, timing -------------------------------------------------------------


def test_the_digits_are_all_there_once_and_both_parts_hold_all_classes_alike():
    split, (images, labels) = data.digits(seed=4), load_digits(return_X_y=True)
    together = np.concatenate([split.train_x, split.test_x]).reshape(-1, 64)
    assert sorted(map(bytes, together)) == sorted(
        map(bytes, (images / 16).astype(np.float32))
    )
    shares = [
        np.bincount(part) / len(part) for part in (split.train_y, split.test_y, labels)
    ]
    np.testing.assert_allclose(shares[0], shares[2], atol=0.003)
    np.testing.assert_allclose(shares[1], shares[2], atol=0.003)
    with pytest.raises(ValueError, match=r"between 0 and 1; got 1\.5"):
        data.digits(test_share=1.5)


def test_the_photographs_are_colour_pictures():
    photos = data.photographs()
    assert {name: (p.shape, p.dtype) for name, p in photos.items()} == dict.fromkeys(
        ("china", "flower"), ((3, 427, 640), np.dtype(np.float32))
    )
    assert all(p.min() >= 0 and 0.9 < p.max() <= 1 for p in photos.values())


def detector():
    """One unit that answers to a bright pixel in the middle of a 3 x 3 image, and one
    to a dark one.
    """
    net = Builder("detector", (1, 3, 3))
    model = net.model(
        net.chain(
            net.input,
            layers.Conv2d(2, 1),
            layers.Activation("relu"),
            names=("conv", "relu"),
        )
    )
    running = Network(model)
    running.params["conv.weight"][:] = [[[[1.0]]], [[[-1.0]]]]
    return running


def test_seeing_finds_what_a_unit_likes():
    net, x = detector(), np.zeros((4, 1, 3, 3))
    x[2, 0, 1, 1], x[1, 0, 0, 2] = 0.9, 0.5
    np.testing.assert_array_equal(
        seeing.responses(net, x, "relu")[:, 0], [0, 0.5, 0.9, 0]
    )
    np.testing.assert_array_equal(
        seeing.favourites(net, x, "relu", 0, top=3), [2, 1, 0]
    )
    bright, dark = (seeing.maximise(net, "conv", unit)[0] for unit in (0, 1))
    assert (bright[1, 1], dark[1, 1]) == (1, 0)
    rest = np.delete(bright.ravel(), 4)
    np.testing.assert_array_equal(rest, 0.5)


def test_seeing_names_what_it_cannot_show():
    net = detector()
    for call in (
        lambda: seeing.maximise(net, "conv", 2),
        lambda: seeing.favourites(net, np.ones((1, 1, 3, 3)), "conv", -1),
    ):
        with pytest.raises(ValueError, match="units 0 to 1"):
            call()
    with pytest.raises(ValueError, match="unit 1 of layer 'relu'"):
        seeing.maximise(net, "relu", 1)  # silent at grey
    with pytest.raises(KeyError, match="its layers: conv, relu"):
        seeing.responses(net, np.ones((1, 1, 3, 3)), "conv9")


def test_layer_times_are_those_of_the_layers(monkeypatch):
    clock = iter(np.cumsum([0, 1, 2, 4, 0, 3, 1, 5]))
    monkeypatch.setattr(timing, "perf_counter", lambda: next(clock))
    net = Network(small.mlp(()))
    model = Builder("three", (4,))
    net = Network(
        model.model(
            model.chain(
                model.input,
                layers.Linear(2),
                layers.Activation("relu"),
                layers.Linear(2),
                names=("a", "b", "c"),
            )
        )
    )
    times = timing.layer_times(net, np.ones((1, 4)), repeats=2)
    assert [(t.name, t.kind, t.seconds) for t in times] == [
        ("a", "Linear", 1),
        ("b", "Activation", 1),
        ("c", "Linear", 4),
    ]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        timing.layer_times(net, np.ones((1, 4)), repeats=0)


def test_a_silenced_unit_is_missed_where_it_was_needed_and_comes_back():
    """Two classes, each with a detector of its own: without the second, only its class
    is lost.
    """
    net = Builder("two", (2,))
    running = Network(
        net.model(
            net.chain(
                net.input,
                layers.Linear(2),
                layers.Linear(2),
                names=("detect", "decide"),
            )
        )
    )
    running.params["detect.weight"][:] = np.eye(2)
    running.params["decide.weight"][:] = np.eye(2)
    running.params["decide.bias"][:] = (0.1, 0)
    before = {name: value.copy() for name, value in running.params.items()}
    x, y = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]]), np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(seeing.silenced(running, x, y, "detect", 1), [0, 1])
    np.testing.assert_array_equal(
        seeing.silenced(running, x, y, "detect", 0), [0, 0]
    )  # the bias decides
    assert np.isnan(seeing.silenced(running, x[:2], y[:2], "detect", 0)[1])
    assert all((running.params[name] == before[name]).all() for name in before)
    with pytest.raises(ValueError, match="units 0 to 1, got 2"):
        seeing.silenced(running, x, y, "detect", 2)
