"""Small ONNX files made with `onnx.helper`, and those inside the onnx package."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name, *shape, dtype=np.float32):
    return numpy_helper.from_array(np.ones(shape, dtype), name)


def numbers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def given(name, *shape, dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def write(path, nodes, constants, *inputs, opset=21):
    """Write a file of nodes, constants and inputs, and return its path."""
    outputs = [helper.make_tensor_value_info(nodes[-1].output[0], FLOAT, None)]
    graph = helper.make_graph(nodes, "g", list(inputs), outputs, constants)
    imports = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=imports), str(path))
    return path


def branched(path, condition, constants=(), nodes=()):
    """Write a file whose If multiplies by 5 columns or by 2, and return its path."""

    def branch(name):
        node = helper.make_node("MatMul", ["x", name], [f"{name}_out"])
        out = helper.make_tensor_value_info(f"{name}_out", FLOAT, None)
        return helper.make_graph([node], name, [], [out])

    node = helper.make_node(
        "If", [condition], ["y"], "which", then_branch=branch("five"),
        else_branch=branch("two"),
    )  # fmt: skip
    held = [weight("five", 8, 5), weight("two", 8, 2), *constants]
    return write(path, [*nodes, node], held, given("x", 3, 8))


def branched_by_sum(path):
    """Write such a file that decides by the sum of its input, and return its path."""
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Greater", ["s", "zero"], ["c"]),
    ]
    return branched(path, "c", [weight("zero")], nodes)
