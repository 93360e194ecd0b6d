"""A count is believed when three agree: the closed form, the tally of a traced program,
and a published figure.
"""

from pathlib import Path

import numpy as np
import plain_programs as programs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import counting, layers, models
from dlpatterns.counting import costs
from dlpatterns.graph import Builder
from dlpatterns.kernels import convolution
from dlpatterns.tracing import Value, plain, tally, trace

# Elementary operations of one evaluation, by hand from the formula of the kernel:
# sigmoid: absolute, negate, exp, compare, select, add, divide; gelu: two products, erf,
# add, divide; ...
ELEMENTARY = {
    "sigmoid": 7, "silu": 8, "gelu": 5, "hardsigmoid": 4, "hardswish": 5, "relu6": 2,
    "leaky_relu": 2, "scaled_tanh": 3,
}  # fmt: skip
# squares and experts are summed with weights too, but by convention no count calls that
# MACs
UNFUSED = (
    layers.LayerNorm, layers.RMSNorm, layers.LocalResponseNorm, layers.Experts,
    layers.ChannelNorm,
)  # fmt: skip


def closed_form(spec, *shapes, batch=1):
    net = Builder("one", shapes[0])
    nodes = [net.input, *(net.input._replace(shape=shape) for shape in shapes[1:])]
    return counting.count(net.model(net(spec, *nodes, name="it")), batch).layers[0]


def traced(program, spec, given):
    with tally() as t:
        program(
            spec,
            {
                name: trace(array, name) if isinstance(array, np.ndarray) else array
                for name, array in given.items()
            },
        )
    return t


def agree(program, spec, shapes, *, batch=1, params=None):
    """Compare the closed form with the tally of the program on random inputs; return
    the tally.
    """
    rng = np.random.default_rng(0)
    given = {
        name: rng.normal(size=shape)
        for name, shape in (params or {}).items()
        if shape is not None
    }
    given |= {
        name: rng.normal(size=(batch, *shape))
        for name, shape in zip("xy", shapes, strict=False)
    }
    if isinstance(spec, layers.Embedding):
        given["tokens"] = rng.integers(
            0, spec.vocabulary, size=(batch, *shapes[0])
        ).tolist()
    t, closed = traced(program, spec, given), closed_form(spec, *shapes, batch=batch)
    operations = 2 * closed.macs + sum(
        n * ELEMENTARY.get(kind, 1) for kind, n in closed.other.items()
    )
    assert t.operations.total() == operations, (
        f"{spec}: traced {dict(t.operations)}, closed form {closed}"
    )
    squares = isinstance(spec, UNFUSED) or getattr(spec, "cosine", False)
    assert squares or t.macs == closed.macs, (
        f"{spec}: traced {t.macs} MACs, closed form {closed.macs}"
    )
    return t


N = st.integers(1, 3)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_convolution(data):
    kernel, groups, batch = (
        data.draw(st.tuples(N, N)),
        data.draw(st.integers(1, 2)),
        data.draw(st.integers(1, 2)),
    )
    spec = layers.Conv2d(
        groups * data.draw(N), kernel, stride=data.draw(st.tuples(N, N)),
        dilation=data.draw(st.tuples(N, N)),
        padding=data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        groups=groups, bias=data.draw(st.booleans()),
    )  # fmt: skip
    shape = (
        groups * data.draw(N),
        data.draw(st.integers(7, 9)),
        data.draw(st.integers(7, 9)),
    )
    params = {
        "weight": spec.weight_shape(shape[0]),
        "bias": (spec.out_channels,) if spec.bias else None,
    }
    t = agree(programs.conv2d, spec, [shape], batch=batch, params=params)
    assert t.reads("weight") == t.macs  # the loops read a weight for every product


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_pooling(data):
    kernel, batch = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    shape = (data.draw(N), data.draw(st.integers(3, 7)), data.draw(st.integers(3, 7)))
    stride = data.draw(N)
    agree(programs.max_pool, layers.MaxPool2d(kernel, stride), [shape], batch=batch)
    agree(programs.avg_pool, layers.AvgPool2d(kernel, stride), [shape], batch=batch)
    agree(programs.global_pool, layers.GlobalAvgPool2d(), [shape], batch=batch)
    params = {"weight": (shape[0],), "bias": (shape[0],)}
    agree(
        programs.subsample,
        layers.Subsample2d(kernel),
        [shape],
        batch=batch,
        params=params,
    )


