"""Normalisation: batch, layer, root mean square, and local response; with gradients for
what the lectures train.
"""

import numpy as np

from ._door import door

EPS = 1e-5


@door(x="examples C H W")
def batch_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel over the batch and the map. Shapes: N C
    H W -> C, C.
    """
    return x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))


@door(x="N C H W", mean="C", variance="C", scale="C", shift="C")
def batch_norm(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    scale: np.ndarray,
    shift: np.ndarray,
) -> np.ndarray:
    """Bring each channel to mean zero and variance one by the given statistics, then
    scale and shift it.

    Computed as one multiplication and one addition a value. Shapes: x N C H W, the
    others C.
    """
    _check_channels(
        "batch_norm", x, mean=mean, variance=variance, scale=scale, shift=shift
    )
    factor = scale / np.sqrt(variance + EPS)
    return x * factor[:, None, None] + (shift - mean * factor)[:, None, None]


@door(grad="N C H W", x="N C H W", scale="C")
def batch_norm_backward(
    grad: np.ndarray, x: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, scale and shift where the statistics are those of the
    batch itself.

    Source: Ioffe & Szegedy 2015, section 3.
    """
    axes, (mean, variance) = (0, 2, 3), batch_statistics(x)
    _check_channels("batch_norm_backward", x, scale=scale)
    _check_gradient("batch_norm_backward", grad, x)
    deviation = np.sqrt(variance + EPS)[:, None, None]
    normal = (x - mean[:, None, None]) / deviation
    to_scale, to_shift = (grad * normal).sum(axis=axes), grad.sum(axis=axes)
    values = x.size // x.shape[1]
    centred = (
        grad - (to_shift[:, None, None] + normal * to_scale[:, None, None]) / values
    )
    return scale[:, None, None] / deviation * centred, to_scale, to_shift


@door(x="... D", scale="D", shift="D")
def layer_norm(
    x: np.ndarray, scale: np.ndarray, shift: np.ndarray | None = None
) -> np.ndarray:
    """Bring the last axis to mean zero and variance one, then scale and shift it.
    Shapes: ... D.
    """
    _check_features("layer_norm", x, scale)
    if shift is not None:
        _check_features("layer_norm", x, shift, what="shift")
    out = _normal(x) * scale
    return out if shift is None else out + shift


@door(grad="... D", x="... D", scale="D")
def layer_norm_backward(
    grad: np.ndarray, x: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of x, scale and shift. Source: Ba et al. 2016, section 3."""
    _check_features("layer_norm_backward", x, scale)
    _check_gradient("layer_norm_backward", grad, x)
    normal, others = _normal(x), tuple(range(x.ndim - 1))
    deviation = np.sqrt(x.var(axis=-1, keepdims=True) + EPS)
    scaled = grad * scale
    along = scaled.mean(axis=-1, keepdims=True) + normal * (scaled * normal).mean(
        axis=-1, keepdims=True
    )
    return (
        (scaled - along) / deviation,
        (grad * normal).sum(axis=others),
        grad.sum(axis=others),
    )


@door(x="... D", scale="D")
def rms_norm(x: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Divide the last axis by its root mean square, then scale it. Shapes: ... D.
    Source: Zhang & Sennrich 2019.
    """
    _check_features("rms_norm", x, scale)
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPS) * scale


@door(x="N C H W")
def local_response_norm(
    x: np.ndarray,
    size: int = 5,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
) -> np.ndarray:
    """Divide by (k + alpha * the sum of squares over `size` neighbouring channels) ^
    beta. Shapes: N C H W.

    Source: Krizhevsky et al. 2012, section 3.3, with its constants. PyTorch divides its
    alpha by the size.
    Raises: ValueError if the size is even: such neighbours have no middle.
    """
    if size % 2 == 0:
        raise ValueError(
            "local_response_norm: size must be odd, with the channel in the "
            "middle; "
            f"got {size!r}"
        )
    half = size // 2
    squares = np.pad(x * x, ((0, 0), (half, half), (0, 0), (0, 0)))
    neighbours = sum(squares[:, i : i + x.shape[1]] for i in range(2 * half + 1))
    return x / (k + alpha * neighbours) ** beta


def _normal(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPS)


def _check_channels(name: str, x: np.ndarray, **vectors: np.ndarray) -> None:
    for what, vector in vectors.items():
        if np.shape(vector) != (x.shape[1],):
            raise ValueError(
                f"{name}: {what} needs one value for each of the channels of "
                f"{x.shape}, got {np.shape(vector)}"
            )


def _check_features(
    name: str, x: np.ndarray, vector: np.ndarray, *, what: str = "scale"
) -> None:
    if np.shape(vector) != x.shape[-1:]:
        raise ValueError(
            f"{name}: {what} {np.shape(vector)} does not fit the last axis of {x.shape}"
        )


def _check_gradient(name: str, grad: np.ndarray, x: np.ndarray) -> None:
    if np.shape(grad) != x.shape:
        raise ValueError(
            f"{name}: the gradient must have the output's shape {x.shape}, got "
            f"{np.shape(grad)}"
        )
