"""The quick trainer takes the steps of `Network` and `Adam`, on every kind of block."""

import numpy as np
import pytest

from dlpatterns.graph import Builder
from dlpatterns.layers import Activation, Conv2d, Flatten, MaxPool2d
from dlpatterns.lectures.efficient_models import blocks, small
from dlpatterns.train import data, loop, quick
from dlpatterns.train.losses import softmax_cross_entropy
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import Adam

RATE = 0.01


@pytest.fixture(scope="module")
def digits() -> data.Split:
    return data.digits(test_share=0.5, seed=0)


@pytest.mark.parametrize("kind", blocks.BODIES)
def test_three_steps_are_those_of_the_plain_trainer(kind, digits):
    model = small.network(kind, 8, head=5)
    ours, plain = quick.Trainer(model, 3, dtype=float), Network(model, 3)
    adam = Adam(RATE)
    for start in (0, 32, 64):
        x, y = (part[start : start + 32] for part in digits[:2])
        loss = loop.train_step(plain, x, y, adam, loss=softmax_cross_entropy)
        assert ours.step(x, y, RATE) == pytest.approx(loss, abs=1e-9)
    for name, value in plain.params.items():
        np.testing.assert_allclose(ours.params[name], value, atol=1e-8)
    answers = plain.forward(digits.test_x[:40])
    np.testing.assert_allclose(ours.forward(digits.test_x[:40]).T, answers, atol=1e-8)
    found = loop.accuracy(plain, digits.test_x, digits.test_y)
    assert ours.accuracy(digits.test_x, digits.test_y) == pytest.approx(found)


def test_the_rate_falls_to_zero(digits, monkeypatch):
    """Four batches an epoch, two epochs: half of a cosine's period in 8 steps."""
    rates = []
    net = quick.Trainer(small.network("3 × 3", 4))
    monkeypatch.setattr(net, "step", lambda x, y, rate: rates.append(rate) or 0.5)
    x, y = digits.train_x[:130], digits.train_y[:130]
    losses = quick.fit(net, x, y, epochs=2, batch=32, rate=2.0)
    assert losses == [0.5, 0.5]
    assert rates == pytest.approx([1 + np.cos(np.pi * i / 8) for i in range(8)])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Conv2d(4, 3), "keep the size"),
        (Conv2d(4, 3, stride=2, padding=1), "keep the size"),
        (Activation("silu"), "silu"),
        (MaxPool2d(2), "MaxPool2d"),
    ],
)
def test_what_does_not_run_is_named(spec, words):
    net = Builder("no", (1, 8, 8))
    model = net.model(net.chain(net.input, Conv2d(2, 1), spec, Flatten()))
    with pytest.raises(ValueError, match=words):
        quick.Trainer(model)


def test_more_than_a_batch_is_needed(digits):
    net = quick.Trainer(small.network("3 × 3", 4))
    with pytest.raises(ValueError, match="batch of 64"):
        quick.fit(
            net, digits.train_x[:20], digits.train_y[:20], epochs=1, batch=64, rate=0.1
        )
