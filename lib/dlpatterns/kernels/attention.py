"""Attention: each query takes the mean of all values, weighted by the softmax of its
products with the keys.

Shapes: q B H T D, k B G S D, v B G S E -> B H T E; G key-value heads, each shared by H
/ G query heads (G = H: multi-head, 1 < G < H: grouped-query, G = 1: multi-query). With
`causal`, the queries are the last T of the S positions and none sees a later key.
`mask` is boolean, (T, S) or (B or 1, H or 1, T, S), True where a query may look.
`scale` defaults to 1 / sqrt(D).

Rungs: `attention` loops; `attention_matmul` holds all T S scores of all heads;
`attention_tiled` never holds more than a tile of them; `attention_fast` also leaves out
the maximum where no score can be large. For queries and keys of unit variance a rung
differs from the loops by at most 1e-13 in float64 and 2e-6 in float32.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from ._door import door
from .activations import softmax

# exp(40) and exp(-40) are far inside float32, and so are sums of billions of them
SAFE_SCORE = 40.0


@door(finite=("q", "k", "v"), q="B H T D", k="B G S D", v="B G S E")
def attention(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = False,
    mask: np.ndarray | None = None,
    scale: float | None = None,
) -> np.ndarray:
    """Score every key a query may look at, take the softmax, and add up the values: one
    product after another.

    Source: Vaswani et al. 2017, equation 1.

    >>> q, k = np.zeros((1, 1, 1, 2)), np.ones((1, 1, 2, 2))
    >>> attention(q, k, v=np.array([[[[1.0], [3.0]]]]))
    array([[[[2.]]]])
    """
    plan = _plan(q, k, v, causal, mask, scale)
    out = np.zeros((*q.shape[:3], v.shape[3]), dtype=q.dtype)
    for b, h, t in np.ndindex(q.shape[:3]):
        keys, group = plan.seen(b, h, t), h // plan.share
        weights = _softmax(
            [_dot(q[b, h, t], k[b, group, s]) * plan.scale for s in keys]
        )
        for e in range(v.shape[3]):
            out[b, h, t, e] = _dot(weights, [v[b, group, s, e] for s in keys])
    return out


@door(finite=("q", "k", "v"), q="B H T D", k="B G S D", v="B G S E")
def attention_matmul(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = False,
    mask: np.ndarray | None = None,
    scale: float | None = None,
) -> np.ndarray:
    """Take two matrix products around a softmax, with all scores of all heads in memory
    at once.
    """
    plan = _plan(q, k, v, causal, mask, scale)
    return (plan.weights(q, k) @ v[:, :, None]).reshape(*q.shape[:3], v.shape[3])


@door(finite=("q", "k", "v"), q="B H T D", k="B G S D", v="B G S E")
def attention_tiled(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = False,
    mask: np.ndarray | None = None,
    scale: float | None = None,
    tile: tuple[int, int] = (256, 1024),
) -> np.ndarray:
    """Visit the keys tile by tile, and keep for each query the largest score, the sum
    and the weighted values so far.

    `tile` is queries x keys; no more scores than that are in memory. When a tile brings
    a larger score, what was summed before shrinks by exp(old - new). Source: Milakov &
    Gimelshein 2018, algorithm 3; Dao et al. 2022, algorithm 1.
    """
    plan = _plan(q, k, v, causal, mask, scale)
    if _overflows(v, plan.keys):
        small = v / v.dtype.type(plan.keys)
        options = {"causal": causal, "mask": mask, "scale": scale, "tile": tile}
        return attention_tiled(q, k, small, **options) * v.dtype.type(plan.keys)
    out = np.empty((*q.shape[:3], v.shape[3]), dtype=q.dtype)
    for b, h in np.ndindex(q.shape[:2]):
        for start in range(0, q.shape[2], tile[0]):
            rows = slice(start, min(start + tile[0], q.shape[2]))
            out[b, h, rows] = _online(
                q[b, h, rows],
                k[b, h // plan.share],
                v[b, h // plan.share],
                plan,
                (b, h, rows, tile[1]),
            )
    return out


def _online(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, plan: "_Plan", where: tuple
) -> np.ndarray:
    """Return the output for some rows of one head, its keys visited in tiles. Shapes: q
    R D, k S D, v S E -> R E.
    """
    b, h, rows, columns = where
    q = q * q.dtype.type(plan.scale)
    top = np.full((len(q), 1), plan.lowest, dtype=q.dtype)
    total = np.zeros_like(top)
    values = np.zeros((len(q), v.shape[1]), dtype=q.dtype)
    for start in range(0, plan.last_key(rows), columns):
        keys = slice(start, min(start + columns, plan.last_key(rows)))
        scores = q @ k[keys].T
        plan.hide(scores, b, h, rows, keys)
        new = np.maximum(top, scores.max(axis=1, keepdims=True))
        shrink = np.exp(top - new)
        scores -= new
        np.exp(scores, out=scores)
        total = total * shrink + scores.sum(axis=1, keepdims=True)
        values = values * shrink + scores @ v[keys]
        top = new
    return values / total


@door(finite=("q", "k", "v"), q="B H T D", k="B G S D", v="B G S E")
def attention_fast(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = False,
    mask: np.ndarray | None = None,
    scale: float | None = None,
    rows: int = 512,
    threads: int = 1,
) -> np.ndarray:
    """Leave out the maximum: two products and one exponential for `rows` queries of a
    head at a time.

    No score exceeds |q| |k| scale (Cauchy-Schwarz); below 40 its exponential needs no
    maximum taken off, as long as the values leave room for it. Larger scores or values,
    or a mask, go to `attention_tiled`. So many `threads` work on heads side by side:
    set BLAS to one thread of its own then.
    """
    plan = _plan(q, k, v, causal, mask, scale)
    if mask is not None or not _is_safe(q, k, v, plan):
        return attention_tiled(q, k, v, causal=causal, mask=mask, scale=scale)
    out = np.empty((*q.shape[:3], v.shape[3]), dtype=q.dtype)

    def head(b: int, h: int) -> None:
        group = h // plan.share
        _without_maximum(
            q[b, h] * q.dtype.type(plan.scale),
            k[b, group],
            v[b, group],
            (plan, rows, out[b, h]),
        )

    places = list(np.ndindex(q.shape[:2]))
    if threads == 1:
        for place in places:
            head(*place)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(head, *zip(*places, strict=True)))
    return out


def _without_maximum(q: np.ndarray, k: np.ndarray, v: np.ndarray, how: tuple) -> None:
    """Fill in one head's output, some rows at a time; a product with ones sums up the
    rows. Shapes: q T D, k S D, v S E.
    """
    plan, size, out = how
    room, ones = (
        np.empty(min(size, len(q)) * len(k), dtype=q.dtype),
        np.ones((len(k), 1), dtype=q.dtype),
    )
    for start in range(0, len(q), size):
        rows = slice(start, min(start + size, len(q)))
        count, last = rows.stop - start, plan.last_key(rows)
        weights = room[: count * last].reshape(count, last)
        np.matmul(q[rows], k[:last].T, out=weights)
        np.exp(weights, out=weights)
        if plan.causal:
            weights[:, last - count :] *= np.tri(count, dtype=q.dtype)
        np.divide(weights @ v[:last], weights @ ones[:last], out=out[rows])


@door(finite=("q", "k", "v"), grad="B H T E", q="B H T D", k="B G S D", v="B G S E")
def attention_backward(
    grad: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = False,
    mask: np.ndarray | None = None,
    scale: float | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of q, k and v: four more products of the size of the two
    forward ones.

    The weights are computed anew. A key head adds up what the query heads that share it
    send back.
    """
    plan = _plan(q, k, v, causal, mask, scale)
    if np.shape(grad) != (*q.shape[:3], v.shape[3]):
        expected = (*q.shape[:3], v.shape[3])
        raise ValueError(
            "attention_backward: the gradient must have the output's shape "
            f"{expected}, got {np.shape(grad)}"
        )
    weights, grad = plan.weights(q, k), plan.by_group(grad)  # B G R T S, B G R T E
    to_weights = grad @ v[:, :, None].swapaxes(-1, -2)
    to_scores = (
        weights
        * (to_weights - (to_weights * weights).sum(axis=-1, keepdims=True))
        * plan.scale
    )
    to_q = (to_scores @ k[:, :, None]).reshape(q.shape)
    to_k = (to_scores.swapaxes(-1, -2) @ plan.by_group(q)).sum(axis=2)
    return to_q, to_k, (weights.swapaxes(-1, -2) @ grad).sum(axis=2)


