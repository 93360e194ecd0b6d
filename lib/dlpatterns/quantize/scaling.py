"""Outliers moved from activations into weights: a channel of the input divided by s,
and the weights that read it multiplied by s, leave every product what it was.

Source: Xiao et al. 2023 (SmoothQuant), equations 3 and 4; Lin et al. 2024 (AWQ),
section 3.2.
"""

from collections.abc import Callable

import numpy as np

from . import _checks
from ._door import door
from .affine import Affine, Scheme, fit


def smooth(x: np.ndarray, weight: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """Return a factor for each input channel, max|x|^strength / max|w|^(1 - strength),
    by which its activations are divided and its weights multiplied.

    Shapes: x N D, weight M D -> D. Channels that are zero on a side keep the factor 1.
    Source: SmoothQuant, equation 4.
    """
    strength = _checks.number("strength", strength, 0, 1)
    tops = _tops(x), _tops(weight)
    if tops[0].shape != tops[1].shape:
        raise ValueError(f"x {x.shape} and weight {weight.shape} share no channels")
    live = (tops[0] > 0) & (tops[1] > 0)
    a, w = (np.where(live, top, 1.0) for top in tops)
    return a**strength / w ** (1 - strength)


def _tops(x: np.ndarray) -> np.ndarray:
    x = _checks.real("x", x)
    return np.abs(x).reshape(-1, x.shape[-1]).max(axis=0)


@door(weight=2)
def activation_aware(
    x: np.ndarray,
    weight: np.ndarray,
    scheme: Scheme,
    *,
    group: int,
    steps: int = 20,
) -> tuple[np.ndarray, float]:
    """Return factors for the input channels, mean|x|^a, and the a from 0 to 1 with the
    least squared error of the layer's output, weights alone rounded in groups.

    With a = 0 nothing is scaled. Source: AWQ, equations 4 and 5, its search by trial.
    """
    _checks.count("steps", steps)
    if not x.ndim or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"x {x.shape} and weight {weight.shape} share no channels")
    size = np.abs(x).reshape(-1, x.shape[-1]).mean(axis=0)
    size = np.where(size > 0, size, 1.0)
    exact = x @ weight.T
    tried = []
    for power in np.arange(steps + 1) / steps:
        factor = size**power
        factor = factor / np.sqrt(factor.max() * factor.min())
        rounded = weight_rounded(weight, scheme, group=group, factor=factor)
        tried.append((float(np.mean((x @ rounded.T - exact) ** 2)), power, factor))
    _, power, factor = min(tried, key=lambda one: one[0])
    return factor, float(power)


@door()
def weight_rounded(
    weight: np.ndarray,
    scheme: Scheme,
    *,
    group: int | None = None,
    axis: int | None = None,
    factor: np.ndarray | float = 1.0,
    way: Callable[..., Affine] = fit,
) -> np.ndarray:
    """Return weights multiplied by the channels' factors, rounded, and divided again:
    what the layer multiplies its unscaled input with.
    """
    try:
        scaled = weight * np.broadcast_to(factor, weight.shape)
    except ValueError:
        raise ValueError(
            f"factors {np.shape(factor)} do not fit weight {weight.shape}"
        ) from None
    if not np.all(factor):
        raise ValueError("a factor of zero leaves nothing to divide again")
    return way(scaled, scheme, group=group, axis=axis).round(scaled) / factor