@settings(max_examples=20, deadline=None)
@given(
    features=st.integers(1, 5),
    out=st.integers(1, 5),
    rows=N,
    batch=N,
    bias=st.booleans(),
)
def test_full_connection_and_distances(features, out, rows, batch, bias):
    params = {"weight": (out, features), "bias": (out,) if bias else None}
    agree(
        programs.fully_connected,
        layers.Linear(out, bias),
        [(rows, features)],
        batch=batch,
        params=params,
    )
    agree(
        programs.distances,
        layers.EuclideanRBF(out),
        [(features,)],
        batch=batch,
        params={"weight": (out, features)},
    )


@settings(max_examples=20, deadline=None)
@given(
    channels=st.integers(1, 6),
    height=N,
    width=N,
    batch=N,
    size=st.sampled_from([1, 3, 5]),
)
def test_normalisation(channels, height, width, batch, size):
    maps, rows = (channels, height, width), (height, channels)
    pair = {"weight": (channels,), "bias": (channels,)}
    agree(programs.batch_norm, layers.BatchNorm2d(), [maps], batch=batch, params=pair)
    agree(programs.layer_norm, layers.LayerNorm(), [rows], batch=batch, params=pair)
    agree(
        programs.layer_norm,
        layers.LayerNorm(bias=False),
        [rows],
        batch=batch,
        params={"weight": (channels,)},
    )
    agree(
        programs.rms_norm,
        layers.RMSNorm(),
        [rows],
        batch=batch,
        params={"weight": (channels,)},
    )
    agree(programs.response_norm, layers.LocalResponseNorm(size), [maps], batch=batch)


@settings(max_examples=10, deadline=None)
@given(rows=N, width=st.integers(1, 6), batch=N)
def test_activations_and_softmax(rows, width, batch):
    for kind in layers.ACTIVATIONS:
        agree(
            programs.activation, layers.Activation(kind), [(rows, width)], batch=batch
        )
    agree(programs.softmax, layers.Softmax(), [(rows, width)], batch=batch)


@settings(max_examples=10, deadline=None)
@given(channels=N, height=N, width=N, batch=N)
def test_what_moves_joins_and_looks_up(channels, height, width, batch):
    maps, rows = (2 * channels, height, width), (height, width)
    for spec in (layers.Dropout(), layers.Flatten()):
        agree(programs.same, spec, [maps], batch=batch)
    agree(programs.same, layers.TakeToken(0), [rows], batch=batch)
    agree(programs.same, layers.TakeChannels(0, 1), [maps], batch=batch)
    agree(programs.patches, layers.Patches(), [maps], batch=batch)
    agree(programs.shuffle, layers.ShuffleChannels(2), [maps], batch=batch)
    agree(programs.concat, layers.Concat(), [maps, maps], batch=batch)
    agree(programs.add, layers.Add(), [maps, maps], batch=batch)
    agree(programs.multiply, layers.Multiply(), [maps, maps], batch=batch)
    agree(
        programs.position,
        layers.PositionEmbedding(),
        [rows],
        batch=batch,
        params={"weight": rows},
    )
    t = agree(
        programs.embedding,
        layers.Embedding(7, width),
        [(height,)],
        batch=batch,
        params={"weight": (7, width)},
    )
    assert t.reads("weight") >= batch * height * width  # the rows that are looked up


