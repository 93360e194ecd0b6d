"""Which weights stay, given their scores: the largest, of every layer or of them all.

Of n weights, round(sparsity n) go, as in PyTorch; of equal scores the first go.
"""

from math import prod

import numpy as np

from ..train.network import Network

Arrays = dict[str, np.ndarray]


def check_sparsity(sparsity: float) -> None:
    """Raise ValueError unless the share that goes lies in [0, 1)."""
    number = isinstance(sparsity, int | float | np.floating)
    if not number or isinstance(sparsity, bool) or not 0 <= sparsity < 1:
        raise ValueError(
            "sparsity is the share of weights that go, at least 0 and below 1; got "
            f"{sparsity!r}"
        )


def per_layer(scores: Arrays, sparsity: float | dict[str, float]) -> Arrays:
    """Return masks that take the same share from each array, or each its own share.

    >>> print(per_layer({"w": np.array([[3.0, 1.0, 2.0, 4.0]])}, 0.5)["w"])
    [[ True False False  True]]
    """
    shares = sparsity
    if not isinstance(sparsity, dict):
        shares = dict.fromkeys(scores, sparsity)
    elif unknown := shares.keys() - scores.keys():
        raise ValueError(
            f"sparsity is given for {sorted(unknown)}, which have no scores; there "
            f"are {', '.join(scores)}"
        )
    return {
        name: _largest(name, values, shares.get(name, 0.0))
        for name, values in _checked(scores).items()
    }


def whole_network(scores: Arrays, sparsity: float) -> Arrays:
    """Return masks that take the smallest scores of all arrays together.

    Raises: ValueError that names a weight of which nothing would be left; a bias may
    go whole, a signal passes without.
    """
    check_sparsity(sparsity)
    everything = np.concatenate([v.ravel() for v in _checked(scores).values()])
    kept = _largest("the network", everything, sparsity)
    ends = np.cumsum([values.size for values in scores.values()])[:-1]
    masks = {
        name: part.reshape(scores[name].shape)
        for name, part in zip(scores, np.split(kept, ends), strict=True)
    }
    for name, mask in masks.items():
        if mask.ndim > 1:
            _something(name, mask, sparsity)
    return masks


def slices(
    weights: Arrays, sparsity: float, *, axis: int = 0, order: int = 2
) -> Arrays:
    """Return masks that take whole slices with the smallest L1 or L2 norm.

    Axis 0 are the filters of a convolution or the neurons of a linear layer, axis 1 the
    channels that it reads.
    Source: Li et al. 2017 (L1 norm of filters).
    """
    check_sparsity(sparsity)
    return {
        name: _slices(name, values, sparsity, axis, norm(values, axis, order))
        for name, values in _checked(weights).items()
    }


