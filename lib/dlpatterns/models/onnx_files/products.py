"""Readers of operations with matrix products: convolution, full connection, einsum,
recurrence.
"""

from dataclasses import replace
from math import prod

from ...layers import GRU, LSTM, RNN, Bidirectional, Conv2d, ConvTranspose2d, Linear
from .emit import Matrices, reads, result
from .plain import slid
from .values import Call, Misfit, Value, Written, broadcast, single

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
INSIDE = {  # operations a value and step beside products and biases
    "RNN": {"tanh": 1},
    "GRU": {"sigmoid": 2, "tanh": 1, "multiply": 3, "add": 2},
    "LSTM": {"sigmoid": 3, "tanh": 2, "multiply": 3, "add": 1},
}


# --- Convolution ----------------------------------------------------------------------


@reads("Conv")
def _conv(call: Call, out: Written) -> list[Value]:
    return [convolved(call, out, call.need(0), call.need(1), bias=call.maybe(2))]


@reads("QLinearConv")
def _quantized_conv(call: Call, out: Written) -> list[Value]:
    """Count one more operation a result, which brings it back to few bits."""
    kind = call.need(7).dtype
    made = convolved(
        call, out, call.need(0), call.need(3), bias=call.maybe(8), quantize=True
    )
    return [replace(made, dtype=kind)]


@reads("ConvInteger")
def _integer_conv(call: Call, out: Written) -> list[Value]:
    return [replace(convolved(call, out, call.need(0), call.need(1)), dtype=6)]


def convolved(
    call: Call,
    out: Written,
    x: Value,
    weight: Value,
    *,
    bias: Value | None = None,
    quantize: bool = False,
) -> Value:
    """Return the result of a convolution over any number of axes."""
    groups, (filters, depth, *kernel) = call.whole("group", 1), weight.shape
    batch, channels, *size = x.shape
    if len(size) != len(kernel) or groups < 1 or depth * groups != channels:
        raise Misfit(f"filters {weight.shape} in {groups} groups on {x.shape}")
    places, sides = slid(call, tuple(size), kernel)
    shape = (batch, filters, *places)
    work = {
        "bias": prod(shape) * (bias is not None),
        "quantize": prod(shape) * quantize,
    }
    m, k, n = filters // groups, depth * prod(kernel), batch * prod(places)
    even = all(first == last for first, last in sides)
    spec = None
    if len(kernel) == 2 and even and batch == 1 and not quantize:
        spec = Conv2d(
            filters,
            tuple(kernel),
            tuple(call.wholes("strides", [1, 1])),
            tuple(first for first, _ in sides),
            tuple(call.wholes("dilations", [1, 1])),
            groups,
            bias=bias is not None,
        )
    return result(
        call,
        out,
        shape,
        work=work,
        matrices=((m, k, n, groups),),
        weights=(weight,),
        extras=(bias,),
        spec=spec if weight.constant else None,
    )


