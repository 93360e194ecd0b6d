"""Traffic by closed form, beside the same loops run access by access, beside the traced
kernels, and beside counts by hand.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import tracing
from dlpatterns.hardware.memory import Nest, Traffic, none, once, tiled
from dlpatterns.hardware.replay import addresses, buffered, cached
from dlpatterns.hardware.work import convolution, matmul
from dlpatterns.kernels import convolution as kernels

LENET = ((1, 1, 32, 32), (6, 1, 5, 5))
LOOPS = "NGMCPQRS"


@st.composite
def layers(draw):
    """Draw a small convolution that fits: shapes and geometry."""
    groups = draw(st.integers(1, 3))
    depth, filters = draw(st.integers(1, 3)), groups * draw(st.integers(1, 2))
    kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    dilation, stride = draw(st.tuples(st.integers(1, 2), st.integers(1, 2))), draw(pair)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    rows, columns = (
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 4))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    )
    x = draw(st.integers(1, 2)), depth * groups, rows, columns
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    return x, (filters, depth, *kernel), how | {"groups": groups}


@st.composite
def nests(draw):
    """Draw a convolution or a matrix product with an order and tiles of any size."""
    if draw(st.booleans()):
        work = matmul(*(draw(st.integers(1, 6)) for _ in range(3)))
    else:
        x, weight, how = draw(layers())
        work = convolution(x, weight, **how, bias=draw(st.booleans()))
    order = "".join(draw(st.permutations(list(work.loops))))
    return Nest(work, order, {loop: draw(st.integers(1, 4)) for loop in work.loops})


@given(nests())
@settings(max_examples=200, deadline=None)
def test_the_closed_form_is_what_the_replayed_nest_moves(nest):
    assert tiled(nest, nest.needs) == buffered(nest)


@given(nests())
@settings(max_examples=60, deadline=None)
def test_a_large_cache_misses_once_a_value_and_none_moves_fewer(nest):
    least = once(nest.work)
    behind = cached(nest, nest.work.values + 1)
    assert behind.read == least.read | {"out": 0}
    assert behind.written == least.written
    assert tiled(nest, nest.needs).values >= least.values
    assert none(nest.work).values >= least.values


@given(nests())
@settings(max_examples=60, deadline=None)
def test_a_cache_of_twice_the_tiles_misses_at_most_twice_as_often(nest):
    """Sleator and Tarjan 1985: LRU with k places misses at most k / (k - h + 1) times
    as often as any schedule with h; results are written as often as they come.
    """
    entered = sum(nest.moved(name) for name in nest.work.tensors)
    behind, outs = cached(nest, 2 * nest.needs), nest.work.tensors
    misses = sum(n for name, n in behind.read.items() if not outs[name].result)
    misses += sum(behind.written.values())
    assert misses <= 2 * entered


@given(layers())
@settings(max_examples=60, deadline=None)
def test_touched_places_are_counted_as_if_listed(layer):
    x, weight, how = layer
    work = convolution(x, weight, **how)
    for axis in work.tensors["x"].axes[3:]:
        for first in range(work.loops[axis.loops[0]]):
            ranges = range(first, work.loops[axis.loops[0]]), range(weight[2] - 1, 3)
            assert axis.touched(ranges) == len(axis.places(ranges))


@given(nests(), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_a_larger_cache_of_one_set_never_misses_more(nest, capacity):
    assert cached(nest, capacity + 1).values <= cached(nest, capacity).values


@given(layers(), st.permutations(LOOPS), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_the_addresses_of_a_nest_in_any_order_compute_the_convolution(layer, order, t):
    x, weight, how = layer
    work = convolution(x, weight, **how)
    at = addresses(Nest(work, "".join(order), dict.fromkeys(LOOPS, t)))
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-9, 9, size=x), rng.integers(-9, 9, size=weight)
    expected = kernels.conv2d(x, weight, **how)
    out, fed = np.zeros(expected.size, dtype=int), at["x"] >= 0
    products = x.reshape(-1)[at["x"]] * weight.reshape(-1)[at["weight"]] * fed
    np.add.at(out, at["out"], products)
    assert (out == expected.reshape(-1)).all()
    assert work.macs == products.size


@given(layers())
@settings(max_examples=30, deadline=None)
def test_without_a_buffer_the_traffic_is_that_of_the_traced_loops(layer):
    x, weight, how = layer
    with tracing.tally() as t:
        arrays = (
            tracing.trace(np.ones(x), "x"),
            tracing.trace(np.ones(weight), "weight"),
        )
        kernels.conv2d(*arrays, tracing.trace(np.ones(weight[0]), "bias"), **how)
    copied = x[0] * x[1] * x[2] * x[3] if any(how["padding"]) else 0
    work = convolution(x, weight, **how, bias=True)
    read = {name: t.reads(name) for name in ("x", "weight", "bias")}
    read["x"] -= copied  # the padded copy is made before the loops
    assert (none(work).read, none(work).written) == (read, {"out": t.writes("new")})


def test_lenets_first_layer_by_hand():
    """122,304 connections (LeCun et al. 1998) are 117,600 products and 4,704 biases."""
    work = convolution(*LENET, bias=True)
    assert work.macs == 122_304 - 4_704
    assert none(work) == Traffic(
        "none",
        {"x": 117_600, "weight": 117_600, "bias": 4_704},
        {"out": 4_704},
    )
    assert once(work).values == 32 * 32 + 6 * 25 + 6 + 6 * 28 * 28
    assert none(work).values / once(work).values == pytest.approx(41.57, abs=0.005)


def test_a_layer_of_resnet_50_without_a_cache_moves_925_mb():
    """Issue of 2026: two operands of 4 bytes for each of 115,605,504 MACs."""
    work = convolution((1, 64, 56, 56), (64, 64, 3, 3), padding=1)
    assert work.macs == 115_605_504
    assert sum(none(work).read.values()) * 4 == 924_844_032


def test_a_matrix_product_in_tiles_by_hand():
    """Results of 2 x 2 stay: each of the four brings 2 rows of 4 and 2 columns of 4."""
    nest = Nest(matmul(4, 4, 4), "MNK", {"M": 2, "N": 2})
    assert nest.needs == 2 + 2 + 4
    expected = Traffic("tiled", {"a": 32, "b": 32, "out": 0}, {"out": 16})
    assert tiled(nest, 8) == expected


def test_results_that_are_not_finished_leave_and_come_back():
    """K outermost: all 16 results leave four times, and come back three times."""
    moved = tiled(Nest(matmul(4, 4, 4), "KMN"), 3)
    assert (moved.read["out"], moved.written["out"]) == (48, 64)
    assert moved.read["a"] == 16  # each value once, while it waits for its 4 columns


def test_overlapping_windows_are_fetched_again_when_a_tile_ends():
    """Rows 0 to 5 under a filter of 3: tiles of two output rows read 4 rows each."""
    work = convolution((1, 1, 6, 3), (1, 1, 3, 3))
    nest = Nest(work, "P", {"P": 2, "R": 3, "S": 3})
    assert tiled(nest, nest.needs).read["x"] == 2 * 4 * 3
    assert once(work).read["x"] == 6 * 3


def test_a_tile_that_does_not_divide_leaves_a_smaller_one():
    work = convolution((1, 1, 7, 3), (1, 1, 3, 3))  # 5 output rows: tiles of 2, 2, 1
    nest = Nest(work, "P", {"P": 2, "R": 3, "S": 3})
    assert tiled(nest, nest.needs).read["x"] == (4 + 4 + 3) * 3


def test_a_stride_that_steps_over_values_never_fetches_them():
    work = convolution((1, 1, 5, 5), (1, 1, 1, 1), stride=2)
    assert once(work).read["x"] == 9
    assert none(work).read["x"] == 9


def test_a_cache_of_one_value_keeps_nothing_and_writes_every_sum_back():
    moved = cached(Nest(matmul(1, 1, 3), "K"), 1)
    assert (moved.read, moved.written) == ({"a": 3, "b": 3, "out": 2}, {"out": 3})


def test_values_that_fall_into_one_set_throw_each_other_out():
    """a is address 0, b 1 to 5, results 6 to 10. In four sets of one, result 8 throws a
    out, and then b's 4 does.
    """
    nest = Nest(matmul(1, 5, 1), "N")
    assert cached(nest, 4).read["a"] == 1
    assert cached(nest, 4, ways=1).read["a"] == 3


def test_traffic_under_two_assumptions_is_never_added():
    work = matmul(2, 2, 2)
    with pytest.raises(ValueError, match="'none' and 'once'"):
        none(work) + once(work)
    assert (once(work) + once(work)).values == 2 * once(work).values
    assert once(work).bytes(2) == 2 * once(work).values
    assert {row["assumption"] for row in once(work).rows()} == {"once"}


BAD = {
    "smaller than one tile": lambda: tiled(Nest(matmul(4, 4, 4)), 2),
    "a buffer in values must be": lambda: tiled(Nest(matmul(4, 4, 4)), 0),
    "unknown loop 'Z'": lambda: Nest(matmul(2, 2, 2), "MZ"),
    "unknown loop 'P'": lambda: Nest(matmul(2, 2, 2), "M", {"P": 2}),
    "names a loop twice": lambda: Nest(matmul(2, 2, 2), "MM"),
    "tile of M must be a whole": lambda: Nest(matmul(2, 2, 2), tile={"M": 0}),
    "K must be a whole": lambda: matmul(2, 2, 0),
    "M must be a whole": lambda: matmul(2.5, 2, 2),
    "in 2 groups need filters": lambda: convolution(
        (1, 3, 4, 4), (2, 1, 1, 1), groups=2
    ),
    "does not fit": lambda: convolution((1, 1, 2, 2), (1, 1, 3, 3)),
    "stride must be": lambda: convolution((1, 1, 4, 4), (1, 1, 3, 3), stride=0),
    "padding . 1 must be": lambda: convolution((1, 1, 4, 4), (1, 1, 3, 3), padding=-1),
    "a number or a pair": lambda: convolution(*LENET, stride=(1, 2, 3)),
    "capacity must be": lambda: cached(Nest(matmul(2, 2, 2)), 0),
    "ways must be": lambda: cached(Nest(matmul(2, 2, 2)), 4, ways=-1),
    "do not divide a cache": lambda: cached(Nest(matmul(2, 2, 2)), 4, ways=3),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
