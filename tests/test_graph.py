"""The builder: names, branches, and errors that name the layer and the network."""

import pytest

from dlpatterns import models
from dlpatterns.graph import Builder, fold_batch_norm
from dlpatterns.layers import (
    Activation,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Embedding,
    Flatten,
    Linear,
    MaxPool2d,
    PositionEmbedding,
)


@pytest.fixture
def net() -> Builder:
    return Builder("small", (3, 8, 8), source="made up")


def test_layers_know_their_names_inputs_and_shapes(net):
    x = net(Conv2d(4, 3, padding=1), net.input, name="conv1")
    with net.scope("block"), net.scope("left"):
        y = net(Conv2d(4, 1), x, name="conv")
    model = net.model(net(Add(), x, y, name="sum"))
    assert [layer.name for layer in model.layers] == ["conv1", "block.left.conv", "sum"]
    assert [layer.inputs for layer in model.layers] == [(-1,), (0,), (0, 1)]
    assert model["sum"].input_shapes == ((4, 8, 8), (4, 8, 8))
    assert (model.input_shape, model.output_shape, model.source) == (
        (3, 8, 8),
        (4, 8, 8),
        "made up",
    )
    assert repr(model) == "Model('small', (3, 8, 8) -> (4, 8, 8), 3 layers)"


def test_layers_without_a_name_are_numbered_within_their_scope(net):
    x = net.chain(net.input, Activation("relu"), Activation("relu"), MaxPool2d(2))
    with net.scope("block"):
        x = net.chain(x, Activation("relu"), Flatten(), Linear(10), names=("first",))
    names = [layer.name for layer in net.model(x).layers]
    assert names == [
        "relu1",
        "relu2",
        "maxpool2d1",
        "block.first",
        "block.flatten1",
        "block.linear1",
    ]


def test_a_scope_ends_when_its_block_raises(net):
    with pytest.raises(RuntimeError), net.scope("block"):
        raise RuntimeError
    assert (
        net.model(net(Flatten(), net.input, name="flatten"))["flatten"].name
        == "flatten"
    )


def test_a_layer_that_does_not_fit_is_named_with_its_scope_and_shapes(net):
    x = net(Conv2d(4, 3), net.input, name="conv1")
    with net.scope("layer1"), net.scope("0"), pytest.raises(ValueError) as caught:
        net(Add(), net.input, x, name="add")
    for word in ("small", "'layer1.0.add'", "(3, 8, 8) and (4, 6, 6)"):
        assert word in str(caught.value)


def test_groups_that_do_not_divide_are_named(net):
    with pytest.raises(
        ValueError,
        match=r"small, layer 'conv1': .* 2 groups .* 3 input channels .*\(3, 8, 8\)",
    ):
        net(Conv2d(4, 3, groups=2), net.input, name="conv1")


@pytest.mark.parametrize(
    "shape", [(), (3, 0, 8), (3, -1, 8), (3, 8.0, 8), (True, 8, 8)]
)
def test_an_input_shape_needs_whole_sizes(shape):
    with pytest.raises(ValueError, match="small: the input shape"):
        Builder("small", shape)


def test_an_unknown_layer_is_named(net):
    with pytest.raises(
        ValueError, match=r"layer 'magic1': expected a layer spec .* got <.*Magic"
    ):
        net(type("Magic", (), {})(), net.input)


def test_a_spec_class_instead_of_a_spec_is_named(net):
    with pytest.raises(ValueError, match="layer 'flat': expected a layer spec"):
        net(Flatten, net.input, name="flat")


def test_a_name_is_given_once(net):
    net(Flatten(), net.input, name="twin")
    with pytest.raises(ValueError, match=r"'twin'.*a layer of this name"):
        net(Flatten(), net.input, name="twin")


def test_inputs_come_from_the_same_network(net):
    other = Builder("other", (3, 8, 8))
    with pytest.raises(
        ValueError, match=r"\(3, 8, 8\) belongs to another network, other"
    ):
        net(Flatten(), other.input)
    with pytest.raises(ValueError, match="what another layer returned"):
        net(Flatten(), (3, 8, 8))
    with pytest.raises(ValueError, match="one input, got 0"):
        net(Flatten())


def test_a_model_ends_in_its_last_layer(net):
    with pytest.raises(ValueError, match="none yet"):
        net.model(net.input)
    first = net(Flatten(), net.input, name="first")
    net(Linear(10), first, name="last")
    with pytest.raises(ValueError, match="last layer \\(last\\) returned"):
        net.model(first)


