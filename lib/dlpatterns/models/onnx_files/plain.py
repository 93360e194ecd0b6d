"""Readers of operations without matrix products: value by value, rows, windows."""

from math import prod

from ...layers import (
    ACTIVATIONS,
    Activation,
    Add,
    AvgPool2d,
    BatchNorm2d,
    GlobalAvgPool2d,
    LayerNorm,
    MaxPool2d,
    Multiply,
    RMSNorm,
    Softmax,
    Spec,
)
from .emit import reads, result
from .values import Call, Misfit, Value, Written, axis, broadcast

ALONE = {
    "Relu": "relu",
    "LeakyRelu": "leaky_relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Gelu": "gelu",
    "HardSigmoid": "hardsigmoid",
    "HardSwish": "hardswish",
    "Swish": "silu",
} | {
    name: name.lower()
    for name in (
        *("Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Softplus"),
        *("Elu", "Selu", "Celu", "Mish", "Softsign", "ThresholdedRelu", "Sign"),
        *("Floor", "Ceil", "Round", "Sin", "Cos", "Tan", "Atan", "Not", "IsNaN"),
        *("IsInf", "Clip"),
    )
}
BETWEEN = {
    name: name.lower()
    for name in (
        *("Add", "Sub", "Div", "Pow", "Mod", "Min", "Max", "Sum", "Mean", "PRelu"),
        *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
        *("And", "Or", "Xor", "Where", "BitShift"),
    )
} | {"Mul": "multiply", "Sub": "subtract", "Div": "divide"}
TRUTHS = {
    *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
    *("And", "Or", "Xor", "Not", "IsNaN", "IsInf"),
}


@reads(*ALONE)
def _alone(call: Call, out: Written) -> list[Value]:
    x, name = call.need(0), ALONE[call.node.op]
    if call.node.op == "Clip" and _bounds(call) == (0, 6):
        name = "relu6"
    spec = Activation(name) if name in ACTIVATIONS else None
    dtype = 9 if call.node.op in TRUTHS else x.dtype
    return [result(call, out, x.shape, work={name: x.size}, spec=spec, dtype=dtype)]


def _bounds(call: Call) -> tuple:
    if "max" in call.node.attrs:
        return (call.node.attrs.get("min"), call.node.attrs["max"])
    given = [call.maybe(1), call.maybe(2)]
    return tuple(one.data[0] if one and one.data else None for one in given)


@reads(*BETWEEN)
def _between(call: Call, out: Written) -> list[Value]:
    """Count one operation a result and input behind the first."""
    values = [value for value in call.inputs if value is not None]
    shape = broadcast(*(value.shape for value in values))
    times = 1 if call.node.op in ("Where", "PRelu") else max(1, len(values) - 1)
    work = {BETWEEN[call.node.op]: prod(shape) * times}
    joins = {"Add": Add(), "Mul": Multiply()}
    spec = None if any(value.constant for value in values) else joins.get(call.node.op)
    dtype = 9 if call.node.op in TRUTHS else values[-1].dtype
    return [result(call, out, shape, work=work, spec=spec, dtype=dtype)]