@settings(max_examples=12, deadline=None)
@given(steps=N, features=N, hidden=N, batch=st.integers(1, 2), biases=st.integers(0, 2))
def test_recurrence(steps, features, hidden, batch, biases):
    for kind in (layers.RNN, layers.GRU, layers.LSTM):
        rows = kind.gates * hidden
        params = {"weight": (rows, features), "state weight": (rows, hidden)}
        params["bias"] = (None, (rows,), (2, rows))[biases]
        agree(
            programs.recurrent,
            kind(hidden, biases),
            [(steps, features)],
            batch=batch,
            params=params,
        )


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_attention(data):
    kv_heads, tokens, dim, batch = (data.draw(N) for _ in range(4))
    heads, memory = (
        kv_heads * data.draw(st.integers(1, 2)),
        data.draw(st.sampled_from([None, (2, 5)])),
    )
    features, dim, bias = 3, 2 * dim, data.draw(st.booleans())
    spec = layers.Attention(
        heads, kv_heads, dim, bias=bias, rotary=data.draw(st.booleans())
    )
    shapes = [(tokens, features)] + ([memory] if memory else [])
    seen = shapes[-1][1]
    params = {
        "q": (heads * dim, features),
        "k": (kv_heads * dim, seen),
        "v": (kv_heads * dim, seen),
    }
    params["out"] = (features, heads * dim)
    params |= {
        f"{name} bias": (shape[0],) if bias else None for name, shape in params.items()
    }
    agree(programs.self_attention, spec, shapes, batch=batch, params=params)


@settings(max_examples=8, deadline=None)
@given(
    number=st.integers(2, 4),
    active=st.integers(1, 2),
    hidden=N,
    shared=st.integers(0, 1),
    tokens=N,
)
def test_experts(number, active, hidden, shared, tokens):
    spec, features, all_of_them = (
        layers.Experts(number, active, hidden, shared),
        3,
        number + shared,
    )
    params = {"router": (number, features), "gate": (all_of_them, hidden, features)}
    params |= {
        "up": (all_of_them, hidden, features),
        "down": (all_of_them, features, hidden),
    }
    agree(programs.experts, spec, [(tokens, features)], params=params)


@pytest.mark.parametrize("query_rank", [None, 3])
def test_latent_attention(query_rank):
    spec = layers.LatentAttention(2, 3, 3, 2, 4, query_rank=query_rank)
    params = {
        "q up": (2 * (3 + 2), query_rank or 6), "kv down": (3 + 2, 6),
        "kv norm": (3,), "kv up": (2 * (3 + 4), 3), "out": (6, 2 * 4),
    }  # fmt: skip
    if query_rank:
        params |= {"q down": (query_rank, 6), "q norm": (query_rank,)}
    # norms' squares are summed with weights too, so that operations alone are compared
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=shape) for name, shape in params.items()}
    given["x"] = rng.normal(size=(2, 4, 6))
    t = traced(programs.latent_attention, spec, given)
    closed = closed_form(spec, (4, 6), batch=2)
    assert t.operations.total() == 2 * closed.macs + sum(closed.other.values())


@pytest.mark.parametrize("changed", [{}, {"shift": 1}, {"cosine": True}])
def test_attention_in_windows(changed):
    """The map of 3 x 4 is no multiple of the window: its last row hangs over."""
    spec, square = layers.WindowAttention(2, 2, **changed), (4, 4)
    params = dict.fromkeys(("q", "k", "v", "out"), square)
    params |= {f"{name} bias": (4,) for name in params}
    params["table"] = (9, 2)
    agree(programs.window_attention, spec, [(4, 3, 4)], batch=2, params=params)


def test_what_came_with_transformers_to_maps():
    pair = {"weight": (3,), "bias": (3,)}
    agree(programs.channel_norm, layers.ChannelNorm(), [(3, 2, 2)], params=pair)
    scale = {"weight": (3,)}
    agree(programs.channel_scale, layers.ChannelScale(), [(3, 2, 2)], params=scale)
    agree(programs.squares, layers.SpaceToDepth(2), [(3, 4, 2)], batch=2)
    agree(programs.same, layers.Given((3, 2)), [(3, 2)])


def test_transposed_convolution():
    spec = layers.ConvTranspose2d(4, (3, 2), (2, 1), 1, output_padding=(1, 0), groups=2)
    params = {"weight": (2, 2, 3, 2), "bias": (4,)}
    t = agree(programs.conv_transpose2d, spec, [(2, 4, 3)], batch=2, params=params)
    assert t.macs == 2 * (2 * 2 * 3 * 2) * (4 * 3)  # weights times input positions


def test_both_directions():
    for kind in (layers.RNN, layers.GRU, layers.LSTM):
        spec, gates = layers.Bidirectional(kind(2)), kind.gates
        shapes = {
            "weight": (2 * gates, 3),
            "state weight": (2 * gates, 2),
            "bias": (2 * gates,),
        }
        params = shapes | {f"back {name}": shape for name, shape in shapes.items()}
        t = agree(programs.bidirectional, spec, [(4, 3)], params=params)
        assert t.macs == 2 * 4 * gates * 2 * (3 + 2)


