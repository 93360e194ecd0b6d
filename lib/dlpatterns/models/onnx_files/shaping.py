"""Readers of operations that move values, or only give them another shape."""

from math import prod

from ...layers import Concat, Dropout, Embedding, Flatten
from .emit import reads, result
from .evaluate import sliced
from .parts import Graph, Tensor
from .values import Call, Misfit, Value, Written, axis, broadcast, checked


@reads("Identity")
def _identity(call: Call, out: Written) -> list[Value]:
    return [call.need(0)]


@reads("Dropout")
def _dropout(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    made = result(call, out, x.shape, extras=(), spec=Dropout(), writes=False)
    return [made, made]


@reads("Cast", "CastLike")
def _cast(call: Call, out: Written) -> list[Value]:
    to = call.whole("to", 1) if call.node.op == "Cast" else call.need(1).dtype
    x = call.need(0)
    work = {"cast": x.size}
    return [result(call, out, x.shape, work=work, extras=(), dtype=to)]


def renamed(call: Call, out: Written, shape: tuple[int, ...]) -> list[Value]:
    """Return the input under another shape; nothing moves."""
    if prod(checked(shape)) != call.need(0).size:
        raise Misfit(f"{call.need(0).shape} does not become {shape}")
    flat = Flatten() if len(shape) == 2 and shape[0] == 1 else None
    return [result(call, out, shape, extras=(), spec=flat, writes=False)]


@reads("Reshape")
def _reshape(call: Call, out: Written) -> list[Value]:
    x = call.need(0)
    wanted = call.wholes("shape", []) or list(call.known(1, "the new shape"))
    if not call.whole("allowzero", 0):
        wanted = [
            x.shape[i] if n == 0 and i < len(x.shape) else n
            for i, n in enumerate(wanted)
        ]
    wanted = [int(n) for n in wanted]
    if wanted.count(-1) > 1:
        raise Misfit(f"the new shape {wanted} leaves two sizes open")
    if -1 in wanted:
        rest = prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = x.size // rest if rest > 0 else 0
    return renamed(call, out, tuple(wanted))


@reads("Flatten")
def _flatten(call: Call, out: Written) -> list[Value]:
    shape, place = call.need(0).shape, call.whole("axis", 1)
    place = place + len(shape) if place < 0 else place
    return renamed(call, out, (prod(shape[:place]), prod(shape[place:])))


@reads("Squeeze")
def _squeeze(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    gone = call.axes(1, len(shape))
    if gone is None:
        gone = [i for i, size in enumerate(shape) if size == 1]
    kept = tuple(size for i, size in enumerate(shape) if i not in gone)
    return renamed(call, out, kept)


@reads("Unsqueeze")
def _unsqueeze(call: Call, out: Written) -> list[Value]:
    shape = list(call.need(0).shape)
    given = call.wholes("axes") if "axes" in call.node.attrs else call.known(1, "axes")
    rank = len(shape) + len(given)
    for place in sorted(axis(one, rank) for one in given):
        shape.insert(place, 1)
    return renamed(call, out, tuple(shape))


@reads("Shape")
def _shape(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    found = shape[slice(call.whole("start", 0), call.node.attrs.get("end"))]
    return [Value((len(found),), 7, None, found)]


@reads("Size")
def _size(call: Call, out: Written) -> list[Value]:
    return [Value((), 7, None, (call.need(0).size,))]


@reads("Constant")
def _constant(call: Call, out: Written) -> list[Value]:
    name = next(iter(call.node.outputs), "")
    for key, given in call.node.attrs.items():
        if isinstance(given, Tensor):
            return [stored(given, name)]
        if key in ("value_int", "value_float"):
            return [Value((), 7 if key == "value_int" else 1, None, (given,))]
        if key in ("value_ints", "value_floats"):
            dtype = 7 if key == "value_ints" else 1
            return [stored(Tensor(name, (len(given),), dtype, tuple(given)), name)]
    raise Misfit(f"a constant without numbers: {', '.join(call.node.attrs) or 'empty'}")


def stored(tensor: Tensor, name: str) -> Value:
    """Return a stored tensor; whole numbers of 64 bits and truth values are no
    parameters.
    """
    size = prod(tensor.shape)
    origins = () if tensor.dtype in (7, 8, 9, 13) else ((name, size),)
    return Value(tensor.shape, tensor.dtype, None, tensor.data, origins)


@reads("ConstantOfShape")
def _constant_of_shape(call: Call, out: Written) -> list[Value]:
    shape = checked(tuple(int(n) for n in call.known(0, "the shape")))
    given = call.node.attrs.get("value")
    dtype = given.dtype if isinstance(given, Tensor) else 1
    made = result(call, out, shape, dtype=dtype)
    origins = stored(Tensor("", shape, dtype), call.node.outputs[0]).origins
    return [Value(shape, dtype, None, made.data, origins)]


@reads("Range")
def _range(call: Call, out: Written) -> list[Value]:
    start, end, step = (call.known(i, "Range")[0] for i in range(3))
    if not step:
        raise Misfit("Range has a step of 0")
    steps = max(0, -int((start - end) // step))
    return [result(call, out, (steps,))]


@reads("Transpose")
def _transpose(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    order = call.wholes("perm", list(range(len(shape)))[::-1])
    if sorted(order) != list(range(len(shape))):
        raise Misfit(f"perm {order} does not reorder {len(shape)} axes")
    turned = tuple(shape[i] for i in order)
    moved = [size for size in turned if size != 1] != [s for s in shape if s != 1]
    return [result(call, out, turned, extras=(), writes=moved or len(shape) > 1)]


@reads("Concat")
def _concat(call: Call, out: Written) -> list[Value]:
    values = [value for value in call.inputs if value is not None]
    shape = call.need(0).shape
    place = axis(call.whole("axis", 0), len(shape))
    for value in values:
        rest = value.shape[:place] + value.shape[place + 1 :]
        if rest != shape[:place] + shape[place + 1 :]:
            raise Misfit(f"{value.shape} does not go behind {shape}")
    total = sum(value.shape[place] for value in values)
    fits = place == 1 and shape[0] == 1 and len(values) > 1
    joined = (*shape[:place], total, *shape[place + 1 :])
    return [result(call, out, joined, spec=Concat() if fits else None)]


@reads("Split")
def _split(call: Call, out: Written) -> list[Value]:
    x, count = call.need(0), len(call.node.outputs)
    place = axis(call.whole("axis", 0), len(x.shape))
    size = x.shape[place]
    if "split" in call.node.attrs:
        parts = call.wholes("split")
    elif call.maybe(1) is not None:
        parts = [int(n) for n in call.known(1, "split")]
    else:
        share = -(-size // count)
        parts = [max(0, min(share, size - i * share)) for i in range(count)]
    if sum(parts) != size or len(parts) != count:
        raise Misfit(f"parts {parts} do not make {size} in {count} outputs")
    shapes = [(*x.shape[:place], n, *x.shape[place + 1 :]) for n in parts]
    return [result(call, out, shape, extras=(), writes=False) for shape in shapes]


@reads("Slice")
def _slice(call: Call, out: Written) -> list[Value]:
    kept = sliced(call, call.need(0).shape)
    return [result(call, out, tuple(len(one) for one in kept), extras=())]


@reads("Gather")
def _gather(call: Call, out: Written) -> list[Value]:
    table, indices = call.need(0), call.need(1)
    place = axis(call.whole("axis", 0), len(table.shape))
    shape = (*table.shape[:place], *indices.shape, *table.shape[place + 1 :])
    if not table.constant or indices.constant:
        return [result(call, out, shape, extras=())]
    spec = None
    if len(table.shape) == 2 and not place:
        spec = Embedding(*table.shape)
    return [result(call, out, shape, weights=(table,), spec=spec, dtype=table.dtype)]


@reads("GatherElements", "GatherND")
def _gather_elements(call: Call, out: Written) -> list[Value]:
    x, indices = call.need(0).shape, call.need(1).shape
    if call.node.op == "GatherElements":
        return [result(call, out, indices, extras=())]
    batch = call.whole("batch_dims", 0)
    return [result(call, out, (*indices[:-1], *x[batch + indices[-1] :]), extras=())]


@reads("ScatterND", "ScatterElements", "Trilu")
def _scatter(call: Call, out: Written) -> list[Value]:
    return [result(call, out, call.need(0).shape)]


@reads("Expand")
def _expand(call: Call, out: Written) -> list[Value]:
    wanted = tuple(int(n) for n in call.known(1, "the shape"))
    return [result(call, out, broadcast(call.need(0).shape, wanted), extras=())]


@reads("Tile")
def _tile(call: Call, out: Written) -> list[Value]:
    times = call.known(1, "repeats")
    sizes = zip(call.need(0).shape, times, strict=True)
    return [result(call, out, tuple(n * int(t) for n, t in sizes), extras=())]


@reads("Pad")
def _pad(call: Call, out: Written) -> list[Value]:
    shape = call.need(0).shape
    given = "pads" in call.node.attrs
    pads = call.wholes("pads") if given else call.known(1, "pads")
    along = range(len(shape))
    if call.maybe(3) is not None:
        along = [axis(int(n), len(shape)) for n in call.known(3, "axes")]
    wide, half = list(shape), len(pads) // 2
    for i, place in enumerate(along):
        wide[place] += int(pads[i]) + int(pads[half + i])
    return [result(call, out, tuple(wide), extras=())]


@reads("DepthToSpace", "SpaceToDepth")
def _blocks(call: Call, out: Written) -> list[Value]:
    (batch, channels, *size), block = call.need(0).shape, call.whole("blocksize", 1)
    if call.node.op == "DepthToSpace":
        wide = [n * block for n in size]
        return [result(call, out, (batch, channels // block**2, *wide), extras=())]
    return [
        result(
            call,
            out,
            (batch, channels * block**2, *(n // block for n in size)),
            extras=(),
        )
    ]


@reads("Resize", "Upsample")
def _resize(call: Call, out: Written) -> list[Value]:
    """Count the values that come out, each as one operation."""
    shape = call.need(0).shape
    upsample = call.node.op == "Upsample"
    if not upsample and call.maybe(3) is not None:
        wide = tuple(int(n) for n in call.known(3, "sizes"))
    else:
        place = 1 if upsample or len(call.inputs) == 2 else 2
        given = call.node.attrs.get("scales")
        scales = given or call.known(place, "scales")
        wide = tuple(int(n * s) for n, s in zip(shape, scales, strict=True))
    plain = call.text("mode", "nearest") == "nearest"
    work = {} if plain else {"resize": prod(wide)}
    return [result(call, out, wide, work=work, extras=())]


def chosen(call: Call, branches: dict[str, bool]) -> Graph:
    """Return the branch of an If that runs: by its condition if that is known, else by
    what the caller says of the node.
    """
    name, condition = call.node.name or call.node.outputs[0], call.need(0)
    if condition.data:
        taken = bool(condition.data[0])
    elif name in branches:
        taken = bool(branches[name])
    else:
        raise Misfit(
            f"which branch runs is known only then; say so: branches={{{name!r}: True}}"
        )
    graph = call.node.attrs.get("then_branch" if taken else "else_branch")
    if not isinstance(graph, Graph):
        raise Misfit("the branch is missing")
    return graph
