"""Convolution through the Fourier transform: a product for each frequency instead of
one for each filter position.

Shapes: x N C H W, weight M C/groups R S, bias M -> N M P Q.

Error, relative to the largest output of standard normal data: at most 2e-6 in float32
and 1e-14 in float64. A value that is not finite would reach every output of its
example, so it is refused.
Source: Mathieu et al. 2014.
"""

import numpy as np
from scipy import fft

from ._windows import Pair, pad
from .convolution import _Plan, _plan


def conv2d_fft(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
    filters: np.ndarray | None = None,
) -> np.ndarray:
    """Transform the maps, multiply them with the filters frequency by frequency over
    the channels, and transform back.

    A stride saves nothing: all positions are computed, and those in between dropped.
    `filters` are those of `fourier_filters` for the same weight and geometry; without
    them they are transformed at every call.
    """
    geometry = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }
    plan = _plan(x, weight, bias, **geometry)
    _check_finite("x", x)
    if filters is None:
        filters = fourier_filters(x, weight, **geometry)
    size = _size(plan)
    maps = fft.rfft2(pad(x, plan.around), size)  # N C F G
    left = maps.reshape(len(x), groups, -1, maps[0, 0].size).transpose(
        3, 1, 0, 2
    )  # f g N C/g
    products = (
        (left @ filters)
        .transpose(2, 1, 3, 0)
        .reshape(len(x), len(weight), *maps.shape[2:])
    )
    out = fft.irfft2(products, size)
    rows, columns = (
        (n - 1) * s + 1 for n, s in zip(plan.output[2:], plan.stride, strict=True)
    )
    out = out[:, :, : rows : plan.stride[0], : columns : plan.stride[1]]
    return np.ascontiguousarray(out) if bias is None else out + bias[:, None, None]


def fourier_filters(
    x: np.ndarray, weight: np.ndarray, **geometry: Pair | str
) -> np.ndarray:
    """Transform filters for maps of the shape of x, a matrix for each frequency.
    Shapes: M C/groups R S -> f g C/g M/g.
    """
    plan = _plan(
        x,
        weight,
        None,
        **({"stride": 1, "padding": 0, "dilation": 1, "groups": 1} | geometry),
    )
    _check_finite("weight", weight)
    turned = np.conj(
        fft.rfft2(_spread(weight, plan.dilation), _size(plan))
    )  # a correlation: the conjugate turns the filter
    matrices = turned.reshape(
        plan.groups, -1, weight.shape[1], turned[0, 0].size
    ).transpose(3, 0, 2, 1)
    return np.ascontiguousarray(matrices)


def _size(plan: _Plan) -> list[int]:
    return [fft.next_fast_len(n, real=True) for n in plan.padded]


def _check_finite(name: str, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        raise ValueError(
            f"conv2d_fft: {name} {array.shape} holds values that are not finite; "
            "they "
            "would spread"
        )


def _spread(weight: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    """Put `dilation` - 1 zeros between the values of every filter."""
    if dilation == (1, 1):
        return weight
    size = [(n - 1) * d + 1 for n, d in zip(weight.shape[2:], dilation, strict=True)]
    spread = np.zeros((*weight.shape[:2], *size), dtype=weight.dtype)
    spread[:, :, :: dilation[0], :: dilation[1]] = weight
    return spread