def norm(values: np.ndarray, axis: int, order: int) -> np.ndarray:
    """Return the L1 or L2 norm of every slice along an axis. Shapes: ... n ... -> n.

    >>> print(norm(np.array([[3.0, -4.0], [0.0, 1.0]]), axis=0, order=2))
    [5. 1.]
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 (sum) or 2 (root of squares), got {order!r}")
    if not isinstance(axis, int) or not 0 <= axis < values.ndim:
        raise ValueError(f"there is no axis {axis!r} in the shape {values.shape}")
    rest = tuple(i for i in range(values.ndim) if i != axis)
    return (np.abs(values) ** order).sum(axis=rest) ** (1 / order)


def n_of_m(scores: Arrays, n: int = 2, m: int = 4) -> Arrays:
    """Return masks that keep the n largest of every m neighbours along the inputs
    (axis 1), as sparse tensor cores ask for (2:4).

    Raises: ValueError if m does not divide the row, or unless 0 < n < m.

    >>> print(n_of_m({"w": np.array([[3.0, 1.0, 2.0, 4.0, 9.0, 8.0, 7.0, 0.0]])})["w"])
    [[ True False False  True  True  True False False]]
    """
    if not (isinstance(n, int) and isinstance(m, int) and 0 < n < m):
        raise ValueError(f"n of m neighbours stay, 0 < n < m; got {n!r} of {m!r}")
    return {name: _neighbours(name, s, n, m) for name, s in _checked(scores).items()}


def sparsity(masks: Arrays) -> float:
    """Return the share of weights that go. Units: 0 (none) to 1 (all).

    >>> sparsity({"w": np.array([[True, False], [False, False]])})
    0.75
    """
    total = sum(mask.size for mask in masks.values())
    if not total:
        raise ValueError("there is no mask, so no share of it")
    return 1 - kept(masks) / total


def kept(masks: Arrays) -> int:
    """Return how many weights stay."""
    return sum(int(np.count_nonzero(mask)) for mask in masks.values())


def apply(params: Arrays, masks: Arrays) -> None:
    """Set what a mask takes to zero, in place.

    Raises: ValueError if a mask belongs to no parameter or has another shape.
    """
    check(params, masks)
    for name, mask in masks.items():
        params[name][~mask] = 0


def check(params: Arrays, masks: Arrays) -> None:
    """Raise ValueError unless every mask has the name and shape of a parameter and
    holds True and False.
    """
    for name, mask in masks.items():
        if name not in params:
            raise ValueError(
                f"a mask is for {name!r}, which is no parameter; there are "
                f"{', '.join(params)}"
            )
        if np.shape(mask) != params[name].shape or mask.dtype != bool:
            raise ValueError(
                f"the mask of {name!r} is {mask.dtype} {np.shape(mask)}; it must be "
                f"bool {params[name].shape}, True where a weight stays"
            )


def masked(net: Network, masks: Arrays) -> float:
    """Apply the masks to a network and return the share of its weights that are zero
    now.
    """
    apply(net.params, masks)
    arrays = [value for value in net.params.values() if value.ndim > 1]
    zeros = sum(value.size - np.count_nonzero(value) for value in arrays)
    return zeros / sum(value.size for value in arrays)


def _largest(name: str, values: np.ndarray, sparsity: float) -> np.ndarray:
    check_sparsity(sparsity)
    going = round(sparsity * values.size)
    order = np.argsort(values, axis=None, kind="stable")
    mask = np.ones(values.size, dtype=bool)
    mask[order[:going]] = False
    _something(name, mask, sparsity)
    return mask.reshape(values.shape)


def _slices(
    name: str, values: np.ndarray, sparsity: float, axis: int, norms: np.ndarray
) -> np.ndarray:
    mask = _largest(f"{name}, axis {axis},", norms, sparsity)
    shape = [1] * values.ndim
    shape[axis] = mask.size
    return np.broadcast_to(mask.reshape(shape), values.shape).copy()


def _neighbours(name: str, values: np.ndarray, n: int, m: int) -> np.ndarray:
    if values.ndim < 2 or values.shape[1] % m:
        raise ValueError(
            f"{n}:{m} needs rows of a multiple of {m} inputs; {name!r} is "
            f"{values.shape}, so leave it out or pad it"
        )
    rows = np.moveaxis(values, 1, -1)
    groups = rows.reshape(-1, m)
    order = np.argsort(-groups, axis=1, kind="stable")
    mask = np.zeros(groups.shape, dtype=bool)
    np.put_along_axis(mask, order[:, :n], True, axis=1)
    return np.ascontiguousarray(np.moveaxis(mask.reshape(rows.shape), -1, 1))


def _something(name: str, mask: np.ndarray, sparsity: float) -> None:
    if not mask.any():
        raise ValueError(
            f"a sparsity of {sparsity} leaves nothing of {name} "
            f"({prod(mask.shape)} in all); no signal passes, so prune less of it"
        )


def _checked(scores: Arrays) -> Arrays:
    if not scores:
        raise ValueError("there is nothing to prune: no scores are given")
    for name, values in scores.items():
        if not np.isfinite(values).all():
            raise ValueError(
                f"the scores of {name!r} {values.shape} hold values that are not "
                "finite; no order is theirs"
            )
    return scores