@reads("ConvTranspose")
def _transposed(call: Call, out: Written) -> list[Value]:
    """Count each weight once at each input position: products that land in the padding
    are done and cut off.
    """
    x, weight, bias = call.need(0), call.need(1), call.maybe(2)
    (batch, channels, *size), (depth, share, *kernel) = x.shape, weight.shape
    groups = call.whole("group", 1)
    if depth != channels or len(size) != len(kernel) or groups < 1 or depth % groups:
        raise Misfit(f"filters {weight.shape} in {groups} groups on {x.shape}")
    rank = len(size)
    strides = call.wholes("strides", [1] * rank)
    dilations = call.wholes("dilations", [1] * rank)
    more = call.wholes("output_padding", [0] * rank)
    wide, begin = _spread(call, size, (kernel, strides, dilations, more))
    shape = (batch, share * groups, *wide)
    work = {"bias": prod(shape) * (bias is not None)}
    spec = None
    if rank == 2 and batch == 1 and begin is not None:
        options = {"groups": groups, "bias": bias is not None}
        spec = ConvTranspose2d(
            share * groups,
            *map(tuple, (kernel, strides, begin, more, dilations)),
            **options,
        )
    return [
        result(
            call,
            out,
            shape,
            work=work,
            matrices=(
                (share * prod(kernel), depth // groups, batch * prod(size), groups),
            ),
            weights=(weight,),
            extras=(bias,),
            spec=spec if weight.constant else None,
        )
    ]


def _spread(call: Call, size: list[int], options: tuple) -> tuple[list, list | None]:
    """Return the size of the larger map, and the padding if it is the same on both
    sides.
    """
    kernel, strides, dilations, more = options
    rank, auto = len(size), call.text("auto_pad", "NOTSET")
    full = [
        (n - 1) * s + d * (k - 1) + 1 + m
        for n, k, s, d, m in zip(size, kernel, strides, dilations, more, strict=True)
    ]
    if "output_shape" in call.node.attrs:
        return call.wholes("output_shape")[-rank:], None
    if auto.startswith("SAME"):
        return [n * s for n, s in zip(size, strides, strict=True)], None
    pads = call.wholes("pads", [0] * 2 * rank)
    cut = [pads[i] + pads[i + rank] for i in range(rank)]
    return (
        [n - c for n, c in zip(full, cut, strict=True)],
        pads[:rank] if pads[:rank] == pads[rank:] else None,
    )


# --- Full connections and products ----------------------------------------------------


@reads("Gemm")
def _gemm(call: Call, out: Written) -> list[Value]:
    a, b, c = call.need(0), call.need(1), call.maybe(2)
    rows, depth = a.shape[::-1] if call.whole("transA", 0) else a.shape
    inner, columns = b.shape[::-1] if call.whole("transB", 0) else b.shape
    if depth != inner:
        raise Misfit(f"{a.shape} times {b.shape} have no common size")
    biased = c is not None
    full = biased and c.constant and c.size == columns
    spec = None
    if b.constant and (full or not biased) and not call.whole("transA", 0):
        spec = Linear(columns, bias=biased)
    return [
        result(
            call,
            out,
            (rows, columns),
            work={"bias": rows * columns * biased},
            matrices=((columns, depth, rows, 1),),
            weights=(a, b),
            extras=(c,),
            spec=spec,
        )
    ]


@reads("MatMul")
def _matmul(call: Call, out: Written) -> list[Value]:
    return [multiplied(call, out, call.need(0), call.need(1))]


@reads("MatMulInteger")
def _integer_matmul(call: Call, out: Written) -> list[Value]:
    return [replace(multiplied(call, out, call.need(0), call.need(1)), dtype=6)]


@reads("QLinearMatMul")
def _quantized_matmul(call: Call, out: Written) -> list[Value]:
    made = multiplied(call, out, call.need(0), call.need(3), quantize=True)
    return [replace(made, dtype=call.need(7).dtype)]


def multiplied(
    call: Call, out: Written, a: Value, b: Value, *, quantize: bool = False
) -> Value:
    """Return the product of two stacks of matrices; a single matrix of weights meets
    all rows at once.
    """
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if not a.shape or not b.shape or left[-1] != right[-2]:
        raise Misfit(f"{a.shape} times {b.shape} have no common size")
    stack = broadcast(left[:-2], right[:-2]) if len(left + right) > 4 else ()
    rows, depth, columns = left[-2], left[-1], right[-1]
    matrices: Matrices = ((columns, depth, rows, prod(stack)),)
    if prod(right[:-2]) == 1:
        matrices = ((columns, depth, rows * prod(left[:-2]), 1),)
    shape = (*stack, *(rows,) * (len(a.shape) > 1), *(columns,) * (len(b.shape) > 1))
    flat = b.constant and len(b.shape) == 2 and not quantize
    flat = flat and len(single(a.shape)) <= 2
    return result(
        call,
        out,
        shape,
        work={"quantize": prod(shape) * quantize},
        matrices=matrices,
        weights=(a, b),
        extras=(),
        spec=Linear(columns, bias=False) if flat else None,
    )


@reads("Einsum")
def _einsum(call: Call, out: Written) -> list[Value]:
    """Count the product of two operands: labels of both and of the result count its
    copies, those of both alone its depth.
    """
    left, arrow, last = call.text("equation", "").replace(" ", "").partition("->")
    terms, values = left.split(","), [call.need(i) for i in range(len(call.inputs))]
    if "." in left or len(terms) != len(values) or len(terms) > 2:
        raise Misfit(f"an einsum {left[:60]!r} of ellipses or three is not supported")
    sizes: dict[str, int] = {}
    for term, value in zip(terms, values, strict=True):
        if len(term) != len(value.shape) or len(set(term)) != len(term):
            raise Misfit(f"einsum labels {term[:60]!r} on {value.shape}")
        for label, size in zip(term, value.shape, strict=True):
            if sizes.setdefault(label, size) not in (size, 1) and size != 1:
                raise Misfit(f"einsum label {label!r} is {sizes[label]} and {size}")
            sizes[label] = max(sizes[label], size)
    if not arrow:
        every = "".join(terms)
        last = "".join(sorted(c for c in set(every) if every.count(c) == 1))
    if any(label not in sizes for label in last):
        raise Misfit(f"einsum writes {last[:60]!r}, which it does not read")
    return [_contracted(call, out, terms, last, sizes)]


def _contracted(
    call: Call, out: Written, terms: list[str], last: str, sizes: dict[str, int]
) -> Value:
    shape = tuple(sizes[label] for label in last)
    if len(terms) == 1:
        added = prod(sizes.values()) if set(terms[0]) - set(last) else 0
        return result(call, out, shape, work={"add": added})
    first, second = map(set, terms)
    both = first & second

    def total(labels: set[str]) -> int:
        return prod(sizes[label] for label in labels)

    depth = both - set(last)
    alone = (first ^ second) - set(last)  # summed up in front
    added = sum(total(term) for term in (first, second) if alone & term)
    if not depth:
        work = {"multiply": prod(shape), "add": added}
        return result(call, out, shape, work=work)
    m, n = total(second - both - alone), total(first - both - alone)
    weights = tuple(value for value in call.inputs if value.constant)
    return result(
        call,
        out,
        shape,
        work={"add": added},
        matrices=((m, total(depth), n, total(both & set(last))),),
        weights=weights,
        extras=(),
    )


# --- Recurrence -----------------------------------------------------------------------


@reads("LSTM", "GRU", "RNN")
def _recurrent(call: Call, out: Written) -> list[Value]:
    """Count both directions: all steps' inputs are one product, the states follow one
    another.
    """
    op, x, w, r = call.node.op, call.need(0), call.need(1), call.need(2)
    gates, bias = GATES[op], call.maybe(3)
    ways, rows, features = w.shape
    hidden, turned = r.shape[2], call.whole("layout", 0)
    batch, steps = x.shape[:2] if turned else x.shape[1::-1]
    if rows != gates * hidden or x.shape[2] != features or ways not in (1, 2):
        raise Misfit(f"weights {w.shape}, {r.shape} on {x.shape}")
    peep = call.maybe(7)
    cell = CELLS[op](hidden, biases=2 if bias is not None else 0)
    plain = batch == 1 and peep is None and not turned and ways <= 2
    plain = plain and call.maybe(4) is None
    spec = (Bidirectional(cell) if ways == 2 else cell) if plain else None
    values = ways * steps * batch * hidden
    work = {
        "bias": 2 * gates * values * (bias is not None),
    } | {kind: each * values for kind, each in INSIDE[op].items()}
    matrices = (
        (rows, features, steps * batch, ways),
        (rows, hidden, batch, ways * steps),
    )
    shape = (steps, ways, batch, hidden)
    shape = (batch, steps, ways, hidden) if turned else shape
    every = result(
        call,
        out,
        shape,
        work=work,
        matrices=matrices,
        weights=(w, r),
        extras=(bias, peep),
        spec=spec,
    )
    state = (batch, ways, hidden) if turned else (ways, batch, hidden)
    return [every, replace(every, shape=state), replace(every, shape=state)]
