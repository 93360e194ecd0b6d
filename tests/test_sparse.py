"""Sparse formats: round trips, SciPy's arrays and bytes, products, sizes."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlpatterns import sparse
from dlpatterns.prune import masks
from dlpatterns.sparse import files, packing, sizes
from dlpatterns.sparse.lists import COO, CSC, CSR
from dlpatterns.sparse.patterns import BSR, NOfM
from dlpatterns.sparse.streams import Bitmap, RunLength

SCIPY = {
    "COO": scipy.sparse.coo_array,
    "CSR": scipy.sparse.csr_array,
    "CSC": scipy.sparse.csc_array,
}
SMALL = np.array(  # 5 of 12 places
    [[0, 1.5, 0, 0], [0, 0, 0, 0], [2, 0, -3, 4]], dtype=np.float32
)


def random(shape, density, *, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(shape) < density, rng.normal(size=shape), 0).astype(
        dtype
    )


def two_of_four(shape, dtype=np.float16):
    scores = np.abs(np.random.default_rng(1).normal(size=shape)) + 0.01
    return np.where(masks.n_of_m({"w": scores})["w"], scores, 0).astype(dtype)


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


@st.composite
def matrices(draw):
    """Any matrix of whole blocks and groups: most places zero, some NaN, -0, inf."""
    rows = 2 * draw(st.integers(0, 4))
    columns = 4 * draw(st.integers(0, 4))
    dtype = draw(st.sampled_from(["f2", "f4", "f8", "i1", "i4", "u1"]))
    some = st.integers(0, 7)
    if dtype[0] == "f":
        odd = [0.0, 0.0, 0.0, -0.0, 1.0, -2.5, float("nan"), float("inf")]
        some = st.sampled_from(odd)
    return draw(arrays.arrays(dtype, (rows, columns), elements=some))


def forms(matrix):
    """Every format of a matrix, n of m with as many as the matrix needs."""
    yield from (form.pack(matrix) for form in (COO, CSR, CSC, Bitmap))
    yield BSR.pack(matrix, (2, 4))
    yield from (RunLength.pack(matrix, bits) for bits in (1, 2, 4))
    yield NOfM.pack(matrix, 4, 4)


@given(matrices())
def test_every_format_gives_back_any_matrix_bit_by_bit(matrix):
    for packed in forms(matrix):
        assert same_bits(packed.unpack(), matrix), packed.name


@given(matrices())
def test_so_do_its_bytes(matrix):
    for packed in forms(matrix):
        again = files.load(files.dump(packed))
        assert type(again) is type(packed)
        assert same_bits(again.unpack(), matrix), packed.name


@given(matrices())
def test_the_bits_by_sum_are_those_of_the_packed_parts(matrix):
    for packed in forms(matrix):
        parts = packed.measured()
        bits = packed.bits()
        assert 0 <= 8 * sum(map(len, parts.values())) - bits < 8 * len(parts)


@pytest.mark.parametrize("shape", [(1, 8), (8, 1), (1, 1), (0, 4), (4, 0), (0, 0)])
def test_one_row_one_column_and_nothing(shape):
    for filled in (np.zeros(shape), np.ones(shape)):
        for form in (COO, CSR, CSC, Bitmap, RunLength):
            assert same_bits(form.pack(filled).unpack(), filled)


def test_minus_zero_is_stored_and_a_zero_is_not():
    """A mask that is multiplied leaves -0 where a negative weight stood."""
    matrix = np.array([[0.0, -0.0, np.nan, 0.0]])
    for form in (COO, CSR, CSC, Bitmap):
        assert form.pack(matrix).kept == 2


# --- SciPy ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [COO, CSR, CSC])
@given(seed=st.integers(0, 99), density=st.sampled_from([0, 0.01, 0.3, 1]))
def test_values_indices_and_bytes_are_scipys(form, seed, density):
    matrix = random((9, 14), density, seed=seed)
    ours, theirs = form.pack(matrix), SCIPY[form.name](matrix)
    if form is COO:
        assert np.array_equal(ours.rows, theirs.coords[0])
        assert np.array_equal(ours.columns, theirs.coords[1])
        theirs_bytes = sum(part.nbytes for part in theirs.coords)
    else:
        assert np.array_equal(ours.indices, theirs.indices)
        assert np.array_equal(ours.pointers, theirs.indptr)
        theirs_bytes = theirs.indices.nbytes + theirs.indptr.nbytes
    assert np.array_equal(ours.values, theirs.data)
    theirs_bytes += theirs.data.nbytes
    assert ours.measured_bytes(index_bits=32) == theirs_bytes


@pytest.mark.parametrize("block", [(1, 1), (2, 3), (6, 4)])
def test_blocks_are_scipys(block):
    matrix = random((12, 12), 0.1)
    ours = BSR.pack(matrix, block)
    theirs = scipy.sparse.bsr_array(matrix, blocksize=block)
    theirs.sort_indices()
    assert np.array_equal(ours.values, theirs.data)
    assert np.array_equal(ours.columns, theirs.indices)
    assert np.array_equal(ours.pointers, theirs.indptr)
    sizes_of_theirs = (theirs.data, theirs.indices, theirs.indptr)
    assert ours.measured_bytes(index_bits=32) == sum(a.nbytes for a in sizes_of_theirs)


@given(seed=st.integers(0, 99), density=st.sampled_from([0, 0.05, 0.5, 1]))
def test_products_are_those_of_scipy(seed, density):
    matrix = random((8, 12), density, seed=seed, dtype=np.float64)
    dense = random((12, 5), 1, seed=seed + 100, dtype=np.float64)
    expected = scipy.sparse.csr_array(matrix) @ dense
    for packed in forms(matrix):
        assert np.allclose(packed @ dense, expected, rtol=1e-13, atol=1e-13)


# --- Bytes by hand and as published ---------------------------------------------------


def test_a_matrix_counted_by_hand():
    # 4 values of 16 bits; 3 rows need 2 bits, 4 columns 2, pointers up to 4 need 3
    matrix = SMALL.astype(np.float16)
    assert COO.pack(matrix).bits() == 4 * (16 + 2 + 2)
    assert CSR.pack(matrix).bits() == 4 * (16 + 2) + 4 * 3
    assert CSC.pack(matrix).bits() == 4 * (16 + 2) + 5 * 3
    assert Bitmap.pack(matrix).bits() == 4 * 16 + 12
    # runs 1, 6, 1, 0: with 2 bits the six zeros take one filler
    packed = RunLength.pack(matrix, 2)
    assert packed.runs.tolist() == [1, 3, 2, 1, 0] and packed.fillers == 1
    assert packed.bits() == 5 * (16 + 2)
    # rows of blocks of 3 × 2: both blocks have something
    assert BSR.pack(matrix, (3, 2)).bits() == 2 * (6 * 16 + 1) + 2 * 2


@pytest.mark.parametrize(("dtype", "share"), [("f2", 0.5625), ("i1", 0.625)])
def test_two_of_four_takes_its_published_share_when_packed(dtype, share):
    matrix = (100 * two_of_four((64, 128))).astype(dtype)
    packed = NOfM.pack(matrix)
    assert packed.measured_bytes() == share * matrix.nbytes


def test_four_bits_are_packed_as_codes():
    codes = two_of_four((16, 16)) > 0
    packed = NOfM.pack(codes.astype(np.uint8) * 15)
    assert packed.measured_bytes(value_bits=4) == 0.75 * 16 * 16 / 2


def test_the_metadata_of_two_of_four_lie_as_pytorch_packs_them():
    """Two bits a place, the first lowest: the six codes that PyTorch 2.13 lists in
    torch/sparse/_semi_structured_conversions.py.
    """
    said = {
        (1, 1, 0, 0): 0b0100,
        (1, 0, 1, 0): 0b1000,
        (0, 1, 1, 0): 0b1001,
        (1, 0, 0, 1): 0b1100,
        (0, 1, 0, 1): 0b1101,
        (0, 0, 1, 1): 0b1110,
    }
    for group, code in said.items():
        assert NOfM.pack(np.array([group], "f2")).measured()["places"] == bytes([code])


# --- Formulas -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["COO", "CSR", "CSC", "bitmap", "run-length", "BSR"])
@pytest.mark.parametrize("density", [0.02, 0.2, 0.6])
def test_the_formula_meets_what_is_packed(name, density):
    shape = (256, 512)
    matrix = random(shape, density, dtype=np.float16)
    matrix[matrix != 0] = 1
    measured = sparse.FORMATS[name].pack(matrix).measured_bytes() * 8 / matrix.size
    said = sizes.bits_a_place(name, density, shape=shape, value_bits=16)
    assert said == pytest.approx(measured, rel=0.02)


def test_crossovers_by_hand():
    shape = (256, 256)  # 8 bits a row or column
    for bits in (4, 8, 16, 32):
        how = {"shape": shape, "value_bits": bits}
        assert sizes.crossover("COO", **how) == pytest.approx(bits / (bits + 16))
        assert sizes.crossover("bitmap", **how) == pytest.approx(1 - 1 / bits)
    assert sizes.crossover("COO", shape=shape, value_bits=8, index_bits=32) == (
        pytest.approx(8 / 72)
    )
    # one bit a place: what a one-bit value costs already
    assert sizes.crossover("bitmap", shape=shape, value_bits=1) == 0


def test_a_formula_refuses_what_makes_no_sense():
    how = {"shape": (8, 8), "value_bits": 8}
    with pytest.raises(ValueError, match="from 0 to 1"):
        sizes.bits_a_place("CSR", 1.5, **how)
    with pytest.raises(ValueError, match="unknown format 'ELL'"):
        sizes.bits_a_place("ELL", 0.5, **how)
    with pytest.raises(ValueError, match=r"hold a density of 0\.5"):
        sizes.bits_a_place("n of m", 0.6, **how)
    with pytest.raises(ValueError, match="crosses nowhere"):
        sizes.crossover("n of m", **how)


# --- Numbers of any width -------------------------------------------------------------


@given(st.integers(1, 64), st.data())
def test_numbers_of_any_width_come_back(bits, data):
    numbers = data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=20))
    array = np.array(numbers, dtype=np.uint64)
    packed = packing.pack(array, bits)
    assert len(packed) == -(-bits * len(numbers) // 8)
    assert packing.unpack(packed, bits, len(numbers)).tolist() == numbers


def test_every_code_of_half_precision_comes_back():
    codes = np.arange(2**16, dtype=np.uint16)
    values = packing.values(codes, np.float16)
    assert np.array_equal(packing.codes(values), codes)
