"""Shared weights, Huffman codes, and a compressed network: exact, counted, guarded."""

import tracemalloc
import zlib
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from dlpatterns.sparse import deep_compression as dc
from dlpatterns.sparse import huffman, sharing
from dlpatterns.train import data, loop, small
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import SGD, Adam

# --- Clusters -------------------------------------------------------------------------


def test_clusters_are_scikit_learns_from_the_same_start():
    values = np.random.default_rng(0).normal(size=500)
    ours, nearest = sharing.k_means(values, 7)
    start = np.linspace(values.min(), values.max(), 7)[:, None]
    theirs = KMeans(7, init=start, n_init=1, tol=0).fit(values[:, None])
    assert np.allclose(ours, theirs.cluster_centers_.ravel(), rtol=1e-12)
    assert np.array_equal(nearest, theirs.labels_)


def test_few_numbers_make_few_clusters():
    shared = sharing.share(np.array([[0.0, 2.0, 2.0, -1.0]]), 15)
    assert shared.codebook.tolist() == [-1, 2]
    assert shared.values().tolist() == [[0, 2, 2, -1]]
    nothing = sharing.share(np.zeros((3, 3)), 4)
    assert nothing.codebook.size == 0 and not nothing.values().any()


@pytest.mark.parametrize("start", sharing.STARTS)
def test_each_weight_goes_to_the_nearest_mean(start):
    weights = np.random.default_rng(1).normal(size=(20, 10))
    weights[weights < 0.3] = 0
    shared = sharing.share(weights, 5, start=start)
    assert np.array_equal(shared.codes == 0, weights == 0)
    for code, centre in enumerate(shared.codebook, start=1):
        assert centre == pytest.approx(weights[shared.codes == code].mean(), rel=1e-6)
    gaps = np.abs(weights[weights != 0][:, None] - shared.codebook)
    assert np.array_equal(gaps.argmin(axis=1) + 1, shared.codes[weights != 0])


def tied(optimizer):
    weights = np.array([[0.0, 1.0, 1.2, -3.0, 0.0, -3.4]])
    shared = {"w": sharing.share(weights, 2)}
    params = {"w": weights.copy(), "b": np.zeros(1)}
    wrapped = sharing.Tied(optimizer, shared)
    wrapped.claim(params)
    return wrapped, params


def test_a_cluster_moves_by_the_sum_of_its_gradients():
    wrapped, params = tied(SGD(0.5))
    grads = {"w": np.array([[9.0, 1.0, 2.0, 0.25, 9.0, -1.0]]), "b": np.ones(1)}
    wrapped.step(params, grads)
    # centres 1.1 and -3.2; gradients 3 and -0.75; step a half
    assert params["w"].ravel() == pytest.approx([0, -0.4, -0.4, -2.825, 0, -2.825])
    assert params["b"] == pytest.approx([-0.5])


def test_a_tuned_network_still_shares_its_values():
    digits = data.digits()
    x, y = digits.train_x, digits.train_y
    net = Network(small.mlp((16,)), 0)
    loop.fit(net, x, y, epochs=10, batch=32, optimizer=Adam(0.01))
    shared = {
        name: sharing.share(value, 4)
        for name, value in net.params.items()
        if value.ndim > 1
    }
    optimizer = sharing.Tied(Adam(0.01), shared)
    history = loop.fit(net, x, y, epochs=10, batch=32, optimizer=optimizer)
    assert history.loss[-1] < 0.7 * history.loss[0]
    found = optimizer.found(net.params)
    for name, each in found.items():
        assert np.array_equal(each.codes, shared[name].codes)
        assert np.array_equal(net.params[name], each.values())
        assert not np.array_equal(each.codebook, shared[name].codebook)


def test_sharing_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        sharing.share(np.ones(3), 0)
    with pytest.raises(ValueError, match="at most 255"):
        sharing.share(np.ones(3), 256)
    with pytest.raises(ValueError, match="not finite"):
        sharing.share(np.array([1.0, np.nan]), 2)
    with pytest.raises(ValueError, match="unknown start 'best'"):
        sharing.share(np.ones(3), 2, start="best")
    with pytest.raises(ValueError, match="codes 3 to 3 do not fit in 0 to 2"):
        sharing.Shared(np.array([3], np.uint8), np.ones(2, np.float32))
    with pytest.raises(ValueError, match=r"for 'w'.*\(2, 2\)"):
        shared = {"w": sharing.share(np.ones(3), 1)}
        sharing.Tied(SGD(0.1), shared).claim({"w": np.ones((2, 2))})


