"""Sparse formats refuse bad matrices, overflowing indices and damaged streams."""

import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import sparse
from dlpatterns.sparse import files, packing
from dlpatterns.sparse.lists import COO, CSC, CSR
from dlpatterns.sparse.patterns import BSR, NOfM
from dlpatterns.sparse.streams import Bitmap, RunLength

EYE = np.eye(8, 16, dtype=np.float32)
ALL = [
    *(form.pack(EYE) for form in (COO, CSR, CSC, Bitmap, RunLength)),
    BSR.pack(EYE, (2, 4)),
    NOfM.pack(EYE),
]
STREAMS = {packed.name: files.dump(packed) for packed in ALL}


@pytest.mark.parametrize("form", sparse.FORMATS.values())
def test_only_matrices_of_numbers_are_packed(form):
    with pytest.raises(ValueError, match=r"got the shape \(4,\)"):
        form.pack(np.zeros(4))
    with pytest.raises(TypeError, match="real numbers, got complex128"):
        form.pack(np.zeros((4, 4), complex))


def test_what_does_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"groups of 4 do not divide rows of 6.* to 8"):
        NOfM.pack(np.zeros((4, 6)))
    with pytest.raises(ValueError, match="2:4 holds 2; prune"):
        NOfM.pack(np.ones((4, 8)))
    with pytest.raises(ValueError, match="blocks of 4 × 4 do not divide 6 × 8"):
        BSR.pack(np.zeros((6, 8)))
    with pytest.raises(ValueError, match="n at most m"):
        NOfM.pack(EYE, 5, 4)


@pytest.mark.parametrize("packed", ALL[:3])
def test_indices_that_overflow_their_width_are_refused(packed):
    for size in (packed.bits, packed.measured_bytes):
        with pytest.raises(ValueError, match="overflow"):
            size(index_bits=2)


def test_a_pointer_overflows_too():
    packed = CSR.pack(np.ones((4, 4)))  # columns up to 3, pointers up to 16
    with pytest.raises(ValueError, match="16 overflows 4 bits; it needs 5"):
        packed.bits(index_bits=4)
    assert packed.bits(index_bits=5) == 16 * (64 + 5) + 5 * 5


@pytest.mark.parametrize("packed", ALL)
def test_widths_are_sizes(packed):
    with pytest.raises(ValueError, match="1 to 64"):
        packed.bits(value_bits=0)
    with pytest.raises(TypeError, match="whole number"):
        packed.bits(value_bits=7.5)
    with pytest.raises(ValueError, match="encode them first"):
        packed.measured(value_bits=4)


@pytest.mark.parametrize("packed", ALL)
def test_a_product_needs_as_many_rows(packed):
    with pytest.raises(ValueError, match=r"16 columns.*got \(8, 3\)"):
        packed @ np.zeros((8, 3))
    with pytest.raises(ValueError, match=r"got \(16,\)"):
        packed @ np.zeros(16)


# --- Parts that do not fit together ---------------------------------------------------


def test_indices_past_the_end_are_refused():
    one, shape = np.ones(1), (2, 3)
    with pytest.raises(ValueError, match="columns 3 to 3 do not fit in 0 to 2"):
        COO(shape, one, np.array([0]), np.array([3]))
    with pytest.raises(ValueError, match="columns -1 to -1"):
        CSR(shape, one, np.array([-1]), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="pointers of rows must rise"):
        CSR(shape, one, np.array([0]), np.array([0, 2, 1]))
    with pytest.raises(ValueError, match="3 columns need 4 pointers, got 3"):
        CSC(shape, one, np.array([0]), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="1 values, 2 rows"):
        COO(shape, one, np.array([0, 1]), np.array([0]))
    with pytest.raises(ValueError, match="end at place 7 of 2 × 3"):
        RunLength(shape, np.ones(2), np.array([3, 2]), 4)
    with pytest.raises(ValueError, match="1 values, 2 bits set"):
        Bitmap((1, 2), one, np.array([[True, True]]))


def test_places_of_a_group_rise():
    with pytest.raises(ValueError, match=r"must rise"):
        NOfM((1, 4), np.ones((1, 1, 2)), np.array([[[2, 2]]]), 4)


# --- Damaged streams ------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
def test_every_truncated_stream_is_refused(name):
    for end in range(len(STREAMS[name])):
        with pytest.raises(ValueError, match=r"truncated|damaged|no sparse"):
            files.load(STREAMS[name][:end])
    with pytest.raises(ValueError, match=r"1 bytes are left|damaged"):
        files.load(STREAMS[name] + b"x")


@settings(max_examples=300)
@given(
    name=st.sampled_from(list(STREAMS)),
    at=st.integers(0, 10_000),
    by=st.integers(1, 255),
)
def test_a_changed_byte_is_refused_or_another_matrix(name, at, by):
    stream = bytearray(STREAMS[name])
    at %= len(stream)
    stream[at] ^= by
    try:
        other = files.load(bytes(stream), most=10_000).unpack()
    except ValueError:
        return
    assert other.size <= 10_000


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_noise_behind_a_right_header_never_escapes(noise):
    for form in range(len(sparse.FORMATS)):
        header = files.HEADER.pack(files.MAGIC, form, 1, 0, 4, 4, 3, 2, 2)
        try:
            files.load(header + noise).unpack()
        except ValueError:
            continue


@pytest.mark.parametrize("form", range(len(sparse.FORMATS)))
def test_a_stream_that_claims_too_much_takes_no_memory(form):
    huge = struct.unpack("<I", b"\xff" * 4)[0]
    streams = [
        files.HEADER.pack(files.MAGIC, form, 1, 0, huge, huge, 0, 4, 4),
        files.HEADER.pack(files.MAGIC, form, 1, 0, 1000, 1000, huge, 4, 4),
        files.HEADER.pack(files.MAGIC, form, 1, 0, huge, 1, 0, 4, 4),
        files.HEADER.pack(files.MAGIC, form, 1, 0, 0, huge, 0, huge, huge),
    ]
    tracemalloc.start()
    for stream in streams:
        try:
            files.load(stream + bytes(64)).unpack()
        except ValueError:
            continue
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_numbers_are_whole_and_as_many_as_said():
    with pytest.raises(TypeError, match="whole numbers"):
        packing.pack(np.array([1.5]), 4)
    with pytest.raises(ValueError, match="overflow 2 bits; they need 3"):
        packing.pack(np.array([1, 5]), 2)
    with pytest.raises(ValueError, match="overflow"):
        packing.pack(np.array([-1]), 2)
    with pytest.raises(ValueError, match="are 2 bytes, got 1"):
        packing.unpack(b"x", 3, 4)