@reads("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
def _quantized(call: Call, out: Written) -> list[Value]:
    """Count one operation a value; of constants, the values alone are parameters."""
    x, op = call.need(0), call.node.op
    back = op == "DequantizeLinear"
    zero = call.maybe(2)
    dtype = call.need(1).dtype if back else zero.dtype if zero else 2
    work = {"dequantize" if back else "quantize": x.size}
    if back and x.constant:
        return [Value(x.shape, dtype, None, None, x.origins)]
    made = result(call, out, x.shape, work=work, extras=(), dtype=dtype)
    if op == "DynamicQuantizeLinear":
        scale = Value((), 1, made.layer)
        return [made, scale, Value((), 2, made.layer)]
    return [made]


# --- Rows -----------------------------------------------------------------------------


@reads("Softmax", "LogSoftmax")
def _softmax(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    late = call.version >= 13
    place = axis(call.whole("axis", -1 if late else 1), len(shape))
    width = shape[place] if late else prod(shape[place:])
    size = prod(shape)
    more = size * (call.node.op == "LogSoftmax")
    rows = size // width if width else 0
    work = {"softmax": rows * (5 * width - 2) + more}
    last = width == shape[-1] and place == len(shape) - 1 and not more
    spec = Softmax() if last else None
    return [result(call, out, shape, work=work, spec=spec)]


@reads("LayerNormalization", "RMSNormalization")
def _layer_norm(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    place = axis(call.whole("axis", -1), len(shape))
    width, biased = prod(shape[place:]), call.maybe(2) is not None
    rows = prod(shape[:place])
    each, spec = 6 * width + 2 + width * biased, LayerNorm(bias=biased)
    if call.node.op == "RMSNormalization":
        each, spec = 4 * width + 2, RMSNorm()
    extras = (call.need(1), call.maybe(2))
    if place != len(shape) - 1:
        spec = None
    work = {"normalisation": rows * each}
    return [result(call, out, shape, work=work, extras=extras, spec=spec)]


@reads("InstanceNormalization", "GroupNormalization")
def _group_norm(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    groups = call.whole("num_groups", shape[1])
    work = {"normalisation": 7 * prod(shape) + 2 * shape[0] * groups}
    extras = (call.need(1), call.need(2))
    return [result(call, out, shape, work=work, extras=extras)]


@reads("BatchNormalization")
def _batch_norm(call: Call, out: Written) -> list[Value]:
    """Count scale and shift as parameters; the statistics are none."""
    shape = call.need(0).shape
    spec = BatchNorm2d() if len(shape) == 4 and shape[0] == 1 else None
    extras, work = (call.need(1), call.need(2)), {"normalisation": 2 * prod(shape)}
    return [result(call, out, shape, work=work, extras=extras, spec=spec)]


@reads("LRN")
def _response_norm(call: Call, out: Written) -> list[Value]:
    shape, half = call.need(0).shape, call.whole("size", 5) // 2
    channels = shape[1]
    half = min(half, channels)
    neighbours = channels * 2 * half - half * (half + 1)
    each = prod(shape) // channels
    work = {"normalisation": (5 * channels + max(0, neighbours)) * each}
    return [result(call, out, shape, work=work)]


@reads("LpNormalization")
def _length(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    return [result(call, out, x.shape, work={"normalisation": 3 * x.size})]


REDUCTIONS = {
    f"Reduce{name}": f"reduce {name.lower()}"
    for name in ("Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp")
}


@reads(*REDUCTIONS, "ReduceMean")
def _reduce(call: Call, out: Written) -> list[Value]:
    """Count one operation a value that is read."""
    x = call.need(0)
    rank = len(x.shape)
    gone = call.axes(1, rank)
    if not gone:
        gone = [] if call.whole("noop_with_empty_axes", 0) else list(range(rank))
    keeps = call.whole("keepdims", 1)
    sizes = enumerate(x.shape)
    shape = tuple(1 if i in gone else n for i, n in sizes if keeps or i not in gone)
    maps = rank == 4 and sorted(gone) == [2, 3] and x.shape[0] == 1
    if call.node.op == "ReduceMean":
        spec = GlobalAvgPool2d() if maps else None
        return [result(call, out, shape, work={"average": x.size}, spec=spec)]
    return [result(call, out, shape, work={REDUCTIONS[call.node.op]: x.size})]


@reads("ArgMax", "ArgMin")
def _argmax(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    place = axis(call.whole("axis", 0), len(x.shape))
    middle = (1,) if call.whole("keepdims", 1) else ()
    shape = (*x.shape[:place], *middle, *x.shape[place + 1 :])
    work = {"compare": x.size - prod(shape)}
    return [result(call, out, shape, work=work, dtype=7)]


@reads("CumSum")
def _running_sum(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    return [result(call, out, x.shape, work={"add": x.size})]


# --- Windows --------------------------------------------------------------------------


@reads("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    shape = x.shape[:2] + (1,) * (len(x.shape) - 2)
    if call.node.op == "GlobalMaxPool":
        work = {"max pool": x.size - prod(shape)}
        return [result(call, out, shape, work=work)]
    spec = GlobalAvgPool2d() if x.shape[0] == 1 else None
    return [result(call, out, shape, work={"average pool": x.size}, spec=spec)]


@reads("MaxPool", "AveragePool")
def _pool(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    kernel = call.wholes("kernel_shape")
    size, pads = slid(call, shape[2:], kernel)
    shape = (*shape[:2], *size)
    average = call.node.op == "AveragePool"
    each = prod(kernel) - (not average)
    work = {"average pool" if average else "max pool": prod(shape) * each}
    spec = pool_spec(call, AvgPool2d if average else MaxPool2d, kernel, pads)
    made = result(call, out, shape, work=work, spec=spec)
    return [made, made]


def pool_spec(call: Call, kind: type, kernel: list[int], pads: list) -> Spec | None:
    """Return the pooling of `layers` that this is, if both sides are padded alike."""
    if len(kernel) != 2 or any(first != last for first, last in pads):
        return None
    try:
        return kind(
            tuple(kernel),
            tuple(call.wholes("strides", [1, 1])),
            tuple(first for first, _ in pads),
            ceil_mode=bool(call.whole("ceil_mode", 0)),
            dilation=tuple(call.wholes("dilations", [1, 1])),
        )
    except ValueError:
        return None


def slid(
    call: Call, size: tuple[int, ...], kernel: list[int]
) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Return how many places a window has along each axis, and the padding there."""
    rank = len(size)
    strides = call.wholes("strides", [1] * rank)
    dilations = call.wholes("dilations", [1] * rank)
    wide = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    if min([*strides, *dilations, *kernel, 1]) < 1:
        raise Misfit(f"strides {strides}, dilations {dilations}, kernel {kernel}")
    auto = call.text("auto_pad", "NOTSET")
    pads = call.wholes("pads", [0] * 2 * rank) if auto == "NOTSET" else [0] * 2 * rank
    sides = list(zip(pads[:rank], pads[rank:], strict=True))
    if auto.startswith("SAME"):
        sides = []
        for n, w, s in zip(size, wide, strides, strict=True):
            more = max(0, (-(-n // s) - 1) * s + w - n)
            few, rest = more // 2, more - more // 2
            sides.append((rest, few) if auto == "SAME_LOWER" else (few, rest))
    ceil, found = call.whole("ceil_mode", 0), []
    for n, w, s, (first, last) in zip(size, wide, strides, sides, strict=True):
        room = n + first + last - w
        if room < 0:
            raise Misfit(f"a window of {w} on {n} values padded by {first} and {last}")
        places = (-(-room // s) if ceil else room // s) + 1
        if ceil and (places - 1) * s >= n + first:
            places -= 1  # no window begins in the padding at the end
        found.append(places)
    return tuple(found), sides