# --- Huffman --------------------------------------------------------------------------


def test_codes_are_those_of_rfc_1951():
    """Its example of section 3.2.2: eight symbols and their codes."""
    table = np.array([3, 3, 3, 3, 3, 2, 4, 4])
    said = ["010", "011", "100", "101", "110", "00", "1110", "1111"]
    found = huffman.codes(table)
    assert [f"{c:0{n}b}" for c, n in zip(found, table, strict=True)] == said


@settings(max_examples=50)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=6))
def test_no_other_lengths_are_shorter(counts):
    """Brute force over all lengths that satisfy Kraft's inequality."""
    counts = sorted(counts, reverse=True)
    best = min(
        sum(n * size for n, size in zip(counts, sizes, strict=True))
        for sizes in combinations_with_replacement(range(1, 7), len(counts))
        if sum(2.0**-size for size in sizes) <= 1
    )
    table = huffman.lengths(np.array(counts))
    assert (table * counts).sum() == best


@given(st.lists(st.integers(0, 9), max_size=60))
def test_symbols_come_back_in_no_more_than_a_bit_above_their_entropy(symbols):
    symbols = np.array(symbols, dtype=np.int64)
    counts = np.bincount(symbols, minlength=10)
    table = huffman.lengths(counts)
    data = huffman.encode(symbols, table)
    assert np.array_equal(huffman.decode(data, table, len(symbols)), symbols)
    if len(symbols):
        bits = (counts * table).sum() / len(symbols)
        least = huffman.entropy(counts)
        assert least - 1e-9 <= bits < least + 1 + 1e-9
        assert len(data) == -(-(counts * table).sum() // 8)


def test_the_longest_code_fits_in_five_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 45:
        fibonacci.append(sum(fibonacci[-2:]))
    table = huffman.lengths(np.array(fibonacci))
    assert table.max() <= huffman.LONGEST and sum(2.0**-table) == 1


def test_a_damaged_code_is_refused():
    symbols, table = np.arange(4).repeat(5), np.array([1, 2, 3, 3])
    data = huffman.encode(symbols, table)
    with pytest.raises(ValueError, match="truncated, or the table is another's"):
        huffman.decode(data[:-1], table, 20)
    with pytest.raises(ValueError, match="left behind"):
        huffman.decode(data + b"\0", table, 20)
    with pytest.raises(ValueError, match="cannot be in 1 bytes"):
        huffman.decode(b"x", table, 10**12)
    with pytest.raises(ValueError, match=r"fill 1\.5 of a code"):
        huffman.decode(data, np.array([1, 1, 1, 0]), 20)
    with pytest.raises(ValueError, match=r"fill 0\.75 of a code"):
        huffman.decode(data, np.array([1, 2, 0, 0]), 20)
    with pytest.raises(ValueError, match="symbol 3 has no code"):
        huffman.encode(symbols, np.array([1, 2, 2, 0]))
    with pytest.raises(ValueError, match="symbols 0 to 3, the table has 2"):
        huffman.encode(symbols, np.array([1, 1]))
    with pytest.raises(ValueError, match="not negative"):
        huffman.lengths(np.array([-1, 2]))


# --- The stream -----------------------------------------------------------------------


def compressed(seed=0):
    """A network's arrays: two shared, one bias, one empty array, one of zeros."""
    rng = np.random.default_rng(seed)

    def some(shape, density):
        return np.where(rng.random(shape) < density, rng.normal(size=shape), 0)

    shared = {
        "hidden.weight": sharing.share(some((40, 30), 0.1), 15),
        "output.weight": sharing.share(some((3, 4, 2, 2), 0.5), 3),
        "zeros": sharing.share(np.zeros((70, 5)), 3),
    }
    return shared | {
        "hidden.bias": rng.normal(size=40).astype(np.float32),
        "nothing": np.zeros((0, 5), np.float32),
    }


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("run_bits", [1, 3, 5, 8])
def test_decoding_gives_exactly_the_shared_network(run_bits, coded):
    network = compressed()
    found = dc.decode(dc.encode(network, run_bits=run_bits, coded=coded).data)
    assert list(found) == list(network)
    for name, array in network.items():
        whole = array.values() if isinstance(array, sharing.Shared) else array
        assert found[name].dtype == np.float32 and found[name].shape == whole.shape
        assert found[name].tobytes() == whole.tobytes()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    density=st.sampled_from([0, 0.01, 0.2, 1]),
    clusters=st.sampled_from([1, 3, 16, 255]),
    size=st.integers(0, 400),
)
def test_any_array_comes_back(seed, density, clusters, size):
    rng = np.random.default_rng(seed)
    weights = np.where(rng.random(size) < density, rng.normal(size=size), 0)
    shared = sharing.share(weights, clusters)
    found = dc.decode(dc.encode({"w": shared}).data)["w"]
    assert found.tobytes() == shared.values().tobytes()


