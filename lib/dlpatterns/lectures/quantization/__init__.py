"""What the lecture on quantisation computes and draws.

| module | holds |
|---|---|
| `mapping` | scales on a histogram, noise a bit, calibration, fewer weights |
| `integers` | the network of integers, its rescaling, rules that disagree |
| `promises` | five promises in the model of cost, and beside measured hardware |
| `bits` | the experiment: accuracy against bits, one seed at a time |
| `stored` | what the experiment found, over ten seeds |
| `convolutional` | the same experiment on networks with convolutions; integer kernels |
| `networks` | what that found: a perceptron, a CNN, a residual network |
| `outliers` | outlier channels constructed in a small attention network |
"""

from . import mapping, networks, outliers

__all__ = ["mapping", "networks", "outliers"]
