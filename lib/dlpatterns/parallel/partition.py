"""A layer split over ranks: the work and the parameters of each, and the messages that
make the answer whole.

Each function takes a layer of a network (`model["name"]`), the ranks and the batch, and
returns a `Share`. Activations and gradients travel in `bytes_each` bytes; every
collective is a ring's unless it says otherwise. Sources: Shoeybi et al. 2019 (tensor),
Korthikanti et al. 2022 (sequence), Liu et al. 2023 (ring attention), Lepikhin et al.
2020 (experts).
"""

from dataclasses import dataclass, replace

from .. import layers
from ..counting.counts import LayerCount, count_layer
from ..graph import Layer
from . import collectives
from .messages import whole


@dataclass(frozen=True)
class Sending:
    """A collective over a vector of so many bytes, and how often it is done."""

    collective: str
    bytes: int
    times: int = 1

    def sent(self, ranks: int) -> float:
        """Return the bytes that the busiest rank sends."""
        algorithm = "pairwise" if self.collective == "all-to-all" else "ring"
        if self.collective == "pass on":
            return float(self.bytes * self.times)
        form = collectives.cost(self.collective, algorithm, ranks)
        return float(form.sent) * self.bytes * self.times


@dataclass(frozen=True)
class Share:
    """What one rank does of a layer: MACs of a forward pass, parameters it holds, and
    what is sent in a forward and in a backward pass.
    """

    way: str
    ranks: int
    macs: int
    params: int
    forward: tuple[Sending, ...] = ()
    backward: tuple[Sending, ...] = ()

    @property
    def sent(self) -> float:
        """Bytes that a rank sends in a forward and a backward pass."""
        return sum(one.sent(self.ranks) for one in self.forward + self.backward)


