"""Networks from ONNX files: made with `onnx.helper`, and those inside the onnx package,
beside counts by hand and published integers.
"""

from functools import partial
from math import prod

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_for_tests import (
    FLOAT,
    INT64,
    LIGHT,
    branched,
    branched_by_sum,
    given,
    numbers,
    weight,
    write,
)

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.counting.depth import dependent_products
from dlpatterns.counting.products import products


@pytest.fixture
def save(tmp_path):
    """Return a writer of a file of nodes, constants and inputs."""
    return partial(write, tmp_path / "model.onnx")


@pytest.fixture
def counted(save):
    """Return the counts of one node whose first input is x; its products agree."""

    def run(op, constants, x, *others, outputs=("y",), opset=21, **attributes):
        names = [x.name, *(one.name for one in (*others, *constants))]
        node = helper.make_node(op, names, list(outputs), "it", **attributes)
        model = models.from_onnx(save([node], constants, x, *others, opset=opset))
        counts = count(model)
        parts = [part for layer in model.layers for part in products(layer)]
        assert sum(part.macs for part in parts) == counts.macs
        return counts

    return run


# --- The files inside the onnx package ------------------------------------------------

# Parameters and MACs: torchvision 0.28.0 as run (ResNet-50, VGG-19), the paper's
# grouped network at 224 pixels, GoogLeNet with pooling that rounds down. DenseNet-121
# holds the scale and shift of each normalisation twice, as Caffe's file did.
KNOWN = {
    "resnet50": (25_557_032, 4_089_184_256),
    "vgg19": (143_667_240, 19_632_062_464),
    "inception_v1": (6_998_552, 1_430_532_352 + 1_024_000),
    "squeezenet": (1_235_496, None),
    "densenet121": (7_978_856 + 83_648, 2_834_161_664),
    "bvlc_alexnet": (60_965_224, None),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_light_models_are_the_published_networks(name):
    counts = count(models.from_onnx(LIGHT / f"light_{name}.onnx"))
    params, macs = KNOWN[name]
    assert counts.params == params
    assert counts.macs == (macs or counts.macs)


@pytest.mark.parametrize("path", sorted(LIGHT.glob("*.onnx")), ids=lambda p: p.stem)
def test_light_models_have_the_shapes_that_onnx_infers(path):
    inferred = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    shapes = {
        one.name: tuple(d.dim_value for d in one.type.tensor_type.shape.dim)
        for one in (*inferred.value_info, *inferred.output)
    }
    convolved = [
        prod(shapes[node.output[0]]) for node in inferred.node if node.op_type == "Conv"
    ]
    counts = count(models.from_onnx(path))
    found = [prod(x.output_shape) for x in counts.layers if x.kind == "Conv2d"]
    assert found == convolved


def test_resnet_of_a_file_equals_ours_kind_by_kind():
    ours = count(models.resnet50())
    theirs = count(models.from_onnx(LIGHT / "light_resnet50.onnx"))
    for kind in ("Conv2d", "BatchNorm2d", "Linear", "MaxPool2d", "Activation"):
        mine, other = ours.only(kind), theirs.only(kind)
        assert (mine.params, mine.macs, mine.other) == (
            (other.params, other.macs, other.other)
        )
    path = LIGHT / "light_resnet50.onnx"
    assert dependent_products(models.from_onnx(path)) == 50


# --- Products by hand -----------------------------------------------------------------


def test_a_convolution_with_other_pads_on_each_side(counted):
    x, w, b = given("x", 2, 4, 5, 5), weight("w", 6, 2, 3, 3), weight("b", 6)
    counts = counted("Conv", [w, b], x, group=2, pads=[0, 0, 1, 1], strides=[2, 2])
    assert (counts.params, counts.macs) == (6 * 18 + 6, 2 * 6 * 2 * 2 * 18)
    assert counts.other == {"bias": 2 * 6 * 4}


def test_a_transposed_convolution_uses_each_weight_once_an_input(counted):
    x, w = given("x", 1, 3, 4, 4), weight("w", 3, 5, 2, 2)
    counts = counted("ConvTranspose", [w], x, strides=[2, 2])
    assert counts.layers[0].output_shape == (5, 8, 8)
    assert counts.macs == 3 * 5 * 4 * 16
    assert counted("ConvTranspose", [w], x, output_shape=[7, 7]).macs == 960


def test_convolutions_of_one_and_three_axes(counted):
    one = counted("Conv", [weight("w", 4, 3, 5)], given("x", 1, 3, 10))
    assert one.macs == 4 * 15 * 6
    three = counted("Conv", [weight("w", 2, 1, 2, 2, 2)], given("x", 1, 1, 3, 3, 3))
    assert three.macs == 2 * 8 * 8


def test_same_padding_as_named(counted):
    x, w = given("x", 1, 1, 5, 5), weight("w", 1, 1, 2, 2)
    assert counted("Conv", [w], x, auto_pad="SAME_UPPER").macs == 25 * 4
    assert counted("Conv", [w], x, auto_pad="VALID").macs == 16 * 4


def test_products_of_matrices(counted):
    x = given("x", 1, 7, 8)
    assert counted("MatMul", [weight("w", 8, 5)], x).macs == 7 * 8 * 5
    both = counted("MatMul", [], given("x", 2, 3, 4, 8), given("z", 2, 3, 8, 5))
    assert (both.macs, both.params) == (2 * 3 * 4 * 8 * 5, 0)
    stack = counted("MatMul", [weight("w", 3, 8, 5)], given("x", 3, 4, 8))
    assert (stack.macs, stack.params) == (3 * 4 * 8 * 5, 120)
    row = counted("MatMul", [weight("w", 8)], x)
    assert (row.macs, row.params) == (56, 8)
    gemm = counted("Gemm", [weight("w", 5, 8), weight("b", 5)], given("x", 3, 8),
                   transB=1)  # fmt: skip
    assert (gemm.macs, gemm.params, gemm.other) == (120, 45, {"bias": 15})


@pytest.mark.parametrize(
    ("equation", "x", "w", "macs"),
    [
        ("bij,jk->bik", (2, 3, 4), (4, 5), 2 * 3 * 4 * 5),
        ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5), 2 * 3 * 4 * 5 * 6),
        ("ij,ij->ij", (2, 3), (2, 3), 0),
        ("ij,kj", (2, 3), (4, 3), 24),
        ("i,i->", (7,), (7,), 7),
    ],
)
def test_einsum(counted, equation, x, w, macs):
    counts = counted("Einsum", [weight("w", *w)], given("x", *x), equation=equation)
    assert counts.macs == macs and counts.params == prod(w)


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize("batch", [1, 2])
def test_recurrence_in_both_directions(counted, op, gates, ways, batch):
    """Seven steps of four features, five units; two vectors of biases a gate."""
    rows = gates * 5
    held = [weight("w", ways, rows, 4), weight("r", ways, rows, 5)]
    held.append(weight("b", ways, 2 * rows))
    way = "bidirectional" if ways == 2 else "forward"
    x = given("x", 7, batch, 4)
    counts = counted(op, held, x, hidden_size=5, direction=way)
    assert counts.params == ways * rows * (4 + 5 + 2)
    assert counts.macs == batch * 7 * ways * rows * 9
    assert counts.other["bias"] == batch * 7 * ways * rows * 2


