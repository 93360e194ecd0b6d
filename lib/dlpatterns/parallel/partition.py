"""A layer split over ranks: the work and the parameters of each, and the messages that
make the answer whole.

Each function takes a layer of a network (`model["name"]`), the ranks and the batch, and
returns a `Share`. Activations and gradients travel in `bytes_each` bytes; every
collective is a ring's unless it says otherwise. Sources: Shoeybi et al. 2019 (tensor),
Korthikanti et al. 2022 (sequence), Liu et al. 2023 (ring attention), Lepikhin et al.
2020 (experts).
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from .. import layers
from ..counting.counts import LayerCount, count_layer
from ..graph import Layer, Model
from . import collectives, memory
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
    """What one rank does of a layer: MACs of a forward pass, parameters it holds,
    numbers `held` until the backward pass needs them (the matrix of attention is
    computed again), and what is sent in a forward and in a backward pass.
    """

    way: str
    ranks: int
    macs: int
    params: int
    held: int
    forward: tuple[Sending, ...] = ()
    backward: tuple[Sending, ...] = ()

    @property
    def sent(self) -> float:
        """Bytes that a rank sends in a forward and a backward pass."""
        return sum(one.sent(self.ranks) for one in self.forward + self.backward)

    def memory(
        self, convention: str = "mixed, Megatron-LM", *, bytes_each: int = 2
    ) -> float:
        """Return the bytes that training holds on a rank: weights, gradients and states
        by a convention, and what waits for the backward pass.
        """
        states = sum(memory.shares(1, 0, convention).values())
        return self.params * states + self.held * whole(bytes_each, "bytes_each")


def data(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Give each rank a part of the batch and all parameters; gradients are summed.

    Raises: ValueError if the ranks do not divide the batch.
    """
    _divides(ranks, batch=batch)
    part = count_layer(layer, batch // ranks)
    sums = (Sending("all-reduce", part.params * bytes_each),)
    held = _held(layer, part, batch // ranks)
    return Share("data", ranks, part.macs, part.params, held, backward=sums)


def columns(layer: Layer, ranks: int, batch: int = 1, *, bytes_each: int = 2) -> Share:
    """Cut the outputs of a full connection: the answer stays cut, and the gradient of
    the input is summed.

    Raises: ValueError if the ranks do not divide the outputs.
    """
    _kind(layer, layers.Linear)
    _divides(ranks, outputs=layer.spec.out_features)
    whole_layer = count_layer(layer, batch)
    sums = (Sending("all-reduce", whole_layer.reads * bytes_each),)
    return _cut("columns", ranks, whole_layer, whole_layer.reads, backward=sums)


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
    held = whole_layer.reads // ranks
    return _cut("rows", ranks, whole_layer, held, forward=sums, kept=bias)


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
    inside = _held(layer, whole_layer, batch) - whole_layer.reads
    held = whole_layer.reads + inside // ranks
    return _cut(
        "heads", ranks, whole_layer, held, forward=sums, backward=sums, kept=bias
    )


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
        return _cut("vocabulary", ranks, whole_layer, whole_layer.reads, forward=sums)
    _divides(ranks, vocabulary=layer.spec.out_features)
    tokens = whole_layer.activations // layer.spec.out_features
    largest = (Sending("all-reduce", tokens * 4, times=2),)
    sums = (Sending("all-reduce", whole_layer.reads * bytes_each),)
    held = whole_layer.reads + whole_layer.activations // ranks  # the scores
    return _cut("vocabulary", ranks, whole_layer, held, forward=largest, backward=sums)


def sequence(share: Share) -> Share:
    """Return a share in which every all-reduce is a reduce-scatter and an all-gather,
    so that what lies between them, normalisations and shortcuts, is cut by tokens.

    The bytes sent are the same, and so is what is held of this layer; `between` returns
    what is held of those.
    """
    if not isinstance(share, Share):
        raise TypeError(f"sequence takes the share of a layer, got {share!r}")
    return replace(
        share,
        way=f"{share.way}, by tokens between",
        forward=_halved(share.forward),
        backward=_halved(share.backward),
    )


def between(layer: Layer, ranks: int, batch: int = 1) -> Share:
    """Return what a rank does of a layer that treats every token alone, such as a
    normalisation, if sequence parallelism deals out the tokens: its parameters stay
    whole, and their gradients are summed.

    Raises: ValueError if the ranks do not divide the tokens.
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"a layer of a network is split, got {layer!r}")
    tokens = layer.input_shapes[0][0]
    _divides(ranks, tokens=tokens)
    whole_layer = count_layer(layer, batch)
    sums = (Sending("all-reduce", whole_layer.params * 2),) * bool(whole_layer.params)
    return Share(
        "tokens",
        ranks,
        whole_layer.macs // ranks,
        whole_layer.params,
        _held(layer, whole_layer, batch) // ranks,
        backward=sums,
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
        _held(layer, whole_layer, batch) // ranks,
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
        _held(layer, whole_layer, batch) // ranks,
        forward=both,
        backward=both,
    )


def pipeline(
    model: Model, stages: int, batch: int = 1, *, bytes_each: int = 2
) -> tuple[Share, ...]:
    """Cut a network into runs of layers, the busiest as light as can be, and return
    what each stage does for a micro-batch: it passes on what later stages need,
    shortcuts included, and gets their gradients back.

    Raises: ValueError for more stages than layers.
    """
    if not isinstance(model, Model):
        raise TypeError(f"a network is cut into stages, got {model!r}")
    if whole(stages, "stages", 2) > len(model.layers):
        raise ValueError(
            f"{stages} stages are more than the {len(model.layers)} layers of "
            f"{model.name}; take fewer"
        )
    counts = [count_layer(one, batch) for one in model.layers]
    ends = _balanced([one.macs for one in counts], stages)
    shares = []
    for first, end in pairwise((0, *ends)):
        held = zip(model.layers[first:end], counts[first:end], strict=True)
        shares.append(
            Share(
                "pipeline",
                stages,
                sum(one.macs for one in counts[first:end]),
                sum(one.params for one in counts[first:end]),
                sum(_held(layer, counted, batch) for layer, counted in held),
                forward=_passed(model, counts, end, bytes_each),
                backward=_passed(model, counts, first, bytes_each),
            )
        )
    return tuple(shares)


def _balanced(work: list[int], stages: int) -> list[int]:
    """Where each of so many runs of layers ends if the heaviest is as light as can be;
    no run is empty.
    """
    low, high = max(work), sum(work)
    while low < high:
        middle = (low + high) // 2
        if len(_filled(work, middle, stages)) <= stages:
            high = middle
        else:
            low = middle + 1
    return _filled(work, low, stages)


def _filled(work: list[int], most: int, stages: int) -> list[int]:
    """Where runs of at most so much work end, each as long as it may be; a run ends
    early where the layers left are only enough for the runs left.
    """
    ends, load = [], 0
    for place, one in enumerate(work):
        if place and (load + one > most or len(work) - place < stages - len(ends)):
            ends.append(place)
            load = 0
        load += one
    return [*ends, len(work)]


def _passed(
    model: Model, counts: list[LayerCount], cut: int, bytes_each: int
) -> tuple[Sending, ...]:
    """The values that layers before a cut make and layers behind it need."""
    if cut in (0, len(counts)):
        return ()
    needed = {at for one in model.layers[cut:] for at in one.inputs if 0 <= at < cut}
    size = sum(counts[at].activations for at in needed)
    return (Sending("pass on", size * bytes_each),)


def _held(layer: Layer, counted: LayerCount, batch: int) -> int:
    """Numbers that a layer keeps for its backward pass: its inputs, and what its own
    products need.
    """
    spec = layer.spec
    if isinstance(spec, layers.Attention):
        tokens, features = layer.input_shapes[0]
        query, key, dim = spec.head_sizes(features)
        return counted.reads + batch * tokens * 2 * (query + key) * dim
    if isinstance(spec, layers.Experts):
        tokens, features = layer.input_shapes[0]
        each = 2 * features + 4 * spec.hidden  # copies there and back; gate to product
        met = spec.active + spec.shared
        return counted.reads + batch * tokens * met * each
    return counted.reads


def _cut(
    way: str,
    ranks: int,
    counted: LayerCount,
    held: int,
    *,
    kept: int = 0,
    **sendings: tuple,
) -> Share:
    params = (counted.params - kept) // ranks + kept
    return Share(way, ranks, counted.macs // ranks, params, held, **sendings)


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