def test_a_missing_layer_is_answered_with_the_names_there_are(net):
    model = net.model(net(Flatten(), net.input, name="flatten"))
    with pytest.raises(KeyError, match=r"no layer 'conv9'; its layers: flatten"):
        model["conv9"]


def words(**projection) -> Builder:
    """A network of five tokens whose output projection has these options."""
    net = Builder("words", (5,))
    x = net(Embedding(100, 16), net.input, name="embedding")
    net(Linear(**projection), x, name="projection")
    return net


def test_a_tie_names_an_earlier_layer_of_the_same_weights():
    assert words(out_features=100, bias=False, tied="embedding")
    with pytest.raises(
        ValueError, match="'projection': tied to 'embeding', but no earlier layer"
    ):
        words(out_features=100, tied="embeding")
    with pytest.raises(
        ValueError, match=r"its weights are \(100, 16\) and these are \(99, 16\)"
    ):
        words(out_features=99, tied="embedding")


def test_a_layer_without_weights_cannot_be_tied_to():
    net = Builder("words", (5,))
    x = net.chain(
        net.input,
        Embedding(100, 16),
        PositionEmbedding(),
        names=("embedding", "positions"),
    )
    with pytest.raises(ValueError, match="its weights are None"):
        net(Linear(100, tied="positions"), x)


def test_folding_keeps_names_shapes_and_branches():
    model = models.resnet18()
    folded = fold_batch_norm(model)
    assert [layer.name for layer in folded.layers] == [
        x.name for x in model.layers if x.kind != "BatchNorm2d"
    ]
    assert all(layer.spec.bias for layer in folded.layers if layer.kind == "Conv2d")
    assert folded.output_shape == model.output_shape
    for (
        layer
    ) in folded.layers:  # every input still has the shape that the layer was built for
        shapes = [
            folded.layers[i].output_shape if i >= 0 else folded.input_shape
            for i in layer.inputs
        ]
        assert tuple(shapes) == layer.input_shapes


def test_a_batch_norm_stays_where_its_convolution_has_another_reader(net):
    x = net(Conv2d(4, 3, bias=False), net.input, name="conv")
    y = net(BatchNorm2d(), x, name="norm")
    model = net.model(net(Concat(), x, y, name="both"))
    assert fold_batch_norm(model) == model


def test_a_batch_norm_of_the_input_stays(net):
    model = net.model(net(BatchNorm2d(), net.input, name="norm"))
    assert fold_batch_norm(model) == model


# --- Time -----------------------------------------------------------------------------


class _Counting(dict):
    """A dict that counts how often somebody asks whether a name is taken."""

    asked = 0

    def __contains__(self, key):
        self.asked += 1
        return super().__contains__(key)


@pytest.mark.parametrize("layers_", [100, 1000])
def test_a_free_name_is_found_at_once(layers_):
    net = Builder("chain", (4, 8, 8))
    net._layers = _Counting()
    x = net.input
    for i in range(layers_):
        x = net(BatchNorm2d() if i % 2 else Conv2d(4, 3, padding=1), x)
    assert net._layers.asked <= 3 * layers_
    assert [layer.name for layer in net.model(x).layers[-2:]] == [
        f"conv2d{layers_ // 2}",
        f"batchnorm2d{layers_ // 2}",
    ]


def test_names_that_were_given_are_skipped():
    net = Builder("chain", (4, 8, 8))
    x = net(Conv2d(4, 1), net.input, name="conv2d2")
    for _ in range(2):
        x = net(Conv2d(4, 1), x)
    assert [layer.name for layer in net.model(x).layers] == [
        "conv2d2",
        "conv2d1",
        "conv2d3",
    ]


def test_folding_looks_at_each_layer_a_fixed_number_of_times():
    class Layers(tuple):
        looked = 0

        def __iter__(self):
            Layers.looked += 1
            return super().__iter__()

    net = Builder("chain", (4, 8, 8))
    x = net.input
    for i in range(200):
        x = net(BatchNorm2d() if i % 2 else Conv2d(4, 3, padding=1), x)
    model = net.model(x)
    object.__setattr__(model, "layers", Layers(model.layers))
    assert len(fold_batch_norm(model).layers) == 100
    assert Layers.looked <= 4