def test_the_last_state_alone_is_read(save):
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r"], ["", "h"], hidden_size=5),
        helper.make_node("MatMul", ["h", "v"], ["y"]),
    ]
    held = [weight("w", 1, 20, 4), weight("r", 1, 20, 5), weight("v", 5, 3)]
    counts = count(models.from_onnx(save(nodes, held, given("x", 7, 1, 4))))
    assert counts.macs == 7 * 20 * 9 + 15


# --- Traps ----------------------------------------------------------------------------


def test_weights_made_by_nodes(save):
    filled = numpy_helper.from_array(np.array([0.5], np.float32))
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["w"], value=filled),
        helper.make_node("Constant", [], ["b"], value=weight("v", 6)),
        helper.make_node("Conv", ["x", "w", "b"], ["y"]),
    ]
    model = models.from_onnx(save(nodes, [numbers("shape", 6, 3, 1, 1)],
                                  given("x", 1, 3, 4, 4)))  # fmt: skip
    assert [layer.kind for layer in model.layers] == ["Conv2d"]
    assert (count(model).params, count(model).macs) == (24, 18 * 16)


@pytest.mark.parametrize("way", ["cast", "dequantize"])
def test_weights_of_eight_bits_behind_their_scale(save, way):
    if way == "cast":
        nodes = [
            helper.make_node("Cast", ["q"], ["f"], to=FLOAT),
            helper.make_node("Mul", ["f", "s"], ["w"]),
        ]
    else:
        nodes = [helper.make_node("DequantizeLinear", ["q", "s"], ["w"], axis=1)]
    nodes.append(helper.make_node("MatMul", ["x", "w"], ["y"]))
    held = [weight("q", 8, 5, dtype=np.int8), weight("s", 5)]
    counts = count(models.from_onnx(save(nodes, held, given("x", 3, 8))))
    assert (counts.params, counts.weights, counts.macs) == (40, 40, 120)


def test_integer_convolutions_and_products(counted):
    x = given("x", 1, 3, 4, 4, dtype=TensorProto.UINT8)
    w = weight("w", 6, 3, 3, 3, dtype=np.int8)
    assert counted("ConvInteger", [w], x).macs == 6 * 27 * 4
    rows = given("x", 7, 8, dtype=TensorProto.UINT8)
    counts = counted("MatMulInteger", [weight("w", 8, 5, dtype=np.int8)], rows)
    assert (counts.macs, counts.params) == (280, 40)


def test_a_quantized_convolution(save):
    scale, zero = weight("s"), weight("z", dtype=np.uint8)
    held = [scale, zero, weight("w", 6, 3, 3, 3, dtype=np.int8)]
    held += [weight("zw", dtype=np.int8), weight("b", 6, dtype=np.int32)]
    names = ["x", "s", "z", "w", "s", "zw", "s", "z", "b"]
    nodes = [helper.make_node("QLinearConv", names, ["y"])]
    x = given("x", 1, 3, 4, 4, dtype=TensorProto.UINT8)
    counts = count(models.from_onnx(save(nodes, held, x)))
    assert (counts.params, counts.macs) == (6 * 27 + 6, 6 * 27 * 4)
    assert counts.other == {"bias": 24, "quantize": 24}


