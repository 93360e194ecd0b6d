"""One head at work: how large its scores are, what its pairs cost, and that a cache
changes nothing.
"""

import numpy as np

from ... import tracing
from ...kernels import attention, multi_head
from ...kernels.activations import softmax


def score_sizes(dims: tuple[int, ...], keys: int = 64) -> list[dict]:
    """Return, for each D, the standard deviation of 2,000 queries' scores with and
    without the factor 1/sqrt(D), and the mean of the largest of their weights.
    """
    rows = []
    for dim in dims:
        rng = np.random.default_rng(dim)
        q, k = rng.normal(size=(2000, dim)), rng.normal(size=(keys, dim))
        bare = q @ k.T
        row: dict[str, float] = {"D": dim}
        for name, score in (("bare", bare), ("scaled", bare / np.sqrt(dim))):
            row[f"deviation, {name}"] = round(float(score.std()), 1)
            row[f"largest weight, {name}"] = round(
                float(softmax(score).max(1).mean()), 2
            )
        rows.append(row)
    return rows


def pairs(heads: int = 2, tokens: int = 6, dim: int = 4) -> list[dict]:
    """Return, for full and for causal attention, the pairs of query and key, their MACs
    by formula and as the plain kernel runs, and its exponentials.
    """
    arrays = np.random.default_rng(1).normal(size=(3, 1, heads, tokens, dim))
    rows = []
    for causal in (False, True):
        with tracing.tally() as tally:
            traced = (tracing.trace(x, n) for x, n in zip(arrays, "qkv", strict=True))
            attention.attention(*traced, causal=causal)
        each = tokens * (tokens + 1) // 2 if causal else tokens**2
        row = {"attention": "causal" if causal else "full", "pairs": heads * each}
        row |= {"MACs, formula": 2 * dim * heads * each, "MACs, tally": tally.macs}
        rows.append(row | {"exp": tally.special["exp"]})
    return rows


def cached() -> tuple[float, int]:
    """Return how far eight tokens of prefill and four steps of decoding are from one
    causal pass over twelve, and the bytes a token that the cache grows by.

    Eight query heads of four features share two key-value heads, in float64.
    """
    rng, shapes = np.random.default_rng(0), ((32, 32), (8, 32), (8, 32), (32, 32))
    weights = multi_head.Projections(*(rng.normal(size=shape) / 4 for shape in shapes))
    prompt = rng.normal(size=(1, 12, 32))
    cache = multi_head.KVCache(1, 2, 12, 4, dtype=np.float64)
    pieces = [prompt[:, :8], *np.split(prompt[:, 8:], 4, axis=1)]
    steps = [multi_head.decode_step(x, weights, cache, heads=8) for x in pieces]
    whole = multi_head.multi_head(prompt, weights, heads=8, causal=True)
    apart = np.abs(np.concatenate(steps, axis=1) - whole).max()
    return float(apart), cache.bytes_per_token
