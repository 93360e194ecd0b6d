"""Layers that move channels, run forward and backward."""

import numpy as np
import pytest

from dlpatterns.graph import Builder
from dlpatterns.layers import (
    Activation,
    Add,
    Concat,
    Conv2d,
    GlobalAvgPool2d,
    Multiply,
    ShuffleChannels,
    TakeChannels,
)
from dlpatterns.train.network import Network


def _run(spec, channels: int) -> Network:
    net = Builder("one layer", (channels, 1, 1))
    return Network(net.model(net(spec, net.input)))


def test_a_shuffle_sends_a_channel_of_every_group_to_every_group():
    """Figure 1 (c) of Zhang et al. 2018: three groups of three channels."""
    x = np.arange(9.0).reshape(1, 9, 1, 1)
    out = _run(ShuffleChannels(3), 9).forward(x).ravel()
    assert out.tolist() == [0, 3, 6, 1, 4, 7, 2, 5, 8]


def test_a_shuffle_of_unequal_sides_is_pytorchs():
    """torch.nn.ChannelShuffle(2) on six channels, as its documentation's rule says."""
    x = np.arange(6.0).reshape(1, 6, 1, 1)
    out = _run(ShuffleChannels(2), 6).forward(x).ravel()
    assert out.tolist() == [0, 3, 1, 4, 2, 5]


def test_a_part_of_the_channels_is_taken():
    x = np.arange(5.0).reshape(1, 5, 1, 1)
    assert _run(TakeChannels(1, 3), 5).forward(x).ravel().tolist() == [1, 2]


def _mixed() -> Network:
    """Every join and every kind of convolution that the study trains, in one net."""
    net = Builder("mixed", (6, 4, 4))
    x = net(Conv2d(6, 3, padding=1, groups=2), net.input, name="grouped")
    x = net(ShuffleChannels(3), x, name="shuffle")
    y = net(Conv2d(6, 3, padding=1, groups=6), x, name="depthwise")
    x = net(Add(), x, y, name="shortcut")
    gate = net(GlobalAvgPool2d(), x, name="squeeze")
    gate = net(Conv2d(6, 1), gate, name="excite")
    x = net(Multiply(), x, net(Activation("sigmoid"), gate), name="scale")
    part = net(TakeChannels(2, 5), x, name="part")
    x = net(Concat(), part, x, name="joined")
    return Network(net.model(net(Conv2d(2, (3, 1), padding=(1, 0)), x, name="last")))


@pytest.mark.parametrize("name", [*_mixed().params, "input"])
def test_gradients_are_differences(name):
    """Central differences in float64, at three places of each array."""
    net, rng = _mixed(), np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 6, 4, 4)), rng.normal(size=(2, 2, 4, 4))
    net.forward(x, training=True)
    to_x = net.backward(weights)
    array, grads = (x, to_x) if name == "input" else (net.params[name], net.grads[name])
    for place in rng.choice(array.size, size=min(3, array.size), replace=False):
        at, values = np.unravel_index(place, array.shape), []
        for step in (1e-5, -1e-5):
            array[at] += step
            values.append((net.forward(x, training=True) * weights).sum())
            array[at] -= step
        assert grads[at] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6)
