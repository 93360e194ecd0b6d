"""The parts of an ONNX file as plain dataclasses: graph, node, tensor, input."""

from dataclasses import dataclass, field
from math import prod

from ...layers import Shape
from . import wire
from .wire import Damaged, inside, message, numbers, text

MOST_NODES, MOST_NESTED, MOST_AXES = 1_000_000, 16, 32
LARGEST, MOST_KEPT = 1 << 48, 1024
FLOATS = {1, 10, 11, 16, 17, 18, 19, 20, 23}  # ONNX's numbers of types
WIDTHS = {1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 10: "e"}
WIDTHS |= {11: "d", 12: "I", 13: "Q"}


@dataclass
class Tensor:
    """A constant: its name, shape and type, and its values if they are few."""

    name: str
    shape: Shape
    dtype: int
    data: tuple | None = None


@dataclass
class Node:
    """One operation."""

    op: str
    name: str
    domain: str
    inputs: list[str]
    outputs: list[str]
    attrs: dict[str, object] = field(default_factory=dict)


@dataclass
class Graph:
    """Operations in order, constants, and what goes in and out."""

    name: str
    nodes: list[Node]
    constants: list[Tensor]
    inputs: list[tuple[str, int, list[int | str | None]]]
    outputs: list[str]


@dataclass
class Budget:
    """How many more nodes may come, in all graphs of a file together."""

    nodes: int = MOST_NODES

    def spend(self) -> None:
        """Take off one node."""
        self.nodes -= 1
        if self.nodes < 0:
            raise Damaged(f"the file has more than {MOST_NODES:,} nodes")


def sized(shape: tuple[int, ...], what: str) -> Shape:
    """Return the shape if it can be one of a tensor.

    Raises: Damaged for sizes below zero or beyond all measure.
    """
    if len(shape) > MOST_AXES:
        raise Damaged(f"{what} has {len(shape)} axes; {MOST_AXES} are the most")
    if any(size < 0 for size in shape) or prod(shape) > LARGEST:
        raise Damaged(f"{what} has the shape {_few(shape)}, which no tensor can have")
    return tuple(shape)


def _few(shape: tuple) -> str:
    return str(shape) if len(str(shape)) < 100 else f"{str(shape)[:97]}..."


def file_parts(data: memoryview) -> tuple[Graph, dict[str, int], str, list[str]]:
    """Return a file's graph, the versions of its operators by domain, its producer, and
    the names of functions it defines.
    """
    graph, versions, producer, functions = None, {}, "", []
    for key, value in message(data):
        if key == 2:
            producer = text(value)
        elif key == 7:
            graph = inside(value)
        elif key == 8:
            domain, version = "", 1
            for k, v in message(inside(value)):
                domain = text(v) if k == 1 else domain
                version = v if k == 2 else version
            versions["" if domain == "ai.onnx" else domain] = version
        elif key == 25:
            functions += [text(v) for k, v in message(inside(value)) if k == 1]
    if graph is None:
        raise Damaged("the file holds no graph; is it an ONNX file?")
    return read_graph(graph, Budget()), versions, producer, functions


def read_graph(data: memoryview, budget: Budget, depth: int = 0) -> Graph:
    """Return the graph in these bytes, graphs within it included."""
    if depth > MOST_NESTED:
        raise Damaged(f"graphs lie in one another more than {MOST_NESTED} deep")
    graph = Graph("", [], [], [], [])
    for key, value in message(data):
        if key == 1:
            budget.spend()
            graph.nodes.append(read_node(inside(value), budget, depth))
        elif key == 2:
            graph.name = text(value)
        elif key == 5:
            graph.constants.append(read_tensor(inside(value)))
        elif key == 11:
            graph.inputs.append(read_input(inside(value)))
        elif key == 12:
            graph.outputs.append(read_input(inside(value))[0])
        elif key == 15:
            raise Damaged("sparse constants are not supported")
    return graph


