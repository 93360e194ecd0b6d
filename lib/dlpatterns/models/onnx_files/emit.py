"""From a node to a layer: what every operation's reader ends with."""

from collections.abc import Callable

from ...layers import Operator, Shape, Spec
from .evaluate import evaluated
from .values import Call, Misfit, Value, Written, checked, single

Reader = Callable[[Call, Written], list[Value]]
READERS: dict[str, Reader] = {}
JOINING = ("Concat", "MatMul", "Gemm", "Einsum")
Matrices = tuple[tuple[int, int, int, int], ...]


def reads(*operations: str) -> Callable[[Reader], Reader]:
    """Register the decorated function as the reader of these operations."""

    def register(reader: Reader) -> Reader:
        READERS.update(dict.fromkeys(operations, reader))
        return reader

    return register


def result(
    call: Call,
    out: Written,
    shape: Shape,
    *,
    work: dict[str, int] | None = None,
    matrices: Matrices = (),
    weights: tuple[Value | None, ...] = (),
    extras: tuple[Value | None, ...] | None = None,
    spec: Spec | None = None,
    dtype: int | None = None,
    writes: bool = True,
) -> Value:
    """Return the result of a node, and write down its layer; if all inputs are
    constants, so is the result, and nothing is written.

    `spec` is the kind of layer that it is, if it is one; parameters are `weights` and
    `extras`, by default all constants of several real numbers that are no weights.
    """
    checked(shape)
    given = [value for value in call.inputs if value is not None]
    active = [value for value in given if not value.constant]
    kind = given[0].dtype if dtype is None and given else dtype or 1
    if not active:
        return folded(call, given, shape, dtype=kind)
    weights = tuple(one for one in weights if one is not None and one.constant)
    if extras is None:
        extras = tuple(
            one for one in given if one.trained and not any(one is w for w in weights)
        )
    extras = tuple(one for one in extras if one is not None and one.constant)
    heavy, light = out.fresh(*weights), out.fresh(*extras)
    held, shared = heavy[0] + light[0], heavy[1] + light[1]
    whole = held == sum(one.size for one in (*weights, *extras)) and not shared
    if spec is None or not whole or not _fits(spec, active, shape):
        spec = Operator(
            call.node.op,
            shape or (1,),
            matrices=tuple(one for one in matrices if min(one) > 0),
            weights=heavy[0],
            extras=light[0],
            tied=shared,
            work=tuple((name, n) for name, n in (work or {}).items() if n > 0),
            writes=writes,
        )
    return Value(shape, kind, out.add(call, spec, inputs=active, out=shape))


def _fits(spec: Spec, active: list[Value], shape: Shape) -> bool:
    """Tell whether a kind of layer makes of these inputs what the file says."""
    try:
        made = spec.output_shape(*(single(value.shape) for value in active))
    except ValueError:
        return False
    trimmed = tuple(size for size in shape if size != 1)
    return tuple(size for size in made if size != 1) == trimmed


def folded(call: Call, given: list[Value], shape: Shape, *, dtype: int) -> Value:
    """Return the constant that a node makes of constants: the parameters behind it are
    those of its largest input, or of all that it joins.
    """
    sources: tuple = ()
    if given:
        most = max(given, key=lambda value: (bool(value.origins), value.size))
        sources = most.origins
    if call.node.op in JOINING:
        sources = tuple(dict.fromkeys(s for value in given for s in value.origins))
        if len(sources) > 10_000:
            raise Misfit("it joins more than 10,000 constants")
    return Value(shape, dtype, None, evaluated(call, shape), sources)
