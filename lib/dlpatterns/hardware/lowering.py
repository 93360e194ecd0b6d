"""The matrix products of a network for a batch, as an array of multipliers meets them,
and what each of them fetches and writes.

Examples share the weights of a product and make it taller; a product without weights
(the two inside attention) is done for each example. A convolution's inputs are counted
as its map, which is smaller than the M x K matrix that the array reads.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ..counting import LayerCount, count
from ..counting.products import Product, products
from ..graph import Layer, Model
from ..layers import Attention, Operator
from .roofline import first_read, fusable


class Lowered(NamedTuple):
    """So many products of M x K inputs and K x N weights, and the layer they are of."""

    layer: str
    m: int
    n: int
    k: int
    times: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all of them."""
        return self.m * self.n * self.k * self.times


def lowered(model: Model, batch: int = 1) -> Iterator[Lowered]:
    """Yield all products of a network for a batch.

    >>> from dlpatterns import models
    >>> next(lowered(models.vgg16()))
    Lowered(layer='conv1_1', m=50176, n=64, k=27, times=1)
    """
    for layer in model.layers:
        for place, one in enumerate(products(layer)):
            rows, times = (1, batch) if inside_attention(layer, place) else (batch, 1)
            yield Lowered(layer.name, one.n * rows, one.m, one.k, one.times * times)


def inside_attention(layer: Layer, place: int) -> bool:
    """Tell whether a product of a layer is one of two activations, such as Q K^T, which
    have no weights.
    """
    if isinstance(layer.spec, Operator):
        return not layer.spec.weights + layer.spec.tied
    return isinstance(layer.spec, Attention) and place in (2, 3)


class Step(NamedTuple):
    """Some products of a layer, and the values they fetch and write if each crosses
    once: weights (or keys and values kept before), inputs, outputs; and operations that
    are no MACs.
    """

    product: Lowered
    weights: int
    inputs: int
    outputs: int
    others: int


def steps(model: Model, batch: int = 1, cached: int = 0) -> list[Step]:
    """Return the steps of a network for a batch, those without products included.

    What a layer writes, the next one works on before it leaves, if nobody else reads it
    and it has no MACs of its own. Scores of attention never leave the chip. With
    `cached`, every new token meets so many more, whose keys and values are kept.
    Raises: ValueError if `cached` is negative.
    """
    if cached < 0:
        raise ValueError(f"cached tokens can't be negative, got {cached}")
    counts = count(model, batch).layers
    found: list[Step] = []
    place_of: dict[int, int] = {}
    joining = fusable(model, counts)
    for place, (layer, counted) in enumerate(zip(model.layers, counts, strict=True)):
        if place in joining and layer.inputs[0] in place_of:
            at = place_of[place] = place_of[layer.inputs[0]]
            found[at] = _joined(found[at], counted, first_read(counted))
            continue
        found += _steps_of(layer, counted, batch, cached)
        place_of[place] = len(found) - 1
    return found


def _joined(step: Step, counted: LayerCount, read: int) -> Step:
    """Return a step that also does a layer without MACs on what it made."""
    return step._replace(
        weights=step.weights + counted.param_reads,
        inputs=step.inputs + counted.reads - read,
        outputs=step.outputs + counted.activations - read,
        others=step.others + sum(counted.other.values()),
    )


def _steps_of(
    layer: Layer, counted: LayerCount, batch: int, cached: int
) -> Iterator[Step]:
    """Yield the steps of one layer: what it reads belongs to the first, what it writes
    and its other operations to the last.
    """
    every = products(layer)
    if not every:
        nothing = Lowered(layer.name, 1, 1, 1, 0)
        others = sum(counted.other.values())
        yield Step(
            nothing, counted.param_reads, counted.reads, counted.activations, others
        )
        return
    left = counted.param_reads
    for place, one in enumerate(every):
        inside, kept = inside_attention(layer, place), 0
        if inside:
            one, kept = _longer(layer, one, place, cached)
        rows, times = (1, batch) if inside else (batch, 1)
        last = place == len(every) - 1
        held = 0 if inside else min(left, one.m * one.k * one.times)
        left -= held
        yield Step(
            Lowered(layer.name, one.n * rows, one.m, one.k, one.times * times),
            held + left * last + kept * batch,
            counted.reads * (place == 0),
            counted.activations * last,
            sum(counted.other.values()) * last,
        )


def _longer(layer: Layer, one: Product, place: int, cached: int) -> tuple[Product, int]:
    """Return a product inside attention with the tokens kept before, and the values of
    keys (or values) that it fetches for them.
    """
    _, kv_heads, dim = layer.spec.head_sizes(layer.input_shapes[0][1])
    if place == 2:
        return one._replace(n=one.n + cached), kv_heads * dim * cached
    return one._replace(k=one.k + cached), kv_heads * dim * cached