def test_a_stream_counted_by_hand():
    """Six places, two values: 4 codes of 2 bits and runs of 1 bit."""
    shared = sharing.Shared(
        np.array([0, 0, 0, 1, 2, 2], np.uint8), np.array([0.5, 2], np.float32)
    )
    kinds = dc.encode({"w": shared}, run_bits=1, coded=False).by_kind()
    assert kinds == {
        "headers": 4 + 3 + (1 + 1 + 1 + 1 + 4) + 6,
        "codebooks": 8,
        "codes": 1,  # a filler, 1, 2, 2
        "runs": 1,
        "end mark": 4,
    }
    coded = dc.encode({"w": shared}, run_bits=1).by_kind()
    assert coded["Huffman tables"] == 2 + 2  # 3 and 2 lengths of 5 bits
    assert coded["headers"] == kinds["headers"] + 8


def test_every_byte_is_counted():
    stream = dc.encode(compressed())
    assert sum(stream.by_kind().values()) == len(stream.data)


@pytest.mark.parametrize("coded", [True, False])
def test_every_truncated_stream_is_refused(coded):
    stream = dc.encode(compressed(), coded=coded).data
    for end in range(0, len(stream), 3):
        with pytest.raises(ValueError, match=r".{20}"):
            dc.decode(stream[:end])
    with pytest.raises(ValueError, match="end mark"):
        dc.decode(stream + b"x")


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 10**6), by=st.integers(1, 255), coded=st.booleans())
def test_every_changed_byte_is_noticed(at, by, coded):
    stream = bytearray(dc.encode(compressed(), coded=coded).data)
    stream[at % len(stream)] ^= by
    with pytest.raises(ValueError, match=r".{20}"):
        dc.decode(bytes(stream), most=10_000)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(8, 10**6), by=st.integers(1, 255))
def test_a_changed_byte_under_a_right_checksum_never_escapes(at, by):
    body = bytearray(dc.encode(compressed()).data[:-4])
    body[at % len(body)] ^= by
    check = zlib.crc32(bytes(body)).to_bytes(4, "little")
    try:
        found = dc.decode(bytes(body) + check, most=10_000)
    except ValueError:
        return
    assert sum(array.size for array in found.values()) <= 10_000


def test_a_table_of_another_stream_is_refused():
    one, other = (dc.encode(compressed(seed)).sections for seed in (0, 1))
    tables = [i for i, (kind, _) in enumerate(one) if kind == "Huffman tables"]
    mixed = list(one)
    mixed[tables[0]] = other[tables[0]]
    assert one[tables[0]] != other[tables[0]]
    with pytest.raises(ValueError, match=r"table|end mark"):
        dc.decode(b"".join(part for _, part in mixed))


def test_a_stream_that_claims_too_much_takes_no_memory():
    huge = (2**32 - 1).to_bytes(4, "little")
    heads = [
        b"\1\1w\2" + huge + huge,
        b"\0\1w\2" + huge + huge,
        b"\1\1w\1" + b"\0\0\0\1" + b"\3\5" + huge,
        b"\1\1w\1" + b"\0\0\0\1" + b"\3\5" + b"\0\0\0\1",
    ]
    tracemalloc.start()
    for head in heads:
        with pytest.raises(ValueError, match=r"claims|damaged|truncated"):
            dc.decode(dc.MAGIC + b"\1\1\0" + head + bytes(200))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_only_float32_and_codes_are_encoded():
    with pytest.raises(TypeError, match="'b' is float64; store float32"):
        dc.encode({"b": np.zeros(3)})
    with pytest.raises(ValueError, match="1 to 8 bits here, got 9"):
        dc.encode({}, run_bits=9)
    with pytest.raises(ValueError, match=r"no compressed network.*b'PK"):
        dc.decode(b"PK\3\4" + bytes(20))
