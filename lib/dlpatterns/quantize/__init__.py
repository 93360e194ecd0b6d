"""Fewer bits: scales, calibration, fake quantisation, and arithmetic on integers alone.

| module | holds |
|---|---|
| `affine` | a scheme of codes; scales and zero points of a tensor, channel or group |
| `observers` | which range to cover: min-max, moving average, percentile, MSE, KL |
| `fake` | rounding while training: straight-through gradients, learned step sizes |
| `fixed` | an int32 accumulator times a real scale, in integers: `requantize` |
| `integer` | integer product, linear, convolution, pooling, addition |
| `binary` | signs in packed words: XNOR and popcount |
| `training` | a network that rounds while it runs and learns |
| `low_bit` | rules from latent to deployed numbers: steps, signs, ternary, shifts |
| `adder` | layers that measure distances instead of multiplying (AdderNet) |
| `learner` | a network trained by a recipe of rules, from scratch |
| `network` | calibrate, convert a trained network to integers, compare layer by layer |
| `mixed` | bits for each layer, from a scan of what each costs |
| `scaling` | outliers moved from activations into weights (SmoothQuant, AWQ) |

A code q stands for the value scale x (q - zero_point).

>>> import numpy as np
>>> multiplier, shift = quantise_multiplier(0.3)
>>> requantize(np.array([10, 100, 1000]), multiplier, shift)
array([  3,  30, 300])
"""

from . import integer
from .affine import Affine, Scheme, fit
from .fixed import quantise_multiplier, requantize
from .integer import int_matmul

__all__ = [
    "Affine",
    "Scheme",
    "fit",
    "int_matmul",
    "integer",
    "quantise_multiplier",
    "requantize",
]
