"""Savings, and what the tracer counts."""

import numpy as np

from ... import counting, models, show, tracing
from ...kernels import convolution as kernels

TRACED = "C1 of LeNet-5, traced: values moved by level, nothing kept."


def traced(tally: tracing.Tally) -> list[dict]:
    """Return a row a level: values read and written."""
    names = {"weight": "filters", "x": "map", "bias": "biases", "new": "results"}
    return [
        {
            "level": names[level],
            "read (none)": tally.reads(level),
            "written (none)": tally.writes(level),
        }
        for level in names
    ]


def savings() -> list[dict]:
    """Return a row a layer: its weights, those of a full connection of the same sizes,
    and the two factors between them.
    """
    vgg = counting.count(models.vgg16())
    lenet = counting.count(models.ZOO["lenet5_1998"]()).layers[0]
    chosen = (lenet, *vgg.only("Conv2d").layers[:2], vgg.only("Conv2d").layers[-1])
    rows = []
    for layer in chosen:
        inputs, outputs = map(
            int, map(np.prod, (layer.input_shapes[0], layer.output_shape))
        )
        rows.append(
            {
                "layer": layer.name,
                "maps": layer.input_shapes[0],
                "weights": layer.weights,
                "as a matrix": show.si(inputs * outputs),
                "sparse": inputs * outputs / layer.macs,
                "shared": layer.macs / layer.weights,
            }
        )
    return rows


def three_ways() -> list[dict]:
    """Return a row for the loops, im2col and shifted products: what the tracer saw."""
    ways = (kernels.conv2d, kernels.conv2d_im2col, kernels.conv2d_shifted)
    return [_way(kernel) for kernel in ways]


def _way(kernel) -> dict:
    tally = _tallied(kernel, np.ones((1, 4, 10, 10)), np.ones((4, 4, 3, 3)))
    return {
        "method": kernel.__name__,
        "MACs": tally.macs,
        "additions": tally.other.get("add", 0),
        "written": tally.writes("new"),
        "read from x": tally.reads("array 0"),
        "read again": tally.reads("new"),
    }


def _tallied(kernel, *arrays: np.ndarray) -> tracing.Tally:
    with tracing.tally() as tally:
        traces = [tracing.trace(each, f"array {i}") for i, each in enumerate(arrays)]
        kernel(*traces, padding=1)
    return tally


def macs_of(kernel, *arrays: np.ndarray) -> int:
    """Return the MACs of a kernel with padding 1, traced."""
    return _tallied(kernel, *arrays).macs
