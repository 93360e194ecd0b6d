"""Surgery: the small network answers what the masked one answers; what must go together
goes together; channels chosen for each example.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import layers
from dlpatterns.counting import count
from dlpatterns.graph import Builder, Model
from dlpatterns.layers import (
    Activation,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
)
from dlpatterns.prune import dynamic, masks, structured, surgery, tally
from dlpatterns.train import data, loop, small, state
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import Adam


def separable() -> Model:
    """Return pointwise and depthwise convolutions, each with batch norm."""
    net = Builder("separable", (3, 6, 6))
    x = net.chain(
        net.input, Conv2d(5, 1), BatchNorm2d(), Activation("relu6"),
        Conv2d(5, 3, padding=1, groups=5), BatchNorm2d(), Activation("hardswish"),
        Conv2d(7, 1), Activation("tanh"), MaxPool2d(2), Flatten(), Linear(4),
        names=("point", "a", "b", "depth", "c", "d", "mix"),
    )  # fmt: skip
    return net.model(x)


def branching() -> Model:
    """Return two branches behind one another, one of them added to a third."""
    net = Builder("branching", (2, 5, 5))
    left = net(Conv2d(4, 3, padding=1), net.input, name="left")
    right = net(Conv2d(3, 1), net.input, name="right")
    other = net(Conv2d(3, 3, padding=1), net.input, name="other")
    both = net(Concat(), left, net(Add(), right, other), name="both")
    x = net.chain(
        both, Activation("relu"), Conv2d(6, 3, stride=2), GlobalAvgPool2d(), Flatten(),
        Linear(5), Activation("gelu"), Linear(3),
        names=("act", "mix", "mean", "flat", "hidden", "gelu", "out"),
    )  # fmt: skip
    return net.model(x)


MODELS = {
    "mlp": lambda: small.mlp((9, 7)),
    "cnn": small.cnn,
    "residual": lambda: small.residual(6, 2),
    "separable": separable,
    "branching": branching,
}


def stirred(model: Model, seed: int) -> Network:
    """Return the network with random biases, scales, shifts and statistics."""
    net, rng = Network(model, seed), np.random.default_rng(seed)
    for value in net.params.values():
        value += 0.3 * rng.normal(size=value.shape)
    net.forward(rng.normal(size=(9, *model.input_shape)), training=True)
    return net


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(MODELS)), seed=st.integers(0, 2**31))
def test_the_small_network_answers_what_the_masked_one_answers(kind, seed):
    net, rng = stirred(MODELS[kind](), seed), np.random.default_rng(seed)
    stay = {}
    for name, group in structured.groups(net.model).items():
        stay[name] = rng.random(group.size) < 0.6
        stay[name][rng.integers(group.size)] = True
    cut = surgery.shrink(net, stay)
    masks.apply(net.params, structured.channel_masks(net, stay))
    x = rng.normal(size=(4, *net.model.input_shape))
    np.testing.assert_allclose(cut.forward(x), net.forward(x), atol=1e-10)
    parameters = sum(value.size for value in cut.params.values())
    assert parameters == count(cut.model).params
    whole = all(keeps.all() for keeps in stay.values())
    assert whole or count(cut.model).macs < count(net.model).macs


def test_what_goes_together():
    found = structured.groups(small.residual(6, 2))
    assert {name: group.producers for name, group in found.items()} == {
        "stem": ("stem", "block1.second", "block2.second"),
        "block1.first": ("block1.first",),
        "block2.first": ("block2.first",),
    }
    assert found["stem"].followers == (
        "stem_norm", "block1.second_norm", "block2.second_norm"
    )  # fmt: skip
    assert structured.groups(separable())["point"].followers == ("a", "depth", "c")
    assert structured.groups(branching())["right"].producers == ("right", "other")
    assert "output" not in structured.groups(small.mlp((9,)))


def test_the_parts_shrink_as_counted_by_hand():
    net = stirred(small.residual(6, 1), 0)
    stay = {"stem": np.arange(6) < 4, "block1.first": np.arange(6) < 2}
    cut = surgery.shrink(net, stay)
    shapes = {name: value.shape for name, value in cut.params.items()}
    assert shapes["stem.weight"] == (4, 1, 3, 3)
    assert shapes["stem_norm.scale"] == (4,)
    assert shapes["block1.first.weight"] == (2, 4, 3, 3)
    assert shapes["block1.second.weight"] == (4, 2, 3, 3)
    assert shapes["output.weight"] == (10, 4)
    # 36 + 72 + 72 weights, 2 x (4 + 2 + 4) of the norms, 50 of the output
    assert tally.total(cut).params == 36 + 72 + 72 + 20 + 50
    assert tally.total(cut).macs == 64 * 180 + 40
    assert cut.modules["stem_norm"].mean.shape == (4,)


def test_flattened_channels_take_all_their_pixels():
    cut = surgery.shrink(stirred(small.cnn((3, 5)), 1), {"conv2": np.arange(5) != 2})
    assert cut.params["output.weight"].shape == (10, 4 * 16)


def test_the_weakest_channels_are_those_of_the_smallest_norm():
    net = Network(small.residual(4, 1))
    for name, value in net.params.items():
        if name.endswith("weight") and value.ndim == 4:
            value[...] = 0
            value[:, 0, 0, 0] = [1, -4, 2, 3]
    net.params["stem.weight"][3] = 0
    norms = structured.norms(net, order=1)
    np.testing.assert_array_equal(norms["stem"], [2, 8, 4, 3])
    np.testing.assert_allclose(structured.norms(net, order=2)["stem"] ** 2,
                               [2, 32, 8, 9])  # fmt: skip
    stay = structured.strongest(norms, 0.5)
    np.testing.assert_array_equal(stay["stem"], [False, True, True, False])
    np.testing.assert_array_equal(stay["block1.first"], [False, True, False, True])


def test_a_cut_network_goes_on_learning():
    digits, net = data.digits(), Network(small.residual(12, 1))
    cut = surgery.shrink(net, structured.strongest(structured.norms(net), 0.5))
    x, y = digits.train_x[:300], digits.train_y[:300]
    history = loop.fit(cut, x, y, epochs=30, batch=30, optimizer=Adam(0.02))
    assert history.loss[-1] < 0.3 * history.loss[0]


# --- Whole layers ---------------------------------------------------------------------


def test_a_branch_that_goes_leaves_what_the_masked_network_answers():
    net = stirred(small.residual(5, 3), 3)
    chosen = surgery.branch_masks(net, "block2.second_norm")
    cut = surgery.without_branch(net, "block2.add1", "block2.second_norm")
    names = [layer.name for layer in cut.model.layers]
    assert not any(n.startswith(("block2.first", "block2.second")) for n in names)
    assert "block2.add1" not in names
    masks.apply(net.params, chosen)
    x = np.random.default_rng(0).random((4, 1, 8, 8))
    np.testing.assert_allclose(cut.forward(x), net.forward(x), atol=1e-12)
    one = 2 * 9 * 25 + 2 * 10
    assert tally.total(net).params - tally.total(cut).params == one


def test_of_three_branches_two_are_still_added():
    builder = Builder("three", (2, 4, 4))
    parts = [builder(Conv2d(2, 1), builder.input, name=name) for name in "abc"]
    joined = builder(Add(), *parts, name="sum")
    net = stirred(builder.model(builder(Activation("relu"), joined)), 0)
    cut = surgery.without_branch(net, "sum", "b")
    assert [layer.name for layer in cut.model.layers] == ["a", "c", "sum", "relu1"]
    masks.apply(net.params, surgery.branch_masks(net, "b"))
    x = np.random.default_rng(0).normal(size=(3, 2, 4, 4))
    np.testing.assert_allclose(cut.forward(x), net.forward(x), atol=1e-12)


# --- Channels for each example --------------------------------------------------------


def test_each_example_keeps_its_own_strongest_channels():
    net = Network(small.cnn((4, 3)))
    x = np.random.default_rng(0).random((20, 1, 8, 8))
    dense = net.activations(x)["relu1"]
    dynamic.gate(net, "relu1", 2)
    kept = net.activations(x)["relu1"]
    size = dense.mean(axis=(2, 3))
    for example in range(20):
        best = set(np.argsort(-size[example])[:2])
        alive = {c for c in range(4) if kept[example, c].any()}
        assert alive <= best
        np.testing.assert_array_equal(kept[example, list(best)],
                                      dense[example, list(best)])  # fmt: skip


def test_all_channels_change_nothing_and_gradients_pass_the_gate():
    net, x = (
        stirred(small.cnn((4, 3)), 0),
        np.random.default_rng(0).random((6, 1, 8, 8)),
    )
    twin, y = state.twin(net), np.arange(6)
    dynamic.gate(twin, "relu1", 4)
    np.testing.assert_array_equal(net.forward(x), twin.forward(x))
    twin = state.twin(net)
    dynamic.gate(twin, "relu1", 2)
    twin.backward(loop.softmax_cross_entropy(twin.forward(x), y)[1])
    weight, ours = twin.params["conv1.weight"], twin.grads["conv1.weight"]
    for place in ((0, 0, 1, 1), (2, 0, 0, 2), (3, 0, 2, 2)):
        losses = []
        for step in (1e-6, -1e-6):
            weight[place] += step
            losses.append(loop.softmax_cross_entropy(twin.forward(x), y)[0])
            weight[place] -= step
        slope = (losses[0] - losses[1]) / 2e-6
        assert ours[place] == pytest.approx(slope, rel=1e-4, abs=1e-8)


# --- What is refused ------------------------------------------------------------------


def _behind_conv(*specs: layers.Spec) -> Network:
    net = Builder("refused", (2, 4, 4))
    return Network(net.model(net.chain(net.input, Conv2d(4, 1), *specs)))


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (
            lambda: surgery.shrink(Network(small.cnn()), {"conv1": np.zeros(8, bool)}),
            r"nothing would be left of 'conv1' \(8",
        ),
        (
            lambda: surgery.shrink(Network(small.cnn()), {"conv1": np.ones(9, bool)}),
            r"8 channels.*\(9,\)",
        ),
        (
            lambda: surgery.shrink(Network(small.cnn()), {"conv1": np.ones(8)}),
            "float64",
        ),
        (
            lambda: surgery.shrink(Network(small.cnn()), {"output": np.ones(10, bool)}),
            "'output' is no group.*conv1, conv2",
        ),
        (
            lambda: structured.groups(_behind_conv(Activation("sigmoid")).model),
            "sigmoid1.*zeros must stay",
        ),
        (
            lambda: structured.groups(_behind_conv(Conv2d(4, 1, groups=2)).model),
            "2 groups of 4 channels",
        ),
        (
            lambda: structured.strongest({"conv1": np.arange(4.0)}, 0.9),
            "leaves nothing",
        ),
        (
            lambda: surgery.without_branch(Network(small.cnn()), "pool", "relu2"),
            "'pool' is a MaxPool2d that reads .'relu2'",
        ),
        (
            lambda: surgery.without_branch(
                Network(small.residual(2, 1)), "block1.add1", "stem"
            ),
            "must be a branch that ends in an addition",
        ),
        (
            lambda: surgery.branch_masks(Network(small.residual(2, 1)), "block1.add1"),
            "no parameters to take",
        ),
        (lambda: dynamic.gate(Network(small.cnn()), "relu1", 0), "1 to 8 may stay"),
        (lambda: dynamic.gate(Network(small.cnn()), "relu1", 9), "got 9"),
    ],
)
def test_what_cannot_be_cut_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()


def test_branches_whose_channels_cannot_be_paired_are_refused():
    net = Builder("unpaired", (2, 4, 4))
    a, b, c, d = (net(Conv2d(n, 1), net.input) for n in (1, 3, 2, 2))
    both = net(Add(), net(Concat(), a, b), net(Concat(), c, d), name="sum")
    with pytest.raises(ValueError, match=r"'sum'.*cannot be paired"):
        structured.groups(net.model(both))
    net = Builder("unpaired", (2, 4, 4))
    a, b = (net(Conv2d(2, 1), net.input) for _ in range(2))
    x = net(BatchNorm2d(), net(Concat(), a, b), name="norm")
    with pytest.raises(ValueError, match=r"'norm'.*normalise the branches"):
        structured.groups(net.model(x))
