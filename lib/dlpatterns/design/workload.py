"""Networks as a chip meets them: products with what they fetch, equal ones together.

The book's six: two convolutional networks, an efficient one, a Transformer that reads a
prompt and one that writes, and the multilayer perceptron of TPUv1's workload. Its
widths are ours: five full connections of 2,000 are the 20 M weights that Jouppi et al.
2017 (table 1) print for MLP0.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

from .. import models
from ..graph import Model
from ..hardware import lowering
from ..hardware.lowering import Step
from ..models.mlp import multilayer


@dataclass(frozen=True, eq=False)
class Workload:
    """A network for a batch, as distinct steps and how often each occurs, and the
    values of its first input and its last output.
    """

    name: str
    batch: int
    steps: tuple[Step, ...]
    counts: tuple[int, ...]
    ends: int

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates for the batch."""
        return sum(
            times * step.product.macs
            for step, times in zip(self.steps, self.counts, strict=True)
        )

    @property
    def weights(self) -> int:
        """Values that lie in memory: weights, and keys and values kept before."""
        pairs = zip(self.steps, self.counts, strict=True)
        return sum(times * step.weights for step, times in pairs)


def workload(
    model: Model,
    *,
    batch: int = 1,
    cached: int = 0,
    name: str = "",
    kinds: Collection[str] = (),
) -> Workload:
    """Return a network as a chip meets it, or only its layers of some kinds, each with
    what is done on its outputs before they leave.

    Raises: ValueError if it has no layer of these kinds.

    >>> workload(models.vgg16()).macs == 15_470_264_320
    True
    """
    every = lowering.steps(model, batch, cached)
    found = [one for one in every if one.product.times or any(one[1:])]
    if kinds:
        found = [one for one in found if model[one.product.layer].kind in kinds]
    if not found:
        raise ValueError(f"{model.name} has no layer of {', '.join(kinds)}")
    every = Counter(
        step._replace(product=step.product._replace(layer="")) for step in found
    )
    ends = found[0].inputs + found[-1].outputs
    distinct = tuple(every), tuple(every.values())
    return Workload(name or model.name, batch, *distinct, ends)


def mlp0() -> Model:
    """Return five full connections of 2,000, as large as TPUv1's MLP0."""
    return multilayer("MLP0", (2000,), widths=(2000,) * 5, act="relu")


@cache
def six() -> tuple[Workload, ...]:
    """Return the book's six workloads; each name tells its batch or its tokens."""
    gpt = models.gpt2
    return (
        workload(models.resnet50(), name="ResNet-50"),
        workload(models.vgg16(), name="VGG-16"),
        workload(models.mobilenet_v2(), name="MobileNetV2"),
        workload(gpt(512), name="GPT-2 reads 512"),
        workload(gpt(1), cached=512, name="GPT-2 writes 1"),
        workload(mlp0(), batch=200, name="MLP0, batch 200"),
    )


@cache
def eights() -> tuple[Workload, ...]:
    """Return the six with eight images (or sequences) at a time."""
    gpt = models.gpt2
    first = (models.resnet50(), models.vgg16(), models.mobilenet_v2())
    rest = ((gpt(512), 0), (gpt(1), 512))
    return (
        *(workload(model, batch=8) for model in first),
        *(workload(model, batch=8, cached=kept) for model, kept in rest),
        six()[-1],
    )