def test_weights_used_twice_count_once(save):
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["e"]),
        helper.make_node("Transpose", ["table"], ["back"], perm=[1, 0]),
        helper.make_node("MatMul", ["e", "back"], ["y"]),
    ]
    x = given("x", 1, 4, dtype=INT64)
    model = models.from_onnx(save(nodes, [weight("table", 50, 8)], x))
    counts = count(model)
    assert (counts.params, counts.macs) == (400, 4 * 8 * 50)
    assert counts.layers[-1].param_reads == 400


def test_parts_of_one_stored_matrix_count_as_the_whole(save):
    nodes = [helper.make_node("Split", ["w"], ["a", "b"], axis=1, num_outputs=2)]
    nodes += [helper.make_node("MatMul", ["x", part], [part * 2]) for part in "ab"]
    nodes.append(helper.make_node("Add", ["aa", "bb"], ["y"]))
    counts = count(models.from_onnx(save(nodes, [weight("w", 8, 6)], given("x", 2, 8))))
    assert (counts.params, counts.macs) == (48, 96)


def test_a_branch_whose_condition_is_known(tmp_path):
    truth = numpy_helper.from_array(np.array(False), "c")
    assert (
        count(models.from_onnx(branched(tmp_path / "model.onnx", "c", [truth]))).macs
        == 48
    )


def test_a_branch_is_asked_for_by_name(tmp_path):
    path = branched_by_sum(tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"If 'which'.*branches=\{'which': True\}"):
        models.from_onnx(path)
    assert count(models.from_onnx(path, branches={"which": True})).macs == 120
    assert count(models.from_onnx(path, branches={"which": False})).macs == 48


def test_open_axes_are_asked_for_by_name(save):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = save(nodes, [weight("w", 8, 5)], given("x", "N", None, 8))
    with pytest.raises(ValueError, match=r"axes=\{'N': 1, 'x\[1\]': 1\}"):
        models.from_onnx(path)
    assert count(models.from_onnx(path, axes={"N": 2, "x[1]": 3})).macs == 240
    with pytest.raises(ValueError, match="no axis is called 'M'"):
        models.from_onnx(path, axes={"N": 2, "x[1]": 3, "M": 1})


def test_shapes_that_a_file_works_out_itself(save):
    """Batch kept, the rest flattened, through Shape, Gather, Concat and Reshape."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Concat", ["n", "open"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    held = [numbers("zero", 0), numbers("open", -1), weight("w", 48, 5)]
    counts = count(models.from_onnx(save(nodes, held, given("x", 2, 3, 4, 4))))
    assert counts.macs == 2 * 48 * 5


def test_other_operations_by_hand(counted):
    x = given("x", 2, 3, 4)
    for op, constants, other, params, attributes in (
        ("Add", [weight("b", 4)], {"add": 24}, 4, {}),
        ("Mul", [weight("b")], {"multiply": 24}, 0, {}),
        ("Softmax", [], {"softmax": 6 * 18}, 0, {"axis": -1}),
        ("LayerNormalization", [weight("s", 4), weight("b", 4)],
         {"normalisation": 6 * 30}, 8, {}),
        ("ReduceMean", [numbers("a", 1)], {"average": 24}, 0, {}),
        ("Erf", [], {"erf": 24}, 0, {}),
        ("Transpose", [], {}, 0, {"perm": [2, 0, 1]}),
    ):  # fmt: skip
        counts = counted(op, constants, x, **attributes)
        assert (counts.other, counts.params, counts.macs) == (other, params, 0), op


def test_weights_beside_the_file_are_not_needed(save):
    large = weight("w", 64, 64)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = save(nodes, [large], given("x", 3, 64))
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="w.bin",
              size_threshold=0)  # fmt: skip
    (path.parent / "w.bin").unlink()
    assert count(models.from_onnx(path)).params == 4096


def test_pads_worked_out_by_turning_a_list_round(save):
    """As PyTorch's exporter writes them: pairs, last axis first, turned round."""
    nodes = [
        helper.make_node("Reshape", ["pairs", "two"], ["rows"]),
        helper.make_node("Slice", ["rows", "last", "first", "zero", "back"], ["flip"]),
        helper.make_node("Transpose", ["flip"], ["turned"], perm=[1, 0]),
        helper.make_node("Reshape", ["turned", "flat"], ["pads"]),
        helper.make_node("Pad", ["x", "pads"], ["y"]),
    ]
    held = [numbers("pairs", 1, 2, 3, 4), numbers("two", -1, 2), numbers("last", -1)]
    held += [numbers("first", -(2**63) + 1), numbers("zero", 0), numbers("back", -1)]
    model = models.from_onnx(save(nodes, [*held, numbers("flat", -1)],
                                  given("x", 5, 6)))  # fmt: skip
    assert model.output_shape == (5 + 3 + 4, 6 + 1 + 2)
