"""PyTorch and ONNX Runtime on the cases of `sequences.py`: attention, fused or as a
graph, and LSTM layers.
"""

import os
from functools import partial

import numpy as np
from sequence_workers import (
    ATTENTION,
    CASES,
    LSTM,
    cell,
    exact,
    heads,
    peak_gflops,
    shortest,
    square,
)


def torch_peer() -> dict:
    """Time PyTorch's scaled_dot_product_attention and LSTM layer."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    rows = {}
    with torch.inference_mode():
        for name in CASES:
            run = torch_attention(name) if name in ATTENTION else torch_lstm(name)
            rows[name] = {
                "ms": shortest(run),
                "error": float(np.abs(run().numpy() - exact(name)).max()),
            }
        peak = peak_gflops(lambda matrix: partial(square, torch.from_numpy(matrix)))
    return {"times": rows, "peak_gflops": peak}


def torch_attention(name: str):
    """Return a call of PyTorch's attention on the case's arrays."""
    import torch

    q, k, v = map(torch.from_numpy, heads(name))
    return lambda: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal="causal" in name
    )


def torch_lstm(name: str):
    """Return a call of PyTorch's LSTM layer with the case's weights."""
    import torch

    x, weight_x, weight_h, bias = map(torch.from_numpy, cell(name))
    layer = torch.nn.LSTM(x.shape[2], weight_h.shape[1], batch_first=True)
    given = {
        "weight_ih_l0": weight_x,
        "weight_hh_l0": weight_h,
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    layer.load_state_dict(given)
    return lambda: layer(x)[0]


def onnxruntime_peer() -> dict:
    """Time ONNX Runtime's LSTM, and its attention in every form that it offers for a
    case; the fastest counts, and each form's time is kept.
    """
    rows = {}
    for name in CASES:
        forms = {"LSTM": onnx_lstm} if name in LSTM else ATTENTION_FORMS
        runs = {form: make(name) for form, make in forms.items()}
        timed = {form: shortest(run) for form, run in runs.items() if run is not None}
        best = min(timed, key=timed.get)
        rows[name] = {
            "ms": timed[best],
            "form": best,
            "forms_ms": timed,
            "error": float(np.abs(runs[best]() - exact(name)).max()),
        }
    return {"times": rows}


def session(nodes: list, constants: dict, inputs: dict, shape: tuple):
    """Return a function that runs these ONNX nodes on the inputs and returns the output
    "y".
    """
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    stored = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph(
        nodes,
        "g",
        [info(k, v.shape) for k, v in inputs.items()],
        [info("y", shape)],
        stored,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    run = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: run.run(["y"], inputs)[0]


def onnx_fused(name: str):
    """Return ONNX Runtime's own MultiHeadAttention."""
    from onnx import helper

    options = {"unidirectional": 1} if "causal" in name else {}
    arrays = dict(zip("qkv", heads(name), strict=True))
    batch, number, tokens, dim = ATTENTION[name]
    flat = {
        key: x.swapaxes(1, 2).reshape(batch, tokens, -1).copy()
        for key, x in arrays.items()
    }
    node = helper.make_node(
        "MultiHeadAttention",
        ["q", "k", "v"],
        ["y"],
        domain="com.microsoft",
        num_heads=number,
        **options,
    )
    run = session([node], {}, flat, (batch, tokens, number * dim))

    def call():
        return run().reshape(batch, tokens, number, dim).swapaxes(1, 2)

    return call


def onnx_grouped(name: str):
    """Return ONNX Runtime's GroupQueryAttention, which is always causal; none for the
    other cases.
    """
    from onnx import helper

    if "causal" not in name:
        return None
    batch, number, tokens, dim = ATTENTION[name]
    flat = {
        key: x.swapaxes(1, 2).reshape(batch, tokens, -1).copy()
        for key, x in zip("qkv", heads(name), strict=True)
    }
    empty = {
        key: np.zeros((batch, number, 0, dim), np.float32)
        for key in ("past_k", "past_v")
    }
    lengths = {
        "last": np.full(batch, tokens - 1, np.int32),
        "total": np.array([tokens], np.int32),
    }
    node = helper.make_node(
        "GroupQueryAttention",
        ["q", "k", "v", "past_k", "past_v", "last", "total"],
        ["y", "present_k", "present_v"],
        domain="com.microsoft",
        num_heads=number,
        kv_num_heads=number,
    )
    shape = (batch, tokens, number * dim)
    run = session([node], lengths, flat | empty, shape)

    def call():
        return run().reshape(batch, tokens, number, dim).swapaxes(1, 2)

    return call


def onnx_graph(name: str):
    """Return attention as two MatMul nodes around a Softmax; none for the causal and
    the long case.
    """
    from onnx import helper

    if name != "attention":
        return None
    q, k, v = heads(name)
    inputs = {
        "q": q * np.float32(q.shape[3] ** -0.5),
        "k": k.swapaxes(2, 3).copy(),
        "v": v,
    }
    nodes = [
        helper.make_node("MatMul", ["q", "k"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "v"], ["y"]),
    ]
    return session(nodes, {}, inputs, q.shape)


def onnx_lstm(name: str):
    """Return ONNX's LSTM; its gates stand in the order input, output, forget,
    candidate.
    """
    from onnx import helper

    x, weight_x, weight_h, bias = cell(name)
    hidden = weight_h.shape[1]

    def reordered(array):
        parts = np.split(array, 4)
        return np.concatenate([parts[i] for i in (0, 3, 1, 2)])[None]

    constants = {"w": reordered(weight_x), "r": reordered(weight_h)}
    constants["b"] = np.concatenate(
        [reordered(bias), np.zeros((1, 4 * hidden), np.float32)], axis=1
    )
    node = helper.make_node("LSTM", ["x", "w", "r", "b"], ["y"], hidden_size=hidden)
    shape = (x.shape[1], 1, x.shape[0], hidden)
    run = session([node], constants, {"x": x.swapaxes(0, 1).copy()}, shape)
    return lambda: run()[:, 0].swapaxes(0, 1)


ATTENTION_FORMS = {
    "MultiHeadAttention": onnx_fused,
    "GroupQueryAttention": onnx_grouped,
    "graph": onnx_graph,
}
