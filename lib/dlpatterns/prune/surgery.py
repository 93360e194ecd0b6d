"""A network that is really smaller: channels cut out of every layer that makes, carries
or reads them; branches cut out of a residual network.

The small network answers what the masked one answers, to rounding.
"""

from dataclasses import replace

import numpy as np

from .. import layers
from ..graph import Builder, Layer, Model
from ..train.modules import BatchNorm2d
from ..train.network import Network
from . import structured

Arrays = dict[str, np.ndarray]


def shrink(net: Network, stay: Arrays) -> Network:
    """Return a network without the channels that do not stay; the next layer's inputs,
    normalisations and residual partners shrink with them.

    `stay` holds an array of True and False for each group of `structured.groups`.

    >>> from dlpatterns.train import small
    >>> net = Network(small.cnn())
    >>> little = shrink(net, {"conv1": np.arange(8) < 3})
    >>> little.params["conv1.weight"].shape, little.params["conv2.weight"].shape
    ((3, 1, 3, 3), (16, 3, 3, 3))
    """
    layout = structured.Layout(net.model)
    structured.check(structured.groups(net.model), stay)
    names = structured.spaces(layout)
    keeps = [
        _kept(layout, names, stay, index) for index in range(-1, len(net.model.layers))
    ]
    model = _rebuilt(net.model, [int(np.count_nonzero(k)) for k in keeps[1:]])
    small = Network(model, dtype=net.dtype.type)
    for index, layer in enumerate(net.model.layers):
        _copy(net, small, layer, (keeps[layer.inputs[0] + 1], keeps[index + 1]))
    return small


def without_branch(net: Network, add: str, branch: str) -> Network:
    """Return a network in which the branch ending in layer `branch` no longer reaches
    the addition `add`; what only served it is gone, and so is the addition if one
    branch is left.

    This is the pruning of layers: it answers what the network answers if the branch's
    last layer has only zeros as parameters.
    """
    model = net.model
    index, end = (model.layers.index(model[name]) for name in (add, branch))
    joined = model.layers[index]
    if not isinstance(joined.spec, layers.Add) or end not in joined.inputs:
        raise ValueError(
            f"{branch!r} must be a branch that ends in an addition; {add!r} is a "
            f"{joined.kind} that reads "
            f"{[_name(model, i) for i in joined.inputs]}"
        )
    left = tuple(i for i in joined.inputs if i != end)
    if not left:
        raise ValueError(f"nothing would be left to add in {add!r}; keep a branch")
    inputs = {i: layer.inputs for i, layer in enumerate(model.layers)}
    inputs[index] = left
    skipped = {index: left[0]} if len(left) == 1 else {}
    return _selected(net, inputs, skipped)


def branch_masks(net: Network, branch: str) -> Arrays:
    """Return the masks that take a whole branch: all parameters of its last layer."""
    params = net.layer_params(net.model[branch].name)
    if not params:
        raise ValueError(
            f"layer {branch!r} has no parameters to take; name the convolution or the "
            "normalisation in which the branch ends"
        )
    return {
        f"{branch}.{key}": np.zeros(value.shape, dtype=bool)
        for key, value in params.items()
    }


def _kept(
    layout: structured.Layout, names: dict[int, str], stay: Arrays, index: int
) -> np.ndarray:
    """Return which values along the first axis of a layer's output stay."""
    parts = [
        np.repeat(stay.get(names.get(space, ""), np.ones(size, dtype=bool)), values)
        for space, size, values in layout.segments(index)
    ]
    return np.concatenate(parts)


def _rebuilt(model: Model, sizes: list[int]) -> Model:
    """Return the model with so many values along the first axis of each output."""
    net = Builder(model.name, model.input_shape, source=model.source)
    nodes = {-1: net.input}
    for index, layer in enumerate(model.layers):
        spec = _resized(layer, sizes[index])
        inputs = [nodes[i] for i in layer.inputs]
        nodes[index] = net(spec, *inputs, name=layer.name)
    return net.model(nodes[len(model.layers) - 1])


def _resized(layer: Layer, size: int) -> layers.Spec:
    spec = layer.spec
    if isinstance(spec, layers.Linear):
        return replace(spec, out_features=size)
    if isinstance(spec, layers.Conv2d):
        groups = size if spec.groups > 1 else 1
        return replace(spec, out_channels=size, groups=groups)
    return spec


def _copy(
    net: Network, small: Network, layer: Layer, keeps: tuple[np.ndarray, np.ndarray]
) -> None:
    """Copy what stays of one layer's parameters and statistics."""
    read, made = keeps
    depthwise = getattr(layer.spec, "groups", 1) > 1
    for key, value in net.layer_params(layer.name).items():
        rest = value[made]
        if value.ndim > 1 and not depthwise:
            rest = rest[:, read]
        small.params[f"{layer.name}.{key}"][...] = rest
    module = net.modules[layer.name]
    if isinstance(module, BatchNorm2d):
        other = small.modules[layer.name]
        other.mean, other.variance = module.mean[made], module.variance[made]


def _selected(
    net: Network, inputs: dict[int, tuple[int, ...]], skipped: dict[int, int]
) -> Network:
    """Return the network of the layers that still reach the output."""
    model = net.model

    def real(index: int) -> int:
        while index in skipped:
            index = skipped[index]
        return index

    needed, open_ = set(), [real(len(model.layers) - 1)]
    while open_:
        index = open_.pop()
        if index >= 0 and index not in needed:
            needed.add(index)
            open_ += [real(i) for i in inputs[index]]
    built = Builder(model.name, model.input_shape, source=model.source)
    nodes = {-1: built.input}
    for index in sorted(needed):
        layer = model.layers[index]
        sources = [nodes[real(i)] for i in inputs[index]]
        nodes[index] = built(layer.spec, *sources, name=layer.name)
    small = Network(built.model(nodes[max(needed)]), dtype=net.dtype.type)
    for index in needed:
        everything = slice(None)
        _copy(net, small, model.layers[index], (everything, everything))
    return small


def _name(model: Model, index: int) -> str:
    return "the input" if index < 0 else model.layers[index].name
