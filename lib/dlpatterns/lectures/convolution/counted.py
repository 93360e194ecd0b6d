"""Shapes, savings, and what the tracer counts."""

import numpy as np

from ... import counting, layers, models, show, tracing
from ...kernels import convolution as kernels

SHAPES = "Outputs (channels × rows × columns) of 32 filters over 64 maps of 56 × 56."
TRACED = "C1 of LeNet-5, traced: values moved by level, nothing kept (none)."
THREE = (
    "Values moved for 4 filters over 4 maps of 10 × 10, padded, nothing kept (none); "
    "read again: from arrays the method itself made."
)


KERNELS = (
    (3, {}),
    (3, {"padding": 1}),
    (3, {"padding": 1, "stride": 2}),
    (3, {"padding": 2, "dilation": 2}),
    (7, {"padding": 3, "stride": 2}),
)


def shapes() -> list[dict]:
    """Return a row a filter: its settings, and the output over 64 maps of 56 × 56."""
    return [
        {"filter": f"{kernel} × {kernel}"}
        | {name: how.get(name, 0) for name in ("padding",)}
        | {name: how.get(name, 1) for name in ("stride", "dilation")}
        | {"output": layers.Conv2d(32, kernel, **how).output_shape((64, 56, 56))}
        for kernel, how in KERNELS
    ]


def traced(tally: tracing.Tally) -> list[dict]:
    """Return a row a level: values read and written."""
    names = {"weight": "filters", "x": "map", "bias": "biases", "new": "results"}
    return [
        {
            "level": names[level],
            "read": tally.reads(level),
            "written": tally.writes(level),
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