def test_sparse_connections():
    spec = layers.ConnectedConv2d(((0, 1), (1,), (0, 1, 2)), 3)
    agree(
        programs.connected_conv2d,
        spec,
        [(3, 5, 6)],
        batch=2,
        params={"weight": (6, 1, 3, 3), "bias": (3,)},
    )


def test_every_kind_of_layer_is_traced_here():
    """But for what a file's reader has counted: it says nothing of how to compute it;
    tests/test_onnx.py counts such operations by hand.
    """
    source = Path(__file__).read_text(encoding="utf-8")
    untraced = [
        kind.__name__
        for kind in set(costs.COUNTERS) - {layers.Operator}
        if f"layers.{kind.__name__}" not in source
    ]
    assert not untraced


PUBLISHED = {  # connections of LeNet-5's layers, LeCun et al. 1998, section II-B
    "c1": 122_304, "s2": 5_880, "c3": 151_600, "c5": 48_120, "f6": 10_164,
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_closed_form_tally_and_lecun_s_own_figure_are_one_number(name):
    layer = models.ZOO["lenet5_1998"]()[name]
    spec, shape, maps = layer.spec, layer.input_shapes[0], layer.output_shape[0]
    program, weight = {
        "Conv2d": (programs.conv2d, (maps, shape[0], 5, 5)),
        "ConnectedConv2d": (
            programs.connected_conv2d,
            (getattr(spec, "links", 0), 1, 5, 5),
        ),
        "Subsample2d": (programs.subsample, (maps,)),
        "Linear": (programs.fully_connected, (maps, shape[-1])),
    }[layer.kind]
    t = agree(program, spec, [shape], params={"weight": weight, "bias": (maps,)})
    connections = t.macs + t.other["add"] + t.other.get("multiply", 0)
    assert connections == counting.count_layer(layer).connections == PUBLISHED[name]


# --- Breaking any one of them is caught -----------------------------------------------

CONV = {
    "spec": layers.Conv2d(2, 3, padding=1),
    "shapes": [(2, 4, 5)],
    "params": {"weight": (2, 2, 3, 3), "bias": (2,)},
}


def _skips_a_product(spec, given):
    return convolution.conv2d(
        given["x"], given["weight"][:, :, :, :2], given["bias"], padding=(1, 0)
    )


def _multiplies_twice(spec, given):
    return programs.conv2d(spec, given | {"x": given["x"] * 1.0})


def _forgets_the_bias(spec, given):
    return convolution.conv2d(given["x"], given["weight"], padding=1)


@pytest.mark.parametrize(
    "program",
    [_skips_a_product, _multiplies_twice, _forgets_the_bias],
    ids=lambda f: f.__name__,
)
def test_a_kernel_that_does_something_else_is_caught(program):
    agree(programs.conv2d, **CONV)
    with pytest.raises(AssertionError, match="traced"):
        agree(program, **CONV)


@pytest.mark.parametrize("change", [{"macs": 1}, {"other": {"bias": 39}}])
def test_a_closed_form_that_is_off_is_caught(change, monkeypatch):
    honest = costs.COUNTERS[layers.Conv2d]

    def off(*args):
        cost = honest(*args)
        return cost._replace(
            macs=cost.macs + change.get("macs", 0),
            other=change.get("other", cost.other),
        )

    monkeypatch.setitem(costs.COUNTERS, layers.Conv2d, off)
    with pytest.raises(AssertionError, match="closed form"):
        agree(programs.conv2d, **CONV)


@pytest.mark.parametrize("name", ["__mul__", "__add__"])
def test_an_operation_that_escapes_the_tally_is_caught(name, monkeypatch):
    operation = {"__mul__": lambda a, b: a * b, "__add__": lambda a, b: a + b}[name]
    silent = lambda self, other: Value(operation(plain(self), plain(other)))  # noqa: E731
    monkeypatch.setattr(Value, name, silent)
    with pytest.raises(AssertionError, match="traced"):
        agree(programs.conv2d, **CONV)
