"""From an ONNX file to a network."""

import mmap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from ...graph import Model
from ...layers import Given, Shape
from ...layers.base import is_whole
from . import plain as plain  # the readers register themselves
from . import products as products
from .emit import READERS
from .parts import Graph, Node, file_parts, sized
from .shaping import chosen, stored
from .values import Call, Value, Written, single
from .wire import Damaged

STANDARD = ("", "ai.onnx")


def from_onnx(
    path: str | Path,
    *,
    axes: Mapping[str, int] | None = None,
    branches: Mapping[str, bool] | None = None,
    name: str = "",
) -> Model:
    """Return the network that an ONNX file describes, layer by layer; no weight is
    read, and neither files beside it nor the package `onnx` are needed.

    `axes` gives sizes to axes that the file leaves open, by their names or as
    "input[0]"; `branches` says of an If, by its name, whether its condition holds.
    Parameters are constants of several real numbers that meet an input, each once;
    what is made of constants alone is made once, before the network runs. A file does
    not say what was trained: masks of real numbers count too (see
    `benchmarks/onnx_exports.py` on Swin).
    Raises: ValueError that names every operation that is not supported, every axis
    without a size, or the node that does not fit.
    """
    source = Path(_checked(path, axes or {}, branches or {}, name))
    try:
        with source.open("rb") as file:
            data = memoryview(_mapped(file))
            return _network(data, axes or {}, branches or {}, name or source.stem)
    except Damaged as error:
        reason = str(error)
    raise ValueError(f"{source.name}: {reason}")


def _checked(path: object, axes: object, branches: object, name: object) -> str | Path:
    """Return the path if the call is right."""
    if not isinstance(path, str | Path):
        raise TypeError(f"from_onnx takes the path of a file, got {path!r:.80}")
    if not Path(path).is_file():
        raise ValueError(f"there is no file {str(path)[:200]!r}")
    if not isinstance(name, str):
        raise TypeError(f"the name of a network is a text, got {name!r:.80}")
    good = isinstance(axes, Mapping) and all(map(is_whole, axes.values()))
    if not good:
        raise ValueError(f"axes are whole numbers by name, got {axes!r:.80}")
    if not isinstance(branches, Mapping):
        raise ValueError(f"branches are True or False by name, got {branches!r:.80}")
    return path


def _mapped(file: object) -> mmap.mmap:
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise Damaged("the file is empty") from None


def _network(data: memoryview, axes: Mapping, branches: Mapping, name: str) -> Model:
    graph, versions, producer, functions = file_parts(data)
    _refuse_unsupported(graph, functions)
    walk = _Walk(versions.get("", 1), dict(branches), {}, Written())
    shape = walk.begin(graph, _shapes(graph, axes))
    walk.run(graph, walk.values)
    if not walk.out.layers:
        raise Damaged("the graph computes nothing of its input")
    source = f"ONNX file by {producer}" if producer else "ONNX file"
    return Model(name, shape, tuple(walk.out.layers), source)


# --- What is refused at once ----------------------------------------------------------


def _every(graph: Graph) -> Iterator[Node]:
    """Yield all nodes, those of graphs within nodes included."""
    for node in graph.nodes:
        yield node
        for given in node.attrs.values():
            if isinstance(given, Graph):
                yield from _every(given)


def _refuse_unsupported(graph: Graph, functions: list[str]) -> None:
    """Raise Damaged that names every operation that has no reader, and how often."""
    unknown = Counter(
        f"{node.domain}.{node.op}" if node.domain not in STANDARD else node.op
        for node in _every(graph)
        if node.domain not in STANDARD or node.op not in (*READERS, "If")
    )
    if unknown:
        rows = sorted(unknown.items())
        named = ", ".join(f"{op[:80] or '(no name)'} ({n:,})" for op, n in rows[:50])
        more = f" and {len(rows) - 50:,} others" if len(rows) > 50 else ""
        own = f"; it defines functions: {len(functions):,}" if functions else ""
        raise Damaged(f"operations that are not supported: {named}{more}{own}")


def _shapes(graph: Graph, axes: Mapping[str, int]) -> dict[str, Shape]:
    """Return the shapes of the inputs.

    Raises: Damaged that names every axis without a size.
    """
    constants = {tensor.name for tensor in graph.constants}
    shapes, missing, known = {}, [], set()
    for name, _, sizes in graph.inputs:
        if name in constants:
            continue
        found = []
        for place, size in enumerate(sizes):
            label = size if isinstance(size, str) and size else f"{name}[{place}]"
            known.add(label)
            if isinstance(size, int) and label not in axes:
                found.append(size)
            elif label in axes:
                found.append(axes[label])
            else:
                missing.append(label)
        shapes[name] = sized(tuple(found), f"the input {name[:80]!r}")
    if missing:
        wanted = ", ".join(f"{one[:80]!r}: 1" for one in dict.fromkeys(missing[:20]))
        raise Damaged(f"axes without a size; give them: axes={{{wanted}}}")
    if set(axes) - known:
        raise Damaged(f"no axis is called {sorted(set(axes) - known)[0][:80]!r}")
    return shapes


# --- One node after another -----------------------------------------------------------


@dataclass
class _Walk:
    """One pass over a graph's nodes: names stand for values, layers are written."""

    version: int
    branches: dict[str, bool]
    values: dict[str, Value]
    out: Written = field(default_factory=Written)

    def begin(self, graph: Graph, shapes: dict[str, Shape]) -> Shape:
        """Give the inputs their values and return the first one's shape."""
        if not shapes:
            raise Damaged("the graph has no input")
        types = {name: dtype for name, dtype, _ in graph.inputs}
        (first, shape), *others = shapes.items()
        for name, size in shapes.items():
            if not prod(size):
                raise Damaged(f"the input {name[:80]!r} of shape {size} is empty")
        self.values[first] = Value(shape, types[first], -1)
        for name, size in others:
            call = Call(Node("Given", name, "", [], [name]), [], self.version)
            layer = self.out.add(call, Given(size or (1,)), inputs=[self.values[first]])
            self.values[name] = Value(size, types[name], layer)
        return single(shape)

    def run(self, graph: Graph, values: dict[str, Value], depth: int = 0) -> None:
        """Read all nodes of a graph; its constants are values too."""
        for tensor in graph.constants:
            values[tensor.name] = stored(tensor, tensor.name)
        for node in graph.nodes:
            try:
                found = self._read(node, values, depth)
            except Damaged:
                raise
            except (ValueError, TypeError, ArithmeticError, LookupError) as error:
                called = f"{node.op} {(node.name or str(node.outputs))[:80]!r}"
                raise Damaged(f"{called}: {str(error)[:400]}") from None
            values.update(zip(node.outputs, found, strict=False))

    def _read(self, node: Node, values: dict[str, Value], depth: int) -> list[Value]:
        inputs = [self._value(name, values, node) for name in node.inputs]
        call = Call(node, inputs, self.version)
        if node.op != "If":
            return READERS[node.op](call, self.out)
        graph, inner = chosen(call, self.branches), dict(values)
        self.run(graph, inner, depth + 1)
        return [self._value(name, inner, node) for name in graph.outputs]

    def _value(self, name: str, values: dict[str, Value], node: Node) -> Value | None:
        if not name:
            return None
        if name not in values:
            raise Damaged(
                f"{node.op} {node.name[:80]!r} reads {name[:80]!r}, which no node "
                "before it writes; is there a circle, or are the nodes out of order?"
            )
        return values[name]