def read_node(data: memoryview, budget: Budget, depth: int) -> Node:
    """Return the node in these bytes."""
    node = Node("", "", "", [], [])
    for key, value in message(data):
        if key == 1:
            node.inputs.append(text(value))
        elif key == 2:
            node.outputs.append(text(value))
        elif key == 3:
            node.name = text(value)
        elif key == 4:
            node.op = text(value)
        elif key == 5:
            name, attribute = read_attribute(inside(value), budget, depth)
            node.attrs[name] = attribute
        elif key == 7:
            node.domain = text(value)
    return node


def read_attribute(data: memoryview, budget: Budget, depth: int) -> tuple[str, object]:
    """Return name and value of an attribute: a number, a text, lists, a tensor, a
    graph.
    """
    name, single, several = "", None, []
    for key, value in message(data):
        if key == 1:
            name = text(value)
        elif key == 2:
            single = wire.unpacked(value, "f")[0]
        elif key == 3:
            single = numbers(value, most=1)[0]
        elif key == 4:
            single = text(value)
        elif key == 5:
            single = read_tensor(inside(value))
        elif key == 6:
            single = read_graph(inside(value), budget, depth + 1)
        elif key == 7:
            several += wire.unpacked(value, "f")
        elif key == 8:
            several += numbers(value, most=10**6)
        elif key == 9:
            several.append(text(value))
    return name, several if single is None else single


def read_tensor(data: memoryview) -> Tensor:
    """Return a constant; values of at most `MOST_KEPT` numbers are read, others not."""
    tensor, shape, stored = Tensor("", (), 0), [], []
    for key, value in message(data):
        if key == 1:
            shape += numbers(value, most=MOST_AXES)
        elif key == 2:
            tensor.dtype = numbers(value, most=1)[0]
        elif key == 8:
            tensor.name = text(value)
        elif key in (4, 5, 7, 9, 10, 11):
            stored.append((key, value))
    tensor.shape = sized(tuple(shape), f"the constant {tensor.name[:80]!r}")
    if stored and prod(tensor.shape) <= MOST_KEPT and tensor.dtype in WIDTHS:
        tensor.data = _values(stored, tensor)
    return tensor


def _values(stored: list, tensor: Tensor) -> tuple | None:
    found: list = []
    for key, value in stored:
        if key == 9:
            found += wire.unpacked(value, WIDTHS[tensor.dtype])
        elif key in (4, 10):
            found += wire.unpacked(value, "f" if key == 4 else "d")
        elif tensor.dtype in FLOATS:
            return None  # halves stored as whole numbers
        else:
            found += numbers(value, most=MOST_KEPT)
        if len(found) > MOST_KEPT:
            break
    if len(found) != prod(tensor.shape):
        raise Damaged(
            f"the constant {tensor.name[:80]!r} of shape {tensor.shape} holds "
            f"{len(found)} values"
        )
    return tuple(found)


def read_input(data: memoryview) -> tuple[str, int, list[int | str | None]]:
    """Return name, type and axes of an input; an axis is a size, a name, or None."""
    name, dtype, axes = "", 0, []
    for key, value in message(data):
        if key == 1:
            name = text(value)
        elif key == 2:
            for k, v in message(inside(value)):
                if k == 1:
                    dtype, axes = _tensor_type(inside(v))
    return name, dtype, axes


def _tensor_type(data: memoryview) -> tuple[int, list[int | str | None]]:
    dtype, axes = 0, []
    for key, value in message(data):
        if key == 1:
            dtype = numbers(value, most=1)[0]
        elif key == 2:
            axes = [_axis(inside(v)) for k, v in message(inside(value)) if k == 1]
    return dtype, axes


def _axis(data: memoryview) -> int | str | None:
    for key, value in message(data):
        if key == 1:
            return numbers(value, most=1)[0]
        if key == 2:
            return text(value)
    return None
