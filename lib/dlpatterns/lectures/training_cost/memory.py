"""What training must keep in memory: weights, gradients, the optimiser's averages, and
every activation until its gradient arrives.
"""

import tracemalloc

import numpy as np

from ... import counting, formats, show
from ...graph import Model
from ...train import network

FP32 = formats.get("fp32").bytes_for(1)
STATES = {"weights": 1, "gradients": 1, "Adam's two averages": 2}  # values a parameter


def kept(model: Model, batch: int) -> dict[str, float]:
    """Return the bytes that training with Adam in float32 keeps at the end of the
    forward pass, by purpose.

    Of the activations, every layer's output counts once: the layer behind it needs it
    for its own gradient.
    """
    counts = counting.count(model, batch=batch)
    states = {name: n * counts.params * FP32 for name, n in STATES.items()}
    return states | {"activations": FP32 * (counts.activations + _input(model, batch))}


def _input(model: Model, batch: int) -> int:
    size = batch
    for axis in model.input_shape:
        size *= axis
    return size


def inference(model: Model, batch: int) -> float:
    """Return the bytes of the weights and of the largest input and output that one
    layer holds at once, in float32.
    """
    counts = counting.count(model, batch=batch)
    largest = max(layer.reads + layer.activations for layer in counts.layers)
    return FP32 * (counts.params + largest)


def measured(model: Model, batch: int) -> tuple[float, float]:
    """Return the bytes of activations that a network of the library still holds after a
    forward pass, counted and measured.

    It computes in float64 and keeps what each layer was given.
    """
    net = network.Network(model, seed=0)
    x = np.random.default_rng(0).normal(size=(batch, *model.input_shape))
    tracemalloc.start()
    net.forward(x, training=True)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return counting.count(model, batch=batch).activations * x.itemsize, held


def memory_rows(models: list[Model], batch: int) -> list[dict]:
    """Return one row a network with the bytes of each purpose, in gigabytes."""
    rows = []
    for model in models:
        parts = kept(model, batch)
        row = {"network": model.name}
        row |= {f"{name}, GB": size / 1e9 for name, size in parts.items()}
        total = sum(parts.values())
        row |= {"all, GB": total / 1e9}
        rows.append(row | {"over inference": total / inference(model, batch)})
    return rows


def steps(model: Model) -> list[tuple[str, list[bool]]]:
    """Return one pair for each step of a training pass, forward through the layers that
    write something and back: what it is called, and which activations are held.
    """
    names = [layer.name for layer in _writing(model)]
    ahead = [
        (f"forward through {name}", [i <= at for i in range(len(names))])
        for at, name in enumerate(names)
    ]
    back = [
        (f"backward through {name}", [i < at for i in range(len(names))])
        for at, name in reversed(list(enumerate(names)))
    ]
    return ahead + back


def _writing(model: Model) -> list:
    return [layer for layer in counting.count(model).layers if layer.activations]


def pass_at(model: Model, step: int, batch: int = 128) -> show.Frame:
    """Draw the activations of every layer as bars, those that are held at a step of
    training filled.
    """
    layers, (name, held) = _writing(model), steps(model)[step - 1]
    sizes = [layer.activations * batch * FP32 / 1e6 for layer in layers]
    fig, ax = show.subplots(figsize=(4.7, 0.9 + 0.22 * len(layers)))
    places = range(len(layers))
    full = [size if hold else 0 for size, hold in zip(sizes, held, strict=True)]
    ax.barh(places, sizes, color="none", edgecolor=show.colour("grey"), lw=0.8)
    ax.barh(places, full, color=show.colour("blue"))
    labels = [layer.name for layer in layers]
    ax.set_yticks(places, labels, fontsize=10.5)
    ax.set(xlabel=f"MB of activations, batch of {batch}")
    ax.invert_yaxis()
    total = sum(full)
    caption = f"Step {step}, {name}: {total:,.0f} MB of activations held."
    alt = (
        f"Bars for the activations of the layers of {model.name}; those that training "
        f"holds at step {step} are filled."
    )
    return show.frame(fig, alt=alt, caption=caption, values={"MB": total})
