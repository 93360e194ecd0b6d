"""How much each weight seems to matter; the least are pruned first.

Biases and the parameters of normalisations are few and stay: only arrays of two axes
and more are scored.
"""

import numpy as np

from ..train.loop import Loss
from ..train.losses import softmax_cross_entropy
from ..train.network import Network

Arrays = dict[str, np.ndarray]


def weights(net: Network) -> Arrays:
    """Return the arrays that may be pruned: those of two axes and more.

    >>> from dlpatterns.train import small
    >>> list(weights(Network(small.mlp((8,)))))
    ['hidden1.weight', 'output.weight']
    """
    return {name: value for name, value in net.params.items() if value.ndim > 1}


def magnitude(net: Network) -> Arrays:
    """Return the absolute value of every weight. Source: Han et al. 2015."""
    return {name: np.abs(value) for name, value in weights(net).items()}


def gradient_times_weight(
    net: Network,
    x: np.ndarray,
    y: np.ndarray,
    *,
    loss: Loss = softmax_cross_entropy,
) -> Arrays:
    """Return |w dL/dw|, to first order what the loss of these examples changes by if
    the weight becomes zero.

    Source: Mozer & Smolensky 1989; Molchanov et al. 2017.
    """
    net.backward(loss(net.forward(x), y)[1])
    return {
        name: np.abs(value * net.grads[name]) for name, value in weights(net).items()
    }


def chance(net: Network, seed: int = 0) -> Arrays:
    """Return a random score for every weight: the yardstick for the others."""
    rng = np.random.default_rng(seed)
    return {name: rng.random(value.shape) for name, value in weights(net).items()}
