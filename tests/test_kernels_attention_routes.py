"""Which way attention takes, and what the edges of its tiles let through."""

import numpy as np
import pytest

from dlpatterns.kernels import attention as kernels
from dlpatterns.kernels.attention import attention, attention_fast, attention_tiled


@pytest.fixture
def tiled(monkeypatch):
    """Count the calls of attention_tiled, and let them through."""
    calls = []
    real = kernels.attention_tiled

    def spy(*args, **options):
        calls.append(options)
        return real(*args, **options)

    monkeypatch.setattr(kernels, "attention_tiled", spy)
    return calls


def along(length, dtype=np.float64):
    """Return two rows, the longer one of this length."""
    return np.array([[length, 0.0], [0.0, length / 2]], dtype)[None, None]


@pytest.mark.parametrize(
    ("query", "key", "options", "ways"),
    [
        (5, 7.9, {}, 0),  # 39.5 is below 40, though 5^2 7.9^2 is not
        (5, 8.1, {}, 1),  # 40.5 is not, though 5 + 8.1 is
        (5, 8.1, {"scale": 0.5}, 0),
        (5, 7.9, {"scale": -1.1}, 1),
        (1, 1, {"mask": np.ones((2, 2), bool)}, 1),  # whatever the scores
    ],
)
def test_the_fast_way_is_taken_where_no_score_exceeds_forty(
    tiled, query, key, options, ways
):
    q, k, v = along(query), along(key), along(1)
    options = {"scale": 1.0} | options
    out = attention_fast(q, k, v, **options)
    assert len(tiled) == ways
    np.testing.assert_allclose(out, attention(q, k, v, **options), atol=1e-13)


@pytest.mark.parametrize(
    ("value", "ways"), [(1e20, 0), (1e21, 1), (0.0, 0), (1e-13, 0), (1e-14, 1)]
)
def test_values_that_an_exponential_would_push_out_of_the_format(tiled, value, ways):
    """float32: 2 e^40 v must stay below 3.4e38, e^-40 v above 1.2e-38 / 1.2e-7."""
    ones = along(1, np.float32)
    v = ones * np.float32(value)
    out = attention_fast(ones, ones, v)
    assert len(tiled) == ways
    np.testing.assert_allclose(out, attention(ones, ones, v), rtol=1e-5)


@pytest.mark.parametrize("tile", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3)])
@pytest.mark.parametrize("keys", [4, 5, 7])
def test_no_tile_shows_a_later_key(tile, keys):
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(1, 1, n, 3)) for n in (4, keys, keys))
    np.testing.assert_allclose(
        attention_tiled(q, k, v, causal=True, tile=tile),
        attention(q, k, v, causal=True),
        atol=1e-13,
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "rung", [kernels.attention_matmul, attention_tiled, attention_fast]
)
def test_the_mean_of_the_largest_values_is_no_infinity(rung, dtype):
    largest = np.finfo(dtype).max
    q, k = np.ones((1, 1, 1, 4), dtype), np.ones((1, 1, 4, 4), dtype)
    v = np.full((1, 1, 4, 1), largest, dtype)
    np.testing.assert_allclose(
        rung(q, k, v).astype(float), float(largest) * (1 - 1e-6), rtol=1e-2
    )