def data(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Give each rank a part of the batch and all parameters; gradients are summed.

    Raises: ValueError if the ranks do not divide the batch.
    """
    _divides(ranks, batch=batch)
    part = count_layer(layer, batch // ranks)
    sums = (Sending("all-reduce", part.params * bytes_each),)
    return Share("data", ranks, part.macs, part.params, backward=sums)


def columns(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Cut the outputs of a full connection: the answer stays cut, and the gradient of
    the input is summed.

    Raises: ValueError if the ranks do not divide the outputs.
    """
    _kind(layer, layers.Linear)
    _divides(ranks, outputs=layer.spec.out_features)
    whole_layer = count_layer(layer, batch)
    sums = (Sending("all-reduce", whole_layer.reads * bytes_each),)
    return _cut("columns", ranks, whole_layer, backward=sums)


def rows(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Cut the inputs of a full connection, which come cut: the partial answers are
    summed, and each rank keeps the bias.

    Raises: ValueError if the ranks do not divide the inputs.
    """
    _kind(layer, layers.Linear)
    _divides(ranks, inputs=layer.input_shapes[0][-1])
    whole_layer = count_layer(layer, batch)
    sums = (Sending("all-reduce", whole_layer.activations * bytes_each),)
    bias = whole_layer.params - whole_layer.weights
    return _cut("rows", ranks, whole_layer, forward=sums, kept=bias)


def heads(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Deal out the heads of an attention layer, projections included: one sum of the
    answers forward, one of the gradients backward.

    Raises: ValueError if the ranks do not divide heads and key-value heads.
    """
    _kind(layer, layers.Attention)
    features = layer.input_shapes[0][-1]
    query, key, _ = layer.spec.head_sizes(features)
    _divides(ranks, **{"heads": query, "key-value heads": key})
    whole_layer = count_layer(layer, batch)
    sums = (Sending("all-reduce", whole_layer.activations * bytes_each),)
    bias = features if layer.spec.bias else 0
    return _cut("heads", ranks, whole_layer, forward=sums, backward=sums, kept=bias)


def vocabulary(
    layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2
) -> Share:
    """Cut the words of an embedding, or of the projection that gives their scores.

    Each rank looks up the words it has, and the vectors are summed; of the scores only
    a largest and a sum for each token are exchanged. Raises: ValueError if the ranks do
    not divide the vocabulary.
    """
    _kind(layer, layers.Embedding, layers.Linear)
    whole_layer = count_layer(layer, batch)
    if isinstance(layer.spec, layers.Embedding):
        _divides(ranks, vocabulary=layer.spec.vocabulary)
        sums = (Sending("all-reduce", whole_layer.activations * bytes_each),)
        return _cut("vocabulary", ranks, whole_layer, forward=sums)
    _divides(ranks, vocabulary=layer.spec.out_features)
    tokens = whole_layer.activations // layer.spec.out_features
    largest = (Sending("all-reduce", tokens * 4, times=2),)
    sums = (Sending("all-reduce", whole_layer.reads * bytes_each),)
    return _cut("vocabulary", ranks, whole_layer, forward=largest, backward=sums)


def sequence(share: Share) -> Share:
    """Return a share in which every all-reduce is a reduce-scatter and an all-gather,
    so that what lies between them, normalisations and shortcuts, is cut by tokens.

    The bytes are the same.
    """
    if not isinstance(share, Share):
        raise TypeError(f"sequence takes the share of a layer, got {share!r}")
    return replace(
        share,
        way=f"{share.way}, by tokens between",
        forward=_halved(share.forward),
        backward=_halved(share.backward),
    )


def _halved(sendings: tuple[Sending, ...]) -> tuple[Sending, ...]:
    halves = []
    for one in sendings:
        both = ("reduce-scatter", "all-gather")
        names = both if one.collective == "all-reduce" else (one.collective,)
        halves += [replace(one, collective=name) for name in names]
    return tuple(halves)


def context(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Cut the tokens of an attention layer: keys and values go once around a ring, and
    in the backward pass once more with their gradients.

    Raises: ValueError if the ranks do not divide the tokens.
    """
    _kind(layer, layers.Attention)
    tokens, features = layer.input_shapes[0]
    _divides(ranks, tokens=tokens)
    _, key, dim = layer.spec.head_sizes(features)
    block = 2 * batch * (tokens // ranks) * key * dim * bytes_each
    whole_layer = count_layer(layer, batch)
    return Share(
        "context",
        ranks,
        whole_layer.macs // ranks,
        whole_layer.params,
        forward=(Sending("pass on", block, ranks - 1),),
        backward=(
            Sending("pass on", 2 * block, ranks - 1),
            Sending("all-reduce", whole_layer.params * bytes_each),
        ),
    )


def experts(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Deal out the experts of a mixture, tokens spread evenly over them: every token
    travels to its experts and back, forward and backward.

    Raises: ValueError if the ranks do not divide experts and tokens.
    """
    _kind(layer, layers.Experts)
    tokens, features = layer.input_shapes[0]
    _divides(ranks, experts=layer.spec.experts, tokens=batch * tokens)
    whole_layer = count_layer(layer, batch)
    one = 3 * features * layer.spec.hidden
    mine = batch * tokens // ranks * layer.spec.active * features * bytes_each
    both = (Sending("all-to-all", mine, times=2),)
    away = one * (layer.spec.experts - layer.spec.experts // ranks)
    return Share(
        "experts",
        ranks,
        whole_layer.macs // ranks,
        whole_layer.params - away,
        forward=both,
        backward=both,
    )


def pipeline(stages: int, features: int, tokens: int, *, bytes_each: int = 2) -> Share:
    """Return what each boundary between stages sends for `tokens` of a micro-batch: the
    activations forward, their gradients backward; MACs and parameters are those of the
    layers that a stage holds, and not told here.
    """
    whole(stages, "stages", 2)
    block = whole(features, "features") * whole(tokens, "tokens") * bytes_each
    once = (Sending("pass on", block),)
    return Share("pipeline", stages, 0, 0, forward=once, backward=once)


def _cut(
    way: str, ranks: int, counted: LayerCount, *, kept: int = 0, **sendings: tuple
) -> Share:
    params = (counted.params - kept) // ranks + kept
    return Share(way, ranks, counted.macs // ranks, params, **sendings)


def _divides(ranks: int, **sizes: int) -> None:
    whole(ranks, "ranks")
    for name, size in sizes.items():
        if whole(size, name) % ranks:
            raise ValueError(
                f"{ranks} ranks don't divide {name} = {size}; take a divisor of it"
            )


def _kind(layer: Layer, *kinds: type) -> None:
    if not isinstance(layer, Layer):
        raise TypeError(f"a layer of a network is split, got {layer!r}")
    if not isinstance(layer.spec, kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{layer.name}: a {layer.kind} can't be cut so; {names} can")
