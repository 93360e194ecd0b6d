"""ONNX files that are damaged, malicious or not supported: a clear error within seconds
and bounded memory.
"""

import time
import tracemalloc
from functools import partial

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_for_tests import FLOAT, LIGHT, given, numbers, weight, write

from dlpatterns import models
from dlpatterns.counting import count


@pytest.fixture
def save(tmp_path):
    """Return a writer of a file of nodes, constants and inputs."""
    return partial(write, tmp_path / "model.onnx")


def refused(path, match, **options):
    """Expect a short error about a file, within seconds and few megabytes."""
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(ValueError, match=f"(?s){match}") as caught:
        models.from_onnx(path, **options)
    seconds = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 60 and peak < 400e6 and len(str(caught.value)) < 6000


def test_every_unsupported_operation_is_named_at_once(save):
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"]),
        helper.make_node("Loop", ["x", "x", "x"], ["b"]),
        helper.make_node("Attention", ["x"], ["c"], domain="com.microsoft"),
        helper.make_node("NonZero", ["x"], ["y"]),
    ]
    refused(
        save(nodes, [], given("x", 2)),
        r"Loop \(1\), NonZero \(2\), com\.microsoft\.Attention \(1\)",
    )


def test_an_unsupported_operation_in_a_branch_is_named(save):
    inner = helper.make_node("NonZero", ["x"], ["z"])
    out = helper.make_tensor_value_info("z", FLOAT, None)
    graph = helper.make_graph([inner], "b", [], [out])
    node = helper.make_node("If", ["x"], ["y"], then_branch=graph, else_branch=graph)
    refused(save([node], [], given("x", 1)), r"NonZero \(2\)")


@pytest.mark.parametrize("cut", [0.05, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path, cut):
    whole = (LIGHT / "light_resnet50.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: int(len(whole) * cut)])
    refused(path, "truncated|no graph")


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"PK\x03\x04" * 100, b"{}", b"\xff" * 10**6, b"\x0a" * 99]
)
def test_a_file_that_is_no_onnx(tmp_path, content):
    path = tmp_path / "no.onnx"
    path.write_bytes(content)
    refused(path, "no.onnx: ")


def test_noise_is_refused_or_counted(tmp_path):
    """A thousand files with bytes changed: a clear error or a network, nothing else."""
    whole, random = (
        (LIGHT / "light_squeezenet.onnx").read_bytes(),
        np.random.default_rng(0),
    )
    path = tmp_path / "noise.onnx"
    for _ in range(300):
        noisy = bytearray(whole)
        for place in random.integers(0, len(whole), 5):
            noisy[place] = random.integers(0, 256)
        path.write_bytes(noisy)
        try:
            count(models.from_onnx(path))
        except ValueError as error:
            assert str(error).startswith("noise.onnx: ")


def test_a_circle(save):
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
    ]
    refused(save(nodes, [], given("x", 2)), "reads 'b'.*circle")


@pytest.mark.parametrize("shape", [(-3, 4), (2**62, 2**62), (2**40, 2**40)])
def test_sizes_that_no_tensor_has(save, shape):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    refused(save(nodes, [], given("x", *shape)), "no tensor can have")


def test_a_constant_larger_than_all_memory(save):
    huge = TensorProto(name="w", dims=[2**31, 2**31], data_type=FLOAT)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    refused(save(nodes, [huge], given("x", 1, 8)), "no tensor can have")
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    shape = numbers("s", 8, 2**30)
    big = count(models.from_onnx(save(nodes, [shape], given("x", 1, 8))))
    assert big.macs == 2**33  # counted, never made


def test_numbers_that_double_their_digits(save):
    nodes = [
        helper.make_node("Mul", [f"v{i}"] * 2, [f"v{i + 1}"]) for i in range(2_000)
    ]
    nodes.append(helper.make_node("Reshape", ["x", "v2000"], ["y"]))
    refused(save(nodes, [numbers("v0", 3)], given("x", 2)), "known only when")


def test_a_name_without_end(save):
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="n" * 10**7)]
    refused(save(nodes, [], given("x", 2)), "a name has 10,000,000 bytes")


def test_graphs_within_graphs(tmp_path):
    """Fields by hand, since the onnx package refuses to make them: a graph (key 6 of an
    attribute) in a node (key 5 of that, 1 of a graph), a thousand deep.
    """

    def field(key, content):
        size, digits = len(content), b""
        while size > 127:
            size, digits = size >> 7, digits + bytes([size & 127 | 128])
        return bytes([key << 3 | 2]) + digits + bytes([size]) + content

    graph = b""
    for _ in range(1000):
        graph = field(1, field(5, field(6, graph)))
    path = tmp_path / "deep.onnx"
    path.write_bytes(field(7, graph))
    refused(path, "more than 16 deep")


def test_a_hundred_thousand_nodes(save):
    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(100_000)]
    path = save(nodes, [], given("v0", 2))
    start = time.perf_counter()
    model = models.from_onnx(path)
    assert len(model.layers) == 100_000 and time.perf_counter() - start < 60


def test_inputs_that_do_not_fit_name_the_node(save):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "middle")]
    refused(save(nodes, [weight("w", 9, 5)], given("x", 3, 8)), "MatMul 'middle'.*9")
    nodes = [helper.make_node("Conv", ["x"], ["y"], "empty")]
    refused(save(nodes, [], given("x", 1, 3, 8, 8)), "Conv 'empty': input 1 is missing")


def test_wrong_calls(tmp_path):
    refused(tmp_path / "none.onnx", "no file")
    path = LIGHT / "light_squeezenet.onnx"
    refused(path, "whole numbers by name", axes={"N": -1})
    refused(path, "True or False", branches=3)
    with pytest.raises(TypeError, match="path of a file"):
        models.from_onnx(3)
    with pytest.raises(TypeError, match="is a text"):
        models.from_onnx(path, name=3)
