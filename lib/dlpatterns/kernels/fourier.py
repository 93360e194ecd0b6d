"""Convolution through the Fourier transform: a product for each frequency instead of
one for each filter position.

Shapes: x N C H W, weight M C/groups R S, bias M -> N M P Q.

Error, relative to the largest output of standard normal data: at most 2e-6 in float32
and 1e-14 in float64. A value that is not finite would reach every output of its
example, so it is refused.
Source: Mathieu et al. 2014.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from ._door import door, require_finite, require_kind
from ._plan import Plan, checked_geometry, convolves
from ._plan import plan as planned
from ._windows import Pair, pad


@dataclass(frozen=True)
class Spectrum:
    """Filters in the Fourier domain, and what they were made for. Shapes: values f g
    C/g M/g.
    """

    values: np.ndarray
    size: tuple[int, int]
    dilation: tuple[int, int]


@convolves(numbers="float")
def conv2d_fft(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    plan: Plan,
    filters: Spectrum | None = None,
) -> np.ndarray:
    """Transform the maps, multiply them with the filters frequency by frequency over
    the channels, and transform back.

    A stride saves nothing: all positions are computed, and those in between dropped.
    `filters` are those of `fourier_filters` for the same weight and geometry; without
    them they are transformed at every call.
    """
    require_finite("conv2d_fft: x", x)
    filters = _spectrum(weight, plan) if filters is None else filters
    _check_fit(filters, weight, plan)
    if not len(x):
        return np.zeros(plan.output, dtype=x.dtype)
    maps = fft.rfft2(pad(x, plan.around), filters.size)  # N C F G
    left = maps.reshape(len(x), plan.groups, -1, maps[0, 0].size).transpose(
        3, 1, 0, 2
    )  # f g N C/g
    products = (
        (left @ filters.values)
        .transpose(2, 1, 3, 0)
        .reshape(len(x), len(weight), *maps.shape[2:])
    )
    out = fft.irfft2(products, filters.size)
    rows, columns = (
        (n - 1) * s + 1 for n, s in zip(plan.output[2:], plan.stride, strict=True)
    )
    out = out[:, :, : rows : plan.stride[0], : columns : plan.stride[1]]
    return np.ascontiguousarray(out) if bias is None else out + bias[:, None, None]


@door(x="N C H W", weight="M C/groups R S")
def fourier_filters(
    x: np.ndarray, weight: np.ndarray, **geometry: Pair | str
) -> Spectrum:
    """Transform filters for maps of the shape of x, a matrix for each frequency.
    Shapes: M C/groups R S -> f g C/g M/g.
    """
    geometry = checked_geometry("fourier_filters", geometry)
    return _spectrum(weight, planned("fourier_filters", x, weight, None, geometry))


def _spectrum(weight: np.ndarray, plan: Plan) -> Spectrum:
    require_finite("conv2d_fft: weight", weight)
    turned = np.conj(
        fft.rfft2(_spread(weight, plan.dilation), _size(plan))
    )  # a correlation: the conjugate turns the filter
    matrices = turned.reshape(
        plan.groups, -1, weight.shape[1], turned[0, 0].size
    ).transpose(3, 0, 2, 1)
    return Spectrum(np.ascontiguousarray(matrices), _size(plan), plan.dilation)


def _check_fit(filters: Spectrum, weight: np.ndarray, plan: Plan) -> None:
    """Raise ValueError if transformed filters were made for another convolution."""
    require_kind("conv2d_fft: filters", filters, Spectrum)
    groups, filters_a_group = plan.groups, len(weight) // plan.groups
    shape = (groups, weight.shape[1], filters_a_group)
    made = (filters.size, filters.dilation, filters.values.shape[1:])
    if made != (_size(plan), plan.dilation, shape):
        raise ValueError(
            f"conv2d_fft: filters were made for transforms of {made[0]}, dilation "
            f"{made[1]} and (groups, C, M) {made[2]}; this convolution takes "
            f"{_size(plan)}, {plan.dilation} and {shape}; make them with its geometry"
        )


def _size(plan: Plan) -> tuple[int, int]:
    rows, columns = (fft.next_fast_len(n, real=True) for n in plan.padded)
    return rows, columns


def _spread(weight: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    """Put `dilation` - 1 zeros between the values of every filter."""
    if dilation == (1, 1):
        return weight
    size = [(n - 1) * d + 1 for n, d in zip(weight.shape[2:], dilation, strict=True)]
    spread = np.zeros((*weight.shape[:2], *size), dtype=weight.dtype)
    spread[:, :, :: dilation[0], :: dilation[1]] = weight
    return spread
