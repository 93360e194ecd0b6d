"""Every rung of matrix multiplication against the three loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import tracing
from dlpatterns.kernels import matmul

RUNGS = [matmul.matmul_outer, matmul.matmul_blocked, matmul.matmul_blas]
SIZE = st.integers(1, 9)


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.__name__)
@settings(max_examples=40, deadline=None)
@given(m=SIZE, k=SIZE, n=SIZE, seed=st.integers(0, 999))
def test_every_rung_computes_what_the_loops_compute(rung, m, k, n, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    np.testing.assert_allclose(rung(a, b), matmul.matmul(a, b), atol=1e-13)


@settings(max_examples=40, deadline=None)
@given(m=SIZE, k=SIZE, n=SIZE, block=st.integers(1, 10))
def test_a_block_of_any_size_gives_the_same(m, k, n, block):
    rng = np.random.default_rng(m * 100 + k * 10 + n)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    np.testing.assert_allclose(
        matmul.matmul_blocked(a, b, block=block), matmul.matmul(a, b), atol=1e-13
    )


@pytest.mark.parametrize("k", [10, 300])
def test_in_float32_the_rungs_stay_within_the_bound_of_the_docstring(k):
    rng = np.random.default_rng(k)
    a, b = (rng.normal(size=size).astype(np.float32) for size in ((20, k), (k, 20)))
    bound = k * 1.2e-7 * (np.abs(a) @ np.abs(b))
    for rung in RUNGS:
        assert (np.abs(rung(a, b) - matmul.matmul(a, b)) <= bound).all()


def test_a_product_by_hand():
    a, b = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[7, 8], [9, 10], [11, 12]])
    np.testing.assert_array_equal(matmul.matmul(a, b), [[58, 64], [139, 154]])


@pytest.mark.parametrize(
    "rung", [matmul.matmul, *RUNGS], ids=lambda rung: rung.__name__
)
def test_shapes_that_do_not_fit_are_refused(rung):
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 3\)"):
        rung(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        rung(np.ones(3), np.ones((3, 2)))


def test_a_block_must_have_a_size():
    with pytest.raises(ValueError, match="0"):
        matmul.matmul_blocked(np.ones((2, 2)), np.ones((2, 2)), block=0)


def _traffic(rung, **options):
    with tracing.tally() as t:
        rung(
            tracing.trace(np.ones((8, 8)), "a"),
            tracing.trace(np.ones((8, 8)), "b"),
            **options,
        )
    return t


def test_loops_read_both_operands_of_every_product():
    t = _traffic(matmul.matmul)
    assert (t.macs, t.reads("a"), t.reads("b"), t.writes("new")) == (512, 512, 512, 64)


def test_blocks_divide_what_is_read_of_the_matrices():
    t = _traffic(matmul.matmul_blocked, block=4)
    assert (t.macs, t.reads("a"), t.reads("b")) == (
        512,
        128,
        128,
    )  # 8 blocks of products, 16 values of each matrix
