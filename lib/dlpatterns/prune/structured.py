"""Whole channels: which must go together, how strong they are, and the masks that take
them.

A channel is a filter of a convolution or a neuron of a linear layer, with its bias,
with what normalises it, and with its partners: where two branches are added, channel i
of the one goes only with channel i of the other.

>>> from dlpatterns.train import small
>>> [(g.name, g.producers, g.size) for g in groups(small.cnn()).values()]
[('conv1', ('conv1',), 8), ('conv2', ('conv2',), 16)]
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from .. import layers
from ..graph import Layer, Model
from ..train.network import Network
from . import masks as m

Arrays = dict[str, np.ndarray]
Segment = tuple[int, int]  # a space of channels, and how many values a channel has
ZERO_STAYS_ZERO = {
    "relu",
    "relu6",
    "leaky_relu",
    "tanh",
    "scaled_tanh",
    "silu",
    "gelu",
    "hardswish",
}
CHANNEL_BY_CHANNEL = (
    layers.MaxPool2d,
    layers.AvgPool2d,
    layers.GlobalAvgPool2d,
    layers.Dropout,
    layers.BatchNorm2d,
)


@dataclass(frozen=True)
class Group:
    """Channels that go together: the layers that make them (`producers`), those that
    carry parameters for them (`followers`), and how many they are.
    """

    name: str
    producers: tuple[str, ...]
    followers: tuple[str, ...]
    size: int


class Layout:
    """For every layer of a model, of which spaces of channels its output consists;
    spaces that are added become one.

    Raises: ValueError that names a layer through which channels cannot be followed.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parent: list[int] = []
        self.sizes: list[int] = []
        self.makers: dict[int, list[str]] = {}
        self.carriers: dict[int, list[str]] = {}
        self.outputs: dict[int, tuple[Segment, ...]] = {
            -1: ((self._space(model.input_shape[0]), 1),)
        }
        self.fixed = [0]
        for index, layer in enumerate(model.layers):
            inputs = [self.outputs[i] for i in layer.inputs]
            self.outputs[index] = self._follow(layer, inputs)
        self.fixed += [space for space, _ in self.outputs[len(model.layers) - 1]]

    def find(self, space: int) -> int:
        """Return the space that this one has become."""
        while self.parent[space] != space:
            space = self.parent[space]
        return space

    def segments(self, index: int) -> list[tuple[int, int, int]]:
        """Return (space, channels, values a channel) of each part of an output."""
        return [
            (self.find(space), self.sizes[space], values)
            for space, values in self.outputs[index]
        ]

    def _space(self, size: int) -> int:
        self.parent.append(len(self.parent))
        self.sizes.append(size)
        return len(self.parent) - 1

    def _follow(
        self, layer: Layer, inputs: list[tuple[Segment, ...]]
    ) -> tuple[Segment, ...]:
        rule = _rule(layer)
        if rule == "new":
            space = self._space(layer.output_shape[0])
            self.makers[space] = [layer.name]
            return ((space, 1),)
        if rule == "flat":
            values = prod(layer.input_shapes[0][1:])
            return tuple((space, times * values) for space, times in inputs[0])
        if rule == "behind":
            return tuple(segment for each in inputs for segment in each)
        if rule == "together":
            self._unite(layer, inputs)
        if rule == "carries":
            self._carried(layer, inputs[0])
        return inputs[0]

    def _unite(self, layer: Layer, inputs: list[tuple[Segment, ...]]) -> None:
        first = inputs[0]
        for other in inputs[1:]:
            mine, theirs = (
                [(self.sizes[space], times) for space, times in each]
                for each in (first, other)
            )
            if mine != theirs:
                raise ValueError(
                    f"layer {layer.name!r} joins branches whose channels come in "
                    f"different portions, {mine} and {theirs}; they cannot be paired"
                )
            for (a, _), (b, _) in zip(first, other, strict=True):
                low, high = sorted((self.find(a), self.find(b)))
                self.parent[high] = low

    def _carried(self, layer: Layer, segments: tuple[Segment, ...]) -> None:
        if len(segments) != 1:
            raise ValueError(
                f"layer {layer.name!r} carries parameters for channels that were put "
                "behind one another; normalise the branches before joining them"
            )
        self.carriers.setdefault(segments[0][0], []).append(layer.name)


def groups(model: Model) -> dict[str, Group]:
    """Return the groups of channels that may go, under the name of the first layer that
    makes them.

    The channels of the input and of the output are in none.
    """
    return {group.name: group for group in _by_space(Layout(model)).values()}