# --- What the rungs share -------------------------------------------------------------


def _dot(first: list, second: list) -> float:
    total = 0.0
    for i in range(len(first)):
        total += first[i] * second[i]
    return total


def _softmax(scores: list) -> list:
    """Take off the largest score, one comparison after another, then divide the
    exponentials by their sum.
    """
    top = scores[0]
    for score in scores[1:]:
        top = np.maximum(top, score)
    powers = [np.exp(score - top) for score in scores]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    return [power / total for power in powers]


class _Plan(NamedTuple):
    """One checked call: who may see whom, and how the heads are shared."""

    causal: bool
    mask: np.ndarray | None  # B H T S, broadcast
    scale: float
    share: int  # query heads a key-value head
    offset: int  # position of the first query among the keys
    keys: int
    lowest: float

    def seen(self, b: int, h: int, t: int) -> list[int]:
        """Return the keys that one query may look at."""
        last = t + self.offset + 1 if self.causal else self.keys
        return [s for s in range(last) if self.mask is None or self.mask[b, h, t, s]]

    def last_key(self, rows: slice) -> int:
        """Return how many keys some of these queries may look at, from the first one
        on.
        """
        return rows.stop + self.offset if self.causal else self.keys

    def hide(
        self, scores: np.ndarray, b: int, h: int, rows: slice, keys: slice
    ) -> None:
        """Lower the scores of what must not be seen in one tile, in place, until their
        exponential is zero.
        """
        if self.causal and keys.stop > rows.start + self.offset + 1:
            later = (
                np.arange(keys.start, keys.stop)
                > np.arange(rows.start, rows.stop)[:, None] + self.offset
            )
            scores[later] = self.lowest
        if self.mask is not None:
            scores[~self.mask[b, h, rows, keys]] = self.lowest

    def by_group(self, x: np.ndarray) -> np.ndarray:
        """Put the query heads behind the key-value head they share. Shapes: B H T D ->
        B G R T D.
        """
        groups = x.shape[1] // self.share
        return x.reshape(x.shape[0], groups, self.share, *x.shape[2:])

    def weights(self, q: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Return the softmax of all scores. Shapes: q B H T D, k B G S D -> B G R T
        S.
        """
        scores = self.by_group(q) @ k[:, :, None].swapaxes(-1, -2)
        scores *= self.scale
        if self.causal:
            scores[
                ..., ~np.tri(q.shape[2], self.keys, self.offset, dtype=bool)
            ] = -np.inf
        if self.mask is not None:
            scores[self.by_group(~self.mask)] = -np.inf
        return softmax(scores)


def _plan(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    causal: bool,
    mask: np.ndarray | None,
    scale: float | None,
) -> _Plan:
    _check_shapes(q, k, v)
    queries, keys = q.shape[2], k.shape[2]
    if causal and queries > keys:
        raise ValueError(
            f"causal attention: the {queries} queries of {q.shape} are the last of "
            f"the {keys} keys of {k.shape}"
        )
    mask = None if mask is None else _checked_mask(mask, q, k, causal)
    scale = 1 / np.sqrt(q.shape[3]) if scale is None else scale
    _check_scores(q, k, scale)
    lowest = float(np.finfo(q.dtype).min) / 2 if q.dtype.kind == "f" else -np.inf
    return _Plan(
        causal,
        mask,
        float(scale),
        q.shape[1] // k.shape[1],
        keys - queries,
        keys,
        lowest,
    )


def _check_shapes(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> None:
    shapes = f"got q {q.shape}, k {k.shape}, v {v.shape}"
    if (
        not q.shape[0] == k.shape[0] == v.shape[0]
        or q.shape[3] != k.shape[3]
        or k.shape[1:3] != v.shape[1:3]
    ):
        raise ValueError(
            f"attention: q and k must agree in B and D, k and v in B, G and S; {shapes}"
        )
    if q.shape[1] % k.shape[1]:
        raise ValueError(
            f"attention: {k.shape[1]} key-value heads do not divide {q.shape[1]} "
            f"query heads; {shapes}"
        )


def _check_scores(q: np.ndarray, k: np.ndarray, scale: float) -> None:
    """Raise ValueError if a score may be too large for the number format."""
    if q.dtype.kind != "f" or k.dtype.kind != "f" or not q.size:
        return
    bound = _largest_score(q, k, scale)
    if not bound < np.finfo(q.dtype).max / 2:
        raise ValueError(
            f"attention: scores of q {q.shape} and k {k.shape} may reach {bound:.1e}, "
            f"which does not fit {q.dtype}; scale them down"
        )


def _checked_mask(
    mask: np.ndarray, q: np.ndarray, k: np.ndarray, causal: bool
) -> np.ndarray:
    full = (*q.shape[:3], k.shape[2])
    if mask.dtype != bool:
        raise ValueError(
            "attention: a mask is boolean, True where a query may look; got "
            f"{mask.dtype} {mask.shape}"
        )
    fits = (
        mask.ndim in (2, 4)
        and mask.shape[-2:] == full[2:]
        and all(
            size in (1, whole)
            for size, whole in zip(mask.shape[:-2], full, strict=False)
        )
    )
    if not fits:
        raise ValueError(
            f"attention: a mask for q {q.shape} and k {k.shape} has shape {full[2:]} "
            f"or {full}, got {mask.shape}"
        )
    seen = (
        mask & np.tri(full[2], full[3], full[3] - full[2], dtype=bool)
        if causal
        else mask
    )
    if not seen.any(axis=-1).all():
        row = tuple(map(int, np.argwhere(~seen.any(axis=-1))[0]))
        raise ValueError(
            f"attention: the mask {mask.shape} leaves the query at {row} nothing to "
            "look at"
        )
    return np.broadcast_to(mask, full)


def _overflows(v: np.ndarray, keys: int) -> bool:
    """Tell whether the sum of so many values may leave the number format, although
    their mean does not.
    """
    if v.dtype.kind != "f" or not v.size or keys == 1:
        return False
    return float(np.abs(v).max()) >= float(np.finfo(v.dtype).max) / keys


def _is_safe(q: np.ndarray, k: np.ndarray, v: np.ndarray, plan: _Plan) -> bool:
    """Tell whether sums of exponentials times values fit the number format, without
    the maximum taken off.
    """
    if not q.size:
        return True
    largest, format = float(np.abs(v).max()), np.finfo(v.dtype)
    top = largest * plan.keys * np.exp(SAFE_SCORE)
    bottom = largest * np.exp(-SAFE_SCORE)
    return (
        _largest_score(q, k, plan.scale) <= SAFE_SCORE
        and top < format.max
        and (largest == 0 or bottom > format.tiny / format.eps)
    )


def _largest_score(q: np.ndarray, k: np.ndarray, scale: float) -> float:
    """Return a bound on all scores: the longest query times the longest key."""
    return _longest(q) * _longest(k) * abs(scale)


def _longest(x: np.ndarray) -> float:
    """Return the length of the longest row; squares are taken where none is lost."""
    largest = float(np.abs(x).max())
    if not largest:
        return 0.0
    part = x / x.dtype.type(largest)
    return largest * float(np.sqrt(np.einsum("bhtd,bhtd->bht", part, part).max()))
