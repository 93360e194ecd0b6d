"""Weights that share few values: clusters, and training of the shared values.

Source: Han et al. 2016, section 3 ("trained quantization").
"""

from dataclasses import dataclass

import numpy as np

from ..train.optimisers import SGD, Adam
from . import _checks

Arrays = dict[str, np.ndarray]
STARTS = ("linear", "density", "random")


@dataclass(frozen=True)
class Shared:
    """An array of weights as codes: 0 for a weight that is zero, k for the k-th value
    of a codebook.
    """

    codes: np.ndarray
    codebook: np.ndarray

    def __post_init__(self) -> None:
        if self.codebook.ndim != 1 or self.codebook.size > 255:
            raise ValueError(
                f"a codebook has up to 255 values, got {self.codebook.shape}"
            )
        if self.codes.dtype != np.uint8:
            raise TypeError(f"codes are uint8, got {self.codes.dtype}")
        _checks.indices(self.codes, self.codebook.size + 1, "codes")

    def values(self) -> np.ndarray:
        """Return the weights. Type: float32, as the codebook."""
        return np.concatenate([[np.float32(0)], self.codebook])[self.codes]


def share(weights: np.ndarray, clusters: int, *, start: str = "linear") -> Shared:
    """Return the weights with each one but the zeros moved to the mean of its cluster.

    Raises: ValueError unless 1 to 255 clusters are asked for, or if weights are not
    finite.

    >>> shared = share(np.array([[0.0, 1.0, 1.2], [-3.0, 0.0, 0.8]]), 2)
    >>> print(shared.codebook, shared.codes.tolist())
    [-3.  1.] [[0, 2, 2], [1, 0, 2]]
    """
    clusters = _checks.whole(clusters, "the number of clusters")
    if clusters > 255:
        raise ValueError(f"codes are a byte: at most 255 clusters, got {clusters}")
    weights = np.asarray(weights)
    if not np.isfinite(weights).all():
        raise ValueError("weights that are not finite belong to no cluster")
    here = weights != 0
    centres, nearest = k_means(weights[here].astype(np.float64), clusters, start=start)
    codes = np.zeros(weights.shape, dtype=np.uint8)
    codes[here] = nearest + 1
    return Shared(codes, centres.astype(np.float32))


def k_means(
    values: np.ndarray, clusters: int, *, start: str = "linear", rounds: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of clusters of numbers, in order, and the cluster of each
    number; centres start evenly between the ends ("linear"), at even shares of the
    numbers ("density"), or at numbers drawn by chance.

    Fewer clusters come back where there are fewer numbers, or where one lost all of its
    own. Source: Lloyd 1982; Han et al. 2016, section 3.2.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.size:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    centres = _starts(values, clusters, start)
    for _ in range(rounds):
        nearest = _nearest(values, centres)
        count = np.bincount(nearest, minlength=len(centres))
        total = np.bincount(nearest, weights=values, minlength=len(centres))
        moved = (total[count > 0]) / count[count > 0]
        if len(moved) == len(centres) and np.array_equal(moved, centres):
            break
        centres = moved
    return centres, _nearest(values, centres)


def _starts(values: np.ndarray, clusters: int, start: str) -> np.ndarray:
    if start == "linear":
        return np.unique(np.linspace(values.min(), values.max(), clusters))
    if start == "density":
        return np.unique(np.quantile(values, (np.arange(clusters) + 0.5) / clusters))
    if start == "random":
        rng = np.random.default_rng(0)
        chosen = rng.choice(values, min(clusters, values.size), replace=False)
        return np.unique(chosen)
    raise ValueError(f"unknown start {start!r}; known: {', '.join(STARTS)}")


def _nearest(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the nearest of rising centres for each number."""
    return np.searchsorted((centres[1:] + centres[:-1]) / 2, values)


class Tied:
    """An optimiser that moves shared weights together: each cluster by the sum of its
    gradients; zeros stay zero.

    Arrays without codes are trained as ever. Source: Han et al. 2016, equation 3.

    >>> shared = {"w": share(np.array([[0.0, 1.0, 1.0, -3.0]]), 2)}
    >>> tied, params = Tied(SGD(0.1), shared), {"w": np.zeros((1, 4))}
    >>> tied.claim(params)
    >>> tied.step(params, {"w": np.array([[5.0, 1.0, 2.0, 4.0]])})
    >>> print(params["w"].round(2))
    [[ 0.   0.7  0.7 -3.4]]
    """

    def __init__(self, optimizer: SGD | Adam, shared: dict[str, Shared]) -> None:
        self.optimizer, self.shared = optimizer, shared

    @property
    def lr(self) -> float:
        """The learning rate of the optimiser inside."""
        return self.optimizer.lr

    def claim(self, params: Arrays) -> None:
        """Give a network the shared values, and keep the codes for it."""
        self.optimizer.claim(params)
        for name, shared in self.shared.items():
            if name not in params or params[name].shape != shared.codes.shape:
                raise ValueError(
                    f"codes {shared.codes.shape} are for {name!r}; the network has "
                    f"{ {n: v.shape for n, v in params.items()} }"
                )
            params[name][...] = shared.values()

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Move every shared value by the sum of its weights' gradients."""
        summed = dict(grads)
        for name, shared in self.shared.items():
            total = np.bincount(shared.codes.ravel(), weights=grads[name].ravel())
            summed[name] = np.where(shared.codes, total[shared.codes], 0)
        self.optimizer.step(params, summed)

    def found(self, params: Arrays) -> dict[str, Shared]:
        """Return the codes with the values that training has come to, in float32; the
        network is given those, too.
        """
        now = {}
        for name, shared in self.shared.items():
            book = np.zeros(shared.codebook.size + 1)
            book[shared.codes.ravel()] = params[name].ravel()
            now[name] = Shared(shared.codes, book[1:].astype(np.float32))
            params[name][...] = now[name].values()
        return now