def norms(net: Network, *, order: int = 1) -> Arrays:
    """Return the L1 or L2 norm of every channel's filters, over all layers of a group.
    Shapes: channels, by group.

    Source: Li et al. 2017.
    """
    return {
        name: sum(
            m.norm(net.params[f"{layer}.weight"], 0, order) ** order
            for layer in group.producers
        )
        ** (1 / order)
        for name, group in groups(net.model).items()
    }


def strongest(
    scores: Arrays,
    sparsity: float | dict[str, float],
    *,
    choose: Callable[..., Arrays] = m.per_layer,
) -> Arrays:
    """Return which channels of each group stay: True for the largest scores.

    Raises: ValueError if a group would lose its last channel.
    """
    return choose(scores, sparsity)


def channel_masks(net: Network, stay: Arrays) -> Arrays:
    """Return the masks that take channels with all that is theirs: filters, biases,
    scale and shift of a normalisation.

    `stay` holds an array of True and False for each group.
    """
    known = groups(net.model)
    check(known, stay)
    masks = {}
    for name, keeps in stay.items():
        for layer in (*known[name].producers, *known[name].followers):
            for key, value in net.layer_params(layer).items():
                shape = (-1, *[1] * (value.ndim - 1))
                masks[f"{layer}.{key}"] = np.broadcast_to(
                    keeps.reshape(shape), value.shape
                ).copy()
    return masks


def check(known: dict[str, Group], stay: Arrays) -> None:
    """Raise ValueError unless each entry belongs to a group, fits it, and leaves
    something of it.
    """
    for name, keeps in stay.items():
        if name not in known:
            raise ValueError(
                f"{name!r} is no group of channels that may go; there are "
                f"{', '.join(known) or 'none'}"
            )
        size = known[name].size
        if np.shape(keeps) != (size,) or np.asarray(keeps).dtype != bool:
            raise ValueError(
                f"group {name!r} has {size} channels and needs as many True or False, "
                f"got {np.asarray(keeps).dtype} {np.shape(keeps)}"
            )
        if not np.any(keeps):
            raise ValueError(
                f"nothing would be left of {name!r} ({size} channels); keep at least "
                "one, or take the whole branch with surgery.without_branch"
            )


def spaces(layout: Layout) -> dict[int, str]:
    """Return the name of the group of each space of channels that may go."""
    return {space: group.name for space, group in _by_space(layout).items()}


def _by_space(layout: Layout) -> dict[int, Group]:
    makers: dict[int, list[str]] = {}
    carriers: dict[int, list[str]] = {}
    for found, into in ((layout.makers, makers), (layout.carriers, carriers)):
        for space, names in found.items():
            into.setdefault(layout.find(space), []).extend(names)
    fixed = {layout.find(space) for space in layout.fixed}
    return {
        space: Group(
            names[0],
            tuple(names),
            tuple(carriers.get(space, ())),
            layout.sizes[space],
        )
        for space, names in makers.items()
        if space not in fixed
    }


def _rule(layer: Layer) -> str:
    """Return what the layer does with channels: new, flat, behind, together, carries,
    or same.
    """
    spec = layer.spec
    if isinstance(spec, layers.Linear) and len(layer.input_shapes[0]) == 1:
        return "new"
    if isinstance(spec, layers.Conv2d):
        return _rule_of_convolution(layer)
    if isinstance(spec, layers.Flatten):
        return "flat"
    if isinstance(spec, layers.Concat):
        return "behind"
    if isinstance(spec, layers.Add):
        return "together"
    if isinstance(spec, layers.Activation) and spec.kind in ZERO_STAYS_ZERO:
        return "same"
    if isinstance(spec, layers.BatchNorm2d):
        return "carries"
    if isinstance(spec, CHANNEL_BY_CHANNEL):
        return "same"
    raise ValueError(
        f"layer {layer.name!r}: channels cannot be followed through {layer.kind} "
        f"{layer.input_shapes} -> {layer.output_shape}; a channel of zeros must stay "
        "zeros, and no channel may meet another unseen"
    )


def _rule_of_convolution(layer: Layer) -> str:
    spec, channels = layer.spec, layer.input_shapes[0][0]
    if spec.groups == 1:
        return "new"
    if spec.groups == channels == spec.out_channels:
        return "carries"
    raise ValueError(
        f"layer {layer.name!r}: {spec.groups} groups of {channels} channels; only "
        "whole (one group) and depthwise convolutions can lose channels"
    )
